/*
 * core/schedule.h - when the tracker may be asked.  Pure: every function takes "now".
 *
 * Etiquette (tracker notes): at least 10 seconds between two fetch calls, at least 4 between any
 * two requests; back off on 403, 429, 5xx, time-outs and connection failures.  All times are
 * milliseconds.  A time of the past that lies in the future, because the clock was set back, counts
 * as now: it never makes anybody wait longer than the full gap.
 */
#ifndef CORE_SCHEDULE_H
#define CORE_SCHEDULE_H

#include "model/pace.h"

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_FETCH_GAP_MS 10000
#define SCHEDULE_REQUEST_GAP_MS 4000
#define SCHEDULE_LADDER_STEPS 7
#define SCHEDULE_RETRY_AFTER_MAX_MS (24 * 3600000)
#define SCHEDULE_SPREAD_PERCENT 5

/* How far apart calls are kept. */
struct manners {
	int64_t fetch_gap;   /* >= 10000 unless the tracker is on loopback */
	int64_t request_gap; /* 4000, or fetch_gap where that is less */
	bool waits;          /* false (loopback and a gap of 0): the ladder has no waits */
};

/* `asked_gap` is what the user has set (0 or more); only on loopback may it be below 10000. */
struct manners schedule_manners(int64_t asked_gap, bool loopback);

/* How long until a fetch call, or any other request, may be made; 0: now. */
int64_t schedule_wait_fetch(const struct pace *p, const struct manners *m, int64_t now);
int64_t schedule_wait_request(const struct pace *p, const struct manners *m, int64_t now);

/* A call failed in a way that calls for patience: go up the ladder of 1, 5, 15, 30 minutes, 1, 3, 6
 * hours.  `retry_after` (0: none) is when the tracker wants to be asked again. */
void schedule_failed(struct pace *p, const struct manners *m, int64_t now, int64_t retry_after,
		     const struct pace_reason *why);

/* A call succeeded: leave the ladder. */
void schedule_succeeded(struct pace *p);

/* How long the back-off lasts still; 0: there is none. */
int64_t schedule_backoff(const struct pace *p, int64_t now);

/* The ladder's wait after `failures` (>= 1) in a row. */
int64_t schedule_ladder(uint32_t failures);

/* When what a cycle left undone may be resumed: after the back-off, of which `left` is left,
 * and after an interruption that was not the first, on the ladder. */
int64_t schedule_rest(const struct cycle_clock *clock, const struct manners *m, int64_t left,
		      int64_t now);

/* When the cycle after one that began at `begin` is due: the interval, up to 5 % more or less;
 * `chance` is from 0 to 1. */
int64_t schedule_next_cycle(int64_t begin, int64_t interval, double chance);

/* A due time as it was stored, corrected for an interval that is now shorter, or a clock that was
 * set back: at most one interval (and its spread) from now.  A correction is to be stored: made
 * again at each look, it would move on with the clock. */
int64_t schedule_due(int64_t stored, int64_t interval, int64_t now);

#endif
