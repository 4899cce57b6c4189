/*
 * core/deliver.h - from bytes that are ours to the client: prepare, deliver, confirm,
 * AfterFetchExec.
 */
#ifndef CORE_DELIVER_H
#define CORE_DELIVER_H

#include "core/destination.h"
#include "model/assignment.h"
#include "model/container.h"
#include "ports/ledger.h"
#include "ports/vault.h"

/* After so many refusals by its client a torrent is set aside. */
#define DELIVER_SET_ASIDE_AFTER 5

struct deliver { /* everything is borrowed */
	struct ledger *ledger;
	struct vault *vault;
	struct wake *wake;
	const struct container *container;
	const struct destination *to;
	bool force; /* call a client that refused our credentials */
	bool keep;  /* what is delivered stays in the vault */
};

/* What a client is handed of these bytes; `v1` and `v2` are filled in, and referred to. */
bool deliver_describe(const struct assignment *a, const struct buf *bytes,
		      const struct placement *placement, char v1[41], char v2[65],
		      struct delivery *d, struct err *err) MUST_CHECK;

/*
 * From "fetched" or "delivering" to "delivered".  An ERR_ITEM is the client's refusal of this
 * torrent, and counts as a try: after DELIVER_SET_ASIDE_AFTER of them it is set aside.
 */
bool deliver_torrent(const struct deliver *d, struct assignment *a, const struct buf *bytes,
		     struct err *err) MUST_CHECK;

/* What follows a delivery: AfterFetchExec, if it is due, and the end of what the vault need not
 * keep.  `warning` gets what a person should know of the commands, "" if nothing. */
bool deliver_after(const struct deliver *d, struct assignment *a, char *warning, size_t size,
		   struct err *err) MUST_CHECK;

#endif
