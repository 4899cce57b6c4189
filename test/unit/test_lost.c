#include "core/lost.h"

#include "base/fs.h"
#include "base/text.h"

#include "fake_log.h"
#include "fake_time.h"
#include "unit.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"
#define MINUTE (60 * INT64_C(1000))
#define HOUR (60 * MINUTE)

static struct run run;

static int set_up(void **state)
{
	struct err err;

	fake_time_reset();
	fake_log_reset();
	if (unit_make_folder(state))
		return -1;
	OWN_STR char *path = fs_join(*state, "ledger.db");
	run = (struct run){.ledger = ledger_open(path, false, &err)};
	return run.ledger ? 0 : -1;
}

static int tear_down(void **state)
{
	ledger_close(run.ledger);
	return unit_remove_folder(state);
}

/* A question whose answer is lost; a minute passes. */
static int64_t lose_as(const char *container, bool certain)
{
	struct err err;
	int64_t id;

	MUST(ledger_asking(run.ledger, container, &id, &err));
	MUST(ledger_possibly_lost(run.ledger, id, certain, "time-out", &err));
	fake_time_pass(MINUTE);
	return id;
}

static int64_t lose(const char *container)
{
	return lose_as(container, false);
}

static struct reply reply_of(struct incomplete *list, size_t n)
{
	return (struct reply){.verdict = REPLY_ASSIGNED,
			      .torrent_id = "1000",
			      .archive_id = "77",
			      .lists_incomplete = true,
			      .incomplete = list,
			      .n_incomplete = n};
}

/* A reply comes that lists these, "5 6" (with an infohash) or "5?" (without); how many were taken
 * up.  An hour passes after it. */
static size_t lists(const char *ids)
{
	struct incomplete list[8] = {0};
	size_t n = 0, found = 4711;
	struct err err;

	for (const char *at = ids; *at; at += strspn(at, " ?")) {
		size_t len = strspn(at, "0123456789");
		memcpy(list[n].torrent_id, at, len);
		at += len;
		text_copy(list[n].infohash, sizeof list[n].infohash, *at == '?' ? "" : HASH);
		list[n].infohash[39] = (char)(*at == '?' ? '\0' : list[n].torrent_id[0]);
		n++;
	}
	const struct reply reply = reply_of(list, n);
	MUST(lost_search(&run, &reply, &found, &err));
	fake_time_pass(HOUR);
	return found;
}

static struct assignment find(int64_t id)
{
	struct assignment *list, a = {0};
	struct err err;
	size_t n;

	MUST(ledger_list(run.ledger, LEDGER_ALL, NULL, 0, &list, &n, &err));
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
	OWN(assignment_clear) struct assignment a = find(id);

	assert_int_equal(a.state, state);
	assert_string_equal(a.torrent_id, torrent_id);
	if (state == ASSIGNMENT_ASSIGNED)
		assert_string_equal(a.archive_id, "77");
}

static enum listed_owner owner_of(const char *torrent_id)
{
	OWN_STR struct listed *list = NULL;
	enum listed_owner owner = LISTED_OWNERS;
	struct err err;
	size_t n;

	MUST(ledger_unknown(run.ledger, &list, &n, &err));
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].torrent_id, torrent_id) == 0)
			owner = list[i].owner;
	return owner;
}

/* ---- one that fits ---- */

static void the_only_torrent_that_fits_is_taken_up(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	assert_int_equal(lists("5"), 1);
	expect(id, ASSIGNMENT_ASSIGNED, "5");
	assert_int_equal(lists("5"), 0);
}

static void of_several_that_fit_none_is_taken(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	assert_int_equal(lists("5 6"), 0);
	assert_int_equal(lists("5 6"), 0);
	expect(id, ASSIGNMENT_LOST, "");
}

/* The other one was completed by somebody else.  A list may lag, so it takes a day. */
static void the_one_that_remains_after_a_day_is_taken_up(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	lists("5 6");
	assert_int_equal(lists("5"), 0);
	fake_time_pass(LOST_VANISH_MS - 3 * HOUR);
	assert_int_equal(lists("5"), 0);
	assert_int_equal(lists("5"), 1);
	expect(id, ASSIGNMENT_ASSIGNED, "5");
}

