/* The layout and the statements; declared in ports/ledger_parts.h. */
#include "ports/ledger_parts.h"

/* Running totals, kept by triggers, so that a reader need not count: what there is of a
 * container (tally), what was delivered to it a day (growth), cycles and turns by their end.  `row`
 * is "new" or "old", `sign` "" or "-". */
#define COUNT_ASSIGNMENT(row, sign)                                                               \
	"INSERT INTO tally VALUES(" row ".container, " row ".state, " row ".set_aside, " row      \
	".pick_up, " sign "1, " sign "ifnull(" row ".bytes, 0)) ON CONFLICT DO UPDATE SET"        \
	" n = n + excluded.n, bytes = bytes + excluded.bytes;"                                    \
	"INSERT INTO growth SELECT " row ".container, " row ".delivered_at / 86400000, " sign     \
	"1, " sign "(" row ".asked_at <> " row ".delivered_at) * ifnull(" row ".bytes, 0), " sign \
	"(" row ".asked_at = " row ".delivered_at) * ifnull(" row ".bytes, 0)"                    \
	" WHERE " row ".state = 4 AND " row ".delivered_at IS NOT NULL ON CONFLICT DO UPDATE"     \
	" SET n = n + excluded.n, bytes = bytes + excluded.bytes,"                                \
	" adopted = adopted + excluded.adopted;"

#define COUNT_CYCLES                                                                      \
	"INSERT INTO cycle_tally SELECT new.well, 1, max(new.ended_at - new.begun_at, 0)" \
	" WHERE new.well IS NOT NULL ON CONFLICT DO UPDATE SET n = n + 1,"                \
	" ms = ms + excluded.ms;"

#define COUNTING                                                                          \
	"INSERT INTO tally SELECT container, state, set_aside, pick_up, count(*),"        \
	" sum(ifnull(bytes, 0)) FROM assignment GROUP BY 1, 2, 3, 4;"                     \
	"INSERT INTO growth SELECT container, delivered_at / 86400000, count(*),"         \
	" sum(ifnull(bytes, 0)), 0 FROM assignment"                                       \
	" WHERE state = 4 AND delivered_at IS NOT NULL GROUP BY 1, 2;"                    \
	"INSERT INTO cycle_tally SELECT well, count(*), sum(max(ended_at - begun_at, 0))" \
	" FROM cycle WHERE well IS NOT NULL GROUP BY 1;"                                  \
	"INSERT INTO turn_tally SELECT container, outcome, count(*) FROM turn GROUP BY 1, 2;"

#define COUNT_NEW COUNT_ASSIGNMENT("new", "")
#define DROP_OLD COUNT_ASSIGNMENT("old", "-")

#define TRIGGERS                                                                                 \
	"CREATE TRIGGER assignment_comes AFTER INSERT ON assignment BEGIN " COUNT_NEW "END;"     \
	"CREATE TRIGGER assignment_goes AFTER DELETE ON assignment BEGIN " DROP_OLD "END;"       \
	"CREATE TRIGGER assignment_changes AFTER UPDATE OF container, state, set_aside,"         \
	" pick_up, bytes, asked_at, delivered_at ON assignment BEGIN " DROP_OLD COUNT_NEW "END;" \
	"CREATE TRIGGER cycle_comes AFTER INSERT ON cycle BEGIN " COUNT_CYCLES "END;"            \
	"CREATE TRIGGER cycle_ends AFTER UPDATE OF well ON cycle WHEN old.well IS NULL"          \
	" BEGIN " COUNT_CYCLES "END;"                                                            \
	"CREATE TRIGGER turn_ends AFTER INSERT ON turn BEGIN"                                    \
	" INSERT INTO turn_tally VALUES(new.container, new.outcome, 1)"                          \
	" ON CONFLICT DO UPDATE SET n = n + 1; END;"

/* What only those who look need. */
#define TO_BE_LOOKED_AT                                                                   \
	"CREATE INDEX assignment_by_delivery ON assignment(delivered_at);"                \
	"ALTER TABLE client ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;"               \
	"ALTER TABLE pace ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"                   \
	"CREATE TABLE space("                                                             \
	" place TEXT PRIMARY KEY, free INTEGER NOT NULL, total INTEGER NOT NULL,"         \
	" at INTEGER NOT NULL) WITHOUT ROWID;"                                            \
	"CREATE TABLE tally("                                                             \
	" container TEXT NOT NULL, state INTEGER NOT NULL, set_aside INTEGER NOT NULL,"   \
	" pick_up INTEGER NOT NULL, n INTEGER NOT NULL, bytes INTEGER NOT NULL,"          \
	" PRIMARY KEY(container, state, set_aside, pick_up)) WITHOUT ROWID;"              \
	"CREATE TABLE growth("                                                            \
	" container TEXT NOT NULL, day INTEGER NOT NULL, n INTEGER NOT NULL,"             \
	" bytes INTEGER NOT NULL, adopted INTEGER NOT NULL, PRIMARY KEY(container, day))" \
	" WITHOUT ROWID;"                                                                 \
	"CREATE TABLE cycle_tally("                                                       \
	" well INTEGER PRIMARY KEY, n INTEGER NOT NULL, ms INTEGER NOT NULL);"            \
	"CREATE TABLE turn_tally("                                                        \
	" container TEXT NOT NULL, outcome TEXT NOT NULL, n INTEGER NOT NULL,"            \
	" PRIMARY KEY(container, outcome)) WITHOUT ROWID;" COUNTING TRIGGERS

