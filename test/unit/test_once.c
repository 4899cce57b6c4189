#include "daemon/once.h"

#include "model/fact.h"

#include "household.h"

#include <sys/file.h>

/* Which of the two containers get a turn. */
static const bool nobody[] = {false, false}, first_only[] = {true, false},
		  second_only[] = {false, true};

static void assert_body(size_t i, const char *text)
{
	if (!strstr(fake_http_asked(i)->body, text))
		fail_msg("\"%s\" is not in: %s", text, fake_http_asked(i)->body);
}

static void assert_no_body(size_t i, const char *text)
{
	assert_null(strstr(fake_http_asked(i)->body, text));
}

static struct ledger_pings pings(struct household *h)
{
	struct ledger_pings p;
	struct err err;

	MUST(ledger_get_pings(h->w.run->ledger, &p, &err));
	return p;
}

/* The container's last turn ended so. */
static void past(struct household *h, const char *name, const char *how)
{
	struct outcome o = {.container = (char *)name, .result = result_of(how)};
	int64_t cycle;
	struct err err;

	MUST(ledger_cycle_begin(h->w.run->ledger, CYCLE_REGULAR, &name, 1, &cycle, &err));
	MUST(ledger_turn(h->w.run->ledger, cycle, &o, &err));
}

static void back_off(struct household *h)
{
	struct pace pace;
	struct err err;

	MUST(ledger_get_pace(h->w.run->ledger, &pace, &err));
	pace.backoff_until = FAKE_NOW + DAY;
	pace.failures = SCHEDULE_LADDER_STEPS;
	pace.asked_until = FAKE_NOW + DAY;
	MUST(ledger_set_pace(h->w.run->ledger, &pace, &err));
}

/* ---- the pings of a cycle ---- */

static void a_cycle_pings_its_start_and_its_success(void **state)
{
	struct household *h = *state;
	struct ledger_cycle *list;
	struct err err;
	size_t n;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	world_gives(&h->w, "7", "one");
	world_says(&h->w, REPLY_FULL);
	h->once.next_cycle = FAKE_NOW + 6 * HOUR;
	assert_true(household_cycle(h));
	assert_true(h->well);
	assert_body(0, "Starting fetch cycle for all containers.");
	assert_body(1, "attic:OK, cellar:FULL\n\n");
	assert_body(1, "Next cycle: ");
	assert_no_body(1, "Status page");
	LOGGED(1, "info cycle ended: attic:OK, cellar:FULL\n");
	MUST(ledger_cycles(h->w.run->ledger, 5, &list, &n, &err));
	assert_int_equal(n, 1);
	assert_true(list[0].well);
	assert_string_equal(list[0].summary, "attic:OK, cellar:FULL");
	ledger_cycles_free(list, n);
	assert_int_equal(pings(h).failures, 0);
	LOGGED(0, "error ");
	LOGGED(0, "warn ");
}

static void the_end_of_a_cycle_that_cannot_be_recorded_is_logged(void **state)
{
	struct household *h = *state;
	bool failed = true;

	for (unsigned nth = 1; failed; nth++) {
		FAKE_HTTP({.status = 200, .body = "OK"}, {.status = 200, .body = "OK"});
		fake_log_reset();
		h->once.wanted = nobody;
		fake_sql_fail(nth);
		bool ok = household_cycle(h);
		failed = fake_sql_failed();
		fake_sql_fail(0);
		assert_true(ok || h->err.code == WORD_LEDGER);
		/* Totals and leftovers are left out of the report. */
		if (ok && failed && world_logged("cannot record the end of the cycle: "))
			return;
	}
	fail();
}

static void a_failure_pings_it_and_links_to_the_page(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_FAIL);
	world_asks(&h->w)->fails = world_status(400, false);
	world_says(&h->w, REPLY_FULL);
	h->config.public_url = (char[]){"https://page.test/"};
	assert_true(household_cycle(h));
	assert_false(h->well);
	assert_body(1, "ERROR: attic:ERR(HTTP 400), cellar:FULL\n\n");
	assert_body(1, "Status page: https://page.test/\n");
	assert_no_body(1, "Next cycle");
}

