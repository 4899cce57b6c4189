/*
 * test/weeks/shim.c - preloaded into every process of a scenario: its clocks show virtual time, and
 * its waits end by virtual time (world.h).
 *
 * WEEKS_WORLD is the shared file, WEEKS_HOST the number of the process's host, WEEKS_BOOT a file
 * that stands for the kernel's boot id.  Nothing here advances the time.
 */
#include "world.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TIMERS 1024
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define MS INT64_C(1000000)
#define LOOK_NS 1000 /* what a look at a clock takes: libcurl spins where time stands still */

static struct world *world;
static struct world_host *host;

/* Timers of the program by descriptor.  The kernel's own timer is armed only once it is due. */
static struct timer {
	bool armed, cancels;
	clockid_t clock;
	int64_t at, sets;
} timers[TIMERS];

/* ---- joining the world ---- */

static void fail(const char *what)
{
	fprintf(stderr, "weeks: %s: %s\n", what, strerror(errno));
	abort();
}

static void on_alarm(int signo)
{
	(void)signo;
}

static bool find_a_place(void)
{
	for (unsigned i = 0; i < WORLD_PROCESSES; i++) {
		int32_t nobody = 0;
		if (__atomic_compare_exchange_n((int32_t *)&world->processes[i], &nobody, getpid(),
						false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return true;
	}
	return false;
}

/* The conductor may not have noticed yet that others have ended. */
static void enrol(void)
{
	static const struct timespec moment = {.tv_nsec = 1000000};

	for (unsigned tries = 0; tries < 5000; tries++) {
		if (find_a_place())
			return;
		syscall(SYS_nanosleep, &moment, NULL);
	}
	errno = ENOSPC;
	fail("too many processes");
}

static void begin_fork(void)
{
	world->forking++;
}

static void begin_child(void)
{
	enrol();
	world->forking--;
}

static void map(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		fail(path);
	close(fd);
	world = at;
}

/* The alarm is blocked except in a wait.  So it cannot come between a look at the time and the
 * wait. */
static void take_alarms(void)
{
	struct sigaction on = {.sa_handler = on_alarm};
	sigset_t set;

	sigaction(WORLD_ALARM, &on, NULL);
	sigemptyset(&set);
	sigaddset(&set, WORLD_ALARM);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void join(void)
{
	const char *path = getenv("WEEKS_WORLD"), *number = getenv("WEEKS_HOST");

	if (!path)
		return;
	map(path);
	host = &world->hosts[number ? (unsigned)atoi(number) % WORLD_HOSTS : 0];
	take_alarms();
	enrol();
	pthread_atfork(begin_fork, NULL, begin_child);
}

/* Also when a library asks for the time before our constructor ran. */
static bool is_joined(void)
{
	static bool tried;

	if (!tried) {
		tried = true;
		join();
	}
	return world;
}

__attribute__((constructor)) static void begin(void)
{
	is_joined();
}

/* ---- clocks ---- */

static int64_t wall(void)
{
	return world->now + host->skew;
}

static int64_t steady(void)
{
	return world->now - host->boot;
}

static bool is_virtual(clockid_t id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC ||
	       id == CLOCK_MONOTONIC_COARSE || id == CLOCK_MONOTONIC_RAW || id == CLOCK_BOOTTIME;
}

static bool is_wall(clockid_t id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ns / WORLD_SECOND, ns % WORLD_SECOND};
}

static int64_t ns_of(const struct timespec *t)
{
	return t->tv_sec * WORLD_SECOND + t->tv_nsec;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	if (!is_virtual(id) || !is_joined())
		return (int)syscall(SYS_clock_gettime, id, out);
	world->now += LOOK_NS;
	*out = timespec_of(is_wall(id) ? wall() : steady());
	return 0;
}

int timespec_get(struct timespec *out, int base)
{
	return clock_gettime(CLOCK_REALTIME, out) ? 0 : base;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
	static FILE *(*real)(const char *, const char *);
	const char *ours = getenv("WEEKS_BOOT");

	if (!real)
		real = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
	return real(ours && strcmp(path, BOOT_ID) == 0 ? ours : path, mode);
}

/* ---- timers ---- */

/* When it expires, by the world's time. */
static int64_t expiry(const struct timer *t)
{
	if (t->cancels && t->sets != host->sets)
		return 0;
	return is_wall(t->clock) ? t->at - host->skew : t->at + host->boot;
}

int timerfd_create(clockid_t clock, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, clock, flags);

	if (fd >= TIMERS)
		fail("too many descriptors");
	if (fd >= 0)
		timers[fd] = (struct timer){.clock = clock};
	return fd;
}

/* Comes back when it rings: a thread that sleeps until then has no deadline, and the time would
 * jump over it. */
static void ring(int fd)
{
	static const struct itimerspec at_once = {.it_value = {.tv_nsec = 1}};
	static const struct timespec none = {0};
	struct pollfd p = {.fd = fd, .events = POLLIN};

	timers[fd].armed = false;
	if (syscall(SYS_timerfd_settime, fd, 0, &at_once, NULL) < 0)
		return;
	while (syscall(SYS_ppoll, &p, 1, &none, NULL, _NSIG / 8) == 0)
		;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	static const struct itimerspec never = {0};

	if (!is_joined())
		return (int)syscall(SYS_timerfd_settime, fd, flags, new, old);
	struct timer *t = &timers[fd];
	int64_t at = ns_of(&new->it_value), base = is_wall(t->clock) ? wall() : steady();
	if (ns_of(&new->it_interval)) {
		errno = ENOSYS;
		fail("a periodic timer");
	}
	t->armed = at;
	t->at = flags & TFD_TIMER_ABSTIME ? at : base + at;
	t->cancels = flags & TFD_TIMER_CANCEL_ON_SET;
	t->sets = host->sets;
	return (int)syscall(SYS_timerfd_settime, fd, 0, &never, old);
}

/* Rings those that are due; returns when the soonest of the others is. */
static int64_t ring_timers(const struct pollfd *fds, nfds_t n)
{
	int64_t soonest = WORLD_NEVER;

	for (nfds_t i = 0; i < n; i++) {
		int fd = fds[i].fd;
		if (fd < 0 || fd >= TIMERS || !timers[fd].armed)
			continue;
		int64_t at = expiry(&timers[fd]);
		if (at <= world->now)
			ring(fd);
		else if (at < soonest)
			soonest = at;
	}
	return soonest;
}

/* ---- waits ---- */

static struct world_wait *announce(int64_t deadline)
{
	for (unsigned i = 0; i < WORLD_WAITS; i++) {
		struct world_wait *w = &world->waits[i];
		int32_t nobody = 0;
		if (!__atomic_compare_exchange_n((int32_t *)&w->pid, &nobody, getpid(), false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			continue;
		w->tid = gettid();
		w->deadline = deadline;
		return w;
	}
	errno = ENOSPC;
	fail("too many waits");
	return NULL;
}

static void withdraw(struct world_wait *w)
{
	w->deadline = WORLD_NEVER;
	w->pid = 0;
}

static int real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		      const sigset_t *mask)
{
	struct timespec copy = timeout ? *timeout : (struct timespec){0};

	return (int)syscall(SYS_ppoll, fds, n, timeout ? &copy : NULL, mask, _NSIG / 8);
}

/* Was it an alarm?  Only a signal with a handler interrupts, and of those we have one. */
static int wait_until(struct pollfd *fds, nfds_t n, int64_t deadline, const sigset_t *given)
{
	static const struct timespec none = {0};
	sigset_t mask;

	if (given)
		mask = *given;
	else
		pthread_sigmask(SIG_SETMASK, NULL, &mask);
	sigdelset(&mask, WORLD_ALARM);
	for (;;) {
		int64_t timer = ring_timers(fds, n);
		int ready = real_ppoll(fds, n, &none, NULL);
		if (ready || deadline <= world->now)
			return ready;
		struct world_wait *w = announce(timer < deadline ? timer : deadline);
		ready = real_ppoll(fds, n, NULL, &mask);
		withdraw(w);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return ready;
	}
}

static int64_t after(int64_t ns)
{
	return ns < 0 || ns > WORLD_NEVER - world->now ? WORLD_NEVER : world->now + ns;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	const struct timespec span = timespec_of(timeout * MS);

	if (!is_joined())
		return real_ppoll(fds, n, timeout < 0 ? NULL : &span, NULL);
	return wait_until(fds, n, after(timeout < 0 ? -1 : timeout * MS), NULL);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	if (!is_joined())
		return real_ppoll(fds, n, timeout, mask);
	return wait_until(fds, n, after(timeout ? ns_of(timeout) : -1), mask);
}

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t len);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t len)
{
	(void)len;
	return poll(fds, n, timeout);
}

