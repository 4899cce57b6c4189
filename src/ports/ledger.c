#include "ports/ledger.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 1500 /* a stop request waits for it */

static const struct {
	int version;
	const char *sql;
} migrations[] = {
	{1,
	 "CREATE TABLE assignment("
	 " id INTEGER PRIMARY KEY, container TEXT NOT NULL, state INTEGER NOT NULL,"
	 " torrent_id TEXT, archive_id TEXT, infohash TEXT, name TEXT, bytes INTEGER,"
	 " file_name TEXT, path TEXT, note TEXT, tries INTEGER NOT NULL DEFAULT 0,"
	 " set_aside INTEGER NOT NULL DEFAULT 0, hook INTEGER NOT NULL DEFAULT 0,"
	 " asked_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, delivered_at INTEGER);"
	 "CREATE INDEX assignment_by_container ON assignment(container, state);"
	 "CREATE INDEX assignment_by_state ON assignment(state, hook);"
	 "CREATE INDEX assignment_by_torrent ON assignment(torrent_id);"
	 "CREATE TABLE incomplete("
	 " torrent_id TEXT PRIMARY KEY, infohash TEXT, first_seen INTEGER NOT NULL,"
	 " last_seen INTEGER NOT NULL) WITHOUT ROWID;"
	 "CREATE TABLE container("
	 " name TEXT PRIMARY KEY, tracker_id TEXT, outcome TEXT, detail TEXT, outcome_at INTEGER,"
	 " undone INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	 "CREATE TABLE cycle("
	 " id INTEGER PRIMARY KEY, kind TEXT NOT NULL, begun_at INTEGER NOT NULL,"
	 " ended_at INTEGER, well INTEGER, summary TEXT);"
	 "CREATE TABLE turn("
	 " cycle INTEGER NOT NULL REFERENCES cycle(id), container TEXT NOT NULL,"
	 " outcome TEXT NOT NULL, detail TEXT, at INTEGER NOT NULL,"
	 " PRIMARY KEY(cycle, container)) WITHOUT ROWID;"
	 "CREATE TABLE pace("
	 " id INTEGER PRIMARY KEY CHECK(id = 1), last_fetch INTEGER, last_request INTEGER,"
	 " failures INTEGER, backoff_until INTEGER, reason TEXT, credentials TEXT,"
	 " announced TEXT);"
	 "INSERT INTO pace VALUES(1, 0, 0, 0, 0, '', '', '');"
	 "CREATE TABLE clock("
	 " id INTEGER PRIMARY KEY CHECK(id = 1), last_cycle INTEGER, next_cycle INTEGER,"
	 " last_attempt INTEGER, attempts INTEGER);"
	 "INSERT INTO clock VALUES(1, 0, 0, 0, 0);"},
};

#define NEWEST_VERSION ((int)(sizeof migrations / sizeof *migrations))

#define ASSIGNMENT_COLUMNS                                                                     \
	"id, container, state, torrent_id, archive_id, infohash, name, file_name, path, note," \
	" bytes, tries, set_aside, hook, asked_at, changed_at, delivered_at"

/* Numbers stand for enum assignment_state and enum assignment_hook; the assertions below hold the
 * two together. */
_Static_assert(ASSIGNMENT_ASKING == 0 && ASSIGNMENT_ASSIGNED == 1 && ASSIGNMENT_FETCHED == 2 &&
		       ASSIGNMENT_DELIVERING == 3 && ASSIGNMENT_DELIVERED == 4 &&
		       ASSIGNMENT_LOST == 5 && ASSIGNMENT_UNFOUNDED == 6,
	       "states are kept in the ledger as these numbers");
_Static_assert(HOOK_NONE == 0 && HOOK_DUE == 1 && HOOK_STARTED == 2 && HOOK_DONE == 3,
	       "so are hooks");

enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_ASKING,
	SQL_ASSIGNED,
	SQL_NOT_ASSIGNED,
	SQL_LOST,
	SQL_TURN_TAKEN,
	SQL_TURN_OPEN,
	SQL_LEFTOVER_TURNS,
	SQL_LEFTOVERS,
	SQL_FOUND,
	SQL_UNFOUNDED,
	SQL_FETCHED,
	SQL_UNFETCHED,
	SQL_DELIVERING,
	SQL_DELIVERED,
	SQL_TRIED,
	SQL_NOTE,
	SQL_HOOK,
	SQL_RENAME,
	SQL_LIST_PENDING,
	SQL_LIST_LOST,
	SQL_LIST_ALL,
	SQL_KNOWS,
	SQL_KEEPS,
	SQL_DELIVERED_SINCE,
	SQL_TOTALS,
	SQL_REMEMBER,
	SQL_FORGET,
	SQL_SINCE,
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
	SQL_COUNT,
};

