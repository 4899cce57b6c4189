#include "view/status_words.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "core/pace.h"
#include "ports/engine_native.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define OLD_MS (24 * 3600 * INT64_C(1000)) /* something pending for longer is worth a look */

/* ---- times ---- */

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool split(int64_t when, struct tm *tm)
{
	time_t seconds = (time_t)(when / 1000);

	return when > 0 && localtime_r(&seconds, tm);
}

void words_time(int64_t when, int64_t now, char out[WORDS_TIME])
{
	struct tm t, n = {0};

	if (!split(when, &t)) {
		snprintf(out, WORDS_TIME, "never");
		return;
	}
	split(now, &n);
	if (t.tm_year != n.tm_year)
		snprintf(out, WORDS_TIME, "%d %s %d, %02d:%02d", t.tm_mday, months[t.tm_mon],
			 t.tm_year + 1900, t.tm_hour, t.tm_min);
	else if (t.tm_yday != n.tm_yday)
		snprintf(out, WORDS_TIME, "%d %s, %02d:%02d", t.tm_mday, months[t.tm_mon],
			 t.tm_hour, t.tm_min);
	else
		snprintf(out, WORDS_TIME, "%02d:%02d", t.tm_hour, t.tm_min);
}

void words_date(int64_t when, char out[WORDS_TIME])
{
	struct tm t;

	if (split(when, &t))
		snprintf(out, WORDS_TIME, "%d %s %d", t.tm_mday, months[t.tm_mon],
			 t.tm_year + 1900);
	else
		snprintf(out, WORDS_TIME, "never");
}

/* "2 h 13 m", and without seconds from a minute on. */
static void about(int64_t ms, char out[CLOCK_TEXT])
{
	clock_span(ms, out);
	char *seconds = strstr(out, " m ");
	if (seconds)
		seconds[2] = '\0';
}

char *words_detail(const struct status_container *c, int64_t now)
{
	return outcome_words(&c->known.result, c->known.detail, c->known.until, now);
}

/* ---- notices ---- */

static void note(struct remarks *all, enum remark_level level, char *text, const char *hint)
{
	if (all->n == WORDS_REMARKS) {
		free(text);
		return;
	}
	all->list[all->n++] = (struct remark){level, text, mem_dup(hint)};
}

void remarks_clear(struct remarks *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->list[i].text);
		free(all->list[i].hint);
	}
	*all = (struct remarks){0};
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

bool words_is_trackers(const struct status *s, const struct result *r)
{
	static const bool trackers[ERR_CODES] = {
		[WORD_HTTP] = true, [WORD_TIMEOUT] = true,  [WORD_NETWORK] = true,
		[WORD_TLS] = true,  [WORD_PROTOCOL] = true, [WORD_TRACKER] = true,
		[WORD_AUTH] = true};

	if (!status_backoff(s))
		return false;
	if (r->kind == OUTCOME_WAIT)
		return r->wait == WAIT_BACKOFF || r->wait == WAIT_TIME;
	return r->kind == OUTCOME_ERR && trackers[r->code];
}

static const struct status_place *place_of(const struct status *s, const char *client)
{
	for (size_t i = 0; client && i < s->setup->n_places; i++)
		if (s->places[i].setup->is_client && strcmp(s->places[i].setup->name, client) == 0)
			return &s->places[i];
	return NULL;
}

/* Of a client that is away, or files that it does not take. */
static bool client_is_told(const struct status *s, const struct status_container *c)
{
	const struct status_place *p = place_of(s, c->setup->client);

	return p ? p->client.refused[0] || p->client.down_since : c->totals.late > 0;
}

/* What a container waits for is told once, where the tracker or its client is spoken of. */
static bool is_covered(const struct status *s, const struct status_container *c)
{
	return (result_waits(&c->known.result, WAIT_CLIENT) && client_is_told(s, c)) ||
	       words_is_trackers(s, &c->known.result);
}

static const struct status_container *find_container(const struct status *s, const char *name)
{
	for (size_t i = 0; i < s->setup->n_containers; i++)
		if (strcmp(s->setup->containers[i].name, name) == 0)
			return &s->containers[i];
	return NULL;
}

