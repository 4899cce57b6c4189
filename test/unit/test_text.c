#include "base/text.h"

#include "base/own.h"

#include "unit.h"

#define E_ACUTE "\xC3\xA9"     /* U+00E9 */
#define BOX "\xF0\x9F\x93\xA6" /* U+1F4E6 */
#define UNKNOWN "\xEF\xBF\xBD" /* U+FFFD */

static void utf8_is_told_from_what_is_not(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len, valid; /* of the sequence at the start; 0: none */
	} rows[] = {
		{"a", 1, 1},
		{"\x7F", 1, 1},
		{E_ACUTE, 2, 2},
		{"\xE2\x82\xAC", 3, 3},
		{BOX, 4, 4},
		{"\xF4\x8F\xBF\xBF", 4, 4},
		{"", 0, 0},
		{E_ACUTE, 1, 0},
		{BOX, 3, 0},
		{"\x80", 1, 0},
		{"\xC1\xBF", 2, 0},
		{"\xE0\x9F\xBF", 3, 0},
		{"\xED\xA0\x80", 3, 0},
		{"\xF0\x8F\xBF\xBF", 4, 0},
		{"\xF4\x90\x80\x80", 4, 0},
		{"\xF8\x88\x80\x80", 4, 0},
		{"\xC3(", 2, 0},
		{"\xFF", 1, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(text_utf8_len(rows[i].bytes, rows[i].len), rows[i].valid);
		assert_int_equal(text_is_utf8(rows[i].bytes, rows[i].len),
				 rows[i].valid == rows[i].len);
	}
	assert_true(text_is_utf8("a" E_ACUTE BOX "b", 8));
	assert_false(text_is_utf8("a\xE9"
				  "b",
				  3));
}

static void copies_are_cut_between_characters(void **state)
{
	(void)state;
	static const struct {
		size_t cap;
		const char *copy;
	} rows[] = {{1, ""},
		    {2, "a"},
		    {3, "a"},
		    {4, "a" E_ACUTE},
		    {7, "a" E_ACUTE},
		    {8, "a" E_ACUTE BOX},
		    {9, "a" E_ACUTE BOX "b"}};
	char to[16];

	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(to, 'x', sizeof to);
		text_copy(to, rows[i].cap, "a" E_ACUTE BOX "b");
		assert_string_equal(to, rows[i].copy);
		assert_int_equal(to[rows[i].cap], 'x');
	}
}

static void joined_parts_end_where_one_did_not_fit(void **state)
{
	(void)state;
	char to[8];

	text_join(to, sizeof to, (const char *[]){"abc", ": ", "de"}, 3);
	assert_string_equal(to, "abc: de");
	text_join(to, sizeof to, (const char *[]){"abcde", BOX, "f"}, 3);
	assert_string_equal(to, "abcde");
}

static void the_cut_never_exceeds_the_limit(void **state)
{
	(void)state;
	const char *text = "a" E_ACUTE BOX;

	assert_int_equal(text_cut(text, 7, 100), 7);
	assert_int_equal(text_cut(text, 7, 6), 3);
	assert_int_equal(text_cut(text, 7, 4), 3);
	assert_int_equal(text_cut(text, 7, 3), 3);
	assert_int_equal(text_cut(text, 7, 2), 1);
	assert_int_equal(text_cut(text, 7, 0), 0);
	/* Bytes that are no UTF-8 at all are cut anywhere. */
	assert_int_equal(text_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
}

static void unfinished_characters_are_removed_from_the_end(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after;
	} rows[] = {{"", ""},
		    {"a", "a"},
		    {"a" E_ACUTE, "a" E_ACUTE},
		    {"a\xC3", "a"},
		    {"a\xF0\x9F\x93", "a"},
		    {"a" BOX, "a" BOX}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[16];
		strcpy(text, rows[i].before);
		text_trim_partial(text);
		assert_string_equal(text, rows[i].after);
	}
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *text, *printable;
	} rows[] = {
		{"plain " E_ACUTE BOX, "plain " E_ACUTE BOX},
		{"a\033[31mb", "a?[31mb"},
		{"a\nb\rc\td\x7F", "a?b?c?d?"},
		{"a\xC2\x9B"
		 "b",
		 "a?b"},
		{"a\xE2\x80\xAE"
		 "b\xE2\x81\xA6"
		 "c\xE2\x80\x8F",
		 "a?b?c?"},
		{"a\xC2\xA0"
		 "b",
		 "a\xC2\xA0"
		 "b"},
		{"a\xD8\x9C"
		 "b\xE2\x80\x8B"
		 "c\xEF\xBB\xBF",
		 "a?b?c?"},
		{"a\xFF"
		 "b\xC3",
		 "a" UNKNOWN "b" UNKNOWN},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *got = text_printable(rows[i].text, strlen(rows[i].text), 100);
		assert_string_equal(got, rows[i].printable);
	}
	OWN_STR char *nul = text_printable("a\0b", 3, 100);
	assert_string_equal(nul, "a?b");
	OWN_STR char *cut = text_printable("ab" E_ACUTE, 4, 3);
	assert_string_equal(cut, "ab");
}

