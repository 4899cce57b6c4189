/* The checksum of each page of the ledger. */
#include "ledger_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ledger_fixture *fixture(void **state)
{
	return *state;
}

static void close_it(void **state)
{
	ledger_close(fixture(state)->l);
	fixture(state)->l = NULL;
}

static struct ledger_seal seal(void **state)
{
	struct ledger_seal found;

	assert_true(ledger_seal_of(ledger(state)->db, &found));
	return found;
}

static off_t size_of(void **state)
{
	struct stat st;

	assert_int_equal(stat(fixture(state)->path, &st), 0);
	return st.st_size;
}

static void flip(void **state, off_t bit)
{
	OWN_FD int fd = open(fixture(state)->path, O_RDWR | O_CLOEXEC);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, bit / 8), 1);
	byte ^= (unsigned char)(1 << bit % 8);
	assert_int_equal(pwrite(fd, &byte, 1, bit / 8), 1);
}

/* Some rows on more than one page of a table. */
static void fill(void **state)
{
	for (int i = 0; i < 40; i++)
		deliver(ledger(state), "attic", "1234", true);
}

static void a_new_ledger_is_sealed_and_stays_so(void **state)
{
	struct err err;

	assert_int_equal(seal(state).state, LEDGER_SEALED);
	assert_true(seal(state).reserved);
	fill(state);
	assert_int_equal(seal(state).state, LEDGER_SEALED);
	reopened(state);
	assert_int_equal(seal(state).state, LEDGER_SEALED);
	MUST(ledger_check(ledger(state), &err));
}

/* A bit of each 61 bytes: all pages, and all parts of them. */
static void each_flipped_bit_is_noticed(void **state)
{
	struct err err = {0};

	fill(state);
	off_t size = size_of(state);
	for (off_t byte = 0; byte < size; byte += 61) {
		off_t bit = 8 * byte + byte % 8;
		flip(state, bit);
		if (ledger_check(ledger(state), &err))
			fail_msg("bit %ld was not noticed", (long)bit);
		assert_int_equal(err.kind, ERR_FATAL);
		assert_int_equal(err.code, WORD_LEDGER);
		flip(state, bit);
	}
	MUST(ledger_check(ledger(state), &err));
}

static void a_page_in_the_place_of_another_is_noticed(void **state)
{
	struct err err;
	char page[4096];

	fill(state);
	OWN_FD int fd = open(fixture(state)->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, page, sizeof page, 4096), sizeof page);
	assert_int_equal(pwrite(fd, page, sizeof page, 2 * 4096), sizeof page);
	assert_false(ledger_check(ledger(state), &err));
}

static void what_another_program_changes_is_not_damage(void **state)
{
	struct err err;

	fill(state);
	close_it(state);
	sql(state, "UPDATE assignment SET note = 'mine'");
	struct ledger *looking = ledger_open(fixture(state)->path, true, &err);
	assert_non_null(looking);
	MUST(ledger_check(looking, &err));
	ledger_close(looking);
	reopened(state);
	assert_int_equal(seal(state).state, LEDGER_SEALED);
	flip(state, 8 * (size_of(state) - 2000));
	assert_false(ledger_check(ledger(state), &err));
}

static void what_another_program_changes_while_it_is_open_is_sealed_on_request(void **state)
{
	struct err err;

	fill(state);
	sql(state, "UPDATE assignment SET note = 'mine'");
	assert_int_equal(seal(state).state, LEDGER_UNSEALED);
	fill(state);
	assert_int_equal(seal(state).state, LEDGER_UNSEALED);
	MUST(ledger_seal(ledger(state), &err));
	assert_int_equal(seal(state).state, LEDGER_SEALED);
	MUST(ledger_check(ledger(state), &err));
}

static void a_damaged_file_is_not_sealed(void **state)
{
	struct err err;

	fill(state);
	close_it(state);
	sql(state, "UPDATE assignment SET note = 'mine'");
	/* The first page of a table: its cells begin nowhere. */
	OWN_FD int fd = open(fixture(state)->path, O_RDWR | O_CLOEXEC);
	for (int page = 1; page < 30; page++)
		assert_int_equal(pwrite(fd, "\x0d\xff\xff\xff\xff\xff\xff", 7, page * 4096), 7);
	assert_null(ledger_open(fixture(state)->path, false, &err));
	assert_int_equal(err.kind, ERR_FATAL);
}

