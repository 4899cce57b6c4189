/*
 * sim/endpoint.h - the part of the simulator that a request is for.
 */
#ifndef SIM_ENDPOINT_H
#define SIM_ENDPOINT_H

#include "request.h"

enum endpoint {
	ENDPOINT_FETCH,
	ENDPOINT_DOWNLOAD,
	ENDPOINT_SCRIPTVER,
	ENDPOINT_SCRIPT,
	ENDPOINT_PING_START,
	ENDPOINT_PING_END, /* success, fail, exit status */
	ENDPOINT_PING,     /* log, and invalid pings */
	ENDPOINT_OTHER,
	ENDPOINT_STATE, /* /sim/state: neither logged nor counted, and no fault touches it */
	ENDPOINT_N,
};

enum endpoint endpoint_of(const struct request *r);

/* As in the log: "fetch", "ping_start", ... */
const char *endpoint_name(enum endpoint e);

/* Does the pattern of a fault rule mean this endpoint?  `*` means all, `ping` every ping. */
bool endpoint_matches(const char *pattern, enum endpoint e);
bool endpoint_pattern_valid(const char *pattern);

#endif