static void put_utf8(uint32_t c, char out[5])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};

	memset(out, 0, 5);
	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3F));
	out[0] = (char)(lead[n] | c);
}

static void what_shows_nothing_or_turns_the_text_is_not_printable(void **state)
{
	static const uint32_t hidden[] = {
		0x00AD, 0x034F, 0x0600, 0x0605,  0x061C,  0x06DD,  0x070F,  0x08E2,  0x115F,
		0x1160, 0x180E, 0x200B, 0x200C,  0x200D,  0x200E,  0x200F,  0x2028,  0x2029,
		0x202A, 0x202E, 0x2060, 0x2064,  0x2066,  0x2069,  0x206F,  0x3164,  0xFEFF,
		0xFFA0, 0xFFF9, 0xFFFB, 0x110BD, 0x13430, 0x1BCA0, 0x1D173, 0xE0001, 0xE007F};
	static const uint32_t shown[] = {0x20,   0x7E,   0xA0,   0xAC,   0xAE,    0x061B, 0x061D,
					 0x2010, 0x2027, 0x2030, 0x205F, 0x2070,  0x3163, 0x4E2D,
					 0xFE0F, 0xFEFE, 0xFFFC, 0xFFFD, 0x1F600, 0x20000};
	char text[5];

	(void)state;
	for (size_t i = 0; i < COUNT(hidden); i++) {
		put_utf8(hidden[i], text);
		OWN_STR char *got = text_printable(text, strlen(text), 10);
		if (strcmp(got, "?") != 0)
			fail_msg("U+%04X is printable", (unsigned)hidden[i]);
	}
	for (size_t i = 0; i < COUNT(shown); i++) {
		put_utf8(shown[i], text);
		OWN_STR char *got = text_printable(text, strlen(text), 10);
		if (strcmp(got, text) != 0)
			fail_msg("U+%04X is not printable", (unsigned)shown[i]);
	}
}

static void lines_stay_lines_and_the_whole_is_cut_between_characters(void **state)
{
	(void)state;
	OWN_STR char *all = text_printable_lines("a\tb\n\n" E_ACUTE "\xFF\n", 100);
	OWN_STR char *cut = text_printable_lines("a\nb" E_ACUTE "\nc", 4);
	OWN_STR char *fits = text_printable_lines("a\nb" E_ACUTE "\nc", 5);
	OWN_STR char *none = text_printable_lines("", 5);

	assert_string_equal(all, "a?b\n\n" E_ACUTE UNKNOWN "\n");
	assert_string_equal(cut, "a\nb");
	assert_string_equal(fits, "a\nb" E_ACUTE);
	assert_string_equal(none, "");
}

static void white_space_is_stripped_from_both_ends(void **state)
{
	(void)state;
	char text[] = " \t\r\n a b \n", blank[] = " \n ";

	assert_string_equal(text_strip(text), "a b");
	assert_string_equal(text_strip(blank), "");
}

