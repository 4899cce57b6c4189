#include "core/outbox.h"

#include "core/schedule.h"

#include "fake_http.h"
#include "world.h"

static struct notify_target targets[2];
static char text[] = "what happened";

static int make(void **state)
{
	int failed = world_make(state);
	struct world *w = *state;
	struct err err;

	assert_null(notify_parse("webhook+http://127.0.0.1/one", &targets[0]));
	assert_null(notify_parse("webhook+http://127.0.0.1/two", &targets[1]));
	for (size_t i = 0; i < 2; i++)
		assert_null(notify_complete(&targets[i], NULL));
	targets[0].events = EVENTS_ALL;
	targets[1].events = EVENT_BIT(EVENT_FULL);
	w->run->notify = notify_open(NULL, NULL, &err);
	w->run->notified = targets;
	w->run->n_notified = 2;
	return failed || !w->run->notify;
}

static int clear(void **state)
{
	struct world *w = *state;

	notify_close(w->run->notify);
	for (size_t i = 0; i < 2; i++) {
		notify_target_clear(&targets[i]);
		targets[i] = (struct notify_target){0};
	}
	return world_remove(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clear)

static bool put_err(struct world *w, enum event_kind kind, unsigned covered, struct err *err)
{
	struct event e = {.at = clock_now(),
			  .kind = kind,
			  .level = EVENT_INFO,
			  .name = "it",
			  .title = "Title",
			  .text = text,
			  .covered = covered};
	const struct events events = {&e, 1};
	const struct notices told = {0};

	return outbox_put(w->run, &told, &events, err);
}

static void put(struct world *w, enum event_kind kind, unsigned covered)
{
	struct err err;

	MUST(put_err(w, kind, covered, &err));
}

static int64_t due(struct world *w)
{
	int64_t when;
	struct err err;

	MUST(outbox_due(w->run, &when, &err));
	return when;
}

static struct ledger_telling telling(struct world *w, size_t i)
{
	struct ledger_telling t;
	struct err err;

	MUST(ledger_get_telling(w->run->ledger, targets[i].fingerprint, &t, &err));
	return t;
}

#define OK                                \
	{                                 \
		.status = 200, .body = "" \
	}
#define DOWN                              \
	{                                 \
		.status = 503, .body = "" \
	}

/* All is sent that can be; so many requests came. */
static void sends(struct world *w, size_t n)
{
	assert_true(outbox_send(w->run, INT64_MAX));
	assert_int_equal(fake_http_count(), n);
	LOGGED(0, "no message could be sent");
}

static void an_event_goes_to_those_who_want_it(void **state)
{
	struct world *w = *state;

	assert_true(outbox_wants(w->run, EVENT_FULL));
	assert_true(outbox_wants(w->run, EVENT_LOST));
	assert_false(outbox_wants(w->run, EVENT_TEST));
	assert_int_equal(due(w), INT64_MAX);
	put(w, EVENT_LOST, 0);
	assert_int_equal(due(w), FAKE_NOW);
	FAKE_HTTP(OK);
	sends(w, 1);
	assert_non_null(strstr(fake_http_asked(0)->url, "/one"));
	put(w, EVENT_FULL, 0);
	FAKE_HTTP(OK, OK);
	sends(w, 2);
	assert_non_null(strstr(fake_http_asked(1)->url, "/two"));
	put(w, EVENT_TEST, 0);
	FAKE_HTTP(OK);
	put(w, EVENT_LOST, 0);
	sends(w, 1);
	assert_int_equal(due(w), INT64_MAX);
	assert_int_equal(telling(w, 0).told, 3);
	assert_int_equal(telling(w, 1).told, 1);
	assert_int_equal(telling(w, 0).since, FAKE_NOW);
	LOGGED(4, "info sending to webhook (127.0.0.1): Title\n");
}

static void one_that_another_covers_is_not_needed(void **state)
{
	struct world *w = *state;

	put(w, EVENT_FULL, EVENT_BIT(EVENT_LOST));
	FAKE_HTTP(OK);
	sends(w, 1);
	assert_non_null(strstr(fake_http_asked(0)->url, "/two"));
}

static void what_was_reported_is_kept_even_without_a_message(void **state)
{
	struct world *w = *state;
	struct notice n = {.kind = NOTICE_LOST, .name = (char[]){""}, .since = 5};
	struct notices told = {&n, 1};
	const struct events none = {0};
	struct notice *list;
	size_t count;
	struct err err;

	MUST(outbox_put(w->run, &told, &none, &err));
	MUST(ledger_notices(w->run->ledger, &list, &count, &err));
	assert_int_equal(count, 0);
	free(list);
	n.changed = true;
	MUST(outbox_put(w->run, &told, &none, &err));
	MUST(ledger_notices(w->run->ledger, &list, &count, &err));
	assert_int_equal(count, 1);
	notice_clear(&list[0]);
	free(list);
}

static void a_target_that_is_down_is_retried_on_the_ladder(void **state)
{
	struct world *w = *state;

	put(w, EVENT_LOST, 0);
	put(w, EVENT_LOST, 0);
	FAKE_HTTP(DOWN);
	sends(w, 1);
	assert_int_equal(due(w), FAKE_NOW + schedule_ladder(1));
	assert_int_equal(telling(w, 0).failures, 1);
	assert_int_equal(telling(w, 0).told, 0);
	LOGGED(1, "warn webhook (127.0.0.1) could not be reached: HTTP 503");
	sends(w, 1);
	fake_time_pass(schedule_ladder(1));
	FAKE_HTTP(DOWN);
	sends(w, 1);
	assert_int_equal(telling(w, 0).failures, 2);
	assert_int_equal(due(w), clock_now() + schedule_ladder(2));
	LOGGED(1, "could not be reached");
	fake_time_pass(schedule_ladder(2));
	FAKE_HTTP(OK, OK);
	sends(w, 2);
	assert_int_equal(telling(w, 0).failures, 0);
	assert_int_equal(telling(w, 0).rest_until, 0);
	assert_int_equal(due(w), INT64_MAX);
}

static void a_rest_that_the_service_asks_for_is_kept(void **state)
{
	struct world *w = *state;

	put(w, EVENT_LOST, 0);
	FAKE_HTTP({.status = 429, .body = "", .retry_after = "600"});
	sends(w, 1);
	assert_int_equal(due(w), FAKE_NOW + 600000);
}

static void a_message_that_is_refused_goes(void **state)
{
	struct world *w = *state;

	put(w, EVENT_LOST, 0);
	FAKE_HTTP({.status = 400, .body = ""});
	sends(w, 1);
	assert_int_equal(due(w), INT64_MAX);
	LOGGED(1, "warn webhook (127.0.0.1) does not accept the message \"Title\": HTTP 400");
	assert_int_equal(telling(w, 0).told, 1);
}

static void no_more_than_a_day_allows_are_sent(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < OUTBOX_PER_DAY; i++) {
		put(w, EVENT_LOST, 0);
		FAKE_HTTP(OK);
		sends(w, 1);
		assert_int_equal(strstr(fake_http_asked(0)->body, "the last message") != NULL,
				 i == OUTBOX_PER_DAY - 1);
		fake_time_pass(1);
	}
	assert_non_null(strstr(fake_http_asked(0)->body, text));
	put(w, EVENT_LOST, 0);
	FAKE_HTTP(OK);
	sends(w, 0);
	LOGGED(1, "got its 20 messages of today, so this one is dropped: Title");
	assert_int_equal(due(w), INT64_MAX);
	fake_time_pass(DAY - OUTBOX_PER_DAY - 1);
	put(w, EVENT_LOST, 0);
	sends(w, 0);
	fake_time_pass(1);
	put(w, EVENT_LOST, 0);
	sends(w, 1);
	assert_int_equal(telling(w, 0).told, 1);
	assert_int_equal(telling(w, 0).since, FAKE_NOW + DAY);
	/* A day that begins in the future comes from a clock that was set back. */
	fake_time_pass(-HOUR);
	put(w, EVENT_LOST, 0);
	FAKE_HTTP(OK);
	sends(w, 1);
	assert_int_equal(telling(w, 0).since, FAKE_NOW + DAY - HOUR);
}

