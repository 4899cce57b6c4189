/* The state folder, the ledger, and trouble with them; declared in daemon/daemon_parts.h. */
#include "daemon/daemon_note.h"
#include "daemon/daemon_parts.h"
#include "daemon/once.h"
#include "base/clock.h"
#include "system/service.h"
#include "core/copies.h"
#include "core/folders.h"
#include "model/fact.h"

#define REPORT_APART_MS 3600000 /* the same trouble, to Healthchecks */

bool daemon_waits(const struct daemon *d)
{
	const struct config *c = d->config;

	return schedule_manners(c->fetch_sleep_ms, c->loopback).waits;
}

void daemon_leave_note(const struct config *c)
{
	struct err err;

	if (!daemon_note_write(c, &err))
		log_warn(NULL, "commands cannot compare their settings with the daemon's: %s",
			 err.msg);
}

/* ---- the clock ---- */

#define CLOCK_PATIENCE_MS 600000 /* for a clock that is behind the ledger, to be set */
#define CLOCK_LOOK_MS 10000

#define DAY_TEXT 10 /* "2026-11-01" */

/* A clock that is earlier than this program is wrong.  One that is behind the ledger may have been
 * set back for a good reason, so that is believed after a while. */
static bool is_set(const struct daemon *d, int64_t now, int64_t newest)
{
	bool patient = clock_steady() - d->started < CLOCK_PATIENCE_MS;

	return schedule_clock_is_set(now, patient ? newest : 0);
}

static void wait_for_clock(struct daemon *d, int64_t now)
{
	char when[CLOCK_TEXT];
	struct err why;

	clock_format_utc(now, when);
	/* The day alone: other words would be other trouble, to be reported again. */
	err_set(&why, ERR_RETRY, WORD_CONFIG, "the clock of this machine is not set: it says %.*s",
		DAY_TEXT, when);
	daemon_begin_trouble(d, &why, "", "no cycle begins before it is set");
	d->clock_waits = true;
	wake_until(d->wake, now + CLOCK_LOOK_MS);
}

bool daemon_clock_is_set(struct daemon *d, bool *set, struct err *err)
{
	struct cycle_clock clock;
	struct pace pace;
	int64_t now = clock_now();

	if (!ledger_get_clock(d->parts.run.ledger, &clock, err) ||
	    !ledger_get_pace(d->parts.run.ledger, &pace, err))
		return false;
	int64_t newest =
		clock.last_cycle > pace.request.wall ? clock.last_cycle : pace.request.wall;
	*set = !daemon_waits(d) || is_set(d, now, newest);
	if (!*set)
		wait_for_clock(d, now);
	else if (d->clock_waits)
		daemon_end_trouble(d);
	d->clock_waits &= !*set;
	return true;
}

/* ---- trouble ---- */

bool daemon_is_hopeless(const struct err *err)
{
	return err->kind == ERR_FATAL && err->code != WORD_LEDGER;
}

void daemon_begin_trouble(struct daemon *d, const struct err *why, const char *what,
			  const char *then)
{
	int64_t now = clock_now();
	bool fresh = trouble_begin(&d->trouble, TROUBLE_WORK, why);

	if (fresh && ledger_is_damaged(why)) {
		OWN_STR char *copy = copies_newest_good(d->config->state, d->wake);
		trouble_name_copy(&d->trouble, copy);
	}
	if (fresh) {
		const struct fact stuck = {.what = FACT_STUCK, .since = now, .detail = why->msg};
		OWN_STR char *sentence = fact_sentence(&stuck, now);
		log_error(NULL, "%s%s; %s", what, why->msg, then);
		service_tell("STATUS=%s", sentence);
	}
	if (!fresh && now - d->reported < REPORT_APART_MS && now >= d->reported)
		return;
	d->reported = now;
	once_report_failure(&d->parts, d->config, d->wake, why);
}

void daemon_end_trouble(struct daemon *d)
{
	d->broken = 0;
	d->paused = false;
	if (trouble_end(&d->trouble, TROUBLE_WORK))
		log_info(NULL, "cycles can be run again");
}

/* ---- the parts ---- */

bool daemon_check_state(struct daemon *d, struct err *err)
{
	bool reopen;

	if (!hold_check(&d->hold, &d->parts, d->config, d->wake, &reopen, err))
		return false;
	if (!reopen)
		return true;
	daily_abandon(&d->daily);
	vault_look_abandon(&d->vault_look);
	wire_close(&d->parts);
	daemon_leave_note(d->config);
	return true;
}

static bool forgive(struct daemon *d, struct err *err)
{
	for (size_t i = 0; d->forgive && i < d->config->n_clients; i++)
		if (d->parts.clients[i].name &&
		    !destination_forgive(&d->parts.run, &d->parts.clients[i], err))
			return false;
	d->forgive = false;
	return true;
}

/* A container that its client held back has a turn again where the client may be called. */
static bool free_held(const struct parts *p, const struct target *t, struct err *err)
{
	const char *name = t->container->name;
	struct ledger_container known;
	bool refused;

	if (!t->to->name)
		return true;
	if (!ledger_get_container(p->run.ledger, name, &known, err) ||
	    !ledger_is_refused(p->run.ledger, t->to->fingerprint, &refused, err))
		return false;
	return refused || !result_is_clients(&known.result) ||
	       ledger_undone(p->run.ledger, &name, 1, err);
}

static bool open_anew(struct daemon *d, struct err *err)
{
	struct parts *p = &d->parts;

	if (!wire_open(p, d->config, d->wake, err))
		return false;
	wire_orphans(p, true);
	if (!folders_forget(&p->run, p->targets, p->n_targets, err))
		return false;
	if (!forgive(d, err))
		return false;
	for (size_t i = 0; i < p->n_targets; i++)
		if (!free_held(p, &p->targets[i], err))
			return false;
	return true;
}

bool daemon_open_parts(struct daemon *d, struct err *err)
{
	return daemon_check_state(d, err) && (d->parts.run.ledger || open_anew(d, err));
}

/* A ledger that was removed since the last look can be read only until it is closed. */
void daemon_close_parts(struct daemon *d)
{
	struct err err;

	if (d->parts.run.ledger && !daemon_check_state(d, &err))
		log_error(NULL, "%s", err.msg);
	daily_abandon(&d->daily);
	vault_look_abandon(&d->vault_look);
	wire_close(&d->parts);
}
