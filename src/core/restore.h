/*
 * core/restore.h - a state folder from a backup (core/backup.h), or from a copy of the ledger
 * alone.
 *
 * The caller holds the locks of the state folder.  All of the backup is read and checked before
 * anything is changed.  Then:
 *
 *     stage    the ledger beside its place, brought up to this layout
 *     vault    writes torrents that are missing or damaged; the old ledger does not know them
 *     keep     the old ledger gets a second name: ledger.db.old-SECONDS
 *     replace  one rename puts the new ledger in its place
 *     finish   config.ptp and the slip, if there is none
 *
 * So whenever the process dies, the ledger is the old one or the new one, as a whole.  To do it
 * again completes it.
 */
#ifndef CORE_RESTORE_H
#define CORE_RESTORE_H

#include "base/wake.h"
#include "core/schedule.h"
#include "ports/vault.h"

struct restore {
	const char *ledger; /* borrowed, as are the others: the path of its place */
	struct vault *vault;
	const char *config; /* the path of config.ptp */
	struct manners manners;
	struct wake *wake;
	bool force; /* a ledger that is newer is replaced as well */
};

struct restore_done {
	uint64_t assignments, torrents; /* in the ledger; written into the vault */
	int64_t newest;                 /* the last time in the ledger */
	char *kept;                     /* the caller's: the old ledger's new name; NULL: none */
	enum restore_config {
		RESTORE_NO_CONFIG,   /* the backup has none */
		RESTORE_CONFIG,      /* it was written */
		RESTORE_CONFIG_KEPT, /* there is one already, which stays */
	} config;
};

/* ERR_TARGET, WORD_LEDGER: the ledger in place is newer; of a backup that cannot be used: its
 * path and what is wrong. */
bool restore_run(const struct restore *r, const char *path, struct restore_done *done,
		 struct err *err) MUST_CHECK;

#endif
