/*
 * daemon/daily.h - the daemon's daily copy of the ledger (core/copies.h), made in slices.
 *
 * A slice copies about a megabyte and writes it to the disk.  So between two of them a signal is
 * heeded, and a cycle begins on time.  A copy gets its name once it is complete and was checked.
 * Only then do older ones go.
 */
#ifndef DAEMON_DAILY_H
#define DAEMON_DAILY_H

#include "base/wake.h"
#include "ports/ledger.h"

struct daily {
	struct ledger_copy *copy; /* owned; NULL: none is being made, or it is complete */
	char *path, *staged;      /* owned: its name, and that until it was checked; NULL: none */
};

/* Is one being made? */
bool daily_is_begun(const struct daily *d);

/* Begins one, or does the next slice.  *done: it is made.  After an error it is given up. */
bool daily_step(struct daily *d, const char *state_folder, unsigned keep, struct wake *wake,
		bool *done, struct err *err) MUST_CHECK;

/* Gives up what was begun.  Accepts a second call. */
void daily_abandon(struct daily *d);

#endif
