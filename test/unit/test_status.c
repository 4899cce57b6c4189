/* The views of a snapshot: words, HTML, charts, metrics. */
#include "page/chart.h"
#include "page/html.h"
#include "config/listen.h"
#include "page/status_html.h"
#include "view/facts.h"
#include "view/status_json.h"
#include "view/status_metrics.h"
#include "view/status_words.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"

#include "base/text.h"
#include "results.h"
#include "unit.h"

#include <time.h>

#define HOUR (3600 * INT64_C(1000))
#define NOW INT64_C(1795564800000) /* 2026-11-25, 00:00 UTC */

#define CONTAINERS 3

/* A snapshot that is all well, to be spoilt. */
struct scene {
	struct status_setup_container named[CONTAINERS];
	struct status_setup_place placed[1];
	struct status_setup setup;
	struct status_container containers[CONTAINERS];
	struct status_place places[1];
	struct ledger_cycle cycles[2];
	struct assignment pending[3], lost[2];
	struct trouble trouble;
	struct status s;
};

static char attic[] = "attic", box_name[] = "box", cellar[] = "cellar", loft[] = "loft",
	    size[] = "1T", watch[] = "/watch", nothing[] = "";

static void set_scene(struct scene *v)
{
	char *const names[] = {attic, cellar, loft};

	*v = (struct scene){0};
	v->setup = (struct status_setup){.containers = v->named,
					 .n_containers = CONTAINERS,
					 .places = v->placed,
					 .n_places = 1,
					 .trouble = &v->trouble};
	v->placed[0] = (struct status_setup_place){box_name, "qbittorrent", true};
	v->places[0].setup = &v->placed[0];
	for (size_t i = 0; i < CONTAINERS; i++) {
		v->named[i] = (struct status_setup_container){
			.name = names[i], .size = size, .client = box_name, .allocated = 1000};
		v->containers[i] =
			(struct status_container){.setup = &v->named[i],
						  .growth.first = -1,
						  .known = {.outcome_at = NOW - 2 * HOUR}};
	}
	v->cycles[0] = (struct ledger_cycle){.id = 2,
					     .begun_at = NOW - 2 * HOUR,
					     .ended_at = NOW - 2 * HOUR + 1000,
					     .summary = nothing,
					     .well = true};
	v->s = (struct status){
		.now = NOW,
		.setup = &v->setup,
		.daemon = true,
		.containers = v->containers,
		.places = v->places,
		.clock = {.last_cycle = NOW - 2 * HOUR, .next_cycle = NOW + 2 * HOUR + 13 * 60000},
		.cycles = v->cycles,
		.n_cycles = 1,
		.pending.rows = v->pending,
		.lost.rows = v->lost};
}

static void assert_fact(const struct scene *v, size_t i, const char *text, const char *remedy)
{
	struct facts all;

	facts_find(&v->s, &all);
	assert_true(all.n > i);
	OWN_STR char *sentence = fact_sentence(&all.list[i], NOW);
	OWN_STR char *what = fact_remedy(&all.list[i], NOW);
	assert_string_equal(sentence, text);
	if (remedy)
		assert_string_equal(what, remedy);
}

/* The headline. */
static void assert_top(const struct scene *v, enum condition what, const char *text,
		       const char *remedy)
{
	struct facts all;

	facts_find(&v->s, &all);
	assert_string_equal(fact_name(all.list[0].what), fact_name(what));
	assert_fact(v, 0, text, remedy);
}

static void assert_next(const struct scene *v, const char *text)
{
	OWN_STR char *next = words_next(&v->s);

	assert_string_equal(next, text);
}

/* Takes over `got`. */
static void assert_words(char *got, const char *text)
{
	OWN_STR char *words = got;

	assert_string_equal(words, text);
}

static void outcome_of(struct scene *v, size_t i, const char *outcome, const char *detail)
{
	struct ledger_container *known = &v->containers[i].known;

	known->outcome_at = *outcome ? NOW - 2 * HOUR : 0;
	known->result = *outcome ? result_of(outcome) : (struct result){0};
	text_copy(v->containers[i].known.detail, sizeof v->containers[i].known.detail, detail);
}

/* ---- words ---- */

