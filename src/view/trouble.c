#include "view/trouble.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

void trouble_fill(struct trouble_told *told, const struct err *why, int64_t now)
{
	if (!told->since)
		told->since = now;
	told->disk_full = why->errnum == ENOSPC || why->errnum == EDQUOT;
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
