/*
 * ports/ledger_parts.h - what the files of the ledger share; for them alone.
 *
 *     ledger_sql.c    the layout and every statement
 *     ledger.c        opening, running statements; the way of one torrent
 *     ledger_look.c   lists and totals
 *     ledger_lost.c   questions without an answer, and IncompleteTransactions
 *     ledger_cycle.c  pacing, cycles, containers
 *     ledger_past.c   what the status page shows of the past: cycles, growth, counts
 *     ledger_mark.c   the ledger's own id, and the folders that it knows
 *     ledger_tell.c   messages: what was reported, and what waits
 *     ledger_copy.c   copies, and what a file holds
 *     ledger_seal.c   the checksum of each page
 */
#ifndef PORTS_LEDGER_PARTS_H
#define PORTS_LEDGER_PARTS_H

#include "base/own.h"
#include "ports/ledger.h"

#include <sqlite3.h>
#include <sys/types.h>

#define LEDGER_VERSION 4 /* of the layout */

struct ledger_migration {
	int version;
	const char *sql;
};

extern const struct ledger_migration ledger_migrations[LEDGER_VERSION];

enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_CHECK,
	SQL_CHECK_ALL,
	SQL_ASKING,
	SQL_ASKED,
	SQL_ASSIGNED,
	SQL_GROUP,
	SQL_NOT_ASSIGNED,
	SQL_LOST,
	SQL_TURN_TAKEN,
	SQL_TURN_OPEN,
	SQL_LEFTOVER_TURNS,
	SQL_LEFTOVERS,
	SQL_FOUND,
	SQL_UNFOUNDED,
	SQL_REOPEN,
	SQL_ABSENT,
	SQL_FETCHED,
	SQL_UNFETCHED,
	SQL_DELIVERING,
	SQL_DELIVERED,
	SQL_PICK_UP,
	SQL_MOVED,
	SQL_ADOPT,
	SQL_AUDITED,
	SQL_TRIED,
	SQL_NOTE,
	SQL_HOOK,
	SQL_RENAME,
	SQL_LIST_PENDING,
	SQL_LIST_LOST,
	SQL_LIST_DOUBTFUL,
	SQL_LIST_ALL,
	SQL_LIST_HISTORY,
	SQL_LIST_NEWEST,
	SQL_LIST_OURS,
	SQL_LIST_AWAITED,
	SQL_LIST_REFUSED,
	SQL_KNOWS,
	SQL_HAS,
	SQL_KEEPS,
	SQL_GOT_SINCE,
	SQL_WAITING,
	SQL_USED_FOLDER,
	SQL_GET_IDENTITY,
	SQL_SET_IDENTITY,
	SQL_GET_MARK,
	SQL_SET_MARK,
	SQL_PICK_UP_DUE,
	SQL_TOTALS,
	SQL_LOOK,
	SQL_CYCLES,
	SQL_CYCLE_TALLY,
	SQL_TURN_TALLY,
	SQL_GROWTH,
	SQL_GROWTH_ALL,
	SQL_GET_SPACE,
	SQL_SET_SPACE,
	SQL_REMEMBER,
	SQL_LISTED,
	SQL_FORGET,
	SQL_GET_LISTS,
	SQL_UNKNOWN,
	SQL_OWNER,
	SQL_NAMELESS,
	SQL_INCOMPLETE_COUNT,
	SQL_GET_PACE,
	SQL_SET_PACE,
	SQL_GET_CLOCK,
	SQL_SET_CLOCK,
	SQL_CYCLE_BEGIN,
	SQL_UNDONE,
	SQL_TURN,
	SQL_TURN_STATE,
	SQL_CYCLE_END,
	SQL_GET_CONTAINER,
	SQL_SET_CONTAINER_ID,
	SQL_GET_CLIENT,
	SQL_SET_CLIENT,
	SQL_HANGING,
	SQL_IS_REFUSED,
	SQL_FORGIVE,
	SQL_GET_AUDIT,
	SQL_SET_AUDIT,
	SQL_GET_VAULT_LOOK,
	SQL_SET_VAULT_LOOK,
	SQL_GET_PINGS,
	SQL_SET_PINGS,
	SQL_IS_REDELIVERED,
	SQL_REDELIVERED,
	SQL_REDELIVERY_ENDED,
	SQL_NOTICES,
	SQL_SET_NOTICE,
	SQL_ADD_MESSAGE,
	SQL_NEXT_MESSAGE,
	SQL_DROP_MESSAGE,
	SQL_FORGET_MESSAGES,
	SQL_GET_TELLING,
	SQL_SET_TELLING,
	SQL_COUNT,
};

