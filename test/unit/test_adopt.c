#include "core/adopt.h"

#include "world.h"

#include <sys/stat.h>

static struct adopt what;
static struct adoptions done;
static struct err failure;
static unsigned adopted;

static void count(void *ctx, const char *name)
{
	assert_ptr_equal(ctx, &adopted);
	assert_non_null(name);
	adopted++;
}

static int make(void **state)
{
	static char folder[256];
	int failed = world_make(state);
	struct world *w = *state;

	snprintf(folder, sizeof folder, "%s/torrents", w->f.folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	adopted = 0;
	what = (struct adopt){
		.container = "attic", .folder = folder, .adopted = count, .ctx = &adopted};
	w->run->keep = true;
	return failed;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, world_remove)

static bool adopt(struct world *w)
{
	failure = (struct err){0};
	return adopt_all(w->run, &what, &done, &failure);
}

static void assert_done(size_t new, size_t known, size_t filled, size_t unkept, size_t skipped)
{
	assert_int_equal(done.adopted, new);
	assert_int_equal(done.known, known);
	assert_int_equal(done.filled, filled);
	assert_int_equal(done.unkept, unkept);
	assert_int_equal(done.skipped, skipped);
}

/* Is the .torrent of this name in the vault? */
static bool is_kept(struct world *w, const char *name)
{
	OWN_STR char *path = vault_path(w->run->vault, world_infohash(name));

	return fs_exists(path);
}

static void has(struct world *w, size_t i, const char *name)
{
	static char ids[8][65];

	text_copy(ids[i], sizeof ids[i], world_infohash(name));
	w->f.fake.has[i] = ids[i];
	w->f.fake.n_torrents = i + 1;
	what.client = &w->f.to;
}

static void what_lies_in_a_folder_becomes_the_container_s(void **state)
{
	struct world *w = *state;

	world_write(w, "torrents/1.torrent", world_torrent("one"));
	world_write(w, "torrents/2.torrent.added", world_torrent("two"));
	world_write(w, "torrents/3.torrent.loaded", world_torrent("three"));
	world_write(w, "torrents/4.txt", world_torrent("four"));
	world_write(w, "torrents/5.torrent", "<html>");
	assert_true(adopt(w));
	assert_done(3, 0, 0, 0, 1);
	assert_int_equal(adopted, 3);
	LOGGED(1, "5.torrent is left out: ");
	assert_int_equal(world_count(w, LEDGER_NEWEST), 3);
	assert_true(is_kept(w, "one"));
	assert_true(is_kept(w, "two"));
	assert_false(is_kept(w, "four"));
	/* Twice changes nothing. */
	assert_true(adopt(w));
	assert_done(0, 3, 0, 0, 1);
	assert_int_equal(world_calls(w), 0);
}

static void a_row_says_all_that_is_known(void **state)
{
	struct world *w = *state;

	world_write(w, "torrents/1.torrent", world_torrent("one"));
	assert_true(adopt(w));
	OWN(assignment_clear) struct assignment row = world_row(w, 1);
	assert_int_equal(row.state, ASSIGNMENT_DELIVERED);
	assert_string_equal(row.container, "attic");
	assert_string_equal(row.name, "one");
	assert_string_equal(row.file_name, "one.torrent");
	assert_string_equal(row.infohash, world_infohash("one"));
	assert_int_equal(row.bytes, 5);
	assert_null(row.client);
	assert_non_null(strstr(row.path, "/torrents/1.torrent"));
	LOGGED(0, "names no tracker");
}

static void without_a_vault_nothing_is_kept(void **state)
{
	struct world *w = *state;

	w->run->keep = false;
	world_write(w, "torrents/1.torrent", world_torrent("one"));
	assert_true(adopt(w));
	assert_done(1, 0, 0, 0, 0);
	assert_false(is_kept(w, "one"));
	assert_true(adopt(w));
	assert_done(0, 1, 0, 0, 0);
	has(w, 0, "two");
	assert_true(adopt(w));
	assert_done(1, 0, 0, 0, 0);
}

static void what_is_known_gets_its_torrent(void **state)
{
	struct world *w = *state;
	struct err err;

	what.adopted = NULL;
	world_write(w, "torrents/1.torrent", world_torrent("one"));
	assert_true(adopt(w));
	MUST(vault_drop(w->run->vault, world_infohash("one"), &err));
	assert_true(adopt(w));
	assert_done(0, 1, 1, 0, 0);
	assert_true(is_kept(w, "one"));
}

static void what_a_client_holds_is_adopted_with_or_without_a_torrent(void **state)
{
	struct world *w = *state;

	world_write(w, "torrents/1.torrent", world_torrent("one"));
	world_write(w, "torrents/9.torrent", world_torrent("nine"));
	has(w, 0, "one");
	has(w, 1, "two");
	what.category = "rel";
	assert_true(adopt(w));
	assert_done(2, 0, 0, 1, 0);
	assert_string_equal(w->f.fake.category, "rel");
	assert_true(is_kept(w, "one"));
	assert_false(is_kept(w, "nine"));
	OWN(assignment_clear) struct assignment first = world_row(w, 1);
	assert_string_equal(first.client, "box");
	assert_string_equal(first.path, "box");
	OWN(assignment_clear) struct assignment second = world_row(w, 2);
	assert_string_equal(second.infohash, world_infohash("two"));
	assert_string_equal(second.name, world_infohash("two"));
	what.folder = NULL;
	assert_true(adopt(w));
	assert_done(0, 2, 0, 0, 0);
}

/* As clients do: by the first 40 digits of its v2 infohash. */
static void a_v2_torrent_is_found_by_the_begin_of_its_infohash(void **state)
{
	struct world *w = *state;
	static const char v2[] = "d4:infod9:file treed1:xd0:d6:lengthi1e11:pieces root32:"
				 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaeee12:meta versioni2e4:name1:x"
				 "12:piece lengthi16384eee";
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	char id[41];
	struct err err;

	buf_puts(&p.bytes, v2);
	MUST(parcel_parse(&p, &err));
	text_copy(id, sizeof id, p.v2);
	world_write(w, "torrents/1.torrent", v2);
	has(w, 0, "one");
	w->f.fake.has[0] = id;
	assert_true(adopt(w));
	assert_done(1, 0, 0, 0, 0);
	OWN(assignment_clear) struct assignment row = world_row(w, 1);
	assert_string_equal(row.infohash, p.v2);
	assert_string_equal(row.v2, p.v2);
	LOGGED(1, "1.torrent names no tracker");
}

static void trackers_come_from_the_resume_file(void **state)
{
	struct world *w = *state;
	static const char bare[] = "d4:infod6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces20:"
				   "aaaaaaaaaaaaaaaaaaaaee";

	world_write(w, "torrents/1.torrent", bare);
	world_write(w, "torrents/1.fastresume",
		    "d8:trackersll20:http://127.0.0.1/annee"
		    "e");
	assert_true(adopt(w));
	assert_done(1, 0, 0, 0, 0);
	LOGGED(0, "names no tracker");
	OWN(assignment_clear) struct assignment row = world_row(w, 1);
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	struct err err;
	MUST(parcel_from_vault(&p, w->run->vault, row.infohash, &err));
	assert_string_equal(p.torrent.announce_host, "127.0.0.1");
}

static void a_file_that_was_renamed_has_no_resume_file(void **state)
{
	struct world *w = *state;
	static const char bare[] = "d4:infod6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces20:"
				   "aaaaaaaaaaaaaaaaaaaaee";

	world_write(w, "torrents/1.torrent.added", bare);
	assert_true(adopt(w));
	LOGGED(1, "1.torrent.added names no tracker");
}

static void a_folder_that_is_away_is_an_error(void **state)
{
	struct world *w = *state;

	what.folder = "/nowhere";
	assert_false(adopt(w));
	assert_int_equal(failure.code, WORD_DISK);
	assert_int_equal(failure.kind, ERR_TARGET);
}

static void a_client_that_is_away_is_an_error(void **state)
{
	struct world *w = *state;

	has(w, 0, "one");
	fake_fails(&w->f, ERR_RETRY, WORD_CLIENT);
	assert_false(adopt(w));
	assert_string_equal(failure.msg, "box: Client");
}

static void a_stop_ends_it(void **state)
{
	struct world *w = *state;

	world_write(w, "torrents/1.torrent", world_torrent("one"));
	fake_time_stop();
	assert_false(adopt(w));
	assert_true(err_is_stop(&failure));
	assert_int_equal(world_count(w, LEDGER_ALL), 0);
}

static void what_the_vault_cannot_take_is_an_error(void **state)
{
	struct world *w = *state;
	OWN_STR char *path = vault_path(w->run->vault, world_infohash("one"));

	assert_int_equal(mkdir(path, 0700), 0);
	world_write(w, "torrents/1.torrent", world_torrent("one"));
	assert_false(adopt(w));
	assert_int_equal(world_count(w, LEDGER_ALL), 0);
}

static void has_a_file(struct world *w)
{
	static char folder[256];

	snprintf(folder, sizeof folder, "%s/torrents", w->f.folder);
	world_write(w, "torrents/1.torrent", world_torrent("one"));
	what = (struct adopt){.container = "attic", .folder = folder};
}

static void has_a_client(struct world *w)
{
	what = (struct adopt){.container = "attic"};
	has(w, 0, "one");
}

static bool adopt_again(struct world *w, struct err *err)
{
	return adopt_all(w->run, &what, &done, err);
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(has_a_file, adopt_again);
	world_fail_each(has_a_client, adopt_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_lies_in_a_folder_becomes_the_container_s),
		TEST(a_row_says_all_that_is_known),
		TEST(without_a_vault_nothing_is_kept),
		TEST(what_is_known_gets_its_torrent),
		TEST(what_a_client_holds_is_adopted_with_or_without_a_torrent),
		TEST(a_v2_torrent_is_found_by_the_begin_of_its_infohash),
		TEST(trackers_come_from_the_resume_file),
		TEST(a_file_that_was_renamed_has_no_resume_file),
		TEST(a_folder_that_is_away_is_an_error),
		TEST(a_client_that_is_away_is_an_error),
		TEST(a_stop_ends_it),
		TEST(what_the_vault_cannot_take_is_an_error),
		cmocka_unit_test(each_failure_of_the_ledger_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
