#include "view/status_metrics.h"

#include "view/facts.h"
#include "base/num.h"
#include "base/text.h"
#include "ports/engine_native.h"

#include <inttypes.h>
#include <string.h>

#define PREFIX "ptp_archiver_"

/* ---- the format ---- */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void add_value(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n') {
			buf_puts(out, "\\n");
			continue;
		}
		if (*text == '\\' || *text == '"')
			buf_puts(out, "\\");
		buf_add(out, text, 1);
	}
}

static void add_label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	add_value(out, value);
	buf_puts(out, "\"");
}

static void sample(struct buf *out, const char *name, uint64_t value)
{
	buf_printf(out, PREFIX "%s %" PRIu64 "\n", name, value);
}

static void labelled(struct buf *out, const char *name, const char *label, const char *of,
		     uint64_t value)
{
	buf_printf(out, PREFIX "%s{", name);
	add_label(out, label, of);
	buf_printf(out, "} %" PRIu64 "\n", value);
}

/* Milliseconds as seconds. */
static void sample_ms(struct buf *out, const char *name, uint64_t ms)
{
	buf_printf(out, PREFIX "%s %" PRIu64 ".%03u\n", name, ms / 1000, (unsigned)(ms % 1000));
}

static void gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, "gauge", help);
	sample(out, name, value);
}

/* A time is there, or the metric is not. */
static void gauge_time(struct buf *out, const char *name, const char *help, int64_t when)
{
	if (when <= 0)
		return;
	head(out, name, "gauge", help);
	sample_ms(out, name, (uint64_t)when);
}

/* ---- containers: a row each ---- */

static uint64_t get_allocated(const struct status_container *c)
{
	return c->setup->allocated;
}

static uint64_t get_bytes(const struct status_container *c)
{
	return c->totals.bytes;
}

static uint64_t get_torrents(const struct status_container *c)
{
	return c->totals.delivered;
}

static uint64_t get_pending(const struct status_container *c)
{
	return c->totals.pending;
}

static uint64_t get_set_aside(const struct status_container *c)
{
	return c->totals.set_aside;
}

static uint64_t get_lost(const struct status_container *c)
{
	return c->lost;
}

static uint64_t get_late(const struct status_container *c)
{
	return c->totals.late;
}

static uint64_t get_refused(const struct status_container *c)
{
	return c->totals.refused;
}

static uint64_t get_well(const struct status_container *c)
{
	return c->known.outcome_at && result_is_well(&c->known.result);
}

static uint64_t seconds(int64_t ms)
{
	return ms > 0 ? (uint64_t)ms / 1000 : 0;
}

static uint64_t get_outcome_at(const struct status_container *c)
{
	return seconds(c->known.outcome_at);
}

static uint64_t get_oldest(const struct status_container *c)
{
	return seconds(c->totals.oldest_pending);
}

static uint64_t get_full_at(const struct status_container *c)
{
	return seconds(c->forecast.at);
}

static const struct container_metric {
	const char *name, *help;
	uint64_t (*get)(const struct status_container *c);
	bool is_time;   /* left out where it is 0 */
	bool of_a_turn; /* left out where there was none yet */
} container_metrics[] = {
	{"container_allocated_bytes", "Size of the container as it was offered.", get_allocated,
	 false, false},
	{"container_stored_bytes", "Size of the content of what was delivered.", get_bytes, false,
	 false},
	{"container_torrents", "Torrents that were delivered.", get_torrents, false, false},
	{"container_pending_torrents", "Torrents assigned and not delivered yet.", get_pending,
	 false, false},
	{"container_set_aside_torrents", "Torrents set aside after five tries.", get_set_aside,
	 false, false},
	{"container_possibly_lost_torrents", "Questions whose answer was lost.", get_lost, false,
	 false},
	{"container_not_picked_up_files", "Files that the client should have taken by now.",
	 get_late, false, false},
	{"container_refused_files", "Files that the client put aside.", get_refused, false, false},
	{"container_well", "1 if the last outcome was no failure.", get_well, false, true},
	{"container_outcome_timestamp_seconds", "When the last turn ended.", get_outcome_at, true,
	 false},
	{"container_oldest_pending_timestamp_seconds",
	 "When the oldest pending torrent was asked for.", get_oldest, true, false},
	{"container_full_timestamp_seconds", "When it will be full at the rate of the last weeks.",
	 get_full_at, true, false},
};

