#include "model/event.h"

#include "base/mem.h"

#include "unit.h"

static void kinds_are_read_from_their_names(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned bits;
	} rows[] = {
		{"", 0},
		{"none", 0},
		{"all", EVENTS_ALL},
		{"failure", EVENT_BIT(EVENT_FAILURE)},
		{"full,\tdigest\n", EVENT_BIT(EVENT_FULL) | EVENT_BIT(EVENT_DIGEST)},
		{"lost version pick-up client audit",
		 EVENT_BIT(EVENT_LOST) | EVENT_BIT(EVENT_VERSION) | EVENT_BIT(EVENT_PICK_UP) |
			 EVENT_BIT(EVENT_CLIENT) | EVENT_BIT(EVENT_AUDIT)},
		{"none,failure", EVENT_BIT(EVENT_FAILURE)},
	};
	static const char *const wrong[] = {"test", "failures", "All", "failure,x", "-"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned bits = 4711;
		assert_true(event_kinds_parse(rows[i].text, &bits));
		assert_int_equal(bits, rows[i].bits);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		unsigned bits = 4711;
		assert_false(event_kinds_parse(wrong[i], &bits));
		assert_int_equal(bits, 4711);
	}
}

static void kinds_are_written_as_their_names(void **state)
{
	(void)state;
	static const struct {
		unsigned bits;
		const char *text;
	} rows[] = {
		{0, "none"},
		{EVENT_BIT(EVENT_FULL), "full"},
		{EVENT_BIT(EVENT_FAILURE) | EVENT_BIT(EVENT_TEST), "failure, test"},
		{~0U, "failure, full, lost, version, pick-up, client, audit, digest, test"},
	};
	char out[100];

	for (size_t i = 0; i < COUNT(rows); i++) {
		event_kinds_text(rows[i].bits, out, sizeof out);
		assert_string_equal(out, rows[i].text);
	}
	event_kinds_text(EVENTS_ALL, out, 8);
	assert_string_equal(out, "failure");
}

static void events_and_notices_may_be_cleared_twice(void **state)
{
	(void)state;
	struct event e = {.id = 1, .text = mem_dup("x")};
	struct notice n = {.name = mem_dup("x"), .on = true};

	for (int i = 0; i < 2; i++) {
		event_clear(&e);
		notice_clear(&n);
	}
	assert_null(e.text);
	assert_int_equal(e.id, 0);
	assert_false(n.on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_read_from_their_names),
		cmocka_unit_test(kinds_are_written_as_their_names),
		cmocka_unit_test(events_and_notices_may_be_cleared_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
