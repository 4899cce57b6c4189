#include "core/audit.h"

#include "world.h"

static struct audit audit;
static struct err failure;

static int forget(void **state)
{
	audit_clear(&audit);
	return world_remove(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, forget)

static bool audited(struct world *w, const char *container)
{
	const struct audit_scope s = {.targets = &w->target, .n = 1, .container = container};

	audit_clear(&audit);
	failure = (struct err){0};
	return audit_run(w->run, &s, &audit, &failure);
}

static void assert_class(size_t i, enum audit_class class)
{
	assert_true(i < audit.n);
	assert_string_equal(audit_class_text(audit.rows[i].class), audit_class_text(class));
}

/* The client has these torrents, in these states. */
static void has(struct world *w, size_t i, const char *name, enum client_state state)
{
	static char ids[8][65];

	text_copy(ids[i], sizeof ids[i], world_infohash(name));
	w->f.fake.has[i] = ids[i];
	w->f.fake.state[i] = state;
	w->f.fake.n_torrents = i + 1;
}

static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

static void each_state_of_the_client_has_its_class(void **state)
{
	struct world *w = *state;
	static const struct {
		enum client_state state;
		enum audit_class class;
	} rows[] = {
		{CLIENT_SEEDING, AUDIT_SEEDING},   {CLIENT_DOWNLOADING, AUDIT_DOWNLOADING},
		{CLIENT_STALLED, AUDIT_STALLED},   {CLIENT_QUEUED, AUDIT_QUEUED},
		{CLIENT_CHECKING, AUDIT_CHECKING}, {CLIENT_PAUSED, AUDIT_PAUSED},
		{CLIENT_ERROR, AUDIT_ERROR},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		world_delivered(w, names[i], names[i]);
		has(w, i, names[i], rows[i].state);
	}
	world_delivered(w, "7", names[7]);
	assert_true(audited(w, NULL));
	assert_int_equal(w->f.fake.listed, 1);
	assert_string_equal(w->f.fake.category, "-");
	assert_int_equal(audit.n, 8);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_class(i, rows[i].class);
		assert_string_equal(audit.rows[i].client, "box");
		assert_int_equal(audit.count[rows[i].class], 1);
	}
	assert_class(7, AUDIT_MISSING);
	for (size_t i = 0; i < audit.n; i++) {
		OWN(assignment_clear)
		struct assignment row = world_row(w, audit.rows[i].assignment.id);
		assert_int_equal(row.found, audit.rows[i].class);
	}
	OWN_STR char *summary = audit_summary(&audit);
	assert_string_equal(summary, "8 assigned: 1 seeding, 1 downloading, 1 queued, 1 checking, "
				     "1 stalled, 1 paused, 1 error, 1 missing");
	assert_int_equal(fake_time_slept(), 0);
}

static void nothing_is_assigned_at_first(void **state)
{
	struct world *w = *state;

	assert_true(audited(w, NULL));
	OWN_STR char *summary = audit_summary(&audit);
	assert_string_equal(summary, "0 assigned");
	assert_int_equal(w->f.fake.listed, 0);
}

static void only_one_container_may_be_meant(void **state)
{
	struct world *w = *state;

	world_delivered(w, "1", "a");
	has(w, 0, "a", CLIENT_SEEDING);
	assert_true(audited(w, "cellar"));
	assert_int_equal(audit.n, 0);
	assert_true(audited(w, "attic"));
	assert_int_equal(audit.n, 1);
}

static void of_a_container_that_is_not_configured_nothing_is_known(void **state)
{
	struct world *w = *state;
	struct target *alone = mem_alloc(sizeof *alone);
	const struct audit_scope s = {.targets = alone, .n = 1};
	char name[] = "barn";
	struct container barn = {.name = name};

	world_delivered(w, "7", names[0]);
	*alone = w->target;
	alone->container = &barn;
	audit_clear(&audit);
	assert_true(audit_run(w->run, &s, &audit, &failure));
	free(alone);
	assert_int_equal(audit.n, 1);
	assert_class(0, AUDIT_UNKNOWN);
	assert_int_equal(w->f.fake.listed, 0);
}

