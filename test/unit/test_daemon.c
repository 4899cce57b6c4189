#include "daemon_fixture.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int make(void **state)
{
	int failed = daemon_make_idle(state);
	struct daemon_fixture *f = *state;
	const struct pace past = {.request = {1, 0}};
	struct err err;

	/* Not a new ledger, whose first call would wait. */
	OWN_STR char *path = wire_ledger_path(&f->config);
	struct ledger *l = ledger_open(path, false, &err);
	bool ok = l && ledger_set_pace(l, &past, &err);
	ledger_close(l);
	return failed || !ok;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, daemon_remove_idle)

static bool run(struct daemon_fixture *f)
{
	f->err = (struct err){0};
	return daemon_run(&f->config, &f->options, &f->word, NULL, &f->err);
}

/* It runs until the clock says so. */
static void run_until(struct daemon_fixture *f, int64_t when)
{
	struct err err;

	fake_time_request_at(when, WAKE_STOP);
	if (!run(f)) {
		err = f->err;
		fail_msg("%s", err.msg);
	}
	assert_true(clock_now() >= when);
	LOGGED(1, "info stopped on request\n");
}

static struct cycle_clock clock_of(struct daemon_fixture *f)
{
	struct ledger *l = daemon_ledger_file(f);
	struct cycle_clock clock;
	struct err err;

	MUST(ledger_get_clock(l, &clock, &err));
	ledger_close(l);
	return clock;
}

static void set_clock(struct daemon_fixture *f, const struct cycle_clock *clock)
{
	struct ledger *l = daemon_ledger_file(f);
	struct err err;

	MUST(ledger_set_clock(l, clock, &err));
	ledger_close(l);
}

/* A start between two cycles. */
static void between_cycles(struct daemon_fixture *f)
{
	set_clock(f, &(struct cycle_clock){.last_cycle = FAKE_NOW - HOUR,
					   .next_cycle = FAKE_NOW + 5 * HOUR});
}

/* ---- cycles ---- */

static void a_cycle_runs_at_once_and_then_each_interval(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(CYCLE, CYCLE, CYCLE);
	run_until(f, FAKE_NOW + 13 * HOUR);
	/* Half an interval, then 90 % of one: that is what chance brings here. */
	assert_int_equal(clock_of(f).last_cycle, FAKE_NOW + 3 * HOUR + 324 * MINUTE);
	LOGGED(3, "info next cycle in ");
	LOGGED(3, "info cycle ended: attic:FULL, cellar:FULL\n");
	LOGGED(1, "keeps 2 containers filled\n");
	assert_true(fake_time_sleeps() > 13 * 6);
}

static void a_restart_waits_for_the_rest_of_the_interval(void **state)
{
	struct daemon_fixture *f = *state;

	between_cycles(f);
	run_until(f, FAKE_NOW + 5 * HOUR - 1);
	LOGGED(1, "info next cycle in 5 h 0 m, at ");
	assert_int_equal(clock_of(f).last_cycle, FAKE_NOW - HOUR);
}

static void what_was_left_undone_is_resumed(void **state)
{
	struct daemon_fixture *f = *state;
	struct ledger *l = daemon_ledger_file(f);
	const char *name = "cellar";
	struct err err;

	FAKE_HTTP(PING_START, SAYS_FULL("cellar"), PING_SUCCESS);
	MUST(ledger_undone(l, &name, 1, &err));
	ledger_close(l);
	between_cycles(f);
	run_until(f, FAKE_NOW + HOUR);
	LOGGED(1, "info cycle ended: cellar:FULL\n");
	LOGGED(1, "info next cycle in ");
}

static void it_says_when_it_resumes(void **state)
{
	struct daemon_fixture *f = *state;
	const struct pace pace = {
		.request = {1, 0}, .failures = 4, .backoff_until = FAKE_NOW + 30 * MINUTE};
	struct ledger *l = daemon_ledger_file(f);
	const char *name = "cellar";
	struct err err;

	MUST(ledger_undone(l, &name, 1, &err));
	MUST(ledger_set_pace(l, &pace, &err));
	ledger_close(l);
	between_cycles(f);
	run_until(f, FAKE_NOW + 25 * MINUTE);
	LOGGED(1, "info resuming what was left undone in 30 m 0 s, at ");
}

static void a_person_asks_for_a_cycle(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(CYCLE);
	between_cycles(f);
	fake_time_request(WAKE_CYCLE);
	run_until(f, FAKE_NOW + HOUR);
	LOGGED(1, "info a cycle now, on request\n");
	assert_true(clock_of(f).last_cycle >= FAKE_NOW);
}

