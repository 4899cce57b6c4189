#include "core/lost.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/own.h"

#include <stdlib.h>
#include <string.h>

bool lost_fits(const struct assignment *lost, const struct listed *t, int64_t last_list)
{
	if (t->owner == LISTED_OTHERS || last_list - t->last_seen >= LOST_VANISH_MS)
		return false;
	return t->owner == LISTED_OURS ||
	       (t->first_seen >= lost->asked_at && t->first_seen - lost->asked_at < LOST_WINDOW_MS);
}

bool lost_is_shared(const struct listed *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].owner == LISTED_OTHERS)
			return true;
	return false;
}

/* ---- what is looked at ---- */

struct questions {
	struct assignment *rows; /* owned */
	size_t n;
};

struct search {
	struct run *run;
	const struct reply *reply;
	int64_t now;
	struct ledger_lists lists; /* this one is the last */
	struct listed *torrents;   /* owned; unknown to the ledger */
	size_t n;
	struct questions open, doubtful;
	size_t found;
};

static void search_clear(struct search *s)
{
	free(s->torrents);
	assignment_list_free(s->open.rows, s->open.n);
	assignment_list_free(s->doubtful.rows, s->doubtful.n);
}

static bool list(struct search *s, enum ledger_filter filter, struct questions *q, struct err *err)
{
	assignment_list_free(q->rows, q->n);
	*q = (struct questions){0};
	return ledger_list(s->run->ledger, filter, NULL, 0, &q->rows, &q->n, err);
}

static bool gather(struct search *s, struct err *err)
{
	struct ledger *l = s->run->ledger;

	return ledger_remember_incomplete(l, s->reply, s->now, err) &&
	       ledger_get_lists(l, &s->lists, err) && ledger_unknown(l, &s->torrents, &s->n, err) &&
	       list(s, LEDGER_LOST, &s->open, err) && list(s, LEDGER_DOUBTFUL, &s->doubtful, err);
}

static bool is_listed(const struct search *s, const struct listed *t)
{
	return t->last_seen == s->lists.last_at;
}

static bool fits_any(const struct search *s, const struct questions *q, const struct listed *t)
{
	for (size_t i = 0; i < q->n; i++)
		if (lost_fits(&q->rows[i], t, s->lists.last_at))
			return true;
	return false;
}

/* ---- questions that were taken for not made ---- */

static bool reopen(struct search *s, struct err *err)
{
	for (size_t i = 0; i < s->doubtful.n; i++) {
		const struct assignment *q = &s->doubtful.rows[i];
		bool fits = false;
		for (size_t k = 0; k < s->n; k++)
			fits |= is_listed(s, &s->torrents[k]) &&
				!fits_any(s, &s->open, &s->torrents[k]) &&
				lost_fits(q, &s->torrents[k], s->lists.last_at);
		if (!fits)
			continue;
		log_warn(q->container, "the tracker lists a torrent that may belong to a question "
				       "which seemed not to be made; it is possibly lost again");
		if (!ledger_reopen(s->run->ledger, q->id, err))
			return false;
	}
	return list(s, LEDGER_LOST, &s->open, err);
}

/* ---- other programs ---- */

static bool is_others(const struct search *s, const struct listed *t, bool nameless)
{
	if (t->owner != LISTED_UNKNOWN || !is_listed(s, t) || t->first_seen == s->lists.first_at)
		return false;
	/* One without an infohash may be ours, if we do not know all our TorrentIDs. */
	return (t->infohash[0] || !nameless) && !fits_any(s, &s->open, t);
}

static bool find_others(struct search *s, struct err *err)
{
	bool nameless;

	if (!ledger_has_nameless(s->run->ledger, &nameless, err))
		return false;
	for (size_t i = 0; i < s->n; i++) {
		struct listed *t = &s->torrents[i];
		if (!is_others(s, t, nameless))
			continue;
		log_warn(NULL,
			 "the tracker lists TorrentID %s, which this program did not ask for: "
			 "another program uses the account",
			 t->torrent_id);
		t->owner = LISTED_OTHERS;
		if (!ledger_set_owner(s->run->ledger, t->torrent_id, t->owner, NULL, err))
			return false;
	}
	return true;
}

/* ---- one question ---- */

static const struct listed *only_one(const struct search *s, const struct assignment *q, size_t *n)
{
	const struct listed *only = NULL;

	*n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (lost_fits(q, &s->torrents[i], s->lists.last_at)) {
			only = &s->torrents[i];
			(*n)++;
		}
	return only;
}

static bool fits_elsewhere(const struct search *s, const struct assignment *q,
			   const struct listed *t)
{
	for (size_t i = 0; i < s->open.n; i++)
		if (strcmp(s->open.rows[i].container, q->container) != 0 &&
		    lost_fits(&s->open.rows[i], t, s->lists.last_at))
			return true;
	return false;
}

