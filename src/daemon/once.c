#include "daemon/once.h"

#include "daemon/tell.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/audit.h"
#include "core/cycle.h"
#include "core/pace.h"
#include "core/report.h"

#include <string.h>

#define LOCK_POLL_MS 250
#define PINGS_APART_MS 600000 /* between pings of cycles that made no call */
#define CYCLE_TIME_MIN_MS (3600 * INT64_C(1000))

int once_lock(const struct config *c, struct wake *wake, struct err *err)
{
	OWN_STR char *path = wire_cycle_lock_path(c);
	bool said = false;

	for (;;) {
		bool held;
		int fd = fs_lock(path, &held, err);
		if (fd >= 0 || !held)
			return fd;
		if (!said)
			log_info(NULL,
				 "another ptp-archiver is at work on %s; waiting for it to "
				 "finish",
				 c->state);
		said = true;
		if (!wake_sleep(wake, LOCK_POLL_MS, err))
			return -1;
	}
}

/* The last outcome of a container that is not in this cycle; false if it never had one. */
static bool carry(struct ledger *l, const struct target *t, struct outcome *out)
{
	struct ledger_container known;
	struct err ignored;

	if (!ledger_get_container(l, t->container->name, &known, &ignored) || !known.outcome_at)
		return false;
	out->result = known.result;
	out->until = known.until;
	out->container = mem_dup(t->container->name);
	out->carried = true;
	text_copy(out->detail, sizeof out->detail, known.detail);
	return true;
}

/* The outcomes of this cycle and the carried ones, sorted by name; takes over the former. */
static size_t all_outcomes(const struct once *o, struct outcome *ours, struct outcome *all)
{
	const struct parts *p = o->parts;
	size_t n = 0, next = 0;

	for (size_t i = 0; i < p->n_targets; i++) {
		if (!o->wanted || o->wanted[i]) {
			all[n++] = ours[next];
			ours[next++] = (struct outcome){0};
		} else if (carry(p->run.ledger, &p->targets[i], &all[n])) {
			n++;
		}
	}
	return n;
}

static size_t wanted_targets(const struct once *o, struct target *out)
{
	size_t n = 0;

	for (size_t i = 0; i < o->parts->n_targets; i++)
		if (!o->wanted || o->wanted[i])
			out[n++] = o->parts->targets[i];
	return n;
}

static void keep_ids(const struct parts *p)
{
	const struct config *c = p->config;

	for (size_t i = 0; i < c->n_containers; i++) {
		struct ledger_container known;
		struct container *one = &c->containers[i];
		struct err err;
		if (!ledger_get_container(p->run.ledger, one->name, &known, &err) || !known.id[0] ||
		    strcmp(known.id, one->id) == 0)
			continue;
		if (config_keep_container_id(c, one->name, known.id, &err))
			log_debug(one->name, "its ContainerID is %s", known.id);
		else
			log_debug(one->name, "cannot keep its ContainerID: %s", err.msg);
		text_copy(one->id, sizeof one->id, known.id);
	}
}

/* ---- the audit ---- */

static bool anybody_to_ask(const struct parts *p)
{
	for (size_t i = 0; i < p->n_targets; i++)
		if (p->targets[i].asked)
			return true;
	return false;
}

static bool is_due(const struct once *o, const struct ledger_audit *last)
{
	int64_t every = o->parts->config->audit_interval_ms, now = clock_now();

	return o->audit && every && anybody_to_ask(o->parts) &&
	       (now - last->at >= every || last->at > now);
}

static bool audit(const struct once *o, struct ledger_audit *last, struct audit *found,
		  struct err *err)
{
	struct parts *p = o->parts;
	const struct audit_scope all = {.targets = p->targets, .n = p->n_targets};

	if (!audit_run(&p->run, &all, found, err))
		return false;
	OWN_STR char *summary = audit_summary(found);
	log_info(NULL, "audit: %s", summary);
	last->at = clock_now();
	text_copy(last->summary, sizeof last->summary, summary);
	last->missing = found->count[AUDIT_MISSING];
	last->in_error = found->count[AUDIT_ERROR];
	return ledger_set_audit(p->run.ledger, last, err);
}

/* The last one, or one that is made now (true, and *found is what it found).  An audit that
 * fails does not fail the cycle. */
static bool take_audit(const struct once *o, struct ledger_audit *last, struct audit *found)
{
	struct err err;

	bool ok = ledger_get_audit(o->parts->run.ledger, last, &err), due = ok && is_due(o, last);
	if (due)
		ok = audit(o, last, found, &err);
	if (!ok)
		log_warn(NULL, "the audit was not made: %s", err.msg);
	return ok && due;
}

/* ---- pings ---- */

/* `why`: why the last one was not recorded; NULL: it was. */
static void keep_ping(struct ledger *l, const char *why)
{
	struct ledger_pings known, now = {0};
	struct err err;
	bool ok = ledger_get_pings(l, &known, &err);

	if (ok && !why && !known.failures)
		return;
	if (ok && why) {
		now.failures = known.failures + 1;
		now.since = known.failures ? known.since : clock_now();
		text_copy(now.why, sizeof now.why, why);
	}
	if (!ok || !ledger_set_pings(l, &now, &err))
		log_warn(NULL, "cannot record how the ping ended: %s", err.msg);
}

/* ---- the end of a cycle ---- */

