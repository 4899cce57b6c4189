#include "view/facts.h"

#include "base/num.h"
#include "ports/engine_native.h"

#include <string.h>

#define OLD_MS (24 * 3600 * INT64_C(1000)) /* something pending for longer is worth a look */

/* ---- the list ---- */

static void add(struct facts *out, struct fact f)
{
	if (out->n < FACTS_MAX)
		out->list[out->n++] = f;
}

static void add_count(struct facts *out, enum condition what, uint64_t count, int64_t since)
{
	if (count)
		add(out, (struct fact){.what = what, .count = count, .since = since});
}

/* Those of a condition stay in their order. */
static void sort(struct facts *all)
{
	for (size_t i = 1; i < all->n; i++)
		for (size_t k = i; k && all->list[k].what < all->list[k - 1].what; k--) {
			struct fact one = all->list[k];
			all->list[k] = all->list[k - 1];
			all->list[k - 1] = one;
		}
}

/* ---- who is meant ---- */

const struct status_container *facts_container(const struct status *s, const char *name)
{
	for (size_t i = 0; i < s->setup->n_containers; i++)
		if (strcmp(s->setup->containers[i].name, name) == 0)
			return &s->containers[i];
	return NULL;
}

const struct status_place *facts_client(const struct status *s, const char *client)
{
	for (size_t i = 0; client && i < s->setup->n_places; i++)
		if (s->places[i].setup->is_client && strcmp(s->places[i].setup->name, client) == 0)
			return &s->places[i];
	return NULL;
}

/* ---- the daemon ---- */

static void find_trouble(const struct status *s, struct facts *out)
{
	if (s->work.since)
		add(out, (struct fact){.what = s->work.damaged     ? FACT_DAMAGED
					       : s->work.disk_full ? FACT_DISK_FULL
								   : FACT_STUCK,
				       .since = s->work.since,
				       .detail = s->work.text,
				       .copy = s->work.copy,
				       .count = s->work.copy[0] != 0});
	if (s->config.since)
		add(out, (struct fact){.what = FACT_CONFIG,
				       .since = s->config.since,
				       .detail = s->config.text});
}

static void find_daemon(const struct status *s, struct facts *out)
{
	if (!s->daemon)
		add(out, (struct fact){.what = FACT_NO_DAEMON});
	else if (status_is_overdue(s) && !s->work.since)
		add(out, (struct fact){.what = FACT_OVERDUE, .since = s->clock.next_cycle});
}

/* ---- the tracker ---- */

static bool is_refusal(const struct pace_reason *why)
{
	return why->unproven || why->status == 401;
}

bool facts_tracker(const struct status *s, struct fact *out)
{
	if (!status_backoff(s))
		return false;
	*out = (struct fact){.what = FACT_BACK_OFF,
			     .since = s->pace.since ? s->pace.since : s->pace.request.wall,
			     .until = s->pace.backoff_until,
			     .detail = s->pace.reason.text,
			     .count = s->lost.n};
	if (is_refusal(&s->pace.reason))
		out->what = FACT_CREDENTIALS;
	return true;
}

bool facts_shared(const struct status *s, struct fact *out)
{
	uint64_t n;
	const struct listed *first = status_others(s, &n);

	if (!first || s->setup->shared)
		return false;
	*out = (struct fact){.what = FACT_SHARED, .count = n, .since = first->first_seen};
	return true;
}

static void find_tracker(const struct status *s, struct facts *out)
{
	struct fact f;

	if (facts_tracker(s, &f))
		add(out, f);
	add_count(out, FACT_LOST, s->lost.n, 0);
	if (facts_shared(s, &f))
		add(out, f);
	if (num_version_compare(s->pace.announced, ENGINE_NATIVE_SPEAKS) > 0)
		add(out, (struct fact){.what = FACT_VERSION,
				       .version = s->pace.announced,
				       .speaks = ENGINE_NATIVE_SPEAKS});
}

bool facts_is_trackers(const struct status *s, const struct result *r)
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

/* ---- clients ---- */

static uint64_t waiting_for(const struct status *s, const char *client)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->setup->n_containers; i++)
		if (s->setup->containers[i].client &&
		    strcmp(s->setup->containers[i].client, client) == 0)
			n += s->containers[i].totals.pending;
	return n;
}

static void find_client(const struct status *s, const struct status_place *p, struct facts *out)
{
	const char *name = p->setup->name;

	if (p->client.refused[0])
		add(out, (struct fact){.what = FACT_CLIENT_REFUSES, .client = name});
	else if (p->client.down_since)
		add(out, (struct fact){.what = FACT_CLIENT_AWAY,
				       .client = name,
				       .since = p->client.down_since,
				       .count = waiting_for(s, name)});
}

/* ---- folders ---- */