/* Results were stored as their texts up to layout 3.  `table` is "container" or "turn". */
#define RESULT_COLUMNS(table)                                                                 \
	"ALTER TABLE " table " ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"                   \
	"ALTER TABLE " table " ADD COLUMN wait INTEGER NOT NULL DEFAULT 0;"                   \
	"ALTER TABLE " table " ADD COLUMN code INTEGER NOT NULL DEFAULT 0;"                   \
	"ALTER TABLE " table " ADD COLUMN status INTEGER NOT NULL DEFAULT 0;"                 \
	"ALTER TABLE " table " ADD COLUMN error TEXT NOT NULL DEFAULT '';"                    \
	"UPDATE " table " SET kind = CASE WHEN outcome = 'OK' THEN 0 WHEN outcome = 'FULL'"   \
	" THEN 1 WHEN outcome = 'STALLED' THEN 2 WHEN outcome LIKE 'WAIT%' THEN 3 ELSE 4 END" \
	" WHERE outcome IS NOT NULL;"                                                         \
	"UPDATE " table " SET wait = CASE outcome WHEN 'WAIT' THEN 1 WHEN 'WAIT(Space)'"      \
	" THEN 3 WHEN 'WAIT(Stalled)' THEN 4 WHEN 'WAIT(Backlog)' THEN 5"                     \
	" WHEN 'WAIT(Client)' THEN 6 ELSE 0 END WHERE kind = 3;"                              \
	"UPDATE " table " SET code = CASE outcome WHEN 'ERR(Auth)' THEN 1"                    \
	" WHEN 'ERR(BadTorrent)' THEN 2 WHEN 'ERR(Client)' THEN 3 WHEN 'ERR(Config)' THEN 4"  \
	" WHEN 'ERR(Disk)' THEN 5 WHEN 'ERR(Internal)' THEN 6 WHEN 'ERR(Ledger)' THEN 7"      \
	" WHEN 'ERR(Network)' THEN 8 WHEN 'ERR(Protocol)' THEN 9 WHEN 'ERR(Stopped)' THEN 10" \
	" WHEN 'ERR(Timeout)' THEN 11 WHEN 'ERR(TLS)' THEN 12 WHEN 'ERR(Tracker)' THEN 13"    \
	" ELSE CASE WHEN outcome LIKE 'ERR(HTTP %' THEN 14 ELSE 15 END END WHERE kind = 4;"   \
	"UPDATE " table " SET status = CAST(substr(outcome, 10) AS INTEGER) WHERE code = 14;" \
	"UPDATE " table " SET error = substr(outcome, 5, length(outcome) - 5) WHERE code = 15;"

/* The numbers of enum notice_kind; of what was reported of a failure, the bits of result_cause().
 */
#define NOTICE_TABLE                                                                           \
	"ALTER TABLE notice RENAME TO notice3;"                                                \
	"CREATE TABLE notice("                                                                 \
	" what INTEGER NOT NULL, name TEXT NOT NULL, since INTEGER NOT NULL,"                  \
	" ended INTEGER NOT NULL, goes_on INTEGER NOT NULL, told INTEGER NOT NULL,"            \
	" causes INTEGER NOT NULL DEFAULT 0, count INTEGER NOT NULL DEFAULT 0,"                \
	" value TEXT NOT NULL DEFAULT '', detail TEXT, outcome TEXT, PRIMARY KEY(what, name))" \
	" WITHOUT ROWID;"                                                                      \
	"INSERT OR IGNORE INTO notice(what, name, since, ended, goes_on, told, detail) SELECT" \
	" CASE substr(key, 1, instr(key || ':', ':') - 1) WHEN 'failure' THEN 0"               \
	" WHEN 'client' THEN 1 WHEN 'full' THEN 2 WHEN 'lost' THEN 3 WHEN 'late' THEN 4"       \
	" WHEN 'refused' THEN 5 WHEN 'audit' THEN 6 WHEN 'version' THEN 7"                     \
	" WHEN 'digest' THEN 8 END, substr(key, instr(key || ':', ':') + 1), since, ended,"    \
	" goes_on, told, detail FROM notice3;"                                                 \
	"DROP TABLE notice3;"                                                                  \
	"UPDATE notice SET outcome = substr(detail, 1, instr(detail || ', ', ', ') - 1)"       \
	" WHERE what = 0 AND detail <> '';"

