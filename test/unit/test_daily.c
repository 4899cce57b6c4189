#include "daemon/daily.h"

#include "core/copies.h"

#include "world.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <utime.h>

static struct daily daily;
static struct err failure;

static int make(void **state)
{
	daily = (struct daily){0};
	return world_make(state);
}

static int clear(void **state)
{
	daily_abandon(&daily);
	return world_remove(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clear)

static bool step(struct world *w, unsigned keep, bool *done)
{
	failure = (struct err){0};
	return daily_step(&daily, w->f.folder, keep, NULL, done, &failure);
}

/* A copy is made from its first slice to its last. */
static void copy(struct world *w, unsigned keep)
{
	bool done = false;

	while (!done)
		if (!step(w, keep, &done))
			fail_msg("%s", failure.msg);
}

static size_t files(struct world *w, const char *names)
{
	OWN_STR char *pattern = mem_printf("%s/backup/%s", w->f.folder, names);
	glob_t found;

	glob(pattern, 0, NULL, &found);
	size_t n = found.gl_pathc;
	globfree(&found);
	return n;
}

static void put(struct world *w, const char *name, const char *text)
{
	OWN_STR char *path = mem_printf("backup/%s", name);

	world_write(w, path, text);
}

/* ---- the daily copy ---- */

static void a_copy_is_a_whole_ledger_named_after_its_begin(void **state)
{
	struct world *w = *state;
	struct ledger_facts facts;
	struct err err;

	world_assigned(w, "7");
	assert_false(daily_is_begun(&daily));
	copy(w, 7);
	assert_false(daily_is_begun(&daily));
	OWN_STR char *path = fs_join(w->f.folder, "backup/ledger-20261118T110640Z.db");
	MUST(ledger_examine(path, NULL, &facts, &err));
	assert_int_equal(facts.assignments, 1);
	assert_int_equal(files(w, ".*.tmp"), 0);
	OWN_STR char *folder = fs_parent(path);
	struct stat st;
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(copies_newest(w->f.folder), FAKE_NOW);
	OWN_STR char *good = copies_newest_good(w->f.folder, NULL);
	assert_string_equal(good, path);
}

static void it_is_made_in_slices(void **state)
{
	struct world *w = *state;
	bool done = true;

	assert_true(step(w, 7, &done));
	assert_false(done);
	assert_true(daily_is_begun(&daily));
	assert_int_equal(files(w, "ledger-*"), 0);
	assert_int_equal(files(w, ".*.tmp"), 1);
	/* Its name is that of its begin. */
	fake_time_pass(HOUR);
	copy(w, 7);
	assert_int_equal(copies_newest(w->f.folder), FAKE_NOW);
}

static void one_that_is_abandoned_leaves_nothing(void **state)
{
	struct world *w = *state;
	bool done;

	assert_true(step(w, 7, &done));
	daily_abandon(&daily);
	assert_false(daily_is_begun(&daily));
	assert_int_equal(files(w, ".*.tmp"), 0);
	assert_int_equal(files(w, "*"), 0);
}

static void what_a_dead_process_left_is_removed(void **state)
{
	struct world *w = *state;

	OWN_STR char *left = fs_join(w->f.folder, "backup/.ledger-20261101T000000Z.db.9.tmp");
	const struct utimbuf long_ago = {1, 1};

	put(w, ".ledger-20261101T000000Z.db.9.tmp", "half");
	assert_int_equal(utime(left, &long_ago), 0);
	copy(w, 7);
	assert_int_equal(files(w, ".*.tmp"), 0);
}

static void only_the_newest_are_kept(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 4; i++) {
		copy(w, 2);
		fake_time_pass(DAY);
	}
	assert_int_equal(files(w, "*"), 2);
	assert_int_equal(files(w, "ledger-20261120T110640Z.db"), 1);
	assert_int_equal(files(w, "ledger-20261121T110640Z.db"), 1);
}

