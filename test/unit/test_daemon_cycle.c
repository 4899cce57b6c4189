#include "core/parcel.h"

#include "daemon_fixture.h"

#include <sys/stat.h>

/* Like a daemon's loop: the parts are open. */
static void begin(struct daemon_fixture *f)
{
	daemon_ledger(f);
	/* Not a new ledger, whose first call would wait. */
	const struct pace past = {.request = {1, 0}};
	struct err err;
	MUST(ledger_set_pace(daemon_ledger(f), &past, &err));
}

static int make(void **state)
{
	int failed = daemon_make(state);

	begin(*state);
	return failed;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, daemon_remove)

static struct ledger_cycle *cycles(struct daemon_fixture *f, size_t *n)
{
	struct ledger_cycle *list;
	struct err err;

	MUST(ledger_cycles(daemon_ledger(f), 10, &list, n, &err));
	return list;
}

/* The newest cycle of the history is of this kind, and there are so many. */
static void assert_newest(struct daemon_fixture *f, enum cycle_kind kind, size_t many)
{
	size_t n;
	struct ledger_cycle *list = cycles(f, &n);

	assert_int_equal(n, many);
	assert_int_equal(list[0].kind, kind);
	ledger_cycles_free(list, n);
}

static void leave_undone(struct daemon_fixture *f, const char *name)
{
	struct err err;

	MUST(ledger_undone(daemon_ledger(f), &name, 1, &err));
}

#define TORRENT                                                              \
	"d8:announce20:http://127.0.0.1/ann4:infod6:lengthi5e4:name3:one12:" \
	"piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee"

/* A torrent of the container's that is in the vault, and not delivered. */
static void fetch(struct daemon_fixture *f, const char *container)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	struct err err;
	int64_t row;

	buf_puts(&p.bytes, TORRENT);
	MUST(parcel_parse(&p, &err));
	const struct fetched file = {.infohash = p.infohash,
				     .v2 = "",
				     .name = "one",
				     .file_name = "one.torrent",
				     .bytes = 5};
	struct ledger *l = daemon_ledger(f);
	MUST(ledger_asking(l, container, &row, &err));
	MUST(ledger_assigned(l, row, "7", "1", &err));
	MUST(vault_keep(f->d.parts.run.vault, p.infohash, &p.bytes, &err));
	MUST(ledger_fetched(l, row, &file, &err));
}

static bool is_delivered(struct daemon_fixture *f, const char *container)
{
	OWN_STR char *path = mem_printf("%s/watch/%s/one.torrent", f->folder, container);

	return fs_exists(path);
}

/* ---- a whole cycle ---- */

static void a_whole_cycle_asks_for_all_and_plans_the_next(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(CYCLE, CYCLE);
	MUST(daemon_cycle(&f->d, &err));
	assert_int_equal(f->d.last_begin, FAKE_NOW);
	assert_false(f->d.fresh);
	assert_int_equal(daemon_clock(f).last_cycle, FAKE_NOW);
	/* The first interval of a ledger is half to all of it. */
	assert_int_equal(daemon_clock(f).next_cycle, FAKE_NOW + 3 * HOUR);
	assert_newest(f, CYCLE_REGULAR, 1);
	assert_int_equal(daemon_container(f, "attic").result.kind, OUTCOME_FULL);
	assert_false(daemon_container(f, "attic").undone);
	assert_false(daemon_container(f, "cellar").undone);
	assert_non_null(strstr(fake_http_asked(3)->body, "Next cycle: "));
	int64_t again = clock_now();
	MUST(daemon_cycle(&f->d, &err));
	assert_int_equal(daemon_clock(f).last_cycle, again);
	assert_int_equal(daemon_clock(f).next_cycle, again + 6 * HOUR * 9 / 10);
}

static void a_cycle_that_a_person_asked_for_is_marked_as_such(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(CYCLE);
	f->d.owed = true;
	MUST(daemon_cycle(&f->d, &err));
	assert_false(f->d.owed);
	assert_newest(f, CYCLE_MANUAL, 1);
}

