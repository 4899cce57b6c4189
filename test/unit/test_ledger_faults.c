/* What the ledger does when SQLite fails: each call fails, changes nothing, and leaves no
 * transaction open. */
#include "ledger_fixture.h"

#include "base/clock.h"

#include <errno.h>
#include <unistd.h>

/* ---- every call, with plain arguments ---- */

static const char *const names[] = {"attic", "bad"};

static bool asking(struct ledger *l, struct err *err)
{
	int64_t id = 4711;
	bool ok = ledger_asking(l, "attic", &id, err);

	assert_true(ok ? id != 4711 : id == 4711);
	return ok;
}

static bool assigned(struct ledger *l, struct err *err)
{
	return ledger_assigned(l, 1, "1", "2", err);
}

static bool not_assigned(struct ledger *l, struct err *err)
{
	return ledger_not_assigned(l, 1, err);
}

static bool possibly_lost(struct ledger *l, struct err *err)
{
	return ledger_possibly_lost(l, 1, false, "x", err);
}

static bool adopt_leftovers(struct ledger *l, struct err *err)
{
	size_t n = 4711;
	bool ok = ledger_adopt_leftovers(l, &n, err);

	assert_true(ok ? n < 4711 : n == 4711);
	return ok;
}

static bool found(struct ledger *l, struct err *err)
{
	const struct incomplete lost = {.torrent_id = "9", .infohash = HASH};

	return ledger_found(l, 1, &lost, "2", NULL, NULL, err);
}

static bool unfounded(struct ledger *l, struct err *err)
{
	return ledger_unfounded(l, 1, NULL, NULL, err);
}

static bool fetched(struct ledger *l, struct err *err)
{
	const struct fetched f = {HASH, "Film", "Film.torrent", "", 1, false};

	return ledger_fetched(l, 1, &f, err);
}

static bool unfetched(struct ledger *l, struct err *err)
{
	return ledger_unfetched(l, 1, "x", err);
}

static bool delivering(struct ledger *l, struct err *err)
{
	return ledger_delivering(l, 1, "f", "t", err);
}

static bool delivered(struct ledger *l, struct err *err)
{
	return ledger_delivered(l, 1, "p", NULL, PICK_UP_DUE, err);
}

static bool pick_up(struct ledger *l, struct err *err)
{
	return ledger_pick_up(l, 1, PICK_UP_LATE, err);
}

static bool moved(struct ledger *l, struct err *err)
{
	return ledger_moved(l, 1, "p", NULL, PICK_UP_DUE, err);
}

static bool adopt(struct ledger *l, struct err *err)
{
	const struct adopted a = {.container = "attic", .infohash = HASH, .name = "n"};
	int64_t id = 4711;
	bool ok = ledger_adopt(l, &a, &id, err);

	assert_true(ok ? id != 4711 : id == 4711);
	return ok;
}

static bool tried(struct ledger *l, struct err *err)
{
	return ledger_tried(l, 1, "x", true, err);
}

static bool note(struct ledger *l, struct err *err)
{
	return ledger_note(l, 1, "x", err);
}

static bool hook(struct ledger *l, struct err *err)
{
	return ledger_hook(l, 1, HOOK_DONE, err);
}

static bool rename_container(struct ledger *l, struct err *err)
{
	return ledger_rename(l, "attic", "attic", err);
}

static bool list(struct ledger *l, struct err *err)
{
	struct assignment *rows = NULL;
	size_t n = 4711;
	bool ok = ledger_list(l, LEDGER_ALL, NULL, 0, &rows, &n, err);

	assert_true(ok == (n != 4711));
	assignment_list_free(rows, ok ? n : 0);
	return ok;
}

static bool history(struct ledger *l, struct err *err)
{
	struct assignment *rows = NULL;
	size_t n = 4711;
	bool ok = ledger_history(l, NULL, INT64_MAX, 5, &rows, &n, err);

	assert_true(ok == (n != 4711));
	assignment_list_free(rows, ok ? n : 0);
	return ok;
}

static bool look(struct ledger *l, struct err *err)
{
	if (!ledger_look_begin(l, err))
		return false;
	ledger_look_end(l);
	return true;
}

static bool knows(struct ledger *l, struct err *err)
{
	bool is = false;
	bool ok = ledger_knows(l, "1", &is, err);

	assert_true(ok || !is);
	return ok;
}

static bool keeps(struct ledger *l, struct err *err)
{
	bool is;

	return ledger_keeps(l, NULL, HASH, &is, err);
}

