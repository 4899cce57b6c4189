#include "core/schedule.h"

#include "unit.h"

#include <inttypes.h>
#include <time.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define BEGIN (INT64_C(1795000000) * SECOND)

static const struct pace_reason why = {503, false, "HTTP 503"};

static const int64_t ladder[] = {1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
				 1 * HOUR,   3 * HOUR,   6 * HOUR,    6 * HOUR};

/* ---- sentences on single functions ---- */

static void ten_seconds_can_be_raised_and_never_lowered(void **state)
{
	(void)state;
	static const struct {
		int64_t asked;
		bool loopback;
		int64_t fetch, request;
		bool waits;
	} rows[] = {
		{0, false, 10000, 4000, true},    {5000, false, 10000, 4000, true},
		{9999, false, 10000, 4000, true}, {15000, false, 15000, 4000, true},
		{15000, true, 15000, 4000, true}, {300, true, 300, 300, true},
		{0, true, 0, 0, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct manners m = schedule_manners(rows[i].asked, rows[i].loopback);
		assert_int_equal(m.fetch_gap, rows[i].fetch);
		assert_int_equal(m.request_gap, rows[i].request);
		assert_int_equal(m.waits, rows[i].waits);
	}
}

static struct moment at(int64_t wall)
{
	return (struct moment){{wall, wall - BEGIN}, "boot"};
}

static int64_t wait_fetch(const struct pace *p, const struct manners *m, int64_t wall)
{
	const struct moment now = at(wall);

	return schedule_wait_fetch(p, m, &now);
}

static int64_t wait_request(const struct pace *p, const struct manners *m, int64_t wall)
{
	const struct moment now = at(wall);

	return schedule_wait_request(p, m, &now);
}

static void fail_at(struct pace *p, const struct manners *m, int64_t now, int64_t until,
		    double chance)
{
	const struct retry_after asked = {until, false};

	schedule_failed(p, m, now, &asked, &why, chance);
}

static void calls_are_kept_apart(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	const struct pace never = {0};
	const struct pace p = {.fetch = {BEGIN, 0}, .request = {BEGIN + 8000, 0}};

	assert_int_equal(wait_fetch(&never, &m, BEGIN), 0);
	assert_int_equal(wait_request(&never, &m, BEGIN), 0);
	assert_int_equal(wait_request(&p, &m, BEGIN + 8000), 4000);
	assert_int_equal(wait_request(&p, &m, BEGIN + 11999), 1);
	assert_int_equal(wait_request(&p, &m, BEGIN + 12000), 0);
	/* The fetch's own gap would end at 10 s, but the last request was at 8. */
	assert_int_equal(wait_fetch(&p, &m, BEGIN + 9000), 3000);
	assert_int_equal(wait_fetch(&p, &m, BEGIN + 12000), 0);
}

static void a_clock_that_was_set_back_costs_one_gap_at_most(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	const struct pace p = {.fetch = {BEGIN, 0}, .request = {BEGIN, 0}};

	assert_int_equal(wait_fetch(&p, &m, BEGIN - 365 * DAY), 10000);
	assert_int_equal(wait_request(&p, &m, BEGIN - 365 * DAY), 4000);
}

static void a_step_of_the_wall_clock_does_not_shorten_a_gap(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	struct moment now = at(BEGIN);
	struct pace p = {0};

	schedule_called(&p, &m, 1, true, &now);
	now = at(BEGIN + 2000);
	now.at.wall += 60000;
	assert_int_equal(schedule_wait_fetch(&p, &m, &now), 8000);
	assert_int_equal(schedule_wait_request(&p, &m, &now), 2000);
	assert_int_equal(schedule_wait_room(&p, &m, SCHEDULE_BURST, &now), 28000);
	/* After another boot only the wall clock is left. */
	now.boot = "another";
	assert_int_equal(schedule_wait_fetch(&p, &m, &now), 0);
	now.boot = "";
	assert_int_equal(schedule_wait_fetch(&p, &m, &now), 0);
}

static void a_fetch_keeps_its_time_while_other_calls_are_made(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	struct moment now = at(BEGIN + 50000);
	struct pace p = {0};

	schedule_called(&p, &m, 1, true, &now);
	now = at(BEGIN + 52000);
	schedule_called(&p, &m, 1, false, &now);
	assert_int_equal(p.fetch.wall, BEGIN + 50000);
	assert_int_equal(p.fetch.steady, 50000);
	assert_int_equal(p.request.steady, 52000);
	/* In another boot, whose steady clock began anew, the fetch was as long ago. */
	now = (struct moment){{BEGIN + 55000, 100}, "next"};
	schedule_called(&p, &m, 1, false, &now);
	assert_int_equal(p.fetch.steady, 100 - 5000);
	assert_string_equal(p.boot, "next");
}

static void the_bucket_holds_thirty_calls_and_refills_one_in_thirty_seconds(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	struct moment now = at(BEGIN);
	struct pace p = {0};

	assert_int_equal(schedule_wait_room(&p, &m, SCHEDULE_BURST, &now), 0);
	for (int i = 0; i < SCHEDULE_BURST - 1; i++)
		schedule_called(&p, &m, 1, false, &now);
	assert_int_equal(schedule_wait_room(&p, &m, 1, &now), 0);
	assert_int_equal(schedule_wait_room(&p, &m, 2, &now), 30000);
	schedule_called(&p, &m, 1, false, &now);
	assert_int_equal(schedule_wait_room(&p, &m, 1, &now), 30000);
	/* The end of a call is none. */
	schedule_called(&p, &m, 0, false, &now);
	assert_int_equal(schedule_wait_room(&p, &m, 1, &now), 30000);
	now = at(BEGIN + 29999);
	assert_int_equal(schedule_wait_room(&p, &m, 1, &now), 1);
	now = at(BEGIN + 900000);
	assert_int_equal(schedule_wait_room(&p, &m, SCHEDULE_BURST, &now), 0);
}

static void a_clock_from_the_future_fills_no_more_than_the_bucket(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	const struct pace p = {.full = {BEGIN + 365 * DAY, 0}};
	const struct moment now = at(BEGIN);

	assert_int_equal(schedule_wait_room(&p, &m, 1, &now), 30000);
}

static void the_bucket_is_smaller_on_loopback_and_none_without_waits(void **state)
{
	(void)state;
	assert_int_equal(schedule_manners(20000, false).refill, 30000);
	assert_int_equal(schedule_manners(100, true).refill, 300);
	assert_int_equal(schedule_manners(0, true).refill, 0);
}

static void a_person_overrides_a_back_off_once_a_minute_but_not_the_tracker(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false), none = schedule_manners(0, true);
	struct pace p = {.failures = 1, .backoff_until = BEGIN + HOUR};

	assert_int_equal(schedule_forced_until(&p, &m, BEGIN), 0);
	p.forced_at = BEGIN;
	assert_int_equal(schedule_forced_until(&p, &m, BEGIN + 1), BEGIN + MINUTE);
	assert_int_equal(schedule_forced_until(&p, &none, BEGIN + 1), 0);
	assert_int_equal(schedule_forced_until(&p, &m, BEGIN + MINUTE), 0);
	p.asked_until = BEGIN + 10 * MINUTE;
	assert_int_equal(schedule_forced_until(&p, &m, BEGIN + MINUTE), BEGIN + 10 * MINUTE);
	assert_int_equal(schedule_forced_until(&p, &m, BEGIN + 10 * MINUTE), 0);
	/* The clock was set back. */
	p = (struct pace){.forced_at = BEGIN + DAY};
	assert_int_equal(schedule_forced_until(&p, &m, BEGIN), BEGIN + MINUTE);
}

