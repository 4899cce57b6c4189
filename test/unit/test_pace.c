#include "core/pace.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include "fake_time.h"
#include "unit.h"

#define DAY (24 * 3600 * INT64_C(1000))

struct world {
	char *folder;
	struct run run;
};

static int set_up(void **state)
{
	struct world *w = mem_alloc(sizeof *w);
	struct err err;

	fake_time_reset();
	if (unit_make_folder((void **)&w->folder))
		return -1;
	OWN_STR char *path = fs_join(w->folder, "ledger.db");
	w->run = (struct run){.ledger = ledger_open(path, false, &err),
			      .manners = schedule_manners(1500, true)};
	pace_fingerprint("user", "key", w->run.credentials);
	*state = w;
	return w->run.ledger ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	ledger_close(w->run.ledger);
	int failed = unit_remove_folder((void **)&w->folder);
	free(w);
	return failed;
}

static struct pace kept(const struct run *r)
{
	struct pace pace;
	struct err err;

	MUST(ledger_get_pace(r->ledger, &pace, &err));
	return pace;
}

static void keep(const struct run *r, struct pace pace)
{
	struct err err;

	MUST(ledger_set_pace(r->ledger, &pace, &err));
}

/* A ledger that is not new: its first call does not wait, and its bucket is full. */
static void give_past(const struct run *r)
{
	struct pace pace = kept(r);

	pace.request = (struct instant){1, 0};
	keep(r, pace);
}

static void the_fingerprint_tells_credentials_apart_and_hides_them(void **state)
{
	char a[17], b[17], c[17];

	(void)state;
	pace_fingerprint("user", "key", a);
	pace_fingerprint("user", "key", b);
	pace_fingerprint("user", "kex", c);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_int_equal(strlen(a), 16);
	pace_fingerprint("ab", "c", a);
	pace_fingerprint("a", "bc", b);
	assert_string_not_equal(a, b);
}

static void the_second_fetch_waits_and_a_download_does_not(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	struct err err, why;

	give_past(r);
	MUST(pace_open(r, &err));
	MUST(pace_before(r, PACE_FETCH, NULL, &err));
	MUST(pace_after(r, PACE_FETCH, NULL, &why, &err));
	int64_t first = fake_time_slept();
	MUST(pace_before(r, PACE_DOWNLOAD, NULL, &err));
	MUST(pace_after(r, PACE_DOWNLOAD, NULL, &why, &err));
	assert_int_equal(fake_time_slept(), first);
	MUST(pace_before(r, PACE_FETCH, NULL, &err));
	assert_int_equal(fake_time_slept(), first + 1500);
	struct pace pace = kept(r);
	assert_int_equal(pace.fetch.wall, FAKE_NOW + first + 1500);
	assert_int_equal(pace.request.wall, pace.fetch.wall);
	assert_string_equal(pace.boot, clock_boot());
}

static void the_end_of_a_call_takes_nothing_from_the_bucket(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	struct err err, why;

	give_past(r);
	r->manners = schedule_manners(0, false);
	MUST(pace_open(r, &err));
	MUST(pace_before(r, PACE_OTHER, NULL, &err));
	int64_t full = kept(r).full.wall;
	assert_int_equal(full, FAKE_NOW + SCHEDULE_REFILL_MS);
	MUST(pace_ended(r, PACE_OTHER, &err));
	assert_int_equal(kept(r).full.wall, full);
	MUST(pace_after(r, PACE_OTHER, NULL, &why, &err));
	assert_int_equal(kept(r).full.wall, full);
	/* A redirect is the end of one call and the begin of another. */
	MUST(pace_redirect(r, &err));
	assert_int_equal(kept(r).full.wall, full + SCHEDULE_REFILL_MS);
}

static void the_first_calls_of_a_new_ledger_wait(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	struct err err;

	r->manners = schedule_manners(0, false);
	MUST(pace_open(r, &err));
	MUST(pace_before(r, PACE_FETCH, NULL, &err));
	assert_int_equal(fake_time_slept(), 40000);
	MUST(pace_before(r, PACE_DOWNLOAD, NULL, &err));
	assert_int_equal(fake_time_slept(), 40000);
	/* The bucket holds no more than these two. */
	MUST(pace_before(r, PACE_FETCH, NULL, &err));
	assert_int_equal(fake_time_slept(), 40000 + 2 * SCHEDULE_REFILL_MS);
}

