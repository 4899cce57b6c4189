/*
 * daemon/daemon.h - `run`: a cycle over all containers every interval, until it is
 * stopped.
 *
 * It sleeps until the soonest job of its agenda (daemon/agenda.h) is due, or a signal comes.  All
 * that it must remember is in the ledger, so a restart within the interval waits for the rest of
 * the interval.  What was interrupted is resumed at once the first time, and then on the back-off's
 * ladder, so that a crash loop does not call the tracker.  After a start or a reload it resumes at
 * once what waits for a client or a folder of this machine, and what needs no call of the tracker:
 * what is fetched, and what the utility has staged.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"
#include "base/wake.h"
#include "system/keeper.h"

/* Runs until it is stopped (true), asks for a new process (true, word->again), or cannot go on.
 * Takes over *c, which it may replace by a newer
 * one (SIGHUP reads again with the same options); the caller clears whatever is in it then. */
bool daemon_run(struct config *c, const struct config_options *o, struct keeper_word *word,
		struct wake *wake, struct err *err) MUST_CHECK;

#endif
