#include "core/events.h"

#include "base/mem.h"
#include "base/text.h"

#include "results.h"
#include "unit.h"

#define HOUR (3600 * INT64_C(1000))
#define T0 (INT64_C(1795000000000))

/* ---- a world whose changes are told ---- */

static struct container configured[] = {
	{.name = (char[]){"attic"}, .size = (char[]){"1T"}},
	{.name = (char[]){"cellar"}, .size = (char[]){"2T"}},
};

struct world {
	struct events_now now;
	struct notices told;
	struct events found;
	struct outcome outcomes[3];
};

static struct world *new_world(void)
{
	struct world *w = mem_alloc(sizeof *w);

	w->now = (struct events_now){.now = T0,
				     .outcomes = w->outcomes,
				     .n_outcomes = 2,
				     .containers = configured,
				     .n_containers = COUNT(configured)};
	w->outcomes[0].container = configured[0].name;
	w->outcomes[1].container = configured[1].name;
	return w;
}

static void world_free(struct world **w)
{
	notices_clear(&(*w)->told);
	events_clear(&(*w)->found);
	free(*w);
}

#define OWN_WORLD OWN(world_free)

/* What the ledger keeps of the notices, as a restart would find it. */
static void restart(struct world *w)
{
	for (size_t i = 0; i < w->told.n; i++)
		w->told.list[i].changed = false;
}

/* The names of what is told now, in one line. */
static const char *told_at(struct world *w, int64_t when)
{
	static char line[1000];

	line[0] = '\0';
	w->now.now = when;
	events_clear(&w->found);
	restart(w);
	events_find(&w->now, &w->told, &w->found);
	for (size_t i = 0; i < w->found.n; i++) {
		size_t len = strlen(line);
		snprintf(line + len, sizeof line - len, "%s%s", i ? " " : "",
			 w->found.list[i].name);
	}
	return line;
}

static void set(struct world *w, int i, const char *outcome)
{
	w->outcomes[i].result = result_of(outcome);
}

static bool any_changed(const struct world *w)
{
	for (size_t i = 0; i < w->told.n; i++)
		if (w->told.list[i].changed)
			return true;
	return false;
}

/* ---- failure ---- */

static void a_world_that_is_well_is_not_told_and_not_kept(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	assert_string_equal(told_at(w, T0), "");
	set(w, 0, "STALLED");
	set(w, 1, "WAIT(Backlog)");
	assert_string_equal(told_at(w, T0 + 1), "");
	assert_int_equal(w->told.n, 0);
}

static void a_failure_is_told_once_at_its_begin_and_once_at_its_end(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(HTTP 503)");
	text_copy(w->outcomes[0].detail, sizeof w->outcomes[0].detail, "no");
	assert_string_equal(told_at(w, T0), "failure.begin");
	assert_string_equal(w->found.list[0].title,
			    "attic has failed since 18 Nov 2026, 11:06: ERR(HTTP 503)");
	assert_string_equal(w->found.list[0].text, "attic: ERR(HTTP 503): no\n"
						   "The program retries by itself.");
	assert_int_equal(w->found.list[0].level, EVENT_ERROR);
	assert_true(any_changed(w));
	/* Another word is the same failure. */
	set(w, 0, "WAIT");
	for (int i = 1; i < 10; i++)
		assert_string_equal(told_at(w, T0 + i * 6 * HOUR), "");
	assert_false(any_changed(w));
	set(w, 0, "OK");
	assert_string_equal(told_at(w, T0 + 60 * HOUR), "failure.end");
	assert_string_equal(w->found.list[0].text, "attic: OK, after 2 d 12 h of ERR(HTTP 503)\n");
	assert_int_equal(w->found.list[0].level, EVENT_GOOD);
	assert_string_equal(told_at(w, T0 + 66 * HOUR), "");
}

