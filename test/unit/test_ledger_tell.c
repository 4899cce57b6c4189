/* What the ledger keeps of messages: what was told, what is to be told, how targets answer. */
#include "ledger_fixture.h"

#include "model/event.h"

static struct notice *read_notices(struct ledger *l, size_t expected)
{
	struct notice *list;
	struct err err;
	size_t n;

	MUST(ledger_notices(l, &list, &n, &err));
	assert_int_equal(n, expected);
	return list;
}

static void free_notices(struct notice *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		notice_clear(&list[i]);
	free(list);
}

static void notices_that_changed_are_kept(void **state)
{
	const struct notice given[] = {
		{.kind = NOTICE_FAILURE,
		 .name = (char[]){"attic"},
		 .since = 1,
		 .ended = 2,
		 .on = true,
		 .first = {.kind = OUTCOME_ERR, .code = WORD_HTTP, .status = 503},
		 .causes = 1u << 31,
		 .count = 7,
		 .value = "1T",
		 .changed = true},
		{.kind = NOTICE_CLIENT,
		 .name = (char[]){"attic"},
		 .since = 3,
		 .told = true,
		 .first = {.kind = OUTCOME_ERR, .code = WORD_OTHER, .name = "KeyError"},
		 .changed = true},
		{.kind = NOTICE_LATE, .name = (char[]){""}, .since = 5, .on = true}};
	struct err err;

	free_notices(read_notices(ledger(state), 0), 0);
	MUST(ledger_tell(ledger(state), given, COUNT(given), NULL, 0, &err));
	struct notice *list = read_notices(reopened(state), 2);
	assert_int_equal(list[0].kind, NOTICE_FAILURE);
	assert_string_equal(list[0].name, "attic");
	assert_int_equal(list[0].first.kind, OUTCOME_ERR);
	assert_int_equal(list[0].first.code, WORD_HTTP);
	assert_int_equal(list[0].first.status, 503);
	assert_int_equal(list[0].causes, 1u << 31);
	assert_int_equal(list[0].count, 7);
	assert_string_equal(list[0].value, "1T");
	assert_int_equal(list[0].since, 1);
	assert_int_equal(list[0].ended, 2);
	assert_true(list[0].on && !list[0].told && !list[0].changed);
	assert_int_equal(list[1].kind, NOTICE_CLIENT);
	assert_string_equal(list[1].name, "attic");
	assert_string_equal(list[1].first.name, "KeyError");
	assert_true(!list[1].on && list[1].told);
	assert_int_equal(list[1].since, 3);
	assert_int_equal(list[1].ended, 0);
	free_notices(list, 2);
}

static void put(struct ledger *l, const char *target, const struct event *e)
{
	const struct ledger_message one = {target, e};
	struct err err;

	MUST(ledger_tell(l, NULL, 0, &one, 1, &err));
}

static void expect_message(struct ledger *l, const char *target, const struct event *expected)
{
	OWN(event_clear) struct event e = {0};
	struct err err;
	bool is = false;

	MUST(ledger_next_message(l, target, &e, &is, &err));
	assert_true(is);
	assert_true(e.id > 0);
	assert_int_equal(e.at, expected->at);
	assert_int_equal(e.kind, expected->kind);
	assert_int_equal(e.level, expected->level);
	assert_string_equal(e.name, expected->name);
	assert_string_equal(e.title, expected->title);
	assert_string_equal(e.text, expected->text ? expected->text : "");
}

/* The id of the oldest; 0: there is none. */
static int64_t next(struct ledger *l, const char *target)
{
	OWN(event_clear) struct event e = {0};
	struct err err;
	bool is = true;

	MUST(ledger_next_message(l, target, &e, &is, &err));
	assert_true(is == (e.id != 0));
	return e.id;
}

static void messages_come_oldest_first_by_target(void **state)
{
	const struct event first = {.at = 10,
				    .kind = EVENT_FAILURE,
				    .level = EVENT_ERROR,
				    .name = "failure.begin",
				    .title = "attic failed",
				    .text = (char[]){"two\nlines"}},
			   second = {
				   .at = 20, .kind = EVENT_TEST, .level = EVENT_GOOD, .title = "t"};
	struct ledger *l = ledger(state);
	struct err err;

	put(l, "a", &first);
	put(l, "b", &second);
	put(l, "a", &second);
	expect_message(reopened(state), "a", &first);
	l = ledger(state);
	expect_message(l, "b", &second);
	assert_int_equal(next(l, "c"), 0);
	MUST(ledger_set_telling(l, "a", &(struct ledger_telling){0}, 0, &err));
	expect_message(l, "a", &first);
	MUST(ledger_set_telling(l, "a", &(struct ledger_telling){0}, next(l, "a"), &err));
	expect_message(l, "a", &second);
	MUST(ledger_set_telling(l, "a", &(struct ledger_telling){0}, next(l, "a"), &err));
	assert_int_equal(next(l, "a"), 0);
	assert_int_not_equal(next(l, "b"), 0);
}

static void every_kind_comes_back_and_an_unknown_one_is_a_test(void **state)
{
	struct ledger *l = ledger(state);
	struct err err;

	for (enum event_kind kind = 0; kind <= EVENT_TEST; kind++) {
		const struct event e = {.at = 1, .kind = kind, .title = "t"};
		put(l, "a", &e);
		expect_message(l, "a", &e);
		MUST(ledger_set_telling(l, "a", &(struct ledger_telling){0}, next(l, "a"), &err));
	}
	const struct event e = {.at = 1, .kind = EVENT_TEST, .title = "t", .level = EVENT_INFO};
	put(l, "a", &e);
	sql(state, "UPDATE message SET kind = 'from tomorrow', level = 5");
	expect_message(l, "a", &e);
	sql(state, "UPDATE message SET kind = ''");
	expect_message(l, "a", &e);
}

static void messages_outside_of_a_time_are_forgotten(void **state)
{
	struct ledger *l = ledger(state);
	struct err err;

	for (int64_t at = 1; at <= 4; at++)
		put(l, "a", &(struct event){.at = at, .title = "t"});
	MUST(ledger_forget_messages(l, 2, 3, &err));
	expect_message(l, "a", &(struct event){.at = 2, .title = "t"});
	MUST(ledger_set_telling(l, "a", &(struct ledger_telling){0}, next(l, "a"), &err));
	expect_message(l, "a", &(struct event){.at = 3, .title = "t"});
	MUST(ledger_forget_messages(l, 4, 5, &err));
	assert_int_equal(next(l, "a"), 0);
}

static void how_a_target_answers_is_kept(void **state)
{
	const struct ledger_telling given = {.since = 1, .told = 2, .failures = 3, .rest_until = 4};
	struct ledger_telling got = given;
	struct err err;

	MUST(ledger_get_telling(ledger(state), "a", &got, &err));
	assert_true(!got.since && !got.told && !got.failures && !got.rest_until);
	MUST(ledger_set_telling(ledger(state), "a", &given, 0, &err));
	MUST(ledger_get_telling(reopened(state), "a", &got, &err));
	assert_int_equal(got.since, 1);
	assert_int_equal(got.told, 2);
	assert_int_equal(got.failures, 3);
	assert_int_equal(got.rest_until, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(notices_that_changed_are_kept),
		TEST(messages_come_oldest_first_by_target),
		TEST(every_kind_comes_back_and_an_unknown_one_is_a_test),
		TEST(messages_outside_of_a_time_are_forgotten),
		TEST(how_a_target_answers_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
