/* Will a folder take what is to be put there? */
#include "base/tryout.h"

#include "base/mem.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define LEAST 96

/* The longest name that the file system takes; it promises 255. */
static size_t takes;

/* In place of the C library's. */
int fake_openat(int at, const char *name, int flags, ...) __asm__("openat64");

int fake_openat(int at, const char *name, int flags, ...)
{
	if (takes && strlen(name) > takes) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return (int)syscall(SYS_openat, at, name, flags, 0600);
}

static bool is_empty(const char *folder)
{
	OWN_DIR DIR *dir = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			return false;
	return true;
}

static void the_longest_name_is_found_and_nothing_stays(void **state)
{
	OWN_FS_FOLDER struct fs_folder f = FS_FOLDER_NONE;
	struct err err;

	MUST(fs_folder_open(&f, *state, &err));
	for (takes = LEAST - 2; takes < 260; takes++) {
		size_t longest = takes < 227 ? takes : 227;
		assert_int_equal(tryout_longest(&f, LEAST, 227), takes < LEAST ? 0 : longest);
		assert_int_equal(tryout_longest(&f, LEAST, LEAST), takes < LEAST ? 0 : LEAST);
	}
	takes = 0;
	assert_int_equal(tryout_longest(&f, LEAST, 1000), 255);
	assert_true(is_empty(*state));
}

static void a_folder_that_takes_all_of_it_is_as_before(void **state)
{
	OWN_FS_FOLDER struct fs_folder f = FS_FOLDER_NONE;
	struct err err;

	takes = 0;
	MUST(fs_folder_open(&f, *state, &err));
	MUST(tryout(&f, LEAST, 227, &err));
	assert_true(is_empty(*state));
}

/* What an earlier one left that was killed is in the way of none. */
static void leftovers_do_not_matter(void **state)
{
	OWN_FS_FOLDER struct fs_folder f = FS_FOLDER_NONE;
	OWN_STR char *probe = fs_join(*state, "probe");
	OWN_STR char *folder = fs_join(*state, "probe-folder");
	struct err err;

	takes = 0;
	MUST(fs_folder_open(&f, *state, &err));
	MUST(fs_make_folder(folder, 0700, false, &err));
	MUST(fs_write(probe, "x", 1, 0600, &err));
	MUST(tryout(&f, LEAST, 227, &err));
	assert_true(is_empty(*state));
}

static void names_that_are_too_short_are_an_error_with_a_way_out(void **state)
{
	OWN_FS_FOLDER struct fs_folder f = FS_FOLDER_NONE;
	struct err err = {0};

	takes = LEAST - 1;
	MUST(fs_folder_open(&f, *state, &err));
	assert_false(tryout(&f, LEAST, 227, &err));
	assert_int_equal(err.code, WORD_DISK);
	assert_int_equal(err.errnum, ENAMETOOLONG);
	assert_non_null(err_advice(&err));
	assert_true(is_empty(*state));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_name_is_found_and_nothing_stays),
		cmocka_unit_test(a_folder_that_takes_all_of_it_is_as_before),
		cmocka_unit_test(leftovers_do_not_matter),
		cmocka_unit_test(names_that_are_too_short_are_an_error_with_a_way_out),
	};

	return cmocka_run_group_tests(tests, unit_make_folder, unit_remove_folder);
}
