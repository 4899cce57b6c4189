/*
 * core/cycle.h - one cycle: each container's turn (core/turn.h), in order of name.
 *
 * Every step is recorded before and after it is taken, so a cycle may end anywhere, and the next
 * one resumes.  If a step fails, the container's outcome says so, and the next container has its
 * turn.
 */
#ifndef CORE_CYCLE_H
#define CORE_CYCLE_H

#include "core/destination.h"
#include "model/outcome.h"

struct cycle {
	/* Set by the caller; everything is borrowed. */
	enum cycle_kind kind;         /* for the history */
	const struct target *targets; /* sorted by name */
	size_t n;
	bool local;       /* finish what needs no call of the tracker, and ask for nothing */
	int64_t deadline; /* on the monotonic clock: no new question from then on */
	int64_t since;    /* what was delivered since then counts as of this cycle; 0: nothing */
	/* May be NULL.  `path`: of the file, or the client's name. */
	void (*delivered)(void *ctx, const struct target *t, const char *path);
	void *ctx;
	/* Filled in by the cycle. */
	int64_t id;                             /* of its row in the ledger */
	char newer_version[REPLY_VERSION_SIZE]; /* the tracker announces it; "" if none */
	size_t leftovers;                       /* assignments found possibly lost at the begin */
};

/*
 * Run a cycle.  outcomes[0..cy->n) is to be zeroed by the caller, who clears each.
 * false: stopped (WORD_STOPPED), or the ledger cannot be written; the outcomes that have a
 * container are then those of the turns that ended.
 */
bool cycle_run(struct run *r, struct cycle *cy, struct outcome *outcomes,
	       struct err *err) MUST_CHECK;

#endif
