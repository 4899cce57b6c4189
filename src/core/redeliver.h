/*
 * core/redeliver.h - from the vault to a client that is new, or was rebuilt, without one call to
 * the tracker.
 *
 * What the client has already is left alone; what was done is kept in the ledger until all is, so
 * that one that was cut off goes on where it was.
 */
#ifndef CORE_REDELIVER_H
#define CORE_REDELIVER_H

#include "core/cycle.h"

struct redeliver { /* everything is borrowed */
	struct ledger *ledger;
	struct vault *vault;
	struct wake *wake;
	const struct target *target;  /* the container */
	const struct destination *to; /* its own, or another one */
	bool missing_only; /* leave alone what the client has, or had picked up where that is known
			    */
	bool force;
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
	size_t unknown; /* of a watch folder: nobody can be asked whether the client has them */
	size_t unkept;  /* their .torrent is not in the vault, or damaged */
	size_t refused; /* the client refused them */
};

/* A client that is away, or a stop, ends it; the next call goes on. */
bool redeliver_container(const struct redeliver *r, struct redelivered *done,
			 struct err *err) MUST_CHECK;

#endif
