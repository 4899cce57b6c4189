#include "base/clock.h"
#include "core/guard.h"

#include "fake_client.h"

#define GIGABYTE (UINT64_C(1) << 30)
#define HOUR (3600 * INT64_C(1000))

/* The last answer. */
static struct outcome out;
static struct err failure;

/* The word of the guard that holds, "" for none, "?" for an error. */
static const char *check(struct fixture *f, const struct container *c)
{
	const struct target t = {.container = c, .to = &f->to};
	static char text[OUTCOME_TEXT];

	out = (struct outcome){0};
	failure = (struct err){0};
	enum step step = guard_check(&f->run, &t, &out, &failure);
	if (step == FAILED)
		return "?";
	result_text(&out.result, text);
	return step == HOLD ? text : "";
}

#define HOLDS(word, call) assert_string_equal(call, word)

static struct container container(void)
{
	return (struct container){.name = "attic",
				  .max_pending = CONTAINER_PENDING,
				  .pick_up_ms = CONTAINER_PICK_UP_MS,
				  .placement.category = "rel"};
}

/* The client has so many torrents in one state, and one that is seeding. */
static void has(struct fixture *f, size_t n, enum client_state state)
{
	f->fake.n_torrents = n + 1;
	f->fake.state[0] = CLIENT_SEEDING;
	for (size_t i = 1; i <= n; i++)
		f->fake.state[i] = state;
}

/* One more torrent of the container waits for its client. */
static void wait_one(struct fixture *f, const char *name)
{
	static int number;
	struct ledger *l = f->run.ledger;
	char id[16], hash[41];
	const struct fetched t = {
		.infohash = hash, .name = "x", .file_name = "x.torrent", .v2 = ""};
	int64_t row;
	struct err err;

	snprintf(id, sizeof id, "%d", ++number);
	snprintf(hash, sizeof hash, "%040d", number);
	MUST(ledger_asking(l, name, &row, &err));
	MUST(ledger_assigned(l, row, id, "1", &err));
	MUST(ledger_fetched(l, row, &t, &err));
}

static void a_client_that_is_there_is_asked_nothing_more_without_limits(void **state)
{
	struct fixture *f = *state;
	const struct container c = container();

	HOLDS("", check(f, &c));
	assert_int_equal(f->to.away.code, WORD_NONE);
	assert_int_equal(f->fake.ready, 1);
	assert_int_equal(f->fake.listed + f->fake.measured + f->fake.backlogged, 0);
}

static void torrents_may_wait_up_to_max_pending(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	for (int i = 0; i < CONTAINER_PENDING; i++)
		wait_one(f, "attic");
	wait_one(f, "cellar");
	HOLDS("", check(f, &c));
	wait_one(f, "attic");
	HOLDS("WAIT(Client)", check(f, &c));
	assert_string_equal(out.detail, "3 torrents wait for box, more than MaxPending (2)");
	c.max_pending = 3;
	HOLDS("", check(f, &c));
	c.max_pending = 0;
	fake_fails(f, ERR_RETRY, WORD_CLIENT);
	HOLDS("WAIT(Client)", check(f, &c));
	assert_non_null(strstr(out.detail, "more than MaxPending (0): box: Client"));
}

static void a_client_that_is_away_holds_only_where_it_must_be_asked(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	fake_fails(f, ERR_RETRY, WORD_CLIENT);
	HOLDS("", check(f, &c));
	assert_string_equal(f->to.away.msg, "box: Client");
	c.max_stalled = 1;
	HOLDS("WAIT(Client)", check(f, &c));
	assert_string_equal(out.detail, "box: Client");
	c = container();
	c.max_active = 1;
	HOLDS("WAIT(Client)", check(f, &c));
	c = container();
	c.reserve.percent = 1;
	HOLDS("WAIT(Client)", check(f, &c));
	c.data_folder = f->folder;
	HOLDS("", check(f, &c));
	assert_int_equal(f->fake.listed + f->fake.measured, 0);
}

