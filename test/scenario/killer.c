/*
 * killer.c - a library to be preloaded that ends a process, or fails it, at its Nth change.
 *
 * It stands before the libc calls by which the program, SQLite and libcurl change something that
 * outlives the process: files, folders, and what is sent over a socket.  Each such call of the
 * process counts, from 1, and so do those of its children (not of other programs), such as one that
 * works on a folder.  A child is killed together with the process.  Receiving changes nothing, and
 * how many calls it takes is a matter of chance, so it does not count.  Of writes at some place in
 * one file that follow each other only the first two count: no reader sees a difference between the
 * others.
 *
 *   KILL_AT=N      SIGKILL at call N: before it is carried out, or with
 *   KILL_WHEN=after    directly behind it
 *   KILL_NAME=C    for KILL_AT only calls of this name count, such as send
 *   FAIL_AT=N      call N, if it writes, fails with
 *   FAIL_ERRNO=E   this number (default ENOSPC)
 *   FAIL_ON=1      and so does each later one: the disk stays full
 *   CALLS=PATH     append "N NAME WHAT" for each call to this file
 *
 * Built by the tests: cc -shared -fPIC -o killer.so killer.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Shared with the children. */
static struct killer {
	long kill_at, fail_at, count, named;
	const char *name;           /* of the calls that KILL_AT counts; NULL: all */
	int fail_errno, calls;      /* calls: -1 if they are not written down */
	char path[4096];            /* where they are */
	int pwrite_fd, pwrites;     /* so many in a row, to this file */
	bool after, fail_on, is_it; /* is_it: the call at hand is the one */
	pid_t pid;
} * shared;
#define killer (*shared)

static long number(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? atol(text) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
	const char *when = getenv("KILL_WHEN"), *calls = getenv("CALLS");

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	killer.calls = -1;
	killer.pid = getpid();
	killer.name = getenv("KILL_NAME");
	killer.kill_at = number("KILL_AT", 0);
	killer.fail_at = number("FAIL_AT", 0);
	killer.fail_errno = (int)number("FAIL_ERRNO", ENOSPC);
	killer.fail_on = number("FAIL_ON", 0) != 0;
	killer.after = when && strcmp(when, "after") == 0;
	if (calls) {
		killer.calls = 1;
		snprintf(killer.path, sizeof killer.path, "%s", calls);
	}
	unsetenv("LD_PRELOAD");
}

static void end_it(void)
{
	syscall(SYS_kill, killer.pid, SIGKILL);
	syscall(SYS_kill, getpid(), SIGKILL);
}

