#include "core/pick_up.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

static bool looks(const struct container *c, const struct destination *to)
{
	return destination_watches(to) && to->client && c->pick_up_ms;
}

static enum assignment_pick_up judge(const struct container *c, const struct assignment *a,
				     enum client_fate fate)
{
	if (fate == CLIENT_FATE_TAKEN)
		return PICK_UP_TAKEN;
	if (fate == CLIENT_FATE_REFUSED)
		return PICK_UP_REFUSED;
	/* Told once; it stays late. */
	if (a->pick_up == PICK_UP_LATE)
		return PICK_UP_LATE;
	return clock_now() - a->pick_up_at >= c->pick_up_ms ? PICK_UP_LATE : PICK_UP_DUE;
}

static void tell(const struct container *c, const struct assignment *a,
		 enum assignment_pick_up found)
{
	char span[CLOCK_TEXT];

	clock_span(clock_now() - a->pick_up_at, span);
	if (found == PICK_UP_TAKEN)
		log_info(c->name, "%s was picked up", a->path);
	else if (found == PICK_UP_REFUSED)
		log_error(c->name, "the client refused %s, and put it aside", a->path);
	else
		log_warn(c->name,
			 "%s has not been picked up for %s: does the client look into this folder? "
			 "If it leaves files in place, set PickUpWithin to off",
			 a->path, span);
}

static bool look_at(struct ledger *l, const struct container *c, const struct destination *to,
		    const struct assignment *a, struct err *err)
{
	enum client_fate fate;

	if (!a->path || !to->client->ops->fate(to->client, a->path, &fate, err))
		return !a->path;
	enum assignment_pick_up found = judge(c, a, fate);
	if (found == a->pick_up)
		return true;
	tell(c, a, found);
	return ledger_pick_up(l, a->id, found, err);
}

bool pick_up_look(struct ledger *l, const struct container *c, const struct destination *to,
		  struct err *err)
{
	struct assignment *list = NULL;
	struct err why;
	size_t n = 0;
	bool ok = true;

	if (!looks(c, to))
		return true;
	if (!ledger_list(l, LEDGER_AWAITED, c->name, 0, &list, &n, err))
		return false;
	for (size_t i = 0; ok && i < n; i++) {
		if (look_at(l, c, to, &list[i], &why))
			continue;
		/* A folder that is away says nothing of its files; delivery will say so. */
		log_debug(c->name, "%s", why.msg);
		ok = why.kind != ERR_FATAL;
		if (!ok)
			*err = why;
	}
	assignment_list_free(list, n);
	return ok;
}

bool pick_up_refused(struct ledger *l, const struct container *c, int64_t since, size_t *n,
		     char **path, struct err *err)
{
	struct assignment *list = NULL;
	size_t all = 0;

	*n = 0;
	*path = NULL;
	if (!ledger_list(l, LEDGER_REFUSED, c->name, 0, &list, &all, err))
		return false;
	for (size_t i = 0; i < all; i++) {
		if (list[i].pick_up_at <= since)
			continue;
		(*n)++;
		free(*path);
		*path = mem_dup(list[i].path);
	}
	assignment_list_free(list, all);
	return true;
}

bool pick_up_due(struct ledger *l, const struct container *c, const struct destination *to,
		 int64_t *when, struct err *err)
{
	int64_t since;

	*when = INT64_MAX;
	if (!looks(c, to))
		return true;
	if (!ledger_pick_up_due(l, c->name, &since, err))
		return false;
	if (since)
		*when = since + c->pick_up_ms;
	return true;
}
