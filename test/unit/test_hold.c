#include "daemon/hold.h"

#include "household.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

static struct hold hold = HOLD_NONE;
static bool reopen;
static int predecessor = -1;

static int make(void **state)
{
	int failed = household_make(state);
	struct household *h = *state;

	hold = (struct hold)HOLD_NONE;
	h->config.state = fs_join(h->w.f.folder, "state");
	return failed || mkdir(h->config.state, 0700);
}

static int clear(void **state)
{
	struct household *h = *state;

	hold_release(&hold);
	free(h->config.state);
	h->config.state = h->w.f.folder;
	return household_remove(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clear)

/* ---- what the tests do ---- */

static bool take(struct household *h)
{
	h->err = (struct err){0};
	return hold_take(&hold, &h->config, NULL, &h->err);
}

static bool check(struct household *h)
{
	h->err = (struct err){0};
	reopen = true;
	return hold_check(&hold, &h->parts, &h->config, NULL, &reopen, &h->err);
}

static void assert_well(struct household *h)
{
	struct err err = h->err;

	MUST(check(h));
	assert_false(reopen);
}

static void assert_reopened(struct household *h)
{
	struct err err = h->err;

	MUST(check(h));
	assert_true(reopen);
}

/* The parts' ledger is this file of the state folder. */
static char *open_ledger(struct household *h)
{
	char *path = wire_ledger_path(&h->config);

	ledger_close(h->w.run->ledger);
	h->w.run->ledger = ledger_open(path, false, &h->err);
	assert_non_null(h->w.run->ledger);
	return path;
}

static int lock_of(struct household *h)
{
	OWN_STR char *path = wire_run_lock_path(&h->config);
	struct err err;
	bool held;

	return fs_lock(path, &held, &err);
}

/* How many files of the state folder are named so, or begin so. */
static unsigned files(struct household *h, const char *start)
{
	OWN_STR char *pattern = mem_printf("%s/%s*", h->config.state, start);
	glob_t found;

	glob(pattern, 0, NULL, &found);
	unsigned n = (unsigned)found.gl_pathc;
	globfree(&found);
	return n;
}

static void take_away(struct household *h)
{
	OWN_STR char *away = mem_printf("%s.away", h->config.state);

	assert_int_equal(rename(h->config.state, away), 0);
}

static void bring_back(struct household *h)
{
	OWN_STR char *away = mem_printf("%s.away", h->config.state);

	assert_int_equal(rename(away, h->config.state), 0);
}

static void take_out(struct household *h, const char *name)
{
	OWN_STR char *path = fs_join(h->config.state, name);

	assert_int_equal(remove(path), 0);
}

/* ---- taking it ---- */

static void one_daemon_has_the_folder(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	assert_int_equal(lock_of(h), -1);
	assert_int_equal(fake_time_sleeps(), 0);
	hold_release(&hold);
	assert_int_equal(hold.lock, -1);
	assert_int_equal(hold.folder, -1);
	int lock = lock_of(h);
	assert_true(lock >= 0);
	close(lock);
}

static void a_daemon_without_standard_input_has_the_folder(void **state)
{
	struct household *h = *state;
	int kept = dup(STDIN_FILENO);

	close(STDIN_FILENO);
	bool ok = take(h);
	int lock = hold.lock;
	hold_release(&hold);
	bool released = fcntl(lock, F_GETFD) < 0;
	dup2(kept, STDIN_FILENO);
	close(kept);
	assert_true(ok);
	assert_int_equal(lock, STDIN_FILENO);
	assert_true(released);
}

static void let_go(void)
{
	if (fake_time_slept() >= 4900)
		close(predecessor);
}

static void a_predecessor_that_ends_is_waited_for(void **state)
{
	struct household *h = *state;

	predecessor = lock_of(h);
	fake_time_in_wait(let_go);
	assert_true(take(h));
	assert_int_equal(fake_time_slept(), 5000);
	LOGGED(1, "waiting up to 5 s for it to end");
}

static void one_that_stays_has_the_folder(void **state)
{
	struct household *h = *state;

	predecessor = lock_of(h);
	assert_false(take(h));
	close(predecessor);
	assert_int_equal(h->err.kind, ERR_FATAL);
	assert_int_equal(h->err.code, WORD_CONFIG);
	assert_int_equal(fake_time_slept(), 5000);
	LOGGED(1, "waiting up to 5 s for it to end");
}

static void a_stop_ends_the_waiting(void **state)
{
	struct household *h = *state;

	predecessor = lock_of(h);
	fake_time_stop_in_sleep();
	assert_false(take(h));
	close(predecessor);
	assert_true(err_is_stop(&h->err));
}

static void a_folder_that_is_missing_cannot_be_taken(void **state)
{
	struct household *h = *state;

	take_away(h);
	assert_false(take(h));
	assert_int_equal(h->err.code, WORD_DISK);
	assert_int_equal(fake_time_sleeps(), 0);
	bring_back(h);
}

/* ---- the folder ---- */

static void all_is_well_while_nothing_changes(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	free(open_ledger(h));
	assert_well(h);
	assert_well(h);
	assert_string_equal(fake_log(), "");
}

static void a_folder_that_is_away_is_an_error_until_it_is_back(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	free(open_ledger(h));
	take_away(h);
	assert_false(check(h));
	assert_int_equal(h->err.kind, ERR_TARGET);
	assert_int_equal(h->err.code, WORD_DISK);
	/* An empty mount point has its name. */
	assert_int_equal(mkdir(h->config.state, 0700), 0);
	assert_false(check(h));
	assert_int_equal(h->err.code, WORD_DISK);
	assert_int_equal(files(h, ""), 0);
	assert_int_equal(rmdir(h->config.state), 0);
	bring_back(h);
	assert_well(h);
}

static void another_folder_with_a_ledger_is_used(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	free(open_ledger(h));
	take_away(h);
	assert_int_equal(mkdir(h->config.state, 0700), 0);
	world_write(&h->w, "state/ledger.db", "");
	assert_reopened(h);
	LOGGED(1, "another folder is in the place of the state folder");
	assert_int_equal(lock_of(h), -1);
	free(open_ledger(h));
	assert_well(h);
}

static void a_lock_that_was_removed_is_taken_again(void **state)
{
	struct household *h = *state;
	OWN_STR char *path = wire_run_lock_path(&h->config);

	assert_true(take(h));
	free(open_ledger(h));
	assert_int_equal(unlink(path), 0);
	assert_well(h);
	assert_int_equal(lock_of(h), -1);
	/* Another daemon was quicker. */
	assert_int_equal(unlink(path), 0);
	predecessor = lock_of(h);
	assert_false(check(h));
	close(predecessor);
	assert_int_equal(h->err.kind, ERR_FATAL);
}

static void a_folder_that_cannot_be_written_is_an_error(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	free(open_ledger(h));
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	else
		assert_int_equal(chmod(h->config.state, 0500), 0);
	bool ok = check(h);
	assert_int_equal(geteuid() == getuid() ? chmod(h->config.state, 0700) : seteuid(0), 0);
	assert_false(ok);
	assert_int_equal(h->err.code, WORD_DISK);
}

/* ---- the ledger ---- */

static void a_ledger_that_was_removed_is_written_again(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	OWN_STR char *path = open_ledger(h);
	world_assigned(&h->w, "7");
	assert_int_equal(unlink(path), 0);
	assert_reopened(h);
	LOGGED(1, "nothing of it is lost");
	free(open_ledger(h));
	assert_int_equal(world_count(&h->w, LEDGER_ALL), 1);
	assert_well(h);
}

static void a_ledger_that_was_emptied_is_not_written_to(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	OWN_STR char *path = open_ledger(h);
	assert_int_equal(truncate(path, 0), 0);
	assert_false(check(h));
	assert_int_equal(h->err.kind, ERR_TARGET);
	assert_int_equal(h->err.code, WORD_LEDGER);
	/* Its removal begins a new one. */
	assert_int_equal(unlink(path), 0);
	assert_reopened(h);
	LOGGED(1, "a new one is begun");
	assert_false(fs_exists(path));
}

static void a_ledger_that_was_replaced_is_kept_beside_the_new_one(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	OWN_STR char *path = open_ledger(h);
	world_assigned(&h->w, "7");
	assert_int_equal(unlink(path), 0);
	struct ledger *other = ledger_open(path, false, &h->err);
	assert_non_null(other);
	ledger_close(other);
	assert_reopened(h);
	OWN_STR char *kept = mem_printf("%s.old-%lld", path, (long long)FAKE_NOW / 1000);
	LOGGED(1, "and keeps the old ledger as ");
	LOGGED(1, kept);
	assert_true(fs_exists(kept));
	free(open_ledger(h));
	assert_int_equal(world_count(&h->w, LEDGER_ALL), 0);
	assert_well(h);
}

static void an_old_ledger_that_cannot_be_kept_does_not_stop_the_new_one(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	OWN_STR char *path = open_ledger(h);
	world_assigned(&h->w, "7");
	assert_int_equal(unlink(path), 0);
	struct ledger *other = ledger_open(path, false, &h->err);
	ledger_close(other);
	world_write(&h->w, "state/ledger.db.old-1795000000.new/in the way", "");
	assert_reopened(h);
	LOGGED(1, "a copy of the old ledger could not be kept");
}

static void a_removed_ledger_that_cannot_be_written_is_an_error(void **state)
{
	struct household *h = *state;

	assert_true(take(h));
	OWN_STR char *path = open_ledger(h);
	world_assigned(&h->w, "7");
	assert_int_equal(unlink(path), 0);
	world_write(&h->w, "state/ledger.db.new/in the way", "");
	assert_false(check(h));
	assert_int_equal(h->err.code, WORD_DISK);
	/* What is in it is kept for the next try. */
	take_out(h, "ledger.db.new/in the way");
	take_out(h, "ledger.db.new");
	assert_reopened(h);
	assert_true(fs_exists(path));
}

static void without_open_parts_there_is_no_ledger_to_look_at(void **state)
{
	struct household *h = *state;
	struct ledger *kept = h->w.run->ledger;

	assert_true(take(h));
	h->w.run->ledger = NULL;
	assert_well(h);
	h->w.run->ledger = kept;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_daemon_has_the_folder),
		TEST(a_daemon_without_standard_input_has_the_folder),
		TEST(a_predecessor_that_ends_is_waited_for),
		TEST(one_that_stays_has_the_folder),
		TEST(a_stop_ends_the_waiting),
		TEST(a_folder_that_is_missing_cannot_be_taken),
		TEST(all_is_well_while_nothing_changes),
		TEST(a_folder_that_is_away_is_an_error_until_it_is_back),
		TEST(another_folder_with_a_ledger_is_used),
		TEST(a_lock_that_was_removed_is_taken_again),
		TEST(a_folder_that_cannot_be_written_is_an_error),
		TEST(a_ledger_that_was_removed_is_written_again),
		TEST(a_ledger_that_was_emptied_is_not_written_to),
		TEST(a_ledger_that_was_replaced_is_kept_beside_the_new_one),
		TEST(an_old_ledger_that_cannot_be_kept_does_not_stop_the_new_one),
		TEST(a_removed_ledger_that_cannot_be_written_is_an_error),
		TEST(without_open_parts_there_is_no_ledger_to_look_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