static void all_is_well(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	assert_top(&v, FACT_HEALTHY, "All three containers are healthy.", NULL);
	assert_next(&v, "Next cycle in 2 h 13 m, at 02:13.");
	v.setup.n_containers = 2;
	assert_top(&v, FACT_HEALTHY, "Both containers are healthy.", NULL);
	v.setup.n_containers = 1;
	assert_top(&v, FACT_HEALTHY, "The container attic is healthy.", NULL);
	v.containers[0].known.result = result_of("FULL");
	assert_top(&v, FACT_ALL_FULL, "The container attic is full.", NULL);
	v.setup.n_containers = 0;
	assert_top(&v, FACT_NOT_CONFIGURED, "No containers are configured.", NULL);
}

static void the_first_start(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.s.n_cycles = 0;
	for (size_t i = 0; i < CONTAINERS; i++)
		v.containers[i].known = (struct ledger_container){0};
	v.s.clock = (struct cycle_clock){0};
	assert_top(&v, FACT_READY, "Ready. No cycle has run yet.", NULL);
	assert_next(&v, "The next cycle is about to begin.");
	v.s.working = true;
	assert_next(&v, "A cycle is at work.");
	assert_top(&v, FACT_FIRST_CYCLE, "The first cycle is at work.", NULL);
	v.s.working = v.s.daemon = false;
	assert_next(&v, "Without the daemon no cycle will begin.");
	assert_top(&v, FACT_NO_DAEMON, "The daemon is not running.",
		   "Start it with `ptp-archiver run`.");
}

static void a_back_off_says_since_when_and_that_nothing_is_lost(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.s.pace = (struct pace){.since = NOW - 10 * HOUR,
				 .backoff_until = NOW + 5 * 60000,
				 .failures = 3,
				 .reason = {503, false, "the tracker answered HTTP 503"}};
	v.containers[0].known.result = result_of("ERR(HTTP 503)");
	v.containers[1].known.result = result_of("WAIT");
	assert_top(&v, FACT_BACK_OFF,
		   "The tracker has not been well since 24 Nov, 14:00: the tracker answered HTTP "
		   "503.",
		   "Next try in 5 m, at 00:05. Nothing is lost: what was assigned stays in the "
		   "ledger.");
	/* What it explains is not told again. */
	struct facts all;
	facts_find(&v.s, &all);
	assert_int_equal(all.n, 1);
	/* After it, the containers speak for themselves. */
	v.s.pace.backoff_until = NOW - 1;
	assert_top(&v, FACT_FAILS, "attic has failed since 24 Nov, 22:00: ERR(HTTP 503).",
		   "The program retries in the next cycle.");
}

static void a_failed_container_says_what_to_do(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.containers[2].known.result = result_of("ERR(Disk)");
	strcpy(v.containers[2].known.detail, "/srv/watch: Read-only file system");
	assert_top(&v, FACT_FAILS,
		   "loft has failed since 24 Nov, 22:00: ERR(Disk): /srv/watch: Read-only file "
		   "system.",
		   "`ptp-archiver check` says which folder, and why.");
}

static void a_client_that_is_away_or_refuses_us(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.places[0].client.down_since = NOW - HOUR;
	v.containers[1].totals.pending = 1;
	v.containers[1].known.result = result_of("WAIT(Client)");
	assert_top(&v, FACT_CLIENT_AWAY,
		   "The client box has been away since 24 Nov, 23:00; 1 torrent waits for it.",
		   "Is it running? The program calls it again by itself. Nothing is lost: torrents "
		   "for it "
		   "wait.");
	v.containers[0].totals.pending = 1;
	assert_top(&v, FACT_CLIENT_AWAY,
		   "The client box has been away since 24 Nov, 23:00; 2 torrents wait for it.",
		   NULL);
	strcpy(v.places[0].client.refused, "0123456789abcdef");
	assert_top(&v, FACT_CLIENT_REFUSES,
		   "The client box does not accept its user name or password.", NULL);
}

static struct assignment one(enum assignment_state state, int64_t asked_at)
{
	return (struct assignment){
		.container = attic, .state = state, .asked_at = asked_at, .changed_at = asked_at};
}