static void calls_of_an_hour_stay_below_the_ceiling(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	int64_t begin = 0;
	struct err err;

	r->manners = schedule_manners(0, false);
	give_past(r);
	MUST(pace_open(r, &err));
	for (int i = 0; i < 151; i++) {
		MUST(pace_before(r, i % 2 ? PACE_DOWNLOAD : PACE_FETCH, NULL, &err));
		begin = begin ? begin : clock_now();
	}
	assert_true(clock_now() - begin >= 3600 * 1000 - 30000);
	assert_true(clock_now() - begin < 3700 * 1000);
}

static void a_question_waits_for_room_for_its_download(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	struct engine engine = {.calls = 2};
	struct err err;

	r->manners = schedule_manners(0, false);
	r->engine = &engine;
	give_past(r);
	MUST(pace_open(r, &err));
	MUST(pace_before(r, PACE_FETCH, NULL, &err));
	struct pace pace = kept(r);
	/* The utility downloads as well. */
	assert_int_equal(pace.full.wall - clock_now(), 2 * SCHEDULE_REFILL_MS);
	pace.full.steady = clock_steady() + 29 * SCHEDULE_REFILL_MS;
	pace.fetch = pace.request = (struct instant){1, clock_steady() - 20000};
	keep(r, pace);
	int64_t before = fake_time_slept();
	MUST(pace_before(r, PACE_OTHER, NULL, &err));
	assert_int_equal(fake_time_slept(), before);
	pace.full.steady = clock_steady() + 29 * SCHEDULE_REFILL_MS;
	keep(r, pace);
	MUST(pace_before(r, PACE_FETCH, NULL, &err));
	assert_int_equal(fake_time_slept(), before + SCHEDULE_REFILL_MS);
	r->engine = NULL;
}

static void force_overrides_the_back_off_that_stood_for_one_call(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	const struct engine_failure refused = {.status = 401, .back_off = true};
	struct pace_reason reason;
	struct err err, why;
	int64_t until;

	r->force = true;
	r->manners = schedule_manners(0, false);
	keep(r, (struct pace){.failures = 1,
			      .backoff_until = clock_now() + 600000,
			      .request = {1, 0},
			      .reason = {503, false, "HTTP 503"}});
	MUST(pace_open(r, &err));
	assert_int_equal(pace_may_ask(r, &until, &reason, &err), GO);
	MUST(pace_before(r, PACE_FETCH, NULL, &err));
	assert_int_equal(kept(r).forced_at, clock_now());
	err_http(&why, ERR_RETRY, 401, "no");
	MUST(pace_after(r, PACE_FETCH, &refused, &why, &err));
	assert_int_equal(pace_may_ask(r, &until, &reason, &err), HOLD);
	assert_int_equal(until, kept(r).backoff_until);
	/* The next person who forces waits a minute. */
	MUST(pace_open(r, &err));
	assert_int_equal(pace_may_ask(r, &until, &reason, &err), HOLD);
	assert_int_equal(until, kept(r).forced_at + 60000);
	fake_time_pass(60000);
	assert_int_equal(pace_may_ask(r, &until, &reason, &err), GO);
	struct pace pace = kept(r);
	pace.asked_until = clock_now() + 5000;
	keep(r, pace);
	assert_int_equal(pace_may_ask(r, &until, &reason, &err), HOLD);
	assert_int_equal(until, clock_now() + 5000);
	r->force = false;
	assert_int_equal(pace_may_ask(r, &until, &reason, &err), HOLD);
	assert_int_equal(until, pace.backoff_until);
}

