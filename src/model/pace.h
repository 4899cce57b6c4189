/*
 * model/pace.h - the record of all calls to the tracker, from every process, and of the times of
 * the cycles.  All times are milliseconds since 1970, 0: none yet.
 */
#ifndef MODEL_PACE_H
#define MODEL_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* A time by the wall clock, and by a clock that cannot be set (base/clock.h). */
struct instant {
	int64_t wall;   /* ms since 1970; 0: never */
	int64_t steady; /* ms since the boot that `boot` beside it names */
};

#define PACE_BOOT 40

/* Why the tracker is left alone. */
struct pace_reason {
	int status;     /* HTTP status of its answer; 0: no answer came */
	bool unproven;  /* a 403, and no call with these credentials has worked yet */
	char text[128]; /* for people */
};

struct pace {
	struct instant fetch;      /* begin of the last fetch call, or its end once that is known */
	struct instant request;    /* the same of any request */
	struct instant full;       /* when the bucket of calls is full again (core/schedule.h) */
	char boot[PACE_BOOT];      /* the boot of these steady times; "": not known */
	uint32_t failures;         /* in a row, that call for patience */
	uint32_t refusals;         /* errors of the tracker's own in a row */
	int64_t backoff_until;     /* no call before; 0: no back-off */
	int64_t asked_until;       /* the part of it that the tracker asked for; 0: none */
	int64_t forced_at;         /* when a person last overrode a back-off; 0: never */
	int64_t since;             /* of the first of those failures; 0: there is none */
	struct pace_reason reason; /* of the back-off */
	char credentials[17];      /* fingerprint of the credentials last used; "" none */
	char proven[17];           /* fingerprint of those that last worked; "" none */
	char announced[24];        /* version of its utility that the tracker last named; "" none */
};

/* The ledger keeps these numbers. */
enum cycle_kind {
	CYCLE_REGULAR,
	CYCLE_REST,   /* of a cycle that left something undone */
	CYCLE_MANUAL, /* a person asked for it */
	CYCLE_KINDS,
};

struct cycle_clock {
	int64_t last_cycle;   /* begin of the last regular cycle */
	int64_t next_cycle;   /* when the next regular one is due; 0: at once */
	int64_t last_attempt; /* begin of the last attempt to finish what was left undone */
	uint32_t attempts;    /* how many since a cycle was last finished */
	int64_t pinged_at;    /* when Healthchecks last heard of a cycle that made no call */
};

#endif
