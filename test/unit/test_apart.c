/* Work on a folder that may hang.  */
#include "system/apart.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

/* What a test's work gets and gives. */
struct job {
	const char *path;
	int number, parent;
	char text[16];
};

static bool double_it(void *job, struct err *err)
{
	struct job *j = job;

	(void)err;
	j->number *= 2;
	snprintf(j->text, sizeof j->text, "%s", getpid() != j->parent ? "apart" : "here");
	return true;
}

static bool refuse(void *job, struct err *err)
{
	struct job *j = job;

	j->number = 99;
	return err_set(err, ERR_TARGET, WORD_DISK, "no %s", j->path);
}

static bool die(void *job, struct err *err)
{
	(void)job, (void)err;
	_exit(3);
}

static bool hang(void *job, struct err *err)
{
	(void)job, (void)err;
	pause();
	return true;
}

static void what_the_child_does_comes_back(void **state)
{
	struct job j = {.number = 21, .parent = getpid()};
	struct err err;

	MUST(apart(*state, double_it, &j, sizeof j, &err));
	assert_int_equal(j.number, 42);
	assert_string_equal(j.text, "apart");
}

static void an_error_comes_back_and_the_job_stays(void **state)
{
	struct job j = {.path = "luck", .number = 1};
	struct err err = {0};

	assert_false(apart(*state, refuse, &j, sizeof j, &err));
	assert_string_equal(err.msg, "no luck");
	assert_int_equal(err.kind, ERR_TARGET);
	assert_int_equal(j.number, 1);
	assert_false(apart(*state, die, &j, sizeof j, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(apart_hangs_since(*state), 0);
}

static bool try_lock(void *job, struct err *err)
{
	const struct job *j = job;
	int fd = open(j->path, O_RDWR);

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return err_set(err, ERR_RETRY, WORD_DISK, "free");
	pause();
	return true;
}

/* The lock is the parent's alone: free as soon as the parent lets go, whatever the child does. */
static void a_child_that_hangs_holds_no_lock(void **state)
{
	OWN_STR char *path = fs_join(*state, "lock");
	struct job j = {.path = path};
	struct err err = {0};
	int64_t begin = clock_monotonic(), wall = clock_now();
	bool held;

	int lock = fs_lock(path, &held, &err);
	assert_true(lock >= 0);
	assert_false(apart("/hangs", try_lock, &j, sizeof j, &err));
	assert_int_equal(err.code, WORD_HANGS);
	assert_true(clock_monotonic() - begin >= APART_MS);
	assert_true(clock_monotonic() - begin < APART_MS + 3000);
	close(lock);
	/* A new child has all descriptors for a moment. */
	for (int i = 0; held || i == 0; i++) {
		assert_true(i < 100);
		MUST(fs_lock_is_held(path, &held, &err));
		poll(NULL, 0, 10);
	}
	assert_true(apart_hangs_since("/hangs") >= wall);
	/* All further work fails at once. */
	begin = clock_monotonic();
	assert_false(apart("/hangs", hang, &j, sizeof j, &err));
	assert_int_equal(err.code, WORD_HANGS);
	assert_true(clock_monotonic() - begin < 500);
}

/* "/hangs" is not there, so a look at it is quick. */
static void a_folder_that_answers_again_is_looked_at(void **state)
{
	const char *const folders[] = {*state, "/hangs", *state};
	struct job j = {.number = 1};
	struct err err;

	assert_true(apart_hangs_since("/hangs") > 0);
	MUST(apart_look(folders, 3, &err));
	assert_int_equal(apart_hangs_since("/hangs"), 0);
	assert_int_equal(apart_hangs_since(*state), 0);
	MUST(apart("/hangs", double_it, &j, sizeof j, &err));
}

static void a_stop_ends_the_waiting(void **state)
{
	struct err err = {0};
	struct job j = {0};
	struct wake *wake = wake_open(true, &err);
	int64_t begin = clock_monotonic();

	assert_non_null(wake);
	apart_watch(wake);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_false(apart(*state, hang, &j, sizeof j, &err));
	assert_true(err_is_stop(&err));
	/* The second waits for nothing more. */
	assert_false(apart(*state, hang, &j, sizeof j, &err));
	assert_true(clock_monotonic() - begin < APART_STOP_MS + 700);
	assert_int_equal(apart_hangs_since(*state), 0);
	/* What needs no waiting is done still. */
	j.number = 2;
	bool ok = apart(*state, double_it, &j, sizeof j, &err);
	assert_true(ok || err_is_stop(&err));
	apart_watch(NULL);
	wake_close(wake);
}

static void space_is_measured(void **state)
{
	uint64_t free, total, expected, ignored;
	struct err err = {0};

	MUST(apart_space(*state, &free, &total, &err));
	MUST(fs_space(*state, &ignored, &expected, &err));
	assert_int_equal(total, expected);
	assert_false(apart_space("/nonexistent/folder", &free, &total, &err));
	assert_int_equal(err.errnum, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_child_does_comes_back),
		cmocka_unit_test(an_error_comes_back_and_the_job_stays),
		cmocka_unit_test(a_child_that_hangs_holds_no_lock),
		cmocka_unit_test(a_folder_that_answers_again_is_looked_at),
		cmocka_unit_test(a_stop_ends_the_waiting),
		cmocka_unit_test(space_is_measured),
	};

	return cmocka_run_group_tests(tests, unit_make_folder, unit_remove_folder);
}
