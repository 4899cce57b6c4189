/* Preloaded into the daemon: when it delivers, inside its sandbox, it tries what it must not do.
 * $ATTEMPTS is the file that gets a line "NAME ERRNO" for each; 0 means that it worked.  With
 * $GENTLY, only what does no harm. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int e = errno;

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : e;
}

static int result(long value)
{
	return value < 0 ? errno : 0;
}

static int executed(void)
{
	char *const argv[] = {"true", NULL};
	int pair[2], e = 0;

	if (pipe(pair) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		execv("/bin/true", argv);
		e = errno;
		(void)!write(pair[1], &e, sizeof e);
		_exit(1);
	}
	close(pair[1]);
	(void)!read(pair[0], &e, sizeof e);
	close(pair[0]);
	waitpid(pid, NULL, 0);
	return e;
}

static int bound(int family, int type, int port)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((unsigned short)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int e = fd < 0 ? errno : 0;

	if (fd >= 0 && family == AF_INET && bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
		e = errno;
	if (fd >= 0)
		close(fd);
	return e;
}

static void *page(int rights)
{
	return mmap(NULL, 4096, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int made_executable(void)
{
	void *p = page(PROT_READ | PROT_WRITE);

	return result(mprotect(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

/* The signal that ends a process that makes a call of the 32-bit table. */
static int other_table(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
#if defined __x86_64__
		int nr = 20; /* getpid */
		__asm__ volatile("int $0x80" : "+a"(nr) : : "memory");
#else
		raise(SIGSYS);
#endif
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void *make_in_tmp(void *e)
{
	*(int *)e = opened("/tmp/ptp-archiver-attempt", O_WRONLY | O_CREAT);
	return NULL;
}

/* Threads can be made, and are in the sandbox too. */
static int in_a_thread(void)
{
	pthread_t thread;
	int e = -1;

	if (pthread_create(&thread, NULL, make_in_tmp, &e) != 0)
		return -1;
	pthread_join(thread, NULL);
	return e;
}

#define TRY(name, value) fprintf(out, "%s %d\n", name, value)

/* Harmless, even if they work. */
static void attempt(FILE *out, const char *outside)
{
	char path[4096];

	TRY("write-etc", opened("/etc/passwd", O_WRONLY));
	TRY("make-tmp", opened("/tmp/ptp-archiver-attempt", O_WRONLY | O_CREAT));
	snprintf(path, sizeof path, "%s/secret", outside);
	TRY("read-outside", opened(path, O_RDONLY));
	TRY("write-outside", opened(path, O_WRONLY));
	TRY("list-outside", opened(outside, O_RDONLY | O_DIRECTORY));
	TRY("list-root-home", opened("/root", O_RDONLY | O_DIRECTORY));
	snprintf(path, sizeof path, "%s/folder", outside);
	TRY("folder-outside", result(mkdir(path, 0700)));
	snprintf(path, sizeof path, "%s/spare", outside);
	TRY("remove-outside", result(unlink(path)));
	TRY("execute", executed());
	TRY("bpf", result(syscall(SYS_bpf, 0, NULL, 0)));
	TRY("io_uring", result(syscall(SYS_io_uring_setup, 1, NULL)));
	TRY("keyring", result(syscall(SYS_keyctl, 0, 0, 0, 0, 0)));
	TRY("set-clock", result(syscall(SYS_clock_settime, 0, NULL)));
	TRY("module", result(syscall(SYS_init_module, NULL, 0, "")));
	TRY("module-of-file", result(syscall(SYS_finit_module, -1, "", 0)));
	TRY("remove-module", result(syscall(SYS_delete_module, "", 0)));
	TRY("performance", result(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)));
	TRY("page-faults", result(syscall(SYS_userfaultfd, -1)));
	TRY("read-memory", result(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0)));
	TRY("write-memory", result(syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0)));
	TRY("enter-namespace", result(syscall(SYS_setns, -1, 0)));
	TRY("file-of-handle", result(syscall(SYS_open_by_handle_at, -1, NULL, 0)));
	TRY("add-key", result(syscall(SYS_add_key, NULL, NULL, NULL, 0, 0)));
	TRY("io_uring-enter", result(syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0)));
	TRY("unmount", result(syscall(SYS_umount2, "", 0)));
	TRY("other-table", other_table());
	TRY("in-a-thread", in_a_thread());
	TRY("clone3", result(syscall(SYS_clone3, NULL, 0)));
	TRY("write-and-execute", page(PROT_WRITE | PROT_EXEC) == MAP_FAILED ? errno : 0);
	TRY("make-executable", made_executable());
	TRY("packet-socket", bound(AF_PACKET, SOCK_RAW, 0));
	TRY("listen-elsewhere", bound(AF_INET, SOCK_STREAM, atoi(getenv("ELSEWHERE"))));
	/* What it may do, so that a sandbox of everything is noticed. */
	TRY("may-read-etc", opened("/etc/hosts", O_RDONLY));
	TRY("may-connect", bound(AF_UNIX, SOCK_STREAM, 0));
	TRY("may-look-up-names", bound(AF_NETLINK, SOCK_RAW, 0));
}

/* What would change the process or the machine, if it worked. */
static void attempt_more(FILE *out, const char *outside)
{
	TRY("own-configuration", opened(getenv("PTP_CONFIG"), O_WRONLY));
	TRY("make-etc", opened("/etc/ptp-archiver-attempt", O_WRONLY | O_CREAT));
	TRY("ptrace", result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)));
	TRY("trace-me", result(ptrace(PTRACE_TRACEME, 0, NULL, NULL)));
	TRY("mount", result(mount("none", outside, "tmpfs", 0, NULL)));
	TRY("unshare", result(unshare(CLONE_NEWUSER)));
	TRY("chroot", result(chroot("/")));
	TRY("new-user", result(setuid(65534)));
	TRY("clone-namespace", result(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)));
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	int (*real)(int, const char *, int, const char *, unsigned) =
		(int (*)(int, const char *, int, const char *, unsigned))dlsym(RTLD_NEXT,
									       "renameat2");
	const char *path = getenv("ATTEMPTS");
	FILE *out = path ? fopen(path, "wx") : NULL; /* once, in whichever process */

	if (out) {
		attempt(out, getenv("OUTSIDE"));
		if (!getenv("GENTLY"))
			attempt_more(out, getenv("OUTSIDE"));
		fclose(out);
		unsetenv("ATTEMPTS");
	}
	return real(from, old, to, new, flags);
}
