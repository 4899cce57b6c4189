/* Pacing, cycles, containers, clients, the audit; declared in ports/ledger.h. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ports/ledger_parts.h"

/* ---- pacing, back-off ---- */

bool ledger_get_pace(struct ledger *l, struct pace *p, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_PACE, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	*p = (struct pace){.fetch = {sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 11)},
			   .request = {sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 12)},
			   .full = {sqlite3_column_int64(s, 13), sqlite3_column_int64(s, 14)},
			   .refusals = (uint32_t)sqlite3_column_int64(s, 16),
			   .asked_until = sqlite3_column_int64(s, 17),
			   .forced_at = sqlite3_column_int64(s, 18),
			   .failures = (uint32_t)sqlite3_column_int64(s, 2),
			   .backoff_until = sqlite3_column_int64(s, 3),
			   .since = sqlite3_column_int64(s, 7)};
	text_copy(p->reason.text, sizeof p->reason.text, ledger_text(s, 4));
	p->reason.status = sqlite3_column_int(s, 9);
	p->reason.unproven = sqlite3_column_int(s, 10) != 0;
	text_copy(p->credentials, sizeof p->credentials, ledger_text(s, 5));
	text_copy(p->boot, sizeof p->boot, ledger_text(s, 15));
	text_copy(p->announced, sizeof p->announced, ledger_text(s, 6));
	text_copy(p->proven, sizeof p->proven, ledger_text(s, 8));
	return true;
}

bool ledger_set_pace(struct ledger *l, const struct pace *p, struct err *err)
{
	return ledger_run(l, SQL_SET_PACE, err, "iiiitttitiiiiiitiii", p->fetch.wall,
			  p->request.wall, (int64_t)p->failures, p->backoff_until, p->reason.text,
			  p->credentials, p->announced, p->since, p->proven,
			  (int64_t)p->reason.status, (int64_t)p->reason.unproven, p->fetch.steady,
			  p->request.steady, p->full.wall, p->full.steady, p->boot,
			  (int64_t)p->refusals, p->asked_until, p->forced_at);
}

/* ---- cycles ---- */

bool ledger_get_clock(struct ledger *l, struct cycle_clock *c, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_CLOCK, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	*c = (struct cycle_clock){.last_cycle = sqlite3_column_int64(s, 0),
				  .next_cycle = sqlite3_column_int64(s, 1),
				  .last_attempt = sqlite3_column_int64(s, 2),
				  .attempts = (uint32_t)sqlite3_column_int64(s, 3),
				  .pinged_at = sqlite3_column_int64(s, 4)};
	return true;
}

bool ledger_set_clock(struct ledger *l, const struct cycle_clock *c, struct err *err)
{
	return ledger_run(l, SQL_SET_CLOCK, err, "iiiii", c->last_cycle, c->next_cycle,
			  c->last_attempt, (int64_t)c->attempts, c->pinged_at);
}

bool ledger_undone(struct ledger *l, const char *const names[], size_t n, struct err *err)
{
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = ledger_run(l, SQL_UNDONE, err, "t", names[i]);
	return ledger_commit(l, ok, err);
}

bool ledger_cycle_begin(struct ledger *l, enum cycle_kind kind, const char *const names[], size_t n,
			int64_t *cycle, struct err *err)
{
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = ledger_run(l, SQL_CYCLE_BEGIN, err, "ii", (int64_t)kind, clock_now());
	int64_t id = sqlite3_last_insert_rowid(l->db);
	for (size_t i = 0; ok && i < n; i++)
		ok = ledger_run(l, SQL_UNDONE, err, "t", names[i]);
	if (!ledger_commit(l, ok, err))
		return false;
	*cycle = id;
	return true;
}

int ledger_within(int value, int count)
{
	return value >= 0 && value < count ? value : 0;
}

struct result ledger_result(sqlite3_stmt *s, int first)
{
	int kind = sqlite3_column_int(s, first);
	struct result r = {
		.kind = kind >= 0 && kind <= OUTCOME_ERR ? (enum outcome_kind)kind : OUTCOME_ERR,
		.wait = (enum outcome_wait)ledger_within(sqlite3_column_int(s, first + 1),
							 OUTCOME_WAITS),
		.code = (enum err_code)ledger_within(sqlite3_column_int(s, first + 2), ERR_CODES),
		.status = sqlite3_column_int(s, first + 3)};

	text_copy(r.name, sizeof r.name, ledger_text(s, first + 4));
	return r;
}

bool ledger_turn(struct ledger *l, int64_t cycle, const struct outcome *o, struct err *err)
{
	const struct result *r = &o->result;
	char word[OUTCOME_TEXT];
	int64_t now = clock_now();

	result_text(r, word);
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = ledger_run(l, SQL_TURN, err, "tttiiiiiiti", o->container, word, o->detail, now,
			     o->until, (int64_t)r->kind, (int64_t)r->wait, (int64_t)r->code,
			     (int64_t)r->status, r->name, cycle) &&
		  ledger_run(l, SQL_TURN_STATE, err, "tttiiiiiitii", o->container, word, o->detail,
			     now, o->until, (int64_t)r->kind, (int64_t)r->wait, (int64_t)r->code,
			     (int64_t)r->status, r->name, (int64_t)o->undone, o->retry_at);
	return ledger_commit(l, ok, err);
}

bool ledger_cycle_end(struct ledger *l, int64_t cycle, enum cycle_end end, const char *summary,
		      struct err *err)
{
	return ledger_run(l, SQL_CYCLE_END, err, "iiiit", cycle, clock_now(),
			  (int64_t)(end == CYCLE_END_WELL), (int64_t)(end == CYCLE_END_FAILED),
			  summary);
}

