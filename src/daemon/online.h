/*
 * daemon/online.h - one call to the tracker that asks for no torrent, under the pacing of all
 * calls.
 */
#ifndef DAEMON_ONLINE_H
#define DAEMON_ONLINE_H

#include "config/config.h"
#include "model/reply.h"
#include "ports/engine.h"

struct online_answer {
	char version[REPLY_VERSION_SIZE]; /* of the tracker's utility */
	/* These two are filled in when it fails, too. */
	int64_t server_time;           /* the tracker's clock, ms since 1970; 0: unknown */
	struct engine_failure failure; /* zero where the call was not made at all */
};

/* The version of its utility; an answer proves the credentials.  A back-off that the tracker's own
 * answer has begun is not waited for, but an error; one that began because no answer came is no
 * hindrance, since this may find out why.  The call is recorded, in a state folder that is made if
 * it is missing: the next one must keep its distance.  A call without an answer holds nobody else
 * back. Nothing else is made. */
bool online_version(const struct config *c, struct online_answer *answer,
		    struct err *err) MUST_CHECK;

#endif
