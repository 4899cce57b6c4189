#include "base/text.h"
#include "ledger_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static struct ledger_totals totals(struct ledger *l, const char *container)
{
	struct ledger_totals t;
	struct err err;

	MUST(ledger_totals(l, container, &t, &err));
	return t;
}

static size_t count(struct ledger *l, enum ledger_filter filter, const char *container)
{
	struct assignment *list;
	struct err err;
	size_t n;

	MUST(ledger_list(l, filter, container, 0, &list, &n, &err));
	assignment_list_free(list, n);
	return n;
}

/* The only row; the caller clears it. */
static struct assignment only(struct ledger *l)
{
	struct assignment *list, a;
	struct err err;
	size_t n;

	MUST(ledger_list(l, LEDGER_ALL, NULL, 0, &list, &n, &err));
	assert_int_equal(n, 1);
	a = list[0];
	free(list);
	return a;
}

#define OWN_ASSIGNMENT OWN(assignment_clear)

/* The row of this id; the caller clears it. */
static struct assignment of(struct ledger *l, int64_t id)
{
	struct assignment *list, a = {0};
	struct err err;
	size_t n;

	MUST(ledger_list(l, LEDGER_ALL, NULL, 0, &list, &n, &err));
	for (size_t i = 0; i < n; i++)
		if (list[i].id == id) {
			a = list[i];
			list[i] = (struct assignment){0};
		}
	assignment_list_free(list, n);
	assert_int_equal(a.id, id);
	return a;
}

/* ---- the file ---- */

static void the_file_is_private_and_reopens(void **state)
{
	struct ledger_fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	ask(f->l, "attic");
	assert_int_equal(count(reopened(state), LEDGER_ALL, NULL), 1);
}

/* A file of version 1, as it was written before clients had interfaces. */
static void make_old(const char *path)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, ledger_migrations[0].sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			     "INSERT INTO assignment(container, state, torrent_id, asked_at,"
			     " changed_at, delivered_at) VALUES('attic', 4, '1', 1, 2, 3);"
			     "PRAGMA user_version = 1",
			     NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
}

static void a_file_of_an_older_version_is_brought_up_to_date(void **state)
{
	struct ledger_fixture *f = *state;
	struct err err;

	ledger_close(f->l);
	f->l = NULL;
	unlink(f->path);
	make_old(f->path);
	assert_null(ledger_open(f->path, true, &err));
	assert_non_null(strstr(err.msg, "older version"));
	OWN_ASSIGNMENT struct assignment a = only(reopened(state));
	assert_int_equal(a.state, ASSIGNMENT_DELIVERED);
	assert_string_equal(a.torrent_id, "1");
	assert_int_equal(a.pick_up, PICK_UP_NONE);
	assert_null(a.client);
}

static const char *const old_outcomes[] = {"OK",
					   "FULL",
					   "STALLED",
					   "WAIT",
					   "WAIT(Space)",
					   "WAIT(Stalled)",
					   "WAIT(Backlog)",
					   "WAIT(Client)",
					   "ERR(Auth)",
					   "ERR(Tracker)",
					   "ERR(Timeout)",
					   "ERR(HTTP 503)",
					   "ERR(Internal)",
					   "ERR(RuntimeError)"};

static void execute(sqlite3 *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* A file of version 3, which kept outcomes as their texts. */
static void make_texts(const char *path)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (int i = 0; i < 3; i++)
		execute(db, ledger_migrations[i].sql);
	execute(db, "INSERT INTO cycle(kind, begun_at, ended_at, well, summary)"
		    " VALUES('regular', 1, 2, 0, 'a:OK, b:ERR(Disk)');"
		    "UPDATE pace SET reason = 'no call with this: HTTP 403: go', failures = 1;"
		    "PRAGMA user_version = 3");
	execute(db,
		"INSERT INTO cycle(kind, begun_at) VALUES('rest', 2), ('manual', 3);"
		"INSERT INTO assignment(container, state, asked_at, changed_at, found) VALUES"
		" ('a', 4, 1, 1, NULL), ('a', 4, 1, 1, 'seeding'), ('a', 4, 1, 1, 'not asked');"
		"INSERT INTO notice VALUES('failure:a:b', 1, 2, 1, 1,"
		" 'ERR(HTTP 503), ERR(Auth), WAIT(Space)'), ('failure:', 1, 0, 0, 1, 'ERR(Disk)'),"
		" ('client:box', 1, 0, 1, 1, 'refuses'), ('client:far', 1, 0, 1, 1, 'away'),"
		" ('full:a', 9, 0, 0, 1, '1T'), ('lost', 5, 0, 1, 0, ''), ('late', 6, 0, 0, 0, ''),"
		" ('refused', 7, 0, 0, 0, ''), ('audit', 0, 0, 0, 0, '37'),"
		" ('version', 8, 0, 0, 1, '0.11'), ('digest', 4, 0, 0, 0, '')");
	for (size_t i = 0; i < COUNT(old_outcomes); i++) {
		OWN_STR char *rows =
			mem_printf("INSERT INTO container(name, outcome, detail, outcome_at)"
				   " VALUES('%zu', '%s', 'x', 9); INSERT INTO turn VALUES(1, "
				   "'%zu', '%s', 'x', 9)",
				   i, old_outcomes[i], i, old_outcomes[i]);
		execute(db, rows);
	}
	sqlite3_close(db);
}

static void outcomes_that_were_kept_as_texts_become_results(void **state)
{
	struct ledger_fixture *f = *state;
	struct ledger_cycle *cycles;
	struct ledger_container c;
	struct pace pace;
	struct err err;
	size_t n;

	ledger_close(f->l);
	f->l = NULL;
	unlink(f->path);
	make_texts(f->path);
	struct ledger *l = reopened(state);
	for (size_t i = 0; i < COUNT(old_outcomes); i++) {
		OWN_STR char *name = mem_printf("%zu", i);
		char text[OUTCOME_TEXT];
		MUST(ledger_get_container(l, name, &c, &err));
		result_text(&c.result, text);
		assert_string_equal(text, old_outcomes[i]);
	}
	MUST(ledger_cycles(l, 3, &cycles, &n, &err));
	assert_int_equal(cycles[0].kind, CYCLE_MANUAL);
	assert_int_equal(cycles[1].kind, CYCLE_REST);
	assert_int_equal(cycles[2].kind, CYCLE_REGULAR);
	assert_true(cycles[2].failed && !cycles[1].failed);
	assert_int_equal(cycles[2].n_turns, COUNT(old_outcomes));
	assert_int_equal(cycles[2].turns[0].result.kind, OUTCOME_OK);
	ledger_cycles_free(cycles, n);
	MUST(ledger_get_pace(l, &pace, &err));
	assert_int_equal(pace.reason.status, 403);
	assert_true(pace.reason.unproven);
}

