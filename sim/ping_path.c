#include "ping_path.h"

#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SEGMENTS 4
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool only(const char *s, const char *letters)
{
	return s[0] && s[strspn(s, letters)] == '\0';
}

bool ping_is_uuid(const char *s)
{
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return false;
	}
	return s[36] == '\0';
}

/* The parts between the slashes, at most SEGMENTS; `copy` is cut into them. */
static size_t split(char *copy, const char *segments[SEGMENTS + 1])
{
	size_t n = 0;

	for (char *rest = copy, *part; n <= SEGMENTS && (part = strsep(&rest, "/"));)
		segments[n++] = part;
	return n;
}

static enum ping_verdict parse_word(const char *word, struct ping_target *t)
{
	static const char *const words[] = {
		[PING_START] = "start", [PING_FAIL] = "fail", [PING_LOG] = "log"};

	for (enum ping_kind k = PING_START; k <= PING_LOG; k++) {
		if (strcmp(word, words[k]) == 0) {
			t->kind = k;
			return PING_VALID;
		}
	}
	if (!only(word, DIGITS))
		return only(word, LOWER UPPER DIGITS "_") ? PING_NOT_FOUND : PING_NO_ROUTE;
	word += strspn(word, "0");
	t->kind = PING_EXIT;
	t->exit_status = strlen(word) > 3 ? 256 : (int)strtol(word, NULL, 10);
	return t->exit_status > 255 ? PING_BAD_URL : PING_VALID;
}

static enum ping_verdict parse_slug(const char *key, const char *slug, struct ping_target *t)
{
	t->slug = true;
	snprintf(t->check, sizeof t->check, "%s/%s", key, slug);
	if (ping_is_uuid(key) || !only(key, LOWER UPPER DIGITS "_-"))
		return PING_NO_ROUTE;
	if (only(slug, LOWER DIGITS "_-"))
		return PING_VALID;
	return only(slug, LOWER UPPER DIGITS "_-") ? PING_BAD_URL : PING_NO_ROUTE;
}

enum ping_verdict ping_parse(const char *path, struct ping_target *t)
{
	OWN_STR char *copy = mem_dup(path + strlen("/ping/"));
	const char *s[SEGMENTS + 1];
	size_t n = split(copy, s);

	*t = (struct ping_target){.kind = PING_SUCCESS};
	if (ping_is_uuid(s[0]) && !strpbrk(s[0], UPPER)) {
		text_copy(t->check, sizeof t->check, s[0]);
		if (n == 1 || (n == 2 && !s[1][0]))
			return PING_VALID;
		return n == 2 ? parse_word(s[1], t) : PING_NO_ROUTE;
	}
	if (n < 2 || n > 3)
		return PING_NO_ROUTE;
	enum ping_verdict v = parse_slug(s[0], s[1], t);
	return v == PING_VALID && n == 3 ? parse_word(s[2], t) : v;
}