static void a_failure_that_comes_to_need_a_person_is_told_once(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(HTTP 503)");
	text_copy(w->outcomes[0].detail, sizeof w->outcomes[0].detail, "ask the tracker: HTTP 503");
	assert_string_equal(told_at(w, T0), "failure.begin");
	assert_true(text_starts(w->found.list[0].text,
				"attic: ERR(HTTP 503): ask the tracker: HTTP 503\nThe program "));
	set(w, 0, "ERR(Protocol)");
	assert_string_equal(told_at(w, T0 + HOUR), "");
	set(w, 0, "ERR(Auth)");
	text_copy(w->outcomes[0].detail, sizeof w->outcomes[0].detail, "no such user");
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "failure.change");
	assert_string_equal(w->found.list[0].title,
			    "attic has failed since 18 Nov 2026, 11:06: ERR(Auth)");
	assert_string_equal(w->found.list[0].text,
			    "attic: ERR(Auth): no such user\n"
			    "Check PTP_USER and PTP_KEY (ApiUser and ApiKey).");
	assert_int_equal(w->found.list[0].level, EVENT_ERROR);
	assert_true(any_changed(w));
	/* It comes and goes amid the failure. */
	for (int i = 3; i < 9; i++) {
		set(w, 0, i % 2 ? "ERR(HTTP 503)" : "ERR(Auth)");
		assert_string_equal(told_at(w, T0 + i * HOUR), "");
		assert_false(any_changed(w));
	}
	set(w, 0, "WAIT(Space)");
	set(w, 1, "ERR(Disk)");
	assert_string_equal(told_at(w, T0 + 9 * HOUR), "failure.begin failure.change");
	set(w, 0, "OK");
	assert_string_equal(told_at(w, T0 + 10 * HOUR), "failure.end");
	assert_string_equal(w->found.list[0].text,
			    "attic: OK, after 10 h 0 m of ERR(HTTP 503), WAIT(Space), ERR(Auth)\n");
	/* Another failure is another one. */
	set(w, 0, "ERR(Timeout)");
	assert_string_equal(told_at(w, T0 + 20 * HOUR), "failure.begin");
	set(w, 0, "ERR(Auth)");
	assert_string_equal(told_at(w, T0 + 21 * HOUR), "failure.change");
}

static void what_is_told_late_is_told_as_it_is_then(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(Network)");
	told_at(w, T0);
	set(w, 0, "OK");
	told_at(w, T0 + HOUR);
	set(w, 0, "ERR(Network)");
	assert_string_equal(told_at(w, T0 + HOUR + 1), "");
	set(w, 0, "ERR(Disk)");
	assert_string_equal(told_at(w, T0 + HOUR + 2), "");
	assert_string_equal(told_at(w, T0 + 3 * HOUR), "failure.begin");
	assert_string_equal(w->found.list[0].title,
			    "attic has failed since 18 Nov 2026, 12:06: ERR(Disk)");
	assert_string_equal(told_at(w, T0 + 4 * HOUR), "");
}

static void one_container_ends_while_another_begins(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(Disk)");
	told_at(w, T0);
	set(w, 0, "OK");
	set(w, 1, "ERR(Disk)");
	assert_string_equal(told_at(w, T0 + HOUR), "failure.begin failure.end");
	set(w, 0, "ERR(Disk)");
	set(w, 1, "OK");
	assert_string_equal(told_at(w, T0 + 9 * HOUR), "failure.begin failure.end");
}

static void all_that_begin_or_end_together_are_one(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(Timeout)");
	set(w, 1, "WAIT");
	assert_string_equal(told_at(w, T0), "failure.begin");
	assert_string_equal(w->found.list[0].title,
			    "2 containers fail, the first since 18 Nov 2026, 11:06");
	assert_string_equal(w->found.list[0].text, "attic: ERR(Timeout)\ncellar: WAIT\n"
						   "The program retries by itself.");
	set(w, 0, "OK");
	set(w, 1, "FULL");
	assert_string_equal(told_at(w, T0 + HOUR), "failure.end full");
	assert_string_equal(w->found.list[0].title, "2 containers are well again");
}

