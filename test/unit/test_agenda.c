#include "daemon/agenda.h"

#include "core/schedule.h"
#include "ports/notify.h"

#include "unit.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define NOW INT64_C(1795000000000)

/* A daemon that is well: the last cycle began two hours ago, the next comes in four. */
static struct outlook well(void)
{
	return (struct outlook){
		.now = NOW,
		.waits = true,
		.clock = {.last_cycle = NOW - 2 * HOUR, .next_cycle = NOW + 4 * HOUR},
		.resume = AGENDA_NEVER,
		.pick_up = AGENDA_NEVER,
		.message = AGENDA_NEVER,
		.finished = true,
		.last_begin = NOW - 2 * HOUR,
		.vault_looked = NOW,
	};
}

static void assert_next(const struct outlook *o, enum job job, int64_t when)
{
	int64_t at;

	assert_int_equal(agenda_next(o, &at), job);
	assert_int_equal(at, when);
}

static void the_next_cycle_is_waited_for(void **state)
{
	(void)state;
	const struct outlook o = well();
	bool resumed = true;

	assert_next(&o, JOB_CYCLE, NOW + 4 * HOUR);
	assert_int_equal(agenda_next_cycle(&o, &resumed), NOW + 4 * HOUR);
	assert_false(resumed);
}

static void the_first_cycle_of_a_ledger_is_due_at_once(void **state)
{
	(void)state;
	struct outlook o = well();

	o.clock = (struct cycle_clock){0};
	o.last_begin = 0;
	assert_next(&o, JOB_CYCLE, NOW);
}

static void a_cycle_on_request_is_due_at_once_and_comes_before_resuming(void **state)
{
	(void)state;
	struct outlook o = well();

	o.owed = true;
	o.resume = NOW - MINUTE;
	assert_next(&o, JOB_CYCLE, NOW);
	assert_int_equal(agenda_due(JOB_RESUME, &o), AGENDA_NEVER);
}

static void what_was_left_undone_is_resumed_before_the_next_cycle(void **state)
{
	(void)state;
	struct outlook o = well();
	bool resumed = false;

	o.resume = NOW + 5 * MINUTE;
	assert_next(&o, JOB_RESUME, NOW + 5 * MINUTE);
	assert_int_equal(agenda_next_cycle(&o, &resumed), NOW + 5 * MINUTE);
	assert_true(resumed);
	o.clock.next_cycle = NOW + 5 * MINUTE;
	assert_next(&o, JOB_CYCLE, NOW + 5 * MINUTE);
	assert_int_equal(agenda_next_cycle(&o, &resumed), NOW + 5 * MINUTE);
	assert_false(resumed);
}

static void cycles_begin_a_second_apart_unless_a_person_asks(void **state)
{
	(void)state;
	struct outlook o = well();

	o.clock.next_cycle = NOW;
	o.last_begin = NOW - SECOND + 1;
	assert_next(&o, JOB_CYCLE, NOW + 1);
	o.last_begin = NOW - SECOND;
	assert_next(&o, JOB_CYCLE, NOW);
	o.owed = true;
	o.last_begin = NOW;
	assert_next(&o, JOB_CYCLE, NOW);
	o.broken = 1;
	assert_next(&o, JOB_CYCLE, NOW + MINUTE);
}

static void cycles_that_cannot_be_run_are_tried_ever_more_rarely(void **state)
{
	(void)state;
	struct outlook o = well();

	o.clock.next_cycle = NOW;
	o.last_begin = NOW;
	for (o.broken = 1; o.broken < 12; o.broken++) {
		int64_t step = schedule_ladder(o.broken);
		int64_t wait = step < 10 * MINUTE ? step : 10 * MINUTE;
		assert_next(&o, JOB_CYCLE, NOW + wait);
		o.resume = NOW;
		assert_int_equal(agenda_due(JOB_RESUME, &o), NOW + wait);
		o.resume = AGENDA_NEVER;
	}
}

