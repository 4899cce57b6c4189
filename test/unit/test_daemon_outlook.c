#include "core/destination.h"

#include "daemon_fixture.h"

static void set_backoff(struct daemon_fixture *f, int64_t until)
{
	struct pace pace;
	struct err err;

	MUST(ledger_get_pace(daemon_ledger(f), &pace, &err));
	pace.backoff_until = until;
	pace.failures = SCHEDULE_LADDER_STEPS;
	MUST(ledger_set_pace(daemon_ledger(f), &pace, &err));
}

static void leave_undone(struct daemon_fixture *f, const char *name)
{
	struct err err;

	MUST(ledger_undone(daemon_ledger(f), &name, 1, &err));
}

/* The turn ended and is to be resumed then. */
static void hold_back(struct daemon_fixture *f, const char *name, int64_t retry_at)
{
	struct outcome o = {.container = (char *)name,
			    .result = result_of("WAIT(Client)"),
			    .undone = true,
			    .retry_at = retry_at};
	int64_t cycle;
	struct err err;

	MUST(ledger_cycle_begin(daemon_ledger(f), CYCLE_REGULAR, &name, 1, &cycle, &err));
	MUST(ledger_turn(daemon_ledger(f), cycle, &o, &err));
}

static void assert_resumable(struct daemon_fixture *f, bool attic, bool cellar)
{
	struct err err;
	OWN_STR bool *wanted = daemon_resumable(&f->d, clock_now(), &err);

	assert_non_null(wanted);
	assert_int_equal(wanted[0], attic);
	assert_int_equal(wanted[1], cellar);
}

/* ---- what a daemon sees ---- */

static void a_new_ledger_owes_nothing_but_the_first_cycle(void **state)
{
	struct daemon_fixture *f = *state;
	const struct outlook o = daemon_look(f);

	assert_int_equal(o.now, FAKE_NOW);
	assert_true(o.waits);
	assert_int_equal(o.clock.last_cycle, 0);
	assert_int_equal(o.resume, AGENDA_NEVER);
	assert_int_equal(o.pick_up, AGENDA_NEVER);
	assert_int_equal(o.message, AGENDA_NEVER);
	assert_false(o.page_wanted);
	assert_false(o.finished);
	assert_false(o.owed);
	assert_resumable(f, false, false);
}

static void what_the_daemon_remembers_is_part_of_it(void **state)
{
	struct daemon_fixture *f = *state;

	f->d.owed = f->d.finished = true;
	f->d.broken = 3;
	f->d.last_begin = FAKE_NOW - 1;
	f->d.last_look = FAKE_NOW - 2;
	f->d.page_tried = FAKE_NOW - 3;
	f->d.messages_rest = FAKE_NOW + 4;
	daemon_set_up_with(f, "\"Listen\": \"127.0.0.1:9000\", ");
	struct outlook o = daemon_look(f);
	assert_true(o.owed);
	assert_true(o.finished);
	assert_true(o.page_wanted);
	assert_int_equal(o.broken, 3);
	assert_int_equal(o.last_begin, FAKE_NOW - 1);
	assert_int_equal(o.last_look, FAKE_NOW - 2);
	assert_int_equal(o.page_tried, FAKE_NOW - 3);
	assert_int_equal(o.messages_rest, FAKE_NOW + 4);
	struct httpd *none = f->d.page;
	f->d.page = (struct httpd *)f;
	o = daemon_look(f);
	f->d.page = none;
	assert_false(o.page_wanted);
}

static void a_tracker_on_this_machine_need_not_be_waited_for(void **state)
{
	struct daemon_fixture *f = *state;

	daemon_set_up_with(f, "\"BaseURL\": \"http://127.0.0.1:1/\", \"FetchSleep\": 0, ");
	assert_false(daemon_look(f).waits);
}

static void times_of_the_past_that_lie_in_the_future_count_as_now(void **state)
{
	struct daemon_fixture *f = *state;

	f->d.last_begin = f->d.last_look = f->d.page_tried = FAKE_NOW + HOUR;
	f->d.messages_rest = FAKE_NOW + HOUR;
	struct outlook o = daemon_look(f);
	assert_int_equal(o.last_begin, FAKE_NOW);
	assert_int_equal(o.last_look, FAKE_NOW);
	assert_int_equal(o.page_tried, FAKE_NOW);
	assert_int_equal(o.messages_rest, FAKE_NOW + AGENDA_PAUSE_MS);
	/* They are corrected once. */
	fake_time_pass(MINUTE);
	o = daemon_look(f);
	assert_int_equal(o.last_begin, FAKE_NOW);
	assert_int_equal(o.messages_rest, FAKE_NOW + AGENDA_PAUSE_MS);
}

/* ---- what was left undone ---- */