extern const char *const ledger_statements[SQL_COUNT];

struct ledger {
	sqlite3 *db;                       /* owned */
	sqlite3_stmt *prepared[SQL_COUNT]; /* owned, made when first used */
	char *path;                        /* owned */
	dev_t device;                      /* of the file that was opened, as is the next */
	ino_t inode;
};

/* ---- ledger_seal.c ---- */

#define LEDGER_SEAL_BYTES 16 /* of each page */

enum ledger_seal_state {
	LEDGER_SEALED,      /* each page that is read is checked: SQLITE_CORRUPT */
	LEDGER_UNSEALED,    /* nothing is checked: an older version or another program wrote it */
	LEDGER_SEAL_BROKEN, /* page 1 is damaged; so are all others for SQLite */
};

struct ledger_seal {
	enum ledger_seal_state state;
	bool reserved; /* the pages have room for it */
};

/* As sqlite3_open_v2(), without a mutex.  A new file is sealed. */
int ledger_open_sealed(const char *path, sqlite3 **db, int flags);

/* Of the file as it is now.  false: SQLite's last error says why not. */
bool ledger_seal_of(sqlite3 *db, struct ledger_seal *seal) MUST_CHECK;

/* Writes all pages once more (VACUUM), so that the seals hold.  For a sound file whose pages have
 * room for them.  false: it cannot be written now. */
bool ledger_seal_again(sqlite3 *db);

/* The error of a damaged ledger; false. */
bool ledger_damaged(struct err *err, const char *what);

/* Fills in *err from SQLite's last error; false. */
bool ledger_failed(sqlite3 *db, struct err *err);

/* A statement with its parameters bound, one letter each in `types`: i for int64_t, t for a text
 * (NULL allowed).  NULL: it failed.  Reset with OWN_STATEMENT. */
sqlite3_stmt *ledger_query(struct ledger *l, enum sql which, struct err *err, const char *types,
			   ...);
void ledger_finish(sqlite3_stmt **s);

static inline void ledger_finalize(sqlite3_stmt **s)
{
	sqlite3_finalize(*s);
}

/* A bound statement that is reset at the end of the block. */
#define OWN_STATEMENT OWN(ledger_finish)

/* The next row.  STEP_FAILED as well where the statement could not be made (NULL). */
enum ledger_step { STEP_ROW, STEP_DONE, STEP_FAILED };
enum ledger_step ledger_step(struct ledger *l, sqlite3_stmt *s, struct err *err);

/* Runs where one row is expected; false, too, where s is NULL.  The caller finishes s. */
bool ledger_run_row(struct ledger *l, sqlite3_stmt *s, struct err *err);

/* Runs a statement that gives no rows, or whose rows do not matter. */
bool ledger_run(struct ledger *l, enum sql which, struct err *err, const char *types, ...);

/* Ends a transaction: commit if all went well, else roll back and keep the first error. */
bool ledger_commit(struct ledger *l, bool ok, struct err *err);

/* A number of an enum that has `count`; 0 for one that this version does not know. */
int ledger_within(int value, int count);

/* A result, from its five columns; kinds that this version does not know are failures. */
struct result ledger_result(sqlite3_stmt *s, int first_column);

/* A column: "" for NULL, borrowed until the next step; or a copy that is the caller's, or NULL. */
const char *ledger_text(sqlite3_stmt *s, int column);
char *ledger_text_or_null(sqlite3_stmt *s, int column);

#endif
