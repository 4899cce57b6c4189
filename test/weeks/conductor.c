/*
 * test/weeks/conductor.c - moves virtual time on (world.h).
 *
 *     conductor FILE NS      makes the shared file; the time is NS.  Then it reads commands, one a
 *                            line, and answers each with one line:
 *     expect PID             waits until the process has joined the world; "ok"
 *     run NS [PID]           lets time pass until NS, or until the process has ended; "at NS"
 *     set HOST NS            sets the wall clock of a host: that much ahead of the tracker's; "ok"
 *     boot HOST              the host boots now: its clock since the boot begins at 0; "ok"
 *
 * Everybody sleeps when no thread runs, twice in a row, and none has run in between.  The kernel
 * says so in /proc.  That includes threads that wait for a descriptor, a lock or a child.
 */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS 150000 /* between two looks */
#define STILL 6         /* looks that show no change: a packet may be on its way meanwhile */
#define PATIENCE_S 60   /* for somebody who works all the time */
#define JOIN_S 10

static struct world *world;

static _Noreturn void fail(const char *what)
{
	printf("failed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double real_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void pause_briefly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static void make(const char *path, int64_t now)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof *world) < 0)
		fail(path);
	world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (world == MAP_FAILED)
		fail(path);
	close(fd);
	world->now = now;
	for (unsigned i = 0; i < WORLD_HOSTS; i++)
		world->hosts[i].boot = now - 60 * WORLD_SECOND;
	for (unsigned i = 0; i < WORLD_WAITS; i++)
		world->waits[i].deadline = WORLD_NEVER;
}

/* ---- who works ---- */

static bool read_file(const char *path, char *out, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, out, cap - 1);

	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* The letter behind the name in parentheses; 'X': there is no such process. */
static char state_of(const char *folder)
{
	char path[96], text[512];

	snprintf(path, sizeof path, "%s/stat", folder);
	const char *end = read_file(path, text, sizeof text) ? strrchr(text, ')') : NULL;
	return end && end[1] ? end[2] : 'X';
}

static bool has_ended(int32_t pid)
{
	char folder[64];

	snprintf(folder, sizeof folder, "/proc/%d", pid);
	return strchr("ZXx", state_of(folder));
}

/* How often it was given a processor. */
static uint64_t turns_of(const char *folder)
{
	char path[96], text[128];
	uint64_t turns = 0;

	snprintf(path, sizeof path, "%s/schedstat", folder);
	if (!read_file(path, text, sizeof text) || sscanf(text, "%*u %*u %" SCNu64, &turns) != 1)
		return 0;
	return turns;
}

/* Adds up what the threads have done; false: one works. */
static bool add_threads(int32_t pid, uint64_t *sum)
{
	char tasks[64], folder[80];
	struct dirent *entry;
	bool asleep = true;

	snprintf(tasks, sizeof tasks, "/proc/%d/task", pid);
	DIR *dir = opendir(tasks);
	while (dir && asleep && (entry = readdir(dir))) {
		int tid = atoi(entry->d_name);
		if (!tid)
			continue;
		snprintf(folder, sizeof folder, "%s/%d", tasks, tid);
		asleep = strchr("STtZX", state_of(folder));
		*sum = *sum * 31 + turns_of(folder) + (uint64_t)tid;
	}
	if (dir)
		closedir(dir);
	return asleep;
}

static void forget(_Atomic int32_t *process)
{
	for (unsigned i = 0; i < WORLD_WAITS; i++)
		if (world->waits[i].pid == *process) {
			world->waits[i].deadline = WORLD_NEVER;
			world->waits[i].pid = 0;
		}
	*process = 0;
}

/* true: there were some, and the parent of each may be about to wake up. */
static bool forget_the_ended(void)
{
	bool some = false;

	for (unsigned i = 0; i < WORLD_PROCESSES; i++)
		if (world->processes[i] && has_ended(world->processes[i])) {
			forget(&world->processes[i]);
			some = true;
		}
	return some;
}

static bool all_asleep(uint64_t *sum)
{
	*sum = 0;
	if (forget_the_ended() || world->forking)
		return false;
	for (unsigned i = 0; i < WORLD_PROCESSES; i++)
		if (world->processes[i] && !add_threads(world->processes[i], sum))
			return false;
	return true;
}

/* Returns once everybody sleeps: what they have done until then. */
static uint64_t settle(void)
{
	double end = real_time() + PATIENCE_S;
	uint64_t before = 0, sum;
	unsigned still = 0;

	while (real_time() < end) {
		bool asleep = all_asleep(&sum);
		still = asleep && sum == before ? still + 1 : 0;
		if (still >= STILL)
			return sum;
		before = sum;
		pause_briefly();
	}
	errno = ETIME;
	fail("somebody works all the time");
	return 0;
}

/* ---- time ---- */

static void alarm_waits(int64_t until)
{
	for (unsigned i = 0; i < WORLD_WAITS; i++) {
		const struct world_wait *w = &world->waits[i];
		if (w->pid && w->deadline <= until)
			syscall(SYS_tgkill, w->pid, w->tid, WORLD_ALARM);
	}
}

static int64_t soonest(void)
{
	int64_t least = WORLD_NEVER;

	for (unsigned i = 0; i < WORLD_WAITS; i++)
		if (world->waits[i].pid && world->waits[i].deadline < least)
			least = world->waits[i].deadline;
	return least;
}

/* The soonest deadline once everybody sleeps.  Somebody may wake up during the look at them,
 * because a child has ended: then the look does not count. */
static int64_t next_deadline(void)
{
	uint64_t before, after;
	int64_t next;
	bool asleep;

	do {
		before = settle();
		next = soonest();
		asleep = all_asleep(&after);
	} while (!asleep || after != before);
	return next;
}

static void run(int64_t until, int32_t pid)
{
	for (;;) {
		int64_t next = next_deadline();
		if ((pid && has_ended(pid)) || (world->now >= until && next > world->now))
			break;
		if (next > world->now)
			world->now = next < until ? next : until;
		alarm_waits(world->now);
	}
	printf("at %" PRId64 "\n", world->now);
}

/* ---- commands ---- */

static void expect(int32_t pid)
{
	double end = real_time() + JOIN_S;

	while (real_time() < end) {
		if (has_ended(pid)) {
			puts("ok");
			return;
		}
		for (unsigned i = 0; i < WORLD_PROCESSES; i++)
			if (world->processes[i] == pid) {
				puts("ok");
				return;
			}
		pause_briefly();
	}
	errno = ETIME;
	fail("a process did not join the world");
}

static void set(unsigned number, int64_t skew)
{
	struct world_host *h = &world->hosts[number % WORLD_HOSTS];

	h->skew = skew;
	h->sets++;
	alarm_waits(WORLD_NEVER);
	puts("ok");
}

static void obey(const char *line)
{
	int64_t ns = 0;
	int32_t pid = 0;
	unsigned number;

	if (sscanf(line, "expect %" SCNd32, &pid) == 1) {
		expect(pid);
	} else if (sscanf(line, "run %" SCNd64 " %" SCNd32, &ns, &pid) >= 1) {
		run(ns, pid);
	} else if (sscanf(line, "set %u %" SCNd64, &number, &ns) == 2) {
		set(number, ns);
	} else if (sscanf(line, "boot %u", &number) == 1) {
		world->hosts[number % WORLD_HOSTS].boot = world->now;
		puts("ok");
	} else {
		errno = EINVAL;
		fail("an unknown command");
	}
}

int main(int argc, char **argv)
{
	char line[128];

	if (argc != 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	make(argv[1], strtoll(argv[2], NULL, 10));
	puts("ready");
	while (fgets(line, sizeof line, stdin))
		obey(line);
	return 0;
}
