#include "system/spool.h"

#include "base/fs.h"
#include "base/mem.h"

#include "unit.h"

#include <sys/stat.h>

static struct spool in(const char *folder)
{
	return (struct spool){.folder = folder, .program = "the other program", .run_ms = 100};
}

/* Puts a file into the place of `name`. */
static void put(const struct spool *s, const char *name, const char *file)
{
	OWN_STR char *place = spool_place(s, name);
	OWN_STR char *path = fs_join(place, file);
	struct err err;

	MUST(spool_make_place(s, name, &err));
	MUST(fs_write(path, "x", 1, 0600, &err));
}

static void expect_first(const struct spool *s, const char *name, const char *file)
{
	OWN_STR char *path = NULL;
	struct err err;

	MUST(spool_find(s, name, &path, &err));
	assert_non_null(path);
	assert_string_equal(fs_base_name(path), file);
}

static void each_name_has_a_place_of_its_own_inside(void **state)
{
	static const char *const names[] = {"attic", "attic ", "../attic", "Attic", "äöü", "", "/"};
	const struct spool s = in(*state);

	for (size_t i = 0; i < COUNT(names); i++) {
		OWN_STR char *place = spool_place(&s, names[i]);
		OWN_STR char *parent = fs_parent(place);
		assert_string_equal(parent, *state);
		for (size_t k = 0; k < i; k++) {
			OWN_STR char *other = spool_place(&s, names[k]);
			assert_string_not_equal(place, other);
		}
	}
}

static void the_first_by_name_is_found_whatever_it_is(void **state)
{
	const struct spool s = in(*state);
	OWN_STR char *place = spool_place(&s, "attic");
	OWN_STR char *folder = fs_join(place, "b");
	OWN_STR char *link = fs_join(place, "a");
	struct err err;

	put(&s, "attic", "c");
	put(&s, "hetzner", "0");
	expect_first(&s, "attic", "c");
	assert_int_equal(mkdir(folder, 0700), 0);
	expect_first(&s, "attic", "b");
	assert_int_equal(symlink("/nonexistent", link), 0);
	expect_first(&s, "attic", "a");
	MUST(spool_remove(link, &err));
	expect_first(&s, "attic", "b");
}

static void places_with_something_in_them_are_listed(void **state)
{
	const struct spool s = in(*state);
	OWN_STR char *lock = fs_join(*state, "lock");
	char **paths;
	size_t n;
	struct err err;

	put(&s, "attic", "b");
	put(&s, "attic", "a");
	put(&s, "hetzner", "c");
	MUST(spool_make_place(&s, "empty", &err));
	MUST(fs_write(lock, "1", 1, 0600, &err));
	MUST(spool_list(&s, &paths, &n, &err));
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++)
		assert_non_null(strchr("ac", *fs_base_name(paths[i])));
	spool_list_free(paths, n);
	const struct spool none = in(lock);
	assert_false(spool_list(&none, &paths, &n, &err));
}

static void where_nothing_was_written_nothing_is_found_and_nothing_made(void **state)
{
	OWN_STR char *folder = fs_join(*state, "not-there");
	const struct spool s = in(folder);
	OWN_STR char *path = NULL;
	struct err err;

	MUST(spool_find(&s, "attic", &path, &err));
	assert_null(path);
	assert_false(fs_exists(folder));
}

static void a_place_that_cannot_be_looked_into_is_an_error_and_not_empty(void **state)
{
	const struct spool s = in(*state);
	OWN_STR char *place = spool_place(&s, "attic");
	OWN_STR char *path = NULL;
	struct err err;

	MUST(fs_write(place, "a file", 6, 0600, &err));
	assert_false(spool_find(&s, "attic", &path, &err));
	assert_non_null(strstr(err.msg, place));
	assert_int_equal(err.code, WORD_DISK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(each_name_has_a_place_of_its_own_inside),
		TEST_IN_FOLDER(the_first_by_name_is_found_whatever_it_is),
		TEST_IN_FOLDER(places_with_something_in_them_are_listed),
		TEST_IN_FOLDER(where_nothing_was_written_nothing_is_found_and_nothing_made),
		TEST_IN_FOLDER(a_place_that_cannot_be_looked_into_is_an_error_and_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