int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
		size_t len);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
		size_t len)
{
	(void)len;
	return ppoll(fds, n, timeout, mask);
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout)
{
	struct pollfd fd = {.fd = epoll, .events = POLLIN};

	if (is_joined() && poll(&fd, 1, timeout) < 0)
		return -1;
	return (int)syscall(SYS_epoll_pwait, epoll, events, max, is_joined() ? 0 : timeout, NULL,
			    _NSIG / 8);
}

static short events_of(int fd, const fd_set *r, const fd_set *w, const fd_set *e)
{
	return (short)((r && FD_ISSET(fd, r) ? POLLIN : 0) | (w && FD_ISSET(fd, w) ? POLLOUT : 0) |
		       (e && FD_ISSET(fd, e) ? POLLPRI : 0));
}

static int keep(int fd, fd_set *set, bool ready)
{
	bool kept = set && FD_ISSET(fd, set) && ready;

	if (set && !kept)
		FD_CLR(fd, set);
	return kept;
}

int select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e,
	   struct timeval *restrict timeout)
{
	const short readable = POLLIN | POLLHUP | POLLERR, writable = POLLOUT | POLLERR;
	struct pollfd fds[FD_SETSIZE];
	int ready = 0;

	if (!is_joined())
		return (int)syscall(SYS_select, n, r, w, e, timeout);
	for (int i = 0; i < n; i++) {
		short events = events_of(i, r, w, e);
		fds[i] = (struct pollfd){.fd = events ? i : -1, .events = events};
	}
	int64_t span = timeout ? timeout->tv_sec * WORLD_SECOND + timeout->tv_usec * 1000 : -1;
	if (wait_until(fds, (nfds_t)n, after(span), NULL) < 0)
		return -1;
	for (int i = 0; i < n; i++)
		ready += keep(i, r, fds[i].revents & readable) +
			 keep(i, w, fds[i].revents & writable) +
			 keep(i, e, fds[i].revents & POLLPRI);
	return ready;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *span, struct timespec *left)
{
	if (!is_virtual(clock) || !is_joined())
		return syscall(SYS_clock_nanosleep, clock, flags, span, left) ? errno : 0;
	int64_t ns = ns_of(span);
	if (flags & TIMER_ABSTIME)
		ns -= is_wall(clock) ? wall() : steady();
	wait_until(NULL, 0, after(ns > 0 ? ns : 0), NULL);
	return 0;
}

int nanosleep(const struct timespec *span, struct timespec *left)
{
	return clock_nanosleep(CLOCK_MONOTONIC, 0, span, left) ? -1 : 0;
}

int usleep(useconds_t us)
{
	const struct timespec span = timespec_of(us * INT64_C(1000));

	return nanosleep(&span, NULL);
}

unsigned sleep(unsigned s)
{
	const struct timespec span = timespec_of(s * WORLD_SECOND);

	nanosleep(&span, NULL);
	return 0;
}
