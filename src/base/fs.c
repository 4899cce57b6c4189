#include "base/fs.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define SWEEP_AFTER_S 3600
#define PIPE_WAIT_MS 1500
#define MARK "\xEF\xBB\xBF"

/* The path whose permissions deny access to `path`: the first folder on the way that this process
 * may not pass, `path` itself if it exists and may not be used, otherwise its folder.  The
 * caller's. */
static char *barrier(const char *path)
{
	OWN_STR char *parent = fs_parent(path);

	if (strcmp(parent, path) == 0)
		return mem_dup(path);
	if (access(parent, X_OK) < 0)
		return access(parent, F_OK) < 0 ? barrier(parent) : OWN_TAKE(parent);
	bool there = access(path, F_OK) == 0;
	return there && access(path, R_OK | W_OK) < 0 ? mem_dup(path) : OWN_TAKE(parent);
}

/* The command that gives access.  For a folder that only its owner uses, with its content. */
static char *key_to(const char *what)
{
	OWN_STR char *quoted = text_quoted(what);
	struct stat st;

	if (stat(what, &st) < 0)
		st = (struct stat){.st_uid = ~geteuid(), .st_mode = 0777};
	if (st.st_uid == geteuid())
		return mem_printf("chmod u+rwX %s", quoted);
	return mem_printf("chown %s%u:%u %s",
			  S_ISDIR(st.st_mode) && !(st.st_mode & 077) ? "-R " : "", geteuid(),
			  getegid(), quoted);
}

/* systemd looks at ReadWritePaths= when it starts a service, and passes over what is not there. */
static const char *writable_again(void)
{
	return getenv("INVOCATION_ID")
		       ? "under systemd the folder has to be there, and named in the unit's "
			 "ReadWritePaths= (systemctl edit), when the service is started: so make "
			 "it "
			 "and restart the service; or mount it writable"
		       : "mount it writable";
}

/* FAT, exFAT, CIFS, SMB 2, SMB, FUSE, NTFS3, NTFS, 9P: statfs(2), linux/magic.h. */
bool fs_has_rights_of_mount(const char *path)
{
	static const uint32_t types[] = {0x4d44,     0x2011bab0, 0xff534d42, 0xfe534d42, 0x517b,
					 0x65735546, 0x7366746e, 0x5346544e, 0x01021997};
	struct statfs fs;

	for (size_t i = 0; statfs(path, &fs) == 0 && i < sizeof types / sizeof *types; i++)
		if ((uint32_t)fs.f_type == types[i])
			return true;
	return false;
}

static char *advice_on_rights(const char *path, const char *or_else)
{
	OWN_STR char *what = barrier(path);

	if (fs_has_rights_of_mount(what))
		return mem_printf("this is user %u:%u, and the options of the mount (uid=, gid=, "
				  "umask=) or its server decide who may write there",
				  geteuid(), getegid());
	OWN_STR char *key = key_to(what);
	return mem_printf("this is user %u:%u, so: %s%s", geteuid(), getegid(), key, or_else);
}

static const char *advice_on_size(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
		       ? "raise the limit on the size of files: `ulimit -f`, or LimitFSIZE= of the "
			 "service"
		       : "name a folder on a file system that takes larger files";
}

/* What can be done about it; NULL: that is not known. */
static char *advice_on(int e, const char *path, const char *or_else)
{
	switch (e) {
	case EROFS:
		return mem_dup(writable_again());
	case EACCES:
		return advice_on_rights(path, or_else);
	case EFBIG:
		return mem_dup(advice_on_size());
	case EDQUOT:
		return mem_printf("the quota of user %u is used up there: make room, or raise it "
				  "(`quota`)",
				  geteuid());
	case ENOLCK:
		return mem_dup("its file system has no locks: mount it with locks (NFS: with "
			       "rpc.statd, or -o local_lock=all; SMB: without nobrl), or name a "
			       "folder on a local disk");
	case ENOTCONN:
	case EHOSTDOWN:
	case ESTALE:
		return mem_dup("the server of this mount is gone: mount it again");
	default:
		return NULL;
	}
}

