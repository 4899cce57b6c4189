#include "core/pick_up.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/mark.h"

static bool looks(const struct target *t)
{
	return t->to->client && pick_up_begins(t->container, t->to) == PICK_UP_DUE;
}

enum assignment_pick_up pick_up_begins(const struct container *c, const struct destination *to)
{
	return destination_watches(to) && c->pick_up_ms ? PICK_UP_DUE : PICK_UP_NONE;
}

static enum assignment_pick_up judge(const struct container *c, const struct assignment *a,
				     enum client_fate fate)
{
	if (fate == CLIENT_FATE_TAKEN || fate == CLIENT_FATE_RENAMED)
		return PICK_UP_TAKEN;
	if (fate == CLIENT_FATE_REFUSED)
		return PICK_UP_REFUSED;
	/* Reported once; it stays late. */
	if (a->pick_up == PICK_UP_LATE)
		return PICK_UP_LATE;
	return clock_now() - a->pick_up_at >= c->pick_up_ms ? PICK_UP_LATE : PICK_UP_DUE;
}

static void report(const struct container *c, const struct assignment *a, enum client_fate fate,
		   enum assignment_pick_up found)
{
	char span[CLOCK_TEXT];

	clock_span(clock_now() - a->pick_up_at, span);
	if (fate == CLIENT_FATE_RENAMED)
		log_warn(c->name,
			 "the client gave %s an ending that is not known here: see whether the "
			 "client has the torrent; if not, `ptp-archiver redeliver` hands it over "
			 "again",
			 a->path);
	else if (found == PICK_UP_TAKEN)
		log_info(c->name, "%s was picked up", a->path);
	else if (found == PICK_UP_REFUSED)
		log_error(c->name, "the client refused %s, and put it aside", a->path);
	else
		log_warn(c->name,
			 "%s has not been picked up for %s: does the client look into this folder, "
			 "and may it read the file (its user and group, Umask)? If it leaves files "
			 "in place, set PickUpWithin to off",
			 a->path, span);
}

/* What is not seen on another disk was not picked up. */
static bool is_in_right_folder(const struct run *r, const struct target *t, const char *path,
			       bool *right, struct err *err)
{
	OWN_STR char *folder = fs_parent(path);
	const struct mark_folder f = {folder, MARK_WATCH, t->container->name};

	return mark_is_right(r, &f, right, err);
}

static bool look_at(const struct run *r, const struct target *t, const struct assignment *a,
		    struct err *err)
{
	struct client *client = t->to->client;
	enum client_fate fate;
	bool right = false;

	if (a->path && !is_in_right_folder(r, t, a->path, &right, err))
		return false;
	if (!right || !client->ops->fate(client, a->path, &fate, err))
		return !right;
	enum assignment_pick_up found = judge(t->container, a, fate);
	if (found == a->pick_up)
		return true;
	report(t->container, a, fate, found);
	return ledger_pick_up(r->ledger, a->id, found, err);
}

bool pick_up_look(const struct run *r, const struct target *t, struct err *err)
{
	const char *name = t->container->name;
	struct assignment *list = NULL;
	struct err why;
	size_t n = 0;
	bool ok = true;

	if (!looks(t))
		return true;
	if (!ledger_list(r->ledger, LEDGER_AWAITED, name, 0, &list, &n, err))
		return false;
	for (size_t i = 0; ok && i < n; i++) {
		if (look_at(r, t, &list[i], &why))
			continue;
		/* A folder that is away says nothing of its files; the delivery will report it. */
		log_debug(name, "%s", why.msg);
		ok = why.kind != ERR_FATAL && why.code != WORD_LEDGER;
		if (!ok)
			*err = why;
	}
	assignment_list_free(list, n);
	return ok;
}

bool pick_up_refused(const struct run *r, const char *container, int64_t since, size_t *n,
		     char **path, struct err *err)
{
	struct assignment *list = NULL;
	size_t all = 0;

	*n = 0;
	*path = NULL;
	if (!ledger_list(r->ledger, LEDGER_REFUSED, container, 0, &list, &all, err))
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

bool pick_up_due(const struct run *r, const struct target *t, int64_t *when, struct err *err)
{
	int64_t since;

	*when = INT64_MAX;
	if (!looks(t))
		return true;
	if (!ledger_pick_up_due(r->ledger, t->container->name, &since, err))
		return false;
	if (since)
		*when = since + t->container->pick_up_ms;
	return true;
}
