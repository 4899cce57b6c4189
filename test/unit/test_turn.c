#include "core/turn.h"

#include "world.h"

#include <sys/stat.h>

static struct err failure;

/* How the turn ended: "OK", "WAIT(Client)", "ERR(Disk)"; "!" in front: the cycle cannot continue.
 */
static const char *turn(struct world *w)
{
	static char text[OUTCOME_TEXT + 1];

	outcome_clear(&w->out[0]);
	w->out[0] = (struct outcome){0};
	failure = (struct err){0};
	text[0] = '!';
	bool ok = turn_take(w->run, &w->cy, &w->target, &w->out[0], &failure);
	result_text(&w->out[0].result, text + 1);
	return text + ok;
}

#define ENDS(how, w) assert_string_equal(turn(w), how)
#define DETAIL(text) assert_string_equal(w->out[0].detail, text)

static enum assignment_state state_of(struct world *w, int64_t id)
{
	OWN(assignment_clear) struct assignment row = world_row(w, id);

	return row.state;
}

static void client_is_away(struct world *w, enum err_kind kind)
{
	fake_fails(&w->f, kind, WORD_CLIENT);
}

/* An assignment of TorrentID `id` that was set aside. */
static void set_aside(struct world *w, const char *id)
{
	int64_t row = world_assigned(w, id);
	struct err err;

	for (int i = 1; i <= 5; i++)
		MUST(ledger_tried(w->run->ledger, row, "junk", i == 5, &err));
}

/* A new cycle begins, in which the client works. */
static void client_is_back(struct world *w)
{
	fake_works(&w->f);
	w->f.to.away.code = WORD_NONE;
}

/* ---- asking ---- */

static void one_torrent_a_cycle_is_brought_to_the_client(void **state)
{
	struct world *w = *state;

	world_gives(w, "7", "one");
	ENDS("OK", w);
	DETAIL("");
	assert_int_equal(w->out[0].delivered, 1);
	assert_string_equal(w->out[0].torrent, "one");
	assert_int_equal(w->out[0].bytes, 5);
	assert_false(w->out[0].undone);
	assert_int_equal(w->f.fake.delivered, 1);
	assert_int_equal(state_of(w, 1), ASSIGNMENT_DELIVERED);
	assert_int_equal(world_count(w, LEDGER_ALL), 1);
	LOGGED(1, "info attic: delivered \"one\" (5 B) to there\n");
	/* The vault need not keep it. */
	OWN_STR char *path = vault_path(w->run->vault, world_infohash("one"));
	assert_false(fs_exists(path));
}

static void as_many_as_the_cycle_may_bring(void **state)
{
	struct world *w = *state;

	world_gives(w, "7", "one");
	world_gives(w, "8", "two");
	w->run->per_cycle = 2;
	ENDS("OK", w);
	assert_int_equal(w->out[0].delivered, 2);
	assert_string_equal(w->out[0].torrent, "two");
	assert_int_equal(fake_time_slept(), 10000);
	w->run->per_cycle = 0;
	ENDS("OK", w);
	assert_int_equal(w->engine.assigned, 2);
}

static void calls_back(void *ctx, const struct target *t, const char *path)
{
	struct world *w = ctx;

	assert_ptr_equal(t, &w->target);
	assert_string_equal(path, "there");
	w->attic.max_pending = 77;
}

static void each_delivery_is_reported_to_the_caller(void **state)
{
	struct world *w = *state;

	w->cy.delivered = calls_back;
	w->cy.ctx = w;
	world_gives(w, "7", "one");
	ENDS("OK", w);
	assert_int_equal(w->attic.max_pending, 77);
}

static void what_an_interrupted_cycle_got_counts(void **state)
{
	struct world *w = *state;

	w->cy.since = FAKE_NOW - 5;
	w->run->per_cycle = 2;
	world_delivered(w, "6", "zero");
	world_gives(w, "7", "one");
	ENDS("OK", w);
	assert_int_equal(w->engine.assigned, 1);
	ENDS("OK", w);
	assert_int_equal(w->engine.assigned, 1);
	/* Of an earlier cycle it does not. */
	fake_time_pass(10);
	w->cy.since = clock_now();
	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
}

