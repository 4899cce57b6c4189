#include "core/mark.h"

#include "base/hidden.h"

#include "world.h"

#include <sys/stat.h>

#define OTHER_ID "11111111111111111111111111111111"
#define OTHER_LEDGER "22222222222222222222222222222222"
#define THIRD_LEDGER "33333333333333333333333333333333"

static struct err failure;
static char *watch, *data;
static struct mark_folder watched, measured;

static void make_folder(const char *path)
{
	struct err err;

	MUST(fs_make_folder(path, 0700, true, &err));
}

/* The container has a watch folder, which is there and was never used. */
static int make(void **state)
{
	int failed = world_make(state);
	struct world *w = *state;

	fixture_watch(&w->f);
	watch = fs_join(w->f.folder, "watch");
	data = fs_join(w->f.folder, "data");
	free(w->f.to.place);
	w->f.to.place = mem_dup(watch);
	watched = (struct mark_folder){watch, MARK_WATCH, "attic"};
	measured = (struct mark_folder){data, MARK_DATA, "attic"};
	make_folder(watch);
	make_folder(data);
	return failed;
}

static int clear(void **state)
{
	free(watch);
	free(data);
	return world_remove(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clear)

/* ---- what the tests do ---- */

static bool check(struct world *w, bool first_use)
{
	failure = (struct err){0};
	return mark_check(w->run, &w->target, first_use, &failure);
}

static void assert_right(struct world *w, bool first_use)
{
	struct err err;

	MUST(mark_check(w->run, &w->target, first_use, &err));
}

static struct mark mark_of(struct world *w, const char *folder)
{
	struct mark m;
	struct err err;

	MUST(ledger_get_mark(w->run->ledger, folder, &m, &err));
	return m;
}

static const char *identity(struct world *w)
{
	static char id[MARK_ID];
	struct err err;

	MUST(ledger_identity(w->run->ledger, id, &err));
	return id;
}

/* It is wrong in this way, and the ledger knows it. */
static void assert_wrong(struct world *w, enum mark_fault fault, const char *found)
{
	assert_false(check(w, true));
	assert_int_equal(failure.kind, ERR_TARGET);
	assert_int_equal(failure.code, WORD_DISK);
	assert_non_null(strstr(failure.msg, watch));
	/* What can be done follows what is wrong. */
	assert_non_null(strstr(failure.msg + failure.advice, "ptp-archiver accept"));
	assert_int_equal(mark_of(w, watch).fault, fault);
	assert_int_equal(mark_of(w, watch).since, clock_now());
	assert_string_equal(mark_of(w, watch).found, found);
}

/* The mark of a ledger in the folder; the caller's. */
static char *mark_path(const char *folder, const char *ledger)
{
	return mem_printf("%s/" HIDDEN_NAME "/" MARK_FILE "%s", folder, ledger);
}

static void put(const char *folder, const char *ledger, const char *text)
{
	OWN_STR char *path = mark_path(folder, ledger);
	OWN_STR char *hidden = fs_parent(path);
	struct err err;

	make_folder(hidden);
	MUST(fs_write(path, text, strlen(text), 0600, &err));
}

static bool has(const char *folder, const char *ledger)
{
	OWN_STR char *path = mark_path(folder, ledger);

	return fs_exists(path);
}

/* Another disk has the folder's name: nothing is in it. */
static void replace(const char *folder)
{
	OWN_STR char *other = mem_printf("%s.other", folder);

	make_folder(other);
	OWN_STR char *away = mem_printf("%s.away", folder);
	assert_int_equal(rename(folder, away), 0);
	assert_int_equal(rename(other, folder), 0);
}

static void bring_back(const char *folder)
{
	OWN_STR char *away = mem_printf("%s.away", folder);

	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rename(away, folder), 0);
}

/* ---- which folders ---- */

static void a_watch_folder_and_a_measured_folder_count(void **state)
{
	struct world *w = *state;
	struct mark_folder all[MARK_FOLDERS];

	assert_int_equal(mark_folders(&w->target, all), 1);
	assert_string_equal(all[0].path, watch);
	assert_int_equal(all[0].use, MARK_WATCH);
	assert_string_equal(all[0].container, "attic");
	w->attic.data_folder = data;
	assert_int_equal(mark_folders(&w->target, all), 1);
	w->attic.reserve.bytes = 1;
	assert_int_equal(mark_folders(&w->target, all), 2);
	assert_string_equal(all[1].path, data);
	assert_int_equal(all[1].use, MARK_DATA);
	w->f.to.name = mem_dup("box");
	assert_int_equal(mark_folders(&w->target, all), 1);
	assert_int_equal(all[0].use, MARK_DATA);
}

