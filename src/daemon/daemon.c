#include "daemon/daemon_parts.h"
#include "daemon/tell.h"
#include "base/clock.h"
#include "base/log.h"
#include "system/service.h"
#include "core/copies.h"
#include "core/folders.h"
#include "core/pick_up.h"

/* ---- jobs ---- */

static bool open_page(struct daemon *d, const struct outlook *o, struct err *err)
{
	(void)o, (void)err;
	daemon_open_page(d);
	return true;
}

static bool finish_local(struct daemon *d, const struct outlook *o, struct err *err)
{
	(void)o;
	return daemon_finish_local(d, err);
}

static bool cycle(struct daemon *d, const struct outlook *o, struct err *err)
{
	(void)o;
	return daemon_cycle(d, err);
}

static bool resume(struct daemon *d, const struct outlook *o, struct err *err)
{
	(void)o;
	return daemon_resume(d, err);
}

static bool look(struct daemon *d, const struct outlook *o, struct err *err)
{
	const struct parts *p = &d->parts;

	d->last_look = o->now;
	if (!folders_look(&p->run, p->targets, p->n_targets, err))
		return err_is_stop(err);
	for (size_t i = 0; i < p->n_targets; i++)
		if (!pick_up_look(&p->run, &p->targets[i], err))
			return false;
	tell_look(p);
	return true;
}

static bool send_messages(struct daemon *d, const struct outlook *o, struct err *err)
{
	(void)err;
	bool sent = tell_send(&d->parts, agenda_messages_until(o));

	d->messages_rest = sent ? 0 : clock_now() + AGENDA_PAUSE_MS;
	return true;
}

/* A copy holds the pages that nothing uses, too.  Where only such a page is damaged, the file is
 * written again without it. */
static bool check_damage(struct daemon *d, struct err *err)
{
	struct err ignored;

	if (!ledger_check(d->parts.run.ledger, err)) {
		wire_name_copy(d->config, err);
		return false;
	}
	(void)!ledger_renew(d->parts.run.ledger, &ignored);
	return true;
}

/* A copy that fails does not stop the daemon: the next is tried in an hour. */
static bool copy_ledger(struct daemon *d, const struct outlook *o, struct err *err)
{
	bool done;
	struct err why;

	if (!daily_is_begun(&d->daily) && !ledger_seal(d->parts.run.ledger, err))
		return false;
	if (daily_step(&d->daily, d->config->state, d->config->backup_keep, d->wake, &done, &why)) {
		d->last_copy = done ? o->now : d->last_copy;
		if (done && trouble_end(&d->trouble, TROUBLE_COPY))
			log_info(NULL, "the ledger can be copied again");
		return true;
	}
	d->copy_rest = o->now + AGENDA_COPY_RETRY_MS;
	if (ledger_is_damaged(&why) && !check_damage(d, err))
		return false;
	if (trouble_begin(&d->trouble, TROUBLE_COPY, &why))
		log_warn(NULL, "%s; it is tried again every hour", why.msg);
	return true;
}

static bool look_at_vault(struct daemon *d, const struct outlook *o, struct err *err)
{
	const struct run *r = &d->parts.run;
	bool done;

	(void)o;
	bool ok = vault_look_step(&d->vault_look, r->vault, r->ledger, &done, err);
	if (!ok || done)
		vault_look_abandon(&d->vault_look);
	return ok;
}

static bool (*const jobs[JOBS])(struct daemon *, const struct outlook *, struct err *) = {
	[JOB_PAGE] = open_page,   [JOB_LOCAL] = finish_local,  [JOB_CYCLE] = cycle,
	[JOB_RESUME] = resume,    [JOB_LOOK] = look,           [JOB_MESSAGES] = send_messages,
	[JOB_COPY] = copy_ledger, [JOB_VAULT] = look_at_vault,
};

/* ---- the loop ---- */

/* Once for each time that a cycle is planned for. */
static void announce(struct daemon *d, const struct outlook *o)
{
	bool resumed;
	char when[CLOCK_TEXT], span[CLOCK_TEXT];
	int64_t next = agenda_next_cycle(o, &resumed);

	if (next <= o->now || next == d->announced)
		return;
	d->announced = next;
	clock_format(next, when);
	service_tell("STATUS=%s at %s.", resumed ? "Next try" : "Next cycle", when);
	clock_span(next - o->now, span);
	log_info(NULL, "%s in %s, at %s", resumed ? "resuming what was left undone" : "next cycle",
		 span, when);
}