/* "in the next cycle", or "at the next try, in 4 m"; `c` NULL: of any container. */
static char *at_next(const struct status *s, const struct status_container *c)
{
	int64_t when = c ? status_next_try_of(s, c) : status_next_try(s);
	char span[CLOCK_TEXT];

	if (!when)
		return mem_dup("in the next cycle");
	if (when <= s->now)
		return mem_dup("at once");
	about(when - s->now, span);
	return mem_printf("at the next try, in %s", span);
}

char *words_outcome_hint(const struct status *s, const struct status_container *c)
{
	const char *known = result_hint(&c->known.result);

	if (known)
		return mem_dup(known);
	OWN_STR char *when = at_next(s, c);
	return mem_printf("It is tried again %s.", when);
}

/* Held back by what passes by itself. */
static bool only_waits(const struct result *r)
{
	return result_is_well(r) && (r->kind == OUTCOME_WAIT || r->kind == OUTCOME_STALLED);
}

static void note_outcome(const struct status *s, const struct status_container *c,
			 struct remarks *all)
{
	const struct result *r = &c->known.result;
	OWN_STR char *detail = words_detail(c, s->now);
	char when[WORDS_TIME], text[OUTCOME_TEXT];

	if (!c->known.outcome_at || is_covered(s, c))
		return;
	if (only_waits(r))
		note(all, REMARK_NOTE, mem_printf("%s waits: %s.", c->setup->name, detail),
		     "It passes by itself as the client gets on.");
	if (result_is_well(r))
		return;
	OWN_STR char *hint = words_outcome_hint(s, c);
	words_time(c->known.outcome_at, s->now, when);
	result_text(r, text);
	note(all, REMARK_BAD,
	     mem_printf("%s: %s at %s%s%s.", c->setup->name, text, when, detail[0] ? ": " : "",
			detail),
	     hint);
}

static bool is_refusal(const struct pace_reason *why)
{
	return why->unproven || why->status == 401;
}

void words_tracker(const struct status *s, struct remarks *out)
{
	char since[WORDS_TIME], next[WORDS_TIME], span[CLOCK_TEXT];

	if (!status_backoff(s))
		return;
	words_time(s->pace.since ? s->pace.since : s->pace.last_request, s->now, since);
	words_time(s->pace.backoff_until, s->now, next);
	about(status_backoff(s), span);
	bool refused = is_refusal(&s->pace.reason);
	OWN_STR char *hint =
		mem_printf("%sNext try in %s, at %s. %s",
			   refused ? "Correct PTP_USER and PTP_KEY; `ptp-archiver check "
				     "--online` tries them. "
				   : "",
			   span, next,
			   s->lost.n ? "What was assigned stays in the ledger."
				     : "Nothing is lost: what was assigned stays in the "
				       "ledger.");
	note(out, REMARK_BAD,
	     refused ? mem_printf("The tracker does not accept ApiUser and ApiKey, since %s.",
				  since)
		     : mem_printf("The tracker has not been well since %s: %s.", since,
				  s->pace.reason.text),
	     hint);
}

static uint64_t waiting_for(const struct status *s, const char *client)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->setup->n_containers; i++)
		if (s->setup->containers[i].client &&
		    strcmp(s->setup->containers[i].client, client) == 0)
			n += s->containers[i].totals.pending;
	return n;
}

static void note_place(const struct status *s, const struct status_place *p, struct remarks *all)
{
	const char *name = p->setup->name;
	uint64_t n = waiting_for(s, name);
	char since[WORDS_TIME];

	if (p->client.refused[0]) {
		note(all, REMARK_BAD,
		     mem_printf("%s does not accept its user name or password.", name),
		     "Correct them in config.ptp, then restart or send SIGHUP. It is not called "
		     "until then, so that it does not ban us.");
	} else if (p->client.down_since) {
		words_time(p->client.down_since, s->now, since);
		note(all, REMARK_BAD,
		     mem_printf("The client %s has been away since %s; %" PRIu64
				" torrent%s wait%s for it.",
				name, since, n, plural(n), n == 1 ? "s" : ""),
		     "It is called again by itself. Nothing is lost.");
	}
}

static void note_lost(const struct status *s, struct remarks *all)
{
	size_t n = s->lost.n;

	if (n)
		note(all, REMARK_NOTE,
		     mem_printf("%zu assignment%s possibly lost: the answer to a question did not "
				"come.",
				n, n == 1 ? " is" : "s are"),
		     "The list below says what is done about it.");
}

