#include "base/num.h"

#include "unit.h"

static void whole_numbers_are_digits_within_a_limit(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t value;
	} rows[] = {
		{"0", 0, true, 0},
		{"007", 9, true, 7},
		{"10", 10, true, 10},
		{"11", 10, false, 0},
		{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, false, 0},
		{"99999999999999999999999", UINT64_MAX, false, 0},
		{"", 10, false, 0},
		{"-1", 10, false, 0},
		{"+1", 10, false, 0},
		{" 1", 10, false, 0},
		{"1 ", 10, false, 0},
		{"0x1", 10, false, 0},
		{"1.0", 10, false, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = 4711;
		assert_int_equal(num_u64(rows[i].text, rows[i].max, &value), rows[i].ok);
		assert_int_equal(value, rows[i].ok ? rows[i].value : 4711);
	}
}

static void fractions_are_read_as_thousandths(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value; /* -1: refused */
	} rows[] = {
		{"0", 0},      {"5", 5000},        {"0.25", 250},   {"0.3", 300},
		{"0.0009", 0}, {"12.3456", 12345}, {"100", 100000}, {"100.0", 100000},
		{"100.1", -1}, {"101", -1},        {"", -1},        {".5", -1},
		{"5.", -1},    {"1e1", -1},        {"1,5", -1},     {"-1", -1},
		{"1.2.3", -1},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = -1;
		assert_int_equal(num_milli(rows[i].text, 100, &value), rows[i].value >= 0);
		assert_int_equal(value, rows[i].value);
	}
}

static void durations_need_a_unit_and_are_above_zero(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value; /* -1: refused */
	} rows[] = {
		{"1s", 1000},       {"90m", 5400000},
		{"6h", 21600000},   {"2d", 172800000},
		{"48h", 172800000}, {"49h", -1},
		{"3d", -1},         {"0s", -1},
		{"6", -1},          {"h", -1},
		{"6H", -1},         {"6 h", -1},
		{"6hs", -1},        {"1.5h", -1},
		{"-1h", -1},        {"99999999999999999999d", -1},
		{"", -1},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = -1;
		assert_int_equal(num_duration(rows[i].text, 172800000, &value), rows[i].value >= 0);
		assert_int_equal(value, rows[i].value);
	}
}

static void durations_are_written_in_the_shortest_form(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {{21600000, "6h"}, {5400000, "90m"}, {172800000, "2d"}, {61000, "61s"}};
	char text[NUM_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		num_duration_format(rows[i].ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void sizes_are_a_number_and_a_unit(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: refused */
	} rows[] = {
		{"1B", 1},
		{"500G", UINT64_C(500) << 30},
		{"1.5T", UINT64_C(3) << 39},
		{"0.5K", 512},
		{"00.5K", 512},
		{"1023P", UINT64_C(1023) << 50},
		{"1023.0P", UINT64_C(1023) << 50},
		{"1023.1P", 0},
		{"1024P", 0},
		{"1047552T", UINT64_C(1023) << 50},
		{"1047553T", 0},
		{"99999999999999999999G", 0},
		{"500", 0},
		{"5TB", 0},
		{"5t", 0},
		{"5 T", 0},
		{"T", 0},
		{"", 0},
		{".5G", 0},
		{"5.G", 0},
		{"1.2.3G", 0},
		{"0G", 0},
		{"0.0G", 0},
		{"-5G", 0},
		{"5G\n", 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bytes = 0;
		if (num_size(rows[i].text, &bytes) != (rows[i].bytes > 0))
			fail_msg("%s", rows[i].text);
		assert_int_equal(bytes, rows[i].bytes);
	}
	assert_true(num_size("1G", NULL));
}

static void byte_counts_are_readable(void **state)
{
	(void)state;
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{(1 << 20) - 1, "1.0 MiB"},
		{UINT64_C(14) << 37, "1.8 TiB"},
		{UINT64_MAX, "16.0 EiB"},
	};
	char text[NUM_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		num_bytes(rows[i].bytes, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void versions_compare_as_dotted_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{"0.10", "0.10", 0},  {"0.10", "0.9", 1},       {"0.9", "0.10", -1},
		{"1", "0.99", 1},     {"0.10.1", "0.10", 1},    {"0.10.0", "0.10", 0},
		{"0.010", "0.10", 0}, {"1.0", "1", 0},          {"", "0", 0},
		{"2a", "2", 0},       {"0.10", "0.10.0.1", -1}, {"99999999999999999999", "1", 1},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(num_version_compare(rows[i].a, rows[i].b), rows[i].order);
		assert_int_equal(num_version_compare(rows[i].b, rows[i].a), -rows[i].order);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_are_digits_within_a_limit),
		cmocka_unit_test(fractions_are_read_as_thousandths),
		cmocka_unit_test(durations_need_a_unit_and_are_above_zero),
		cmocka_unit_test(durations_are_written_in_the_shortest_form),
		cmocka_unit_test(sizes_are_a_number_and_a_unit),
		cmocka_unit_test(byte_counts_are_readable),
		cmocka_unit_test(versions_compare_as_dotted_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
