/*
 * system/harden.h - what the process guards itself against from its first lines on.
 *
 * No other process of the same user is to see its memory: keys and passwords are in it.  So there
 * is no core dump, and other processes cannot trace it or read /proc/PID/environ and /proc/PID/mem
 * (prctl(2), PR_SET_DUMPABLE).  Root still can.
 */
#ifndef SYSTEM_HARDEN_H
#define SYSTEM_HARDEN_H

/* In main's first lines. */
void harden_memory(void);

/* The same.  A write beyond the limit on the size of files (ulimit -f) fails, and does not end the
 * process. */
void harden_files(void);

/* In a child, before it becomes another program: the limit of core dumps that this process had at
 * its start, and SIGXFSZ.  (Other programs can be traced again: exec sees to that.) */
void harden_release_in_child(void);

#endif
