#include "daemon/tell.h"

#include "household.h"

#define SENT                                                 \
	{                                                    \
		.asked = "https://hook.test/", .status = 200 \
	}

/* A person wants all messages. */
static int make(void **state)
{
	int failed = household_make(state);

	household_notify(*state, EVENTS_ALL & ~EVENT_BIT(EVENT_DIGEST));
	return failed;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, household_remove)

static void assert_message(struct household *h, const char *name, const char *text)
{
	const struct event *e = household_message(h);

	assert_non_null(e);
	assert_string_equal(e->name, name);
	assert_int_equal(e->at, clock_now());
	if (!strstr(e->text, text))
		fail_msg("\"%s\" is not in: %s", text, e->text);
}

/* A cycle with this outcome of "attic", and what else was set. */
static void ended(struct household *h, const char *how, struct tell_cycle c)
{
	const struct outcome o = {.container = (char[]){"attic"}, .result = result_of(how)};

	c.outcomes = &o;
	c.n = 1;
	tell_cycle(&h->parts, &c);
}

static void lose(struct household *h, const char *note)
{
	int64_t row;
	struct err err;

	MUST(ledger_asking(h->w.run->ledger, "attic", &row, &err));
	MUST(ledger_possibly_lost(h->w.run->ledger, row, false, note, &err));
}

static void file(struct household *h, const char *id, const char *name, enum assignment_pick_up is)
{
	struct err err;

	fixture_watch(&h->w.f);
	int64_t row = world_delivered(&h->w, id, name);
	if (is != PICK_UP_DUE)
		MUST(ledger_pick_up(h->w.run->ledger, row, is, &err));
}

static void put_client(struct household *h, int64_t down_since, const char *refused)
{
	struct ledger_client c = {.down_since = down_since};
	struct err err;

	text_copy(c.refused, sizeof c.refused, refused);
	MUST(ledger_set_client(h->w.run->ledger, "box", &c, &err));
}

/* ---- after a cycle ---- */

static void an_outcome_that_fails_leaves_a_message_and_so_does_its_end(void **state)
{
	struct household *h = *state;

	ended(h, "ERR(Tracker)", (struct tell_cycle){0});
	assert_message(h, "failure.begin", "attic: ERR(Tracker)");
	household_forget_messages(h);
	ended(h, "ERR(Tracker)", (struct tell_cycle){0});
	assert_null(household_message(h));
	ended(h, "OK", (struct tell_cycle){0});
	assert_message(h, "failure.end", "attic: OK");
}

static void a_message_links_to_the_page(void **state)
{
	struct household *h = *state;

	h->config.public_url = (char[]){"https://page.test/"};
	ended(h, "ERR(Tracker)", (struct tell_cycle){0});
	assert_message(h, "failure.begin", "\nStatus page: https://page.test/\n");
}

static void each_of_several_messages_links_to_the_page(void **state)
{
	struct household *h = *state;
	const struct outcome two[2] = {
		{.container = (char[]){"attic"}, .result = result_of("ERR(Tracker)")},
		{.container = (char[]){"cellar"}, .result = result_of("FULL")}};

	h->config.public_url = (char[]){"https://page.test/"};
	tell_cycle(&h->parts, &(struct tell_cycle){.outcomes = two, .n = 2});
	FAKE_HTTP(SENT, SENT);
	assert_true(tell_send(&h->parts, INT64_MAX));
	for (size_t i = 0; i < 2; i++)
		assert_non_null(strstr(fake_http_asked(i)->body, "https://page.test/"));
}

static void a_full_container_leaves_a_message_once_for_each_size(void **state)
{
	struct household *h = *state;

	ended(h, "FULL", (struct tell_cycle){0});
	assert_message(h, "full", "");
	household_forget_messages(h);
	ended(h, "FULL", (struct tell_cycle){0});
	assert_null(household_message(h));
	text_copy(h->size, sizeof h->size, "200G");
	ended(h, "FULL", (struct tell_cycle){0});
	assert_message(h, "full", "");
}

static void a_newer_utility_leaves_a_message(void **state)
{
	struct household *h = *state;

	ended(h, "OK", (struct tell_cycle){.newer_version = "0.13.0", .speaks = "0.12.0"});
	assert_message(h, "version", "");
	assert_non_null(strstr(household_message(h)->title, "0.13.0"));
}