static void what_the_tracker_refuses_is_the_outcome(void **state)
{
	struct world *w = *state;

	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
	DETAIL("the container is full");
	world_says(w, REPLY_STALLED);
	ENDS("STALLED", w);
	DETAIL("too many stalled downloads");
	world_says(w, REPLY_REFUSED);
	text_copy(w->engine.assigns[2].reply.message, REPLY_MESSAGE_SIZE, "no such container");
	ENDS("ERR(Tracker)", w);
	DETAIL("no such container");
	assert_false(w->out[0].undone);
}

static void full_after_a_delivery_is_no_outcome(void **state)
{
	struct world *w = *state;

	w->run->per_cycle = 3;
	world_gives(w, "7", "one");
	world_says(w, REPLY_FULL);
	ENDS("OK", w);
	assert_int_equal(w->engine.assigned, 2);
	world_gives(w, "8", "two");
	world_says(w, REPLY_STALLED);
	ENDS("STALLED", w);
}

static void a_newer_version_is_reported_once(void **state)
{
	struct world *w = *state;
	static const char *const versions[] = {"0.12.0", "0.11.9", "0.13.0", "0.14.0"};

	for (size_t i = 0; i < COUNT(versions); i++) {
		struct fake_assign *a = world_asks(w);
		a->reply.verdict = REPLY_FULL;
		text_copy(a->reply.version, sizeof a->reply.version, versions[i]);
		ENDS("FULL", w);
		assert_string_equal(w->cy.newer_version, i < 2 ? "" : "0.13.0");
	}
	LOGGED(1, "warn the tracker announces version 0.13.0");
	LOGGED(1, "the tracker announces");
	struct pace pace;
	struct err err;
	MUST(ledger_get_pace(w->run->ledger, &pace, &err));
	assert_string_equal(pace.announced, "0.14.0");
}

static void a_lost_assignment_that_is_found_again_is_brought_too(void **state)
{
	struct world *w = *state;
	static struct incomplete listed = {.transaction = 5, .torrent_id = "6"};
	int64_t lost;
	struct err err;

	MUST(ledger_asking(w->run->ledger, "attic", &lost, &err));
	MUST(ledger_possibly_lost(w->run->ledger, lost, false, "time-out", &err));
	text_copy(listed.infohash, sizeof listed.infohash, world_infohash("zero"));
	world_gives(w, "7", "one");
	w->engine.assigns[0].reply.lists_incomplete = true;
	w->engine.assigns[0].reply.incomplete = &listed;
	w->engine.assigns[0].reply.n_incomplete = 1;
	world_downloads(w, world_torrent("zero"));
	ENDS("OK", w);
	assert_int_equal(w->out[0].delivered, 2);
	assert_int_equal(state_of(w, lost), ASSIGNMENT_DELIVERED);
	assert_string_equal(w->engine.fetched[1].torrent_id, "6");
}

/* ---- what holds it back ---- */

static void during_a_back_off_nothing_is_asked(void **state)
{
	struct world *w = *state;

	world_asks(w)->fails = world_status(503, true);
	ENDS("ERR(HTTP 503)", w);
	DETAIL("ask the tracker: HTTP 503");
	assert_true(w->out[0].undone);
	assert_int_equal(w->out[0].retry_at, 0);
	ENDS("WAIT", w);
	DETAIL("HTTP 503");
	assert_true(w->out[0].undone);
	assert_int_equal(w->out[0].until, FAKE_NOW + MINUTE);
	assert_int_equal(w->engine.assigned, 1);
	/* A person may insist, against the back-off that stood when the run began. */
	w->run->force = true;
	ENDS("WAIT", w);
	w->run->overridden = FAKE_NOW + MINUTE;
	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
	assert_int_equal(w->out[0].until, 0);
}

static void a_failure_that_is_not_the_tracker_s_as_a_whole_is_not_retried_at_once(void **state)
{
	struct world *w = *state;

	world_asks(w)->fails = world_status(400, false);
	ENDS("ERR(HTTP 400)", w);
	assert_false(w->out[0].undone);
}

static void after_the_deadline_nothing_is_asked(void **state)
{
	struct world *w = *state;

	w->cy.deadline = clock_monotonic();
	ENDS("WAIT", w);
	DETAIL("the time for this cycle is up");
	w->cy.deadline++;
	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
}