static void what_needs_no_tracker_is_finished_first(void **state)
{
	(void)state;
	struct outlook o = well();

	o.finished = false;
	o.clock.next_cycle = NOW - HOUR;
	assert_next(&o, JOB_LOCAL, NOW);
}

static void the_page_is_tried_every_minute(void **state)
{
	(void)state;
	struct outlook o = well();

	o.page_wanted = true;
	assert_next(&o, JOB_PAGE, NOW);
	o.page_tried = NOW - MINUTE + 1;
	assert_next(&o, JOB_PAGE, NOW + 1);
	o.waits = false;
	assert_next(&o, JOB_PAGE, NOW);
	o.page_wanted = false;
	assert_next(&o, JOB_CYCLE, NOW + 4 * HOUR);
}

static void watch_folders_are_looked_at_when_a_pick_up_is_due_ten_minutes_apart(void **state)
{
	(void)state;
	struct outlook o = well();

	o.pick_up = NOW + HOUR;
	assert_next(&o, JOB_LOOK, NOW + HOUR);
	o.pick_up = NOW - HOUR;
	assert_next(&o, JOB_LOOK, NOW);
	o.last_look = NOW - MINUTE;
	assert_next(&o, JOB_LOOK, NOW + 9 * MINUTE);
	o.pick_up = AGENDA_NEVER;
	assert_next(&o, JOB_CYCLE, NOW + 4 * HOUR);
}

static void messages_are_sent_when_due_and_not_before_their_rest_is_over(void **state)
{
	(void)state;
	struct outlook o = well();

	o.message = NOW - 1;
	assert_next(&o, JOB_MESSAGES, NOW);
	assert_int_equal(agenda_messages_until(&o), NOW + 4 * HOUR);
	o.messages_rest = NOW + MINUTE;
	assert_next(&o, JOB_MESSAGES, NOW + MINUTE);
}

static void messages_do_not_delay_a_cycle(void **state)
{
	(void)state;
	struct outlook o = well();

	o.message = NOW;
	o.clock.next_cycle = NOW + NOTIFY_MS;
	assert_int_equal(agenda_due(JOB_MESSAGES, &o), AGENDA_NEVER);
	assert_next(&o, JOB_CYCLE, NOW + NOTIFY_MS);
	o.clock.next_cycle = NOW + NOTIFY_MS + 1;
	assert_next(&o, JOB_MESSAGES, NOW);
}

static void messages_have_time_where_cycles_are_close(void **state)
{
	(void)state;
	struct outlook o = well();

	o.message = NOW;
	o.last_begin = NOW - SECOND;
	o.clock.next_cycle = o.last_begin + AGENDA_CLOSE_MS - 1;
	assert_int_equal(agenda_messages_until(&o), AGENDA_NEVER);
	assert_next(&o, JOB_MESSAGES, NOW);
	o.clock.next_cycle = o.last_begin + AGENDA_CLOSE_MS;
	assert_int_equal(agenda_messages_until(&o), o.clock.next_cycle);
}

static void a_cycle_that_is_due_comes_before_looks_and_messages(void **state)
{
	(void)state;
	struct outlook o = well();

	o.clock.next_cycle = NOW;
	o.pick_up = o.message = NOW - HOUR;
	assert_next(&o, JOB_CYCLE, NOW);
}

static void what_is_due_soonest_is_next(void **state)
{
	(void)state;
	struct outlook o = well();

	o.pick_up = NOW + 3 * MINUTE;
	o.message = NOW + 2 * MINUTE;
	o.resume = NOW + 4 * MINUTE;
	assert_next(&o, JOB_MESSAGES, NOW + 2 * MINUTE);
	o.message = AGENDA_NEVER;
	assert_next(&o, JOB_LOOK, NOW + 3 * MINUTE);
}

static void the_pauses_are_short_where_there_is_no_waiting(void **state)
{
	(void)state;
	assert_int_equal(agenda_check_ms(true), 10 * MINUTE);
	assert_int_equal(agenda_check_ms(false), SECOND);
	assert_int_equal(agenda_pause_ms(true), MINUTE);
	assert_int_equal(agenda_pause_ms(false), SECOND);
}

