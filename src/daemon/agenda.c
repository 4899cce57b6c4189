#include "daemon/agenda.h"

#include "core/schedule.h"
#include "ports/notify.h"

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t agenda_check_ms(bool waits)
{
	return waits ? AGENDA_LOOK_APART_MS : AGENDA_SHORT_PAUSE_MS;
}

int64_t agenda_pause_ms(bool waits)
{
	return waits ? AGENDA_PAUSE_MS : AGENDA_SHORT_PAUSE_MS;
}

/* No cycle begins right after another, or soon after one that could not be run. */
static int64_t apart(const struct outlook *o, int64_t when)
{
	if (when == AGENDA_NEVER || !o->last_begin)
		return when;
	if (o->broken)
		when = later(when, o->last_begin + sooner(schedule_ladder(o->broken),
							  AGENDA_LOOK_APART_MS));
	return later(when, o->last_begin + AGENDA_CYCLES_APART_MS);
}

static int64_t page_due(const struct outlook *o)
{
	return o->page_wanted ? o->page_tried + agenda_pause_ms(o->waits) : AGENDA_NEVER;
}

static int64_t local_due(const struct outlook *o)
{
	return o->finished ? AGENDA_NEVER : o->now;
}

static int64_t cycle_due(const struct outlook *o)
{
	bool first = !o->clock.last_cycle;

	if (o->owed && !o->broken)
		return o->now;
	return apart(o, o->owed || first ? o->now : o->clock.next_cycle);
}

static int64_t resume_due(const struct outlook *o)
{
	return o->owed ? AGENDA_NEVER : apart(o, o->resume);
}

/* A folder that is away cannot be looked into, so its file stays due. */
static int64_t look_due(const struct outlook *o)
{
	if (o->pick_up == AGENDA_NEVER || !o->last_look)
		return o->pick_up;
	return later(o->pick_up, o->last_look + AGENDA_LOOK_APART_MS);
}

int64_t agenda_next_cycle(const struct outlook *o, bool *resumed)
{
	int64_t cycle = cycle_due(o), resume = resume_due(o);

	*resumed = resume < cycle;
	return sooner(cycle, resume);
}

int64_t agenda_messages_until(const struct outlook *o)
{
	bool resumed;
	int64_t next = agenda_next_cycle(o, &resumed);

	return next - o->last_begin < AGENDA_CLOSE_MS ? AGENDA_NEVER : next;
}

static int64_t messages_due(const struct outlook *o)
{
	if (agenda_messages_until(o) - NOTIFY_MS <= o->now)
		return AGENDA_NEVER;
	return later(o->message, o->messages_rest);
}

/* What is done in slices.  A cycle that is near comes first: no slice delays it. */
static int64_t in_slices(const struct outlook *o, bool begun, int64_t due)
{
	bool resumed;
	int64_t next = agenda_next_cycle(o, &resumed);
	bool close = next - o->last_begin < AGENDA_CLOSE_MS;

	due = begun ? o->now : later(due, o->now);
	return !close && next - due < AGENDA_CLEAR_MS ? AGENDA_NEVER : due;
}

static int64_t copy_due(const struct outlook *o)
{
	int64_t due = o->last_copy ? o->last_copy + AGENDA_COPY_APART_MS : o->now;

	return o->copies ? in_slices(o, o->copying, later(due, o->copy_rest)) : AGENDA_NEVER;
}

/* Sooner where a person may have repaired it. */
static int64_t vault_due(const struct outlook *o)
{
	int64_t apart = o->vault_damaged ? AGENDA_DAMAGED_APART_MS : AGENDA_VAULT_APART_MS;

	return in_slices(o, o->vault_looking, o->vault_looked ? o->vault_looked + apart : o->now);
}

int64_t agenda_due(enum job job, const struct outlook *o)
{
	static int64_t (*const due[JOBS])(const struct outlook *) = {
		[JOB_PAGE] = page_due,     [JOB_LOCAL] = local_due, [JOB_CYCLE] = cycle_due,
		[JOB_RESUME] = resume_due, [JOB_LOOK] = look_due,   [JOB_MESSAGES] = messages_due,
		[JOB_COPY] = copy_due,     [JOB_VAULT] = vault_due,
	};

	return due[job](o);
}

enum job agenda_next(const struct outlook *o, int64_t *when)
{
	enum job best = JOB_CYCLE;

	*when = AGENDA_NEVER;
	for (unsigned job = 0; job < JOBS; job++) {
		int64_t due = later(agenda_due((enum job)job, o), o->now);
		if (due >= *when)
			continue;
		*when = due;
		best = (enum job)job;
	}
	return best;
}