static void what_needs_no_call_is_looked_for_at_the_start(void **state)
{
	struct daemon_fixture *f = *state;
	struct ledger *l = daemon_ledger_file(f);
	const struct fetched file = {
		.infohash = "gone", .v2 = "", .name = "one", .file_name = "one", .bytes = 5};
	int64_t row;
	struct err err;

	/* Its bytes are not in the vault, so that there is something to do, and to say. */
	FAKE_HTTP(PING_START, {.status = 200, .body = "OK"});
	MUST(ledger_asking(l, "attic", &row, &err));
	MUST(ledger_assigned(l, row, "7", "1", &err));
	MUST(ledger_fetched(l, row, &file, &err));
	ledger_close(l);
	between_cycles(f);
	run_until(f, FAKE_NOW + 30 * MINUTE);
	LOGGED(1, "info finishing what was not delivered\n");
}

/* ---- requests ---- */

static void a_reload_reads_the_configuration_again(void **state)
{
	struct daemon_fixture *f = *state;

	between_cycles(f);
	daemon_configure(f, "\"Interval\": \"12h\", ");
	fake_time_request(WAKE_RELOAD);
	run_until(f, FAKE_NOW + HOUR);
	LOGGED(1, "info the configuration was read again: 2 containers\n");
	assert_int_equal(f->config.interval_ms, 12 * HOUR);
}

static void a_stop_before_it_begins_is_no_failure(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *path = wire_run_lock_path(&f->config);
	struct err err;
	bool held;
	OWN_FD int other = fs_lock(path, &held, &err);

	assert_true(other >= 0);
	fake_time_stop_in_sleep();
	assert_true(run(f));
}

static void another_daemon_has_the_state_folder(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *path = wire_run_lock_path(&f->config);
	struct err err;
	bool held;
	OWN_FD int other = fs_lock(path, &held, &err);

	assert_true(other >= 0);
	assert_false(run(f));
	assert_int_equal(f->err.kind, ERR_FATAL);
	assert_int_equal(f->err.code, WORD_CONFIG);
}

static void a_state_folder_that_cannot_be_made_is_an_error(void **state)
{
	struct daemon_fixture *f = *state;
	char *kept = f->config.state;

	f->config.state = (char[]){"/dev/null/state"};
	bool ok = run(f);
	f->config.state = kept;
	assert_false(ok);
}

/* ---- trouble ---- */

static struct daemon_fixture *moved;
static int64_t back_at;

/* The state folder's disk is away for a while. */
static void move_state(void)
{
	OWN_STR char *away = mem_printf("%s.away", moved->state);

	if (clock_now() >= back_at)
		rename(away, moved->state);
	else
		rename(moved->state, away);
}

static void trouble_is_waited_out(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(PING_FAIL);
	moved = f;
	between_cycles(f);
	back_at = FAKE_NOW + 12 * MINUTE;
	fake_time_in_wait(move_state);
	run_until(f, FAKE_NOW + 30 * MINUTE);
	LOGGED(1, "; it is looked at again every minute\n");
	LOGGED(1, "info cycles can be run again\n");
	/* It is noticed at the first look after ten minutes, and then looked at each minute. */
	assert_int_equal(fake_time_sleeps(), 1 + 3 + 2);
	assert_int_equal(clock_of(f).last_cycle, FAKE_NOW - HOUR);
}

static unsigned nth_call;

static void fail_a_call(void)
{
	if (nth_call)
		fake_sql_fail(nth_call);
	nth_call = 0;
}

static void a_ledger_that_cannot_be_read_is_trouble(void **state)
{
	struct daemon_fixture *f = *state;
	unsigned all = 0;
	bool failed = true;

	/* Each call of one look at the ledger, between two cycles, fails once. */
	for (unsigned nth = 1; failed; nth++) {
		FAKE_HTTP({.status = 200, .body = "OK"});
		fake_time_reset();
		fake_log_reset();
		between_cycles(f);
		nth_call = nth;
		fake_time_in_wait(fail_a_call);
		fake_time_request_at(FAKE_NOW + 15 * MINUTE, WAKE_STOP);
		assert_true(run(f));
		failed = fake_sql_failed();
		fake_sql_fail(0);
		LOGGED(failed, "; it is looked at again every minute\n");
		LOGGED(failed, "info cycles can be run again\n");
		all = nth;
	}
	fake_http_script(NULL, 0);
	assert_true(all > 3);
}

static int rival = -1;

/* Another daemon takes the folder, whose lock a person has removed. */
static void take_lock(void)
{
	OWN_STR char *path = wire_run_lock_path(&moved->config);
	struct err err;
	bool held;

	if (rival >= 0)
		return;
	unlink(path);
	rival = fs_lock(path, &held, &err);
}

static void without_hope_it_ends(void **state)
{
	struct daemon_fixture *f = *state;

	moved = f;
	between_cycles(f);
	fake_time_in_wait(take_lock);
	bool ok = run(f);
	close(rival);
	assert_false(ok);
	assert_int_equal(f->err.kind, ERR_FATAL);
	LOGGED(0, "stopped on request");
}

