#include "base/url.h"

#include "base/mem.h"
#include "base/text.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static void handle_clear(CURLU **u)
{
	curl_url_cleanup(*u);
}

/* The caller's; NULL if there is none. */
static char *part_of(CURLU *u, CURLUPart part, unsigned flags)
{
	char *text = NULL;

	if (curl_url_get(u, part, &text, flags) != CURLUE_OK)
		return NULL;
	char *copy = mem_dup(text);
	curl_free(text);
	return copy;
}

static bool has(CURLU *u, CURLUPart part)
{
	OWN_STR char *text = part_of(u, part, 0);

	return text != NULL;
}

static void drop_brackets(char *host)
{
	if (host[0] != '[')
		return;
	size_t len = strcspn(host, "]") - 1;
	memmove(host, host + 1, len);
	host[len] = '\0';
}

static bool has_two_slashes(const char *text, const char *scheme)
{
	const char *rest = text + strlen(scheme);

	return text_starts(rest, "://") && rest[3] != '/';
}

bool url_read(const char *text, struct url *out)
{
	OWN(handle_clear) CURLU *u = curl_url();

	*out = (struct url){0};
	if (!u || curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		return false;
	out->scheme = part_of(u, CURLUPART_SCHEME, 0);
	out->host = part_of(u, CURLUPART_HOST, 0);
	if (!out->scheme || !out->host || !has_two_slashes(text, out->scheme))
		return false;
	drop_brackets(out->host);
	out->zone = part_of(u, CURLUPART_ZONEID, 0);
	out->port = part_of(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	out->path = part_of(u, CURLUPART_PATH, 0);
	out->login = has(u, CURLUPART_USER) || has(u, CURLUPART_PASSWORD);
	out->more = has(u, CURLUPART_QUERY) || has(u, CURLUPART_FRAGMENT);
	return out->path != NULL;
}

void url_clear(struct url *u)
{
	free(u->scheme);
	free(u->host);
	free(u->zone);
	free(u->port);
	free(u->path);
	*u = (struct url){0};
}

char *url_shown(const char *text)
{
	static const CURLUPart hidden[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_PATH,
					   CURLUPART_QUERY, CURLUPART_FRAGMENT};
	OWN(handle_clear) CURLU *u = curl_url();

	if (!u || curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		return NULL;
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		curl_url_set(u, hidden[i], NULL, 0);
	char *shown = part_of(u, CURLUPART_URL, CURLU_NON_SUPPORT_SCHEME);
	if (shown && text_ends(shown, "/"))
		shown[strlen(shown) - 1] = '\0';
	return shown;
}

static bool is_port(const struct url *u, const char *port)
{
	return u->port && strcmp(u->port, port) == 0;
}

bool url_may_follow(const char *from, const char *to)
{
	OWN_URL struct url a = {0};
	OWN_URL struct url b = {0};

	if (!url_read(from, &a) || !url_read(to, &b) || strcasecmp(a.host, b.host) != 0)
		return false;
	if (strcmp(a.scheme, b.scheme) == 0)
		return a.port && is_port(&b, a.port);
	return strcmp(b.scheme, "https") == 0 && is_port(&b, "443") && is_port(&a, "80");
}

char *url_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));
	char *copy = mem_dup(escaped ? escaped : "");

	curl_free(escaped);
	return copy;
}