static void a_stop_leaves_undone_what_had_no_turn_and_the_cycle_owed(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(PING_START, SAYS_FULL("attic"), PING_LOG);
	f->d.owed = true;
	fake_time_stop_in_sleep();
	MUST(daemon_cycle(&f->d, &err));
	assert_true(f->d.owed);
	assert_int_equal(f->d.broken, 0);
	assert_false(daemon_container(f, "attic").undone);
	assert_true(daemon_container(f, "cellar").undone);
	assert_int_equal(daemon_clock(f).last_cycle, FAKE_NOW);
	assert_true(daemon_clock(f).next_cycle > FAKE_NOW);
	assert_int_equal(daemon_trouble(f, TROUBLE_WORK).since, 0);
}

static void a_whole_cycle_ends_the_ladder_of_interruptions(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(CYCLE);
	daemon_set_clock(f, &(struct cycle_clock){.last_cycle = 1, .attempts = 3});
	MUST(daemon_cycle(&f->d, &err));
	assert_int_equal(daemon_clock(f).attempts, 0);
}

static void the_daemon_s_cycle_makes_the_audit(void **state)
{
	struct daemon_fixture *f = *state;
	struct ledger_audit audit;
	struct err err;

	daemon_set_up_with(f, "\"AuditInterval\": \"1d\", \"Clients\": {\"box\": {\"Type\": "
			      "\"rtorrent\", \"URL\": \"http://127.0.0.1:1/RPC2\"}}, ");
	FAKE_HTTP(CYCLE);
	/* No container's client can be asked, so there is none. */
	MUST(daemon_cycle(&f->d, &err));
	MUST(ledger_get_audit(daemon_ledger(f), &audit, &err));
	assert_int_equal(audit.at, 0);
	for (size_t i = 0; i < 2; i++)
		f->d.parts.targets[i].asked = &f->d.parts.clients[0];
	FAKE_HTTP(CYCLE);
	MUST(daemon_cycle(&f->d, &err));
	MUST(ledger_get_audit(daemon_ledger(f), &audit, &err));
	assert_true(audit.at > FAKE_NOW);
}

/* ---- a part of it ---- */

static void what_was_left_undone_is_resumed_alone(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(PING_START, SAYS_FULL("cellar"), PING_SUCCESS);
	leave_undone(f, "cellar");
	daemon_set_clock(f, &(struct cycle_clock){.last_cycle = FAKE_NOW - HOUR,
						  .next_cycle = FAKE_NOW + HOUR,
						  .attempts = 1});
	MUST(daemon_resume(&f->d, &err));
	assert_false(f->d.fresh);
	assert_newest(f, CYCLE_REST, 1);
	assert_false(daemon_container(f, "cellar").undone);
	const struct cycle_clock clock = daemon_clock(f);
	assert_int_equal(clock.last_cycle, FAKE_NOW - HOUR);
	assert_int_equal(clock.next_cycle, FAKE_NOW + HOUR);
	assert_int_equal(clock.last_attempt, FAKE_NOW);
	assert_int_equal(clock.attempts, 0);
	assert_non_null(strstr(fake_http_asked(2)->body, "Next cycle: "));
}

static void an_attempt_that_is_stopped_counts(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(PING_START, SAYS_FULL("attic"), PING_LOG);
	leave_undone(f, "attic");
	leave_undone(f, "cellar");
	fake_time_stop_in_sleep();
	MUST(daemon_resume(&f->d, &err));
	assert_int_equal(daemon_clock(f).attempts, 1);
	assert_int_equal(daemon_clock(f).last_attempt, FAKE_NOW);
	assert_true(daemon_container(f, "cellar").undone);
}

static void what_the_cycle_got_before_counts_when_it_is_resumed(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	daemon_set_clock(
		f, &(struct cycle_clock){.last_cycle = FAKE_NOW, .next_cycle = FAKE_NOW + HOUR});
	fetch(f, "attic");
	leave_undone(f, "attic");
	MUST(daemon_resume(&f->d, &err));
	assert_true(is_delivered(f, "attic"));
}

/* ---- what needs no call of the tracker ---- */