static bool applies(const struct container_metric *m, const struct status_container *c)
{
	return (!m->is_time || m->get(c)) && (!m->of_a_turn || c->known.outcome_at);
}

static void add_container_metric(const struct status *s, const struct container_metric *m,
				 struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < s->setup->n_containers; i++) {
		const struct status_container *c = &s->containers[i];
		if (!applies(m, c))
			continue;
		if (!any)
			head(out, m->name, "gauge", m->help);
		any = true;
		labelled(out, m->name, "container", c->setup->name, m->get(c));
	}
}

static void add_turns(const struct status *s, struct buf *out)
{
	static const char name[] = "turns_total";

	if (!s->n_turns)
		return;
	head(out, name, "counter", "Turns of a container in a cycle, by their outcome.");
	for (size_t i = 0; i < s->n_turns; i++) {
		buf_printf(out, PREFIX "%s{", name);
		add_label(out, "container", s->turns[i].container);
		buf_puts(out, ",");
		add_label(out, "outcome", s->turns[i].outcome);
		buf_printf(out, "} %" PRIu64 "\n", s->turns[i].n);
	}
}

/* ---- cycles and the tracker ---- */

static void add_cycles(const struct status *s, struct buf *out)
{
	const struct ledger_cycle_tally *t = &s->cycle_tally;
	const struct ledger_cycle *last = NULL;

	head(out, "cycles_total", "counter", "Cycles that ended, by how.");
	labelled(out, "cycles_total", "result", "well", t->n[1]);
	labelled(out, "cycles_total", "result", "failed", t->n[0]);
	head(out, "cycle_duration_seconds", "summary", "How long cycles took.");
	sample_ms(out, "cycle_duration_seconds_sum", t->ms[0] + t->ms[1]);
	sample(out, "cycle_duration_seconds_count", t->n[0] + t->n[1]);
	for (size_t i = 0; !last && i < s->n_cycles; i++)
		if (s->cycles[i].ended_at)
			last = &s->cycles[i];
	if (last) {
		int64_t took = last->ended_at - last->begun_at;
		gauge_time(out, "last_cycle_end_timestamp_seconds", "When the last cycle ended.",
			   last->ended_at);
		gauge(out, "last_cycle_well", "1 if the last cycle was no failure.", last->well);
		head(out, "last_cycle_duration_seconds", "gauge", "How long the last cycle took.");
		sample_ms(out, "last_cycle_duration_seconds", took > 0 ? (uint64_t)took : 0);
	}
	gauge(out, "cycle_running", "1 while a cycle is at work.", s->working);
	gauge_time(out, "next_cycle_timestamp_seconds", "When the next cycle is due.",
		   s->clock.next_cycle);
	gauge_time(out, "next_try_timestamp_seconds",
		   "When what was left undone is resumed, before the next cycle.",
		   status_next_try(s));
}

static void add_tracker(const struct status *s, struct buf *out)
{
	gauge(out, "backoff_active", "1 while the tracker is left alone after failures.",
	      status_backoff(s) > 0);
	gauge(out, "backoff_failures", "Failures in a row that call for patience.",
	      s->pace.failures);
	gauge_time(out, "backoff_until_timestamp_seconds", "When the tracker may be asked again.",
		   status_backoff(s) ? s->pace.backoff_until : 0);
	gauge_time(out, "trouble_since_timestamp_seconds",
		   "When the first of the failures in a row happened.", s->pace.since);
	gauge_time(out, "last_request_timestamp_seconds", "When the tracker was last called.",
		   s->pace.request.wall);
	gauge(out, "incomplete_transactions", "What the tracker last listed as incomplete.",
	      s->incomplete);
	gauge(out, "newer_utility", "1 if the tracker announces a newer protocol than is spoken.",
	      num_version_compare(s->pace.announced, ENGINE_NATIVE_SPEAKS) > 0);
	gauge_time(out, "audit_timestamp_seconds", "When the last audit was made.", s->audit.at);
	if (s->audit.at)
		gauge(out, "audit_missing_torrents", "Torrents that the last audit did not find.",
		      s->audit.missing);
}

