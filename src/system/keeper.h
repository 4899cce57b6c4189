/*
 * system/keeper.h - the process that stays outside the sandbox and keeps one inside it.
 *
 * A sandbox cannot be widened (system/sandbox.h).  Where a new configuration names other folders,
 * the process inside ends, and this one forks the next.  So the service manager sees one process
 * that stays.  It passes on the signals that it gets, buries orphans where it is PID 1, and ends as
 * the process inside ends: with its status, or by its signal.  If it is killed, so is the one
 * inside.  Both are in one process group, so a terminal stops and resumes both.
 */
#ifndef SYSTEM_KEEPER_H
#define SYSTEM_KEEPER_H

#include <stdbool.h>

struct keeper_word {
	bool kept;  /* this is the process inside, and may ask for the next one */
	bool again; /* it is the next one; at its end: it asks for the next one */
	bool owed;  /* a cycle was asked for, and has not run */
};

/* true: this is the process inside, or there is none and the caller does all itself.  false: this
 * is the keeper, the process inside has ended, and *status is the exit status.  Signals must be
 * blocked (wake_hold). */
bool keeper_fork(struct keeper_word *word, int *status);

/* In the process inside, before it ends for the next one: from now on signals wait in the keeper
 * for the next one.  Those that came before can be read (wake_take) once this returns. */
void keeper_hold(void);

/* The exit status by which the process inside asks for the next one; `otherwise`: it does not. */
int keeper_status(const struct keeper_word *word, int otherwise);

#endif
