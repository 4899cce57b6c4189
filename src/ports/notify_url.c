/* Reading SERVICE+URL; declared in ports/notify.h. */
#include "base/buf.h"
#include "base/hash.h"
#include "base/http.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"
#include "ports/notify_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

size_t notify_path_end(const char *url)
{
	return strcspn(url, "?");
}

static int hex_value(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
					    : -1;
}

/* Percent-decoded, the caller's; NULL where it holds what no credential does. */
static char *decoded(const char *text, size_t len)
{
	char *out = mem_alloc(len + 1), *to = out;

	for (size_t i = 0; i < len; i++) {
		int value = (unsigned char)text[i];
		if (text[i] == '%' && i + 2 < len && hex_value(text[i + 1]) >= 0 &&
		    hex_value(text[i + 2]) >= 0) {
			value = hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]);
			i += 2;
		}
		if (value < ' ' || value == 0x7f) {
			secret_wipe(out, len);
			free(out);
			return NULL;
		}
		*to++ = (char)value;
	}
	return out;
}

/* What stands before the "@" of a URL goes into token or basic; *url is what remains. */
static const char *take_user_info(const char *text, struct notify_target *t, char **url)
{
	size_t host = (size_t)(strstr(text, "://") + 3 - text);
	size_t authority = strcspn(text + host, "/?#");
	const char *at = memrchr(text + host, '@', authority);

	if (!at) {
		*url = mem_dup(text);
		return NULL;
	}
	size_t len = (size_t)(at - text) - host;
	bool basic = memchr(text + host, ':', len) != NULL;
	char *word = decoded(text + host, len);
	if (!word || !*word) {
		free(word);
		return "has no usable token before its @";
	}
	mask_learn(word);
	secret_set(basic ? &t->basic : &t->token, word);
	secret_wipe(word, len);
	free(word);
	*url = mem_printf("%.*s%s", (int)host, text, at + 1);
	return NULL;
}

/* "webhook+, ntfy+ or discord+": borrowed until the next call. */
static const char *not_a_service(void)
{
	static char text[300];
	OWN_BUF struct buf out = BUF_MAX(sizeof text - 1);

	buf_puts(&out, "does not begin with ");
	for (const struct notify_service *s = notify_services; s->name; s++)
		buf_printf(&out, "%s%s+",
			   s == notify_services ? ""
			   : s[1].name          ? ", "
						: " or ",
			   s->name);
	buf_puts(&out, " and https:// (or http://)");
	text_copy(text, sizeof text, buf_text(&out));
	return text;
}

/* The URL behind "SERVICE+"; NULL if there is no such service. */
static const char *take_service(const char *text, struct notify_target *t)
{
	size_t len = strcspn(text, "+");

	for (const struct notify_service *s = notify_services; s->name; s++)
		if (strlen(s->name) == len && memcmp(text, s->name, len) == 0 && text[len]) {
			t->service = s;
			return text + len + 1;
		}
	return NULL;
}

/* libcurl takes "https:///host", too, and what is left of it may be no URL any more. */
static bool is_complete(const char *url, struct http_url *parts)
{
	struct err ignored;

	return !strchr("/?", strstr(url, "://")[3]) && http_url_parse(url, parts, &ignored);
}

const char *notify_parse(const char *text, struct notify_target *t)
{
	const char *own = take_service(text, t);
	struct http_url parts;

	if (!own)
		return not_a_service();
	if (strlen(own) > NOTIFY_URL_MAX || !text_is_utf8(own, strlen(own)))
		return "is longer than 2048 bytes, or not UTF-8";
	if (!text_starts(own, "https://") && !text_starts(own, "http://"))
		return "needs https:// (or http://) behind the +";
	if (strchr(own, '#'))
		return "holds a #; write %23";
	OWN_STR char *url = NULL;
	const char *fault = take_user_info(own, t, &url);
	if (fault)
		return fault;
	if (!is_complete(url, &parts))
		fault = "is not a complete URL behind the +";
	else if (t->service->url_fault)
		fault = t->service->url_fault(url);
	if (!fault) {
		secret_set(&t->url, url);
		snprintf(t->label, sizeof t->label, "%s (%s)", t->service->name, parts.host);
	}
	secret_wipe(url, strlen(url));
	return fault;
}

void notify_number(struct notify_target *t, size_t number)
{
	OWN_STR char *host = mem_dup(strchr(t->label, '('));

	snprintf(t->label, sizeof t->label, "%s %zu %s", t->service->name, number, host);
}

static void set_fingerprint(struct notify_target *t)
{
	const char *token = secret_is_set(&t->token) ? secret_reveal(&t->token) : "";
	const char *basic = secret_is_set(&t->basic) ? secret_reveal(&t->basic) : "";
	uint8_t digest[SHA256_SIZE];
	char *all = mem_printf("ptp-archiver notify\n%s\n%s\n%s\n%s", t->service->name,
			       secret_reveal(&t->url), token, basic);

	hash_sha256(all, strlen(all), digest);
	secret_wipe(all, strlen(all));
	free(all);
	hash_hex(digest, 8, t->fingerprint);
}

static bool is_header_value(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

const char *notify_complete(struct notify_target *t, const char *token)
{
	if (token && (!*token || !is_header_value(token)))
		return "has a token that is empty, or holds a line break";
	if (token)
		secret_set(&t->token, token);
	if (secret_is_set(&t->token) && secret_is_set(&t->basic))
		return "has a token and a user name; one of them is enough";
	const char *fault = t->service->access_fault ? t->service->access_fault(t) : NULL;
	if (fault)
		return fault;
	set_fingerprint(t);
	return NULL;
}

void notify_target_clear(struct notify_target *t)
{
	secret_clear(&t->url);
	secret_clear(&t->token);
	secret_clear(&t->basic);
	*t = (struct notify_target){0};
}
