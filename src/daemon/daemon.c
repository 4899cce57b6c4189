#include "daemon/daemon.h"

#include "daemon/daemon_note.h"
#include "daemon/hold.h"
#include "page/httpd.h"
#include "daemon/once.h"
#include "daemon/tell.h"
#include "view/trouble.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/service.h"
#include "core/pick_up.h"
#include "core/staged.h"

#include <string.h>

#define CYCLE_APART_MS 1000     /* cycles of the daemon never begin closer together */
#define PAUSE_MS 60000          /* in trouble, and between tries of the status page */
#define SHORT_PAUSE_MS 1000     /* where there is no waiting (core/schedule.h) */
#define LOOK_APART_MS 600000    /* at the watch folders, and at the state folder */
#define CLOSE_MS 30000          /* cycles so close together leave no time for messages */
#define REPORT_APART_MS 3600000 /* the same trouble, to Healthchecks */

struct daemon {
	struct config *config; /* borrowed */
	const struct config_options *options;
	struct wake *wake;
	struct hold hold;
	struct trouble trouble; /* shared with the page's thread */
	int64_t reported;       /* when Healthchecks was last told of it */
	bool paused;            /* waiting for it to pass */
	struct parts parts;
	bool *wanted;       /* owned: per target, those to be gone on with */
	int64_t last_begin; /* wall clock, as is the next */
	int64_t last_look;
	int64_t tell_after; /* nobody could be told: not before this; 0: at any time */
	uint32_t broken;    /* cycles in a row that could not be run at all */
	struct httpd *page; /* owned: the status page; NULL: none, or it could not be opened */
	bool page_failed;   /* and that was said */
	int64_t page_tried; /* wall clock; 0: not yet */
	bool forgive;       /* reloaded: clients that refused us are to be called again */
	bool finished;      /* what needs no call of the tracker was finished, as for `fresh` */
	bool owed;          /* a cycle was asked for, and could not be run yet */
	bool fresh;         /* no cycle has begun since the start, or since it was reloaded */
};

enum work {
	WORK_ALL,
	WORK_REST,  /* of a cycle: what was left undone */
	WORK_LOCAL, /* what needs no call of the tracker */
};

/* What is to be done next, and when. */
struct plan {
	int64_t when;
	bool rest;    /* only what was left undone */
	int64_t look; /* at the watch folders, if that is sooner; INT64_MAX: never */
	int64_t tell; /* the same for what waits in the outbox */
	int64_t page; /* and for another try of the status page */
};

static double chance(void)
{
	uint32_t r;

	hash_random(&r, sizeof r);
	return (double)r / UINT32_MAX;
}

static bool waits(const struct daemon *d)
{
	const struct config *c = d->config;

	return schedule_manners(c->fetch_sleep_ms, c->loopback).waits;
}

static int64_t pause_of(const struct daemon *d)
{
	return waits(d) ? PAUSE_MS : SHORT_PAUSE_MS;
}

