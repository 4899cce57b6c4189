#include "model/outcome.h"

#include "model/assignment.h"

#include "unit.h"

static const struct {
	struct outcome outcome;
	const char *text;
	bool well;
} rows[] = {
	{{.kind = OUTCOME_OK}, "OK", true},
	{{.kind = OUTCOME_FULL}, "FULL", true},
	{{.kind = OUTCOME_STALLED}, "STALLED", true},
	{{.kind = OUTCOME_WAIT}, "WAIT", false},
	/* The first and the last need a person; the others pass by themselves. */
	{{.kind = OUTCOME_WAIT, .word = WAIT_SPACE}, "WAIT(Space)", false},
	{{.kind = OUTCOME_WAIT, .word = WAIT_STALLED}, "WAIT(Stalled)", true},
	{{.kind = OUTCOME_WAIT, .word = WAIT_BACKLOG}, "WAIT(Backlog)", true},
	{{.kind = OUTCOME_WAIT, .word = WAIT_CLIENT}, "WAIT(Client)", false},
	{{.kind = OUTCOME_ERR, .word = WAIT_STALLED}, "ERR(Stalled)", false},
	{{.kind = OUTCOME_ERR, .word = "Disk"}, "ERR(Disk)", false},
	{{.kind = OUTCOME_ERR, .word = "HTTP 503"}, "ERR(HTTP 503)", false},
	{{.kind = OUTCOME_ERR, .word = "12345678901234567890123"},
	 "ERR(12345678901234567890123)",
	 false},
};

static void outcomes_have_a_text_and_a_judgement(void **state)
{
	(void)state;
	char text[OUTCOME_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		outcome_text(&rows[i].outcome, text);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(outcome_is_well(&rows[i].outcome), rows[i].well);
	}
}

static void the_text_can_be_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outcome o = {.kind = OUTCOME_STALLED, .word = "old"};
		assert_true(outcome_parse(rows[i].text, &o));
		assert_int_equal(o.kind, rows[i].outcome.kind);
		assert_string_equal(o.word, rows[i].outcome.word);
	}
}

static void other_texts_are_no_outcome(void **state)
{
	(void)state;
	static const char *const texts[] = {"",
					    "ok",
					    "ERR",
					    "ERR()",
					    "ERR(Disk",
					    "OK ",
					    "WAIT()",
					    "WAIT(Space",
					    "OK(Space)",
					    "FULL(Space)",
					    "ERR(Disk) ",
					    "WAITING",
					    "ERR(123456789012345678901234)"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct outcome o = {.kind = OUTCOME_WAIT};
		assert_false(outcome_parse(texts[i], &o));
		assert_int_equal(o.kind, OUTCOME_WAIT);
	}
}

static void states_of_an_assignment_have_names(void **state)
{
	(void)state;
	assert_string_equal(assignment_state_text(ASSIGNMENT_ASKING), "asking");
	assert_string_equal(assignment_state_text(ASSIGNMENT_DELIVERED), "delivered");
	assert_string_equal(assignment_state_text(ASSIGNMENT_LOST), "possibly lost");
	assert_string_equal(assignment_state_text(ASSIGNMENT_UNFOUNDED), "unfounded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes_have_a_text_and_a_judgement),
		cmocka_unit_test(the_text_can_be_read_back),
		cmocka_unit_test(other_texts_are_no_outcome),
		cmocka_unit_test(states_of_an_assignment_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
