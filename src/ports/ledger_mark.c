/* The ledger's own id, and the folders that it knows; declared in ports/ledger.h. */
#include "ports/ledger_parts.h"

#include "base/text.h"

bool ledger_used_folder(struct ledger *l, const char *container, const char *folder, bool *used,
			bool *delivered, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s =
		ledger_query(l, SQL_USED_FOLDER, err, "tt", container, folder);

	if (!ledger_run_row(l, s, err))
		return false;
	*used = sqlite3_column_int(s, 0) > 0;
	*delivered = sqlite3_column_int(s, 1) != 0;
	return true;
}

bool ledger_identity(struct ledger *l, char id[MARK_ID], struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_IDENTITY, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	text_copy(id, MARK_ID, ledger_text(s, 0));
	return true;
}

bool ledger_set_identity(struct ledger *l, const char *id, struct err *err)
{
	return ledger_run(l, SQL_SET_IDENTITY, err, "t", id);
}

static struct mark read_mark(sqlite3_stmt *s)
{
	struct mark m = {
		.by_system = sqlite3_column_int(s, 1) != 0,
		.at = sqlite3_column_int64(s, 2),
		.fault = (enum mark_fault)ledger_within(sqlite3_column_int(s, 4), MARK_FAULTS),
		.since = sqlite3_column_int64(s, 5)};

	text_copy(m.id, sizeof m.id, ledger_text(s, 0));
	text_copy(m.who, sizeof m.who, ledger_text(s, 3));
	text_copy(m.found, sizeof m.found, ledger_text(s, 6));
	return m;
}

bool ledger_get_mark(struct ledger *l, const char *folder, struct mark *m, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_MARK, err, "t", folder);
	enum ledger_step step = ledger_step(l, s, err);

	if (step == STEP_FAILED)
		return false;
	*m = step == STEP_ROW ? read_mark(s) : (struct mark){0};
	return true;
}

bool ledger_set_mark(struct ledger *l, const char *folder, const struct mark *m, struct err *err)
{
	return ledger_run(l, SQL_SET_MARK, err, "ttiitiit", folder, m->id, (int64_t)m->by_system,
			  m->at, m->who, (int64_t)m->fault, m->since, m->found);
}
