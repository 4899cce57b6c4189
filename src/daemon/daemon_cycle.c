/* Cycles: whole, resumed, local; declared in daemon/daemon_parts.h. */
#include "daemon/daemon_parts.h"
#include "daemon/once.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "system/service.h"
#include "core/staged.h"

/* Until its turn has ended each container counts as left undone. */
static bool mark_all_undone(struct daemon *d, struct err *err)
{
	const struct parts *p = &d->parts;
	OWN_STR const char **names = mem_alloc((p->n_targets + 1) * sizeof *names);

	for (size_t i = 0; i < p->n_targets; i++)
		names[i] = p->targets[i].container->name;
	return ledger_undone(p->run.ledger, names, p->n_targets, err);
}

/* Recorded before the cycle begins, the marks before the time: a cycle that dies is resumed, and is
 * not begun again at once. */
static bool record_whole(struct daemon *d, struct once *once, struct err *err)
{
	struct cycle_clock clock;
	int64_t now = clock_now();

	if (!ledger_get_clock(d->parts.run.ledger, &clock, err) || !mark_all_undone(d, err))
		return false;
	bool first = !clock.last_cycle;
	clock.last_cycle = now;
	clock.next_cycle = schedule_next_cycle(now, d->config->interval_ms, first,
					       &d->parts.run.manners, hash_chance());
	clock.attempts = 0;
	once->next_cycle = clock.next_cycle;
	return ledger_set_clock(d->parts.run.ledger, &clock, err);
}

static bool record_resumed(struct daemon *d, struct once *once, struct err *err)
{
	struct cycle_clock clock;

	if (!ledger_get_clock(d->parts.run.ledger, &clock, err))
		return false;
	clock.attempts++;
	clock.last_attempt = clock_now();
	once->next_cycle = clock.next_cycle;
	once->since = clock.last_cycle;
	return ledger_set_clock(d->parts.run.ledger, &clock, err);
}

static bool record_end(struct daemon *d, struct err *err)
{
	struct cycle_clock clock;

	if (!ledger_get_clock(d->parts.run.ledger, &clock, err))
		return false;
	clock.attempts = 0;
	return ledger_set_clock(d->parts.run.ledger, &clock, err);
}

/* ---- the three sorts of cycle ---- */

static bool run_whole(struct daemon *d, struct err *err)
{
	struct once once = {
		.parts = &d->parts, .kind = d->owed ? CYCLE_MANUAL : CYCLE_REGULAR, .audit = true};
	bool well;

	if (!record_whole(d, &once, err) || !once_run(&once, &well, err) || !record_end(d, err))
		return false;
	d->owed = false;
	return true;
}

static bool run_resumed(struct daemon *d, struct err *err)
{
	OWN_STR bool *wanted = daemon_resumable(d, clock_now(), err);
	struct once once = {.parts = &d->parts, .kind = CYCLE_REST, .wanted = wanted};
	bool well;

	return wanted && record_resumed(d, &once, err) && once_run(&once, &well, err) &&
	       record_end(d, err);
}

/* Which targets have something that needs no call of the tracker, and would not be resumed before
 * the next cycle?  The caller's; NULL: an error. */
static bool *find_local(struct daemon *d, bool *any, struct err *err)
{
	const struct parts *p = &d->parts;
	OWN_STR bool *wanted = mem_alloc((p->n_targets + 1) * sizeof *wanted);

	*any = false;
	for (size_t i = 0; i < p->n_targets; i++) {
		const char *name = p->targets[i].container->name;
		struct ledger_container known;
		uint64_t waiting;
		bool staged;
		if (!ledger_get_container(p->run.ledger, name, &known, err) ||
		    !ledger_waiting(p->run.ledger, name, &waiting, err) ||
		    !staged_is_due(&p->run, name, &staged, err))
			return NULL;
		wanted[i] = !known.undone && (waiting || staged);
		*any |= wanted[i];
	}
	return OWN_TAKE(wanted);
}

static bool run_local(struct daemon *d, struct err *err)
{
	bool any, well;
	OWN_STR bool *wanted = find_local(d, &any, err);
	struct once once = {
		.parts = &d->parts, .kind = CYCLE_REST, .wanted = wanted, .local = true};

	return wanted && once_run(&once, &well, err);
}

/* ---- one of them, and its trouble ---- */

/* Looked at before each cycle: what was taken away, or is damaged, is not written to. */
static bool get_ready(struct daemon *d, struct err *err)
{
	if (!daemon_open_parts(d, err))
		return false;
	if (ledger_check(d->parts.run.ledger, err))
		return true;
	wire_name_copy(d->config, err);
	return false;
}

/* A cycle that cannot be run is tried again, less and less often, unless there is no hope. */
static bool run(struct daemon *d, bool (*cycle)(struct daemon *d, struct err *err), struct err *err)
{
	struct err why;

	/* First of all: what fails below must not be begun again at once. */
	d->last_begin = clock_now();
	d->announced = 0;
	service_tell("STATUS=A cycle is at work.");
	if (get_ready(d, &why) && cycle(d, &why)) {
		daemon_end_trouble(d);
		return true;
	}
	if (err_is_stop(&why))
		return true;
	if (daemon_is_hopeless(&why)) {
		*err = why;
		return false;
	}
	d->broken++;
	daemon_begin_trouble(d, &why, "the cycle could not be run: ", "it is tried again");
	return true;
}

bool daemon_cycle(struct daemon *d, struct err *err)
{
	d->fresh = false;
	return run(d, run_whole, err);
}

bool daemon_resume(struct daemon *d, struct err *err)
{
	/* What waits for a client is resumable at once as long as the daemon is fresh. */
	bool ok = run(d, run_resumed, err);

	d->fresh = false;
	return ok;
}

/* An earlier process may have ended before a delivery, or a client may accept us since a reload.
 * What fails here is not begun again: the next cycle does it as well. */
bool daemon_finish_local(struct daemon *d, struct err *err)
{
	uint32_t before = d->broken;
	bool any;
	OWN_STR bool *wanted = find_local(d, &any, err);

	if (!wanted)
		return false;
	d->finished = true;
	if (!any)
		return true;
	log_info(NULL, "finishing what was not delivered");
	bool ok = run(d, run_local, err);
	d->paused |= d->broken > before;
	return ok;
}