/* Parameter 1 is the time or the container where there is one; see the callers. */
static const char *const statements[] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_ASKING] = "INSERT INTO assignment(container, state, asked_at, changed_at)"
		       " VALUES(?1, 0, ?2, ?2)",
	[SQL_ASSIGNED] = "UPDATE assignment SET state = 1, torrent_id = ?2, archive_id = ?3,"
			 " changed_at = ?4 WHERE id = ?1",
	[SQL_NOT_ASSIGNED] = "DELETE FROM assignment WHERE id = ?1 AND state = 0",
	[SQL_LOST] = "UPDATE assignment SET state = 5, note = ?2, changed_at = ?3 WHERE id = ?1",
	[SQL_TURN_TAKEN] = "UPDATE container SET undone = 0 WHERE name ="
			   " (SELECT container FROM assignment WHERE id = ?1)",
	[SQL_TURN_OPEN] = "UPDATE container SET undone = 1 WHERE name ="
			  " (SELECT container FROM assignment WHERE id = ?1)",
	[SQL_LEFTOVER_TURNS] = "UPDATE container SET undone = 0 WHERE name IN"
			       " (SELECT container FROM assignment WHERE state = 0)",
	[SQL_LEFTOVERS] = "UPDATE assignment SET state = 5, note = ?1, changed_at = ?2"
			  " WHERE state = 0",
	[SQL_FOUND] = "UPDATE assignment SET state = 1, torrent_id = ?2, archive_id = ?3,"
		      " infohash = ?4, note = NULL, changed_at = ?5"
		      " WHERE id = ?1 AND state IN (0, 5)",
	[SQL_UNFOUNDED] = "UPDATE assignment SET state = 6, changed_at = ?2 WHERE id = ?1",
	[SQL_FETCHED] = "UPDATE assignment SET state = 2, infohash = ?2, name = ?3,"
			" file_name = ?4, bytes = ?5, hook = ?6, note = NULL, set_aside = 0,"
			" changed_at = ?7 WHERE id = ?1",
	[SQL_UNFETCHED] = "UPDATE assignment SET state = 1, note = ?2, changed_at = ?3"
			  " WHERE id = ?1",
	[SQL_DELIVERING] = "UPDATE assignment SET state = 3, file_name = ?2, path = ?3,"
			   " changed_at = ?4 WHERE id = ?1",
	[SQL_DELIVERED] = "UPDATE assignment SET state = 4, path = ?2, note = NULL,"
			  " changed_at = ?3, delivered_at = ?3 WHERE id = ?1",
	[SQL_TRIED] = "UPDATE assignment SET tries = tries + 1, note = ?2, set_aside = ?3,"
		      " changed_at = ?4 WHERE id = ?1",
	[SQL_NOTE] = "UPDATE assignment SET note = ?2 WHERE id = ?1",
	[SQL_HOOK] = "UPDATE assignment SET hook = ?2 WHERE id = ?1",
	[SQL_RENAME] = "UPDATE assignment SET container = ?2 WHERE container = ?1"
		       " AND (state IN (0, 1, 2, 3, 5) OR (state = 4 AND hook = 1))",
	[SQL_LIST_PENDING] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			     " WHERE (state BETWEEN 1 AND 3 OR (state = 4 AND hook = 1))"
			     " AND (?1 IS NULL OR container = ?1) ORDER BY id LIMIT ?2",
	[SQL_LIST_LOST] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment WHERE state IN (0, 5)"
			  " AND (?1 IS NULL OR container = ?1) ORDER BY id LIMIT ?2",
	[SQL_LIST_ALL] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			 " WHERE ?1 IS NULL OR container = ?1 ORDER BY id DESC LIMIT ?2",
	[SQL_KNOWS] = "SELECT 1 FROM assignment WHERE torrent_id = ?1 LIMIT 1",
	[SQL_KEEPS] = "SELECT 1 FROM assignment WHERE infohash = ?1 AND state BETWEEN 2 AND 4"
		      " AND (?2 IS NULL OR container = ?2) LIMIT 1",
	[SQL_DELIVERED_SINCE] =
		"SELECT count(*) FROM assignment"
		" WHERE container = ?1 AND state = 4 AND delivered_at BETWEEN ?2 AND ?3",
	[SQL_TOTALS] = "SELECT ifnull(sum(state BETWEEN 1 AND 4), 0), ifnull(sum(state = 4), 0),"
		       " ifnull(sum(CASE WHEN state = 4 THEN bytes END), 0),"
		       " ifnull(sum(state BETWEEN 1 AND 3 AND NOT set_aside), 0),"
		       " ifnull(sum(state BETWEEN 1 AND 3 AND set_aside), 0),"
		       " ifnull(sum(state = 5), 0), ifnull(sum(state = 0), 0) FROM assignment "
		       "WHERE container = ?1",
	[SQL_REMEMBER] = "INSERT INTO incomplete VALUES(?1, ?2, ?3, ?3) ON CONFLICT(torrent_id)"
			 " DO UPDATE SET infohash = ?2, last_seen = ?3",
	[SQL_FORGET] = "DELETE FROM incomplete WHERE last_seen <> ?1",
	[SQL_SINCE] = "SELECT first_seen FROM incomplete WHERE torrent_id = ?1",
	[SQL_INCOMPLETE_COUNT] = "SELECT count(*) FROM incomplete",
	[SQL_GET_PACE] = "SELECT last_fetch, last_request, failures, backoff_until, reason,"
			 " credentials, announced FROM pace",
	[SQL_SET_PACE] = "UPDATE pace SET last_fetch = ?1, last_request = ?2, failures = ?3,"
			 " backoff_until = ?4, reason = ?5, credentials = ?6,"
			 " announced = ?7",
	[SQL_GET_CLOCK] = "SELECT last_cycle, next_cycle, last_attempt, attempts FROM clock",
	[SQL_SET_CLOCK] = "UPDATE clock SET last_cycle = ?1, next_cycle = ?2, last_attempt = ?3,"
			  " attempts = ?4",
	[SQL_CYCLE_BEGIN] = "INSERT INTO cycle(kind, begun_at) VALUES(?1, ?2)",
	[SQL_UNDONE] = "INSERT INTO container(name, undone) VALUES(?1, 1)"
		       " ON CONFLICT(name) DO UPDATE SET undone = 1",
	[SQL_TURN] = "INSERT OR REPLACE INTO turn VALUES(?1, ?2, ?3, ?4, ?5)",
	[SQL_TURN_STATE] = "INSERT INTO container(name, outcome, detail, outcome_at, undone)"
			   " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(name) DO UPDATE SET"
			   " outcome = ?2, detail = ?3, outcome_at = ?4, undone = ?5",
	[SQL_CYCLE_END] = "UPDATE cycle SET ended_at = ?2, well = ?3, summary = ?4 WHERE id = ?1",
	[SQL_GET_CONTAINER] =
		"SELECT tracker_id, outcome, detail, outcome_at, undone AND NOT EXISTS"
		"(SELECT 1 FROM assignment WHERE container = ?1 AND state = 0)"
		" FROM container WHERE name = ?1",
	[SQL_SET_CONTAINER_ID] = "INSERT INTO container(name, tracker_id) VALUES(?1, ?2)"
				 " ON CONFLICT(name) DO UPDATE SET tracker_id = ?2",
};
_Static_assert(sizeof statements / sizeof *statements == SQL_COUNT, "a text for each statement");

