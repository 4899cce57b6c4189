#include "daemon_fixture.h"

#include <sys/stat.h>

static const struct err disk = {.kind = ERR_TARGET, .code = WORD_DISK, .msg = "it is full"};

static bool has_file(struct daemon_fixture *f, const char *name)
{
	OWN_STR char *path = fs_join(f->state, name);

	return fs_exists(path);
}

/* ---- the parts ---- */

static void the_parts_are_opened_once(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;
	struct ledger *l = daemon_ledger(f);

	MUST(daemon_open_parts(&f->d, &err));
	assert_ptr_equal(f->d.parts.run.ledger, l);
	daemon_close_parts(&f->d);
	assert_null(f->d.parts.run.ledger);
	daemon_close_parts(&f->d);
}

static void a_ledger_that_was_removed_is_opened_again_and_nothing_is_lost(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *path = wire_ledger_path(&f->config);
	struct err err;

	daemon_set_clock(f, &(struct cycle_clock){.last_cycle = 5});
	assert_int_equal(unlink(path), 0);
	assert_false(has_file(f, "daemon.json"));
	MUST(daemon_check_state(&f->d, &err));
	assert_null(f->d.parts.run.ledger);
	assert_true(has_file(f, "daemon.json"));
	assert_int_equal(daemon_clock(f).last_cycle, 5);
}

static void a_ledger_that_was_removed_is_saved_when_the_parts_are_closed(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *path = wire_ledger_path(&f->config);

	daemon_set_clock(f, &(struct cycle_clock){.last_cycle = 5});
	assert_int_equal(unlink(path), 0);
	daemon_close_parts(&f->d);
	assert_int_equal(daemon_clock(f).last_cycle, 5);
}

static void a_state_folder_that_is_away_is_an_error(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *away = mem_printf("%s.away", f->state);

	daemon_ledger(f);
	assert_int_equal(rename(f->state, away), 0);
	assert_false(daemon_open_parts(&f->d, &f->err));
	assert_int_equal(f->err.code, WORD_DISK);
	daemon_close_parts(&f->d);
	LOGGED(1, "error the state folder ");
	assert_int_equal(rename(away, f->state), 0);
}

static void torrents_of_containers_that_are_gone_are_named_when_the_parts_are_opened(void **state)
{
	struct daemon_fixture *f = *state;
	int64_t row;
	struct err err;

	MUST(ledger_asking(daemon_ledger(f), "barn", &row, &err));
	MUST(ledger_assigned(daemon_ledger(f), row, "7", "1", &err));
	daemon_close_parts(&f->d);
	LOGGED(0, "warn barn: ");
	daemon_ledger(f);
	LOGGED(1, "warn barn: ");
}

/* ---- clients ---- */

static void refuse(struct daemon_fixture *f, const char *fingerprint)
{
	struct ledger_client c = {0};
	struct err err;

	text_copy(c.refused, sizeof c.refused, fingerprint);
	MUST(ledger_set_client(daemon_ledger(f), "box", &c, &err));
}

static bool is_refused(struct daemon_fixture *f)
{
	struct ledger_client c;
	struct err err;

	MUST(ledger_get_client(daemon_ledger(f), "box", &c, &err));
	return c.refused[0];
}

/* The client of "cellar" is "box", that of "attic" a watch folder; their turns ended so. */
static void set_up_box(struct daemon_fixture *f, const char *how)
{
	OWN_STR char *text = mem_printf(
		"{\"ApiUser\": \"0123456789abcdef\", \"ApiKey\": "
		"\"0123456789abcdef0123456789abcdef\", \"HealthchecksURL\": "
		"\"https://hc.test/ping\", \"Clients\": {\"box\": {\"Type\": \"rtorrent\", "
		"\"URL\": \"http://127.0.0.1:1/RPC2\"}}, \"Default\": {\"Client\": \"box\", "
		"\"Size\": \"100G\"}, \"Containers\": {\"cellar\": {}, \"attic\": "
		"{\"Client\": \"\", \"WatchDirectory\": \"%s/watch/attic\"}}}",
		f->folder);

	daemon_write(f, "config.ptp", text);
	daemon_load(f);
	daemon_past(f, "attic", how, 0);
	daemon_past(f, "cellar", how, 0);
}

static void a_client_that_refused_us_is_called_again_after_a_reload_alone(void **state)
{
	struct daemon_fixture *f = *state;

	set_up_box(f, "OK");
	refuse(f, f->d.parts.clients[0].fingerprint);
	daemon_close_parts(&f->d);
	assert_true(is_refused(f));
	daemon_close_parts(&f->d);
	f->d.forgive = true;
	assert_false(is_refused(f));
	assert_false(f->d.forgive);
}

