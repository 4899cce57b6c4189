/*
 * core/destination.h - where a container's torrents go: a client that the configuration names, or a
 * watch folder; and the manners with which a client is called.
 *
 * A client whose credentials were refused is not called again until they change, or a person asks
 * for it (`force`, a reload): clients ban those who guess.  That is kept in the ledger, and so
 * holds across processes.  When a client last answered, and how long it has been away, is kept
 * there as well.
 *
 * Every function but destination_watches() may call the client; errors are client.h's, ledger
 * errors besides.
 */
#ifndef CORE_DESTINATION_H
#define CORE_DESTINATION_H

#include "ports/client.h"
#include "ports/ledger.h"

/* A client that is away is called again after half the time that it has been away, within these. */
#define DESTINATION_RETRY_MIN_MS (60 * INT64_C(1000))
#define DESTINATION_RETRY_MAX_MS (3600 * INT64_C(1000))
/* That a client was there is kept no more often than this. */
#define DESTINATION_SEEN_MS (60 * INT64_C(1000))

struct destination {
	char *name;            /* owned: as in Clients; NULL: a watch folder */
	char *place;           /* owned: the name, or the folder's path */
	struct client *client; /* owned; NULL: it could not be opened, for the reason `why` */
	struct err why;
	char fingerprint[17]; /* of its URL and credentials */
};

/* How a client may be called. */
struct destination_manners {
	struct ledger *ledger; /* borrowed */
	bool force;            /* in spite of an earlier refusal */
};

static inline bool destination_watches(const struct destination *d)
{
	return !d->name;
}

bool destination_ready(const struct destination *d, const struct destination_manners *m,
		       struct err *err) MUST_CHECK;
bool destination_prepare(const struct destination *d, const struct destination_manners *m,
			 const struct delivery *what, char **file_name, struct err *err) MUST_CHECK;
bool destination_deliver(const struct destination *d, const struct destination_manners *m,
			 const struct delivery *what, bool resumed, char **path,
			 struct err *err) MUST_CHECK;
bool destination_list(const struct destination *d, const struct destination_manners *m,
		      const char *category, struct client_torrents *all,
		      struct err *err) MUST_CHECK;
bool destination_space(const struct destination *d, const struct destination_manners *m,
		       const struct placement *p, struct client_space *space,
		       struct err *err) MUST_CHECK;

/* Is this the error of a client that is away, or does not let us in? */
bool destination_is_away(const struct err *err);

/* When a client that was just found to be away should be called again; `waits` false: at once. */
bool destination_retry(const struct destination *d, struct ledger *l, bool waits, int64_t *when,
		       struct err *err) MUST_CHECK;

/* Forget that credentials were refused. */
bool destination_forgive(const struct destination *d, struct ledger *l, struct err *err) MUST_CHECK;

#endif
