#include "core/events.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"
#include "base/text.h"
#include "model/fact.h"

#include <stdio.h>
#include <string.h>

#define LISTED_MAX 10 /* of many, so many are named */

/* ---- lists ---- */

void events_clear(struct events *e)
{
	for (size_t i = 0; i < e->n; i++)
		event_clear(&e->list[i]);
	free(e->list);
	*e = (struct events){0};
}

void notices_clear(struct notices *n)
{
	for (size_t i = 0; i < n->n; i++)
		notice_clear(&n->list[i]);
	free(n->list);
	*n = (struct notices){0};
}

static struct notice *find(const struct notices *told, enum notice_kind kind, const char *name)
{
	for (size_t i = 0; i < told->n; i++)
		if (told->list[i].kind == kind && strcmp(told->list[i].name, name) == 0)
			return &told->list[i];
	return NULL;
}

static struct notice *find_or_add(struct notices *told, enum notice_kind kind, const char *name)
{
	struct notice *n = find(told, kind, name);

	if (n)
		return n;
	told->list = mem_grow(told->list, told->n + 1, sizeof *told->list);
	n = &told->list[told->n++];
	*n = (struct notice){.kind = kind, .name = mem_dup(name)};
	return n;
}

/* `title` and `text` are taken over. */
static struct event *add(struct events *out, const struct events_now *in, enum event_kind kind,
			 enum event_level level, const char *name, char *title, char *text)
{
	out->list = mem_grow(out->list, out->n + 1, sizeof *out->list);
	struct event *e = &out->list[out->n++];
	*e = (struct event){.at = in->now, .kind = kind, .level = level, .text = text};
	text_copy(e->title, sizeof e->title, title);
	text_copy(e->name, sizeof e->name, name);
	free(title);
	return e;
}

/* Times in a message are complete: it is read later, and elsewhere. */
static void add_fact(struct events *out, const struct events_now *in, enum event_kind kind,
		     enum event_level level, const char *name, const struct fact *f)
{
	add(out, in, kind, level, name, fact_title(f, FACT_COMPLETE),
	    fact_remedy(f, FACT_COMPLETE));
}

static void add_over(struct events *out, const struct events_now *in, enum event_kind kind,
		     const char *name, const struct fact *f)
{
	add(out, in, kind, EVENT_GOOD, name, fact_over(f, FACT_COMPLETE),
	    fact_over_more(f, FACT_COMPLETE));
}

/* What goes before the remedy: lines, which are emptied. */
static char *with_remedy(struct buf *lines, const struct fact *f)
{
	OWN_STR char *remedy = fact_remedy(f, FACT_COMPLETE);

	buf_puts(lines, remedy);
	return buf_take(lines);
}

static unsigned kinds_of(const struct events *out)
{
	unsigned bits = 0;

	for (size_t i = 0; i < out->n; i++)
		bits |= EVENT_BIT(out->list[i].kind);
	return bits;
}

static void add_rest(struct buf *lines, size_t n)
{
	if (n > LISTED_MAX)
		buf_printf(lines, "and %zu more\n", n - LISTED_MAX);
}

/* ---- what begins and ends ---- */

enum change { NOTHING, BEGAN, ENDED };

static bool ended_recently(const struct notice *n, int64_t now)
{
	return n->ended && now >= n->ended && now - n->ended < EVENTS_FLAP_MS;
}

/* `since`: when it began, if it is on. */
static enum change follow(struct notice *n, bool on, int64_t since, int64_t now)
{
	if (on && !n->on) {
		n->on = n->changed = true;
		n->since = since;
		n->told = !ended_recently(n, now);
		return n->told ? BEGAN : NOTHING;
	}
	if (on && !n->told && now - n->since >= EVENTS_FLAP_MS) {
		n->told = n->changed = true;
		return BEGAN;
	}
	if (on || !n->on)
		return NOTHING;
	n->on = false;
	n->changed = true;
	n->ended = now;
	return n->told ? ENDED : NOTHING;
}

/* What is not configured any more is neither on nor worth a word. */
static void drop(struct notices *told, enum notice_kind kind,
		 bool (*known)(const void *, const char *), const void *ctx)
{
	for (size_t i = 0; i < told->n; i++) {
		struct notice *n = &told->list[i];
		if (!n->on || n->kind != kind || known(ctx, n->name))
			continue;
		n->on = n->told = false;
		n->changed = true;
	}
}