static void a_ping_that_was_not_recorded_is_kept_until_one_is(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, {.status = 404}, PING_START, {.status = 410}, PING_START,
		  PING_SUCCESS);
	h->once.wanted = nobody;
	assert_true(household_cycle(h));
	assert_int_equal(pings(h).failures, 1);
	assert_int_equal(pings(h).since, fake_time_slept() + FAKE_NOW);
	assert_string_equal(pings(h).why, "HTTP 404");
	fake_time_pass(HOUR);
	assert_true(household_cycle(h));
	assert_int_equal(pings(h).failures, 2);
	assert_int_equal(pings(h).since, FAKE_NOW);
	assert_string_equal(pings(h).why, "HTTP 410");
	assert_true(household_cycle(h));
	assert_int_equal(pings(h).failures, 0);
	assert_int_equal(pings(h).since, 0);
}

static void a_stop_pings_neither_success_nor_failure(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_LOG);
	world_says(&h->w, REPLY_FULL);
	fake_time_stop_in_sleep();
	assert_false(household_cycle(h));
	assert_true(err_is_stop(&h->err));
	assert_body(1, "Stopped on request during the cycle.");
}

static void a_cycle_that_cannot_be_run_leaves_the_ping_to_the_caller(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START);
	world_read_only(&h->w);
	assert_false(household_cycle(h));
	assert_int_equal(h->err.code, WORD_LEDGER);
}

/* ---- a part of a cycle ---- */

static void a_part_of_a_cycle_reports_the_others_as_before(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_FAIL);
	past(h, "cellar", "ERR(Tracker)");
	world_says(&h->w, REPLY_FULL);
	h->once.wanted = first_only;
	assert_true(household_cycle(h));
	assert_true(h->well);
	assert_int_equal(h->w.engine.assigned, 1);
	assert_string_equal(h->w.engine.asked[0].container, "attic");
	assert_body(1, "ERROR: attic:FULL, cellar:ERR(Tracker)\n");
	assert_body(1, "cellar: ERR(Tracker) (as before)");
}

static void what_is_carried_keeps_its_reason(void **state)
{
	struct household *h = *state;
	struct outcome o = {.container = (char[]){"attic"},
			    .result = result_of("ERR(Tracker)"),
			    .detail = "it is closed"};
	const char *name = o.container;
	int64_t cycle;
	struct err err;

	FAKE_HTTP(PING_START, PING_FAIL);
	MUST(ledger_cycle_begin(h->w.run->ledger, CYCLE_REGULAR, &name, 1, &cycle, &err));
	MUST(ledger_turn(h->w.run->ledger, cycle, &o, &err));
	world_says(&h->w, REPLY_FULL);
	h->once.wanted = second_only;
	assert_true(household_cycle(h));
	assert_string_equal(h->w.engine.asked[0].container, "cellar");
	assert_body(1, "ERROR: attic:ERR(Tracker), cellar:FULL\n");
	assert_body(1, "it is closed");
}

static void a_container_without_a_past_is_not_reported(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	world_says(&h->w, REPLY_FULL);
	h->once.wanted = second_only;
	assert_true(household_cycle(h));
	assert_body(1, "cellar:FULL\n\n");
}

static void a_local_cycle_asks_for_nothing(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	world_fetched(&h->w, "7", "one");
	h->once.local = true;
	h->once.kind = CYCLE_REST;
	h->once.wanted = first_only;
	assert_true(household_cycle(h));
	assert_int_equal(world_calls(&h->w), 0);
	assert_int_equal(h->w.f.fake.delivered, 1);
}

static void count_delivery(void *ctx, const struct target *t, const char *path)
{
	assert_string_equal(t->container->name, "attic");
	assert_string_equal(path, "there");
	++*(int *)ctx;
}

static void the_caller_hears_of_each_delivery(void **state)
{
	struct household *h = *state;
	int n = 0;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	world_gives(&h->w, "7", "one");
	world_says(&h->w, REPLY_FULL);
	h->once.delivered = count_delivery;
	h->once.ctx = &n;
	assert_true(household_cycle(h));
	assert_int_equal(n, 1);
}

static void a_resumed_cycle_does_not_ask_again_for_what_the_first_part_got(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	world_delivered(&h->w, "7", "one");
	fake_time_pass(HOUR);
	h->once.kind = CYCLE_REST;
	h->once.since = FAKE_NOW;
	h->once.wanted = first_only;
	assert_true(household_cycle(h));
	assert_int_equal(world_calls(&h->w), 0);
}

