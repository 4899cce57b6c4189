#include "base/hidden.h"

#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES 4096 /* of a file that hidden_renew() takes over */

/* ---- whose is it? ---- */

/* The owner that a new file in this folder gets. */
static bool find_new_owner(int folder, uid_t *owner)
{
	OWN_STR char *name = mem_printf(HIDDEN_NAME "-owner.%ld", (long)getpid());
	OWN_FD int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd < 0)
		return false;
	bool ok = fstat(fd, &st) == 0;
	unlinkat(folder, name, 0);
	*owner = st.st_uid;
	return ok;
}

static bool is_ours(int folder, int hidden, struct stat *st)
{
	uid_t owner;

	if (fstat(hidden, st) < 0)
		return false;
	return st->st_uid == geteuid() || (find_new_owner(folder, &owner) && owner == st->st_uid);
}

static bool not_ours(const char *path, const struct stat *st, struct err *err)
{
	OWN_STR char *quoted = text_quoted(path);

	err_set(err, ERR_TARGET, WORD_DISK,
		"%s belongs to user %u, and this is user %u: what another user made is not used",
		path, st->st_uid, geteuid());
	return err_advise(err,
			  "run ptp-archiver as that user, or move it away, or give it to this one: "
			  "chown -R %u:%u %s",
			  geteuid(), getegid(), quoted);
}

static bool not_a_folder(int folder, const char *path, struct err *err)
{
	struct stat st;
	int e = errno;
	bool there = fstatat(folder, HIDDEN_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0;

	errno = e;
	if (!there || S_ISDIR(st.st_mode))
		return fs_failed(err, "open", path);
	err_set(err, ERR_TARGET, WORD_DISK, "%s is %s, and it must be a folder of the program's",
		path, S_ISLNK(st.st_mode) ? "a link" : "not a folder");
	return err_advise(err,
			  "move it away, and find out who made it: the program makes it again");
}

/* ---- opening ---- */

static bool open_in(struct fs_folder *h, int folder, struct err *err)
{
	struct stat st;

	h->fd = openat(folder, HIDDEN_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (h->fd < 0)
		return not_a_folder(folder, h->path, err);
	return is_ours(folder, h->fd, &st) || not_ours(h->path, &st, err);
}

static bool is_missing(int folder)
{
	struct stat st;

	return fstatat(folder, HIDDEN_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

bool hidden_open(struct fs_folder *h, const char *folder, bool make, struct err *err)
{
	OWN_FD int in = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct fs_folder found = {-1, fs_join(folder, HIDDEN_NAME)};

	bool ok = in >= 0 || fs_failed(err, "open", folder);
	ok = ok && (!make || !is_missing(in) || fs_make_folder(found.path, 0700, false, err)) &&
	     open_in(&found, in, err);
	if (ok)
		*h = found;
	else
		fs_folder_close(&found);
	return ok;
}

/* ---- a new one ---- */

static bool copy(int from, const struct fs_folder *to, const char *name)
{
	OWN_FD int fd = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char bytes[FILE_MAX_BYTES];
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
	struct err ignored;

	return n >= 0 && fs_stage_in(to, name, bytes, (size_t)n, 0600, &ignored);
}

/* false: there are other files. */
static bool copy_all(const struct fs_folder *from, const struct fs_folder *to, const char *keep)
{
	OWN_DIR DIR *dir = fs_folder_list(from);
	struct dirent *entry;

	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    (!text_starts(entry->d_name, keep) || !copy(from->fd, to, entry->d_name)))
			return false;
	return true;
}

static void remove_all(const char *path)
{
	OWN_FS_FOLDER struct fs_folder f = {
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), mem_dup(path)};
	OWN_DIR DIR *dir = fs_folder_list(&f);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(f.fd, entry->d_name, 0);
	rmdir(path);
}

static bool replace(const char *folder, const char *path, const char *keep)
{
	OWN_FS_FOLDER struct fs_folder old = FS_FOLDER_NONE;
	OWN_FS_FOLDER struct fs_folder new = {
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), mem_dup(path)};
	struct err ignored;

	return new.fd >= 0 && hidden_open(&old, folder, false, &ignored) &&
	       copy_all(&old, &new, keep) &&
	       renameat2(AT_FDCWD, path, AT_FDCWD, old.path, RENAME_EXCHANGE) == 0;
}

void hidden_renew(const char *folder, const char *keep)
{
	OWN_STR char *path = fs_join(folder, HIDDEN_NAME ".new");
	struct err ignored;

	remove_all(path);
	if (!fs_make_folder(path, 0700, false, &ignored))
		return;
	(void)replace(folder, path, keep);
	remove_all(path);
}
