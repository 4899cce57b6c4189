#include "core/obtain.h"

#include "world.h"

#include <sys/stat.h>

static struct assignment a;
static struct reply reply;
static struct err failure;

static int forget(void **state)
{
	assignment_clear(&a);
	reply_clear(&reply);
	a = (struct assignment){0};
	reply = (struct reply){0};
	return world_remove(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, forget)

static bool ask(struct world *w)
{
	failure = (struct err){0};
	reply_clear(&reply);
	assignment_clear(&a);
	a = (struct assignment){0};
	return obtain_assignment(w->run, &w->attic, &a, &reply, &failure);
}

static bool download(struct world *w, bool fresh)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;

	failure = (struct err){0};
	bool ok = obtain_download(w->run, &w->attic, &a, fresh, &p, &failure);
	if (!ok)
		print_message("%s\n", failure.msg);
	if (ok) {
		assert_string_equal(p.infohash, a.infohash);
		assert_true(p.bytes.len > 0);
	}
	return ok;
}

/* `a` is an assignment of TorrentID 7 that is to be downloaded. */
static void assign(struct world *w)
{
	assignment_clear(&a);
	a = (struct assignment){.id = world_assigned(w, "7"), .state = ASSIGNMENT_ASSIGNED};
	text_copy(a.torrent_id, sizeof a.torrent_id, "7");
	text_copy(a.archive_id, sizeof a.archive_id, "1");
}

static enum assignment_state state_of(struct world *w, int64_t id)
{
	OWN(assignment_clear) struct assignment row = world_row(w, id);

	return row.state;
}

/* ---- asking ---- */

static void what_the_tracker_assigns_is_recorded(void **state)
{
	struct world *w = *state;
	struct ledger_container known;
	struct pace pace;
	struct err err;

	world_gives(w, "7", "one");
	text_copy(w->engine.assigns[0].reply.container_id,
		  sizeof w->engine.assigns[0].reply.container_id, "33");
	assert_true(ask(w));
	assert_int_equal(w->engine.prepared, 1);
	assert_int_equal(a.state, ASSIGNMENT_ASSIGNED);
	assert_string_equal(a.torrent_id, "7");
	assert_string_equal(a.archive_id, "1");
	assert_string_equal(a.container, "attic");
	assert_string_equal(reply.torrent_id, "7");
	OWN(assignment_clear) struct assignment row = world_row(w, a.id);
	assert_int_equal(row.state, ASSIGNMENT_ASSIGNED);
	assert_string_equal(row.torrent_id, "7");
	MUST(ledger_get_container(w->run->ledger, "attic", &known, &err));
	assert_string_equal(known.id, "33");
	MUST(ledger_get_pace(w->run->ledger, &pace, &err));
	assert_int_equal(pace.fetch.wall, FAKE_NOW);
	assert_string_equal(pace.proven, w->run->credentials);
}

static void a_torrent_that_is_here_already_is_not_taken_again(void **state)
{
	struct world *w = *state;

	world_gives(w, "7", "one");
	assert_true(ask(w));
	int64_t first = a.id;
	assert_true(first > 0);
	assignment_clear(&a);
	world_gives(w, "7", "one");
	assert_true(ask(w));
	assert_int_equal(a.id, 0);
	assert_int_equal(reply.verdict, REPLY_ASSIGNED);
	assert_int_equal(world_count(w, LEDGER_ALL), 1);
	LOGGED(1, "warn attic: the tracker assigned TorrentID 7 again, which is here already");
	assignment_clear(&a);
	world_gives(w, "8", "two");
	assert_true(ask(w));
	assert_int_equal(a.id, first + 1);
}

static void an_answer_without_an_assignment_leaves_nothing(void **state)
{
	struct world *w = *state;

	for (int v = REPLY_FULL; v <= REPLY_STALLED; v++) {
		world_says(w, (enum reply_verdict)v);
		assert_true(ask(w));
		assert_int_equal(reply.verdict, v);
		assert_int_equal(a.id, 0);
	}
	assert_int_equal(world_count(w, LEDGER_ALL), 0);
	/* The second waits for its turn. */
	assert_int_equal(fake_time_slept(), 10000);
}