/* A transaction that is rolled back after pages were written puts the old ones back. */
static void what_is_rolled_back_is_sealed_as_before(void **state)
{
	struct err err;
	sqlite3 *db = ledger(state)->db;

	fill(state);
	assert_int_equal(
		sqlite3_exec(db,
			     "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN IMMEDIATE;"
			     " UPDATE assignment SET note = hex(randomblob(2000)); ROLLBACK",
			     NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(seal(state).state, LEDGER_SEALED);
	MUST(ledger_check(ledger(state), &err));
}

static void a_copy_is_sealed_as_well(void **state)
{
	OWN_STR char *path = fs_join(fixture(state)->folder, "copy.db");
	bool done = false;
	struct err err;

	fill(state);
	struct ledger_copy *copy = ledger_copy_begin(fixture(state)->path, path, &err);
	assert_non_null(copy);
	while (!done)
		MUST(ledger_copy_step(copy, &done, &err));
	ledger_copy_end(copy);
	close_it(state);
	assert_int_equal(rename(path, fixture(state)->path), 0);
	reopened(state);
	assert_int_equal(seal(state).state, LEDGER_SEALED);
	flip(state, 8 * (size_of(state) - 3000));
	assert_false(ledger_check(ledger(state), &err));
}

static void a_saved_ledger_is_sealed_as_well(void **state)
{
	OWN_STR char *path = fs_join(fixture(state)->folder, "saved.db");
	struct err err;
	bool any;

	fill(state);
	MUST(ledger_save(ledger(state), path, &any, &err));
	struct ledger *saved = ledger_open(path, true, &err);
	assert_non_null(saved);
	struct ledger_seal found;
	assert_true(ledger_seal_of(saved->db, &found));
	assert_int_equal(found.state, LEDGER_SEALED);
	MUST(ledger_check(saved, &err));
	ledger_close(saved);
}

static bool can_be_copied(void **state, struct err *err)
{
	OWN_STR char *path = fs_join(fixture(state)->folder, "copy.db");
	struct ledger_copy *copy = ledger_copy_begin(fixture(state)->path, path, err);
	bool done = false, ok = copy != NULL;

	while (ok && !done)
		ok = ledger_copy_step(copy, &done, err);
	ledger_copy_end(copy);
	assert_int_equal(access(path, F_OK) == 0, ok);
	unlink(path);
	return ok;
}

static void a_page_that_nothing_uses_does_no_harm_and_goes(void **state)
{
	struct err err = {0};

	fill(state);
	off_t size = size_of(state);
	assert_int_equal(sqlite3_exec(ledger(state)->db,
				      "CREATE TABLE mine AS SELECT * FROM assignment;"
				      " DROP TABLE mine",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	flip(state, 8 * (size + 2 * 4096 + 100));
	MUST(ledger_check(ledger(state), &err));
	assert_false(can_be_copied(state, &err));
	assert_true(ledger_is_damaged(&err));
	MUST(ledger_renew(ledger(state), &err));
	assert_true(can_be_copied(state, &err));
	assert_int_equal(seal(state).state, LEDGER_SEALED);
}

static void other_errors_are_not_damage(void **state)
{
	struct err err = {0};

	(void)state;
	err_set(&err, ERR_FATAL, WORD_LEDGER, "it is newer");
	assert_false(ledger_is_damaged(&err));
	err_set(&err, ERR_RETRY, WORD_LEDGER, "it is locked");
	assert_false(ledger_is_damaged(&err));
}

/* ---- older ones ---- */

static void make_old(void **state, int version)
{
	OWN_STR char *mark = mem_printf("PRAGMA user_version = %d", version);

	close_it(state);
	assert_int_equal(unlink(fixture(state)->path), 0);
	for (int i = 0; i < version; i++)
		sql(state, ledger_migrations[i].sql);
	sql(state, "INSERT INTO assignment(container, state, asked_at, changed_at)"
		   " VALUES('attic', 0, 1, 2)");
	sql(state, mark);
}

static void an_older_ledger_gets_its_seals_when_it_is_brought_up_to_date(void **state)
{
	for (int version = 1; version < 4; version++) {
		struct assignment *rows = NULL;
		struct err err;
		struct stat st;
		size_t n;
		make_old(state, version);
		reopened(state);
		assert_int_equal(seal(state).state, LEDGER_SEALED);
		assert_int_equal(ledger_file(ledger(state)), LEDGER_IN_PLACE);
		assert_int_equal(stat(fixture(state)->path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		MUST(ledger_list(ledger(state), LEDGER_ALL, NULL, 0, &rows, &n, &err));
		assert_int_equal(n, 1);
		assert_string_equal(rows[0].container, "attic");
		assignment_list_free(rows, n);
	}
}

static void an_older_ledger_that_cannot_be_written_again_is_used_without(void **state)
{
	OWN_STR char *staged =
		mem_printf("%s/.ledger.db.%ld.tmp", fixture(state)->folder, (long)getpid());
	struct err err;

	make_old(state, 3);
	assert_int_equal(mkdir(staged, 0700), 0);
	reopened(state);
	assert_int_equal(seal(state).state, LEDGER_UNSEALED);
	assert_false(seal(state).reserved);
	fill(state);
	MUST(ledger_seal(ledger(state), &err));
	MUST(ledger_check(ledger(state), &err));
	struct ledger *other = ledger_open(fixture(state)->path, false, &err);
	assert_non_null(other); /* no lock is left */
	deliver(other, "attic", "1", false);
	ledger_close(other);
	assert_int_equal(rmdir(staged), 0);
	/* Its copies have no room for a seal either. */
	bool done = false;
	OWN_STR char *path = fs_join(fixture(state)->folder, "copy.db");
	struct ledger_copy *copy = ledger_copy_begin(fixture(state)->path, path, &err);
	while (!done)
		MUST(ledger_copy_step(copy, &done, &err));
	ledger_copy_end(copy);
	struct ledger_facts facts;
	MUST(ledger_examine(path, NULL, &facts, &err));
	assert_int_equal(facts.assignments, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_ledger_is_sealed_and_stays_so),
		TEST(each_flipped_bit_is_noticed),
		TEST(a_page_in_the_place_of_another_is_noticed),
		TEST(what_another_program_changes_is_not_damage),
		TEST(what_another_program_changes_while_it_is_open_is_sealed_on_request),
		TEST(a_damaged_file_is_not_sealed),
		TEST(what_is_rolled_back_is_sealed_as_before),
		TEST(a_copy_is_sealed_as_well),
		TEST(a_saved_ledger_is_sealed_as_well),
		TEST(a_page_that_nothing_uses_does_no_harm_and_goes),
		TEST(other_errors_are_not_damage),
		TEST(an_older_ledger_gets_its_seals_when_it_is_brought_up_to_date),
		TEST(an_older_ledger_that_cannot_be_written_again_is_used_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
