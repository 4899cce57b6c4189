#include "core/backup.h"
#include "core/restore.h"

#include "world.h"

#include <glob.h>
#include <sys/stat.h>

/* The state folder of the world, and what is restored into another one. */
static struct {
	char *ledger, *file, *config_path;
	char *new_ledger, *new_config;
	struct vault *new_vault;
	struct buf config;
	struct backup backup;
	struct backup_done done;
	struct restore restore;
	struct restore_done restored;
	struct err err;
} t;

static int make(void **state)
{
	int failed = world_make(state);
	struct world *w = *state;
	OWN_STR char *other = fs_join(w->f.folder, "other");
	struct err err;

	memset(&t, 0, sizeof t);
	MUST(fs_make_folder(other, 0700, true, &err));
	t.ledger = fs_join(w->f.folder, "ledger.db");
	t.file = fs_join(w->f.folder, "backup.tar");
	t.new_ledger = fs_join(other, "ledger.db");
	t.new_config = fs_join(other, "config.ptp");
	t.new_vault = vault_open(other, &err);
	t.config.max = 1000;
	buf_puts(&t.config, "{\"a\": 1}");
	t.backup = (struct backup){.ledger = t.ledger, .vault = w->run->vault, .config = &t.config};
	t.restore = (struct restore){.ledger = t.new_ledger,
				     .vault = t.new_vault,
				     .config = t.new_config,
				     .manners = w->run->manners};
	return failed || !t.new_vault;
}

static int clear(void **state)
{
	buf_clear(&t.config);
	vault_close(t.new_vault);
	free(t.restored.kept);
	free(t.ledger);
	free(t.file);
	free(t.new_ledger);
	free(t.new_config);
	return world_remove(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clear)

static bool back_up(void)
{
	t.err = (struct err){0};
	return backup_make(&t.backup, t.file, &t.done, &t.err);
}

static bool restore(void)
{
	t.err = (struct err){0};
	free(t.restored.kept);
	t.restored = (struct restore_done){0};
	return restore_run(&t.restore, t.file, &t.restored, &t.err);
}

static void must(bool ok)
{
	if (!ok)
		fail_msg("%s", t.err.msg);
}

/* Nothing that is only half made is left in a folder. */
static void assert_clean(struct world *w)
{
	OWN_STR char *pattern = mem_printf("%s/.*.tmp", w->f.folder);
	OWN_STR char *other = mem_printf("%s/other/.*.tmp", w->f.folder);
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
	globfree(&found);
	assert_int_equal(glob(other, 0, NULL, &found), GLOB_NOMATCH);
	globfree(&found);
}

static void write_file(const char *path, const char *text)
{
	struct err err;

	MUST(fs_write(path, text, strlen(text), 0600, &err));
}

static bool holds(const char *path, const char *text)
{
	OWN_BUF struct buf bytes = BUF_MAX(1 << 20);
	struct err err;

	return fs_read(path, &bytes, &err) && strcmp(buf_text(&bytes), text) == 0;
}

/* How many assignments the new ledger has. */
static size_t rows_of_new(void)
{
	struct assignment *all = NULL;
	size_t n = 0;
	struct err err;
	struct ledger *l = ledger_open(t.new_ledger, false, &err);

	assert_non_null(l);
	MUST(ledger_list(l, LEDGER_ALL, NULL, 0, &all, &n, &err));
	assignment_list_free(all, n);
	ledger_close(l);
	return n;
}

static struct pace pace_of_new(void)
{
	struct pace pace;
	struct err err;
	struct ledger *l = ledger_open(t.new_ledger, false, &err);

	assert_non_null(l);
	MUST(ledger_get_pace(l, &pace, &err));
	ledger_close(l);
	return pace;
}

static bool new_vault_has(const char *name)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	struct err err;

	return parcel_from_vault(&p, t.new_vault, world_infohash(name), &err);
}

static void damage(struct world *w, const char *name)
{
	OWN_STR char *path = mem_printf("%s/vault/%s.torrent", w->f.folder, world_infohash(name));

	write_file(path, "no torrent");
}

/* ---- there and back ---- */

static void a_state_folder_comes_back(void **state)
{
	struct world *w = *state;
	struct stat st;
	struct err err;

	world_fetched(w, "7", "one");
	world_fetched(w, "8", "two");
	world_assigned(w, "9");
	MUST(vault_slip_write(w->run->vault, "1 2 3", &err));
	must(back_up());
	assert_int_equal(t.done.assignments, 3);
	assert_int_equal(t.done.torrents, 2);
	assert_int_equal(t.done.damaged, 0);
	assert_int_equal(stat(t.file, &st), 0);
	assert_int_equal(t.done.bytes, st.st_size);
	assert_int_equal(st.st_mode & 0777, 0600);
	must(restore());
	assert_int_equal(t.restored.assignments, 3);
	assert_int_equal(t.restored.torrents, 2);
	assert_int_equal(t.restored.newest, FAKE_NOW);
	assert_int_equal(t.restored.config, RESTORE_CONFIG);
	assert_null(t.restored.kept);
	assert_int_equal(rows_of_new(), 3);
	assert_true(new_vault_has("one"));
	assert_true(new_vault_has("two"));
	assert_true(holds(t.new_config, "{\"a\": 1}"));
	char slip[VAULT_SLIP_BYTES + 1];
	MUST(vault_slip_read(t.new_vault, slip, &err));
	assert_string_equal(slip, "1 2 3");
	assert_clean(w);
}