static void the_configuration_names_them_too(void **state)
{
	struct world *w = *state;
	struct mark_folder all[MARK_FOLDERS];

	w->attic.watch_folder = watch;
	assert_int_equal(mark_folders_of(&w->attic, all), 1);
	assert_string_equal(all[0].path, watch);
	w->attic.client = (char[]){"box"};
	assert_int_equal(mark_folders_of(&w->attic, all), 0);
}

/* ---- its first use ---- */

static void a_folder_gets_its_mark_at_its_first_use(void **state)
{
	struct world *w = *state;

	assert_right(w, true);
	assert_true(has(watch, identity(w)));
	const struct mark first = mark_of(w, watch);
	assert_int_equal(strlen(first.id), MARK_ID - 1);
	assert_int_equal(first.at, FAKE_NOW);
	assert_int_equal(first.fault, MARK_RIGHT);
	assert_int_equal(first.since, 0);
	assert_string_equal(first.who, "");
	assert_false(first.by_system);
	fake_time_pass(HOUR);
	assert_right(w, true);
	assert_string_equal(mark_of(w, watch).id, first.id);
	assert_int_equal(mark_of(w, watch).at, FAKE_NOW);
}

static void a_look_alone_marks_nothing(void **state)
{
	struct world *w = *state;
	struct err err;

	assert_right(w, false);
	MUST(mark_expect(w->run->ledger, &watched, &err));
	assert_false(has(watch, identity(w)));
	assert_int_equal(mark_of(w, watch).at, 0);
}

static void a_folder_that_is_not_there_yet_is_right(void **state)
{
	struct world *w = *state;

	assert_int_equal(rmdir(watch), 0);
	assert_right(w, true);
	assert_false(fs_exists(watch));
	assert_int_equal(mark_of(w, watch).at, 0);
}

static void a_mark_whose_writer_died_is_right(void **state)
{
	struct world *w = *state;

	put(watch, identity(w), OTHER_ID "\n\nmore\n");
	assert_right(w, false);
	assert_string_equal(mark_of(w, watch).id, OTHER_ID);
	assert_int_equal(mark_of(w, watch).at, FAKE_NOW);
}

static void a_mark_that_is_none_is_replaced(void **state)
{
	struct world *w = *state;

	put(watch, identity(w), "no id");
	put(watch, "no ledger's", OTHER_ID);
	assert_right(w, true);
	assert_string_not_equal(mark_of(w, watch).id, "");
}

/* ---- another disk ---- */

static void a_folder_without_its_mark_is_another_disk_until_it_is_back(void **state)
{
	struct world *w = *state;

	assert_right(w, true);
	replace(watch);
	fake_time_pass(HOUR);
	assert_wrong(w, MARK_NONE, "");
	assert_false(has(watch, identity(w)));
	fake_time_pass(HOUR);
	assert_false(check(w, true));
	assert_int_equal(mark_of(w, watch).since, FAKE_NOW + HOUR);
	assert_int_equal(mark_of(w, watch).at, FAKE_NOW);
	bring_back(watch);
	assert_right(w, true);
	assert_int_equal(mark_of(w, watch).fault, MARK_RIGHT);
	assert_int_equal(mark_of(w, watch).since, 0);
}

static void a_known_folder_that_is_gone_is_wrong(void **state)
{
	struct world *w = *state;
	OWN_STR char *away = mem_printf("%s.away", watch);

	assert_right(w, true);
	assert_int_equal(rename(watch, away), 0);
	assert_wrong(w, MARK_GONE, "");
}

/* An older version of the program, which knew no marks, delivered something into the folder. */
static void deliver_into_it(struct world *w)
{
	int64_t row = world_fetched(w, "7", "one");
	OWN_STR char *path = fs_join(watch, "one.torrent");
	struct err err;

	fake_time_pass(1);
	MUST(ledger_delivering(w->run->ledger, row, "one.torrent", path, &err));
	MUST(ledger_delivered(w->run->ledger, row, path, NULL, PICK_UP_DUE, &err));
}