/* ---- where torrents go ---- */

static uint64_t get_up(const struct status_place *p)
{
	return !p->client.down_since && !p->client.refused[0];
}

static uint64_t get_seen(const struct status_place *p)
{
	return seconds(p->client.seen_at);
}

static uint64_t get_free(const struct status_place *p)
{
	return p->space.free;
}

static uint64_t get_total(const struct status_place *p)
{
	return p->space.total;
}

static bool is_called(const struct status_place *p)
{
	return p->setup->is_client && (p->client.seen_at || !get_up(p));
}

static bool is_folder(const struct status_place *p)
{
	return !p->setup->is_client;
}

static bool is_hanging(const struct status_place *p)
{
	return is_folder(p) && p->client.down_since;
}

static uint64_t get_hanging_since(const struct status_place *p)
{
	return seconds(p->client.down_since);
}

static bool is_seen(const struct status_place *p)
{
	return p->client.seen_at > 0;
}

static bool is_measured(const struct status_place *p)
{
	return p->space.at > 0;
}

static bool has_total(const struct status_place *p)
{
	return p->space.at > 0 && p->space.total;
}

static const struct place_metric {
	const char *name, *label, *help;
	bool (*applies)(const struct status_place *p);
	uint64_t (*get)(const struct status_place *p);
} place_metrics[] = {
	{"client_up", "client", "1 if the client answered when it was last called.", is_called,
	 get_up},
	{"client_seen_timestamp_seconds", "client", "When the client last answered.", is_seen,
	 get_seen},
	{"folder_up", "place", "1 if the folder answered when it was last looked at.", is_folder,
	 get_up},
	{"folder_hangs_timestamp_seconds", "place", "Since when the folder has not answered.",
	 is_hanging, get_hanging_since},
	{"place_free_bytes", "place", "What was free when it was last measured.", is_measured,
	 get_free},
	{"place_size_bytes", "place", "Size of the file system.", has_total, get_total},
};

static void add_place_metric(const struct status *s, const struct place_metric *m, struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < s->setup->n_places; i++) {
		const struct status_place *p = &s->places[i];
		if (!m->applies(p))
			continue;
		if (!any)
			head(out, m->name, "gauge", m->help);
		any = true;
		labelled(out, m->name, m->label, p->setup->name, m->get(p));
	}
}

/* ---- facts ---- */

/* Each condition is there at any time, so that an alert can rely on it. */
static void add_facts(const struct status *s, struct buf *out)
{
	uint64_t n[CONDITIONS] = {0};
	struct facts facts;

	facts_find(s, &facts);
	for (size_t i = 0; i < facts.n; i++)
		n[facts.list[i].what]++;
	head(out, "fact", "gauge", "How many facts of this kind the status page shows.");
	for (int what = 0; what < CONDITIONS; what++)
		if (fact_level((enum condition)what) != FACT_GOOD)
			labelled(out, "fact", "fact", fact_name((enum condition)what), n[what]);
}

/* ---- all of it ---- */

void status_metrics_daemon(bool stuck, bool config_refused, struct buf *out)
{
	head(out, "build_info", "gauge", "The version, and the protocol that is spoken.");
	buf_puts(out, PREFIX "build_info{version=\"" PTP_ARCHIVER_VERSION
			     "\",speaks=\"" ENGINE_NATIVE_SPEAKS "\"} 1\n");
	gauge(out, "stuck",
	      "1 while no cycle can be run: the state folder or the ledger is unusable.", stuck);
	gauge(out, "config_last_reload_successful",
	      "0 if the configuration was read again and refused.", !config_refused);
}

void status_metrics(const struct status *s, struct buf *out)
{
	status_metrics_daemon(s->work.since, s->config.since, out);
	for (size_t i = 0; i < sizeof container_metrics / sizeof *container_metrics; i++)
		add_container_metric(s, &container_metrics[i], out);
	add_turns(s, out);
	add_cycles(s, out);
	add_tracker(s, out);
	add_facts(s, out);
	for (size_t i = 0; i < sizeof place_metrics / sizeof *place_metrics; i++)
		add_place_metric(s, &place_metrics[i], out);
}
