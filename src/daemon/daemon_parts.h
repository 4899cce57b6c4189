/*
 * daemon/daemon_parts.h - what the files of the daemon share; for them alone.
 *
 *     daemon.c          the loop: requests, the next job, waiting
 *     daemon_cycle.c    cycles: whole, resumed, local; their begin and end in the ledger
 *     daemon_outlook.c  reads what decides what is next
 *     daemon_state.c    the state folder, the ledger, and trouble with them
 *     daemon_page.c     the status page
 *     daemon_reload.c   a new configuration
 *     daemon_sandbox.c  what the process gives up, and when it needs other rights
 */
#ifndef DAEMON_DAEMON_PARTS_H
#define DAEMON_DAEMON_PARTS_H

#include "daemon/agenda.h"
#include "daemon/daily.h"
#include "daemon/daemon.h"
#include "daemon/hold.h"
#include "daemon/vault_look.h"
#include "page/httpd.h"
#include "system/keeper.h"
#include "system/sandbox.h"
#include "view/trouble.h"

struct daemon {
	struct config *config; /* borrowed */
	const struct config_options *options;
	struct wake *wake;
	struct hold hold;
	struct keeper_word *word;     /* borrowed: to ask for a new process */
	struct sandbox_rules rules;   /* of the sandbox that this process is in */
	struct parts parts;           /* closed (run.ledger NULL) in trouble and after a reload */
	struct trouble trouble;       /* shared with the page's thread */
	struct vault_look vault_look; /* the look at the vault that is being made */
	struct daily daily;           /* the copy of the ledger that is being made */
	struct httpd *page;           /* owned; NULL: none, or it could not be opened */

	bool owed;        /* a person asked for a cycle that has not run yet */
	bool fresh;       /* no cycle has begun since the start or the last reload */
	bool finished;    /* what needs no call of the tracker was finished since then */
	bool splayed;     /* a start after the time of a cycle was given a time of its own */
	bool forgive;     /* after a reload, clients that refused us are called again */
	bool clock_waits; /* no cycle begins before the clock is set */
	bool paused;      /* there was trouble: open everything again once it has passed */
	bool renew;       /* a new process is wanted, once the state folder allows it */
	bool page_failed; /* the log says already that the page could not be opened */

	uint32_t broken;       /* cycles in a row that could not be run at all */
	int64_t last_begin;    /* of a cycle; the wall clock, as are the next; 0: not yet */
	int64_t last_look;     /* at the watch folders */
	int64_t page_tried;    /* when opening the page was tried last */
	int64_t messages_rest; /* no message is sent before */
	int64_t last_copy;     /* when the last daily copy of the ledger was begun */
	int64_t copy_rest;     /* none is begun before */
	int64_t reported;      /* when Healthchecks last heard of the trouble */
	int64_t started;       /* by the clock that cannot be set */
	int64_t renewed;       /* when this process began */
	int64_t announced;     /* the next cycle's time, as the log has it */
};

/* ---- daemon_state.c ---- */

/* Is the state folder still ours, and the ledger in it the one that is open?  Closes the parts
 * where they must be opened again. */
bool daemon_check_state(struct daemon *d, struct err *err) MUST_CHECK;

/* daemon_check_state(), and the parts are open. */
bool daemon_open_parts(struct daemon *d, struct err *err) MUST_CHECK;

void daemon_close_parts(struct daemon *d);

/* Log it, show it, report it to Healthchecks once an hour.  `what` stands before the reason, `then`
 * behind it. */
void daemon_begin_trouble(struct daemon *d, const struct err *why, const char *what,
			  const char *then);
void daemon_end_trouble(struct daemon *d);

/* Will it stay so?  Trouble with the ledger may pass. */
bool daemon_is_hopeless(const struct err *err);

/* Is the wall clock right, as far as can be seen?  If not, says so and waits a little. */
bool daemon_clock_is_set(struct daemon *d, bool *set, struct err *err) MUST_CHECK;

/* Is there waiting at all (core/schedule.h)? */
bool daemon_waits(const struct daemon *d);

/* Leaves the daemon's settings for commands that are run by hand. */
void daemon_leave_note(const struct config *c);

/* ---- daemon_outlook.c ---- */

/* Corrects stored times for a clock that was set back. */
bool daemon_outlook(struct daemon *d, struct outlook *o, struct err *err) MUST_CHECK;

/* Which targets can be resumed at `now`?  The caller's; NULL: an error. */
bool *daemon_resumable(struct daemon *d, int64_t now, struct err *err) MUST_CHECK;

/* ---- daemon_cycle.c ---- */

/* A cycle that cannot be run is no error, but trouble; see daemon_is_hopeless(). */
bool daemon_cycle(struct daemon *d, struct err *err) MUST_CHECK;
bool daemon_resume(struct daemon *d, struct err *err) MUST_CHECK;
bool daemon_finish_local(struct daemon *d, struct err *err) MUST_CHECK;

/* ---- daemon_page.c ---- */

void daemon_open_page(struct daemon *d);
void daemon_renew_page(struct daemon *d);
void daemon_close_page(struct daemon *d);

/* ---- daemon_reload.c ---- */

/* Reads the configuration again.  A bad one is refused, and the old one stays. */
void daemon_reload(struct daemon *d);

/* Writes config.ptp where the environment names the containers, and the note. */
void daemon_write_down(const struct config *c);

/* ---- daemon_sandbox.c ---- */

/* Before any thread is started.  Without a keeper or a kernel that has it, nothing happens. */
void daemon_enter_sandbox(struct daemon *d);

/* Does the configuration in force need another sandbox than this one?  Then a new process is
 * wanted. */
void daemon_compare_sandbox(struct daemon *d);

/* Asks for a new process if one is wanted, or if a disk was mounted at a folder, or a folder was
 * made.  While there is trouble with the state folder it does not: a new process would begin with
 * what is there. */
void daemon_look_at_sandbox(struct daemon *d);

/* A configuration that is refused here can be right outside: it names files that this sandbox does
 * not let this process read.  Then a new process is wanted. */
bool daemon_is_right_outside(struct daemon *d);

#endif
