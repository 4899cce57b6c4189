/*
 * ports/notify.h - sending messages to people: through our own webhook, ntfy, and other services.
 *
 * Each service is a block in notify_services.c, with the facts about it and where they come from.
 * A message never fails the caller and never repeats a secret.  Each is one POST, with a time
 * limit; the caller decides about another try.  A redirect is not followed, since it would carry
 * the token elsewhere.  A 429 may name the time to wait, as Retry-After or (Discord) as
 * retry_after, in seconds, in its JSON.
 */
#ifndef PORTS_NOTIFY_H
#define PORTS_NOTIFY_H

#include "base/err.h"
#include "base/secret.h"
#include "base/wake.h"
#include "model/event.h"

/* Limits, besides those of the services. */
#define NOTIFY_URL_MAX 2048 /* bytes */
#define NOTIFY_MS 10000     /* for one message */
#define NOTIFY_REST_MAX_MS (24 * 3600 * INT64_C(1000))

struct notify_service; /* a block of notify_services.c */

struct notify_target {
	const struct notify_service *service;
	struct secret url;    /* the service's own, without credentials before a "@" */
	struct secret token;  /* unset: none */
	struct secret basic;  /* "user:password", in place of a token; unset: none */
	char label[300];      /* "ntfy 2 (ntfy.sh)"; no secret */
	char fingerprint[17]; /* of the URL and credentials; tells nothing else of them */
	unsigned events;      /* EVENT_BIT of each kind that it gets */
};

/*
 * Read SERVICE+URL, such as "ntfy+https://TOKEN@ntfy.example.org/topic", into *t (zeroed before).
 * Before a "@" may stand a token, or user:password, percent-encoded where needed.  NULL if it was
 * taken, else what is wrong with it and what would be right, until the next call.  The text never
 * quotes what it was given.
 */
const char *notify_parse(const char *text, struct notify_target *t);

/* With a token from elsewhere (NULL: none); to be called when all is known.  As notify_parse. */
const char *notify_complete(struct notify_target *t, const char *token);

/* Puts its number in the list, from 1, into the label.  To be called once. */
void notify_number(struct notify_target *t, size_t number);

void notify_target_clear(struct notify_target *t);

/* What is sent for an event: pure. */
#define NOTIFY_HEADERS 3
struct notify_request {
	struct secret url;
	struct secret headers[NOTIFY_HEADERS]; /* "Name: value" */
	size_t n_headers;
	char *body; /* owned: JSON */
};
void notify_build(const struct notify_target *t, const struct event *e, struct notify_request *r);
void notify_request_clear(struct notify_request *r);

enum notify_verdict {
	NOTIFY_SENT,
	NOTIFY_LATER,   /* it may work another time */
	NOTIFY_REFUSED, /* it will not work until a person has changed something */
};

struct notify;

struct notify *notify_open(const char *ca_file, struct wake *wake, struct err *err) MUST_CHECK;
void notify_close(struct notify *n);

static inline void notify_closer(struct notify **n)
{
	notify_close(*n);
}

/*
 * Send it, once, within NOTIFY_MS; any request (base/wake.h) ends it.  Unless it was sent, `why`
 * says why not, without a secret, and *rest gets when the service wants to be called again (0: it
 * did not say).  The service may still have it: an answer may come too late, or be lost.
 */
enum notify_verdict notify_send(struct notify *n, const struct notify_target *t,
				const struct event *e, char why[200], int64_t *rest);

#endif