static void what_is_pending_and_lost_is_told_behind_the_good_news(void **state)
{
	(void)state;
	struct facts all;
	struct scene v;

	set_scene(&v);
	v.pending[0] = one(ASSIGNMENT_FETCHED, NOW - HOUR);
	v.lost[0] = one(ASSIGNMENT_LOST, NOW - HOUR);
	v.s.pending.n = v.s.lost.n = 1;
	facts_find(&v.s, &all);
	assert_int_equal(all.n, 3);
	assert_fact(&v, 0, "All three containers are healthy.", NULL);
	assert_fact(&v, 1, "1 torrent is pending.", "The program resumes in the next cycle.");
	assert_fact(&v, 2, "1 assignment is possibly lost.", NULL);
	assert_words(words_doing(&v.s, &v.pending[0]),
		     "It is in the vault, and is delivered in the next cycle.");
	assert_words(words_doing(&v.s, &v.lost[0]),
		     "The tracker's answer in the next cycle is searched for it.");
	v.lost[0].absences = 1;
	assert_words(words_doing(&v.s, &v.lost[0]),
		     "The tracker's lists since then hold nothing that it could be. If it stays so "
		     "for a day, it was not made.");
	v.lost[0].certain = true;
	v.lost[0].id = 12;
	assert_words(words_doing(&v.s, &v.lost[0]),
		     "A torrent was assigned. The tracker's lists do not name it yet. "
		     "`ptp-archiver settle 12 --not-made` ends the search.");
	strcpy(v.places[0].client.refused, "0123456789abcdef");
	assert_words(words_doing(&v.s, &v.pending[0]),
		     "It is in the vault, until box accepts the password.");
}

static struct listed listed(const char *torrent_id, int64_t first_seen)
{
	struct listed t = {.first_seen = first_seen, .last_seen = NOW};

	snprintf(t.torrent_id, sizeof t.torrent_id, "%s", torrent_id);
	return t;
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void candidates_of_a_lost_one_are_named(void **state)
{
	(void)state;
	struct listed unknown[13] = {listed("5", NOW - 2 * HOUR), listed("6", NOW),
				     listed("7", NOW)};
	struct scene v;

	set_scene(&v);
	v.lost[0] = one(ASSIGNMENT_LOST, NOW - HOUR);
	v.lost[0].id = 12;
	v.s.lost.n = 1;
	v.s.lists.last_at = NOW;
	v.s.unknown = unknown;
	v.s.n_unknown = 2;
	assert_words(
		words_doing(&v.s, &v.lost[0]),
		"It could be TorrentID 6. `ptp-archiver settle 12 --torrent TORRENTID` settles "
		"it, or `--not-made`.");
	v.s.n_unknown = 3;
	assert_words(words_doing(&v.s, &v.lost[0]),
		     "It could be TorrentID 6, or 7. `ptp-archiver settle 12 --torrent TORRENTID` "
		     "settles it, or `--not-made`.");
	OWN_JSON json_t *all = status_json(&v.s);
	const json_t *lost = json_array_get(json_object_get(all, "possibly_lost"), 0);
	const json_t *candidates = json_object_get(lost, "candidates");
	assert_int_equal(json_integer_value(json_object_get(lost, "id")), 12);
	assert_int_equal(json_array_size(candidates), 2);
	assert_string_equal(text_of(json_array_get(candidates, 0), "torrent_id"), "6");
	assert_true(json_is_null(json_object_get(all, "another_program")));
	for (size_t i = 3; i < COUNT(unknown); i++)
		unknown[i] = listed("8", NOW);
	v.s.n_unknown = COUNT(unknown);
	OWN_STR char *many = words_doing(&v.s, &v.lost[0]);
	assert_non_null(strstr(many, ", or 8, or one of 2 more. "));
}

static void another_program_on_the_account_is_a_fact(void **state)
{
	(void)state;
	struct listed unknown[] = {listed("5", NOW - 3 * HOUR), listed("6", NOW - 2 * HOUR),
				   listed("7", NOW)};
	struct facts all;
	struct scene v;

	set_scene(&v);
	v.s.unknown = unknown;
	v.s.n_unknown = COUNT(unknown);
	facts_find(&v.s, &all);
	assert_int_equal(all.n, 1);
	unknown[1].owner = unknown[2].owner = LISTED_OTHERS;
	facts_find(&v.s, &all);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.list[1].what, FACT_SHARED);
	assert_int_equal(all.list[1].count, 2);
	assert_int_equal(all.list[1].since, NOW - 2 * HOUR);
	OWN_JSON json_t *json = status_json(&v.s);
	const json_t *others = json_object_get(json, "another_program");
	assert_int_equal(json_array_size(json_object_get(others, "torrents")), 2);
	/* A person who says so knows it. */
	v.setup.shared = true;
	facts_find(&v.s, &all);
	assert_int_equal(all.n, 1);
}