/* Only known refusals say that nothing was assigned. */
static void an_error_in_unknown_words_leaves_a_possibly_lost_assignment(void **state)
{
	struct world *w = *state;

	world_says(w, REPLY_REFUSED);
	text_copy(w->engine.assigns[0].reply.message, REPLY_MESSAGE_SIZE, "Database error");
	assert_true(ask(w));
	assert_int_equal(a.id, 0);
	OWN(assignment_clear) struct assignment row = world_row(w, 1);
	assert_int_equal(row.state, ASSIGNMENT_LOST);
	assert_string_equal(row.note, "Database error");
	assert_false(row.certain);
}

static void what_must_be_done_first_may_fail(void **state)
{
	struct world *w = *state;

	w->engine.prepare_fails.code = WORD_CONFIG;
	assert_false(ask(w));
	assert_int_equal(failure.code, WORD_CONFIG);
	assert_int_equal(w->engine.assigned, 0);
	assert_int_equal(world_count(w, LEDGER_ALL), 0);
}

static void a_stop_while_waiting_asks_nothing(void **state)
{
	struct world *w = *state;

	world_says(w, REPLY_FULL);
	assert_true(ask(w));
	fake_time_stop_in_sleep();
	assert_false(ask(w));
	assert_true(err_is_stop(&failure));
	assert_int_equal(w->engine.assigned, 1);
	assert_int_equal(world_count(w, LEDGER_ALL), 0);
}

static void a_failure_without_an_assignment_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct pace_reason why;
	int64_t until;
	struct err err;

	world_asks(w)->fails = world_status(503, true);
	assert_false(ask(w));
	assert_string_equal(failure.msg, "ask the tracker: HTTP 503");
	assert_int_equal(failure.status, 503);
	assert_true(w->engine.base.failure.back_off);
	assert_int_equal(world_count(w, LEDGER_ALL), 0);
	MUST(pace_backoff(w->run, &until, &why, &err));
	assert_int_equal(until - clock_now(), MINUTE);
}

static void a_lost_answer_leaves_a_possibly_lost_assignment(void **state)
{
	struct world *w = *state;
	struct fake_assign *lost = world_asks(w), *stopped = world_asks(w);

	lost->fails.code = WORD_TIMEOUT;
	lost->fails.failure.may_have_assigned = true;
	assert_false(ask(w));
	OWN(assignment_clear) struct assignment first = world_row(w, 1);
	assert_int_equal(first.state, ASSIGNMENT_LOST);
	assert_string_equal(first.note, "the fake engine fails");
	assert_false(first.certain);
	stopped->fails.code = WORD_STOPPED;
	stopped->fails.failure.may_have_assigned = true;
	stopped->fails.failure.has_assigned = true;
	assert_false(ask(w));
	OWN(assignment_clear) struct assignment second = world_row(w, 2);
	assert_int_equal(second.state, ASSIGNMENT_LOST);
	assert_string_equal(second.note, "stopped while the tracker was being asked");
	assert_true(second.certain);
}

static void an_older_failure_of_the_engine_is_forgotten(void **state)
{
	struct world *w = *state;

	fake_time_stop();
	w->engine.ops.prepare = NULL;
	w->engine.base.failure.back_off = true;
	assert_false(ask(w));
	assert_false(w->engine.base.failure.back_off);
	w->engine.base.failure.back_off = true;
	assign(w);
	assert_false(download(w, true));
	assert_false(w->engine.base.failure.back_off);
}

/* ---- downloading ---- */

