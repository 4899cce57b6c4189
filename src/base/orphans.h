/*
 * base/orphans.h - what a program that we ran has started and left behind, wherever it went.
 *
 * A process that took a session of its own (setsid) is in nobody's group any more, but it is still
 * below us: its parent's end makes it ours, for we ask the kernel for that (a child subreaper, as
 * PID 1 is one anyway).  Children that we had before are left alone.  Found in /proc, by parent.
 */
#ifndef BASE_ORPHANS_H
#define BASE_ORPHANS_H

#include <stddef.h>
#include <sys/types.h>

/* So long at most is spent on ending them. */
#define ORPHANS_END_MS 1000

struct orphans {
	pid_t *before; /* owned: the children that we had */
	size_t n;
};

/* From now on what is left behind becomes ours.  Every call is followed by orphans_end. */
void orphans_adopt(struct orphans *o);

/* Whatever has become ours is killed and buried, with all below it; and no more become ours.  Who
 * does not end in time, stays. */
void orphans_end(struct orphans *o);

#endif
