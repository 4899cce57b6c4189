#include "base/clock.h"

#include "fake_client.h"

#define MINUTE (60 * INT64_C(1000))

/* Whether the client was let in, and asked. */
static bool ready(struct fixture *f, struct err *err)
{
	return destination_ready(&f->run, &f->to, err);
}

static void remember(struct fixture *f, const char *refused, int64_t down_since)
{
	struct ledger_client c = {.down_since = down_since};
	struct err err;

	text_copy(c.refused, sizeof c.refused, refused);
	MUST(ledger_set_client(f->run.ledger, "box", &c, &err));
}

static void every_call_reaches_the_client(void **state)
{
	struct fixture *f = *state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	const struct delivery d = {.file_name = "x.torrent"};
	OWN_STR char *name = NULL;
	OWN_STR char *path = NULL;
	struct client_space space;
	struct err err;

	f->fake.space.free = 7;
	f->fake.n_torrents = 1;
	MUST(destination_ready(&f->run, &f->to, &err));
	MUST(destination_prepare(&f->run, &f->to, &d, &name, &err));
	MUST(destination_deliver(&f->run, &f->to, &d, false, &path, &err));
	MUST(destination_list(&f->run, &f->to, "rel", &all, &err));
	MUST(destination_space(&f->run, &f->to, NULL, &space, &err));
	assert_string_equal(name, "x.torrent");
	assert_string_equal(path, "there");
	assert_int_equal(all.n, 1);
	assert_string_equal(f->fake.category, "rel");
	assert_int_equal(space.free, 7);
	assert_int_equal(f->fake.ready + f->fake.delivered + f->fake.listed + f->fake.measured, 4);
}

static void a_client_that_could_not_be_opened_says_why(void **state)
{
	struct fixture *f = *state;
	const struct delivery d = {.file_name = "x"};
	char *name = NULL;
	struct err err;

	f->to.client = NULL;
	err_set(&f->to.why, ERR_TARGET, WORD_CONFIG, "no such thing");
	f->run.force = true;
	assert_false(ready(f, &err));
	assert_string_equal(err.msg, "no such thing");
	assert_int_equal(err.code, WORD_CONFIG);
	assert_false(destination_prepare(&f->run, &f->to, &d, &name, &err));
	assert_null(name);
}

