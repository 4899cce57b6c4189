/*
 * core/staged.h - torrents that an engine downloaded into the staging folder, and whose ids it did
 * not tell.  They are taken from there whichever engine runs.
 *
 * Such an assignment is in state "assigned" with no TorrentID until its bytes are in the vault.
 * They leave the staging folder when the ledger says "fetched"; after a crash in between they are
 * recognised by their infohash.
 */
#ifndef CORE_STAGED_H
#define CORE_STAGED_H

#include "base/buf.h"
#include "base/spool.h"
#include "model/container.h"
#include "model/torrent.h"
#include "ports/ledger.h"

/*
 * Before a cycle: what an earlier process left staged for the container becomes the answer to the
 * question that it was asking when it ended (or to the newest whose answer is possibly lost), or a
 * row of its own.  What is kept already goes.
 */
bool staged_take_up(struct ledger *l, const struct spool *staging, const char *container,
		    struct err *err) MUST_CHECK;

/* At a start: is there something staged for the container, or does a utility that an earlier
 * process left running work on its question?  Only looks. */
bool staged_is_due(struct ledger *l, const struct spool *staging, const char *container, bool *due,
		   struct err *err) MUST_CHECK;

/* Reads and distrusts what lies at `path`.  ERR_ITEM: it is of no use, now or later, be it no
 * torrent, too large, unreadable or no file at all. */
bool staged_read(const char *path, struct buf *bytes, struct torrent *t,
		 struct err *err) MUST_CHECK;

/* What lies staged for a container that is not configured, and that no pending row speaks of. */
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