/* `or_else`: another way than the `chown`. */
static bool failed(struct err *err, const char *doing, const char *path, const char *or_else)
{
	int e = errno;
	OWN_STR char *advice = advice_on(e, path, or_else);
	bool passes = e == ENOSPC || e == EDQUOT || e == EIO || e == EMFILE || e == ENFILE ||
		      e == ESTALE || e == EAGAIN || e == ENOTCONN || e == EHOSTDOWN;

	err_errno(err, passes ? ERR_RETRY : ERR_TARGET, WORD_DISK, e, "cannot %s %s", doing, path);
	return advice ? err_advise(err, "%s", advice) : false;
}

bool fs_failed(struct err *err, const char *doing, const char *path)
{
	return failed(err, doing, path, "");
}

char *fs_join(const char *folder, const char *name)
{
	size_t len = strlen(folder);

	return mem_printf("%s%s%s", folder, len && folder[len - 1] == '/' ? "" : "/", name);
}

char *fs_parent(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	const char *slash = memrchr(path, '/', len);
	if (!slash)
		return mem_dup(".");
	return mem_dupn(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *fs_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A pipe may have nothing to read yet. */
static bool comes(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (poll(&p, 1, PIPE_WAIT_MS) > 0)
		return true;
	errno = ETIMEDOUT;
	return false;
}

static bool too_large(const char *path, const struct buf *out, struct err *err)
{
	return err_set(err, ERR_TARGET, WORD_DISK,
		       "%s is larger than the %zu bytes that it may have", path, out->max);
}

static bool read_all(int fd, const char *path, struct buf *out, struct err *err)
{
	char chunk[16384];
	ssize_t n;

	buf_reset(out);
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && (errno == EINTR || (errno == EAGAIN && comes(fd))))
			continue;
		if (n < 0)
			return fs_failed(err, "read", path);
		if (!buf_add(out, chunk, (size_t)n))
			return too_large(path, out, err);
	}
	return true;
}

bool fs_read(const char *path, struct buf *out, struct err *err)
{
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return fs_failed(err, "open", path);
	return read_all(fd, path, out, err);
}

bool fs_read_text(const char *path, struct buf *out, struct err *err)
{
	if (!fs_read(path, out, err))
		return false;
	if (text_starts(buf_text(out), MARK)) {
		out->len -= strlen(MARK);
		memmove(out->data, out->data + strlen(MARK), out->len);
		memset(out->data + out->len, 0, strlen(MARK));
	}
	return true;
}

static bool read_regular(int folder, const char *name, const char *path, struct buf *out,
			 struct err *err)
{
	OWN_FD int fd =
		openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fs_failed(err, "open", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_TARGET, WORD_DISK, "%s is not a regular file", path);
	if ((uintmax_t)st.st_size > out->max)
		return too_large(path, out, err);
	return read_all(fd, path, out, err);
}

bool fs_read_regular(const char *path, struct buf *out, struct err *err)
{
	return read_regular(AT_FDCWD, path, path, out, err);
}

bool fs_read_in(const struct fs_folder *f, const char *name, struct buf *out, struct err *err)
{
	OWN_STR char *path = fs_join(f->path, name);

	return read_regular(f->fd, name, path, out, err);
}

static bool write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

struct contents {
	const void *bytes;
	size_t len;
	mode_t mode;
	const struct stat *owner; /* NULL: ours */
};

/* Does the file system not have such a call, or not permit it at all? */
static bool lacks(int e)
{
	return e == EINVAL || e == ENOTSUP || e == ENOSYS || e == EPERM;
}

/* Some network and FUSE file systems have no fsync for folders, or for files. */
static bool synced(int fd)
{
	return fsync(fd) == 0 || lacks(errno);
}

/* Owner and permissions are set on the descriptor: nobody can put another file in its place, and
 * the umask has no say.  A file system that refuses has owners and permissions of its own. */
static bool fill(int fd, const struct contents *c)
{
	if (!write_all(fd, c->bytes, c->len))
		return false;
	if (c->owner)
		(void)!fchown(fd, c->owner->st_uid, c->owner->st_gid);
	return (fchmod(fd, c->mode) == 0 || lacks(errno) || errno == EACCES) && synced(fd);
}

