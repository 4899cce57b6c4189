/*
 * core/deliver.h - from bytes that are ours to the client: prepare, deliver, confirm,
 * AfterFetchExec.
 */
#ifndef CORE_DELIVER_H
#define CORE_DELIVER_H

#include "core/destination.h"
#include "core/parcel.h"

/* After so many refusals by its client a torrent is set aside. */
#define DELIVER_SET_ASIDE_AFTER 5

/*
 * Prepare and deliver, to whatever destination.  Of an assignment that was not delivered yet the
 * intent is recorded between the two, and *a is "delivering" then; one that was delivered before
 * stays "delivered".  *path: where it is now; the caller's.
 */
bool deliver_hand_over(const struct run *r, const struct container *c, const struct destination *to,
		       struct assignment *a, const struct parcel *p, char **path,
		       struct err *err) MUST_CHECK;

/*
 * From "fetched" or "delivering" to "delivered".  ERR_ITEM: the client refused this torrent.  That
 * counts as a try; after DELIVER_SET_ASIDE_AFTER of them the torrent is set aside.
 */
bool deliver_torrent(const struct run *r, const struct target *t, struct assignment *a,
		     const struct parcel *p, struct err *err) MUST_CHECK;

/* What follows a delivery: AfterFetchExec, if it is due; then the vault drops what need not be
 * kept.  `warning` says what went wrong with the commands; "" if nothing did. */
bool deliver_after(const struct run *r, const struct target *t, struct assignment *a, char *warning,
		   size_t size, struct err *err) MUST_CHECK;

#endif