static void what_an_audit_misses_leaves_a_message_and_so_does_its_end(void **state)
{
	struct household *h = *state;
	struct audit found = {.count = {[AUDIT_MISSING] = 2}};
	const struct tell_cycle c = {.audit = &found, .audit_summary = "the summary"};

	ended(h, "OK", c);
	assert_message(h, "audit.missing", "the summary.");
	assert_non_null(strstr(household_message(h)->title, "2"));
	household_forget_messages(h);
	/* While a client could not be asked, nobody knows whether all is there. */
	found.count[AUDIT_MISSING] = 0;
	found.count[AUDIT_UNASKED] = 1;
	ended(h, "OK", c);
	assert_null(household_message(h));
	found.count[AUDIT_UNASKED] = 0;
	ended(h, "OK", c);
	assert_message(h, "audit.end", "the summary.");
	assert_int_equal(household_message(h)->level, EVENT_GOOD);
}

static void what_an_audit_found_in_error_is_no_good_end(void **state)
{
	struct household *h = *state;
	struct audit found = {.count = {[AUDIT_MISSING] = 1}};
	const struct tell_cycle c = {.audit = &found};

	ended(h, "OK", c);
	household_forget_messages(h);
	found.count[AUDIT_MISSING] = 0;
	found.count[AUDIT_ERROR] = 1;
	ended(h, "OK", c);
	assert_message(h, "audit.end", "");
	assert_int_equal(household_message(h)->level, EVENT_INFO);
}

static void a_cycle_without_an_audit_says_nothing_of_it(void **state)
{
	struct household *h = *state;
	const struct audit found = {.count = {[AUDIT_MISSING] = 1}};

	ended(h, "OK", (struct tell_cycle){.audit = &found});
	household_forget_messages(h);
	ended(h, "OK", (struct tell_cycle){0});
	assert_null(household_message(h));
}

static void a_ledger_that_fails_is_logged(void **state)
{
	struct household *h = *state;

	put_client(h, FAKE_NOW - HOUR, "");
	for (unsigned nth = 1; !household_message(h); nth++) {
		fake_log_reset();
		fake_sql_fail(nth);
		ended(h, "OK", (struct tell_cycle){0});
		bool failed = fake_sql_failed();
		fake_sql_fail(0);
		assert_true(failed || household_message(h));
		LOGGED(failed, "warn the messages could not be recorded: ");
	}
	assert_message(h, "client.away", "");
}

/* ---- what the ledger holds ---- */

static void an_assignment_that_is_possibly_lost_leaves_one_message(void **state)
{
	struct household *h = *state;
	int64_t row;
	struct err err;

	/* Being asked for is not lost yet. */
	MUST(ledger_asking(h->w.run->ledger, "attic", &row, &err));
	fake_time_pass(1);
	tell_look(&h->parts);
	assert_null(household_message(h));
	lose(h, "no answer");
	tell_look(&h->parts);
	assert_message(h, "lost.begin", "attic: no answer\n");
	household_forget_messages(h);
	tell_look(&h->parts);
	assert_null(household_message(h));
}

static void files_that_are_late_leave_a_message_and_those_that_are_awaited_do_not(void **state)
{
	struct household *h = *state;

	file(h, "7", "one", PICK_UP_DUE);
	fake_time_pass(1);
	tell_look(&h->parts);
	assert_null(household_message(h));
	file(h, "8", "two", PICK_UP_LATE);
	file(h, "9", "three", PICK_UP_LATE);
	tell_look(&h->parts);
	assert_message(h, "pick-up.missing", "attic: two\nattic: three\n");
	assert_null(strstr(household_message(h)->text, "one"));
}

static void files_that_a_client_put_aside_leave_a_message(void **state)
{
	struct household *h = *state;

	file(h, "7", "one", PICK_UP_REFUSED);
	tell_look(&h->parts);
	assert_message(h, "pick-up.refused", "attic: one\n");
}