static int64_t answer_takes;

static void pass(void)
{
	fake_time_pass(answer_takes);
}

/* A question takes so long.  Is another one asked? */
static bool asks_again_after(struct household *h, int64_t ms)
{
	size_t before = h->w.engine.assigned;
	struct fake_assign *slow = world_asks(&h->w);

	FAKE_HTTP({.status = 200, .body = "OK"}, {.status = 200, .body = "OK"});
	slow->reply.verdict = REPLY_FULL;
	slow->meanwhile = pass;
	answer_takes = ms;
	world_says(&h->w, REPLY_FULL);
	assert_true(household_cycle(h));
	size_t asked = h->w.engine.assigned - before;
	h->w.engine.n_assigns = h->w.engine.assigned;
	return asked == 2;
}

static void a_cycle_asks_for_no_longer_than_the_interval(void **state)
{
	struct household *h = *state;

	assert_true(asks_again_after(h, 6 * HOUR - 1));
	assert_false(asks_again_after(h, 6 * HOUR));
}

static void a_cycle_has_an_hour_where_the_interval_is_shorter(void **state)
{
	struct household *h = *state;

	h->config.interval_ms = 10 * MINUTE;
	assert_true(asks_again_after(h, HOUR - 1));
	assert_false(asks_again_after(h, HOUR));
}

/* ---- pings during a back-off ---- */

static void cycles_that_a_back_off_keeps_from_calling_ping_once_in_ten_minutes(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_FAIL, PING_START, PING_FAIL);
	back_off(h);
	assert_true(household_cycle(h));
	assert_int_equal(fake_http_count(), 2);
	fake_time_pass(10 * MINUTE - 1);
	assert_true(household_cycle(h));
	assert_int_equal(fake_http_count(), 2);
	fake_time_pass(1);
	assert_true(household_cycle(h));
	assert_int_equal(fake_http_count(), 4);
	assert_int_equal(world_calls(&h->w), 0);
}

static void a_clock_that_was_set_back_does_not_silence_the_pings(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_FAIL, PING_START, PING_FAIL);
	back_off(h);
	assert_true(household_cycle(h));
	fake_time_pass(-MINUTE);
	assert_true(household_cycle(h));
	assert_int_equal(fake_http_count(), 4);
}

static void without_waiting_every_cycle_pings(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_FAIL, PING_START, PING_FAIL);
	back_off(h);
	h->w.run->manners.waits = false;
	assert_true(household_cycle(h));
	assert_true(household_cycle(h));
}

static void a_quiet_cycle_that_is_well_pings_its_success(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_FAIL, PING_SUCCESS);
	back_off(h);
	assert_true(household_cycle(h));
	h->once.wanted = nobody;
	h->parts.n_targets = 0;
	assert_true(household_cycle(h));
}

/* ---- the lock ---- */

static int held = -1;
static unsigned polls;

static void hold_lock(struct household *h)
{
	held = household_lock(h, "cycle.lock");
	polls = 0;
}

static void let_go_at_the_fourth(void)
{
	if (++polls == 4)
		close(held);
}

static void another_process_is_waited_for(void **state)
{
	struct household *h = *state;

	hold_lock(h);
	fake_time_in_wait(let_go_at_the_fourth);
	int lock = once_lock(&h->config, NULL, &h->err);
	assert_true(lock >= 0);
	close(lock);
	assert_int_equal(fake_time_slept(), 4 * 250);
	LOGGED(1, "waiting for it to finish");
}

static void a_stop_ends_the_waiting(void **state)
{
	struct household *h = *state;

	hold_lock(h);
	fake_time_stop_in_sleep();
	assert_false(household_cycle(h));
	assert_true(err_is_stop(&h->err));
	close(held);
}

static void the_lock_is_held_during_the_cycle_and_free_afterwards(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	h->once.wanted = nobody;
	assert_true(household_cycle(h));
	int lock = once_lock(&h->config, NULL, &h->err);
	assert_true(lock >= 0);
	assert_int_equal(fake_time_sleeps(), 0);
	close(lock);
}