static void a_client_that_needs_a_person_always_holds(void **state)
{
	struct fixture *f = *state;
	const struct container c = container();

	fake_fails(f, ERR_TARGET, WORD_CLIENT);
	HOLDS("WAIT(Client)", check(f, &c));
	f->to.away.code = WORD_NONE;
	HOLDS("WAIT(Client)", check(f, &c));
	assert_int_equal(f->fake.ready, 1);
}

static void what_is_known_to_be_away_is_not_asked_again(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	err_set(&f->to.away, ERR_RETRY, WORD_CLIENT, "box: gone");
	HOLDS("", check(f, &c));
	assert_string_equal(f->to.away.msg, "box: gone");
	c.max_stalled = 1;
	HOLDS("WAIT(Client)", check(f, &c));
	assert_string_equal(out.detail, "box: gone");
	assert_int_equal(f->fake.ready + f->fake.listed, 0);
}

static void another_failure_is_an_error(void **state)
{
	struct fixture *f = *state;
	const struct container c = container();

	fake_fails(f, ERR_TARGET, WORD_CONFIG);
	HOLDS("?", check(f, &c));
	assert_int_equal(failure.code, WORD_CONFIG);
	assert_int_equal(f->to.away.code, WORD_NONE);
}

static void downloads_may_stall_below_max_stalled(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	c.max_stalled = 2;
	has(f, 1, CLIENT_STALLED);
	HOLDS("", check(f, &c));
	assert_string_equal(f->fake.category, "rel");
	has(f, 2, CLIENT_STALLED);
	HOLDS("WAIT(Stalled)", check(f, &c));
	assert_string_equal(out.detail, "2 downloads are stalled in box (MaxStalled 2)");
	has(f, 5, CLIENT_DOWNLOADING);
	HOLDS("", check(f, &c));
	c.max_stalled = 1;
	c.placement.category = NULL;
	has(f, 1, CLIENT_STALLED);
	HOLDS("WAIT(Stalled)", check(f, &c));
	assert_string_equal(out.detail, "1 download is stalled in box (MaxStalled 1)");
	assert_string_equal(f->fake.category, "-");
}

static void downloads_may_be_incomplete_below_max_active(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	c.max_active = 3; /* the one that is seeding in part counts as well */
	has(f, 1, CLIENT_QUEUED);
	HOLDS("", check(f, &c));
	has(f, 2, CLIENT_QUEUED);
	HOLDS("WAIT(Backlog)", check(f, &c));
	assert_string_equal(out.detail, "3 downloads are not finished in box (MaxActive 3)");
	has(f, 5, CLIENT_PAUSED);
	HOLDS("WAIT(Backlog)", check(f, &c));
	/* What is worth a look goes first. */
	c.max_stalled = 2;
	has(f, 2, CLIENT_STALLED);
	HOLDS("WAIT(Stalled)", check(f, &c));
}

static void reserve_must_stay_free_where_the_client_stores(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	c.reserve.bytes = 50 * GIGABYTE;
	f->fake.space.free = 50 * GIGABYTE;
	HOLDS("", check(f, &c));
	f->fake.space.free--;
	HOLDS("WAIT(Space)", check(f, &c));
	assert_non_null(strstr(out.detail, "in the client box, and Reserve is 50.0 GiB"));
	c.reserve = (struct reserve){.percent = 5};
	f->fake.space = (struct client_space){.free = 5 * GIGABYTE, .total = 100 * GIGABYTE};
	HOLDS("", check(f, &c));
	f->fake.space.free--;
	HOLDS("WAIT(Space)", check(f, &c));
	f->fake.space.total = 0;
	HOLDS("?", check(f, &c));
	assert_int_equal(failure.code, WORD_CONFIG);
	assert_int_equal(f->fake.listed, 0);
}