struct open_counts {
	size_t young, old, aside, orphans;
};

static struct open_counts count_open(const struct status *s)
{
	struct open_counts n = {0};

	for (size_t i = 0; i < s->pending.n; i++) {
		const struct assignment *a = &s->pending.rows[i];
		if (!find_container(s, a->container))
			n.orphans++;
		else if (a->set_aside)
			n.aside++;
		else if (s->now - a->asked_at > OLD_MS)
			n.old++;
		else
			n.young++;
	}
	return n;
}

static void note_pending(const struct status *s, struct remarks *all)
{
	const struct open_counts n = count_open(s);
	OWN_STR char *when = at_next(s, NULL);
	OWN_STR char *hint = s->working ? mem_dup("A cycle is at work.")
					: mem_printf("What is pending is gone on with %s.", when);

	if (n.old)
		note(all, REMARK_BAD,
		     mem_printf("%zu torrent%s pending for more than a day.", n.old,
				n.old == 1 ? " has been" : "s have been"),
		     "The list below says why. Every cycle begins with them.");
	if (n.aside)
		note(all, REMARK_BAD,
		     mem_printf("%zu torrent%s set aside after five tries.", n.aside,
				n.aside == 1 ? " was" : "s were"),
		     "They are tried again once a day, and by `ptp-archiver fetch --force`.");
	if (n.orphans)
		note(all, REMARK_BAD,
		     mem_printf("%zu torrent%s pending for containers that are not configured any "
				"more.",
				n.orphans, n.orphans == 1 ? " is" : "s are"),
		     "Configure them again to have these delivered.");
	if (n.young)
		note(all, REMARK_NOTE,
		     mem_printf("%zu torrent%s pending.", n.young, n.young == 1 ? " is" : "s are"),
		     hint);
}

static void note_pick_ups(const struct status *s, struct remarks *all)
{
	uint64_t late = 0, refused = 0;

	for (size_t i = 0; i < s->setup->n_containers; i++) {
		late += s->containers[i].totals.late;
		refused += s->containers[i].totals.refused;
	}
	if (late)
		note(all, REMARK_BAD,
		     mem_printf("%" PRIu64 " file%s been picked up by the client.", late,
				late == 1 ? " has not" : "s have not"),
		     "Does the client look into the watch folder? If it leaves files there, set "
		     "PickUpWithin to off.");
	if (refused)
		note(all, REMARK_NOTE,
		     mem_printf("%" PRIu64 " file%s put aside by the client.", refused,
				refused == 1 ? " was" : "s were"),
		     "It has renamed them in the watch folder.");
}

static void note_strays(const struct status *s, struct remarks *all)
{
	if (s->n_strays)
		note(all, REMARK_BAD,
		     mem_printf("%zu torrent%s downloaded for containers that are not configured.",
				s->n_strays, s->n_strays == 1 ? " was" : "s were"),
		     "`ptp-archiver status` says where. Configure them again, or remove the "
		     "files.");
}

static void note_trouble(const struct status *s, struct remarks *all)
{
	char since[WORDS_TIME];

	if (s->work.since) {
		words_time(s->work.since, s->now, since);
		note(all, REMARK_BAD,
		     mem_printf("No cycle can be run, since %s: %s.", since, s->work.text),
		     strstr(s->work.text, "No space left")
			     ? "Make room on its disk: the daemon goes on by itself within ten "
			       "minutes. Nothing is asked of the tracker meanwhile."
			     : "When it is fixed, the daemon goes on by itself within ten "
			       "minutes. "
			       "Nothing is asked of the tracker meanwhile.");
	}
	if (s->config.since) {
		words_time(s->config.since, s->now, since);
		note(all, REMARK_BAD, mem_printf("At %s %s.", since, s->config.text),
		     "Correct it, and reload again.");
	}
}

static void note_daemon(const struct status *s, struct remarks *all)
{
	char since[WORDS_TIME];

	if (!s->daemon)
		note(all, REMARK_BAD, mem_dup("The daemon is not running."),
		     "Start it with `ptp-archiver run`.");
	if (!status_is_overdue(s) || !s->daemon || s->work.since)
		return;
	words_time(s->clock.next_cycle, s->now, since);
	note(all, REMARK_BAD,
	     mem_printf("The next cycle has been due since %s, and does not begin.", since),
	     "Look into the log; a restart loses nothing.");
}