static void what_is_too_old_is_not_sent(void **state)
{
	struct world *w = *state;

	put(w, EVENT_LOST, 0);
	fake_time_pass(OUTBOX_KEEP_MS + 1);
	put(w, EVENT_LOST, 0);
	FAKE_HTTP(OK);
	sends(w, 1);
	assert_int_equal(due(w), INT64_MAX);
}

static void a_rest_in_the_far_future_comes_from_a_clock_that_was_set_back(void **state)
{
	struct world *w = *state;
	struct ledger_telling t = {.rest_until = FAKE_NOW + NOTIFY_REST_MAX_MS};
	struct err err;

	put(w, EVENT_LOST, 0);
	MUST(ledger_set_telling(w->run->ledger, targets[0].fingerprint, &t, 0, &err));
	FAKE_HTTP(OK);
	sends(w, 0);
	assert_int_equal(due(w), t.rest_until);
	t.rest_until++;
	MUST(ledger_set_telling(w->run->ledger, targets[0].fingerprint, &t, 0, &err));
	assert_int_equal(due(w), FAKE_NOW);
	sends(w, 1);
}

static void a_rest_is_over_when_its_time_has_come(void **state)
{
	struct world *w = *state;
	struct ledger_telling t = {.rest_until = FAKE_NOW};
	struct err err;

	put(w, EVENT_LOST, 0);
	MUST(ledger_set_telling(w->run->ledger, targets[0].fingerprint, &t, 0, &err));
	FAKE_HTTP(OK);
	sends(w, 1);
}

