/* The ledger's file: opening, what becomes of it, checking and saving it. */
#include "ledger_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ledger_fixture *fixture(void **state)
{
	return *state;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 0777;
}

static void others_may_not_read_a_file_that_was_there(void **state)
{
	struct err err;

	assert_int_equal(chmod(fixture(state)->path, 0640), 0);
	reopened(state);
	assert_int_equal(mode_of(fixture(state)->path), 0600);
	assert_int_equal(chmod(fixture(state)->path, 0604), 0);
	struct ledger *looking = ledger_open(fixture(state)->path, true, &err);
	assert_non_null(looking);
	ledger_close(looking);
	assert_int_equal(mode_of(fixture(state)->path), 0604);
	/* More than the others' bits is the owner's choice. */
	assert_int_equal(chmod(fixture(state)->path, 0700), 0);
	reopened(state);
	assert_int_equal(mode_of(fixture(state)->path), 0700);
}

static void a_link_is_followed_and_what_it_names_keeps_its_mode(void **state)
{
	OWN_STR char *link = fs_join(fixture(state)->folder, "link.db");
	struct err err;

	assert_int_equal(chmod(fixture(state)->path, 0640), 0);
	assert_int_equal(symlink(fixture(state)->path, link), 0);
	struct ledger *l = ledger_open(link, false, &err);
	assert_non_null(l);
	ledger_close(l);
	assert_int_equal(mode_of(fixture(state)->path), 0640);
}

