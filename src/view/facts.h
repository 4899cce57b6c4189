/*
 * view/facts.h - what is the matter, found in a snapshot.  Pure.
 */
#ifndef VIEW_FACTS_H
#define VIEW_FACTS_H

#include "view/status.h"
#include "model/fact.h"

#define FACTS_MAX 100 /* so many at most */

/* All texts are borrowed from the snapshot. */
struct facts {
	struct fact list[FACTS_MAX];
	size_t n;
};

/* The worst comes first: the headline.  There is always one; if nothing is bad it is a good one. */
void facts_find(const struct status *s, struct facts *out);

/* Does another program use the account, and no setting says so? */
bool facts_shared(const struct status *s, struct fact *out);

/* That the tracker is left alone; false: it is not. */
bool facts_tracker(const struct status *s, struct fact *out);

/* Is the container's last outcome the tracker's trouble, which facts_tracker() finds already? */
bool facts_is_trackers(const struct status *s, const struct result *r);

/* Of a container whose last outcome is not well: what, and since when. */
struct fact facts_of_container(const struct status *s, const struct status_container *c);

/* That a target for messages does not take them; `oldest`: when the oldest that waits for it was
 * written, 0: not known.  false: it takes them. */
bool facts_of_target(const char *label, const struct ledger_telling *how, int64_t oldest,
		     struct fact *out);

/* NULL: no container of this name is configured. */
const struct status_container *facts_container(const struct status *s, const char *name);

/* NULL: `client` is NULL, or is not configured. */
const struct status_place *facts_client(const struct status *s, const char *client);

#endif