static void a_container_that_its_client_held_back_has_a_turn_again(void **state)
{
	struct daemon_fixture *f = *state;

	set_up_box(f, "WAIT(Client)");
	daemon_close_parts(&f->d);
	assert_true(daemon_container(f, "cellar").undone);
	assert_false(daemon_container(f, "attic").undone);
}

static void other_containers_keep_their_turn(void **state)
{
	struct daemon_fixture *f = *state;

	set_up_box(f, "ERR(Tracker)");
	daemon_close_parts(&f->d);
	assert_false(daemon_container(f, "cellar").undone);
}

static void a_container_whose_client_still_refuses_us_waits(void **state)
{
	struct daemon_fixture *f = *state;

	set_up_box(f, "ERR(Client)");
	refuse(f, f->d.parts.clients[0].fingerprint);
	daemon_close_parts(&f->d);
	assert_false(daemon_container(f, "cellar").undone);
	daemon_close_parts(&f->d);
	f->d.forgive = true;
	assert_true(daemon_container(f, "cellar").undone);
}

static void a_ledger_that_cannot_be_used_is_an_error(void **state)
{
	struct daemon_fixture *f = *state;

	set_up_box(f, "WAIT(Client)");
	daemon_close_parts(&f->d);
	/* The warning of torrents without a container is left out. */
	unsigned unreported = 0;
	bool failed = true;
	for (unsigned nth = 1; failed; nth++) {
		f->d.forgive = true;
		fake_sql_fail(nth);
		bool ok = daemon_open_parts(&f->d, &f->err);
		failed = fake_sql_failed();
		fake_sql_fail(0);
		unreported += failed && ok;
		assert_true(ok || f->err.code == WORD_LEDGER);
		daemon_close_parts(&f->d);
	}
	assert_int_equal(unreported, 1);
}

/* ---- trouble ---- */

static void trouble_is_logged_once_and_reported_each_hour(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(PING_FAIL, PING_FAIL, PING_FAIL);
	daemon_begin_trouble(&f->d, &disk, "no cycle: ", "it is tried again");
	LOGGED(1, "error no cycle: it is full; it is tried again\n");
	assert_non_null(strstr(fake_http_asked(0)->body, "ERROR: Disk: it is full"));
	assert_string_equal(daemon_trouble(f, TROUBLE_WORK).text, "it is full");
	fake_time_pass(HOUR - 1);
	daemon_begin_trouble(&f->d, &disk, "", "");
	assert_int_equal(fake_http_count(), 1);
	fake_time_pass(1);
	daemon_begin_trouble(&f->d, &disk, "", "");
	assert_int_equal(fake_http_count(), 2);
	/* The clock was set back. */
	fake_time_pass(-1);
	daemon_begin_trouble(&f->d, &disk, "", "");
	assert_int_equal(fake_http_count(), 3);
	LOGGED(1, "error ");
	assert_int_equal(daemon_trouble(f, TROUBLE_WORK).since, FAKE_NOW);
}

static void trouble_that_returns_is_reported_again(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(PING_FAIL, PING_FAIL);
	f->d.broken = 2;
	f->d.paused = true;
	daemon_begin_trouble(&f->d, &disk, "", "");
	daemon_end_trouble(&f->d);
	assert_int_equal(f->d.broken, 0);
	assert_false(f->d.paused);
	assert_int_equal(daemon_trouble(f, TROUBLE_WORK).since, 0);
	LOGGED(1, "info cycles can be run again\n");
	daemon_end_trouble(&f->d);
	LOGGED(1, "info cycles can be run again\n");
	daemon_begin_trouble(&f->d, &disk, "", "");
	LOGGED(2, "error ");
}

