#include "core/adopt.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/parcel.h"
#include "model/filename.h"
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

struct work {
	const struct run *run;
	const struct adopt *what;
	struct entries entries; /* owned */
	struct adoptions *done;
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
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;

	if (!fs_read_regular(path, &p.bytes, err) || !parcel_parse(&p, err))
		return false;
	*e = (struct entry){.path = mem_dup(path),
			    .name = mem_dup(p.torrent.name),
			    .size = p.torrent.size,
			    .bare = !p.torrent.announce_host[0]};
	text_copy(e->v1, sizeof e->v1, p.v1);
	text_copy(e->v2, sizeof e->v2, p.v2);
	text_copy(e->infohash, sizeof e->infohash, p.infohash);
	return true;
}

static void add_entry(struct work *w, const char *path)
{
	struct entries *all = &w->entries;
	struct entry e;
	struct err why;

	if (!read_entry(path, &e, &why)) {
		log_warn(w->what->container, "%s is left out: %s", path, why.msg);
		w->done->skipped++;
		return;
	}
	all->list = mem_grow(all->list, all->n + 1, sizeof *all->list);
	all->list[all->n++] = e;
}

static bool read_folder(struct work *w, struct err *err)
{
	const char *folder = w->what->folder;
	OWN_DIR DIR *dir = opendir(folder);
	struct dirent *item;

	if (!dir)
		return err_errno(err, ERR_TARGET, WORD_DISK, errno, "cannot look into %s", folder);
	while ((item = readdir(dir))) {
		OWN_STR char *path = fs_join(folder, item->d_name);
		if (wake_stopping(w->run->wake))
			return wake_stopped(err);
		if (is_torrent_name(item->d_name))
			add_entry(w, path);
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
static bool keep(const struct work *w, const struct entry *e, struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(TORRENT_MAX_BYTES);
	OWN_BUF struct buf whole = BUF_MAX(TORRENT_MAX_BYTES);

	if (!fs_read_regular(e->path, &bytes, err))
		return false;
	bool completed = e->bare && complete(e, &bytes, &whole);
	if (e->bare && !completed)
		log_warn(w->what->container,
			 "%s names no tracker: a client that gets it again may find no peers",
			 e->path);
	return vault_keep(w->run->vault, e->infohash, completed ? &whole : &bytes, err);
}

/* One that was adopted without its .torrent gets it now. */
static bool fill(const struct work *w, const struct entry *e, struct err *err)
{
	OWN_STR char *path = vault_path(w->run->vault, e->infohash);

	if (!w->run->keep || fs_exists(path))
		return true;
	w->done->filled++;
	return keep(w, e, err);
}

/* `e`: its .torrent; NULL: there is none. */
static bool adopt_one(const struct work *w, struct adopted *a, const struct entry *e,
		      struct err *err)
{
	const struct run *r = w->run;
	OWN_STR char *file_name = filename_safe(a->name);
	bool known = false;
	int64_t id;

	if (!ledger_keeps(r->ledger, NULL, a->infohash, &known, err))
		return false;
	if (known) {
		w->done->known++;
		return !e || fill(w, e, err);
	}
	a->container = w->what->container;
	a->file_name = file_name;
	if ((e && r->keep && !keep(w, e, err)) || !ledger_adopt(r->ledger, a, &id, err))
		return false;
	w->done->adopted++;
	w->done->unkept += r->keep && !e;
	if (w->what->adopted)
		w->what->adopted(w->what->ctx, a->name);
	return true;
}

static bool adopt_entry(const struct work *w, const struct entry *e, struct err *err)
{
	struct adopted a = {.infohash = e->infohash,
			    .v2 = e->v2,
			    .name = e->name,
			    .bytes = e->size,
			    .path = e->path};

	return adopt_one(w, &a, e, err);
}

static bool adopt_torrent(const struct work *w, const struct client_torrent *t, struct err *err)
{
	const struct entry *e = find_entry(&w->entries, t);
	const char *hash = t->v1[0] ? t->v1 : t->v2[0] ? t->v2 : t->id;
	const char *client = w->what->client->name;
	struct adopted a = {.infohash = e ? e->infohash : hash,
			    .v2 = e ? e->v2 : t->v2,
			    .name = t->name ? t->name : hash,
			    .bytes = t->size,
			    .path = client,
			    .client = client};

	return adopt_one(w, &a, e, err);
}

/* ---- all of them ---- */

static bool adopt_client(const struct work *w, struct err *err)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	if (!destination_list(w->run, w->what->client, w->what->category, &all, err))
		return false;
	for (size_t i = 0; i < all.n; i++)
		if (!adopt_torrent(w, &all.list[i], err))
			return false;
	return true;
}

static bool adopt_folder(const struct work *w, struct err *err)
{
	for (size_t i = 0; i < w->entries.n; i++)
		if (!adopt_entry(w, &w->entries.list[i], err))
			return false;
	return true;
}

bool adopt_all(const struct run *r, const struct adopt *a, struct adoptions *done, struct err *err)
{
	struct work w = {.run = r, .what = a, .done = done};

	*done = (struct adoptions){0};
	bool ok = !a->folder || read_folder(&w, err);
	if (ok)
		ok = a->client ? adopt_client(&w, err) : adopt_folder(&w, err);
	entries_clear(&w.entries);
	return ok;
}