/* `how`: O_EXCL, or O_TRUNC for one that is there and cannot be removed. */
static bool write_new(int folder, const char *name, int how, const struct contents *c)
{
	OWN_FD int fd =
		openat(folder, name, O_WRONLY | O_CREAT | how | O_CLOEXEC | O_NOFOLLOW, c->mode);

	if (fd < 0)
		return false;
	bool ok = fill(fd, c);
	/* Closing can report a write error too, on NFS for example. */
	ok = close(own_fd_take(&fd)) == 0 && ok;
	if (!ok) {
		int e = errno;
		unlinkat(folder, name, 0);
		errno = e;
	}
	return ok;
}

/* Root must not take a file away from its owner. */
static bool has_owner(int folder, const char *name, struct stat *old)
{
	return geteuid() == 0 && fstatat(folder, name, old, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(old->st_mode);
}

static bool replace(int folder, const char *temporary, const char *path, struct err *err)
{
	if (renameat(folder, temporary, folder, fs_base_name(path)) == 0)
		return true;
	fs_failed(err, "replace", path);
	unlinkat(folder, temporary, 0);
	return false;
}

static int open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool sync_folder(int fd, const char *path, struct err *err)
{
	return synced(fd) || fs_failed(err, "write out the folder", path);
}

bool fs_write(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err)
{
	OWN_STR char *parent = fs_parent(path);
	OWN_STR char *temporary = mem_printf(".%s.%ld.tmp", fs_base_name(path), (long)getpid());
	OWN_FD int folder = open_folder(parent);
	struct contents contents = {bytes, len, mode, NULL};
	struct stat old;

	if (folder < 0)
		return fs_failed(err, "write", path);
	if (has_owner(folder, fs_base_name(path), &old))
		contents.owner = &old;
	unlinkat(folder, temporary, 0);
	if (!write_new(folder, temporary, O_EXCL, &contents))
		return fs_failed(err, "write", path);
	return replace(folder, temporary, path, err) && sync_folder(folder, parent, err);
}

void fs_make_private(const char *path)
{
	OWN_FD int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 077) ||
	    st.st_uid != geteuid())
		return;
	/* fchmod() takes no descriptor of this kind before Linux 6.6. */
	OWN_STR char *link = mem_printf("/proc/self/fd/%d", fd);
	(void)!chmod(link, 0600);
}

/* The rule of fs.protected_symlinks, which covers /tmp alone: who made a link says where root
 * writes. */
static bool is_strangers_link(const char *path)
{
	struct stat link, target;

	return geteuid() == 0 && lstat(path, &link) == 0 && S_ISLNK(link.st_mode) &&
	       link.st_uid != 0 && stat(path, &target) == 0 && target.st_uid != link.st_uid;
}

char *fs_target(const char *path, struct err *err)
{
	if (is_strangers_link(path)) {
		err_set(err, ERR_TARGET, WORD_DISK,
			"%s is a link that one user made to a file of another", path);
		err_advise(err, "name the file itself");
		return NULL;
	}
	OWN_STR char *real = realpath(path, NULL);
	return real ? OWN_TAKE(real) : mem_dup(path);
}

/* ".NAME.PID.tmp", as fs_write names them. */
static bool is_temporary(const char *entry, const char *name)
{
	size_t len = strlen(entry);
	const char *ending = len > 4 ? entry + len - 4 : "";
	const char *pid = ending;

	if (entry[0] != '.' || strcmp(ending, ".tmp") != 0)
		return false;
	while (pid > entry && strchr("0123456789", pid[-1]))
		pid--;
	if (pid == ending || pid - entry < 2 || pid[-1] != '.')
		return false;
	size_t stem = (size_t)(pid - 1 - (entry + 1));
	return !name || (strlen(name) == stem && strncmp(entry + 1, name, stem) == 0);
}

void fs_sweep(const char *folder, const char *name)
{
	OWN_DIR DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir)))
		if (is_temporary(entry->d_name, name) &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < time(NULL) - SWEEP_AFTER_S)
			unlinkat(dirfd(dir), entry->d_name, 0);
}

/* ---- folders that are open ---- */

bool fs_folder_open(struct fs_folder *f, const char *path, struct err *err)
{
	int fd = open_folder(path);

	if (fd < 0)
		return fs_failed(err, "open the folder", path);
	*f = (struct fs_folder){fd, mem_dup(path)};
	return true;
}

