/*
 * core/copies.h - the daily copies of the ledger: which there are, which is good, which may go.
 *
 * They lie in state/backup as ledger-20261129T184500Z.db, with the time when they were begun (UTC).
 * Each is a whole ledger, which `ptp-archiver restore` takes.
 */
#ifndef CORE_COPIES_H
#define CORE_COPIES_H

#include "base/err.h"
#include "base/wake.h"

#include <stddef.h>
#include <stdint.h>

/* The names that end in a time, newest first. */
struct copies {
	char *folder; /* owned */
	char **names; /* owned */
	size_t n;
};

/* *c is zeroed before.  A folder that cannot be read holds none. */
void copies_list(struct copies *c, const char *state_folder);
void copies_clear(struct copies *c);

/* The path of one that is begun at `now`; the caller's. */
char *copies_path(const char *state_folder, int64_t now);

/* When the newest was begun (ms since 1970); 0: there is none. */
int64_t copies_newest(const char *state_folder);

/* The path of the newest that is whole, the caller's; NULL: there is none.  Reads them. */
char *copies_newest_good(const char *state_folder, struct wake *wake);

/* Removes all but the newest `keep` (>= 1). */
bool copies_prune(const char *state_folder, unsigned keep, struct err *err) MUST_CHECK;

#endif