static void a_guard_holds_the_container_back(void **state)
{
	struct world *w = *state;

	w->attic.max_stalled = 1;
	w->f.fake.n_torrents = 1;
	w->f.fake.state[0] = CLIENT_STALLED;
	ENDS("WAIT(Stalled)", w);
	assert_int_equal(w->engine.assigned, 0);
	DETAIL("1 download is stalled in box (MaxStalled 1)");
}

/* The second list() of the turn finds a stalled one. */
static void what_passes_by_itself_is_not_worth_more_than_a_delivery(void **state)
{
	struct world *w = *state;

	w->run->per_cycle = 2;
	w->attic.max_stalled = 1;
	w->f.fake.n_torrents = 1;
	w->f.fake.hidden = 1;
	w->f.fake.state[0] = CLIENT_STALLED;
	world_gives(w, "7", "one");
	ENDS("OK", w);
	assert_int_equal(w->f.fake.listed, 2);
	DETAIL("");
}

static void with_three_set_aside_the_container_waits_for_a_person(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < TURN_SET_ASIDE_MAX; i++) {
		const char *id = (const char *[]){"1", "2", "3"}[i];
		world_says(w, REPLY_FULL);
		ENDS("FULL", w);
		set_aside(w, id);
	}
	ENDS("ERR(BadTorrent)", w);
	assert_int_equal(strncmp(w->out[0].detail, "3 assignments could not be", 26), 0);
	assert_int_equal(w->engine.assigned, 3);
}

/* ---- resuming ---- */

static void what_is_open_is_finished_first(void **state)
{
	struct world *w = *state;

	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
	world_downloads(w, world_torrent("one"));
	int64_t assigned = world_assigned(w, "1");
	int64_t fetched = world_fetched(w, "2", "two");
	w->run->per_cycle = 2;
	ENDS("OK", w);
	assert_int_equal(w->out[0].delivered, 2);
	assert_int_equal(w->engine.assigned, 1);
	assert_int_equal(fake_time_slept(), 4000);
	assert_int_equal(state_of(w, assigned), ASSIGNMENT_DELIVERED);
	assert_int_equal(state_of(w, fetched), ASSIGNMENT_DELIVERED);
	LOGGED(1, "info attic: resuming TorrentID 1, which is assigned\n");
	LOGGED(1, "info attic: resuming TorrentID 2, which is fetched\n");
}

static void a_delivery_whose_commands_did_not_run_is_finished(void **state)
{
	struct world *w = *state;
	char commands[256];

	snprintf(commands, sizeof commands, "touch %s/ran", w->f.folder);
	w->attic.after_fetch_exec = commands;
	int64_t id = world_delivered(w, "1", "one");
	w->cy.local = true;
	ENDS("OK", w);
	assert_true(world_has_file(w, "ran"));
	assert_int_equal(w->out[0].delivered, 0);
	LOGGED(0, "resuming");
	OWN(assignment_clear) struct assignment row = world_row(w, id);
	assert_int_equal(row.hook, HOOK_DONE);
	w->attic.after_fetch_exec = (char[]){"false"};
	world_fetched(w, "2", "two");
	ENDS("OK", w);
	DETAIL("AfterFetchExec: false ended with status 1");
}

static void a_copy_that_is_gone_is_downloaded_again(void **state)
{
	struct world *w = *state;
	int64_t id = world_fetched(w, "2", "two");
	struct err err;

	MUST(vault_drop(w->run->vault, world_infohash("two"), &err));
	world_downloads(w, world_torrent("two"));
	ENDS("OK", w);
	assert_int_equal(w->engine.downloaded, 1);
	assert_int_equal(state_of(w, id), ASSIGNMENT_DELIVERED);
	LOGGED(1, "; it is downloaded again");
}

static void of_a_copy_that_is_damaged_nothing_stays(void **state)
{
	struct world *w = *state;
	OWN_STR char *name = mem_printf("vault/%s.torrent", world_infohash("two"));
	int64_t id = world_fetched(w, "2", "two");

	world_write(w, name, "junk");
	world_downloads(w, world_torrent("two"));
	ENDS("OK", w);
	assert_int_equal(state_of(w, id), ASSIGNMENT_DELIVERED);
}

