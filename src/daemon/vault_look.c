#include "daemon/vault_look.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/parcel.h"

#define SLICE 8 /* torrents: a few milliseconds */

void vault_look_abandon(struct vault_look *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->infohashes[i]);
	free(v->infohashes);
	*v = (struct vault_look){0};
}

static bool remember(void *ctx, const char *infohash, struct err *err)
{
	struct vault_look *v = ctx;

	(void)err;
	v->infohashes = mem_grow(v->infohashes, v->n + 1, sizeof *v->infohashes);
	v->infohashes[v->n++] = mem_dup(infohash);
	return true;
}

/* One that was dropped meanwhile is not damaged. */
static void look_at(struct vault_look *v, struct vault *vault, const char *infohash)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	OWN_STR char *path = vault_path(vault, infohash);
	struct err why;

	if (parcel_from_vault(&p, vault, infohash, &why) || !fs_exists(path))
		return;
	log_warn(NULL, "%s: %s", path, why.msg);
	if (!v->found.damaged++)
		text_copy(v->found.infohash, sizeof v->found.infohash, infohash);
}

bool vault_look_step(struct vault_look *v, struct vault *vault, struct ledger *l, bool *done,
		     struct err *err)
{
	*done = false;
	if (!v->begun) {
		v->begun = true;
		return vault_each(vault, remember, v, err);
	}
	for (int i = 0; i < SLICE && v->at < v->n; i++)
		look_at(v, vault, v->infohashes[v->at++]);
	if (v->at < v->n)
		return true;
	v->found.at = clock_now();
	*done = true;
	return ledger_set_vault_look(l, &v->found, err);
}
