/*
 * daemon/hold.h - the state folder under a daemon that runs for years: it is ours alone, it is
 * still there, it can be written, and the ledger in it is the one that is open.
 *
 * Disks go away, and files are removed, emptied or put back by hand.  A ledger that was removed is
 * written anew from the open one, so nothing of it is lost.  One that was put in its place is used
 * from then on, and the old one is kept beside it as ledger.db.old-SECONDS.
 */
#ifndef DAEMON_HOLD_H
#define DAEMON_HOLD_H

#include "config/wire.h"

struct hold {
	int lock;   /* the daemon's lock, as long as it is open */
	int folder; /* the state folder as it was when the lock was taken */
};

#define HOLD_NONE      \
	{              \
		-1, -1 \
	}

/* Waits 5 seconds for a predecessor that is ending.  false: ERR_FATAL (another daemon has it), an
 * error, or a stop. */
bool hold_take(struct hold *h, const struct config *c, struct wake *wake,
	       struct err *err) MUST_CHECK;
void hold_release(struct hold *h);

/* Is all well?  *reopen: yes, but the parts are to be closed and opened anew.  Costs a few calls of
 * stat, and writes nothing where there is nothing to repair. */
bool hold_check(struct hold *h, const struct parts *p, const struct config *c, struct wake *wake,
		bool *reopen, struct err *err) MUST_CHECK;

#endif