static void chance_only_adds_to_what_the_tracker_asks_for(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	static const struct {
		struct retry_after asked;
		double chance;
		int64_t wait;
	} rows[] = {
		{{0, false}, 0, MINUTE},
		{{0, false}, 1, 75 * SECOND},
		{{BEGIN + HOUR, false}, 0, HOUR},
		{{BEGIN + HOUR, false}, 1, 75 * MINUTE},
		{{BEGIN + HOUR, true}, 0, HOUR},
		{{BEGIN + HOUR, true}, 1, 90 * MINUTE},
		{{BEGIN + HOUR, true}, 0.5, 75 * MINUTE},
		{{BEGIN - HOUR, true}, 1, 75 * SECOND},
		{{BEGIN + 9 * DAY, true}, 1, DAY + 30 * MINUTE},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pace p = {0};
		schedule_failed(&p, &m, BEGIN, &rows[i].asked, &why, rows[i].chance);
		assert_int_equal(schedule_backoff(&p, BEGIN), rows[i].wait);
		if (rows[i].asked.until > BEGIN)
			assert_in_range(p.asked_until, BEGIN + 1, p.backoff_until);
		else
			assert_int_equal(p.asked_until, 0);
	}
}

static void a_first_interval_is_half_to_all_of_it(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false), none = schedule_manners(0, true);

	assert_int_equal(schedule_next_cycle(BEGIN, 100 * MINUTE, true, &m, 0),
			 BEGIN + 50 * MINUTE);
	assert_int_equal(schedule_next_cycle(BEGIN, 100 * MINUTE, true, &m, 1),
			 BEGIN + 100 * MINUTE);
	assert_int_equal(schedule_next_cycle(BEGIN, 100 * MINUTE, true, &none, 0),
			 BEGIN + 100 * MINUTE);
}

