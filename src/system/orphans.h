/*
 * system/orphans.h - finds the processes that a child program has started and left behind.
 *
 * A process with a session of its own (setsid) has left the child's process group.  When its parent
 * ends, it becomes a child of this process, because this process is a child subreaper (PID 1 always
 * is one).  Earlier children are left alone.  They are found in /proc, by their parent.
 */
#ifndef SYSTEM_ORPHANS_H
#define SYSTEM_ORPHANS_H

#include <stddef.h>
#include <sys/types.h>

/* The time limit for ending them. */
#define ORPHANS_END_MS 1000

struct orphans {
	pid_t *before; /* owned: the earlier children */
	size_t n;
};

/* From now on this process inherits orphans.  orphans_end must follow each call. */
void orphans_adopt(struct orphans *o);

/* Kills and reaps the inherited processes and their descendants, and stops inheriting.  A process
 * that does not end within the time limit stays. */
void orphans_end(struct orphans *o);

#endif
