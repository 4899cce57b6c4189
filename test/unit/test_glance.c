/* A look at a path that may hang. */
#include "base/clock.h"
#include "system/glance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT_MS 200

/* In place of the C library's: a folder on a share that is away. */
int stat(const char *restrict path, struct stat *restrict st)
{
	while (strstr(path, "share-that-is-away"))
		pause();
	return fstatat(AT_FDCWD, path, st, 0);
}

static bool is_same(const struct stat *a, const char *path)
{
	struct stat b;

	return stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

static struct glance look(const char *path)
{
	return glance(path, clock_monotonic() + 5000);
}

static void what_is_there_is_seen(void **state)
{
	(void)state;
	struct glance g = look("/proc/self");

	assert_int_equal(g.found, GLANCE_THERE);
	assert_true(g.opens && S_ISDIR(g.st.st_mode));
	g = look("/etc/passwd");
	assert_int_equal(g.found, GLANCE_THERE);
	assert_true(g.opens && is_same(&g.st, "/etc/passwd"));
	struct glance here = glance_here("/etc/passwd");
	assert_true(glance_same(&g, &here));
	here = glance_here("/etc");
	assert_false(glance_same(&g, &here));
}

static void of_what_is_missing_the_nearest_folder_is_seen(void **state)
{
	(void)state;
	static const char *const paths[][2] = {{"/etc/no-such/folder/at/all", "/etc"},
					       {"/no-such-folder", "/"},
					       {"no-such-folder/below", "."},
					       {"x", "."}};
	const struct stat none = {0};

	struct glance empty = look("");
	assert_int_equal(empty.found, GLANCE_MISSING);
	assert_memory_equal(&empty.st, &none, sizeof none);

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct glance g = look(paths[i][0]);
		assert_int_equal(g.found, GLANCE_MISSING);
		assert_true(!g.opens && is_same(&g.st, paths[i][1]));
	}
}

static void a_missing_one_is_another_if_the_folder_above_gets_other_rights(void **state)
{
	(void)state;
	char folder[] = "/tmp/ptp-glance-XXXXXX", path[64];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/watch", folder);
	struct glance before = look(path), same = look(path);
	assert_true(glance_same(&before, &same));
	assert_int_equal(chmod(folder, 0755), 0);
	struct glance after = look(path);
	assert_false(glance_same(&before, &after));
	assert_int_equal(mkdir(path, 0700), 0);
	struct glance made = look(path);
	assert_false(glance_same(&after, &made));
	assert_int_equal(chmod(path, 0755), 0);
	after = look(path);
	assert_true(glance_same(&made, &after));
	assert_true(rmdir(path) == 0 && rmdir(folder) == 0);
}

static void one_that_cannot_be_read_any_more_is_another(void **state)
{
	(void)state;
	struct glance before = look("/etc"), after = before;

	after.opens = false;
	assert_false(glance_same(&before, &after));
}

static void one_that_hangs_is_left_alone(void **state)
{
	(void)state;
	int64_t begin = clock_monotonic();

	struct glance g = glance("/share-that-is-away/watch", begin + SHORT_MS);
	assert_int_equal(g.found, GLANCE_HANGS);
	assert_in_range(clock_monotonic() - begin, SHORT_MS, 10 * SHORT_MS);
}

static void it_is_killed(void **state)
{
	(void)state;
	struct glance g = glance("/share-that-is-away", 0);

	assert_int_equal(g.found, GLANCE_HANGS);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void behind_the_end_one_that_answers_is_still_seen(void **state)
{
	(void)state;
	assert_int_equal(glance("/", 0).found, GLANCE_THERE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_is_seen),
		cmocka_unit_test(of_what_is_missing_the_nearest_folder_is_seen),
		cmocka_unit_test(a_missing_one_is_another_if_the_folder_above_gets_other_rights),
		cmocka_unit_test(one_that_cannot_be_read_any_more_is_another),
		cmocka_unit_test(one_that_hangs_is_left_alone),
		cmocka_unit_test(it_is_killed),
		cmocka_unit_test(behind_the_end_one_that_answers_is_still_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
