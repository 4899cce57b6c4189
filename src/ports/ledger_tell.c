/* Messages: what was reported, and what waits; declared in ports/ledger.h. */
#include "base/mem.h"
#include "base/text.h"
#include "ports/ledger_parts.h"

_Static_assert(EVENT_GOOD == 0 && EVENT_INFO == 1 && EVENT_WARNING == 2 && EVENT_ERROR == 3,
	       "levels are kept in the ledger as these numbers");

static void read_notice(sqlite3_stmt *s, struct notice *n)
{
	*n = (struct notice){.kind = (enum notice_kind)sqlite3_column_int(s, 0),
			     .name = mem_dup(ledger_text(s, 1)),
			     .since = sqlite3_column_int64(s, 2),
			     .ended = sqlite3_column_int64(s, 3),
			     .on = sqlite3_column_int(s, 4) != 0,
			     .told = sqlite3_column_int(s, 5) != 0,
			     .causes = (uint32_t)sqlite3_column_int64(s, 6),
			     .count = (uint64_t)sqlite3_column_int64(s, 7),
			     .first = ledger_result(s, 9)};
	text_copy(n->value, sizeof n->value, ledger_text(s, 8));
}

bool ledger_notices(struct ledger *l, struct notice **list, size_t *n, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_NOTICES, err, "");
	struct notice *rows = NULL;
	size_t count = 0;
	enum ledger_step got;

	while ((got = ledger_step(l, s, err)) == STEP_ROW) {
		rows = mem_grow(rows, count + 1, sizeof *rows);
		read_notice(s, &rows[count++]);
	}
	if (got == STEP_FAILED) {
		for (size_t i = 0; i < count; i++)
			notice_clear(&rows[i]);
		free(rows);
		return false;
	}
	*list = rows;
	*n = count;
	return true;
}

static bool set_notice(struct ledger *l, const struct notice *n, struct err *err)
{
	const struct result *r = &n->first;

	return ledger_run(l, SQL_SET_NOTICE, err, "itiiiiiitiiiit", (int64_t)n->kind, n->name,
			  n->since, n->ended, (int64_t)n->on, (int64_t)n->told, (int64_t)n->causes,
			  (int64_t)n->count, n->value, (int64_t)r->kind, (int64_t)r->wait,
			  (int64_t)r->code, (int64_t)r->status, r->name);
}

static bool add_message(struct ledger *l, const struct ledger_message *m, struct err *err)
{
	const struct event *e = m->event;

	return ledger_run(l, SQL_ADD_MESSAGE, err, "titittt", m->target, e->at,
			  event_kind_name(e->kind), (int64_t)e->level, e->name, e->title,
			  e->text ? e->text : "");
}

bool ledger_tell(struct ledger *l, const struct notice notices[], size_t n_notices,
		 const struct ledger_message messages[], size_t n_messages, struct err *err)
{
	bool ok = true;

	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	for (size_t i = 0; ok && i < n_notices; i++)
		ok = !notices[i].changed || set_notice(l, &notices[i], err);
	for (size_t i = 0; ok && i < n_messages; i++)
		ok = add_message(l, &messages[i], err);
	return ledger_commit(l, ok, err);
}

/* A message that a later version has written is sent as it is. */
static enum event_kind kind_of(const char *name)
{
	unsigned bits = 0;

	if (!event_kinds_parse(name, &bits) || !bits)
		return EVENT_TEST;
	return (enum event_kind)__builtin_ctz(bits);
}

bool ledger_next_message(struct ledger *l, const char *target, struct event *e, bool *is,
			 struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_NEXT_MESSAGE, err, "t", target);
	enum ledger_step got = ledger_step(l, s, err);

	if (got == STEP_FAILED)
		return false;
	*is = got == STEP_ROW;
	if (!*is)
		return true;
	*e = (struct event){.id = sqlite3_column_int64(s, 0),
			    .at = sqlite3_column_int64(s, 1),
			    .kind = kind_of(ledger_text(s, 2)),
			    .level = (enum event_level)(sqlite3_column_int(s, 3) & 3),
			    .text = mem_dup(ledger_text(s, 6))};
	text_copy(e->name, sizeof e->name, ledger_text(s, 4));
	text_copy(e->title, sizeof e->title, ledger_text(s, 5));
	return true;
}

bool ledger_forget_messages(struct ledger *l, int64_t before, int64_t after, struct err *err)
{
	return ledger_run(l, SQL_FORGET_MESSAGES, err, "ii", before, after);
}

bool ledger_get_telling(struct ledger *l, const char *target, struct ledger_telling *t,
			struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_TELLING, err, "t", target);
	enum ledger_step got = ledger_step(l, s, err);

	if (got == STEP_FAILED)
		return false;
	*t = (struct ledger_telling){0};
	if (got == STEP_ROW)
		*t = (struct ledger_telling){.since = sqlite3_column_int64(s, 0),
					     .told = (uint32_t)sqlite3_column_int64(s, 1),
					     .failures = (uint32_t)sqlite3_column_int64(s, 2),
					     .rest_until = sqlite3_column_int64(s, 3)};
	return true;
}

bool ledger_set_telling(struct ledger *l, const char *target, const struct ledger_telling *t,
			int64_t done, struct err *err)
{
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = ledger_run(l, SQL_SET_TELLING, err, "tiiii", target, t->since, (int64_t)t->told,
			     (int64_t)t->failures, t->rest_until) &&
		  (!done || ledger_run(l, SQL_DROP_MESSAGE, err, "i", done));
	return ledger_commit(l, ok, err);
}
