/*
 * daemon/tell.h - messages to people about what happened (core/events.h), to the targets of Notify.
 *
 * A message is recorded first (core/outbox.h).  tell_send() sends it when there is nothing else to
 * do.  None of these functions fails: they log what does not work.  Without targets they do
 * nothing.
 */
#ifndef DAEMON_TELL_H
#define DAEMON_TELL_H

#include "config/wire.h"
#include "core/audit.h"

struct tell_cycle {                     /* everything is borrowed */
	const struct outcome *outcomes; /* carried ones, too */
	size_t n;
	const char *newer_version, *speaks;
	const struct audit *audit; /* one that was just made; NULL: none was */
	const char *audit_summary;
};

/* Called after a cycle and its ping, while the lock of the cycle is held: records the messages. */
void tell_cycle(const struct parts *p, const struct tell_cycle *c);

/* The same after a look at the watch folders.  While another process is at work it does nothing,
 * because that process does it. */
void tell_look(const struct parts *p);

/* Sends what waits and is due, as outbox_send() does.  The caller must not hold the lock of the
 * cycle, because a receiver that does not answer would delay the next cycle.  false: another
 * process is sending, or the ledger is in trouble; try again in a while. */
bool tell_send(const struct parts *p, int64_t until);

/* A cycle could not be run at all: records a message, and sends it. */
void tell_broken(const struct parts *p, const struct err *why);

/* When something waits to be sent; INT64_MAX: nothing does. */
bool tell_due(const struct parts *p, int64_t *when, struct err *err) MUST_CHECK;

#endif