static void the_distance_counts_slips_of_the_pen(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = {
		{"ApiKey", "ApiKey", 0},  {"ApiKey", "apikey", 0},
		{"ApiKey", "ApKey", 1},   {"ApiKey", "ApiKeys", 1},
		{"ApiKey", "ApiKay", 1},  {"ApiKey", "AipKey", 1},
		{"ApiKey", "", 6},        {"", "", 0},
		{"kitten", "sitting", 3},
	};
	char longest[64], longer[65];

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(text_distance(rows[i].a, rows[i].b), rows[i].distance);
		assert_int_equal(text_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
	memset(longest, 'a', 63);
	longest[63] = '\0';
	memset(longer, 'a', 64);
	longer[64] = '\0';
	assert_int_equal(text_distance(longest, ""), 63);
	assert_int_equal(text_distance(longer, "a"), 99);
}

static void the_nearest_word_is_suggested(void **state)
{
	(void)state;
	static const char *const words[] = {"text", "json", "jso", NULL};
	static const char *const none[] = {NULL};

	assert_string_equal(text_nearest("TXT", words), "text");
	assert_string_equal(text_nearest("text", words), "text");
	assert_string_equal(text_nearest("jsn", words), "json");
	assert_string_equal(text_nearest("jo", words), "jso");
	assert_null(text_nearest("xyz", words));
	assert_null(text_nearest("text", none));
}

static void a_word_that_begins_as_another_is_suggested(void **state)
{
	static const char *const keys[] = {"Size",        "WatchDirectory", "PTP_WATCH", "Listen",
					   "ListenToken", "PTP_USER",       NULL};
	static const struct {
		const char *word, *near;
	} rows[] = {{"Watch", "WatchDirectory"},
		    {"WatchDir", "WatchDirectory"},
		    {"WatchFolder", "WatchDirectory"},
		    {"watch_dir", "WatchDirectory"},
		    {"Watchman", NULL},
		    {"PTP_WATCH_DIR", "PTP_WATCH"},
		    {"PTP_WATCHDIR", "PTP_WATCH"},
		    {"PTP_FOLDER", NULL},
		    {"ListenTokenOfMine", "ListenToken"},
		    {"Sizeable", NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *near = text_nearest(rows[i].word, keys);
		if (rows[i].near ? !near || strcmp(near, rows[i].near) != 0 : near != NULL)
			fail_msg("%s: %s", rows[i].word, near ? near : "none");
	}
}

static void beginnings_endings_and_parts_are_found(void **state)
{
	(void)state;
	assert_true(text_starts("HTTP 403", "HTTP "));
	assert_false(text_starts("HT", "HTTP"));
	assert_true(text_ends("a.torrent", ".torrent"));
	assert_false(text_ends("torrent", ".torrent"));
	assert_true(text_has_nocase("Too many STALLED ones", "stall"));
	assert_false(text_has_nocase("sta ll", "stall"));
}

static void percent_encoding_is_undone(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"", ""},         {"plain", "plain"},     {"a%20b", "a b"}, {"%c3%A9", "\xc3\xa9"},
		{"%2525", "%25"}, {"100%", "100%"},       {"%4", "%4"},     {"%zz%4g", "%zz%4g"},
		{"a%00b", "a_b"}, {"%01%ff", "\x01\xff"}, {"%%41", "%A"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *decoded = text_percent_decoded(rows[i][0]);
		assert_string_equal(decoded, rows[i][1]);
	}
}

static void a_page_begins_with_a_bracket(void **state)
{
	(void)state;
	assert_true(text_is_page("<html>", 6));
	assert_true(text_is_page(" \r\n\t<", 5));
	assert_false(text_is_page(" \r\n\t<", 4));
	assert_false(text_is_page("", 0));
	assert_false(text_is_page("a<", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_told_from_what_is_not),
		cmocka_unit_test(copies_are_cut_between_characters),
		cmocka_unit_test(joined_parts_end_where_one_did_not_fit),
		cmocka_unit_test(the_cut_never_exceeds_the_limit),
		cmocka_unit_test(unfinished_characters_are_removed_from_the_end),
		cmocka_unit_test(control_characters_do_not_reach_a_terminal),
		cmocka_unit_test(what_shows_nothing_or_turns_the_text_is_not_printable),
		cmocka_unit_test(lines_stay_lines_and_the_whole_is_cut_between_characters),
		cmocka_unit_test(white_space_is_stripped_from_both_ends),
		cmocka_unit_test(the_distance_counts_slips_of_the_pen),
		cmocka_unit_test(percent_encoding_is_undone),
		cmocka_unit_test(a_page_begins_with_a_bracket),
		cmocka_unit_test(the_nearest_word_is_suggested),
		cmocka_unit_test(a_word_that_begins_as_another_is_suggested),
		cmocka_unit_test(beginnings_endings_and_parts_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
