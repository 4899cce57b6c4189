#include "view/status_json.h"

#include "view/facts.h"
#include "view/status_words.h"
#include "base/clock.h"
#include "base/mem.h"
#include "ports/engine_native.h"
#include "system/sandbox.h"

static json_t *time_json(int64_t when)
{
	char text[CLOCK_TEXT];

	if (when <= 0)
		return json_null();
	clock_format_utc(when, text);
	return json_string(text);
}

static json_t *text_json(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *number_json(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *assignment_json(const struct assignment *a, const char *site)
{
	OWN_STR char *film = words_film(a, site);
	json_t *out = json_object();

	json_object_set_new(out, "id", json_integer(a->id));
	json_object_set_new(out, "container", json_string(a->container));
	json_object_set_new(out, "state", json_string(assignment_state_text(a->state)));
	json_object_set_new(out, "set_aside", json_boolean(a->set_aside));
	json_object_set_new(out, "torrent_id", text_json(a->torrent_id));
	json_object_set_new(out, "archive_id", text_json(a->archive_id));
	json_object_set_new(out, "group_id", text_json(a->group_id));
	json_object_set_new(out, "film_page", text_json(film));
	json_object_set_new(out, "infohash", text_json(a->infohash));
	json_object_set_new(out, "name", text_json(a->name));
	json_object_set_new(out, "bytes", number_json(a->bytes));
	json_object_set_new(out, "path", text_json(a->path));
	json_object_set_new(out, "client", text_json(a->client));
	json_object_set_new(out, "found", text_json(audit_class_text(a->found)));
	json_object_set_new(out, "tries", json_integer(a->tries));
	json_object_set_new(out, "note", text_json(a->note));
	json_object_set_new(out, "asked_at", time_json(a->asked_at));
	json_object_set_new(out, "changed_at", time_json(a->changed_at));
	json_object_set_new(out, "delivered_at", time_json(a->delivered_at));
	json_object_set_new(out, "settled_by", text_json(a->settled_by));
	json_object_set_new(out, "settled_at", time_json(a->settled_at));
	return out;
}

json_t *status_list_json(const struct assignment *rows, size_t n, const char *site)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, assignment_json(&rows[i], site));
	return out;
}

/* ---- containers ---- */

static void add_setup(json_t *out, const struct status_setup_container *c)
{
	json_object_set_new(out, "name", json_string(c->name));
	json_object_set_new(out, "size", json_string(c->size));
	json_object_set_new(out, "allocated_bytes", number_json(c->allocated));
	json_object_set_new(out, "watch_directory",
			    c->client ? json_null() : json_string(c->watch_folder));
	json_object_set_new(out, "client", text_json(c->client));
}

static void add_counts(json_t *out, const struct status_container *c)
{
	const struct ledger_totals *t = &c->totals;

	json_object_set_new(out, "assigned", number_json(t->assigned));
	json_object_set_new(out, "delivered", number_json(t->delivered));
	json_object_set_new(out, "pending", number_json(t->pending));
	json_object_set_new(out, "set_aside", number_json(t->set_aside));
	json_object_set_new(out, "possibly_lost", number_json(c->lost));
	json_object_set_new(out, "not_picked_up", number_json(t->late));
	json_object_set_new(out, "refused", number_json(t->refused));
	json_object_set_new(out, "bytes", number_json(t->bytes));
	json_object_set_new(out, "pending_bytes", number_json(t->pending_bytes));
	json_object_set_new(out, "oldest_pending", time_json(t->oldest_pending));
}

static json_t *result_json(const struct result *r)
{
	char text[OUTCOME_TEXT];

	result_text(r, text);
	return json_string(text);
}

static json_t *container_json(const struct status_container *c, int64_t now)
{
	OWN_STR char *detail = words_detail(c, now);
	json_t *out = json_object();

	add_setup(out, c->setup);
	add_counts(out, c);
	json_object_set_new(out, "outcome",
			    c->known.outcome_at ? result_json(&c->known.result) : json_null());
	json_object_set_new(out, "detail", text_json(detail));
	json_object_set_new(out, "outcome_at", time_json(c->known.outcome_at));
	json_object_set_new(out, "undone", json_boolean(c->known.undone));
	json_object_set_new(out, "full_at", time_json(c->forecast.at));
	json_object_set_new(out, "bytes_per_day",
			    c->forecast.per_day ? number_json(c->forecast.per_day) : json_null());
	return out;
}