static bool used_folder(struct ledger *l, struct err *err)
{
	bool is;

	bool delivered;

	return ledger_used_folder(l, "attic", "/watch", &is, &delivered, err);
}

static bool got_since(struct ledger *l, struct err *err)
{
	uint64_t n;

	return ledger_got_since(l, "attic", 0, &n, err);
}

static bool waiting(struct ledger *l, struct err *err)
{
	uint64_t n = 4711;
	bool ok = ledger_waiting(l, "attic", &n, err);

	assert_true(ok == (n != 4711));
	return ok;
}

static bool pick_up_due(struct ledger *l, struct err *err)
{
	int64_t since;

	return ledger_pick_up_due(l, "attic", &since, err);
}

static bool count_all(struct ledger *l, struct err *err)
{
	struct ledger_totals t;

	return ledger_totals(l, "attic", &t, err);
}

static bool remember(struct ledger *l, struct err *err)
{
	struct incomplete two[] = {{.torrent_id = "1"}, {.torrent_id = "2", .infohash = "bad"}};
	const struct reply reply = {.incomplete = two, .n_incomplete = 2};

	return ledger_remember_incomplete(l, &reply, 1000, err);
}

static bool get_lists(struct ledger *l, struct err *err)
{
	struct ledger_lists lists = {4711, 4711};
	bool ok = ledger_get_lists(l, &lists, err);

	assert_true(ok == (lists.last_at != 4711));
	return ok;
}

static bool unknown(struct ledger *l, struct err *err)
{
	OWN_STR struct listed *listed = NULL;
	size_t n;

	return ledger_unknown(l, &listed, &n, err);
}

static bool set_owner(struct ledger *l, struct err *err)
{
	return ledger_set_owner(l, "1", LISTED_OTHERS, "bob", err);
}

static bool has_nameless(struct ledger *l, struct err *err)
{
	bool has;

	return ledger_has_nameless(l, &has, err);
}

static bool reopen(struct ledger *l, struct err *err)
{
	return ledger_reopen(l, 1, err);
}

static bool absent(struct ledger *l, struct err *err)
{
	return ledger_absent(l, 1, 1, 1, err);
}

static bool set_group(struct ledger *l, struct err *err)
{
	return ledger_set_group(l, 1, "1", err);
}

static bool incomplete_count(struct ledger *l, struct err *err)
{
	uint64_t n;

	return ledger_incomplete_count(l, &n, err);
}

static bool get_pace(struct ledger *l, struct err *err)
{
	struct pace p;

	return ledger_get_pace(l, &p, err);
}

static bool set_pace(struct ledger *l, struct err *err)
{
	return ledger_set_pace(l, &(struct pace){.fetch = {1, 0}}, err);
}

static bool get_clock(struct ledger *l, struct err *err)
{
	struct cycle_clock c;

	return ledger_get_clock(l, &c, err);
}

static bool set_clock(struct ledger *l, struct err *err)
{
	return ledger_set_clock(l, &(struct cycle_clock){1, 2, 3, 4, 5}, err);
}

static bool undone(struct ledger *l, struct err *err)
{
	return ledger_undone(l, names, COUNT(names), err);
}

static bool cycle_begin(struct ledger *l, struct err *err)
{
	int64_t cycle = 4711;
	bool ok = ledger_cycle_begin(l, CYCLE_REGULAR, names, COUNT(names), &cycle, err);

	assert_true(ok ? cycle != 4711 : cycle == 4711);
	return ok;
}

static bool turn(struct ledger *l, struct err *err)
{
	const struct outcome o = {.container = (char[]){"bad"}};

	return ledger_turn(l, 1, &o, err);
}

static bool cycle_end(struct ledger *l, struct err *err)
{
	return ledger_cycle_end(l, 1, CYCLE_END_WELL, "x", err);
}

static bool cycles(struct ledger *l, struct err *err)
{
	struct ledger_cycle *rows = NULL;
	size_t n = 4711;
	bool ok = ledger_cycles(l, 5, &rows, &n, err);

	assert_true(ok == (n != 4711));
	if (ok)
		ledger_cycles_free(rows, n);
	return ok;
}

static bool cycle_tally(struct ledger *l, struct err *err)
{
	struct ledger_cycle_tally t;

	return ledger_cycle_tally(l, &t, err);
}

