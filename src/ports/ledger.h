/*
 * ports/ledger.h - what happened, in one SQLite file that survives anything.
 *
 * Each function that changes something is one transaction, on the disk when it returns (rollback
 * journal, synchronous=EXTRA: a write-ahead log would need shared memory, which network file
 * systems of a NAS do not have).  The layout is versioned; an older file is brought up to date when
 * it is opened, a newer one is refused.
 *
 * Errors: ERR_FATAL, WORD_LEDGER if the file is damaged or from a newer version; ERR_RETRY,
 * WORD_LEDGER if it cannot be written now (disk full, locked, read-only).  Of a damaged one the
 * advice (err_advice) is LEDGER_ADVICE.
 */
#ifndef PORTS_LEDGER_H
#define PORTS_LEDGER_H

#include "base/err.h"
#include "base/wake.h"
#include "model/assignment.h"
#include "model/outcome.h"
#include "model/event.h"
#include "model/listed.h"
#include "model/mark.h"
#include "model/pace.h"
#include "model/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_ADVICE "put a copy of it back, or move it away to begin a new one"

struct ledger;

/* Opens `path`, made 0600 if missing.  `read_only`: for looking only; a missing file is then an
 * error (ERR_TARGET). */
struct ledger *ledger_open(const char *path, bool read_only, struct err *err) MUST_CHECK;
void ledger_close(struct ledger *l);

/* What has become of its file since it was opened? */
enum ledger_file {
	LEDGER_IN_PLACE,
	LEDGER_EMPTIED,  /* cut to no bytes, where it was more */
	LEDGER_REMOVED,  /* nothing has its name; what was in it can still be read */
	LEDGER_REPLACED, /* another file has its name; as above */
};
enum ledger_file ledger_file(const struct ledger *l);

/* Is what is in the file sound?  Reads all of it.  ERR_FATAL: it is damaged. */
bool ledger_check(const struct ledger *l, struct err *err) MUST_CHECK;

/* Each page of the file has a checksum, which is checked whenever the page is read.  Another
 * program that changed the ledger wrote none: then the file is checked, and sealed again, here and
 * by ledger_open() for writing.  ERR_FATAL: it is damaged. */
bool ledger_seal(struct ledger *l, struct err *err) MUST_CHECK;

/* Writes what can be read of it to `path`, 0600, unless something is there.  *any: there was
 * something in it; else nothing is written. */
bool ledger_save(struct ledger *l, const char *path, bool *any, struct err *err) MUST_CHECK;

/* Is this the error of a damaged ledger? */
bool ledger_is_damaged(const struct err *err);

/* Writes the file once more, without the pages that nothing uses.  For a sound ledger. */
bool ledger_renew(struct ledger *l, struct err *err) MUST_CHECK;

/* ---- copies ---- */

/* Copies the ledger at `from` to a new file `to`, 0600.  Other processes may write the ledger
 * meanwhile, so it goes in slices of about a megabyte. */
struct ledger_copy;
struct ledger_copy *ledger_copy_begin(const char *from, const char *to, struct err *err) MUST_CHECK;

/* One slice.  *done: the copy is complete, and on the disk. */
bool ledger_copy_step(struct ledger_copy *c, bool *done, struct err *err) MUST_CHECK;

/* Removes a copy that is not complete.  NULL is fine. */
void ledger_copy_end(struct ledger_copy *c);

/* What a ledger's file holds, whatever its layout is. */
struct ledger_facts {
	int64_t newest;       /* the time of the last change, call or cycle; 0: none */
	uint64_t assignments; /* in all */
	uint64_t torrents;    /* those whose infohash is known */
};

/* Reads all of the file (integrity_check).  ERR_FATAL: it is damaged, or not a ledger.  Any request
 * that `wake` (or NULL) gets interrupts it: WORD_STOPPED. */
bool ledger_examine(const char *path, struct wake *wake, struct ledger_facts *f,
		    struct err *err) MUST_CHECK;

/* ---- the way of one torrent ---- */

/* "We are about to ask": *id is the new row. */
bool ledger_asking(struct ledger *l, const char *container, int64_t *id,
		   struct err *err) MUST_CHECK;

