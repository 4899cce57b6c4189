#include "ports/client_watchdir.h"

#include "base/fs.h"
#include "base/hidden.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/filename.h"
#include "model/mark.h"
#include "model/torrent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_BYTES (64 * 1024)

struct watchdir {
	struct client base;
	char *folder; /* owned */
	mode_t mask;
};

/* Do files that are made in `below` get the group that files in `folder` do? */
static bool same_group(const char *folder, const struct fs_folder *below)
{
	struct stat of, st;

	return stat(folder, &of) < 0 || !(of.st_mode & S_ISGID) || fstat(below->fd, &st) < 0 ||
	       ((st.st_mode & S_ISGID) && st.st_gid == of.st_gid);
}

/* Makes both folders, and opens the one for staging.  The group of the watch folder may have been
 * changed since it was made. */
static bool open_staging(const struct watchdir *w, struct fs_folder *staging, struct err *err)
{
	if (!fs_make_folder(w->folder, 0777 & ~w->mask, false, err) ||
	    !fs_check_access(w->folder, err) || !hidden_open(staging, w->folder, true, err))
		return false;
	if (same_group(w->folder, staging))
		return true;
	fs_folder_close(staging);
	hidden_renew(w->folder, MARK_FILE);
	return hidden_open(staging, w->folder, true, err);
}

/* Permissions and free space do not tell whether a file can be written: quotas, read-only mounts
 * and network shares do.  So write one. */
static bool probe(const struct fs_folder *staging, struct err *err)
{
	OWN_STR char *zeros = mem_alloc(PROBE_BYTES);

	return fs_stage_in(staging, "probe", zeros, PROBE_BYTES, 0600, err) &&
	       fs_remove_in(staging, "probe", err);
}

static bool watchdir_ready(struct client *c, struct err *err)
{
	OWN_FS_FOLDER struct fs_folder staging = FS_FOLDER_NONE;

	return open_staging((const struct watchdir *)c, &staging, err) && probe(&staging, err);
}

static char *staged_name(const struct delivery *d)
{
	return mem_printf("%s.%" PRId64 ".part", d->infohash, d->id);
}

/* Does `path` hold a torrent with this infohash? */
static bool holds(const char *path, const char *infohash)
{
	OWN_BUF struct buf bytes = BUF_MAX(TORRENT_MAX_BYTES);
	struct torrent t = {0};
	struct err ignored;
	char hex[65];

	if (!fs_read_regular(path, &bytes, &ignored) ||
	    !torrent_read(bytes.data, bytes.len, &t, &ignored))
		return false;
	torrent_infohash_hex(&t, hex);
	torrent_clear(&t);
	return strcmp(hex, infohash) == 0;
}

static bool usable(const struct watchdir *w, const char *name, const char *infohash)
{
	OWN_STR char *path = fs_join(w->folder, name);

	return !fs_exists(path) || holds(path, infohash);
}

/* The wanted name; or, where something else has it, the one with the infohash. */
static char *choose_name(const struct watchdir *w, const struct delivery *d)
{
	return usable(w, d->file_name, d->infohash)
		       ? mem_dup(d->file_name)
		       : filename_with_infohash(d->file_name, d->infohash);
}

static bool stage(const struct watchdir *w, const struct delivery *d, struct fs_folder *staging,
		  struct err *err)
{
	OWN_STR char *name = staged_name(d);

	return open_staging(w, staging, err) &&
	       fs_stage_in(staging, name, d->bytes->data, d->bytes->len, 0666 & ~w->mask, err);
}

static bool watchdir_prepare(struct client *c, const struct delivery *d, char **file_name,
			     struct err *err)
{
	const struct watchdir *w = (const struct watchdir *)c;
	OWN_FS_FOLDER struct fs_folder staging = FS_FOLDER_NONE;

	if (!stage(w, d, &staging, err))
		return false;
	*file_name = choose_name(w, d);
	return true;
}

/* Puts the staged file at `path`; true as well if the same torrent is there already. */
static bool put(const struct fs_folder *staging, const char *staged, const char *path,
		const char *infohash, bool *placed, struct err *err)
{
	enum fs_publish result;

	if (!fs_publish_from(staging, staged, path, &result, err))
		return false;
	*placed = result == FS_PUBLISHED;
	if (*placed || !holds(path, infohash))
		return true;
	*placed = true;
	return fs_remove_in(staging, staged, err);
}

static bool place(const struct watchdir *w, const struct fs_folder *staging,
		  const struct delivery *d, char **path, struct err *err)
{
	OWN_STR char *staged = staged_name(d);
	OWN_STR char *other = filename_with_infohash(d->file_name, d->infohash);
	const char *const names[] = {d->file_name, other};

	for (int i = 0; i < 2; i++) {
		OWN_STR char *wanted = fs_join(w->folder, names[i]);
		bool placed;
		if (!put(staging, staged, wanted, d->infohash, &placed, err))
			return false;
		if (placed) {
			*path = OWN_TAKE(wanted);
			return true;
		}
	}
	return err_set(err, ERR_TARGET, WORD_DISK,
		       "\"%s\" in %s is taken by something else, and so is the name without the "
		       "infohash; move them away",
		       other, w->folder);
}

