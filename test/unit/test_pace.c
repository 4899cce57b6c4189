#include "core/pace.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include "unit.h"

#define DAY (24 * 3600 * INT64_C(1000))

struct world {
	char *folder;
	struct pacer pacer;
};

static int set_up(void **state)
{
	struct world *w = mem_alloc(sizeof *w);
	struct err err;

	if (unit_make_folder((void **)&w->folder))
		return -1;
	OWN_STR char *path = fs_join(w->folder, "ledger.db");
	w->pacer = (struct pacer){.ledger = ledger_open(path, false, &err),
				  .manners = schedule_manners(1500, true)};
	pace_fingerprint("user", "key", w->pacer.credentials);
	*state = w;
	return w->pacer.ledger ? 0 : -1;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	ledger_close(w->pacer.ledger);
	int failed = unit_remove_folder((void **)&w->folder);
	free(w);
	return failed;
}

static struct pace kept(const struct pacer *p)
{
	struct pace pace;
	struct err err;

	MUST(ledger_get_pace(p->ledger, &pace, &err));
	return pace;
}

static void keep(const struct pacer *p, struct pace pace)
{
	struct err err;

	MUST(ledger_set_pace(p->ledger, &pace, &err));
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
	struct pacer *p = &((struct world *)*state)->pacer;
	struct err err, why;
	int64_t begin = clock_monotonic();

	MUST(pace_open(p, &err));
	MUST(pace_before(p, PACE_FETCH, NULL, &err));
	MUST(pace_after(p, PACE_FETCH, NULL, &why, &err));
	MUST(pace_before(p, PACE_DOWNLOAD, NULL, &err));
	MUST(pace_after(p, PACE_DOWNLOAD, NULL, &why, &err));
	assert_true(clock_monotonic() - begin < 1500);
	MUST(pace_before(p, PACE_FETCH, NULL, &err));
	assert_true(clock_monotonic() - begin >= 1499);
	struct pace pace = kept(p);
	assert_true(pace.last_fetch > 0 && pace.last_request == pace.last_fetch);
}

static void a_failure_that_calls_for_patience_is_recorded(void **state)
{
	struct pacer *p = &((struct world *)*state)->pacer;
	const struct engine_failure down = {.status = 503, .back_off = true};
	const struct engine_failure odd = {.status = 404};
	struct err err, why;
	char reason[128];
	int64_t left;

	MUST(pace_open(p, &err));
	err_set(&why, ERR_RETRY, "HTTP 404", "HTTP 404");
	MUST(pace_after(p, PACE_OTHER, &odd, &why, &err));
	MUST(pace_backoff(p, &left, reason, &err));
	assert_int_equal(left, 0);
	err_set(&why, ERR_RETRY, "HTTP 503", "HTTP 503");
	MUST(pace_after(p, PACE_OTHER, &down, &why, &err));
	MUST(pace_backoff(p, &left, reason, &err));
	assert_true(left > 59000 && left <= 60000);
	assert_string_equal(reason, "HTTP 503");
	MUST(pace_after(p, PACE_OTHER, NULL, &why, &err));
	MUST(pace_backoff(p, &left, reason, &err));
	assert_int_equal(left, 0);
}

static void a_check_without_an_answer_holds_nobody_back(void **state)
{
	struct pacer *p = &((struct world *)*state)->pacer;
	const struct engine_failure away = {.back_off = true};
	const struct engine_failure down = {.status = 503, .back_off = true};
	char reason[128];
	int64_t first, left;
	struct err err, why;

	err_set(&why, ERR_RETRY, WORD_NETWORK, "x: Could not resolve host");
	MUST(pace_open(p, &err));
	MUST(pace_before(p, PACE_CHECK, NULL, &err));
	int64_t begun = kept(p).last_request;
	assert_true(begun > 0);
	MUST(pace_after(p, PACE_CHECK, &away, &why, &err));
	MUST(pace_backoff(p, &left, reason, &err));
	assert_int_equal(left, 0);
	assert_true(kept(p).last_request >= begun);
	/* What there is already is not lengthened. */
	MUST(pace_after(p, PACE_FETCH, &away, &why, &err));
	MUST(pace_backoff(p, &first, reason, &err));
	MUST(pace_after(p, PACE_CHECK, &away, &why, &err));
	MUST(pace_backoff(p, &left, reason, &err));
	assert_true(first > 0 && left <= first);
	assert_int_equal(kept(p).failures, 1);
	MUST(pace_after(p, PACE_CHECK, &down, &why, &err));
	assert_int_equal(kept(p).failures, 2);
}

