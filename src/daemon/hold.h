/*
 * daemon/hold.h - the state folder under a daemon that runs for years.
 *
 * It checks that the folder belongs to this daemon alone, is still there and can be written, and
 * that the ledger in it is the one that is open.
 *
 * Disks go away, and people remove files, empty them or put them back.  A ledger that was removed
 * is written again from the open one, so nothing of it is lost.  A ledger that was put in its place
 * is used from then on, and the old one is kept beside it as ledger.db.old-SECONDS.
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

/* Is another folder in its place, with a ledger?  The daemon uses it then. */
bool hold_is_elsewhere(const struct hold *h, const struct config *c);

/* Is all well?  *reopen: yes, but the caller must close the parts and open them again.  Costs a few
 * calls of stat.  Writes only if there is something to repair. */
bool hold_check(struct hold *h, const struct parts *p, const struct config *c, struct wake *wake,
		bool *reopen, struct err *err) MUST_CHECK;

#endif