static json_t *containers_json(const struct status *s)
{
	json_t *out = json_array();

	for (size_t i = 0; i < s->setup->n_containers; i++)
		json_array_append_new(out, container_json(&s->containers[i], s->now));
	return out;
}

/* ---- where torrents go ---- */

static json_t *place_json(const struct status_place *p)
{
	json_t *out = json_object();

	json_object_set_new(out, "name", json_string(p->setup->name));
	json_object_set_new(out, "type", json_string(p->setup->type));
	json_object_set_new(out, "state", json_string(words_place_state(p)));
	json_object_set_new(out, "away_since", time_json(p->client.down_since));
	json_object_set_new(out, "seen_at", time_json(p->client.seen_at));
	json_object_set_new(out, "free_bytes",
			    p->space.at ? number_json(p->space.free) : json_null());
	json_object_set_new(out, "total_bytes",
			    p->space.total ? number_json(p->space.total) : json_null());
	json_object_set_new(out, "measured_at", time_json(p->space.at));
	json_object_set_new(out, "mark", text_json(p->mark.id));
	json_object_set_new(out, "marked_at", time_json(p->mark.at));
	json_object_set_new(out, "accepted_by", text_json(p->mark.who));
	return out;
}

static json_t *places_json(const struct status *s)
{
	json_t *out = json_array();

	for (size_t i = 0; i < s->setup->n_places; i++)
		json_array_append_new(out, place_json(&s->places[i]));
	return out;
}

/* ---- cycles ---- */

static json_t *turns_json(const struct ledger_cycle *c, int64_t now)
{
	json_t *out = json_array();

	for (size_t i = 0; i < c->n_turns; i++) {
		const struct ledger_turn *t = &c->turns[i];
		OWN_STR char *detail = outcome_words(&t->result, t->detail, t->until, now);
		json_t *turn = json_object();
		json_object_set_new(turn, "container", json_string(t->container));
		json_object_set_new(turn, "outcome", result_json(&t->result));
		json_object_set_new(turn, "detail", text_json(detail));
		json_array_append_new(out, turn);
	}
	return out;
}

static json_t *cycles_json(const struct status *s)
{
	static const char *const kinds[CYCLE_KINDS] = {
		[CYCLE_REGULAR] = "regular", [CYCLE_REST] = "rest", [CYCLE_MANUAL] = "manual"};
	json_t *out = json_array();

	for (size_t i = 0; i < s->n_cycles; i++) {
		const struct ledger_cycle *c = &s->cycles[i];
		json_t *one = json_object();
		json_object_set_new(one, "id", json_integer(c->id));
		json_object_set_new(one, "kind", json_string(kinds[c->kind]));
		json_object_set_new(one, "begun_at", time_json(c->begun_at));
		json_object_set_new(one, "ended_at", time_json(c->ended_at));
		json_object_set_new(one, "well", c->ended_at ? json_boolean(c->well) : json_null());
		json_object_set_new(one, "summary", text_json(c->summary));
		json_object_set_new(one, "turns", turns_json(c, s->now));
		json_array_append_new(out, one);
	}
	return out;
}

/* ---- all of it ---- */

static json_t *notice_json(const struct fact *f, int64_t now)
{
	static const char *const levels[] = {
		[FACT_GOOD] = "good", [FACT_NOTE] = "note", [FACT_BAD] = "bad"};
	OWN_STR char *text = fact_sentence(f, now);
	OWN_STR char *remedy = fact_remedy(f, now);
	json_t *out = json_object();

	json_object_set_new(out, "fact", json_string(fact_name(f->what)));
	json_object_set_new(out, "level", json_string(levels[fact_level(f->what)]));
	json_object_set_new(out, "text", json_string(text));
	json_object_set_new(out, "hint", text_json(remedy));
	json_object_set_new(out, "container", text_json(f->container));
	json_object_set_new(out, "client", text_json(f->client));
	json_object_set_new(out, "since", time_json(f->since));
	json_object_set_new(out, "count", f->count ? number_json(f->count) : json_null());
	return out;
}

static json_t *notices_json(const struct status *s)
{
	struct facts facts;
	json_t *out = json_array();

	facts_find(s, &facts);
	for (size_t i = 0; i < facts.n; i++)
		json_array_append_new(out, notice_json(&facts.list[i], s->now));
	return out;
}

static json_t *backoff_json(const struct status *s)
{
	if (!status_backoff(s))
		return json_null();
	return json_pack("{s:o, s:s, s:I, s:o}", "until", time_json(s->pace.backoff_until),
			 "reason", s->pace.reason.text, "failures", (json_int_t)s->pace.failures,
			 "since", time_json(s->pace.since));
}