struct ledger {
	sqlite3 *db;                       /* owned */
	sqlite3_stmt *prepared[SQL_COUNT]; /* owned, made when first used */
};

static bool failed(sqlite3 *db, struct err *err)
{
	int code = sqlite3_errcode(db);
	bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;

	return err_set(err, damaged ? ERR_FATAL : ERR_RETRY, WORD_LEDGER, "ledger: %s%s",
		       sqlite3_errmsg(db),
		       damaged ? " (put a copy of it back, or move it away to begin a new one)"
			       : "");
}

/* ---- running statements ---- */

static sqlite3_stmt *prepare(struct ledger *l, enum sql which, struct err *err)
{
	if (!l->prepared[which] &&
	    sqlite3_prepare_v3(l->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
			       &l->prepared[which], NULL) != SQLITE_OK) {
		failed(l->db, err);
		return NULL;
	}
	return l->prepared[which];
}

/* One letter a parameter: i for int64_t, t for a text (NULL allowed). */
static void bind(sqlite3_stmt *s, const char *types, va_list ap)
{
	for (int i = 0; types[i]; i++)
		if (types[i] == 'i')
			sqlite3_bind_int64(s, i + 1, va_arg(ap, int64_t));
		else
			sqlite3_bind_text(s, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
}

static void finish(sqlite3_stmt **s)
{
	if (*s) {
		sqlite3_reset(*s);
		sqlite3_clear_bindings(*s);
	}
}

/* A bound statement that is reset at the end of the block. */
#define OWN_STATEMENT OWN(finish)

static sqlite3_stmt *query(struct ledger *l, enum sql which, struct err *err, const char *types,
			   ...)
{
	sqlite3_stmt *s = prepare(l, which, err);
	va_list ap;

	if (!s)
		return NULL;
	va_start(ap, types);
	bind(s, types, ap);
	va_end(ap);
	return s;
}

/* The next row: 1, none: 0, an error: -1. */
static int step(struct ledger *l, sqlite3_stmt *s, struct err *err)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	failed(l->db, err);
	return -1;
}

