#include "core/redeliver.h"

#include "world.h"

static struct redeliver what;
static struct redelivered done;
static struct err failure;
static unsigned handed;

static bool redeliver(struct world *w)
{
	failure = (struct err){0};
	return redeliver_container(w->run, &what, &done, &failure);
}

static void count(void *ctx, const struct assignment *a, const char *path)
{
	assert_ptr_equal(ctx, &handed);
	assert_string_equal(a->container, "attic");
	assert_string_equal(path, "there");
	handed++;
}

static int make(void **state)
{
	int failed = world_make(state);
	struct world *w = *state;

	handed = 0;
	what = (struct redeliver){
		.target = &w->target, .to = &w->f.to, .delivered = count, .ctx = &handed};
	return failed;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, world_remove)

static void assert_done(size_t all, size_t now, size_t present, size_t unknown, size_t unkept,
			size_t refused)
{
	assert_int_equal(done.all, all);
	assert_int_equal(done.handed, now);
	assert_int_equal(done.present, present);
	assert_int_equal(done.unknown, unknown);
	assert_int_equal(done.unkept, unkept);
	assert_int_equal(done.refused, refused);
}

/* The client has the torrents of these names. */
static void has(struct world *w, size_t n, const char *const names[])
{
	static char ids[4][65];

	w->f.fake.n_torrents = n;
	for (size_t i = 0; i < n; i++) {
		text_copy(ids[i], sizeof ids[i], world_infohash(names[i]));
		w->f.fake.has[i] = ids[i];
	}
}

static void what_the_client_lacks_is_handed_over_once(void **state)
{
	struct world *w = *state;

	world_delivered(w, "1", "one");
	int64_t id = world_delivered(w, "2", "two");
	world_delivered(w, "3", "three");
	world_fetched(w, "4", "four");
	has(w, 2, (const char *const[]){"three", "one"});
	fake_time_pass(7);
	assert_true(redeliver(w));
	assert_done(3, 1, 2, 0, 0, 0);
	assert_int_equal(handed, 1);
	assert_int_equal(w->f.fake.listed, 1);
	assert_string_equal(w->f.fake.category, "-");
	assert_string_equal(w->f.fake.infohash, world_infohash("two"));
	OWN(assignment_clear) struct assignment row = world_row(w, id);
	assert_string_equal(row.client, "box");
	/* Until all of it has ended it is remembered. */
	assert_true(redeliver(w));
	assert_done(3, 0, 3, 0, 0, 0);
	struct err err;
	MUST(ledger_redelivery_ended(w->run->ledger, "the place", &err));
	assert_true(redeliver(w));
	assert_done(3, 1, 2, 0, 0, 0);
}

static void the_ledger_keeps_the_container_s_own_client(void **state)
{
	struct world *w = *state;
	struct fake other = w->f.fake;
	struct destination to = {.name = (char[]){"new"},
				 .place = (char[]){"new"},
				 .client = &other.base,
				 .fingerprint = "two"};
	int64_t id = world_delivered(w, "1", "one");

	what.to = &to;
	assert_true(redeliver(w));
	assert_done(1, 1, 0, 0, 0, 0);
	assert_int_equal(other.delivered, 1);
	assert_int_equal(other.listed, 1);
	assert_int_equal(w->f.fake.delivered + w->f.fake.listed, 0);
	OWN(assignment_clear) struct assignment row = world_row(w, id);
	assert_string_equal(row.client, "box");
}

static void into_a_watch_folder_everything_goes_without_asking(void **state)
{
	struct world *w = *state;

	fixture_watch(&w->f);
	w->target.asked = NULL;
	int64_t id = world_delivered(w, "1", "one");
	struct err err;
	MUST(ledger_pick_up(w->run->ledger, id, PICK_UP_TAKEN, &err));
	assert_true(redeliver(w));
	assert_done(1, 1, 0, 0, 0, 0);
	assert_int_equal(w->f.fake.listed, 0);
	OWN(assignment_clear) struct assignment row = world_row(w, id);
	assert_int_equal(row.pick_up, PICK_UP_DUE);
	assert_null(row.client);
}