static void what_to_do_is_said_once_for_all_that_fail(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(Disk)");
	set(w, 1, "ERR(Disk)");
	told_at(w, T0);
	assert_string_equal(w->found.list[0].text,
			    "attic: ERR(Disk)\ncellar: ERR(Disk)\n"
			    "`ptp-archiver check` says which folder, and why.");
	OWN_WORLD struct world *other = new_world();
	set(other, 0, "WAIT(Space)");
	set(other, 1, "ERR(Auth)");
	told_at(other, T0);
	assert_non_null(strstr(other->found.list[0].text,
			       "\nMake room, or resize the container. Check PTP_USER and"));
}

static void what_is_told_late_says_since_when(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(Network)");
	told_at(w, T0 - 2 * HOUR);
	set(w, 0, "OK");
	told_at(w, T0 - HOUR);
	set(w, 0, "ERR(Network)");
	assert_string_equal(told_at(w, T0 - HOUR / 2), "");
	assert_string_equal(told_at(w, T0 + HOUR / 2), "failure.begin");
	assert_string_equal(w->found.list[0].title,
			    "attic has failed since 18 Nov 2026, 10:36: ERR(Network)");
}

static void what_comes_and_goes_is_told_when_it_stays(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	int64_t now = T0;

	set(w, 0, "ERR(Network)");
	assert_string_equal(told_at(w, now), "failure.begin");
	set(w, 0, "OK");
	assert_string_equal(told_at(w, now += HOUR / 6), "failure.end");
	for (int i = 0; i < 20; i++) {
		set(w, 0, i % 2 ? "OK" : "ERR(Network)");
		assert_string_equal(told_at(w, now += HOUR / 6), "");
	}
	set(w, 0, "ERR(Network)");
	assert_string_equal(told_at(w, now += HOUR / 6), "");
	assert_string_equal(told_at(w, now + HOUR - 1), "");
	assert_string_equal(told_at(w, now += HOUR), "failure.begin");
	set(w, 0, "OK");
	assert_string_equal(told_at(w, now += HOUR), "failure.end");
	assert_string_equal(w->found.list[0].text, "attic: OK, after 2 h 0 m of ERR(Network)\n");
	set(w, 0, "ERR(Network)");
	assert_string_equal(told_at(w, now + HOUR), "failure.begin");
}

static void a_clock_that_was_set_back_is_no_reason_to_be_silent(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(Disk)");
	told_at(w, T0);
	set(w, 0, "OK");
	told_at(w, T0 + HOUR);
	set(w, 0, "ERR(Disk)");
	assert_string_equal(told_at(w, T0 - 1000 * HOUR), "failure.begin");
	set(w, 0, "OK");
	assert_string_equal(told_at(w, T0 - 2000 * HOUR), "failure.end");
}

static void a_container_that_is_gone_is_forgotten_without_a_word(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 1, "ERR(Disk)");
	told_at(w, T0);
	w->now.n_containers = w->now.n_outcomes = 1;
	assert_string_equal(told_at(w, T0 + HOUR), "");
	assert_true(any_changed(w));
	w->now.n_containers = w->now.n_outcomes = 2;
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "failure.begin");
}

static void a_look_without_outcomes_changes_nothing(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	set(w, 0, "ERR(Disk)");
	told_at(w, T0);
	w->now.n_outcomes = 0;
	assert_string_equal(told_at(w, T0 + HOUR), "");
	assert_false(any_changed(w));
}

static void the_cycle_as_a_whole_has_words_of_its_own(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	w->now.n_outcomes = 3;
	w->outcomes[2] = (struct outcome){.container = (char[]){""}};
	set(w, 2, "ERR(Ledger)");
	assert_string_equal(told_at(w, T0), "failure.begin");
	assert_string_equal(w->found.list[0].title,
			    "No cycle has been able to run since 18 Nov 2026, 11:06");
	set(w, 2, "OK");
	assert_string_equal(told_at(w, T0 + HOUR), "failure.end");
	assert_string_equal(w->found.list[0].title, "Cycles can run again");
}