static void the_film_s_page_is_a_link(void **state)
{
	(void)state;
	struct assignment a = one(ASSIGNMENT_DELIVERED, NOW);

	strcpy(a.torrent_id, "7");
	assert_null(words_film(&a, "https://tracker.test"));
	strcpy(a.group_id, "33");
	assert_null(words_film(&a, NULL));
	assert_words(words_film(&a, "https://tracker.test/"),
		     "https://tracker.test/torrents.php?id=33&torrentid=7");
}

static void what_is_tried_again_before_the_next_cycle_says_when(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.setup.manners.waits = true;
	v.pending[0] = one(ASSIGNMENT_FETCHED, NOW - HOUR);
	v.s.pending.n = 1;
	v.s.clock.next_cycle = NOW + 2 * HOUR;
	assert_words(words_next(&v.s), "Next cycle in 2 h 0 m, at 02:00.");
	v.containers[0].known.undone = true;
	v.containers[0].known.retry_at = NOW + 5 * 60000;
	assert_words(words_next(&v.s),
		     "Next try in 5 m, at 00:05; the next whole cycle in 2 h 0 m, at 02:00.");
	assert_words(words_doing(&v.s, &v.pending[0]),
		     "It is in the vault, and is delivered at the next try, in 5 m.");
	/* The tracker's own back-off, and what a second interruption costs. */
	v.containers[0].known.retry_at = 0;
	v.s.pace.backoff_until = NOW + 60000;
	assert_int_equal(status_next_try(&v.s), NOW + 60000);
	assert_words(words_next(&v.s), "The next whole cycle is due in 2 h 0 m, at 02:00.");
	v.s.pace.backoff_until = NOW + 3 * HOUR;
	assert_words(words_next(&v.s),
		     "The next cycle, due in 2 h 0 m, at 02:00, will have to wait for that.");
	v.s.pace.backoff_until = NOW + 60000;
	v.s.clock.attempts = 2;
	v.s.clock.last_attempt = NOW;
	assert_int_equal(status_next_try(&v.s), NOW + 5 * 60000);
	/* The next cycle comes first. */
	v.s.clock.next_cycle = NOW + 60000;
	assert_int_equal(status_next_try(&v.s), 0);
}

static void what_only_waits_is_told_and_not_called_healthy(void **state)
{
	(void)state;
	struct facts all;
	struct scene v;

	set_scene(&v);
	outcome_of(&v, 1, "WAIT(Backlog)", "3 downloads are not finished in box");
	facts_find(&v.s, &all);
	assert_int_equal(all.n, 2);
	assert_fact(&v, 0, "Nothing is wrong. 1 of 3 containers waits.", NULL);
	assert_fact(&v, 1, "cellar waits: 3 downloads are not finished in box.", NULL);
	outcome_of(&v, 0, "WAIT(Stalled)", "x");
	outcome_of(&v, 2, "STALLED", "too many stalled downloads");
	assert_top(&v, FACT_ALL_WAIT, "Nothing is wrong. All three containers wait.", NULL);
}

static void trouble_of_the_daemons_own_is_on_top(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.s.work = (struct trouble_told){.since = NOW - HOUR, .text = "the disk is full"};
	assert_top(&v, FACT_STUCK,
		   "No cycle has been able to run since 24 Nov, 23:00: the disk is full.", NULL);
	assert_words(words_next(&v.s), "No cycle begins until that is fixed.");
	v.s.work.since = 0;
	v.s.config = (struct trouble_told){.since = NOW - HOUR, .text = "Interval is wrong"};
	assert_top(&v, FACT_CONFIG,
		   "The new configuration was refused at 24 Nov, 23:00, and the old one stays: "
		   "Interval is wrong.",
		   NULL);
}

static void what_the_tracker_gave_above_the_offer_is_told(void **state)
{
	(void)state;
	struct scene v;
	struct status_container *c;

	set_scene(&v);
	c = &v.containers[0];
	c->forecast.kind = FORECAST_FULL;
	v.named[0].allocated = c->totals.bytes;
	assert_words(words_forecast(c), "It is full.");
	c->totals.bytes += 3 * 1024;
	assert_words(words_forecast(c), "It is full, with 3.0 KiB more than you offered.");
}