bool ledger_get_container(struct ledger *l, const char *name, struct ledger_container *c,
			  struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_CONTAINER, err, "t", name);
	enum ledger_step got = ledger_step(l, s, err);

	if (got == STEP_FAILED)
		return false;
	*c = (struct ledger_container){0};
	if (got == STEP_DONE)
		return true;
	text_copy(c->id, sizeof c->id, ledger_text(s, 0));
	text_copy(c->detail, sizeof c->detail, ledger_text(s, 1));
	c->outcome_at = sqlite3_column_int64(s, 2);
	c->undone = sqlite3_column_int(s, 3) != 0;
	c->retry_at = sqlite3_column_int64(s, 4);
	c->until = sqlite3_column_int64(s, 5);
	c->result = ledger_result(s, 6);
	c->asked_at = sqlite3_column_int64(s, 11);
	return true;
}

bool ledger_set_container_id(struct ledger *l, const char *name, const char *id, struct err *err)
{
	return ledger_run(l, SQL_SET_CONTAINER_ID, err, "tt", name, id);
}

/* ---- clients ---- */

bool ledger_get_client(struct ledger *l, const char *name, struct ledger_client *c, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_CLIENT, err, "t", name);
	enum ledger_step got = ledger_step(l, s, err);

	if (got == STEP_FAILED)
		return false;
	*c = (struct ledger_client){0};
	if (got == STEP_DONE)
		return true;
	text_copy(c->refused, sizeof c->refused, ledger_text(s, 0));
	c->down_since = sqlite3_column_int64(s, 1);
	c->seen_at = sqlite3_column_int64(s, 2);
	return true;
}

bool ledger_set_client(struct ledger *l, const char *name, const struct ledger_client *c,
		       struct err *err)
{
	return ledger_run(l, SQL_SET_CLIENT, err, "ttii", name, c->refused, c->down_since,
			  c->seen_at);
}

bool ledger_hanging(struct ledger *l, size_t number, char **folder, int64_t *since, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_HANGING, err, "i", (int64_t)number);
	enum ledger_step got = ledger_step(l, s, err);

	if (got == STEP_FAILED)
		return false;
	*folder = got == STEP_ROW ? mem_dup(ledger_text(s, 0)) : NULL;
	*since = got == STEP_ROW ? sqlite3_column_int64(s, 1) : 0;
	return true;
}

/* ---- room ---- */

bool ledger_get_space(struct ledger *l, const char *place, struct ledger_space *space,
		      struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_SPACE, err, "t", place);
	enum ledger_step got = ledger_step(l, s, err);

	if (got == STEP_FAILED)
		return false;
	*space = (struct ledger_space){0};
	if (got == STEP_ROW)
		*space = (struct ledger_space){.free = (uint64_t)sqlite3_column_int64(s, 0),
					       .total = (uint64_t)sqlite3_column_int64(s, 1),
					       .at = sqlite3_column_int64(s, 2)};
	return true;
}

bool ledger_set_space(struct ledger *l, const char *place, const struct ledger_space *space,
		      struct err *err)
{
	return ledger_run(l, SQL_SET_SPACE, err, "tiii", place, (int64_t)space->free,
			  (int64_t)space->total, space->at);
}

bool ledger_forgive(struct ledger *l, const char *fingerprint, struct err *err)
{
	return ledger_run(l, SQL_FORGIVE, err, "t", fingerprint);
}

/* ---- the audit ---- */

bool ledger_audited(struct ledger *l, const struct ledger_finding *findings, size_t n,
		    struct err *err)
{
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++)
		ok = ledger_run(l, SQL_AUDITED, err, "iii", findings[i].id,
				(int64_t)findings[i].found, findings[i].since);
	return ledger_commit(l, ok, err);
}

bool ledger_get_audit(struct ledger *l, struct ledger_audit *a, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_AUDIT, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	a->at = sqlite3_column_int64(s, 0);
	text_copy(a->summary, sizeof a->summary, ledger_text(s, 1));
	a->missing = (uint64_t)sqlite3_column_int64(s, 2);
	a->in_error = (uint64_t)sqlite3_column_int64(s, 3);
	return true;
}

bool ledger_set_audit(struct ledger *l, const struct ledger_audit *a, struct err *err)
{
	return ledger_run(l, SQL_SET_AUDIT, err, "itii", a->at, a->summary, (int64_t)a->missing,
			  (int64_t)a->in_error);
}

/* ---- pings ---- */

bool ledger_get_pings(struct ledger *l, struct ledger_pings *p, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_PINGS, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	p->failures = (uint32_t)sqlite3_column_int64(s, 0);
	p->since = sqlite3_column_int64(s, 1);
	text_copy(p->why, sizeof p->why, ledger_text(s, 2));
	return true;
}

bool ledger_set_pings(struct ledger *l, const struct ledger_pings *p, struct err *err)
{
	return ledger_run(l, SQL_SET_PINGS, err, "iit", (int64_t)p->failures, p->since, p->why);
}

/* ---- delivering again ---- */

bool ledger_redelivered(struct ledger *l, const char *target, int64_t id, struct err *err)
{
	return ledger_run(l, SQL_REDELIVERED, err, "ti", target, id);
}

bool ledger_redelivery_ended(struct ledger *l, const char *target, struct err *err)
{
	return ledger_run(l, SQL_REDELIVERY_ENDED, err, "t", target);
}