static void the_trackers_own_errors_are_trouble_three_times_in_a_row(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	struct pace_reason reason;
	struct err err, why;
	int64_t until;

	MUST(pace_open(r, &err));
	for (int i = 0; i < 2; i++) {
		MUST(pace_refused(r, "closed", &err));
		MUST(pace_backoff(r, &until, &reason, &err));
		assert_int_equal(until, 0);
	}
	MUST(pace_after(r, PACE_FETCH, NULL, &why, &err));
	for (int i = 0; i < 3; i++)
		MUST(pace_refused(r, "closed", &err));
	MUST(pace_backoff(r, &until, &reason, &err));
	assert_in_range(until, clock_now() + 60000, clock_now() + 75000);
	assert_string_equal(reason.text, "closed");
	assert_int_equal(reason.status, 0);
	MUST(pace_refused(r, "closed", &err));
	assert_int_equal(kept(r).failures, 2);
}

static void a_call_that_fails_between_them_keeps_its_place_on_the_ladder(void **state)
{
	const struct engine_failure down = {.status = 503, .back_off = true};
	struct run *r = &((struct world *)*state)->run;
	struct err err, why;

	MUST(pace_open(r, &err));
	for (int i = 0; i < 2; i++)
		MUST(pace_refused(r, "closed", &err));
	err_http(&why, ERR_RETRY, 503, "HTTP 503");
	MUST(pace_after(r, PACE_FETCH, &down, &why, &err));
	assert_int_equal(kept(r).failures, 1);
	MUST(pace_refused(r, "closed", &err));
	assert_int_equal(kept(r).failures, 2);
}

static void a_clock_of_1970_makes_no_call(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	struct err err;

	MUST(pace_open(r, &err));
	fake_time_pass(-FAKE_NOW + 5000);
	assert_false(pace_before(r, PACE_OTHER, NULL, &err));
	assert_int_equal(err.code, WORD_CONFIG);
	assert_non_null(strstr(err.msg, "1970-01-01"));
	assert_int_equal(kept(r).request.wall, 0);
}

static void a_failure_that_calls_for_patience_is_recorded(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	const struct engine_failure down = {.status = 503, .back_off = true};
	const struct engine_failure odd = {.status = 404};
	struct err err, why;
	struct pace_reason reason;
	int64_t until;

	MUST(pace_open(r, &err));
	err_http(&why, ERR_RETRY, 404, "HTTP 404");
	MUST(pace_after(r, PACE_OTHER, &odd, &why, &err));
	MUST(pace_backoff(r, &until, &reason, &err));
	assert_int_equal(until, 0);
	err_http(&why, ERR_RETRY, 503, "HTTP 503");
	MUST(pace_after(r, PACE_OTHER, &down, &why, &err));
	MUST(pace_backoff(r, &until, &reason, &err));
	assert_in_range(until, clock_now() + 60000, clock_now() + 75000);
	assert_string_equal(reason.text, "HTTP 503");
	assert_int_equal(reason.status, 503);
	assert_false(reason.unproven);
	MUST(pace_after(r, PACE_OTHER, NULL, &why, &err));
	MUST(pace_backoff(r, &until, &reason, &err));
	assert_int_equal(until, 0);
}

static void a_check_without_an_answer_holds_nobody_back(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	const struct engine_failure away = {.back_off = true};
	const struct engine_failure down = {.status = 503, .back_off = true};
	struct pace_reason reason;
	int64_t first, until;
	struct err err, why;

	err_set(&why, ERR_RETRY, WORD_NETWORK, "x: Could not resolve host");
	MUST(pace_open(r, &err));
	MUST(pace_before(r, PACE_CHECK, NULL, &err));
	int64_t begun = kept(r).request.wall;
	assert_true(begun > 0);
	MUST(pace_after(r, PACE_CHECK, &away, &why, &err));
	MUST(pace_backoff(r, &until, &reason, &err));
	assert_int_equal(until, 0);
	assert_true(kept(r).request.wall >= begun);
	/* What there is already is not lengthened. */
	MUST(pace_after(r, PACE_FETCH, &away, &why, &err));
	MUST(pace_backoff(r, &first, &reason, &err));
	MUST(pace_after(r, PACE_CHECK, &away, &why, &err));
	MUST(pace_backoff(r, &until, &reason, &err));
	assert_int_equal(until, first);
	assert_int_equal(reason.status, 0);
	assert_int_equal(kept(r).failures, 1);
	MUST(pace_after(r, PACE_CHECK, &down, &why, &err));
	assert_int_equal(kept(r).failures, 2);
}

