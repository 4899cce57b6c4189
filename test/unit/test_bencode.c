#include "base/bencode.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct bencode read_ok(const char *text)
{
	struct err err = {0};
	struct bencode v = {0};

	if (!bencode_read(text, strlen(text), &v, &err))
		fail_msg("%s: %s", text, err.msg);
	return v;
}

static void types_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(bencode_type(read_ok("i1e")), BENCODE_INT);
	assert_int_equal(bencode_type(read_ok("0:")), BENCODE_STRING);
	assert_int_equal(bencode_type(read_ok("le")), BENCODE_LIST);
	assert_int_equal(bencode_type(read_ok("de")), BENCODE_DICT);
	assert_int_equal(bencode_type((struct bencode){0}), BENCODE_NONE);
}

static void bytes_behind_the_value_are_ignored(void **state)
{
	(void)state;
	const char *text = "d1:ai1ee\r\n";
	struct bencode v = read_ok(text);

	assert_ptr_equal(v.at, text);
	assert_ptr_equal(v.end, text + 8);
}

static void malformed_values_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"", "empty"},
		{"x", "byte 0: no bencoded value starts like this"},
		{"e", "byte 0: an end without a beginning"},
		{"ie", "byte 1: an integer holds something else than digits"},
		{"i-e", "byte 2: an integer holds"},
		{"i--1e", "byte 2: an integer holds"},
		{"i1.5e", "byte 2: an integer holds"},
		{"i1", "cut off: the file ends at byte 2"},
		{"i", "cut off: the file ends at byte 1"},
		{"i000000000000000000001e", "byte 0: an integer of over 20 digits"},
		{"5:spam", "cut off: the string at byte 0 has a length of 5 bytes, and only 4"},
		{"5", "cut off: the file ends at byte 1"},
		{"5x", "byte 1: a colon is missing"},
		{"00000000000000001:a", "byte 0: the length of a string has over 16 digits"},
		{"99999999999999999999:a", "byte 0: the length of a string has over 16 digits"},
		{"9999999999999999:a", "cut off: the string at byte 0"},
		{"l", "cut off: the file ends at byte 1"},
		{"li1e", "cut off: the file ends at byte 4"},
		{"di1ei1ee", "byte 1: the key of a dictionary is not a string"},
		{"dlee", "byte 1: the key of a dictionary is not a string"},
		{"d1:ae", "byte 4: a key without a value"},
		{"d1:ai1e1:be", "byte 10: a key without a value"},
		{"ld1:aleee1:x", NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {0};
		struct bencode v;
		bool ok = bencode_read(rows[i].text, strlen(rows[i].text), &v, &err);
		assert_int_equal(ok, rows[i].message == NULL);
		if (ok)
			continue;
		assert_int_equal(err.kind, ERR_ITEM);
		assert_int_equal(err.code, WORD_BAD_TORRENT);
		if (strncmp(err.msg, rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("%s: %s", rows[i].text, err.msg);
	}
}

/* Copies of exactly the right size, so that a sanitizer sees a read behind the end. */
static void every_beginning_of_a_value_is_refused(void **state)
{
	(void)state;
	static const char whole[] = "d4:listli-12e3:abcd1:xleee3:numi340ee";

	for (size_t len = 0; len < strlen(whole); len++) {
		struct err err = {0};
		struct bencode v;
		char *part = mem_alloc(len);
		memcpy(part, whole, len);
		assert_false(bencode_read(part, len, &v, &err));
		free(part);
	}
	read_ok(whole);
}

static bool reads_nested(size_t depth, const char *open)
{
	OWN_BUF struct buf b = BUF_MAX(100000);
	struct err err = {0};
	struct bencode v;

	for (size_t i = 0; i < depth; i++)
		buf_puts(&b, open);
	buf_puts(&b, "le");
	for (size_t i = 0; i < depth; i++)
		buf_puts(&b, "e");
	return bencode_read(b.data, b.len, &v, &err);
}

static void nesting_is_limited(void **state)
{
	(void)state;
	assert_true(reads_nested(BENCODE_MAX_DEPTH - 1, "l"));
	assert_false(reads_nested(BENCODE_MAX_DEPTH, "l"));
	assert_true(reads_nested(BENCODE_MAX_DEPTH - 1, "d1:a"));
	assert_false(reads_nested(BENCODE_MAX_DEPTH, "d1:a"));
	assert_false(reads_nested(20000, "l"));
}

static bool reads_strings(size_t count)
{
	struct err err = {0};
	struct bencode v;
	size_t len = 2 * count + 2;
	char *text = mem_alloc(len);

	text[0] = 'l';
	for (size_t i = 0; i < count; i++)
		memcpy(text + 1 + 2 * i, "0:", 2);
	text[len - 1] = 'e';
	bool ok = bencode_read(text, len, &v, &err);
	free(text);
	return ok;
}

static void the_number_of_tokens_is_limited(void **state)
{
	(void)state;
	assert_true(reads_strings(BENCODE_MAX_TOKENS - 2));
	assert_false(reads_strings(BENCODE_MAX_TOKENS - 1));
}

static void integers_have_their_value(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{"i0e", 0},
		{"i-0e", 0},
		{"i42e", 42},
		{"i-42e", -42},
		{"i007e", 7},
		{"i9223372036854775807e", INT64_MAX},
		{"i-9223372036854775807e", -INT64_MAX},
		{"i9223372036854775808e", 0},
		{"i-9223372036854775808e", 0},
		{"i99999999999999999999e", 0},
		{"1:5", -1},
		{"le", -1},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(bencode_int(read_ok(rows[i].text), -1), rows[i].value);
	assert_int_equal(bencode_int((struct bencode){0}, 7), 7);
}

static void strings_have_their_bytes(void **state)
{
	(void)state;
	struct bencode_str s = bencode_str(read_ok("04:a:ebx"));

	assert_int_equal(s.len, 4);
	assert_memory_equal(s.text, "a:eb", 4);
	assert_non_null(bencode_str(read_ok("0:")).text);
	assert_null(bencode_str(read_ok("i1e")).text);
	assert_null(bencode_str((struct bencode){0}).text);
}

static void the_first_of_equal_keys_is_found(void **state)
{
	(void)state;
	struct bencode d = read_ok("d2:abi1e1:ai2e1:ai3e1:bl1:xee");

	assert_int_equal(bencode_int(bencode_find(d, "a"), -1), 2);
	assert_int_equal(bencode_int(bencode_find(d, "ab"), -1), 1);
	assert_int_equal(bencode_type(bencode_find(d, "c")), BENCODE_NONE);
	assert_int_equal(bencode_type(bencode_find(d, "")), BENCODE_NONE);
	assert_int_equal(bencode_type(bencode_find_type(d, "b", BENCODE_LIST)), BENCODE_LIST);
	assert_int_equal(bencode_type(bencode_find_type(d, "b", BENCODE_DICT)), BENCODE_NONE);
	assert_int_equal(bencode_type(bencode_find(read_ok("l1:ai1ee"), "a")), BENCODE_NONE);
	assert_int_equal(bencode_type(bencode_find((struct bencode){0}, "a")), BENCODE_NONE);
}

static void items_come_in_order(void **state)
{
	(void)state;
	struct bencode_iter it = bencode_items(read_ok("li1eld1:ai2eeei3ee"));
	struct bencode item;

	assert_true(bencode_next(&it, &item));
	assert_int_equal(bencode_int(item, -1), 1);
	assert_true(bencode_next(&it, &item));
	assert_int_equal(bencode_type(item), BENCODE_LIST);
	assert_true(bencode_next(&it, &item));
	assert_int_equal(bencode_int(item, -1), 3);
	assert_false(bencode_next(&it, &item));
	assert_false(bencode_next(&it, &item));
}

static void pairs_come_in_order(void **state)
{
	(void)state;
	struct bencode_iter it = bencode_items(read_ok("d1:bi1e1:ai2ee"));
	struct bencode_str key;
	struct bencode value;

	assert_true(bencode_next_pair(&it, &key, &value));
	assert_memory_equal(key.text, "b", key.len);
	assert_int_equal(bencode_int(value, -1), 1);
	assert_true(bencode_next_pair(&it, &key, &value));
	assert_memory_equal(key.text, "a", key.len);
	assert_false(bencode_next_pair(&it, &key, &value));
}

static void other_values_have_no_items(void **state)
{
	(void)state;
	struct bencode values[] = {read_ok("i1e"), read_ok("2:le"), {0}};
	struct bencode item;

	for (size_t i = 0; i < COUNT(values); i++) {
		struct bencode_iter it = bencode_items(values[i]);
		assert_false(bencode_next(&it, &item));
	}
}

static void flaws_are_found(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t at;
		const char *why; /* NULL: canonical */
	} rows[] = {
		{"d1:ai0e1:bl1:b1:aee", 0, NULL},
		{"i-0e", 0, NULL},
		{"d1:ad1:zi1ee1:bd1:ai1eee", 0, NULL},
		{"d1:ai1e2:aai1e1:bi1ee", 0, NULL},
		{"li1ei01ee", 4, "an integer starts with a zero"},
		{"l01:ae", 1, "the length of a string starts with a zero"},
		{"d1:bi1e1:ai1ee", 7, "the keys of a dictionary are not sorted"},
		{"d2:aai1e1:ai1ee", 8, "the keys of a dictionary are not sorted"},
		{"ld1:ai1e1:ai1eee", 8, "a key comes twice in one dictionary"},
		{"d1:ai1e1:bd1:bi1e1:ai1eee", 17, "the keys of a dictionary are not sorted"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bencode v = read_ok(rows[i].text);
		const unsigned char *at = NULL;
		const char *why = NULL;
		assert_int_equal(bencode_canonical(v, &at, &why), rows[i].why == NULL);
		if (!rows[i].why)
			continue;
		assert_string_equal(why, rows[i].why);
		assert_int_equal(at - v.at, rows[i].at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_are_told_apart),
		cmocka_unit_test(bytes_behind_the_value_are_ignored),
		cmocka_unit_test(malformed_values_are_refused),
		cmocka_unit_test(every_beginning_of_a_value_is_refused),
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(the_number_of_tokens_is_limited),
		cmocka_unit_test(integers_have_their_value),
		cmocka_unit_test(strings_have_their_bytes),
		cmocka_unit_test(the_first_of_equal_keys_is_found),
		cmocka_unit_test(items_come_in_order),
		cmocka_unit_test(pairs_come_in_order),
		cmocka_unit_test(other_values_have_no_items),
		cmocka_unit_test(flaws_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
