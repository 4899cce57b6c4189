/*
 * core/pick_up.h - has the client taken what lies in its watch folder?
 *
 * A file that is gone, or was renamed to .added or .loaded, was taken.  One that was renamed to
 * .invalid or .qbt_rejected was refused.  One that is still there after PickUpWithin suggests that
 * no client looks into this folder (client notes, section 6).  The ledger keeps what was found.
 */
#ifndef CORE_PICK_UP_H
#define CORE_PICK_UP_H

#include "core/destination.h"

/* PICK_UP_DUE if a file that is delivered there is to be watched for, else PICK_UP_NONE. */
enum assignment_pick_up pick_up_begins(const struct container *c, const struct destination *to);

/* Looks at each of the container's files that is awaited, and logs what is new. */
bool pick_up_look(const struct run *r, const struct target *t, struct err *err) MUST_CHECK;

/* What was refused after `since`: how many, and the last one's path (the caller's; NULL if none).
 */
bool pick_up_refused(const struct run *r, const char *container, int64_t since, size_t *n,
		     char **path, struct err *err) MUST_CHECK;

/* When the next look is due; INT64_MAX: never. */
bool pick_up_due(const struct run *r, const struct target *t, int64_t *when,
		 struct err *err) MUST_CHECK;

#endif
