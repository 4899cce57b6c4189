#include "core/schedule.h"

#include "base/text.h"

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

struct manners schedule_manners(int64_t asked_gap, bool loopback)
{
	int64_t gap = loopback ? asked_gap : max(asked_gap, SCHEDULE_FETCH_GAP_MS);

	return (struct manners){.fetch_gap = gap,
				.request_gap = min(gap, SCHEDULE_REQUEST_GAP_MS),
				.waits = !(loopback && gap == 0)};
}

/* What is left of `gap` since `last`. */
static int64_t left(int64_t last, int64_t gap, int64_t now)
{
	if (last == 0)
		return 0;
	return max(0, min(last, now) + gap - now);
}

int64_t schedule_wait_request(const struct pace *p, const struct manners *m, int64_t now)
{
	return left(p->last_request, m->request_gap, now);
}

int64_t schedule_wait_fetch(const struct pace *p, const struct manners *m, int64_t now)
{
	return max(left(p->last_fetch, m->fetch_gap, now), schedule_wait_request(p, m, now));
}

int64_t schedule_ladder(uint32_t failures)
{
	uint32_t step = failures < SCHEDULE_LADDER_STEPS ? failures : SCHEDULE_LADDER_STEPS;

	return ladder[step - 1];
}

void schedule_failed(struct pace *p, const struct manners *m, int64_t now, int64_t retry_after,
		     const struct pace_reason *why)
{
	if (!p->failures || !p->since)
		p->since = now;
	if (p->failures < SCHEDULE_LADDER_STEPS)
		p->failures++;
	int64_t wait = m->waits ? schedule_ladder(p->failures) : 0;
	int64_t asked = min(retry_after, now + SCHEDULE_RETRY_AFTER_MAX_MS);
	p->backoff_until = max(now + wait, asked);
	p->reason = *why;
}

void schedule_succeeded(struct pace *p)
{
	p->failures = 0;
	p->since = 0;
	p->backoff_until = 0;
	p->reason = (struct pace_reason){0};
}

int64_t schedule_backoff(const struct pace *p, int64_t now)
{
	return max(0, min(p->backoff_until, now + SCHEDULE_RETRY_AFTER_MAX_MS) - now);
}

int64_t schedule_rest(const struct cycle_clock *clock, const struct manners *m, int64_t left,
		      int64_t now)
{
	int64_t again = 0;

	if (clock->attempts && m->waits)
		again = clock->last_attempt + schedule_ladder(clock->attempts);
	return max(now + left, again);
}

int64_t schedule_next_cycle(int64_t begin, int64_t interval, double chance)
{
	double spread = (double)interval * SCHEDULE_SPREAD_PERCENT / 100;

	return begin + interval + (int64_t)((2 * chance - 1) * spread);
}

int64_t schedule_due(int64_t stored, int64_t interval, int64_t now)
{
	return min(stored, now + interval + interval * SCHEDULE_SPREAD_PERCENT / 100);
}
