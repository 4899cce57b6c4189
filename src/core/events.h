/*
 * core/events.h - which messages a person gets, each once.  Pure: from what there is now, and from
 * what was reported already (notices, which the ledger keeps), to events.
 *
 *     failure   a container's outcome stops being well, and is well again.  All containers that
 *               begin to fail are one event, and so are all that end.  A failure that returns
 *               within an hour of its end is reported only after it has lasted an hour.  A failure
 *               that becomes another one is reported again if only a person can fix that: each such
 *               outcome once, until the container is well
 *     client    the same for torrent clients that are away, or refuse the password
 *     full      once for each size of a container
 *     lost      each possibly lost assignment once; and when none is left
 *     pick-up   each file that is not picked up in time, or was put aside, once
 *     audit     when more torrents are missing than were reported; and when none is any more
 *     version   each version once
 *     digest    every seven days
 *
 * Titles and advice are the words of model/fact.h.
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
	uint64_t others;      /* torrents of another program on the account, which nobody expects */
	int64_t others_since; /* when the first of them was listed */
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

/* Adds to *out, and brings the notices up to date (those are marked `changed`). */
void events_find(const struct events_now *in, struct notices *told, struct events *out);

bool events_digest_is_due(const struct notices *told, int64_t now);

void events_clear(struct events *e);
void notices_clear(struct notices *n);

#endif
