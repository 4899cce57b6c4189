#include "model/event.h"

#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SEPARATORS " \t\r\n,"

static const char *const names[] = {
	[EVENT_FAILURE] = "failure", [EVENT_FULL] = "full",       [EVENT_LOST] = "lost",
	[EVENT_VERSION] = "version", [EVENT_PICK_UP] = "pick-up", [EVENT_CLIENT] = "client",
	[EVENT_AUDIT] = "audit",     [EVENT_DIGEST] = "digest",   [EVENT_TEST] = "test",
};
_Static_assert(sizeof names / sizeof *names == EVENT_KINDS, "a name for each kind");

void event_clear(struct event *e)
{
	free(e->text);
	*e = (struct event){0};
}

void notice_clear(struct notice *n)
{
	free(n->name);
	*n = (struct notice){0};
}

const char *event_kind_name(enum event_kind kind)
{
	return names[kind];
}

static bool add_word(const char *word, unsigned *bits)
{
	if (strcmp(word, "all") == 0)
		*bits |= EVENTS_ALL;
	if (strcmp(word, "all") == 0 || strcmp(word, "none") == 0)
		return true;
	for (int i = 0; i < EVENT_TEST; i++)
		if (strcmp(word, names[i]) == 0) {
			*bits |= EVENT_BIT(i);
			return true;
		}
	return false;
}

bool event_kinds_parse(const char *text, unsigned *bits)
{
	OWN_STR char *copy = mem_dup(text);
	unsigned found = 0;
	char *save = NULL;

	for (char *word = strtok_r(copy, SEPARATORS, &save); word;
	     word = strtok_r(NULL, SEPARATORS, &save))
		if (!add_word(word, &found))
			return false;
	*bits = found;
	return true;
}

void event_kinds_text(unsigned bits, char *out, size_t cap)
{
	const char *parts[2 * EVENT_KINDS];
	size_t n = 0;

	for (int i = 0; i < EVENT_KINDS; i++) {
		if (!(bits & EVENT_BIT(i)))
			continue;
		if (n)
			parts[n++] = ", ";
		parts[n++] = names[i];
	}
	if (n == 0)
		parts[n++] = "none";
	text_join(out, cap, parts, n);
}
