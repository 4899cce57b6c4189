#include "base/hash.h"

#include "unit.h"

static void digests_are_those_of_the_standards(void **state)
{
	(void)state;
	uint8_t one[SHA1_SIZE], two[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	hash_sha1("abc", 3, one); /* FIPS 180-4's example */
	hash_hex(one, sizeof one, hex);
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
	hash_sha256("abc", 3, two);
	hash_hex(two, sizeof two, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_sha1("", 0, one);
	hash_hex(one, sizeof one, hex);
	assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void hexadecimal_is_read_in_either_case_and_exactly(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {{"00fF1a", true},   {"00FF1A", true},  {"00ff1", false},
		    {"00ff1a0", false}, {"", false},       {"00ff1g", false},
		    {"0x0ff1", false},  {" 0ff1a", false}, {"00ff1a\n", false}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t out[3] = {0};
		assert_int_equal(hash_unhex(rows[i].text, out, sizeof out), rows[i].ok);
		if (rows[i].ok)
			assert_memory_equal(out, "\x00\xFF\x1A", 3);
	}
}

static void random_bytes_differ(void **state)
{
	(void)state;
	uint8_t a[16] = {0}, b[16] = {0};

	hash_random(a, sizeof a);
	hash_random(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_standards),
		cmocka_unit_test(hexadecimal_is_read_in_either_case_and_exactly),
		cmocka_unit_test(random_bytes_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
