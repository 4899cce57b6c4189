#include "base/base64.h"

#include "unit.h"

/* RFC 4648, section 10 */
static void bytes_are_written_as_the_rfc_has_it(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *text = base64_encode(rows[i][0], strlen(rows[i][0]));
		assert_string_equal(text, rows[i][1]);
	}
}

static void any_byte_and_any_length_stay_on_one_line(void **state)
{
	(void)state;
	static const unsigned char odd[] = {0x00, 0xff, 0xfb, 0xef, 0xbe};
	static const char zeros[3000];

	OWN_STR char *text = base64_encode(odd, sizeof odd);
	assert_string_equal(text, "AP/7774=");
	OWN_STR char *line = base64_encode(zeros, sizeof zeros);
	assert_int_equal(strlen(line), 4000);
	assert_int_equal(strspn(line, "A"), 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_written_as_the_rfc_has_it),
		cmocka_unit_test(any_byte_and_any_length_stay_on_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
