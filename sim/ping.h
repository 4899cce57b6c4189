/*
 * sim/ping.h - the Healthchecks receiver: what https://healthchecks.io/docs/http_api/ describes,
 * as far as a client can see it.
 */
#ifndef SIM_PING_H
#define SIM_PING_H

#include "answer.h"
#include "request.h"
#include "scenario.h"

enum ping_kind { PING_SUCCESS, PING_START, PING_FAIL, PING_LOG, PING_EXIT };

struct ping_target {
	enum ping_kind kind;
	bool slug;       /* named by ping key and slug, not by UUID */
	int exit_status; /* of PING_EXIT, 0 to 255 */
	char check[160]; /* "<uuid>" or "<ping key>/<slug>" */
};

enum ping_verdict {
	PING_VALID,
	PING_NO_ROUTE,  /* HTML 404: the path is no ping URL */
	PING_NOT_FOUND, /* 404 "not found": an unknown word after the check */
	PING_BAD_URL,   /* 400 "invalid url format" */
};

/* `path` begins with "/ping/".  *t is complete only when the answer is PING_VALID. */
enum ping_verdict ping_parse(const char *path, struct ping_target *t);

struct pings;

struct pings *ping_new(void);
void ping_free(struct pings *p);

/* Record the ping and write the answer. */
void ping_answer(struct pings *p, const struct scenario *sc, const struct request *r,
		 struct answer *a);

/* The recorded pings, oldest first: an array, caller's. */
json_t *ping_list(const struct pings *p);

#endif