static void wait_for(struct daemon *d, const struct outlook *o, int64_t when)
{
	int64_t check = o->now + agenda_check_ms(o->waits);

	announce(d, o);
	wake_until(d->wake, when < check ? when : check);
}

/* One job, or one wait.  false: the state folder or the ledger cannot be used. */
static bool step(struct daemon *d, struct err *err)
{
	struct outlook o;
	int64_t when;
	bool set;

	if (!daemon_open_parts(d, err) || !daemon_clock_is_set(d, &set, err))
		return false;
	if (!set)
		return true;
	if (!daemon_outlook(d, &o, err))
		return false;
	if (d->paused) {
		daemon_end_trouble(d);
		daemon_close_parts(d);
		return true;
	}
	enum job next = agenda_next(&o, &when);
	if (when <= o.now)
		return jobs[next](d, &o, err);
	wait_for(d, &o, when);
	return true;
}

/* Trouble that may pass, such as a ledger on a share that is away, is waited out.  What became of a
 * ledger that was removed or emptied is known only as long as it is open. */
static bool pause_for(struct daemon *d, struct err *err)
{
	struct err stopped;

	if (daemon_is_hopeless(err))
		return false;
	daemon_begin_trouble(d, err, "", "it is looked at again every minute");
	d->paused = true;
	daily_abandon(&d->daily);
	vault_look_abandon(&d->vault_look);
	if (d->parts.run.ledger && ledger_file(d->parts.run.ledger) == LEDGER_IN_PLACE)
		wire_close(&d->parts);
	if (d->config->listen && !d->page)
		daemon_open_page(d);
	(void)!wake_sleep(d->wake, agenda_pause_ms(daemon_waits(d)), &stopped);
	return true;
}

/* What a person asked for comes first. */
static void take_requests(struct daemon *d)
{
	if (wake_take(d->wake, WAKE_RELOAD))
		daemon_reload(d);
	if (!wake_take(d->wake, WAKE_CYCLE))
		return;
	log_info(NULL, "a cycle now, on request");
	d->owed = true;
	d->broken = 0;
}

static bool loop(struct daemon *d, struct err *err)
{
	while (!wake_stopping(d->wake)) {
		take_requests(d);
		daemon_look_at_sandbox(d);
		if (d->word->again)
			return true;
		if (!step(d, err) && !pause_for(d, err))
			return false;
	}
	log_info(NULL, "stopped on request");
	return true;
}

static void begin(struct daemon *d)
{
	const struct config *c = d->config;

	daemon_write_down(c);
	if (!d->word->again)
		wire_prepare_ledger(c);
	d->last_copy = copies_newest(c->state);
	if (!d->word->again)
		log_info(NULL, "ptp-archiver " PTP_ARCHIVER_VERSION " keeps %zu container%s filled",
			 c->n_containers, c->n_containers == 1 ? "" : "s");
	d->owed = d->word->owed;
	d->word->again = d->word->owed = false;
	daemon_enter_sandbox(d);
	service_tell("READY=1");
}

/* The next process gets the signals that come from now on.  What came before is answered here. */
static void hand_over(struct daemon *d)
{
	keeper_hold();
	d->owed |= wake_take(d->wake, WAKE_CYCLE);
	d->word->owed = d->owed;
	d->word->again = !wake_stopping(d->wake);
	if (!d->word->again)
		log_info(NULL, "stopped on request");
}

static void end(struct daemon *d)
{
	if (d->word->again)
		hand_over(d);
	if (!d->word->again)
		service_tell("STOPPING=1");
	daemon_close_page(d);
	daemon_close_parts(d);
	hold_release(&d->hold);
	sandbox_rules_clear(&d->rules);
}

bool daemon_run(struct config *c, const struct config_options *o, struct keeper_word *word,
		struct wake *wake, struct err *err)
{
	struct daemon d = {.config = c,
			   .options = o,
			   .wake = wake,
			   .word = word,
			   .hold = HOLD_NONE,
			   .trouble = TROUBLE_NONE,
			   .started = clock_steady(),
			   .fresh = true};

	if (!wire_state(c, err))
		return false;
	if (!hold_take(&d.hold, c, wake, err))
		return wake_stopping(wake);
	begin(&d);
	bool ok = loop(&d, err);
	end(&d);
	return ok;
}
