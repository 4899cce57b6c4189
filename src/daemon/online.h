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

/* Asks for the version of its utility; an answer proves the credentials.
 *
 * A back-off that an answer of the tracker began is an error: this call does not wait for its end.
 * A back-off that began because no answer came does not matter: this call may find out why.
 * The call is recorded in the state folder, because the next call must keep its distance.  The
 * folder is made if it is missing.  A call without an answer does not start a back-off. */
bool online_version(const struct config *c, struct online_answer *answer,
		    struct err *err) MUST_CHECK;

#endif
