/*
 * core/destination.h - where a container's torrents go: a client that the configuration names, or a
 * watch folder; and the rules for calling a client.
 *
 * A client that refused the credentials is not called again until they change, or a person asks
 * for it (run.force, a reload): after several wrong passwords a client bans the sender for a
 * while.  The ledger keeps that, so it holds across processes.  It also keeps when a client last
 * answered, and since when it is away.
 *
 * Functions that take a run may call the client; their errors are those of client.h and of the
 * ledger.
 */
#ifndef CORE_DESTINATION_H
#define CORE_DESTINATION_H

#include "core/run.h"
#include "ports/client.h"

/* A client that is away is called again after half the time that it has been away, within these. */
#define DESTINATION_RETRY_MIN_MS (60 * INT64_C(1000))
#define DESTINATION_RETRY_MAX_MS (3600 * INT64_C(1000))
/* When a client answered is recorded no more often than this. */
#define DESTINATION_SEEN_MS (60 * INT64_C(1000))

struct destination {
	char *name;            /* owned: as in Clients; NULL: a watch folder */
	char *place;           /* owned: the name, or the folder's path */
	struct client *client; /* owned; NULL: it could not be opened, for the reason `why` */
	struct err why;
	char fingerprint[17]; /* of its URL and credentials */
	struct err away;      /* this cycle found it away, and calls it no more; WORD_NONE: no */
};

/* A container, and where its torrents go; everything is borrowed. */
struct target {
	const struct container *container;
	struct destination *to;
	struct destination *asked; /* the client that the audit asks; NULL: none */
};

static inline bool destination_watches(const struct destination *d)
{
	return !d->name;
}

bool destination_ready(const struct run *r, const struct destination *d,
		       struct err *err) MUST_CHECK;

/* *file_name: the name that the file will have; the caller's. */
bool destination_prepare(const struct run *r, const struct destination *d,
			 const struct delivery *what, char **file_name, struct err *err) MUST_CHECK;

/* `resumed` and *path: as in client.h. */
bool destination_deliver(const struct run *r, const struct destination *d,
			 const struct delivery *what, bool resumed, char **path,
			 struct err *err) MUST_CHECK;

/* The client's torrents of this category; NULL: all. */
bool destination_list(const struct run *r, const struct destination *d, const char *category,
		      struct client_torrents *all, struct err *err) MUST_CHECK;

bool destination_space(const struct run *r, const struct destination *d, const struct placement *p,
		       struct client_space *space, struct err *err) MUST_CHECK;

/* Is this the error of a client that is away, or refuses the credentials? */
bool destination_is_away(const struct err *err);

/* If *why is such an error: logs it once, and remembers it in d->away for the rest of the cycle. */
bool destination_note_away(struct destination *d, const char *container, const struct err *why);

/* When a client that is away should be called again; at once where the run does not wait
 * (manners.waits). */
bool destination_retry(const struct run *r, const struct destination *d, int64_t *when,
		       struct err *err) MUST_CHECK;

/* Forget that this client refused the credentials. */
bool destination_forgive(const struct run *r, const struct destination *d,
			 struct err *err) MUST_CHECK;

#endif
