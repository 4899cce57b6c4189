#include "base/fs.h"

#include "base/mem.h"

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MARK "\xEF\xBB\xBF"

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void expect_content(const char *path, const char *content)
{
	OWN_BUF struct buf got = BUF_MAX(1000);
	struct err err;

	MUST(fs_read(path, &got, &err));
	assert_string_equal(buf_text(&got), content);
}

static unsigned entries(const char *folder)
{
	OWN_DIR DIR *dir = opendir(folder);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n - 2;
}

static void paths_are_joined_and_split(void **state)
{
	(void)state;
	static const struct {
		const char *path, *parent, *base;
	} rows[] = {{"/a/b", "/a", "b"}, {"/a", "/", "a"}, {"a", ".", "a"}, {"a/b", "a", "b"}};
	OWN_STR char *plain = fs_join("/a", "b");
	OWN_STR char *slash = fs_join("/a/", "b");

	assert_string_equal(plain, "/a/b");
	assert_string_equal(slash, "/a/b");
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *parent = fs_parent(rows[i].path);
		assert_string_equal(parent, rows[i].parent);
		assert_string_equal(fs_base_name(rows[i].path), rows[i].base);
	}
	OWN_STR char *ends = fs_parent("/a/b/");
	assert_string_equal(ends, "/a");
}

static void a_written_file_is_whole_and_has_its_permissions(void **state)
{
	OWN_STR char *path = fs_join(*state, "file");
	struct err err;
	mode_t old = umask(077);

	MUST(fs_write(path, "one", 3, 0664, &err));
	expect_content(path, "one");
	assert_int_equal(mode_of(path), 0664);
	MUST(fs_write(path, "", 0, 0600, &err));
	expect_content(path, "");
	assert_int_equal(mode_of(path), 0600);
	umask(old);
	assert_int_equal(entries(*state), 1);
}

