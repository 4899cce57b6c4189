/*
 * core/run.h - what every step of the program's work shares: the opened parts, and how this run
 * treats the tracker and the clients.
 *
 * It is made once (config/wire.h), and passed first to whatever works with it.
 */
#ifndef CORE_RUN_H
#define CORE_RUN_H

#include "system/spool.h"
#include "base/wake.h"
#include "core/schedule.h"
#include "ports/engine.h"
#include "ports/ledger.h"
#include "ports/notify.h"
#include "ports/vault.h"

struct run { /* everything is borrowed */
	struct ledger *ledger;
	struct vault *vault;
	struct engine *engine; /* NULL without credentials */
	const char *speaks;    /* the version of the protocol that the engine speaks */
	struct spool staging;  /* what an engine that tells no ids downloads into */
	struct wake *wake;
	struct notify *notify;
	const struct notify_target *notified; /* who gets messages */
	size_t n_notified;
	struct manners manners; /* the gaps between calls of the tracker */
	char credentials[17];   /* fingerprint of ApiUser and ApiKey; "" without them */
	int64_t overridden;     /* the back-off that `force` overrides: its end; see pace_open() */
	bool proven;            /* a call with these credentials has worked */
	unsigned per_cycle;     /* torrents that a container may get in a cycle */
	bool shared_account;    /* a person says that other programs use the account */
	bool keep;              /* what was delivered stays in the vault */
	bool force; /* a person insists: ask during a back-off, call a client that refused the
		     * credentials, retry what was set aside */
};

/* How a step ended that may also find that it has to wait. */
enum step {
	GO,     /* done; the next step may follow */
	HOLD,   /* nothing is wrong, but this goes no further now */
	FAILED, /* *err says why */
};

#endif