static void finish(const struct once *o, const struct cycle *cy, struct outcome *ours, bool quiet)
{
	struct parts *p = o->parts;
	struct outcome *all = mem_alloc((p->n_targets + 1) * sizeof *all);
	size_t n = all_outcomes(o, ours, all);
	struct ledger_audit last = {0};
	OWN(audit_clear) struct audit found = {0};
	bool audited = take_audit(o, &last, &found);
	bool nothing_missing = !found.count[AUDIT_MISSING];
	const struct report report = {.outcomes = all,
				      .n = n,
				      .newer_version = cy->newer_version,
				      .speaks = p->run.speaks,
				      .orphans = wire_orphans(p, false),
				      .leftovers = cy->leftovers,
				      .audit = &last,
				      .missing = !nothing_missing,
				      .next_cycle = o->next_cycle};
	OWN_STR char *summary = report_summary(all, n);
	OWN_STR char *said = report_body(p->run.ledger, &report);
	OWN_STR char *body = report_linked(said, p->config->public_url);
	enum cycle_end end = report_end(all, n, !nothing_missing);
	bool well = end == CYCLE_END_WELL;
	struct err err;

	log_info(NULL, "cycle ended: %s", summary);
	if (!ledger_cycle_end(p->run.ledger, cy->id, end, summary, &err))
		log_error(NULL, "cannot record the end of the cycle: %s", err.msg);
	keep_ids(p);
	if (well || !quiet)
		keep_ping(p->run.ledger,
			  well ? health_success(p->health, body) : health_fail(p->health, body));
	tell_cycle(p, &(struct tell_cycle){.outcomes = all,
					   .n = n,
					   .newer_version = cy->newer_version,
					   .speaks = p->run.speaks,
					   .audit = audited ? &found : NULL,
					   .audit_summary = last.summary});
	for (size_t i = 0; i < n; i++)
		outcome_clear(&all[i]);
	free(all);
}

void once_ping_failure(const struct config *c, struct wake *wake, const char *body)
{
	struct err err;
	struct health *h = health_open(&c->ping_url, c->ca_file, wake, &err);

	OWN_STR char *linked = report_linked(body, c->public_url);
	if (h)
		health_fail(h, linked);
	health_close(h);
}

void once_report_failure(struct parts *p, const struct config *c, struct wake *wake,
			 const struct err *err)
{
	char word[ERR_WORD];

	err_word(err->code, err->status, err->name, word);
	OWN_STR char *body = mem_printf("ERROR: %s: %s", word, err->msg);

	if (!p->health) {
		once_ping_failure(c, wake, body);
		return;
	}
	OWN_STR char *linked = report_linked(body, c->public_url);
	health_fail(p->health, linked);
	tell_broken(p, err);
}

/* A stop within a cycle is not a failure.  But Healthchecks should show why no end came. */
static void report_stop(struct parts *p, const struct err *err)
{
	if (err_is_stop(err))
		health_log(p->health, "Stopped on request during the cycle. The next start resumes "
				      "it; nothing is lost.");
}

/* No cycle asks for longer than the interval, or an hour where that is shorter. */
static int64_t time_for(const struct config *c)
{
	return c->interval_ms > CYCLE_TIME_MIN_MS ? c->interval_ms : CYCLE_TIME_MIN_MS;
}

/* Cycles that the tracker's back-off keeps from calling are reported once in ten minutes: a person
 * may ask for one each second. */
static bool find_quiet(const struct once *o, bool *quiet, struct err *err)
{
	struct run *r = &o->parts->run;
	struct pace_reason why;
	struct cycle_clock clock;
	int64_t until, now = clock_now();

	enum step step = pace_may_ask(r, &until, &why, err);
	if (step != HOLD || !r->manners.waits)
		return step != FAILED;
	if (!ledger_get_clock(r->ledger, &clock, err))
		return false;
	*quiet = clock.pinged_at <= now && now - clock.pinged_at < PINGS_APART_MS;
	if (*quiet)
		return true;
	clock.pinged_at = now;
	return ledger_set_clock(r->ledger, &clock, err);
}

static bool run_locked(const struct once *o, const struct target *targets, size_t n, bool *well,
		       struct err *err)
{
	struct parts *p = o->parts;
	struct outcome *ours = mem_alloc((n + 1) * sizeof *ours);
	struct cycle cy = {
		.kind = o->kind,
		.targets = targets,
		.n = n,
		.local = o->local,
		.deadline = clock_monotonic() + time_for(p->config),
		.since = o->since,
		.delivered = o->delivered,
		.ctx = o->ctx,
	};

	bool quiet = false;
	bool ok = pace_open(&p->run, err) && find_quiet(o, &quiet, err);
	if (ok && !quiet)
		health_start(p->health, "Starting fetch cycle for all containers.");
	ok = ok && cycle_run(&p->run, &cy, ours, err);
	if (ok) {
		*well = report_is_well(ours, n);
		finish(o, &cy, ours, quiet);
	} else {
		report_stop(p, err);
	}
	for (size_t i = 0; i < n; i++)
		outcome_clear(&ours[i]);
	free(ours);
	return ok;
}

bool once_run(const struct once *o, bool *well, struct err *err)
{
	OWN_STR struct target *targets = mem_alloc((o->parts->n_targets + 1) * sizeof *targets);
	size_t n = wanted_targets(o, targets);
	OWN_FD int lock = once_lock(o->parts->config, o->parts->run.wake, err);

	return lock >= 0 && run_locked(o, targets, n, well, err);
}