static void a_torrent_that_fits_two_containers_is_not_taken(void **state)
{
	(void)state;
	int64_t attic = lose("attic"), cellar = lose("cellar");

	assert_int_equal(lists("5"), 0);
	expect(attic, ASSIGNMENT_LOST, "");
	expect(cellar, ASSIGNMENT_LOST, "");
}

static void of_two_questions_of_a_container_one_gets_it(void **state)
{
	(void)state;
	int64_t first = lose("attic"), second = lose("attic");

	assert_int_equal(lists("5"), 1);
	expect(first, ASSIGNMENT_LOST, "");
	expect(second, ASSIGNMENT_ASSIGNED, "5");
}

static void what_the_ledger_knows_does_not_fit(void **state)
{
	(void)state;
	struct err err;
	int64_t known;

	MUST(ledger_asking(run.ledger, "attic", &known, &err));
	MUST(ledger_assigned(run.ledger, known, "5", "6", &err));
	int64_t id = lose("attic");
	assert_int_equal(lists("5"), 0);
	assert_int_equal(lists("5 6"), 1);
	expect(id, ASSIGNMENT_ASSIGNED, "6");
}

static void what_was_listed_before_the_question_does_not_fit(void **state)
{
	(void)state;
	lists("5");
	int64_t id = lose("attic");

	assert_int_equal(lists("5"), 0);
	assert_int_equal(lists("5 6"), 1);
	expect(id, ASSIGNMENT_ASSIGNED, "6");
}

static void what_is_listed_a_week_later_does_not_fit(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	lists("");
	fake_time_pass(LOST_WINDOW_MS - HOUR - MINUTE);
	assert_int_equal(lists("5"), 0);
	expect(id, ASSIGNMENT_LOST, "");
	assert_int_equal(owner_of("5"), LISTED_OTHERS);
}

static void without_an_infohash_it_is_not_taken(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	assert_int_equal(lists("5?"), 0);
	expect(id, ASSIGNMENT_LOST, "");
}

static void a_reply_without_a_list_says_nothing(void **state)
{
	(void)state;
	const struct reply reply = {.verdict = REPLY_ASSIGNED, .archive_id = "77"};
	int64_t id = lose("attic");
	struct err err;

	for (int i = 0; i < 9; i++) {
		size_t found = 4711;
		MUST(lost_search(&run, &reply, &found, &err));
		assert_int_equal(found, 0);
		fake_time_pass(LOST_DAY_MS);
	}
	expect(id, ASSIGNMENT_LOST, "");
}

/* ---- not made ---- */

static void it_was_not_made_if_lists_over_a_day_hold_nothing(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	lists("");
	lists("");
	lists("");
	lists("");
	expect(id, ASSIGNMENT_LOST, "");
	fake_time_pass(LOST_ABSENT_MS - 5 * HOUR);
	lists("");
	expect(id, ASSIGNMENT_LOST, "");
	lists("");
	expect(id, ASSIGNMENT_UNFOUNDED, "");
}

static void two_lists_are_not_enough_however_far_apart(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	lists("");
	fake_time_pass(3 * LOST_DAY_MS);
	lists("");
	expect(id, ASSIGNMENT_LOST, "");
	lists("");
	expect(id, ASSIGNMENT_UNFOUNDED, "");
}

static void the_day_begins_anew_when_something_fits(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	lists("");
	lists("");
	fake_time_pass(LOST_DAY_MS);
	lists("5? 6?");
	fake_time_pass(LOST_DAY_MS);
	lists("");
	lists("");
	lists("");
	expect(id, ASSIGNMENT_LOST, "");
}

/* A trace of the utility's, or half a file, shows that a torrent was assigned. */
static void what_was_certainly_assigned_is_never_taken_for_not_made(void **state)
{
	(void)state;
	int64_t id = lose_as("attic", true);

	for (int i = 0; i < 9; i++) {
		lists("");
		fake_time_pass(LOST_DAY_MS);
	}
	expect(id, ASSIGNMENT_LOST, "");
}