void fs_folder_close(struct fs_folder *f)
{
	own_fd_close(&f->fd);
	free(f->path);
	*f = (struct fs_folder)FS_FOLDER_NONE;
}

DIR *fs_folder_list(const struct fs_folder *f)
{
	OWN_FD int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		fd = -1;
	return dir;
}

bool fs_exists_in(const struct fs_folder *f, const char *name)
{
	struct stat st;

	return fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool fs_remove_in(const struct fs_folder *f, const char *name, struct err *err)
{
	OWN_STR char *path = fs_join(f->path, name);

	return unlinkat(f->fd, name, 0) == 0 || errno == ENOENT || fs_failed(err, "remove", path);
}

bool fs_replace_in(const struct fs_folder *f, const char *from, const char *to, struct err *err)
{
	OWN_STR char *path = fs_join(f->path, to);

	if (renameat(f->fd, from, f->fd, to) < 0)
		return fs_failed(err, "replace", path);
	return sync_folder(f->fd, f->path, err);
}

/* `path`: for messages. */
static bool stage(int folder, const char *name, const char *path, const struct contents *c,
		  struct err *err)
{
	bool gone = unlinkat(folder, name, 0) == 0 || errno == ENOENT;

	return write_new(folder, name, gone ? O_EXCL : O_TRUNC, c) || fs_failed(err, "write", path);
}

bool fs_stage_in(const struct fs_folder *f, const char *name, const void *bytes, size_t len,
		 mode_t mode, struct err *err)
{
	OWN_STR char *path = fs_join(f->path, name);

	return stage(f->fd, name, path, &(struct contents){bytes, len, mode, NULL}, err) &&
	       sync_folder(f->fd, f->path, err);
}

bool fs_stage(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err)
{
	OWN_STR char *folder = fs_parent(path);

	return stage(AT_FDCWD, path, path, &(struct contents){bytes, len, mode, NULL}, err) &&
	       fs_sync_folder(folder, err);
}

bool fs_overwrite(const char *path, const void *bytes, size_t len, struct err *err)
{
	OWN_FD int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || !write_all(fd, bytes, len) || fdatasync(fd) < 0)
		return fs_failed(err, "write", path);
	return true;
}

/* The last way.  Between the look and the rename another program could make a file of this name,
 * which would be lost. */
static int look_and_rename(int from, const char *staged, int to, const char *name)
{
	struct stat st;

	if (fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat(from, staged, to, name) : -1;
}

/* Without overwriting.  Where the file system cannot, a hard link does not overwrite either; it has
 * many ways to refuse one (link(2)). */
static int move(int from, const char *staged, int to, const char *name)
{
	int done = renameat2(from, staged, to, name, RENAME_NOREPLACE);

	if (done == 0 || !lacks(errno))
		return done;
	if (linkat(from, staged, to, name, 0) == 0)
		return unlinkat(from, staged, 0);
	return errno == EEXIST ? -1 : look_and_rename(from, staged, to, name);
}

bool fs_publish_from(const struct fs_folder *from, const char *staged, const char *path,
		     enum fs_publish *result, struct err *err)
{
	OWN_STR char *parent = fs_parent(path);
	OWN_FD int to = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);

	int done = to < 0 ? -1 : move(from->fd, staged, to, fs_base_name(path));
	if (done < 0 && errno == EEXIST) {
		*result = FS_TAKEN;
		return true;
	}
	if (done < 0)
		return fs_failed(err, "move a file to", path);
	if (!fs_sync_folder(parent, err) || !sync_folder(from->fd, from->path, err))
		return false;
	*result = FS_PUBLISHED;
	return true;
}

bool fs_publish(const char *staged, const char *path, enum fs_publish *result, struct err *err)
{
	OWN_STR char *parent = fs_parent(staged);
	OWN_FS_FOLDER struct fs_folder from = FS_FOLDER_NONE;

	return fs_folder_open(&from, parent, err) &&
	       fs_publish_from(&from, fs_base_name(staged), path, result, err);
}

int fs_create(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		fs_failed(err, "write", path);
	return fd;
}

