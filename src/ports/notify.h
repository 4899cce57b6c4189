/*
 * ports/notify.h - telling people: our own webhook, ntfy, Gotify, Discord, the Apprise API.
 *
 * A message never fails the caller and never repeats a secret.  Each is one POST, with a time
 * limit; whoever wants another try asks for it.  A redirect is not followed, since it would carry
 * the token elsewhere.
 *
 * Facts, and where they come from:
 *
 *   ntfy     POST of JSON to the server's root with topic, title, message, priority (1 to 5) and
 *            tags; "Authorization: Bearer"; a topic is [-_A-Za-z0-9]{1,64}; a message over 4096
 *            bytes becomes an attachment, JSON over 16384 is refused
 *            (docs.ntfy.sh/publish, its server/server.go)
 *   Gotify   POST /message, JSON title, message, priority; the application's token in X-Gotify-Key,
 *            or as token= in the query (gotify.net/api-docs)
 *   Discord  POST of JSON to the webhook's URL; content of at most 2000 characters;
 *            allowed_mentions {"parse": []} pings nobody; flags 4 shows no previews of links;
 *            wait=true answers after the message was stored; 429 with Retry-After, and retry_after
 *            in seconds in its JSON (Discord's developer documentation, Webhook and Rate Limits)
 *   Apprise  POST of JSON title, body, type (info, success, warning, failure) to /notify/KEY; 204:
 *            nothing is configured under this key; 424: one of its services failed, so that it
 *            must not be repeated (apprise-api's README and views)
 *   webhook  doc/notifications.md
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

enum notify_service {
	NOTIFY_WEBHOOK,
	NOTIFY_NTFY,
	NOTIFY_GOTIFY,
	NOTIFY_DISCORD,
	NOTIFY_APPRISE,
	NOTIFY_SERVICES,
};

struct notify_target {
	enum notify_service service;
	struct secret url;    /* the service's own, without credentials before a "@" */
	struct secret token;  /* unset: none */
	struct secret basic;  /* "user:password", in place of a token; unset: none */
	char label[300];      /* "ntfy 2 (ntfy.sh)"; no secret */
	char fingerprint[17]; /* of the URL and credentials; tells nothing else of them */
	unsigned events;      /* EVENT_BIT of each kind that it is told */
};

/*
 * Read SERVICE+URL, such as "ntfy+https://TOKEN@ntfy.example.org/topic", into *t (zeroed before).
 * Before a "@" may stand a token, or user:password, percent-encoded where needed.  NULL if it was
 * taken, else what is wrong with it and what would be right; the answer never quotes it.
 */
const char *notify_parse(const char *text, struct notify_target *t);

/* With a token from elsewhere (NULL: none); to be called when all is known.  As notify_parse. */
const char *notify_complete(struct notify_target *t, const char *token);

/* Which of all it is, counted from 1, so that two at one service can be told apart: for the label,
 * to be called once. */
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
 * did not say).  The service may have it all the same: an answer may come too late, or be lost.
 */
enum notify_verdict notify_send(struct notify *n, const struct notify_target *t,
				const struct event *e, char why[200], int64_t *rest);

#endif