/* ---- clients ---- */

static void a_client_is_told_when_it_goes_and_when_it_is_back(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	struct events_client box = {.name = "box", .down_since = T0 - HOUR};

	w->now.clients = &box;
	w->now.n_clients = 1;
	assert_string_equal(told_at(w, T0), "client.away");
	assert_string_equal(w->found.list[0].title,
			    "The client box has been away since 18 Nov 2026, 10:06");
	assert_string_equal(told_at(w, T0 + HOUR), "");
	box.down_since = 0;
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "client.back");
	assert_string_equal(w->found.list[0].text, "It takes torrents again, after 3 h 0 m.");
	box.refused = true;
	assert_string_equal(told_at(w, T0 + 9 * HOUR), "client.refuses");
	w->now.n_clients = 0;
	assert_string_equal(told_at(w, T0 + 10 * HOUR), "");
	assert_true(any_changed(w));
}

static void a_client_that_was_away_and_refuses_us_then_is_told_as_such(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	struct events_client box = {.name = "box", .down_since = T0 - HOUR};

	w->now.clients = &box;
	w->now.n_clients = 1;
	assert_string_equal(told_at(w, T0), "client.away");
	box = (struct events_client){.name = "box", .refused = true};
	assert_string_equal(told_at(w, T0 + HOUR), "client.refuses");
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "");
	box = (struct events_client){.name = "box", .down_since = T0 + 2 * HOUR};
	assert_string_equal(told_at(w, T0 + 3 * HOUR), "");
	box.down_since = 0;
	assert_string_equal(told_at(w, T0 + 4 * HOUR), "client.back");
}

static void a_client_s_absence_begins_when_it_is_seen_where_its_time_is_not_known(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	struct events_client box = {.name = "box", .refused = true};

	w->now.clients = &box;
	w->now.n_clients = 1;
	assert_string_equal(told_at(w, T0), "client.refuses");
	box.refused = false;
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "client.back");
	assert_string_equal(w->found.list[0].text, "It takes torrents again, after 2 h 0 m.");
	/* The clock was set back. */
	box.down_since = T0 + 20 * HOUR;
	assert_string_equal(told_at(w, T0 + 10 * HOUR), "client.away");
	box.down_since = 0;
	assert_string_equal(told_at(w, T0 + 11 * HOUR), "client.back");
	assert_string_equal(w->found.list[0].text, "It takes torrents again, after 1 h 0 m.");
}

static void a_failure_that_is_the_clients_is_covered_by_what_is_said_of_the_client(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	struct events_client box = {.name = "box", .down_since = T0};

	w->now.clients = &box;
	w->now.n_clients = 1;
	set(w, 0, "WAIT(Client)");
	assert_string_equal(told_at(w, T0), "client.away failure.begin");
	assert_int_equal(w->found.list[0].covered, 0);
	assert_int_equal(w->found.list[1].covered, EVENT_BIT(EVENT_CLIENT));
	box.down_since = 0;
	set(w, 0, "OK");
	assert_string_equal(told_at(w, T0 + HOUR), "client.back failure.end");
	assert_int_equal(w->found.list[1].covered, EVENT_BIT(EVENT_CLIENT));
	/* One that comes amid another failure; its end is not the client's alone. */
	set(w, 0, "ERR(Timeout)");
	assert_string_equal(told_at(w, T0 + 3 * HOUR), "failure.begin");
	box.down_since = T0 + 4 * HOUR;
	set(w, 0, "WAIT(Client)");
	assert_string_equal(told_at(w, T0 + 4 * HOUR), "client.away failure.change");
	assert_int_equal(w->found.list[1].covered, EVENT_BIT(EVENT_CLIENT));
	box.down_since = 0;
	set(w, 0, "OK");
	assert_string_equal(told_at(w, T0 + 5 * HOUR), "client.back failure.end");
	assert_int_equal(w->found.list[1].covered, 0);
	/* Not where something else fails as well. */
	box.down_since = T0 + 9 * HOUR;
	set(w, 0, "WAIT(Client)");
	set(w, 1, "ERR(Disk)");
	assert_string_equal(told_at(w, T0 + 9 * HOUR), "client.away failure.begin");
	assert_int_equal(w->found.list[1].covered, 0);
}

