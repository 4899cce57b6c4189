/*
 * core/backup.h - a backup in one file (core/archive.h), made while other processes use the state
 * folder.
 *
 * The file gets its name only after it was written and read again.  A failure, or the end of the
 * process, leaves what had this name before: an older backup, or nothing.
 */
#ifndef CORE_BACKUP_H
#define CORE_BACKUP_H

#include "base/wake.h"
#include "ports/vault.h"

struct backup {
	const char *ledger;       /* borrowed, as are the others: its path */
	struct vault *vault;      /* NULL: its torrents and the slip are left out */
	const struct buf *config; /* config.ptp; empty: there is none */
	struct wake *wake;
	bool replace; /* a file of this name, if there is one */
};

struct backup_done {
	uint64_t assignments, torrents; /* in the ledger; in the vault */
	uint64_t damaged;               /* torrents of the vault that are damaged, and left out */
	uint64_t bytes;                 /* of the file */
};

/* Errors: what is wrong with `path`, with a way out; or the ledger's. */
bool backup_make(const struct backup *b, const char *path, struct backup_done *done,
		 struct err *err) MUST_CHECK;

#endif