/* The tracker has answered: which torrent. */
bool ledger_assigned(struct ledger *l, int64_t id, const char *torrent_id, const char *archive_id,
		     struct err *err) MUST_CHECK;

/* The id of the film's page. */
bool ledger_set_group(struct ledger *l, int64_t id, const char *group_id,
		      struct err *err) MUST_CHECK;

/* The tracker has certainly not assigned anything: the row goes. */
bool ledger_not_assigned(struct ledger *l, int64_t id, struct err *err) MUST_CHECK;

/* The answer was lost, or unreadable.  The container's turn counts as taken from now on.
 * `certain`: a torrent was assigned, and only which one is not known. */
bool ledger_possibly_lost(struct ledger *l, int64_t id, bool certain, const char *note,
			  struct err *err) MUST_CHECK;

/* Every row still in "asking" was left over by a process that died: it is possibly lost from now
 * on, and its container's turn counts as taken.  *n says how many there were. */
bool ledger_adopt_leftovers(struct ledger *l, size_t *n, struct err *err) MUST_CHECK;

/* A lost one was found again; its container has something to do before the next cycle.  `who` says
 * so; NULL: the program.  Nothing happens if the row is not lost (any more), or if the ledger knows
 * the torrent: *done is then false (`done` may be NULL). */
bool ledger_found(struct ledger *l, int64_t id, const struct incomplete *found,
		  const char *archive_id, const char *who, bool *done, struct err *err) MUST_CHECK;

/* A lost one was not made.  `who` and `done` as above. */
bool ledger_unfounded(struct ledger *l, int64_t id, const char *who, bool *done,
		      struct err *err) MUST_CHECK;

/* The program took it for one that was not made.  It is lost again. */
bool ledger_reopen(struct ledger *l, int64_t id, struct err *err) MUST_CHECK;

/* So many lists in a row held nothing that a lost one could be, since then. */
bool ledger_absent(struct ledger *l, int64_t id, uint32_t lists, int64_t since,
		   struct err *err) MUST_CHECK;

struct fetched {
	const char *infohash, *name, *file_name;
	const char *v2; /* the v2 infohash in hex; "" if it has none */
	uint64_t bytes;
	bool hook; /* AfterFetchExec is to be run after the delivery */
};
bool ledger_fetched(struct ledger *l, int64_t id, const struct fetched *f,
		    struct err *err) MUST_CHECK;

/* The bytes in the vault are gone or damaged: back to "assigned". */
bool ledger_unfetched(struct ledger *l, int64_t id, const char *note, struct err *err) MUST_CHECK;

/* `file_name`: the name that it will have there; `target`: where (it is `path` until delivered). */
bool ledger_delivering(struct ledger *l, int64_t id, const char *file_name, const char *target,
		       struct err *err) MUST_CHECK;

/* `client`: its name, NULL for a watch folder.  PICK_UP_DUE if it is to be seen whether it leaves
 * the folder, else PICK_UP_NONE. */
bool ledger_delivered(struct ledger *l, int64_t id, const char *path, const char *client,
		      enum assignment_pick_up pick_up, struct err *err) MUST_CHECK;

/* What has become of a file in a watch folder, found now. */
bool ledger_pick_up(struct ledger *l, int64_t id, enum assignment_pick_up pick_up,
		    struct err *err) MUST_CHECK;

/* As ledger_delivered, of one that had been delivered before. */
bool ledger_moved(struct ledger *l, int64_t id, const char *path, const char *client,
		  enum assignment_pick_up pick_up, struct err *err) MUST_CHECK;

/* A torrent that a client had already becomes the container's, as delivered; *id is its row. */
struct adopted {
	const char *container, *infohash, *v2, *name, *file_name;
	uint64_t bytes;
	const char *path, *client; /* where it is; NULL: not known */
};
bool ledger_adopt(struct ledger *l, const struct adopted *a, int64_t *id,
		  struct err *err) MUST_CHECK;

/* A download brought no torrent, or the client refused it: one more try, with the reason; set aside
 * or not. */