static bool turn_tally(struct ledger *l, struct err *err)
{
	struct ledger_turn_tally *rows = NULL;
	size_t n = 4711;
	bool ok = ledger_turn_tally(l, &rows, &n, err);

	assert_true(ok == (n != 4711));
	ledger_turn_tally_free(rows, ok ? n : 0);
	return ok;
}

static bool get_growth(struct ledger *l, struct err *err)
{
	struct ledger_growth g = {.first = 4711};
	bool ok = ledger_get_growth(l, "attic", 0, &g, err);

	assert_true(ok == (g.first != 4711));
	ledger_growth_clear(&g);
	return ok;
}

static bool get_container(struct ledger *l, struct err *err)
{
	struct ledger_container c;

	return ledger_get_container(l, "attic", &c, err);
}

static bool set_container_id(struct ledger *l, struct err *err)
{
	return ledger_set_container_id(l, "attic", "1", err);
}

static bool get_client(struct ledger *l, struct err *err)
{
	struct ledger_client c;

	return ledger_get_client(l, "box", &c, err);
}

static bool set_client(struct ledger *l, struct err *err)
{
	return ledger_set_client(l, "box", &(struct ledger_client){.refused = "x"}, err);
}

static bool get_space(struct ledger *l, struct err *err)
{
	struct ledger_space s;

	return ledger_get_space(l, "box", &s, err);
}

static bool set_space(struct ledger *l, struct err *err)
{
	return ledger_set_space(l, "box", &(struct ledger_space){1, 2, 3}, err);
}

static bool is_refused(struct ledger *l, struct err *err)
{
	bool is;

	return ledger_is_refused(l, "x", &is, err);
}

static bool forgive(struct ledger *l, struct err *err)
{
	return ledger_forgive(l, "y", err);
}

static bool audited(struct ledger *l, struct err *err)
{
	const struct ledger_finding two[] = {{1, AUDIT_SEEDING, 1}, {1, AUDIT_ERROR, 2}};

	return ledger_audited(l, two, COUNT(two), err);
}

static bool get_audit(struct ledger *l, struct err *err)
{
	struct ledger_audit a;

	return ledger_get_audit(l, &a, err);
}

static bool set_audit(struct ledger *l, struct err *err)
{
	return ledger_set_audit(l, &(struct ledger_audit){.at = 1}, err);
}

static bool get_pings(struct ledger *l, struct err *err)
{
	struct ledger_pings p;

	return ledger_get_pings(l, &p, err);
}

static bool set_pings(struct ledger *l, struct err *err)
{
	return ledger_set_pings(l, &(struct ledger_pings){.failures = 1}, err);
}

static bool is_redelivered(struct ledger *l, struct err *err)
{
	bool is;

	return ledger_is_redelivered(l, "box", 1, &is, err);
}

static bool redelivered(struct ledger *l, struct err *err)
{
	return ledger_redelivered(l, "box", 1, err);
}

static bool redelivery_ended(struct ledger *l, struct err *err)
{
	return ledger_redelivery_ended(l, "box", err);
}

static bool notices(struct ledger *l, struct err *err)
{
	struct notice *rows = NULL;
	size_t n = 4711;
	bool ok = ledger_notices(l, &rows, &n, err);

	assert_true(ok == (n != 4711));
	for (size_t i = 0; ok && i < n; i++)
		notice_clear(&rows[i]);
	free(rows);
	return ok;
}

static bool tell(struct ledger *l, struct err *err)
{
	struct event good = {.title = "good"}, bad = {.title = "bad"};
	const struct notice one = {.name = (char[]){"attic"}, .changed = true};
	const struct ledger_message two[] = {{"a", &good}, {"b", &bad}};

	return ledger_tell(l, &one, 1, two, COUNT(two), err);
}

static bool next_message(struct ledger *l, struct err *err)
{
	struct event e = {0};
	bool is = false;
	bool ok = ledger_next_message(l, "a", &e, &is, err);

	assert_true(ok || !is);
	event_clear(&e);
	return ok;
}

static bool forget_messages(struct ledger *l, struct err *err)
{
	return ledger_forget_messages(l, 0, INT64_MAX, err);
}

static bool get_telling(struct ledger *l, struct err *err)
{
	struct ledger_telling t;

	return ledger_get_telling(l, "a", &t, err);
}

static bool set_telling(struct ledger *l, struct err *err)
{
	return ledger_set_telling(l, "a", &(struct ledger_telling){.told = 1}, 1, err);
}

enum { READS, WRITES, TRANSACTION };

