/*
 * sim/tracker.h - the tracker itself: accounts, containers, assignments, and its four requests.
 *
 * Not thread-safe: the caller holds one lock around every call.
 */
#ifndef SIM_TRACKER_H
#define SIM_TRACKER_H

#include "base/err.h"
#include "answer.h"
#include "request.h"
#include "scenario.h"
#include "torrents.h"

struct tracker;

/*
 * `base` is the URL of this server, without a slash at its end.  `folder`: real torrents, or NULL
 * to generate them.  `state`: a file that keeps containers and assignments, or NULL; it is read
 * now, if it exists, and written after each change.  NULL if it cannot be used.
 */
struct tracker *tracker_new(const char *base, const char *folder, const char *state,
			    struct err *err) MUST_CHECK;
void tracker_free(struct tracker *t);

/* The container that the request is about, or NULL; borrowed.  The torrent id of a download, or
 * 0. */
const char *tracker_container(const struct tracker *t, enum endpoint e, const struct request *r);
int64_t tracker_torrent(enum endpoint e, const struct request *r);

/* Carry out one of the four requests. */
void tracker_answer(struct tracker *t, const struct scenario *sc, enum endpoint e,
		    const struct request *r, enum torrents_defect defect, struct answer *a);

/* For /sim/state: "accounts", "containers" and "assignments"; caller's. */
json_t *tracker_state(const struct tracker *t);

#endif
