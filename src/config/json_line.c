#include "config/json_line.h"

#include <stdbool.h>
#include <string.h>

struct walk {
	const char *at;
	int line;
};

static void skip_to(struct walk *w, const char *end)
{
	for (; w->at < end; w->at++)
		w->line += *w->at == '\n';
}

/* Behind the closing quote of the string that begins at s. */
static const char *string_end(const char *s)
{
	for (s++; *s && *s != '"'; s++)
		if (*s == '\\' && s[1])
			s++;
	return *s ? s + 1 : s;
}

static bool is_key(const char *behind)
{
	return behind[strspn(behind, " \t\r\n")] == ':';
}

static bool same(const char *from, const char *to, const char *key)
{
	size_t len = (size_t)(to - from);

	return len >= 2 && len - 2 == strlen(key) && strncmp(from + 1, key, len - 2) == 0;
}

int json_line_of(const char *text, const char *const path[], size_t depth)
{
	struct walk w = {text, 1};
	size_t level = 0, matched = 0;
	int line = 1;

	while (*w.at && matched < depth) {
		char c = *w.at;
		if (c == '"') {
			const char *end = string_end(w.at);
			/* A neighbour of the last key: the next one is not in its value. */
			if (matched && level == matched && is_key(end))
				return line;
			if (level == matched + 1 && is_key(end) && same(w.at, end, path[matched])) {
				matched++;
				line = w.line;
			}
			skip_to(&w, end);
			continue;
		}
		if (c == '{' || c == '[')
			level++;
		if ((c == '}' || c == ']') && level-- <= matched && matched)
			return line;
		skip_to(&w, w.at + 1);
	}
	return line;
}