static void what_comes_is_kept_before_it_is_fetched(void **state)
{
	struct world *w = *state;
	struct fake_download *d = world_downloads(w, world_torrent("one"));

	w->attic.after_fetch_exec = (char[]){"true"};
	d->name = "attachment; filename=\"../One.torrent\"";
	assign(w);
	a.tries = 3;
	a.set_aside = true;
	assert_true(download(w, true));
	assert_string_equal(w->engine.fetched[0].torrent_id, "7");
	assert_string_equal(w->engine.fetched[0].archive_id, "1");
	assert_int_equal(a.state, ASSIGNMENT_FETCHED);
	assert_string_equal(a.infohash, world_infohash("one"));
	assert_string_equal(a.name, "one");
	assert_string_equal(a.file_name, "One.torrent");
	assert_int_equal(a.bytes, 5);
	assert_int_equal(a.hook, HOOK_DUE);
	assert_int_equal(a.tries, 0);
	assert_false(a.set_aside);
	OWN(assignment_clear) struct assignment row = world_row(w, a.id);
	assert_int_equal(row.state, ASSIGNMENT_FETCHED);
	assert_string_equal(row.infohash, a.infohash);
	assert_string_equal(row.file_name, "One.torrent");
	assert_int_equal(row.hook, HOOK_DUE);
	OWN_STR char *kept = vault_path(w->run->vault, a.infohash);
	assert_true(fs_exists(kept));
}

static void without_a_name_of_the_tracker_s_it_is_the_torrent_s(void **state)
{
	struct world *w = *state;

	world_downloads(w, world_torrent("one"));
	assign(w);
	assert_true(download(w, true));
	assert_string_equal(a.file_name, "one.torrent");
	assert_int_equal(a.hook, HOOK_NONE);
	assert_string_equal(a.v2, "");
}

static void a_download_follows_its_question_at_once_and_waits_otherwise(void **state)
{
	struct world *w = *state;

	world_gives(w, "7", "one");
	world_downloads(w, world_torrent("one"));
	assert_true(ask(w));
	assert_true(download(w, true));
	assert_int_equal(fake_time_slept(), 0);
	assign(w);
	assert_true(download(w, false));
	assert_int_equal(fake_time_slept(), 4000);
}

static void bytes_that_are_no_torrent_count_as_tries(void **state)
{
	struct world *w = *state;

	assign(w);
	for (unsigned i = 1; i <= OBTAIN_QUARANTINE_AFTER + 1; i++) {
		world_downloads(w, "<html>");
		assert_false(download(w, true));
		assert_int_equal(failure.kind, ERR_ITEM);
		assert_int_equal(strncmp(failure.msg, "TorrentID 7: ", 13), 0);
		assert_int_equal(a.tries, i);
		assert_int_equal(a.set_aside, i >= OBTAIN_QUARANTINE_AFTER);
		OWN(assignment_clear) struct assignment row = world_row(w, a.id);
		assert_int_equal(row.tries, i);
		assert_int_equal(row.set_aside, a.set_aside);
		assert_int_equal(world_has_file(w, "quarantine/7.bin"), a.set_aside);
		if (a.set_aside)
			assert_non_null(strstr(row.note, "; what came is kept in "));
		assert_string_equal(row.torrent_id, "7");
	}
	LOGGED(1, "is set aside");
	LOGGED(1, "error attic: TorrentID 7 is set aside after 5 tries: not a torrent");
	world_downloads(w, world_torrent("one"));
	assert_true(download(w, true));
}

static void another_torrent_than_the_one_assigned_is_refused(void **state)
{
	struct world *w = *state;

	world_downloads(w, world_torrent("one"));
	world_downloads(w, world_torrent("two"));
	assign(w);
	text_copy(a.infohash, sizeof a.infohash, world_infohash("two"));
	assert_false(download(w, true));
	assert_int_equal(failure.code, WORD_BAD_TORRENT);
	assert_int_equal(failure.kind, ERR_ITEM);
	assert_non_null(strstr(failure.msg, world_infohash("one")));
	assert_int_equal(state_of(w, a.id), ASSIGNMENT_ASSIGNED);
	assert_true(download(w, true));
}

