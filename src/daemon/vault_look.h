/*
 * daemon/vault_look.h - the daemon's daily look at each torrent of the vault, in slices: is it what
 * its infohash says?
 */
#ifndef DAEMON_VAULT_LOOK_H
#define DAEMON_VAULT_LOOK_H

#include "ports/ledger.h"
#include "ports/vault.h"

struct vault_look {
	char **infohashes; /* owned */
	size_t n, at;      /* so many, of which these were looked at */
	bool begun;
	struct ledger_vault_look found; /* what was found until now */
};

/* Begins a look, or does the next slice of at most a few torrents.  *done: it is complete, and the
 * ledger keeps what was found. */
bool vault_look_step(struct vault_look *v, struct vault *vault, struct ledger *l, bool *done,
		     struct err *err) MUST_CHECK;

/* Gives up what was begun.  Accepts a second call. */
void vault_look_abandon(struct vault_look *v);

#endif