static void after_a_refusal_the_client_is_not_called_again(void **state)
{
	struct fixture *f = *state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	const struct delivery d = {.file_name = "x"};
	struct client_space space;
	char *text = NULL;
	struct err err;

	fake_fails(f, ERR_TARGET, WORD_CLIENT);
	assert_false(ready(f, &err));
	assert_string_equal(known(f).refused, "one");
	assert_int_equal(known(f).down_since, 0);
	fake_works(f);
	assert_false(ready(f, &err));
	assert_false(destination_prepare(&f->run, &f->to, &d, &text, &err));
	assert_false(destination_deliver(&f->run, &f->to, &d, false, &text, &err));
	assert_false(destination_list(&f->run, &f->to, NULL, &all, &err));
	assert_false(destination_space(&f->run, &f->to, NULL, &space, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_int_equal(err.code, WORD_CLIENT);
	assert_true(destination_is_away(&err));
	assert_int_equal(f->fake.ready, 1);
	assert_int_equal(f->fake.delivered + f->fake.listed + f->fake.measured, 0);
}

static void other_credentials_are_tried(void **state)
{
	struct fixture *f = *state;
	struct err err;

	remember(f, "one", 0);
	text_copy(f->to.fingerprint, sizeof f->to.fingerprint, "two");
	fake_fails(f, ERR_TARGET, WORD_CLIENT);
	assert_false(ready(f, &err));
	assert_string_equal(known(f).refused, "two");
	assert_false(ready(f, &err));
	assert_int_equal(f->fake.ready, 1);
	text_copy(f->to.fingerprint, sizeof f->to.fingerprint, "three");
	fake_works(f);
	assert_true(ready(f, &err));
	assert_string_equal(known(f).refused, "");
}

static void a_person_may_try_again(void **state)
{
	struct fixture *f = *state;
	struct err err;

	remember(f, "one", 0);
	f->run.force = true;
	assert_true(ready(f, &err));
	assert_string_equal(known(f).refused, "");
	remember(f, "one", 0);
	f->run.force = false;
	MUST(destination_forgive(&f->run, &f->to, &err));
	assert_true(ready(f, &err));
	assert_int_equal(f->fake.ready, 2);
	/* What else is known stays. */
	remember(f, "one", 77);
	MUST(destination_forgive(&f->run, &f->to, &err));
	assert_int_equal(known(f).down_since, 77);
}

static void since_when_a_client_is_away_is_kept(void **state)
{
	struct fixture *f = *state;
	int64_t now = clock_now();
	struct err err;

	fake_fails(f, ERR_RETRY, WORD_CLIENT);
	assert_false(ready(f, &err));
	assert_string_equal(err.msg, "box: Client");
	assert_in_range(known(f).down_since, now, clock_now());
	assert_string_equal(known(f).refused, "");
	remember(f, "", 12345);
	assert_false(ready(f, &err));
	assert_int_equal(known(f).down_since, 12345);
	fake_works(f);
	assert_true(ready(f, &err));
	assert_int_equal(known(f).down_since, 0);
}

static void a_torrent_that_is_refused_shows_that_the_client_is_there(void **state)
{
	struct fixture *f = *state;
	const struct delivery d = {.file_name = "x"};
	char *path = NULL;
	struct err err;

	remember(f, "", 12345);
	fake_fails(f, ERR_ITEM, WORD_CLIENT);
	assert_false(destination_deliver(&f->run, &f->to, &d, false, &path, &err));
	assert_int_equal(err.kind, ERR_ITEM);
	assert_false(destination_is_away(&err));
	assert_int_equal(known(f).down_since, 0);
}

static void being_stopped_says_nothing_of_the_client(void **state)
{
	struct fixture *f = *state;
	struct err err;

	fake_fails(f, ERR_RETRY, WORD_STOPPED);
	assert_false(ready(f, &err));
	assert_int_equal(err.code, WORD_STOPPED);
	assert_int_equal(known(f).down_since, 0);
	assert_false(destination_is_away(&err));
}

static void nothing_is_kept_of_a_watch_folder(void **state)
{
	struct fixture *f = *state;
	struct err err;

	remember(f, "one", 0);
	fixture_watch(f);
	assert_true(destination_watches(&f->to));
	assert_true(ready(f, &err));
	fake_fails(f, ERR_TARGET, WORD_DISK);
	assert_false(ready(f, &err));
	assert_int_equal(err.code, WORD_DISK);
	assert_false(destination_is_away(&err));
	assert_string_equal(known(f).refused, "one");
	assert_int_equal(f->fake.ready, 2);
}

static void a_client_is_called_again_after_half_the_time_that_it_is_away(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int64_t away, wait; /* minutes */
	} rows[] = {{0, 1}, {1, 1}, {2, 1}, {3, 0}, {20, 10}, {119, 0}, {120, 60}, {9999, 60}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t now = clock_now(), when = 0;
		int64_t wait = rows[i].wait ? rows[i].wait * MINUTE : rows[i].away * MINUTE / 2;
		struct err err;
		remember(f, "", rows[i].away ? now - rows[i].away * MINUTE : 0);
		f->run.manners.waits = true;
		MUST(destination_retry(&f->run, &f->to, &when, &err));
		assert_in_range(when - now, wait, wait + 5000);
		f->run.manners.waits = false;
		MUST(destination_retry(&f->run, &f->to, &when, &err));
		assert_in_range(when - now, 0, 5000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_WITH_FAKE(every_call_reaches_the_client),
		TEST_WITH_FAKE(a_client_that_could_not_be_opened_says_why),
		TEST_WITH_FAKE(after_a_refusal_the_client_is_not_called_again),
		TEST_WITH_FAKE(other_credentials_are_tried),
		TEST_WITH_FAKE(a_person_may_try_again),
		TEST_WITH_FAKE(since_when_a_client_is_away_is_kept),
		TEST_WITH_FAKE(a_torrent_that_is_refused_shows_that_the_client_is_there),
		TEST_WITH_FAKE(being_stopped_says_nothing_of_the_client),
		TEST_WITH_FAKE(nothing_is_kept_of_a_watch_folder),
		TEST_WITH_FAKE(a_client_is_called_again_after_half_the_time_that_it_is_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