static void a_folder_that_an_older_version_used_and_that_is_gone_is_wrong(void **state)
{
	struct world *w = *state;

	deliver_into_it(w);
	assert_int_equal(rmdir(watch), 0);
	assert_wrong(w, MARK_GONE, "");
}

static void an_older_version_that_delivered_into_it_left_a_hidden_folder(void **state)
{
	struct world *w = *state;
	OWN_STR char *hidden = fs_join(watch, HIDDEN_NAME);

	deliver_into_it(w);
	assert_wrong(w, MARK_NONE, "");
	make_folder(hidden);
	assert_right(w, true);
	assert_true(has(watch, identity(w)));
}

static void a_folder_of_which_torrents_were_adopted_may_get_its_mark(void **state)
{
	struct world *w = *state;
	OWN_STR char *path = fs_join(watch, "one.torrent");
	const struct adopted a = {.container = "attic",
				  .infohash = OTHER_ID,
				  .v2 = "",
				  .name = "one",
				  .file_name = "one.torrent",
				  .path = path};
	int64_t row;
	struct err err;

	MUST(ledger_adopt(w->run->ledger, &a, &row, &err));
	assert_right(w, true);
	assert_true(has(watch, identity(w)));
}

static void the_mark_of_another_folder_is_wrong(void **state)
{
	struct world *w = *state;

	assert_right(w, true);
	put(watch, identity(w), OTHER_ID);
	assert_wrong(w, MARK_OTHER, OTHER_ID);
	assert_string_not_equal(mark_of(w, watch).id, OTHER_ID);
}

static void the_mark_of_another_ledger_is_wrong(void **state)
{
	struct world *w = *state;

	put(watch, THIRD_LEDGER, OTHER_ID);
	put(watch, OTHER_LEDGER, OTHER_ID);
	assert_wrong(w, MARK_FOREIGN, OTHER_LEDGER);
	/* Two installations may share a folder. */
	put(watch, identity(w), OTHER_ID);
	assert_right(w, false);
	assert_string_equal(mark_of(w, watch).found, "");
}

static void what_is_wrong_may_change(void **state)
{
	struct world *w = *state;

	assert_right(w, true);
	put(watch, identity(w), OTHER_ID);
	assert_wrong(w, MARK_OTHER, OTHER_ID);
	fake_time_pass(HOUR);
	put(watch, identity(w), OTHER_LEDGER);
	assert_false(check(w, true));
	assert_string_equal(mark_of(w, watch).found, OTHER_LEDGER);
	assert_int_equal(mark_of(w, watch).since, FAKE_NOW);
	OWN_STR char *path = mark_path(watch, identity(w));
	assert_int_equal(unlink(path), 0);
	assert_wrong(w, MARK_NONE, "");
}

/* ---- folders that cannot be written ---- */

static void block(const char *folder)
{
	OWN_STR char *hidden = fs_join(folder, HIDDEN_NAME);
	struct err err;

	MUST(fs_write(hidden, "x", 1, 0600, &err));
}

/* It can be seen into, and takes no mark. */
static void block_writing(const char *folder)
{
	OWN_STR char *blocked = fs_join(folder, HIDDEN_NAME "/mark.new/in the way");

	make_folder(blocked);
}

static void a_watch_folder_must_take_its_mark(void **state)
{
	struct world *w = *state;

	block_writing(watch);
	assert_false(check(w, true));
	assert_int_equal(failure.code, WORD_DISK);
	assert_int_equal(mark_of(w, watch).at, 0);
	bool changed;
	assert_false(mark_accept(w->run, &watched, "bob", &changed, &failure));
	assert_int_equal(mark_of(w, watch).at, 0);
}

static void what_lies_in_the_hidden_folder_s_place_is_an_error(void **state)
{
	struct world *w = *state;

	block(watch);
	assert_false(check(w, true));
	assert_int_equal(failure.code, WORD_DISK);
	assert_int_equal(mark_of(w, watch).at, 0);
}

