/*
 * hurry.c - preloaded into the program by the tests of long time limits: time runs HURRY times as
 * fast.  The clocks that cannot be set are sped up, and poll() waits for so much less.  The wall
 * clock is SHIFT seconds off.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

static long long speed(void)
{
	const char *text = getenv("HURRY");

	return text ? atoll(text) : 1;
}

static long long shift(void)
{
	const char *text = getenv("SHIFT");

	return text ? atoll(text) : 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);
	static long long begins[2];
	long long *begin = &begins[id == CLOCK_BOOTTIME];

	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	int result = real(id, out);
	if (id == CLOCK_REALTIME)
		out->tv_sec += shift();
	if (result || (id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME))
		return result;
	long long now = out->tv_sec * 1000000000LL + out->tv_nsec;
	if (!*begin)
		*begin = now;
	now = *begin + (now - *begin) * speed();
	out->tv_sec = now / 1000000000;
	out->tv_nsec = now % 1000000000;
	return 0;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	static int (*real)(struct pollfd *, nfds_t, int);

	if (!real)
		real = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
	return real(fds, n, timeout > 0 ? (int)((timeout + speed() - 1) / speed()) : timeout);
}
