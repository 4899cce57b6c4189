/*
 * model/fact.h - what can be the matter, as data, and the only words for it.
 *
 * view/facts.h finds the facts of a snapshot, core/events.h those that a message reports.  The
 * page, its JSON, the metrics, `status`, messages, pings and `check` all show facts, so that they
 * say the same in the same words.  Nothing reads the words back.
 */
#ifndef MODEL_FACT_H
#define MODEL_FACT_H

#include "model/mark.h"
#include "model/outcome.h"

#include <stdint.h>

enum fact_level {
	FACT_GOOD, /* all is well */
	FACT_NOTE, /* it passes by itself */
	FACT_BAD,  /* a person should look */
};

/* The bad ones in the order in which they matter, then the notes, then the good ones. */
enum condition {
	FACT_STUCK,        /* no cycle can be run */
	FACT_DAMAGED,      /* the same, because the ledger is */
	FACT_DISK_FULL,    /* the same, because the state folder's disk is full */
	FACT_NO_DAEMON,    /* no `run` uses the state folder */
	FACT_OVERDUE,      /* the next cycle should have begun */
	FACT_CONFIG,       /* a new configuration was refused */
	FACT_CREDENTIALS,  /* the tracker refuses them; a back-off lasts */
	FACT_BACK_OFF,     /* the tracker is left alone after failures */
	FACT_OTHER_FOLDER, /* a folder does not seem to be the right one: another disk? */
	FACT_FOLDER_HANGS, /* it does not answer */
	FACT_CLIENT_REFUSES,
	FACT_CLIENT_AWAY,
	FACT_AUDIT_MISSING, /* the last audit did not find torrents */
	FACT_AUDIT_ERROR,   /* the client showed torrents in error */
	FACT_FAILS,         /* a container's outcome is ERR */
	FACT_HELD,          /* a container waits for more than time */
	FACT_PENDING_OLD,   /* torrents are pending for more than a day */
	FACT_SET_ASIDE,
	FACT_ORPHANS, /* torrents are pending for containers that are not configured */
	FACT_STRAYS,  /* the utility downloaded torrents for such containers */
	FACT_NOT_PICKED_UP,
	FACT_PINGS_FAIL,
	FACT_MESSAGES_FAIL,
	FACT_VAULT_DAMAGED,
	FACT_COPY_FAILS, /* the daily copy of the ledger */

	FACT_WAITS, /* a container waits for what passes by itself */
	FACT_PENDING,
	FACT_PUT_ASIDE, /* by the client that watches the folder */
	FACT_LOST,      /* assignments are possibly lost */
	FACT_SHARED,    /* another program uses the account, and no setting says so */
	FACT_VERSION,   /* the tracker announces a newer utility */

	FACT_FULL, /* a container */
	FACT_NOT_CONFIGURED,
	FACT_READY,       /* no cycle has run yet */
	FACT_FIRST_CYCLE, /* it runs */
	FACT_FIRST_CUT,   /* it was interrupted */
	FACT_ALL_WAIT,
	FACT_SOME_WAIT,
	FACT_SOME_UNTRIED,
	FACT_ALL_FULL,
	FACT_HEALTHY,
	CONDITIONS,
};

#define FACT_BY_ITSELF (-1) /* of `next`: when is not known */
#define FACT_COMPLETE 0     /* of `now`: a text that is read later, or elsewhere */

/* What a condition does not need is 0 or NULL. */
struct fact {
	enum condition what;
	const char *container; /* borrowed, as are the other texts; NULL: several, or none */
	const char *client;    /* a client's name, or the label of a target for messages */
	const char *detail;    /* more, in the words of the tracker, the client or the system; of
				* MARK_EMPTY: what belongs to the ledger */
	const char *version, *speaks;
	const char *copy;     /* the path of the newest good copy of the ledger */
	int64_t since;        /* ms since 1970 */
	int64_t until;        /* of a back-off: its end; of a container: see struct outcome */
	int64_t next;         /* when it is tried again; 0: in the next cycle */
	uint64_t count, all;  /* how many, of how many */
	struct result result; /* of a container */
	const char *folder;   /* of FACT_OTHER_FOLDER, as are the next three */
	enum mark_use use;
	struct mark mark;
	const char *ledger; /* its own id */
	bool running;       /* a cycle runs */
};

/* "client-away": for programs. */
const char *fact_name(enum condition what);
enum fact_level fact_level(enum condition what);

/*
 * The functions below return a text that is the caller's: UTF-8, without a full stop at its end
 * unless it is a whole sentence or more.  Times are local, and as short as they may be at `now`;
 * FACT_COMPLETE makes them complete.
 */

/* What is the matter, with names, numbers and since when. */
char *fact_title(const struct fact *f, int64_t now);

/* The detail as people read it; "" if there is none. */
char *fact_detail(const struct fact *f, int64_t now);

/* Title and detail as a sentence. */
char *fact_sentence(const struct fact *f, int64_t now);

/* What a person can do, or what the program does about it: whole sentences; NULL: nothing. */
char *fact_remedy(const struct fact *f, int64_t now);

/* The title once it is over, and what else is to be said then ("" nothing); `since` is when it
 * began. */
char *fact_over(const struct fact *f, int64_t now);
char *fact_over_more(const struct fact *f, int64_t now);

/* What a person can do about a result that is not well; static, one text for each remedy.  NULL:
 * wait. */
const char *fact_hint(const struct result *r);

#endif
