#include "core/schedule.h"

#include "base/text.h"

#include <string.h>

#define MINUTE 60000

static const int64_t ladder[SCHEDULE_LADDER_STEPS] = {
	1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 60 * MINUTE, 180 * MINUTE, 360 * MINUTE};

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t part(int64_t of, double chance)
{
	return (int64_t)((double)of * chance);
}

struct manners schedule_manners(int64_t asked_gap, bool loopback)
{
	int64_t gap = loopback ? asked_gap : max(asked_gap, SCHEDULE_FETCH_GAP_MS);

	return (struct manners){.fetch_gap = gap,
				.request_gap = min(gap, SCHEDULE_REQUEST_GAP_MS),
				.refill = min(3 * gap, SCHEDULE_REFILL_MS),
				.waits = !(loopback && gap == 0)};
}

/* ---- gaps ---- */

static bool same_boot(const struct pace *p, const struct moment *now)
{
	return p->boot[0] && strcmp(p->boot, now->boot) == 0;
}

static int64_t since(const struct pace *p, struct instant then, const struct moment *now)
{
	if (same_boot(p, now))
		return max(0, now->at.steady - then.steady);
	return max(0, now->at.wall - then.wall);
}

/* What is left of `gap`. */
static int64_t left(const struct pace *p, struct instant last, int64_t gap,
		    const struct moment *now)
{
	return last.wall ? max(0, gap - since(p, last, now)) : 0;
}

int64_t schedule_wait_request(const struct pace *p, const struct manners *m,
			      const struct moment *now)
{
	return left(p, p->request, m->request_gap, now);
}

int64_t schedule_wait_fetch(const struct pace *p, const struct manners *m, const struct moment *now)
{
	return max(left(p, p->fetch, m->fetch_gap, now), schedule_wait_request(p, m, now));
}

/* ---- the bucket ---- */

/* How long until it is full. */
static int64_t to_full(const struct pace *p, const struct manners *m, const struct moment *now)
{
	int64_t wait =
		same_boot(p, now) ? p->full.steady - now->at.steady : p->full.wall - now->at.wall;

	return max(0, min(wait, SCHEDULE_BURST * m->refill));
}

int64_t schedule_wait_room(const struct pace *p, const struct manners *m, unsigned calls,
			   const struct moment *now)
{
	return max(0, to_full(p, m, now) + calls * m->refill - SCHEDULE_BURST * m->refill);
}

void schedule_called(struct pace *p, const struct manners *m, unsigned calls, bool fetch,
		     const struct moment *now)
{
	int64_t full = to_full(p, m, now) + calls * m->refill;
	int64_t fetched = since(p, p->fetch, now);

	p->full = (struct instant){now->at.wall + full, now->at.steady + full};
	p->request = now->at;
	if (fetch)
		p->fetch = now->at;
	else if (p->fetch.wall)
		p->fetch.steady = now->at.steady - fetched;
	text_copy(p->boot, sizeof p->boot, now->boot);
}

/* ---- trouble ---- */

int64_t schedule_ladder(uint32_t failures)
{
	uint32_t step = failures < SCHEDULE_LADDER_STEPS ? failures : SCHEDULE_LADDER_STEPS;

	return ladder[step - 1];
}

/* Chance only adds: what the tracker asks for is the least. */
static int64_t spread_of(const struct retry_after *asked, int64_t until, int64_t now)
{
	return asked->is_date ? SCHEDULE_DATE_SPREAD_MS
			      : (until - now) * SCHEDULE_LADDER_PERCENT / 100;
}

void schedule_failed(struct pace *p, const struct manners *m, int64_t now,
		     const struct retry_after *asked, const struct pace_reason *why, double chance)
{
	if (!p->failures || !p->since)
		p->since = now;
	if (p->failures < SCHEDULE_LADDER_STEPS)
		p->failures++;
	int64_t wait = m->waits ? schedule_ladder(p->failures) : 0;
	int64_t until = min(asked->until, now + SCHEDULE_RETRY_AFTER_MAX_MS);
	p->asked_until = until > now ? until : 0;
	if (until > now && m->waits)
		until += part(spread_of(asked, until, now), chance);
	wait += part(wait * SCHEDULE_LADDER_PERCENT / 100, chance);
	p->backoff_until = max(now + wait, until);
	p->reason = *why;
}

void schedule_succeeded(struct pace *p)
{
	p->failures = 0;
	p->refusals = 0;
	p->since = 0;
	p->backoff_until = 0;
	p->asked_until = 0;
	p->reason = (struct pace_reason){0};
}

int64_t schedule_backoff(const struct pace *p, int64_t now)
{
	int64_t longest = SCHEDULE_RETRY_AFTER_MAX_MS / 100 * (100 + SCHEDULE_LADDER_PERCENT);

	return max(0, min(p->backoff_until, now + longest) - now);
}

int64_t schedule_forced_until(const struct pace *p, const struct manners *m, int64_t now)
{
	int64_t apart =
		p->forced_at && m->waits ? min(p->forced_at, now) + SCHEDULE_FORCED_APART_MS : 0;
	int64_t asked = min(p->asked_until, now + SCHEDULE_RETRY_AFTER_MAX_MS);
	int64_t until = max(apart, asked);

	return until > now ? until : 0;
}

/* ---- cycles ---- */

int64_t schedule_rest(const struct cycle_clock *clock, const struct manners *m, int64_t left,
		      int64_t now)
{
	int64_t again = 0;

	if (clock->attempts && m->waits)
		again = clock->last_attempt + schedule_ladder(clock->attempts);
	return max(now + left, again);
}

int64_t schedule_next_cycle(int64_t begin, int64_t interval, bool first, const struct manners *m,
			    double chance)
{
	if (!m->waits)
		return begin + interval;
	if (first)
		return begin + interval / 2 + part(interval - interval / 2, chance);
	return begin + interval + part(interval * SCHEDULE_SPREAD_PERCENT / 100, 2 * chance - 1);
}

int64_t schedule_overdue(const struct manners *m, int64_t now, double chance)
{
	return now + part(min(SCHEDULE_SPLAY_MS, 90 * m->fetch_gap), chance);
}

int64_t schedule_first(const struct manners *m, double chance)
{
	int64_t least = min(SCHEDULE_FIRST_MS, 4 * m->fetch_gap);

	return least + part(least / 2, chance);
}

void schedule_begin(struct pace *p, const struct manners *m, const struct moment *now)
{
	int64_t full = (SCHEDULE_BURST - SCHEDULE_FIRST_CALLS) * m->refill;

	p->full = (struct instant){now->at.wall + full, now->at.steady + full};
	text_copy(p->boot, sizeof p->boot, now->boot);
}

int64_t schedule_due(int64_t stored, int64_t interval, int64_t now)
{
	return min(stored, now + interval + interval * SCHEDULE_SPREAD_PERCENT / 100);
}

bool schedule_clock_is_set(int64_t now, int64_t newest)
{
	return now >= SCHEDULE_EARLIEST_MS && now >= newest;
}
