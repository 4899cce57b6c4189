#include "view/forecast.h"

#include "unit.h"

#define GB (UINT64_C(1) << 30)
#define TODAY 20000
#define NOW (TODAY * FORECAST_DAY_MS + FORECAST_DAY_MS / 2)

/* `each` bytes on each of the last `n` days, today included. */
static struct ledger_growth steady(struct ledger_day *days, size_t n, uint64_t each)
{
	for (size_t i = 0; i < n; i++)
		days[i] = (struct ledger_day){
			.day = TODAY - (int64_t)n + 1 + (int64_t)i, .n = 1, .bytes = each};
	return (struct ledger_growth){.days = days, .n = n, .first = n ? days[0].day : -1};
}

static int64_t days_until(const struct forecast *f)
{
	return (f->at - NOW) / FORECAST_DAY_MS;
}

static void a_steady_rate_tells_the_day(void **state)
{
	(void)state;
	struct ledger_day days[100];
	const struct ledger_growth g = steady(days, 100, 2 * GB);
	const struct forecast f = forecast_full(&g, 200 * GB, 300 * GB, false, NOW);

	assert_int_equal(f.kind, FORECAST_DAY);
	assert_int_equal(f.per_day, 2 * GB);
	assert_int_equal(days_until(&f), 50);
}

static void only_the_last_thirty_days_count(void **state)
{
	(void)state;
	struct ledger_day days[100];
	struct ledger_growth g = steady(days, 100, GB);

	for (size_t i = 0; i < 70; i++)
		days[i].bytes = 50 * GB;
	const struct forecast f = forecast_full(&g, 200 * GB, 300 * GB, false, NOW);
	assert_int_equal(f.per_day, GB);
	assert_int_equal(days_until(&f), 100);
}

static void a_pause_slows_it_down(void **state)
{
	(void)state;
	struct ledger_day days[60];
	struct ledger_growth g = steady(days, 60, 3 * GB);

	/* Nothing in the last twenty days. */
	g.n = 40;
	const struct forecast f = forecast_full(&g, 100 * GB, 200 * GB, false, NOW);
	assert_int_equal(f.per_day, GB);
}

static void what_was_adopted_is_no_growth(void **state)
{
	(void)state;
	struct ledger_day days[40];
	struct ledger_growth g = steady(days, 40, GB);

	days[35].adopted = 4000 * GB;
	assert_int_equal(forecast_full(&g, 4040 * GB, 5000 * GB, false, NOW).per_day, GB);
}

static void a_new_container_has_its_own_days_only(void **state)
{
	(void)state;
	struct ledger_day days[11];
	const struct ledger_growth g = steady(days, 11, 11 * GB);
	const struct forecast f = forecast_full(&g, 121 * GB, 221 * GB, false, NOW);

	assert_int_equal(f.kind, FORECAST_DAY);
	assert_int_equal(f.per_day, 11 * GB);
}

static void too_little_history_tells_nothing(void **state)
{
	(void)state;
	struct ledger_day days[40];
	struct ledger_growth none = {.first = -1}, week = steady(days, 7, GB);

	assert_int_equal(forecast_full(&none, 0, GB, false, NOW).kind, FORECAST_UNKNOWN);
	assert_int_equal(forecast_full(&week, GB, 9 * GB, false, NOW).kind, FORECAST_UNKNOWN);
	struct ledger_growth g = steady(days, 40, GB);
	assert_int_equal(forecast_full(&g, GB, 0, false, NOW).kind, FORECAST_UNKNOWN);
	/* Two torrents are no rate. */
	g.n = 12;
	assert_int_equal(forecast_full(&g, GB, 9 * GB, false, NOW).kind, FORECAST_UNKNOWN);
}

static void full_is_full_and_far_is_far(void **state)
{
	(void)state;
	struct ledger_day days[40];
	const struct ledger_growth g = steady(days, 40, GB), none = {.first = -1};

	assert_int_equal(forecast_full(&none, 5 * GB, 5 * GB, false, NOW).kind, FORECAST_FULL);
	assert_int_equal(forecast_full(&g, 40 * GB, 3600 * GB, false, NOW).kind, FORECAST_DAY);
	const struct forecast far = forecast_full(&g, 40 * GB, 4000 * GB, false, NOW);
	assert_int_equal(far.kind, FORECAST_LATER);
	assert_int_equal(far.at, 0);
}

static void one_that_the_tracker_calls_full_has_no_forecast(void **state)
{
	(void)state;
	struct ledger_day days[30];
	const struct ledger_growth g = steady(days, 30, GB);

	assert_int_equal(forecast_full(&g, 100 * GB, 200 * GB, false, NOW).kind, FORECAST_DAY);
	const struct forecast f = forecast_full(&g, 100 * GB, 200 * GB, true, NOW);
	assert_int_equal(f.kind, FORECAST_FULL);
	assert_int_equal(f.at, 0);
	assert_int_equal(f.per_day, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_the_tracker_calls_full_has_no_forecast),
		cmocka_unit_test(a_steady_rate_tells_the_day),
		cmocka_unit_test(only_the_last_thirty_days_count),
		cmocka_unit_test(a_pause_slows_it_down),
		cmocka_unit_test(what_was_adopted_is_no_growth),
		cmocka_unit_test(a_new_container_has_its_own_days_only),
		cmocka_unit_test(too_little_history_tells_nothing),
		cmocka_unit_test(full_is_full_and_far_is_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
