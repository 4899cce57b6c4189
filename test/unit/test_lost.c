#include "core/lost.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"

#include "unit.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"

static struct ledger *l;

static int set_up(void **state)
{
	struct err err;

	if (unit_make_folder(state))
		return -1;
	OWN_STR char *path = fs_join(*state, "ledger.db");
	l = ledger_open(path, false, &err);
	return l ? 0 : -1;
}

static int tear_down(void **state)
{
	ledger_close(l);
	return unit_remove_folder(state);
}

static int64_t lose(const char *container)
{
	struct err err;
	int64_t id;

	MUST(ledger_asking(l, container, &id, &err));
	MUST(ledger_possibly_lost(l, id, false, "time-out", &err));
	return id;
}

/* A reply that lists these; how many were found. */
static size_t search(struct incomplete *list, size_t n)
{
	const struct reply reply = {.verdict = REPLY_ASSIGNED,
				    .torrent_id = "1000",
				    .archive_id = "77",
				    .lists_incomplete = true,
				    .incomplete = list,
				    .n_incomplete = n};
	struct err err;
	size_t found = 4711;

	MUST(lost_search(l, &reply, &found, &err));
	return found;
}

static struct assignment find(int64_t id)
{
	struct assignment *list, a = {0};
	struct err err;
	size_t n;

	MUST(ledger_list(l, LEDGER_ALL, NULL, 0, &list, &n, &err));
	for (size_t i = 0; i < n; i++)
		if (list[i].id == id) {
			a = list[i];
			list[i] = (struct assignment){0};
		}
	assignment_list_free(list, n);
	return a;
}

static void expect(int64_t id, enum assignment_state state, const char *torrent_id)
{
	struct assignment a = find(id);

	assert_int_equal(a.state, state);
	assert_string_equal(a.torrent_id, torrent_id);
	if (state == ASSIGNMENT_ASSIGNED) {
		assert_string_equal(a.archive_id, "77");
		assert_string_equal(a.infohash, HASH);
	}
	assignment_clear(&a);
}

static void a_listed_torrent_that_is_not_known_is_taken_up(void **state)
{
	(void)state;
	struct incomplete list[] = {{1, "5", HASH}};
	int64_t id = lose("attic");

	assert_int_equal(search(list, 1), 1);
	expect(id, ASSIGNMENT_ASSIGNED, "5");
	assert_int_equal(search(list, 1), 0);
}

static void the_newest_transaction_goes_to_the_newest_question(void **state)
{
	(void)state;
	struct incomplete list[] = {{8, "80", HASH}, {9, "90", HASH}, {7, "70", HASH}};
	int64_t first = lose("attic"), second = lose("cellar");

	assert_int_equal(search(list, 3), 2);
	expect(second, ASSIGNMENT_ASSIGNED, "90");
	expect(first, ASSIGNMENT_ASSIGNED, "80");
}

static void what_the_ledger_knows_is_not_taken(void **state)
{
	(void)state;
	struct incomplete list[] = {{1, "5", HASH}};
	struct err err;
	int64_t known, id;

	MUST(ledger_asking(l, "attic", &known, &err));
	MUST(ledger_assigned(l, known, "5", "6", &err));
	id = lose("attic");
	assert_int_equal(search(list, 1), 0);
	expect(id, ASSIGNMENT_UNFOUNDED, "");
}

static void what_was_listed_before_the_question_is_not_taken(void **state)
{
	(void)state;
	struct incomplete list[] = {{2, "5", HASH}, {1, "6", HASH}};
	const struct reply earlier = {.incomplete = list, .n_incomplete = 1};
	struct err err;

	MUST(ledger_remember_incomplete(l, &earlier, clock_now() - 60000, &err));
	int64_t id = lose("attic");
	assert_int_equal(search(list, 2), 1);
	expect(id, ASSIGNMENT_ASSIGNED, "6");
}

static void without_an_infohash_it_stays_possibly_lost(void **state)
{
	(void)state;
	struct incomplete list[] = {{1, "5", ""}};
	int64_t id = lose("attic");

	assert_int_equal(search(list, 1), 0);
	expect(id, ASSIGNMENT_LOST, "");
}

static void an_empty_list_says_that_nothing_was_lost(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	assert_int_equal(search(NULL, 0), 0);
	expect(id, ASSIGNMENT_UNFOUNDED, "");
}

static void a_reply_without_a_list_says_nothing(void **state)
{
	(void)state;
	const struct reply reply = {.verdict = REPLY_ASSIGNED, .archive_id = "77"};
	struct err err;
	size_t found = 4711;
	int64_t id = lose("attic");

	MUST(lost_search(l, &reply, &found, &err));
	assert_int_equal(found, 0);
	expect(id, ASSIGNMENT_LOST, "");
}

static void the_list_is_remembered(void **state)
{
	(void)state;
	struct incomplete list[] = {{1, "5", ""}, {2, "6", HASH}};
	struct err err;
	uint64_t n;

	search(list, 2);
	MUST(ledger_incomplete_count(l, &n, &err));
	assert_int_equal(n, 2);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_listed_torrent_that_is_not_known_is_taken_up),
		TEST(the_newest_transaction_goes_to_the_newest_question),
		TEST(what_the_ledger_knows_is_not_taken),
		TEST(what_was_listed_before_the_question_is_not_taken),
		TEST(without_an_infohash_it_stays_possibly_lost),
		TEST(an_empty_list_says_that_nothing_was_lost),
		TEST(a_reply_without_a_list_says_nothing),
		TEST(the_list_is_remembered),
	};

	log_setup(LOG_ERROR, LOG_TEXT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
