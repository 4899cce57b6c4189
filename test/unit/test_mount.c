#include "base/mount.h"
#include "unit.h"

#include <stdlib.h>

static const char *const info =
	"21 1 0:20 / / rw,relatime shared:1 - overlay overlay rw\n"
	"22 21 0:21 / /proc rw - proc proc rw\n"
	"30 21 8:1 /docker/volumes/p\\011tp/_data /app rw master:1 - ext4 /dev/sda1 rw\n"
	"31 21 8:1 /srv/watch /watch rw - ext4 /dev/sda1 rw\n"
	"32 31 8:2 / /watch/a\\040b\\134c rw - ext4 /dev/sda2 rw\n"
	"33 21 0:40 / /twice rw - tmpfs first rw\n"
	"34 33 0:41 / /twice rw - tmpfs second rw\n"
	"half a line\n";

static void assert_mount(const char *path, long id, const char *point, const char *root)
{
	struct mount m;

	assert_true(mount_find(info, path, &m));
	assert_int_equal(m.id, id);
	assert_string_equal(m.point, point);
	assert_string_equal(m.root, root);
}

static void the_innermost_mount_is_found(void **state)
{
	(void)state;
	assert_mount("/", 21, "/", "/");
	assert_mount("/home/x", 21, "/", "/");
	assert_mount("/app/state", 30, "/app", "/docker/volumes/p\ttp/_data");
	assert_mount("/watch", 31, "/watch", "/srv/watch");
}

static void a_name_that_only_begins_alike_is_another(void **state)
{
	(void)state;
	assert_mount("/watching", 21, "/", "/");
	assert_mount("/apps", 21, "/", "/");
}

static void escapes_are_read(void **state)
{
	(void)state;
	assert_mount("/watch/a b\\c/d", 32, "/watch/a b\\c", "/");
}

static void of_two_at_one_point_the_last_counts(void **state)
{
	(void)state;
	assert_mount("/twice/x", 34, "/twice", "/");
}

static void nothing_is_found_in_nothing(void **state)
{
	struct mount m;

	(void)state;
	assert_false(mount_find("", "/", &m));
	assert_false(mount_find("21 1 0:20 /", "/", &m));
}

static void a_path_of_this_machine_has_a_mount(void **state)
{
	struct mount m;
	struct err err;

	(void)state;
	assert_true(mount_of("/proc/self", &m, &err));
	assert_string_equal(m.point, "/proc");
	assert_false(mount_of("/proc/self/not-there", &m, &err));
	assert_non_null(strstr(err.msg, "/proc/self/not-there"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_innermost_mount_is_found),
		cmocka_unit_test(a_name_that_only_begins_alike_is_another),
		cmocka_unit_test(escapes_are_read),
		cmocka_unit_test(of_two_at_one_point_the_last_counts),
		cmocka_unit_test(nothing_is_found_in_nothing),
		cmocka_unit_test(a_path_of_this_machine_has_a_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