static void a_client_that_is_away_leaves_a_message_and_so_does_its_return(void **state)
{
	struct household *h = *state;

	put_client(h, FAKE_NOW - HOUR, "");
	tell_look(&h->parts);
	assert_message(h, "client.away", "");
	household_forget_messages(h);
	put_client(h, 0, "");
	tell_look(&h->parts);
	assert_message(h, "client.back", "");
}

static void a_client_that_refuses_the_credentials_leaves_a_message(void **state)
{
	struct household *h = *state;

	put_client(h, 0, "other");
	tell_look(&h->parts);
	assert_null(household_message(h));
	put_client(h, 0, "one");
	tell_look(&h->parts);
	assert_message(h, "client.refuses", "");
}

static void a_watch_folder_is_no_client_that_can_be_away(void **state)
{
	struct household *h = *state;
	struct destination two[2] = {{.name = NULL}, h->w.f.to};
	struct config_client clients[2] = {{.name = (char[]){"folder"}}, h->box};

	put_client(h, FAKE_NOW - HOUR, "");
	h->parts.clients = two;
	h->config.clients = clients;
	h->config.n_clients = 1;
	tell_look(&h->parts);
	assert_null(household_message(h));
	h->config.n_clients = 2;
	tell_look(&h->parts);
	assert_message(h, "client.away", "");
}

static void while_another_process_is_at_work_it_looks(void **state)
{
	struct household *h = *state;
	int lock = household_lock(h, "cycle.lock");

	lose(h, "no answer");
	tell_look(&h->parts);
	assert_null(household_message(h));
	close(lock);
	tell_look(&h->parts);
	assert_message(h, "lost.begin", "");
}

/* ---- the digest ---- */

static void the_digest_comes_each_week(void **state)
{
	struct household *h = *state;
	const char *name = "attic";
	struct outcome o = {.container = (char[]){"attic"}, .result = result_of("FULL")};
	int64_t cycle;
	struct err err;

	h->notify.events = EVENT_BIT(EVENT_DIGEST);
	tell_look(&h->parts);
	assert_null(household_message(h));
	world_delivered(&h->w, "7", "one");
	fake_time_pass(7 * DAY - 1);
	world_delivered(&h->w, "8", "two");
	MUST(ledger_cycle_begin(h->w.run->ledger, CYCLE_REGULAR, &name, 1, &cycle, &err));
	MUST(ledger_turn(h->w.run->ledger, cycle, &o, &err));
	tell_look(&h->parts);
	assert_null(household_message(h));
	fake_time_pass(2);
	tell_look(&h->parts);
	assert_message(h, "digest",
		       "attic: FULL, 1 new. 2 torrents, 10 B so far.\n"
		       "cellar: not tried yet, 0 new. 0 torrents, 0 B so far.\n");
}

static void a_digest_that_cannot_be_made_is_logged(void **state)
{
	struct household *h = *state;

	h->notify.events = EVENT_BIT(EVENT_DIGEST);
	tell_look(&h->parts);
	fake_time_pass(7 * DAY);
	/* What it says of totals is left out where it cannot be read. */
	for (unsigned nth = 1; !household_message(h); nth++) {
		fake_log_reset();
		fake_sql_fail(nth);
		tell_look(&h->parts);
		assert_true(fake_sql_failed());
		fake_sql_fail(0);
		assert_true(household_message(h) ||
			    world_logged("warn the messages could not be recorded: ") == 1);
	}
	assert_message(h, "digest", "attic: not tried yet");
}

/* ---- sending ---- */

static void what_waits_is_sent(void **state)
{
	struct household *h = *state;
	int64_t when;
	struct err err;

	MUST(tell_due(&h->parts, &when, &err));
	assert_int_equal(when, INT64_MAX);
	ended(h, "ERR(Tracker)", (struct tell_cycle){0});
	MUST(tell_due(&h->parts, &when, &err));
	assert_int_equal(when, FAKE_NOW);
	FAKE_HTTP(SENT);
	assert_true(tell_send(&h->parts, INT64_MAX));
	assert_int_equal(fake_http_count(), 1);
	MUST(tell_due(&h->parts, &when, &err));
	assert_int_equal(when, INT64_MAX);
}

static void nothing_is_sent_that_might_take_too_long(void **state)
{
	struct household *h = *state;

	ended(h, "ERR(Tracker)", (struct tell_cycle){0});
	assert_true(tell_send(&h->parts, FAKE_NOW + NOTIFY_MS));
	assert_int_equal(fake_http_count(), 0);
}

