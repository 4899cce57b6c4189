#include "core/report.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/fs.h"

#include "unit.h"

static struct outcome all[] = {
	{.container = (char[]){"attic"}, .result = {.kind = OUTCOME_OK}},
	{.container = (char[]){"cellar"}, .result = {.kind = OUTCOME_FULL}},
	{.container = (char[]){"hetzner"},
	 .result = {.kind = OUTCOME_ERR, .code = WORD_HTTP, .status = 503}},
	{.container = (char[]){"loft"}, .result = {.kind = OUTCOME_WAIT}},
	{.container = (char[]){"shed"}, .result = {.kind = OUTCOME_STALLED}},
};

static void the_summary_joins_the_outcomes(void **state)
{
	(void)state;
	OWN_STR char *none = report_summary(all, 0);
	OWN_STR char *one = report_summary(all, 1);
	OWN_STR char *five = report_summary(all, 5);

	assert_string_equal(none, "");
	assert_string_equal(one, "attic:OK");
	assert_string_equal(five, "attic:OK, cellar:FULL, hetzner:ERR(HTTP 503), loft:WAIT, "
				  "shed:STALLED");
}

static void full_and_stalled_are_well_and_one_failure_is_enough(void **state)
{
	(void)state;
	const struct outcome good[] = {all[0], all[1], all[4]};

	assert_true(report_is_well(good, 3));
	assert_true(report_is_well(all, 0));
	assert_false(report_is_well(all, 3));
	assert_false(report_is_well(&all[3], 1));
}

static void a_cycle_ends_as_the_worst_of_its_outcomes(void **state)
{
	(void)state;

	assert_int_equal(report_end(all, 2, false), CYCLE_END_WELL);
	assert_int_equal(report_end(all, 2, true), CYCLE_END_WAITS);
	assert_int_equal(report_end(&all[3], 1, false), CYCLE_END_WAITS);
	assert_int_equal(report_end(&all[2], 2, false), CYCLE_END_FAILED);
	assert_int_equal(report_end(&all[1], 2, true), CYCLE_END_FAILED);
	assert_int_equal(report_end(all, 0, false), CYCLE_END_WELL);
}

/* What is in the ledger: one delivered, one pending, one possibly lost, all of attic. */
static struct ledger *filled(const char *folder)
{
	const struct fetched f = {.infohash = "aa", .name = "Old", .file_name = "o", .bytes = 1536};
	OWN_STR char *path = fs_join(folder, "ledger.db");
	struct err err = {0};
	struct ledger *l = ledger_open(path, false, &err);
	int64_t id;

	assert_non_null(l);
	MUST(ledger_asking(l, "attic", &id, &err) && ledger_assigned(l, id, "1", "2", &err) &&
	     ledger_fetched(l, id, &f, &err) &&
	     ledger_delivered(l, id, "/w/o", NULL, PICK_UP_NONE, &err));
	MUST(ledger_asking(l, "attic", &id, &err) && ledger_assigned(l, id, "3", "4", &err));
	MUST(ledger_asking(l, "attic", &id, &err) && ledger_possibly_lost(l, id, false, "x", &err));
	return l;
}

static void a_link_is_the_last_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *url, *linked;
	} rows[] = {
		{"a\n", "https://h/", "a\nStatus page: https://h/\n"},
		{"a", "https://h/", "a\nStatus page: https://h/\n"},
		{"", "https://h/", "Status page: https://h/\n"},
		{"a", NULL, "a"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *linked = report_linked(rows[i].text, rows[i].url);
		assert_string_equal(linked, rows[i].linked);
	}
}

static void the_body_tells_a_person_what_happened(void **state)
{
	struct ledger *l = filled(*state);
	struct outcome outcomes[] = {
		{.container = (char[]){"attic"},
		 .result = {.kind = OUTCOME_OK},
		 .delivered = 2,
		 .torrent = (char[]){"Some Film"},
		 .bytes = UINT64_C(3) << 29},
		{.container = (char[]){"cellar"},
		 .result = {.kind = OUTCOME_ERR, .code = WORD_TIMEOUT},
		 .detail = "no answer in time",
		 .carried = true},
	};
	const struct report r = {.outcomes = outcomes,
				 .n = 2,
				 .newer_version = "0.11",
				 .speaks = "0.10",
				 .leftovers = 1,
				 .next_cycle = INT64_C(1795000000000)};
	OWN_STR char *body = report_body(l, &r);
	char when[CLOCK_TEXT];

	clock_format(r.next_cycle, when);
	OWN_STR char *expected = NULL;
	assert_true(
		asprintf(&expected,
			 "ERROR: attic:OK, cellar:ERR(Timeout)\n"
			 "\n"
			 "attic: OK. \"Some Film\" (1.5 GiB) was delivered, and 1 more. 1 "
			 "torrent, 1.5 KiB so far; 1 pending; 1 possibly lost.\n"
			 "cellar: ERR(Timeout) (as before) (no answer in time). 0 torrents, "
			 "0 B so far.\n"
			 "1 assignment is possibly lost. An answer did not come, or does not "
			 "prove that nothing was assigned. The program searches the "
			 "tracker's next lists for it. `ptp-archiver settle` shows what it could "
			 "be, and settles it.\n"
			 "The tracker announces version 0.11 of its utility; this program speaks "
			 "the protocol of 0.10. Look for a newer ptp-archiver. This one continues "
			 "as it is.\n"
			 "Next cycle: %s.\n",
			 when) > 0);
	assert_string_equal(body, expected);
	ledger_close(l);
}

static void what_an_audit_found_missing_is_in_the_first_line(void **state)
{
	struct ledger *l = filled(*state);
	const struct ledger_audit audit = {INT64_C(1795000000000), "2 assigned: 2 missing", 2, 0};
	const struct report r = {.outcomes = &all[1],
				 .n = 1,
				 .newer_version = "",
				 .speaks = "0.10",
				 .audit = &audit,
				 .missing = true};
	OWN_STR char *body = report_body(l, &r);
	char when[CLOCK_TEXT];

	clock_short(audit.at, 0, when);
	OWN_STR char *first = mem_printf("ERROR: cellar:FULL; 2 torrents are missing in the client "
					 "(audit of %s)\n",
					 when);
	assert_int_equal(strncmp(body, first, strlen(first)), 0);
	assert_non_null(strstr(body, "). `ptp-archiver audit` names them. `ptp-archiver "));
	ledger_close(l);
}

static void a_good_cycle_is_short(void **state)
{
	struct ledger *l = filled(*state);
	const struct report r = {
		.outcomes = &all[1], .n = 1, .newer_version = "", .speaks = "0.10"};
	OWN_STR char *body = report_body(l, &r);

	assert_string_equal(body, "cellar:FULL\n\ncellar: FULL. 0 torrents, 0 B so far.\n");
	ledger_close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_summary_joins_the_outcomes),
		cmocka_unit_test(a_cycle_ends_as_the_worst_of_its_outcomes),
		cmocka_unit_test(full_and_stalled_are_well_and_one_failure_is_enough),
		cmocka_unit_test(a_link_is_the_last_line),
		TEST_IN_FOLDER(the_body_tells_a_person_what_happened),
		TEST_IN_FOLDER(what_an_audit_found_missing_is_in_the_first_line),
		TEST_IN_FOLDER(a_good_cycle_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
