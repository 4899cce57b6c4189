#include "core/staged.h"

#include "world.h"

#include <sys/stat.h>

static void take_up(struct world *w)
{
	struct err err;

	MUST(staged_take_up(w->run, "attic", &err));
}

static bool due(struct world *w)
{
	bool is;
	struct err err;

	MUST(staged_is_due(w->run, "attic", &is, &err));
	return is;
}

static int64_t ask(struct world *w, const char *container)
{
	int64_t id;
	struct err err;

	MUST(ledger_asking(w->run->ledger, container, &id, &err));
	return id;
}

static int64_t lose(struct world *w)
{
	int64_t id = ask(w, "attic");
	struct err err;

	MUST(ledger_possibly_lost(w->run->ledger, id, false, "time-out", &err));
	return id;
}

static bool is_staged(struct world *w, int64_t id)
{
	OWN(assignment_clear) struct assignment row = world_row(w, id);

	return assignment_is_staged(&row);
}

static void where_nothing_is_staged_nothing_happens(void **state)
{
	struct world *w = *state;
	int64_t id = ask(w, "attic");

	take_up(w);
	assert_false(is_staged(w, id));
	assert_int_equal(world_count(w, LEDGER_ALL), 1);
	LOGGED(0, "taking up");
}

static void what_is_staged_answers_the_newest_question(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	int64_t older = lose(w), newer = ask(w, "attic"), other = ask(w, "cellar");

	take_up(w);
	assert_false(is_staged(w, older));
	assert_true(is_staged(w, newer));
	assert_false(is_staged(w, other));
	assert_true(fs_exists(path));
	LOGGED(1, "info attic: taking up a torrent");
	/* It waits for that row. */
	take_up(w);
	assert_false(is_staged(w, older));
	assert_int_equal(world_count(w, LEDGER_ALL), 3);
}

static void without_a_question_it_gets_a_row(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);

	world_assigned(w, "7");
	take_up(w);
	assert_int_equal(world_count(w, LEDGER_ALL), 2);
	assert_true(is_staged(w, 2));
	assert_false(is_staged(w, 1));
}

static void what_is_kept_already_is_removed(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);

	world_fetched(w, "7", "one");
	take_up(w);
	assert_false(fs_exists(path));
	assert_int_equal(world_count(w, LEDGER_ALL), 1);
}

static void what_is_no_torrent_is_taken_up_too(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", "<html>");

	take_up(w);
	assert_true(is_staged(w, 1));
}

static void it_is_due_while_something_is_staged(void **state)
{
	struct world *w = *state;

	assert_false(due(w));
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	assert_true(due(w));
}

static void or_while_a_utility_works_on_its_question(void **state)
{
	struct world *w = *state;
	OWN_STR char *lock = fs_join(w->run->staging.folder, "lock");
	bool held;
	struct err err;

	MUST(fs_make_folder(w->run->staging.folder, 0700, true, &err));
	ask(w, "attic");
	assert_false(due(w));
	OWN_FD int fd = fs_lock(lock, &held, &err);
	assert_true(fd >= 0);
	assert_true(due(w));
	MUST(ledger_possibly_lost(w->run->ledger, 1, false, "time-out", &err));
	assert_false(due(w));
	ask(w, "cellar");
	assert_false(due(w));
}

/* ---- strays ---- */

static const struct container configured[] = {{.name = (char[]){"cellar"}},
					      {.name = (char[]){"loft"}}};

static size_t strays(struct world *w, struct ledger *l, char **container, char **path)
{
	struct staged_stray *list;
	struct err err;
	size_t n;

	MUST(staged_strays(l, &w->run->staging, configured, COUNT(configured), &list, &n, &err));
	for (size_t i = 0; i < n; i++) {
		free(*container);
		free(*path);
		*container = list[i].container ? mem_dup(list[i].container) : NULL;
		*path = mem_dup(list[i].path);
	}
	staged_strays_free(list, n);
	return n;
}