/* In an order in which each works after those before it. */
static const struct call {
	bool (*call)(struct ledger *l, struct err *err);
	int does;
} calls[] = {
	{asking, WRITES},       {possibly_lost, TRANSACTION},
	{found, TRANSACTION},   {assigned, WRITES},
	{not_assigned, WRITES}, {unfounded, WRITES},
	{fetched, WRITES},      {unfetched, WRITES},
	{delivering, WRITES},   {delivered, WRITES},
	{pick_up, WRITES},      {moved, WRITES},
	{adopt, WRITES},        {adopt_leftovers, TRANSACTION},
	{tried, WRITES},        {note, WRITES},
	{hook, WRITES},         {rename_container, WRITES},
	{list, READS},          {history, READS},
	{knows, READS},         {keeps, READS},
	{used_folder, READS},   {got_since, READS},
	{waiting, READS},       {pick_up_due, READS},
	{count_all, READS},     {remember, TRANSACTION},
	{get_lists, READS},     {unknown, READS},
	{set_owner, WRITES},    {has_nameless, READS},
	{reopen, WRITES},       {absent, WRITES},
	{set_group, WRITES},    {incomplete_count, READS},
	{get_pace, READS},      {set_pace, WRITES},
	{get_clock, READS},     {set_clock, WRITES},
	{undone, TRANSACTION},  {cycle_begin, TRANSACTION},
	{turn, TRANSACTION},    {cycle_end, WRITES},
	{cycles, READS},        {cycle_tally, READS},
	{turn_tally, READS},    {get_growth, READS},
	{get_container, READS}, {set_container_id, WRITES},
	{get_client, READS},    {set_client, WRITES},
	{get_space, READS},     {set_space, WRITES},
	{is_refused, READS},    {forgive, WRITES},
	{audited, TRANSACTION}, {get_audit, READS},
	{set_audit, WRITES},    {get_pings, READS},
	{set_pings, WRITES},    {is_redelivered, READS},
	{redelivered, WRITES},  {redelivery_ended, WRITES},
	{notices, READS},       {tell, TRANSACTION},
	{next_message, READS},  {forget_messages, WRITES},
	{get_telling, READS},   {set_telling, TRANSACTION},
};

static void expect_failure(struct ledger *l, size_t i, bool open)
{
	struct err err = {0};

	if (calls[i].call(l, &err))
		fail_msg("call %zu does not fail", i);
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.code, WORD_LEDGER);
	assert_true(strncmp(err.msg, "ledger: ", 8) == 0);
	assert_int_equal(err.errnum, 0);
	assert_int_equal(!sqlite3_get_autocommit(l->db), open);
}

static void call_all(struct ledger *l)
{
	struct err err;

	for (size_t i = 0; i < COUNT(calls); i++)
		if (!calls[i].call(l, &err))
			fail_msg("call %zu: %s", i, err.msg);
}

/* All that the ledger keeps is gone, but the file is sound. */
static void drop_tables(void **state)
{
	sql(state,
	    "DROP TABLE turn; DROP TABLE cycle; DROP TABLE redelivery; DROP TABLE assignment;"
	    "DROP TABLE incomplete; DROP TABLE pace; DROP TABLE clock; DROP TABLE container;"
	    "DROP TABLE client; DROP TABLE audit; DROP TABLE notice; DROP TABLE message;"
	    "DROP TABLE telling; DROP TABLE space; DROP TABLE tally; DROP TABLE growth;"
	    "DROP TABLE cycle_tally; DROP TABLE turn_tally; DROP TABLE ping; DROP TABLE lists");
}

static void every_call_works_more_than_once(void **state)
{
	call_all(ledger(state));
	call_all(ledger(state));
	assert_true(look(ledger(state), &(struct err){0}));
	assert_true(sqlite3_get_autocommit(ledger(state)->db));
}

static void a_statement_that_cannot_be_made_is_a_failure(void **state)
{
	drop_tables(state);
	for (size_t i = 0; i < COUNT(calls); i++)
		expect_failure(ledger(state), i, false);
}

static void a_statement_that_cannot_be_run_is_a_failure(void **state)
{
	call_all(ledger(state));
	drop_tables(state);
	for (size_t i = 0; i < COUNT(calls); i++)
		expect_failure(ledger(state), i, false);
}

static void looking_changes_nothing(void **state)
{
	struct ledger_fixture *f = *state;
	struct err err = {0};

	call_all(f->l);
	struct ledger *l = ledger_open(f->path, true, &err);
	assert_non_null(l);
	for (size_t i = 0; i < COUNT(calls); i++)
		if (calls[i].does == READS)
			assert_true(calls[i].call(l, &err));
		else
			expect_failure(l, i, false);
	ledger_close(l);
}

