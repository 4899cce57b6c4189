#include "system/orphans.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/own.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STAT_MAX_BYTES 4096
#define ROUND_NS 5000000 /* from one look to the next */

/* "PID (NAME) STATE PARENT ..."; a name may hold anything. */
static pid_t parent_of(const char *pid)
{
	OWN_STR char *path = mem_printf("/proc/%s/stat", pid);
	OWN_BUF struct buf text = BUF_MAX(STAT_MAX_BYTES);
	struct err ignored;

	if (!fs_read(path, &text, &ignored))
		return 0;
	const char *name_end = strrchr(buf_text(&text), ')');
	return name_end && strlen(name_end) > 4 ? (pid_t)strtol(name_end + 4, NULL, 10) : 0;
}

/* The caller's, with *n of them. */
static pid_t *children(size_t *n)
{
	OWN_DIR DIR *dir = opendir("/proc");
	pid_t *list = NULL;

	*n = 0;
	for (struct dirent *e; dir && (e = readdir(dir));) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid <= 0 || parent_of(e->d_name) != getpid())
			continue;
		list = mem_grow(list, *n + 1, sizeof *list);
		list[(*n)++] = pid;
	}
	return list;
}

static bool was_there(const struct orphans *o, pid_t pid)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->before[i] == pid)
			return true;
	return false;
}

/* Those below one that ends become ours in turn.  Is any left? */
static bool end_round(const struct orphans *o)
{
	size_t n;
	OWN_STR pid_t *now = children(&n);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (was_there(o, now[i]))
			continue;
		any = true;
		kill(now[i], SIGKILL);
		waitpid(now[i], NULL, WNOHANG);
	}
	return any;
}

void orphans_adopt(struct orphans *o)
{
	o->before = children(&o->n);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void orphans_end(struct orphans *o)
{
	const struct timespec pause = {.tv_nsec = ROUND_NS};
	int64_t end = clock_monotonic() + ORPHANS_END_MS;

	while (end_round(o) && clock_monotonic() < end)
		nanosleep(&pause, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	free(o->before);
	*o = (struct orphans){0};
}
