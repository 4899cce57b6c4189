/*
 * core/obtain.h - from the question to bytes that are ours: ask, assign, download, distrust, keep.
 */
#ifndef CORE_OBTAIN_H
#define CORE_OBTAIN_H

#include "base/spool.h"
#include "core/pace.h"
#include "model/assignment.h"
#include "model/container.h"
#include "model/torrent.h"
#include "ports/engine.h"
#include "ports/ledger.h"
#include "ports/vault.h"

#define OBTAIN_MAX_BYTES TORRENT_MAX_BYTES
/* After so many downloads that brought no torrent it is put in quarantine and set aside. */
#define OBTAIN_QUARANTINE_AFTER 5

struct obtain { /* everything is borrowed */
	struct ledger *ledger;
	struct vault *vault;
	struct engine *engine;
	const struct spool *staging;
	struct pacer *pacer;
	const struct container *container;
};

/*
 * Ask the tracker.  If it assigns a torrent, *a (zeroed before) is in state "assigned".  Whatever
 * the tracker answers is in *reply.  A failure whose question may have been answered leaves a
 * possibly lost assignment in the ledger, any other leaves nothing.  *undone: the failure is the
 * tracker's, to be gone on with when its back-off ends.
 */
bool obtain_assignment(const struct obtain *o, struct assignment *a, struct reply *reply,
		       bool *undone, struct err *err) MUST_CHECK;

/*
 * Download what is assigned, distrust it, keep it: *a is "fetched" then, and `bytes` are in the
 * vault.  `fresh`: it was assigned by the call just made, which the download follows at once.
 * ERR_ITEM: what came is no torrent; that counts as a try, and after OBTAIN_QUARANTINE_AFTER of
 * them it is in quarantine and a->set_aside.  *undone as above.
 */
bool obtain_download(const struct obtain *o, struct assignment *a, bool fresh, struct buf *bytes,
		     bool *undone, struct err *err) MUST_CHECK;

/* The kept bytes of a torrent, checked again: a vault may lie on a bad disk.  Fails with words that
 * say what is wrong with them. */
bool obtain_from_vault(struct vault *v, const char *infohash, struct buf *bytes,
		       struct err *err) MUST_CHECK;

#endif