static void two_at_one_time_are_an_error(void **state)
{
	struct world *w = *state;
	bool done = false;

	copy(w, 7);
	while (step(w, 7, &done))
		assert_false(done);
	assert_non_null(strstr(failure.msg, "the daily copy of the ledger"));
	assert_false(daily_is_begun(&daily));
	assert_int_equal(files(w, "*"), 1);
	assert_int_equal(files(w, ".*.tmp"), 0);
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
	struct world *w = *state;
	bool done = true;

	world_write(w, "backup", "a file");
	assert_false(step(w, 7, &done));
	assert_false(done);
	assert_int_equal(failure.code, WORD_DISK);
	assert_false(daily_is_begun(&daily));
}

static void a_copy_that_is_damaged_gets_no_name(void **state)
{
	struct world *w = *state;
	bool done = false;

	while (!done && step(w, 7, &done))
		if (daily.staged && !daily.copy) {
			OWN_FD int fd = open(daily.staged, O_WRONLY);
			char bytes[4096] = "";
			assert_int_equal(pwrite(fd, bytes, sizeof bytes, 4096), sizeof bytes);
		}
	assert_false(done);
	assert_int_equal(failure.code, WORD_LEDGER);
	assert_int_equal(files(w, "*"), 0);
	assert_int_equal(files(w, ".*.tmp"), 0);
}

/* ---- the copies that there are ---- */

static void only_names_that_a_copy_has_count(void **state)
{
	static const char *const others[] = {"ledger-20261332T110640Z.db",
					     "ledger-20261118T110640Z.db.old",
					     "ledger-20261118T110640Z",
					     "ledger-2026111T110640Z.db",
					     "mine.db",
					     "ledger-19691231T235959Z.db",
					     "ledger-20260230T000000Z.db",
					     "x"};
	struct world *w = *state;
	OWN(copies_clear) struct copies all = {0};
	struct err err;

	assert_int_equal(copies_newest(w->f.folder), 0);
	for (size_t i = 0; i < COUNT(others); i++)
		put(w, others[i], "");
	assert_int_equal(copies_newest(w->f.folder), 0);
	put(w, "ledger-20260101T000000Z.db", "");
	put(w, "ledger-20261118T110640Z.db", "");
	put(w, "ledger-20251231T235959Z.db", "");
	copies_list(&all, w->f.folder);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.names[0], "ledger-20261118T110640Z.db");
	assert_string_equal(all.names[1], "ledger-20260101T000000Z.db");
	assert_string_equal(all.names[2], "ledger-20251231T235959Z.db");
	MUST(copies_prune(w->f.folder, 3, &err));
	assert_int_equal(files(w, "*"), COUNT(others) + 3);
	MUST(copies_prune(w->f.folder, 1, &err));
	assert_int_equal(files(w, "*"), COUNT(others) + 1);
	assert_int_equal(copies_newest(w->f.folder), FAKE_NOW);
}

static void a_damaged_copy_is_not_good(void **state)
{
	struct world *w = *state;

	assert_null(copies_newest_good(w->f.folder, NULL));
	put(w, "ledger-20261119T110640Z.db", "no ledger");
	assert_null(copies_newest_good(w->f.folder, NULL));
	copy(w, 7);
	OWN_STR char *good = copies_newest_good(w->f.folder, NULL);
	OWN_STR char *wanted = copies_path(w->f.folder, FAKE_NOW);
	assert_string_equal(good, wanted);
}

static void one_that_cannot_be_removed_is_an_error(void **state)
{
	struct world *w = *state;

	put(w, "ledger-20261118T110640Z.db", "");
	put(w, "ledger-20261117T110640Z.db/in the way", "");
	assert_false(copies_prune(w->f.folder, 1, &failure));
	assert_int_equal(failure.code, WORD_DISK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_copy_is_a_whole_ledger_named_after_its_begin),
		TEST(it_is_made_in_slices),
		TEST(one_that_is_abandoned_leaves_nothing),
		TEST(what_a_dead_process_left_is_removed),
		TEST(only_the_newest_are_kept),
		TEST(two_at_one_time_are_an_error),
		TEST(a_folder_that_cannot_be_made_is_an_error),
		TEST(a_copy_that_is_damaged_gets_no_name),
		TEST(only_names_that_a_copy_has_count),
		TEST(a_damaged_copy_is_not_good),
		TEST(one_that_cannot_be_removed_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