static void a_stray_belongs_to_no_container_that_is_configured(void **state)
{
	struct world *w = *state;
	OWN_STR char *found = NULL;
	OWN_STR char *path = NULL;

	assert_int_equal(strays(w, w->run->ledger, &found, &path), 0);
	OWN_STR char *staged UNUSED = world_stage(w, "one", NULL);
	assert_int_equal(strays(w, w->run->ledger, &found, &path), 1);
	assert_null(found);
	assert_string_equal(path, staged);
	assert_int_equal(strays(w, NULL, &found, &path), 1);
	/* The ledger may know whose it is. */
	ask(w, "loft");
	ask(w, "attic");
	assert_int_equal(strays(w, w->run->ledger, &found, &path), 1);
	assert_string_equal(found, "attic");
	w->attic.name = (char[]){"cellar"};
	OWN_STR char *other UNUSED = world_stage(w, "two", NULL);
	w->attic.name = (char[]){"loft"};
	OWN_STR char *third UNUSED = world_stage(w, "three", NULL);
	assert_int_equal(strays(w, w->run->ledger, &found, &path), 1);
	assert_string_equal(found, "attic");
}

static void what_a_pending_row_waits_for_is_no_stray(void **state)
{
	struct world *w = *state;
	OWN_STR char *found = NULL;
	OWN_STR char *path = NULL;
	OWN_STR char *staged UNUSED = world_stage(w, "one", NULL);

	take_up(w);
	assert_int_equal(strays(w, w->run->ledger, &found, &path), 0);
}

/* ---- a ledger in trouble ---- */

static void has_staged(struct world *w)
{
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
}

static void has_staged_what_is_lost(struct world *w)
{
	has_staged(w);
	lose(w);
}

static bool take_up_again(struct world *w, struct err *err)
{
	return staged_take_up(w->run, "attic", err);
}

static bool find_strays_again(struct world *w, struct err *err)
{
	struct staged_stray *list;
	size_t n;

	if (!staged_strays(w->run->ledger, &w->run->staging, NULL, 0, &list, &n, err))
		return false;
	staged_strays_free(list, n);
	return true;
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(has_staged, take_up_again);
	world_fail_each(has_staged_what_is_lost, take_up_again);
	world_fail_each(has_staged_what_is_lost, find_strays_again);
}

static void a_ledger_that_cannot_say_who_asks_is_an_error(void **state)
{
	struct world *w = *state;
	OWN_STR char *lock = fs_join(w->run->staging.folder, "lock");
	bool held, is;
	struct err err;

	MUST(fs_make_folder(w->run->staging.folder, 0700, true, &err));
	OWN_FD int fd = fs_lock(lock, &held, &err);
	assert_true(fd >= 0);
	fake_sql_fail(1);
	assert_false(staged_is_due(w->run, "attic", &is, &err));
	assert_int_equal(err.code, WORD_LEDGER);
}

static void a_staging_folder_that_is_locked_is_an_error(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	OWN_STR char *lock = fs_join(w->run->staging.folder, "lock");
	struct err err;

	assert_int_equal(mkdir(lock, 0700), 0);
	assert_false(staged_take_up(w->run, "attic", &err));
	assert_int_equal(err.code, WORD_DISK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_WORLD(where_nothing_is_staged_nothing_happens),
		TEST_IN_WORLD(what_is_staged_answers_the_newest_question),
		TEST_IN_WORLD(without_a_question_it_gets_a_row),
		TEST_IN_WORLD(what_is_kept_already_is_removed),
		TEST_IN_WORLD(what_is_no_torrent_is_taken_up_too),
		TEST_IN_WORLD(it_is_due_while_something_is_staged),
		TEST_IN_WORLD(or_while_a_utility_works_on_its_question),
		TEST_IN_WORLD(a_stray_belongs_to_no_container_that_is_configured),
		TEST_IN_WORLD(what_a_pending_row_waits_for_is_no_stray),
		cmocka_unit_test(each_failure_of_the_ledger_is_reported),
		TEST_IN_WORLD(a_ledger_that_cannot_say_who_asks_is_an_error),
		TEST_IN_WORLD(a_staging_folder_that_is_locked_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
