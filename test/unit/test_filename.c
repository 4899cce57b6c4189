#include "model/filename.h"

#include "base/mem.h"
#include "base/text.h"

#include "unit.h"

#define E_ACUTE "\xC3\xA9"

static void the_field_gives_a_name_in_each_of_its_forms(void **state)
{
	(void)state;
	static const struct {
		const char *field, *name;
	} rows[] = {
		{"attachment; filename=\"Some Film (1999).torrent\"", "Some Film (1999).torrent"},
		{"attachment; filename=film.torrent", "film.torrent"},
		{"attachment;filename = film.torrent ; x=y", "film.torrent"},
		{"attachment; FileName=\"x\"", "x"},
		{"attachment; filename=\"a \\\"b\\\" \\\\c\"", "a \"b\" \\c"},
		{"attachment; filename=\"semi;colon=1; filename=no\"", "semi;colon=1; filename=no"},
		{"attachment; other=\"; filename=no\"; filename=yes", "yes"},
		{"attachment; filename=\"never closed", "never closed"},
		{"attachment; filename=\"x\\", "x\\"},
		{"attachment; filename=one; filename=two", "one"},
		{"attachment; filename=\"100%41.torrent\"", "100%41.torrent"},
		{"attachment; filename=\"caf\xE9\"", "caf" E_ACUTE},
		{"attachment; filename=\"caf" E_ACUTE "\"", "caf" E_ACUTE},
		{"; filename*=UTF-8''caf%C3%A9", "caf" E_ACUTE},
		{"; filename*=utf-8'en'a%2Fb", "a/b"},
		{"; filename*=ISO-8859-1''caf%E9", "caf" E_ACUTE},
		{"; filename=plain; filename*=UTF-8''better", "better"},
		{"; filename*=UTF-8''better; filename=plain", "better"},
		{"; filename*=UTF-8''bad%FF; filename=plain", "plain"},
		{"; filename*=koi8-r''%C1; filename=plain", "plain"},
		{"; filename*=UTF-8; filename=plain", "plain"},
		{"; filename*=UTF-8''a%00b", "a_b"},
		{"; filename*=UTF-8''a%4zb%", "a%4zb%"},
		{"; filename*=\"UTF-8''quoted\"", "quoted"},
		{"; other; filename=x", "x"},
		{"; other=\";\" = \"x; filename=z\"", "z\""},
		{"; filename=x\x80\xBC", "x\xC2\x80\xC2\xBC"},
		{"; filename=x\x7F\xC0", "x\x7F\xC3\x80"},
		{"attachment", NULL},
		{"attachment; filename=", NULL},
		{"attachment; filename=\"\"", NULL},
		{"attachment; filename", NULL},
		{"filename=x", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *name = filename_from_disposition(rows[i].field);
		if (!name != !rows[i].name || (name && strcmp(name, rows[i].name)))
			fail_msg("%s gave %s", rows[i].field, name ? name : "nothing");
	}
	assert_null(filename_from_disposition(NULL));
}

static void a_field_of_an_absurd_size_gives_no_name(void **state)
{
	(void)state;
	OWN_STR char *padding = mem_printf("%020000d", 0);
	OWN_STR char *field = mem_printf("attachment; filename=x; pad=%s", padding);

	assert_null(filename_from_disposition(field));
	OWN_STR char *fill = mem_printf("%0*d", 16 * 1024 - (int)strlen("; filename=x; p="), 0);
	OWN_STR char *longest = mem_printf("; filename=x; p=%s", fill);
	OWN_STR char *name = filename_from_disposition(longest);
	assert_string_equal(name, "x");
	OWN_STR char *longer = mem_printf("%s0", longest);
	assert_null(filename_from_disposition(longer));
}

static void names_become_safe(void **state)
{
	(void)state;
	static const struct {
		const char *raw, *safe;
	} rows[] = {
		{"Film.torrent", "Film.torrent"},
		{"Film.TORRENT", "Film.torrent"},
		{"Film", "Film.torrent"},
		{"x", "x.torrent"},
		{"Film.torrent.torrent", "Film.torrent.torrent"},
		{"../../etc/cron.d/evil", "evil.torrent"},
		{"..\\..\\evil.torrent", "evil.torrent"},
		{"C:\\evil", "evil.torrent"},
		{"a/..", "_.torrent"},
		{"dir/", "unnamed.torrent"},
		{"", "unnamed.torrent"},
		{".torrent", "unnamed.torrent"},
		{"   ", "unnamed.torrent"},
		{".hidden", "_hidden.torrent"},
		{"...", "_.torrent"},
		{"-rf", "_rf.torrent"},
		{"a<b>c:d\"e|f?g*h", "a_b_c_d_e_f_g_h.torrent"},
		{"a\nb\033c.torrent", "a_b_c.torrent"},
		{"evil\xE2\x80\xAEtnerrot.exe", "evil_tnerrot.exe.torrent"},
		{"a\xE2\x80\x8B"
		 "b\xD8\x9C"
		 "c",
		 "a_b_c.torrent"},
		{" Film . .torrent ", "Film.torrent"},
		{"CON.torrent", "_CON.torrent"},
		{"con", "_con.torrent"},
		{"nul.tar.gz.torrent", "_nul.tar.gz.torrent"},
		{"AUX .x.torrent", "_AUX .x.torrent"},
		{"prn...torrent", "_prn.torrent"},
		{"com1.torrent", "_com1.torrent"},
		{"LPT9", "_LPT9.torrent"},
		{"COM\xC2\xB9.torrent", "_COM\xC2\xB9.torrent"},
		{"CONIN$", "_CONIN$.torrent"},
		{"x/CON", "_CON.torrent"},
		{"Con Air.torrent", "Con Air.torrent"},
		{"COM10.torrent", "COM10.torrent"},
		{"coma.torrent", "coma.torrent"},
		{"com.torrent", "com.torrent"},
		{"Nulle.torrent", "Nulle.torrent"},
		{"caf" E_ACUTE ".torrent", "caf" E_ACUTE ".torrent"},
		{"bad\xFF.torrent", "bad\xEF\xBF\xBD.torrent"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *safe = filename_safe(rows[i].raw);
		assert_string_equal(safe, rows[i].safe);
	}
}

static void long_names_are_cut_between_characters(void **state)
{
	(void)state;
	char raw[2 * 150 + 2] = "x";

	for (size_t i = 0; i < 150; i++)
		memcpy(raw + 1 + 2 * i, E_ACUTE, 3);
	OWN_STR char *safe = filename_safe(raw);
	assert_int_equal(strlen(safe), FILENAME_MAX_BYTES - 1);
	assert_memory_equal(safe + FILENAME_MAX_BYTES - 11, E_ACUTE ".torrent", 10);
}

static void the_infohash_stands_before_the_ending(void **state)
{
	(void)state;
	OWN_STR char *name = filename_with_infohash("Film.torrent", "0123456789abcdef");

	assert_string_equal(name, "Film [01234567].torrent");
	OWN_STR char *again = filename_with_infohash(name, "0123456789abcdef");
	assert_string_equal(again, "Film [01234567].torrent");
	OWN_STR char *other = filename_with_infohash(name, "abcdef0123456789");
	assert_string_equal(other, "Film [01234567] [abcdef01].torrent");
	OWN_STR char *bare = filename_with_infohash(" [01234567].torrent", "0123456789abcdef");
	assert_string_equal(bare, " [01234567] [01234567].torrent");
}

/* The ending that a client adds fits too, whatever the limit; a second look changes nothing. */
static void names_fit_a_folder_with_short_names(void **state)
{
	static const char hash[] = "0123456789abcdef";
	(void)state;

	for (size_t limit = FILENAME_LEAST_BYTES; limit <= FILENAME_MOST_BYTES; limit++) {
		OWN_STR char *long_name =
			filename_safe("\xC3\x84 \xC3\x84\xC3\x84 film name of more "
				      "than so many bytes that fit into a folder "
				      "with short names. And still longer, and "
				      "longer again than that was.torrent");
		OWN_STR char *fitted = filename_fit(long_name, hash, limit);
		OWN_STR char *marked = filename_with_infohash(fitted, hash);
		OWN_STR char *again = filename_fit(fitted, hash, limit);
		bool whole = strcmp(fitted, long_name) == 0;
		assert_true(strlen(marked) + FILENAME_ENDING_BYTES <= limit);
		assert_string_equal(again, fitted);
		assert_true(whole || text_ends(fitted, " [01234567].torrent"));
		assert_int_equal(whole, strlen(long_name) + 27 <= limit);
		assert_true(text_is_utf8(fitted, strlen(fitted)));
		/* No more is cut off than must be. */
		assert_true(whole || strlen(fitted) + 4 > limit - FILENAME_ENDING_BYTES);
	}
}

static void a_shorter_name_does_not_end_in_blanks(void **state)
{
	(void)state;
	OWN_STR char *name = filename_safe("0123456789012345678901234567890123456789012345678901234"
					   "56. . . . . . . . . . . . . . . . . . . . . . . . . x");
	OWN_STR char *fitted = filename_fit(name, "abcdef0123456789", 96);

	assert_string_equal(fitted, "012345678901234567890123456789012345678901234567890123456 "
				    "[abcdef01].torrent");
}

static void the_infohash_alone_is_a_name(void **state)
{
	(void)state;
	OWN_STR char *name = filename_plain("0123456789abcdef");

	assert_string_equal(name, "0123456789abcdef.torrent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_field_gives_a_name_in_each_of_its_forms),
		cmocka_unit_test(a_field_of_an_absurd_size_gives_no_name),
		cmocka_unit_test(names_become_safe),
		cmocka_unit_test(long_names_are_cut_between_characters),
		cmocka_unit_test(the_infohash_stands_before_the_ending),
		cmocka_unit_test(names_fit_a_folder_with_short_names),
		cmocka_unit_test(a_shorter_name_does_not_end_in_blanks),
		cmocka_unit_test(the_infohash_alone_is_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