static void span_since(const struct notice *n, int64_t now, char out[CLOCK_TEXT])
{
	clock_span(now - n->since, out);
}

/* ---- failure ---- */

#define HINTS_MAX (ERR_CODES + OUTCOME_WAITS)

/* Containers of which the same is reported. */
struct group {
	struct buf lines;             /* one each */
	const char *hints[HINTS_MAX]; /* what can be done, each once; NULL: wait */
	size_t n_hints;
	int64_t since; /* when the first of them began to fail */
	size_t n;
	const struct outcome *first;
	bool not_the_clients; /* one of them at least is not the client's doing */
};

#define NO_GROUP                                 \
	{                                        \
		.lines = BUF_MAX(EVENT_TEXT_MAX) \
	}

struct changes {
	struct group began, changed, ended;
};

static void changes_clear(struct changes *c)
{
	buf_clear(&c->began.lines);
	buf_clear(&c->changed.lines);
	buf_clear(&c->ended.lines);
}

static bool is_container(const void *ctx, const char *name)
{
	const struct events_now *in = ctx;

	for (size_t i = 0; i < in->n_containers; i++)
		if (strcmp(in->containers[i].name, name) == 0)
			return true;
	return !*name;
}

static void add_hint(struct group *g, const char *hint)
{
	for (size_t i = 0; i < g->n_hints; i++)
		if (g->hints[i] == hint)
			return;
	if (g->n_hints < HINTS_MAX)
		g->hints[g->n_hints++] = hint;
}

static void join_group(struct group *g, const struct outcome *o, bool clients)
{
	if (g->n++ == 0)
		g->first = o;
	g->not_the_clients |= !clients;
}

/* "attic: ERR(Tracker): it is closed" */
static void add_failing(struct group *g, const struct outcome *o, int64_t since)
{
	OWN_STR char *detail = outcome_words(&o->result, o->detail, o->until, clock_now());
	char word[OUTCOME_TEXT];

	result_text(&o->result, word);
	join_group(g, o, result_is_clients(&o->result));
	g->since = g->since && g->since < since ? g->since : since;
	add_hint(g, fact_hint(&o->result));
	if (g->n > LISTED_MAX)
		return;
	buf_printf(&g->lines, "%s%s%s%s", o->container, *o->container ? ": " : "", word,
		   *detail ? ": " : "");
	buf_printf(&g->lines, "%s\n", detail);
}

static void add_mended(struct group *g, const struct outcome *o, const struct notice *n,
		       int64_t now)
{
	char word[OUTCOME_TEXT], first[OUTCOME_TEXT], span[CLOCK_TEXT];
	OWN_STR char *others = result_causes_text(n->causes & ~result_cause(&n->first));

	result_text(&o->result, word);
	result_text(&n->first, first);
	span_since(n, now, span);
	join_group(g, o, result_is_clients(&n->first) && !*others);
	if (g->n > LISTED_MAX)
		return;
	buf_printf(&g->lines, "%s%s%s, after %s of ", o->container, *o->container ? ": " : "", word,
		   span);
	buf_printf(&g->lines, "%s%s\n", first, others);
}

/* Keeps that this outcome was reported of the failure; false: it was already. */
static bool note_told(struct notice *n, const struct result *r)
{
	if (n->causes & result_cause(r))
		return false;
	n->causes |= result_cause(r);
	n->changed = true;
	return true;
}

static void follow_failing(const struct events_now *in, const struct outcome *o,
			   struct notices *told, struct changes *c)
{
	struct notice *n = find_or_add(told, NOTICE_FAILURE, o->container);
	enum change change = follow(n, true, in->now, in->now);
	const struct result *r = &o->result;

	if (change == BEGAN) {
		n->first = *r;
		n->causes = result_cause(r);
		add_failing(&c->began, o, n->since);
	} else if (n->told && result_needs_a_person(r) && note_told(n, r)) {
		add_failing(&c->changed, o, n->since);
	}
}

static void follow_outcome(const struct events_now *in, const struct outcome *o,
			   struct notices *told, struct changes *c)
{
	struct notice *n = find(told, NOTICE_FAILURE, o->container);

	if (!result_is_well(&o->result))
		follow_failing(in, o, told, c);
	else if (n && follow(n, false, in->now, in->now) == ENDED)
		add_mended(&c->ended, o, n, in->now);
}

