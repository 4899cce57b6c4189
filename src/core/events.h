/*
 * core/events.h - what a person is to be told, once.  Pure: from what there is now and what was
 * told already (notices, which the ledger keeps) to events.
 *
 *     failure   a container's outcome stops being well, and is well again: one event for all
 *               containers that begin, one for all that end.  What fails again within an hour of
 *               its end is told only when it has failed for an hour: something that comes and goes
 *               is not told each time.  One that becomes another that only a person can mend is
 *               told as well, each such outcome once until it is well again
 *     client    the same for torrent clients that are away, or do not let us in
 *     full      once for each size of a container
 *     lost      each possibly lost assignment once; and when none is left
 *     pick-up   each file that is not picked up in time, or was put aside, once
 *     audit     when more is missing than was told; and when nothing is any more
 *     version   each version once
 *     digest    every seven days
 */
#ifndef CORE_EVENTS_H
#define CORE_EVENTS_H

#include "model/assignment.h"
#include "model/container.h"
#include "model/event.h"
#include "model/outcome.h"

#define EVENTS_FLAP_MS (3600 * INT64_C(1000))
#define EVENTS_DIGEST_MS (7 * 24 * 3600 * INT64_C(1000))

struct events_client {
	const char *name;
	int64_t down_since; /* 0: it is there */
	bool refused;       /* it did not accept the credentials */
};

/* What there is now; everything is borrowed, and what is not known is left out. */
struct events_now {
	int64_t now;
	/* Carried ones, too.  An empty container name stands for the cycle as a whole. */
	const struct outcome *outcomes;
	size_t n_outcomes;
	const struct container *containers; /* all that are configured */
	size_t n_containers;
	const struct events_client *clients; /* all that are configured */
	size_t n_clients;
	const struct assignment *lost, *late, *refused;
	size_t n_lost, n_late, n_refused;
	const char *newer_version, *speaks; /* NULL or "": none was announced */
	bool audited;                       /* an audit was made just now */
	bool audited_all;                   /* every client could be asked */
	size_t missing, in_error;
	const char *audit_summary;
	bool wants_digest;
	const char *digest; /* its text, if it is due */
};

struct notices {
	struct notice *list; /* owned */
	size_t n;
};

struct events {
	struct event *list; /* owned */
	size_t n;
};

/* Adds to *out, and changes the notices to what has then been told (marked `changed`). */
void events_find(const struct events_now *in, struct notices *told, struct events *out);

bool events_digest_is_due(const struct notices *told, int64_t now);

void events_clear(struct events *e);
void notices_clear(struct notices *n);

#endif
