/*
 * core/turn.h - a container's turn in a cycle:
 *
 *     look      has the client picked up what lies in its watch folder?
 *     resume    finish what the ledger holds open for it
 *     guard     may we ask?
 *     obtain    intend, ask, assign, download, distrust, keep
 *     deliver   prepare, deliver, confirm, AfterFetchExec
 *
 * A client that is away does not fail a step: its torrents wait in the ledger, and the container is
 * resumed when the client may be back.  A fault of this machine, such as a full or missing folder,
 * is retried every ten minutes, unless that would call the tracker.
 */
#ifndef CORE_TURN_H
#define CORE_TURN_H

#include "core/cycle.h"

/* One that was set aside is downloaded again after so long. */
#define TURN_SET_ASIDE_RETRY_MS (24 * 3600 * INT64_C(1000))
/* With so many set aside the container waits for a person. */
#define TURN_SET_ASIDE_MAX 3
/* After so long a turn that ended in ERR(Disk) is resumed, unless the tracker had been called and
 * its answer is not kept yet. */
#define TURN_DISK_RETRY_MS (10 * 60 * INT64_C(1000))

/* *out says how the turn ended, whether it failed or not; all but its container is filled in.
 * false: the cycle cannot continue: a stop, or an error that is fatal. */
bool turn_take(struct run *r, struct cycle *cy, const struct target *t, struct outcome *out,
	       struct err *err) MUST_CHECK;

#endif
