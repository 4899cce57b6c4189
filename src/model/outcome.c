#include "model/outcome.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const plain[] = {[OUTCOME_OK] = "OK",
				    [OUTCOME_FULL] = "FULL",
				    [OUTCOME_STALLED] = "STALLED",
				    [OUTCOME_WAIT] = "WAIT",
				    [OUTCOME_ERR] = "ERR"};
_Static_assert(sizeof plain / sizeof *plain == OUTCOME_ERR + 1, "a text for each outcome");

void outcome_clear(struct outcome *o)
{
	free(o->container);
	free(o->torrent);
	*o = (struct outcome){0};
}

void outcome_text(const struct outcome *o, char out[OUTCOME_TEXT])
{
	if (o->kind == OUTCOME_ERR)
		snprintf(out, OUTCOME_TEXT, "ERR(%s)", o->word);
	else
		snprintf(out, OUTCOME_TEXT, "%s", plain[o->kind]);
}

bool outcome_parse(const char *text, struct outcome *o)
{
	size_t len = strlen(text);

	for (unsigned k = OUTCOME_OK; k < OUTCOME_ERR; k++)
		if (strcmp(text, plain[k]) == 0) {
			o->kind = (enum outcome_kind)k;
			o->word[0] = '\0';
			return true;
		}
	if (len < 6 || len - 5 >= sizeof o->word || !text_starts(text, "ERR(") ||
	    text[len - 1] != ')')
		return false;
	o->kind = OUTCOME_ERR;
	memcpy(o->word, text + 4, len - 5);
	o->word[len - 5] = '\0';
	return true;
}

bool outcome_is_well(const struct outcome *o)
{
	return o->kind == OUTCOME_OK || o->kind == OUTCOME_FULL || o->kind == OUTCOME_STALLED;
}
