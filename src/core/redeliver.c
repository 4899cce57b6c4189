#include "core/redeliver.h"

#include "base/log.h"
#include "core/deliver.h"
#include "core/mark.h"
#include "core/pick_up.h"

struct work {
	const struct run *run;
	const struct redeliver *what;
	struct client_torrents present; /* what the client has, sorted */
	bool known;                     /* that is known */
	struct redelivered *done;
};

static const char *name_of(const struct work *w)
{
	return w->what->target->container->name;
}

/* A client with an interface says what it has; of a watch folder the container's AuditClient does.
 */
static bool find_present(struct work *w, struct err *err)
{
	const struct redeliver *what = w->what;
	bool watches = destination_watches(what->to);
	const struct destination *asked = watches ? what->target->asked : what->to;

	if (!asked || (watches && !what->missing_only))
		return true;
	if (!destination_list(w->run, asked, NULL, &w->present, err))
		return false;
	client_torrents_sort(&w->present);
	w->known = true;
	return true;
}

static bool note_moved(const struct work *w, const struct assignment *a, const char *path,
		       struct err *err)
{
	const struct destination *to = w->what->to;
	const struct target *t = w->what->target;

	if (to == t->to && !ledger_moved(w->run->ledger, a->id, path, to->name,
					 pick_up_begins(t->container, to), err))
		return false;
	return ledger_redelivered(w->run->ledger, to->place, a->id, err);
}

static bool hand_over(struct work *w, struct assignment *a, const struct parcel *p, struct err *err)
{
	const struct redeliver *what = w->what;
	OWN_STR char *path = NULL;

	if (!deliver_hand_over(w->run, what->target->container, what->to, a, p, &path, err) ||
	    !note_moved(w, a, path, err))
		return false;
	w->done->handed++;
	if (what->delivered)
		what->delivered(what->ctx, a, path);
	return true;
}

/* One that the client refuses, or that is not kept, does not keep the others waiting. */
static bool bring(struct work *w, struct assignment *a, struct err *err)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	const char *name = a->name ? a->name : "";
	struct err why;

	if (!parcel_from_vault(&p, w->run->vault, a->infohash, &why)) {
		w->done->unkept++;
		log_warn(name_of(w), "\"%s\": %s", name, why.msg);
		return true;
	}
	if (hand_over(w, a, &p, &why))
		return true;
	if (why.kind == ERR_ITEM) {
		w->done->refused++;
		log_error(name_of(w), "\"%s\": %s", name, why.msg);
		return true;
	}
	*err = why;
	return false;
}

/* Several containers may have the same torrent, so the client's is looked for by infohash. */
static bool one(struct work *w, struct assignment *a, struct err *err)
{
	bool done;

	if (!ledger_is_redelivered(w->run->ledger, w->what->to->place, a->id, &done, err))
		return false;
	if (done || (w->known && client_torrents_find_either(&w->present, a->infohash, a->v2)))
		w->done->present++;
	else if (w->what->missing_only && !w->known && a->pick_up != PICK_UP_REFUSED)
		w->done->unknown++;
	else
		return bring(w, a, err);
	return true;
}

static bool all(struct work *w, struct assignment *list, size_t n, struct err *err)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		w->done->all += list[i].state == ASSIGNMENT_DELIVERED;
	for (size_t i = 0; i < n; i++) {
		if (list[i].state != ASSIGNMENT_DELIVERED)
			continue;
		if (wake_stopping(w->run->wake))
			return wake_stopped(err);
		log_progress(name_of(w), "%zu of %zu", ++at, w->done->all);
		if (!one(w, &list[i], err))
			return false;
	}
	return true;
}

bool redeliver_container(const struct run *r, const struct redeliver *what,
			 struct redelivered *done, struct err *err)
{
	struct work w = {.run = r, .what = what, .done = done};
	struct assignment *list = NULL;
	size_t n = 0;

	*done = (struct redelivered){0};
	if (what->to == what->target->to && !mark_check(r, what->target, false, err))
		return false;
	if (!find_present(&w, err))
		return false;
	bool ok = ledger_list(r->ledger, LEDGER_OURS, name_of(&w), 0, &list, &n, err) &&
		  all(&w, list, n, err);
	assignment_list_free(list, n);
	client_torrents_clear(&w.present);
	return ok;
}