static void a_failure_that_was_the_clients_and_then_another_is_told_as_well_again(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	struct events_client two[] = {{.name = "box"}, {.name = "far", .down_since = T0}};

	w->now.clients = two;
	w->now.n_clients = 2;
	set(w, 0, "WAIT(Client)");
	assert_string_equal(told_at(w, T0), "client.away failure.begin");
	assert_string_equal(w->found.list[0].title,
			    "The client far has been away since 18 Nov 2026, 11:06");
	assert_string_equal(w->found.list[1].title,
			    "attic has been held up since 18 Nov 2026, 11:06: WAIT(Client)");
	set(w, 0, "ERR(Disk)");
	assert_string_equal(told_at(w, T0 + HOUR), "failure.change");
	two[1].down_since = 0;
	set(w, 0, "OK");
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "client.back failure.end");
	assert_int_equal(w->found.list[1].covered, 0);
	assert_string_equal(w->found.list[1].text,
			    "attic: OK, after 2 h 0 m of WAIT(Client), ERR(Disk)\n");
	/* The second of two clients is known, too. */
	two[1].down_since = T0 + 9 * HOUR;
	assert_string_equal(told_at(w, T0 + 9 * HOUR), "client.away");
	assert_string_equal(told_at(w, T0 + 10 * HOUR), "");
	two[1].down_since = 0;
	assert_string_equal(told_at(w, T0 + 11 * HOUR), "client.back");
}

#define MANY 11

/* Ten are listed; of eleven one is counted. */
static void of_many_that_fail_ten_are_named(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	struct outcome outcomes[MANY] = {0};
	struct container containers[MANY] = {0};
	char names[MANY][4];

	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], "c%d", i);
		containers[i].name = outcomes[i].container = names[i];
		outcomes[i].result = result_of("ERR(Timeout)");
	}
	w->now.containers = containers;
	w->now.outcomes = outcomes;
	w->now.n_containers = w->now.n_outcomes = MANY - 1;
	assert_string_equal(told_at(w, T0), "failure.begin");
	assert_non_null(strstr(w->found.list[0].text, "\nc9: ERR(Timeout)\nThe program"));
	w->now.n_containers = w->now.n_outcomes = MANY;
	for (int i = 0; i < MANY; i++)
		outcomes[i].result = result_of("OK");
	assert_string_equal(told_at(w, T0 + HOUR), "failure.end");
	assert_string_equal(w->found.list[0].title, "10 containers are well again");
	assert_non_null(strstr(w->found.list[0].text, "\nc9: OK, after 1 h 0 m of ERR(Timeout)\n"));
	for (int i = 0; i < MANY; i++)
		outcomes[i].result = result_of("ERR(Timeout)");
	assert_string_equal(told_at(w, T0 + 9 * HOUR), "failure.begin");
	assert_non_null(strstr(w->found.list[0].text, "\nc9: ERR(Timeout)\nand 1 more\nThe"));
	assert_null(strstr(w->found.list[0].text, "c10"));
}

/* What was reported of late files says nothing of those that were put aside. */
static void late_files_and_those_put_aside_are_told_apart(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	char container[] = "attic";
	struct assignment one = {.container = container, .pick_up_at = T0};

	w->now.late = w->now.refused = &one;
	w->now.n_late = 1;
	assert_string_equal(told_at(w, T0), "pick-up.missing");
	assert_int_equal(w->told.list[0].kind, NOTICE_LATE);
	w->now.n_late = 0;
	w->now.n_refused = 1;
	assert_string_equal(told_at(w, T0), "pick-up.refused");
	assert_string_equal(told_at(w, T0), "");
}

