#include "daemon/tell.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/outbox.h"
#include "core/report.h"

#include <inttypes.h>
#include <string.h>

/* ---- what there is ---- */

struct gathered {
	struct assignment *lost, *awaited, *refused; /* owned */
	size_t n_lost, n_awaited, n_refused;
	uint64_t n_others;
	int64_t others_since;
	struct events_client *clients; /* owned */
	size_t n_clients;
	char *digest; /* owned */
};

static void gathered_clear(struct gathered *g)
{
	assignment_list_free(g->lost, g->n_lost);
	assignment_list_free(g->awaited, g->n_awaited);
	assignment_list_free(g->refused, g->n_refused);
	free(g->clients);
	free(g->digest);
}

/* Keeps only those for which `keep` is true, in front; how many. */
static size_t only(struct assignment *list, size_t n, bool (*keep)(const struct assignment *))
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!keep(&list[i]))
			continue;
		struct assignment other = list[kept];
		list[kept++] = list[i];
		list[i] = other;
	}
	return kept;
}

static bool is_lost(const struct assignment *a)
{
	return a->state == ASSIGNMENT_LOST;
}

static bool is_late(const struct assignment *a)
{
	return a->pick_up == PICK_UP_LATE;
}

static bool gather_clients(const struct parts *p, struct gathered *g, struct err *err)
{
	const struct config *c = p->config;

	g->clients = mem_alloc((c->n_clients + 1) * sizeof *g->clients);
	for (size_t i = 0; i < c->n_clients; i++) {
		const struct destination *d = &p->clients[i];
		struct ledger_client known;
		if (!d->name)
			continue;
		if (!ledger_get_client(p->run.ledger, d->name, &known, err))
			return false;
		g->clients[g->n_clients++] = (struct events_client){
			d->name, known.down_since, strcmp(known.refused, d->fingerprint) == 0};
	}
	return true;
}

/* A person who has set SharedAccount knows. */
static bool gather_others(const struct parts *p, struct gathered *g, struct err *err)
{
	OWN_STR struct listed *list = NULL;
	size_t n;

	if (!ledger_unknown(p->run.ledger, &list, &n, err))
		return false;
	for (size_t i = 0; !p->config->shared_account && i < n; i++)
		if (list[i].owner == LISTED_OTHERS && g->n_others++ == 0)
			g->others_since = list[i].first_seen;
	return true;
}

static bool gather(const struct parts *p, struct gathered *g, struct err *err)
{
	return ledger_list(p->run.ledger, LEDGER_LOST, NULL, 0, &g->lost, &g->n_lost, err) &&
	       ledger_list(p->run.ledger, LEDGER_AWAITED, NULL, 0, &g->awaited, &g->n_awaited,
			   err) &&
	       ledger_list(p->run.ledger, LEDGER_REFUSED, NULL, 0, &g->refused, &g->n_refused,
			   err) &&
	       gather_others(p, g, err) && gather_clients(p, g, err);
}

/* ---- the digest ---- */

static bool add_container(const struct parts *p, const char *name, struct buf *out, struct err *err)
{
	struct ledger_container known;
	uint64_t week;
	char last[OUTCOME_TEXT] = "not tried yet";

	if (!ledger_get_container(p->run.ledger, name, &known, err) ||
	    !ledger_got_since(p->run.ledger, name, clock_now() - EVENTS_DIGEST_MS, &week, err))
		return false;
	if (known.outcome_at)
		result_text(&known.result, last);
	buf_printf(out, "%s: %s, %" PRIu64 " new.", name, last, week);
	report_totals(out, p->run.ledger, name);
	buf_puts(out, "\n");
	return true;
}

static bool make_digest(const struct parts *p, char **text, struct err *err)
{
	OWN_BUF struct buf out = BUF_MAX(EVENT_TEXT_MAX);

	for (size_t i = 0; i < p->n_targets; i++)
		if (!add_container(p, p->targets[i].container->name, &out, err))
			return false;
	*text = buf_take(&out);
	return true;
}

/* ---- telling ---- */

