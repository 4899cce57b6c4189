/*
 * page/site.h - what the status page answers to which request; no sockets.
 *
 *     /                the page                          /api/status, /api/history   JSON
 * (doc/api.md) /metrics         Prometheus                        /healthz/live, /healthz/ready
 *
 * What is refused is so in one line of text, and for a browser that shows pages in a small page.
 *
 * A site belongs to one thread.  It has a copy of what is shown of the configuration and a
 * read-only ledger of its own, and shares with the daemon only what that says of its trouble.
 */
#ifndef PAGE_SITE_H
#define PAGE_SITE_H

#include "config/config.h"
#include "view/trouble.h"
#include "base/buf.h"

#define SITE_HISTORY_LIMIT 50
#define SITE_HISTORY_MAX 1000
#define SITE_ANSWER_MAX_BYTES (16 * 1024 * 1024)

struct site;

/* Takes its copy of what `c` says; `trouble` is borrowed.  Never fails: a ledger is opened when it
 * is needed. */
struct site *site_open(const struct config *c, struct trouble *trouble);
void site_close(struct site *s);

struct site_request { /* all borrowed; what was not given is NULL */
	const char *method, *path;
	const char *host, *accept, *authorization; /* header fields */
	const char *container, *before, *limit;    /* of the query */
	unsigned guesses_wait_s; /* that nobody may guess another token; 0: not at all */
};

struct site_answer {
	unsigned status;
	const char *type;       /* of the body */
	const char *policy;     /* its Content-Security-Policy; borrowed from the site */
	struct buf body;        /* owned */
	bool wrong_token;       /* was sent; not: none was */
	unsigned retry_after_s; /* with 429 */
};

/* *a is zeroed before; the caller clears its body. */
void site_answer(struct site *s, const struct site_request *r, struct site_answer *a);

#endif