static void a_data_folder_that_takes_none_is_known_by_its_file_system(void **state)
{
	struct world *w = *state;

	w->attic.data_folder = data;
	w->attic.reserve.bytes = 1;
	block(data);
	assert_right(w, true);
	assert_true(mark_of(w, data).by_system);
	assert_int_equal(strlen(mark_of(w, data).id), MARK_ID - 1);
	assert_right(w, true);
	replace(data);
	assert_false(check(w, true));
	assert_int_equal(failure.code, WORD_DISK);
	assert_int_equal(mark_of(w, data).fault, MARK_NONE);
	/* Its mark counts more than its file system. */
	put(data, identity(w), OTHER_ID);
	assert_right(w, false);
	assert_false(mark_of(w, data).by_system);
	assert_string_equal(mark_of(w, data).id, OTHER_ID);
}

static void a_data_folder_is_marked_where_it_can_be(void **state)
{
	struct world *w = *state;

	w->attic.data_folder = data;
	w->attic.reserve.bytes = 1;
	assert_right(w, true);
	assert_true(has(data, identity(w)));
	assert_false(mark_of(w, data).by_system);
}

/* ---- looking ---- */

static void what_is_seen_can_be_told(void **state)
{
	struct world *w = *state;
	struct mark_sight s;
	struct err err;

	assert_right(w, true);
	MUST(mark_look(w->run->ledger, &watched, &s, &err));
	assert_true(s.there);
	assert_true(s.hidden);
	assert_string_equal(s.own, s.mark.id);
	assert_string_equal(s.ledger, identity(w));
	replace(watch);
	fake_time_pass(HOUR);
	MUST(mark_look(w->run->ledger, &watched, &s, &err));
	assert_true(s.there);
	assert_false(s.hidden);
	assert_string_equal(s.own, "");
	const struct fact fact = mark_fact(&watched, &s);
	assert_int_equal(fact.what, FACT_OTHER_FOLDER);
	assert_string_equal(fact.folder, watch);
	assert_string_equal(fact.container, "attic");
	assert_int_equal(fact.use, MARK_WATCH);
	assert_int_equal(fact.since, clock_now());
	assert_int_equal(fact.mark.fault, MARK_NONE);
	assert_string_equal(fact.ledger, identity(w));
	/* Only the look is new. */
	assert_int_equal(mark_of(w, watch).fault, MARK_RIGHT);
	assert_false(mark_expect(w->run->ledger, &watched, &failure));
	assert_int_equal(failure.code, WORD_DISK);
}

static void is_it_still_the_one_that_it_was(void **state)
{
	struct world *w = *state;
	bool right;
	struct err err;

	assert_right(w, true);
	MUST(mark_is_right(w->run, &watched, &right, &err));
	assert_true(right);
	replace(watch);
	MUST(mark_is_right(w->run, &watched, &right, &err));
	assert_false(right);
	/* A hidden folder that is another's cannot be seen into. */
	bring_back(watch);
	OWN_STR char *hidden = fs_join(watch, HIDDEN_NAME);
	OWN_STR char *elsewhere = fs_join(watch, "elsewhere");
	assert_int_equal(rename(hidden, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, hidden), 0);
	MUST(mark_is_right(w->run, &watched, &right, &err));
	assert_false(right);
	assert_false(check(w, true));
	assert_int_equal(unlink(hidden), 0);
	assert_int_equal(rename(elsewhere, hidden), 0);
	fake_sql_fail(1);
	assert_false(mark_is_right(w->run, &watched, &right, &failure));
	assert_int_equal(failure.code, WORD_LEDGER);
}

/* ---- a person's word ---- */

static bool accept(struct world *w, bool *changed)
{
	failure = (struct err){0};
	*changed = false;
	return mark_accept(w->run, &watched, "bob", changed, &failure);
}

static void an_accepted_folder_gets_a_mark(void **state)
{
	struct world *w = *state;
	bool changed;

	assert_right(w, true);
	const struct mark before = mark_of(w, watch);
	replace(watch);
	assert_false(check(w, true));
	fake_time_pass(HOUR);
	assert_true(accept(w, &changed));
	assert_true(changed);
	const struct mark after = mark_of(w, watch);
	assert_string_not_equal(after.id, before.id);
	assert_string_equal(after.who, "bob");
	assert_int_equal(after.at, FAKE_NOW + HOUR);
	assert_int_equal(after.fault, MARK_RIGHT);
	assert_int_equal(after.since, 0);
	assert_true(has(watch, identity(w)));
	assert_right(w, false);
	assert_string_equal(mark_of(w, watch).who, "bob");
	assert_true(accept(w, &changed));
	assert_false(changed);
}