static void while_another_process_sends_nothing_is_sent(void **state)
{
	struct household *h = *state;
	int lock = household_lock(h, "tell.lock");

	ended(h, "ERR(Tracker)", (struct tell_cycle){0});
	assert_false(tell_send(&h->parts, INT64_MAX));
	close(lock);
	FAKE_HTTP(SENT);
	assert_true(tell_send(&h->parts, INT64_MAX));
}

static void a_ledger_that_fails_is_another_time_s_trouble(void **state)
{
	struct household *h = *state;

	fake_sql_fail(1);
	assert_false(tell_send(&h->parts, INT64_MAX));
}

/* ---- a cycle that could not be run ---- */

static const struct err disk = {.kind = ERR_TARGET, .code = WORD_DISK, .msg = "it is full"};

static void it_is_reported_at_once_and_so_is_the_next_cycle_that_runs(void **state)
{
	struct household *h = *state;

	FAKE_HTTP(SENT);
	tell_broken(&h->parts, &disk);
	assert_non_null(strstr(fake_http_asked(0)->body, "ERR(Disk): it is full"));
	assert_non_null(strstr(fake_http_asked(0)->body, "failure.begin"));
	ended(h, "OK", (struct tell_cycle){0});
	assert_message(h, "failure.end", "");
}

static void closed_parts_cannot_report_it(void **state)
{
	struct household *h = *state;
	struct notify *notify = h->w.run->notify;
	struct ledger *ledger = h->w.run->ledger;

	h->w.run->notify = NULL;
	tell_broken(&h->parts, &disk);
	h->w.run->notify = notify;
	h->w.run->ledger = NULL;
	tell_broken(&h->parts, &disk);
	h->w.run->ledger = ledger;
	assert_null(household_message(h));
}

/* ---- nobody wants messages ---- */

static void without_targets_nothing_is_looked_for(void **state)
{
	struct household *h = *state;
	struct notice *told;
	struct err err;
	size_t n;

	h->config.n_notify = h->w.run->n_notified = 0;
	lose(h, "no answer");
	tell_look(&h->parts);
	ended(h, "ERR(Tracker)", (struct tell_cycle){0});
	tell_broken(&h->parts, &disk);
	assert_true(tell_send(&h->parts, INT64_MAX));
	assert_false(world_has_file(&h->w, "tell.lock"));
	MUST(ledger_notices(h->w.run->ledger, &told, &n, &err));
	assert_int_equal(n, 0);
	free(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_outcome_that_fails_leaves_a_message_and_so_does_its_end),
		TEST(a_message_links_to_the_page),
		TEST(each_of_several_messages_links_to_the_page),
		TEST(a_full_container_leaves_a_message_once_for_each_size),
		TEST(a_newer_utility_leaves_a_message),
		TEST(what_an_audit_misses_leaves_a_message_and_so_does_its_end),
		TEST(what_an_audit_found_in_error_is_no_good_end),
		TEST(a_cycle_without_an_audit_says_nothing_of_it),
		TEST(a_ledger_that_fails_is_logged),
		TEST(an_assignment_that_is_possibly_lost_leaves_one_message),
		TEST(files_that_are_late_leave_a_message_and_those_that_are_awaited_do_not),
		TEST(files_that_a_client_put_aside_leave_a_message),
		TEST(a_client_that_is_away_leaves_a_message_and_so_does_its_return),
		TEST(a_client_that_refuses_the_credentials_leaves_a_message),
		TEST(a_watch_folder_is_no_client_that_can_be_away),
		TEST(while_another_process_is_at_work_it_looks),
		TEST(the_digest_comes_each_week),
		TEST(a_digest_that_cannot_be_made_is_logged),
		TEST(what_waits_is_sent),
		TEST(nothing_is_sent_that_might_take_too_long),
		TEST(while_another_process_sends_nothing_is_sent),
		TEST(a_ledger_that_fails_is_another_time_s_trouble),
		TEST(it_is_reported_at_once_and_so_is_the_next_cycle_that_runs),
		TEST(closed_parts_cannot_report_it),
		TEST(without_targets_nothing_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
