/*
 * config/wire.h - from a configuration to opened parts: the only place that names concrete engines
 * and clients.
 */
#ifndef CONFIG_WIRE_H
#define CONFIG_WIRE_H

#include "config/config.h"
#include "core/destination.h"
#include "ports/health.h"

struct parts {
	const struct config *config; /* borrowed */
	struct run run;              /* all that it points to is owned, but `wake` */
	char *staging_folder;        /* owned, as are the rest */
	struct health *health;
	struct destination *clients; /* one per client of the configuration, in its order */
	struct destination *folders; /* one per container: its watch folder */
	struct target *targets;      /* one per container, sorted by name */
	size_t n_targets;
};

/* The state folder, made if it is missing (0700). */
bool wire_state(const struct config *c, struct err *err) MUST_CHECK;

/* Is the state folder the right one (core/mark.h): of the ledger in it, or to begin one?  Only
 * looks; true as well where the ledger cannot be read. */
bool wire_expect_state(const struct config *c, struct err *err) MUST_CHECK;

/* A person says that the state folder is right as it is (core/mark.h).  *begun: there was no ledger
 * in it, and now there is. */
bool wire_accept_state(const struct config *c, bool *begun, struct err *err) MUST_CHECK;

/* Makes the ledger if there is none and may be one, and writes its id into config.ptp, which a
 * process in its sandbox cannot.  Best effort: wire_open() says what is wrong. */
void wire_prepare_ledger(const struct config *c);

/* Opens everything; on failure nothing is left open.  `c` must outlive the parts. */
bool wire_open(struct parts *p, const struct config *c, struct wake *wake,
	       struct err *err) MUST_CHECK;
void wire_close(struct parts *p);

/* A client by itself; *d is zeroed before.  One that cannot be opened has no `client`, and says
 * why: the others go on. */
void wire_open_client(struct destination *d, const struct config_client *c, struct wake *wake);
void wire_close_client(struct destination *d);

/* The client of this name; NULL if the configuration has none, or it is a watch folder. */
struct destination *wire_client(const struct parts *p, const char *name);

/* How many assignments are pending, or lie staged, for containers that are not configured any more;
 * `say`: a warning for each. */
size_t wire_orphans(const struct parts *p, bool say);

/* The ledger, to look into; *l NULL: there is none yet.  false: it cannot be read, or it was
 * emptied.
 */
bool wire_open_to_look(const struct config *c, struct ledger **l, struct err *err) MUST_CHECK;

/* Of a damaged ledger: the advice becomes the command that restores the newest good daily copy, if
 * there is one.  Any other error stays. */
void wire_name_copy(const struct config *c, struct err *err);

/* The same where it does not matter why there is none. */
struct ledger *wire_look(const struct config *c);

/* That the ledger is gone or empty while the vault is not; the caller's.  NULL: all is well. */
char *wire_ledger_lost(const struct config *c);
#define WIRE_LEDGER_LOST_FIX "stop, and put a copy of it back, if you have one"
#define WIRE_LEDGER_EMPTIED_FIX "put a copy of it back, or remove it to begin a new one"

/* Find out which of the containers' folders hang (system/apart.h), in no more time than one takes.
 * What comes after it does not wait for them.  false: a stop. */
bool wire_look_at_folders(const struct config *c, struct err *err) MUST_CHECK;

/* Does a daemon serve the state folder?  false as well where that cannot be seen. */
bool wire_daemon_runs(const struct config *c);

/* "state/ledger.db", "state/cycle.lock", "state/run.lock", "state/tell.lock", "state/utility"; the
 * caller's. */
char *wire_ledger_path(const struct config *c);
char *wire_cycle_lock_path(const struct config *c);
char *wire_run_lock_path(const struct config *c);
char *wire_tell_lock_path(const struct config *c);
char *wire_staging_folder(const struct config *c);

/* Is something recorded of a container of this name?  Also of one that was taken out of the
 * configuration. */
bool wire_has_past(const struct config *c, const char *container);

/* Does the ledger know this folder (core/mark.h)?  Then it is not made when it is missing. */
bool wire_knows_folder(const struct config *c, const char *folder);

#endif