static void an_accepted_folder_keeps_the_mark_that_it_has(void **state)
{
	struct world *w = *state;
	bool changed;

	assert_right(w, true);
	put(watch, identity(w), OTHER_ID);
	assert_false(check(w, true));
	assert_true(accept(w, &changed));
	assert_true(changed);
	assert_string_equal(mark_of(w, watch).id, OTHER_ID);
	assert_string_equal(mark_of(w, watch).found, "");
	assert_right(w, false);
}

static void a_folder_can_be_accepted_before_its_first_use(void **state)
{
	struct world *w = *state;
	bool changed;

	put(watch, OTHER_LEDGER, OTHER_ID);
	assert_true(accept(w, &changed));
	assert_true(changed);
	assert_true(has(watch, identity(w)));
	assert_right(w, true);
}

static void an_accepted_folder_must_be_there(void **state)
{
	struct world *w = *state;
	bool changed;

	assert_int_equal(rmdir(watch), 0);
	assert_false(accept(w, &changed));
	assert_non_null(strstr(failure.msg, "is not there"));
	make_folder(watch);
	assert_right(w, true);
	OWN_STR char *away = mem_printf("%s.away", watch);
	assert_int_equal(rename(watch, away), 0);
	assert_false(accept(w, &changed));
	assert_int_equal(failure.code, WORD_DISK);
	assert_non_null(strstr(failure.msg + failure.advice, "ptp-archiver accept"));
}

/* ---- the state folder ---- */

static bool begin_state(struct world *w, bool fresh)
{
	failure = (struct err){0};
	return mark_state(w->run->ledger, w->f.folder, fresh, &failure);
}

static void a_state_folder_is_marked(void **state)
{
	struct world *w = *state;
	struct err err;

	MUST(mark_expect_state(w->run->ledger, w->f.folder, &err));
	assert_false(has(w->f.folder, identity(w)));
	assert_true(begin_state(w, false));
	assert_true(has(w->f.folder, identity(w)));
	assert_true(begin_state(w, true));
	assert_string_equal(fake_log(), "");
}

static void a_state_folder_of_another_ledger_is_refused_until_it_is_accepted(void **state)
{
	struct world *w = *state;
	struct err err;

	put(w->f.folder, OTHER_LEDGER, OTHER_ID);
	assert_false(begin_state(w, false));
	assert_int_equal(failure.code, WORD_DISK);
	assert_non_null(strstr(failure.msg, w->f.folder));
	assert_false(mark_expect_state(w->run->ledger, w->f.folder, &failure));
	MUST(mark_accept_state(w->run->ledger, w->f.folder, &err));
	assert_true(has(w->f.folder, identity(w)));
	assert_false(has(w->f.folder, OTHER_LEDGER));
	assert_true(begin_state(w, false));
	MUST(mark_expect_state(w->run->ledger, w->f.folder, &err));
}

static void a_new_ledger_takes_over_the_id_of_the_old_one(void **state)
{
	struct world *w = *state;

	put(w->f.folder, OTHER_LEDGER, OTHER_ID);
	assert_true(begin_state(w, true));
	assert_string_equal(identity(w), OTHER_LEDGER);
	LOGGED(1, "is gone, and a new one is begun");
	assert_true(begin_state(w, false));
}

static void a_state_folder_that_takes_no_mark_is_used_anyway(void **state)
{
	struct world *w = *state;

	block_writing(w->f.folder);
	assert_true(begin_state(w, false));
	LOGGED(1, "warn the state folder gets no mark: ");
}

static void no_new_ledger_is_begun_where_another_folder_has_a_mark(void **state)
{
	struct world *w = *state;
	const struct container two[2] = {{.name = (char[]){"attic"}, .watch_folder = data},
					 {.name = (char[]){"cellar"}, .watch_folder = watch}};
	struct err err;

	struct mark_witnesses of = {.containers = two, .n = 2, .config = "/config.ptp"};

	MUST(mark_may_begin(w->f.folder, &of, &err));
	put(watch, OTHER_LEDGER, OTHER_ID);
	of.n = 1;
	MUST(mark_may_begin(w->f.folder, &of, &err));
	of.n = 2;
	assert_false(mark_may_begin(w->f.folder, &of, &failure));
	assert_int_equal(failure.code, WORD_DISK);
	assert_non_null(strstr(failure.msg, watch));
	/* A person removed the ledger alone. */
	put(w->f.folder, OTHER_LEDGER, OTHER_ID);
	MUST(mark_may_begin(w->f.folder, &of, &err));
}

