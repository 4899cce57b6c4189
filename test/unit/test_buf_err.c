#include "base/buf.h"

#include "unit.h"

#include <errno.h>

static void a_new_buffer_is_empty(void **state)
{
	(void)state;
	struct buf b = BUF_MAX(10);

	assert_string_equal(buf_text(&b), "");
	OWN_STR char *taken = buf_take(&b);
	assert_string_equal(taken, "");
	buf_clear(&b);
	buf_clear(&b);
}

static void bytes_are_added_up_to_the_ceiling(void **state)
{
	(void)state;
	OWN_BUF struct buf b = BUF_MAX(5);

	assert_true(buf_puts(&b, "abc"));
	assert_true(buf_add(&b, "de", 2));
	assert_false(b.full);
	assert_false(buf_puts(&b, "f"));
	assert_true(b.full);
	assert_string_equal(buf_text(&b), "abcde");
}

static void what_fits_of_too_much_is_kept_and_then_nothing_more(void **state)
{
	(void)state;
	OWN_BUF struct buf b = BUF_MAX(4);

	assert_false(buf_puts(&b, "abcdef"));
	assert_string_equal(buf_text(&b), "abcd");
	buf_reset(&b);
	assert_string_equal(buf_text(&b), "");
	assert_true(buf_puts(&b, "xy"));
	assert_false(buf_puts(&b, "123"));
	assert_string_equal(buf_text(&b), "xy12");
}

static void large_texts_are_formatted_whole(void **state)
{
	(void)state;
	OWN_BUF struct buf b = BUF_MAX(5000);

	assert_true(buf_printf(&b, "%01000d", 7));
	assert_true(buf_printf(&b, "-%s", "end"));
	assert_int_equal(b.len, 1004);
	assert_string_equal(b.data + 998, "07-end");
	assert_int_equal(strlen(b.data), b.len);
}

static void taken_bytes_leave_an_empty_buffer(void **state)
{
	(void)state;
	OWN_BUF struct buf b = BUF_MAX(10);

	buf_add(&b, "a\0b", 3);
	OWN_STR char *taken = buf_take(&b);
	assert_memory_equal(taken, "a\0b", 4);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 10);
	assert_true(buf_puts(&b, "again"));
}

static void an_error_has_a_kind_a_word_and_a_message(void **state)
{
	(void)state;
	struct err err = {0};

	assert_false(err_set(&err, ERR_ITEM, WORD_DISK, "no %s in %d", "room", 7));
	assert_int_equal(err.kind, ERR_ITEM);
	assert_int_equal(err.code, WORD_DISK);
	assert_string_equal(err.msg, "no room in 7");
	assert_false(err_wrap(&err, "attic %d", 1));
	assert_string_equal(err.msg, "attic 1: no room in 7");
	assert_int_equal(err.kind, ERR_ITEM);
	assert_int_equal(err.code, WORD_DISK);
}

static void a_code_has_a_word(void **state)
{
	(void)state;
	char word[ERR_WORD];

	err_word(WORD_DISK, 503, "RuntimeError", word);
	assert_string_equal(word, "Disk");
	err_word(WORD_HTTP, 503, "", word);
	assert_string_equal(word, "HTTP 503");
	err_word(WORD_OTHER, 0, "RuntimeError", word);
	assert_string_equal(word, "RuntimeError");
}

static void every_code_but_those_with_data_is_found_by_its_word(void **state)
{
	(void)state;
	char word[ERR_WORD];

	for (unsigned code = WORD_AUTH; code < WORD_HTTP; code++) {
		err_word((enum err_code)code, 0, "", word);
		assert_true(*word);
		assert_int_equal(err_code_of(word), code);
	}
	assert_int_equal(err_code_of("HTTP"), WORD_NONE);
	assert_int_equal(err_code_of(""), WORD_NONE);
}

static void an_error_of_http_keeps_its_status(void **state)
{
	(void)state;
	struct err err = {.code = WORD_DISK};

	assert_false(err_http(&err, ERR_RETRY, 503, "no %s", "luck"));
	assert_int_equal(err.code, WORD_HTTP);
	assert_int_equal(err.status, 503);
	assert_string_equal(err.msg, "no luck");
	assert_false(err_set(&err, ERR_RETRY, WORD_DISK, "x"));
	assert_int_equal(err.status, 0);
}

static void the_reason_of_the_system_is_added(void **state)
{
	(void)state;
	struct err err = {0};

	assert_false(err_errno(&err, ERR_RETRY, WORD_DISK, ENOSPC, "cannot write %s", "x"));
	assert_string_equal(err.msg, "cannot write x: No space left on device");
}

static void the_advice_is_found_without_reading_the_message(void **state)
{
	(void)state;
	struct err err;
	char text[500];

	err_errno(&err, ERR_RETRY, WORD_DISK, EACCES, "cannot open %s", "x; y");
	assert_int_equal(err.errnum, EACCES);
	assert_null(err_advice(&err));
	assert_false(err_advise(&err, "chmod %s; or not", "x"));
	err_wrap(&err, "attic");
	assert_string_equal(err.msg, "attic: cannot open x; y: Permission denied; chmod x; or not");
	assert_string_equal(err_advice(&err), "chmod x; or not");
	OWN_STR char *fault = err_fault(&err);
	assert_string_equal(fault, "attic: cannot open x; y: Permission denied");
	/* One that no longer fits is gone; so is the one of another error. */
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	err_wrap(&err, "%s", text);
	assert_null(err_advice(&err));
	err_advise(&err, "x");
	assert_null(err_advice(&err));
	err_set(&err, ERR_RETRY, WORD_DISK, "no");
	OWN_STR char *whole = err_fault(&err);
	assert_string_equal(whole, "no");
	assert_int_equal(err.errnum, 0);
}

static void long_messages_are_cut_between_characters(void **state)
{
	(void)state;
	struct err err = {0};
	char text[2 * sizeof err.msg];

	for (size_t i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "\xC3\xA9\0", 3);
	err_set(&err, ERR_ITEM, WORD_OTHER, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 2);
	err_wrap(&err, "ab");
	assert_int_equal(strlen(err.msg), sizeof err.msg - 2);
	assert_memory_equal(err.msg, "ab: \xC3\xA9", 6);
	err_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
	assert_string_equal(err.msg + sizeof err.msg - 4, "\xC3\xA9:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_advice_is_found_without_reading_the_message),
		cmocka_unit_test(a_new_buffer_is_empty),
		cmocka_unit_test(bytes_are_added_up_to_the_ceiling),
		cmocka_unit_test(what_fits_of_too_much_is_kept_and_then_nothing_more),
		cmocka_unit_test(large_texts_are_formatted_whole),
		cmocka_unit_test(taken_bytes_leave_an_empty_buffer),
		cmocka_unit_test(an_error_has_a_kind_a_word_and_a_message),
		cmocka_unit_test(a_code_has_a_word),
		cmocka_unit_test(every_code_but_those_with_data_is_found_by_its_word),
		cmocka_unit_test(an_error_of_http_keeps_its_status),
		cmocka_unit_test(the_reason_of_the_system_is_added),
		cmocka_unit_test(long_messages_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