static void a_late_start_and_a_new_ledger_wait_by_chance(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false), none = schedule_manners(0, true);

	assert_int_equal(schedule_overdue(&m, BEGIN, 0), BEGIN);
	assert_int_equal(schedule_overdue(&m, BEGIN, 1), BEGIN + 15 * MINUTE);
	assert_int_equal(schedule_overdue(&none, BEGIN, 1), BEGIN);
	assert_int_equal(schedule_first(&m, 0), 40 * SECOND);
	assert_int_equal(schedule_first(&m, 1), 60 * SECOND);
	assert_int_equal(schedule_first(&none, 1), 0);
}

static void a_clock_that_is_not_set_is_noticed(void **state)
{
	(void)state;
	assert_false(schedule_clock_is_set(0, 0));
	assert_false(schedule_clock_is_set(SCHEDULE_EARLIEST_MS - 1, 0));
	assert_true(schedule_clock_is_set(SCHEDULE_EARLIEST_MS, 0));
	assert_true(schedule_clock_is_set(BEGIN, BEGIN));
	assert_false(schedule_clock_is_set(BEGIN - 1, BEGIN));
}

static void each_failure_is_one_step_up_the_ladder(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	struct pace p = {0};
	int64_t now = BEGIN;

	for (uint32_t i = 0; i < COUNT(ladder); i++) {
		fail_at(&p, &m, now, 0, 0);
		assert_int_equal(schedule_ladder(i + 1), ladder[i]);
		assert_int_equal(p.backoff_until, now + ladder[i]);
		assert_int_equal(schedule_backoff(&p, now), ladder[i]);
		assert_int_equal(schedule_backoff(&p, now + ladder[i] - 1), 1);
		assert_int_equal(schedule_backoff(&p, now + ladder[i]), 0);
		assert_string_equal(p.reason.text, "HTTP 503");
		assert_int_equal(p.reason.status, 503);
		now += ladder[i];
	}
	schedule_succeeded(&p);
	assert_int_equal(schedule_backoff(&p, BEGIN), 0);
	assert_string_equal(p.reason.text, "");
	assert_int_equal(p.reason.status, 0);
	fail_at(&p, &m, now, 0, 0);
	assert_int_equal(p.backoff_until, now + ladder[0]);
}

static void the_longer_of_ladder_and_retry_after_counts(void **state)
{
	(void)state;
	static const struct {
		int64_t gap, retry_after, wait;
	} rows[] = {
		{5000, 0, MINUTE},
		{5000, 30 * SECOND, MINUTE},
		{5000, 10 * MINUTE, 10 * MINUTE},
		{5000, 100 * DAY, DAY},
		{0, 0, 0},
		{0, 10 * MINUTE, 10 * MINUTE},
		{300, 0, MINUTE},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct manners m = schedule_manners(rows[i].gap, rows[i].gap < 5000);
		struct pace p = {0};
		int64_t asked = rows[i].retry_after ? BEGIN + rows[i].retry_after : 0;
		fail_at(&p, &m, BEGIN, asked, 0);
		assert_int_equal(schedule_backoff(&p, BEGIN), rows[i].wait);
	}
}

static void no_back_off_lasts_much_longer_than_a_day_whatever_the_clock_says(void **state)
{
	(void)state;
	const struct pace p = {.failures = 1, .backoff_until = BEGIN + 365 * DAY};

	assert_int_equal(schedule_backoff(&p, BEGIN), DAY + DAY / 4);
}