static void no_cycle_begins_before_the_clock_is_set(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(PING_FAIL);
	set_clock(f, &(struct cycle_clock){.last_cycle = FAKE_NOW + HOUR});
	fake_time_request_at(FAKE_NOW + 9 * MINUTE, WAKE_STOP);
	assert_true(run(f));
	assert_int_equal(clock_of(f).last_cycle, FAKE_NOW + HOUR);
	LOGGED(1, "no cycle begins before it is set\n");
}

/* ---- the other jobs ---- */

static void files_in_watch_folders_are_looked_at(void **state)
{
	struct daemon_fixture *f = *state;
	struct ledger *l = daemon_ledger_file(f);
	const struct fetched file = {
		.infohash = "one", .v2 = "", .name = "one", .file_name = "one", .bytes = 5};
	OWN_STR char *path = mem_printf("%s/watch/attic/one.torrent", f->folder);
	int64_t row;
	struct err err;

	between_cycles(f);
	MUST(fs_write(path, "x", 1, 0600, &err));
	MUST(ledger_asking(l, "attic", &row, &err));
	MUST(ledger_assigned(l, row, "7", "1", &err));
	MUST(ledger_fetched(l, row, &file, &err));
	MUST(ledger_delivering(l, row, "one.torrent", path, &err));
	MUST(ledger_delivered(l, row, path, NULL, PICK_UP_DUE, &err));
	ledger_close(l);
	run_until(f, FAKE_NOW + 3 * HOUR);
	LOGGED(1, "has not been picked up");
}

#define NOTIFY "\"Notify\": [\"webhook+https://hook.test/\"], "

static void set_message(struct daemon_fixture *f)
{
	struct event e = {.at = FAKE_NOW, .title = "Title", .text = (char[]){"text"}};
	struct err err;

	daemon_set_up_with(f, NOTIFY);
	struct ledger *l = daemon_ledger_file(f);
	const struct ledger_message message = {f->config.notify[0].fingerprint, &e};
	MUST(ledger_tell(l, NULL, 0, &message, 1, &err));
	ledger_close(l);
}

static void messages_that_wait_are_sent(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP({.asked = "https://hook.test/", .status = 200});
	set_message(f);
	between_cycles(f);
	run_until(f, FAKE_NOW + HOUR);
	LOGGED(1, "info sending to webhook 1 (hook.test): Title\n");
}

static int sender = -1;

static void end_sender(void)
{
	if (fake_time_sleeps() == 3) {
		close(sender);
		sender = -1;
	}
}

static void while_another_process_sends_it_is_tried_each_minute(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *path = wire_tell_lock_path(&f->config);
	struct err err;
	bool held;

	FAKE_HTTP({.asked = "https://hook.test/", .status = 200});
	set_message(f);
	between_cycles(f);
	sender = fs_lock(path, &held, &err);
	assert_true(sender >= 0);
	fake_time_in_wait(end_sender);
	run_until(f, FAKE_NOW + 4 * MINUTE);
	LOGGED(1, "info sending to webhook 1 (hook.test): Title\n");
}

/* ---- the service manager ---- */

static void the_service_manager_hears_of_begin_and_end(void **state)
{
	struct daemon_fixture *f = *state;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	OWN_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char heard[1000] = "", text[200];
	size_t n = 0;

	snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", f->folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	FAKE_HTTP(CYCLE);
	run_until(f, FAKE_NOW + MINUTE);
	unsetenv("NOTIFY_SOCKET");
	for (ssize_t got; (got = recv(fd, text, sizeof text - 1, 0)) > 0;)
		n += (size_t)snprintf(heard + n, sizeof heard - n, "%.*s\n", (int)got, text);
	const char *start = "READY=1\nSTATUS=A cycle is at work.\nSTATUS=Next cycle at ";
	if (!text_starts(heard, start) || !text_ends(heard, "\nSTOPPING=1\n"))
		fail_msg("%s", heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cycle_runs_at_once_and_then_each_interval),
		TEST(a_restart_waits_for_the_rest_of_the_interval),
		TEST(what_was_left_undone_is_resumed),
		TEST(it_says_when_it_resumes),
		TEST(a_person_asks_for_a_cycle),
		TEST(what_needs_no_call_is_looked_for_at_the_start),
		TEST(a_reload_reads_the_configuration_again),
		TEST(a_stop_before_it_begins_is_no_failure),
		TEST(another_daemon_has_the_state_folder),
		TEST(a_state_folder_that_cannot_be_made_is_an_error),
		TEST(trouble_is_waited_out),
		TEST(a_ledger_that_cannot_be_read_is_trouble),
		TEST(without_hope_it_ends),
		TEST(no_cycle_begins_before_the_clock_is_set),
		TEST(files_in_watch_folders_are_looked_at),
		TEST(messages_that_wait_are_sent),
		TEST(while_another_process_sends_it_is_tried_each_minute),
		TEST(the_service_manager_hears_of_begin_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