static void a_first_cycle_that_was_cut_off_is_no_lack_of_one(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	for (size_t i = 0; i < CONTAINERS; i++)
		outcome_of(&v, i, "", "");
	v.s.n_cycles = 0;
	assert_top(&v, FACT_READY, "Ready. No cycle has run yet.", NULL);
	v.s.n_cycles = 1;
	v.cycles[0].ended_at = 0;
	assert_top(&v, FACT_FIRST_CUT, "The first cycle was cut off before it ended.", NULL);
	outcome_of(&v, 1, "OK", "");
	assert_top(&v, FACT_SOME_UNTRIED, "Nothing is wrong. 2 of 3 containers were not tried yet.",
		   NULL);
}

static void what_is_pending_for_too_long_is_bad_news(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.pending[0] = one(ASSIGNMENT_FETCHED, NOW - 25 * HOUR);
	v.s.pending.n = 1;
	assert_top(&v, FACT_PENDING_OLD,
		   "1 torrent has been pending for more than a day, since 23 Nov, 23:00.", NULL);
	v.pending[0].set_aside = true;
	assert_top(&v, FACT_SET_ASIDE, "1 torrent was set aside after five tries.", NULL);
	v.s.strays = (struct staged_stray[]){{attic, size}};
	v.s.n_strays = 1;
	v.s.pending.n = 0;
	assert_top(&v, FACT_STRAYS,
		   "1 torrent was downloaded for a container that is not configured.", NULL);
	v.s.n_strays = 0;
	v.s.pending.n = 1;
	v.pending[0].container = box_name;
	assert_top(&v, FACT_ORPHANS,
		   "1 torrent is pending for a container that is not configured any more.", NULL);
}

/* What an audit found missing leads, and nothing is called healthy beside it. */
static void what_the_audit_found_missing_leads(void **state)
{
	(void)state;
	struct facts all;
	struct scene v;

	set_scene(&v);
	v.pending[0] = one(ASSIGNMENT_FETCHED, NOW - HOUR);
	v.s.pending.n = 1;
	v.s.audit = (struct ledger_audit){.at = NOW - HOUR, .missing = 37, .in_error = 2};
	assert_top(&v, FACT_AUDIT_MISSING,
		   "37 torrents are missing in the client (audit of 24 Nov, 23:00).",
		   "`ptp-archiver audit` names them. `ptp-archiver redeliver --missing` delivers "
		   "them again.");
	assert_fact(&v, 1, "2 torrents are in error in the client (audit of 24 Nov, 23:00).", NULL);
	facts_find(&v.s, &all);
	for (size_t i = 0; i < all.n; i++)
		assert_true(fact_level(all.list[i].what) != FACT_GOOD);
}

static void pings_and_messages_that_fail_are_facts(void **state)
{
	(void)state;
	struct status_setup_target named = {.label = (char[]){"ntfy 1 (ntfy.sh)"}};
	struct status_target target = {
		.setup = &named, .how = {.failures = 2}, .oldest = NOW - HOUR};
	struct scene v;

	set_scene(&v);
	v.s.pings = (struct ledger_pings){.failures = 3, .since = NOW - HOUR, .why = "HTTP 404"};
	assert_top(&v, FACT_HEALTHY, "All three containers are healthy.", NULL);
	v.setup.pings = true;
	assert_top(&v, FACT_PINGS_FAIL,
		   "Pings to Healthchecks have failed since 24 Nov, 23:00: HTTP 404.", NULL);
	v.s.pings.failures = 0;
	v.setup.n_targets = 1;
	v.s.targets = &target;
	assert_top(&v, FACT_MESSAGES_FAIL,
		   "Messages to ntfy 1 (ntfy.sh) have failed since 24 Nov, 23:00.", NULL);
	target.how.failures = 0;
	assert_top(&v, FACT_HEALTHY, "All three containers are healthy.", NULL);
	v.s.vault = (struct ledger_vault_look){.at = NOW - HOUR, .damaged = 2, .infohash = "ab"};
	assert_top(&v, FACT_VAULT_DAMAGED,
		   "2 torrents of the vault are damaged (look of 24 Nov, 23:00): ab.", NULL);
	v.s.vault.damaged = 0;
	v.s.copy = (struct trouble_told){.since = NOW - HOUR, .text = "no room"};
	assert_top(&v, FACT_COPY_FAILS,
		   "The ledger has not been copied since 24 Nov, 23:00: no room.", NULL);
}