static void no_new_ledger_is_begun_where_the_configuration_knows_one(void **state)
{
	struct world *w = *state;
	const struct mark_witnesses of = {.config = "/config.ptp", .ledger_id = OTHER_LEDGER};
	struct err err;

	assert_false(mark_may_begin(w->f.folder, &of, &failure));
	assert_int_equal(failure.code, WORD_DISK);
	assert_non_null(strstr(failure.msg, "the ledger 22222222"));
	assert_non_null(strstr(failure.msg, "(/config.ptp belongs to it)"));
	put(w->f.folder, THIRD_LEDGER, OTHER_ID);
	MUST(mark_may_begin(w->f.folder, &of, &err));
}

/* ---- the ledger ---- */

static char fresh_folder[256];

static void set_up_fresh(struct world *w)
{
	fixture_watch(&w->f);
	snprintf(fresh_folder, sizeof fresh_folder, "%s/watch", w->f.folder);
	make_folder(fresh_folder);
	free(w->f.to.place);
	w->f.to.place = mem_dup(fresh_folder);
}

static bool act_check(struct world *w, struct err *err)
{
	return mark_check(w->run, &w->target, true, err);
}

static bool act_accept(struct world *w, struct err *err)
{
	const struct mark_folder f = {fresh_folder, MARK_WATCH, "attic"};
	bool changed;

	return mark_accept(w->run, &f, "bob", &changed, err);
}

static bool act_state(struct world *w, struct err *err)
{
	return mark_state(w->run->ledger, w->f.folder, false, err) &&
	       mark_accept_state(w->run->ledger, w->f.folder, err);
}

static void a_ledger_that_fails_is_an_error(void **state)
{
	(void)state;
	world_fail_each(set_up_fresh, act_check);
	world_fail_each(set_up_fresh, act_accept);
	world_fail_each(set_up_fresh, act_state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_watch_folder_and_a_measured_folder_count),
		TEST(the_configuration_names_them_too),
		TEST(a_folder_gets_its_mark_at_its_first_use),
		TEST(a_look_alone_marks_nothing),
		TEST(a_folder_that_is_not_there_yet_is_right),
		TEST(a_mark_whose_writer_died_is_right),
		TEST(a_mark_that_is_none_is_replaced),
		TEST(a_folder_without_its_mark_is_another_disk_until_it_is_back),
		TEST(a_known_folder_that_is_gone_is_wrong),
		TEST(a_folder_that_an_older_version_used_and_that_is_gone_is_wrong),
		TEST(an_older_version_that_delivered_into_it_left_a_hidden_folder),
		TEST(a_folder_of_which_torrents_were_adopted_may_get_its_mark),
		TEST(the_mark_of_another_folder_is_wrong),
		TEST(the_mark_of_another_ledger_is_wrong),
		TEST(what_is_wrong_may_change),
		TEST(a_watch_folder_must_take_its_mark),
		TEST(what_lies_in_the_hidden_folder_s_place_is_an_error),
		TEST(a_data_folder_that_takes_none_is_known_by_its_file_system),
		TEST(a_data_folder_is_marked_where_it_can_be),
		TEST(what_is_seen_can_be_told),
		TEST(is_it_still_the_one_that_it_was),
		TEST(an_accepted_folder_gets_a_mark),
		TEST(an_accepted_folder_keeps_the_mark_that_it_has),
		TEST(a_folder_can_be_accepted_before_its_first_use),
		TEST(an_accepted_folder_must_be_there),
		TEST(a_state_folder_is_marked),
		TEST(a_state_folder_of_another_ledger_is_refused_until_it_is_accepted),
		TEST(a_new_ledger_takes_over_the_id_of_the_old_one),
		TEST(a_state_folder_that_takes_no_mark_is_used_anyway),
		TEST(no_new_ledger_is_begun_where_another_folder_has_a_mark),
		TEST(no_new_ledger_is_begun_where_the_configuration_knows_one),
		cmocka_unit_test(a_ledger_that_fails_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
