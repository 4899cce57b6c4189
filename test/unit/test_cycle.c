#include "core/cycle.h"

#include "world.h"

#include <sys/stat.h>

static struct err failure;
static struct container cellar = {.name = (char[]){"cellar"}, .max_pending = 2};
static struct target targets[2];

/* Both containers have a turn, for the same client. */
static int make(void **state)
{
	int failed = world_make(state);
	struct world *w = *state;

	targets[0] = w->target;
	targets[1] = (struct target){.container = &cellar, .to = &w->f.to};
	w->cy.targets = targets;
	w->cy.n = 2;
	return failed;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, world_remove)

static bool run(struct world *w)
{
	for (size_t i = 0; i < 2; i++) {
		outcome_clear(&w->out[i]);
		w->out[i] = (struct outcome){0};
	}
	failure = (struct err){0};
	return cycle_run(w->run, &w->cy, w->out, &failure);
}

static void assert_ended(struct world *w, size_t i, const char *how)
{
	char text[OUTCOME_TEXT];

	assert_string_equal(w->out[i].container, targets[i].container->name);
	result_text(&w->out[i].result, text);
	assert_string_equal(text, how);
}

static struct ledger_container turn_of(struct world *w, const char *name)
{
	struct ledger_container c;
	struct err err;

	MUST(ledger_get_container(w->run->ledger, name, &c, &err));
	return c;
}

static void each_container_has_its_turn(void **state)
{
	struct world *w = *state;
	struct ledger_cycle *list;
	struct err err;
	size_t n;

	world_gives(w, "7", "one");
	world_says(w, REPLY_FULL);
	assert_true(run(w));
	assert_int_equal(w->engine.begun, 1);
	assert_string_equal(w->engine.asked[0].container, "attic");
	assert_string_equal(w->engine.asked[1].container, "cellar");
	assert_ended(w, 0, "OK");
	assert_ended(w, 1, "FULL");
	LOGGED(1, "info attic: OK\n");
	LOGGED(1, "info cellar: FULL: the container is full\n");
	assert_int_equal(w->cy.leftovers, 0);
	LOGGED(0, "possibly lost");
	MUST(ledger_cycles(w->run->ledger, 5, &list, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].id, w->cy.id);
	assert_int_equal(list[0].kind, CYCLE_REGULAR);
	assert_int_equal(list[0].n_turns, 2);
	ledger_cycles_free(list, n);
	assert_false(turn_of(w, "attic").undone);
	assert_int_equal(turn_of(w, "cellar").result.kind, OUTCOME_FULL);
}

static void an_engine_need_not_begin(void **state)
{
	struct world *w = *state;

	w->engine.ops.begin = NULL;
	w->cy.n = 0;
	assert_true(run(w));
}

static void a_failure_does_not_keep_the_next_container_waiting(void **state)
{
	struct world *w = *state;

	world_asks(w)->fails = world_status(400, false);
	world_says(w, REPLY_FULL);
	assert_true(run(w));
	assert_ended(w, 0, "ERR(HTTP 400)");
	assert_ended(w, 1, "FULL");
	LOGGED(1, "error attic: ERR(HTTP 400): ask the tracker: HTTP 400\n");
}

static void a_stop_leaves_the_rest_undone(void **state)
{
	struct world *w = *state;

	world_says(w, REPLY_FULL);
	fake_time_stop_in_sleep();
	assert_false(run(w));
	assert_true(err_is_stop(&failure));
	assert_ended(w, 0, "FULL");
	assert_null(w->out[1].container);
	assert_false(turn_of(w, "attic").undone);
	assert_true(turn_of(w, "cellar").undone);
}

static void a_client_that_is_away_is_not_called_for_the_next_container(void **state)
{
	struct world *w = *state;

	fake_fails(&w->f, ERR_RETRY, WORD_CLIENT);
	w->attic.max_active = cellar.max_active = 1;
	assert_true(run(w));
	assert_ended(w, 0, "WAIT(Client)");
	assert_ended(w, 1, "WAIT(Client)");
	assert_int_equal(w->f.fake.ready, 1);
	LOGGED(1, "warn attic: box: Client");
	LOGGED(0, "warn cellar");
	/* In the next cycle it is. */
	fake_works(&w->f);
	world_says(w, REPLY_FULL);
	world_says(w, REPLY_FULL);
	assert_true(run(w));
	assert_ended(w, 1, "FULL");
	cellar.max_active = 0;
}

/* It begins, and ends at once in its first turn. */
static void a_cycle_that_only_finishes_leaves_turns_as_they_are(void **state)
{
	struct world *w = *state;

	w->cy.local = true;
	world_fetched(w, "7", "one");
	err_set(&w->f.fake.refuses, ERR_RETRY, WORD_STOPPED, "stopped");
	assert_false(run(w));
	assert_false(turn_of(w, "attic").undone);
	assert_false(turn_of(w, "cellar").undone);
	w->cy.local = false;
	/* The one that was never asked comes first. */
	world_says(w, REPLY_FULL);
	assert_false(run(w));
	assert_true(turn_of(w, "attic").undone);
	assert_false(turn_of(w, "cellar").undone);
}