static void a_copy_that_is_gone_waits_for_a_back_off(void **state)
{
	struct world *w = *state;
	int64_t id = world_fetched(w, "2", "two");
	struct err err;

	world_asks(w)->fails = world_status(503, true);
	w->run->per_cycle = 2;
	w->f.to.away.code = WORD_CLIENT;
	ENDS("ERR(HTTP 503)", w);
	client_is_back(w);
	MUST(vault_drop(w->run->vault, world_infohash("two"), &err));
	ENDS("WAIT", w);
	assert_int_equal(w->engine.downloaded, 0);
	assert_int_equal(state_of(w, id), ASSIGNMENT_ASSIGNED);
}

static void during_a_back_off_what_is_fetched_is_delivered(void **state)
{
	struct world *w = *state;

	world_asks(w)->fails = world_status(503, true);
	ENDS("ERR(HTTP 503)", w);
	int64_t assigned = world_assigned(w, "1");
	int64_t fetched = world_fetched(w, "2", "two");
	ENDS("WAIT", w);
	assert_true(w->out[0].undone);
	assert_int_equal(w->engine.downloaded, 0);
	assert_int_equal(state_of(w, assigned), ASSIGNMENT_ASSIGNED);
	assert_int_equal(state_of(w, fetched), ASSIGNMENT_DELIVERED);
	LOGGED(0, "resuming TorrentID 1");
	/* What fails then is worth more than the wait. */
	world_fetched(w, "3", "three");
	err_set(&w->f.fake.refuses, ERR_ITEM, WORD_CLIENT, "box: no");
	ENDS("ERR(Client)", w);
	assert_int_equal(w->out[0].until, 0);
}

static void a_local_turn_calls_no_tracker(void **state)
{
	struct world *w = *state;
	int64_t assigned = world_assigned(w, "1");
	int64_t fetched = world_fetched(w, "2", "two");
	int64_t gone = world_fetched(w, "3", "three");
	struct err err;

	MUST(vault_drop(w->run->vault, world_infohash("three"), &err));
	w->cy.local = true;
	ENDS("OK", w);
	assert_int_equal(world_calls(w), 0);
	assert_int_equal(state_of(w, assigned), ASSIGNMENT_ASSIGNED);
	assert_int_equal(state_of(w, fetched), ASSIGNMENT_DELIVERED);
	assert_int_equal(state_of(w, gone), ASSIGNMENT_ASSIGNED);
}

static void a_local_turn_takes_what_is_staged(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	struct err err;
	int64_t id;

	MUST(ledger_asking(w->run->ledger, "attic", &id, &err));
	MUST(ledger_assigned(w->run->ledger, id, "", "", &err));
	w->cy.local = true;
	ENDS("OK", w);
	assert_int_equal(state_of(w, id), ASSIGNMENT_DELIVERED);
}

static void what_fails_is_not_in_the_way_once_it_is_set_aside(void **state)
{
	struct world *w = *state;

	world_assigned(w, "1");
	for (int i = 1; i <= 5; i++) {
		world_downloads(w, "junk");
		ENDS("ERR(BadTorrent)", w);
	}
	assert_int_equal(w->engine.assigned, 0);
	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
	/* For a day it rests. */
	OWN(assignment_clear) struct assignment row = world_row(w, 1);
	int64_t rested = row.changed_at + TURN_SET_ASIDE_RETRY_MS;
	assert_int_equal(w->engine.downloaded, 5);
	fake_time_pass(rested - 1 - clock_now());
	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
	assert_int_equal(w->engine.downloaded, 5);
	world_downloads(w, "junk");
	world_says(w, REPLY_FULL);
	fake_time_pass(rested - clock_now());
	ENDS("FULL", w);
	assert_int_equal(w->engine.downloaded, 6);
	LOGGED(1, "warn attic: TorrentID 1, set aside: TorrentID 1: not a torrent");
}

