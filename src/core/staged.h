/*
 * core/staged.h - torrents that an engine downloaded into the staging folder without saying their
 * ids.  They are taken up from there, whichever engine runs now.
 *
 * Such an assignment is in state "assigned" with no TorrentID until its bytes are in the vault.
 * The file leaves the staging folder once the ledger says "fetched"; after a crash in between it is
 * recognised by its infohash.
 */
#ifndef CORE_STAGED_H
#define CORE_STAGED_H

#include "core/run.h"

/*
 * Before a cycle: what an earlier process left staged for the container becomes the answer to the
 * question that it was asking when it ended.  If there is none, to the newest question whose answer
 * is possibly lost; or else to a new row.  What the ledger keeps already is removed.
 */
bool staged_take_up(const struct run *r, const char *container, struct err *err) MUST_CHECK;

/* At a start: is something staged for the container, or does a utility that an earlier process left
 * running work on its question?  Only looks. */
bool staged_is_due(const struct run *r, const char *container, bool *due,
		   struct err *err) MUST_CHECK;

/* What lies staged for a container that is not configured, and that no pending row waits for. */
struct staged_stray {
	char *container; /* owned; NULL if the ledger has never heard of it */
	char *path;      /* owned */
};

/* `l` may be NULL; *list is the caller's (staged_strays_free).  Only looks. */
bool staged_strays(struct ledger *l, const struct spool *staging,
		   const struct container *configured, size_t n_configured,
		   struct staged_stray **list, size_t *n, struct err *err) MUST_CHECK;
void staged_strays_free(struct staged_stray *list, size_t n);

#endif