/* In SQL << and | have the same precedence: so the bits are factors. */
#define NOTICE_VALUES                                                                             \
	"UPDATE notice SET causes = CASE kind WHEN 3 THEN 1 << wait WHEN 4 THEN 256 << code"      \
	" ELSE 0 END | (detail LIKE '%WAIT(Space)%') * 8 | (detail LIKE '%WAIT(Client)%') * 64"   \
	" | (detail LIKE '%ERR(Auth)%') * 512 | (detail LIKE '%ERR(Client)%') * 2048"             \
	" | (detail LIKE '%ERR(Config)%') * 4096 | (detail LIKE '%ERR(Disk)%') * 8192"            \
	" | (detail LIKE '%ERR(Ledger)%') * 32768 WHERE what = 0;"                                \
	"UPDATE notice SET causes = (detail = 'away') | (detail = 'refuses') * 2 WHERE what = 1;" \
	"UPDATE notice SET count = CAST(detail AS INTEGER) WHERE what = 6;"                       \
	"UPDATE notice SET value = detail WHERE what IN (2, 7);"                                  \
	"ALTER TABLE notice DROP COLUMN outcome;"                                                 \
	"ALTER TABLE notice DROP COLUMN detail;"

/* Kinds of cycles and what audits found were stored as their names. */
#define NAMES_TO_NUMBERS                                                                           \
	"ALTER TABLE cycle RENAME COLUMN kind TO name;"                                            \
	"ALTER TABLE cycle ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"                            \
	"UPDATE cycle SET kind = CASE name WHEN 'rest' THEN 1 WHEN 'manual' THEN 2 ELSE 0 END;"    \
	"ALTER TABLE cycle DROP COLUMN name;"                                                      \
	"ALTER TABLE assignment RENAME COLUMN found TO class;"                                     \
	"ALTER TABLE assignment ADD COLUMN found INTEGER NOT NULL DEFAULT 0;"                      \
	"UPDATE assignment SET found = CASE class WHEN 'seeding' THEN 1 WHEN 'downloading' THEN 2" \
	" WHEN 'queued' THEN 3 WHEN 'checking' THEN 4 WHEN 'stalled' THEN 5 WHEN 'paused' THEN 6"  \
	" WHEN 'error' THEN 7 WHEN 'missing' THEN 8 WHEN 'refused' THEN 9"                         \
	" WHEN 'not picked up' THEN 10 WHEN 'pending' THEN 11 WHEN 'unknown' THEN 12"              \
	" WHEN 'not asked' THEN 13 ELSE 0 END WHERE class IS NOT NULL;"                            \
	"ALTER TABLE assignment DROP COLUMN class;"

#define NEW_IN_4                                                                             \
	"ALTER TABLE audit ADD COLUMN in_error INTEGER NOT NULL DEFAULT 0;"                  \
	"CREATE TABLE ping(id INTEGER PRIMARY KEY CHECK(id = 1), failures INTEGER NOT NULL," \
	" since INTEGER NOT NULL, why TEXT NOT NULL);"                                       \
	"INSERT INTO ping VALUES(1, 0, 0, '');"                                              \
	"CREATE TABLE vault_look(id INTEGER PRIMARY KEY CHECK(id = 1), at INTEGER NOT NULL," \
	" damaged INTEGER NOT NULL, infohash TEXT NOT NULL);"                                \
	"INSERT INTO vault_look VALUES(1, 0, 0, '');"                                        \
	"ALTER TABLE cycle ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;"                    \
	"UPDATE cycle SET failed = 1 WHERE summary LIKE '%:ERR(%';"                          \
	"ALTER TABLE container ADD COLUMN until INTEGER NOT NULL DEFAULT 0;"                 \
	"ALTER TABLE turn ADD COLUMN until INTEGER NOT NULL DEFAULT 0;"
#define NOTICE_RESULTS RESULT_COLUMNS("notice")
#define TURN_RESULTS RESULT_COLUMNS("container") RESULT_COLUMNS("turn")
#define PACE_NUMBERS                                                                           \
	"ALTER TABLE pace ADD COLUMN status INTEGER NOT NULL DEFAULT 0;"                       \
	"ALTER TABLE pace ADD COLUMN unproven INTEGER NOT NULL DEFAULT 0;"                     \
	"UPDATE pace SET status = CAST(substr(reason, instr(reason, 'HTTP ') + 5) AS INTEGER)" \
	" WHERE instr(reason, 'HTTP ') > 0;"                                                   \
	"UPDATE pace SET unproven = status = 403 AND reason LIKE 'no call with%';"

/* Times that cannot be set, the bucket of calls, and what a person forced. */
#define PACING                                                                   \
	"ALTER TABLE pace ADD COLUMN steady_fetch INTEGER NOT NULL DEFAULT 0;"   \
	"ALTER TABLE pace ADD COLUMN steady_request INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE pace ADD COLUMN full_at INTEGER NOT NULL DEFAULT 0;"        \
	"ALTER TABLE pace ADD COLUMN steady_full_at INTEGER NOT NULL DEFAULT 0;" \
	"ALTER TABLE pace ADD COLUMN boot TEXT NOT NULL DEFAULT '';"             \
	"ALTER TABLE pace ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;"       \
	"ALTER TABLE pace ADD COLUMN asked_until INTEGER NOT NULL DEFAULT 0;"    \
	"ALTER TABLE pace ADD COLUMN forced_at INTEGER NOT NULL DEFAULT 0;"      \
	"ALTER TABLE clock ADD COLUMN pinged_at INTEGER NOT NULL DEFAULT 0;"     \
	"ALTER TABLE container ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0;"  \
	"UPDATE container SET asked_at = ifnull(outcome_at, 0);"

