/*
 * ports/health.h - pinging Healthchecks (hosted, or one's own server).
 *
 * A ping never fails the caller: an error is only logged.  Each ping has a time budget for all its
 * tries, 5 seconds for the start and 10 for the end.  So a dead server delays a cycle by 15 seconds
 * at most.  The ping URL is a secret.
 *
 * Facts from the Healthchecks notes:
 * - Bodies have a Content-Length and are valid UTF-8.  They are cut on a character boundary at the
 *   server's Ping-Body-Limit, which is 10000 until the server says otherwise.
 * - Start and end of a run carry the same rid.
 * - 408, 429 and 5xx are worth a retry.  400, 404 and 409 are not.
 * - The server did not record the ping if the body of its 200 is not "OK".
 */
#ifndef PORTS_HEALTH_H
#define PORTS_HEALTH_H

#include "base/err.h"
#include "base/http.h"
#include "base/secret.h"
#include "base/wake.h"

struct health;

/* `url` is borrowed for as long as the object lives; unset: every ping is silently left out.  A
 * user and a password in it are sent as Basic authentication (percent-encoded in the URL). */
struct health *health_open(const struct secret *url, const char *ca_file, struct wake *wake,
			   struct err *err) MUST_CHECK;
void health_close(struct health *h);

/* Begins a run with a new rid. */
void health_start(struct health *h, const char *body);

/* The end of a run.  NULL: it was recorded, or there is no ping URL; else why it was not, until the
 * next call. */
const char *health_success(struct health *h, const char *body);
const char *health_fail(struct health *h, const char *body);

/* An entry in the check's log, which changes neither its status nor the run's timer.  Made while we
 * are being stopped: one try of a second. */
void health_log(struct health *h, const char *body);

/* What a test of the ping URL brought to light. */
struct health_test {
	long status;   /* HTTP status; 0: no answer came */
	bool recorded; /* the server says that it has recorded the entry */
	bool limited;  /* the server says that it has not, for there are too many */
	bool unknown;  /* the server says that there is no such check */
	bool page;     /* a page came: something else than Healthchecks is there, or refuses */
	int64_t date;  /* the server's clock, ms since 1970; 0: unknown */
	enum http_trouble trouble; /* at which step it failed, if no answer came */
};

/* One entry in the check's log, in one try of 10 seconds: the only call that leaves the check's
 * status alone and tells whether the URL is right.  Needs a ping URL.  *t is filled in on failure,
 * too; false: no answer came. */
bool health_test(struct health *h, const char *body, struct health_test *t,
		 struct err *err) MUST_CHECK;

/* Is this a ping URL that could work?  NULL, or what is wrong in words (without quoting it). */
const char *health_url_fault(const char *url);

#endif