static void a_403_is_about_the_credentials_until_they_have_worked(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	const struct engine_failure refused = {.status = 403, .back_off = true};
	struct err err, why;

	MUST(pace_open(r, &err));
	MUST(pace_before(r, PACE_OTHER, NULL, &err));
	err_http(&why, ERR_RETRY, 403, "HTTP 403");
	MUST(pace_after(r, PACE_OTHER, &refused, &why, &err));
	assert_int_equal(why.code, WORD_AUTH);
	assert_true(kept(r).reason.unproven);
	err_http(&why, ERR_RETRY, 403, "HTTP 403");
	/* In a later process as well. */
	MUST(pace_open(r, &err));
	MUST(pace_after(r, PACE_OTHER, &refused, &why, &err));
	assert_int_equal(why.code, WORD_AUTH);
	MUST(pace_after(r, PACE_OTHER, NULL, &why, &err));
	err_http(&why, ERR_RETRY, 403, "HTTP 403");
	MUST(pace_after(r, PACE_OTHER, &refused, &why, &err));
	assert_int_equal(why.code, WORD_HTTP);
	assert_false(kept(r).reason.unproven);
	MUST(pace_open(r, &err));
	assert_true(r->proven);
}

static void new_credentials_end_what_the_old_ones_earned(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	static const struct {
		const char *credentials;
		int status;
		bool ends;
	} rows[] = {
		{"old", 403, true}, {"old", 401, true}, {"old", 503, false}, {NULL, 403, false}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pace pace = {.failures = 3, .backoff_until = clock_now() + 600000};
		struct err err;
		const char *old = rows[i].credentials ? rows[i].credentials : r->credentials;
		snprintf(pace.credentials, sizeof pace.credentials, "%s", old);
		pace.reason.status = rows[i].status;
		keep(r, pace);
		MUST(pace_open(r, &err));
		assert_int_equal(kept(r).backoff_until == 0, rows[i].ends);
	}
}

static void a_back_off_of_a_clock_that_was_ahead_ends_within_a_day(void **state)
{
	struct run *r = &((struct world *)*state)->run;
	struct pace_reason reason;
	int64_t end, now = clock_now();
	struct err err;

	keep(r, (struct pace){.failures = 1,
			      .backoff_until = now + 365 * DAY,
			      .reason = {503, false, "x"}});
	MUST(pace_backoff(r, &end, &reason, &err));
	assert_int_equal(end, now + DAY + DAY / 4);
	int64_t until = kept(r).backoff_until;
	assert_int_equal(until, now + DAY + DAY / 4);
	/* A second look does not put it off. */
	MUST(pace_backoff(r, &end, &reason, &err));
	assert_int_equal(kept(r).backoff_until, until);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fingerprint_tells_credentials_apart_and_hides_them),
		TEST(the_second_fetch_waits_and_a_download_does_not),
		TEST(the_end_of_a_call_takes_nothing_from_the_bucket),
		TEST(the_first_calls_of_a_new_ledger_wait),
		TEST(calls_of_an_hour_stay_below_the_ceiling),
		TEST(a_question_waits_for_room_for_its_download),
		TEST(force_overrides_the_back_off_that_stood_for_one_call),
		TEST(the_trackers_own_errors_are_trouble_three_times_in_a_row),
		TEST(a_call_that_fails_between_them_keeps_its_place_on_the_ladder),
		TEST(a_clock_of_1970_makes_no_call),
		TEST(a_failure_that_calls_for_patience_is_recorded),
		TEST(a_check_without_an_answer_holds_nobody_back),
		TEST(a_403_is_about_the_credentials_until_they_have_worked),
		TEST(new_credentials_end_what_the_old_ones_earned),
		TEST(a_back_off_of_a_clock_that_was_ahead_ends_within_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
