#include "core/lost.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

/* Could this be the answer to a question asked at `asked_at`? */
static bool is_candidate(struct ledger *l, const struct incomplete *t, int64_t asked_at, bool *is,
			 struct err *err)
{
	bool known = false, kept = false;
	int64_t since = 0;

	/* What came from the official utility is known by its infohash alone. */
	if (!ledger_knows(l, t->torrent_id, &known, err) ||
	    (t->infohash[0] && !known && !ledger_keeps(l, NULL, t->infohash, &kept, err)) ||
	    !ledger_incomplete_since(l, t->torrent_id, &since, err))
		return false;
	*is = !known && !kept && (since == 0 || since >= asked_at);
	return true;
}

/* The newest candidate: transactions are numbered upwards.  *unclear: there is one without an
 * infohash, which nobody downloads. */
static bool newest(struct ledger *l, const struct reply *reply, int64_t asked_at,
		   const struct incomplete **best, bool *unclear, struct err *err)
{
	*best = NULL;
	*unclear = false;
	for (size_t i = 0; i < reply->n_incomplete; i++) {
		const struct incomplete *t = &reply->incomplete[i];
		bool is;
		if (!is_candidate(l, t, asked_at, &is, err))
			return false;
		if (is && !t->infohash[0])
			*unclear = true;
		else if (is && (!*best || t->transaction >= (*best)->transaction))
			*best = t;
	}
	return true;
}

static bool settle(struct ledger *l, const struct reply *reply, const struct assignment *lost,
		   size_t *found, struct err *err)
{
	const struct incomplete *best;
	bool unclear;

	if (!newest(l, reply, lost->asked_at, &best, &unclear, err))
		return false;
	if (!best && unclear)
		return true;
	if (!best) {
		log_info(lost->container, "the tracker lists nothing that a possibly lost "
					  "assignment could be; it was not made");
		return ledger_unfounded(l, lost->id, err);
	}
	log_warn(lost->container, "a possibly lost assignment was found again: TorrentID %s",
		 best->torrent_id);
	(*found)++;
	return ledger_found(l, lost->id, best, reply->archive_id, err);
}

bool lost_search(struct ledger *l, const struct reply *reply, size_t *found, struct err *err)
{
	struct assignment *lost = NULL;
	size_t n = 0;

	*found = 0;
	if (!reply->lists_incomplete)
		return true;
	if (!ledger_list(l, LEDGER_LOST, NULL, 0, &lost, &n, err))
		return false;
	bool ok = true;
	/* The newest question first: it is the one that the newest transaction answers. */
	for (size_t i = n; ok && i-- > 0;)
		ok = settle(l, reply, &lost[i], found, err);
	assignment_list_free(lost, n);
	return ok && ledger_remember_incomplete(l, reply, clock_now(), err);
}