/* The first of the cycles in a row that did not end well says since when. */
static void a_failure_says_since_when(void **state)
{
	(void)state;
	struct ledger_turn bad = {.container = attic, .result = {.kind = OUTCOME_ERR}}, well = bad;
	struct scene v;

	set_scene(&v);
	well.result.kind = OUTCOME_OK;
	outcome_of(&v, 0, "ERR(Timeout)", "");
	v.cycles[0].turns = &bad;
	v.cycles[0].begun_at = NOW - 3 * HOUR;
	v.cycles[1] = v.cycles[0];
	v.cycles[1].begun_at = NOW - 9 * HOUR;
	v.cycles[0].n_turns = v.cycles[1].n_turns = 1;
	v.s.n_cycles = 2;
	assert_top(&v, FACT_FAILS, "attic has failed since 24 Nov, 15:00: ERR(Timeout).", NULL);
	v.cycles[1].turns = &well;
	assert_top(&v, FACT_FAILS, "attic has failed since 24 Nov, 21:00: ERR(Timeout).", NULL);
}

static void a_cycle_that_does_not_begin_is_bad_news(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.s.clock.next_cycle = NOW - STATUS_LATE_MS;
	assert_false(status_is_overdue(&v.s));
	v.s.clock.next_cycle--;
	assert_top(&v, FACT_OVERDUE,
		   "The next cycle has been due since 24 Nov, 23:44, and does not begin.", NULL);
	/* Whatever a cycle is doing. */
	v.s.working = true;
	assert_true(status_is_overdue(&v.s));
}

static void a_cycle_may_take_an_hour_even_where_the_interval_is_shorter(void **state)
{
	(void)state;
	struct cycle_clock clock = {.last_cycle = NOW, .next_cycle = NOW + 60000};

	assert_int_equal(status_late_at(&clock), NOW + STATUS_CYCLE_MS + STATUS_LATE_MS);
	clock.next_cycle = NOW + STATUS_CYCLE_MS + 1;
	assert_int_equal(status_late_at(&clock), clock.next_cycle + STATUS_LATE_MS);
	/* There was none yet, or the clock was set back since. */
	clock = (struct cycle_clock){.next_cycle = NOW};
	assert_int_equal(status_late_at(&clock), NOW + STATUS_LATE_MS);
	clock.last_cycle = NOW + 1;
	assert_int_equal(status_late_at(&clock), NOW + STATUS_LATE_MS);
}

static void a_folder_that_hangs_is_bad_news_and_covers_its_container(void **state)
{
	(void)state;
	struct scene v;

	set_scene(&v);
	v.containers[0].known.result = (struct result){.kind = OUTCOME_WAIT, .wait = WAIT_DISK};
	v.containers[0].known.outcome_at = NOW - 1;
	v.named[0].client = NULL;
	v.named[0].watch_folder = watch;
	v.placed[0] = (struct status_setup_place){watch, "folder", false};
	v.places[0].client.down_since = NOW - HOUR;
	assert_top(&v, FACT_FOLDER_HANGS, "The folder /watch has not answered since 24 Nov, 23:00.",
		   NULL);
	struct facts all;
	facts_find(&v.s, &all);
	for (size_t i = 0; i < all.n; i++)
		assert_int_not_equal(all.list[i].what, FACT_HELD);
	assert_string_equal(words_place_state(&v.places[0]), "does not answer");
}

static void times_are_as_short_as_they_may_be(void **state)
{
	(void)state;
	char out[CLOCK_TEXT];

	clock_short(NOW + 61000, NOW, out);
	assert_string_equal(out, "00:01");
	clock_short(NOW - 60000, NOW, out);
	assert_string_equal(out, "24 Nov, 23:59");
	clock_short(NOW - 365 * 24 * HOUR, NOW, out);
	assert_string_equal(out, "25 Nov 2025, 00:00");
	clock_short(0, NOW, out);
	assert_string_equal(out, "never");
}

