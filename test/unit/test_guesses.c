/* Wrong tokens: when there are too many, and when there is a line for the log. */
#include "page/guesses.h"

#include "unit.h"

#define BEGIN 5000

static void note(struct guesses *g, unsigned n, int64_t now)
{
	while (n--)
		guesses_note(g, "192.0.2.1", now);
}

static void a_few_are_answered_as_usual(void **state)
{
	struct guesses g = {0};

	(void)state;
	assert_int_equal(guesses_wait_s(&g, BEGIN), 0);
	note(&g, GUESSES_A_MINUTE - 1, BEGIN);
	assert_int_equal(guesses_wait_s(&g, BEGIN), 0);
	note(&g, 1, BEGIN);
	assert_int_equal(guesses_wait_s(&g, BEGIN), 60);
	assert_int_equal(guesses_wait_s(&g, BEGIN + 59500), 1);
}

static void a_minute_later_it_begins_anew(void **state)
{
	struct guesses g = {0};

	(void)state;
	note(&g, 1000, BEGIN);
	assert_int_equal(guesses_wait_s(&g, BEGIN + GUESSES_MINUTE_MS), 0);
	note(&g, 1, BEGIN + GUESSES_MINUTE_MS);
	assert_int_equal(g.n, 1);
	assert_int_equal(guesses_wait_s(&g, BEGIN + GUESSES_MINUTE_MS), 0);
}

static void the_first_is_said_at_once_and_the_rest_together(void **state)
{
	struct guesses g = {0};

	(void)state;
	assert_int_equal(guesses_tell_ms(&g, BEGIN), -1);
	note(&g, 1, BEGIN);
	assert_int_equal(g.unsaid, 0);
	assert_int_equal(guesses_tell_ms(&g, BEGIN), -1);
	note(&g, 57, BEGIN + 20000);
	assert_int_equal(g.unsaid, 57);
	assert_int_equal(guesses_tell_ms(&g, BEGIN + 20000), 40000);
	guesses_tell(&g, BEGIN + 59999);
	assert_int_equal(g.unsaid, 57);
	guesses_tell(&g, BEGIN + 60000);
	assert_int_equal(g.unsaid, 0);
	note(&g, 1, BEGIN + 60001);
	assert_int_equal(g.unsaid, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_are_answered_as_usual),
		cmocka_unit_test(a_minute_later_it_begins_anew),
		cmocka_unit_test(the_first_is_said_at_once_and_the_rest_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
