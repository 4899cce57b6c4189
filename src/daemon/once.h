/*
 * daemon/once.h - one cycle with all that belongs around it: the lock, the pings, the history and
 * the messages (daemon/tell.h), which the caller sends.
 */
#ifndef DAEMON_ONCE_H
#define DAEMON_ONCE_H

#include "config/wire.h"

struct once {
	struct parts *parts; /* borrowed, as is `wanted` */
	enum cycle_kind kind;
	const bool *wanted; /* which of the targets; NULL: all */
	bool local;         /* see cycle.h */
	bool audit;         /* a part of the cycle, if it is due */
	int64_t since;      /* of CYCLE_REST: when the cycle began that it resumes; else 0 */
	int64_t next_cycle; /* for the report; 0: none is planned */
	void (*delivered)(void *ctx, const struct target *t, const char *path); /* see cycle.h */
	void *ctx;
};

/*
 * Waits for a running cycle of another process (and says so), pings start, runs, records, pings the
 * end.  The report lists all targets, those that were not wanted with their last outcome.  It is a
 * failure if any of them is: a part of a cycle must not report to Healthchecks that all is well.
 * *well: the outcomes of the wanted targets are well.
 * false: WORD_STOPPED, or the cycle could not be run.  Then the caller reports it to Healthchecks
 * (once_report_failure).
 */
bool once_run(const struct once *o, bool *well, struct err *err) MUST_CHECK;

/* Reports that a cycle could not be run at all: to Healthchecks, and as a message.  If the parts
 * are closed, to Healthchecks alone. */
void once_report_failure(struct parts *p, const struct config *c, struct wake *wake,
			 const struct err *err);

/* A failure before there are any parts, to Healthchecks. */
void once_ping_failure(const struct config *c, struct wake *wake, const char *body);

/* Take the lock of the tracker; the descriptor is the caller's.  -1: an error, or a stop. */
int once_lock(const struct config *c, struct wake *wake, struct err *err);

#endif
