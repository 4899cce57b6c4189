/* Reads what decides what is next; declared in daemon/daemon_parts.h. */
#include "daemon/daemon_parts.h"
#include "daemon/tell.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "core/pace.h"
#include "core/pick_up.h"

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- what was left undone ---- */

/* When the tracker may be asked for it. */
static bool tracker_due(struct daemon *d, const struct cycle_clock *clock, int64_t now,
			int64_t *when, struct err *err)
{
	struct pace_reason why;
	int64_t until;

	if (!pace_backoff(&d->parts.run, &until, &why, err))
		return false;
	*when = schedule_rest(clock, &d->parts.run.manners, until ? until - now : 0, now);
	return true;
}

/* A turn has a time of its own where it waits for a client or a folder, and the tracker's
 * otherwise.  A start does not wait for the former: the cause may be gone. */
static int64_t turn_due(const struct daemon *d, const struct ledger_container *c, int64_t tracker,
			int64_t now)
{
	int64_t latest = now + DESTINATION_RETRY_MAX_MS; /* the clock was set back */

	if (!c->undone)
		return AGENDA_NEVER;
	if (!c->retry_at)
		return tracker;
	return d->fresh ? now : sooner(c->retry_at, latest);
}

/* The times of all targets, in their order; the caller's; NULL: an error. */
static int64_t *turns_due(struct daemon *d, const struct cycle_clock *clock, int64_t now,
			  struct err *err)
{
	const struct parts *p = &d->parts;
	struct ledger_container known;
	int64_t tracker;

	if (!tracker_due(d, clock, now, &tracker, err))
		return NULL;
	OWN_STR int64_t *due = mem_alloc((p->n_targets + 1) * sizeof *due);
	for (size_t i = 0; i < p->n_targets; i++) {
		if (!ledger_get_container(p->run.ledger, p->targets[i].container->name, &known,
					  err))
			return NULL;
		due[i] = turn_due(d, &known, tracker, now);
	}
	return OWN_TAKE(due);
}

static bool resume_due(struct daemon *d, struct outlook *o, struct err *err)
{
	OWN_STR int64_t *due = turns_due(d, &o->clock, o->now, err);

	o->resume = AGENDA_NEVER;
	for (size_t i = 0; due && i < d->parts.n_targets; i++)
		o->resume = sooner(o->resume, due[i]);
	return due != NULL;
}

bool *daemon_resumable(struct daemon *d, int64_t now, struct err *err)
{
	struct cycle_clock clock;

	if (!ledger_get_clock(d->parts.run.ledger, &clock, err))
		return NULL;
	OWN_STR int64_t *due = turns_due(d, &clock, now, err);
	if (!due)
		return NULL;
	bool *wanted = mem_alloc((d->parts.n_targets + 1) * sizeof *wanted);
	for (size_t i = 0; i < d->parts.n_targets; i++)
		wanted[i] = due[i] <= now;
	return wanted;
}

/* ---- the rest ---- */

static bool vault_look_due(struct daemon *d, struct outlook *o, struct err *err)
{
	struct ledger_vault_look last;

	if (!ledger_get_vault_look(d->parts.run.ledger, &last, err))
		return false;
	o->vault_looked = sooner(last.at, o->now);
	o->vault_damaged = last.damaged > 0;
	return true;
}

static bool pick_ups_due(struct daemon *d, struct outlook *o, struct err *err)
{
	const struct parts *p = &d->parts;
	int64_t due;

	o->pick_up = AGENDA_NEVER;
	for (size_t i = 0; i < p->n_targets; i++) {
		if (!pick_up_due(&p->run, &p->targets[i], &due, err))
			return false;
		o->pick_up = sooner(o->pick_up, due);
	}
	return true;
}

/* A time of the past that lies in the future, because the clock was set back, counts as now. */
static void correct(struct daemon *d, int64_t now)
{
	d->last_begin = sooner(d->last_begin, now);
	d->last_look = sooner(d->last_look, now);
	d->page_tried = sooner(d->page_tried, now);
	d->messages_rest = sooner(d->messages_rest, now + AGENDA_PAUSE_MS);
	d->last_copy = sooner(d->last_copy, now);
	d->copy_rest = sooner(d->copy_rest, now + AGENDA_COPY_RETRY_MS);
}

/* What was stored before the clock was set back, or the interval made shorter, is corrected once:
 * corrected again at each look, it would move on with the clock. */
static bool read_clock(struct daemon *d, struct outlook *o, struct err *err)
{
	if (!ledger_get_clock(d->parts.run.ledger, &o->clock, err))
		return false;
	struct cycle_clock *clock = &o->clock, old = o->clock;
	if (o->waits && !d->splayed && old.last_cycle && old.next_cycle < o->now)
		clock->next_cycle = schedule_overdue(&d->parts.run.manners, o->now, hash_chance());
	d->splayed = true;
	clock->next_cycle = schedule_due(clock->next_cycle, d->config->interval_ms, o->now);
	clock->last_attempt = sooner(old.last_attempt, o->now);
	if (clock->next_cycle == old.next_cycle && clock->last_attempt == old.last_attempt)
		return true;
	return ledger_set_clock(d->parts.run.ledger, clock, err);
}

bool daemon_outlook(struct daemon *d, struct outlook *o, struct err *err)
{
	int64_t now = clock_now();

	correct(d, now);
	*o = (struct outlook){.now = now,
			      .waits = daemon_waits(d),
			      .page_wanted = d->config->listen && !d->page,
			      .finished = d->finished,
			      .owed = d->owed,
			      .broken = d->broken,
			      .last_begin = d->last_begin,
			      .last_look = d->last_look,
			      .page_tried = d->page_tried,
			      .messages_rest = d->messages_rest,
			      .copies = d->config->backup_keep > 0,
			      .copying = daily_is_begun(&d->daily),
			      .last_copy = d->last_copy,
			      .copy_rest = d->copy_rest,
			      .vault_looking = d->vault_look.begun};
	return read_clock(d, o, err) && resume_due(d, o, err) && pick_ups_due(d, o, err) &&
	       vault_look_due(d, o, err) && tell_due(&d->parts, &o->message, err);
}