bool ledger_tried(struct ledger *l, int64_t id, const char *note, bool set_aside,
		  struct err *err) MUST_CHECK;

/* Why it is not further, without counting a try. */
bool ledger_note(struct ledger *l, int64_t id, const char *note, struct err *err) MUST_CHECK;

bool ledger_hook(struct ledger *l, int64_t id, enum assignment_hook hook,
		 struct err *err) MUST_CHECK;

/* A container gets another name: its assignments, whatever their state, go with it. */
bool ledger_rename(struct ledger *l, const char *container, const char *name,
		   struct err *err) MUST_CHECK;

/* ---- looking ---- */

enum ledger_filter {
	LEDGER_PENDING, /* assigned, fetched or delivering; or delivered with the hook still due */
	LEDGER_LOST,
	LEDGER_DOUBTFUL, /* the program, and no person, took them for not made */
	LEDGER_ALL,      /* newest first */
	LEDGER_NEWEST,   /* delivered, the last delivered first */
	LEDGER_OURS,     /* assigned or further; by container */
	LEDGER_AWAITED,  /* in a watch folder, and not seen to be picked up yet */
	LEDGER_REFUSED,  /* put aside by the client that watches the folder */
};

/* *list and *n are the caller's (assignment_list_free).  `container` NULL: of all.  `limit` 0: all.
 * Pending and lost come oldest first. */
bool ledger_list(struct ledger *l, enum ledger_filter filter, const char *container, size_t limit,
		 struct assignment **list, size_t *n, struct err *err) MUST_CHECK;

/* A page of the history: the newest before the row with this id, `limit` at most. */
bool ledger_history(struct ledger *l, const char *container, int64_t before, size_t limit,
		    struct assignment **list, size_t *n, struct err *err) MUST_CHECK;

/* What is read between the two is of one moment.  The ledger cannot be written meanwhile, so it
 * should be short. */
bool ledger_look_begin(struct ledger *l, struct err *err) MUST_CHECK;
void ledger_look_end(struct ledger *l);

/* Is there a row for this torrent of the tracker's, in any state? */
bool ledger_knows(struct ledger *l, const char *torrent_id, bool *known,
		  struct err *err) MUST_CHECK;

/* Is this torrent of the tracker's pending in this container, or delivered? */
bool ledger_has(struct ledger *l, const char *container, const char *torrent_id, bool *has,
		struct err *err) MUST_CHECK;

/* Has the container (NULL: any) a torrent of this infohash, fetched or further? */
bool ledger_keeps(struct ledger *l, const char *container, const char *infohash, bool *keeps,
		  struct err *err) MUST_CHECK;

/* Is something of the container's in this watch folder, or was it?  *delivered: this program put it
 * there. */
bool ledger_used_folder(struct ledger *l, const char *container, const char *folder, bool *used,
			bool *delivered, struct err *err) MUST_CHECK;

/* How many torrents the container got at that time or later: delivered since then, or asked for
 * since then and waiting for the client. */
bool ledger_got_since(struct ledger *l, const char *container, int64_t since, uint64_t *n,
		      struct err *err) MUST_CHECK;

/* How many of the container's torrents wait for its client. */
bool ledger_waiting(struct ledger *l, const char *container, uint64_t *n,
		    struct err *err) MUST_CHECK;

/* Since when the pick-up of a file is due, of the oldest; 0: none is. */
bool ledger_pick_up_due(struct ledger *l, const char *container, int64_t *since,
			struct err *err) MUST_CHECK;

struct ledger_totals {
	uint64_t assigned, delivered, bytes; /* bytes: of what was delivered */
	uint64_t pending, set_aside, lost;
	uint64_t late, refused; /* of its files in the watch folder: not picked up, put aside */
	uint64_t asking; /* being asked for; or, if no cycle is at work, possibly lost as well */
	uint64_t pending_bytes; /* of what is pending or set aside, as far as its size is known */
	int64_t oldest_pending; /* when the oldest of those was asked for; 0: there is none */
};
bool ledger_totals(struct ledger *l, const char *container, struct ledger_totals *t,
		   struct err *err) MUST_CHECK;

