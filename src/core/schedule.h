/*
 * core/schedule.h - when the tracker may be asked.  Pure: every function takes "now", and whatever
 * is left to chance as a number from 0 to 1.
 *
 * Etiquette (tracker notes): at least 10 seconds between two fetch calls, at least 4 between any
 * two requests, at most 150 requests an hour; back off on trouble.  All times are milliseconds.
 *
 *     gaps      between calls, by a clock that cannot be set where the boot is the same
 *     bucket    a burst of 30 calls, then one every 30 seconds: never more than 150 in any hour
 *     ladder    1, 5, 15, 30 minutes, 1, 3, 6 hours after trouble, and up to a quarter more
 *     interval  10 % more or less; the first one is half to all of it
 *
 * By the wall clock a time of the past that lies in the future counts as now: a clock that was set
 * back makes nobody wait longer than the full gap.
 */
#ifndef CORE_SCHEDULE_H
#define CORE_SCHEDULE_H

#include "model/pace.h"

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_FETCH_GAP_MS 10000
#define SCHEDULE_REQUEST_GAP_MS 4000
#define SCHEDULE_BURST 30        /* calls that the full bucket holds */
#define SCHEDULE_REFILL_MS 30000 /* until the bucket holds one call more */
#define SCHEDULE_LADDER_STEPS 7
#define SCHEDULE_LADDER_PERCENT 25 /* of a step, added at most */
#define SCHEDULE_RETRY_AFTER_MAX_MS (24 * 3600000)
#define SCHEDULE_DATE_SPREAD_MS (30 * 60000) /* added at most to a date that the tracker names */
#define SCHEDULE_SPREAD_PERCENT 10           /* of the interval, either way */
#define SCHEDULE_SPLAY_MS (15 * 60000)       /* a start that is overdue waits so long at most */
#define SCHEDULE_FIRST_MS 40000        /* a new ledger's first call waits so long, or half more */
#define SCHEDULE_FIRST_CALLS 2         /* that the bucket of a new ledger holds then */
#define SCHEDULE_FORCED_APART_MS 60000 /* between calls that override a back-off */
#define SCHEDULE_REFUSALS 3 /* so many errors of the tracker's own in a row are trouble */
/* No clock that is right is earlier: 2026-11-01T00:00:00Z. */
#define SCHEDULE_EARLIEST_MS INT64_C(1793491200000)

/* How far apart calls are kept. */
struct manners {
	int64_t fetch_gap;   /* >= 10000 unless the tracker is on loopback */
	int64_t request_gap; /* 4000, or fetch_gap where that is less */
	int64_t refill;      /* SCHEDULE_REFILL_MS, or less on loopback; 0: there is no bucket */
	bool waits;          /* false (loopback and a gap of 0): no ladder, no chance, no splay */
};

/* `asked_gap` is what the user has set (0 or more); only on loopback may it be below 10000. */
struct manners schedule_manners(int64_t asked_gap, bool loopback);

struct moment {
	struct instant at;
	const char *boot; /* borrowed; "": not known */
};

/* How long until a fetch call, or any other request, may be made; 0: now.  They keep the gaps. */
int64_t schedule_wait_fetch(const struct pace *p, const struct manners *m,
			    const struct moment *now);
int64_t schedule_wait_request(const struct pace *p, const struct manners *m,
			      const struct moment *now);

/* How long until the bucket has room for so many calls; 0: it has. */
int64_t schedule_wait_room(const struct pace *p, const struct manners *m, unsigned calls,
			   const struct moment *now);

/* Records that so many calls are being made (or 0: that one has ended), one of them a fetch. */
void schedule_called(struct pace *p, const struct manners *m, unsigned calls, bool fetch,
		     const struct moment *now);

/* When the tracker wants to be asked again. */
struct retry_after {
	int64_t until; /* by our clock; 0: it did not say */
	bool is_date;  /* it named a date, the same for everybody */
};

/* A call failed in a way that calls for patience: go up the ladder. */
void schedule_failed(struct pace *p, const struct manners *m, int64_t now,
		     const struct retry_after *asked, const struct pace_reason *why, double chance);

/* A call succeeded: leave the ladder. */
void schedule_succeeded(struct pace *p);

/* How long the back-off lasts still; 0: there is none. */
int64_t schedule_backoff(const struct pace *p, int64_t now);

/* Until when may a person not override the back-off?  0: it may be overridden now. */
int64_t schedule_forced_until(const struct pace *p, const struct manners *m, int64_t now);

/* The ladder's wait after `failures` (>= 1) in a row. */
int64_t schedule_ladder(uint32_t failures);

/* When what a cycle left undone may be resumed: after the back-off, of which `left` is left, and
 * after an interruption that was not the first, on the ladder. */
int64_t schedule_rest(const struct cycle_clock *clock, const struct manners *m, int64_t left,
		      int64_t now);

/* When the cycle after one that began at `begin` is due.  `first`: of a ledger. */
int64_t schedule_next_cycle(int64_t begin, int64_t interval, bool first, const struct manners *m,
			    double chance);

/* When an overdue cycle begins after a start at `now`.  This and the next are shorter on loopback,
 * as the gaps are. */
int64_t schedule_overdue(const struct manners *m, int64_t now, double chance);

/* How long a new ledger's first call waits where nobody watches. */
int64_t schedule_first(const struct manners *m, double chance);

/* After that wait its bucket is nearly empty.  So a state that is lost at each start does not mean
 * a burst at each start. */
void schedule_begin(struct pace *p, const struct manners *m, const struct moment *now);

/* A due time as it was stored, corrected for an interval that is now shorter, or a clock that was
 * set back: at most one interval (and its spread) from now.  A correction is to be stored: made
 * again at each look, it would move on with the clock. */
int64_t schedule_due(int64_t stored, int64_t interval, int64_t now);

/* Is the wall clock later than this program, and than `newest`, the newest time in the ledger? */
bool schedule_clock_is_set(int64_t now, int64_t newest);

#endif
