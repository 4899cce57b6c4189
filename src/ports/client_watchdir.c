#include "ports/client_watchdir.h"

#include "base/fs.h"
#include "base/hidden.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/tryout.h"
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

static bool watchdir_ready(struct client *c, struct err *err)
{
	const struct watchdir *w = (const struct watchdir *)c;
	OWN_FS_FOLDER struct fs_folder staging = FS_FOLDER_NONE;

	return open_staging(w, &staging, err) && fs_check_size(w->folder, TORRENT_MAX_BYTES, err) &&
	       tryout(&staging, FILENAME_LEAST_BYTES, FILENAME_MOST_BYTES, err);
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

/* The wanted name, or a shorter one in a folder with short names. */
static char *fit(const struct fs_folder *staging, const struct delivery *d)
{
	size_t most = strlen(d->file_name) + FILENAME_MARK_BYTES + FILENAME_ENDING_BYTES;
	size_t limit = most <= FILENAME_LEAST_BYTES
			       ? most
			       : tryout_longest(staging, FILENAME_LEAST_BYTES, most);

	return limit ? filename_fit(d->file_name, d->infohash, limit) : filename_plain(d->infohash);
}

/* Where something else has the name, the one with the infohash. */
static char *choose_name(const struct watchdir *w, const struct fs_folder *staging,
			 const struct delivery *d)
{
	OWN_STR char *name = fit(staging, d);

	return usable(w, name, d->infohash) ? OWN_TAKE(name)
					    : filename_with_infohash(name, d->infohash);
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
	*file_name = choose_name(w, &staging, d);
	return true;
}

enum placing {
	PLACED,  /* also if the same torrent is there already */
	TAKEN,   /* something else has the name */
	REFUSED, /* the file system does not take the name; *err says why, as of the next */
	UNPLACED,
};

/* Too long, or with characters that the file system does not have. */
static bool is_about_name(const struct err *err)
{
	return err->errnum == ENAMETOOLONG || err->errnum == EILSEQ || err->errnum == EINVAL;
}

/* *where: the path, the caller's. */
static enum placing place_as(const struct watchdir *w, const struct fs_folder *staging,
			     const struct delivery *d, const char *name, char **where,
			     struct err *err)
{
	OWN_STR char *staged = staged_name(d);
	OWN_STR char *path = fs_join(w->folder, name);
	enum fs_publish result;

	if (!fs_publish_from(staging, staged, path, &result, err))
		return is_about_name(err) ? REFUSED : UNPLACED;
	if (result == FS_TAKEN && !holds(path, d->infohash))
		return TAKEN;
	if (result == FS_TAKEN && !fs_remove_in(staging, staged, err))
		return UNPLACED;
	*where = OWN_TAKE(path);
	return PLACED;
}

static bool place(const struct watchdir *w, const struct fs_folder *staging,
		  const struct delivery *d, char **path, struct err *err)
{
	OWN_STR char *fitting = fit(staging, d);
	OWN_STR char *other = filename_with_infohash(fitting, d->infohash);
	OWN_STR char *plain = filename_plain(d->infohash);

	enum placing placing = place_as(w, staging, d, fitting, path, err);
	if (placing == TAKEN)
		placing = place_as(w, staging, d, other, path, err);
	if (placing == REFUSED)
		placing = place_as(w, staging, d, plain, path, err);
	if (placing != TAKEN)
		return placing == PLACED;
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
