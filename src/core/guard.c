#include "core/guard.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "core/mark.h"
#include "system/apart.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct guard { /* everything is borrowed */
	const struct run *run;
	const struct target *target;
	const struct container *container;
	struct destination *to;
	struct outcome *out;
};

static enum step hold(const struct guard *g, enum outcome_wait wait, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static enum step hold(const struct guard *g, enum outcome_wait wait, const char *fmt, ...)
{
	va_list ap;

	g->out->result = (struct result){.kind = OUTCOME_WAIT, .wait = wait};
	va_start(ap, fmt);
	vsnprintf(g->out->detail, sizeof g->out->detail, fmt, ap);
	va_end(ap);
	text_trim_partial(g->out->detail);
	return HOLD;
}

/* ---- what is free ---- */

static bool measure(const struct guard *g, struct client_space *space, struct err *err)
{
	const struct container *c = g->container;

	if (c->data_folder)
		return apart_space(c->data_folder, &space->free, &space->total, err) ||
		       err_wrap(err, "DataDirectory");
	return destination_space(g->run, g->to, &c->placement, space, err);
}

/* For the status. */
static bool keep_space(const struct guard *g, const struct client_space *s, struct err *err)
{
	const struct ledger_space space = {.free = s->free, .total = s->total, .at = clock_now()};
	const char *folder = g->container->data_folder;

	return ledger_set_space(g->run->ledger, folder ? folder : g->to->place, &space, err);
}

/* A local folder is measured even without a Reserve: that costs nothing. */
static bool note_folder(const struct guard *g, struct err *err)
{
	const char *folder = g->container->data_folder;
	struct client_space space;
	struct err why;

	if (container_has_reserve(g->container))
		return true;
	if (!folder && destination_watches(g->to))
		folder = g->to->place;
	if (!folder)
		return true;
	if (apart_space(folder, &space.free, &space.total, &why))
		return keep_space(g, &space, err);
	if (!err_is_stop(&why) && why.code != WORD_HANGS)
		return true;
	*err = why;
	return false;
}

/* ---- the checks, in their order ---- */

static enum step check_ready(const struct guard *g, struct err *err)
{
	struct err why;
	bool ready = g->to->away.code || destination_ready(g->run, g->to, &why);

	/* After it: getting ready makes a watch folder that is missing. */
	if (!note_folder(g, err))
		return FAILED;
	if (ready || destination_note_away(g->to, g->container->name, &why))
		return GO;
	*err = why;
	return FAILED;
}

/* Getting ready would make a hidden folder on another disk. */
static enum step check_folders(const struct guard *g, struct err *err)
{
	return mark_check(g->run, g->target, false, err) ? GO : FAILED;
}

/* Only after it is a watch folder there that is used for the first time. */
static enum step check_marks(const struct guard *g, struct err *err)
{
	return mark_check(g->run, g->target, true, err) ? GO : FAILED;
}

static enum step check_pending(const struct guard *g, struct err *err)
{
	const struct err *away = &g->to->away;
	uint64_t n;

	if (destination_watches(g->to))
		return GO;
	if (!ledger_waiting(g->run->ledger, g->container->name, &n, err))
		return FAILED;
	if (n <= g->container->max_pending)
		return GO;
	return hold(g, WAIT_CLIENT,
		    "%" PRIu64 " torrent%s for %s, more than MaxPending (%" PRIu32 ")%s%s", n,
		    n == 1 ? " waits" : "s wait", g->to->name, g->container->max_pending,
		    away->code ? ": " : "", away->code ? away->msg : "");
}

/* Must the client be asked before the tracker is? */
static bool asks_client(const struct guard *g)
{
	const struct container *c = g->container;

	if (destination_watches(g->to))
		return false;
	return c->max_stalled || c->max_active ||
	       (container_has_reserve(g->container) && !c->data_folder);
}

static enum step check_away(const struct guard *g, struct err *err)
{
	const struct err *away = &g->to->away;

	(void)err;
	if (!away->code || (away->kind != ERR_TARGET && !asks_client(g)))
		return GO;
	return hold(g, WAIT_CLIENT, "%s", away->msg);
}

/* Files that wait in a watch folder. */
static enum step check_backlog(const struct guard *g, struct err *err)
{
	const struct client *c = g->to->client;
	int64_t now = clock_now();
	struct client_backlog b;
	char span[CLOCK_TEXT];

	if (!destination_watches(g->to) || !g->container->pick_up_ms)
		return GO;
	if (!c->ops->backlog(g->to->client, now - GUARD_PICK_UP_GRACE_MS, &b, err))
		return FAILED;
	if (b.files <= g->container->max_pending)
		return GO;
	clock_span(now - b.oldest, span);
	bool late = now - b.oldest >= g->container->pick_up_ms;
	return hold(g, late ? WAIT_CLIENT : WAIT_BACKLOG,
		    "%u torrent%s in %s %s not been picked up, one for %s%s", b.files,
		    b.files == 1 ? "" : "s", g->to->place, b.files == 1 ? "has" : "have", span,
		    late ? ": does the client look there? If it leaves files in place, set "
			   "PickUpWithin to off"
			 : "");
}

/* What the client has not finished. */
static enum step check_torrents(const struct guard *g, struct err *err)
{
	const struct container *c = g->container;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	unsigned incomplete = 0, stalled = 0;

	if (destination_watches(g->to) || (!c->max_stalled && !c->max_active))
		return GO;
	if (!destination_list(g->run, g->to, c->placement.category, &all, err))
		return FAILED;
	for (size_t i = 0; i < all.n; i++) {
		incomplete += client_torrent_is_incomplete(&all.list[i]);
		stalled += client_torrent_is_stalled(&all.list[i]);
	}
	if (c->max_stalled && stalled >= c->max_stalled)
		return hold(g, WAIT_STALLED, "%u download%s stalled in %s (MaxStalled %" PRIu32 ")",
			    stalled, stalled == 1 ? " is" : "s are", g->to->name, c->max_stalled);
	if (c->max_active && incomplete >= c->max_active)
		return hold(g, WAIT_BACKLOG,
			    "%u download%s not finished in %s (MaxActive %" PRIu32 ")", incomplete,
			    incomplete == 1 ? " is" : "s are", g->to->name, c->max_active);
	return GO;
}

/* What must stay free, in bytes. */
static bool wanted_of(const struct reserve *r, const struct client_space *s, uint64_t *bytes,
		      struct err *err)
{
	*bytes = r->bytes ? r->bytes : s->total / 100 * r->percent;
	if (r->bytes || s->total)
		return true;
	return err_set(err, ERR_TARGET, WORD_CONFIG,
		       "the client does not tell how large its disk is, so Reserve cannot be a "
		       "percentage; write it as a size, such as 50G, or set DataDirectory");
}

static enum step check_space(const struct guard *g, struct err *err)
{
	const char *folder = g->container->data_folder;
	struct client_space space = {0};
	char free[NUM_TEXT], wanted[NUM_TEXT];
	uint64_t bytes;

	if (!container_has_reserve(g->container))
		return GO;
	if (!measure(g, &space, err) || !keep_space(g, &space, err) ||
	    !wanted_of(&g->container->reserve, &space, &bytes, err))
		return FAILED;
	if (space.free >= bytes)
		return GO;
	num_bytes(space.free, free);
	num_bytes(bytes, wanted);
	return hold(g, WAIT_SPACE,
		    "%s is free in %s%s, and Reserve is %s: make room, or resize the container",
		    free, folder ? "" : "the client ", folder ? folder : g->to->name, wanted);
}

enum step guard_check(const struct run *r, const struct target *t, struct outcome *out,
		      struct err *err)
{
	static enum step (*const checks[])(const struct guard *, struct err *) = {
		check_folders, check_ready,   check_marks,    check_pending,
		check_away,    check_backlog, check_torrents, check_space,
	};
	const struct guard g = {r, t, t->container, t->to, out};
	enum step step = GO;

	for (size_t i = 0; step == GO && i < sizeof checks / sizeof *checks; i++)
		step = checks[i](&g, err);
	/* It may go away between two questions. */
	if (step == FAILED && destination_note_away(t->to, t->container->name, err))
		step = hold(&g, WAIT_CLIENT, "%s", err->msg);
	return step;
}
