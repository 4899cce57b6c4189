/*
 * base/orphans.h - finds the processes that a child program has started and left behind.
 *
 * A process with a session of its own (setsid) has left the child's process group.  When its parent
 * ends, it becomes a child of this process, because this process is a child subreaper (PID 1 always
 * is one).  Children from before are left alone.  They are found in /proc, by their parent.
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
