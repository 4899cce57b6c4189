/*
 * core/redeliver.h - from the vault to a client that is new, or was rebuilt, without one call to
 * the tracker.
 *
 * What the client has already is left alone.  The ledger keeps what was done until all is done, so
 * that a run that was cut off resumes where it was.
 */
#ifndef CORE_REDELIVER_H
#define CORE_REDELIVER_H

#include "core/destination.h"

struct redeliver { /* everything is borrowed */
	const struct target *target;
	const struct destination *to; /* the target's own, or another one */
	bool missing_only; /* leave alone what the client has, or, of a watch folder, what was
			    * picked up, as far as that is known */
	/* One was handed over; may be NULL. */
	void (*delivered)(void *ctx, const struct assignment *a, const char *path);
	void *ctx;
};

/* Filled in as far as it came. */
struct redelivered {
	size_t all;     /* torrents of the container that had been delivered */
	size_t handed;  /* handed over now */
	size_t present; /* the client had them, or an earlier run that was cut off handed them over
			 */
	size_t unknown; /* of a watch folder: no client can be asked whether it has them */
	size_t unkept;  /* their .torrent is not in the vault, or damaged */
	size_t refused; /* the client refused them */
};

/* A client that is away, or a stop, ends it; the next call resumes. */
bool redeliver_container(const struct run *r, const struct redeliver *what,
			 struct redelivered *done, struct err *err) MUST_CHECK;

#endif
