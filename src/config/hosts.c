#include "config/hosts.h"

#include "base/mem.h"
#include "base/own.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SEPARATORS " \t\r\n,"
#define NAME_MAX_BYTES 253 /* RFC 1035 */

static bool is_name(const char *word)
{
	size_t len = strlen(word);

	for (const char *p = word; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p))
			return false;
	return len > 0 && len <= NAME_MAX_BYTES;
}

/* Does one of the words fit? */
static bool any_word(const char *list, bool (*fits)(const char *word, const char *name),
		     const char *name)
{
	OWN_STR char *copy = mem_dup(list ? list : "");
	char *save = NULL;

	for (char *word = strtok_r(copy, SEPARATORS, &save); word;
	     word = strtok_r(NULL, SEPARATORS, &save))
		if (fits(word, name))
			return true;
	return false;
}

static bool is_wrong(const char *word, const char *name)
{
	(void)name;
	return strcmp(word, "*") != 0 && !is_name(word);
}

static bool is_star(const char *word, const char *name)
{
	(void)name;
	return strcmp(word, "*") == 0;
}

static bool is_same(const char *word, const char *name)
{
	return strcasecmp(word, name) == 0;
}

bool hosts_valid(const char *list)
{
	return !any_word(list, is_wrong, NULL);
}

bool hosts_any(const char *list)
{
	return any_word(list, is_star, NULL);
}

/* ---- a Host field ---- */

/* Without the port, and the dot that a complete name may end with; the caller's. */
static char *name_of(const char *field)
{
	size_t len = strcspn(field, ":");

	if (len && field[len - 1] == '.')
		len--;
	return mem_dupn(field, len);
}

static bool is_v6(const char *field)
{
	struct in6_addr ignored;
	const char *end = strchr(field, ']');

	if (field[0] != '[' || !end || (end[1] && end[1] != ':'))
		return false;
	OWN_STR char *inner = mem_dupn(field + 1, (size_t)(end - field - 1));
	return inet_pton(AF_INET6, inner, &ignored) == 1;
}

static bool is_v4(const char *name)
{
	struct in_addr ignored;

	return inet_pton(AF_INET, name, &ignored) == 1;
}

static bool ends_so(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && strcasecmp(name + len - n, end) == 0;
}

/* Names that cannot be bought, because they are reserved (RFC 6761, 6762 and 8375, and ICANN's
 * resolution of 29 July 2024).  A name without a dot can: it may be a top-level domain. */
static bool is_private(const char *name)
{
	static const char *const ends[] = {".localhost", ".local", ".internal", ".home.arpa"};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (ends_so(name, ends[i]))
			return true;
	return !*name || strcasecmp(name, "localhost") == 0;
}

static bool is_own(const char *name)
{
	char own[HOST_NAME_MAX + 1] = "";

	return gethostname(own, sizeof own - 1) == 0 && *own && strcasecmp(name, own) == 0;
}

bool hosts_allow(const char *list, const char *field)
{
	if (!field || is_v6(field))
		return true;
	OWN_STR char *name = name_of(field);
	return is_v4(name) || is_private(name) || is_own(name) || hosts_any(list) ||
	       any_word(list, is_same, name);
}