static struct fact fact_of(const struct group *g)
{
	const struct result *r = &g->first->result;
	struct fact f = {.what = FACT_FAILS,
			 .container = g->first->container,
			 .since = g->since,
			 .count = g->n,
			 .next = FACT_BY_ITSELF,
			 .result = *r};

	if (!*g->first->container)
		f.what = FACT_STUCK;
	else if (g->n == 1 && r->kind == OUTCOME_WAIT)
		f.what = FACT_HELD;
	return f;
}

/* Lines, and what can be done: a sentence for each remedy. */
static char *failing_text(struct group *g)
{
	add_rest(&g->lines, g->n);
	for (size_t i = 0; i < g->n_hints; i++)
		buf_printf(&g->lines, "%s%s", i ? " " : "",
			   g->hints[i] ? g->hints[i] : "The program retries by itself.");
	return buf_take(&g->lines);
}

static void tell_failing(const struct events_now *in, struct group *g, struct events *out,
			 const char *name)
{
	if (!g->n)
		return;
	const struct fact f = fact_of(g);
	struct event *e = add(out, in, EVENT_FAILURE, EVENT_ERROR, name,
			      fact_title(&f, FACT_COMPLETE), failing_text(g));
	if (!g->not_the_clients)
		e->covered = kinds_of(out) & (EVENT_BIT(EVENT_CLIENT) | EVENT_BIT(EVENT_PICK_UP));
}

static void tell_end(const struct events_now *in, struct group *g, struct events *out)
{
	if (!g->n)
		return;
	const struct fact f = fact_of(g);
	add_rest(&g->lines, g->n);
	struct event *e = add(out, in, EVENT_FAILURE, EVENT_GOOD, "failure.end",
			      fact_over(&f, FACT_COMPLETE), buf_take(&g->lines));
	if (!g->not_the_clients)
		e->covered = kinds_of(out) & EVENT_BIT(EVENT_CLIENT);
}

static void find_failures(const struct events_now *in, struct notices *told, struct events *out)
{
	OWN(changes_clear)
	struct changes c = {.began = NO_GROUP, .changed = NO_GROUP, .ended = NO_GROUP};

	drop(told, NOTICE_FAILURE, is_container, in);
	for (size_t i = 0; i < in->n_outcomes; i++)
		follow_outcome(in, &in->outcomes[i], told, &c);
	tell_failing(in, &c.began, out, "failure.begin");
	tell_failing(in, &c.changed, out, "failure.change");
	tell_end(in, &c.ended, out);
}

/* ---- clients ---- */

static bool is_client(const void *ctx, const char *name)
{
	const struct events_now *in = ctx;

	for (size_t i = 0; i < in->n_clients; i++)
		if (strcmp(in->clients[i].name, name) == 0)
			return true;
	return false;
}

/* A client that was away, and refuses the password then, no longer comes back by itself.  Reported
 * once. */
static bool is_news(struct notice *n, enum change change, bool refused)
{
	bool worse = n->on && n->told && refused && !(n->causes & NOTICE_REFUSES);

	if (change != BEGAN && !worse)
		return false;
	n->causes = refused ? NOTICE_REFUSES : NOTICE_AWAY;
	n->changed = true;
	return true;
}

static void follow_client(const struct events_now *in, const struct events_client *c,
			  struct notices *told, struct events *out)
{
	bool on = c->refused || c->down_since;
	struct notice *n =
		on ? find_or_add(told, NOTICE_CLIENT, c->name) : find(told, NOTICE_CLIENT, c->name);
	if (!n)
		return;
	int64_t since = c->down_since && c->down_since < in->now ? c->down_since : in->now;
	const struct fact f = {.what = c->refused ? FACT_CLIENT_REFUSES : FACT_CLIENT_AWAY,
			       .client = c->name,
			       .since = on ? since : n->since,
			       .until = in->now};
	enum change change = follow(n, on, since, in->now);
	bool news = is_news(n, change, c->refused);
	if (news && c->refused)
		add_fact(out, in, EVENT_CLIENT, EVENT_ERROR, "client.refuses", &f);
	else if (news)
		add_fact(out, in, EVENT_CLIENT, EVENT_WARNING, "client.away", &f);
	if (change == ENDED)
		add_over(out, in, EVENT_CLIENT, "client.back", &f);
}