bool fs_append(int fd, const void *bytes, size_t len)
{
	return write_all(fd, bytes, len);
}

bool fs_read_up_to(int fd, void *bytes, size_t len, size_t *got)
{
	for (*got = 0; *got < len;) {
		ssize_t n = read(fd, (char *)bytes + *got, len - *got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		*got += (size_t)n;
	}
	return true;
}

bool fs_replace(const char *staged, const char *path, struct err *err)
{
	OWN_STR char *folder = fs_parent(path);

	if (rename(staged, path) < 0)
		return fs_failed(err, "replace", path);
	return fs_sync_folder(folder, err);
}

/* Sets the permissions at once.  A later chmod() would remove the set-group-ID bit that the folder
 * has from its parent, if the process is not in the folder's group. */
static int make_exactly(const char *path, mode_t mode)
{
	mode_t mask = umask(0);
	int made = mkdir(path, mode);

	umask(mask);
	return made;
}

static bool make_one(const char *path, mode_t mode, struct err *err)
{
	if (make_exactly(path, mode) < 0) {
		if (errno == EEXIST && fs_is_folder(path))
			return true;
		return failed(err, "make the folder", path, ", or make the folder before");
	}
	OWN_STR char *parent = fs_parent(path);
	return fs_sync_folder(parent, err);
}

bool fs_make_folder(const char *path, mode_t mode, bool parents, struct err *err)
{
	if (fs_is_folder(path))
		return true;
	OWN_STR char *parent = fs_parent(path);
	if (parents && strcmp(parent, path) != 0 && !fs_make_folder(parent, mode, true, err))
		return false;
	return make_one(path, mode, err);
}

bool fs_sync_folder(const char *path, struct err *err)
{
	OWN_FD int fd = open_folder(path);

	return fd < 0 ? fs_failed(err, "open the folder", path) : sync_folder(fd, path, err);
}

bool fs_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

bool fs_is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fs_space(const char *path, uint64_t *free, uint64_t *total, struct err *err)
{
	struct statvfs vfs;

	if (statvfs(path, &vfs) < 0)
		return fs_failed(err, "ask for the free space of", path);
	*free = (uint64_t)vfs.f_bavail * vfs.f_frsize;
	if (total)
		*total = (uint64_t)vfs.f_blocks * vfs.f_frsize;
	return true;
}

bool fs_remove(const char *path, struct err *err)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return fs_failed(err, "remove", path);
	return true;
}

int fs_lock(const char *path, bool *held, struct err *err)
{
	OWN_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	*held = false;
	if (fd < 0) {
		fs_failed(err, "open the lock", path);
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		*held = errno == EWOULDBLOCK;
		if (!*held)
			fs_failed(err, "lock", path);
		return -1;
	}
	return own_fd_take(&fd);
}

bool fs_lock_is_held(const char *path, bool *held, struct err *err)
{
	OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT) {
		*held = false;
		return true;
	}
	if (fd < 0)
		return fs_failed(err, "open the lock", path);
	bool shared = flock(fd, LOCK_SH | LOCK_NB) == 0;
	if (!shared && errno != EWOULDBLOCK)
		return fs_failed(err, "look at the lock", path);
	*held = !shared;
	return true;
}

bool fs_check_access(const char *folder, struct err *err)
{
	return access(folder, W_OK | X_OK) == 0 || fs_failed(err, "write into", folder);
}

bool fs_check_file(const char *path, const char *doing, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT || fs_failed(err, doing, path);
	if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_TARGET, WORD_DISK, "cannot %s %s: it is not a file", doing, path);
		return err_advise(err, "move it away");
	}
	return access(path, R_OK | W_OK) == 0 || fs_failed(err, doing, path);
}

bool fs_check_size(const char *folder, uint64_t bytes, struct err *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur >= bytes)
		return true;
	errno = EFBIG;
	return fs_failed(err, "write large files into", folder);
}

bool fs_check_writable(const char *folder, struct err *err)
{
	uint64_t bytes;

	if (!fs_check_access(folder, err))
		return false;
	if (!fs_space(folder, &bytes, NULL, err))
		return false;
	if (bytes == 0) {
		errno = ENOSPC;
		return fs_failed(err, "write into", folder);
	}
	return true;
}
