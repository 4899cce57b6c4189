/*
 * core/audit.h - compares the ledger with the clients: is what was assigned really there, and
 * seeding?
 *
 * Each client is asked once, for all of its torrents.  Of a watch folder the container's
 * AuditClient is asked; without one, what became of a torrent that was picked up stays unknown.
 *
 * A client that has nothing at all is asked once more after AUDIT_AGAIN_MS: Transmission answers
 * before it has loaded its torrents.
 */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include "core/destination.h"

#define AUDIT_AGAIN_MS 3000

struct audit_row {
	struct assignment assignment; /* owned */
	enum audit_class class;
	int64_t since; /* when this began, as far as is known; ms since 1970 */
	char *client;  /* owned: the client that was asked; NULL: none */
	char *message; /* owned: the client's words, or why it could not be asked; NULL */
	uint64_t left; /* bytes still to come */
};

struct audit {
	struct audit_row *rows; /* owned; by container, oldest first */
	size_t n;
	size_t count[AUDIT_CLASSES];
};

struct audit_scope { /* everything is borrowed */
	const struct target *targets;
	size_t n;
	const char *container; /* only this one; NULL: all */
};

/* Asks the clients, classifies, and keeps what was found in the ledger.  *audit is zeroed before.
 * A client that is away is no failure. */
bool audit_run(const struct run *r, const struct audit_scope *s, struct audit *audit,
	       struct err *err) MUST_CHECK;
void audit_clear(struct audit *audit);

/* "412 assigned: 405 seeding, 3 stalled, 2 missing, 2 refused"; the caller's. */
char *audit_summary(const struct audit *audit);

/* What a person can do, in words; NULL: nothing need be done.  The caller's. */
char *audit_advice(const struct audit_row *row);

#endif
