#include "base/clock.h"

#include "unit.h"

#include <time.h>

static void in_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void times_are_written_with_their_zone(void **state)
{
	(void)state;
	static const struct {
		const char *zone, *text;
	} rows[] = {
		{"UTC", "2026-11-18T11:06:40Z"},
		{"CET-1", "2026-11-18T12:06:40+01:00"},
		{"NST3:30", "2026-11-18T07:36:40-03:30"},
	};
	char text[CLOCK_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		in_zone(rows[i].zone);
		clock_format(INT64_C(1795000000999), text);
		assert_string_equal(text, rows[i].text);
		clock_format_utc(INT64_C(1795000000999), text);
		assert_string_equal(text, rows[0].text);
	}
	clock_format(0, text);
	assert_string_equal(text, "never");
	clock_format(-1, text);
	assert_string_equal(text, "never");
}

static void times_beyond_all_reason_do_no_harm(void **state)
{
	(void)state;
	char text[CLOCK_TEXT];

	clock_format(INT64_MAX, text);
	assert_true(strlen(text) < CLOCK_TEXT);
	clock_format_utc(INT64_C(1) << 60, text);
	assert_true(strlen(text) < CLOCK_TEXT);
}

static void spans_are_in_the_two_largest_units(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{-5000, "under a second"}, {999, "under a second"}, {1000, "1 s"},
		{59999, "59 s"},           {60000, "1 m 0 s"},      {250000, "4 m 10 s"},
		{7980000, "2 h 13 m"},     {86400000, "1 d 0 h"},   {273600000, "3 d 4 h"},
	};
	char text[CLOCK_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		clock_span(rows[i].ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written_with_their_zone),
		cmocka_unit_test(times_beyond_all_reason_do_no_harm),
		cmocka_unit_test(spans_are_in_the_two_largest_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