/* A year of a daemon that does each job at once, with a failure now and then. */
static void in_a_year_cycles_are_regular(void **state)
{
	(void)state;
	const struct manners m = schedule_manners(5000, false);
	struct outlook o = well();
	int64_t end = NOW + 365 * 24 * HOUR, begun = 0, longest = 0;
	unsigned cycles = 0, steps = 0, copies = 0, looks = 0;

	o.copies = true;
	for (; o.now < end && steps < 100000; steps++) {
		int64_t when;
		enum job job = agenda_next(&o, &when);
		assert_true(when >= o.now);
		o.now = when;
		if (job == JOB_RESUME) {
			assert_true(when >= o.last_begin + SECOND);
			o.last_begin = when;
			o.resume = steps % 3 ? AGENDA_NEVER : when + 5 * MINUTE;
		} else if (job == JOB_LOOK) {
			o.last_look = when;
			o.pick_up = steps % 2 ? AGENDA_NEVER : when;
		} else if (job == JOB_MESSAGES) {
			o.message = AGENDA_NEVER;
		} else if (job == JOB_COPY) {
			o.last_copy = when;
			copies++;
		} else if (job == JOB_VAULT) {
			o.vault_looked = when;
			looks++;
		} else {
			assert_int_equal(job, JOB_CYCLE);
			longest = begun && when - begun > longest ? when - begun : longest;
			begun = o.last_begin = when;
			o.clock.next_cycle = schedule_next_cycle(when, 6 * HOUR, false, &m, 0.5);
			o.resume = cycles % 5 ? AGENDA_NEVER : when + MINUTE;
			o.pick_up = cycles % 2 ? when + 10 * MINUTE : AGENDA_NEVER;
			o.message = cycles % 3 ? when : AGENDA_NEVER;
			cycles++;
		}
	}
	assert_in_range(copies, 360, 366);
	assert_in_range(looks, 360, 366);
	assert_in_range(cycles, 365 * 4 - 2, 365 * 4 + 2);
	assert_true(longest <= 6 * HOUR + SECOND);
}

/* ---- the daily copy of the ledger ---- */

static void without_copies_none_is_due(void **state)
{
	(void)state;
	struct outlook o = well();

	assert_int_equal(agenda_due(JOB_COPY, &o), AGENDA_NEVER);
}

static void the_first_copy_is_due_at_once_and_the_next_a_day_later(void **state)
{
	(void)state;
	struct outlook o = well();

	o.copies = true;
	assert_next(&o, JOB_COPY, NOW);
	o.last_copy = NOW - HOUR;
	assert_int_equal(agenda_due(JOB_COPY, &o), AGENDA_NEVER); /* a cycle comes before */
	o.clock.next_cycle = NOW + 30 * HOUR;
	assert_next(&o, JOB_COPY, NOW + 23 * HOUR);
	o.last_copy = NOW - 25 * HOUR;
	assert_next(&o, JOB_COPY, NOW);
}

static void a_copy_that_failed_is_not_begun_again_before_its_rest_is_over(void **state)
{
	(void)state;
	struct outlook o = well();

	o.copies = true;
	o.copy_rest = NOW + HOUR;
	assert_next(&o, JOB_COPY, NOW + HOUR);
}

static void no_slice_of_a_copy_comes_within_a_minute_before_a_cycle(void **state)
{
	(void)state;
	struct outlook o = well();

	o.copies = true;
	for (int begun = 0; begun < 2; begun++) {
		o.copying = begun;
		o.clock.next_cycle = NOW + MINUTE - 1;
		assert_int_equal(agenda_due(JOB_COPY, &o), AGENDA_NEVER);
		o.clock.next_cycle = NOW + MINUTE;
		assert_int_equal(agenda_due(JOB_COPY, &o), NOW);
		o.resume = NOW + MINUTE - 1;
		assert_int_equal(agenda_due(JOB_COPY, &o), AGENDA_NEVER);
		o.resume = AGENDA_NEVER;
	}
}