static void without_a_vault_or_a_configuration_there_is_less(void **state)
{
	struct world *w = *state;

	world_fetched(w, "7", "one");
	t.backup.vault = NULL;
	buf_reset(&t.config);
	must(back_up());
	assert_int_equal(t.done.torrents, 0);
	must(restore());
	assert_int_equal(t.restored.config, RESTORE_NO_CONFIG);
	assert_int_equal(t.restored.torrents, 0);
	assert_false(fs_exists(t.new_config));
	assert_false(new_vault_has("one"));
}

static void a_copy_of_the_ledger_alone_will_do(void **state)
{
	struct world *w = *state;

	world_assigned(w, "9");
	free(t.file);
	t.file = mem_dup(t.ledger);
	must(restore());
	assert_int_equal(t.restored.assignments, 1);
	assert_int_equal(rows_of_new(), 1);
	assert_clean(w);
}

static void a_torrent_that_is_damaged_is_left_out(void **state)
{
	struct world *w = *state;

	world_fetched(w, "7", "one");
	world_fetched(w, "8", "two");
	damage(w, "one");
	must(back_up());
	assert_int_equal(t.done.damaged, 1);
	assert_int_equal(t.done.torrents, 1);
	LOGGED(1, "; the backup leaves it out");
	must(restore());
	assert_int_equal(t.restored.torrents, 1);
	assert_false(new_vault_has("one"));
	assert_true(new_vault_has("two"));
}

static void what_is_there_and_good_stays(void **state)
{
	struct world *w = *state;
	struct err err;

	world_fetched(w, "7", "one");
	world_fetched(w, "8", "two");
	MUST(vault_slip_write(w->run->vault, "1 2 3", &err));
	must(back_up());
	must(restore());
	/* Now one of them is damaged there. */
	OWN_STR char *path =
		mem_printf("%s/other/vault/%s.torrent", w->f.folder, world_infohash("one"));
	write_file(path, "no torrent");
	write_file(t.new_config, "{\"mine\": 1}");
	MUST(vault_slip_write(t.new_vault, "4 5 6", &err));
	must(restore());
	assert_int_equal(t.restored.torrents, 1);
	assert_true(new_vault_has("one"));
	assert_int_equal(t.restored.config, RESTORE_CONFIG_KEPT);
	assert_true(holds(t.new_config, "{\"mine\": 1}"));
	char slip[VAULT_SLIP_BYTES + 1];
	MUST(vault_slip_read(t.new_vault, slip, &err));
	assert_string_equal(slip, "4 5 6");
}

/* ---- the ledger that is there ---- */

static void the_old_ledger_is_kept(void **state)
{
	struct world *w = *state;
	OWN_STR char *journal = mem_printf("%s-journal", t.new_ledger);

	must(back_up());
	must(restore());
	world_assigned(w, "9");
	t.backup.replace = true;
	fake_time_pass(HOUR);
	must(back_up());
	write_file(journal, "");
	must(restore());
	assert_non_null(t.restored.kept);
	OWN_STR char *kept =
		mem_printf("%s.old-%lld", t.new_ledger, (long long)(FAKE_NOW + HOUR) / 1000);
	assert_string_equal(t.restored.kept, kept);
	assert_true(fs_exists(kept));
	assert_false(fs_exists(journal));
	assert_int_equal(rows_of_new(), 1);
}

static void a_newer_ledger_is_replaced_by_force_alone(void **state)
{
	struct world *w = *state;
	struct err err;

	world_assigned(w, "8");
	must(back_up());
	must(restore());
	/* The same age is not newer. */
	must(restore());
	fake_time_pass(HOUR);
	struct ledger *l = ledger_open(t.new_ledger, false, &err);
	int64_t row;
	MUST(ledger_asking(l, "attic", &row, &err));
	ledger_close(l);
	assert_int_equal(rows_of_new(), 2);
	assert_false(restore());
	assert_int_equal(t.err.kind, ERR_TARGET);
	assert_int_equal(t.err.code, WORD_LEDGER);
	assert_non_null(strstr(t.err.msg, t.file));
	assert_int_equal(rows_of_new(), 2);
	assert_clean(w);
	t.restore.force = true;
	must(restore());
	assert_int_equal(rows_of_new(), 1);
}

static void a_damaged_ledger_is_replaced(void **state)
{
	struct world *w = *state;

	world_assigned(w, "8");
	must(back_up());
	write_file(t.new_ledger, "no ledger, but a text that is long enough to be none");
	must(restore());
	assert_int_equal(rows_of_new(), 1);
	assert_true(holds(t.restored.kept, "no ledger, but a text that is long enough to be none"));
}

