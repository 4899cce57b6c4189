/*
 * sim/route.h - from a request to its answer: scenario, faults, tracker and pings under one lock.
 */
#ifndef SIM_ROUTE_H
#define SIM_ROUTE_H

#include "base/err.h"
#include "answer.h"
#include "request.h"

struct route;

/* All but `base` may be NULL; see sim/README.md for what they are. */
struct route_options {
	const char *base;
	const char *scenario;
	const char *log;
	const char *torrents;
	const char *state;
};

struct route *route_new(const struct route_options *options, struct err *err) MUST_CHECK;
void route_free(struct route *route);

/* Decide what to answer, carry the request out and log it.  Never waits for a client; may be
 * called from several threads.  `a` is initialised. */
void route_answer(struct route *route, const struct request *r, struct answer *a);

#endif
