#include "core/destination.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* Before a call. */
static bool may_call(const struct run *r, const struct destination *d, struct err *err)
{
	bool refused;

	if (!d->client) {
		*err = d->why;
		return false;
	}
	if (destination_watches(d) || r->force)
		return true;
	if (!ledger_is_refused(r->ledger, d->fingerprint, &refused, err))
		return false;
	if (!refused)
		return true;
	return err_set(
		err, ERR_TARGET, WORD_CLIENT,
		"%s: it did not accept the user name or password. It is not asked again until "
		"you change them, reload the daemon (SIGHUP), or run `fetch --force`",
		d->name);
}

static struct ledger_client after(const struct destination *d, const struct ledger_client *known,
				  bool ok, const struct err *why)
{
	struct ledger_client now = {.seen_at = known->seen_at};
	int64_t at = clock_now();

	if (ok || why->kind == ERR_ITEM) {
		/* Not each call is worth a write. */
		if (at - now.seen_at >= DESTINATION_SEEN_MS || at < now.seen_at)
			now.seen_at = at;
		return now;
	}
	if (d->client->refused)
		text_copy(now.refused, sizeof now.refused, d->fingerprint);
	else
		now.down_since = known->down_since ? known->down_since : at;
	return now;
}

static bool remember(const struct run *r, const struct destination *d, bool ok,
		     const struct err *why, struct err *err)
{
	struct ledger_client known;

	if (!ledger_get_client(r->ledger, d->name, &known, err))
		return false;
	const struct ledger_client now = after(d, &known, ok, why);
	return (strcmp(now.refused, known.refused) == 0 && now.down_since == known.down_since &&
		now.seen_at == known.seen_at) ||
	       ledger_set_client(r->ledger, d->name, &now, err);
}

/* After a call: records what it says of the client, and passes *why on. */
static bool called(const struct run *r, const struct destination *d, bool ok, const struct err *why,
		   struct err *err)
{
	bool stopped = !ok && err_is_stop(why);

	if (!destination_watches(d) && !stopped && !remember(r, d, ok, why, err))
		return false;
	if (!ok)
		*err = *why;
	return ok;
}

bool destination_ready(const struct run *r, const struct destination *d, struct err *err)
{
	struct err why;

	return may_call(r, d, err) &&
	       called(r, d, d->client->ops->ready(d->client, &why), &why, err);
}

bool destination_prepare(const struct run *r, const struct destination *d,
			 const struct delivery *what, char **file_name, struct err *err)
{
	if (!may_call(r, d, err))
		return false;
	if (d->client->ops->prepare)
		return d->client->ops->prepare(d->client, what, file_name, err);
	*file_name = mem_dup(what->file_name);
	return true;
}

bool destination_deliver(const struct run *r, const struct destination *d,
			 const struct delivery *what, bool resumed, char **path, struct err *err)
{
	OWN_STR char *where = NULL;
	struct err why;

	if (!may_call(r, d, err))
		return false;
	bool ok = d->client->ops->deliver(d->client, what, resumed, &where, &why);
	if (!called(r, d, ok, &why, err))
		return false;
	*path = OWN_TAKE(where);
	return true;
}

bool destination_list(const struct run *r, const struct destination *d, const char *category,
		      struct client_torrents *all, struct err *err)
{
	struct err why;

	return may_call(r, d, err) &&
	       called(r, d, d->client->ops->list(d->client, category, all, &why), &why, err);
}

bool destination_space(const struct run *r, const struct destination *d, const struct placement *p,
		       struct client_space *space, struct err *err)
{
	struct err why;

	return may_call(r, d, err) &&
	       called(r, d, d->client->ops->space(d->client, p, space, &why), &why, err);
}

bool destination_is_away(const struct err *err)
{
	return err->code == WORD_CLIENT && err->kind != ERR_ITEM;
}

bool destination_note_away(struct destination *d, const char *container, const struct err *why)
{
	if (!destination_is_away(why))
		return false;
	if (!d->away.code)
		log_warn(container, "%s", why->msg);
	d->away = *why;
	return true;
}

bool destination_retry(const struct run *r, const struct destination *d, int64_t *when,
		       struct err *err)
{
	struct ledger_client known;
	int64_t now = clock_now();

	if (!ledger_get_client(r->ledger, d->name, &known, err))
		return false;
	int64_t wait = known.down_since ? (now - known.down_since) / 2 : 0;
	if (wait < DESTINATION_RETRY_MIN_MS)
		wait = DESTINATION_RETRY_MIN_MS;
	if (wait > DESTINATION_RETRY_MAX_MS)
		wait = DESTINATION_RETRY_MAX_MS;
	*when = now + (r->manners.waits ? wait : 0);
	return true;
}

bool destination_forgive(const struct run *r, const struct destination *d, struct err *err)
{
	return ledger_forgive(r->ledger, d->fingerprint, err);
}