static void note_version(const struct status *s, struct remarks *all)
{
	if (num_version_compare(s->pace.announced, ENGINE_NATIVE_SPEAKS) > 0)
		note(all, REMARK_NOTE,
		     mem_printf("The tracker announces version %s of its utility; this program "
				"speaks the protocol of %s.",
				s->pace.announced, ENGINE_NATIVE_SPEAKS),
		     "Look for a newer ptp-archiver.");
}

/* "All three containers" */
static char *all_of_them(size_t n)
{
	static const char *const words[] = {"two",   "three", "four", "five", "six",
					    "seven", "eight", "nine", "ten"};

	if (n == 2)
		return mem_dup("Both containers");
	return n <= 10 ? mem_printf("All %s containers", words[n - 2])
		       : mem_printf("All %zu containers", n);
}

static bool all_full(const struct status *s)
{
	for (size_t i = 0; i < s->setup->n_containers; i++)
		if (!s->containers[i].known.outcome_at ||
		    s->containers[i].known.result.kind != OUTCOME_FULL)
			return false;
	return true;
}

static size_t count_without_turn(const struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->setup->n_containers; i++)
		n += !s->containers[i].known.outcome_at;
	return n;
}

static size_t count_waiting(const struct status *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->setup->n_containers; i++)
		n += s->containers[i].known.outcome_at &&
		     only_waits(&s->containers[i].known.result);
	return n;
}

static char *before_the_first(const struct status *s)
{
	if (s->working)
		return mem_dup("The first cycle is at work.");
	return mem_dup(s->n_cycles ? "The first cycle was cut off before it ended."
				   : "Ready. No cycle has run yet.");
}

static char *all_well(const struct status *s)
{
	size_t n = s->setup->n_containers;
	size_t waiting = count_waiting(s), without = count_without_turn(s);

	if (n == 0)
		return mem_dup("No containers are configured.");
	if (without == n)
		return before_the_first(s);
	OWN_STR char *subject =
		n == 1 ? mem_printf("The container %s", s->setup->containers[0].name)
		       : all_of_them(n);
	if (waiting == n)
		return mem_printf("Nothing is wrong. %s wait%s.", subject, n == 1 ? "s" : "");
	if (waiting)
		return mem_printf("Nothing is wrong. %zu of %zu containers wait%s.", waiting, n,
				  waiting == 1 ? "s" : "");
	if (without)
		return mem_printf("Nothing is wrong. %zu of %zu containers had no turn yet.",
				  without, n);
	return mem_printf("%s %s %s.", subject, n == 1 ? "is" : "are",
			  all_full(s) ? "full" : "healthy");
}

/* The worst first; those of a level stay in their order. */
static void sort(struct remarks *all)
{
	for (size_t i = 1; i < all->n; i++)
		for (size_t k = i; k && all->list[k].level > all->list[k - 1].level; k--) {
			struct remark one = all->list[k];
			all->list[k] = all->list[k - 1];
			all->list[k - 1] = one;
		}
}

void words_remarks(const struct status *s, struct remarks *out)
{
	note_trouble(s, out);
	note_daemon(s, out);
	words_tracker(s, out);
	for (size_t i = 0; i < s->setup->n_places; i++)
		note_place(s, &s->places[i], out);
	for (size_t i = 0; i < s->setup->n_containers; i++)
		note_outcome(s, &s->containers[i], out);
	note_pending(s, out);
	note_strays(s, out);
	note_pick_ups(s, out);
	note_lost(s, out);
	note_version(s, out);
	sort(out);
	if (out->n && out->list[0].level == REMARK_BAD)
		return;
	if (out->n == WORDS_REMARKS) {
		out->n--;
		free(out->list[out->n].text);
		free(out->list[out->n].hint);
	}
	memmove(&out->list[1], out->list, out->n * sizeof *out->list);
	out->list[0] = (struct remark){REMARK_GOOD, all_well(s), NULL};
	out->n++;
}

/* ---- sentences ---- */

