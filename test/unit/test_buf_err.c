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
	assert_string_equal(err.word, "Disk");
	assert_string_equal(err.msg, "no room in 7");
	assert_false(err_wrap(&err, "attic %d", 1));
	assert_string_equal(err.msg, "attic 1: no room in 7");
	assert_int_equal(err.kind, ERR_ITEM);
	assert_string_equal(err.word, "Disk");
}

static void the_reason_of_the_system_is_added(void **state)
{
	(void)state;
	struct err err = {0};

	assert_false(err_errno(&err, ERR_RETRY, WORD_DISK, ENOSPC, "cannot write %s", "x"));
	assert_string_equal(err.msg, "cannot write x: No space left on device");
}

static void long_messages_are_cut_between_characters(void **state)
{
	(void)state;
	struct err err = {0};
	char text[2 * sizeof err.msg];

	for (size_t i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "\xC3\xA9\0", 3);
	err_set(&err, ERR_ITEM, "a word that is longer than it may be", "%s", text);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 2);
	assert_string_equal(err.word, "a word that is longer t");
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
		cmocka_unit_test(a_new_buffer_is_empty),
		cmocka_unit_test(bytes_are_added_up_to_the_ceiling),
		cmocka_unit_test(what_fits_of_too_much_is_kept_and_then_nothing_more),
		cmocka_unit_test(large_texts_are_formatted_whole),
		cmocka_unit_test(taken_bytes_leave_an_empty_buffer),
		cmocka_unit_test(an_error_has_a_kind_a_word_and_a_message),
		cmocka_unit_test(the_reason_of_the_system_is_added),
		cmocka_unit_test(long_messages_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
