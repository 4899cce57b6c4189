#include "view/trouble.h"

#include "base/clock.h"
#include "base/text.h"
#include "ports/ledger.h"

#include <errno.h>
#include <string.h>

void trouble_fill(struct trouble_told *told, const struct err *why, int64_t now)
{
	if (!told->since)
		told->since = now;
	told->disk_full = why->errnum == ENOSPC || why->errnum == EDQUOT;
	told->damaged = ledger_is_damaged(why);
	text_copy(told->text, sizeof told->text, why->msg);
}

bool trouble_begin(struct trouble *t, enum trouble_kind kind, const struct err *why)
{
	struct trouble_told *told = &t->told[kind];

	pthread_mutex_lock(&t->lock);
	bool fresh = !told->since || strcmp(told->text, why->msg) != 0;
	trouble_fill(told, why, clock_now());
	pthread_mutex_unlock(&t->lock);
	return fresh;
}

void trouble_name_copy(struct trouble *t, const char *path)
{
	struct trouble_told *told = &t->told[TROUBLE_WORK];

	pthread_mutex_lock(&t->lock);
	text_copy(told->copy, sizeof told->copy, path ? path : "");
	pthread_mutex_unlock(&t->lock);
}

bool trouble_end(struct trouble *t, enum trouble_kind kind)
{
	pthread_mutex_lock(&t->lock);
	bool was = t->told[kind].since != 0;
	t->told[kind] = (struct trouble_told){0};
	pthread_mutex_unlock(&t->lock);
	return was;
}

void trouble_get(struct trouble *t, enum trouble_kind kind, struct trouble_told *out)
{
	pthread_mutex_lock(&t->lock);
	*out = t->told[kind];
	pthread_mutex_unlock(&t->lock);
}