/* ---- IncompleteTransactions ---- */

/* Remember what a reply listed at `now`.  What was not listed for LEDGER_LISTED_MS is forgotten; if
 * it is known whose it is, after LEDGER_OWNED_MS. */
#define LEDGER_LISTED_MS (90 * 24 * 3600 * INT64_C(1000))
#define LEDGER_OWNED_MS (366 * 24 * 3600 * INT64_C(1000))
bool ledger_remember_incomplete(struct ledger *l, const struct reply *reply, int64_t now,
				struct err *err) MUST_CHECK;

/* When the first and the last list came; 0: none did. */
struct ledger_lists {
	int64_t first_at, last_at;
};
bool ledger_get_lists(struct ledger *l, struct ledger_lists *lists, struct err *err) MUST_CHECK;

/* What is remembered of the lists and does not belong to the ledger, in the order in which it came;
 * *list is the caller's (free). */
bool ledger_unknown(struct ledger *l, struct listed **list, size_t *n, struct err *err) MUST_CHECK;

/* Whose it is.  `who` says so; NULL: the program concludes it. */
bool ledger_set_owner(struct ledger *l, const char *torrent_id, enum listed_owner owner,
		      const char *who, struct err *err) MUST_CHECK;

/* Has the ledger torrents whose TorrentID it does not know? */
bool ledger_has_nameless(struct ledger *l, bool *has, struct err *err) MUST_CHECK;

/* How many the last list held. */
bool ledger_incomplete_count(struct ledger *l, uint64_t *n, struct err *err) MUST_CHECK;

/* ---- pacing, back-off ---- */

bool ledger_get_pace(struct ledger *l, struct pace *p, struct err *err) MUST_CHECK;
bool ledger_set_pace(struct ledger *l, const struct pace *p, struct err *err) MUST_CHECK;

/* ---- cycles ---- */

bool ledger_get_clock(struct ledger *l, struct cycle_clock *c, struct err *err) MUST_CHECK;
bool ledger_set_clock(struct ledger *l, const struct cycle_clock *c, struct err *err) MUST_CHECK;

/* These containers are to have a turn: each is undone until one has ended. */
bool ledger_undone(struct ledger *l, const char *const names[], size_t n,
		   struct err *err) MUST_CHECK;

/* A cycle over these containers begins: each of them is undone from now on. */
bool ledger_cycle_begin(struct ledger *l, enum cycle_kind kind, const char *const names[], size_t n,
			int64_t *cycle, struct err *err) MUST_CHECK;

/* One container's turn is over. */
bool ledger_turn(struct ledger *l, int64_t cycle, const struct outcome *o,
		 struct err *err) MUST_CHECK;

/* How a cycle ended, the carried outcomes included. */
enum cycle_end {
	CYCLE_END_WELL,
	CYCLE_END_WAITS,  /* a container waits for more than time */
	CYCLE_END_FAILED, /* a container is in ERR */
};
bool ledger_cycle_end(struct ledger *l, int64_t cycle, enum cycle_end end, const char *summary,
		      struct err *err) MUST_CHECK;

/* A cycle of the past. */
struct ledger_turn {
	char *container, *detail; /* owned */
	struct result result;
	int64_t until; /* see struct outcome */
};
struct ledger_cycle {
	int64_t id, begun_at, ended_at; /* ended_at 0: it did not, or not yet */
	enum cycle_kind kind;
	char *summary;             /* owned */
	bool well, failed;         /* failed: a container's outcome was ERR */
	struct ledger_turn *turns; /* owned, by container */
	size_t n_turns;
};

/* The last ones, newest first; *list is the caller's (ledger_cycles_free). */
bool ledger_cycles(struct ledger *l, size_t limit, struct ledger_cycle **list, size_t *n,
		   struct err *err) MUST_CHECK;
void ledger_cycles_free(struct ledger_cycle *list, size_t n);

/* How many cycles ended ill [0] and well [1], and how long they took in all. */
struct ledger_cycle_tally {
	uint64_t n[2], ms[2];
};
bool ledger_cycle_tally(struct ledger *l, struct ledger_cycle_tally *t, struct err *err) MUST_CHECK;

