/*
 * core/outbox.h - messages on their way to the targets that Notify names (run.notified).  The
 * ledger keeps each until its target has it, so neither a restart nor a broken connection loses
 * one.
 *
 * At least once: a message whose answer did not come, or whose sender was killed before that was
 * recorded, is sent again.  A target that cannot be reached is retried on the schedule's ladder
 * (core/schedule.h); what is three days old by then is dropped.  No target gets more than
 * OUTBOX_PER_DAY messages in 24 hours.  The last of them says that it is the last, and what follows
 * is dropped.
 */
#ifndef CORE_OUTBOX_H
#define CORE_OUTBOX_H

#include "core/events.h"
#include "core/run.h"

#define OUTBOX_PER_DAY 20
#define OUTBOX_KEEP_MS (3 * 24 * 3600 * INT64_C(1000))
#define OUTBOX_MS 30000 /* for all that is sent at one time */

/* Does anybody want this kind? */
bool outbox_wants(const struct run *r, enum event_kind kind);

/* Keep the events for the targets that want them, and the notices that belong to them. */
bool outbox_put(const struct run *r, const struct notices *told, const struct events *events,
		struct err *err) MUST_CHECK;

/* Send what is due, within OUTBOX_MS, and until the wall clock says `until` (INT64_MAX: no such
 * limit): no message is begun that might take longer.  Any request (base/wake.h) ends it; the
 * message that is under way then counts as tried, unless the request is a stop.  What does not work
 * is logged; false: the ledger could not be used.  For one process at a time. */
bool outbox_send(const struct run *r, int64_t until);

/* When there is something to send; INT64_MAX: nothing waits. */
bool outbox_due(const struct run *r, int64_t *when, struct err *err) MUST_CHECK;

#endif
