#include "base/secret.h"
#include "base/mask.h"

#include "unit.h"

#define KEY "0123456789abcdef0123456789abcdef"

static void a_secret_is_set_compared_and_unset(void **state)
{
	(void)state;
	struct secret a = {0}, b = {0};

	assert_false(secret_is_set(&a));
	assert_null(secret_reveal(&a));
	assert_true(secret_same(&a, &b));
	secret_set(&a, KEY);
	assert_true(secret_is_set(&a));
	assert_string_equal(secret_reveal(&a), KEY);
	assert_false(secret_same(&a, &b));
	assert_false(secret_same(&b, &a));
	secret_set(&b, KEY);
	assert_true(secret_same(&a, &b));
	secret_set(&b, KEY "x");
	assert_false(secret_same(&a, &b));
	secret_set(&b, NULL);
	assert_false(secret_is_set(&b));
	secret_clear(&a);
	secret_clear(&a);
	assert_false(secret_is_set(&a));
}

static void a_secret_may_be_set_to_its_own_text(void **state)
{
	(void)state;
	struct secret a = {0};

	secret_set(&a, KEY);
	secret_set(&a, secret_reveal(&a));
	assert_string_equal(secret_reveal(&a), KEY);
	secret_clear(&a);
}

static char *mask(const char *text, size_t max, const char *known)
{
	mask_learn(known);
	return secret_mask(text, strlen(text), max);
}

static void known_secrets_and_long_words_are_masked(void **state)
{
	(void)state;
	static const struct {
		const char *text, *masked;
	} rows[] = {
		{"", ""},
		{"nothing to hide", "nothing to hide"},
		{"the pass word is tiger.", "the pass word is <hidden>."},
		{"xtigerx", "x<hidden>x"},
		{"tigertiger", "<hidden><hidden>"},
		{"tige", "tige"},
		{"12345678901234567890123", "12345678901234567890123"},
		{"123456789012345678901234", "<hidden>"},
		{"passkey=" KEY "&x=1", "passkey=<hidden>&x=1"},
		{"/announce/" KEY "/", "/announce/<hidden>/"},
		{"a\033b", "a?b"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *masked = mask(rows[i].text, 100, "tiger");
		assert_string_equal(masked, rows[i].masked);
	}
}

static void nothing_of_a_secret_shows_where_the_text_is_cut(void **state)
{
	(void)state;

	for (size_t max = 0; max < 60; max++) {
		OWN_STR char *masked =
			mask("ab " KEY " cd tiger-and-cub " KEY, max, "tiger-and-cub");
		assert_true(strlen(masked) <= max);
		assert_null(strstr(masked, "0"));
		assert_null(strstr(masked, "ti"));
	}
}

static void wiped_bytes_are_zero(void **state)
{
	(void)state;
	char bytes[] = "abc", zeros[4] = {0};

	secret_wipe(bytes, sizeof bytes);
	assert_memory_equal(bytes, zeros, sizeof zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_set_compared_and_unset),
		cmocka_unit_test(a_secret_may_be_set_to_its_own_text),
		cmocka_unit_test(known_secrets_and_long_words_are_masked),
		cmocka_unit_test(nothing_of_a_secret_shows_where_the_text_is_cut),
		cmocka_unit_test(wiped_bytes_are_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
