/* Lists and totals; declared in ports/ledger.h. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ports/ledger_parts.h"

/* ---- looking ---- */

static void read_assignment(sqlite3_stmt *s, struct assignment *a)
{
	a->id = sqlite3_column_int64(s, 0);
	a->container = ledger_text_or_null(s, 1);
	a->state = (enum assignment_state)sqlite3_column_int(s, 2);
	text_copy(a->torrent_id, sizeof a->torrent_id, ledger_text(s, 3));
	text_copy(a->archive_id, sizeof a->archive_id, ledger_text(s, 4));
	text_copy(a->infohash, sizeof a->infohash, ledger_text(s, 5));
	a->name = ledger_text_or_null(s, 6);
	a->file_name = ledger_text_or_null(s, 7);
	a->path = ledger_text_or_null(s, 8);
	a->note = ledger_text_or_null(s, 9);
	a->bytes = (uint64_t)sqlite3_column_int64(s, 10);
	a->tries = (uint32_t)sqlite3_column_int64(s, 11);
	a->set_aside = sqlite3_column_int(s, 12) != 0;
	a->hook = (enum assignment_hook)sqlite3_column_int(s, 13);
	a->asked_at = sqlite3_column_int64(s, 14);
	a->changed_at = sqlite3_column_int64(s, 15);
	a->delivered_at = sqlite3_column_int64(s, 16);
	text_copy(a->v2, sizeof a->v2, ledger_text(s, 17));
	a->client = ledger_text_or_null(s, 18);
	a->pick_up = (enum assignment_pick_up)sqlite3_column_int(s, 19);
	a->pick_up_at = sqlite3_column_int64(s, 20);
	a->found = (enum audit_class)ledger_within(sqlite3_column_int(s, 21), AUDIT_CLASSES);
	a->found_at = sqlite3_column_int64(s, 22);
	a->certain = sqlite3_column_int(s, 23) != 0;
	text_copy(a->group_id, sizeof a->group_id, ledger_text(s, 24));
	a->absences = (uint32_t)sqlite3_column_int64(s, 25);
	a->absent_since = sqlite3_column_int64(s, 26);
	a->settled_by = ledger_text_or_null(s, 27);
	a->settled_at = sqlite3_column_int64(s, 28);
}

/* All rows of a bound statement. */
static bool read_list(struct ledger *l, sqlite3_stmt *s, struct assignment **list, size_t *n,
		      struct err *err)
{
	struct assignment *rows = NULL;
	size_t count = 0, room = 0;
	enum ledger_step got;

	while ((got = ledger_step(l, s, err)) == STEP_ROW) {
		if (count == room)
			rows = mem_grow(rows, room = room ? 2 * room : 16, sizeof *rows);
		rows[count] = (struct assignment){0};
		read_assignment(s, &rows[count++]);
	}
	if (got == STEP_FAILED) {
		assignment_list_free(rows, count);
		return false;
	}
	*list = rows;
	*n = count;
	return true;
}

bool ledger_list(struct ledger *l, enum ledger_filter filter, const char *container, size_t limit,
		 struct assignment **list, size_t *n, struct err *err)
{
	static const enum sql which[] = {
		[LEDGER_PENDING] = SQL_LIST_PENDING, [LEDGER_LOST] = SQL_LIST_LOST,
		[LEDGER_ALL] = SQL_LIST_ALL,         [LEDGER_OURS] = SQL_LIST_OURS,
		[LEDGER_AWAITED] = SQL_LIST_AWAITED, [LEDGER_REFUSED] = SQL_LIST_REFUSED,
		[LEDGER_NEWEST] = SQL_LIST_NEWEST,   [LEDGER_DOUBTFUL] = SQL_LIST_DOUBTFUL};
	OWN_STATEMENT sqlite3_stmt *s =
		ledger_query(l, which[filter], err, "ti", container, limit ? (int64_t)limit : -1);

	return read_list(l, s, list, n, err);
}

bool ledger_history(struct ledger *l, const char *container, int64_t before, size_t limit,
		    struct assignment **list, size_t *n, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s =
		ledger_query(l, SQL_LIST_HISTORY, err, "tii", container, (int64_t)limit, before);

	return read_list(l, s, list, n, err);
}

/* Does the statement give a row? */
static bool any(struct ledger *l, sqlite3_stmt *s, bool *is, struct err *err)
{
	enum ledger_step got = ledger_step(l, s, err);

	if (got != STEP_FAILED)
		*is = got == STEP_ROW;
	return got != STEP_FAILED;
}

bool ledger_knows(struct ledger *l, const char *torrent_id, bool *known, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_KNOWS, err, "t", torrent_id);

	return any(l, s, known, err);
}

bool ledger_has(struct ledger *l, const char *container, const char *torrent_id, bool *has,
		struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_HAS, err, "tt", torrent_id, container);

	return any(l, s, has, err);
}

bool ledger_keeps(struct ledger *l, const char *container, const char *infohash, bool *keeps,
		  struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_KEEPS, err, "tt", infohash, container);

	return any(l, s, keeps, err);
}

bool ledger_is_refused(struct ledger *l, const char *fingerprint, bool *refused, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_IS_REFUSED, err, "t", fingerprint);

	return any(l, s, refused, err);
}

bool ledger_is_redelivered(struct ledger *l, const char *target, int64_t id, bool *is,
			   struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_IS_REDELIVERED, err, "ti", target, id);

	return any(l, s, is, err);
}

/* The one number that a statement gives. */
static bool count(struct ledger *l, sqlite3_stmt *s, int64_t *n, struct err *err)
{
	if (!ledger_run_row(l, s, err))
		return false;
	*n = sqlite3_column_int64(s, 0);
	return true;
}

bool ledger_got_since(struct ledger *l, const char *container, int64_t since, uint64_t *n,
		      struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s =
		ledger_query(l, SQL_GOT_SINCE, err, "tii", container, since, clock_now());

	return count(l, s, (int64_t *)n, err);
}

bool ledger_waiting(struct ledger *l, const char *container, uint64_t *n, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_WAITING, err, "t", container);

	return count(l, s, (int64_t *)n, err);
}

bool ledger_pick_up_due(struct ledger *l, const char *container, int64_t *since, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_PICK_UP_DUE, err, "t", container);

	return count(l, s, since, err);
}

bool ledger_totals(struct ledger *l, const char *container, struct ledger_totals *t,
		   struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_TOTALS, err, "t", container);

	if (!ledger_run_row(l, s, err))
		return false;
	*t = (struct ledger_totals){
		.assigned = (uint64_t)sqlite3_column_int64(s, 0),
		.delivered = (uint64_t)sqlite3_column_int64(s, 1),
		.bytes = (uint64_t)sqlite3_column_int64(s, 2),
		.pending = (uint64_t)sqlite3_column_int64(s, 3),
		.set_aside = (uint64_t)sqlite3_column_int64(s, 4),
		.lost = (uint64_t)sqlite3_column_int64(s, 5),
		.asking = (uint64_t)sqlite3_column_int64(s, 6),
		.late = (uint64_t)sqlite3_column_int64(s, 7),
		.refused = (uint64_t)sqlite3_column_int64(s, 8),
		.pending_bytes = (uint64_t)sqlite3_column_int64(s, 9),
		.oldest_pending = sqlite3_column_int64(s, 10),
	};
	return true;
}