static bool run(struct ledger *l, enum sql which, struct err *err, const char *types, ...)
{
	OWN_STATEMENT sqlite3_stmt *s = prepare(l, which, err);
	va_list ap;

	if (!s)
		return false;
	va_start(ap, types);
	bind(s, types, ap);
	va_end(ap);
	return step(l, s, err) >= 0;
}

/* Runs where one row is expected; *s is to be finished by the caller. */
static bool run_row(struct ledger *l, sqlite3_stmt *s, struct err *err)
{
	int got = step(l, s, err);

	if (got == 0)
		err_set(err, ERR_FATAL, WORD_LEDGER, "ledger: a row that must be there is missing");
	return got == 1;
}

/* Ends a transaction: commit if all went well, else roll back and keep the first error. */
static bool commit(struct ledger *l, bool ok, struct err *err)
{
	struct err ignored;

	if (ok && run(l, SQL_COMMIT, err, ""))
		return true;
	(void)!run(l, SQL_ROLLBACK, &ignored, "");
	return false;
}

static const char *text(sqlite3_stmt *s, int column)
{
	const unsigned char *t = sqlite3_column_text(s, column);

	return t ? (const char *)t : "";
}

static char *text_or_null(sqlite3_stmt *s, int column)
{
	return mem_dup((const char *)sqlite3_column_text(s, column));
}

/* ---- opening ---- */

static bool exec(sqlite3 *db, const char *sql, struct err *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || failed(db, err);
}

