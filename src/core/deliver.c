#include "core/deliver.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/hook.h"
#include "model/torrent.h"

#include <string.h>

bool deliver_describe(const struct assignment *a, const struct buf *bytes,
		      const struct placement *placement, char v1[41], char v2[65],
		      struct delivery *d, struct err *err)
{
	OWN(torrent_clear) struct torrent t = {0};

	if (!torrent_read(bytes->data, bytes->len, &t, err))
		return false;
	v1[0] = v2[0] = '\0';
	if (t.has_v1)
		hash_hex(t.v1, SHA1_SIZE, v1);
	if (t.has_v2)
		hash_hex(t.v2, SHA256_SIZE, v2);
	*d = (struct delivery){.id = a->id,
			       .infohash = a->infohash,
			       .v1 = v1,
			       .v2 = v2,
			       .file_name = a->file_name,
			       .bytes = bytes,
			       .placement = placement};
	return true;
}

/* Had the delivery begun, to where it is to go now? */
static bool was_delivering(const struct deliver *d, const struct assignment *a)
{
	return a->state == ASSIGNMENT_DELIVERING && a->path && strcmp(a->path, d->to->place) == 0;
}

static bool prepare(const struct deliver *d, const struct destination_manners *m,
		    struct assignment *a, struct delivery *what, struct err *err)
{
	char *final = NULL;

	if (!destination_prepare(d->to, m, what, &final, err))
		return false;
	free(a->file_name);
	what->file_name = a->file_name = final;
	if (!ledger_delivering(d->ledger, a->id, a->file_name, d->to->place, err))
		return false;
	a->state = ASSIGNMENT_DELIVERING;
	return true;
}

static enum assignment_pick_up pick_up_of(const struct deliver *d)
{
	return destination_watches(d->to) && d->container->pick_up_ms ? PICK_UP_DUE : PICK_UP_NONE;
}

static bool bring(const struct deliver *d, struct assignment *a, const struct buf *bytes,
		  struct err *err)
{
	const struct destination_manners manners = {d->ledger, d->force};
	bool resumed = was_delivering(d, a);
	struct delivery what;
	char v1[41], v2[65];

	if (!deliver_describe(a, bytes, &d->container->placement, v1, v2, &what, err) ||
	    (!resumed && !prepare(d, &manners, a, &what, err)))
		return false;
	free(a->path);
	a->path = NULL;
	if (!destination_deliver(d->to, &manners, &what, resumed, &a->path, err) ||
	    !ledger_delivered(d->ledger, a->id, a->path, d->to->name, pick_up_of(d), err))
		return false;
	a->state = ASSIGNMENT_DELIVERED;
	return true;
}

/* Why it is not further; what the client refuses counts as a try. */
static bool note_failure(const struct deliver *d, struct assignment *a, const struct err *why,
			 struct err *err)
{
	if (why->kind != ERR_ITEM)
		return ledger_note(d->ledger, a->id, why->msg, err);
	a->tries++;
	bool set_aside = a->tries >= DELIVER_SET_ASIDE_AFTER;
	if (set_aside && !a->set_aside)
		log_error(d->container->name, "\"%s\" is set aside after %u tries: %s",
			  a->name ? a->name : "", a->tries, why->msg);
	a->set_aside = set_aside;
	return ledger_tried(d->ledger, a->id, why->msg, set_aside, err);
}

bool deliver_torrent(const struct deliver *d, struct assignment *a, const struct buf *bytes,
		     struct err *err)
{
	struct err why, ignored;

	log_progress(d->container->name, "delivering %s", a->file_name);
	if (bring(d, a, bytes, &why))
		return true;
	/* Where this cannot be noted, the reason goes on all the same. */
	if (!err_is_stop(&why))
		(void)!note_failure(d, a, &why, &ignored);
	*err = why;
	return false;
}

/* What AfterFetchExec is told of: the file in the watch folder, or the copy that is kept. */
static char *path_for_hook(const struct deliver *d, const struct assignment *a)
{
	return destination_watches(d->to) ? mem_dup(a->path) : vault_path(d->vault, a->infohash);
}

static bool run_hook(const struct deliver *d, struct assignment *a, char *warning, size_t size,
		     struct err *err)
{
	const char *commands = d->container->after_fetch_exec;
	struct err why;

	if (!commands)
		return ledger_hook(d->ledger, a->id, HOOK_NONE, err);
	if (!ledger_hook(d->ledger, a->id, HOOK_STARTED, err))
		return false;
	OWN_STR char *path = path_for_hook(d, a);
	if (!hook_run(commands, d->container->name, path, d->wake, &why)) {
		bool stopped = err_is_stop(&why);
		log_warn(d->container->name, "%s%s", why.msg,
			 stopped ? "; it was cut off, and is not run again" : "");
		text_copy(warning, size, why.msg);
		if (stopped) {
			*err = why;
			return false;
		}
	}
	return ledger_hook(d->ledger, a->id, HOOK_DONE, err);
}

bool deliver_after(const struct deliver *d, struct assignment *a, char *warning, size_t size,
		   struct err *err)
{
	warning[0] = '\0';
	if (a->hook == HOOK_DUE && !run_hook(d, a, warning, size, err))
		return false;
	return d->keep || vault_drop(d->vault, a->infohash, err);
}