static void what_is_not_delivered_yet_is_pending(void **state)
{
	struct world *w = *state;
	int64_t id = world_fetched(w, "1", "a");
	struct err err;

	MUST(ledger_note(w->run->ledger, id, "box: gone", &err));
	fake_time_pass(MINUTE);
	assert_true(audited(w, NULL));
	assert_class(0, AUDIT_PENDING);
	assert_string_equal(audit.rows[0].message, "box: gone");
	assert_int_equal(audit.rows[0].since, FAKE_NOW);
	assert_int_equal(w->f.fake.listed, 0);
}

static void a_client_that_has_nothing_is_asked_once_more(void **state)
{
	struct world *w = *state;

	world_delivered(w, "1", "a");
	has(w, 0, "a", CLIENT_SEEDING);
	w->f.fake.hidden = 1;
	assert_true(audited(w, NULL));
	assert_class(0, AUDIT_SEEDING);
	assert_int_equal(w->f.fake.listed, 2);
	assert_int_equal(fake_time_slept(), AUDIT_AGAIN_MS);
	w->f.fake.n_torrents = 0;
	fake_time_stop_in_sleep();
	assert_false(audited(w, NULL));
	assert_true(err_is_stop(&failure));
	assert_int_equal(audit.n, 0);
}

static void of_a_client_that_is_away_nothing_is_known(void **state)
{
	struct world *w = *state;

	world_delivered(w, "1", "a");
	world_delivered(w, "2", "b");
	fake_fails(&w->f, ERR_RETRY, WORD_CLIENT);
	assert_true(audited(w, NULL));
	assert_class(0, AUDIT_UNASKED);
	assert_class(1, AUDIT_UNASKED);
	assert_string_equal(audit.rows[0].message, "box: Client");
	assert_int_equal(w->f.fake.listed, 1);
	/* Another failure is an error. */
	fake_fails(&w->f, ERR_RETRY, WORD_STOPPED);
	assert_false(audited(w, NULL));
	assert_true(err_is_stop(&failure));
}

static void what_a_finding_began_with_is_kept(void **state)
{
	struct world *w = *state;
	int64_t id = world_delivered(w, "1", "a");

	has(w, 0, "a", CLIENT_STALLED);
	assert_true(audited(w, NULL));
	assert_int_equal(audit.rows[0].since, FAKE_NOW);
	fake_time_pass(HOUR);
	assert_true(audited(w, NULL));
	assert_int_equal(audit.rows[0].since, FAKE_NOW);
	OWN(assignment_clear) struct assignment row = world_row(w, id);
	assert_int_equal(row.found, AUDIT_STALLED);
	assert_int_equal(row.found_at, FAKE_NOW);
	w->f.fake.state[0] = CLIENT_SEEDING;
	assert_true(audited(w, NULL));
	assert_int_equal(audit.rows[0].since, FAKE_NOW + HOUR);
	OWN(assignment_clear) struct assignment now = world_row(w, id);
	assert_int_equal(now.found, AUDIT_SEEDING);
	assert_int_equal(now.found_at, FAKE_NOW + HOUR);
}

/* ---- watch folders ---- */

static void of_a_watch_folder_the_files_say_what_they_can(void **state)
{
	struct world *w = *state;
	struct err err;

	fixture_watch(&w->f);
	fake_watches(&w->f.fake);
	w->target.asked = NULL;
	for (size_t i = 0; i < 4; i++)
		world_delivered(w, names[i], names[i]);
	MUST(ledger_pick_up(w->run->ledger, 1, PICK_UP_REFUSED, &err));
	MUST(ledger_pick_up(w->run->ledger, 2, PICK_UP_LATE, &err));
	MUST(ledger_pick_up(w->run->ledger, 3, PICK_UP_TAKEN, &err));
	assert_true(audited(w, NULL));
	assert_int_equal(w->f.fake.fated, 2);
	assert_class(0, AUDIT_REFUSED);
	assert_class(1, AUDIT_AWAITED);
	assert_class(2, AUDIT_UNKNOWN);
	assert_class(3, AUDIT_AWAITED);
	assert_null(audit.rows[2].client);
	/* It looks at the folder first. */
	w->f.fake.fate = CLIENT_FATE_TAKEN;
	assert_true(audited(w, NULL));
	assert_class(1, AUDIT_UNKNOWN);
	/* A container that is configured no more has nobody to ask. */
	w->attic.name = (char[]){"cellar"};
	assert_true(audited(w, NULL));
	assert_int_equal(audit.n, 4);
	assert_class(0, AUDIT_REFUSED);
}