static void a_program_without_standard_input_has_locks(void **state)
{
	struct household *h = *state;
	int kept = dup(STDIN_FILENO);

	FAKE_HTTP(PING_START, PING_SUCCESS);
	h->once.wanted = nobody;
	close(STDIN_FILENO);
	bool ok = household_cycle(h);
	dup2(kept, STDIN_FILENO);
	close(kept);
	assert_true(ok);
}

static void a_lock_that_cannot_be_made_is_an_error(void **state)
{
	struct household *h = *state;

	h->config.state = (char[]){"/dev/null"};
	assert_false(household_cycle(h));
	assert_false(err_is_stop(&h->err));
	h->config.state = h->w.f.folder;
}

/* ---- the audit ---- */

static struct ledger_audit last_audit(struct household *h)
{
	struct ledger_audit a;
	struct err err;

	MUST(ledger_get_audit(h->w.run->ledger, &a, &err));
	return a;
}

/* A cycle without a turn, and perhaps an audit. */
static void look_only(struct household *h)
{
	FAKE_HTTP({.status = 200, .body = "OK"}, {.status = 200, .body = "OK"});
	h->once.wanted = nobody;
	h->once.audit = true;
	assert_true(household_cycle(h));
}

static void an_audit_that_is_due_is_made_and_reported(void **state)
{
	struct household *h = *state;

	world_delivered(&h->w, "7", "one");
	h->config.audit_interval_ms = DAY;
	look_only(h);
	assert_int_equal(last_audit(h).at, FAKE_NOW + fake_time_slept());
	assert_int_equal(last_audit(h).missing, 1);
	assert_int_equal(last_audit(h).in_error, 0);
	assert_string_equal(last_audit(h).summary, "1 assigned: 1 missing");
	LOGGED(1, "info audit: 1 assigned: 1 missing\n");
	assert_non_null(strstr(fake_http_asked(1)->url, PING_URL "/fail"));
	assert_body(1, "Audit of ");
}

static void an_audit_keeps_what_is_in_error(void **state)
{
	struct household *h = *state;

	world_delivered(&h->w, "7", "one");
	h->w.f.fake.has[0] = world_infohash("one");
	h->w.f.fake.state[0] = CLIENT_ERROR;
	h->w.f.fake.n_torrents = 1;
	h->config.audit_interval_ms = DAY;
	look_only(h);
	assert_int_equal(last_audit(h).missing, 0);
	assert_int_equal(last_audit(h).in_error, 1);
	assert_non_null(strstr(fake_http_asked(1)->url, PING_URL "?rid="));
}

static void audits_are_an_interval_apart(void **state)
{
	struct household *h = *state;

	h->config.audit_interval_ms = DAY;
	look_only(h);
	assert_int_equal(last_audit(h).at, FAKE_NOW);
	fake_time_pass(DAY - 1);
	look_only(h);
	assert_int_equal(last_audit(h).at, FAKE_NOW);
	assert_body(1, "Audit of ");
	fake_time_pass(1);
	look_only(h);
	assert_int_equal(last_audit(h).at, FAKE_NOW + DAY);
}

static void an_audit_of_the_future_is_made_again(void **state)
{
	struct household *h = *state;

	h->config.audit_interval_ms = DAY;
	look_only(h);
	fake_time_pass(-1);
	look_only(h);
	assert_int_equal(last_audit(h).at, FAKE_NOW - 1);
}

static void no_audit_is_made_where_nobody_wants_one_or_can_be_asked(void **state)
{
	struct household *h = *state;

	look_only(h);
	h->config.audit_interval_ms = DAY;
	h->targets[0].asked = h->targets[1].asked = NULL;
	look_only(h);
	assert_int_equal(last_audit(h).at, 0);
	h->targets[1].asked = &h->w.f.to;
	FAKE_HTTP(PING_START, PING_SUCCESS);
	h->once.audit = false;
	assert_true(household_cycle(h));
	assert_int_equal(last_audit(h).at, 0);
	look_only(h);
	assert_int_equal(last_audit(h).at, FAKE_NOW);
	fake_time_pass(DAY);
	h->targets[0].asked = &h->w.f.to;
	h->targets[1].asked = NULL;
	look_only(h);
	assert_int_equal(last_audit(h).at, FAKE_NOW + DAY);
}

