#include "core/adopt.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/filename.h"
#include "model/torrent.h"
#include "model/trackers.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/* One .torrent file of the folder. */
struct entry {
	char *path; /* owned, as is the name */
	char *name;
	char v1[41], v2[65], infohash[65];
	uint64_t size;
	bool bare; /* without a tracker */
};

struct entries {
	struct entry *list; /* owned */
	size_t n;
};

static void entries_clear(struct entries *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->list[i].path);
		free(e->list[i].name);
	}
	free(e->list);
}

/* ---- the folder ---- */

static bool is_torrent_name(const char *name)
{
	static const char *const endings[] = {".torrent", ".torrent.added", ".torrent.loaded"};

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (text_ends(name, endings[i]))
			return true;
	return false;
}

static bool read_entry(const char *path, struct entry *e, struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(TORRENT_MAX_BYTES);
	OWN(torrent_clear) struct torrent t = {0};

	if (!fs_read_regular(path, &bytes, err) || !torrent_read(bytes.data, bytes.len, &t, err))
		return false;
	*e = (struct entry){.path = mem_dup(path),
			    .name = mem_dup(t.name),
			    .size = t.size,
			    .bare = !t.announce_host[0]};
	if (t.has_v1)
		hash_hex(t.v1, SHA1_SIZE, e->v1);
	if (t.has_v2)
		hash_hex(t.v2, SHA256_SIZE, e->v2);
	torrent_infohash_hex(&t, e->infohash);
	return true;
}

static bool read_folder(const struct adopt *a, struct entries *out, struct adoptions *done,
			struct err *err)
{
	OWN_DIR DIR *dir = opendir(a->folder);
	struct dirent *item;
	struct err why;

	if (!dir)
		return err_errno(err, ERR_TARGET, WORD_DISK, errno, "cannot look into %s",
				 a->folder);
	while ((item = readdir(dir))) {
		OWN_STR char *path = fs_join(a->folder, item->d_name);
		struct entry e;
		if (wake_stopping(a->wake))
			return wake_stopped(err);
		if (!is_torrent_name(item->d_name))
			continue;
		if (!read_entry(path, &e, &why)) {
			log_warn(a->container, "%s is left out: %s", path, why.msg);
			done->skipped++;
			continue;
		}
		out->list = mem_grow(out->list, out->n + 1, sizeof *out->list);
		out->list[out->n++] = e;
	}
	return true;
}

static const struct entry *find_entry(const struct entries *e, const struct client_torrent *t)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct entry *one = &e->list[i];
		if (strcmp(one->v1, t->id) == 0 || (*one->v1 && strcmp(one->v1, t->v1) == 0) ||
		    (*one->v2 && strncmp(one->v2, t->id, strlen(t->id)) == 0))
			return one;
	}
	return NULL;
}

/* ---- one torrent ---- */

/* With the trackers that the client keeps beside the file. */
static bool complete(const struct entry *e, const struct buf *bytes, struct buf *whole)
{
	OWN_BUF struct buf resume = BUF_MAX(TORRENT_MAX_BYTES);
	size_t base = strlen(e->path) - strlen(".torrent");
	struct err ignored;

	if (!text_ends(e->path, ".torrent"))
		return false;
	OWN_STR char *path = mem_printf("%.*s.fastresume", (int)base, e->path);
	return fs_read_regular(path, &resume, &ignored) && trackers_add(bytes, &resume, whole);
}

/* The order matters: the bytes are in the vault before the ledger says that it is ours. */
static bool keep(const struct adopt *a, const struct entry *e, const char *infohash,
		 struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(TORRENT_MAX_BYTES);
	OWN_BUF struct buf whole = BUF_MAX(TORRENT_MAX_BYTES);

	if (!fs_read_regular(e->path, &bytes, err))
		return false;
	bool mended = e->bare && complete(e, &bytes, &whole);
	if (e->bare && !mended)
		log_warn(a->container,
			 "%s names no tracker: a client that is given it again may find nobody",
			 e->path);
	return vault_keep(a->vault, infohash, mended ? &whole : &bytes, err);
}

/* One that was adopted without its .torrent gets it now. */
static bool fill(const struct adopt *a, const struct entry *e, const char *infohash,
		 struct adoptions *done, struct err *err)
{
	OWN_STR char *path = vault_path(a->vault, infohash);

	if (!a->keep || fs_exists(path))
		return true;
	done->filled++;
	return keep(a, e, infohash, err);
}

static bool adopt_one(const struct adopt *a, struct adopted *what, const struct entry *e,
		      struct adoptions *done, struct err *err)
{
	OWN_STR char *file_name = filename_safe(what->name);
	bool known = false;
	int64_t id;

	if (!ledger_keeps(a->ledger, NULL, what->infohash, &known, err))
		return false;
	if (known) {
		done->known++;
		return !e || fill(a, e, what->infohash, done, err);
	}
	if (e && a->keep && !keep(a, e, what->infohash, err))
		return false;
	what->file_name = file_name;
	if (!ledger_adopt(a->ledger, what, &id, err))
		return false;
	done->adopted++;
	done->unkept += a->keep && !e;
	if (a->adopted)
		a->adopted(a->ctx, what->name);
	return true;
}

static bool adopt_entry(const struct adopt *a, const struct entry *e, struct adoptions *done,
			struct err *err)
{
	struct adopted what = {.container = a->container,
			       .infohash = e->infohash,
			       .v2 = e->v2,
			       .name = e->name,
			       .bytes = e->size,
			       .path = e->path};

	return adopt_one(a, &what, e, done, err);
}

static bool adopt_torrent(const struct adopt *a, const struct client_torrent *t,
			  const struct entries *entries, struct adoptions *done, struct err *err)
{
	const struct entry *e = find_entry(entries, t);
	const char *hash = t->v1[0] ? t->v1 : t->v2[0] ? t->v2 : t->id;
	struct adopted what = {.container = a->container,
			       .infohash = e ? e->infohash : hash,
			       .v2 = e ? e->v2 : t->v2,
			       .name = t->name ? t->name : hash,
			       .bytes = t->size,
			       .path = a->client->name,
			       .client = a->client->name};

	return adopt_one(a, &what, e, done, err);
}

/* ---- all of them ---- */

static bool adopt_client(const struct adopt *a, const struct entries *entries,
			 struct adoptions *done, struct err *err)
{
	const struct destination_manners manners = {a->ledger, a->force};
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	if (!destination_list(a->client, &manners, a->category, &all, err))
		return false;
	for (size_t i = 0; i < all.n; i++)
		if (!adopt_torrent(a, &all.list[i], entries, done, err))
			return false;
	return true;
}

bool adopt_all(const struct adopt *a, struct adoptions *done, struct err *err)
{
	OWN(entries_clear) struct entries entries = {0};

	*done = (struct adoptions){0};
	if (a->folder && !read_folder(a, &entries, done, err))
		return false;
	if (a->client)
		return adopt_client(a, &entries, done, err);
	for (size_t i = 0; i < entries.n; i++)
		if (!adopt_entry(a, &entries.list[i], done, err))
			return false;
	return true;
}