static void its_audit_client_says_the_rest(void **state)
{
	struct world *w = *state;
	struct fake other = {.base.ops = &fake_ops};
	struct destination asked = {
		.name = (char[]){"new"}, .client = &other.base, .fingerprint = "two"};
	struct err err;

	fixture_watch(&w->f);
	fake_watches(&w->f.fake);
	w->target.asked = &asked;
	world_delivered(w, "1", "a");
	world_delivered(w, "2", "b");
	world_delivered(w, "3", "c");
	MUST(ledger_pick_up(w->run->ledger, 3, PICK_UP_TAKEN, &err));
	other.n_torrents = 1;
	other.has[0] = world_infohash("a");
	assert_true(audited(w, NULL));
	assert_class(0, AUDIT_SEEDING);
	assert_class(1, AUDIT_AWAITED);
	assert_class(2, AUDIT_MISSING);
	assert_string_equal(audit.rows[2].client, "new");
	other.fails = (struct err){.kind = ERR_RETRY, .code = WORD_CLIENT};
	assert_true(audited(w, NULL));
	assert_class(0, AUDIT_AWAITED);
	assert_class(2, AUDIT_UNASKED);
}

static void advice_is_given_where_something_can_be_done(void **state)
{
	static const enum audit_class silent[] = {AUDIT_SEEDING, AUDIT_DOWNLOADING, AUDIT_QUEUED,
						  AUDIT_CHECKING};

	(void)state;
	for (enum audit_class c = AUDIT_SEEDING; c < AUDIT_CLASSES; c++) {
		const struct audit_row row = {.class = c,
					      .assignment.container = (char[]){"attic"}};
		OWN_STR char *advice = audit_advice(&row);
		bool expected = true;
		for (size_t i = 0; i < COUNT(silent); i++)
			expected &= c != silent[i];
		assert_int_equal(advice != NULL, expected);
		if (c == AUDIT_MISSING || c == AUDIT_REFUSED)
			assert_non_null(
				strstr(advice, "redeliver --missing --container \"attic\""));
	}
}

static void has_a_finding(struct world *w)
{
	fixture_watch(&w->f);
	fake_watches(&w->f.fake);
	world_delivered(w, "1", "a");
	w->target.asked = NULL;
}

static bool audit_again(struct world *w, struct err *err)
{
	const struct audit_scope s = {.targets = &w->target, .n = 1};
	struct audit found = {0};
	bool ok = audit_run(w->run, &s, &found, err);

	audit_clear(&found);
	return ok;
}

static void each_failure_of_the_ledger_is_reported(void **state)
{
	(void)state;
	world_fail_each(has_a_finding, audit_again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_state_of_the_client_has_its_class),
		TEST(nothing_is_assigned_at_first),
		TEST(only_one_container_may_be_meant),
		TEST(of_a_container_that_is_not_configured_nothing_is_known),
		TEST(what_is_not_delivered_yet_is_pending),
		TEST(a_client_that_has_nothing_is_asked_once_more),
		TEST(of_a_client_that_is_away_nothing_is_known),
		TEST(what_a_finding_began_with_is_kept),
		TEST(of_a_watch_folder_the_files_say_what_they_can),
		TEST(its_audit_client_says_the_rest),
		cmocka_unit_test(advice_is_given_where_something_can_be_done),
		cmocka_unit_test(each_failure_of_the_ledger_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
