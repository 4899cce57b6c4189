/*
 * core/pick_up.h - has the client taken what lies in its watch folder?
 *
 * A file that is gone, or was renamed to .added or .loaded, was taken; one that was renamed to
 * .invalid or .qbt_rejected was refused; one that is still there after PickUpWithin is a sign that
 * nobody looks into this folder (client notes, section 6).  What is found is kept in the ledger.
 */
#ifndef CORE_PICK_UP_H
#define CORE_PICK_UP_H

#include "core/destination.h"
#include "model/container.h"
#include "ports/ledger.h"

/* Look at each of the container's files that is awaited, and log what is new. */
bool pick_up_look(struct ledger *l, const struct container *c, const struct destination *to,
		  struct err *err) MUST_CHECK;

/* What was refused since then: how many, and the last one's path (the caller's; NULL if none). */
bool pick_up_refused(struct ledger *l, const struct container *c, int64_t since, size_t *n,
		     char **path, struct err *err) MUST_CHECK;

/* When the next look is due; INT64_MAX: never. */
bool pick_up_due(struct ledger *l, const struct container *c, const struct destination *to,
		 int64_t *when, struct err *err) MUST_CHECK;

#endif