static void an_audit_that_fails_does_not_fail_the_cycle(void **state)
{
	struct household *h = *state;

	world_delivered(&h->w, "7", "one");
	h->config.audit_interval_ms = DAY;
	fake_time_stop_in_sleep();
	FAKE_HTTP({.status = 200, .body = "OK"}, {.status = 200, .body = "OK"});
	h->once.wanted = nobody;
	h->once.audit = true;
	assert_true(household_cycle(h));
	assert_int_equal(last_audit(h).at, 0);
	LOGGED(1, "warn the audit was not made: ");
}

/* ---- what else belongs to the end of a cycle ---- */

static void full_with_id(struct household *h, const char *id)
{
	struct fake_assign *a = world_asks(&h->w);

	a->reply.verdict = REPLY_FULL;
	text_copy(a->reply.container_id, sizeof a->reply.container_id, id);
}

static void the_tracker_s_ids_of_containers_are_kept_in_the_configuration(void **state)
{
	struct household *h = *state;

	world_write(&h->w, "config.ptp", "{\"Containers\": {\"attic\": {}, \"cellar\": {}}}");
	FAKE_HTTP(PING_START, PING_SUCCESS, PING_START, PING_SUCCESS);
	full_with_id(h, "");
	full_with_id(h, "4711");
	assert_true(household_cycle(h));
	assert_string_equal(h->containers[0].id, "");
	assert_string_equal(h->containers[1].id, "4711");
	OWN_BUF struct buf file = BUF_MAX(10000);
	struct err err;
	MUST(fs_read(h->config.path, &file, &err));
	assert_non_null(strstr(buf_text(&file), "\"attic\": {}"));
	assert_non_null(strstr(buf_text(&file), "\"cellar\": {\n      \"ContainerID\": 4711"));
	/* Only what is new is written. */
	assert_int_equal(unlink(h->config.path), 0);
	h->once.wanted = nobody;
	assert_true(household_cycle(h));
	assert_false(fs_exists(h->config.path));
}

static void torrents_of_containers_that_are_gone_are_reported(void **state)
{
	struct household *h = *state;
	int64_t row;
	struct err err;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	MUST(ledger_asking(h->w.run->ledger, "barn", &row, &err));
	MUST(ledger_assigned(h->w.run->ledger, row, "7", "1", &err));
	h->once.wanted = nobody;
	assert_true(household_cycle(h));
	const struct fact orphans = {.what = FACT_ORPHANS, .count = 1};
	OWN_STR char *sentence = fact_sentence(&orphans, FACT_COMPLETE);
	assert_body(1, sentence);
}

static void what_a_dead_process_was_asking_for_is_reported(void **state)
{
	struct household *h = *state;
	int64_t row;
	struct err err;

	FAKE_HTTP(PING_START, PING_SUCCESS);
	MUST(ledger_asking(h->w.run->ledger, "attic", &row, &err));
	h->once.wanted = nobody;
	assert_true(household_cycle(h));
	const struct fact lost = {.what = FACT_LOST, .count = 1};
	OWN_STR char *sentence = fact_sentence(&lost, FACT_COMPLETE);
	assert_body(1, sentence);
}

static void a_failure_leaves_a_message(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_START, PING_FAIL);
	household_notify(h, EVENT_BIT(EVENT_FAILURE));
	world_asks(&h->w)->fails = world_status(400, false);
	world_says(&h->w, REPLY_FULL);
	assert_true(household_cycle(h));
	assert_non_null(household_message(h));
	assert_non_null(strstr(household_message(h)->title, "attic"));
}

static void what_the_audit_misses_leaves_a_message(void **state)
{
	struct household *h = *state;

	household_notify(h, EVENT_BIT(EVENT_AUDIT));
	world_delivered(&h->w, "7", "one");
	h->once.audit = false;
	h->config.audit_interval_ms = DAY;
	look_only(h);
	assert_non_null(household_message(h));
}

/* ---- a cycle that could not be run at all ---- */

static const struct err disk = {.kind = ERR_TARGET, .code = WORD_DISK, .msg = "it is full"};