/* How many turns of a container ended how. */
struct ledger_turn_tally {
	char *container, *outcome; /* owned */
	uint64_t n;
};
bool ledger_turn_tally(struct ledger *l, struct ledger_turn_tally **list, size_t *n,
		       struct err *err) MUST_CHECK;
void ledger_turn_tally_free(struct ledger_turn_tally *list, size_t n);

/* What was delivered to a container on a day (days since 1970, UTC). */
struct ledger_day {
	int64_t day;
	uint64_t n, bytes;
	uint64_t adopted; /* bytes that were there already when they were taken over */
};
struct ledger_growth {
	struct ledger_day *days; /* owned, oldest first; days without anything are left out */
	size_t n;
	uint64_t before; /* bytes of earlier days */
	int64_t first;   /* the first day of all; -1: there is none */
};
/* Of the days from `since` on. */
bool ledger_get_growth(struct ledger *l, const char *container, int64_t since,
		       struct ledger_growth *g, struct err *err) MUST_CHECK;
void ledger_growth_clear(struct ledger_growth *g);

/* What is known of a container from its last turn. */
struct ledger_container {
	char id[REPLY_ID_SIZE];
	struct result result;
	char detail[400];
	int64_t until;      /* see struct outcome */
	int64_t outcome_at; /* 0: it never had a turn, and the above says nothing */
	int64_t asked_at;   /* when the tracker was last asked for it; 0: never */
	bool undone; /* its turn has not ended; never while the tracker is being asked for it */
	int64_t retry_at; /* when it is resumed; 0: as soon as the tracker may be asked */
};
bool ledger_get_container(struct ledger *l, const char *name, struct ledger_container *c,
			  struct err *err) MUST_CHECK;
bool ledger_set_container_id(struct ledger *l, const char *name, const char *id,
			     struct err *err) MUST_CHECK;

/* ---- clients ---- */

struct ledger_client {
	char refused[17];   /* fingerprint of the credentials that it did not accept; "" none */
	int64_t down_since; /* ms since 1970; 0: it was there when it was last called */
	int64_t seen_at;    /* when it last answered, within a minute; 0: never */
};
bool ledger_get_client(struct ledger *l, const char *name, struct ledger_client *c,
		       struct err *err) MUST_CHECK;
bool ledger_set_client(struct ledger *l, const char *name, const struct ledger_client *c,
		       struct err *err) MUST_CHECK;

/* The folder that hangs with this number, by the time when it began; *folder is the caller's, and
 * NULL if there are no more.  Folders are among the clients, by their paths: `down_since` is since
 * when they hang. */
bool ledger_hanging(struct ledger *l, size_t number, char **folder, int64_t *since,
		    struct err *err) MUST_CHECK;

/* ---- room, where torrents are stored ---- */

struct ledger_space {
	uint64_t free, total; /* total 0: not known */
	int64_t at;           /* when it was measured; 0: never */
};
/* `place`: a client's name, or a folder's path. */
bool ledger_get_space(struct ledger *l, const char *place, struct ledger_space *space,
		      struct err *err) MUST_CHECK;
bool ledger_set_space(struct ledger *l, const char *place, const struct ledger_space *space,
		      struct err *err) MUST_CHECK;

/* Are these credentials (their fingerprint) refused by a client, whatever its name is now? */
bool ledger_is_refused(struct ledger *l, const char *fingerprint, bool *refused,
		       struct err *err) MUST_CHECK;

/* They are to be tried again. */
bool ledger_forgive(struct ledger *l, const char *fingerprint, struct err *err) MUST_CHECK;

/* ---- which folders are the right ones ---- */

/* Its own id, a random one. */
bool ledger_identity(struct ledger *l, char id[MARK_ID], struct err *err) MUST_CHECK;
bool ledger_set_identity(struct ledger *l, const char *id, struct err *err) MUST_CHECK;

/* `folder`: its path.  One that is not known has no id. */
bool ledger_get_mark(struct ledger *l, const char *folder, struct mark *m,
		     struct err *err) MUST_CHECK;
