/*
 * daemon/agenda.h - what the daemon does next, and when.
 *
 * Pure: every answer follows from one outlook, so years of a daemon's life can be tested in a
 * millisecond.  All times are milliseconds since 1970; AGENDA_NEVER means that nothing is due.
 */
#ifndef DAEMON_AGENDA_H
#define DAEMON_AGENDA_H

#include "model/pace.h"

#include <stdbool.h>
#include <stdint.h>

#define AGENDA_NEVER INT64_MAX

#define AGENDA_CYCLES_APART_MS 1000 /* between cycles that no person asked for */
#define AGENDA_PAUSE_MS 60000       /* in trouble, and between tries of the page and messages */
#define AGENDA_LOOK_APART_MS 600000 /* between looks at the watch folders and the state folder */
#define AGENDA_SHORT_PAUSE_MS 1000  /* each of these where there is no waiting (schedule.h) */
#define AGENDA_COPY_APART_MS (24 * 3600 * INT64_C(1000)) /* between copies of the ledger */
#define AGENDA_COPY_RETRY_MS (3600 * INT64_C(1000))      /* after one that failed */
#define AGENDA_CLEAR_MS 60000 /* no slice of a copy or a look so shortly before a cycle */
#define AGENDA_VAULT_APART_MS AGENDA_COPY_APART_MS     /* between looks at the vault */
#define AGENDA_DAMAGED_APART_MS (3600 * INT64_C(1000)) /* the same, after damage was found */
#define AGENDA_CLOSE_MS 30000 /* cycles so close together leave no time for others */

/* In the order in which jobs that are due at the same time are done. */
enum job {
	JOB_PAGE,     /* open the status page, which is wanted and could not be opened */
	JOB_LOCAL,    /* finish what needs no call of the tracker, after a start or a reload */
	JOB_CYCLE,    /* a cycle over all containers */
	JOB_RESUME,   /* a cycle over those whose turn was left undone */
	JOB_LOOK,     /* see whether clients have picked up what lies in watch folders */
	JOB_MESSAGES, /* send the messages that wait */
	JOB_COPY,     /* a slice of the daily copy of the ledger */
	JOB_VAULT,    /* a slice of the daily look at the vault */
	JOBS,
};

/* Everything that decides what is next. */
struct outlook {
	int64_t now;
	bool waits; /* false: the tracker is on loopback and there is no waiting */

	struct cycle_clock clock; /* from the ledger */
	int64_t resume;           /* when a turn that was left undone can be resumed */
	int64_t pick_up;          /* when the pick-up of a file is due */
	int64_t message;          /* when a message can be sent */

	bool page_wanted;      /* a page is configured, and is not open */
	bool finished;         /* JOB_LOCAL is done */
	bool owed;             /* a person asked for a cycle that has not run yet */
	uint32_t broken;       /* cycles in a row that could not be run at all */
	int64_t last_begin;    /* of a cycle in this process; 0: none yet */
	int64_t last_look;     /* at the watch folders; 0: none yet */
	int64_t page_tried;    /* 0: not yet */
	int64_t messages_rest; /* no message before; 0: at any time */
	bool copies;           /* the ledger is copied every day */
	bool copying;          /* a copy was begun */
	int64_t last_copy;     /* when the last one was begun; 0: there is none */
	int64_t copy_rest;     /* none before; 0: at any time */
	bool vault_looking;    /* a look at the vault was begun */
	bool vault_damaged;    /* the last one found damage */
	int64_t vault_looked;  /* when the last one ended; 0: there was none */
};

/* When is it due?  A time that has passed means now. */
int64_t agenda_due(enum job job, const struct outlook *o);

/* The first job that is due, or the one that is due soonest; *when is its time. */
enum job agenda_next(const struct outlook *o, int64_t *when);

/* When the next cycle begins, whole or resumed; *resumed says which. */
int64_t agenda_next_cycle(const struct outlook *o, bool *resumed);

/* Until when messages may be sent: they must not delay a cycle, unless cycles are so close together
 * that no time would be left. */
int64_t agenda_messages_until(const struct outlook *o);

/* How long to wait at most before the state folder is looked at again, and in trouble. */
int64_t agenda_check_ms(bool waits);
int64_t agenda_pause_ms(bool waits);

#endif
