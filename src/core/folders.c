#include "core/folders.h"

#include "base/log.h"
#include "base/mem.h"
#include "model/fact.h"
#include "system/apart.h"

#include <string.h>

#define FOLDERS 2 /* of a target, at most */

static size_t folders_of(const struct target *t, const char *out[FOLDERS])
{
	size_t n = 0;

	if (destination_watches(t->to))
		out[n++] = t->to->place;
	if (t->container->data_folder)
		out[n++] = t->container->data_folder;
	return n;
}

/* Begins with the first time that it did not answer, in whatever process. */
static bool note(const struct run *r, const char *folder, int64_t *since, struct err *err)
{
	struct ledger_client known;

	*since = apart_hangs_since(folder);
	if (!ledger_get_client(r->ledger, folder, &known, err))
		return false;
	if (!*since == !known.down_since) {
		*since = known.down_since;
		return true;
	}
	known.down_since = *since;
	if (*since)
		log_warn(NULL, "the folder %s does not answer; its containers wait", folder);
	else
		log_info(NULL, "the folder %s answers again", folder);
	return ledger_set_client(r->ledger, folder, &known, err);
}

bool folders_look(const struct run *r, const struct target *targets, size_t n, struct err *err)
{
	OWN_STR const char **all = mem_alloc((n + 1) * FOLDERS * sizeof *all);
	size_t n_all = 0;
	int64_t since;

	for (size_t i = 0; i < n; i++)
		n_all += folders_of(&targets[i], &all[n_all]);
	if (!apart_look(all, n_all, err))
		return false;
	for (size_t i = 0; i < n_all; i++)
		if (!note(r, all[i], &since, err))
			return false;
	return true;
}

char *folders_words(const struct run *r, const struct target *t)
{
	const char *all[FOLDERS];
	size_t n = folders_of(t, all);
	struct err ignored;
	int64_t since;

	for (size_t i = 0; i < n; i++) {
		if (!note(r, all[i], &since, &ignored) || !since)
			continue;
		const struct fact f = {.what = FACT_FOLDER_HANGS, .folder = all[i], .since = since};
		return fact_title(&f, FACT_COMPLETE);
	}
	return NULL;
}

static bool is_of(const char *folder, const struct target *targets, size_t n)
{
	const char *all[FOLDERS];

	for (size_t i = 0; i < n; i++)
		for (size_t k = folders_of(&targets[i], all); k--;)
			if (strcmp(all[k], folder) == 0)
				return true;
	return false;
}

bool folders_forget(const struct run *r, const struct target *targets, size_t n, struct err *err)
{
	static const struct ledger_client fine = {0};
	size_t kept = 0;
	int64_t since;

	for (;;) {
		OWN_STR char *folder = NULL;
		if (!ledger_hanging(r->ledger, kept, &folder, &since, err))
			return false;
		if (!folder)
			return true;
		bool keeps = is_of(folder, targets, n);
		if (!keeps && !ledger_set_client(r->ledger, folder, &fine, err))
			return false;
		kept += keeps;
	}
}