static void a_person_or_a_clock_that_was_set_back_ends_the_rest(void **state)
{
	struct world *w = *state;

	set_aside(w, "1");
	w->run->force = true;
	world_downloads(w, "junk");
	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
	assert_int_equal(w->engine.downloaded, 1);
	w->run->force = false;
	fake_time_pass(-HOUR);
	world_downloads(w, "junk");
	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
	assert_int_equal(w->engine.downloaded, 2);
}

static void a_set_aside_one_does_not_excuse_other_failures(void **state)
{
	struct world *w = *state;

	set_aside(w, "1");
	w->run->force = true;
	world_downloads(w, "")->fails = world_status(503, true);
	ENDS("ERR(HTTP 503)", w);
	assert_true(w->out[0].undone);
}

/* ---- a client that is away ---- */

static void torrents_wait_for_a_client_that_is_away(void **state)
{
	struct world *w = *state;
	int64_t id = world_fetched(w, "1", "one");

	w->run->per_cycle = 0;
	client_is_away(w, ERR_RETRY);
	ENDS("WAIT(Client)", w);
	DETAIL("1 torrent waits for box: box: Client");
	assert_true(w->out[0].undone);
	assert_int_equal(w->out[0].retry_at, FAKE_NOW + MINUTE);
	assert_int_equal(state_of(w, id), ASSIGNMENT_DELIVERING);
	LOGGED(1, "warn attic: box: Client\n");
	/* Not called again in this cycle. */
	world_fetched(w, "2", "two");
	fake_works(&w->f);
	ENDS("WAIT(Client)", w);
	DETAIL("2 torrents wait for box: box: Client");
	assert_int_equal(w->f.fake.delivered, 1);
	LOGGED(1, "resuming");
	client_is_back(w);
	ENDS("OK", w);
	assert_int_equal(w->out[0].delivered, 2);
}

static void a_client_that_refuses_us_waits_for_a_person(void **state)
{
	struct world *w = *state;

	world_fetched(w, "1", "one");
	client_is_away(w, ERR_TARGET);
	ENDS("WAIT(Client)", w);
	assert_false(w->out[0].undone);
	assert_int_equal(w->out[0].retry_at, 0);
}

static void an_outcome_of_the_tracker_s_stays_while_the_client_is_away(void **state)
{
	struct world *w = *state;

	client_is_away(w, ERR_RETRY);
	world_says(w, REPLY_FULL);
	ENDS("FULL", w);
	assert_false(w->out[0].undone);
	world_fetched(w, "1", "one");
	world_says(w, REPLY_REFUSED);
	ENDS("ERR(Tracker)", w);
	assert_false(w->out[0].undone);
}

static void a_torrent_that_the_client_refuses_is_an_error(void **state)
{
	struct world *w = *state;

	world_fetched(w, "1", "one");
	err_set(&w->f.fake.refuses, ERR_ITEM, WORD_CLIENT, "box: no");
	ENDS("ERR(Client)", w);
	DETAIL("box: no");
	assert_false(w->out[0].undone);
	assert_int_equal(w->f.to.away.code, WORD_NONE);
}

/* ---- watch folders ---- */

static void watch(struct world *w)
{
	fixture_watch(&w->f);
	fake_watches(&w->f.fake);
}

static void what_the_client_put_aside_is_an_error_once(void **state)
{
	struct world *w = *state;

	watch(w);
	free(w->f.to.place);
	w->f.to.place = mem_dup(w->f.folder);
	world_delivered(w, "1", "one");
	w->f.fake.fate = CLIENT_FATE_REFUSED;
	w->run->per_cycle = 0;
	ENDS("ERR(Client)", w);
	DETAIL("the client refused there, and put it aside");
	world_delivered(w, "2", "two");
	ENDS("ERR(Client)", w);
	DETAIL("the client refused there, and put it aside, and others");
	/* Since the last turn nothing was. */
	struct outcome last = {.container = w->attic.name};
	struct err err;
	int64_t id;
	MUST(ledger_cycle_begin(w->run->ledger, CYCLE_REGULAR, NULL, 0, &id, &err));
	MUST(ledger_turn(w->run->ledger, id, &last, &err));
	ENDS("OK", w);
}