static void it_is_reported_to_Healthchecks_and_as_a_message(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(PING_FAIL, {.asked = "https://hook.test/", .status = 200});
	household_notify(h, EVENT_BIT(EVENT_FAILURE));
	h->config.public_url = (char[]){"https://page.test/"};
	once_report_failure(&h->parts, &h->config, NULL, &disk);
	assert_body(0, "ERROR: Disk: it is full\nStatus page: https://page.test/\n");
	assert_body(1, "it is full");
}

static void it_is_reported_where_the_parts_are_closed(void **state)
{
	struct household *h = *state;
	struct parts closed = {0};

	FAKE_HTTP(PING_FAIL);
	h->config.public_url = (char[]){"https://page.test/"};
	once_report_failure(&closed, &h->config, NULL, &disk);
	assert_body(0, "ERROR: Disk: it is full\nStatus page: https://page.test/\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_HOUSEHOLD(a_cycle_pings_its_start_and_its_success),
		TEST_IN_HOUSEHOLD(the_end_of_a_cycle_that_cannot_be_recorded_is_logged),
		TEST_IN_HOUSEHOLD(a_failure_pings_it_and_links_to_the_page),
		TEST_IN_HOUSEHOLD(a_ping_that_was_not_recorded_is_kept_until_one_is),
		TEST_IN_HOUSEHOLD(a_stop_pings_neither_success_nor_failure),
		TEST_IN_HOUSEHOLD(a_cycle_that_cannot_be_run_leaves_the_ping_to_the_caller),
		TEST_IN_HOUSEHOLD(a_part_of_a_cycle_reports_the_others_as_before),
		TEST_IN_HOUSEHOLD(what_is_carried_keeps_its_reason),
		TEST_IN_HOUSEHOLD(a_container_without_a_past_is_not_reported),
		TEST_IN_HOUSEHOLD(a_local_cycle_asks_for_nothing),
		TEST_IN_HOUSEHOLD(the_caller_hears_of_each_delivery),
		TEST_IN_HOUSEHOLD(a_resumed_cycle_does_not_ask_again_for_what_the_first_part_got),
		TEST_IN_HOUSEHOLD(a_cycle_asks_for_no_longer_than_the_interval),
		TEST_IN_HOUSEHOLD(a_cycle_has_an_hour_where_the_interval_is_shorter),
		TEST_IN_HOUSEHOLD(
			cycles_that_a_back_off_keeps_from_calling_ping_once_in_ten_minutes),
		TEST_IN_HOUSEHOLD(a_clock_that_was_set_back_does_not_silence_the_pings),
		TEST_IN_HOUSEHOLD(without_waiting_every_cycle_pings),
		TEST_IN_HOUSEHOLD(a_quiet_cycle_that_is_well_pings_its_success),
		TEST_IN_HOUSEHOLD(another_process_is_waited_for),
		TEST_IN_HOUSEHOLD(a_stop_ends_the_waiting),
		TEST_IN_HOUSEHOLD(the_lock_is_held_during_the_cycle_and_free_afterwards),
		TEST_IN_HOUSEHOLD(a_program_without_standard_input_has_locks),
		TEST_IN_HOUSEHOLD(a_lock_that_cannot_be_made_is_an_error),
		TEST_IN_HOUSEHOLD(an_audit_that_is_due_is_made_and_reported),
		TEST_IN_HOUSEHOLD(an_audit_keeps_what_is_in_error),
		TEST_IN_HOUSEHOLD(audits_are_an_interval_apart),
		TEST_IN_HOUSEHOLD(an_audit_of_the_future_is_made_again),
		TEST_IN_HOUSEHOLD(no_audit_is_made_where_nobody_wants_one_or_can_be_asked),
		TEST_IN_HOUSEHOLD(an_audit_that_fails_does_not_fail_the_cycle),
		TEST_IN_HOUSEHOLD(the_tracker_s_ids_of_containers_are_kept_in_the_configuration),
		TEST_IN_HOUSEHOLD(torrents_of_containers_that_are_gone_are_reported),
		TEST_IN_HOUSEHOLD(what_a_dead_process_was_asking_for_is_reported),
		TEST_IN_HOUSEHOLD(a_failure_leaves_a_message),
		TEST_IN_HOUSEHOLD(what_the_audit_misses_leaves_a_message),
		TEST_IN_HOUSEHOLD(it_is_reported_to_Healthchecks_and_as_a_message),
		TEST_IN_HOUSEHOLD(it_is_reported_where_the_parts_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