static void a_v2_torrent_has_no_v1_infohash_to_compare(void **state)
{
	struct world *w = *state;

	world_downloads(w, "d4:infod9:file treed1:xd0:d6:lengthi1e11:pieces root32:"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaeee12:meta versioni2e4:name1:x"
			   "12:piece lengthi16384eee");
	assign(w);
	text_copy(a.infohash, sizeof a.infohash, world_infohash("two"));
	assert_true(download(w, true));
	assert_int_equal(strlen(a.infohash), 64);
	assert_string_equal(a.v2, a.infohash);
	OWN(assignment_clear) struct assignment row = world_row(w, a.id);
	assert_string_equal(row.v2, a.infohash);
}

static void an_answer_that_will_not_get_better_counts_as_a_try(void **state)
{
	struct world *w = *state;

	assign(w);
	world_downloads(w, "")->fails = world_status(404, false);
	assert_false(download(w, true));
	assert_int_equal(failure.kind, ERR_ITEM);
	assert_string_equal(failure.msg, "download TorrentID 7: HTTP 404");
	assert_int_equal(a.tries, 1);
	world_downloads(w, "")->fails.code = WORD_PROTOCOL;
	assert_false(download(w, true));
	assert_int_equal(failure.kind, ERR_ITEM);
	assert_int_equal(a.tries, 2);
	/* Nothing came that could be kept. */
	for (int i = 3; i <= OBTAIN_QUARANTINE_AFTER; i++) {
		world_downloads(w, "")->fails = world_status(404, false);
		assert_false(download(w, true));
	}
	assert_true(a.set_aside);
	assert_false(world_has_file(w, "quarantine/7.bin"));
}

static void the_tracker_s_trouble_is_noted_and_counts_as_no_try(void **state)
{
	struct world *w = *state;

	assign(w);
	world_downloads(w, "")->fails = world_status(503, true);
	assert_false(download(w, true));
	assert_int_equal(failure.kind, ERR_RETRY);
	assert_int_equal(a.tries, 0);
	world_downloads(w, "")->fails.code = WORD_NETWORK;
	assert_false(download(w, true));
	assert_int_equal(failure.kind, ERR_RETRY);
	assert_int_equal(a.tries, 0);
	OWN(assignment_clear) struct assignment row = world_row(w, a.id);
	assert_string_equal(row.note, "the fake engine fails");
	assert_int_equal(row.tries, 0);
}

/* ---- what is staged ---- */

static void staged(struct world *w)
{
	assign(w);
	struct err err;

	a.id = 0;
	MUST(ledger_asking(w->run->ledger, "attic", &a.id, &err));
	MUST(ledger_assigned(w->run->ledger, a.id, "", "", &err));
	a.torrent_id[0] = '\0';
	assert_true(assignment_is_staged(&a));
}

static void what_is_staged_is_kept_and_removed_without_a_call(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);

	staged(w);
	assert_true(download(w, true));
	assert_int_equal(a.state, ASSIGNMENT_FETCHED);
	assert_string_equal(a.file_name, "one.torrent");
	assert_string_equal(a.infohash, world_infohash("one"));
	assert_false(fs_exists(path));
	assert_int_equal(world_calls(w), 0);
	assert_int_equal(state_of(w, a.id), ASSIGNMENT_FETCHED);
}

static void what_is_staged_and_gone_is_possibly_lost(void **state)
{
	struct world *w = *state;

	staged(w);
	assert_false(download(w, true));
	assert_int_equal(failure.kind, ERR_ITEM);
	assert_int_equal(failure.code, WORD_DISK);
	assert_int_equal(state_of(w, a.id), ASSIGNMENT_LOST);
}

static void what_is_staged_and_of_no_use_goes_to_quarantine(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", "<html>");
	char where[64];

	staged(w);
	assert_false(download(w, true));
	assert_int_equal(failure.kind, ERR_ITEM);
	assert_int_equal(failure.code, WORD_BAD_TORRENT);
	assert_non_null(strstr(failure.msg, "; what came is kept in "));
	assert_int_equal(state_of(w, a.id), ASSIGNMENT_LOST);
	assert_false(fs_exists(path));
	snprintf(where, sizeof where, "quarantine/utility-%lld-%lld.bin", (long long)a.id,
		 (long long)FAKE_NOW);
	assert_true(world_has_file(w, where));
}