static void find_clients(const struct events_now *in, struct notices *told, struct events *out)
{
	drop(told, NOTICE_CLIENT, is_client, in);
	for (size_t i = 0; i < in->n_clients; i++)
		follow_client(in, &in->clients[i], told, out);
}

/* ---- full ---- */

static const char *size_of(const struct events_now *in, const char *name)
{
	for (size_t i = 0; i < in->n_containers; i++)
		if (strcmp(in->containers[i].name, name) == 0)
			return in->containers[i].size;
	return "";
}

static void find_full(const struct events_now *in, struct notices *told, struct events *out)
{
	for (size_t i = 0; i < in->n_outcomes; i++) {
		const struct outcome *o = &in->outcomes[i];
		if (o->result.kind != OUTCOME_FULL)
			continue;
		const char *size = size_of(in, o->container);
		struct notice *n = find_or_add(told, NOTICE_FULL, o->container);
		if (n->told && strcmp(n->value, size) == 0)
			continue;
		text_copy(n->value, sizeof n->value, size);
		n->told = n->changed = true;
		n->since = in->now;
		const struct fact f = {
			.what = FACT_FULL, .container = o->container, .detail = size};
		add_fact(out, in, EVENT_FULL, EVENT_INFO, "full", &f);
	}
}

/* ---- what is reported once each: those that are newer than the last report ---- */

struct fresh {
	struct buf lines;
	size_t n;
};

static const char *shown_name(const struct assignment *a)
{
	return a->name ? a->name : a->path ? a->path : "";
}

static void add_line(struct fresh *f, const struct assignment *a, bool with_name)
{
	const char *more = with_name ? shown_name(a) : a->note ? a->note : "";

	if (++f->n <= LISTED_MAX)
		buf_printf(&f->lines, "%s%s%s\n", a->container, *more ? ": " : "", more);
}

/* Moves the mark on to the newest of `list`. */
static struct fresh take_fresh(struct notice *mark, const struct assignment *list, size_t n,
			       bool by_pick_up, int64_t now)
{
	struct fresh f = {.lines = BUF_MAX(EVENT_TEXT_MAX)};
	/* The clock was set back. */
	int64_t told = mark->since > now ? now : mark->since, newest = told;

	for (size_t i = 0; i < n; i++) {
		int64_t at = by_pick_up ? list[i].pick_up_at : list[i].changed_at;
		if (at <= told || at > now)
			continue;
		add_line(&f, &list[i], by_pick_up);
		newest = at > newest ? at : newest;
	}
	add_rest(&f.lines, f.n);
	mark->changed |= newest != mark->since;
	mark->since = newest;
	return f;
}

static void find_lost(const struct events_now *in, struct notices *told, struct events *out)
{
	struct notice *mark =
		in->n_lost ? find_or_add(told, NOTICE_LOST, "") : find(told, NOTICE_LOST, "");

	if (!mark)
		return;
	struct fresh fresh = take_fresh(mark, in->lost, in->n_lost, false, in->now);
	const struct fact f = {.what = FACT_LOST, .count = fresh.n};
	if (fresh.n) {
		mark->on = mark->changed = true;
		add(out, in, EVENT_LOST, EVENT_WARNING, "lost.begin", fact_title(&f, FACT_COMPLETE),
		    with_remedy(&fresh.lines, &f));
		return;
	}
	buf_clear(&fresh.lines);
	if (in->n_lost || !mark->on)
		return;
	mark->on = false;
	mark->changed = true;
	add_over(out, in, EVENT_LOST, "lost.end", &f);
}

static void find_shared(const struct events_now *in, struct notices *told, struct events *out)
{
	struct notice *mark =
		in->others ? find_or_add(told, NOTICE_SHARED, "") : find(told, NOTICE_SHARED, "");
	const struct fact f = {.what = FACT_SHARED, .count = in->others, .since = in->others_since};

	if (!mark || mark->on == (in->others > 0))
		return;
	mark->on = in->others > 0;
	mark->changed = true;
	if (mark->on)
		add_fact(out, in, EVENT_LOST, EVENT_WARNING, "lost.shared", &f);
}

