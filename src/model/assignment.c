#include "model/assignment.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const text[] = {
	[ASSIGNMENT_ASKING] = "asking",       [ASSIGNMENT_ASSIGNED] = "assigned",
	[ASSIGNMENT_FETCHED] = "fetched",     [ASSIGNMENT_DELIVERING] = "delivering",
	[ASSIGNMENT_DELIVERED] = "delivered", [ASSIGNMENT_LOST] = "possibly lost",
	[ASSIGNMENT_UNFOUNDED] = "unfounded",
};
_Static_assert(sizeof text / sizeof *text == ASSIGNMENT_UNFOUNDED + 1, "a text for each state");

void assignment_clear(struct assignment *a)
{
	free(a->container);
	free(a->name);
	free(a->file_name);
	free(a->path);
	free(a->client);
	free(a->note);
	free(a->settled_by);
	*a = (struct assignment){0};
}

void assignment_list_free(struct assignment *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assignment_clear(&list[i]);
	free(list);
}

bool assignment_is_staged(const struct assignment *a)
{
	return a->state == ASSIGNMENT_ASSIGNED && !a->torrent_id[0];
}

const char *assignment_label(const struct assignment *a, char out[ASSIGNMENT_LABEL])
{
	if (a->torrent_id[0])
		snprintf(out, ASSIGNMENT_LABEL, "TorrentID %s", a->torrent_id);
	else
		snprintf(out, ASSIGNMENT_LABEL, "a torrent that the utility downloaded");
	return out;
}

const char *assignment_state_text(enum assignment_state state)
{
	return text[state];
}

static const char *const texts[] = {
	[AUDIT_NEVER] = "",
	[AUDIT_SEEDING] = "seeding",
	[AUDIT_DOWNLOADING] = "downloading",
	[AUDIT_QUEUED] = "queued",
	[AUDIT_CHECKING] = "checking",
	[AUDIT_STALLED] = "stalled",
	[AUDIT_PAUSED] = "paused",
	[AUDIT_ERROR] = "error",
	[AUDIT_MISSING] = "missing",
	[AUDIT_REFUSED] = "refused",
	[AUDIT_AWAITED] = "not picked up",
	[AUDIT_PENDING] = "pending",
	[AUDIT_UNKNOWN] = "unknown",
	[AUDIT_UNASKED] = "not asked",
};
_Static_assert(sizeof texts / sizeof *texts == AUDIT_CLASSES, "a text for each class");

const char *audit_class_text(enum audit_class class)
{
	return texts[class];
}