static void what_cannot_be_opened_says_why_and_is_a_matter_of_the_ledger(void **state)
{
	OWN_STR char *missing = fs_join(fixture(state)->folder, "no/ledger.db");
	struct err err = {0};

	assert_null(ledger_open(missing, false, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_int_equal(err.code, WORD_LEDGER);
	assert_non_null(strstr(err.msg, "open the ledger"));
	assert_non_null(strstr(err.msg, missing));
	assert_non_null(strstr(err.msg, strerror(ENOENT)));
	assert_null(ledger_open(fixture(state)->folder, true, &err));
	assert_int_equal(err.code, WORD_LEDGER);
	assert_non_null(strstr(err.msg, fixture(state)->folder));
}

static void foreign_keys_are_kept_and_every_commit_is_on_the_disk(void **state)
{
	static const struct {
		const char *pragma;
		int value;
	} rows[] = {{"PRAGMA foreign_keys", 1}, {"PRAGMA synchronous", 3}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		sqlite3_stmt *s = NULL;
		assert_int_equal(
			sqlite3_prepare_v2(ledger(state)->db, rows[i].pragma, -1, &s, NULL),
			SQLITE_OK);
		assert_int_equal(sqlite3_step(s), SQLITE_ROW);
		assert_int_equal(sqlite3_column_int(s, 0), rows[i].value);
		sqlite3_finalize(s);
	}
}

static void what_becomes_of_the_file_is_seen(void **state)
{
	struct ledger_fixture *f = fixture(state);
	OWN_STR char *aside = fs_join(f->folder, "aside.db");
	OWN_STR char *other = fs_join(f->folder, "other.db");
	struct err err;

	assert_int_equal(ledger_file(f->l), LEDGER_IN_PLACE);
	assert_int_equal(rename(f->path, aside), 0);
	assert_int_equal(ledger_file(f->l), LEDGER_REMOVED);
	MUST(fs_write(other, "x", 1, 0600, &err));
	assert_int_equal(rename(other, f->path), 0);
	assert_int_equal(ledger_file(f->l), LEDGER_REPLACED);
	assert_int_equal(rename(aside, f->path), 0);
	assert_int_equal(ledger_file(f->l), LEDGER_IN_PLACE);
	assert_int_equal(truncate(f->path, 1), 0);
	assert_int_equal(ledger_file(f->l), LEDGER_IN_PLACE);
	assert_int_equal(truncate(f->path, 0), 0);
	assert_int_equal(ledger_file(f->l), LEDGER_EMPTIED);
}

/* The same number on another device is another file. */
static void a_file_is_known_by_its_number_and_its_device(void **state)
{
	struct ledger *l = ledger(state);

	l->device++;
	assert_int_equal(ledger_file(l), LEDGER_REPLACED);
	l->device--;
	l->inode++;
	assert_int_equal(ledger_file(l), LEDGER_REPLACED);
	l->inode--;
	assert_int_equal(ledger_file(l), LEDGER_IN_PLACE);
}

/* Bytes of the file from `at` on are overwritten. */
static void spoil(const char *path, off_t at, size_t len)
{
	OWN_FD int fd = open(path, O_WRONLY);
	OWN_STR char *bytes = mem_alloc(len);

	memset(bytes, 0xA5, len);
	assert_int_equal(pwrite(fd, bytes, len, at), len);
}

static void damage_is_found_by_reading_all_of_it(void **state)
{
	struct ledger_fixture *f = fixture(state);
	struct stat st;
	struct err err = {0};

	for (int i = 0; i < 200; i++)
		assign(f->l, "attic", "1");
	MUST(ledger_check(f->l, &err));
	assert_int_equal(stat(f->path, &st), 0);
	/* The last page holds rows; those that are open have it in memory. */
	spoil(f->path, st.st_size - 4096, 4096);
	assert_false(ledger_check(f->l, &err));
	assert_int_equal(err.kind, ERR_FATAL);
	assert_int_equal(err.code, WORD_LEDGER);
	assert_non_null(strstr(err.msg, "damaged"));
	unlink(f->path);
	assert_false(ledger_check(f->l, &err));
}

static void a_copy_holds_all_and_overwrites_nothing(void **state)
{
	struct ledger_fixture *f = fixture(state);
	OWN_STR char *copy = fs_join(f->folder, "copy.db");
	OWN_STR char *staged = fs_join(f->folder, "copy.db.new");
	struct assignment *list;
	struct err err;
	bool any = false;
	size_t n;

	ask(f->l, "attic");
	MUST(ledger_save(f->l, copy, &any, &err));
	assert_true(any);
	assert_int_equal(mode_of(copy), 0600);
	ask(f->l, "attic");
	MUST(ledger_save(f->l, copy, &any, &err));
	assert_false(fs_exists(staged));
	struct ledger *saved = ledger_open(copy, true, &err);
	assert_non_null(saved);
	MUST(ledger_list(saved, LEDGER_ALL, NULL, 0, &list, &n, &err));
	assert_int_equal(n, 1);
	assignment_list_free(list, n);
	ledger_close(saved);
}

static void a_copy_that_cannot_be_written_is_a_failure(void **state)
{
	OWN_STR char *nowhere = fs_join(fixture(state)->folder, "no/copy.db");
	struct err err = {0};
	bool any = false;

	assert_false(ledger_save(ledger(state), nowhere, &any, &err));
	assert_int_equal(err.code, WORD_DISK);
}

static void of_a_file_that_was_emptied_nothing_is_saved(void **state)
{
	struct ledger_fixture *f = fixture(state);
	OWN_STR char *copy = fs_join(f->folder, "copy.db");
	struct err err;
	bool any = true;

	assert_int_equal(truncate(f->path, 0), 0);
	MUST(ledger_save(f->l, copy, &any, &err));
	assert_false(any);
	assert_false(fs_exists(copy));
}

static void the_library_has_a_version(void **state)
{
	(void)state;
	assert_string_equal(ledger_library(), sqlite3_libversion());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(others_may_not_read_a_file_that_was_there),
		TEST(a_link_is_followed_and_what_it_names_keeps_its_mode),
		TEST(what_cannot_be_opened_says_why_and_is_a_matter_of_the_ledger),
		TEST(foreign_keys_are_kept_and_every_commit_is_on_the_disk),
		TEST(what_becomes_of_the_file_is_seen),
		TEST(a_file_is_known_by_its_number_and_its_device),
		TEST(damage_is_found_by_reading_all_of_it),
		TEST(a_copy_holds_all_and_overwrites_nothing),
		TEST(a_copy_that_cannot_be_written_is_a_failure),
		TEST(of_a_file_that_was_emptied_nothing_is_saved),
		TEST(the_library_has_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