/* ---- the others ---- */

static void full_is_told_once_for_each_size(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	char *size = configured[0].size;

	set(w, 0, "FULL");
	assert_string_equal(told_at(w, T0), "full");
	assert_string_equal(w->found.list[0].title, "attic is full");
	assert_string_equal(told_at(w, T0 + HOUR), "");
	set(w, 0, "OK");
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "");
	set(w, 0, "FULL");
	assert_string_equal(told_at(w, T0 + 3 * HOUR), "");
	configured[0].size = (char[]){"3T"};
	assert_string_equal(told_at(w, T0 + 4 * HOUR), "full");
	configured[0].size = size;
	/* Each container has its own size. */
	set(w, 0, "OK");
	set(w, 1, "FULL");
	assert_string_equal(told_at(w, T0 + 5 * HOUR), "full");
	assert_string_equal(w->found.list[0].title, "cellar is full");
	assert_true(text_starts(w->found.list[0].text, "It holds the 2T that you offered;"));
}

static void each_lost_one_is_told_once_and_the_end_of_all(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	struct assignment lost[] = {
		{.container = (char[]){"attic"}, .note = (char[]){"cut off"}, .changed_at = T0},
		{.container = (char[]){"cellar"}, .changed_at = T0 + HOUR}};

	w->now.lost = lost;
	w->now.n_lost = 1;
	assert_string_equal(told_at(w, T0), "lost.begin");
	assert_true(text_starts(w->found.list[0].text,
				"attic: cut off\nAn answer did not come, or does not prove"));
	assert_true(any_changed(w));
	assert_string_equal(told_at(w, T0 + HOUR - 1), "");
	assert_false(any_changed(w));
	w->now.n_lost = 2;
	assert_string_equal(told_at(w, T0 + HOUR), "lost.begin");
	assert_true(text_starts(w->found.list[0].text, "cellar\nAn answer did"));
	w->now.n_lost = 1;
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "");
	w->now.n_lost = 0;
	assert_string_equal(told_at(w, T0 + 3 * HOUR), "lost.end");
	assert_string_equal(told_at(w, T0 + 4 * HOUR), "");
}

static void another_program_on_the_account_is_reported_once(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	w->now.others = 1;
	w->now.others_since = T0;
	assert_string_equal(told_at(w, T0), "lost.shared");
	assert_non_null(strstr(w->found.list[0].title, "Another program uses this account"));
	assert_string_equal(told_at(w, T0 + HOUR), "");
	w->now.others = 7;
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "");
	assert_false(any_changed(w));
	w->now.others = 0;
	assert_string_equal(told_at(w, T0 + 3 * HOUR), "");
	w->now.others = 1;
	assert_string_equal(told_at(w, T0 + 4 * HOUR), "lost.shared");
}

static void of_many_some_are_named(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();
	struct assignment late[12];
	char container[] = "attic", name[] = "A Film";

	for (int i = 0; i < 12; i++)
		late[i] = (struct assignment){
			.container = container, .name = name, .pick_up_at = T0 + i};
	w->now.late = late;
	w->now.n_late = 12;
	assert_string_equal(told_at(w, T0 + HOUR), "pick-up.missing");
	assert_string_equal(w->found.list[0].title,
			    "12 torrents have not been picked up by the client");
	const char *rest = strstr(w->found.list[0].text, "and 2 more\n");
	assert_int_equal(rest - w->found.list[0].text, 10 * strlen("attic: A Film\n"));
	assert_string_equal(
		rest,
		"and 2 more\n"
		"Is the client running, and does it watch this folder? Can it read the files? "
		"If it leaves files there, set PickUpWithin to off.");
	assert_string_equal(told_at(w, T0 + 2 * HOUR), "");
	late[3].pick_up_at = T0 + 3 * HOUR;
	assert_string_equal(told_at(w, T0 + 3 * HOUR), "pick-up.missing");
	assert_string_equal(w->found.list[0].title,
			    "1 torrent has not been picked up by the client");
	w->now.refused = late;
	w->now.n_refused = 1;
	assert_string_equal(told_at(w, T0 + 4 * HOUR), "pick-up.refused");
	/* The clock was set back by years: what is new then is told all the same. */
	late[5].pick_up_at = T0 - 1000 * HOUR;
	assert_string_equal(told_at(w, T0 - 999 * HOUR), "");
	late[5].pick_up_at = T0 - 998 * HOUR;
	told_at(w, T0 - 998 * HOUR);
	late[6].pick_up_at = T0 - 997 * HOUR;
	w->now.late = &late[6];
	w->now.n_late = 1;
	w->now.n_refused = 0;
	assert_string_equal(told_at(w, T0 - 997 * HOUR), "pick-up.missing");
}

