/* Questions without an answer, and what the tracker lists; declared in ports/ledger.h. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ports/ledger_parts.h"

_Static_assert(LISTED_UNKNOWN == 0 && LISTED_OTHERS == 1 && LISTED_OURS == 2 && LISTED_OWNERS == 3,
	       "owners are kept in the ledger as these numbers");

/* ---- settling ---- */

/* Did the last statement change a row?  `done` may be NULL. */
static bool note_change(const struct ledger *l, bool *done)
{
	bool changed = sqlite3_changes(l->db) > 0;

	if (done)
		*done = changed;
	return changed;
}

bool ledger_found(struct ledger *l, int64_t id, const struct incomplete *found,
		  const char *archive_id, const char *who, bool *done, struct err *err)
{
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = ledger_run(l, SQL_FOUND, err, "itttit", id, found->torrent_id, archive_id,
			     found->infohash, clock_now(), who);
	if (ok && note_change(l, done))
		ok = ledger_run(l, SQL_TURN_OPEN, err, "i", id);
	return ledger_commit(l, ok, err);
}

bool ledger_unfounded(struct ledger *l, int64_t id, const char *who, bool *done, struct err *err)
{
	if (!ledger_run(l, SQL_UNFOUNDED, err, "iit", id, clock_now(), who))
		return false;
	note_change(l, done);
	return true;
}

bool ledger_reopen(struct ledger *l, int64_t id, struct err *err)
{
	return ledger_run(l, SQL_REOPEN, err, "ii", id, clock_now());
}

bool ledger_absent(struct ledger *l, int64_t id, uint32_t lists, int64_t since, struct err *err)
{
	return ledger_run(l, SQL_ABSENT, err, "iii", id, (int64_t)lists, since);
}

/* ---- IncompleteTransactions ---- */

bool ledger_remember_incomplete(struct ledger *l, const struct reply *reply, int64_t now,
				struct err *err)
{
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = ledger_run(l, SQL_LISTED, err, "i", now);
	for (size_t i = 0; ok && i < reply->n_incomplete; i++)
		ok = ledger_run(l, SQL_REMEMBER, err, "ttit", reply->incomplete[i].torrent_id,
				reply->incomplete[i].infohash, now, reply->archive_id);
	ok = ok &&
	     ledger_run(l, SQL_FORGET, err, "ii", now - LEDGER_LISTED_MS, now - LEDGER_OWNED_MS);
	return ledger_commit(l, ok, err);
}

bool ledger_get_lists(struct ledger *l, struct ledger_lists *lists, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_LISTS, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	lists->first_at = sqlite3_column_int64(s, 0);
	lists->last_at = sqlite3_column_int64(s, 1);
	return true;
}

static void read_listed(sqlite3_stmt *s, struct listed *t)
{
	*t = (struct listed){0};
	text_copy(t->torrent_id, sizeof t->torrent_id, ledger_text(s, 0));
	text_copy(t->archive_id, sizeof t->archive_id, ledger_text(s, 1));
	text_copy(t->infohash, sizeof t->infohash, ledger_text(s, 2));
	t->first_seen = sqlite3_column_int64(s, 3);
	t->last_seen = sqlite3_column_int64(s, 4);
	t->owner = (enum listed_owner)ledger_within(sqlite3_column_int(s, 5), LISTED_OWNERS);
	text_copy(t->said_by, sizeof t->said_by, ledger_text(s, 6));
	t->said_at = sqlite3_column_int64(s, 7);
}

bool ledger_unknown(struct ledger *l, struct listed **list, size_t *n, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_UNKNOWN, err, "");
	OWN_STR struct listed *rows = NULL;
	size_t count = 0, room = 0;
	enum ledger_step got;

	while ((got = ledger_step(l, s, err)) == STEP_ROW) {
		if (count == room)
			rows = mem_grow(rows, room = room ? 2 * room : 16, sizeof *rows);
		read_listed(s, &rows[count++]);
	}
	if (got == STEP_FAILED)
		return false;
	*list = OWN_TAKE(rows);
	*n = count;
	return true;
}

bool ledger_set_owner(struct ledger *l, const char *torrent_id, enum listed_owner owner,
		      const char *who, struct err *err)
{
	return ledger_run(l, SQL_OWNER, err, "titi", torrent_id, (int64_t)owner, who, clock_now());
}

bool ledger_has_nameless(struct ledger *l, bool *has, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_NAMELESS, err, "");
	enum ledger_step got = ledger_step(l, s, err);

	*has = got == STEP_ROW;
	return got != STEP_FAILED;
}

bool ledger_incomplete_count(struct ledger *l, uint64_t *n, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_INCOMPLETE_COUNT, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	*n = (uint64_t)sqlite3_column_int64(s, 0);
	return true;
}
