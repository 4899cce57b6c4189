/* Ten thousand installations, all with the program's own schedule: how many calls does the tracker
 * see in a minute when something happens to all of them at once? */
#include "core/schedule.h"

#include "unit.h"

#include <inttypes.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define BEGIN (INT64_C(1795000000) * SECOND)

#define INSTALLATIONS 10000
#define CONTAINERS 2
#define INTERVAL (6 * HOUR)
#define SPAN (2 * DAY)
#define MINUTES (SPAN / MINUTE)

struct crowd {
	uint64_t random;
	struct manners manners;
	int64_t down_until; /* the tracker answers 503 before */
	int64_t named_date; /* ... with this date in Retry-After; 0: none */
	unsigned calls[MINUTES];
};

struct one {
	struct pace pace;
	int64_t now;
};

static double chance(struct crowd *c)
{
	uint64_t x = c->random += UINT64_C(0x9E3779B97F4A7C15);

	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (double)((x ^ (x >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

static void see(struct crowd *c, int64_t now)
{
	if (now < BEGIN + SPAN)
		c->calls[(now - BEGIN) / MINUTE]++;
}

/* A question, and the download that follows; false: it failed. */
static bool ask(struct crowd *c, struct one *o)
{
	static const struct pace_reason why = {503, false, "HTTP 503"};
	const struct retry_after asked = {c->named_date, true};

	see(c, o->now);
	if (o->now < c->down_until) {
		schedule_failed(&o->pace, &c->manners, o->now, &asked, &why, chance(c));
		return false;
	}
	schedule_succeeded(&o->pace);
	see(c, o->now);
	return true;
}

/* A cycle, and whatever resumes it; returns when it is done. */
static void cycle(struct crowd *c, struct one *o)
{
	for (int done = 0; done < CONTAINERS && o->now < BEGIN + SPAN;) {
		if (ask(c, o))
			done++;
		o->now += c->manners.fetch_gap;
		int64_t left = schedule_backoff(&o->pace, o->now);
		o->now += left;
	}
}

/* `first` is the time of the first cycle. */
static void live(struct crowd *c, int64_t first, bool is_new)
{
	struct one o = {.now = first};

	while (o.now < BEGIN + SPAN) {
		int64_t begin = o.now;
		cycle(c, &o);
		int64_t next = schedule_next_cycle(begin, INTERVAL, is_new, &c->manners, chance(c));
		o.now = next > o.now ? next : o.now;
		is_new = false;
	}
}

static struct crowd *new_crowd(void)
{
	static struct crowd c;

	c = (struct crowd){.random = 7, .manners = schedule_manners(0, false)};
	return &c;
}

static unsigned peak(const struct crowd *c)
{
	unsigned most = 0;

	for (size_t i = 0; i < MINUTES; i++)
		most = c->calls[i] > most ? c->calls[i] : most;
	return most;
}

static double mean(const struct crowd *c)
{
	double sum = 0;

	for (size_t i = 0; i < MINUTES; i++)
		sum += c->calls[i];
	return sum / (double)MINUTES;
}

static double steady; /* the mean of a minute */

static int measure_steady(void **state)
{
	(void)state;
	struct crowd *c = new_crowd();

	for (int i = 0; i < INSTALLATIONS; i++)
		live(c, BEGIN + (int64_t)(chance(c) * (double)INTERVAL), false);
	steady = mean(c);
	return 0;
}

static double times_steady(const char *event, const struct crowd *c)
{
	double times = peak(c) / steady;

	print_message("%s: %u calls in the busiest minute, %.1f times the steady mean\n", event,
		      peak(c), times);
	return times;
}

static void steadily_calls_are_spread(void **state)
{
	(void)state;
	struct crowd *c = new_crowd();

	for (int i = 0; i < INSTALLATIONS; i++)
		live(c, BEGIN + (int64_t)(chance(c) * (double)INTERVAL), false);
	print_message("steady: %.0f calls a minute\n", mean(c));
	assert_true(mean(c) > 100 && mean(c) < 125);
	assert_true(peak(c) < 2 * mean(c));
}

static void assert_peak(const char *event, const struct crowd *c)
{
	assert_true(times_steady(event, c) < 25.5);
}

static void starting_all_at_once_during_an_outage_makes_no_rush(void **state)
{
	(void)state;
	struct crowd *c = new_crowd();

	c->down_until = BEGIN + 3 * HOUR;
	for (int i = 0; i < INSTALLATIONS; i++)
		live(c,
		     schedule_overdue(&c->manners, BEGIN + (int64_t)(chance(c) * 60000), chance(c)),
		     false);
	assert_peak("started during an outage", c);
}

static void starting_all_at_once_after_a_power_cut_makes_no_rush(void **state)
{
	(void)state;
	struct crowd *c = new_crowd();

	for (int i = 0; i < INSTALLATIONS; i++)
		live(c,
		     schedule_overdue(&c->manners, BEGIN + (int64_t)(chance(c) * 60000), chance(c)),
		     false);
	assert_peak("overdue, started in one minute", c);
}

static void a_date_in_retry_after_makes_no_rush(void **state)
{
	(void)state;
	struct crowd *c = new_crowd();

	c->down_until = c->named_date = BEGIN + 8 * HOUR;
	for (int i = 0; i < INSTALLATIONS; i++)
		live(c, BEGIN + (int64_t)(chance(c) * (double)INTERVAL), false);
	assert_peak("a date in Retry-After", c);
}

/* The first calls themselves come within a minute and a half; doc/etiquette.md says why.  After
 * them nothing happens at once again. */
static void new_ledgers_spread_after_their_first_cycle(void **state)
{
	(void)state;
	struct crowd *c = new_crowd();

	for (int i = 0; i < INSTALLATIONS; i++)
		live(c,
		     BEGIN + (int64_t)(chance(c) * 60000) + schedule_first(&c->manners, chance(c)),
		     true);
	times_steady("new ledgers in one minute, first calls included", c);
	for (int i = 0; i < 5; i++)
		c->calls[i] = 0;
	assert_peak("new ledgers in one minute, after the first calls", c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steadily_calls_are_spread),
		cmocka_unit_test(starting_all_at_once_during_an_outage_makes_no_rush),
		cmocka_unit_test(starting_all_at_once_after_a_power_cut_makes_no_rush),
		cmocka_unit_test(a_date_in_retry_after_makes_no_rush),
		cmocka_unit_test(new_ledgers_spread_after_their_first_cycle),
	};

	return cmocka_run_group_tests(tests, measure_steady, NULL);
}