/* The ledger's own id, and the folders that it knows (model/mark.h). */
#define MARKS                                                                                \
	"CREATE TABLE identity(id INTEGER PRIMARY KEY CHECK(id = 1), ledger TEXT NOT NULL);" \
	"INSERT INTO identity VALUES(1, lower(hex(randomblob(16))));"                        \
	"CREATE TABLE mark("                                                                 \
	" folder TEXT PRIMARY KEY, id TEXT NOT NULL, by_system INTEGER NOT NULL,"            \
	" at INTEGER NOT NULL, who TEXT NOT NULL, fault INTEGER NOT NULL,"                   \
	" since INTEGER NOT NULL, found TEXT NOT NULL) WITHOUT ROWID;"

/* Questions whose answer was lost, and what the tracker lists as incomplete. */
#define LOST_ONES                                                                             \
	"ALTER TABLE assignment ADD COLUMN certain INTEGER NOT NULL DEFAULT 0;"               \
	"ALTER TABLE assignment ADD COLUMN group_id TEXT;"                                    \
	"ALTER TABLE assignment ADD COLUMN absences INTEGER NOT NULL DEFAULT 0;"              \
	"ALTER TABLE assignment ADD COLUMN absent_since INTEGER NOT NULL DEFAULT 0;"          \
	"ALTER TABLE assignment ADD COLUMN settled_by TEXT;"                                  \
	"ALTER TABLE assignment ADD COLUMN settled_at INTEGER NOT NULL DEFAULT 0;"            \
	"ALTER TABLE incomplete ADD COLUMN archive_id TEXT NOT NULL DEFAULT '';"              \
	"ALTER TABLE incomplete ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;"                 \
	"ALTER TABLE incomplete ADD COLUMN said_by TEXT;"                                     \
	"ALTER TABLE incomplete ADD COLUMN said_at INTEGER NOT NULL DEFAULT 0;"               \
	"CREATE TABLE lists(id INTEGER PRIMARY KEY CHECK(id = 1), first_at INTEGER NOT NULL," \
	" last_at INTEGER NOT NULL);"                                                         \
	"INSERT INTO lists SELECT 1, ifnull(min(first_seen), 0), ifnull(max(last_seen), 0)"   \
	" FROM incomplete;"

const struct ledger_migration ledger_migrations[] = {
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
	{2,
	 "ALTER TABLE assignment ADD COLUMN v2 TEXT;"
	 "ALTER TABLE assignment ADD COLUMN client TEXT;"
	 "ALTER TABLE assignment ADD COLUMN pick_up INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE assignment ADD COLUMN pick_up_at INTEGER;"
	 "ALTER TABLE assignment ADD COLUMN found TEXT;"
	 "ALTER TABLE assignment ADD COLUMN found_at INTEGER;"
	 "CREATE INDEX assignment_by_infohash ON assignment(infohash);"
	 "CREATE INDEX assignment_awaited ON assignment(container) WHERE pick_up IN (1, 2);"
	 "ALTER TABLE container ADD COLUMN retry_at INTEGER NOT NULL DEFAULT 0;"
	 "CREATE TABLE client("
	 " name TEXT PRIMARY KEY, refused TEXT NOT NULL, down_since INTEGER NOT NULL) WITHOUT "
	 "ROWID;"
	 "CREATE TABLE audit("
	 " id INTEGER PRIMARY KEY CHECK(id = 1), at INTEGER NOT NULL, summary TEXT NOT NULL);"
	 "INSERT INTO audit VALUES(1, 0, '');"
	 "CREATE TABLE redelivery("
	 " target TEXT NOT NULL, assignment INTEGER NOT NULL, PRIMARY KEY(target, assignment))"
	 " WITHOUT ROWID;"
	 "CREATE TABLE notice("
	 " key TEXT PRIMARY KEY, since INTEGER NOT NULL, ended INTEGER NOT NULL,"
	 " goes_on INTEGER NOT NULL, told INTEGER NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;"
	 "CREATE TABLE message("
	 " id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, at INTEGER NOT NULL,"
	 " kind TEXT NOT NULL, level INTEGER NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,"
	 " text TEXT NOT NULL);"
	 "CREATE TABLE telling("
	 " target TEXT PRIMARY KEY, since INTEGER NOT NULL, told INTEGER NOT NULL,"
	 " failures INTEGER NOT NULL, rest_until INTEGER NOT NULL) WITHOUT ROWID;" TO_BE_LOOKED_AT},
	/* What was assigned proves the credentials that were last used. */
	{3, "ALTER TABLE pace ADD COLUMN proven TEXT NOT NULL DEFAULT '';"
	    "UPDATE pace SET proven = credentials"
	    " WHERE EXISTS(SELECT 1 FROM assignment WHERE torrent_id IS NOT NULL);"
	    "ALTER TABLE audit ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;"},
	/* What code decides on is stored as numbers, beside the texts for people. */
	{4, NEW_IN_4 NOTICE_TABLE NOTICE_RESULTS NOTICE_VALUES NAMES_TO_NUMBERS TURN_RESULTS
		    PACE_NUMBERS PACING MARKS LOST_ONES},
};

_Static_assert(sizeof ledger_migrations / sizeof *ledger_migrations == LEDGER_VERSION,
	       "a migration for each version");