/* What version 3 had reported is not reported again. */
static void what_was_kept_as_texts_becomes_numbers(void **state)
{
	const struct notice expected[] = {
		{.kind = NOTICE_FAILURE,
		 .name = (char[]){""},
		 .since = 1,
		 .told = true,
		 .first = {.kind = OUTCOME_ERR, .code = WORD_DISK}},
		{.kind = NOTICE_FAILURE,
		 .name = (char[]){"a:b"},
		 .since = 1,
		 .ended = 2,
		 .on = true,
		 .told = true,
		 .first = {.kind = OUTCOME_ERR, .code = WORD_HTTP, .status = 503}},
		{.kind = NOTICE_CLIENT,
		 .name = (char[]){"box"},
		 .since = 1,
		 .on = true,
		 .told = true,
		 .causes = NOTICE_REFUSES},
		{.kind = NOTICE_CLIENT,
		 .name = (char[]){"far"},
		 .since = 1,
		 .on = true,
		 .told = true,
		 .causes = NOTICE_AWAY},
		{.kind = NOTICE_FULL,
		 .name = (char[]){"a"},
		 .since = 9,
		 .told = true,
		 .value = "1T"},
		{.kind = NOTICE_LOST, .name = (char[]){""}, .since = 5, .on = true},
		{.kind = NOTICE_LATE, .name = (char[]){""}, .since = 6},
		{.kind = NOTICE_REFUSED, .name = (char[]){""}, .since = 7},
		{.kind = NOTICE_AUDIT, .name = (char[]){""}, .count = 37},
		{.kind = NOTICE_VERSION,
		 .name = (char[]){""},
		 .since = 8,
		 .told = true,
		 .value = "0.11"},
		{.kind = NOTICE_DIGEST, .name = (char[]){""}, .since = 4}};
	static const struct result causes[] = {{.kind = OUTCOME_ERR, .code = WORD_HTTP},
					       {.kind = OUTCOME_ERR, .code = WORD_AUTH},
					       {.kind = OUTCOME_WAIT, .wait = WAIT_SPACE}};
	static const enum audit_class found[] = {AUDIT_NEVER, AUDIT_SEEDING, AUDIT_UNASKED};
	struct ledger_fixture *f = *state;
	struct notice *list;
	struct assignment *rows;
	struct err err;
	size_t n;

	ledger_close(f->l);
	f->l = NULL;
	unlink(f->path);
	make_texts(f->path);
	struct ledger *l = reopened(state);
	MUST(ledger_notices(l, &list, &n, &err));
	assert_int_equal(n, COUNT(expected));
	for (size_t i = 0; i < n; i++) {
		const struct notice *a = &expected[i], *b = &list[i];
		uint32_t bits = a->kind == NOTICE_FAILURE ? result_cause(&a->first) : a->causes;
		for (size_t k = 0; i == 1 && k < COUNT(causes); k++)
			bits |= result_cause(&causes[k]);
		assert_int_equal(a->kind, b->kind);
		assert_string_equal(a->name, b->name);
		assert_true(a->since == b->since && a->ended == b->ended && a->on == b->on &&
			    a->told == b->told && a->count == b->count);
		assert_int_equal(a->first.kind, b->first.kind);
		assert_int_equal(a->first.code, b->first.code);
		assert_int_equal(a->first.status, b->first.status);
		assert_int_equal(bits, b->causes);
		assert_string_equal(a->value, b->value);
		notice_clear(&list[i]);
	}
	free(list);
	MUST(ledger_list(l, LEDGER_ALL, NULL, 0, &rows, &n, &err));
	assert_int_equal(n, COUNT(found));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(rows[n - 1 - i].found, found[i]);
	assignment_list_free(rows, n);
}

static void a_file_of_a_newer_version_is_refused_and_left_alone(void **state)
{
	struct ledger_fixture *f = *state;
	struct err err = {0};

	ask(f->l, "attic");
	sql(state, "PRAGMA user_version = 99");
	for (int read_only = 0; read_only < 2; read_only++) {
		assert_null(ledger_open(f->path, read_only, &err));
		assert_int_equal(err.kind, ERR_FATAL);
		assert_int_equal(err.code, WORD_LEDGER);
		assert_non_null(strstr(err.msg, "newer version of this program"));
	}
	sql(state, "UPDATE assignment SET container = 'still here' WHERE container = 'attic'");
}

static void a_file_that_is_no_ledger_is_refused(void **state)
{
	struct ledger_fixture *f = *state;
	OWN_STR char *path = fs_join(f->folder, "other.db");
	static const char text[] = "this is a text file, and a longer one than SQLite's header is: "
				   "one hundred bytes, so that it is read at all by the library.";
	OWN_BUF struct buf after = BUF_MAX(1000);
	struct err err = {0};

	MUST(fs_write(path, text, strlen(text), 0600, &err));
	assert_null(ledger_open(path, false, &err));
	assert_int_equal(err.kind, ERR_FATAL);
	assert_int_equal(err.code, WORD_LEDGER);
	assert_non_null(strstr(err.msg, "move it away"));
	MUST(fs_read(path, &after, &err));
	assert_string_equal(after.data, text);
}

static void damage_is_told_from_trouble_that_passes(void **state)
{
	struct ledger_fixture *f = *state;
	OWN_BUF struct buf bytes = BUF_MAX(1 << 20);
	struct assignment *list;
	struct err err = {0};
	size_t n;

	for (int i = 0; i < 100; i++)
		assign(f->l, "attic", "1");
	ledger_close(f->l);
	MUST(fs_read(f->path, &bytes, &err));
	/* Everything behind the first page. */
	memset(bytes.data + 4096, 0xA5, bytes.len - 4096);
	MUST(fs_write(f->path, bytes.data, bytes.len, 0600, &err));
	f->l = ledger_open(f->path, false, &err);
	bool opened = f->l != NULL;
	assert_false(opened && ledger_list(f->l, LEDGER_ALL, NULL, 0, &list, &n, &err));
	assert_int_equal(err.kind, ERR_FATAL);
	assert_int_equal(err.code, WORD_LEDGER);
}

