/*
 * core/outbox.h - messages on their way: kept in the ledger until each target has its own, so that
 * neither a restart nor a connection that is down loses one.
 *
 * At least once: one whose answer did not come, or whose sender was killed before that was
 * recorded, is sent again.  A target that cannot be reached is tried again on the schedule's ladder
 * (core/schedule.h), and what is three days old by then goes unsent.  No target gets more than
 * OUTBOX_PER_DAY messages in 24 hours; the last of them says that it is the last, and what comes
 * after it is dropped.
 */
#ifndef CORE_OUTBOX_H
#define CORE_OUTBOX_H

#include "core/events.h"
#include "ports/ledger.h"
#include "ports/notify.h"

#define OUTBOX_PER_DAY 20
#define OUTBOX_KEEP_MS (3 * 24 * 3600 * INT64_C(1000))
#define OUTBOX_MS 30000 /* for all that is sent at one time */

struct outbox { /* everything is borrowed */
	struct ledger *ledger;
	struct notify *notify;
	struct wake *wake;
	const struct notify_target *targets;
	size_t n_targets;
};

/* Does any target want this kind? */
bool outbox_wants(const struct outbox *o, enum event_kind kind);

/* Keep the events for those who want them, and what has been told with them. */
bool outbox_put(const struct outbox *o, const struct notices *told, const struct events *events,
		struct err *err) MUST_CHECK;

/* Send what is due, within OUTBOX_MS, and until the wall clock says `until` (INT64_MAX: no such
 * limit): no message is begun that might take longer.  Any request (base/wake.h) ends it; the
 * message that is under way then counts as tried, unless the request is a stop.  What does not work
 * is logged; false: the ledger could not be used.  For one process at a time. */
bool outbox_send(const struct outbox *o, int64_t until);

/* When there is something to send; INT64_MAX: nothing waits. */
bool outbox_due(const struct outbox *o, int64_t *when, struct err *err) MUST_CHECK;

#endif