static void add_link(const struct config *c, struct events *found)
{
	for (size_t i = 0; i < found->n; i++) {
		char *text = found->list[i].text;
		found->list[i].text = report_linked(text ? text : "", c->public_url);
		free(text);
	}
}

static bool find_and_put(const struct parts *p, struct events_now *now, struct err *err)
{
	OWN(gathered_clear) struct gathered g = {0};
	OWN(notices_clear) struct notices told = {0};
	OWN(events_clear) struct events found = {0};

	if (!gather(p, &g, err) || !ledger_notices(p->run.ledger, &told.list, &told.n, err))
		return false;
	now->now = clock_now();
	now->wants_digest = outbox_wants(&p->run, EVENT_DIGEST);
	if (now->wants_digest && events_digest_is_due(&told, now->now) &&
	    !make_digest(p, &g.digest, err))
		return false;
	now->containers = p->config->containers;
	now->n_containers = p->config->n_containers;
	now->clients = g.clients;
	now->n_clients = g.n_clients;
	now->lost = g.lost;
	now->n_lost = only(g.lost, g.n_lost, is_lost);
	now->others = g.n_others;
	now->others_since = g.others_since;
	now->late = g.awaited;
	now->n_late = only(g.awaited, g.n_awaited, is_late);
	now->refused = g.refused;
	now->n_refused = g.n_refused;
	now->digest = g.digest;
	events_find(now, &told, &found);
	add_link(p->config, &found);
	return outbox_put(&p->run, &told, &found, err);
}

static void keep(const struct parts *p, struct events_now *now)
{
	struct err err;

	if (!find_and_put(p, now, &err))
		log_warn(NULL, "the messages could not be recorded: %s", err.msg);
}

/* Unless another process is at work. */
static void keep_locked(const struct parts *p, struct events_now *now)
{
	OWN_STR char *path = wire_cycle_lock_path(p->config);
	struct err err;
	bool held;
	OWN_FD int lock = fs_lock(path, &held, &err);

	if (lock >= 0)
		keep(p, now);
	else
		log_debug(NULL, "another process looks for messages: %s", err.msg);
}

bool tell_send(const struct parts *p, int64_t until)
{
	OWN_STR char *path = wire_tell_lock_path(p->config);
	struct err err;
	bool held;

	if (!p->config->n_notify)
		return true;
	OWN_FD int lock = fs_lock(path, &held, &err);
	if (lock < 0)
		log_debug(NULL, "no message is sent now: %s", err.msg);
	return lock >= 0 && outbox_send(&p->run, until);
}

void tell_cycle(const struct parts *p, const struct tell_cycle *c)
{
	if (!p->config->n_notify)
		return;
	OWN_STR struct outcome *all = mem_alloc((c->n + 1) * sizeof *all);
	struct events_now now = {.outcomes = all,
				 .n_outcomes = c->n + 1,
				 .newer_version = c->newer_version,
				 .speaks = c->speaks,
				 .audited = c->audit != NULL,
				 .audit_summary = c->audit_summary};

	/* The cycle as a whole could be run. */
	all[0] = (struct outcome){.container = (char[]){""}};
	for (size_t i = 0; i < c->n; i++)
		all[i + 1] = c->outcomes[i];
	if (c->audit) {
		now.missing = c->audit->count[AUDIT_MISSING];
		now.in_error = c->audit->count[AUDIT_ERROR];
		now.audited_all = !c->audit->count[AUDIT_UNASKED];
	}
	keep(p, &now);
}

void tell_look(const struct parts *p)
{
	struct events_now now = {0};

	if (p->config->n_notify)
		keep_locked(p, &now);
}

void tell_broken(const struct parts *p, const struct err *why)
{
	struct outcome whole = {.container = (char[]){""}, .result = result_of_err(why)};
	struct events_now now = {.outcomes = &whole, .n_outcomes = 1};

	if (!p->run.ledger || !p->run.notify || !p->config->n_notify)
		return;
	text_copy(whole.detail, sizeof whole.detail, why->msg);
	keep_locked(p, &now);
	(void)tell_send(p, INT64_MAX);
}

bool tell_due(const struct parts *p, int64_t *when, struct err *err)
{
	return outbox_due(&p->run, when, err);
}