static bool is_folder(const char *path, const struct status_place *p)
{
	return path && !p->setup->is_client && strcmp(path, p->setup->name) == 0;
}

static bool watches(const struct status_container *c, const struct status_place *p)
{
	return !c->setup->client && is_folder(c->setup->watch_folder, p);
}

static bool measures(const struct status_container *c, const struct status_place *p)
{
	return c->setup->measures_data && is_folder(c->setup->data_folder, p);
}

/* One fact a folder, with the first of its containers. */
static void find_folder(const struct status *s, const struct status_place *p, struct facts *out)
{
	if (!p->setup->is_client && p->client.down_since)
		add(out, (struct fact){.what = FACT_FOLDER_HANGS,
				       .folder = p->setup->name,
				       .since = p->client.down_since});
	for (size_t i = 0; p->mark.fault && i < s->setup->n_containers; i++) {
		const struct status_container *c = &s->containers[i];
		if (!watches(c, p) && !measures(c, p))
			continue;
		add(out, (struct fact){.what = FACT_OTHER_FOLDER,
				       .container = c->setup->name,
				       .folder = p->setup->name,
				       .use = watches(c, p) ? MARK_WATCH : MARK_DATA,
				       .mark = p->mark,
				       .since = p->mark.since,
				       .ledger = s->ledger});
		return;
	}
}

/* Is a folder of the container's another one? */
static bool folder_is_found(const struct status *s, const struct status_container *c)
{
	for (size_t i = 0; i < s->setup->n_places; i++)
		if (s->places[i].mark.fault &&
		    (watches(c, &s->places[i]) || measures(c, &s->places[i])))
			return true;
	return false;
}

static void find_pick_ups(const struct status *s, struct facts *out)
{
	uint64_t late = 0, refused = 0;

	for (size_t i = 0; i < s->setup->n_containers; i++) {
		late += s->containers[i].totals.late;
		refused += s->containers[i].totals.refused;
	}
	add_count(out, FACT_NOT_PICKED_UP, late, 0);
	add_count(out, FACT_PUT_ASIDE, refused, 0);
}

/* ---- containers ---- */

/* A client that is away, or files that it does not take, have a fact of their own. */
static bool client_is_found(const struct status *s, const struct status_container *c)
{
	const struct status_place *p = facts_client(s, c->setup->client);

	return p ? p->client.refused[0] || p->client.down_since : c->totals.late > 0;
}

/* A folder that hangs has a fact of its own, too. */
static bool hang_is_found(const struct status *s, const struct status_container *c)
{
	for (size_t i = 0; i < s->setup->n_places; i++) {
		const struct status_place *p = &s->places[i];
		if (p->client.down_since && (watches(c, p) || is_folder(c->setup->data_folder, p)))
			return true;
	}
	return false;
}

static bool is_covered(const struct status *s, const struct status_container *c)
{
	return (result_waits(&c->known.result, WAIT_DISK) && hang_is_found(s, c)) ||
	       (result_waits(&c->known.result, WAIT_CLIENT) && client_is_found(s, c)) ||
	       (result_is_err(&c->known.result, WORD_DISK) && folder_is_found(s, c)) ||
	       facts_is_trackers(s, &c->known.result);
}

static const struct ledger_turn *turn_of(const struct ledger_cycle *c, const char *container)
{
	for (size_t i = 0; i < c->n_turns; i++)
		if (strcmp(c->turns[i].container, container) == 0)
			return &c->turns[i];
	return NULL;
}

/* The begin of the first cycle of those in a row that the container did not end well. */
static int64_t ill_since(const struct status *s, const struct status_container *c)
{
	int64_t since = c->known.outcome_at;

	for (size_t i = 0; i < s->n_cycles; i++) {
		const struct ledger_turn *turn = turn_of(&s->cycles[i], c->setup->name);
		if (turn && result_is_well(&turn->result))
			break;
		if (turn)
			since = s->cycles[i].begun_at;
	}
	return since;
}

struct fact facts_of_container(const struct status *s, const struct status_container *c)
{
	return (struct fact){.what = c->known.result.kind == OUTCOME_ERR ? FACT_FAILS : FACT_HELD,
			     .container = c->setup->name,
			     .since = ill_since(s, c),
			     .until = c->known.until,
			     .next = status_next_try_of(s, c),
			     .count = 1,
			     .result = c->known.result,
			     .detail = c->known.detail};
}

/* Held back by what passes by itself. */
static bool only_waits(const struct result *r)
{
	return result_is_well(r) && (r->kind == OUTCOME_WAIT || r->kind == OUTCOME_STALLED);
}

static void find_container(const struct status *s, const struct status_container *c,
			   struct facts *out)
{
	if (!c->known.outcome_at || is_covered(s, c))
		return;
	if (only_waits(&c->known.result))
		add(out, (struct fact){.what = FACT_WAITS,
				       .container = c->setup->name,
				       .detail = c->known.detail});
	else if (!result_is_well(&c->known.result))
		add(out, facts_of_container(s, c));
}