static void a_watch_folder_that_was_there_and_is_gone_is_not_made_again(void **state)
{
	struct world *w = *state;

	watch(w);
	w->f.fake.fate = CLIENT_FATE_TAKEN;
	w->run->per_cycle = 0;
	ENDS("OK", w);
	world_delivered(w, "1", "one");
	/* Where it is delivered is under the folder. */
	struct err err;
	OWN_STR char *path = fs_join(w->f.to.place, "one");
	MUST(ledger_moved(w->run->ledger, 1, path, NULL, PICK_UP_DUE, &err));
	ENDS("ERR(Disk)", w);
	DETAIL("the place does not seem to be the right watch folder: the folder of before was "
	       "expected, and the folder is not there. If it is right as it is, run `ptp-archiver "
	       "accept attic`. Is its disk mounted? The program resumes once it is back.");
	assert_int_equal(w->f.fake.fated, 0);
	w->f.to.place[0] = 'T';
	ENDS("OK", w);
}

/* ---- this machine's trouble ---- */

static void a_fault_of_the_disk_is_retried_after_ten_minutes(void **state)
{
	struct world *w = *state;

	watch(w);
	world_fetched(w, "1", "one");
	fake_fails(&w->f, ERR_TARGET, WORD_DISK);
	ENDS("ERR(Disk)", w);
	assert_true(w->out[0].undone);
	assert_int_equal(w->out[0].retry_at, FAKE_NOW + TURN_DISK_RETRY_MS);
	w->run->manners.waits = false;
	ENDS("ERR(Disk)", w);
	assert_int_equal(w->out[0].retry_at, FAKE_NOW);
}

/* Its bytes are kept by then. */
static void so_is_one_after_a_download(void **state)
{
	struct world *w = *state;

	watch(w);
	world_gives(w, "7", "one");
	err_set(&w->f.fake.refuses, ERR_TARGET, WORD_DISK, "full");
	ENDS("ERR(Disk)", w);
	assert_true(w->out[0].undone);
	assert_int_equal(w->out[0].retry_at, FAKE_NOW + TURN_DISK_RETRY_MS);
}

static void unless_the_tracker_would_be_called_again(void **state)
{
	struct world *w = *state;
	OWN_STR char *path = vault_path(w->run->vault, world_infohash("one"));

	/* The vault cannot take it: its place is a folder. */
	assert_int_equal(mkdir(path, 0700), 0);
	world_gives(w, "7", "one");
	ENDS("ERR(Disk)", w);
	assert_false(w->out[0].undone);
	assert_int_equal(w->out[0].retry_at, 0);
}

static void other_faults_are_not_retried(void **state)
{
	struct world *w = *state;

	watch(w);
	fake_fails(&w->f, ERR_TARGET, WORD_CONFIG);
	ENDS("ERR(Config)", w);
	assert_false(w->out[0].undone);
}

static void a_stop_ends_the_cycle(void **state)
{
	struct world *w = *state;

	world_fetched(w, "1", "one");
	err_set(&w->f.fake.refuses, ERR_RETRY, WORD_STOPPED, "stopped");
	ENDS("!ERR(Stopped)", w);
	assert_true(err_is_stop(&failure));
}

static void what_is_fatal_ends_the_cycle(void **state)
{
	struct world *w = *state;

	world_fetched(w, "1", "one");
	err_set(&w->f.fake.refuses, ERR_FATAL, WORD_INTERNAL, "no memory");
	ENDS("!ERR(Internal)", w);
	assert_int_equal(failure.code, WORD_INTERNAL);
}

/* ---- a ledger in trouble ---- */

/* It is reported as the outcome. */
static bool take(struct world *w, struct err *err)
{
	if (!turn_take(w->run, &w->cy, &w->target, &w->out[0], err))
		return false;
	const struct result *r = &w->out[0].result;
	if (r->kind != OUTCOME_ERR)
		return true;
	*err = (struct err){.code = r->code};
	return r->code != WORD_LEDGER;
}

static void has_work(struct world *w)
{
	world_assigned(w, "1");
	world_downloads(w, world_torrent("one"));
	world_fetched(w, "2", "two");
	w->run->per_cycle = 3;
	world_gives(w, "3", "three");
	world_says(w, REPLY_FULL);
	text_copy(w->engine.assigns[0].reply.version, REPLY_VERSION_SIZE, "0.13.0");
	w->engine.assigns[0].reply.lists_incomplete = true;
}