static void a_transaction_that_does_not_begin_is_a_failure(void **state)
{
	struct ledger *l = ledger(state);
	struct err err = {0};

	call_all(l);
	assert_int_equal(sqlite3_exec(l->db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < COUNT(calls); i++)
		if (calls[i].does == TRANSACTION)
			expect_failure(l, i, true);
	assert_false(ledger_look_begin(l, &err));
	assert_int_equal(sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
}

static void what_another_process_does_is_waited_for_and_then_fails(void **state)
{
	struct ledger_fixture *f = *state;
	struct err err = {0};
	struct ledger *other = ledger_open(f->path, false, &err);

	assert_non_null(other);
	assert_int_equal(sqlite3_exec(other->db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	int64_t begin = clock_monotonic();
	assert_false(asking(f->l, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	assert_true(clock_monotonic() - begin >= 1000);
	ledger_close(other);
	assert_true(asking(f->l, &err));
}

/* ---- all or nothing ---- */

static int64_t number(void **state, const char *query)
{
	sqlite3_stmt *s = NULL;

	assert_int_equal(sqlite3_prepare_v2(ledger(state)->db, query, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

/* One of a call's later statements fails: nothing of the call is kept. */
static void a_call_is_kept_as_a_whole_or_not_at_all(void **state)
{
	static const struct {
		bool (*call)(struct ledger *l, struct err *err);
		const char *trigger; /* before what, and when, it fails */
		const char *query;   /* a number that stays */
	} rows[] = {
		{possibly_lost, "UPDATE ON container", "SELECT state FROM assignment WHERE id = 1"},
		{adopt_leftovers, "UPDATE ON assignment", "SELECT undone FROM container"},
		{undone, "INSERT ON container WHEN new.name = 'bad'",
		 "SELECT count(*) FROM container"},
		{cycle_begin, "INSERT ON container WHEN new.name = 'bad'",
		 "SELECT count(*) FROM cycle"},
		{turn, "INSERT ON container WHEN new.name = 'bad'", "SELECT count(*) FROM turn"},
		{audited, "UPDATE ON assignment WHEN new.found = 7",
		 "SELECT found IS NOT NULL FROM assignment WHERE id = 1"},
		{remember, "INSERT ON incomplete WHEN new.infohash = 'bad'",
		 "SELECT count(*) FROM incomplete"},
		{remember, "DELETE ON incomplete", "SELECT count(*) FROM incomplete"},
		{tell, "INSERT ON message WHEN new.title = 'bad'", "SELECT count(*) FROM notice"},
		{tell, "INSERT ON notice", "SELECT count(*) FROM message"},
		{set_telling, "DELETE ON message", "SELECT count(*) FROM telling"},
	};
	const char *const attic[] = {"attic"};
	struct ledger *l = ledger(state);
	struct event told = {.title = "told"};
	const struct ledger_message message = {"a", &told};
	struct err err = {0};
	int64_t cycle;

	MUST(ledger_cycle_begin(l, CYCLE_REGULAR, attic, 1, &cycle, &err));
	ask(l, "attic");
	MUST(ledger_tell(l, NULL, 0, &message, 1, &err));
	sql(state, "INSERT INTO incomplete(torrent_id, first_seen, last_seen) VALUES('7', 1, "
		   "-9000000000)");
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *trigger = mem_printf("CREATE TRIGGER no BEFORE %s BEGIN SELECT"
						   " RAISE(ABORT, 'no'); END",
						   rows[i].trigger);
		sql(state, trigger);
		int64_t before = number(state, rows[i].query);
		if (rows[i].call(l, &err))
			fail_msg("row %zu does not fail", i);
		assert_string_equal(err.msg, "ledger: no");
		assert_true(sqlite3_get_autocommit(l->db));
		assert_int_equal(number(state, rows[i].query), before);
		sql(state, "DROP TRIGGER no");
	}
}

static void one_that_is_found_again_is_kept_with_its_turn_or_not_at_all(void **state)
{
	const char *const attic[] = {"attic"};
	struct ledger *l = ledger(state);
	struct err err = {0};
	int64_t cycle;

	MUST(ledger_cycle_begin(l, CYCLE_REGULAR, attic, 1, &cycle, &err));
	MUST(ledger_possibly_lost(l, ask(l, "attic"), false, "x", &err));
	assert_int_equal(number(state, "SELECT undone FROM container"), 0);
	sql(state, "CREATE TRIGGER no BEFORE UPDATE ON container BEGIN SELECT RAISE(ABORT, 'no');"
		   "END");
	assert_false(found(l, &err));
	assert_int_equal(number(state, "SELECT state FROM assignment"), ASSIGNMENT_LOST);
	sql(state, "DROP TRIGGER no");
	MUST(found(l, &err));
	assert_int_equal(number(state, "SELECT state FROM assignment"), ASSIGNMENT_ASSIGNED);
	assert_int_equal(number(state, "SELECT undone FROM container"), 1);
}

static void a_row_that_must_be_there_is_missed(void **state)
{
	bool (*const reads[])(struct ledger *, struct err *) = {get_pace, get_clock, get_audit,
								get_pings};

	sql(state, "DELETE FROM pace; DELETE FROM clock; DELETE FROM audit; DELETE FROM ping");
	for (size_t i = 0; i < COUNT(reads); i++) {
		struct err err = {0};
		assert_false(reads[i](ledger(state), &err));
		assert_int_equal(err.kind, ERR_FATAL);
		assert_int_equal(err.code, WORD_LEDGER);
		assert_string_equal(err.msg, "ledger: a row that must be there is missing");
	}
}

static void a_full_disk_is_named(void **state)
{
	struct ledger *l = ledger(state);
	struct err err = {0};

	assert_int_equal(sqlite3_exec(l->db, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
			 SQLITE_OK);
	for (int i = 0; i < 100 && !err.code; i++)
		(void)!asking(l, &err);
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.errnum, ENOSPC);
}

static void growth_needs_the_totals(void **state)
{
	sql(state, "DROP TABLE tally");
	assert_false(get_growth(ledger(state), &(struct err){0}));
}

/* ---- opening ---- */

static void a_file_of_each_older_version_is_brought_up_to_date(void **state)
{
	struct ledger_fixture *f = *state;

	for (int version = 1; version < LEDGER_VERSION; version++) {
		OWN_STR char *mark = mem_printf("PRAGMA user_version = %d", version);
		ledger_close(f->l);
		f->l = NULL;
		assert_int_equal(unlink(f->path), 0);
		for (int i = 0; i < version; i++)
			sql(state, ledger_migrations[i].sql);
		sql(state, mark);
		call_all(reopened(state));
		assert_int_equal(number(state, "PRAGMA user_version"), LEDGER_VERSION);
	}
}

static void a_locked_file_is_brought_up_to_date_later(void **state)
{
	struct ledger_fixture *f = *state;
	struct err err = {0};
	sqlite3 *other = NULL;

	ledger_close(f->l);
	f->l = NULL;
	assert_int_equal(unlink(f->path), 0);
	sql(state, ledger_migrations[0].sql);
	sql(state, "PRAGMA user_version = 1");
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_null(ledger_open(f->path, false, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	sqlite3_close(other);
	call_all(reopened(state));
}

static void a_migration_that_fails_leaves_the_file_as_it_was(void **state)
{
	struct ledger_fixture *f = *state;
	struct err err = {0};

	/* What version 4 adds is there already. */
	sql(state, "PRAGMA user_version = 3");
	assert_null(ledger_open(f->path, false, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.code, WORD_LEDGER);
	assert_true(strncmp(err.msg, f->path, strlen(f->path)) == 0);
	assert_int_equal(number(state, "PRAGMA user_version"), 3);
	sql(state, "PRAGMA user_version = 4");
	assert_int_equal(number(state, "SELECT count(*) FROM pace"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_call_works_more_than_once),
		TEST(a_statement_that_cannot_be_made_is_a_failure),
		TEST(a_statement_that_cannot_be_run_is_a_failure),
		TEST(looking_changes_nothing),
		TEST(a_transaction_that_does_not_begin_is_a_failure),
		TEST(what_another_process_does_is_waited_for_and_then_fails),
		TEST(a_call_is_kept_as_a_whole_or_not_at_all),
		TEST(one_that_is_found_again_is_kept_with_its_turn_or_not_at_all),
		TEST(a_row_that_must_be_there_is_missed),
		TEST(a_full_disk_is_named),
		TEST(growth_needs_the_totals),
		TEST(a_file_of_each_older_version_is_brought_up_to_date),
		TEST(a_locked_file_is_brought_up_to_date_later),
		TEST(a_migration_that_fails_leaves_the_file_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