static void nothing_to_finish_is_no_cycle(void **state)
{
	struct daemon_fixture *f = *state;
	size_t n;
	struct err err;

	MUST(daemon_finish_local(&f->d, &err));
	assert_true(f->d.finished);
	assert_true(f->d.fresh);
	assert_int_equal(f->d.last_begin, 0);
	ledger_cycles_free(cycles(f, &n), 0);
	assert_int_equal(n, 0);
}

static void what_is_fetched_is_delivered_without_a_question(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	fetch(f, "cellar");
	MUST(daemon_finish_local(&f->d, &err));
	assert_true(is_delivered(f, "cellar"));
	assert_true(f->d.finished);
	assert_false(f->d.paused);
	LOGGED(1, "finishing what was not delivered");
	assert_newest(f, CYCLE_REST, 1);
	assert_int_equal(daemon_clock(f).last_cycle, 0);
	assert_int_equal(daemon_container(f, "attic").outcome_at, 0);
}

static void what_is_to_be_resumed_anyway_is_left_to_that(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	fetch(f, "cellar");
	leave_undone(f, "cellar");
	MUST(daemon_finish_local(&f->d, &err));
	assert_false(is_delivered(f, "cellar"));
}

static void what_the_utility_has_staged_is_finished(void **state)
{
	struct daemon_fixture *f = *state;
	const struct spool *staging = &f->d.parts.run.staging;
	struct err err;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	OWN_STR char *place = spool_place(staging, "attic");
	OWN_STR char *path = fs_join(place, "one.torrent");
	MUST(fs_make_folder(staging->folder, 0700, true, &err));
	MUST(spool_make_place(staging, "attic", &err));
	MUST(fs_write(path, TORRENT, strlen(TORRENT), 0600, &err));
	MUST(daemon_finish_local(&f->d, &err));
	assert_true(is_delivered(f, "attic"));
}

static void a_ledger_that_cannot_be_read_does_not_count_as_finished(void **state)
{
	struct daemon_fixture *f = *state;

	fake_sql_fail(1);
	assert_false(daemon_finish_local(&f->d, &f->err));
	assert_int_equal(f->err.code, WORD_LEDGER);
	assert_false(f->d.finished);
}

/* ---- trouble ---- */

static void a_cycle_that_cannot_be_run_is_reported_and_counted(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP(PING_FAIL);
	daemon_damage_ledger(f);
	f->d.announced = 5;
	MUST(daemon_cycle(&f->d, &err));
	assert_int_equal(f->d.broken, 1);
	assert_int_equal(f->d.last_begin, FAKE_NOW);
	assert_int_equal(f->d.announced, 0);
	assert_non_null(strstr(fake_http_asked(0)->body, "ERROR: Ledger: "));
	assert_int_equal(daemon_trouble(f, TROUBLE_WORK).since, FAKE_NOW);
	LOGGED(1, "error the cycle could not be run: ");
	MUST(daemon_cycle(&f->d, &err));
	assert_int_equal(f->d.broken, 2);
	LOGGED(1, "error the cycle could not be run: ");
}

static void a_cycle_that_runs_ends_the_trouble(void **state)
{
	struct daemon_fixture *f = *state;
	const struct err why = {.kind = ERR_TARGET, .code = WORD_DISK, .msg = "it is full"};
	struct err err;

	FAKE_HTTP(PING_FAIL, CYCLE);
	f->d.broken = 4;
	daemon_begin_trouble(&f->d, &why, "", "");
	MUST(daemon_cycle(&f->d, &err));
	assert_int_equal(f->d.broken, 0);
	assert_int_equal(daemon_trouble(f, TROUBLE_WORK).since, 0);
	LOGGED(1, "cycles can be run again");
}

static void without_hope_the_daemon_ends(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *path = wire_run_lock_path(&f->config);
	struct err err;
	bool held;

	/* Another daemon has the folder. */
	assert_int_equal(unlink(path), 0);
	OWN_FD int other = fs_lock(path, &held, &err);
	assert_true(other >= 0);
	assert_false(daemon_resume(&f->d, &f->err));
	assert_int_equal(f->err.kind, ERR_FATAL);
	assert_int_equal(f->err.code, WORD_CONFIG);
	assert_int_equal(f->d.broken, 0);
}

