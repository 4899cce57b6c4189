#include "view/trouble.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

bool trouble_begin(struct trouble *t, enum trouble_kind kind, const char *text)
{
	struct trouble_told *told = &t->told[kind];

	pthread_mutex_lock(&t->lock);
	bool fresh = !told->since || strcmp(told->text, text) != 0;
	if (!told->since)
		told->since = clock_now();
	text_copy(told->text, sizeof told->text, text);
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
