#include "core/staged.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/own.h"
#include "core/parcel.h"

#include <stdlib.h>
#include <string.h>

static bool is_kept(struct ledger *l, const char *container, const char *path, bool *kept,
		    struct err *err)
{
	OWN_PARCEL struct parcel parcel = PARCEL_EMPTY;
	struct err why;

	*kept = false;
	if (parcel_read(&parcel, path, &why))
		return ledger_keeps(l, container, parcel.infohash, kept, err);
	if (why.kind != ERR_ITEM)
		*err = why;
	return why.kind == ERR_ITEM;
}

/* Is there a row that waits for what is staged? */
static bool is_expected(struct ledger *l, const char *container, bool *expected, struct err *err)
{
	struct assignment *open = NULL;
	size_t n = 0;

	*expected = false;
	if (!ledger_list(l, LEDGER_PENDING, container, 0, &open, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		*expected |= assignment_is_staged(&open[i]);
	assignment_list_free(open, n);
	return true;
}

/* The row of the question that this is the answer to. */
static bool find_question(struct ledger *l, const char *container, int64_t *id, struct err *err)
{
	struct assignment *lost = NULL;
	size_t n = 0;

	if (!ledger_list(l, LEDGER_LOST, container, 0, &lost, &n, err))
		return false;
	int64_t newest = n ? lost[n - 1].id : 0;
	assignment_list_free(lost, n);
	if (!newest)
		return ledger_asking(l, container, id, err);
	*id = newest;
	return true;
}

static bool is_asking(struct ledger *l, const char *container, bool *asking, struct err *err)
{
	struct assignment *lost = NULL;
	size_t n = 0;

	*asking = false;
	if (!ledger_list(l, LEDGER_LOST, container, 0, &lost, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		*asking |= lost[i].state == ASSIGNMENT_ASKING;
	assignment_list_free(lost, n);
	return true;
}

bool staged_is_due(const struct run *r, const char *container, bool *due, struct err *err)
{
	OWN_STR char *path = NULL;
	struct err ignored;

	*due = spool_look(&r->staging, container, &path, &ignored) && path;
	return *due || !spool_is_busy(&r->staging) || is_asking(r->ledger, container, due, err);
}

bool staged_take_up(const struct run *r, const char *container, struct err *err)
{
	struct ledger *l = r->ledger;
	OWN_STR char *path = NULL;
	bool kept, expected;
	int64_t id;

	if (!spool_find(&r->staging, container, &path, err))
		return false;
	if (!path)
		return true;
	if (!is_kept(l, container, path, &kept, err))
		return false;
	if (kept)
		return spool_remove(path, err);
	if (!is_expected(l, container, &expected, err))
		return false;
	if (expected)
		return true;
	if (!find_question(l, container, &id, err) || !ledger_assigned(l, id, "", "", err))
		return false;
	log_info(container, "taking up a torrent that was downloaded before the program ended");
	return true;
}

/* ---- strays ---- */

static bool is_place_of(const struct spool *staging, const char *container, const char *place)
{
	OWN_STR char *own = spool_place(staging, container);

	return strcmp(own, place) == 0;
}

/* *container: whose place it is, the caller's; *expected: a pending row of it waits for what is
 * there.  The name of the place does not say it, so every container in the ledger is tried. */
static bool find_container(struct ledger *l, const struct spool *staging, const char *place,
			   char **container, bool *expected, struct err *err)
{
	struct assignment *rows = NULL;
	size_t n = 0;

	*container = NULL;
	*expected = false;
	if (l && !ledger_list(l, LEDGER_ALL, NULL, 0, &rows, &n, err))
		return false;
	for (size_t i = 0; i < n && !*container; i++)
		if (is_place_of(staging, rows[i].container, place))
			*container = mem_dup(rows[i].container);
	assignment_list_free(rows, n);
	return !*container || is_expected(l, *container, expected, err);
}

static bool is_configured(const struct spool *staging, const struct container *configured, size_t n,
			  const char *place)
{
	for (size_t i = 0; i < n; i++)
		if (is_place_of(staging, configured[i].name, place))
			return true;
	return false;
}

bool staged_strays(struct ledger *l, const struct spool *staging,
		   const struct container *configured, size_t n_configured,
		   struct staged_stray **list, size_t *n, struct err *err)
{
	char **paths;
	size_t n_paths;
	bool ok = true;

	if (!spool_list(staging, &paths, &n_paths, err))
		return false;
	*list = mem_alloc((n_paths + 1) * sizeof **list);
	*n = 0;
	for (size_t i = 0; ok && i < n_paths; i++) {
		OWN_STR char *place = fs_parent(paths[i]);
		OWN_STR char *container = NULL;
		bool expected;
		if (is_configured(staging, configured, n_configured, place))
			continue;
		ok = find_container(l, staging, place, &container, &expected, err);
		if (ok && !expected)
			(*list)[(*n)++] =
				(struct staged_stray){OWN_TAKE(container), OWN_TAKE(paths[i])};
	}
	spool_list_free(paths, n_paths);
	if (!ok)
		staged_strays_free(*list, *n);
	return ok;
}

void staged_strays_free(struct staged_stray *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].container);
		free(list[i].path);
	}
	free(list);
}
