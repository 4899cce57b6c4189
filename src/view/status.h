/*
 * view/status.h - what there is to be seen: one snapshot, that every view is made from.
 *
 * `status`, the page, the JSON of the API and the metrics show the same thing.  A snapshot is
 * gathered within one transaction from the ledger and from what the configuration says; the views
 * (facts.h, status_words.h, status_json.h, status_html.h, status_metrics.h) are pure functions of
 * it.
 * Nothing in it is a secret.
 */
#ifndef VIEW_STATUS_H
#define VIEW_STATUS_H

#include "config/config.h"
#include "view/forecast.h"
#include "view/trouble.h"
#include "core/schedule.h"
#include "core/lost.h"
#include "core/staged.h"
#include "ports/ledger.h"

#define STATUS_CYCLES 60
#define STATUS_NEWEST 8
#define STATUS_GROWTH_DAYS 366
#define STATUS_COPY_LATE_MS (2 * 24 * 3600 * INT64_C(1000)) /* a copy so old is overdue */
#define STATUS_LATE_MS (15 * 60 * INT64_C(1000)) /* a cycle that begins so late is overdue */
#define STATUS_CYCLE_MS (3600 * INT64_C(1000))   /* every cycle may take so long */

/* What of the configuration is shown; a copy, so that a thread can have it to itself. */
struct status_setup_container {
	char *name, *size; /* owned, as are the rest */
	char *client;      /* NULL: a watch folder */
	char *watch_folder, *data_folder;
	bool measures_data; /* for Reserve */
	uint64_t allocated;
};
struct status_setup_place {
	char *name;       /* owned: a client's name, or a folder's path */
	const char *type; /* "qbittorrent", ..., "folder" */
	bool is_client;
};
struct status_setup_target {       /* for messages */
	char *label, *fingerprint; /* owned */
};
struct status_setup {
	char *state, *ledger, *cycle_lock, *run_lock, *staging; /* owned: paths */
	struct container *names; /* owned; they have a name, borrowed from below, and no more */
	struct status_setup_container *containers; /* owned, sorted by name */
	size_t n_containers;
	struct status_setup_place *places; /* owned: where torrents go, or are stored */
	size_t n_places;
	struct status_setup_target *targets; /* owned */
	size_t n_targets;
	bool pings;             /* there is a ping URL */
	struct err state_fault; /* the state folder is another one; WORD_NONE: not seen so */
	bool copies;            /* the ledger is copied every day */
	char *site;             /* owned: the tracker's base URL */
	bool shared;            /* a person says that other programs use the account */
	struct manners manners;
	struct trouble *trouble; /* borrowed: the daemon's; NULL: this process is none */
};

/* *s is zeroed before. */
void status_setup_take(struct status_setup *s, const struct config *c, struct trouble *trouble);
void status_setup_clear(struct status_setup *s);

struct status_container {
	const struct status_setup_container *setup; /* borrowed */
	struct ledger_container known;
	struct ledger_totals totals;
	struct ledger_growth growth; /* owned; of the last STATUS_GROWTH_DAYS */
	struct forecast forecast;
	uint64_t lost; /* possibly lost */
};

struct status_place {
	const struct status_setup_place *setup; /* borrowed */
	struct ledger_client client;            /* of a folder: down_since, since it hangs */
	struct mark mark;                       /* of a folder */
	struct ledger_space space;
};

struct status_target {
	const struct status_setup_target *setup; /* borrowed */
	struct ledger_telling how;
	int64_t oldest; /* when the oldest message that waits for it was written; 0: none waits */
};

struct status_list {
	struct assignment *rows; /* owned */
	size_t n;
};

struct status {
	int64_t now;
	const struct status_setup *setup; /* borrowed */
	bool daemon, working;     /* a daemon runs; a cycle is at work, of whatever process */
	struct trouble_told copy; /* of the daily copy of the ledger; as seen from here, too */
	struct trouble_told work, config;    /* see trouble.h; `work` also as seen from here */
	struct status_container *containers; /* owned, as are the rest; as in the setup */
	struct status_place *places;
	struct status_target *targets;
	struct cycle_clock clock;
	struct pace pace;
	struct staged_stray *strays; /* downloaded for containers that are not configured */
	size_t n_strays;
	uint64_t incomplete; /* listed by the tracker */
	struct ledger_lists lists;
	struct listed *unknown; /* of its lists: not of this ledger */
	size_t n_unknown;
	char ledger[MARK_ID]; /* the ledger's own id */
	struct ledger_audit audit;
	struct ledger_pings pings;
	struct ledger_vault_look vault;
	struct status_list pending, lost, newest; /* all; all; the last STATUS_NEWEST */
	struct ledger_cycle *cycles;              /* newest first */
	size_t n_cycles;
	struct ledger_cycle_tally cycle_tally;
	struct ledger_turn_tally *turns;
	size_t n_turns;
};

/* `l` NULL: there is no ledger yet.  *s is zeroed before, and cleared by the caller in any case. */
bool status_gather(struct status *s, const struct status_setup *setup, struct ledger *l,
		   struct err *err) MUST_CHECK;
void status_clear(struct status *s);

/* What a possibly lost assignment could be: of the unknown ones, the next from number `from` on;
 * NULL: there is none. */
const struct listed *status_candidate(const struct status *s, const struct assignment *lost,
				      size_t from);

/* The first torrent of another program's, and how many there are; NULL: none. */
const struct listed *status_others(const struct status *s, uint64_t *n);

/* How long the tracker is left alone still; 0: it is not. */
int64_t status_backoff(const struct status *s);

/* When what was left undone is resumed, if that is before the next cycle; 0: nothing is. */
int64_t status_next_try(const struct status *s);

/* The same of one container. */
int64_t status_next_try_of(const struct status *s, const struct status_container *c);

/* From when on the next cycle is overdue, whatever is at work; of a clock with a next cycle. */
int64_t status_late_at(const struct cycle_clock *clock);

/* Is it? */
bool status_is_overdue(const struct status *s);

#endif