/* ---- the pace of calls ---- */

static void calls_that_the_old_ledger_knows_stay_known(void **state)
{
	const struct pace known = {.request = {FAKE_NOW - 5, 0}, .failures = 3};
	struct err err;

	(void)state;
	must(back_up());
	must(restore());
	t.restore.force = true;
	struct ledger *l = ledger_open(t.new_ledger, false, &err);
	MUST(ledger_set_pace(l, &known, &err));
	ledger_close(l);
	must(restore());
	assert_int_equal(pace_of_new().request.wall, FAKE_NOW - 5);
	assert_int_equal(pace_of_new().failures, 3);
}

static void otherwise_the_next_calls_come_slowly(void **state)
{
	struct world *w = *state;

	must(back_up());
	must(restore());
	assert_int_equal(pace_of_new().full.wall,
			 FAKE_NOW +
				 (SCHEDULE_BURST - SCHEDULE_FIRST_CALLS) * w->run->manners.refill);
}

/* ---- names ---- */

static void a_file_that_is_there_is_replaced_by_force_alone(void **state)
{
	struct world *w = *state;

	write_file(t.file, "mine");
	assert_false(back_up());
	assert_int_equal(t.err.kind, ERR_TARGET);
	assert_true(holds(t.file, "mine"));
	t.backup.replace = true;
	must(back_up());
	must(restore());
	assert_clean(w);
}

static void a_backup_needs_a_name_of_its_own(void **state)
{
	struct world *w = *state;
	OWN_STR char *nowhere = fs_join(w->f.folder, "nowhere/backup.tar");

	t.backup.replace = true;
	assert_false(backup_make(&t.backup, t.ledger, &t.done, &t.err));
	assert_non_null(strstr(t.err.msg, "is the ledger itself"));
	assert_false(backup_make(&t.backup, w->f.folder, &t.done, &t.err));
	assert_non_null(strstr(t.err.msg, "is a folder"));
	assert_false(backup_make(&t.backup, nowhere, &t.done, &t.err));
	assert_non_null(strstr(t.err.msg, "there is no folder"));
}

static void what_is_no_backup_is_an_error(void **state)
{
	struct world *w = *state;

	assert_false(restore());
	assert_int_equal(t.err.code, WORD_DISK);
	write_file(t.file, "SQLite format 3");
	assert_false(restore());
	write_file(t.file, "no backup");
	assert_false(restore());
	assert_non_null(strstr(t.err.msg, t.file));
	free(t.file);
	t.file = mem_dup(w->f.folder);
	assert_false(restore());
	assert_non_null(strstr(t.err.msg, "is not a file"));
	assert_false(fs_exists(t.new_ledger));
	assert_clean(w);
}

static void a_ledger_is_not_restored_from_itself(void **state)
{
	(void)state;
	free(t.file);
	t.file = mem_dup(t.ledger);
	t.restore.ledger = t.ledger;
	assert_false(restore());
	assert_non_null(strstr(t.err.msg, "is the ledger itself"));
}

static void a_damaged_ledger_is_no_backup(void **state)
{
	struct world *w = *state;
	OWN_BUF struct buf bytes = BUF_MAX(1 << 24);
	struct err err;

	world_assigned(w, "8");
	MUST(fs_read(t.ledger, &bytes, &err));
	memset(bytes.data + bytes.len / 4, 'x', bytes.len / 2);
	MUST(fs_write(t.file, bytes.data, bytes.len, 0600, &err));
	assert_false(restore());
	assert_int_equal(t.err.code, WORD_LEDGER);
	assert_non_null(strstr(t.err.msg, t.file));
	assert_false(fs_exists(t.new_ledger));
	assert_clean(w);
}

static void a_stop_leaves_all_as_it_was(void **state)
{
	struct world *w = *state;

	world_fetched(w, "7", "one");
	must(back_up());
	fake_time_stop();
	assert_false(restore());
	assert_true(err_is_stop(&t.err));
	assert_false(fs_exists(t.new_ledger));
	assert_int_equal(unlink(t.file), 0);
	assert_false(back_up());
	assert_true(err_is_stop(&t.err));
	assert_false(fs_exists(t.file));
	assert_clean(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_state_folder_comes_back),
		TEST(without_a_vault_or_a_configuration_there_is_less),
		TEST(a_copy_of_the_ledger_alone_will_do),
		TEST(a_torrent_that_is_damaged_is_left_out),
		TEST(what_is_there_and_good_stays),
		TEST(the_old_ledger_is_kept),
		TEST(a_newer_ledger_is_replaced_by_force_alone),
		TEST(a_damaged_ledger_is_replaced),
		TEST(calls_that_the_old_ledger_knows_stay_known),
		TEST(otherwise_the_next_calls_come_slowly),
		TEST(a_file_that_is_there_is_replaced_by_force_alone),
		TEST(a_backup_needs_a_name_of_its_own),
		TEST(what_is_no_backup_is_an_error),
		TEST(a_ledger_is_not_restored_from_itself),
		TEST(a_damaged_ledger_is_no_backup),
		TEST(a_stop_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
