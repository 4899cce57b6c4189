/* Reading SERVICE+URL; declared in ports/notify.h. */
#include "base/hash.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"
#include "ports/notify_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TOPIC_MAX 64
#define WEBHOOKS "/webhooks/"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static const char *const services[] = {
	[NOTIFY_WEBHOOK] = "webhook", [NOTIFY_NTFY] = "ntfy",       [NOTIFY_GOTIFY] = "gotify",
	[NOTIFY_DISCORD] = "discord", [NOTIFY_APPRISE] = "apprise",
};
_Static_assert(sizeof services / sizeof *services == NOTIFY_SERVICES, "a name for each service");

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
	secret_set(basic ? &t->basic : &t->token, word);
	secret_wipe(word, len);
	free(word);
	*url = mem_printf("%.*s%s", (int)host, text, at + 1);
	return NULL;
}

static const char *service_of(const char *text, struct notify_target *t)
{
	for (int i = 0; i < NOTIFY_SERVICES; i++) {
		size_t len = strlen(services[i]);
		if (strncmp(text, services[i], len) == 0 && text[len] == '+') {
			t->service = (enum notify_service)i;
			return text + len + 1;
		}
	}
	return NULL;
}

static bool has_topic(const char *url)
{
	size_t end = notify_path_end(url), begin = end;

	while (begin && url[begin - 1] != '/')
		begin--;
	return end > begin && end - begin <= TOPIC_MAX && begin > strlen("https://") &&
	       strspn(url + begin, LETTERS) == end - begin;
}

static bool path_has(const char *url, const char *part)
{
	OWN_STR char *path = mem_dupn(url, notify_path_end(url));
	const char *slash = strchr(strstr(path, "://") + 3, '/');
	bool has = slash && strstr(slash, part);

	secret_wipe(path, strlen(path));
	return has;
}

/* ".../webhooks/ID/TOKEN": one that was cut off has no TOKEN. */
static bool has_webhook(const char *url)
{
	OWN_STR char *path = mem_dupn(url, notify_path_end(url));
	const char *slash = strchr(strstr(path, "://") + 3, '/');
	const char *id = slash ? strstr(slash, WEBHOOKS) : NULL;

	id = id ? id + strlen(WEBHOOKS) : "";
	size_t len = strcspn(id, "/");
	bool has = len && id[len] == '/' && id[len + 1] && id[len + 1] != '/';
	secret_wipe(path, strlen(path));
	return has;
}

/* What a service's own URL must have. */
static const char *shape_fault(enum notify_service service, const char *url)
{
	if (service == NOTIFY_NTFY && !has_topic(url))
		return "does not end in a topic of letters, digits, - and _, such as "
		       "ntfy+https://ntfy.sh/my-topic";
	if (service == NOTIFY_DISCORD && !path_has(url, WEBHOOKS))
		return "is no Discord webhook; it is "
		       "discord+https://discord.com/api/webhooks/ID/TOKEN";
	if (service == NOTIFY_DISCORD && !has_webhook(url))
		return "is no whole Discord webhook; copy all of it: "
		       "discord+https://discord.com/api/webhooks/ID/TOKEN";
	if (service == NOTIFY_APPRISE && !path_has(url, "/notify"))
		return "is not where an Apprise API takes messages, such as "
		       "apprise+https://apprise.example.org/notify/KEY";
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
	const char *own = service_of(text, t);
	struct http_url parts;

	if (!own)
		return "does not begin with webhook+, ntfy+, gotify+, discord+ or apprise+ and "
		       "https:// (or http://)";
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
	else
		fault = shape_fault(t->service, url);
	if (!fault) {
		secret_set(&t->url, url);
		snprintf(t->label, sizeof t->label, "%s (%s)", services[t->service], parts.host);
	}
	secret_wipe(url, strlen(url));
	return fault;
}

void notify_number(struct notify_target *t, size_t number)
{
	OWN_STR char *host = mem_dup(strchr(t->label, '('));

	snprintf(t->label, sizeof t->label, "%s %zu %s", services[t->service], number, host);
}

static void set_fingerprint(struct notify_target *t)
{
	const char *token = secret_is_set(&t->token) ? secret_reveal(&t->token) : "";
	const char *basic = secret_is_set(&t->basic) ? secret_reveal(&t->basic) : "";
	uint8_t digest[SHA256_SIZE];
	char *all = mem_printf("ptp-archiver notify\n%s\n%s\n%s\n%s", services[t->service],
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
	bool has_token = secret_is_set(&t->token), has_basic = secret_is_set(&t->basic);
	if (has_token && has_basic)
		return "has a token and a user name; one of them is enough";
	if (t->service == NOTIFY_DISCORD && (has_token || has_basic))
		return "needs no token: Discord's stands in the URL";
	if (t->service == NOTIFY_GOTIFY && has_basic)
		return "has a user name; Gotify wants the token of an application";
	if (t->service == NOTIFY_GOTIFY && !has_token && !strstr(secret_reveal(&t->url), "token="))
		return "has no token; write gotify+https://TOKEN@host, or give Token or TokenFile";
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
