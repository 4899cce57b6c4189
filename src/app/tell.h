/*
 * app/tell.h - telling people what happened (core/events.h), over what Notify names.
 *
 * None of these functions fails: what does not work is logged.  Where Notify names nobody they do
 * nothing.
 */
#ifndef APP_TELL_H
#define APP_TELL_H

#include "app/wire.h"
#include "core/audit.h"

struct tell_cycle {                     /* everything is borrowed */
	const struct outcome *outcomes; /* carried ones, too */
	size_t n;
	const char *newer_version, *speaks;
	const struct audit *audit; /* one that was just made; NULL: none was */
	const char *audit_summary;
};

/* After a cycle and its ping, while the lock of the cycle is held. */
void tell_cycle(const struct parts *p, const struct tell_cycle *c);

/* After a look at the watch folders, and when something waits to be sent; not while another process
 * is at work, which then does it itself. */
void tell_look(const struct parts *p);

/* A cycle could not be run at all. */
void tell_broken(const struct parts *p, const struct err *why);

/* When something waits to be sent; INT64_MAX: nothing does. */
bool tell_due(const struct parts *p, int64_t *when, struct err *err) MUST_CHECK;

#endif
