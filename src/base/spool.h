/*
 * base/spool.h - a folder into which another program writes files for us.
 *
 * It has a place, a folder of its own, for each name, and a file "lock", which that program holds
 * for as long as it lives, also when we were killed (proc_spec.keep).  Whoever finds something
 * in a place owns it.  All errors are WORD_DISK, if nothing else is said.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include "base/err.h"
#include "base/wake.h"

#include <stddef.h>

struct spool {               /* everything is borrowed */
	const char *folder;  /* need not be there */
	const char *program; /* what the log calls it, such as "the utility" */
	int run_ms;          /* so long it may take */
	struct wake *wake;
};

/* The place of a name, which may hold anything: "folder/letters-hash"; the caller's. */
char *spool_place(const struct spool *s, const char *name);

bool spool_make_place(const struct spool *s, const char *name, struct err *err) MUST_CHECK;

/* The lock, when nobody holds it any more; the descriptor is the caller's.  A program that an
 * earlier process of ours left running has the time that it would have had, and is then ended with
 * its group.  -1: an error, or WORD_STOPPED. */
int spool_lock(const struct spool *s, struct err *err);

/* Does that program live?  Only looks. */
bool spool_is_busy(const struct spool *s);

/* *path: of all that lies in the name's place the first by name, be it a file or not; the caller's,
 * NULL if there is nothing.  What is still being written is there, too. */
bool spool_look(const struct spool *s, const char *name, char **path, struct err *err) MUST_CHECK;

/* As spool_look, when nothing is being written any more. */
bool spool_find(const struct spool *s, const char *name, char **path, struct err *err) MUST_CHECK;

/* The first of each place that has something in it, as spool_look says; the caller's
 * (spool_list_free).  Waits for nobody. */
bool spool_list(const struct spool *s, char ***paths, size_t *n, struct err *err) MUST_CHECK;
void spool_list_free(char **paths, size_t n);

/* Away with a file that was found. */
bool spool_remove(const char *path, struct err *err) MUST_CHECK;

#endif