static void has_a_watch_folder(struct world *w)
{
	fixture_watch(&w->f);
	fake_watches(&w->f.fake);
	w->run->per_cycle = 0;
}

static void has_lost(struct world *w)
{
	struct err err;

	world_fetched(w, "2", "two");
	MUST(vault_drop(w->run->vault, world_infohash("two"), &err));
	world_downloads(w, world_torrent("two"));
}

static void has_a_client_that_is_away(struct world *w)
{
	world_fetched(w, "1", "one");
	w->run->per_cycle = 0;
	w->cy.since = FAKE_NOW;
	err_set(&w->f.to.away, ERR_RETRY, WORD_CLIENT, "box: gone");
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(has_work, take);
	world_fail_each(has_lost, take);
	world_fail_each(has_a_watch_folder, take);
	world_fail_each(has_a_client_that_is_away, take);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_WORLD(one_torrent_a_cycle_is_brought_to_the_client),
		TEST_IN_WORLD(as_many_as_the_cycle_may_bring),
		TEST_IN_WORLD(each_delivery_is_reported_to_the_caller),
		TEST_IN_WORLD(what_an_interrupted_cycle_got_counts),
		TEST_IN_WORLD(what_the_tracker_refuses_is_the_outcome),
		TEST_IN_WORLD(full_after_a_delivery_is_no_outcome),
		TEST_IN_WORLD(a_newer_version_is_reported_once),
		TEST_IN_WORLD(a_lost_assignment_that_is_found_again_is_brought_too),
		TEST_IN_WORLD(during_a_back_off_nothing_is_asked),
		TEST_IN_WORLD(
			a_failure_that_is_not_the_tracker_s_as_a_whole_is_not_retried_at_once),
		TEST_IN_WORLD(after_the_deadline_nothing_is_asked),
		TEST_IN_WORLD(a_guard_holds_the_container_back),
		TEST_IN_WORLD(what_passes_by_itself_is_not_worth_more_than_a_delivery),
		TEST_IN_WORLD(with_three_set_aside_the_container_waits_for_a_person),
		TEST_IN_WORLD(what_is_open_is_finished_first),
		TEST_IN_WORLD(a_delivery_whose_commands_did_not_run_is_finished),
		TEST_IN_WORLD(a_copy_that_is_gone_is_downloaded_again),
		TEST_IN_WORLD(of_a_copy_that_is_damaged_nothing_stays),
		TEST_IN_WORLD(a_copy_that_is_gone_waits_for_a_back_off),
		TEST_IN_WORLD(during_a_back_off_what_is_fetched_is_delivered),
		TEST_IN_WORLD(a_local_turn_calls_no_tracker),
		TEST_IN_WORLD(a_local_turn_takes_what_is_staged),
		TEST_IN_WORLD(what_fails_is_not_in_the_way_once_it_is_set_aside),
		TEST_IN_WORLD(a_person_or_a_clock_that_was_set_back_ends_the_rest),
		TEST_IN_WORLD(a_set_aside_one_does_not_excuse_other_failures),
		TEST_IN_WORLD(torrents_wait_for_a_client_that_is_away),
		TEST_IN_WORLD(a_client_that_refuses_us_waits_for_a_person),
		TEST_IN_WORLD(an_outcome_of_the_tracker_s_stays_while_the_client_is_away),
		TEST_IN_WORLD(a_torrent_that_the_client_refuses_is_an_error),
		TEST_IN_WORLD(what_the_client_put_aside_is_an_error_once),
		TEST_IN_WORLD(a_watch_folder_that_was_there_and_is_gone_is_not_made_again),
		TEST_IN_WORLD(a_fault_of_the_disk_is_retried_after_ten_minutes),
		TEST_IN_WORLD(so_is_one_after_a_download),
		TEST_IN_WORLD(unless_the_tracker_would_be_called_again),
		TEST_IN_WORLD(other_faults_are_not_retried),
		TEST_IN_WORLD(a_stop_ends_the_cycle),
		TEST_IN_WORLD(what_is_fatal_ends_the_cycle),
		cmocka_unit_test(each_failure_of_the_ledger_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
