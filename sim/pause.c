#include "pause.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

static double monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct timespec span(double seconds)
{
	time_t whole = (time_t)seconds;

	return (struct timespec){whole, (long)((seconds - (double)whole) * 1e9)};
}

bool pause_for(const struct pause *p, double seconds)
{
	double end = monotonic() + seconds;

	for (;;) {
		struct pollfd fds[] = {{p->stop, POLLIN, 0}, {p->socket, POLLRDHUP, 0}};
		double left = end - monotonic();
		struct timespec t = span(left > 0 ? left : 0);
		int n = ppoll(fds, 2, seconds < 0 ? NULL : &t, NULL);

		if (n == 0)
			return true;
		if (n > 0 || errno != EINTR)
			return false;
	}
}