bool ledger_set_mark(struct ledger *l, const char *folder, const struct mark *m,
		     struct err *err) MUST_CHECK;

/* ---- the audit ---- */

/* What it found of torrents, all in one transaction. */
struct ledger_finding {
	int64_t id;
	enum audit_class found;
	int64_t since; /* when that began, as far as is known */
};
bool ledger_audited(struct ledger *l, const struct ledger_finding *findings, size_t n,
		    struct err *err) MUST_CHECK;

#define LEDGER_SUMMARY 300
struct ledger_audit {
	int64_t at; /* of the last one; 0: there was none */
	char summary[LEDGER_SUMMARY];
	uint64_t missing;  /* torrents that it did not find */
	uint64_t in_error; /* torrents that the client showed in error */
};
bool ledger_get_audit(struct ledger *l, struct ledger_audit *a, struct err *err) MUST_CHECK;
bool ledger_set_audit(struct ledger *l, const struct ledger_audit *a, struct err *err) MUST_CHECK;

/* ---- the daily look at the vault ---- */

struct ledger_vault_look {
	int64_t at; /* of the last one; 0: there was none */
	uint64_t damaged;
	char infohash[65]; /* of the first that is damaged; "" none */
};
bool ledger_get_vault_look(struct ledger *l, struct ledger_vault_look *v,
			   struct err *err) MUST_CHECK;
bool ledger_set_vault_look(struct ledger *l, const struct ledger_vault_look *v,
			   struct err *err) MUST_CHECK;

/* ---- pings ---- */

#define LEDGER_PING_WHY 120
struct ledger_pings {
	uint32_t failures; /* in a row; 0: the last one was recorded */
	int64_t since;     /* of the first of them */
	char why[LEDGER_PING_WHY];
};
bool ledger_get_pings(struct ledger *l, struct ledger_pings *p, struct err *err) MUST_CHECK;
bool ledger_set_pings(struct ledger *l, const struct ledger_pings *p, struct err *err) MUST_CHECK;

/* ---- delivering again ---- */

/* Which torrents are done, for a target.  So a redelivery that was cut off can resume. */
bool ledger_is_redelivered(struct ledger *l, const char *target, int64_t id, bool *is,
			   struct err *err) MUST_CHECK;
bool ledger_redelivered(struct ledger *l, const char *target, int64_t id,
			struct err *err) MUST_CHECK;
/* All of it is done. */
bool ledger_redelivery_ended(struct ledger *l, const char *target, struct err *err) MUST_CHECK;

/* ---- messages to people (core/events.h, core/outbox.h) ---- */

/* What was reported already; *list and the keys in it are the caller's. */
bool ledger_notices(struct ledger *l, struct notice **list, size_t *n, struct err *err) MUST_CHECK;

/* A message for a target, which is named by its fingerprint. */
struct ledger_message {
	const char *target;
	const struct event *event;
};

/* Keeps those of the notices that are marked as changed, and the messages, all in one transaction.
 */
bool ledger_tell(struct ledger *l, const struct notice notices[], size_t n_notices,
		 const struct ledger_message messages[], size_t n_messages,
		 struct err *err) MUST_CHECK;

/* The oldest message for a target; the caller clears *e.  *is: there is one. */
bool ledger_next_message(struct ledger *l, const char *target, struct event *e, bool *is,
			 struct err *err) MUST_CHECK;

/* Messages of before or after these times go. */
bool ledger_forget_messages(struct ledger *l, int64_t before, int64_t after,
			    struct err *err) MUST_CHECK;

/* How a target was called lately. */
struct ledger_telling {
	int64_t since;     /* when its day began */
	uint32_t told;     /* messages since then */
	uint32_t failures; /* in a row */
	int64_t rest_until;
};
bool ledger_get_telling(struct ledger *l, const char *target, struct ledger_telling *t,
			struct err *err) MUST_CHECK;

/* `done`: the id of a message that is settled, and goes; 0: none. */
bool ledger_set_telling(struct ledger *l, const char *target, const struct ledger_telling *t,
			int64_t done, struct err *err) MUST_CHECK;

const char *ledger_library(void);

#endif