static int64_t check_apart(const struct daemon *d)
{
	return waits(d) ? LOOK_APART_MS : SHORT_PAUSE_MS;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool rest_due(struct daemon *d, const struct cycle_clock *clock, int64_t now, int64_t *when,
		     struct err *err)
{
	struct pace_reason why;
	int64_t until;

	if (!pace_backoff(&d->parts.pacer, &until, &why, err))
		return false;
	int64_t left = until ? until - now : 0;
	*when = schedule_rest(clock, &d->parts.pacer.manners, left, now);
	return true;
}

/* Each has its own time where it waits for a client or for a folder, and the tracker's otherwise.
 * The former may have been mended meanwhile, so it is not waited for at the start. */
static int64_t due_of(const struct daemon *d, const struct ledger_container *c, int64_t tracker,
		      int64_t now)
{
	int64_t soonest = now + DESTINATION_RETRY_MAX_MS; /* the clock was set back */

	if (!c->undone)
		return INT64_MAX;
	if (!c->retry_at)
		return tracker;
	return d->fresh ? now : sooner(c->retry_at, soonest);
}

/* When what was left undone is to be gone on with, and which containers then; INT64_MAX: nothing
 * was. */
static bool find_undone(struct daemon *d, const struct cycle_clock *clock, int64_t now,
			int64_t *when, struct err *err)
{
	struct parts *p = &d->parts;
	OWN_STR int64_t *due = mem_alloc((p->n_targets + 1) * sizeof *due);
	int64_t tracker;

	*when = INT64_MAX;
	if (!rest_due(d, clock, now, &tracker, err))
		return false;
	for (size_t i = 0; i < p->n_targets; i++) {
		struct ledger_container known;
		if (!ledger_get_container(p->ledger, p->targets[i].container->name, &known, err))
			return false;
		due[i] = due_of(d, &known, tracker, now);
		*when = sooner(*when, due[i]);
	}
	free(d->wanted);
	d->wanted = mem_alloc((p->n_targets + 1) * sizeof *d->wanted);
	for (size_t i = 0; i < p->n_targets; i++)
		d->wanted[i] = due[i] != INT64_MAX && due[i] <= later(*when, now);
	return true;
}

static bool find_look(struct daemon *d, int64_t *when, struct err *err)
{
	struct parts *p = &d->parts;

	*when = INT64_MAX;
	for (size_t i = 0; i < p->n_targets; i++) {
		int64_t due;
		if (!pick_up_due(p->ledger, p->targets[i].container, p->targets[i].to, &due, err))
			return false;
		*when = sooner(*when, due);
	}
	/* A folder that is away cannot be looked into. */
	if (*when != INT64_MAX && d->last_look)
		*when = later(*when, d->last_look + LOOK_APART_MS);
	return true;
}

static bool find_tell(const struct daemon *d, int64_t *when, struct err *err)
{
	if (!tell_due(&d->parts, when, err))
		return false;
	*when = later(*when, d->tell_after);
	return true;
}

/* A cycle that is due is not held up, unless cycles are so close that no time would be left. */
static int64_t tell_until(const struct daemon *d, const struct plan *plan)
{
	return plan->when - d->last_begin < CLOSE_MS ? INT64_MAX : plan->when;
}

static void send_messages(struct daemon *d, const struct plan *plan)
{
	bool sent = tell_send(&d->parts, tell_until(d, plan));

	d->tell_after = sent ? 0 : clock_now() + PAUSE_MS;
}

/* What was stored before the clock was set back, or the interval made shorter, is corrected once:
 * corrected anew at each look, it would move on with the clock. */
static bool read_clock(struct daemon *d, int64_t now, struct cycle_clock *clock, struct err *err)
{
	if (!ledger_get_clock(d->parts.ledger, clock, err))
		return false;
	d->last_begin = sooner(d->last_begin, now);
	d->last_look = sooner(d->last_look, now);
	d->page_tried = sooner(d->page_tried, now);
	d->tell_after = sooner(d->tell_after, now + PAUSE_MS);
	struct cycle_clock old = *clock;
	clock->next_cycle = schedule_due(old.next_cycle, d->config->interval_ms, now);
	if (clock->last_attempt > now)
		clock->last_attempt = now;
	if (clock->next_cycle == old.next_cycle && clock->last_attempt == old.last_attempt)
		return true;
	return ledger_set_clock(d->parts.ledger, clock, err);
}

static int64_t page_due(const struct daemon *d)
{
	return d->config->listen && !d->page ? d->page_tried + pause_of(d) : INT64_MAX;
}

static bool make_plan(struct daemon *d, struct plan *plan, struct err *err)
{
	struct cycle_clock clock;
	int64_t now = clock_now(), when;

	if (!read_clock(d, now, &clock, err) || !find_undone(d, &clock, now, &when, err) ||
	    !find_look(d, &plan->look, err) || !find_tell(d, &plan->tell, err))
		return false;
	plan->page = page_due(d);
	plan->when = clock.last_cycle ? clock.next_cycle : now;
	plan->rest = when < plan->when;
	plan->when = sooner(plan->when, when);
	if (d->owed) {
		plan->when = now;
		plan->rest = false;
	}
	if (d->broken)
		plan->when = later(plan->when, d->last_begin + sooner(schedule_ladder(d->broken),
								      LOOK_APART_MS));
	if (d->last_begin)
		plan->when = later(plan->when, d->last_begin + CYCLE_APART_MS);
	if (tell_until(d, plan) - NOTIFY_MS <= now)
		plan->tell = INT64_MAX;
	return true;
}

/* Until its turn has ended each container counts as left undone. */
static bool mark_all_undone(struct daemon *d, struct err *err)
{
	const struct parts *p = &d->parts;
	OWN_STR const char **names = mem_alloc((p->n_targets + 1) * sizeof *names);

	for (size_t i = 0; i < p->n_targets; i++)
		names[i] = p->targets[i].container->name;
	return ledger_undone(p->ledger, names, p->n_targets, err);
}

/* Recorded before the cycle begins, so that one that dies is not begun anew at once, but gone on
 * with: the marks come before the time. */
static bool record_begin(struct daemon *d, bool rest, struct once *once, struct err *err)
{
	struct cycle_clock clock;
	int64_t now = clock_now();

	if (!ledger_get_clock(d->parts.ledger, &clock, err) || (!rest && !mark_all_undone(d, err)))
		return false;
	if (rest) {
		clock.attempts++;
		clock.last_attempt = now;
	} else {
		clock.last_cycle = now;
		clock.next_cycle = schedule_next_cycle(now, d->config->interval_ms, chance());
		clock.attempts = 0;
	}
	once->next_cycle = clock.next_cycle;
	once->since = rest ? clock.last_cycle : 0;
	return ledger_set_clock(d->parts.ledger, &clock, err);
}

static bool record_end(struct daemon *d, struct err *err)
{
	struct cycle_clock clock;

	if (!ledger_get_clock(d->parts.ledger, &clock, err))
		return false;
	clock.attempts = 0;
	return ledger_set_clock(d->parts.ledger, &clock, err);
}

static bool run_cycle(struct daemon *d, const char *kind, enum work work, struct err *err)
{
	struct once once = {.parts = &d->parts,
			    .kind = kind,
			    .wanted = work == WORK_ALL ? NULL : d->wanted,
			    .local = work == WORK_LOCAL,
			    .audit = work == WORK_ALL};
	bool well;

	if (work == WORK_LOCAL)
		return once_run(&once, &well, err);
	return record_begin(d, work == WORK_REST, &once, err) && once_run(&once, &well, err) &&
	       record_end(d, err);
}

/* ---- trouble ---- */

/* A ledger that cannot be used may be put back; all else that is fatal stays so. */
static bool is_hopeless(const struct err *err)
{
	return err->kind == ERR_FATAL && err->code != WORD_LEDGER;
}

/* Said when it begins, or changes; Healthchecks, which may not have heard it, is told again. */
static void begin_trouble(struct daemon *d, const struct err *why, const char *what,
			  const char *then)
{
	int64_t now = clock_now();
	bool fresh = trouble_begin(&d->trouble, TROUBLE_WORK, why->msg);

	if (fresh) {
		log_error(NULL, "%s%s; %s", what, why->msg, then);
		service_tell("STATUS=No cycle can be run: %s", why->msg);
	}
	if (!fresh && now - d->reported < REPORT_APART_MS && now >= d->reported)
		return;
	d->reported = now;
	once_report_failure(&d->parts, d->config, d->wake, why);
}

static void end_trouble(struct daemon *d)
{
	d->broken = 0;
	d->paused = false;
	if (trouble_end(&d->trouble, TROUBLE_WORK))
		log_info(NULL, "the state folder and the ledger can be used again");
}

/* ---- the state folder ---- */

/* For commands that are run by hand. */
static void leave_note(const struct config *c)
{
	struct err err;

	if (!daemon_note_write(c, &err))
		log_warn(NULL, "commands cannot compare their settings with the daemon's: %s",
			 err.msg);
}

/* The parts are closed where they are to be opened anew. */
static bool check_state(struct daemon *d, struct err *err)
{
	bool reopen;

	if (!hold_check(&d->hold, &d->parts, d->config, d->wake, &reopen, err))
		return false;
	if (!reopen)
		return true;
	wire_close(&d->parts);
	leave_note(d->config);
	return true;
}

static bool forgive(struct daemon *d, struct err *err)
{
	for (size_t i = 0; d->forgive && i < d->config->n_clients; i++)
		if (d->parts.clients[i].name &&
		    !destination_forgive(&d->parts.clients[i], d->parts.ledger, err))
			return false;
	d->forgive = false;
	return true;
}

/* A container that its client held back, where the client may be called again. */
static bool free_held(const struct parts *p, const struct target *t, struct err *err)
{
	const char *name = t->container->name;
	struct ledger_container known;
	bool refused;

	if (!t->to->name)
		return true;
	if (!ledger_get_container(p->ledger, name, &known, err) ||
	    !ledger_is_refused(p->ledger, t->to->fingerprint, &refused, err))
		return false;
	if (refused || !result_is_clients(&known.result))
		return true;
	return ledger_undone(p->ledger, &name, 1, err);
}

static bool open_parts(struct daemon *d, struct err *err)
{
	struct parts *p = &d->parts;

	if (p->ledger)
		return true;
	if (!wire_open(p, d->config, d->wake, err))
		return false;
	wire_orphans(p, true);
	if (!forgive(d, err))
		return false;
	for (size_t i = 0; i < p->n_targets; i++)
		if (!free_held(p, &p->targets[i], err))
			return false;
	return true;
}

/* Looked at before each cycle: what was taken away, or is damaged, is not written to. */
static bool get_ready(struct daemon *d, struct err *err)
{
	return check_state(d, err) && open_parts(d, err) && ledger_check(d->parts.ledger, err);
}

/* ---- cycles ---- */

/* A cycle that cannot be run is tried again, ever more rarely, unless there is no hope. */
static bool one_cycle(struct daemon *d, const char *kind, enum work work, struct err *err)
{
	struct err why;

	/* First of all: what fails below must not be begun anew at once. */
	d->last_begin = clock_now();
	service_tell("STATUS=A cycle is at work.");
	d->fresh &= work == WORK_LOCAL;
	if (get_ready(d, &why) && run_cycle(d, kind, work, &why)) {
		d->owed &= work != WORK_ALL;
		end_trouble(d);
		return true;
	}
	if (err_is_stop(&why))
		return true;
	if (is_hopeless(&why)) {
		*err = why;
		return false;
	}
	d->broken++;
	/* What needs no call of the tracker is not begun again: the next cycle does it as well. */
	d->paused |= work == WORK_LOCAL;
	begin_trouble(d, &why, "the cycle could not be run: ", "it is tried again");
	return true;
}

/* Which containers have something that needs no call of the tracker, and would not be gone on with
 * before the next cycle? */
static bool find_local(struct daemon *d, bool *any, struct err *err)
{
	const struct parts *p = &d->parts;

	free(d->wanted);
	d->wanted = mem_alloc((p->n_targets + 1) * sizeof *d->wanted);
	*any = false;
	for (size_t i = 0; i < p->n_targets; i++) {
		const char *name = p->targets[i].container->name;
		struct ledger_container known;
		uint64_t waiting;
		bool staged;
		if (!ledger_get_container(p->ledger, name, &known, err) ||
		    !ledger_waiting(p->ledger, name, &waiting, err) ||
		    !staged_is_due(p->ledger, &p->staging, name, &staged, err))
			return false;
		d->wanted[i] = !known.undone && (waiting || staged);
		*any |= d->wanted[i];
	}
	return true;
}

/* Once after the start and after each reload: an earlier process may have been ended before it was
 * delivered, or a client has let us in since. */
static bool finish_local(struct daemon *d, struct err *err)
{
	bool any;

	if (!find_local(d, &any, err))
		return false;
	d->finished = true;
	if (!any)
		return true;
	log_info(NULL, "finishing what was not delivered");
	return one_cycle(d, "rest", WORK_LOCAL, err);
}

/* A ledger that was removed since the last look can be read only until it is closed. */
static void close_parts(struct daemon *d)
{
	struct err err;

	if (d->parts.ledger && !check_state(d, &err))
		log_error(NULL, "%s", err.msg);
	wire_close(&d->parts);
}

/* A page that cannot be had is tried again every minute, and no reason not to work. */
static void open_page(struct daemon *d)
{
	struct err err;

	if (page_due(d) > clock_now())
		return;
	d->page_tried = clock_now();
	d->page = httpd_open(d->config, &d->trouble, &err);
	if (d->page)
		log_info(NULL, "the status page is at http://%s/", httpd_address(d->page));
	else if (!d->page_failed)
		log_error(NULL, "%s; it is tried again every minute", err.msg);
	d->page_failed = !d->page;
}

static void close_page(struct daemon *d)
{
	httpd_close(d->page);
	d->page = NULL;
}

/* At the same address nobody who asks meanwhile is turned away; another one is left at once. */
static void renew_page(struct daemon *d)
{
	if (d->page && d->config->listen && httpd_is_for(d->page, d->config->listen))
		httpd_renew(d->page, d->config);
	else
		close_page(d);
	d->page_failed = false;
	d->page_tried = 0;
}

static void write_down(const struct config *c)
{
	struct err err;

	if (c->named_by_environment && !config_write(c, &err))
		log_warn(NULL, "config.ptp could not be written anew: %s", err.msg);
	leave_note(c);
}

/* The log has every reason, the page the first of them. */
static bool is_refused(struct daemon *d, const struct config *fresh, const struct problems *p)
{
	bool moved = strcmp(fresh->state, d->config->state) != 0;

	trouble_end(&d->trouble, TROUBLE_CONFIG);
	if (!p->n && !moved)
		return false;
	const char *why =
		p->n ? "the new configuration is refused; the old one stays"
		     : "another state folder takes a restart; the old configuration stays";
	for (size_t i = 0; i < p->n; i++)
		log_error(NULL, "%s", p->lines[i]);
	log_error(NULL, "%s", why);
	OWN_STR char *told = p->n ? mem_printf("%s: %s", why, p->lines[0]) : mem_dup(why);
	trouble_begin(&d->trouble, TROUBLE_CONFIG, told);
	return true;
}

/* A bad new configuration is refused, and the old one stays.  With a good one the parts are closed;
 * whoever needs them opens them. */
static void reload(struct daemon *d)
{
	struct config fresh = {0};
	struct problems problems = {0};

	config_load(&fresh, d->options, CONFIG_CREDENTIALS | CONFIG_CONTAINERS, &problems);
	bool refused = is_refused(d, &fresh, &problems);
	problems_clear(&problems);
	if (refused) {
		config_clear(&fresh);
		return;
	}
	close_parts(d);
	config_clear(d->config);
	*d->config = fresh;
	renew_page(d);
	d->forgive = true;
	d->fresh = true;
	d->finished = false;
	log_setup(fresh.log_level, fresh.log_format);
	write_down(d->config);
	log_info(NULL, "the configuration was read again: %zu container%s", d->config->n_containers,
		 d->config->n_containers == 1 ? "" : "s");
}

static void announce(const struct plan *plan)
{
	char when[CLOCK_TEXT], span[CLOCK_TEXT];
	int64_t now = clock_now();

	clock_format(plan->when, when);
	service_tell("STATUS=%s at %s.", plan->rest ? "Next try" : "Next cycle", when);
	clock_span(plan->when - now, span);
	log_info(NULL, "%s in %s, at %s",
		 plan->rest ? "going on with what was left undone" : "next cycle", span, when);
}

/* Has what lies in the watch folders been picked up? */
static bool look(struct daemon *d, struct err *err)
{
	const struct parts *p = &d->parts;

	d->last_look = clock_now();
	for (size_t i = 0; i < p->n_targets; i++)
		if (!pick_up_look(p->ledger, p->targets[i].container, p->targets[i].to, err))
			return false;
	tell_look(p);
	return true;
}

static bool wait_and_do(struct daemon *d, struct err *err)
{
	struct plan plan;

	open_page(d);
	if (!check_state(d, err) || !open_parts(d, err) || !make_plan(d, &plan, err))
		return false;
	if (d->paused) {
		end_trouble(d);
		close_parts(d);
		return true;
	}
	if (!d->finished)
		return finish_local(d, err);
	if (plan.when > clock_now()) {
		announce(&plan);
		while (plan.when > clock_now() && !wake_stopping(d->wake)) {
			int64_t check = sooner(plan.page, clock_now() + check_apart(d));
			check = sooner(check, sooner(plan.look, plan.tell));
			wake_until(d->wake, sooner(plan.when, check));
			if (wake_take(d->wake, WAKE_RELOAD)) {
				reload(d);
				return true;
			}
			if (wake_take(d->wake, WAKE_CYCLE)) {
				log_info(NULL, "a cycle now, on request");
				d->owed = true;
				return one_cycle(d, "manual", WORK_ALL, err);
			}
			open_page(d);
			if (!check_state(d, err))
				return false;
			if (!d->parts.ledger)
				return true;
			if (plan.look <= clock_now() && !look(d, err))
				return false;
			if (plan.tell <= clock_now())
				send_messages(d, &plan);
			if (!make_plan(d, &plan, err))
				return false;
		}
	}
	if (wake_stopping(d->wake))
		return true;
	if (plan.rest)
		return one_cycle(d, "rest", WORK_REST, err);
	return one_cycle(d, d->owed ? "manual" : "regular", WORK_ALL, err);
}

/* Trouble that may pass, such as a ledger on a share that is away, is waited out.  What became of a
 * ledger that was removed or emptied is known only as long as it is open. */
static bool pause_for(struct daemon *d, struct err *err)
{
	struct err stopped;

	if (is_hopeless(err))
		return false;
	begin_trouble(d, err, "", "it is looked at again every minute");
	d->paused = true;
	if (d->parts.ledger && ledger_file(d->parts.ledger) == LEDGER_IN_PLACE)
		wire_close(&d->parts);
	(void)!wake_sleep(d->wake, pause_of(d), &stopped);
	return true;
}

static bool loop(struct daemon *d, struct err *err)
{
	while (!wake_stopping(d->wake)) {
		if (wake_take(d->wake, WAKE_RELOAD))
			reload(d);
		else if (!wait_and_do(d, err) && !pause_for(d, err))
			return false;
	}
	log_info(NULL, "stopped on request");
	return true;
}

bool daemon_run(struct config *c, const struct config_options *o, struct wake *wake,
		struct err *err)
{
	struct daemon d = {.config = c,
			   .options = o,
			   .wake = wake,
			   .hold = HOLD_NONE,
			   .trouble = TROUBLE_NONE,
			   .fresh = true};

	if (!wire_state(c, err))
		return false;
	if (!hold_take(&d.hold, c, wake, err))
		return wake_stopping(wake);
	write_down(c);
	log_info(NULL, "ptp-archiver " PTP_ARCHIVER_VERSION " keeps %zu container%s filled",
		 c->n_containers, c->n_containers == 1 ? "" : "s");
	service_tell("READY=1");
	bool ok = loop(&d, err);
	service_tell("STOPPING=1");
	free(d.wanted);
	close_page(&d);
	close_parts(&d);
	hold_release(&d.hold);
	return ok;
}