static bool nothing_fits(struct search *s, const struct assignment *q, struct err *err)
{
	int64_t since = q->absences ? q->absent_since : s->now;
	uint32_t lists = q->absences + 1;

	if (q->certain || lists < LOST_LISTS || s->now - since < LOST_ABSENT_MS)
		return ledger_absent(s->run->ledger, q->id, lists, since, err);
	log_info(q->container, "the tracker has listed nothing for a day that a possibly lost "
			       "assignment could be; it was not made");
	return ledger_unfounded(s->run->ledger, q->id, NULL, NULL, err);
}

static bool take_up(struct search *s, const struct assignment *q, const struct listed *t,
		    struct err *err)
{
	struct incomplete found = {0};
	bool done;

	memcpy(found.torrent_id, t->torrent_id, sizeof found.torrent_id);
	memcpy(found.infohash, t->infohash, sizeof found.infohash);
	if (!ledger_found(s->run->ledger, q->id, &found, s->reply->archive_id, NULL, &done, err))
		return false;
	if (!done)
		return true;
	log_warn(q->container, "a possibly lost assignment was found again: TorrentID %s",
		 t->torrent_id);
	s->found++;
	return true;
}

static bool may_take_up(const struct search *s, const struct assignment *q, const struct listed *t,
			size_t fit)
{
	return fit == 1 && t->infohash[0] && is_listed(s, t) && !s->run->shared_account &&
	       !lost_is_shared(s->torrents, s->n) && !fits_elsewhere(s, q, t);
}

static bool settle(struct search *s, const struct assignment *q, struct err *err)
{
	size_t fit;
	const struct listed *t = only_one(s, q, &fit);

	if (fit == 0)
		return nothing_fits(s, q, err);
	if (q->absences && !ledger_absent(s->run->ledger, q->id, 0, 0, err))
		return false;
	if (may_take_up(s, q, t, fit)) {
		if (!take_up(s, q, t, err))
			return false;
		/* No other question gets it. */
		s->torrents[t - s->torrents] = s->torrents[--s->n];
		return true;
	}
	log_info(q->container,
		 "%zu listed torrent%s could be a possibly lost assignment; `ptp-archiver status` "
		 "names %s, and `ptp-archiver settle` settles it",
		 fit, fit == 1 ? "" : "s", fit == 1 ? "it" : "them");
	return true;
}

bool lost_search(struct run *r, const struct reply *reply, size_t *found, struct err *err)
{
	OWN(search_clear) struct search s = {.run = r, .reply = reply, .now = clock_now()};

	*found = 0;
	if (!reply->lists_incomplete)
		return true;
	bool ok = gather(&s, err) && reopen(&s, err) && find_others(&s, err);
	/* The newest question first: of several in a container, it gets the torrent. */
	for (size_t i = s.open.n; ok && i-- > 0;)
		ok = settle(&s, &s.open.rows[i], err);
	*found = s.found;
	return ok;
}

/* ---- what a person says ---- */

static bool refuse(struct err *err, const char *what, const char *torrent_id)
{
	return err_set(err, ERR_TARGET, WORD_CONFIG, "%s TorrentID %s", what, torrent_id);
}

/* What the lists say of a torrent that is not the ledger's. */
static bool find_listed(struct ledger *l, const char *torrent_id, struct listed *t, struct err *err)
{
	OWN_STR struct listed *list = NULL;
	bool known;
	size_t n;

	if (!ledger_unknown(l, &list, &n, err) || !ledger_knows(l, torrent_id, &known, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].torrent_id, torrent_id) == 0) {
			*t = list[i];
			return true;
		}
	return refuse(err,
		      known ? "this installation has already" : "no list of the tracker has named",
		      torrent_id);
}

static bool not_lost(int64_t id, struct err *err)
{
	err_set(err, ERR_TARGET, WORD_CONFIG, "assignment %lld is not possibly lost",
		(long long)id);
	return err_advise(err, "`ptp-archiver settle` lists those that are");
}

static bool settle_as(struct ledger *l, int64_t id, const char *torrent_id, const char *who,
		      bool *done, struct err *err)
{
	struct incomplete found = {0};
	struct listed t;

	if (!find_listed(l, torrent_id, &t, err))
		return false;
	if (!t.archive_id[0])
		return refuse(err, "the next list has to name, before it can be downloaded,",
			      torrent_id);
	memcpy(found.torrent_id, t.torrent_id, sizeof found.torrent_id);
	memcpy(found.infohash, t.infohash, sizeof found.infohash);
	return ledger_found(l, id, &found, t.archive_id, who, done, err);
}

bool lost_settle(struct ledger *l, int64_t id, const char *torrent_id, const char *who,
		 struct err *err)
{
	bool done;

	if (torrent_id ? !settle_as(l, id, torrent_id, who, &done, err)
		       : !ledger_unfounded(l, id, who, &done, err))
		return false;
	return done || not_lost(id, err);
}

bool lost_say_whose(struct ledger *l, const char *torrent_id, enum listed_owner owner,
		    const char *who, struct err *err)
{
	struct listed t;

	return find_listed(l, torrent_id, &t, err) &&
	       ledger_set_owner(l, torrent_id, owner, who, err);
}