/* The tracker was still at work on it, or its list lagged. */
static void what_is_listed_later_opens_the_question_again(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	lists("");
	lists("");
	fake_time_pass(LOST_DAY_MS);
	lists("");
	expect(id, ASSIGNMENT_UNFOUNDED, "");
	assert_int_equal(lists("5"), 1);
	expect(id, ASSIGNMENT_ASSIGNED, "5");
}

static void what_is_listed_after_a_list_without_it_is_taken_up(void **state)
{
	(void)state;
	int64_t id = lose("attic");

	assert_int_equal(lists(""), 0);
	assert_int_equal(lists("5"), 1);
	expect(id, ASSIGNMENT_ASSIGNED, "5");
}

static void what_a_person_settled_stays_so(void **state)
{
	(void)state;
	struct err err;
	int64_t id = lose("attic");

	MUST(lost_settle(run.ledger, id, NULL, "bob", &err));
	lists("");
	assert_int_equal(lists("5"), 0);
	expect(id, ASSIGNMENT_UNFOUNDED, "");
	assert_int_equal(owner_of("5"), LISTED_OTHERS);
}

/* ---- other programs ---- */

static void what_appears_while_nothing_is_open_is_another_program_s(void **state)
{
	(void)state;
	lists("5");
	assert_int_equal(owner_of("5"), LISTED_UNKNOWN);
	lists("5 6");
	assert_int_equal(owner_of("5"), LISTED_UNKNOWN);
	assert_int_equal(owner_of("6"), LISTED_OTHERS);
	assert_true(fake_log_has("another program uses the account"));
	/* From then on nothing is taken up by itself. */
	int64_t id = lose("attic");
	assert_int_equal(lists("5 6 7"), 0);
	expect(id, ASSIGNMENT_LOST, "");
	/* Not even after its torrent was completed. */
	assert_int_equal(lists("7"), 0);
	fake_time_pass(30 * LOST_DAY_MS);
	int64_t later = lose("attic");
	assert_int_equal(lists("8"), 0);
	expect(later, ASSIGNMENT_LOST, "");
}

static void a_setting_says_that_the_account_is_shared(void **state)
{
	(void)state;
	run.shared_account = true;
	int64_t id = lose("attic");

	assert_int_equal(lists("5"), 0);
	expect(id, ASSIGNMENT_LOST, "");
	assert_int_equal(owner_of("5"), LISTED_UNKNOWN);
}

/* Of what the utility got, the TorrentID is not known. */
static void without_an_infohash_it_may_be_ours(void **state)
{
	(void)state;
	const struct fetched f = {.infohash = HASH, .name = "x", .file_name = "x"};
	struct err err;
	int64_t id;

	lists("");
	lists("5?");
	assert_int_equal(owner_of("5"), LISTED_OTHERS);
	MUST(ledger_asking(run.ledger, "attic", &id, &err));
	MUST(ledger_assigned(run.ledger, id, "", "", &err));
	MUST(ledger_fetched(run.ledger, id, &f, &err));
	lists("6?");
	assert_int_equal(owner_of("6"), LISTED_UNKNOWN);
	lists("8");
	assert_int_equal(owner_of("8"), LISTED_OTHERS);
}

static void what_is_left_when_a_question_is_settled_is_another_program_s(void **state)
{
	(void)state;
	struct err err;
	int64_t id = lose("attic");

	lists("");
	lists("5 6");
	MUST(lost_settle(run.ledger, id, "5", "bob", &err));
	lists("6");
	assert_int_equal(owner_of("6"), LISTED_OTHERS);
}

/* ---- what a person says ---- */

static void a_person_settles_it(void **state)
{
	(void)state;
	struct err err;
	int64_t id = lose("attic"), other = lose("attic");

	lists("5 6");
	MUST(lost_settle(run.ledger, id, "6", "bob", &err));
	expect(id, ASSIGNMENT_ASSIGNED, "6");
	OWN(assignment_clear) struct assignment a = find(id);
	assert_string_equal(a.settled_by, "bob");
	MUST(lost_settle(run.ledger, other, NULL, "bob", &err));
	expect(other, ASSIGNMENT_UNFOUNDED, "");
}