static void no_message_is_begun_that_might_take_too_long(void **state)
{
	struct world *w = *state;

	put(w, EVENT_LOST, 0);
	put(w, EVENT_LOST, 0);
	put(w, EVENT_LOST, 0);
	FAKE_HTTP({.status = 200, .body = "", .takes_ms = OUTBOX_MS - NOTIFY_MS - 1},
		  {.status = 200, .body = "", .takes_ms = 1}, OK);
	sends(w, 2);
	assert_true(outbox_send(w->run, clock_now() + NOTIFY_MS));
	assert_int_equal(fake_http_count(), 2);
	assert_true(outbox_send(w->run, clock_now() + NOTIFY_MS + 1));
	assert_int_equal(fake_http_count(), 3);
}

static void a_request_ends_it(void **state)
{
	struct world *w = *state;

	put(w, EVENT_LOST, 0);
	fake_time_request(WAKE_RELOAD);
	FAKE_HTTP(OK);
	sends(w, 0);
	assert_int_equal(telling(w, 0).failures, 0);
}

static void has_a_message(struct world *w)
{
	(void)w;
}

static bool put_again(struct world *w, struct err *err)
{
	static const struct notify_target one = {.fingerprint = "one", .events = EVENTS_ALL};
	int64_t when;

	w->run->notified = &one;
	w->run->n_notified = 1;
	return put_err(w, EVENT_LOST, 0, err) && outbox_due(w->run, &when, err);
}

static bool send_again(struct world *w, struct err *err)
{
	struct err why;

	w->run->notified = targets;
	w->run->n_notified = 1;
	w->run->notify = notify_open(NULL, NULL, &why);
	FAKE_HTTP(OK);
	bool ok = outbox_send(w->run, INT64_MAX);
	notify_close(w->run->notify);
	if (!ok)
		*err = (struct err){.code = WORD_LEDGER};
	return ok;
}

static void has_put_a_message(struct world *w)
{
	w->run->notified = targets;
	w->run->n_notified = 1;
	put(w, EVENT_LOST, 0);
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(has_a_message, put_again);
	world_fail_each(has_put_a_message, send_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_goes_to_those_who_want_it),
		TEST(one_that_another_covers_is_not_needed),
		TEST(what_was_reported_is_kept_even_without_a_message),
		TEST(a_target_that_is_down_is_retried_on_the_ladder),
		TEST(a_rest_that_the_service_asks_for_is_kept),
		TEST(a_message_that_is_refused_goes),
		TEST(no_more_than_a_day_allows_are_sent),
		TEST(what_is_too_old_is_not_sent),
		TEST(a_rest_in_the_far_future_comes_from_a_clock_that_was_set_back),
		TEST(a_rest_is_over_when_its_time_has_come),
		TEST(no_message_is_begun_that_might_take_too_long),
		TEST(a_request_ends_it),
		TEST(each_failure_of_the_ledger_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