/* Files of a list that were not reported yet. */
static void find_files(const struct events_now *in, struct notices *told, struct events *out,
		       const struct assignment *list, size_t n, enum condition what,
		       enum event_level level, const char *name)
{
	if (!n)
		return;
	enum notice_kind mark = what == FACT_PUT_ASIDE ? NOTICE_REFUSED : NOTICE_LATE;
	struct fresh fresh = take_fresh(find_or_add(told, mark, ""), list, n, true, in->now);
	const struct fact f = {.what = what, .count = fresh.n};
	if (fresh.n)
		add(out, in, EVENT_PICK_UP, level, name, fact_title(&f, FACT_COMPLETE),
		    with_remedy(&fresh.lines, &f));
	buf_clear(&fresh.lines);
}

static void find_pick_ups(const struct events_now *in, struct notices *told, struct events *out)
{
	find_files(in, told, out, in->late, in->n_late, FACT_NOT_PICKED_UP, EVENT_WARNING,
		   "pick-up.missing");
	find_files(in, told, out, in->refused, in->n_refused, FACT_PUT_ASIDE, EVENT_ERROR,
		   "pick-up.refused");
}

/* ---- audit, version, digest ---- */

static void tell_missing(const struct events_now *in, uint64_t known, struct events *out)
{
	struct buf lines = BUF_MAX(EVENT_TEXT_MAX);
	const struct fact missing = {
		.what = FACT_AUDIT_MISSING, .count = in->missing, .since = in->now};
	const struct fact errors = {.what = FACT_AUDIT_ERROR, .count = in->in_error};

	if (in->audit_summary)
		buf_printf(&lines, "%s.\n", in->audit_summary);
	if (in->missing > known)
		add(out, in, EVENT_AUDIT, EVENT_ERROR, "audit.missing",
		    fact_title(&missing, FACT_COMPLETE), with_remedy(&lines, &missing));
	else if (in->missing == 0 && in->in_error)
		add(out, in, EVENT_AUDIT, EVENT_INFO, "audit.end",
		    fact_over(&missing, FACT_COMPLETE), with_remedy(&lines, &errors));
	else if (in->missing == 0)
		add(out, in, EVENT_AUDIT, EVENT_GOOD, "audit.end",
		    fact_over(&missing, FACT_COMPLETE), buf_take(&lines));
	buf_clear(&lines);
}

static void find_missing(const struct events_now *in, struct notices *told, struct events *out)
{
	struct notice *n = in->audited && in->missing ? find_or_add(told, NOTICE_AUDIT, "")
						      : find(told, NOTICE_AUDIT, "");
	if (!in->audited || !n)
		return;
	uint64_t known = n->count;
	/* Fewer is only known when every client was asked. */
	if (in->missing == known || (in->missing < known && !in->audited_all))
		return;
	n->count = in->missing;
	n->changed = true;
	tell_missing(in, known, out);
}

static void find_version(const struct events_now *in, struct notices *told, struct events *out)
{
	if (!in->newer_version || !in->newer_version[0])
		return;
	struct notice *n = find_or_add(told, NOTICE_VERSION, "");
	if (n->told && num_version_compare(in->newer_version, n->value) <= 0)
		return;
	text_copy(n->value, sizeof n->value, in->newer_version);
	n->told = n->changed = true;
	n->since = in->now;
	const struct fact f = {
		.what = FACT_VERSION, .version = in->newer_version, .speaks = in->speaks};
	add_fact(out, in, EVENT_VERSION, EVENT_INFO, "version", &f);
}

bool events_digest_is_due(const struct notices *told, int64_t now)
{
	const struct notice *n = find(told, NOTICE_DIGEST, "");

	return n && (now - n->since >= EVENTS_DIGEST_MS || n->since > now);
}

/* The first comes a week after it was asked for. */
static void find_digest(const struct events_now *in, struct notices *told, struct events *out)
{
	if (!in->wants_digest)
		return;
	struct notice *n = find_or_add(told, NOTICE_DIGEST, "");
	if (n->since && !in->digest)
		return;
	n->since = in->now;
	n->changed = true;
	if (in->digest)
		add(out, in, EVENT_DIGEST, EVENT_INFO, "digest",
		    mem_dup("The week of your archive"), mem_dup(in->digest));
}

void events_find(const struct events_now *in, struct notices *told, struct events *out)
{
	find_clients(in, told, out);
	find_pick_ups(in, told, out);
	find_failures(in, told, out);
	find_full(in, told, out);
	find_lost(in, told, out);
	find_shared(in, told, out);
	find_missing(in, told, out);
	find_version(in, told, out);
	find_digest(in, told, out);
}
