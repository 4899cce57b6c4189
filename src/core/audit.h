/*
 * core/audit.h - the ledger held against the clients: is what was assigned really there, and
 * seeding?
 *
 * A container's client is asked for all of its torrents, once.  Of a watch folder the client that
 * AuditClient names is asked; where there is none, it stays unknown what became of a torrent that
 * was picked up.
 *
 * A client that has nothing at all is asked once more after AUDIT_AGAIN_MS: Transmission answers
 * before it has loaded its torrents.
 */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include "core/cycle.h"

#define AUDIT_AGAIN_MS 3000

enum audit_class {
	AUDIT_SEEDING,
	AUDIT_DOWNLOADING,
	AUDIT_QUEUED,
	AUDIT_CHECKING,
	AUDIT_STALLED,
	AUDIT_PAUSED,
	AUDIT_ERROR,
	AUDIT_MISSING, /* delivered, and the client does not have it */
	AUDIT_REFUSED, /* the client that watches the folder put it aside */
	AUDIT_AWAITED, /* in the watch folder, not picked up yet */
	AUDIT_PENDING, /* assigned, and not delivered yet */
	AUDIT_UNKNOWN, /* picked up from a watch folder, and there is nobody to ask */
	AUDIT_UNASKED, /* the client could not be asked */
	AUDIT_CLASSES,
};

struct audit_row {
	struct assignment assignment; /* owned */
	enum audit_class class;
	int64_t since; /* when this began, as far as is known; ms since 1970 */
	char *client;  /* owned: who was asked; NULL: nobody */
	char *message; /* owned: the client's words, or why it could not be asked; NULL */
	uint64_t left; /* bytes still to come */
};

struct audit {
	struct audit_row *rows; /* owned; by container, oldest first */
	size_t n;
	size_t count[AUDIT_CLASSES];
};

struct audit_parts { /* everything is borrowed */
	struct ledger *ledger;
	const struct target *targets;
	size_t n_targets;
	const char *container; /* only this one; NULL: all */
	struct wake *wake;
	bool force; /* call a client that refused our credentials */
};

/* Asks, classifies, and keeps what was found in the ledger; *audit is zeroed before.  A client that
 * is away is no failure. */
bool audit_run(const struct audit_parts *p, struct audit *audit, struct err *err) MUST_CHECK;
void audit_clear(struct audit *audit);

/* "412 assigned: 405 seeding, 3 stalled, 2 missing, 2 refused"; the caller's. */
char *audit_summary(const struct audit *audit);

/* "missing" */
const char *audit_class_text(enum audit_class class);

/* What can be done, in words; NULL where nothing need be done.  The caller's. */
char *audit_advice(const struct audit_row *row);

#endif