static int file_version(sqlite3 *db, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	else
		failed(db, err);
	sqlite3_finalize(s);
	return version;
}

static bool migrate_step(sqlite3 *db, int index, struct err *err)
{
	OWN_STR char *sql = mem_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT",
				       migrations[index].sql, migrations[index].version);

	if (exec(db, sql, err))
		return true;
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

static bool migrate(sqlite3 *db, bool read_only, struct err *err)
{
	int version = file_version(db, err);

	if (version < 0)
		return false;
	if (version > NEWEST_VERSION)
		return err_set(
			err, ERR_FATAL, WORD_LEDGER,
			"ledger: it was written by a newer version of this program; use that "
			"version");
	if (read_only && version > 0 && version < NEWEST_VERSION)
		return err_set(err, ERR_TARGET, WORD_LEDGER,
			       "ledger: it is from an older version; `run` or `fetch` brings it up "
			       "to date");
	for (int i = 0; i < NEWEST_VERSION; i++)
		if (migrations[i].version > version && !migrate_step(db, i, err)) {
			/* Another process may have been faster. */
			struct err ignored;
			if (file_version(db, &ignored) < migrations[i].version)
				return false;
		}
	return true;
}

/* SQLite would make the file with the umask's permissions. */
static void make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd >= 0) {
		if (fstat(fd, &st) == 0 && (st.st_mode & 077))
			fchmod(fd, 0600);
		close(fd);
	}
}

struct ledger *ledger_open(const char *path, bool read_only, struct err *err)
{
	struct ledger *l = mem_alloc(sizeof *l);
	/* Looking, too, may have to roll back what a process that was killed left half done. */
	int flags = SQLITE_OPEN_READWRITE | (read_only ? 0 : SQLITE_OPEN_CREATE);