static void a_question_that_a_crash_cut_off_is_possibly_lost(void **state)
{
	struct world *w = *state;
	int64_t id;
	struct err err;

	MUST(ledger_asking(w->run->ledger, "attic", &id, &err));
	w->run->per_cycle = 0;
	assert_true(run(w));
	assert_int_equal(w->cy.leftovers, 1);
	LOGGED(1, "warn 1 assignment is possibly lost: the program ended while it was asking");
	OWN(assignment_clear) struct assignment row = world_row(w, id);
	assert_int_equal(row.state, ASSIGNMENT_LOST);
	MUST(ledger_asking(w->run->ledger, "attic", &id, &err));
	MUST(ledger_asking(w->run->ledger, "attic", &id, &err));
	assert_true(run(w));
	LOGGED(1, "warn 2 assignments are possibly lost");
}

static void what_is_on_the_slip_is_taken_up_first(void **state)
{
	struct world *w = *state;
	char text[VAULT_SLIP_BYTES + 1];
	int64_t id;
	struct err err;

	MUST(ledger_asking(w->run->ledger, "attic", &id, &err));
	snprintf(text, sizeof text, "%lld 7 1", (long long)id);
	MUST(vault_slip_write(w->run->vault, text, &err));
	world_downloads(w, world_torrent("one"));
	world_says(w, REPLY_FULL);
	w->cy.n = 1;
	w->run->per_cycle = 0;
	assert_true(run(w));
	assert_int_equal(w->cy.leftovers, 0);
	LOGGED(1, "info taking up TorrentID 7, which could not be recorded");
	assert_string_equal(w->engine.fetched[0].torrent_id, "7");
	assert_string_equal(w->engine.fetched[0].archive_id, "1");
	MUST(vault_slip_read(w->run->vault, text, &err));
	assert_string_equal(text, "");
	/* What is no answer is left alone. */
	MUST(vault_slip_write(w->run->vault, "7 x", &err));
	assert_true(run(w));
	LOGGED(1, "taking up TorrentID");
}

static void what_was_staged_is_taken_up(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);

	w->run->per_cycle = 0;
	assert_true(run(w));
	assert_int_equal(w->out[0].delivered, 1);
	assert_false(fs_exists(path));
}

static void what_cannot_be_taken_up_does_not_stop_the_others(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	OWN_STR char *lock = fs_join(w->run->staging.folder, "lock");

	assert_int_equal(mkdir(lock, 0700), 0);
	w->run->per_cycle = 0;
	assert_true(run(w));
	LOGGED(1, "error attic: what was downloaded earlier cannot be taken up: ");
	LOGGED(1, "error cellar: what was downloaded earlier cannot be taken up: ");
	assert_ended(w, 1, "OK");
}

static void a_stop_while_a_utility_is_waited_for_ends_the_cycle(void **state)
{
	struct world *w = *state;
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	OWN_STR char *lock = fs_join(w->run->staging.folder, "lock");
	bool held;
	struct err err;
	OWN_FD int fd = fs_lock(lock, &held, &err);

	assert_true(fd >= 0);
	fake_time_stop_in_sleep();
	assert_false(run(w));
	assert_true(err_is_stop(&failure));
	assert_null(w->out[0].container);
}

/* It is reported, or it is the outcome. */
static bool run_again(struct world *w, struct err *err)
{
	if (!cycle_run(w->run, &w->cy, w->out, err))
		return false;
	const struct result *r = &w->out[0].result;
	if (fake_log_has("cannot be taken up: "))
		*err = (struct err){.code = WORD_LEDGER};
	else if (r->code == WORD_LEDGER)
		err->code = r->code;
	else
		return true;
	return false;
}

static void has_all_kinds_of_leftovers(struct world *w)
{
	OWN_STR char *path UNUSED = world_stage(w, "one", NULL);
	struct err err;
	int64_t id;

	MUST(ledger_asking(w->run->ledger, "cellar", &id, &err));
	MUST(ledger_asking(w->run->ledger, "attic", &id, &err));
	MUST(vault_slip_write(w->run->vault, "1 7 1", &err));
	w->run->per_cycle = 0;
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(has_all_kinds_of_leftovers, run_again);
}

static void an_outcome_that_cannot_be_recorded_ends_the_cycle(void **state)
{
	struct world *w = *state;
	struct err err;
	unsigned calls = 1;

	w->run->per_cycle = 0;
	w->cy.n = 1;
	for (;; calls++) {
		fake_sql_fail(calls);
		if (run(w) && !fake_sql_failed())
			break;
		err = failure;
	}
	assert_int_equal(strncmp(err.msg, "attic: record the outcome: ", 27), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_container_has_its_turn),
		TEST(an_engine_need_not_begin),
		TEST(a_failure_does_not_keep_the_next_container_waiting),
		TEST(a_stop_leaves_the_rest_undone),
		TEST(a_client_that_is_away_is_not_called_for_the_next_container),
		TEST(a_cycle_that_only_finishes_leaves_turns_as_they_are),
		TEST(a_question_that_a_crash_cut_off_is_possibly_lost),
		TEST(what_is_on_the_slip_is_taken_up_first),
		TEST(what_was_staged_is_taken_up),
		TEST(what_cannot_be_taken_up_does_not_stop_the_others),
		TEST(a_stop_while_a_utility_is_waited_for_ends_the_cycle),
		cmocka_unit_test(each_failure_of_the_ledger_is_reported),
		TEST(an_outcome_that_cannot_be_recorded_ends_the_cycle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