static void a_failed_write_leaves_what_was_there(void **state)
{
	OWN_STR char *path = fs_join(*state, "taken");
	OWN_STR char *within = fs_join(path, "file");
	struct err err = {0};

	MUST(fs_make_folder(path, 0700, false, &err));
	MUST(fs_write(within, "x", 1, 0600, &err));
	assert_false(fs_write(path, "new", 3, 0600, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_int_equal(err.code, WORD_DISK);
	assert_non_null(strstr(err.msg, path));
	expect_content(within, "x");
	assert_int_equal(entries(*state), 1);
	assert_false(fs_write("/nonexistent/folder/file", "x", 1, 0600, &err));
	assert_int_equal(err.kind, ERR_TARGET);
}

/* RLIMIT_FSIZE stands in for a disk without room: the write ends short, with an error. */
static void a_write_that_is_cut_short_leaves_nothing_behind(void **state)
{
	OWN_STR char *path = fs_join(*state, "file");
	OWN_STR char *large = mem_alloc(20000);
	struct rlimit old, small;
	struct err err = {0};

	MUST(fs_write(path, "old", 3, 0600, &err));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = (struct rlimit){.rlim_cur = 10000, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	bool written = fs_write(path, large, 20000, 0600, &err);
	bool kept = fs_exists(path);
	bool staged = fs_stage(path, large, 20000, 0600, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_false(written);
	assert_true(kept);
	assert_false(staged);
	assert_int_equal(err.code, WORD_DISK);
	assert_int_equal(entries(*state), 0);
}

static void a_text_is_read_without_its_byte_order_mark(void **state)
{
	static const struct {
		const char *bytes, *text;
	} rows[] = {{MARK "a\n", "a\n"},
		    {"a" MARK, "a" MARK},
		    {MARK MARK "a", MARK "a"},
		    {MARK, ""},
		    {"", ""},
		    {"\xEF\xBB", "\xEF\xBB"}};
	OWN_STR char *path = fs_join(*state, "text");
	OWN_BUF struct buf got = BUF_MAX(1000);
	struct err err;

	for (size_t i = 0; i < COUNT(rows); i++) {
		MUST(fs_write(path, rows[i].bytes, strlen(rows[i].bytes), 0600, &err));
		MUST(fs_read_text(path, &got, &err));
		assert_string_equal(buf_text(&got), rows[i].text);
		assert_int_equal(got.len, strlen(rows[i].text));
		expect_content(path, rows[i].bytes);
	}
}

static void reading_has_a_ceiling(void **state)
{
	OWN_STR char *path = fs_join(*state, "file");
	OWN_BUF struct buf enough = BUF_MAX(10), little = BUF_MAX(9);
	struct err err = {0};

	MUST(fs_write(path, "0123456789", 10, 0600, &err));
	MUST(fs_read(path, &enough, &err));
	assert_string_equal(enough.data, "0123456789");
	MUST(fs_read(path, &enough, &err));
	assert_int_equal(enough.len, 10);
	assert_false(fs_read(path, &little, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_non_null(strstr(err.msg, "larger than the 9 bytes"));
	assert_false(fs_read("/nonexistent/file", &enough, &err));
	assert_int_equal(err.code, WORD_DISK);
}

static void a_regular_file_that_is_too_large_is_not_read_at_all(void **state)
{
	OWN_STR char *path = fs_join(*state, "file");
	OWN_BUF struct buf out = BUF_MAX(9);
	struct err err = {0};

	MUST(fs_write(path, "0123456789", 10, 0600, &err));
	buf_puts(&out, "before");
	assert_false(fs_read_regular(path, &out, &err));
	assert_non_null(strstr(err.msg, "larger than the 9 bytes"));
	assert_string_equal(buf_text(&out), "before");
}

static void only_regular_files_are_read_where_that_is_asked_for(void **state)
{
	OWN_STR char *path = fs_join(*state, "file");
	OWN_STR char *link = fs_join(*state, "link");
	OWN_STR char *fifo = fs_join(*state, "fifo");
	OWN_BUF struct buf out = BUF_MAX(10);
	struct err err = {0};

	MUST(fs_write(path, "x", 1, 0600, &err));
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	MUST(fs_read_regular(path, &out, &err));
	MUST(fs_read(link, &out, &err));
	assert_false(fs_read_regular(link, &out, &err));
	assert_false(fs_read_regular(fifo, &out, &err));
	assert_non_null(strstr(err.msg, "not a regular file"));
	assert_false(fs_read_regular(*state, &out, &err));
}

static void staging_replaces_and_follows_no_link(void **state)
{
	OWN_STR char *path = fs_join(*state, "staged");
	OWN_STR char *other = fs_join(*state, "other");
	struct err err;

	MUST(fs_write(other, "mine", 4, 0600, &err));
	assert_int_equal(symlink(other, path), 0);
	MUST(fs_stage(path, "new", 3, 0640, &err));
	expect_content(path, "new");
	expect_content(other, "mine");
	assert_int_equal(mode_of(path), 0640);
}

static void publishing_moves_and_never_overwrites(void **state)
{
	OWN_STR char *staged = fs_join(*state, "staged");
	OWN_STR char *path = fs_join(*state, "file");
	OWN_STR char *dangling = fs_join(*state, "dangling");
	enum fs_publish result;
	struct err err;

	MUST(fs_stage(staged, "one", 3, 0600, &err));
	MUST(fs_publish(staged, path, &result, &err));
	assert_int_equal(result, FS_PUBLISHED);
	assert_false(fs_exists(staged));
	expect_content(path, "one");
	MUST(fs_stage(staged, "two", 3, 0600, &err));
	MUST(fs_publish(staged, path, &result, &err));
	assert_int_equal(result, FS_TAKEN);
	expect_content(path, "one");
	expect_content(staged, "two");
	assert_int_equal(symlink("/nonexistent/there", dangling), 0);
	MUST(fs_publish(staged, dangling, &result, &err));
	assert_int_equal(result, FS_TAKEN);
	expect_content(staged, "two");
}

static void publishing_what_is_not_there_is_an_error(void **state)
{
	OWN_STR char *staged = fs_join(*state, "staged");
	OWN_STR char *path = fs_join(*state, "file");
	enum fs_publish result;
	struct err err = {0};

	assert_false(fs_publish(staged, path, &result, &err));
	assert_int_equal(err.code, WORD_DISK);
	MUST(fs_stage(staged, "x", 1, 0600, &err));
	assert_false(fs_publish(staged, "/nonexistent/folder/file", &result, &err));
	expect_content(staged, "x");
}

static void folders_are_made_with_exactly_their_permissions(void **state)
{
	OWN_STR char *one = fs_join(*state, "one");
	OWN_STR char *two = fs_join(one, "two");
	OWN_STR char *file = fs_join(*state, "file");
	struct err err = {0};
	mode_t old = umask(077);

	assert_false(fs_make_folder(two, 0750, false, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	MUST(fs_make_folder(two, 0770, true, &err));
	umask(old);
	assert_int_equal(mode_of(one), 0770);
	assert_int_equal(mode_of(two), 0770);
	MUST(fs_make_folder(two, 0700, true, &err));
	assert_int_equal(mode_of(two), 0770);
	MUST(fs_write(file, "", 0, 0600, &err));
	assert_false(fs_make_folder(file, 0700, true, &err));
}

/* Whoever is not in the group must not lose it by setting permissions. */
static void a_folder_has_the_group_of_a_set_group_id_one(void **state)
{
	OWN_STR char *shared = fs_join(*state, "shared");
	OWN_STR char *within = fs_join(shared, "within");
	struct err err = {0};
	struct stat st;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(*state, 0711), 0);
	assert_int_equal(mkdir(shared, 0777), 0);
	assert_int_equal(chown(shared, 65534, 4242), 0);
	assert_int_equal(chmod(shared, 02777), 0);
	assert_int_equal(setegid(65534), 0);
	assert_int_equal(seteuid(65534), 0);
	bool made = fs_make_folder(within, 0770, false, &err);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	assert_true(made);
	assert_int_equal(mode_of(within), 02770);
	assert_int_equal(stat(within, &st), 0);
	assert_int_equal(st.st_gid, 4242);
}

static void a_lock_is_held_by_one(void **state)
{
	OWN_STR char *path = fs_join(*state, "lock");
	struct err err = {0};
	bool held = true;
	int first = fs_lock(path, &held, &err);

	assert_true(first >= 0);
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(fs_lock(path, &held, &err), -1);
	assert_true(held);
	assert_int_equal(err.kind, ERR_NONE);
	close(first);
	int second = fs_lock(path, &held, &err);
	assert_true(second >= 0);
	close(second);
	assert_int_equal(fs_lock("/nonexistent/lock", &held, &err), -1);
	assert_false(held);
	assert_int_equal(err.code, WORD_DISK);
}

static void removing_what_is_not_there_is_fine(void **state)
{
	OWN_STR char *path = fs_join(*state, "file");
	struct err err;

	MUST(fs_write(path, "x", 1, 0600, &err));
	MUST(fs_remove(path, &err));
	assert_false(fs_exists(path));
	MUST(fs_remove(path, &err));
	assert_false(fs_remove(*state, &err));
}

static void put_aged(const char *folder, const char *name, time_t seconds_old)
{
	OWN_STR char *path = fs_join(folder, name);
	const struct timespec then = {.tv_sec = time(NULL) - seconds_old};
	struct err err;

	MUST(fs_write(path, "x", 1, 0600, &err));
	assert_int_equal(utimensat(AT_FDCWD, path, (const struct timespec[]){then, then}, 0), 0);
}

static void only_old_temporary_files_are_swept(void **state)
{
	const char *folder = *state;
	static const char *const stay[] = {"config.ptp", ".config.ptp.tmp", ".config.ptp.12x.tmp",
					   ".1.tmp", "a.12.tmp"};

	for (size_t i = 0; i < COUNT(stay); i++)
		put_aged(folder, stay[i], 100000);
	put_aged(folder, ".config.ptp.12.tmp", 7200);
	put_aged(folder, ".config.ptp.13.tmp", 60);
	put_aged(folder, ".other.14.tmp", 7200);
	fs_sweep(folder, "config.ptp");
	assert_int_equal(entries(folder), 7);
	fs_sweep(folder, NULL);
	assert_int_equal(entries(folder), 6);
	OWN_STR char *young = fs_join(folder, ".config.ptp.13.tmp");
	assert_true(fs_exists(young));
}

static void a_file_becomes_private_and_a_link_does_not(void **state)
{
	OWN_STR char *file = fs_join(*state, "file");
	OWN_STR char *link = fs_join(*state, "link");
	struct err err = {0};
	struct stat st;

	MUST(fs_write(file, "x", 1, 0644, &err));
	assert_int_equal(symlink(file, link), 0);
	fs_make_private(link);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	fs_make_private(file);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fs_make_private(*state);
	fs_make_private("/nonexistent");
}

static void a_files_target_is_behind_its_links(void **state)
{
	OWN_STR char *file = fs_join(*state, "file");
	OWN_STR char *link = fs_join(*state, "link");
	struct err err = {0};

	assert_int_equal(symlink(file, link), 0);
	OWN_STR char *dangling = fs_target(link, &err);
	assert_string_equal(dangling, link);
	MUST(fs_write(file, "x", 1, 0600, &err));
	OWN_STR char *target = fs_target(link, &err);
	assert_string_equal(fs_base_name(target), "file");
	OWN_STR char *itself = fs_target(file, &err);
	assert_string_equal(itself, target);
}

static void free_space_is_known(void **state)
{
	uint64_t bytes = UINT64_MAX;
	struct err err = {0};

	MUST(fs_space(*state, &bytes, NULL, &err));
	assert_true(bytes < UINT64_MAX);
	assert_false(fs_space("/nonexistent", &bytes, NULL, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_joined_and_split),
		TEST_IN_FOLDER(a_written_file_is_whole_and_has_its_permissions),
		TEST_IN_FOLDER(a_failed_write_leaves_what_was_there),
		TEST_IN_FOLDER(a_write_that_is_cut_short_leaves_nothing_behind),
		TEST_IN_FOLDER(a_text_is_read_without_its_byte_order_mark),
		TEST_IN_FOLDER(reading_has_a_ceiling),
		TEST_IN_FOLDER(a_regular_file_that_is_too_large_is_not_read_at_all),
		TEST_IN_FOLDER(only_regular_files_are_read_where_that_is_asked_for),
		TEST_IN_FOLDER(staging_replaces_and_follows_no_link),
		TEST_IN_FOLDER(publishing_moves_and_never_overwrites),
		TEST_IN_FOLDER(publishing_what_is_not_there_is_an_error),
		TEST_IN_FOLDER(folders_are_made_with_exactly_their_permissions),
		TEST_IN_FOLDER(a_folder_has_the_group_of_a_set_group_id_one),
		TEST_IN_FOLDER(a_lock_is_held_by_one),
		TEST_IN_FOLDER(removing_what_is_not_there_is_fine),
		TEST_IN_FOLDER(only_old_temporary_files_are_swept),
		TEST_IN_FOLDER(a_file_becomes_private_and_a_link_does_not),
		TEST_IN_FOLDER(a_files_target_is_behind_its_links),
		TEST_IN_FOLDER(free_space_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
