/*
 * daemon/tell.h - telling people what happened (core/events.h), over what Notify names.
 *
 * What is to be told is kept first (core/outbox.h), and sent when nothing else is to be done:
 * tell_send().  None of these functions fails: what does not work is logged.  Where Notify names
 * nobody they do nothing.
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

/* After a cycle and its ping, while the lock of the cycle is held: keeps what there is to tell. */
void tell_cycle(const struct parts *p, const struct tell_cycle *c);

/* The same after a look at the watch folders; not while another process is at work, which then does
 * it itself. */
void tell_look(const struct parts *p);

/* Send what waits and is due, as outbox_send() does; for whoever does not hold the lock of the
 * cycle, which a receiver that does not answer must not hold up.  false: another process is
 * sending, or the ledger is in trouble; try again in a while. */
bool tell_send(const struct parts *p, int64_t until);

/* A cycle could not be run at all: keeps that, and sends. */
void tell_broken(const struct parts *p, const struct err *why);

/* When something waits to be sent; INT64_MAX: nothing does. */
bool tell_due(const struct parts *p, int64_t *when, struct err *err) MUST_CHECK;

#endif