char *words_next(const struct status *s)
{
	char when[WORDS_TIME], span[CLOCK_TEXT], try_when[WORDS_TIME], try_span[CLOCK_TEXT];
	int64_t next_try = status_next_try(s);

	if (s->working)
		return mem_dup("A cycle is at work.");
	if (!s->daemon)
		return mem_dup("Without the daemon no cycle will begin.");
	if (s->work.since)
		return mem_dup("No cycle begins before that is fixed.");
	if (s->clock.next_cycle <= s->now)
		return mem_dup("The next cycle is about to begin.");
	words_time(s->clock.next_cycle, s->now, when);
	about(s->clock.next_cycle - s->now, span);
	if (s->pace.backoff_until > s->clock.next_cycle)
		return mem_printf("The next cycle, due in %s, at %s, will have to wait for that.",
				  span, when);
	if (!next_try)
		return mem_printf("Next cycle in %s, at %s.", span, when);
	/* The line above has said when the tracker is tried again. */
	if (status_backoff(s))
		return mem_printf("The next whole cycle is due in %s, at %s.", span, when);
	words_time(next_try, s->now, try_when);
	about(next_try > s->now ? next_try - s->now : 0, try_span);
	return mem_printf("Next try in %s, at %s; the next whole cycle in %s, at %s.", try_span,
			  try_when, span, when);
}

const char *words_place_state(const struct status_place *p)
{
	if (!p->setup->is_client)
		return "folder";
	if (p->client.refused[0])
		return "refuses us";
	if (p->client.down_since)
		return "away";
	return p->client.seen_at ? "here" : "not called yet";
}

/* The tracker has answered since then, and did not list it. */
static bool was_searched(const struct status_container *c, const struct assignment *a)
{
	return c && c->known.result.kind == OUTCOME_OK && c->known.outcome_at > a->changed_at;
}

char *words_doing(const struct status *s, const struct assignment *a)
{
	const struct status_container *c = find_container(s, a->container);

	if (a->state == ASSIGNMENT_LOST && was_searched(c, a))
		return mem_dup("The answers since then did not list it. If the tracker shows "
			       "nothing incomplete in this container, nothing is lost.");
	if (a->state == ASSIGNMENT_LOST || a->state == ASSIGNMENT_ASKING)
		return mem_dup("The tracker's answer in the next cycle is searched for it.");
	if (!c)
		return mem_dup("Its container is not configured any more: configure it again.");
	if (a->set_aside)
		return mem_dup("It is tried again once a day.");
	const struct status_place *place = place_of(s, c->setup->client);
	OWN_STR char *when = at_next(s, c);
	switch (a->state) {
	case ASSIGNMENT_ASSIGNED:
		return mem_printf("Its .torrent is downloaded %s.", when);
	case ASSIGNMENT_FETCHED:
	case ASSIGNMENT_DELIVERING:
		if (place && place->client.refused[0])
			return mem_printf("It is in the vault, until %s lets us in.",
					  c->setup->client);
		return mem_printf("It is in the vault, and is delivered %s.", when);
	default:
		return mem_printf("It is delivered; AfterFetchExec is run %s.", when);
	}
}

/* The tracker decides what full is, and the last torrent may go over. */
static char *full_words(const struct status_container *c)
{
	char more[NUM_TEXT];

	if (c->totals.bytes <= c->setup->allocated)
		return mem_dup("It is full.");
	num_bytes(c->totals.bytes - c->setup->allocated, more);
	return mem_printf("It is full, with %s more than you offered.", more);
}

char *words_forecast(const struct status_container *c)
{
	const struct forecast *f = &c->forecast;
	char day[WORDS_TIME], rate[NUM_TEXT];

	num_bytes(f->per_day, rate);
	words_date(f->at, day);
	switch (f->kind) {
	case FORECAST_FULL:
		return full_words(c);
	case FORECAST_LATER:
		return mem_printf("At %s a day it will not be full within ten years.", rate);
	case FORECAST_DAY:
		return mem_printf("At %s a day it will be full around %s.", rate, day);
	default:
		return mem_dup("There is too little history to say when it will be full.");
	}
}

enum cycle_look words_cycle(const struct status *s, size_t i)
{
	const struct ledger_cycle *c = &s->cycles[i];
	bool delivered = false;

	if (!c->ended_at)
		return i == 0 && s->working ? CYCLE_RUNS : CYCLE_CUT;
	for (size_t k = 0; k < c->n_turns; k++)
		delivered |= c->turns[k].result.kind == OUTCOME_OK;
	if (c->well)
		return delivered ? CYCLE_WELL : CYCLE_QUIET;
	return c->failed ? CYCLE_FAILED : CYCLE_WAITED;
}
