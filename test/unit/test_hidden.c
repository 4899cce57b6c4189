/* The program's own folder inside another one. */
#include "base/hidden.h"

#include "base/mem.h"
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>

static void it_is_made_for_this_user_alone(void **state)
{
	const char *folder = *state;
	OWN_STR char *hidden = fs_join(folder, HIDDEN_NAME);
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	struct stat st;
	struct err err = {0};

	assert_false(hidden_open(&h, folder, false, &err));
	assert_int_equal(err.errnum, ENOENT);
	assert_int_equal(h.fd, -1);
	MUST(hidden_open(&h, folder, true, &err));
	assert_string_equal(h.path, hidden);
	assert_int_equal(fstat(h.fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void a_link_is_not_followed(void **state)
{
	const char *folder = *state;
	OWN_STR char *hidden = fs_join(folder, HIDDEN_NAME);
	OWN_STR char *target = fs_join(folder, "target");
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	struct err err = {0};

	MUST(fs_make_folder(target, 0700, false, &err));
	assert_int_equal(symlink(target, hidden), 0);
	assert_false(hidden_open(&h, folder, true, &err));
	assert_int_equal(err.code, WORD_DISK);
	assert_int_equal(err.kind, ERR_TARGET);
	assert_non_null(err_advice(&err));
	unlink(hidden);
	assert_int_equal(symlink("/nonexistent", hidden), 0);
	assert_false(hidden_open(&h, folder, true, &err));
	assert_int_equal(h.fd, -1);
}

static void what_is_no_folder_is_refused(void **state)
{
	const char *folder = *state;
	OWN_STR char *hidden = fs_join(folder, HIDDEN_NAME);
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	struct err err = {0};

	MUST(fs_write(hidden, "x", 1, 0600, &err));
	assert_false(hidden_open(&h, folder, true, &err));
	assert_int_not_equal(err.errnum, ENOENT);
}

static void another_users_is_refused(void **state)
{
	const char *folder = *state;
	OWN_STR char *hidden = fs_join(folder, HIDDEN_NAME);
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	struct err err = {0};

	if (geteuid() != 0)
		skip();
	MUST(fs_make_folder(hidden, 0777, false, &err));
	assert_int_equal(chown(hidden, 4713, 4713), 0);
	assert_false(hidden_open(&h, folder, true, &err));
	assert_int_equal(err.code, WORD_DISK);
	OWN_DIR DIR *dir = opendir(folder);
	for (struct dirent *entry; (entry = readdir(dir));)
		assert_true(entry->d_name[0] == '.' &&
			    (!entry->d_name[1] || entry->d_name[1] == '.' ||
			     strcmp(entry->d_name, HIDDEN_NAME) == 0));
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static void a_new_one_has_what_is_to_be_kept(void **state)
{
	const char *folder = *state;
	OWN_STR char *hidden = fs_join(folder, HIDDEN_NAME);
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	OWN_STR char *left = mem_printf("%s.new", hidden);
	OWN_BUF struct buf got = BUF_MAX(100);
	struct err err = {0};

	MUST(hidden_open(&h, folder, true, &err));
	ino_t before = inode_of(hidden);
	MUST(fs_stage_in(&h, "keep-1", "one", 3, 0600, &err));
	hidden_renew(folder, "keep-");
	assert_int_not_equal(inode_of(hidden), before);
	fs_folder_close(&h);
	MUST(hidden_open(&h, folder, false, &err));
	MUST(fs_read_in(&h, "keep-1", &got, &err));
	assert_string_equal(buf_text(&got), "one");
	assert_false(fs_exists(left));
}

static void one_with_other_files_stays(void **state)
{
	const char *folder = *state;
	OWN_STR char *hidden = fs_join(folder, HIDDEN_NAME);
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	OWN_STR char *left = mem_printf("%s.new", hidden);
	struct err err = {0};

	MUST(hidden_open(&h, folder, true, &err));
	ino_t before = inode_of(hidden);
	MUST(fs_stage_in(&h, "keep-1", "one", 3, 0600, &err));
	MUST(fs_stage_in(&h, "other", "two", 3, 0600, &err));
	hidden_renew(folder, "keep-");
	assert_int_equal(inode_of(hidden), before);
	assert_true(fs_exists_in(&h, "other"));
	assert_false(fs_exists(left));
}

static void what_is_done_in_it_stays_in_it(void **state)
{
	const char *folder = *state;
	OWN_STR char *hidden = fs_join(folder, HIDDEN_NAME);
	OWN_FS_FOLDER struct fs_folder h = FS_FOLDER_NONE;
	OWN_STR char *moved = fs_join(folder, "moved");
	OWN_STR char *target = fs_join(folder, "target");
	OWN_STR char *there = fs_join(target, "file");
	OWN_STR char *placed = fs_join(folder, "placed");
	enum fs_publish result;
	struct err err = {0};

	MUST(hidden_open(&h, folder, true, &err));
	MUST(fs_make_folder(target, 0700, false, &err));
	MUST(fs_write(there, "theirs", 6, 0600, &err));
	assert_int_equal(rename(hidden, moved), 0);
	assert_int_equal(symlink(target, hidden), 0);
	MUST(fs_stage_in(&h, "file", "ours", 4, 0600, &err));
	MUST(fs_publish_from(&h, "file", placed, &result, &err));
	assert_int_equal(result, FS_PUBLISHED);
	MUST(fs_remove_in(&h, "file", &err));
	assert_true(fs_exists(there));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_FOLDER(it_is_made_for_this_user_alone),
		TEST_IN_FOLDER(a_link_is_not_followed),
		TEST_IN_FOLDER(what_is_no_folder_is_refused),
		TEST_IN_FOLDER(another_users_is_refused),
		TEST_IN_FOLDER(a_new_one_has_what_is_to_be_kept),
		TEST_IN_FOLDER(one_with_other_files_stays),
		TEST_IN_FOLDER(what_is_done_in_it_stays_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