/* ---- a ledger that cannot be written ---- */

static void without_a_ledger_nothing_is_asked(void **state)
{
	struct world *w = *state;

	assign(w);
	world_read_only(w);
	assert_false(ask(w));
	assert_int_equal(failure.code, WORD_LEDGER);
	assert_false(download(w, true));
	assert_int_equal(world_calls(w), 0);
}

/* The ledger is locked from the question on: its answer goes onto the slip. */
static bool assign_and_lock(struct engine *engine, const struct container *c, struct reply *r,
			    struct err *err)
{
	struct world *w = (struct world *)((char *)engine - offsetof(struct world, engine));
	bool ok = fake_engine_assign(engine, c, r, err);

	world_read_only(w);
	return ok;
}

static void an_answer_that_cannot_be_recorded_goes_onto_the_slip(void **state)
{
	struct world *w = *state;
	char text[VAULT_SLIP_BYTES + 1];
	struct err err;

	w->engine.ops.assign = assign_and_lock;
	world_gives(w, "7", "one");
	assert_false(ask(w));
	assert_int_equal(failure.code, WORD_LEDGER);
	assert_non_null(strstr(failure.msg, "TorrentID 7 with ArchiveID 1 was assigned, but "
					    "cannot be recorded yet; the next cycle takes it up"));
	MUST(vault_slip_read(w->run->vault, text, &err));
	assert_string_equal(text, "1 7 1");
}

static void a_staged_answer_that_cannot_be_recorded_needs_no_slip(void **state)
{
	struct world *w = *state;
	char text[VAULT_SLIP_BYTES + 1];
	struct err err;

	w->engine.ops.assign = assign_and_lock;
	world_gives(w, "", "one");
	assert_false(ask(w));
	assert_int_equal(strncmp(failure.msg, "what was downloaded cannot be recorded", 38), 0);
	MUST(vault_slip_read(w->run->vault, text, &err));
	assert_string_equal(text, "");
}

static void gives(struct world *w)
{
	world_gives(w, "7", "one");
	text_copy(w->engine.assigns[0].reply.container_id,
		  sizeof w->engine.assigns[0].reply.container_id, "33");
}

static void is_full(struct world *w)
{
	world_says(w, REPLY_FULL);
}

static void is_down(struct world *w)
{
	world_asks(w)->fails = world_status(503, true);
}

static void loses(struct world *w)
{
	is_down(w);
	w->engine.assigns[0].fails.failure.may_have_assigned = true;
}

/* The call itself failed, so all that matters is that the ledger's trouble is what is reported. */
static bool ask_again(struct world *w, struct err *err)
{
	reply_clear(&reply);
	assignment_clear(&a);
	a = (struct assignment){0};
	bool ok = obtain_assignment(w->run, &w->attic, &a, &reply, err);
	return ok || (err->code != WORD_LEDGER && w->engine.assigned);
}

static void each_failure_of_the_ledger_while_asking_is_reported(void **state)
{
	(void)state;
	world_fail_each(gives, ask_again);
	world_fail_each(is_full, ask_again);
	world_fail_each(is_down, ask_again);
	world_fail_each(loses, ask_again);
}

static void can_download(struct world *w)
{
	assign(w);
	world_downloads(w, world_torrent("one"));
}

static void brings_junk(struct world *w)
{
	assign(w);
	a.tries = OBTAIN_QUARANTINE_AFTER;
	world_downloads(w, "junk");
}

static void is_missing(struct world *w)
{
	assign(w);
	world_downloads(w, "")->fails = world_status(404, false);
}

static void is_away(struct world *w)
{
	assign(w);
	world_downloads(w, "")->fails = world_status(503, true);
}

static void has_staged(struct world *w)
{
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);

	staged(w);
}

static void has_staged_junk(struct world *w)
{
	OWN_STR char *path UNUSED = world_stage(w, "one", "<html>");

	staged(w);
}