static void space_is_measured_where_data_directory_says(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	c.data_folder = f->folder;
	c.reserve.bytes = 1;
	HOLDS("", check(f, &c));
	c.reserve.bytes = UINT64_C(1) << 60;
	HOLDS("WAIT(Space)", check(f, &c));
	assert_non_null(strstr(out.detail, f->folder));
	c.data_folder = "/no/such";
	HOLDS("?", check(f, &c));
	assert_true(text_starts(failure.msg, "DataDirectory: "));
	assert_int_equal(f->fake.measured, 0);
}

static void space_is_the_last_question(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	c.max_stalled = 1;
	c.reserve.bytes = 1;
	has(f, 1, CLIENT_STALLED);
	HOLDS("WAIT(Stalled)", check(f, &c));
	assert_int_equal(f->fake.measured, 0);
	wait_one(f, "attic");
	c.max_pending = 0;
	HOLDS("WAIT(Client)", check(f, &c));
	assert_int_equal(f->fake.listed, 1);
}

/* ---- watch folders ---- */

static void files_may_wait_in_a_watch_folder_up_to_max_pending(void **state)
{
	struct fixture *f = *state;
	const struct container c = container();
	int64_t now = clock_now();

	fixture_watch(f);
	f->fake.backlog = (struct client_backlog){2, now - 2 * HOUR};
	HOLDS("", check(f, &c));
	assert_in_range(f->fake.before, now - GUARD_PICK_UP_GRACE_MS,
			clock_now() - GUARD_PICK_UP_GRACE_MS);
	f->fake.backlog = (struct client_backlog){3, now - HOUR / 2};
	HOLDS("WAIT(Backlog)", check(f, &c));
	assert_non_null(strstr(out.detail, "3 torrents in the place have not been picked up"));
	assert_non_null(strstr(out.detail, ", one for 30 m "));
	assert_null(strstr(out.detail, "PickUpWithin"));
	f->fake.backlog.oldest = now - HOUR;
	HOLDS("WAIT(Client)", check(f, &c));
	assert_non_null(strstr(out.detail, "PickUpWithin"));
}

static void a_watch_folder_is_not_looked_into_where_files_stay(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	fixture_watch(f);
	c.pick_up_ms = 0;
	f->fake.backlog = (struct client_backlog){100, 1};
	HOLDS("", check(f, &c));
	assert_int_equal(f->fake.backlogged, 0);
}

static void a_watch_folder_is_asked_for_no_torrents(void **state)
{
	struct fixture *f = *state;
	struct container c = container();

	fixture_watch(f);
	for (int i = 0; i < 5; i++)
		wait_one(f, "attic");
	c.max_stalled = c.max_active = 1;
	has(f, 5, CLIENT_STALLED);
	HOLDS("", check(f, &c));
	assert_int_equal(f->fake.listed, 0);
	fake_fails(f, ERR_TARGET, WORD_DISK);
	HOLDS("?", check(f, &c));
	assert_int_equal(failure.code, WORD_DISK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_FAKE(a_client_that_is_there_is_asked_nothing_more_without_limits),
		TEST_WITH_FAKE(torrents_may_wait_up_to_max_pending),
		TEST_WITH_FAKE(a_client_that_is_away_holds_only_where_it_must_be_asked),
		TEST_WITH_FAKE(a_client_that_needs_a_person_always_holds),
		TEST_WITH_FAKE(what_is_known_to_be_away_is_not_asked_again),
		TEST_WITH_FAKE(another_failure_is_an_error),
		TEST_WITH_FAKE(downloads_may_stall_below_max_stalled),
		TEST_WITH_FAKE(downloads_may_be_incomplete_below_max_active),
		TEST_WITH_FAKE(reserve_must_stay_free_where_the_client_stores),
		TEST_WITH_FAKE(space_is_measured_where_data_directory_says),
		TEST_WITH_FAKE(space_is_the_last_question),
		TEST_WITH_FAKE(files_may_wait_in_a_watch_folder_up_to_max_pending),
		TEST_WITH_FAKE(a_watch_folder_is_not_looked_into_where_files_stay),
		TEST_WITH_FAKE(a_watch_folder_is_asked_for_no_torrents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