static json_t *trouble_json(const struct trouble_told *t)
{
	if (!t->since)
		return json_null();
	return json_pack("{s:o, s:s}", "since", time_json(t->since), "message", t->text);
}

static json_t *audit_json(const struct ledger_audit *a)
{
	if (!a->at)
		return json_null();
	return json_pack("{s:o, s:s, s:o, s:o}", "at", time_json(a->at), "summary", a->summary,
			 "missing", number_json(a->missing), "in_error", number_json(a->in_error));
}

static json_t *staged_json(const struct status *s)
{
	json_t *out = json_array();

	for (size_t i = 0; i < s->n_strays; i++)
		json_array_append_new(out, json_pack("{s:o, s:s}", "container",
						     text_json(s->strays[i].container), "path",
						     s->strays[i].path));
	return out;
}

static json_t *listed_json(const struct listed *t)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "torrent_id", t->torrent_id, "infohash",
			 text_json(t->infohash), "first_listed", time_json(t->first_seen),
			 "last_listed", time_json(t->last_seen), "said_by", text_json(t->said_by),
			 "said_at", time_json(t->said_at));
}

static json_t *candidates_json(const struct status *s, const struct assignment *lost)
{
	json_t *out = json_array();
	const struct listed *t = status_candidate(s, lost, 0);

	while (t) {
		json_array_append_new(out, listed_json(t));
		t = status_candidate(s, lost, (size_t)(t - s->unknown) + 1);
	}
	return out;
}

static json_t *lost_json(const struct status *s)
{
	json_t *out = status_list_json(s->lost.rows, s->lost.n, s->setup->site), *one;
	size_t i;

	json_array_foreach (out, i, one) {
		const struct assignment *a = &s->lost.rows[i];
		json_object_set_new(one, "certain", json_boolean(a->certain));
		json_object_set_new(one, "candidates", candidates_json(s, a));
	}
	return out;
}

static json_t *others_json(const struct status *s)
{
	uint64_t n;
	const struct listed *first = status_others(s, &n);

	if (!first)
		return json_null();
	json_t *torrents = json_array();
	for (size_t i = 0; i < s->n_unknown; i++)
		if (s->unknown[i].owner == LISTED_OTHERS)
			json_array_append_new(torrents, listed_json(&s->unknown[i]));
	return json_pack("{s:o, s:o}", "since", time_json(first->first_seen), "torrents", torrents);
}

static void add_times(json_t *out, const struct status *s)
{
	json_object_set_new(out, "audit", audit_json(&s->audit));
	json_object_set_new(out, "last_cycle", time_json(s->clock.last_cycle));
	json_object_set_new(out, "next_cycle", time_json(s->clock.next_cycle));
	json_object_set_new(out, "next_try", time_json(status_next_try(s)));
	json_object_set_new(out, "backoff", backoff_json(s));
	json_object_set_new(out, "trouble", trouble_json(&s->work));
	json_object_set_new(out, "refused_configuration", trouble_json(&s->config));
	json_object_set_new(out, "version", json_string(PTP_ARCHIVER_VERSION));
	OWN_STR char *sandbox = sandbox_words();
	json_object_set_new(out, "sandbox", text_json(sandbox ? sandbox : ""));
	json_object_set_new(out, "speaks", json_string(ENGINE_NATIVE_SPEAKS));
	json_object_set_new(out, "announced", text_json(s->pace.announced));
	json_object_set_new(out, "incomplete_at_tracker", number_json(s->incomplete));
}

json_t *status_json(const struct status *s)
{
	json_t *out = json_object();

	json_object_set_new(out, "time", time_json(s->now));
	json_object_set_new(out, "daemon", json_boolean(s->daemon));
	json_object_set_new(out, "working", json_boolean(s->working));
	json_object_set_new(out, "notices", notices_json(s));
	json_object_set_new(out, "containers", containers_json(s));
	add_times(out, s);
	json_object_set_new(out, "pending",
			    status_list_json(s->pending.rows, s->pending.n, s->setup->site));
	json_object_set_new(out, "possibly_lost", lost_json(s));
	json_object_set_new(out, "another_program", others_json(s));
	json_object_set_new(out, "staged", staged_json(s));
	json_object_set_new(out, "newest",
			    status_list_json(s->newest.rows, s->newest.n, s->setup->site));
	json_object_set_new(out, "places", places_json(s));
	json_object_set_new(out, "cycles", cycles_json(s));
	return out;
}