static bool download_again(struct world *w, struct err *err)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	bool ok = obtain_download(w->run, &w->attic, &a, true, &p, err);

	return ok || err->code != WORD_LEDGER;
}

static void each_failure_of_the_ledger_while_downloading_is_reported(void **state)
{
	(void)state;
	world_fail_each(can_download, download_again);
	world_fail_each(brings_junk, download_again);
	world_fail_each(is_missing, download_again);
	world_fail_each(is_away, download_again);
	world_fail_each(has_staged, download_again);
	world_fail_each(staged, download_again);
	world_fail_each(has_staged_junk, download_again);
}

static void what_cannot_be_put_into_quarantine_is_an_error(void **state)
{
	struct world *w = *state;
	OWN_STR char *folder = fs_join(w->f.folder, "quarantine");

	assign(w);
	a.tries = OBTAIN_QUARANTINE_AFTER - 1;
	assert_int_equal(rmdir(folder), 0);
	world_downloads(w, "junk");
	assert_false(download(w, true));
	assert_int_equal(failure.code, WORD_DISK);
}

static void a_staging_folder_that_is_locked_is_an_error(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	OWN_STR char *lock = fs_join(w->run->staging.folder, "lock");

	staged(w);
	assert_int_equal(mkdir(lock, 0700), 0);
	assert_false(download(w, true));
	assert_int_equal(failure.code, WORD_DISK);
	assert_int_equal(state_of(w, a.id), ASSIGNMENT_ASSIGNED);
}

static void what_is_staged_and_cannot_be_read_now_stays(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	OWN_STR char *hash = vault_path(w->run->vault, world_infohash("one"));

	/* The vault cannot take it: its place is a folder. */
	staged(w);
	assert_int_equal(mkdir(hash, 0700), 0);
	assert_false(download(w, true));
	assert_true(fs_exists(path));
	assert_int_equal(state_of(w, a.id), ASSIGNMENT_ASSIGNED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_tracker_assigns_is_recorded),
		TEST(a_torrent_that_is_here_already_is_not_taken_again),
		TEST(an_answer_without_an_assignment_leaves_nothing),
		TEST(an_error_in_unknown_words_leaves_a_possibly_lost_assignment),
		TEST(what_must_be_done_first_may_fail),
		TEST(a_stop_while_waiting_asks_nothing),
		TEST(a_failure_without_an_assignment_leaves_nothing),
		TEST(a_lost_answer_leaves_a_possibly_lost_assignment),
		TEST(an_older_failure_of_the_engine_is_forgotten),
		TEST(what_comes_is_kept_before_it_is_fetched),
		TEST(without_a_name_of_the_tracker_s_it_is_the_torrent_s),
		TEST(a_download_follows_its_question_at_once_and_waits_otherwise),
		TEST(bytes_that_are_no_torrent_count_as_tries),
		TEST(another_torrent_than_the_one_assigned_is_refused),
		TEST(a_v2_torrent_has_no_v1_infohash_to_compare),
		TEST(an_answer_that_will_not_get_better_counts_as_a_try),
		TEST(the_tracker_s_trouble_is_noted_and_counts_as_no_try),
		TEST(what_is_staged_is_kept_and_removed_without_a_call),
		TEST(what_is_staged_and_gone_is_possibly_lost),
		TEST(what_is_staged_and_of_no_use_goes_to_quarantine),
		TEST(without_a_ledger_nothing_is_asked),
		TEST(an_answer_that_cannot_be_recorded_goes_onto_the_slip),
		TEST(a_staged_answer_that_cannot_be_recorded_needs_no_slip),
		cmocka_unit_test(each_failure_of_the_ledger_while_asking_is_reported),
		cmocka_unit_test(each_failure_of_the_ledger_while_downloading_is_reported),
		TEST(what_cannot_be_put_into_quarantine_is_an_error),
		TEST(a_staging_folder_that_is_locked_is_an_error),
		TEST(what_is_staged_and_cannot_be_read_now_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