#define ASSIGNMENT_COLUMNS                                                                     \
	"id, container, state, torrent_id, archive_id, infohash, name, file_name, path, note," \
	" bytes, tries, set_aside, hook, asked_at, changed_at, delivered_at, v2, client,"      \
	" pick_up, pick_up_at, found, found_at, certain, group_id, absences, absent_since, "   \
	"settled_by,"                                                                          \
	" settled_at"

/* Numbers stand for enum assignment_state and enum assignment_hook; the assertions below
 * hold the two together. */
_Static_assert(ASSIGNMENT_ASKING == 0 && ASSIGNMENT_ASSIGNED == 1 && ASSIGNMENT_FETCHED == 2 &&
		       ASSIGNMENT_DELIVERING == 3 && ASSIGNMENT_DELIVERED == 4 &&
		       ASSIGNMENT_LOST == 5 && ASSIGNMENT_UNFOUNDED == 6,
	       "states are kept in the ledger as these numbers");
_Static_assert(AUDIT_NEVER == 0 && AUDIT_SEEDING == 1 && AUDIT_UNASKED == 13 &&
		       AUDIT_CLASSES == 14 && CYCLE_REST == 1 && CYCLE_MANUAL == 2 &&
		       NOTICE_CLIENT == 1 && NOTICE_AUDIT == 6 && NOTICE_SHARED == 9 &&
		       NOTICE_KINDS == 10,
	       "so are what an audit found, kinds of cycles, and notices");
_Static_assert(OUTCOME_ERR == 4 && OUTCOME_WAITS == 8 && ERR_CODES == 17 && WORD_HTTP == 14,
	       "results are, too");
_Static_assert(HOOK_NONE == 0 && HOOK_DUE == 1 && HOOK_STARTED == 2 && HOOK_DONE == 3,
	       "so are hooks");

_Static_assert(PICK_UP_NONE == 0 && PICK_UP_DUE == 1 && PICK_UP_LATE == 2 && PICK_UP_TAKEN == 3 &&
		       PICK_UP_REFUSED == 4,
	       "and pick-ups");
_Static_assert(MARK_RIGHT == 0 && MARK_FOREIGN == 4 && MARK_FAULTS == 6,
	       "and what is wrong with a folder");

