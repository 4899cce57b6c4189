/*
 * core/adopt.h - records torrents that a client, or a folder, already has: they become a
 * container's, as delivered, without a call to the tracker.
 *
 * What the ledger has already is left alone, so adopting twice changes nothing.  A .torrent without
 * trackers gets those of the .fastresume beside it (model/trackers.h).
 */
#ifndef CORE_ADOPT_H
#define CORE_ADOPT_H

#include "core/destination.h"

struct adopt { /* everything is borrowed */
	const char *container;
	const struct destination *client; /* what it holds is adopted; NULL: what `folder` holds */
	const char *category;             /* only the client's torrents of this one; NULL: all */
	const char *folder;               /* where .torrent files lie; NULL: none */
	void (*adopted)(void *ctx, const char *name); /* or NULL */
	void *ctx;
};

struct adoptions {
	size_t adopted, known; /* known: in the ledger already */
	size_t filled;         /* known, and their .torrent came into the vault now */
	size_t unkept;         /* adopted without a .torrent for the vault */
	size_t skipped;        /* files that are not torrents */
};

/* With run.keep the vault gets a copy of each .torrent. */
bool adopt_all(const struct run *r, const struct adopt *a, struct adoptions *done,
	       struct err *err) MUST_CHECK;

#endif
