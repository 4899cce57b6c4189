/* Cycles, growth and counts of the past; declared in ports/ledger.h. */
#include "base/mem.h"
#include "base/text.h"
#include "ports/ledger_parts.h"

bool ledger_look_begin(struct ledger *l, struct err *err)
{
	return ledger_run(l, SQL_LOOK, err, "");
}

void ledger_look_end(struct ledger *l)
{
	struct err ignored;

	(void)!ledger_run(l, SQL_ROLLBACK, &ignored, "");
}

/* ---- cycles ---- */

static void turn_clear(struct ledger_turn *t)
{
	free(t->container);
	free(t->detail);
}

void ledger_cycles_free(struct ledger_cycle *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < list[i].n_turns; k++)
			turn_clear(&list[i].turns[k]);
		free(list[i].turns);
		free(list[i].summary);
	}
	free(list);
}

static struct ledger_cycle read_cycle(sqlite3_stmt *s)
{
	return (struct ledger_cycle){
		.id = sqlite3_column_int64(s, 0),
		.kind = (enum cycle_kind)ledger_within(sqlite3_column_int(s, 1), CYCLE_KINDS),
		.begun_at = sqlite3_column_int64(s, 2),
		.ended_at = sqlite3_column_int64(s, 3),
		.well = sqlite3_column_int(s, 4) != 0,
		.summary = mem_dup(ledger_text(s, 5)),
		.failed = sqlite3_column_int(s, 14) != 0};
}

static void add_turn(struct ledger_cycle *c, sqlite3_stmt *s)
{
	if (sqlite3_column_type(s, 6) == SQLITE_NULL)
		return;
	c->turns = mem_grow(c->turns, c->n_turns + 1, sizeof *c->turns);
	c->turns[c->n_turns++] = (struct ledger_turn){.container = mem_dup(ledger_text(s, 6)),
						      .detail = mem_dup(ledger_text(s, 7)),
						      .until = sqlite3_column_int64(s, 8),
						      .result = ledger_result(s, 9)};
}

/* The statement gives a row for each turn; those of a cycle follow each other. */
bool ledger_cycles(struct ledger *l, size_t limit, struct ledger_cycle **list, size_t *n,
		   struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_CYCLES, err, "i", (int64_t)limit);
	struct ledger_cycle *rows = mem_alloc((limit + 1) * sizeof *rows);
	size_t count = 0;
	enum ledger_step got;

	while ((got = ledger_step(l, s, err)) == STEP_ROW) {
		if (!count || rows[count - 1].id != sqlite3_column_int64(s, 0))
			rows[count++] = read_cycle(s);
		add_turn(&rows[count - 1], s);
	}
	if (got == STEP_FAILED) {
		ledger_cycles_free(rows, count);
		return false;
	}
	*list = rows;
	*n = count;
	return true;
}

/* ---- counts ---- */

bool ledger_cycle_tally(struct ledger *l, struct ledger_cycle_tally *t, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_CYCLE_TALLY, err, "");
	struct ledger_cycle_tally found = {0};
	enum ledger_step got;

	while ((got = ledger_step(l, s, err)) == STEP_ROW) {
		bool well = sqlite3_column_int(s, 0) != 0;
		found.n[well] = (uint64_t)sqlite3_column_int64(s, 1);
		found.ms[well] = (uint64_t)sqlite3_column_int64(s, 2);
	}
	if (got == STEP_FAILED)
		return false;
	*t = found;
	return true;
}

void ledger_turn_tally_free(struct ledger_turn_tally *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].container);
		free(list[i].outcome);
	}
	free(list);
}

bool ledger_turn_tally(struct ledger *l, struct ledger_turn_tally **list, size_t *n,
		       struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_TURN_TALLY, err, "");
	struct ledger_turn_tally *rows = NULL;
	size_t count = 0;
	enum ledger_step got;

	while ((got = ledger_step(l, s, err)) == STEP_ROW) {
		rows = mem_grow(rows, count + 1, sizeof *rows);
		rows[count++] =
			(struct ledger_turn_tally){.container = mem_dup(ledger_text(s, 0)),
						   .outcome = mem_dup(ledger_text(s, 1)),
						   .n = (uint64_t)sqlite3_column_int64(s, 2)};
	}
	if (got == STEP_FAILED) {
		ledger_turn_tally_free(rows, count);
		return false;
	}
	*list = rows;
	*n = count;
	return true;
}

/* ---- growth ---- */

void ledger_growth_clear(struct ledger_growth *g)
{
	free(g->days);
	*g = (struct ledger_growth){.first = -1};
}

/* When its days were read. */
static bool read_before(struct ledger *l, const char *container, struct ledger_growth *g,
			struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GROWTH_ALL, err, "t", container);

	if (!ledger_run_row(l, s, err))
		return false;
	g->before = (uint64_t)sqlite3_column_int64(s, 0);
	g->first = sqlite3_column_int64(s, 1);
	for (size_t i = 0; i < g->n; i++)
		g->before -= g->days[i].bytes + g->days[i].adopted;
	return true;
}

static void add_day(struct ledger_growth *g, sqlite3_stmt *s, size_t *room)
{
	if (sqlite3_column_int64(s, 1) <= 0)
		return;
	if (g->n == *room)
		g->days = mem_grow(g->days, *room = *room ? 2 * *room : 32, sizeof *g->days);
	g->days[g->n++] = (struct ledger_day){.day = sqlite3_column_int64(s, 0),
					      .n = (uint64_t)sqlite3_column_int64(s, 1),
					      .bytes = (uint64_t)sqlite3_column_int64(s, 2),
					      .adopted = (uint64_t)sqlite3_column_int64(s, 3)};
}

bool ledger_get_growth(struct ledger *l, const char *container, int64_t since,
		       struct ledger_growth *g, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GROWTH, err, "ti", container, since);
	struct ledger_growth found = {0};
	size_t room = 0;
	enum ledger_step got;

	while ((got = ledger_step(l, s, err)) == STEP_ROW)
		add_day(&found, s, &room);
	if (got == STEP_FAILED || !read_before(l, container, &found, err)) {
		free(found.days);
		return false;
	}
	*g = found;
	return true;
}

/* ---- the vault ---- */

bool ledger_get_vault_look(struct ledger *l, struct ledger_vault_look *v, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, SQL_GET_VAULT_LOOK, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	v->at = sqlite3_column_int64(s, 0);
	v->damaged = (uint64_t)sqlite3_column_int64(s, 1);
	text_copy(v->infohash, sizeof v->infohash, ledger_text(s, 2));
	return true;
}

bool ledger_set_vault_look(struct ledger *l, const struct ledger_vault_look *v, struct err *err)
{
	return ledger_run(l, SQL_SET_VAULT_LOOK, err, "iit", v->at, (int64_t)v->damaged,
			  v->infohash);
}
