/*
 * core/staged.h - torrents that an engine downloaded into its staging folder, and whose ids it did
 * not tell.
 *
 * Such an assignment is in state "assigned" with no TorrentID until its bytes are in the vault.
 * They leave the staging folder when the ledger says "fetched"; after a crash in between they are
 * recognised by their infohash.
 */
#ifndef CORE_STAGED_H
#define CORE_STAGED_H

#include "ports/engine.h"
#include "ports/ledger.h"

/*
 * Before a cycle: what an earlier process left staged for the container becomes the answer to the
 * question that it was asking when it ended (or to the newest whose answer is possibly lost), or a
 * row of its own.  What is kept already goes.
 */
bool staged_take_up(struct ledger *l, struct engine *e, const char *container,
		    struct err *err) MUST_CHECK;

#endif