static void more_that_is_missing_is_told_and_none_any_more(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	w->now.missing = 2;
	assert_string_equal(told_at(w, T0), "");
	assert_int_equal(w->told.n, 0);
	w->now.missing = 0;
	w->now.audited = w->now.audited_all = true;
	assert_string_equal(told_at(w, T0), "");
	assert_int_equal(w->told.n, 0);
	w->now.missing = 2;
	assert_string_equal(told_at(w, T0), "audit.missing");
	assert_string_equal(w->found.list[0].title,
			    "2 torrents are missing in the client (audit of 18 Nov 2026, 11:06)");
	assert_string_equal(told_at(w, T0), "");
	w->now.audited = false;
	w->now.missing = 0;
	assert_string_equal(told_at(w, T0), "");
	/* A client that could not be asked says nothing of what it has. */
	w->now.audited = true;
	w->now.audited_all = false;
	assert_string_equal(told_at(w, T0), "");
	w->now.missing = 3;
	assert_string_equal(told_at(w, T0), "audit.missing");
	w->now.audited_all = true;
	w->now.missing = 1;
	assert_string_equal(told_at(w, T0), "");
	w->now.missing = 2;
	assert_string_equal(told_at(w, T0), "audit.missing");
	w->now.missing = 0;
	w->now.audit_summary = "2 assigned: 2 seeding";
	assert_string_equal(told_at(w, T0), "audit.end");
	assert_int_equal(w->found.list[0].level, EVENT_GOOD);
	assert_string_equal(w->found.list[0].text, "2 assigned: 2 seeding.\n");
	assert_string_equal(told_at(w, T0), "");
	w->now.missing = 1;
	assert_string_equal(told_at(w, T0), "audit.missing");
	w->now.missing = 0;
	w->now.in_error = 2;
	w->now.audit_summary = "2 assigned: 2 error";
	assert_string_equal(told_at(w, T0), "audit.end");
	assert_int_equal(w->found.list[0].level, EVENT_INFO);
	assert_string_equal(w->found.list[0].text, "2 assigned: 2 error.\n`ptp-archiver "
						   "audit` names them, and says what can be done.");
}

static void each_version_is_told_once_and_none_that_is_older(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	w->now.speaks = "0.9";
	w->now.newer_version = "0.10";
	assert_string_equal(told_at(w, T0), "version");
	assert_string_equal(told_at(w, T0), "");
	w->now.newer_version = "";
	assert_string_equal(told_at(w, T0), "");
	w->now.newer_version = "0.9.5";
	assert_string_equal(told_at(w, T0), "");
	w->now.newer_version = "0.11";
	assert_string_equal(told_at(w, T0), "version");
}

