#include "core/events.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"
#include "base/text.h"

#include <stdarg.h>
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

static struct notice *find(const struct notices *told, const char *kind, const char *name)
{
	OWN_STR char *key = mem_printf("%s%s", kind, name);

	for (size_t i = 0; i < told->n; i++)
		if (strcmp(told->list[i].key, key) == 0)
			return &told->list[i];
	return NULL;
}

static struct notice *find_or_add(struct notices *told, const char *kind, const char *name)
{
	struct notice *n = find(told, kind, name);

	if (n)
		return n;
	told->list = mem_grow(told->list, told->n + 1, sizeof *told->list);
	n = &told->list[told->n++];
	*n = (struct notice){.key = mem_printf("%s%s", kind, name)};
	return n;
}

/* `text` is taken over. */
static struct event *add(struct events *out, const struct events_now *in, enum event_kind kind,
			 enum event_level level, const char *name, char *text, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));
static struct event *add(struct events *out, const struct events_now *in, enum event_kind kind,
			 enum event_level level, const char *name, char *text, const char *fmt, ...)
{
	char title[2 * EVENT_TITLE];
	va_list ap;

	out->list = mem_grow(out->list, out->n + 1, sizeof *out->list);
	struct event *e = &out->list[out->n++];
	*e = (struct event){.at = in->now, .kind = kind, .level = level, .text = text};
	va_start(ap, fmt);
	vsnprintf(title, sizeof title, fmt, ap);
	va_end(ap);
	text_trim_partial(title);
	text_copy(e->title, sizeof e->title, title);
	text_copy(e->name, sizeof e->name, name);
	return e;
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
static void drop(struct notices *told, const char *kind, bool (*known)(const void *, const char *),
		 const void *ctx)
{
	for (size_t i = 0; i < told->n; i++) {
		struct notice *n = &told->list[i];
		if (!n->on || !text_starts(n->key, kind) || known(ctx, n->key + strlen(kind)))
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

#define FAILURE "failure:"
#define AND ", " /* between the outcomes that were told of one failure */

/* Containers of which the same is to be told. */
struct group {
	struct buf lines; /* one each */
	struct buf hints; /* a sentence each */
	int64_t since;    /* when the first of them began to fail */
	size_t n;
	const struct outcome *first;
	bool not_the_clients; /* one of them at least is not the client's doing */
};

#define NO_GROUP                                                                   \
	{                                                                          \
		.lines = BUF_MAX(EVENT_TEXT_MAX), .hints = BUF_MAX(EVENT_TEXT_MAX) \
	}

static void group_clear(struct group *g)
{
	buf_clear(&g->lines);
	buf_clear(&g->hints);
}

struct changes {
	struct group began, changed, ended;
};

static void changes_clear(struct changes *c)
{
	group_clear(&c->began);
	group_clear(&c->changed);
	group_clear(&c->ended);
}

static bool is_container(const void *ctx, const char *name)
{
	const struct events_now *in = ctx;

	for (size_t i = 0; i < in->n_containers; i++)
		if (strcmp(in->containers[i].name, name) == 0)
			return true;
	return !*name;
}

static void add_hint(struct buf *hints, const char *hint)
{
	const char *sentence = hint ? hint : "It is tried again by itself.";

	if (!strstr(buf_text(hints), sentence))
		buf_printf(hints, " %s", sentence);
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
	add_hint(&g->hints, result_hint(&o->result));
	if (g->n > LISTED_MAX)
		return;
	buf_printf(&g->lines, "%s%s%s%s", o->container, *o->container ? ": " : "", word,
		   *detail ? ": " : "");
	buf_printf(&g->lines, "%s\n", detail);
}

static void add_mended(struct group *g, const struct outcome *o, const struct notice *n,
		       int64_t now)
{
	char word[OUTCOME_TEXT], span[CLOCK_TEXT];

	result_text(&o->result, word);
	span_since(n, now, span);
	join_group(g, o, strstr(n->detail, "(Client)") && !strstr(n->detail, AND));
	if (g->n > LISTED_MAX)
		return;
	buf_printf(&g->lines, "%s%s%s, after %s of %s\n", o->container, *o->container ? ": " : "",
		   word, span, n->detail);
}

/* Keeps that this outcome was told of the failure; false: it was already. */
static bool note_told(struct notice *n, const char *word)
{
	size_t len = strlen(n->detail);

	if (strstr(n->detail, word))
		return false;
	if (len && len + strlen(AND) + strlen(word) < sizeof n->detail)
		snprintf(n->detail + len, sizeof n->detail - len, "%s%s", AND, word);
	else
		text_copy(n->detail, sizeof n->detail, word);
	n->changed = true;
	return true;
}

static void follow_failing(const struct events_now *in, const struct outcome *o,
			   struct notices *told, struct changes *c)
{
	struct notice *n = find_or_add(told, FAILURE, o->container);
	enum change change = follow(n, true, in->now, in->now);
	char word[OUTCOME_TEXT];

	result_text(&o->result, word);
	if (change == BEGAN) {
		text_copy(n->detail, sizeof n->detail, word);
		add_failing(&c->began, o, n->since);
	} else if (n->told && result_needs_a_person(&o->result) && note_told(n, word)) {
		add_failing(&c->changed, o, n->since);
	}
}

static void follow_outcome(const struct events_now *in, const struct outcome *o,
			   struct notices *told, struct changes *c)
{
	struct notice *n = find(told, FAILURE, o->container);

	if (!result_is_well(&o->result))
		follow_failing(in, o, told, c);
	else if (n && follow(n, false, in->now, in->now) == ENDED)
		add_mended(&c->ended, o, n, in->now);
}

/* `when` stands before the time at which the first began to fail, `how` behind the title's "fails".
 */
static void tell_failing(const struct events_now *in, struct group *g, struct events *out,
			 const char *name, const char *when, const char *how)
{
	const struct outcome *o = g->first;
	char word[OUTCOME_TEXT], since[CLOCK_TEXT];
	struct event *e;

	if (!g->n)
		return;
	add_rest(&g->lines, g->n);
	clock_format(g->since, since);
	buf_printf(&g->lines, "%s %s.%s", when, since, buf_text(&g->hints));
	char *text = buf_take(&g->lines);

	result_text(&o->result, word);
	if (g->n > 1)
		e = add(out, in, EVENT_FAILURE, EVENT_ERROR, name, text, "%zu containers fail%s",
			g->n, how);
	else if (*o->container)
		e = add(out, in, EVENT_FAILURE, EVENT_ERROR, name, text, "%s fails%s: %s",
			o->container, how, word);
	else
		e = add(out, in, EVENT_FAILURE, EVENT_ERROR, name, text,
			"The cycle could not be run: %s", word);
	if (!g->not_the_clients)
		e->covered = kinds_of(out) & (EVENT_BIT(EVENT_CLIENT) | EVENT_BIT(EVENT_PICK_UP));
}

static void tell_end(const struct events_now *in, struct group *g, struct events *out)
{
	const struct outcome *o = g->first;
	struct event *e;

	if (!g->n)
		return;
	add_rest(&g->lines, g->n);
	char *text = buf_take(&g->lines);

	if (g->n > 1)
		e = add(out, in, EVENT_FAILURE, EVENT_GOOD, "failure.end", text,
			"%zu containers are well again", g->n);
	else
		e = add(out, in, EVENT_FAILURE, EVENT_GOOD, "failure.end", text,
			*o->container ? "%s is well again" : "%sCycles can be run again",
			o->container);
	if (!g->not_the_clients)
		e->covered = kinds_of(out) & EVENT_BIT(EVENT_CLIENT);
}

static void find_failures(const struct events_now *in, struct notices *told, struct events *out)
{
	OWN(changes_clear)
	struct changes c = {.began = NO_GROUP, .changed = NO_GROUP, .ended = NO_GROUP};

	drop(told, FAILURE, is_container, in);
	for (size_t i = 0; i < in->n_outcomes; i++)
		follow_outcome(in, &in->outcomes[i], told, &c);
	tell_failing(in, &c.began, out, "failure.begin", "Since", "");
	tell_failing(in, &c.changed, out, "failure.change", "Failing since", " otherwise now");
	tell_end(in, &c.ended, out);
}

/* ---- clients ---- */

#define CLIENT "client:"

static bool is_client(const void *ctx, const char *name)
{
	const struct events_now *in = ctx;

	for (size_t i = 0; i < in->n_clients; i++)
		if (strcmp(in->clients[i].name, name) == 0)
			return true;
	return false;
}

/* One that was away, and does not let us in: no longer what passes by itself.  Told once. */
static bool is_news(struct notice *n, enum change change, bool refused)
{
	const char *how = refused ? "refuses" : "away";
	bool worse = n && n->on && n->told && refused && strcmp(n->detail, how) != 0;

	if (change != BEGAN && !worse)
		return false;
	text_copy(n->detail, sizeof n->detail, how);
	n->changed = true;
	return true;
}

static void follow_client(const struct events_now *in, const struct events_client *c,
			  struct notices *told, struct events *out)
{
	bool on = c->refused || c->down_since;
	struct notice *n = on ? find_or_add(told, CLIENT, c->name) : find(told, CLIENT, c->name);
	int64_t since = c->down_since && c->down_since < in->now ? c->down_since : in->now;
	char span[CLOCK_TEXT], when[CLOCK_TEXT];

	enum change change = n ? follow(n, on, since, in->now) : NOTHING;
	bool news = is_news(n, change, c->refused);
	clock_format(since, when);
	if (news && c->refused)
		add(out, in, EVENT_CLIENT, EVENT_ERROR, "client.refuses",
		    mem_dup("It does not accept its user name or password, and is not asked again "
			    "until then: correct them in config.ptp, and restart or reload "
			    "ptp-archiver. Torrents for it wait."),
		    "The client %s does not let us in", c->name);
	else if (news)
		add(out, in, EVENT_CLIENT, EVENT_WARNING, "client.away",
		    mem_printf("It has not answered since %s. Is it running? It is tried again by "
			       "itself; torrents for it wait.",
			       when),
		    "The client %s is away", c->name);
	if (change != ENDED)
		return;
	span_since(n, in->now, span);
	add(out, in, EVENT_CLIENT, EVENT_GOOD, "client.back",
	    mem_printf("It takes torrents again, after %s.", span), "The client %s is back",
	    c->name);
}

static void find_clients(const struct events_now *in, struct notices *told, struct events *out)
{
	drop(told, CLIENT, is_client, in);
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
		struct notice *n = find_or_add(told, "full:", o->container);
		if (n->told && strcmp(n->detail, size) == 0)
			continue;
		text_copy(n->detail, sizeof n->detail, size);
		n->told = n->changed = true;
		n->since = in->now;
		add(out, in, EVENT_FULL, EVENT_INFO, "full",
		    mem_printf("It holds the %s that you offered; there is nothing to do. To offer "
			       "more give it a larger size, in PTP_CONTAINERS or by `ptp-archiver "
			       "resize`.",
			       size),
		    "%s is full", o->container);
	}
}

/* ---- what is told once each: those after the newest that was told ---- */

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
	struct notice *mark = in->n_lost ? find_or_add(told, "lost", "") : find(told, "lost", "");

	if (!mark)
		return;
	struct fresh f = take_fresh(mark, in->lost, in->n_lost, false, in->now);
	if (f.n)
		buf_puts(&f.lines, "The answer to a question did not come; a torrent may have been "
				   "assigned with it. There is nothing to do: the tracker's next "
				   "answer is searched for it.");
	char *text = buf_take(&f.lines);
	if (f.n) {
		mark->on = mark->changed = true;
		add(out, in, EVENT_LOST, EVENT_WARNING, "lost.begin", text,
		    "%zu assignment%s possibly lost", f.n, f.n == 1 ? " is" : "s are");
		return;
	}
	free(text);
	if (in->n_lost || !mark->on)
		return;
	mark->on = false;
	mark->changed = true;
	add(out, in, EVENT_LOST, EVENT_GOOD, "lost.end",
	    mem_dup("They were found again, or the tracker had not assigned them."),
	    "No assignment is possibly lost any more");
}

/* The fresh ones of a list of files, and what to do; NULL: there are none.  The caller's. */
static char *fresh_files(struct notices *told, const char *mark, const struct assignment *list,
			 size_t n, int64_t now, const char *hint, size_t *fresh)
{
	if (!n)
		return NULL;
	struct fresh f = take_fresh(find_or_add(told, mark, ""), list, n, true, now);
	buf_puts(&f.lines, hint);
	char *text = buf_take(&f.lines);

	*fresh = f.n;
	return f.n ? text : (free(text), NULL);
}

static void find_pick_ups(const struct events_now *in, struct notices *told, struct events *out)
{
	size_t n;
	char *late = fresh_files(told, "late", in->late, in->n_late, in->now,
				 "Is the client running, and does it watch this folder?", &n);

	if (late)
		add(out, in, EVENT_PICK_UP, EVENT_WARNING, "pick-up.missing", late,
		    "%zu torrent%s not been picked up by the client", n,
		    n == 1 ? " has" : "s have");
	char *refused = fresh_files(told, "refused", in->refused, in->n_refused, in->now,
				    "The client's log says why; `ptp-archiver redeliver --missing` "
				    "hands it over again.",
				    &n);
	if (refused)
		add(out, in, EVENT_PICK_UP, EVENT_ERROR, "pick-up.refused", refused,
		    "%zu torrent%s put aside by the client", n, n == 1 ? " was" : "s were");
}

/* ---- audit, version, digest ---- */

static void find_missing(const struct events_now *in, struct notices *told, struct events *out)
{
	struct notice *n = in->audited && in->missing ? find_or_add(told, "audit", "")
						      : find(told, "audit", "");
	uint64_t known = 0;

	if (!in->audited || !n || (n->detail[0] && !num_u64(n->detail, SIZE_MAX, &known)))
		return;
	/* Fewer is only known when every client was asked. */
	if (in->missing == known || (in->missing < known && !in->audited_all))
		return;
	snprintf(n->detail, sizeof n->detail, "%zu", in->missing);
	n->changed = true;
	if (in->missing > known)
		add(out, in, EVENT_AUDIT, EVENT_ERROR, "audit.missing",
		    mem_printf("%s.\n`ptp-archiver audit` says which; `ptp-archiver redeliver "
			       "--missing` hands them over again.",
			       in->audit_summary ? in->audit_summary : ""),
		    "%zu torrent%s missing in the client", in->missing,
		    in->missing == 1 ? " is" : "s are");
	else if (in->missing == 0)
		add(out, in, EVENT_AUDIT, in->in_error ? EVENT_INFO : EVENT_GOOD, "audit.end",
		    mem_printf("%s.%s", in->audit_summary ? in->audit_summary : "",
			       in->in_error ? "\nNot all is well: `ptp-archiver audit` says what "
					      "can be done."
					    : ""),
		    "No torrent is missing any more");
}

static void find_version(const struct events_now *in, struct notices *told, struct events *out)
{
	if (!in->newer_version || !in->newer_version[0])
		return;
	struct notice *n = find_or_add(told, "version", "");
	if (n->told && num_version_compare(in->newer_version, n->detail) <= 0)
		return;
	text_copy(n->detail, sizeof n->detail, in->newer_version);
	n->told = n->changed = true;
	n->since = in->now;
	add(out, in, EVENT_VERSION, EVENT_INFO, "version",
	    mem_printf("This program speaks the protocol of %s, and goes on as it is. Look for a "
		       "newer ptp-archiver.",
		       in->speaks),
	    "The tracker announces version %s of its utility", in->newer_version);
}

bool events_digest_is_due(const struct notices *told, int64_t now)
{
	const struct notice *n = find(told, "digest", "");

	return n && (now - n->since >= EVENTS_DIGEST_MS || n->since > now);
}

/* The first comes a week after it was asked for. */
static void find_digest(const struct events_now *in, struct notices *told, struct events *out)
{
	if (!in->wants_digest)
		return;
	struct notice *n = find_or_add(told, "digest", "");
	if (n->since && !in->digest)
		return;
	n->since = in->now;
	n->changed = true;
	if (in->digest)
		add(out, in, EVENT_DIGEST, EVENT_INFO, "digest", mem_dup(in->digest),
		    "The week of your archive");
}

void events_find(const struct events_now *in, struct notices *told, struct events *out)
{
	find_clients(in, told, out);
	find_pick_ups(in, told, out);
	find_failures(in, told, out);
	find_full(in, told, out);
	find_lost(in, told, out);
	find_missing(in, told, out);
	find_version(in, told, out);
	find_digest(in, told, out);
}