static void a_turn_that_was_interrupted_is_resumed_as_soon_as_the_tracker_may_be_asked(void **state)
{
	struct daemon_fixture *f = *state;

	leave_undone(f, "cellar");
	assert_int_equal(daemon_look(f).resume, FAKE_NOW);
	assert_resumable(f, false, true);
	set_backoff(f, FAKE_NOW + HOUR);
	assert_int_equal(daemon_look(f).resume, FAKE_NOW + HOUR);
	assert_resumable(f, false, false);
	fake_time_pass(HOUR);
	assert_int_equal(daemon_look(f).resume, FAKE_NOW + HOUR);
	assert_resumable(f, false, true);
}

static void a_second_interruption_waits_on_the_ladder(void **state)
{
	struct daemon_fixture *f = *state;

	leave_undone(f, "attic");
	daemon_set_clock(f, &(struct cycle_clock){.last_cycle = FAKE_NOW - 1,
						  .next_cycle = FAKE_NOW + HOUR,
						  .last_attempt = FAKE_NOW,
						  .attempts = 2});
	assert_int_equal(daemon_look(f).resume, FAKE_NOW + schedule_ladder(2));
}

static void a_turn_with_a_time_of_its_own_waits_for_it(void **state)
{
	struct daemon_fixture *f = *state;

	f->d.fresh = false;
	hold_back(f, "attic", FAKE_NOW + 10 * MINUTE);
	hold_back(f, "cellar", FAKE_NOW + 20 * MINUTE);
	set_backoff(f, FAKE_NOW + HOUR);
	assert_int_equal(daemon_look(f).resume, FAKE_NOW + 10 * MINUTE);
	assert_resumable(f, false, false);
	fake_time_pass(10 * MINUTE);
	assert_resumable(f, true, false);
	fake_time_pass(10 * MINUTE);
	assert_resumable(f, true, true);
}

static void a_start_does_not_wait_for_a_client_or_a_folder(void **state)
{
	struct daemon_fixture *f = *state;

	hold_back(f, "attic", FAKE_NOW + 10 * MINUTE);
	assert_int_equal(daemon_look(f).resume, FAKE_NOW);
	assert_resumable(f, true, false);
}

static void a_clock_that_was_set_back_delays_it_by_no_more_than_an_hour(void **state)
{
	struct daemon_fixture *f = *state;

	f->d.fresh = false;
	hold_back(f, "attic", FAKE_NOW + DAY);
	assert_int_equal(daemon_look(f).resume, FAKE_NOW + DESTINATION_RETRY_MAX_MS);
}

/* ---- the next cycle ---- */

static void a_start_after_the_time_of_a_cycle_is_given_a_time_of_its_own_once(void **state)
{
	struct daemon_fixture *f = *state;
	const struct cycle_clock past = {.last_cycle = FAKE_NOW - DAY, .next_cycle = FAKE_NOW - 1};

	fake_time_chance(0.5);
	daemon_set_clock(f, &past);
	assert_int_equal(daemon_look(f).clock.next_cycle, FAKE_NOW + SCHEDULE_SPLAY_MS / 2);
	assert_int_equal(daemon_clock(f).next_cycle, FAKE_NOW + SCHEDULE_SPLAY_MS / 2);
	fake_time_pass(DAY);
	assert_int_equal(daemon_look(f).clock.next_cycle, FAKE_NOW + SCHEDULE_SPLAY_MS / 2);
	daemon_set_clock(f, &past);
	assert_int_equal(daemon_look(f).clock.next_cycle, past.next_cycle);
}

static void a_start_before_the_time_of_a_cycle_leaves_it(void **state)
{
	struct daemon_fixture *f = *state;
	const struct cycle_clock clock = {.last_cycle = FAKE_NOW - DAY, .next_cycle = FAKE_NOW};

	fake_time_chance(0.5);
	daemon_set_clock(f, &clock);
	assert_int_equal(daemon_look(f).clock.next_cycle, FAKE_NOW);
}

static void the_first_cycle_of_a_ledger_is_given_no_other_time(void **state)
{
	struct daemon_fixture *f = *state;

	fake_time_chance(0.5);
	assert_int_equal(daemon_look(f).clock.next_cycle, 0);
}

static void without_waiting_an_overdue_cycle_is_due_at_once(void **state)
{
	struct daemon_fixture *f = *state;
	const struct cycle_clock past = {.last_cycle = FAKE_NOW - DAY, .next_cycle = FAKE_NOW - 1};

	daemon_set_up_with(f, "\"BaseURL\": \"http://127.0.0.1:1/\", \"FetchSleep\": 0, ");
	fake_time_chance(0.5);
	daemon_set_clock(f, &past);
	assert_int_equal(daemon_look(f).clock.next_cycle, past.next_cycle);
}

