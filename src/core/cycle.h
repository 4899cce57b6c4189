/*
 * core/cycle.h - one cycle: each container's turn, in order of name.
 *
 *     look      has the client picked up what lies in its watch folder?
 *     resume    finish what the ledger holds open for it
 *     guard     may we ask?
 *     obtain    intend, ask, assign, download, distrust, keep
 *     deliver   prepare, deliver, confirm, AfterFetchExec
 *
 * Every step is recorded before and after it is taken, so a cycle may end anywhere; the next one
 * begins at "resume".  Wherever it fails, the container's outcome says so, and the next container
 * has its turn.  A client that is away is no failure of a step: its torrents wait in the ledger,
 * and the container is gone on with when the client may be back.  A fault of this machine's, such
 * as a full or missing folder, is tried again every ten minutes, where that calls no tracker.
 */
#ifndef CORE_CYCLE_H
#define CORE_CYCLE_H

#include "base/spool.h"
#include "core/destination.h"
#include "core/pace.h"
#include "model/container.h"
#include "model/outcome.h"
#include "ports/engine.h"
#include "ports/ledger.h"
#include "ports/vault.h"

/* One that was set aside is downloaded again when so much time has passed. */
#define CYCLE_SET_ASIDE_RETRY_MS (24 * 3600 * INT64_C(1000))
/* With so many set aside the container waits for a person. */
#define CYCLE_SET_ASIDE_MAX 3
/* After so long a turn that ended in ERR(Disk) is gone on with, unless the tracker had been called
 * and what came of it is not kept yet. */
#define CYCLE_DISK_RETRY_MS (10 * 60 * INT64_C(1000))

struct target { /* everything is borrowed */
	const struct container *container;
	const struct destination *to;
	const struct destination *asked; /* whom the audit asks; NULL: nobody */
};

/* A client that was found to be away in this cycle; it is not called again in it. */
struct away {
	const struct destination *to;
	struct err why;
};

struct cycle {
	/* Set by the caller; everything is borrowed. */
	struct ledger *ledger;
	struct vault *vault;
	struct engine *engine;
	const struct spool *staging; /* what an engine that tells no ids downloads into */
	struct pacer *pacer;
	struct wake *wake;
	const char *speaks; /* the version of the protocol that the engine speaks */
	unsigned per_cycle; /* torrents a container may get */
	bool force;         /* ask in spite of a back-off */
	bool local;         /* finish what needs no call of the tracker, and ask for nothing */
	bool keep;          /* what is delivered stays in the vault */
	int64_t deadline;   /* on the monotonic clock: no new question after it */
	int64_t since;      /* what was delivered since then counts as of this cycle; 0: nothing */
	/* May be NULL.  `path`: of the file, or the client's name. */
	void (*delivered)(void *ctx, const struct target *t, const char *path);
	void *ctx;
	struct away *away; /* the cycle's own */
	size_t n_away;
	/* Filled in by the cycle. */
	char newer_version[REPLY_VERSION_SIZE]; /* the tracker announces it; "" if none */
	size_t leftovers;                       /* assignments found possibly lost at the begin */
};

/*
 * Run a cycle over `n` targets, sorted by name; `kind` is for the history ("regular", "rest",
 * "manual").  outcomes[0..n) is to be zeroed by the caller, who clears each.
 * false: stopped (WORD_STOPPED), or the ledger cannot be written; the outcomes that have a
 * container are then those of the turns that ended.
 */
bool cycle_run(struct cycle *cy, const char *kind, const struct target *targets, size_t n,
	       struct outcome *outcomes, int64_t *id, struct err *err) MUST_CHECK;

#endif