static void note(const char *name, const char *what)
{
	char line[4200];

	int len = snprintf(line, sizeof line, "%ld %s %.4000s\n", killer.count, name, what);
	/* A child has closed what it inherited. */
	int fd = (int)syscall(SYS_openat, AT_FDCWD, killer.path,
			      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	syscall(SYS_write, fd, line, (size_t)len);
	syscall(SYS_close, fd);
}

static bool fails(bool at_this_one)
{
	bool later = killer.fail_at && killer.fail_on && killer.count > killer.fail_at;

	errno = killer.fail_errno;
	return later || (at_this_one && killer.fail_at == killer.count);
}

/* Counts a call.  true: it is to fail, and errno says how. */
static bool spoilt(const char *name, const char *what, bool writes)
{
	if (!shared)
		return false;
	killer.pwrites = 0;
	killer.count++;
	if (killer.calls >= 0)
		note(name, what);
	killer.is_it = (!killer.name || strcmp(name, killer.name) == 0) &&
		       ++killer.named == killer.kill_at;
	if (killer.is_it && !killer.after)
		end_it();
	return writes && fails(true);
}

static bool spoilt_pwrite(int fd, const char *what)
{
	int before = killer.pwrite_fd == fd ? killer.pwrites : 0;
	bool counts = before < 2;
	bool spoils = counts ? spoilt("pwrite", what, true) : fails(false);

	killer.pwrite_fd = fd;
	killer.pwrites = before + 1;
	return spoils;
}

/* Behind a call: its result is handed on. */
static long done(long result)
{
	if (shared && killer.after && killer.is_it)
		end_it();
	return result;
}

static const char *fd_text(int fd)
{
	static char text[4096];
	char link[40];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = killer.calls < 0
			      ? 0
			      : syscall(SYS_readlinkat, AT_FDCWD, link, text, sizeof text - 1);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

/* ---- files ---- */

ssize_t write(int fd, const void *bytes, size_t len)
{
	/* What it says on stdout and stderr outlives it, but is not its own to repeat. */
	if (fd == STDOUT_FILENO || fd == STDERR_FILENO)
		return syscall(SYS_write, fd, bytes, len);
	return spoilt("write", fd_text(fd), true) ? -1 : done(syscall(SYS_write, fd, bytes, len));
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
	return spoilt_pwrite(fd, fd_text(fd)) ? -1
					      : done(syscall(SYS_pwrite64, fd, bytes, len, at));
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return pwrite64(fd, bytes, len, at);
}

int fsync(int fd)
{
	return spoilt("fsync", fd_text(fd), true) ? -1 : (int)done(syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
	return spoilt("fdatasync", fd_text(fd), true) ? -1 : (int)done(syscall(SYS_fdatasync, fd));
}

int ftruncate64(int fd, off64_t len)
{
	return spoilt("ftruncate", fd_text(fd), true) ? -1
						      : (int)done(syscall(SYS_ftruncate, fd, len));
}

int ftruncate(int fd, off_t len)
{
	return ftruncate64(fd, len);
}

int fchmod(int fd, mode_t mode)
{
	return spoilt("fchmod", fd_text(fd), true) ? -1 : (int)done(syscall(SYS_fchmod, fd, mode));
}

static int open_counted(int folder, const char *path, int flags, mode_t mode)
{
	if (!(flags & O_CREAT))
		return (int)syscall(SYS_openat, folder, path, flags, mode);
	return spoilt("open", path, true)
		       ? -1
		       : (int)done(syscall(SYS_openat, folder, path, flags, mode));
}

int open64(const char *path, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_counted(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_counted(AT_FDCWD, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_counted(folder, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list ap;

	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return open_counted(folder, path, flags, mode);
}

/* ---- names ---- */

int rename(const char *from, const char *to)
{
	return spoilt("rename", to, true)
		       ? -1
		       : (int)done(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return spoilt("renameat2", to, true)
		       ? -1
		       : (int)done(syscall(SYS_renameat2, from_fd, from, to_fd, to, flags));
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return spoilt("rename", to, true)
		       ? -1
		       : (int)done(syscall(SYS_renameat2, from_fd, from, to_fd, to, 0));
}

int unlinkat(int folder, const char *path, int flags)
{
	return spoilt("unlink", path, true) ? -1
					    : (int)done(syscall(SYS_unlinkat, folder, path, flags));
}

int link(const char *from, const char *to)
{
	return spoilt("link", to, true)
		       ? -1
		       : (int)done(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *path)
{
	return spoilt("unlink", path, true) ? -1
					    : (int)done(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int rmdir(const char *path)
{
	return spoilt("rmdir", path, true)
		       ? -1
		       : (int)done(syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

int mkdir(const char *path, mode_t mode)
{
	return spoilt("mkdir", path, true) ? -1
					   : (int)done(syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

int chmod(const char *path, mode_t mode)
{
	return spoilt("chmod", path, true) ? -1
					   : (int)done(syscall(SYS_fchmodat, AT_FDCWD, path, mode));
}

/* ---- the network ---- */

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	spoilt("connect", "", false);
	return (int)done(syscall(SYS_connect, fd, address, len));
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	spoilt("send", "", false);
	return done(syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0));
}
