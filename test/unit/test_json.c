#include "base/json.h"

#include "base/mem.h"

#include "unit.h"

static json_t *parse(const char *text)
{
	json_t *root = json_parse(text, strlen(text));

	if (!root)
		fail_msg("\"%s\" is not read", text);
	return root;
}

static void what_is_no_json_is_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = {"",     " ",    "{",     "[1,]",
					    "{} x", "\xff", "1e999", "{\"a\"}"};

	for (size_t i = 0; i < COUNT(texts); i++)
		assert_null(json_parse(texts[i], strlen(texts[i])));
	assert_null(json_parse(NULL, 0));
}

static void one_odd_text_hides_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *text, *read;
	} rows[] = {
		{"{\"a\":\"caf\xe9\"}", "caf?"},
		{"{\"a\":\"\xc3\xa9t\xc3\xa9\"}", "\xc3\xa9t\xc3\xa9"},
		{"{\"a\":\"\\ud8000\"}", "?0"},
		{"{\"a\":\"\\udfac\\uD83C\"}", "??"},
		{"{\"a\":\"\\ud83c\\udfac\"}", "\U0001f3ac"},
		{"{\"a\":\"\\\\ud800\"}", "\\ud800"},
		{"{\"a\":\"a\\u0000b\"}", "a"},
		{"{\"a\":\"\\u00e9\"}", "\xc3\xa9"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_JSON json_t *root = parse(rows[i].text);
		assert_string_equal(json_text_at(root, "a"), rows[i].read);
	}
}

static void a_text_is_a_text_or_nothing(void **state)
{
	(void)state;
	OWN_JSON json_t *root = parse("{\"a\":\"x\",\"b\":7,\"c\":null,\"d\":[\"x\"]}");
	OWN_STR char *copy = json_copy_at(root, "a");

	assert_string_equal(copy, "x");
	assert_string_equal(json_text_at(root, "b"), "");
	assert_string_equal(json_text_at(json_object_get(root, "d"), "a"), "");
	assert_string_equal(json_text_at(NULL, "a"), "");
	assert_string_equal(json_text(NULL), "");
	assert_null(json_copy_at(root, "b"));
	assert_null(json_copy_at(root, "e"));
}

static void counts_are_whole_and_bounded(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool told;
		uint64_t n;
	} rows[] = {
		{"0", true, 0},
		{"-0.0", true, 0},
		{"43182977024", true, 43182977024},
		{"9007199254740992", true, 9007199254740992},
		{"9.9", true, 9},
		{"9223372036854774784", true, 9223372036854774784},
		{"9223372036854775807", true, INT64_MAX},
		{"18446744073709551616", true, INT64_MAX},
		{"99999999999999999999999", true, INT64_MAX},
		{"1e300", true, INT64_MAX},
		{"-1", false, 4711},
		{"-1e300", false, 4711},
		{"\"7\"", false, 4711},
		{"true", false, 4711},
		{"null", false, 4711},
		{"[7]", false, 4711},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *text = mem_printf("{\"n\":%s}", rows[i].text);
		OWN_JSON json_t *root = parse(text);
		uint64_t n = 4711;
		assert_int_equal(json_count_at(root, "n", &n), rows[i].told);
		assert_true(n == rows[i].n);
		n = 4711;
		assert_int_equal(json_count(json_object_get(root, "n"), &n), rows[i].told);
		assert_true(json_count_or_0_at(root, "n") == (rows[i].told ? rows[i].n : 0));
	}
}

static void times_are_in_milliseconds_and_within_reason(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t when;
	} rows[] = {
		{"1700000000", 1700000000000},
		{"1700000000.25", 1700000000250},
		{"253402300799", 253402300799000},
		{"253402300800", 0},
		{"9223372036854775807", 0},
		{"1e300", 0},
		{"0", 0},
		{"-5", 0},
		{"\"1700000000\"", 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *text = mem_printf("{\"t\":%s}", rows[i].text);
		OWN_JSON json_t *root = parse(text);
		assert_true(json_time_at(root, "t") == rows[i].when);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_json_is_nothing),
		cmocka_unit_test(one_odd_text_hides_nothing),
		cmocka_unit_test(a_text_is_a_text_or_nothing),
		cmocka_unit_test(counts_are_whole_and_bounded),
		cmocka_unit_test(times_are_in_milliseconds_and_within_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