/* ---- what is pending ---- */

static enum condition condition_of(const struct status *s, const struct assignment *a)
{
	if (!facts_container(s, a->container))
		return FACT_ORPHANS;
	if (a->set_aside)
		return FACT_SET_ASIDE;
	return s->now - a->asked_at > OLD_MS ? FACT_PENDING_OLD : FACT_PENDING;
}

static void find_pending(const struct status *s, struct facts *out)
{
	struct fact of[CONDITIONS] = {0};

	for (size_t i = 0; i < s->pending.n; i++) {
		const struct assignment *a = &s->pending.rows[i];
		struct fact *f = &of[condition_of(s, a)];
		if (!f->count++ || a->asked_at < f->since)
			f->since = a->asked_at;
	}
	for (int what = 0; what < CONDITIONS; what++) {
		of[what].what = (enum condition)what;
		of[what].next = status_next_try(s);
		of[what].running = s->working;
		if (of[what].count)
			add(out, of[what]);
	}
	add_count(out, FACT_STRAYS, s->n_strays, 0);
}

/* ---- audit, pings, messages ---- */

bool facts_of_target(const char *label, const struct ledger_telling *how, int64_t oldest,
		     struct fact *out)
{
	*out = (struct fact){.what = FACT_MESSAGES_FAIL,
			     .client = label,
			     .count = how->failures,
			     .since = oldest ? oldest : how->since};
	return how->failures > 0;
}

static void find_others(const struct status *s, struct facts *out)
{
	struct fact f;

	if (s->vault.damaged)
		add(out, (struct fact){.what = FACT_VAULT_DAMAGED,
				       .count = s->vault.damaged,
				       .since = s->vault.at,
				       .detail = s->vault.infohash});
	if (s->copy.since)
		add(out, (struct fact){.what = FACT_COPY_FAILS,
				       .since = s->copy.since,
				       .detail = s->copy.text[0] ? s->copy.text : NULL});
	add_count(out, FACT_AUDIT_MISSING, s->audit.missing, s->audit.at);
	add_count(out, FACT_AUDIT_ERROR, s->audit.in_error, s->audit.at);
	if (s->setup->pings && s->pings.failures)
		add(out, (struct fact){.what = FACT_PINGS_FAIL,
				       .count = s->pings.failures,
				       .since = s->pings.since,
				       .detail = s->pings.why});
	for (size_t i = 0; i < s->setup->n_targets; i++)
		if (facts_of_target(s->targets[i].setup->label, &s->targets[i].how,
				    s->targets[i].oldest, &f))
			add(out, f);
}

/* ---- nothing bad ---- */

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

static enum condition before_the_first(const struct status *s)
{
	if (s->working)
		return FACT_FIRST_CYCLE;
	return s->n_cycles ? FACT_FIRST_CUT : FACT_READY;
}

static struct fact good(const struct status *s)
{
	size_t n = s->setup->n_containers;
	size_t waiting = count_waiting(s), without = count_without_turn(s);
	struct fact f = {.what = FACT_HEALTHY, .count = n, .all = n};

	if (n == 0)
		return (struct fact){.what = FACT_NOT_CONFIGURED};
	if (without == n)
		return (struct fact){.what = before_the_first(s)};
	if (n == 1)
		f.container = s->setup->containers[0].name;
	if (waiting)
		f.what = waiting == n ? FACT_ALL_WAIT : FACT_SOME_WAIT;
	else if (without)
		f.what = FACT_SOME_UNTRIED;
	else if (all_full(s))
		f.what = FACT_ALL_FULL;
	if (f.what == FACT_SOME_WAIT || f.what == FACT_SOME_UNTRIED)
		f.count = waiting ? waiting : without;
	return f;
}

/* In front of the notes. */
static void put_in_front(struct facts *all, struct fact f)
{
	if (all->n == FACTS_MAX)
		all->n--;
	memmove(&all->list[1], all->list, all->n * sizeof *all->list);
	all->list[0] = f;
	all->n++;
}

void facts_find(const struct status *s, struct facts *out)
{
	out->n = 0;
	find_trouble(s, out);
	find_daemon(s, out);
	find_tracker(s, out);
	find_others(s, out);
	for (size_t i = 0; i < s->setup->n_places; i++)
		find_client(s, &s->places[i], out);
	for (size_t i = 0; i < s->setup->n_places; i++)
		find_folder(s, &s->places[i], out);
	find_pending(s, out);
	find_pick_ups(s, out);
	for (size_t i = 0; i < s->setup->n_containers; i++)
		find_container(s, &s->containers[i], out);
	sort(out);
	if (!out->n || fact_level(out->list[0].what) != FACT_BAD)
		put_in_front(out, good(s));
}