static bool refused(int64_t id, const char *torrent_id, const char *says)
{
	struct err err;

	if (lost_settle(run.ledger, id, torrent_id, "bob", &err))
		return false;
	assert_int_equal(err.kind, ERR_TARGET);
	return strstr(err.msg, says);
}

static void what_cannot_be_settled_is_refused(void **state)
{
	(void)state;
	struct incomplete old = {.torrent_id = "9", .infohash = HASH};
	struct reply reply = reply_of(&old, 1);
	int64_t id = lose("attic"), other = lose("attic");
	struct err err;

	reply.archive_id[0] = '\0';
	MUST(ledger_remember_incomplete(run.ledger, &reply, FAKE_NOW, &err));
	lists("5 6");
	assert_true(refused(4711, NULL, "assignment 4711 is not possibly lost"));
	assert_true(refused(4711, "5", "assignment 4711 is not possibly lost"));
	assert_true(refused(id, "8", "no list of the tracker has named TorrentID 8"));
	assert_true(refused(id, "9", "the next list has to name"));
	MUST(lost_settle(run.ledger, id, "5", "bob", &err));
	assert_true(refused(other, "5", "this installation has already TorrentID 5"));
	assert_true(refused(id, NULL, "is not possibly lost"));
	assert_false(lost_say_whose(run.ledger, "5", LISTED_OTHERS, "bob", &err));
	assert_false(lost_say_whose(run.ledger, "8", LISTED_OURS, "bob", &err));
}

static void a_person_says_whose_a_torrent_is(void **state)
{
	(void)state;
	struct err err;

	int64_t id = lose("attic");
	lists("5 6");
	/* Without the other's, one remains; but the account is shared then. */
	MUST(lost_say_whose(run.ledger, "6", LISTED_OTHERS, "bob", &err));
	assert_int_equal(lists("5 6"), 0);
	expect(id, ASSIGNMENT_LOST, "");
	MUST(lost_settle(run.ledger, id, "5", "bob", &err));
	/* It is ours after all, and fits a question that was asked later. */
	MUST(lost_say_whose(run.ledger, "6", LISTED_OURS, "bob", &err));
	int64_t later = lose("attic");
	assert_int_equal(lists("6"), 1);
	expect(later, ASSIGNMENT_ASSIGNED, "6");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_only_torrent_that_fits_is_taken_up),
		TEST(of_several_that_fit_none_is_taken),
		TEST(the_one_that_remains_after_a_day_is_taken_up),
		TEST(a_torrent_that_fits_two_containers_is_not_taken),
		TEST(of_two_questions_of_a_container_one_gets_it),
		TEST(what_the_ledger_knows_does_not_fit),
		TEST(what_was_listed_before_the_question_does_not_fit),
		TEST(what_is_listed_a_week_later_does_not_fit),
		TEST(without_an_infohash_it_is_not_taken),
		TEST(a_reply_without_a_list_says_nothing),
		TEST(it_was_not_made_if_lists_over_a_day_hold_nothing),
		TEST(two_lists_are_not_enough_however_far_apart),
		TEST(the_day_begins_anew_when_something_fits),
		TEST(what_was_certainly_assigned_is_never_taken_for_not_made),
		TEST(what_is_listed_later_opens_the_question_again),
		TEST(what_is_listed_after_a_list_without_it_is_taken_up),
		TEST(what_a_person_settled_stays_so),
		TEST(what_appears_while_nothing_is_open_is_another_program_s),
		TEST(a_setting_says_that_the_account_is_shared),
		TEST(without_an_infohash_it_may_be_ours),
		TEST(what_is_left_when_a_question_is_settled_is_another_program_s),
		TEST(a_person_settles_it),
		TEST(what_cannot_be_settled_is_refused),
		TEST(a_person_says_whose_a_torrent_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