static void trouble_with_what_needs_no_call_makes_the_daemon_pause(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *lock = wire_cycle_lock_path(&f->config);
	struct err err;

	FAKE_HTTP(PING_FAIL);
	fetch(f, "cellar");
	/* The lock of the cycle cannot be taken. */
	assert_int_equal(mkdir(lock, 0700), 0);
	MUST(daemon_finish_local(&f->d, &err));
	assert_true(f->d.finished);
	assert_true(f->d.paused);
	assert_int_equal(f->d.broken, 1);
}

/* ---- each call of SQLite fails once ---- */

/* A daemon of its own does `act`.  false: all calls were made, and none failed. */
static bool fails_at(unsigned nth, void (*set_up)(struct daemon_fixture *),
		     bool (*act)(struct daemon *, struct err *),
		     void (*look)(struct daemon_fixture *))
{
	void *state = NULL;

	assert_int_equal(make(&state), 0);
	struct daemon_fixture *f = state;
	FAKE_HTTP({.status = 200, .body = "OK"}, {.status = 200, .body = "OK"},
		  {.status = 200, .body = "OK"});
	set_up(f);
	/* No container has a turn: turns have tests of their own. */
	size_t targets = f->d.parts.n_targets;
	f->d.parts.n_targets = 0;
	fake_sql_fail(nth);
	bool ok = act(&f->d, &f->err);
	bool failed = fake_sql_failed();
	fake_sql_fail(0);
	f->d.parts.n_targets = targets;
	/* What fails in the end of a cycle is logged, or left out of the report. */
	if (ok && !f->d.broken)
		look(f);
	else
		assert_true(failed);
	fake_http_script(NULL, 0);
	assert_int_equal(daemon_remove(&state), 0);
	return failed;
}

static void set_attempts(struct daemon_fixture *f)
{
	daemon_set_clock(f, &(struct cycle_clock){
				    .last_cycle = 1, .next_cycle = FAKE_NOW + HOUR, .attempts = 3});
}

static void has_recorded_a_cycle(struct daemon_fixture *f)
{
	assert_int_equal(daemon_clock(f).last_cycle, FAKE_NOW);
	assert_int_equal(daemon_clock(f).attempts, 0);
}

static void has_recorded_an_attempt(struct daemon_fixture *f)
{
	assert_true(daemon_clock(f).last_attempt >= FAKE_NOW);
	assert_int_equal(daemon_clock(f).attempts, 0);
}

static void what_cannot_be_recorded_is_trouble(void **state)
{
	(void)state;
	for (unsigned nth = 1; fails_at(nth, set_attempts, daemon_cycle, has_recorded_a_cycle);)
		nth++;
	for (unsigned nth = 1; fails_at(nth, set_attempts, daemon_resume, has_recorded_an_attempt);)
		nth++;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_cycle_asks_for_all_and_plans_the_next),
		TEST(a_cycle_that_a_person_asked_for_is_marked_as_such),
		TEST(a_stop_leaves_undone_what_had_no_turn_and_the_cycle_owed),
		TEST(a_whole_cycle_ends_the_ladder_of_interruptions),
		TEST(the_daemon_s_cycle_makes_the_audit),
		TEST(what_was_left_undone_is_resumed_alone),
		TEST(an_attempt_that_is_stopped_counts),
		TEST(what_the_cycle_got_before_counts_when_it_is_resumed),
		TEST(nothing_to_finish_is_no_cycle),
		TEST(what_is_fetched_is_delivered_without_a_question),
		TEST(what_is_to_be_resumed_anyway_is_left_to_that),
		TEST(what_the_utility_has_staged_is_finished),
		TEST(a_ledger_that_cannot_be_read_does_not_count_as_finished),
		TEST(a_cycle_that_cannot_be_run_is_reported_and_counted),
		TEST(a_cycle_that_runs_ends_the_trouble),
		TEST(without_hope_the_daemon_ends),
		TEST(trouble_with_what_needs_no_call_makes_the_daemon_pause),
		cmocka_unit_test(what_cannot_be_recorded_is_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
