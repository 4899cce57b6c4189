/*
 * core/pace.h - waiting for one's turn with the tracker: the schedule's rules applied to what the
 * ledger keeps, so that they hold across processes and restarts.
 *
 * The time of a call is recorded before it is made and again when it has ended: the gap to the next
 * is counted from its end, so that the tracker never sees two calls closer than they should be.
 */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include "core/run.h"

enum pace_call {
	PACE_FETCH,    /* asks for an assignment */
	PACE_DOWNLOAD, /* of what was assigned by the call just made: follows it at once */
	PACE_OTHER,
	PACE_CHECK, /* somebody looks for a fault: without an answer it says nothing of the tracker
		     */
};

/* Fingerprint of ApiUser and ApiKey: tells whether they changed, and nothing else of them. */
void pace_fingerprint(const char *user, const char *key, char out[17]);

/* Tells the ledger which credentials are in use.  With new ones a back-off that the old ones earned
 * by a 401 or 403 is over. */
bool pace_open(struct run *r, struct err *err) MUST_CHECK;

/* Wait until the call may be made, showing a countdown, and record that it is being made.
 * `container` may be NULL.  Ends early only with WORD_STOPPED. */
bool pace_before(struct run *r, enum pace_call call, const char *container,
		 struct err *err) MUST_CHECK;

/* The call was answered by a redirect: that is its end, and to follow it is a call like any other,
 * to be waited for. */
bool pace_redirect(struct run *r, struct err *err) MUST_CHECK;

/* The call has ended well.  Whether the tracker is well is for the next one to say. */
bool pace_ended(struct run *r, enum pace_call call, struct err *err) MUST_CHECK;

/* The call has ended well, or (`failure` not NULL) with *why, whose code becomes WORD_AUTH for a
 * 403 as long as no call with these credentials has worked, unless a guard in front of the tracker
 * answered, or the answer speaks of too many queries.  A failure that calls for patience begins a
 * back-off or lengthens it, except that of a PACE_CHECK to which no answer came: what is tried
 * there may not be what others go by. */
bool pace_after(struct run *r, enum pace_call call, const struct engine_failure *failure,
		struct err *why, struct err *err) MUST_CHECK;

/* The tracker has answered a question with an error of its own: SCHEDULE_REFUSALS of them in a row
 * begin a back-off. */
bool pace_refused(struct run *r, const char *message, struct err *err) MUST_CHECK;

/* Remember which version of its utility the tracker has named. */
bool pace_announced(struct run *r, const char *version, struct err *err) MUST_CHECK;

/* *until: when the back-off ends, 0: there is none.  *why: its reason. */
bool pace_backoff(struct run *r, int64_t *until, struct pace_reason *why,
		  struct err *err) MUST_CHECK;

/* May a question be asked now?  HOLD: not before *until, for *why.  With r->force the back-off that
 * stood when the pacer was opened does not hold, for one call; what the tracker itself asked for
 * does, and so does a forced call within the last minute. */
enum step pace_may_ask(struct run *r, int64_t *until, struct pace_reason *why,
		       struct err *err) MUST_CHECK;

#endif
