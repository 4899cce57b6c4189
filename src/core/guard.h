/*
 * core/guard.h - may a container be given another torrent?  Answered before the tracker is asked,
 * since an assignment must not be made for what cannot be taken.
 *
 *     client    it is away, or too many torrents wait for it (MaxPending)
 *     stalled   as many downloads of the container's category stall as MaxStalled says
 *     backlog   as many are incomplete as MaxActive says; of a watch folder: more files than
 *               MaxPending have not been picked up
 *     space     less is free than Reserve, where the client would store
 *
 * What is free is kept in the ledger for whoever looks: of a client when Reserve has it asked, of a
 * folder of ours each time.
 */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "core/destination.h"
#include "model/container.h"
#include "model/outcome.h"

/* A file in a watch folder counts as not picked up after so long: clients look every few seconds.
 */
#define GUARD_PICK_UP_GRACE_MS (60 * INT64_C(1000))

struct guard { /* everything is borrowed */
	const struct container *container;
	const struct destination *to;
	struct destination_manners manners;
	const struct err *away; /* the client was found to be away in this turn; NULL: it was not */
};

/*
 * *holds: the container is held back, and *out (kind, word, detail) says by what.  A client found
 * to be away only now is told in *away (word "" otherwise): that alone holds only where the client
 * must be asked something, or waits for a person.
 */
bool guard_check(const struct guard *g, struct outcome *out, bool *holds, struct err *away,
		 struct err *err) MUST_CHECK;

#endif
