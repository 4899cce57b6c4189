/*
 * system/apart.h - work on a folder that may hang, such as one on a share whose server is gone.
 *
 * A child process does the work, so only it hangs.  It has no descriptors of this process, so it
 * holds no lock, and it dies with this process.  If it does not answer in time, it is killed.  The
 * kernel may keep a process that hangs until its folder answers; nothing waits for it.
 *
 * All work on a folder that hung fails at once, until apart_look() finds that it answers.  A child
 * waits for that.  So only the first time costs time.
 *
 * For the main thread alone.
 */
#ifndef SYSTEM_APART_H
#define SYSTEM_APART_H

#include "base/err.h"
#include "base/wake.h"

#include <stddef.h>
#include <stdint.h>

#define APART_MS 8000      /* the time for one piece of work; a disk may have to spin up */
#define APART_STOP_MS 1000 /* what is left of it once this process is to stop */

/* A stop request ends all waiting here; borrowed, NULL: nothing does. */
void apart_watch(struct wake *wake);

/* In the child: works on `job`, a copy of the caller's.  May fail as any function. */
typedef bool apart_work(void *job, struct err *err);

/*
 * Has the work done.  The `size` bytes at `job` come back as the child left them; pointers in them
 * may point to what was there before.  false, and the job is as it was: the work failed; the folder
 * hangs (ERR_RETRY, WORD_HANGS); WORD_STOPPED.  Work that hung may have been done up to any point.
 */
bool apart(const char *folder, apart_work *work, void *job, size_t size,
	   struct err *err) MUST_CHECK;

/* fs_space(), apart. */
bool apart_space(const char *folder, uint64_t *free, uint64_t *total, struct err *err) MUST_CHECK;

/* mount_is_root(), apart; false as well if that is not known. */
bool apart_is_on_root(const char *folder);

/* Looks at all these folders at once, for APART_MS at most, and remembers which of them hang.  A
 * folder may be twice in the list.  false: a stop. */
bool apart_look(const char *const folders[], size_t n, struct err *err) MUST_CHECK;

/* Since when the folder hangs, ms since 1970; 0: it does not, as far as is known. */
int64_t apart_hangs_since(const char *folder);

#endif