static void a_cycle_looks_as_it_ended(void **state)
{
	(void)state;
	struct ledger_turn turn = {.container = attic, .result = {.kind = OUTCOME_OK}};
	struct scene v;

	set_scene(&v);
	v.cycles[0].turns = &turn;
	v.cycles[0].n_turns = 1;
	assert_int_equal(words_cycle(&v.s, 0), CYCLE_WELL);
	turn.result = result_of("FULL");
	assert_int_equal(words_cycle(&v.s, 0), CYCLE_QUIET);
	v.cycles[0].well = false;
	turn.result = result_of("WAIT");
	assert_int_equal(words_cycle(&v.s, 0), CYCLE_WAITED);
	v.cycles[0].failed = true;
	assert_int_equal(words_cycle(&v.s, 0), CYCLE_FAILED);
	v.cycles[0].ended_at = 0;
	assert_int_equal(words_cycle(&v.s, 0), CYCLE_CUT);
	v.s.working = true;
	assert_int_equal(words_cycle(&v.s, 0), CYCLE_RUNS);
}

/* ---- HTML and charts ---- */

static void nothing_from_outside_is_markup(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(10000);

	html_text(&out, "<script>alert('x' + \"y\") & more</script>\x1b[31m");
	assert_string_equal(buf_text(&out), "&lt;script&gt;alert(&#39;x&#39; + &quot;y&quot;) "
					    "&amp; more&lt;/script&gt;?[31m");
	buf_reset(&out);
	html_text(&out, NULL);
	assert_string_equal(buf_text(&out), "");
}

static void a_bar_shows_the_share(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(10000);

	chart_bar(&out, 250, 100, 1000, "a <b> c");
	assert_non_null(strstr(buf_text(&out), "<title>a &lt;b&gt; c</title>"));
	assert_non_null(strstr(buf_text(&out), "class=\"more\" width=\"350.0\""));
	assert_non_null(strstr(buf_text(&out), "class=\"part\" width=\"250.0\""));
	buf_reset(&out);
	chart_bar(&out, 3000, 0, 1000, "");
	assert_non_null(strstr(buf_text(&out), "class=\"part\" width=\"1000.0\""));
	buf_reset(&out);
	chart_bar(&out, 0, 0, 0, "");
	assert_non_null(strstr(buf_text(&out), "class=\"part\" width=\"0.0\""));
}

static void a_chart_rises_from_what_was_there_to_what_is(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(100000);
	struct ledger_day days[] = {{.day = 100, .n = 1, .bytes = 25},
				    {.day = 102, .n = 1, .adopted = 50}};
	const struct ledger_growth g = {.days = days, .n = 2, .before = 25, .first = 7};

	assert_false(chart_growth(&out, &g, 101, ""));
	assert_int_equal(out.len, 0);
	assert_true(chart_growth(&out, &g, 104, "t"));
	/* 50, 50, 100, 100, 100 % of the height of 60 below the top at 4. */
	assert_non_null(strstr(buf_text(&out), "class=\"line\" d=\"M0.0 34.0L80.0 34.0L160.0 "
					       "4.0L240.0 4.0L320.0 4.0\""));
	const struct ledger_growth years = {.days = days, .n = 2, .first = 100};
	buf_reset(&out);
	assert_true(chart_growth(&out, &years, 100 + 5000, "t"));
	assert_true(out.len < 6000);
}

static void the_policy_allows_its_own_style_and_script_alone(void **state)
{
	(void)state;
	OWN_STR char *policy = status_html_policy();

	assert_int_equal(strncmp(policy, "default-src 'none'; style-src 'sha256-", 38), 0);
	assert_non_null(strstr(policy, "; script-src 'sha256-"));
	assert_null(strstr(policy, "unsafe"));
}

/* ---- metrics ---- */

static void a_label_is_escaped_and_what_is_not_there_is_left_out(void **state)
{
	(void)state;
	OWN_BUF struct buf out = BUF_MAX(100000);
	struct scene v;

	set_scene(&v);
	v.named[0].name = (char[]){"a\"b\\c\nd"};
	status_metrics(&v.s, &out);
	assert_non_null(strstr(buf_text(&out), "ptp_archiver_container_torrents{container=\"a\\\"b"
					       "\\\\c\\nd\"} 0\n"));
	assert_null(strstr(buf_text(&out), "oldest_pending"));
	assert_null(strstr(buf_text(&out), "client_up"));
	assert_null(strstr(buf_text(&out), "backoff_until"));
	v.containers[1].totals.oldest_pending = 5000;
	v.places[0].client.down_since = 1;
	buf_reset(&out);
	status_metrics(&v.s, &out);
	assert_non_null(strstr(buf_text(&out),
			       "oldest_pending_timestamp_seconds{container=\"cellar\"} 5\n"));
	assert_non_null(strstr(buf_text(&out), "client_up{client=\"box\"} 0\n"));
}