/* Parameter 1 is the time or the container where there is one; see the callers. */
const char *const ledger_statements[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_CHECK] = "PRAGMA quick_check(1)",
	[SQL_CHECK_ALL] = "PRAGMA integrity_check(1)",
	[SQL_ASKING] = "INSERT INTO assignment(container, state, asked_at, changed_at)"
		       " VALUES(?1, 0, ?2, ?2)",
	[SQL_ASKED] = "INSERT INTO container(name, asked_at) VALUES(?1, ?2)"
		      " ON CONFLICT(name) DO UPDATE SET asked_at = ?2",
	[SQL_ASSIGNED] = "UPDATE assignment SET state = 1, torrent_id = ?2, archive_id = ?3,"
			 " changed_at = ?4 WHERE id = ?1",
	[SQL_GROUP] = "UPDATE assignment SET group_id = ?2 WHERE id = ?1",
	[SQL_NOT_ASSIGNED] = "DELETE FROM assignment WHERE id = ?1 AND state = 0",
	[SQL_LOST] = "UPDATE assignment SET state = 5, note = ?2, changed_at = ?3,"
		     " certain = ?4 WHERE id = ?1",
	[SQL_TURN_TAKEN] = "UPDATE container SET undone = 0 WHERE name ="
			   " (SELECT container FROM assignment WHERE id = ?1)",
	[SQL_TURN_OPEN] = "UPDATE container SET undone = 1, retry_at = 0 WHERE name ="
			  " (SELECT container FROM assignment WHERE id = ?1)",
	[SQL_LEFTOVER_TURNS] = "UPDATE container SET undone = 0 WHERE name IN"
			       " (SELECT container FROM assignment WHERE state = 0)",
	[SQL_LEFTOVERS] = "UPDATE assignment SET state = 5, note = ?1, changed_at = ?2"
			  " WHERE state = 0",
	[SQL_FOUND] = "UPDATE assignment SET state = 1, torrent_id = ?2, archive_id = ?3,"
		      " infohash = ?4, note = NULL, changed_at = ?5, settled_by = ?6,"
		      " settled_at = ?5, absences = 0 WHERE id = ?1 AND state IN (0, 5)"
		      " AND NOT EXISTS(SELECT 1 FROM assignment WHERE torrent_id = ?2)",
	[SQL_UNFOUNDED] = "UPDATE assignment SET state = 6, changed_at = ?2, settled_at = ?2,"
			  " settled_by = ?3 WHERE id = ?1 AND state = 5",
	[SQL_REOPEN] = "UPDATE assignment SET state = 5, changed_at = ?2, settled_at = 0,"
		       " absences = 0 WHERE id = ?1 AND state = 6",
	[SQL_ABSENT] = "UPDATE assignment SET absences = ?2, absent_since = ?3 WHERE id = ?1",
	[SQL_FETCHED] = "UPDATE assignment SET state = 2, infohash = ?2, name = ?3,"
			" file_name = ?4, bytes = ?5, hook = ?6, v2 = ?7, note = NULL,"
			" set_aside = 0, tries = 0, changed_at = ?8 WHERE id = ?1",
	[SQL_UNFETCHED] = "UPDATE assignment SET state = 1, note = ?2, changed_at = ?3"
			  " WHERE id = ?1",
	[SQL_DELIVERING] = "UPDATE assignment SET state = 3, file_name = ?2, path = ?3,"
			   " changed_at = ?4 WHERE id = ?1",
	[SQL_DELIVERED] = "UPDATE assignment SET state = 4, path = ?2, note = NULL,"
			  " set_aside = 0, changed_at = ?3, delivered_at = ?3, client = ?4,"
			  " pick_up = ?5, pick_up_at = ?3 WHERE id = ?1",
	[SQL_PICK_UP] = "UPDATE assignment SET pick_up = ?2, pick_up_at = ?3 WHERE id = ?1",
	[SQL_MOVED] = "UPDATE assignment SET path = ?2, pick_up_at = ?3, client = ?4, pick_up = ?5"
		      " WHERE id = ?1",
	[SQL_ADOPT] = "INSERT INTO assignment(container, state, infohash, v2, name, file_name,"
		      " bytes, path, client, asked_at, changed_at, delivered_at)"
		      " VALUES(?1, 4, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?9)",
	[SQL_AUDITED] = "UPDATE assignment SET found = ?2, found_at = ?3 WHERE id = ?1",
	[SQL_TRIED] = "UPDATE assignment SET tries = tries + 1, note = ?2, set_aside = ?3,"
		      " changed_at = ?4 WHERE id = ?1",
	[SQL_NOTE] = "UPDATE assignment SET note = ?2 WHERE id = ?1",
	[SQL_HOOK] = "UPDATE assignment SET hook = ?2 WHERE id = ?1",
	[SQL_RENAME] = "UPDATE assignment SET container = ?2 WHERE container = ?1",
	[SQL_LIST_PENDING] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			     " WHERE (state BETWEEN 1 AND 3 OR (state = 4 AND hook = 1))"
			     " AND (?1 IS NULL OR container = ?1) ORDER BY id LIMIT ?2",
	[SQL_LIST_LOST] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment WHERE state IN (0, 5)"
			  " AND (?1 IS NULL OR container = ?1) ORDER BY id LIMIT ?2",
	[SQL_LIST_DOUBTFUL] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			      " WHERE state = 6 AND settled_by IS NULL"
			      " AND (?1 IS NULL OR container = ?1) ORDER BY id LIMIT ?2",
	[SQL_LIST_ALL] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			 " WHERE ?1 IS NULL OR container = ?1 ORDER BY id DESC LIMIT ?2",
	[SQL_LIST_OURS] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			  " WHERE state BETWEEN 1 AND 4 AND (?1 IS NULL OR container = ?1)"
			  " ORDER BY container, id LIMIT ?2",
	[SQL_LIST_AWAITED] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			     " WHERE pick_up IN (1, 2) AND (?1 IS NULL OR container = ?1)"
			     " ORDER BY id LIMIT ?2",
	[SQL_LIST_REFUSED] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			     " WHERE pick_up = 4 AND (?1 IS NULL OR container = ?1)"
			     " ORDER BY id LIMIT ?2",
	[SQL_KNOWS] = "SELECT 1 FROM assignment WHERE torrent_id = ?1 LIMIT 1",
	[SQL_HAS] = "SELECT 1 FROM assignment WHERE torrent_id = ?1 AND container = ?2"
		    " AND state BETWEEN 1 AND 4 LIMIT 1",
	[SQL_KEEPS] = "SELECT 1 FROM assignment WHERE infohash = ?1 AND state BETWEEN 2 AND 4"
		      " AND (?2 IS NULL OR container = ?2) LIMIT 1",
	[SQL_GOT_SINCE] = "SELECT count(*) FROM assignment WHERE container = ?1"
			  " AND ((state = 4 AND delivered_at BETWEEN ?2 AND ?3)"
			  " OR (state IN (2, 3) AND asked_at BETWEEN ?2 AND ?3))",
	[SQL_WAITING] = "SELECT count(*) FROM assignment WHERE container = ?1"
			" AND state IN (2, 3) AND NOT set_aside",
	/* What was adopted was put there by another program. */
	[SQL_USED_FOLDER] = "SELECT count(*), ifnull(max(asked_at <> delivered_at), 0)"
			    " FROM assignment WHERE container = ?1 AND state = 4"
			    " AND client IS NULL AND substr(path, 1, length(?2) + 1) = ?2 || '/'",
	[SQL_GET_IDENTITY] = "SELECT ledger FROM identity",
	[SQL_SET_IDENTITY] = "UPDATE identity SET ledger = ?1",
	[SQL_GET_MARK] = "SELECT id, by_system, at, who, fault, since, found FROM mark"
			 " WHERE folder = ?1",
	[SQL_SET_MARK] = "INSERT OR REPLACE INTO mark VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[SQL_PICK_UP_DUE] = "SELECT min(pick_up_at) FROM assignment"
			    " WHERE container = ?1 AND pick_up = 1",
	[SQL_TOTALS] = "SELECT ifnull(sum(n * (state BETWEEN 1 AND 4)), 0),"
		       " ifnull(sum(n * (state = 4)), 0), ifnull(sum(bytes * (state = 4)), 0),"
		       " ifnull(sum(n * (state BETWEEN 1 AND 3 AND NOT set_aside)), 0),"
		       " ifnull(sum(n * (state BETWEEN 1 AND 3 AND set_aside)), 0),"
		       " ifnull(sum(n * (state = 5)), 0), ifnull(sum(n * (state = 0)), 0),"
		       " ifnull(sum(n * (pick_up = 2)), 0), ifnull(sum(n * (pick_up = 4)), 0),"
		       " ifnull(sum(bytes * (state BETWEEN 1 AND 3)), 0),"
		       " (SELECT min(asked_at) FROM assignment"
		       "  WHERE container = ?1 AND state BETWEEN 1 AND 3)"
		       " FROM tally WHERE container = ?1",
	[SQL_LIST_HISTORY] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment"
			     " WHERE (?1 IS NULL OR container = ?1) AND id < ?3"
			     " ORDER BY id DESC LIMIT ?2",
	[SQL_LIST_NEWEST] = "SELECT " ASSIGNMENT_COLUMNS " FROM assignment WHERE +state = 4"
			    " AND delivered_at > 0 AND (?1 IS NULL OR container = ?1)"
			    " ORDER BY delivered_at DESC, id DESC LIMIT ?2",
	[SQL_LOOK] = "BEGIN",
	[SQL_CYCLES] = "SELECT c.id, c.kind, c.begun_at, c.ended_at, c.well, c.summary,"
		       " t.container, t.detail, t.until, t.kind, t.wait, t.code, t.status,"
		       " t.error, c.failed FROM"
		       " (SELECT * FROM cycle ORDER BY id DESC LIMIT ?1) c"
		       " LEFT JOIN turn t ON t.cycle = c.id ORDER BY c.id DESC, t.container",
	[SQL_CYCLE_TALLY] = "SELECT well, n, ms FROM cycle_tally",
	[SQL_TURN_TALLY] = "SELECT container, outcome, n FROM turn_tally",
	[SQL_GROWTH] = "SELECT day, n, bytes, adopted FROM growth"
		       " WHERE container = ?1 AND day >= ?2 ORDER BY day",
	[SQL_GROWTH_ALL] = "SELECT ifnull(sum(bytes), 0), ifnull((SELECT day FROM growth"
			   " WHERE container = ?1 AND n > 0 ORDER BY day LIMIT 1), -1)"
			   " FROM tally WHERE container = ?1 AND state = 4",
	[SQL_GET_SPACE] = "SELECT free, total, at FROM space WHERE place = ?1",
	[SQL_SET_SPACE] = "INSERT OR REPLACE INTO space VALUES(?1, ?2, ?3, ?4)",
	[SQL_REMEMBER] =
		"INSERT INTO incomplete(torrent_id, infohash, first_seen, last_seen, archive_id)"
		" VALUES(?1, ?2, ?3, ?3, ?4) ON CONFLICT(torrent_id)"
		" DO UPDATE SET infohash = ?2, last_seen = ?3, archive_id = ?4",
	[SQL_LISTED] = "UPDATE lists SET first_at = iif(first_at = 0, ?1, first_at), last_at = ?1",
	[SQL_FORGET] = "DELETE FROM incomplete WHERE last_seen < ?1 AND (owner = 0"
		       " OR last_seen < ?2)",
	[SQL_GET_LISTS] = "SELECT first_at, last_at FROM lists",
	[SQL_UNKNOWN] = "SELECT torrent_id, archive_id, infohash, first_seen, last_seen, owner,"
			" said_by, said_at FROM incomplete i WHERE NOT EXISTS"
			"(SELECT 1 FROM assignment a WHERE a.torrent_id = i.torrent_id)"
			" AND (i.infohash = '' OR NOT EXISTS(SELECT 1 FROM assignment a"
			" WHERE a.infohash >= i.infohash AND a.infohash < i.infohash || 'g'"
			" AND a.state BETWEEN 2 AND 4)) ORDER BY first_seen, torrent_id",
	[SQL_OWNER] =
		"INSERT INTO incomplete(torrent_id, infohash, first_seen, last_seen, owner,"
		" said_by, said_at) VALUES(?1, '', ?4, ?4, ?2, ?3, ?4) ON CONFLICT(torrent_id)"
		" DO UPDATE SET owner = ?2, said_by = ?3, said_at = ?4",
	[SQL_NAMELESS] = "SELECT 1 FROM assignment WHERE state BETWEEN 1 AND 4"
			 " AND ifnull(torrent_id, '') = '' LIMIT 1",
	[SQL_INCOMPLETE_COUNT] = "SELECT count(*) FROM incomplete, lists WHERE last_seen = last_at",
	[SQL_GET_PACE] = "SELECT last_fetch, last_request, failures, backoff_until, reason,"
			 " credentials, announced, since, proven, status, unproven, steady_fetch,"
			 " steady_request, full_at, steady_full_at, boot, refusals, asked_until,"
			 " forced_at FROM pace",
	[SQL_SET_PACE] = "UPDATE pace SET last_fetch = ?1, last_request = ?2, failures = ?3,"
			 " backoff_until = ?4, reason = ?5, credentials = ?6,"
			 " announced = ?7, since = ?8, proven = ?9, status = ?10,"
			 " unproven = ?11, steady_fetch = ?12, steady_request = ?13,"
			 " full_at = ?14, steady_full_at = ?15, boot = ?16, refusals = ?17,"
			 " asked_until = ?18, forced_at = ?19",
	[SQL_GET_CLOCK] =
		"SELECT last_cycle, next_cycle, last_attempt, attempts, pinged_at FROM clock",
	[SQL_SET_CLOCK] = "UPDATE clock SET last_cycle = ?1, next_cycle = ?2, last_attempt = ?3,"
			  " attempts = ?4, pinged_at = ?5",
	[SQL_CYCLE_BEGIN] = "INSERT INTO cycle(kind, begun_at) VALUES(?1, ?2)",
	[SQL_UNDONE] = "INSERT INTO container(name, undone) VALUES(?1, 1)"
		       " ON CONFLICT(name) DO UPDATE SET undone = 1, retry_at = 0",
	[SQL_TURN] =
		"INSERT OR REPLACE INTO turn(container, outcome, detail, at, until, kind, wait,"
		" code, status, error, cycle)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[SQL_TURN_STATE] =
		"INSERT INTO container(name, outcome, detail, outcome_at, until, kind, wait, code,"
		" status, error, undone, retry_at)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
		" ON CONFLICT(name) DO UPDATE SET outcome = ?2, detail = ?3, outcome_at = ?4,"
		" until = ?5, kind = ?6, wait = ?7, code = ?8, status = ?9, error = ?10,"
		" undone = ?11, retry_at = ?12",
	[SQL_CYCLE_END] = "UPDATE cycle SET ended_at = ?2, well = ?3, failed = ?4, summary = ?5 "
			  "WHERE id = ?1",
	[SQL_GET_CONTAINER] =
		"SELECT tracker_id, detail, outcome_at, undone AND NOT EXISTS"
		"(SELECT 1 FROM assignment WHERE container = ?1 AND state = 0), retry_at,"
		" until, kind, wait, code, status, error, asked_at FROM container WHERE name = ?1",
	[SQL_GET_CLIENT] = "SELECT refused, down_since, seen_at FROM client WHERE name = ?1",
	[SQL_SET_CLIENT] = "INSERT OR REPLACE INTO client VALUES(?1, ?2, ?3, ?4)",
	[SQL_HANGING] = "SELECT name, down_since FROM client WHERE name LIKE '/%' AND down_since"
			" ORDER BY down_since, name LIMIT 1 OFFSET ?1",
	[SQL_IS_REFUSED] = "SELECT 1 FROM client WHERE refused = ?1 LIMIT 1",
	[SQL_FORGIVE] = "UPDATE client SET refused = '' WHERE refused = ?1",
	[SQL_GET_AUDIT] = "SELECT at, summary, missing, in_error FROM audit",
	[SQL_SET_AUDIT] = "UPDATE audit SET at = ?1, summary = ?2, missing = ?3, in_error = ?4",
	[SQL_GET_VAULT_LOOK] = "SELECT at, damaged, infohash FROM vault_look",
	[SQL_SET_VAULT_LOOK] = "UPDATE vault_look SET at = ?1, damaged = ?2, infohash = ?3",
	[SQL_GET_PINGS] = "SELECT failures, since, why FROM ping",
	[SQL_SET_PINGS] = "UPDATE ping SET failures = ?1, since = ?2, why = ?3",
	[SQL_IS_REDELIVERED] = "SELECT 1 FROM redelivery WHERE target = ?1 AND assignment = ?2",
	[SQL_REDELIVERED] = "INSERT OR REPLACE INTO redelivery VALUES(?1, ?2)",
	[SQL_REDELIVERY_ENDED] = "DELETE FROM redelivery WHERE target = ?1",
	[SQL_NOTICES] =
		"SELECT what, name, since, ended, goes_on, told, causes, count, value, kind,"
		" wait, code, status, error FROM notice",
	[SQL_SET_NOTICE] = "INSERT OR REPLACE INTO notice(what, name, since, ended, goes_on, told,"
			   " causes, count, value, kind, wait, code, status, error) VALUES(?1, ?2,"
			   " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
	[SQL_ADD_MESSAGE] = "INSERT INTO message(target, at, kind, level, name, title, text)"
			    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_NEXT_MESSAGE] = "SELECT id, at, kind, level, name, title, text FROM message"
			     " WHERE target = ?1 ORDER BY id LIMIT 1",
	[SQL_DROP_MESSAGE] = "DELETE FROM message WHERE id = ?1",
	[SQL_FORGET_MESSAGES] = "DELETE FROM message WHERE at NOT BETWEEN ?1 AND ?2",
	[SQL_GET_TELLING] = "SELECT since, told, failures, rest_until FROM telling"
			    " WHERE target = ?1",
	[SQL_SET_TELLING] = "INSERT OR REPLACE INTO telling VALUES(?1, ?2, ?3, ?4, ?5)",
	[SQL_SET_CONTAINER_ID] = "INSERT INTO container(name, tracker_id) VALUES(?1, ?2)"
				 " ON CONFLICT(name) DO UPDATE SET tracker_id = ?2",
};
