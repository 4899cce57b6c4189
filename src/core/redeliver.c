#include "core/redeliver.h"

#include "base/log.h"
#include "core/deliver.h"
#include "core/obtain.h"

#include <string.h>

struct work {
	const struct redeliver *r;
	struct client_torrents present; /* what the client has, sorted */
	bool known;                     /* that is known */
	struct redelivered *done;
};

static const char *name_of(const struct work *w)
{
	return w->r->target->container->name;
}

static struct destination_manners manners_of(const struct redeliver *r)
{
	return (struct destination_manners){r->ledger, r->force};
}

/* A client with an interface tells what it has; for a watch folder another one may. */
static bool find_present(struct work *w, struct err *err)
{
	const struct redeliver *r = w->r;
	const struct destination_manners manners = manners_of(r);
	const struct destination *asked = destination_watches(r->to) ? r->target->asked : r->to;

	if (destination_watches(r->to) && !r->missing_only)
		return true;
	if (!asked)
		return err_set(
			err, ERR_TARGET, WORD_CONFIG,
			"%s: what is missing behind a watch folder cannot be told; name a "
			"client to ask as AuditClient of the container, or leave out --missing",
			name_of(w));
	if (!destination_list(asked, &manners, NULL, &w->present, err))
		return false;
	client_torrents_sort(&w->present);
	w->known = true;
	return true;
}

/* The same one may be delivered for several containers, and so is looked for by infohash. */
static bool is_present(const struct work *w, const struct assignment *a)
{
	bool short_hash = strlen(a->infohash) == 40;

	return w->known && client_torrents_find(&w->present, short_hash ? a->infohash : "",
						short_hash ? a->v2 : a->infohash);
}

static bool note_moved(const struct work *w, const struct assignment *a, const char *path,
		       struct err *err)
{
	const struct redeliver *r = w->r;
	bool watched = destination_watches(r->to) && r->target->container->pick_up_ms;

	if (r->to == r->target->to && !ledger_moved(r->ledger, a->id, path, r->to->name,
						    watched ? PICK_UP_DUE : PICK_UP_NONE, err))
		return false;
	return ledger_redelivered(r->ledger, r->to->place, a->id, err);
}

static bool hand_over(struct work *w, struct assignment *a, const struct buf *bytes,
		      struct err *err)
{
	const struct redeliver *r = w->r;
	const struct destination_manners manners = manners_of(r);
	OWN_STR char *final = NULL;
	OWN_STR char *path = NULL;
	struct delivery what;
	char v1[41], v2[65];

	if (!deliver_describe(a, bytes, &r->target->container->placement, v1, v2, &what, err) ||
	    !destination_prepare(r->to, &manners, &what, &final, err))
		return false;
	what.file_name = final;
	if (!destination_deliver(r->to, &manners, &what, false, &path, err) ||
	    !note_moved(w, a, path, err))
		return false;
	w->done->handed++;
	if (r->delivered)
		r->delivered(r->ctx, a, path);
	return true;
}

/* One that the client refuses, or that is not kept, is not in the way of the others. */
static bool one(struct work *w, struct assignment *a, struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(OBTAIN_MAX_BYTES);
	struct err why;
	bool done;

	if (!ledger_is_redelivered(w->r->ledger, w->r->to->place, a->id, &done, err))
		return false;
	if (done || is_present(w, a)) {
		w->done->present++;
		return true;
	}
	if (w->r->missing_only && !w->known && a->pick_up != PICK_UP_REFUSED) {
		w->done->unknown++;
		return true;
	}
	if (!obtain_from_vault(w->r->vault, a->infohash, &bytes, &why)) {
		w->done->unkept++;
		log_warn(name_of(w), "\"%s\": %s", a->name ? a->name : "", why.msg);
		return true;
	}
	if (hand_over(w, a, &bytes, &why))
		return true;
	if (why.kind == ERR_ITEM) {
		w->done->refused++;
		log_error(name_of(w), "\"%s\": %s", a->name ? a->name : "", why.msg);
		return true;
	}
	*err = why;
	return false;
}

static bool all(struct work *w, struct assignment *list, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		w->done->all += list[i].state == ASSIGNMENT_DELIVERED;
	for (size_t i = 0, at = 0; i < n; i++) {
		if (list[i].state != ASSIGNMENT_DELIVERED)
			continue;
		if (wake_stopping(w->r->wake))
			return wake_stopped(err);
		log_progress(name_of(w), "%zu of %zu", ++at, w->done->all);
		if (!one(w, &list[i], err))
			return false;
	}
	return true;
}

bool redeliver_container(const struct redeliver *r, struct redelivered *done, struct err *err)
{
	struct work w = {.r = r, .done = done};
	struct assignment *list = NULL;
	size_t n = 0;

	*done = (struct redelivered){0};
	if (!find_present(&w, err))
		return false;
	bool ok = ledger_list(r->ledger, LEDGER_OURS, name_of(&w), 0, &list, &n, err) &&
		  all(&w, list, n, err);
	assignment_list_free(list, n);
	client_torrents_clear(&w.present);
	return ok;
}
