/*
 * sim/ping.h - the Healthchecks receiver: what https://healthchecks.io/docs/http_api/ describes,
 * as far as a client can see it.
 */
#ifndef SIM_PING_H
#define SIM_PING_H

#include "answer.h"
#include "request.h"
#include "scenario.h"

struct pings;

struct pings *ping_new(void);
void ping_free(struct pings *p);

/* Record the ping and write the answer. */
void ping_answer(struct pings *p, const struct scenario *sc, const struct request *r,
		 struct answer *a);

/* The recorded pings, oldest first: an array, caller's. */
json_t *ping_list(const struct pings *p);

#endif
