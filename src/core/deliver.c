#include "core/deliver.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/hook.h"
#include "core/pick_up.h"

#include <string.h>

/* Had the delivery begun, to where it is to go now? */
static bool was_delivering(const struct destination *to, const struct assignment *a)
{
	return a->state == ASSIGNMENT_DELIVERING && a->path && strcmp(a->path, to->place) == 0;
}

static bool prepare(const struct run *r, const struct destination *to, struct assignment *a,
		    struct delivery *what, struct err *err)
{
	char *final = NULL;

	if (!destination_prepare(r, to, what, &final, err))
		return false;
	free(a->file_name);
	what->file_name = a->file_name = final;
	if (a->state == ASSIGNMENT_DELIVERED)
		return true;
	if (!ledger_delivering(r->ledger, a->id, a->file_name, to->place, err))
		return false;
	a->state = ASSIGNMENT_DELIVERING;
	return true;
}

bool deliver_hand_over(const struct run *r, const struct container *c, const struct destination *to,
		       struct assignment *a, const struct parcel *p, char **path, struct err *err)
{
	bool resumed = was_delivering(to, a);
	struct delivery what = {.id = a->id,
				.infohash = a->infohash,
				.v1 = p->v1,
				.v2 = p->v2,
				.file_name = a->file_name,
				.bytes = &p->bytes,
				.placement = &c->placement};

	return (resumed || prepare(r, to, a, &what, err)) &&
	       destination_deliver(r, to, &what, resumed, path, err);
}

static bool bring(const struct run *r, const struct target *t, struct assignment *a,
		  const struct parcel *p, struct err *err)
{
	OWN_STR char *path = NULL;

	if (!deliver_hand_over(r, t->container, t->to, a, p, &path, err))
		return false;
	free(a->path);
	a->path = OWN_TAKE(path);
	if (!ledger_delivered(r->ledger, a->id, a->path, t->to->name,
			      pick_up_begins(t->container, t->to), err))
		return false;
	a->state = ASSIGNMENT_DELIVERED;
	return true;
}

/* Why it is not further; a refusal by the client counts as a try. */
static bool note_failure(const struct run *r, const char *container, struct assignment *a,
			 const struct err *why, struct err *err)
{
	if (why->kind != ERR_ITEM)
		return ledger_note(r->ledger, a->id, why->msg, err);
	a->tries++;
	bool set_aside = a->tries >= DELIVER_SET_ASIDE_AFTER;
	if (set_aside && !a->set_aside)
		log_error(container, "\"%s\" is set aside after %u tries: %s",
			  a->name ? a->name : "", a->tries, why->msg);
	a->set_aside = set_aside;
	return ledger_tried(r->ledger, a->id, why->msg, set_aside, err);
}

bool deliver_torrent(const struct run *r, const struct target *t, struct assignment *a,
		     const struct parcel *p, struct err *err)
{
	struct err why, ignored;

	log_progress(t->container->name, "delivering %s", a->file_name);
	if (bring(r, t, a, p, &why))
		return true;
	/* If this cannot be noted, the reason is still reported. */
	if (!err_is_stop(&why))
		(void)!note_failure(r, t->container->name, a, &why, &ignored);
	*err = why;
	return false;
}

/* What AfterFetchExec gets: the file in the watch folder, or the copy that is kept. */
static char *path_for_hook(const struct run *r, const struct target *t, const struct assignment *a)
{
	return destination_watches(t->to) ? mem_dup(a->path) : vault_path(r->vault, a->infohash);
}

/* A command that fails is reported in `warning`; only a stop is a failure of the turn. */
static bool run_commands(const struct run *r, const struct target *t, const struct assignment *a,
			 char *warning, size_t size, struct err *err)
{
	const struct container *c = t->container;
	OWN_STR char *path = path_for_hook(r, t, a);
	struct err why;

	if (hook_run(c->after_fetch_exec, c->name, path, r->wake, &why))
		return true;
	bool stopped = err_is_stop(&why);
	log_warn(c->name, "%s%s", why.msg, stopped ? "; it was cut off, and is not run again" : "");
	text_copy(warning, size, why.msg);
	if (stopped)
		*err = why;
	return !stopped;
}

static bool run_hook(const struct run *r, const struct target *t, struct assignment *a,
		     char *warning, size_t size, struct err *err)
{
	if (!t->container->after_fetch_exec)
		return ledger_hook(r->ledger, a->id, HOOK_NONE, err);
	return ledger_hook(r->ledger, a->id, HOOK_STARTED, err) &&
	       run_commands(r, t, a, warning, size, err) &&
	       ledger_hook(r->ledger, a->id, HOOK_DONE, err);
}

bool deliver_after(const struct run *r, const struct target *t, struct assignment *a, char *warning,
		   size_t size, struct err *err)
{
	warning[0] = '\0';
	if (a->hook == HOOK_DUE && !run_hook(r, t, a, warning, size, err))
		return false;
	return r->keep || vault_drop(r->vault, a->infohash, err);
}
