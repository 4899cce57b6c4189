/*
 * system/glance.h - look at a path that may hang, such as a folder on a share that is away.
 *
 * A child process looks, so only it hangs.  It is killed then.
 */
#ifndef SYSTEM_GLANCE_H
#define SYSTEM_GLANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct glance {
	enum { GLANCE_HANGS, GLANCE_MISSING, GLANCE_THERE } found;
	bool opens;     /* it is there, and this process may read it */
	struct stat st; /* of it; if it is MISSING, of the nearest folder above that is there */
};

/* Until `end` (clock_monotonic()), but for 50 ms at least.  MISSING: nothing is there, or it cannot
 * be looked at. */
struct glance glance(const char *path, int64_t end);

/* The same of a path that does not hang. */
struct glance glance_here(const char *path);

/* Is it the same file or folder, with the same rights?  Of a missing one: is the folder above? */
bool glance_same(const struct glance *a, const struct glance *b);

#endif
