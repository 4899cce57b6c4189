/*
 * system/spool.h - a folder into which another program writes files for this one.
 *
 * It has a place, a folder of its own, for each name.  It has a file "lock", which the other
 * program holds as long as it lives, even if this one is killed (proc_spec.keep).  The process that
 * finds something in a place owns it.  All errors are WORD_DISK, unless the function says
 * otherwise.
 */
#ifndef SYSTEM_SPOOL_H
#define SYSTEM_SPOOL_H

#include "base/err.h"
#include "base/wake.h"

#include <stddef.h>

struct spool {               /* everything is borrowed */
	const char *folder;  /* may be missing */
	const char *program; /* what the log calls it, such as "the utility" */
	int run_ms;          /* its time limit */
	struct wake *wake;
};

/* The place of a name, which may hold anything: "folder/letters-hash"; the caller's. */
char *spool_place(const struct spool *s, const char *name);

bool spool_make_place(const struct spool *s, const char *name, struct err *err) MUST_CHECK;

/* Waits for the lock; the descriptor is the caller's.  A program from an earlier run may use
 * the rest of its time limit.  Then it is ended with its group.  -1: an error, or
 * WORD_STOPPED. */
int spool_lock(const struct spool *s, struct err *err);

/* Is that program running?  Changes nothing. */
bool spool_is_busy(const struct spool *s);

/* *path: the first entry, by name, in the place, a file or not; the caller's.  NULL if there is
 * none.  It may be a file that is still being written. */
bool spool_look(const struct spool *s, const char *name, char **path, struct err *err) MUST_CHECK;

/* Waits until nothing is being written, then does the same as spool_look. */
bool spool_find(const struct spool *s, const char *name, char **path, struct err *err) MUST_CHECK;

/* The first entry of each place that is not empty, as of spool_look; the caller's
 * (spool_list_free).  Does not wait. */
bool spool_list(const struct spool *s, char ***paths, size_t *n, struct err *err) MUST_CHECK;
void spool_list_free(char **paths, size_t n);

/* Remove a file that was found. */
bool spool_remove(const char *path, struct err *err) MUST_CHECK;

#endif
