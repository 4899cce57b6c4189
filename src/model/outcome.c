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
	if (o->word[0])
		snprintf(out, OUTCOME_TEXT, "%s(%s)", plain[o->kind], o->word);
	else
		snprintf(out, OUTCOME_TEXT, "%s", plain[o->kind]);
}

/* "NAME" or "NAME(word)", with a word only where there may, or must, be one. */
static bool parse_as(const char *text, enum outcome_kind kind, struct outcome *o)
{
	size_t name = strlen(plain[kind]), len = strlen(text);

	if (!text_starts(text, plain[kind]))
		return false;
	if (len == name && kind != OUTCOME_ERR) {
		o->kind = kind;
		o->word[0] = '\0';
		return true;
	}
	if ((kind != OUTCOME_ERR && kind != OUTCOME_WAIT) || len < name + 3 ||
	    len - name - 2 >= sizeof o->word || text[name] != '(' || text[len - 1] != ')')
		return false;
	o->kind = kind;
	memcpy(o->word, text + name + 1, len - name - 2);
	o->word[len - name - 2] = '\0';
	return true;
}

bool outcome_parse(const char *text, struct outcome *o)
{
	for (unsigned k = OUTCOME_OK; k <= OUTCOME_ERR; k++)
		if (parse_as(text, (enum outcome_kind)k, o))
			return true;
	return false;
}

bool outcome_is_well(const struct outcome *o)
{
	if (o->kind == OUTCOME_WAIT)
		return strcmp(o->word, WAIT_STALLED) == 0 || strcmp(o->word, WAIT_BACKLOG) == 0;
	return o->kind == OUTCOME_OK || o->kind == OUTCOME_FULL || o->kind == OUTCOME_STALLED;
}

static const struct remedy {
	const char *word, *hint;
	bool by_a_person; /* it does not pass by itself */
} remedies[] = {
	{WORD_AUTH, "Check PTP_USER and PTP_KEY (ApiUser and ApiKey).", true},
	{WORD_DISK, "`ptp-archiver check` says which folder, and why.", true},
	{WORD_CONFIG, "`ptp-archiver check` says which setting.", true},
	{WORD_LEDGER,
	 "Is there room on the disk of the state folder? If it is damaged, put a copy back.", true},
	{WORD_BAD_TORRENT, "It is downloaded again by itself; what came is in state/quarantine.",
	 false},
	{WORD_TLS, "Look at the clock, the CA file, a proxy.", false},
	{WORD_PROTOCOL, "If it stays so, look for a newer ptp-archiver; the log has what came.",
	 false},
	{WAIT_SPACE, "Make room, or resize the container.", true},
	{WAIT_CLIENT, "Look into the torrent client; what was assigned waits for it.", true},
};

static const struct remedy *remedy_of(const struct outcome *o)
{
	for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
		if (strcmp(o->word, remedies[i].word) == 0)
			return &remedies[i];
	return NULL;
}

const char *outcome_hint(const struct outcome *o)
{
	const struct remedy *r = remedy_of(o);

	return r ? r->hint : NULL;
}

bool outcome_needs_a_person(const struct outcome *o)
{
	const struct remedy *r = remedy_of(o);

	return r && r->by_a_person;
}