static void only_what_is_fatal_and_not_the_ledger_s_is_hopeless(void **state)
{
	(void)state;
	static const struct {
		struct err err;
		bool hopeless;
	} rows[] = {
		{{.kind = ERR_FATAL, .code = WORD_CONFIG}, true},
		{{.kind = ERR_FATAL, .code = WORD_LEDGER}, false},
		{{.kind = ERR_TARGET, .code = WORD_CONFIG}, false},
		{{.kind = ERR_RETRY, .code = WORD_LEDGER}, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(daemon_is_hopeless(&rows[i].err), rows[i].hopeless);
}

/* ---- the clock ---- */

static bool clock_is_set(struct daemon_fixture *f)
{
	struct err err;
	bool set;

	daemon_ledger(f);
	MUST(daemon_clock_is_set(&f->d, &set, &err));
	return set;
}

static void a_clock_that_is_right_is_not_waited_for(void **state)
{
	struct daemon_fixture *f = *state;

	assert_true(clock_is_set(f));
	assert_int_equal(fake_time_sleeps(), 0);
	assert_string_equal(fake_log(), "");
}

static void a_clock_that_is_earlier_than_the_program_is_waited_for(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(PING_FAIL);
	fake_time_pass(SCHEDULE_EARLIEST_MS - FAKE_NOW - 15000);
	assert_false(clock_is_set(f));
	assert_int_equal(fake_time_slept(), 10000);
	assert_int_not_equal(daemon_trouble(f, TROUBLE_WORK).since, 0);
	assert_false(clock_is_set(f));
	LOGGED(1, "error the clock of this machine is not set: it says 2026-10-31;");
	assert_true(clock_is_set(f));
	LOGGED(1, "cycles can be run again");
	assert_int_equal(daemon_trouble(f, TROUBLE_WORK).since, 0);
	/* Other trouble is not the clock's. */
	FAKE_HTTP(PING_FAIL);
	daemon_begin_trouble(&f->d, &disk, "", "");
	assert_true(clock_is_set(f));
	assert_int_not_equal(daemon_trouble(f, TROUBLE_WORK).since, 0);
}

static void a_clock_that_is_behind_the_ledger_is_believed_after_ten_minutes(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(PING_FAIL);
	daemon_set_clock(f, &(struct cycle_clock){.last_cycle = FAKE_NOW + DAY});
	/* The machine has run for long when the daemon starts. */
	fake_time_pass(HOUR);
	f->d.started = clock_steady();
	assert_false(clock_is_set(f));
	fake_time_pass(10 * MINUTE - fake_time_slept() - 1);
	assert_false(clock_is_set(f));
	assert_true(clock_is_set(f));
}

static void the_patience_ends_at_ten_minutes(void **state)
{
	struct daemon_fixture *f = *state;

	daemon_set_clock(f, &(struct cycle_clock){.last_cycle = FAKE_NOW + DAY});
	fake_time_pass(10 * MINUTE);
	assert_true(clock_is_set(f));
}

static void a_call_of_the_tracker_is_a_time_of_the_ledger_too(void **state)
{
	struct daemon_fixture *f = *state;
	const struct pace pace = {.request = {FAKE_NOW + DAY, 0}};
	struct err err;

	FAKE_HTTP(PING_FAIL);
	MUST(ledger_set_pace(daemon_ledger(f), &pace, &err));
	assert_false(clock_is_set(f));
}

static void without_waiting_any_clock_will_do(void **state)
{
	struct daemon_fixture *f = *state;

	daemon_set_up_with(f, "\"BaseURL\": \"http://127.0.0.1:1/\", \"FetchSleep\": 0, ");
	fake_time_pass(SCHEDULE_EARLIEST_MS - FAKE_NOW - 1);
	assert_true(clock_is_set(f));
}

/* ---- the note ---- */

static void a_note_that_cannot_be_left_is_logged(void **state)
{
	struct daemon_fixture *f = *state;

	daemon_leave_note(&f->config);
	assert_true(has_file(f, "daemon.json"));
	assert_string_equal(fake_log(), "");
	char *kept = f->config.state;
	f->config.state = (char[]){"/dev/null"};
	daemon_leave_note(&f->config);
	f->config.state = kept;
	LOGGED(1, "warn commands cannot compare their settings with the daemon's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_DAEMON(the_parts_are_opened_once),
		TEST_OF_DAEMON(a_ledger_that_was_removed_is_opened_again_and_nothing_is_lost),
		TEST_OF_DAEMON(a_ledger_that_was_removed_is_saved_when_the_parts_are_closed),
		TEST_OF_DAEMON(a_state_folder_that_is_away_is_an_error),
		TEST_OF_DAEMON(
			torrents_of_containers_that_are_gone_are_named_when_the_parts_are_opened),
		TEST_OF_DAEMON(a_client_that_refused_us_is_called_again_after_a_reload_alone),
		TEST_OF_DAEMON(a_container_that_its_client_held_back_has_a_turn_again),
		TEST_OF_DAEMON(other_containers_keep_their_turn),
		TEST_OF_DAEMON(a_container_whose_client_still_refuses_us_waits),
		TEST_OF_DAEMON(a_ledger_that_cannot_be_used_is_an_error),
		TEST_OF_DAEMON(trouble_is_logged_once_and_reported_each_hour),
		TEST_OF_DAEMON(trouble_that_returns_is_reported_again),
		TEST_OF_DAEMON(only_what_is_fatal_and_not_the_ledger_s_is_hopeless),
		TEST_OF_DAEMON(a_clock_that_is_right_is_not_waited_for),
		TEST_OF_DAEMON(a_clock_that_is_earlier_than_the_program_is_waited_for),
		TEST_OF_DAEMON(a_clock_that_is_behind_the_ledger_is_believed_after_ten_minutes),
		TEST_OF_DAEMON(the_patience_ends_at_ten_minutes),
		TEST_OF_DAEMON(a_call_of_the_tracker_is_a_time_of_the_ledger_too),
		TEST_OF_DAEMON(without_waiting_any_clock_will_do),
		TEST_OF_DAEMON(a_note_that_cannot_be_left_is_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