/* What an earlier process had staged.  *gone: the rename happened before it ended, and the client
 * may have taken the file since; unless the staging folder is gone as a whole. */
static bool find_staged(const struct watchdir *w, const struct delivery *d,
			struct fs_folder *staging, bool *gone, struct err *err)
{
	OWN_STR char *staged = staged_name(d);
	struct err why;

	*gone = false;
	if (hidden_open(staging, w->folder, false, &why)) {
		*gone = !fs_exists_in(staging, staged);
		return true;
	}
	if (why.errnum == ENOENT)
		return stage(w, d, staging, err);
	*err = why;
	return false;
}

static bool watchdir_deliver(struct client *c, const struct delivery *d, bool resumed, char **path,
			     struct err *err)
{
	const struct watchdir *w = (const struct watchdir *)c;
	OWN_FS_FOLDER struct fs_folder staging = FS_FOLDER_NONE;
	bool gone = false;

	if (resumed ? !find_staged(w, d, &staging, &gone, err) : !open_staging(w, &staging, err))
		return false;
	if (!gone)
		return place(w, &staging, d, path, err);
	*path = fs_join(w->folder, d->file_name);
	return true;
}

/* ---- what the client that watches does ---- */

static bool is_waiting(int folder, const char *name, int64_t before, int64_t *came)
{
	struct stat st;

	if (name[0] == '.' || !text_ends(name, ".torrent") ||
	    fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	*came = (int64_t)st.st_mtim.tv_sec * 1000;
	return *came < before;
}

static bool watchdir_backlog(struct client *c, int64_t before, struct client_backlog *backlog,
			     struct err *err)
{
	const struct watchdir *w = (const struct watchdir *)c;
	OWN_DIR DIR *dir = opendir(w->folder);
	struct dirent *entry;
	int64_t came;

	if (!dir)
		return fs_failed(err, "look into", w->folder);
	*backlog = (struct client_backlog){0};
	while ((entry = readdir(dir))) {
		if (!is_waiting(dirfd(dir), entry->d_name, before, &came))
			continue;
		backlog->files++;
		if (!backlog->oldest || came < backlog->oldest)
			backlog->oldest = came;
	}
	return true;
}

static bool is_beside(const char *path, const char *const endings[])
{
	for (size_t i = 0; endings[i]; i++) {
		OWN_STR char *other = mem_printf("%s%s", path, endings[i]);
		if (fs_exists(other))
			return true;
	}
	return false;
}

/* Has anything beside it the file's name and one more ending? */
static bool is_renamed(const char *path)
{
	OWN_STR char *folder = fs_parent(path);
	OWN_DIR DIR *dir = opendir(folder);
	const char *name = fs_base_name(path);
	size_t len = strlen(name);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strncmp(entry->d_name, name, len) == 0 && entry->d_name[len] == '.')
			return true;
	return false;
}

/* The file itself is looked for first: it is renamed, never copied.  A folder that is away (not
 * mounted) says nothing of its files. */
static bool watchdir_fate(struct client *c, const char *path, enum client_fate *fate,
			  struct err *err)
{
	/* Transmission and Deluge; qBittorrent; ruTorrent's autowatch; others. */
	static const char *const refused[] = {".invalid", ".qbt_rejected", ".fail",
					      ".error",   ".rejected",     NULL};
	static const char *const taken[] = {".added", ".loaded", NULL};
	OWN_STR char *folder = fs_parent(path);
	OWN_FS_FOLDER struct fs_folder staging = FS_FOLDER_NONE;
	struct err ignored;

	(void)c;
	if (fs_exists(path))
		*fate = CLIENT_FATE_WAITING;
	else if (is_beside(path, refused))
		*fate = CLIENT_FATE_REFUSED;
	else if (hidden_open(&staging, folder, false, &ignored))
		*fate = !is_beside(path, taken) && is_renamed(path) ? CLIENT_FATE_RENAMED
								    : CLIENT_FATE_TAKEN;
	else
		return err_set(err, ERR_TARGET, WORD_DISK,
			       "%s is not there, or another disk is: nothing is known of its files",
			       folder);
	return true;
}

static void watchdir_close(struct client *c)
{
	struct watchdir *w = (struct watchdir *)c;

	free(w->folder);
	free(w);
}

static const struct client_ops watchdir_ops = {
	.ready = watchdir_ready,
	.prepare = watchdir_prepare,
	.deliver = watchdir_deliver,
	.backlog = watchdir_backlog,
	.fate = watchdir_fate,
	.close = watchdir_close,
};

struct client *client_watchdir_open(const char *folder, mode_t mask)
{
	struct watchdir *w = mem_alloc(sizeof *w);

	w->base.ops = &watchdir_ops;
	w->folder = mem_dup(folder);
	w->mask = mask;
	return &w->base;
}