static void stored_times_are_corrected_once_for_a_clock_that_was_set_back(void **state)
{
	struct daemon_fixture *f = *state;
	const struct cycle_clock clock = {.last_cycle = FAKE_NOW,
					  .next_cycle = FAKE_NOW + 30 * DAY,
					  .last_attempt = FAKE_NOW + DAY};
	int64_t latest = FAKE_NOW + 6 * HOUR + 36 * MINUTE;

	daemon_set_clock(f, &clock);
	assert_int_equal(daemon_look(f).clock.next_cycle, latest);
	fake_time_pass(HOUR);
	const struct outlook o = daemon_look(f);
	assert_int_equal(o.clock.next_cycle, latest);
	assert_int_equal(o.clock.last_attempt, FAKE_NOW);
	assert_int_equal(daemon_clock(f).next_cycle, latest);
	assert_int_equal(daemon_clock(f).last_attempt, FAKE_NOW);
}

/* ---- the rest ---- */

static void deliver_to(struct daemon_fixture *f, const char *container)
{
	const struct fetched file = {
		.infohash = container, .name = "one", .file_name = "one", .v2 = "", .bytes = 5};
	struct ledger *l = daemon_ledger(f);
	int64_t row;
	struct err err;

	MUST(ledger_asking(l, container, &row, &err));
	MUST(ledger_assigned(l, row, "7", "1", &err));
	MUST(ledger_fetched(l, row, &file, &err));
	MUST(ledger_delivering(l, row, "one", "there", &err));
	MUST(ledger_delivered(l, row, "there", NULL, PICK_UP_DUE, &err));
}

static void the_soonest_pick_up_is_due(void **state)
{
	struct daemon_fixture *f = *state;

	daemon_set_up_with(f, "");
	deliver_to(f, "cellar");
	int64_t within = f->config.containers[1].pick_up_ms;
	assert_true(within > 0);
	assert_int_equal(daemon_look(f).pick_up, FAKE_NOW + within);
	fake_time_pass(HOUR);
	deliver_to(f, "attic");
	assert_int_equal(daemon_look(f).pick_up, FAKE_NOW + within);
}

static void a_message_that_waits_is_due(void **state)
{
	struct daemon_fixture *f = *state;
	struct event e = {.at = FAKE_NOW, .title = "Title", .text = (char[]){"text"}};

	daemon_set_up_with(f, "\"Notify\": [\"webhook+https://hook.test/\"], ");
	const struct ledger_message message = {f->config.notify[0].fingerprint, &e};
	struct err err;
	MUST(ledger_tell(daemon_ledger(f), NULL, 0, &message, 1, &err));
	assert_int_equal(daemon_look(f).message, FAKE_NOW);
}

static void a_ledger_that_cannot_be_read_is_an_error(void **state)
{
	struct daemon_fixture *f = *state;
	bool failed = true;

	daemon_look(f);
	for (unsigned nth = 1; failed; nth++) {
		struct outlook o;
		fake_sql_fail(nth);
		bool ok = daemon_outlook(&f->d, &o, &f->err);
		failed = fake_sql_failed();
		fake_sql_fail(0);
		assert_true(ok != failed);
		assert_true(nth > 1 || failed);
	}
	failed = true;
	for (unsigned nth = 1; failed; nth++) {
		fake_sql_fail(nth);
		OWN_STR bool *wanted = daemon_resumable(&f->d, FAKE_NOW, &f->err);
		failed = fake_sql_failed();
		fake_sql_fail(0);
		assert_true(!wanted == failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_DAEMON(a_new_ledger_owes_nothing_but_the_first_cycle),
		TEST_OF_DAEMON(what_the_daemon_remembers_is_part_of_it),
		TEST_OF_DAEMON(a_tracker_on_this_machine_need_not_be_waited_for),
		TEST_OF_DAEMON(times_of_the_past_that_lie_in_the_future_count_as_now),
		TEST_OF_DAEMON(
			a_turn_that_was_interrupted_is_resumed_as_soon_as_the_tracker_may_be_asked),
		TEST_OF_DAEMON(a_second_interruption_waits_on_the_ladder),
		TEST_OF_DAEMON(a_turn_with_a_time_of_its_own_waits_for_it),
		TEST_OF_DAEMON(a_start_does_not_wait_for_a_client_or_a_folder),
		TEST_OF_DAEMON(a_clock_that_was_set_back_delays_it_by_no_more_than_an_hour),
		TEST_OF_DAEMON(a_start_after_the_time_of_a_cycle_is_given_a_time_of_its_own_once),
		TEST_OF_DAEMON(a_start_before_the_time_of_a_cycle_leaves_it),
		TEST_OF_DAEMON(the_first_cycle_of_a_ledger_is_given_no_other_time),
		TEST_OF_DAEMON(without_waiting_an_overdue_cycle_is_due_at_once),
		TEST_OF_DAEMON(stored_times_are_corrected_once_for_a_clock_that_was_set_back),
		TEST_OF_DAEMON(the_soonest_pick_up_is_due),
		TEST_OF_DAEMON(a_message_that_waits_is_due),
		TEST_OF_DAEMON(a_ledger_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