/* ---- where it listens, who comes in ---- */

static void an_address_is_a_number_and_a_port(void **state)
{
	(void)state;
	static const char *const near[] = {"127.0.0.1:9980", "127.9.9.9:0", "[::1]:80",
					   "localhost:65535"};
	static const char *const far[] = {"0.0.0.0:9980", "192.168.1.4:80", "[::]:9980"};
	static const char *const wrong[] = {
		"9980", "127.0.0.1", "127.0.0.1:65536", "nas:80",        "127.0.0.1:-1",
		":80",  "[::1:80",   "::1:80",          "127.0.0.1:80 ", "[::1]:",
		"",     "[]:80"};
	struct listen_address a;

	for (size_t i = 0; i < COUNT(near); i++)
		assert_true(listen_parse(near[i], &a) && a.loopback);
	for (size_t i = 0; i < COUNT(far); i++)
		assert_true(listen_parse(far[i], &a) && !a.loopback);
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (listen_parse(wrong[i], &a))
			fail_msg("%s was taken", wrong[i]);
}

static void base64_is_read_strictly(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"", "YQ", "Y", "YQ=", "AGE=", "!!!!", "====", "YQ==YQ=="};
	OWN_STR char *two = base64_decode("dTpwYXNz");
	OWN_STR char *padded = base64_decode("YQ==");

	assert_string_equal(two, "u:pass");
	assert_string_equal(padded, "a");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		OWN_STR char *got = base64_decode(wrong[i]);
		if (got)
			fail_msg("%s became %s", wrong[i], got);
	}
}

static int in_utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_well),
		cmocka_unit_test(the_first_start),
		cmocka_unit_test(a_back_off_says_since_when_and_that_nothing_is_lost),
		cmocka_unit_test(a_failed_container_says_what_to_do),
		cmocka_unit_test(a_client_that_is_away_or_refuses_us),
		cmocka_unit_test(what_is_pending_and_lost_is_told_behind_the_good_news),
		cmocka_unit_test(candidates_of_a_lost_one_are_named),
		cmocka_unit_test(another_program_on_the_account_is_a_fact),
		cmocka_unit_test(the_film_s_page_is_a_link),
		cmocka_unit_test(what_is_tried_again_before_the_next_cycle_says_when),
		cmocka_unit_test(what_only_waits_is_told_and_not_called_healthy),
		cmocka_unit_test(trouble_of_the_daemons_own_is_on_top),
		cmocka_unit_test(what_the_tracker_gave_above_the_offer_is_told),
		cmocka_unit_test(a_first_cycle_that_was_cut_off_is_no_lack_of_one),
		cmocka_unit_test(what_is_pending_for_too_long_is_bad_news),
		cmocka_unit_test(what_the_audit_found_missing_leads),
		cmocka_unit_test(pings_and_messages_that_fail_are_facts),
		cmocka_unit_test(a_failure_says_since_when),
		cmocka_unit_test(a_cycle_that_does_not_begin_is_bad_news),
		cmocka_unit_test(a_cycle_may_take_an_hour_even_where_the_interval_is_shorter),
		cmocka_unit_test(a_folder_that_hangs_is_bad_news_and_covers_its_container),
		cmocka_unit_test(times_are_as_short_as_they_may_be),
		cmocka_unit_test(a_cycle_looks_as_it_ended),
		cmocka_unit_test(nothing_from_outside_is_markup),
		cmocka_unit_test(a_bar_shows_the_share),
		cmocka_unit_test(a_chart_rises_from_what_was_there_to_what_is),
		cmocka_unit_test(the_policy_allows_its_own_style_and_script_alone),
		cmocka_unit_test(a_label_is_escaped_and_what_is_not_there_is_left_out),
		cmocka_unit_test(an_address_is_a_number_and_a_port),
		cmocka_unit_test(base64_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, in_utc, NULL);
}