static void a_cycle_that_is_due_comes_before_the_next_slice(void **state)
{
	(void)state;
	struct outlook o = well();

	o.copies = o.copying = true;
	o.owed = true;
	assert_next(&o, JOB_CYCLE, NOW);
}

static void where_cycles_are_close_together_a_copy_comes_between_them(void **state)
{
	(void)state;
	struct outlook o = well();

	o.copies = true;
	o.last_begin = NOW - SECOND;
	o.clock.next_cycle = NOW + SECOND;
	assert_next(&o, JOB_COPY, NOW);
}

static void a_copy_that_was_begun_goes_on_whenever_the_last_one_was_made(void **state)
{
	(void)state;
	struct outlook o = well();

	o.copies = o.copying = true;
	o.last_copy = NOW - MINUTE;
	o.copy_rest = NOW + HOUR;
	assert_next(&o, JOB_COPY, NOW);
}

static void the_vault_is_looked_at_once_a_day_and_each_hour_after_damage(void **state)
{
	(void)state;
	struct outlook o = well();

	o.clock.next_cycle = NOW + 30 * HOUR;
	assert_next(&o, JOB_VAULT, NOW + 24 * HOUR);
	o.vault_damaged = true;
	assert_next(&o, JOB_VAULT, NOW + HOUR);
	o.vault_looked = 0;
	assert_next(&o, JOB_VAULT, NOW);
}

static void no_slice_of_a_look_comes_within_a_minute_before_a_cycle(void **state)
{
	(void)state;
	struct outlook o = well();

	o.vault_looking = true;
	assert_next(&o, JOB_VAULT, NOW);
	o.clock.next_cycle = NOW + MINUTE - 1;
	assert_int_equal(agenda_due(JOB_VAULT, &o), AGENDA_NEVER);
	o.owed = true;
	assert_next(&o, JOB_CYCLE, NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_cycle_is_waited_for),
		cmocka_unit_test(the_first_cycle_of_a_ledger_is_due_at_once),
		cmocka_unit_test(a_cycle_on_request_is_due_at_once_and_comes_before_resuming),
		cmocka_unit_test(what_was_left_undone_is_resumed_before_the_next_cycle),
		cmocka_unit_test(cycles_begin_a_second_apart_unless_a_person_asks),
		cmocka_unit_test(cycles_that_cannot_be_run_are_tried_ever_more_rarely),
		cmocka_unit_test(what_needs_no_tracker_is_finished_first),
		cmocka_unit_test(the_page_is_tried_every_minute),
		cmocka_unit_test(
			watch_folders_are_looked_at_when_a_pick_up_is_due_ten_minutes_apart),
		cmocka_unit_test(messages_are_sent_when_due_and_not_before_their_rest_is_over),
		cmocka_unit_test(messages_do_not_delay_a_cycle),
		cmocka_unit_test(messages_have_time_where_cycles_are_close),
		cmocka_unit_test(a_cycle_that_is_due_comes_before_looks_and_messages),
		cmocka_unit_test(what_is_due_soonest_is_next),
		cmocka_unit_test(the_pauses_are_short_where_there_is_no_waiting),
		cmocka_unit_test(in_a_year_cycles_are_regular),
		cmocka_unit_test(without_copies_none_is_due),
		cmocka_unit_test(the_first_copy_is_due_at_once_and_the_next_a_day_later),
		cmocka_unit_test(a_copy_that_failed_is_not_begun_again_before_its_rest_is_over),
		cmocka_unit_test(no_slice_of_a_copy_comes_within_a_minute_before_a_cycle),
		cmocka_unit_test(a_cycle_that_is_due_comes_before_the_next_slice),
		cmocka_unit_test(where_cycles_are_close_together_a_copy_comes_between_them),
		cmocka_unit_test(a_copy_that_was_begun_goes_on_whenever_the_last_one_was_made),
		cmocka_unit_test(the_vault_is_looked_at_once_a_day_and_each_hour_after_damage),
		cmocka_unit_test(no_slice_of_a_look_comes_within_a_minute_before_a_cycle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
