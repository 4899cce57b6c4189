#include "core/deliver.h"

#include "world.h"

#include <sys/stat.h>

static struct assignment a;
static struct parcel parcel = PARCEL_EMPTY;
static struct err failure;
static char warning[100];

static int forget(void **state)
{
	assignment_clear(&a);
	a = (struct assignment){0};
	parcel_clear(&parcel);
	return world_remove(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, forget)

/* `a` is fetched, and `parcel` has its bytes. */
static void fetch(struct world *w, const char *name)
{
	int64_t id = world_fetched(w, "7", name);
	struct err err;

	assignment_clear(&a);
	a = world_row(w, id);
	MUST(parcel_from_vault(&parcel, w->run->vault, a.infohash, &err));
}

static bool deliver(struct world *w)
{
	failure = (struct err){0};
	return deliver_torrent(w->run, &w->target, &a, &parcel, &failure);
}

static bool after(struct world *w)
{
	failure = (struct err){0};
	return deliver_after(w->run, &w->target, &a, warning, sizeof warning, &failure);
}

/* What the ledger keeps of it. */
static struct assignment kept(struct world *w)
{
	return world_row(w, a.id);
}

/* As after a crash. */
static void reread(struct world *w)
{
	struct assignment row = kept(w);

	assignment_clear(&a);
	a = row;
}

static void a_torrent_goes_to_the_client_with_all_that_it_must_know(void **state)
{
	struct world *w = *state;

	fetch(w, "one");
	w->attic.placement.category = (char[]){"rel"};
	assert_true(deliver(w));
	assert_int_equal(w->f.fake.delivered, 1);
	assert_int_equal(w->f.fake.id, a.id);
	assert_string_equal(w->f.fake.infohash, world_infohash("one"));
	assert_string_equal(w->f.fake.v1, world_infohash("one"));
	assert_string_equal(w->f.fake.v2, "");
	assert_string_equal(w->f.fake.name, "one");
	assert_ptr_equal(w->f.fake.placement, &w->attic.placement);
	assert_int_equal(w->f.fake.bytes, parcel.bytes.len);
	assert_false(w->f.fake.resumed);
	assert_int_equal(a.state, ASSIGNMENT_DELIVERED);
	assert_string_equal(a.path, "there");
	OWN(assignment_clear) struct assignment row = kept(w);
	assert_int_equal(row.state, ASSIGNMENT_DELIVERED);
	assert_string_equal(row.path, "there");
	assert_string_equal(row.client, "box");
	assert_int_equal(row.pick_up, PICK_UP_NONE);
}

static void of_a_watch_folder_the_pick_up_is_awaited(void **state)
{
	struct world *w = *state;

	fixture_watch(&w->f);
	fake_watches(&w->f.fake);
	w->f.fake.file_name = "other.torrent";
	fetch(w, "one");
	assert_true(deliver(w));
	assert_int_equal(w->f.fake.prepared, 1);
	assert_string_equal(w->f.fake.name, "other.torrent");
	assert_string_equal(a.file_name, "other.torrent");
	OWN(assignment_clear) struct assignment row = kept(w);
	assert_string_equal(row.file_name, "other.torrent");
	assert_null(row.client);
	assert_int_equal(row.pick_up, PICK_UP_DUE);
	fetch(w, "two");
	w->attic.pick_up_ms = 0;
	assert_true(deliver(w));
	OWN(assignment_clear) struct assignment left = kept(w);
	assert_int_equal(left.pick_up, PICK_UP_NONE);
}

/* The intent is recorded before the client is called. */
static void a_delivery_that_was_cut_off_is_resumed_without_preparing(void **state)
{
	struct world *w = *state;

	fake_watches(&w->f.fake);
	fetch(w, "one");
	err_set(&w->f.fake.refuses, ERR_RETRY, WORD_CLIENT, "box: gone");
	assert_false(deliver(w));
	assert_int_equal(a.state, ASSIGNMENT_DELIVERING);
	OWN(assignment_clear) struct assignment row = kept(w);
	assert_int_equal(row.state, ASSIGNMENT_DELIVERING);
	assert_string_equal(row.path, "the place");
	reread(w);
	w->f.fake.refuses.code = WORD_NONE;
	assert_true(deliver(w));
	assert_true(w->f.fake.resumed);
	assert_int_equal(w->f.fake.prepared, 1);
}

static void to_another_place_it_is_prepared_again(void **state)
{
	struct world *w = *state;

	fake_watches(&w->f.fake);
	fetch(w, "one");
	err_set(&w->f.fake.refuses, ERR_RETRY, WORD_CLIENT, "box: gone");
	assert_false(deliver(w));
	reread(w);
	w->f.fake.refuses.code = WORD_NONE;
	free(w->f.to.place);
	w->f.to.place = mem_dup("another place");
	assert_true(deliver(w));
	assert_false(w->f.fake.resumed);
	assert_int_equal(w->f.fake.prepared, 2);
}

static void what_was_delivered_is_handed_over_without_an_intent(void **state)
{
	struct world *w = *state;
	OWN_STR char *path = NULL;
	struct err err;

	fake_watches(&w->f.fake);
	fetch(w, "one");
	assert_true(deliver(w));
	MUST(deliver_hand_over(w->run, &w->attic, &w->f.to, &a, &parcel, &path, &err));
	assert_int_equal(w->f.fake.prepared, 2);
	assert_int_equal(w->f.fake.delivered, 2);
	assert_false(w->f.fake.resumed);
	assert_string_equal(path, "there");
	assert_int_equal(a.state, ASSIGNMENT_DELIVERED);
	OWN(assignment_clear) struct assignment row = kept(w);
	assert_int_equal(row.state, ASSIGNMENT_DELIVERED);
}

static void refusals_count_as_tries(void **state)
{
	struct world *w = *state;

	fetch(w, "one");
	err_set(&w->f.fake.refuses, ERR_ITEM, WORD_CLIENT, "box: no");
	for (unsigned i = 1; i <= DELIVER_SET_ASIDE_AFTER + 1; i++) {
		assert_false(deliver(w));
		assert_string_equal(failure.msg, "box: no");
		assert_int_equal(failure.kind, ERR_ITEM);
		assert_int_equal(a.tries, i);
		assert_int_equal(a.set_aside, i >= DELIVER_SET_ASIDE_AFTER);
		OWN(assignment_clear) struct assignment row = kept(w);
		assert_int_equal(row.tries, i);
		assert_int_equal(row.set_aside, a.set_aside);
		assert_string_equal(row.note, "box: no");
	}
	LOGGED(1, "is set aside");
	LOGGED(1, "error attic: \"one\" is set aside after 5 tries: box: no");
}

static void a_client_that_is_away_costs_no_try(void **state)
{
	struct world *w = *state;

	fetch(w, "one");
	err_set(&w->f.fake.refuses, ERR_RETRY, WORD_CLIENT, "box: gone");
	assert_false(deliver(w));
	assert_int_equal(a.tries, 0);
	OWN(assignment_clear) struct assignment row = kept(w);
	assert_int_equal(row.tries, 0);
	assert_string_equal(row.note, "box: gone");
}

static void a_stop_is_not_noted(void **state)
{
	struct world *w = *state;

	fetch(w, "one");
	err_set(&w->f.fake.refuses, ERR_RETRY, WORD_STOPPED, "stopped");
	assert_false(deliver(w));
	OWN(assignment_clear) struct assignment row = kept(w);
	assert_null(row.note);
}

/* ---- what follows ---- */

static void the_vault_keeps_what_it_is_told_to_keep(void **state)
{
	struct world *w = *state;

	fetch(w, "one");
	OWN_STR char *path = vault_path(w->run->vault, a.infohash);
	assert_true(deliver(w));
	w->run->keep = true;
	assert_true(after(w));
	assert_true(fs_exists(path));
	w->run->keep = false;
	assert_true(after(w));
	assert_false(fs_exists(path));
}

static enum assignment_hook hook_of(struct world *w)
{
	OWN(assignment_clear) struct assignment row = kept(w);

	return row.hook;
}

static void commands_run_once_with_the_copy_that_is_kept(void **state)
{
	struct world *w = *state;
	char commands[512];

	snprintf(commands, sizeof commands, "cp $path %s/copy", w->f.folder);
	w->attic.after_fetch_exec = commands;
	fetch(w, "one");
	assert_int_equal(a.hook, HOOK_DUE);
	assert_true(deliver(w));
	assert_true(after(w));
	assert_string_equal(warning, "");
	assert_true(world_has_file(w, "copy"));
	assert_int_equal(hook_of(w), HOOK_DONE);
	world_write(w, "copy", "not run again");
	a.hook = HOOK_STARTED;
	snprintf(commands, sizeof commands, "rm %s/copy", w->f.folder);
	assert_true(after(w));
	assert_true(world_has_file(w, "copy"));
}

static void of_a_watch_folder_commands_get_the_file_there(void **state)
{
	struct world *w = *state;
	char commands[512];

	fixture_watch(&w->f);
	snprintf(commands, sizeof commands, "touch %s/$path", w->f.folder);
	w->attic.after_fetch_exec = commands;
	fetch(w, "one");
	assert_true(deliver(w));
	assert_true(after(w));
	assert_true(world_has_file(w, "there"));
}

static void commands_that_are_configured_no_more_are_not_due(void **state)
{
	struct world *w = *state;

	w->attic.after_fetch_exec = (char[]){"false"};
	fetch(w, "one");
	assert_true(deliver(w));
	w->attic.after_fetch_exec = NULL;
	assert_true(after(w));
	assert_string_equal(warning, "");
	assert_int_equal(hook_of(w), HOOK_NONE);
}

static void a_command_that_fails_is_a_warning(void **state)
{
	struct world *w = *state;

	w->attic.after_fetch_exec = (char[]){"false"};
	fetch(w, "one");
	assert_true(deliver(w));
	assert_true(after(w));
	assert_string_equal(warning, "AfterFetchExec: false ended with status 1");
	LOGGED(1, "warn attic: AfterFetchExec: false ended with status 1\n");
	assert_int_equal(hook_of(w), HOOK_DONE);
}

static void a_stop_cuts_commands_off_for_good(void **state)
{
	struct world *w = *state;

	w->attic.after_fetch_exec = (char[]){"yes"};
	fetch(w, "one");
	assert_true(deliver(w));
	fake_time_stop();
	assert_false(after(w));
	assert_true(err_is_stop(&failure));
	LOGGED(1, "; it was cut off, and is not run again");
	assert_int_equal(hook_of(w), HOOK_STARTED);
}

/* ---- a ledger in trouble ---- */

static void has_fetched(struct world *w)
{
	fetch(w, "one");
}

static bool deliver_again(struct world *w, struct err *err)
{
	return deliver_torrent(w->run, &w->target, &a, &parcel, err);
}

static void has_delivered(struct world *w)
{
	w->attic.after_fetch_exec = (char[]){"true"};
	fetch(w, "one");
	assert_true(deliver(w));
}

static bool after_again(struct world *w, struct err *err)
{
	return deliver_after(w->run, &w->target, &a, warning, sizeof warning, err);
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(has_fetched, deliver_again);
	world_fail_each(has_delivered, after_again);
}

static void what_the_vault_cannot_drop_is_an_error(void **state)
{
	struct world *w = *state;

	fetch(w, "one");
	OWN_STR char *path = vault_path(w->run->vault, a.infohash);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(deliver(w));
	assert_false(after(w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_torrent_goes_to_the_client_with_all_that_it_must_know),
		TEST(of_a_watch_folder_the_pick_up_is_awaited),
		TEST(a_delivery_that_was_cut_off_is_resumed_without_preparing),
		TEST(to_another_place_it_is_prepared_again),
		TEST(what_was_delivered_is_handed_over_without_an_intent),
		TEST(refusals_count_as_tries),
		TEST(a_client_that_is_away_costs_no_try),
		TEST(a_stop_is_not_noted),
		TEST(the_vault_keeps_what_it_is_told_to_keep),
		TEST(commands_run_once_with_the_copy_that_is_kept),
		TEST(of_a_watch_folder_commands_get_the_file_there),
		TEST(commands_that_are_configured_no_more_are_not_due),
		TEST(a_command_that_fails_is_a_warning),
		TEST(a_stop_cuts_commands_off_for_good),
		cmocka_unit_test(each_failure_of_the_ledger_is_reported),
		TEST(what_the_vault_cannot_drop_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
