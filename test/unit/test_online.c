#include "daemon/online.h"

#include "core/pace.h"

#include "daemon_fixture.h"

#define VERSION "{\"Status\":\"Ok\",\"ScriptVersion\":\"0.12.0\"}"

static struct online_answer answer;

static struct pace pace_of(struct daemon_fixture *f)
{
	struct ledger *l = daemon_ledger_file(f);
	struct pace pace;
	struct err err;

	MUST(ledger_get_pace(l, &pace, &err));
	ledger_close(l);
	return pace;
}

static void set_pace(struct daemon_fixture *f, struct pace pace)
{
	struct ledger *l = daemon_ledger_file(f);
	struct err err;

	pace.request.wall = 1;
	pace_fingerprint(secret_reveal(&f->config.user), secret_reveal(&f->config.key),
			 pace.credentials);
	MUST(ledger_set_pace(l, &pace, &err));
	ledger_close(l);
}

static int make(void **state)
{
	int failed = daemon_make_idle(state);

	set_pace(*state, (struct pace){0});
	return failed;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, daemon_remove_idle)

static bool ask(struct daemon_fixture *f)
{
	f->err = (struct err){0};
	return online_version(&f->config, &answer, &f->err);
}

static void the_version_proves_the_credentials(void **state)
{
	struct daemon_fixture *f = *state;
	struct err err;

	FAKE_HTTP({.asked = "action=scriptver", .status = 200, .body = VERSION, .date = 5});
	f->config.utility = true;
	if (!ask(f)) {
		err = f->err;
		fail_msg("%s", err.msg);
	}
	assert_string_equal(answer.version, "0.12.0");
	assert_int_equal(answer.server_time, 5);
	assert_int_equal(answer.failure.status, 0);
	const struct pace pace = pace_of(f);
	assert_int_equal(pace.request.wall, FAKE_NOW);
	assert_true(pace.proven[0]);
}

static void a_refusal_is_the_error_and_begins_a_back_off(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP({.status = 503, .date = 5});
	assert_false(ask(f));
	assert_int_equal(f->err.code, WORD_HTTP);
	assert_int_equal(f->err.status, 503);
	assert_non_null(strstr(f->err.msg, "ask the tracker for its utility's version"));
	assert_int_equal(answer.failure.status, 503);
	assert_int_equal(answer.server_time, 5);
	assert_true(pace_of(f).backoff_until > FAKE_NOW);
}

static void without_an_answer_no_back_off_begins(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP(IS_AWAY);
	assert_false(ask(f));
	assert_int_equal(f->err.code, WORD_NETWORK);
	assert_int_equal(pace_of(f).backoff_until, 0);
	assert_int_equal(pace_of(f).request.wall, FAKE_NOW);
}

static void a_back_off_that_an_answer_began_holds(void **state)
{
	struct daemon_fixture *f = *state;
	struct pace pace = {.failures = 4,
			    .backoff_until = FAKE_NOW + 20 * MINUTE,
			    .reason = {.status = 503, .text = "it is closed"}};

	set_pace(f, pace);
	assert_false(ask(f));
	assert_int_equal(f->err.code, WORD_NETWORK);
	assert_non_null(strstr(f->err.msg, "it is closed"));
	assert_int_equal(answer.failure.status, 0);
	pace.reason = (struct pace_reason){.status = 403, .unproven = true};
	set_pace(f, pace);
	assert_false(ask(f));
	assert_int_equal(f->err.code, WORD_AUTH);
}

static void a_back_off_without_an_answer_does_not(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP({.status = 200, .body = VERSION});
	set_pace(f, (struct pace){.failures = 4, .backoff_until = FAKE_NOW + 20 * MINUTE});
	assert_true(ask(f));
}

static void the_call_keeps_its_distance(void **state)
{
	struct daemon_fixture *f = *state;

	FAKE_HTTP({.status = 200, .body = VERSION});
	assert_true(ask(f));
	FAKE_HTTP({.status = 200, .body = VERSION});
	assert_true(ask(f));
	assert_int_equal(fake_time_slept(), SCHEDULE_REQUEST_GAP_MS);
}

static void a_cycle_of_another_process_is_waited_for(void **state)
{
	struct daemon_fixture *f = *state;
	OWN_STR char *path = wire_cycle_lock_path(&f->config);
	struct err err;
	bool held;
	OWN_FD int other = fs_lock(path, &held, &err);

	assert_true(other >= 0);
	fake_time_stop_in_sleep();
	assert_false(ask(f));
	assert_true(err_is_stop(&f->err));
}

static void a_state_folder_that_cannot_be_used_is_an_error(void **state)
{
	struct daemon_fixture *f = *state;
	char *kept = f->config.state;

	f->config.state = (char[]){"/dev/null/state"};
	bool ok = ask(f);
	f->config.state = kept;
	assert_false(ok);
	assert_int_equal(f->err.code, WORD_DISK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_version_proves_the_credentials),
		TEST(a_refusal_is_the_error_and_begins_a_back_off),
		TEST(without_an_answer_no_back_off_begins),
		TEST(a_back_off_that_an_answer_began_holds),
		TEST(a_back_off_without_an_answer_does_not),
		TEST(the_call_keeps_its_distance),
		TEST(a_cycle_of_another_process_is_waited_for),
		TEST(a_state_folder_that_cannot_be_used_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
