#include "system/glance.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/own.h"
#include "system/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEAST_MS 50

/* Cuts off the last part of a path; false: there is none above. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!*path || strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
		return false;
	if (!slash)
		strcpy(path, ".");
	else
		slash[slash == path] = '\0';
	return true;
}

/* System calls alone: in a child, other threads may run in the parent.  Changes `path`. */
static void look(char *path, struct glance *g)
{
	bool any = stat(path, &g->st) == 0;
	int fd = any ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;

	g->found = any ? GLANCE_THERE : GLANCE_MISSING;
	g->opens = fd >= 0;
	if (fd >= 0)
		close(fd);
	while (!any && go_up(path))
		any = stat(path, &g->st) == 0;
}

_Noreturn static void look_in_child(char *path, int out)
{
	struct glance g = {0};

	look(path, &g);
	(void)!write(out, &g, sizeof g);
	_exit(0);
}

static bool take(int in, int64_t end, struct glance *g)
{
	struct pollfd p = {.fd = in, .events = POLLIN};
	int64_t left = end - clock_monotonic();
	int n;

	while ((n = poll(&p, 1, left > LEAST_MS ? (int)left : LEAST_MS)) < 0 && errno == EINTR)
		;
	return n > 0 && read(in, g, sizeof *g) == (ssize_t)sizeof *g;
}

struct glance glance(const char *path, int64_t end)
{
	OWN_STR char *copy = mem_dup(path);
	struct glance g = {0};
	int pair[2];

	if (apart_hangs_since(path) || pipe2(pair, O_CLOEXEC) < 0)
		return g;
	OWN_FD int in = pair[0];
	OWN_FD int out = pair[1];
	pid_t pid = fork();
	if (pid == 0)
		look_in_child(copy, out);
	close(own_fd_take(&out));
	bool answered = pid > 0 && take(in, end, &g);
	if (pid > 0 && !answered)
		kill(pid, SIGKILL);
	/* One that cannot be killed is buried later (base/wake.h). */
	if (pid > 0)
		waitpid(pid, NULL, answered ? 0 : WNOHANG);
	return answered ? g : (struct glance){0};
}

struct glance glance_here(const char *path)
{
	OWN_STR char *copy = mem_dup(path);
	struct glance g = {0};

	look(copy, &g);
	return g;
}

static bool has_same_rights(const struct stat *a, const struct stat *b)
{
	return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid;
}

bool glance_same(const struct glance *a, const struct glance *b)
{
	return a->found == b->found && a->opens == b->opens && a->st.st_dev == b->st.st_dev &&
	       a->st.st_ino == b->st.st_ino &&
	       (a->found == GLANCE_THERE || has_same_rights(&a->st, &b->st));
}
