/*
 * bare.c - preloaded into the program: a file system that can make, write and rename files, and
 * little else.  In all folders whose path begins with BARE:
 *
 *   owners, permissions, hard links, fsync, and renames that cannot overwrite are refused;
 *   names longer than BARE_NAMES bytes are refused, although pathconf() promises 255;
 *   with BARE_KEEPS=1 nothing can be removed;
 *   with BARE_ASCII=1 a name can have no other characters.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Is what `path` names, beginning at the folder `at`, in the bare file system? */
static bool is_bare(int at, const char *path)
{
	const char *bare = getenv("BARE");
	char link[40], folder[4096] = "";

	if (!bare)
		return false;
	if (path[0] == '/')
		return strncmp(path, bare, strlen(bare)) == 0;
	if (at == AT_FDCWD)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", at);
	ssize_t len = readlink(link, folder, sizeof folder - 1);
	return len > 0 && strncmp(folder, bare, strlen(bare)) == 0;
}

static bool fd_is_bare(int fd)
{
	return is_bare(fd, "");
}

static int refuse(int e)
{
	errno = e;
	return -1;
}

static bool has_other_characters(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name >= 128)
			return true;
	return false;
}

/* Why a file cannot have the name; 0: it can. */
static int name_fault(int at, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *most = getenv("BARE_NAMES");

	if (!is_bare(at, path))
		return 0;
	if (most && strlen(name) > (size_t)atol(most))
		return ENAMETOOLONG;
	return getenv("BARE_ASCII") && has_other_characters(name) ? EINVAL : 0;
}

static int open_bare(int at, const char *path, int flags, mode_t mode)
{
	int e = name_fault(at, path);

	return e ? refuse(e) : (int)syscall(SYS_openat, at, path, flags, mode);
}

#define MODE(mode)                                   \
	mode_t mode = 0;                             \
	if (flags & O_CREAT) {                       \
		va_list ap;                          \
		va_start(ap, flags);                 \
		mode = (mode_t)va_arg(ap, unsigned); \
		va_end(ap);                          \
	}

int open(const char *path, int flags, ...)
{
	MODE(mode);
	return open_bare(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	MODE(mode);
	return open_bare(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	MODE(mode);
	return open_bare(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...)
{
	MODE(mode);
	return open_bare(at, path, flags, mode);
}

int fchmod(int fd, mode_t mode)
{
	return fd_is_bare(fd) ? refuse(EPERM) : (int)syscall(SYS_fchmod, fd, mode);
}

int chmod(const char *path, mode_t mode)
{
	return is_bare(AT_FDCWD, path) ? refuse(EPERM)
				       : (int)syscall(SYS_fchmodat, AT_FDCWD, path, mode);
}

int fchown(int fd, uid_t owner, gid_t group)
{
	return fd_is_bare(fd) ? refuse(EPERM) : (int)syscall(SYS_fchown, fd, owner, group);
}

int fsync(int fd)
{
	return fd_is_bare(fd) ? refuse(EINVAL) : (int)syscall(SYS_fsync, fd);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	return is_bare(to, new) ? refuse(EPERM)
				: (int)syscall(SYS_linkat, from, old, to, new, flags);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	int e = name_fault(to, new);

	if (e || (flags && is_bare(to, new)))
		return refuse(e ? e : EINVAL);
	return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

int renameat(int from, const char *old, int to, const char *new)
{
	return renameat2(from, old, to, new, 0);
}

int rename(const char *old, const char *new)
{
	return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

int unlinkat(int at, const char *path, int flags)
{
	if (getenv("BARE_KEEPS") && is_bare(at, path) && faccessat(at, path, F_OK, 0) == 0)
		return refuse(EPERM);
	return (int)syscall(SYS_unlinkat, at, path, flags);
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}