	if (!read_only)
		make_private(path);
	if (sqlite3_open_v2(path, &l->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		err_set(err, ERR_TARGET, WORD_LEDGER, "cannot open the ledger %s: %s", path,
			l->db ? sqlite3_errmsg(l->db) : "out of memory");
		ledger_close(l);
		return NULL;
	}
	sqlite3_busy_timeout(l->db, BUSY_MS);
	if (!exec(l->db, "PRAGMA foreign_keys = ON; PRAGMA synchronous = EXTRA", err) ||
	    !migrate(l->db, read_only, err) ||
	    (read_only && !exec(l->db, "PRAGMA query_only = ON", err))) {
		err_wrap(err, "%s", path);
		ledger_close(l);
		return NULL;
	}
	return l;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(l->prepared[i]);
	sqlite3_close(l->db);
	free(l);
}

const char *ledger_library(void)
{
	return sqlite3_libversion();
}

/* ---- the way of one torrent ---- */

bool ledger_asking(struct ledger *l, const char *container, int64_t *id, struct err *err)
{
	if (!run(l, SQL_ASKING, err, "ti", container, clock_now()))
		return false;
	*id = sqlite3_last_insert_rowid(l->db);
	return true;
}

bool ledger_assigned(struct ledger *l, int64_t id, const char *torrent_id, const char *archive_id,
		     struct err *err)
{
	return run(l, SQL_ASSIGNED, err, "itti", id, torrent_id, archive_id, clock_now());
}

bool ledger_not_assigned(struct ledger *l, int64_t id, struct err *err)
{
	return run(l, SQL_NOT_ASSIGNED, err, "i", id);
}

bool ledger_possibly_lost(struct ledger *l, int64_t id, const char *note, struct err *err)
{
	if (!run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = run(l, SQL_LOST, err, "iti", id, note, clock_now()) &&
		  run(l, SQL_TURN_TAKEN, err, "i", id);
	return commit(l, ok, err);
}

bool ledger_adopt_leftovers(struct ledger *l, size_t *n, struct err *err)
{
	if (!run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = run(l, SQL_LEFTOVER_TURNS, err, "") &&
		  run(l, SQL_LEFTOVERS, err, "ti",
		      "the program ended while it was asking the tracker", clock_now());
	int changed = sqlite3_changes(l->db);
	if (!commit(l, ok, err))
		return false;
	*n = (size_t)changed;
	return true;
}

bool ledger_found(struct ledger *l, int64_t id, const struct incomplete *found,
		  const char *archive_id, struct err *err)
{
	if (!run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = run(l, SQL_FOUND, err, "ittti", id, found->torrent_id, archive_id,
		      found->infohash, clock_now()) &&
		  run(l, SQL_TURN_OPEN, err, "i", id);
	return commit(l, ok, err);
}

bool ledger_unfounded(struct ledger *l, int64_t id, struct err *err)
{
	return run(l, SQL_UNFOUNDED, err, "ii", id, clock_now());
}

bool ledger_fetched(struct ledger *l, int64_t id, const struct fetched *f, struct err *err)
{
	return run(l, SQL_FETCHED, err, "itttiii", id, f->infohash, f->name, f->file_name,
		   (int64_t)f->bytes, (int64_t)(f->hook ? HOOK_DUE : HOOK_NONE), clock_now());
}

bool ledger_unfetched(struct ledger *l, int64_t id, const char *note, struct err *err)
{
	return run(l, SQL_UNFETCHED, err, "iti", id, note, clock_now());
}

bool ledger_delivering(struct ledger *l, int64_t id, const char *file_name, const char *target,
		       struct err *err)
{
	return run(l, SQL_DELIVERING, err, "itti", id, file_name, target, clock_now());
}

bool ledger_delivered(struct ledger *l, int64_t id, const char *path, struct err *err)
{
	return run(l, SQL_DELIVERED, err, "iti", id, path, clock_now());
}

bool ledger_tried(struct ledger *l, int64_t id, const char *note, bool set_aside, struct err *err)
{
	return run(l, SQL_TRIED, err, "itii", id, note, (int64_t)set_aside, clock_now());
}

bool ledger_note(struct ledger *l, int64_t id, const char *note, struct err *err)
{
	return run(l, SQL_NOTE, err, "it", id, note);
}

bool ledger_hook(struct ledger *l, int64_t id, enum assignment_hook hook, struct err *err)
{
	return run(l, SQL_HOOK, err, "ii", id, (int64_t)hook);
}

bool ledger_rename(struct ledger *l, const char *container, const char *name, struct err *err)
{
	return run(l, SQL_RENAME, err, "tt", container, name);
}

/* ---- looking ---- */

static void read_assignment(sqlite3_stmt *s, struct assignment *a)
{
	a->id = sqlite3_column_int64(s, 0);
	a->container = text_or_null(s, 1);
	a->state = (enum assignment_state)sqlite3_column_int(s, 2);
	text_copy(a->torrent_id, sizeof a->torrent_id, text(s, 3));
	text_copy(a->archive_id, sizeof a->archive_id, text(s, 4));
	text_copy(a->infohash, sizeof a->infohash, text(s, 5));
	a->name = text_or_null(s, 6);
	a->file_name = text_or_null(s, 7);
	a->path = text_or_null(s, 8);
	a->note = text_or_null(s, 9);
	a->bytes = (uint64_t)sqlite3_column_int64(s, 10);
	a->tries = (uint32_t)sqlite3_column_int64(s, 11);
	a->set_aside = sqlite3_column_int(s, 12) != 0;
	a->hook = (enum assignment_hook)sqlite3_column_int(s, 13);
	a->asked_at = sqlite3_column_int64(s, 14);
	a->changed_at = sqlite3_column_int64(s, 15);
	a->delivered_at = sqlite3_column_int64(s, 16);
}

bool ledger_list(struct ledger *l, enum ledger_filter filter, const char *container, size_t limit,
		 struct assignment **list, size_t *n, struct err *err)
{
	static const enum sql which[] = {[LEDGER_PENDING] = SQL_LIST_PENDING,
					 [LEDGER_LOST] = SQL_LIST_LOST,
					 [LEDGER_ALL] = SQL_LIST_ALL};
	OWN_STATEMENT sqlite3_stmt *s =
		query(l, which[filter], err, "ti", container, limit ? (int64_t)limit : -1);
	struct assignment *rows = NULL;
	size_t count = 0, room = 0;
	int got;

	if (!s)
		return false;
	while ((got = step(l, s, err)) == 1) {
		if (count == room)
			rows = mem_grow(rows, room = room ? 2 * room : 16, sizeof *rows);
		rows[count] = (struct assignment){0};
		read_assignment(s, &rows[count++]);
	}
	if (got < 0) {
		assignment_list_free(rows, count);
		return false;
	}
	*list = rows;
	*n = count;
	return true;
}

bool ledger_knows(struct ledger *l, const char *torrent_id, bool *known, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = query(l, SQL_KNOWS, err, "t", torrent_id);
	int got = s ? step(l, s, err) : -1;

	if (got >= 0)
		*known = got == 1;
	return got >= 0;
}

bool ledger_keeps(struct ledger *l, const char *container, const char *infohash, bool *keeps,
		  struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = query(l, SQL_KEEPS, err, "tt", infohash, container);
	int got = s ? step(l, s, err) : -1;

	if (got >= 0)
		*keeps = got == 1;
	return got >= 0;
}

bool ledger_delivered_since(struct ledger *l, const char *container, int64_t since, uint64_t *n,
			    struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s =
		query(l, SQL_DELIVERED_SINCE, err, "tii", container, since, clock_now());

	if (!s || !run_row(l, s, err))
		return false;
	*n = (uint64_t)sqlite3_column_int64(s, 0);
	return true;
}

bool ledger_totals(struct ledger *l, const char *container, struct ledger_totals *t,
		   struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = query(l, SQL_TOTALS, err, "t", container);

	if (!s || !run_row(l, s, err))
		return false;
	*t = (struct ledger_totals){
		.assigned = (uint64_t)sqlite3_column_int64(s, 0),
		.delivered = (uint64_t)sqlite3_column_int64(s, 1),
		.bytes = (uint64_t)sqlite3_column_int64(s, 2),
		.pending = (uint64_t)sqlite3_column_int64(s, 3),
		.set_aside = (uint64_t)sqlite3_column_int64(s, 4),
		.lost = (uint64_t)sqlite3_column_int64(s, 5),
		.asking = (uint64_t)sqlite3_column_int64(s, 6),
	};
	return true;
}

/* ---- IncompleteTransactions ---- */

bool ledger_remember_incomplete(struct ledger *l, const struct reply *reply, int64_t now,
				struct err *err)
{
	if (!run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < reply->n_incomplete; i++)
		ok = run(l, SQL_REMEMBER, err, "tti", reply->incomplete[i].torrent_id,
			 reply->incomplete[i].infohash, now);
	ok = ok && run(l, SQL_FORGET, err, "i", now);
	return commit(l, ok, err);
}

bool ledger_incomplete_since(struct ledger *l, const char *torrent_id, int64_t *since,
			     struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = query(l, SQL_SINCE, err, "t", torrent_id);
	int got = s ? step(l, s, err) : -1;

	if (got >= 0)
		*since = got == 1 ? sqlite3_column_int64(s, 0) : 0;
	return got >= 0;
}

bool ledger_incomplete_count(struct ledger *l, uint64_t *n, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = query(l, SQL_INCOMPLETE_COUNT, err, "");

	if (!s || !run_row(l, s, err))
		return false;
	*n = (uint64_t)sqlite3_column_int64(s, 0);
	return true;
}

/* ---- pacing, back-off ---- */

bool ledger_get_pace(struct ledger *l, struct pace *p, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = query(l, SQL_GET_PACE, err, "");

	if (!s || !run_row(l, s, err))
		return false;
	*p = (struct pace){.last_fetch = sqlite3_column_int64(s, 0),
			   .last_request = sqlite3_column_int64(s, 1),
			   .failures = (uint32_t)sqlite3_column_int64(s, 2),
			   .backoff_until = sqlite3_column_int64(s, 3)};
	text_copy(p->reason, sizeof p->reason, text(s, 4));
	text_copy(p->credentials, sizeof p->credentials, text(s, 5));
	text_copy(p->announced, sizeof p->announced, text(s, 6));
	return true;
}

bool ledger_set_pace(struct ledger *l, const struct pace *p, struct err *err)
{
	return run(l, SQL_SET_PACE, err, "iiiittt", p->last_fetch, p->last_request,
		   (int64_t)p->failures, p->backoff_until, p->reason, p->credentials, p->announced);
}

/* ---- cycles ---- */

bool ledger_get_clock(struct ledger *l, struct cycle_clock *c, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = query(l, SQL_GET_CLOCK, err, "");

	if (!s || !run_row(l, s, err))
		return false;
	*c = (struct cycle_clock){.last_cycle = sqlite3_column_int64(s, 0),
				  .next_cycle = sqlite3_column_int64(s, 1),
				  .last_attempt = sqlite3_column_int64(s, 2),
				  .attempts = (uint32_t)sqlite3_column_int64(s, 3)};
	return true;
}

bool ledger_set_clock(struct ledger *l, const struct cycle_clock *c, struct err *err)
{
	return run(l, SQL_SET_CLOCK, err, "iiii", c->last_cycle, c->next_cycle, c->last_attempt,
		   (int64_t)c->attempts);
}

bool ledger_undone(struct ledger *l, const char *const names[], size_t n, struct err *err)
{
	if (!run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = run(l, SQL_UNDONE, err, "t", names[i]);
	return commit(l, ok, err);
}

bool ledger_cycle_begin(struct ledger *l, const char *kind, const char *const names[], size_t n,
			int64_t *cycle, struct err *err)
{
	if (!run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = run(l, SQL_CYCLE_BEGIN, err, "ti", kind, clock_now());
	int64_t id = sqlite3_last_insert_rowid(l->db);
	for (size_t i = 0; ok && i < n; i++)
		ok = run(l, SQL_UNDONE, err, "t", names[i]);
	if (!commit(l, ok, err))
		return false;
	*cycle = id;
	return true;
}

bool ledger_turn(struct ledger *l, int64_t cycle, const struct outcome *o, struct err *err)
{
	char word[OUTCOME_TEXT];
	int64_t now = clock_now();

	outcome_text(o, word);
	if (!run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = run(l, SQL_TURN, err, "ittti", cycle, o->container, word, o->detail, now) &&
		  run(l, SQL_TURN_STATE, err, "tttii", o->container, word, o->detail, now,
		      (int64_t)o->undone);
	return commit(l, ok, err);
}

bool ledger_cycle_end(struct ledger *l, int64_t cycle, bool well, const char *summary,
		      struct err *err)
{
	return run(l, SQL_CYCLE_END, err, "iiit", cycle, clock_now(), (int64_t)well, summary);
}

bool ledger_get_container(struct ledger *l, const char *name, struct ledger_container *c,
			  struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = query(l, SQL_GET_CONTAINER, err, "t", name);
	int got = s ? step(l, s, err) : -1;

	if (got < 0)
		return false;
	*c = (struct ledger_container){0};
	if (got == 0)
		return true;
	text_copy(c->id, sizeof c->id, text(s, 0));
	text_copy(c->outcome, sizeof c->outcome, text(s, 1));
	text_copy(c->detail, sizeof c->detail, text(s, 2));
	c->outcome_at = sqlite3_column_int64(s, 3);
	c->undone = sqlite3_column_int(s, 4) != 0;
	return true;
}

bool ledger_set_container_id(struct ledger *l, const char *name, const char *id, struct err *err)
{
	return run(l, SQL_SET_CONTAINER_ID, err, "tt", name, id);
}
