/*
 * core/obtain.h - from the question to bytes that are ours: ask, assign, download, distrust, keep.
 *
 * After a failure run.engine->failure says what the tracker did; it is empty if the failure was not
 * the tracker's.
 */
#ifndef CORE_OBTAIN_H
#define CORE_OBTAIN_H

#include "core/parcel.h"
#include "core/run.h"

/* After so many downloads that brought no torrent, what came is put in quarantine and the
 * assignment is set aside. */
#define OBTAIN_QUARANTINE_AFTER 5

/*
 * Ask the tracker.  If it assigns a torrent, *a (zeroed before) is in state "assigned"; but a->id
 * stays 0 if the container has that torrent already, which is then neither downloaded nor counted.
 * *reply is what the tracker answered.  A failure whose question may have been answered leaves a
 * possibly lost assignment in the ledger; any other leaves nothing.
 */
bool obtain_assignment(struct run *r, const struct container *c, struct assignment *a,
		       struct reply *reply, struct err *err) MUST_CHECK;

/*
 * Download what is assigned, distrust it, keep it: *a is then "fetched", *p is filled in, and its
 * bytes are in the vault.  `fresh`: the call just made assigned it, so the download follows at
 * once. ERR_ITEM: what came is no torrent.  That counts as a try; the OBTAIN_QUARANTINE_AFTERth one
 * sets a->set_aside.
 */
bool obtain_download(struct run *r, const struct container *c, struct assignment *a, bool fresh,
		     struct parcel *p, struct err *err) MUST_CHECK;

#endif
