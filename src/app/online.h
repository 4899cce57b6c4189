/*
 * app/online.h - one call to the tracker that asks for no torrent, under the pacing of all calls.
 */
#ifndef APP_ONLINE_H
#define APP_ONLINE_H

#include "app/config.h"
#include "model/reply.h"

/* The version of its utility; an answer proves the credentials.  A back-off is not waited for, but
 * an error.  The call is recorded, in a state folder that is made if it is missing: the next one
 * must keep its distance.  Nothing else is made. */
bool online_version(const struct config *c, char version[REPLY_VERSION_SIZE],
		    struct err *err) MUST_CHECK;

#endif