static void looking_makes_no_file_and_changes_none(void **state)
{
	struct ledger_fixture *f = *state;
	OWN_STR char *missing = fs_join(f->folder, "missing.db");
	struct err err = {0};
	int64_t id;

	assert_null(ledger_open(missing, true, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_false(fs_exists(missing));
	ask(f->l, "attic");
	struct ledger *looking = ledger_open(f->path, true, &err);
	assert_non_null(looking);
	assert_int_equal(count(looking, LEDGER_ALL, NULL), 1);
	assert_false(ledger_asking(looking, "attic", &id, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	ledger_close(looking);
	ledger_close(NULL);
}

static void an_empty_file_is_a_ledger_without_rows(void **state)
{
	struct ledger_fixture *f = *state;
	OWN_STR char *path = fs_join(f->folder, "empty.db");
	struct err err = {0};

	MUST(fs_write(path, "", 0, 0644, &err));
	struct ledger *looking = ledger_open(path, true, &err);
	assert_non_null(looking);
	assert_int_equal(count(looking, LEDGER_ALL, NULL), 0);
	ledger_close(looking);
	struct ledger *l = ledger_open(path, false, &err);
	assert_non_null(l);
	ask(l, "attic");
	ledger_close(l);
}

static void two_processes_may_open_a_new_ledger_at_once(void **state)
{
	struct ledger_fixture *f = *state;
	struct err err;
	struct ledger *other = ledger_open(f->path, false, &err);

	assert_non_null(other);
	assign(f->l, "attic", "1");
	assign(other, "attic", "2");
	assert_int_equal(count(f->l, LEDGER_PENDING, "attic"), 2);
	ledger_close(other);
}

/* ---- the way of one torrent ---- */

static void each_step_of_a_torrent_is_kept(void **state)
{
	struct err err;
	int64_t id = ask(ledger(state), "attic");
	OWN_ASSIGNMENT struct assignment asking = only(reopened(state));

	assert_int_equal(asking.id, id);
	assert_int_equal(asking.state, ASSIGNMENT_ASKING);
	assert_string_equal(asking.container, "attic");
	assert_string_equal(asking.torrent_id, "");
	assert_null(asking.name);
	assert_true(asking.asked_at > 0 && asking.delivered_at == 0);

	MUST(ledger_assigned(ledger(state), id, "123", "77", &err));
	OWN_ASSIGNMENT struct assignment assigned = only(reopened(state));
	assert_int_equal(assigned.state, ASSIGNMENT_ASSIGNED);
	assert_string_equal(assigned.torrent_id, "123");
	assert_string_equal(assigned.archive_id, "77");

	const struct fetched f = {HASH, "Film", "Film.torrent", V2, UINT64_C(5) << 40, true};
	MUST(ledger_fetched(ledger(state), id, &f, &err));
	OWN_ASSIGNMENT struct assignment fetched = only(reopened(state));
	assert_int_equal(fetched.state, ASSIGNMENT_FETCHED);
	assert_string_equal(fetched.infohash, HASH);
	assert_string_equal(fetched.name, "Film");
	assert_string_equal(fetched.file_name, "Film.torrent");
	assert_int_equal(fetched.bytes, UINT64_C(5) << 40);
	assert_int_equal(fetched.hook, HOOK_DUE);

	MUST(ledger_delivering(ledger(state), id, "Film [01234567].torrent", "/w/F", &err));
	OWN_ASSIGNMENT struct assignment delivering = only(reopened(state));
	assert_int_equal(delivering.state, ASSIGNMENT_DELIVERING);
	assert_string_equal(delivering.file_name, "Film [01234567].torrent");
	assert_string_equal(delivering.path, "/w/F");

	MUST(ledger_delivered(ledger(state), id, "seedbox", "seedbox", PICK_UP_NONE, &err));
	MUST(ledger_hook(ledger(state), id, HOOK_DONE, &err));
	OWN_ASSIGNMENT struct assignment delivered = only(reopened(state));
	assert_int_equal(delivered.state, ASSIGNMENT_DELIVERED);
	assert_string_equal(delivered.path, "seedbox");
	assert_string_equal(delivered.client, "seedbox");
	assert_string_equal(delivered.v2, V2);
	assert_int_equal(delivered.hook, HOOK_DONE);
	assert_true(delivered.delivered_at >= delivered.asked_at);
}

static void a_question_that_was_refused_leaves_nothing(void **state)
{
	struct err err;
	int64_t id = ask(ledger(state), "attic");

	MUST(ledger_not_assigned(ledger(state), id, &err));
	assert_int_equal(count(ledger(state), LEDGER_ALL, NULL), 0);
	/* An assignment is never removed that way. */
	id = assign(ledger(state), "attic", "1");
	MUST(ledger_not_assigned(ledger(state), id, &err));
	assert_int_equal(count(ledger(state), LEDGER_ALL, NULL), 1);
}

static void a_lost_answer_is_found_or_unfounded(void **state)
{
	const struct incomplete found = {.torrent_id = "9", .infohash = HASH};
	struct err err;
	int64_t id = ask(ledger(state), "attic");

	MUST(ledger_possibly_lost(ledger(state), id, false, "time-out", &err));
	assert_int_equal(count(ledger(state), LEDGER_LOST, NULL), 1);
	assert_int_equal(count(ledger(state), LEDGER_PENDING, NULL), 0);
	MUST(ledger_found(ledger(state), id, &found, "77", NULL, NULL, &err));
	OWN_ASSIGNMENT struct assignment a = only(reopened(state));
	assert_int_equal(a.state, ASSIGNMENT_ASSIGNED);
	assert_string_equal(a.torrent_id, "9");
	assert_string_equal(a.archive_id, "77");
	assert_string_equal(a.infohash, HASH);
	assert_null(a.note);
	int64_t other = ask(ledger(state), "attic");
	MUST(ledger_possibly_lost(ledger(state), other, false, "time-out", &err));
	MUST(ledger_unfounded(ledger(state), other, NULL, NULL, &err));
	assert_int_equal(count(ledger(state), LEDGER_LOST, NULL), 0);
	assert_int_equal(count(ledger(state), LEDGER_PENDING, NULL), 1);
}

static void leftovers_are_possibly_lost_and_their_turn_is_taken(void **state)
{
	const char *const names[] = {"attic", "cellar"};
	struct ledger_container c;
	struct err err;
	size_t n = 4711;
	int64_t cycle;

	MUST(ledger_cycle_begin(ledger(state), CYCLE_MANUAL, names, 2, &cycle, &err));
	ask(ledger(state), "attic");
	assign(ledger(state), "cellar", "1");
	MUST(ledger_adopt_leftovers(reopened(state), &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(count(ledger(state), LEDGER_LOST, "attic"), 1);
	assert_int_equal(count(ledger(state), LEDGER_LOST, "cellar"), 0);
	MUST(ledger_get_container(ledger(state), "attic", &c, &err));
	assert_false(c.undone);
	MUST(ledger_adopt_leftovers(ledger(state), &n, &err));
	assert_int_equal(n, 0);
}

static void tries_are_counted_and_set_aside(void **state)
{
	struct err err;
	int64_t id = assign(ledger(state), "attic", "1");

	MUST(ledger_tried(ledger(state), id, "an HTML page", false, &err));
	MUST(ledger_tried(ledger(state), id, "a JSON error", true, &err));
	OWN_ASSIGNMENT struct assignment a = only(reopened(state));
	assert_int_equal(a.tries, 2);
	assert_true(a.set_aside);
	assert_string_equal(a.note, "a JSON error");
	assert_int_equal(totals(ledger(state), "attic").set_aside, 1);
	assert_int_equal(totals(ledger(state), "attic").pending, 0);
	assert_int_equal(count(ledger(state), LEDGER_PENDING, NULL), 1);

	const struct fetched f = {HASH, "Film", "Film.torrent", "", 1, false};
	MUST(ledger_fetched(ledger(state), id, &f, &err));
	OWN_ASSIGNMENT struct assignment good = only(ledger(state));
	assert_false(good.set_aside);
	assert_null(good.note);
}

static void a_note_is_no_try(void **state)
{
	struct err err;
	int64_t id = assign(ledger(state), "attic", "1");

	MUST(ledger_note(ledger(state), id, "the disk is full", &err));
	OWN_ASSIGNMENT struct assignment a = only(ledger(state));
	assert_string_equal(a.note, "the disk is full");
	assert_int_equal(a.tries, 0);
	assert_int_equal(a.state, ASSIGNMENT_ASSIGNED);
}

static void bytes_that_are_gone_are_to_be_fetched_again(void **state)
{
	struct err err;
	int64_t id = fetch(ledger(state), "attic", "1", false);

	MUST(ledger_unfetched(ledger(state), id, "the vault is empty", &err));
	OWN_ASSIGNMENT struct assignment a = only(ledger(state));
	assert_int_equal(a.state, ASSIGNMENT_ASSIGNED);
	assert_string_equal(a.torrent_id, "1");
}

/* ---- looking ---- */

static void pending_is_what_is_not_done_yet(void **state)
{
	struct ledger *l = ledger(state);
	struct assignment *list;
	struct err err;
	size_t n;

	ask(l, "attic");
	int64_t assigned = assign(l, "attic", "1");
	fetch(l, "attic", "2", false);
	deliver(l, "attic", "3", false);
	int64_t due = deliver(l, "attic", "4", true);
	assign(l, "cellar", "5");
	MUST(ledger_list(l, LEDGER_PENDING, "attic", 0, &list, &n, &err));
	assert_int_equal(n, 3);
	assert_int_equal(list[0].id, assigned);
	assert_int_equal(list[2].id, due);
	assignment_list_free(list, n);
	MUST(ledger_hook(l, due, HOOK_STARTED, &err));
	assert_int_equal(count(l, LEDGER_PENDING, "attic"), 2);
	assert_int_equal(count(l, LEDGER_PENDING, NULL), 3);
}

static void the_history_is_newest_first_and_limited(void **state)
{
	struct ledger *l = ledger(state);
	struct assignment *list;
	struct err err;
	size_t n;

	for (int i = 0; i < 40; i++)
		assign(l, i % 2 ? "attic" : "cellar", "1");
	assert_int_equal(count(l, LEDGER_ALL, NULL), 40);
	assert_int_equal(count(l, LEDGER_ALL, "cellar"), 20);
	assert_int_equal(count(l, LEDGER_ALL, "none"), 0);
	MUST(ledger_list(l, LEDGER_ALL, "attic", 3, &list, &n, &err));
	assert_int_equal(n, 3);
	assert_true(list[0].id > list[1].id && list[1].id > list[2].id);
	assignment_list_free(list, n);
}

static void a_torrent_is_known_in_any_state(void **state)
{
	struct ledger *l = ledger(state);
	struct err err;
	bool known = true;

	MUST(ledger_knows(l, "3", &known, &err));
	assert_false(known);
	deliver(l, "attic", "3", false);
	MUST(ledger_knows(l, "3", &known, &err));
	assert_true(known);
	MUST(ledger_knows(l, "30", &known, &err));
	assert_false(known);
}

static void totals_add_up(void **state)
{
	struct ledger *l = ledger(state);
	struct err err;

	deliver(l, "attic", "1", false);
	deliver(l, "attic", "2", true);
	fetch(l, "attic", "3", false);
	assign(l, "attic", "4");
	MUST(ledger_tried(l, assign(l, "attic", "5"), "bad", true, &err));
	MUST(ledger_possibly_lost(l, ask(l, "attic"), false, "x", &err));
	int64_t unmade = ask(l, "attic");
	MUST(ledger_possibly_lost(l, unmade, false, "x", &err));
	MUST(ledger_unfounded(l, unmade, NULL, NULL, &err));
	ask(l, "attic");
	deliver(l, "cellar", "6", false);
	struct ledger_totals t = totals(l, "attic");
	assert_int_equal(t.assigned, 5);
	assert_int_equal(t.delivered, 2);
	assert_int_equal(t.bytes, 2000);
	assert_int_equal(t.pending, 2);
	assert_int_equal(t.set_aside, 1);
	assert_int_equal(t.lost, 1);
	assert_int_equal(t.asking, 1);
	struct ledger_totals none = totals(l, "none");
	assert_int_equal(none.assigned + none.delivered + none.bytes + none.pending, 0);
}

static void what_a_container_got_is_counted_from_a_time_on(void **state)
{
	struct ledger *l = ledger(state);
	struct err err;
	uint64_t n = 4711;

	deliver(l, "attic", "1", false);
	deliver(l, "cellar", "2", false);
	fetch(l, "attic", "3", false);
	assign(l, "attic", "4");
	MUST(ledger_got_since(l, "attic", 1, &n, &err));
	assert_int_equal(n, 2);
	MUST(ledger_got_since(l, "attic", INT64_MAX, &n, &err));
	assert_int_equal(n, 0);
	MUST(ledger_waiting(l, "attic", &n, &err));
	assert_int_equal(n, 1);
}

/* ---- pick-ups, clients, audits ---- */

static void what_is_in_a_watch_folder_is_awaited_until_its_fate_is_known(void **state)
{
	struct ledger *l = ledger(state);
	struct err err;
	int64_t id = deliver(l, "attic", "1", false), since = -1;

	assert_int_equal(count(l, LEDGER_AWAITED, "attic"), 1);
	assert_int_equal(count(l, LEDGER_AWAITED, "cellar"), 0);
	MUST(ledger_pick_up_due(l, "attic", &since, &err));
	assert_true(since > 0);
	MUST(ledger_pick_up(l, id, PICK_UP_LATE, &err));
	assert_int_equal(totals(l, "attic").late, 1);
	assert_int_equal(count(l, LEDGER_AWAITED, NULL), 1);
	MUST(ledger_pick_up_due(l, "attic", &since, &err));
	assert_int_equal(since, 0);
	MUST(ledger_pick_up(l, id, PICK_UP_REFUSED, &err));
	assert_int_equal(count(l, LEDGER_AWAITED, NULL), 0);
	assert_int_equal(count(l, LEDGER_REFUSED, "attic"), 1);
	assert_int_equal(totals(l, "attic").refused, 1);
	OWN_ASSIGNMENT struct assignment a = only(reopened(state));
	assert_int_equal(a.pick_up, PICK_UP_REFUSED);
	assert_true(a.pick_up_at >= a.delivered_at);
}

static void what_is_known_of_a_client_is_kept(void **state)
{
	struct ledger_client c = {
		.refused = "0123456789abcdef", .down_since = 4711, .seen_at = 4712};
	struct err err;

	MUST(ledger_set_client(ledger(state), "seedbox", &c, &err));
	MUST(ledger_get_client(reopened(state), "other", &c, &err));
	assert_string_equal(c.refused, "");
	assert_int_equal(c.down_since, 0);
	MUST(ledger_get_client(ledger(state), "seedbox", &c, &err));
	assert_string_equal(c.refused, "0123456789abcdef");
	assert_int_equal(c.down_since, 4711);
	assert_int_equal(c.seen_at, 4712);
}

static void an_adopted_torrent_is_delivered_and_known(void **state)
{
	const struct adopted adopted = {.container = "attic",
					.infohash = HASH,
					.v2 = V2,
					.name = "Film",
					.bytes = 1000,
					.client = "seedbox"};
	struct err err;
	int64_t id;
	bool keeps = false;

	MUST(ledger_adopt(ledger(state), &adopted, &id, &err));
	MUST(ledger_audited(ledger(state), &(struct ledger_finding){id, AUDIT_SEEDING, 4711}, 1,
			    &err));
	MUST(ledger_keeps(ledger(state), "attic", HASH, &keeps, &err));
	assert_true(keeps);
	OWN_ASSIGNMENT struct assignment a = only(reopened(state));
	assert_int_equal(a.state, ASSIGNMENT_DELIVERED);
	assert_string_equal(a.client, "seedbox");
	assert_string_equal(a.v2, V2);
	assert_int_equal(a.found, AUDIT_SEEDING);
	assert_int_equal(a.found_at, 4711);
	assert_int_equal(totals(ledger(state), "attic").bytes, 1000);
	assert_int_equal(count(ledger(state), LEDGER_OURS, "attic"), 1);
}

static void the_last_audit_is_kept(void **state)
{
	struct ledger_audit audit;
	struct err err;

	MUST(ledger_get_audit(ledger(state), &audit, &err));
	assert_int_equal(audit.at, 0);
	MUST(ledger_set_audit(ledger(state), &(struct ledger_audit){4711, "all is well", 2, 3},
			      &err));
	MUST(ledger_get_audit(reopened(state), &audit, &err));
	assert_int_equal(audit.at, 4711);
	assert_string_equal(audit.summary, "all is well");
	assert_int_equal(audit.missing, 2);
	assert_int_equal(audit.in_error, 3);
}

static void how_pings_failed_is_kept(void **state)
{
	const struct ledger_pings given = {.failures = 3, .since = 4711, .why = "HTTP 404"};
	struct ledger_pings got = given;
	struct err err;

	MUST(ledger_get_pings(ledger(state), &got, &err));
	assert_int_equal(got.failures, 0);
	MUST(ledger_set_pings(ledger(state), &given, &err));
	MUST(ledger_get_pings(reopened(state), &got, &err));
	assert_int_equal(got.failures, 3);
	assert_int_equal(got.since, 4711);
	assert_string_equal(got.why, "HTTP 404");
}

static void a_redelivery_goes_on_where_it_was_until_it_has_ended(void **state)
{
	struct ledger *l = ledger(state);
	struct err err;
	bool is = true;

	MUST(ledger_is_redelivered(l, "seedbox", 1, &is, &err));
	assert_false(is);
	MUST(ledger_redelivered(l, "seedbox", 1, &err));
	MUST(ledger_redelivered(l, "seedbox", 1, &err));
	MUST(ledger_is_redelivered(l, "seedbox", 1, &is, &err));
	assert_true(is);
	MUST(ledger_is_redelivered(l, "other", 1, &is, &err));
	assert_false(is);
	MUST(ledger_redelivery_ended(l, "seedbox", &err));
	MUST(ledger_is_redelivered(l, "seedbox", 1, &is, &err));
	assert_false(is);
}

static void a_turn_may_have_a_time_to_be_gone_on_with(void **state)
{
	struct outcome o = {.container = (char *)"attic",
			    .result = {.kind = OUTCOME_WAIT, .wait = WAIT_CLIENT},
			    .until = 4712,
			    .undone = true,
			    .retry_at = 4711};
	const char *const names[] = {"attic"};
	struct ledger_container known;
	struct err err;
	int64_t cycle;

	MUST(ledger_cycle_begin(ledger(state), CYCLE_MANUAL, names, 1, &cycle, &err));
	MUST(ledger_turn(ledger(state), cycle, &o, &err));
	MUST(ledger_get_container(ledger(state), "attic", &known, &err));
	assert_true(result_waits(&known.result, WAIT_CLIENT));
	assert_int_equal(known.until, 4712);
	assert_true(known.undone);
	assert_int_equal(known.retry_at, 4711);
	MUST(ledger_undone(ledger(state), names, 1, &err));
	MUST(ledger_get_container(ledger(state), "attic", &known, &err));
	assert_int_equal(known.retry_at, 0);
}

/* ---- IncompleteTransactions, pacing, cycles ---- */

static void incomplete_transactions_keep_when_they_were_first_seen(void **state)
{
	struct ledger *l = ledger(state);
	struct incomplete two[] = {{.torrent_id = "1"}, {.torrent_id = "2", .infohash = HASH}};
	struct reply reply = {.lists_incomplete = true, .incomplete = two, .n_incomplete = 2};
	struct err err;
	OWN_STR struct listed *list = NULL;
	struct ledger_lists lists;
	size_t n_list;
	uint64_t n;

	MUST(ledger_get_lists(l, &lists, &err));
	assert_true(lists.first_at == 0 && lists.last_at == 0);
	text_copy(reply.archive_id, sizeof reply.archive_id, "77");
	MUST(ledger_remember_incomplete(l, &reply, 1000, &err));
	text_copy(reply.archive_id, sizeof reply.archive_id, "78");
	reply.incomplete = two + 1;
	reply.n_incomplete = 1;
	MUST(ledger_remember_incomplete(l, &reply, 2000, &err));
	MUST(ledger_unknown(l, &list, &n_list, &err));
	assert_int_equal(n_list, 2);
	assert_string_equal(list[0].torrent_id, "1");
	assert_int_equal(list[0].first_seen, 1000);
	assert_int_equal(list[0].last_seen, 1000);
	assert_string_equal(list[1].torrent_id, "2");
	assert_string_equal(list[1].archive_id, "78");
	assert_string_equal(list[1].infohash, HASH);
	assert_int_equal(list[1].first_seen, 1000);
	assert_int_equal(list[1].last_seen, 2000);
	MUST(ledger_incomplete_count(l, &n, &err));
	assert_int_equal(n, 1);
	reply.n_incomplete = 0;
	MUST(ledger_remember_incomplete(l, &reply, 3000, &err));
	MUST(ledger_incomplete_count(l, &n, &err));
	assert_int_equal(n, 0);
	MUST(ledger_get_lists(l, &lists, &err));
	assert_true(lists.first_at == 1000 && lists.last_at == 3000);
}

static size_t unknown(struct ledger *l, enum listed_owner *owner)
{
	OWN_STR struct listed *list = NULL;
	struct err err;
	size_t n;

	MUST(ledger_unknown(l, &list, &n, &err));
	*owner = n ? list[0].owner : LISTED_OWNERS;
	return n;
}

static void whose_a_listed_torrent_is_is_kept_for_a_year(void **state)
{
	struct ledger *l = ledger(state);
	struct incomplete one = {.torrent_id = "1", .infohash = HASH};
	struct reply reply = {.lists_incomplete = true, .incomplete = &one, .n_incomplete = 1};
	enum listed_owner owner;
	struct err err;

	MUST(ledger_remember_incomplete(l, &reply, 1000, &err));
	reply.n_incomplete = 0;
	MUST(ledger_remember_incomplete(l, &reply, 1000 + LEDGER_LISTED_MS, &err));
	assert_int_equal(unknown(l, &owner), 1);
	MUST(ledger_set_owner(l, "1", LISTED_OTHERS, "bob", &err));
	MUST(ledger_remember_incomplete(l, &reply, 2000 + LEDGER_LISTED_MS, &err));
	assert_int_equal(unknown(l, &owner), 1);
	assert_int_equal(owner, LISTED_OTHERS);
	MUST(ledger_remember_incomplete(l, &reply, 1001 + LEDGER_OWNED_MS, &err));
	assert_int_equal(unknown(l, &owner), 0);
	reply.n_incomplete = 1;
	MUST(ledger_remember_incomplete(l, &reply, 5000, &err));
	reply.n_incomplete = 0;
	MUST(ledger_remember_incomplete(l, &reply, 5001 + LEDGER_LISTED_MS, &err));
	assert_int_equal(unknown(l, &owner), 0);
}

/* By its TorrentID, or by its infohash, which of v2 is cut by the tracker. */
static void a_listed_torrent_of_ours_is_not_unknown(void **state)
{
	struct ledger *l = ledger(state);
	struct incomplete list[] = {
		{.torrent_id = "1"}, {.torrent_id = "2", .infohash = HASH}, {.torrent_id = "3"}};
	struct reply reply = {.lists_incomplete = true, .incomplete = list, .n_incomplete = 3};
	enum listed_owner owner;
	struct err err;
	bool nameless;

	text_copy(list[2].infohash, sizeof list[2].infohash, V2);
	MUST(ledger_remember_incomplete(l, &reply, 1000, &err));
	assert_int_equal(unknown(l, &owner), 3);
	assign(l, "attic", "1");
	assert_int_equal(unknown(l, &owner), 2);
	MUST(ledger_has_nameless(l, &nameless, &err));
	assert_false(nameless);
	fetch(l, "attic", "", false);
	assert_int_equal(unknown(l, &owner), 1);
	MUST(ledger_has_nameless(l, &nameless, &err));
	assert_true(nameless);
	const struct fetched v2 = {.infohash = V2, .name = "x", .file_name = "x"};
	MUST(ledger_fetched(l, assign(l, "attic", "8"), &v2, &err));
	assert_int_equal(unknown(l, &owner), 0);
}

static void what_a_person_settles_is_recorded(void **state)
{
	struct ledger *l = ledger(state);
	const struct incomplete found = {.torrent_id = "9", .infohash = HASH};
	int64_t id = ask(l, "attic"), other = ask(l, "attic");
	struct err err;
	bool done;

	MUST(ledger_found(l, id, &found, "77", "bob", &done, &err));
	assert_true(done);
	OWN_ASSIGNMENT struct assignment a = of(reopened(state), id);
	l = ledger(state);
	assert_string_equal(a.settled_by, "bob");
	assert_true(a.settled_at > 0 && a.settled_at == a.changed_at);
	/* It is settled, and nothing else is that torrent. */
	MUST(ledger_unfounded(l, id, "bob", &done, &err));
	assert_false(done);
	MUST(ledger_found(l, other, &found, "77", "bob", &done, &err));
	assert_false(done);
	MUST(ledger_possibly_lost(l, other, true, "x", &err));
	MUST(ledger_absent(l, other, 2, 4711, &err));
	OWN_ASSIGNMENT struct assignment lost = of(l, other);
	assert_true(lost.certain && lost.absences == 2 && lost.absent_since == 4711);
	MUST(ledger_unfounded(l, other, NULL, &done, &err));
	assert_true(done);
	assert_int_equal(count(l, LEDGER_DOUBTFUL, NULL), 1);
	MUST(ledger_reopen(l, other, &err));
	assert_int_equal(count(l, LEDGER_DOUBTFUL, NULL), 0);
	assert_int_equal(count(l, LEDGER_LOST, NULL), 1);
	MUST(ledger_unfounded(l, other, "bob", &done, &err));
	assert_int_equal(count(l, LEDGER_DOUBTFUL, NULL), 0);
}

static void the_film_s_page_is_kept(void **state)
{
	struct err err;
	int64_t id = assign(ledger(state), "attic", "5");

	MUST(ledger_set_group(ledger(state), id, "4711", &err));
	OWN_ASSIGNMENT struct assignment a = of(reopened(state), id);
	assert_string_equal(a.group_id, "4711");
}

static void pace_and_clock_are_kept(void **state)
{
	struct pace p = {0}, none;
	struct cycle_clock c, given = {1, 2, 3, 4, 5};
	struct err err;

	MUST(ledger_get_pace(ledger(state), &none, &err));
	assert_int_equal(none.fetch.wall, 0);
	assert_string_equal(none.credentials, "");
	struct pace full = {.fetch = {1795000000000, 11},
			    .request = {1795000000001, 12},
			    .full = {1795000000002, 13},
			    .boot = "boot",
			    .refusals = 2,
			    .asked_until = 14,
			    .forced_at = 15,
			    .failures = 3,
			    .backoff_until = 1795000900000,
			    .reason = {503, true, "HTTP 503"},
			    .credentials = "0123456789abcdef",
			    .since = 1794000000000,
			    .proven = "fedcba9876543210",
			    .announced = "0.11"};
	MUST(ledger_set_pace(ledger(state), &full, &err));
	MUST(ledger_set_clock(ledger(state), &given, &err));
	MUST(ledger_get_pace(reopened(state), &p, &err));
	assert_int_equal(p.fetch.wall, full.fetch.wall);
	assert_int_equal(p.fetch.steady, 11);
	assert_int_equal(p.request.wall, full.request.wall);
	assert_int_equal(p.request.steady, 12);
	assert_int_equal(p.full.wall, 1795000000002);
	assert_int_equal(p.full.steady, 13);
	assert_string_equal(p.boot, "boot");
	assert_int_equal(p.refusals, 2);
	assert_int_equal(p.asked_until, 14);
	assert_int_equal(p.forced_at, 15);
	assert_int_equal(p.failures, 3);
	assert_int_equal(p.backoff_until, full.backoff_until);
	assert_string_equal(p.reason.text, "HTTP 503");
	assert_int_equal(p.reason.status, 503);
	assert_true(p.reason.unproven);
	assert_string_equal(p.credentials, "0123456789abcdef");
	assert_string_equal(p.announced, "0.11");
	assert_int_equal(p.since, 1794000000000);
	assert_string_equal(p.proven, "fedcba9876543210");
	MUST(ledger_get_clock(ledger(state), &c, &err));
	assert_int_equal(c.last_cycle, 1);
	assert_int_equal(c.next_cycle, 2);
	assert_int_equal(c.last_attempt, 3);
	assert_int_equal(c.attempts, 4);
	assert_int_equal(c.pinged_at, 5);
}

static void a_container_is_undone_until_its_turn_is_over(void **state)
{
	const char *const names[] = {"attic", "cellar"};
	struct outcome o = {.container = (char[]){"attic"},
			    .result = {.kind = OUTCOME_ERR, .code = WORD_HTTP, .status = 503},
			    .detail = "the tracker is down"};
	struct ledger_container c;
	struct err err;
	int64_t cycle = 0;

	MUST(ledger_get_container(ledger(state), "attic", &c, &err));
	assert_false(c.undone);
	assert_int_equal(c.outcome_at, 0);
	MUST(ledger_set_container_id(ledger(state), "attic", "12", &err));
	MUST(ledger_cycle_begin(ledger(state), CYCLE_MANUAL, names, 2, &cycle, &err));
	MUST(ledger_turn(ledger(state), cycle, &o, &err));
	MUST(ledger_get_container(reopened(state), "attic", &c, &err));
	assert_false(c.undone);
	assert_string_equal(c.id, "12");
	assert_true(result_is_err(&c.result, WORD_HTTP));
	assert_int_equal(c.result.status, 503);
	assert_string_equal(c.detail, "the tracker is down");
	assert_true(c.outcome_at > 0);
	MUST(ledger_get_container(ledger(state), "cellar", &c, &err));
	assert_true(c.undone);
	o.undone = true;
	MUST(ledger_turn(ledger(state), cycle, &o, &err));
	MUST(ledger_get_container(ledger(state), "attic", &c, &err));
	assert_true(c.undone);
	MUST(ledger_cycle_end(ledger(state), cycle, CYCLE_END_FAILED, "attic:ERR(HTTP 503)", &err));
}

static void a_turn_of_an_unknown_cycle_is_refused_as_a_whole(void **state)
{
	const struct outcome o = {.container = (char[]){"attic"}, .result = {.kind = OUTCOME_OK}};
	struct ledger_container c;
	struct err err = {0};

	assert_false(ledger_turn(ledger(state), 4711, &o, &err));
	assert_int_equal(err.code, WORD_LEDGER);
	MUST(ledger_get_container(ledger(state), "attic", &c, &err));
	assert_int_equal(c.outcome_at, 0);
	/* The failed transaction is not left open. */
	ask(ledger(state), "attic");
}

/* ---- what the status page shows ---- */

static struct ledger_growth growth(struct ledger *l, const char *container, int64_t since)
{
	struct ledger_growth g;
	struct err err;

	MUST(ledger_get_growth(l, container, since, &g, &err));
	return g;
}

/* The running totals say what counting says. */
static void assert_counted(void **state)
{
	sql(state,
	    "CREATE TEMP TABLE t AS SELECT container, state, set_aside, pick_up, count(*) AS n,"
	    " sum(ifnull(bytes, 0)) AS b FROM assignment GROUP BY 1, 2, 3, 4;"
	    "CREATE TEMP TABLE d AS SELECT container, state, set_aside, pick_up, n, bytes"
	    " FROM tally WHERE n <> 0;"
	    "CREATE TEMP TABLE wrong(n CHECK(n = 0));"
	    "INSERT INTO wrong SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM d);"
	    "INSERT INTO wrong SELECT count(*) FROM (SELECT * FROM d EXCEPT SELECT * FROM t);");
}

static void adopt_70_bytes(struct ledger *l)
{
	const struct adopted had = {
		.container = "attic", .infohash = "cc", .name = "n", .bytes = 70};
	struct err err;
	int64_t id;

	MUST(ledger_adopt(l, &had, &id, &err));
}

static void totals_are_kept_with_every_change(void **state)
{
	struct ledger *l = ledger(state);
	struct err err;

	deliver(l, "attic", "1", false);
	fetch(l, "attic", "2", false);
	MUST(ledger_tried(l, assign(l, "cellar", "3"), "x", true, &err));
	MUST(ledger_possibly_lost(l, ask(l, "attic"), false, "x", &err));
	MUST(ledger_not_assigned(l, ask(l, "attic"), &err));
	adopt_70_bytes(l);
	assert_counted(state);
	const struct ledger_totals t = totals(l, "attic");
	assert_int_equal(t.assigned, 3);
	assert_int_equal(t.delivered, 2);
	assert_int_equal(t.bytes, 1070);
	assert_int_equal(t.pending, 1);
	assert_int_equal(t.pending_bytes, 1000);
	assert_int_equal(t.lost, 1);
	assert_true(t.oldest_pending > 0);
	assert_int_equal(totals(l, "cellar").set_aside, 1);
	sql(state, "DELETE FROM assignment");
	assert_counted(state);
	assert_int_equal(totals(l, "attic").assigned, 0);
}

static void growth_is_by_day_and_tells_what_was_adopted(void **state)
{
	struct ledger *l = ledger(state);

	deliver(l, "attic", "1", false);
	deliver(l, "attic", "2", false);
	adopt_70_bytes(l);
	sql(state,
	    "UPDATE assignment SET asked_at = asked_at - 1000 WHERE torrent_id IN ('1', '2');"
	    "UPDATE assignment SET delivered_at = 5 * 86400000 + 1, asked_at = 5 * 86400000"
	    " WHERE torrent_id = '1'");
	struct ledger_growth g = growth(l, "attic", 6);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.days[0].bytes, 1000);
	assert_int_equal(g.days[0].adopted, 70);
	assert_int_equal(g.before, 1000);
	assert_int_equal(g.first, 5);
	ledger_growth_clear(&g);
	g = growth(l, "attic", 0);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.days[0].day, 5);
	assert_int_equal(g.before, 0);
	ledger_growth_clear(&g);
	g = growth(l, "cellar", 0);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.first, -1);
	ledger_growth_clear(&g);
}

static void the_times_of_a_torrent_are_kept(void **state)
{
	ask(ledger(state), "attic");
	sql(state, "UPDATE assignment SET asked_at = 1, changed_at = 2, delivered_at = 3,"
		   " pick_up_at = 4, found_at = 5");
	OWN_ASSIGNMENT struct assignment a = only(ledger(state));
	assert_int_equal(a.asked_at, 1);
	assert_int_equal(a.changed_at, 2);
	assert_int_equal(a.delivered_at, 3);
	assert_int_equal(a.pick_up_at, 4);
	assert_int_equal(a.found_at, 5);
}

static void growth_of_many_days_is_complete(void **state)
{
	struct ledger *l = ledger(state);

	sql(state,
	    "WITH RECURSIVE day(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM day WHERE n < 70)"
	    " INSERT INTO assignment(container, state, bytes, asked_at, changed_at, delivered_at)"
	    " SELECT 'attic', 4, n, n * 86400000, n, n * 86400000 + 1 FROM day");
	struct ledger_growth g = growth(l, "attic", 0);
	assert_int_equal(g.n, 70);
	for (int i = 0; i < 70; i++) {
		assert_int_equal(g.days[i].day, i + 1);
		assert_int_equal(g.days[i].n, 1);
		assert_int_equal(g.days[i].bytes, i + 1);
		assert_int_equal(g.days[i].adopted, 0);
	}
	ledger_growth_clear(&g);
	assert_null(g.days);
	assert_int_equal(g.n, 0);
	assert_int_equal(g.first, -1);
	/* A torrent of no bytes makes a day, too. */
	sql(state, "UPDATE assignment SET bytes = 0 WHERE bytes = 70");
	g = growth(l, "attic", 69);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.days[1].bytes, 0);
	ledger_growth_clear(&g);
	/* A day from which all was moved away is none. */
	sql(state, "UPDATE assignment SET container = 'cellar' WHERE bytes = 3");
	g = growth(l, "attic", 2);
	assert_int_equal(g.n, 68);
	assert_int_equal(g.days[0].day, 2);
	assert_int_equal(g.days[1].day, 4);
	assert_int_equal(g.before, 1);
	assert_int_equal(g.first, 1);
	ledger_growth_clear(&g);
}

static void a_result_of_a_later_version_is_a_failure_of_no_known_kind(void **state)
{
	static const struct {
		const char *columns;
		struct result result;
	} rows[] = {
		{"kind = 99, wait = 99, code = 99, status = 7, error = 'x'",
		 {.kind = OUTCOME_ERR, .status = 7, .name = "x"}},
		{"kind = -1, wait = -1, code = -1, status = -1, error = ''",
		 {.kind = OUTCOME_ERR, .status = -1}},
		{"kind = 0, wait = 0, code = 0, status = 0", {.kind = (enum outcome_kind)0}},
	};
	struct ledger *l = ledger(state);
	struct ledger_container c;
	struct err err;

	MUST(ledger_set_container_id(l, "attic", "1", &err));
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *change = mem_printf("UPDATE container SET %s", rows[i].columns);
		sql(state, change);
		MUST(ledger_get_container(l, "attic", &c, &err));
		assert_int_equal(c.result.kind, rows[i].result.kind);
		assert_int_equal(c.result.wait, 0);
		assert_int_equal(c.result.code, 0);
		assert_int_equal(c.result.status, rows[i].result.status);
		assert_string_equal(c.result.name, rows[i].result.name);
	}
}

/* The last value of each, and the one behind it. */
static void the_limits_of_a_stored_result_are_those_of_the_enums(void **state)
{
	struct ledger *l = ledger(state);
	struct ledger_container c;
	struct err err;

	MUST(ledger_set_container_id(l, "attic", "1", &err));
	for (int more = 0; more < 2; more++) {
		OWN_STR char *change = mem_printf(
			"UPDATE container SET kind = %d, wait = %d, code = %d", OUTCOME_ERR + more,
			OUTCOME_WAITS - 1 + more, ERR_CODES - 1 + more);
		sql(state, change);
		MUST(ledger_get_container(l, "attic", &c, &err));
		assert_int_equal(c.result.kind, OUTCOME_ERR);
		assert_int_equal(c.result.wait, more ? 0 : OUTCOME_WAITS - 1);
		assert_int_equal(c.result.code, more ? 0 : ERR_CODES - 1);
	}
}

static void cycles_come_with_all_that_is_known_of_them(void **state)
{
	struct outcome out = {
		.container = (char[]){"attic"},
		.result = {.kind = OUTCOME_ERR, .code = WORD_OTHER, .name = "KeyError"},
		.until = 4711,
		.detail = "why"};
	struct ledger *l = ledger(state);
	struct ledger_cycle *list;
	struct err err;
	int64_t id;
	size_t n;

	MUST(ledger_cycles(l, 5, &list, &n, &err));
	assert_int_equal(n, 0);
	ledger_cycles_free(list, n);
	ledger_cycles_free(mem_alloc(sizeof *list), 1);
	MUST(ledger_cycle_begin(l, CYCLE_MANUAL, NULL, 0, &id, &err));
	MUST(ledger_cycle_begin(l, CYCLE_REGULAR, NULL, 0, &id, &err));
	MUST(ledger_turn(l, id, &out, &err));
	MUST(ledger_cycle_end(l, id, CYCLE_END_FAILED, "attic:ERR(KeyError)", &err));
	MUST(ledger_cycles(l, 5, &list, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(list[0].kind, CYCLE_REGULAR);
	assert_true(list[0].begun_at > 0 && list[0].ended_at >= list[0].begun_at);
	assert_true(list[0].failed);
	assert_false(list[0].well);
	assert_int_equal(list[0].n_turns, 1);
	assert_string_equal(list[0].turns[0].detail, "why");
	assert_int_equal(list[0].turns[0].until, 4711);
	assert_true(result_is_err(&list[0].turns[0].result, WORD_OTHER));
	assert_string_equal(list[0].turns[0].result.name, "KeyError");
	assert_int_equal(list[1].kind, CYCLE_MANUAL);
	assert_int_equal(list[1].ended_at, 0);
	assert_int_equal(list[1].n_turns, 0);
	assert_string_equal(list[1].summary, "");
	ledger_cycles_free(list, n);
	MUST(ledger_cycle_begin(l, CYCLE_REGULAR, NULL, 0, &id, &err));
	MUST(ledger_cycle_end(l, id, CYCLE_END_WAITS, "", &err));
	MUST(ledger_cycles(l, 1, &list, &n, &err));
	assert_false(list[0].failed || list[0].well);
	ledger_cycles_free(list, n);
}

static void how_long_cycles_took_is_counted_by_how_they_ended(void **state)
{
	struct ledger_cycle_tally t;
	struct err err;

	sql(state,
	    "INSERT INTO cycle(kind, begun_at, ended_at, well) VALUES('x', 100, 103, 0),"
	    "('x', 100, 105, 1), ('x', 100, 106, 1), ('x', 100, 90, 1), ('x', 100, NULL, NULL)");
	MUST(ledger_cycle_tally(ledger(state), &t, &err));
	assert_int_equal(t.n[0], 1);
	assert_int_equal(t.ms[0], 3);
	assert_int_equal(t.n[1], 3);
	assert_int_equal(t.ms[1], 11);
}

static void cycles_come_with_their_turns_and_are_counted(void **state)
{
	static const char *const names[] = {"attic", "cellar"};
	struct outcome out = {.container = (char[]){"attic"}, .result = {.kind = OUTCOME_OK}};
	struct ledger *l = ledger(state);
	struct ledger_cycle_tally ends;
	struct ledger_turn_tally *turns;
	struct ledger_cycle *list;
	struct err err;
	int64_t id;
	size_t n;

	for (int i = 0; i < 3; i++) {
		MUST(ledger_cycle_begin(l, CYCLE_MANUAL, names, 2, &id, &err));
		out.container = (char[]){"attic"};
		MUST(ledger_turn(l, id, &out, &err));
		out.container = (char[]){"cellar"};
		MUST(i == 2 || ledger_turn(l, id, &out, &err));
		MUST(i == 2 || ledger_cycle_end(l, id, i == 1 ? CYCLE_END_WELL : CYCLE_END_FAILED,
						"summary", &err));
	}
	MUST(ledger_cycles(l, 2, &list, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(list[0].id, id);
	assert_int_equal(list[0].ended_at, 0);
	assert_int_equal(list[0].n_turns, 1);
	assert_int_equal(list[1].n_turns, 2);
	assert_string_equal(list[1].turns[1].container, "cellar");
	assert_string_equal(list[1].summary, "summary");
	assert_true(list[1].well);
	assert_false(list[1].failed);
	ledger_cycles_free(list, n);
	MUST(ledger_cycle_tally(l, &ends, &err));
	assert_int_equal(ends.n[0], 1);
	assert_int_equal(ends.n[1], 1);
	MUST(ledger_turn_tally(l, &turns, &n, &err));
	assert_int_equal(n, 2);
	assert_string_equal(turns[0].container, "attic");
	assert_int_equal(turns[0].n, 3);
	assert_string_equal(turns[1].outcome, "OK");
	assert_int_equal(turns[1].n, 2);
	ledger_turn_tally_free(turns, n);
}

static void history_comes_in_pages(void **state)
{
	struct ledger *l = ledger(state);
	struct assignment *list;
	struct err err;
	size_t n;

	for (int i = 0; i < 5; i++)
		assign(l, i % 2 ? "cellar" : "attic", "1");
	MUST(ledger_history(l, NULL, INT64_MAX, 2, &list, &n, &err));
	assert_int_equal(n, 2);
	int64_t last = list[1].id;
	assignment_list_free(list, n);
	MUST(ledger_history(l, "attic", last, 2, &list, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(list[0].id, 3);
	assert_int_equal(list[1].id, 1);
	assignment_list_free(list, n);
}

static void room_is_kept_by_place(void **state)
{
	const struct ledger_space space = {.free = 5, .total = 7, .at = 4711};
	struct ledger_space got;
	struct err err;

	MUST(ledger_set_space(ledger(state), "/srv", &space, &err));
	MUST(ledger_get_space(reopened(state), "/srv", &got, &err));
	assert_memory_equal(&got, &space, sizeof got);
	MUST(ledger_get_space(ledger(state), "box", &got, &err));
	assert_int_equal(got.at, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_file_is_private_and_reopens),
		TEST(a_file_of_an_older_version_is_brought_up_to_date),
		TEST(outcomes_that_were_kept_as_texts_become_results),
		TEST(what_was_kept_as_texts_becomes_numbers),
		TEST(a_file_of_a_newer_version_is_refused_and_left_alone),
		TEST(what_is_in_a_watch_folder_is_awaited_until_its_fate_is_known),
		TEST(what_is_known_of_a_client_is_kept),
		TEST(an_adopted_torrent_is_delivered_and_known),
		TEST(the_last_audit_is_kept),
		TEST(how_pings_failed_is_kept),
		TEST(a_redelivery_goes_on_where_it_was_until_it_has_ended),
		TEST(a_turn_may_have_a_time_to_be_gone_on_with),
		TEST(a_file_that_is_no_ledger_is_refused),
		TEST(damage_is_told_from_trouble_that_passes),
		TEST(looking_makes_no_file_and_changes_none),
		TEST(an_empty_file_is_a_ledger_without_rows),
		TEST(two_processes_may_open_a_new_ledger_at_once),
		TEST(each_step_of_a_torrent_is_kept),
		TEST(a_question_that_was_refused_leaves_nothing),
		TEST(a_lost_answer_is_found_or_unfounded),
		TEST(leftovers_are_possibly_lost_and_their_turn_is_taken),
		TEST(tries_are_counted_and_set_aside),
		TEST(a_note_is_no_try),
		TEST(bytes_that_are_gone_are_to_be_fetched_again),
		TEST(pending_is_what_is_not_done_yet),
		TEST(the_history_is_newest_first_and_limited),
		TEST(a_torrent_is_known_in_any_state),
		TEST(totals_add_up),
		TEST(what_a_container_got_is_counted_from_a_time_on),
		TEST(incomplete_transactions_keep_when_they_were_first_seen),
		TEST(whose_a_listed_torrent_is_is_kept_for_a_year),
		TEST(a_listed_torrent_of_ours_is_not_unknown),
		TEST(what_a_person_settles_is_recorded),
		TEST(the_film_s_page_is_kept),
		TEST(pace_and_clock_are_kept),
		TEST(a_container_is_undone_until_its_turn_is_over),
		TEST(a_turn_of_an_unknown_cycle_is_refused_as_a_whole),
		TEST(totals_are_kept_with_every_change),
		TEST(growth_is_by_day_and_tells_what_was_adopted),
		TEST(the_times_of_a_torrent_are_kept),
		TEST(growth_of_many_days_is_complete),
		TEST(a_result_of_a_later_version_is_a_failure_of_no_known_kind),
		TEST(the_limits_of_a_stored_result_are_those_of_the_enums),
		TEST(cycles_come_with_all_that_is_known_of_them),
		TEST(how_long_cycles_took_is_counted_by_how_they_ended),
		TEST(cycles_come_with_their_turns_and_are_counted),
		TEST(history_comes_in_pages),
		TEST(room_is_kept_by_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
