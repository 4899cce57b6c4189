/*
 * base/wake.h - the signals that a person or an init system sends, and every wait of the process.
 *
 * The signals are blocked and read from a descriptor.  So they arrive only where the program waits
 * for them, and end a wait or a transfer at once.  A waiting process does not wake up regularly.
 *
 *   SIGTERM, SIGINT  stop        SIGHUP  reload        SIGUSR1  a cycle now
 *
 * It works as PID 1.  The kernel gives PID 1 no default actions, but the program reads its signals
 * itself.  While it waits, it reaps the orphans that it inherits.
 */
#ifndef BASE_WAKE_H
#define BASE_WAKE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct wake;

enum wake_request { WAKE_STOP, WAKE_RELOAD, WAKE_CYCLE };

/* Blocks the daemon's signals, as early as possible.  A signal that is sent before wake_open() does
 * not end the process.  wake_open() finds it. */
void wake_hold(void);

/* Undoes wake_hold(), for commands other than `run`.  Signals that have arrived since then have
 * their default effect. */
void wake_let_go(void);

/* Blocks the signals in this thread (and so in all that it starts) and ignores SIGPIPE.  Call it
 * once in a process.  `daemon`: handle SIGHUP and SIGUSR1 as well. */
struct wake *wake_open(bool daemon, struct err *err) MUST_CHECK;
void wake_close(struct wake *w);

static inline void wake_closer(struct wake **w)
{
	wake_close(*w);
}

/* Readable when a signal has come; for poll() beside other descriptors.  -1 where w is NULL. */
int wake_fd(const struct wake *w);

/* Has a stop been asked for?  Reads what has come.  Never for NULL. */
bool wake_stopping(struct wake *w);

/* Is there a request that was not taken yet?  Reads what has come, and takes nothing.  Never for
 * NULL. */
bool wake_asked(struct wake *w);

/* Was `request` made since it was last taken?  Taking it clears it (but a stop stays). */
bool wake_take(struct wake *w, enum wake_request request);

/* Wait until the wall clock says `when`, or any request comes, or the clock was set.
 * `when` of INT64_MAX: no time limit. */
void wake_until(struct wake *w, int64_t when);

/* Wait `ms`.  Only a stop ends it early, with an error (ERR_RETRY, WORD_STOPPED). */
bool wake_sleep(struct wake *w, int64_t ms, struct err *err) MUST_CHECK;

/* The error of having been stopped. */
bool wake_stopped(struct err *err);

/* In a child process: give back the signals that wake_open blocked. */
void wake_release_in_child(void);

#endif
