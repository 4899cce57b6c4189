#include "core/pick_up.h"

#include "world.h"

/* A watch folder, in which a file lies since now; its row. */
static int64_t deliver(struct world *w)
{
	fixture_watch(&w->f);
	fake_watches(&w->f.fake);
	return world_delivered(w, "7", "one");
}

static void look(struct world *w)
{
	struct err err;

	MUST(pick_up_look(w->run, &w->target, &err));
}

static enum assignment_pick_up state_of(struct world *w, int64_t id)
{
	OWN(assignment_clear) struct assignment row = world_row(w, id);

	return row.pick_up;
}

static int64_t due(struct world *w)
{
	int64_t when;
	struct err err;

	MUST(pick_up_due(w->run, &w->target, &when, &err));
	return when;
}

static void only_watch_folders_are_watched(void **state)
{
	struct world *w = *state;

	assert_int_equal(pick_up_begins(&w->attic, &w->f.to), PICK_UP_NONE);
	fixture_watch(&w->f);
	assert_int_equal(pick_up_begins(&w->attic, &w->f.to), PICK_UP_DUE);
	w->attic.pick_up_ms = 0;
	assert_int_equal(pick_up_begins(&w->attic, &w->f.to), PICK_UP_NONE);
}

static void a_file_is_late_after_pick_up_within_and_not_before(void **state)
{
	struct world *w = *state;
	int64_t id = deliver(w);

	w->f.fake.fate = CLIENT_FATE_WAITING;
	assert_int_equal(due(w), FAKE_NOW + w->attic.pick_up_ms);
	look(w);
	assert_string_equal(w->f.fake.path, "there");
	assert_int_equal(state_of(w, id), PICK_UP_DUE);
	fake_time_pass(w->attic.pick_up_ms - 1);
	look(w);
	assert_int_equal(state_of(w, id), PICK_UP_DUE);
	fake_time_pass(1);
	look(w);
	assert_int_equal(state_of(w, id), PICK_UP_LATE);
	/* It is still watched for, and reported no more. */
	assert_int_equal(due(w), INT64_MAX);
	fake_time_pass(DAY);
	look(w);
	OWN(assignment_clear) struct assignment row = world_row(w, id);
	assert_int_equal(row.pick_up, PICK_UP_LATE);
	assert_int_equal(row.pick_up_at, FAKE_NOW + w->attic.pick_up_ms);
	assert_int_equal(w->f.fake.fated, 4);
	/* After the clock was set back, too. */
	fake_time_reset();
	look(w);
	assert_int_equal(state_of(w, id), PICK_UP_LATE);
	w->f.fake.fate = CLIENT_FATE_TAKEN;
	look(w);
	assert_int_equal(state_of(w, id), PICK_UP_TAKEN);
	look(w);
	assert_int_equal(w->f.fake.fated, 6);
	LOGGED(1, "has not been picked up");
	LOGGED(1, "warn attic: there has not been picked up for 1 h 0 m: does the client look");
	LOGGED(1, "info attic: there was picked up");
}

static void a_refusal_is_found_and_listed(void **state)
{
	struct world *w = *state;
	int64_t id = deliver(w);
	char *path;
	struct err err;
	size_t n;

	w->f.fake.fate = CLIENT_FATE_REFUSED;
	fake_time_pass(5);
	look(w);
	assert_int_equal(state_of(w, id), PICK_UP_REFUSED);
	assert_int_equal(due(w), INT64_MAX);
	LOGGED(1, "error attic: the client refused there, and put it aside");
	MUST(pick_up_refused(w->run, "attic", FAKE_NOW + 4, &n, &path, &err));
	assert_int_equal(n, 1);
	assert_string_equal(path, "there");
	free(path);
	MUST(pick_up_refused(w->run, "attic", FAKE_NOW + 5, &n, &path, &err));
	assert_int_equal(n, 0);
	assert_null(path);
	MUST(pick_up_refused(w->run, "cellar", 0, &n, &path, &err));
	assert_int_equal(n, 0);
	world_delivered(w, "8", "two");
	look(w);
	MUST(pick_up_refused(w->run, "attic", 0, &n, &path, &err));
	assert_int_equal(n, 2);
	free(path);
}

static void what_no_client_takes_away_is_not_looked_at(void **state)
{
	struct world *w = *state;
	int64_t id = deliver(w);

	w->f.fake.fate = CLIENT_FATE_TAKEN;
	w->attic.pick_up_ms = 0;
	look(w);
	assert_int_equal(due(w), INT64_MAX);
	w->attic.pick_up_ms = 1;
	w->f.to.client = NULL;
	look(w);
	assert_int_equal(due(w), INT64_MAX);
	w->f.to.client = &w->f.fake.base;
	assert_int_equal(w->f.fake.fated, 0);
	assert_int_equal(state_of(w, id), PICK_UP_DUE);
}

static void a_folder_that_is_away_says_nothing_of_its_files(void **state)
{
	struct world *w = *state;
	int64_t id = deliver(w);
	struct err err;

	world_delivered(w, "8", "two");
	fake_fails(&w->f, ERR_TARGET, WORD_DISK);
	look(w);
	assert_int_equal(w->f.fake.fated, 2);
	assert_int_equal(state_of(w, id), PICK_UP_DUE);
	fake_fails(&w->f, ERR_FATAL, WORD_INTERNAL);
	assert_false(pick_up_look(w->run, &w->target, &err));
	assert_int_equal(err.code, WORD_INTERNAL);
	assert_int_equal(w->f.fake.fated, 3);
}

static void is_due(struct world *w)
{
	deliver(w);
	w->f.fake.fate = CLIENT_FATE_REFUSED;
}

static bool ask_due(struct world *w, struct err *err)
{
	int64_t when;

	return pick_up_due(w->run, &w->target, &when, err);
}

static bool ask_refused(struct world *w, struct err *err)
{
	char *path = NULL;
	size_t n;
	bool ok = pick_up_refused(w->run, "attic", 0, &n, &path, err);

	free(path);
	return ok;
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(is_due, ask_due);
	world_fail_each(is_due, ask_refused);
}

static void without_a_ledger_nothing_can_be_looked_at(void **state)
{
	struct world *w = *state;
	struct err err;

	deliver(w);
	fake_sql_fail(1);
	assert_false(pick_up_look(w->run, &w->target, &err));
	assert_int_equal(err.code, WORD_LEDGER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_WORLD(only_watch_folders_are_watched),
		TEST_IN_WORLD(a_file_is_late_after_pick_up_within_and_not_before),
		TEST_IN_WORLD(a_refusal_is_found_and_listed),
		TEST_IN_WORLD(what_no_client_takes_away_is_not_looked_at),
		TEST_IN_WORLD(a_folder_that_is_away_says_nothing_of_its_files),
		cmocka_unit_test(each_failure_of_the_ledger_is_reported),
		TEST_IN_WORLD(without_a_ledger_nothing_can_be_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
