#include "endpoint.h"

#include "base/text.h"
#include "ping_path.h"

#include <string.h>

static const char *const names[] = {
	[ENDPOINT_FETCH] = "fetch",
	[ENDPOINT_DOWNLOAD] = "download",
	[ENDPOINT_SCRIPTVER] = "scriptver",
	[ENDPOINT_SCRIPT] = "script",
	[ENDPOINT_PING_START] = "ping_start",
	[ENDPOINT_PING_END] = "ping_end",
	[ENDPOINT_PING] = "ping",
	[ENDPOINT_OTHER] = "other",
	[ENDPOINT_STATE] = "state",
};
_Static_assert(sizeof names / sizeof *names == ENDPOINT_N, "a name for each endpoint");

static enum endpoint archive(const char *action)
{
	static const enum endpoint all[] = {ENDPOINT_FETCH, ENDPOINT_SCRIPTVER, ENDPOINT_SCRIPT};

	for (size_t i = 0; action && i < sizeof all / sizeof *all; i++)
		if (strcmp(action, names[all[i]]) == 0)
			return all[i];
	return ENDPOINT_OTHER;
}

static enum endpoint ping(const char *path)
{
	struct ping_target t;

	if (ping_parse(path, &t) != PING_VALID)
		return ENDPOINT_PING;
	if (t.kind == PING_START)
		return ENDPOINT_PING_START;
	return t.kind == PING_LOG ? ENDPOINT_PING : ENDPOINT_PING_END;
}

enum endpoint endpoint_of(const struct request *r)
{
	const char *action = request_query(r, "action");

	if (strcmp(r->path, "/archive.php") == 0)
		return archive(action);
	if (strcmp(r->path, "/torrents.php") == 0 && action && strcmp(action, "download") == 0)
		return ENDPOINT_DOWNLOAD;
	if (text_starts(r->path, "/ping/"))
		return ping(r->path);
	if (strcmp(r->path, "/sim/state") == 0)
		return ENDPOINT_STATE;
	return ENDPOINT_OTHER;
}

const char *endpoint_name(enum endpoint e)
{
	return names[e];
}

bool endpoint_matches(const char *pattern, enum endpoint e)
{
	if (strcmp(pattern, "*") == 0)
		return true;
	if (strcmp(pattern, "ping") == 0)
		return e == ENDPOINT_PING || e == ENDPOINT_PING_START || e == ENDPOINT_PING_END;
	return strcmp(pattern, names[e]) == 0;
}

bool endpoint_pattern_valid(const char *pattern)
{
	if (strcmp(pattern, "*") == 0)
		return true;
	for (enum endpoint e = 0; e < ENDPOINT_STATE; e++)
		if (strcmp(pattern, names[e]) == 0)
			return true;
	return false;
}