static void the_interval_varies_by_ten_percent(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);

	assert_int_equal(schedule_next_cycle(BEGIN, 100 * MINUTE, false, &m, 0),
			 BEGIN + 90 * MINUTE);
	assert_int_equal(schedule_next_cycle(BEGIN, 100 * MINUTE, false, &m, 0.5),
			 BEGIN + 100 * MINUTE);
	assert_int_equal(schedule_next_cycle(BEGIN, 100 * MINUTE, false, &m, 1),
			 BEGIN + 110 * MINUTE);
}

static void a_due_time_is_at_most_an_interval_away(void **state)
{
	(void)state;
	assert_int_equal(schedule_due(0, HOUR, BEGIN), 0);
	assert_int_equal(schedule_due(BEGIN + MINUTE, HOUR, BEGIN), BEGIN + MINUTE);
	assert_int_equal(schedule_due(BEGIN + 66 * MINUTE, HOUR, BEGIN), BEGIN + 66 * MINUTE);
	assert_int_equal(schedule_due(BEGIN + 67 * MINUTE, HOUR, BEGIN), BEGIN + 66 * MINUTE);
	assert_int_equal(schedule_due(BEGIN + 365 * DAY, HOUR, BEGIN), BEGIN + 66 * MINUTE);
}

/* ---- weeks of an installation, with the rules as the daemon applies them ---- */

#define CONTAINERS 3
#define CEILING 150 /* calls in a rolling hour */
#define INTERVAL (6 * HOUR)
#define LONGEST_INTERVAL (INTERVAL * 110 / 100)
#define SHORTEST_INTERVAL (INTERVAL * 90 / 100)

struct world {
	uint64_t random;
	int64_t now;  /* true time: what the tracker sees */
	int64_t skew; /* our clock says now + skew */
	bool jumps;   /* is our clock set, now and then? */
	bool down;    /* does the tracker fail? */
	unsigned boots;
	struct manners manners;
	/* What is kept over a restart. */
	struct pace pace;
	struct cycle_clock clock;
	bool undone[CONTAINERS];
	/* What the tracker has seen. */
	int64_t last_fetch, last_request, asked_off_until, last_regular, longest_silence;
	int64_t calls[CEILING]; /* the times of the last ones, a ring */
	unsigned n_calls;
	unsigned fetches, regular_cycles, rest_cycles, restarts, in_a_row;
};