static void an_answer_is_told_from_a_way_that_leads_nowhere(void **state)
{
	(void)state;
	assert_true(pace_earned_by_answer("HTTP 503, and a page"));
	assert_true(pace_earned_by_answer("no call with this ApiUser and ApiKey has "
					  "worked yet, so they may be wrong: HTTP 403"));
	assert_false(pace_earned_by_answer("Received HTTP code 407 from proxy after CONNECT"));
	assert_false(pace_earned_by_answer("slip.invalid: Could not resolve host"));
	assert_false(pace_earned_by_answer(""));
}

static void a_403_is_about_the_credentials_until_they_have_worked(void **state)
{
	struct pacer *p = &((struct world *)*state)->pacer;
	const struct engine_failure refused = {.status = 403, .back_off = true};
	struct err err, why;

	MUST(pace_open(p, &err));
	MUST(pace_before(p, PACE_OTHER, NULL, &err));
	err_set(&why, ERR_RETRY, "HTTP 403", "HTTP 403");
	MUST(pace_after(p, PACE_OTHER, &refused, &why, &err));
	assert_string_equal(why.word, WORD_AUTH);
	err_set(&why, ERR_RETRY, "HTTP 403", "HTTP 403");
	/* In a later process as well. */
	MUST(pace_open(p, &err));
	MUST(pace_after(p, PACE_OTHER, &refused, &why, &err));
	assert_string_equal(why.word, WORD_AUTH);
	MUST(pace_after(p, PACE_OTHER, NULL, &why, &err));
	err_set(&why, ERR_RETRY, "HTTP 403", "HTTP 403");
	MUST(pace_after(p, PACE_OTHER, &refused, &why, &err));
	assert_string_equal(why.word, "HTTP 403");
	MUST(pace_open(p, &err));
	assert_true(p->proven);
}

static void new_credentials_end_what_the_old_ones_earned(void **state)
{
	struct pacer *p = &((struct world *)*state)->pacer;
	static const struct {
		const char *credentials, *reason;
		bool ends;
	} rows[] = {{"old", "HTTP 403", true},
		    {"old", "HTTP 401", true},
		    {"old", "HTTP 503", false},
		    {NULL, "HTTP 403", false}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pace pace = {.failures = 3, .backoff_until = clock_now() + 600000};
		struct err err;
		const char *old = rows[i].credentials ? rows[i].credentials : p->credentials;
		snprintf(pace.credentials, sizeof pace.credentials, "%s", old);
		snprintf(pace.reason, sizeof pace.reason, "%s", rows[i].reason);
		keep(p, pace);
		MUST(pace_open(p, &err));
		assert_int_equal(kept(p).backoff_until == 0, rows[i].ends);
	}
}

static void a_back_off_of_a_clock_that_was_ahead_ends_within_a_day(void **state)
{
	struct pacer *p = &((struct world *)*state)->pacer;
	char reason[128];
	int64_t left, now = clock_now();
	struct err err;

	keep(p, (struct pace){.failures = 1, .backoff_until = now + 365 * DAY, .reason = "x"});
	MUST(pace_backoff(p, &left, reason, &err));
	assert_int_equal(left, DAY);
	int64_t until = kept(p).backoff_until;
	assert_true(until >= now + DAY && until <= clock_now() + DAY);
	/* A second look does not put it off. */
	MUST(pace_backoff(p, &left, reason, &err));
	assert_int_equal(kept(p).backoff_until, until);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fingerprint_tells_credentials_apart_and_hides_them),
		TEST(the_second_fetch_waits_and_a_download_does_not),
		TEST(a_failure_that_calls_for_patience_is_recorded),
		TEST(a_check_without_an_answer_holds_nobody_back),
		cmocka_unit_test(an_answer_is_told_from_a_way_that_leads_nowhere),
		TEST(a_403_is_about_the_credentials_until_they_have_worked),
		TEST(new_credentials_end_what_the_old_ones_earned),
		TEST(a_back_off_of_a_clock_that_was_ahead_ends_within_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
