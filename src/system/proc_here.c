#include "system/proc_here.h"

#include "base/clock.h"
#include "system/harden.h"
#include "system/orphans.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 500
#define FILES_MAX 1024 /* on a kernel before 5.11 */

struct child {
	pid_t pid;
	int fd;   /* of the process */
	int pipe; /* of its output, not blocking */
};

static void child_clear(struct child *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->pipe >= 0)
		close(c->pipe);
}

/* libcurl's connections are not for others; the pipe that reports must stay until exec. */
static void hide_files(void)
{
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = STDERR_FILENO + 1; fd < FILES_MAX; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Only then does the file stand open after exec. */
static void keep_open(int fd)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	(void)!pwrite(fd, text, (size_t)n, 0);
	fcntl(fd, F_SETFD, 0);
}

_Noreturn static void become(const struct proc_spec *spec, int output, int report)
{
	int null = open("/dev/null", O_RDONLY);

	setsid();
	wake_release_in_child();
	harden_release_in_child();
	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	hide_files();
	if (spec->keep)
		keep_open(spec->keep);
	if (!spec->folder || chdir(spec->folder) == 0)
		execvpe(spec->argv[0], spec->argv, spec->env ? spec->env : environ);
	int e = errno;
	(void)!write(report, &e, sizeof e);
	_exit(127);
}

static bool not_started(int e, const char *program, struct err *err)
{
	if (e == ENOENT || e == EACCES || e == ENOEXEC || e == ENOTDIR)
		return err_errno(err, ERR_TARGET, WORD_CONFIG, e, "cannot run %s", program);
	return err_errno(err, ERR_RETRY, WORD_INTERNAL, e, "cannot start %s", program);
}

/* The child reports through a pipe why it could not become the program; closed by exec, the pipe
 * says that it could. */
static int start_error(int report)
{
	int e = 0;

	while (read(report, &e, sizeof e) < 0 && errno == EINTR)
		;
	return e;
}

static bool start(const struct proc_spec *spec, struct child *c, struct err *err)
{
	int out[2] = {-1, -1}, report[2] = {-1, -1};

	if (pipe2(out, O_CLOEXEC) < 0)
		return not_started(errno, spec->argv[0], err);
	OWN_FD int out_read = out[0];
	OWN_FD int out_write = out[1];
	if (pipe2(report, O_CLOEXEC) < 0)
		return not_started(errno, spec->argv[0], err);
	OWN_FD int report_read = report[0];
	OWN_FD int report_write = report[1];
	pid_t pid = fork();
	if (pid == 0)
		become(spec, out_write, report_write);
	close(own_fd_take(&report_write));
	if (pid < 0)
		return not_started(errno, spec->argv[0], err);
	int e = start_error(report_read);
	OWN_FD int fd = pidfd_open(pid, 0);
	if (e || fd < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return not_started(e ? e : errno, spec->argv[0], err);
	}
	fcntl(out_read, F_SETFL, O_NONBLOCK);
	*c = (struct child){pid, own_fd_take(&fd), own_fd_take(&out_read)};
	return true;
}

/* Reads what is there; false at the end of the output. */
static bool drain(int fd, struct buf *output)
{
	char chunk[4096];
	ssize_t n;

	/* Bounded, because a child may never stop writing. */
	for (int i = 0; i < 256; i++) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0)
			return false;
		buf_add(output, chunk, (size_t)n);
	}
	return true;
}

static int wait_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Is the child still running after up to `ms`?  Reads its output meanwhile. */
static bool runs_after(struct child *c, struct buf *output, int64_t ms,
		       const struct proc_stop *stop)
{
	int64_t end = clock_monotonic() + ms;
	bool open = true;

	for (;;) {
		struct pollfd fds[] = {{.fd = c->fd, .events = POLLIN},
				       {.fd = open ? c->pipe : -1, .events = POLLIN},
				       {.fd = stop ? stop->fd : -1, .events = POLLIN}};
		int64_t left = end - clock_monotonic();
		int n = poll(fds, 3, left > 0 ? (int)left : 0);
		if (fds[1].revents)
			open = drain(c->pipe, output);
		if (fds[0].revents) {
			drain(c->pipe, output);
			return false;
		}
		if (n == 0 || left <= 0 || (stop && stop->asked(stop->ctx)))
			return true;
	}
}

static void end_group(struct child *c, struct buf *output)
{
	kill(-c->pid, SIGTERM);
	if (runs_after(c, output, GRACE_MS, NULL))
		kill(-c->pid, SIGKILL);
}

static bool run(const struct proc_spec *spec, const struct proc_stop *stop, struct buf *output,
		struct proc_end *end, struct err *err)
{
	OWN(child_clear) struct child c = {-1, -1, -1};

	if (!start(spec, &c, err))
		return false;
	bool late = runs_after(&c, output, spec->timeout_ms, stop);
	if (late)
		end_group(&c, output);
	int status = wait_status(c.pid);
	/* What it started and left behind must not outlive a time-out or a stop. */
	if (late)
		kill(-c.pid, SIGKILL);
	if (late && stop->asked(stop->ctx))
		return wake_stopped(err);
	*end = (struct proc_end){status, late};
	return true;
}

bool proc_here(const struct proc_spec *spec, const struct proc_stop *stop, struct buf *output,
	       struct proc_end *end, struct err *err)
{
	struct orphans orphans;

	if (!spec->all)
		return run(spec, stop, output, end, err);
	orphans_adopt(&orphans);
	bool ok = run(spec, stop, output, end, err);
	orphans_end(&orphans);
	return ok;
}