static void what_is_missing_in_a_watch_folder_is_known_by_the_audit_client(void **state)
{
	struct world *w = *state;
	struct fake other = {.base.ops = &fake_ops};
	struct destination asked = {.name = (char[]){"new"},
				    .place = (char[]){"new"},
				    .client = &other.base,
				    .fingerprint = "two"};

	fixture_watch(&w->f);
	world_delivered(w, "1", "one");
	int64_t refused = world_delivered(w, "2", "two");
	struct err err;
	MUST(ledger_pick_up(w->run->ledger, refused, PICK_UP_REFUSED, &err));
	w->target.asked = NULL;
	what.missing_only = true;
	assert_true(redeliver(w));
	assert_done(2, 1, 0, 1, 0, 0);
	assert_int_equal(w->f.fake.id, refused);
	MUST(ledger_redelivery_ended(w->run->ledger, "the place", &err));
	w->target.asked = &asked;
	assert_true(redeliver(w));
	assert_int_equal(other.listed, 1);
	assert_done(2, 2, 0, 0, 0, 0);
	/* Without --missing nobody is asked. */
	what.missing_only = false;
	MUST(ledger_redelivery_ended(w->run->ledger, "the place", &err));
	assert_true(redeliver(w));
	assert_int_equal(other.listed, 1);
}

static void what_is_not_kept_or_refused_does_not_keep_the_others_waiting(void **state)
{
	struct world *w = *state;
	struct err err;

	world_delivered(w, "1", "one");
	world_delivered(w, "2", "two");
	MUST(vault_drop(w->run->vault, world_infohash("one"), &err));
	err_set(&w->f.fake.refuses, ERR_ITEM, WORD_CLIENT, "box: no");
	assert_true(redeliver(w));
	assert_done(2, 0, 0, 0, 1, 1);
	assert_int_equal(handed, 0);
}

static void a_client_that_is_away_ends_it(void **state)
{
	struct world *w = *state;

	world_delivered(w, "1", "one");
	world_delivered(w, "2", "two");
	err_set(&w->f.fake.refuses, ERR_RETRY, WORD_CLIENT, "box: gone");
	assert_false(redeliver(w));
	assert_string_equal(failure.msg, "box: gone");
	assert_int_equal(w->f.fake.delivered, 1);
	assert_done(2, 0, 0, 0, 0, 0);
	fake_fails(&w->f, ERR_RETRY, WORD_CLIENT);
	assert_false(redeliver(w));
	assert_done(0, 0, 0, 0, 0, 0);
}

static void a_stop_ends_it(void **state)
{
	struct world *w = *state;

	world_delivered(w, "1", "one");
	fake_time_stop();
	assert_false(redeliver(w));
	assert_true(err_is_stop(&failure));
	assert_int_equal(w->f.fake.delivered, 0);
}

static void has_delivered(struct world *w)
{
	world_delivered(w, "1", "one");
	what = (struct redeliver){.target = &w->target, .to = &w->f.to};
}

static bool redeliver_again(struct world *w, struct err *err)
{
	return redeliver_container(w->run, &what, &done, err);
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(has_delivered, redeliver_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_client_lacks_is_handed_over_once),
		TEST(the_ledger_keeps_the_container_s_own_client),
		TEST(into_a_watch_folder_everything_goes_without_asking),
		TEST(what_is_missing_in_a_watch_folder_is_known_by_the_audit_client),
		TEST(what_is_not_kept_or_refused_does_not_keep_the_others_waiting),
		TEST(a_client_that_is_away_ends_it),
		TEST(a_stop_ends_it),
		cmocka_unit_test(each_failure_of_the_ledger_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
