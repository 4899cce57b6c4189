#include "model/fact.h"

#include "base/own.h"
#include "model/assignment.h"

#include "unit.h"

static const struct {
	struct result result;
	const char *text;
	bool well, needs_a_person;
} rows[] = {
	{{.kind = OUTCOME_OK}, "OK", true, false},
	{{.kind = OUTCOME_FULL}, "FULL", true, false},
	{{.kind = OUTCOME_STALLED}, "STALLED", true, false},
	{{.kind = OUTCOME_WAIT, .wait = WAIT_BACKOFF}, "WAIT", false, false},
	{{.kind = OUTCOME_WAIT, .wait = WAIT_TIME}, "WAIT", false, false},
	{{.kind = OUTCOME_WAIT, .wait = WAIT_SPACE}, "WAIT(Space)", false, true},
	{{.kind = OUTCOME_WAIT, .wait = WAIT_STALLED}, "WAIT(Stalled)", true, false},
	{{.kind = OUTCOME_WAIT, .wait = WAIT_BACKLOG}, "WAIT(Backlog)", true, false},
	{{.kind = OUTCOME_WAIT, .wait = WAIT_CLIENT}, "WAIT(Client)", false, true},
	{{.kind = OUTCOME_ERR, .code = WORD_AUTH}, "ERR(Auth)", false, true},
	{{.kind = OUTCOME_ERR, .code = WORD_DISK}, "ERR(Disk)", false, true},
	{{.kind = OUTCOME_ERR, .code = WORD_CLIENT}, "ERR(Client)", false, true},
	{{.kind = OUTCOME_ERR, .code = WORD_TLS}, "ERR(TLS)", false, false},
	{{.kind = OUTCOME_ERR, .code = WORD_HTTP, .status = 503}, "ERR(HTTP 503)", false, false},
	{{.kind = OUTCOME_ERR, .code = WORD_OTHER, .name = "RuntimeError"},
	 "ERR(RuntimeError)",
	 false,
	 false},
};

static void results_have_a_text_and_a_judgement(void **state)
{
	(void)state;
	char text[OUTCOME_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		result_text(&rows[i].result, text);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(result_is_well(&rows[i].result), rows[i].well);
		assert_int_equal(result_needs_a_person(&rows[i].result), rows[i].needs_a_person);
		if (rows[i].needs_a_person)
			assert_non_null(fact_hint(&rows[i].result));
	}
}

static void an_error_becomes_a_result(void **state)
{
	(void)state;
	struct err err;

	err_http(&err, ERR_RETRY, 502, "bad gateway");
	struct result r = result_of_err(&err);
	assert_int_equal(r.kind, OUTCOME_ERR);
	assert_true(result_is_err(&r, WORD_HTTP));
	assert_false(result_waits(&r, WAIT_NONE));
	assert_int_equal(r.status, 502);
}

static void the_clients_doing_is_either_of_two_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(result_is_clients(&rows[i].result),
				 strstr(rows[i].text, "(Client)") != NULL);
}

static void how_long_a_back_off_lasts_is_computed_when_it_is_shown(void **state)
{
	(void)state;
	const struct result backoff = {.kind = OUTCOME_WAIT, .wait = WAIT_BACKOFF};
	OWN_STR char *early = outcome_words(&backoff, "HTTP 503", 1000000, 1000000 - 240000);
	OWN_STR char *later = outcome_words(&backoff, "HTTP 503", 1000000, 1000000 - 60000);
	OWN_STR char *over = outcome_words(&backoff, "HTTP 503", 1000000, 1000000);

	assert_string_equal(early,
			    "the tracker is left alone for another 4 m 0 s, after: HTTP 503");
	assert_string_equal(later,
			    "the tracker is left alone for another 1 m 0 s, after: HTTP 503");
	assert_non_null(strstr(over, "was left alone until"));
	assert_non_null(strstr(over, "after: HTTP 503"));
}

static void any_other_detail_is_shown_as_it_is(void **state)
{
	(void)state;
	const struct result space = {.kind = OUTCOME_WAIT, .wait = WAIT_SPACE};
	OWN_STR char *words = outcome_words(&space, "too little", 1000000, 0);

	assert_string_equal(words, "too little");
}

static void states_of_an_assignment_have_names(void **state)
{
	(void)state;
	assert_string_equal(assignment_state_text(ASSIGNMENT_ASKING), "asking");
	assert_string_equal(assignment_state_text(ASSIGNMENT_DELIVERED), "delivered");
	assert_string_equal(assignment_state_text(ASSIGNMENT_LOST), "possibly lost");
	assert_string_equal(assignment_state_text(ASSIGNMENT_UNFOUNDED), "unfounded");
}

static void causes_are_bits_and_have_texts(void **state)
{
	(void)state;
	const struct result space = {.kind = OUTCOME_WAIT, .wait = WAIT_SPACE},
			    auth = {.kind = OUTCOME_ERR, .code = WORD_AUTH},
			    disk = {.kind = OUTCOME_ERR, .code = WORD_DISK},
			    well = {.kind = OUTCOME_OK};
	OWN_STR char *none = result_causes_text(result_cause(&well));
	OWN_STR char *all = result_causes_text(result_cause(&disk) | result_cause(&space) |
					       result_cause(&auth));

	assert_string_equal(none, "");
	assert_string_equal(all, ", WAIT(Space), ERR(Auth), ERR(Disk)");
	/* The ledger keeps them. */
	assert_int_equal(result_cause(&space), 8);
	assert_int_equal(result_cause(&auth), 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes_are_bits_and_have_texts),
		cmocka_unit_test(results_have_a_text_and_a_judgement),
		cmocka_unit_test(an_error_becomes_a_result),
		cmocka_unit_test(the_clients_doing_is_either_of_two_results),
		cmocka_unit_test(how_long_a_back_off_lasts_is_computed_when_it_is_shown),
		cmocka_unit_test(any_other_detail_is_shown_as_it_is),
		cmocka_unit_test(states_of_an_assignment_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