static void the_digest_comes_a_week_after_it_was_asked_for(void **state)
{
	(void)state;
	OWN_WORLD struct world *w = new_world();

	assert_false(events_digest_is_due(&w->told, T0));
	w->now.wants_digest = true;
	assert_string_equal(told_at(w, T0), "");
	assert_false(events_digest_is_due(&w->told, T0 + EVENTS_DIGEST_MS - 1));
	assert_true(events_digest_is_due(&w->told, T0 + EVENTS_DIGEST_MS));
	assert_true(events_digest_is_due(&w->told, T0 - 1));
	assert_string_equal(told_at(w, T0 + HOUR), "");
	w->now.digest = "words";
	assert_string_equal(told_at(w, T0 + EVENTS_DIGEST_MS), "digest");
	assert_string_equal(w->found.list[0].text, "words");
	assert_false(events_digest_is_due(&w->told, T0 + EVENTS_DIGEST_MS));
}

/* ---- kinds ---- */

static void kinds_are_read_and_written_as_a_list(void **state)
{
	(void)state;
	unsigned bits = 99;
	char text[200], small[12];

	assert_true(event_kinds_parse(" failure,full\n pick-up ", &bits));
	assert_int_equal(bits, EVENT_BIT(EVENT_FAILURE) | EVENT_BIT(EVENT_FULL) |
				       EVENT_BIT(EVENT_PICK_UP));
	event_kinds_text(bits, text, sizeof text);
	assert_string_equal(text, "failure, full, pick-up");
	event_kinds_text(bits, small, sizeof small);
	assert_string_equal(small, "failure, fu");
	assert_false(event_kinds_parse("failure never", &bits));
	assert_false(event_kinds_parse("test", &bits));
	assert_int_equal(bits & ~EVENTS_ALL, 0);
	assert_true(event_kinds_parse("none", &bits) && bits == 0);
	assert_true(event_kinds_parse("", &bits) && bits == 0);
	assert_true(event_kinds_parse("all", &bits) && bits == EVENTS_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_world_that_is_well_is_not_told_and_not_kept),
		cmocka_unit_test(a_failure_is_told_once_at_its_begin_and_once_at_its_end),
		cmocka_unit_test(a_failure_that_comes_to_need_a_person_is_told_once),
		cmocka_unit_test(what_is_told_late_is_told_as_it_is_then),
		cmocka_unit_test(one_container_ends_while_another_begins),
		cmocka_unit_test(all_that_begin_or_end_together_are_one),
		cmocka_unit_test(what_to_do_is_said_once_for_all_that_fail),
		cmocka_unit_test(what_is_told_late_says_since_when),
		cmocka_unit_test(what_comes_and_goes_is_told_when_it_stays),
		cmocka_unit_test(a_clock_that_was_set_back_is_no_reason_to_be_silent),
		cmocka_unit_test(a_container_that_is_gone_is_forgotten_without_a_word),
		cmocka_unit_test(a_look_without_outcomes_changes_nothing),
		cmocka_unit_test(the_cycle_as_a_whole_has_words_of_its_own),
		cmocka_unit_test(a_client_is_told_when_it_goes_and_when_it_is_back),
		cmocka_unit_test(a_client_that_was_away_and_refuses_us_then_is_told_as_such),
		cmocka_unit_test(
			a_client_s_absence_begins_when_it_is_seen_where_its_time_is_not_known),
		cmocka_unit_test(
			a_failure_that_is_the_clients_is_covered_by_what_is_said_of_the_client),
		cmocka_unit_test(
			a_failure_that_was_the_clients_and_then_another_is_told_as_well_again),
		cmocka_unit_test(of_many_that_fail_ten_are_named),
		cmocka_unit_test(late_files_and_those_put_aside_are_told_apart),
		cmocka_unit_test(full_is_told_once_for_each_size),
		cmocka_unit_test(each_lost_one_is_told_once_and_the_end_of_all),
		cmocka_unit_test(another_program_on_the_account_is_reported_once),
		cmocka_unit_test(of_many_some_are_named),
		cmocka_unit_test(more_that_is_missing_is_told_and_none_any_more),
		cmocka_unit_test(each_version_is_told_once_and_none_that_is_older),
		cmocka_unit_test(the_digest_comes_a_week_after_it_was_asked_for),
		cmocka_unit_test(kinds_are_read_and_written_as_a_list),
	};

	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
