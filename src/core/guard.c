#include "core/guard.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool hold(struct outcome *out, enum outcome_wait wait, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Returns true, so that `*holds = hold(...)` reads well. */
static bool hold(struct outcome *out, enum outcome_wait wait, const char *fmt, ...)
{
	va_list ap;

	out->result = (struct result){.kind = OUTCOME_WAIT, .wait = wait};
	va_start(ap, fmt);
	vsnprintf(out->detail, sizeof out->detail, fmt, ap);
	va_end(ap);
	text_trim_partial(out->detail);
	return true;
}

/* ---- torrents that wait for a client ---- */

static bool check_pending(const struct guard *g, const struct err *away, struct outcome *out,
			  bool *holds, struct err *err)
{
	uint64_t n;

	if (destination_watches(g->to))
		return true;
	if (!ledger_waiting(g->manners.ledger, g->container->name, &n, err))
		return false;
	if (n > g->container->max_pending)
		*holds = hold(
			out, WAIT_CLIENT,
			"%" PRIu64 " torrent%s for %s, more than MaxPending (%" PRIu32 ")%s%s", n,
			n == 1 ? " waits" : "s wait", g->to->name, g->container->max_pending,
			away->code ? ": " : "", away->code ? away->msg : "");
	return true;
}

/* ---- files that wait in a watch folder ---- */

static bool check_backlog(const struct guard *g, struct outcome *out, bool *holds, struct err *err)
{
	const struct client *c = g->to->client;
	int64_t now = clock_now();
	struct client_backlog b;
	char span[CLOCK_TEXT];

	if (!destination_watches(g->to) || !g->container->pick_up_ms)
		return true;
	if (!c->ops->backlog(g->to->client, now - GUARD_PICK_UP_GRACE_MS, &b, err))
		return false;
	if (b.files <= g->container->max_pending)
		return true;
	clock_span(now - b.oldest, span);
	bool late = now - b.oldest >= g->container->pick_up_ms;
	*holds = hold(out, late ? WAIT_CLIENT : WAIT_BACKLOG,
		      "%u torrent%s in %s %s not been picked up, one for %s%s", b.files,
		      b.files == 1 ? "" : "s", g->to->place, b.files == 1 ? "has" : "have", span,
		      late ? ": does the client look there? If it leaves files in place, set "
			     "PickUpWithin to off"
			   : "");
	return true;
}

/* ---- what the client has to do still ---- */

static bool check_torrents(const struct guard *g, struct outcome *out, bool *holds, struct err *err)
{
	const struct container *c = g->container;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	unsigned incomplete = 0, stalled = 0;

	if (!c->max_stalled && !c->max_active)
		return true;
	if (!destination_list(g->to, &g->manners, c->placement.category, &all, err))
		return false;
	for (size_t i = 0; i < all.n; i++) {
		incomplete += client_torrent_is_incomplete(&all.list[i]);
		stalled += client_torrent_is_stalled(&all.list[i]);
	}
	if (c->max_stalled && stalled >= c->max_stalled)
		*holds = hold(out, WAIT_STALLED,
			      "%u download%s stalled in %s (MaxStalled %" PRIu32 ")", stalled,
			      stalled == 1 ? " is" : "s are", g->to->name, c->max_stalled);
	else if (c->max_active && incomplete >= c->max_active)
		*holds = hold(out, WAIT_BACKLOG,
			      "%u download%s not finished in %s (MaxActive "
			      "%" PRIu32 ")",
			      incomplete, incomplete == 1 ? " is" : "s are", g->to->name,
			      c->max_active);
	return true;
}

/* ---- room ---- */

static bool measure(const struct guard *g, struct client_space *space, struct err *err)
{
	const struct container *c = g->container;

	if (c->data_folder)
		return fs_space(c->data_folder, &space->free, &space->total, err) ||
		       err_wrap(err, "DataDirectory");
	return destination_space(g->to, &g->manners, &c->placement, space, err);
}

/* For whoever looks at the status. */
static bool keep_space(const struct guard *g, const struct client_space *s, struct err *err)
{
	const struct ledger_space space = {.free = s->free, .total = s->total, .at = clock_now()};
	const char *folder = g->container->data_folder;

	return ledger_set_space(g->manners.ledger, folder ? folder : g->to->place, &space, err);
}

/* A folder of ours is looked at even where no Reserve asks for it: that costs nothing. */
static bool note_folder(const struct guard *g, struct err *err)
{
	const struct reserve *r = &g->container->reserve;
	const char *folder = g->container->data_folder;
	struct client_space space;
	struct err ignored;

	if (r->bytes || r->percent)
		return true;
	if (!folder && destination_watches(g->to))
		folder = g->to->place;
	return !folder || !fs_space(folder, &space.free, &space.total, &ignored) ||
	       keep_space(g, &space, err);
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

static bool check_space(const struct guard *g, struct outcome *out, bool *holds, struct err *err)
{
	const struct reserve *r = &g->container->reserve;
	struct client_space space = {0};
	char free[NUM_TEXT], wanted[NUM_TEXT];
	uint64_t bytes;

	if (!r->bytes && !r->percent)
		return true;
	if (!measure(g, &space, err) || !keep_space(g, &space, err) ||
	    !wanted_of(r, &space, &bytes, err))
		return false;
	if (space.free >= bytes)
		return true;
	num_bytes(space.free, free);
	num_bytes(bytes, wanted);
	*holds = hold(out, WAIT_SPACE,
		      "%s %s free%s%s, and Reserve is %s: make room, or resize the "
		      "container",
		      free, "is", g->container->data_folder ? " in " : " in the client ",
		      g->container->data_folder ? g->container->data_folder : g->to->name, wanted);
	return true;
}

/* ---- all of them ---- */

/* Must the client be asked before the tracker is? */
static bool asks_client(const struct guard *g)
{
	const struct container *c = g->container;

	if (destination_watches(g->to))
		return false;
	return c->max_stalled || c->max_active ||
	       ((c->reserve.bytes || c->reserve.percent) && !c->data_folder);
}

static bool find_away(const struct guard *g, struct err *away, struct err *err)
{
	struct err why;

	*away = g->away ? *g->away : (struct err){0};
	if (g->away || destination_ready(g->to, &g->manners, &why))
		return true;
	if (destination_is_away(&why)) {
		*away = why;
		return true;
	}
	*err = why;
	return false;
}

bool guard_check(const struct guard *g, struct outcome *out, bool *holds, struct err *away,
		 struct err *err)
{
	struct err why;

	*holds = false;
	/* Only then: a watch folder that is missing is made when it is got ready. */
	bool found = find_away(g, away, &why);
	if (!note_folder(g, err))
		return false;
	if (!found) {
		*err = why;
		return false;
	}
	if (!check_pending(g, away, out, holds, err))
		return false;
	if (!*holds && away->code && (away->kind == ERR_TARGET || asks_client(g)))
		*holds = hold(out, WAIT_CLIENT, "%s", away->msg);
	if (*holds)
		return true;
	if (!check_backlog(g, out, holds, err))
		return false;
	if (!*holds && asks_client(g) && !check_torrents(g, out, holds, err))
		return false;
	return *holds || check_space(g, out, holds, err);
}