static uint64_t next(struct world *w)
{
	uint64_t x = w->random += UINT64_C(0x9E3779B97F4A7C15);

	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static int64_t below(struct world *w, int64_t limit)
{
	return (int64_t)(next(w) % (uint64_t)limit);
}

static bool one_in(struct world *w, int64_t n)
{
	return below(w, n) == 0;
}

static int64_t wall(const struct world *w)
{
	return w->now + w->skew;
}

/* The steady clock begins anew at each boot. */
static struct moment moment_of(const struct world *w)
{
	static const char *const boots[] = {"a", "b"};

	return (struct moment){{wall(w), w->now - BEGIN}, boots[w->boots % 2]};
}

static double chance_of(struct world *w)
{
	return (double)(next(w) >> 11) / (double)(UINT64_C(1) << 53);
}

static void count_call(struct world *w)
{
	int64_t *oldest = &w->calls[w->n_calls++ % CEILING];

	assert_true(!*oldest || w->now - *oldest >= HOUR);
	*oldest = w->now;
}

/* The tracker's view of a call: is it polite? */
static void see_call(struct world *w, bool fetch)
{
	assert_true(w->now >= w->asked_off_until);
	if (w->last_request)
		assert_true(w->now - w->last_request >= SCHEDULE_REQUEST_GAP_MS);
	if (fetch && w->last_fetch)
		assert_true(w->now - w->last_fetch >= SCHEDULE_FETCH_GAP_MS);
	w->fetches += fetch;
	count_call(w);
}

static void record(struct world *w, bool fetch, unsigned calls)
{
	const struct moment now = moment_of(w);

	schedule_called(&w->pace, &w->manners, calls, fetch, &now);
	w->last_request = w->now;
	if (fetch)
		w->last_fetch = w->now;
}

static void take_failure(struct world *w)
{
	int64_t wish = one_in(w, 3) ? below(w, 8 * HOUR) : 0;
	int64_t step = ladder[w->in_a_row < COUNT(ladder) - 1 ? w->in_a_row : COUNT(ladder) - 1];
	int64_t expected = wish > step ? wish : step;
	const struct retry_after asked = {wish ? wall(w) + wish : 0, one_in(w, 2)};

	schedule_failed(&w->pace, &w->manners, wall(w), &asked, &why, chance_of(w));
	assert_in_range(schedule_backoff(&w->pace, wall(w)), expected,
			expected + expected / 4 + 30 * MINUTE);
	w->asked_off_until = w->now + expected;
	w->in_a_row++;
}

/* With the download that follows it at once. */
static int64_t wait_of(const struct world *w, bool fetch)
{
	const struct moment now = moment_of(w);
	int64_t gap = fetch ? schedule_wait_fetch(&w->pace, &w->manners, &now)
			    : schedule_wait_request(&w->pace, &w->manners, &now);
	int64_t room = schedule_wait_room(&w->pace, &w->manners, fetch ? 2 : 1, &now);

	return gap > room ? gap : room;
}

/* Waits for its turn and makes a call; false: it failed. */
static bool call(struct world *w, bool fetch)
{
	w->now += wait_of(w, fetch);
	see_call(w, fetch);
	record(w, fetch, 1);
	w->now += below(w, 20 * SECOND);
	bool ok = !w->down && !one_in(w, 50);
	if (ok) {
		schedule_succeeded(&w->pace);
		w->in_a_row = 0;
	} else {
		take_failure(w);
	}
	record(w, fetch, 0);
	if (ok && fetch) {
		count_call(w);
		record(w, false, 1);
	}
	return ok;
}

static void cycle(struct world *w, bool rest)
{
	for (int i = 0; i < CONTAINERS; i++)
		if (!rest || w->undone[i])
			w->undone[i] = schedule_backoff(&w->pace, wall(w)) > 0 || !call(w, true);
	if (one_in(w, 5) && schedule_backoff(&w->pace, wall(w)) == 0)
		call(w, false);
}

static void regular_cycle(struct world *w)
{
	bool first = !w->clock.last_cycle;
	int64_t silence = w->now - w->last_regular;

	w->clock.last_cycle = wall(w);
	w->clock.next_cycle =
		schedule_next_cycle(wall(w), INTERVAL, first, &w->manners, chance_of(w));
	assert_true(w->clock.next_cycle - wall(w) >= (first ? INTERVAL / 2 : SHORTEST_INTERVAL));
	assert_true(w->clock.next_cycle - wall(w) <= LONGEST_INTERVAL);
	if (w->last_regular && silence > w->longest_silence)
		w->longest_silence = silence;
	w->last_regular = w->now;
	w->regular_cycles++;
	cycle(w, false);
}

static bool any_undone(const struct world *w)
{
	return w->undone[0] || w->undone[1] || w->undone[2];
}

/* When our clock will say that something is to be done; corrections are stored, as the daemon does
 * it. */
static int64_t plan(struct world *w, bool *rest)
{
	w->clock.next_cycle = schedule_due(w->clock.next_cycle, INTERVAL, wall(w));
	int64_t when = w->clock.last_cycle ? w->clock.next_cycle : wall(w);
	int64_t left = schedule_backoff(&w->pace, wall(w));
	if (w->pace.backoff_until > wall(w) + left)
		w->pace.backoff_until = wall(w) + left;
	*rest = any_undone(w) && wall(w) + left < when;
	return *rest ? wall(w) + left : when;
}

/* The clock is set back by up to a year, or to what is right again: forwards, which may cut a
 * back-off short in the tracker's eyes, but no gap. */
static void set_clock(struct world *w)
{
	if (w->skew < 0) {
		w->skew = 0;
		w->asked_off_until = 0;
	} else {
		w->skew -= one_in(w, 2) ? below(w, 365 * DAY) : below(w, HOUR);
	}
}

/* Sleeps until something is due; what disturbs the sleep leads to a new plan. */
static void step(struct world *w)
{
	bool rest;
	int64_t wait = plan(w, &rest) - wall(w);

	if (wait > 0 && one_in(w, 3)) {
		w->now += below(w, wait);
		w->restarts++;
		w->boots += !w->jumps && one_in(w, 4);
		if (w->jumps && one_in(w, 4))
			set_clock(w);
		return;
	}
	w->now += wait > 0 ? wait : 0;
	if (one_in(w, 8))
		w->down = !w->down;
	if (rest) {
		w->rest_cycles++;
		cycle(w, true);
	} else {
		regular_cycle(w);
	}
}

static struct world simulate(uint64_t seed, int64_t span, bool jumps)
{
	struct world w = {.random = seed,
			  .now = BEGIN,
			  .jumps = jumps,
			  .manners = schedule_manners(5 * SECOND, false)};

	while (w.now < BEGIN + span)
		step(&w);
	return w;
}

static uint64_t seed(void)
{
	const char *given = getenv("PTP_TEST_SEED");
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	uint64_t s = given ? strtoull(given, NULL, 10) : (uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec;
	print_message("PTP_TEST_SEED=%" PRIu64 "\n", s);
	return s;
}

static void weeks_of_failures_and_restarts_stay_polite(void **state)
{
	(void)state;
	uint64_t first = seed();

	for (uint64_t i = 0; i < 200; i++) {
		struct world w = simulate(first + i, 56 * DAY, false);
		/* A restart within the interval never brings a cycle of its own, and no cycle is
		 * left out either. */
		assert_true(w.regular_cycles <= 56 * DAY / SHORTEST_INTERVAL + 2);
		assert_true(w.regular_cycles >= 56 * DAY / (LONGEST_INTERVAL + 10 * MINUTE));
		assert_true(w.longest_silence <= LONGEST_INTERVAL + 10 * MINUTE);
		assert_true(w.restarts > 50 && w.rest_cycles > 5 && w.fetches > 100);
	}
}

static void a_clock_that_is_set_stops_nothing_for_long(void **state)
{
	(void)state;
	uint64_t first = seed();

	for (uint64_t i = 0; i < 200; i++) {
		struct world w = simulate(first + i, 56 * DAY, true);
		/* Each time that it is set back an interval begins anew, at the most. */
		assert_true(w.regular_cycles > 20);
		assert_true(w.longest_silence < 10 * LONGEST_INTERVAL);
	}
}

static void a_clock_that_was_a_year_ahead_costs_one_interval(void **state)
{
	(void)state;
	struct world w = {.now = BEGIN,
			  .skew = 365 * DAY,
			  .random = 1,
			  .manners = schedule_manners(5 * SECOND, false)};
	bool rest;

	regular_cycle(&w);
	w.skew = 0;
	w.now += MINUTE;
	memset(w.undone, 0, sizeof w.undone);
	int64_t when = plan(&w, &rest);
	assert_false(rest);
	assert_true(when - w.now <= LONGEST_INTERVAL);
	for (int i = 0; i < 10; i++) {
		w.now += MINUTE;
		assert_int_equal(plan(&w, &rest), when);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_seconds_can_be_raised_and_never_lowered),
		cmocka_unit_test(a_step_of_the_wall_clock_does_not_shorten_a_gap),
		cmocka_unit_test(a_fetch_keeps_its_time_while_other_calls_are_made),
		cmocka_unit_test(the_bucket_holds_thirty_calls_and_refills_one_in_thirty_seconds),
		cmocka_unit_test(a_clock_from_the_future_fills_no_more_than_the_bucket),
		cmocka_unit_test(the_bucket_is_smaller_on_loopback_and_none_without_waits),
		cmocka_unit_test(a_person_overrides_a_back_off_once_a_minute_but_not_the_tracker),
		cmocka_unit_test(chance_only_adds_to_what_the_tracker_asks_for),
		cmocka_unit_test(a_first_interval_is_half_to_all_of_it),
		cmocka_unit_test(a_late_start_and_a_new_ledger_wait_by_chance),
		cmocka_unit_test(a_clock_that_is_not_set_is_noticed),
		cmocka_unit_test(calls_are_kept_apart),
		cmocka_unit_test(a_clock_that_was_set_back_costs_one_gap_at_most),
		cmocka_unit_test(each_failure_is_one_step_up_the_ladder),
		cmocka_unit_test(the_longer_of_ladder_and_retry_after_counts),
		cmocka_unit_test(no_back_off_lasts_much_longer_than_a_day_whatever_the_clock_says),
		cmocka_unit_test(the_interval_varies_by_ten_percent),
		cmocka_unit_test(a_due_time_is_at_most_an_interval_away),
		cmocka_unit_test(weeks_of_failures_and_restarts_stay_polite),
		cmocka_unit_test(a_clock_that_is_set_stops_nothing_for_long),
		cmocka_unit_test(a_clock_that_was_a_year_ahead_costs_one_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
