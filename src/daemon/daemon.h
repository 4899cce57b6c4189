/*
 * daemon/daemon.h - `run`: a cycle over all containers every interval, for ever.
 *
 * It wakes for three things: the time of the next cycle, the end of a back-off (to go on with what
 * was left undone), and a signal.  Everything it must remember is in the ledger, so a restart goes
 * on where it was: within the interval it waits for the rest of it, and what was interrupted is
 * gone on with, at once after the first interruption and then on the back-off's ladder, so that a
 * crash loop does not call the tracker.  What waits for a client or for a folder of this machine's
 * is gone on with at once after a start or a reload, and so is what needs no call of the tracker:
 * what is fetched, and what the utility has staged.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"
#include "base/wake.h"

/* Runs until it is stopped (true) or cannot go on.  Takes over *c, which it may replace by a newer
 * one (SIGHUP reads again with the same options); the caller clears whatever is in it then. */
bool daemon_run(struct config *c, const struct config_options *o, struct wake *wake,
		struct err *err) MUST_CHECK;

#endif
