/* The services; declared in ports/notify_parts.h. */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"
#include "ports/notify_parts.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define BEARER "Authorization: Bearer "

/* ---- what several need ---- */

/* Where the last segment of the path begins. */
static size_t last_segment(const char *url, size_t end)
{
	while (url[end - 1] != '/')
		end--;
	return end;
}

/* Has the path a last segment of 1 to `max` of these letters? */
static bool ends_in(const char *url, const char *letters, size_t max)
{
	size_t end = strcspn(url, "?"), begin = last_segment(url, end);

	return begin > strlen("https://") && end > begin && end - begin <= max &&
	       strspn(url + begin, letters) >= end - begin;
}

/* The URL's path, the caller's. */
static char *path_of(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t len = strcspn(host, "?"), slash = strcspn(host, "/?");

	return mem_dupn(host + slash, len - slash);
}

static bool has_token(const struct notify_target *t)
{
	return secret_is_set(&t->token);
}

static bool has_basic(const struct notify_target *t)
{
	return secret_is_set(&t->basic);
}

/* ---- our own webhook: doc/notifications.md ---- */

#define SCHEMA_VERSION 1

static json_t *webhook_body(const struct notify_target *t, const struct event *e,
			    const struct notify_words *w)
{
	static const char *const levels[] = {[EVENT_GOOD] = "good",
					     [EVENT_INFO] = "info",
					     [EVENT_WARNING] = "warning",
					     [EVENT_ERROR] = "error"};
	char when[CLOCK_TEXT];

	(void)t;
	clock_format_utc(e->at, when);
	return json_pack("{s:i s:s s:s s:I s:s s:s s:s s:s s:s s:s}", "schema", SCHEMA_VERSION,
			 "program", "ptp-archiver", "program_version", PTP_ARCHIVER_VERSION, "id",
			 (json_int_t)e->id, "time", when, "kind", event_kind_name(e->kind), "event",
			 e->name, "level", levels[e->level], "title", w->title, "message", w->text);
}

/* ---- ntfy: JSON to the server's root; a message over 4096 bytes becomes an attachment, JSON over
 * 16384 is refused (docs.ntfy.sh/publish, its server/server.go) ---- */

#define NTFY_TOPIC_MAX 64
#define NTFY_MESSAGE_MAX 4000

static const char *ntfy_url_fault(const char *url)
{
	return ends_in(url, LETTERS "-_", NTFY_TOPIC_MAX)
		       ? NULL
		       : "does not end in a topic of letters, digits, - and _, such as "
			 "ntfy+https://ntfy.sh/my-topic";
}

static char *ntfy_post_url(const char *url, size_t end)
{
	return mem_printf("%.*s%s", (int)last_segment(url, end), url, url + end);
}

static json_t *ntfy_body(const struct notify_target *t, const struct event *e,
			 const struct notify_words *w)
{
	static const struct {
		int priority;
		const char *tag;
	} by_level[] = {[EVENT_GOOD] = {3, "white_check_mark"},
			[EVENT_INFO] = {3, "information_source"},
			[EVENT_WARNING] = {4, "warning"},
			[EVENT_ERROR] = {4, "rotating_light"}};
	const char *url = secret_reveal(&t->url);
	size_t end = notify_path_end(url), begin = last_segment(url, end);
	OWN_WIPED char *topic = mem_dupn(url + begin, end - begin);

	return json_pack("{s:s s:s s:s s:i s:[s]}", "topic", topic, "title", w->title, "message",
			 w->text, "priority", by_level[e->level].priority, "tags",
			 by_level[e->level].tag);
}

/* ---- Gotify: POST /message; the token of an application in X-Gotify-Key, or as token= in the
 * query (gotify.net/api-docs) ---- */

static const char *gotify_access_fault(const struct notify_target *t)
{
	if (has_basic(t))
		return "has a user name; Gotify wants the token of an application";
	return has_token(t) || strstr(secret_reveal(&t->url), "token=")
		       ? NULL
		       : "has no token; write gotify+https://TOKEN@host, or give Token or "
			 "TokenFile";
}

static char *gotify_post_url(const char *url, size_t end)
{
	const size_t len = strlen("/message");
	size_t base = end;

	while (url[base - 1] == '/')
		base--;
	if (base >= len && strncmp(url + base - len, "/message", len) == 0)
		base -= len;
	return mem_printf("%.*s/message%s", (int)base, url, url + end);
}

static json_t *gotify_body(const struct notify_target *t, const struct event *e,
			   const struct notify_words *w)
{
	static const int priorities[] = {
		[EVENT_GOOD] = 4, [EVENT_INFO] = 4, [EVENT_WARNING] = 6, [EVENT_ERROR] = 8};

	(void)t;
	return json_pack("{s:s s:s s:i s:{s:{s:s}}}", "title", w->title, "message", w->text,
			 "priority", priorities[e->level], "extras", "client::display",
			 "contentType", "text/plain");
}

/* ---- Discord: content of at most 2000 characters; allowed_mentions {"parse": []} pings nobody;
 * flags 4 shows no previews of links; wait=true answers after the message was stored (Discord's
 * developer documentation, Webhook and Rate Limits) ---- */

#define DISCORD_HOOKS "/webhooks/"
#define DISCORD_WRITTEN "discord+https://discord.com/api/webhooks/ID/TOKEN"
#define DISCORD_CONTENT_MAX 2000 /* UTF-16 units, which is the strictest way of counting */
#define DISCORD_NO_PREVIEWS 4

/* ".../webhooks/ID/TOKEN": one that was cut off has no TOKEN. */
static const char *discord_url_fault(const char *url)
{
	OWN_WIPED char *path = path_of(url);
	const char *id = strstr(path, DISCORD_HOOKS);

	if (!id)
		return "is no Discord webhook; it is " DISCORD_WRITTEN;
	id += strlen(DISCORD_HOOKS);
	size_t len = strcspn(id, "/");
	bool whole = len && id[len] && id[len + 1] && id[len + 1] != '/';
	return whole ? NULL : "is no whole Discord webhook; copy all of it: " DISCORD_WRITTEN;
}

static const char *discord_access_fault(const struct notify_target *t)
{
	return has_token(t) || has_basic(t) ? "needs no token: Discord's stands in the URL" : NULL;
}

static char *discord_post_url(const char *url, size_t end)
{
	if (strstr(url + end, "wait="))
		return mem_dup(url);
	return mem_printf("%s%cwait=true", url, url[end] ? '&' : '?');
}

/* Inside a link, which lasts to the next blank, a backslash would become part of its address; there
 * only what could end the link is escaped. */
static bool discord_escapes(const char *text, bool *link)
{
	if (text_starts(text, "https://") || text_starts(text, "http://"))
		*link = true;
	else if (strchr(" \t\r\n", *text))
		*link = false;
	return strchr(*link ? "\\`*|<>[]()" : "\\`*_~|<>[]()#-", *text) != NULL;
}

/* As Discord's markdown shows it unchanged: a backslash takes the meaning from what follows it.
 * false: it does not fit. */
static bool discord_escape(struct buf *out, const char *text, size_t *units, size_t max)
{
	bool link = false;

	for (size_t len = strlen(text); len;) {
		size_t n = text_utf8_len(text, len);
		bool escaped = discord_escapes(text, &link);
		size_t costs = (n == 4 ? 2u : 1u) + (escaped ? 1u : 0u);
		if (*units + costs > max)
			return false;
		*units += costs;
		if (escaped)
			buf_puts(out, "\\");
		buf_add(out, text, n);
		text += n;
		len -= n;
	}
	return true;
}

static json_t *discord_body(const struct notify_target *t, const struct event *e,
			    const struct notify_words *w)
{
	OWN_BUF struct buf out = BUF_MAX(8 * DISCORD_CONTENT_MAX);
	size_t units = strlen("**") * 2 + strlen("\n");

	(void)t, (void)e;
	buf_puts(&out, "**");
	(void)!discord_escape(&out, w->title, &units, DISCORD_CONTENT_MAX / 2);
	buf_puts(&out, "**\n");
	/* Room for the sign that something was cut. */
	if (!discord_escape(&out, w->text, &units, DISCORD_CONTENT_MAX - 1))
		buf_puts(&out, "…");
	return json_pack("{s:s s:i s:{s:[]}}", "content", buf_text(&out), "flags",
			 DISCORD_NO_PREVIEWS, "allowed_mentions", "parse");
}

static const struct notify_hint discord_hints[] = {
	{401, "; is the webhook's URL whole?"},
	{403, "; is the webhook's URL whole?"},
	{0},
};

/* ---- the Apprise API: /notify/KEY; type is info, success, warning or failure; 204: nothing is
 * configured under this key; 424: one of its services failed, so that it must not be repeated
 * (apprise-api's README and views) ---- */

static const char *apprise_url_fault(const char *url)
{
	OWN_WIPED char *path = path_of(url);

	return strstr(path, "/notify") ? NULL
				       : "is not where an Apprise API takes messages, such as "
					 "apprise+https://apprise.example.org/notify/KEY";
}

static json_t *apprise_body(const struct notify_target *t, const struct event *e,
			    const struct notify_words *w)
{
	static const char *const types[] = {[EVENT_GOOD] = "success",
					    [EVENT_INFO] = "info",
					    [EVENT_WARNING] = "warning",
					    [EVENT_ERROR] = "failure"};

	(void)t;
	return json_pack("{s:s s:s s:s s:s}", "title", w->title, "body", w->text, "type",
			 types[e->level], "format", "text");
}

static bool apprise_took(long status, const struct buf *answer)
{
	(void)answer;
	return status != 204;
}

static const struct notify_hint apprise_hints[] = {
	{204, "; nothing is configured there under this key"},
	{424, "; one of the services behind it failed"},
	{0},
};

/* ---- Pushover: POST 1/messages.json with the application's token and the user's key in the JSON;
 * a message has 1 to 1024 characters, a title at most 250; priority 1 is a high one; an answer of
 * 200 has the status 1; 429: the application's messages of the month are used up (pushover.net/api)
 * ---- */

#define PUSHOVER_USER_MAX 64
#define PUSHOVER_MESSAGE_MAX 1024 /* characters */
#define PUSHOVER_WRITTEN "pushover+https://TOKEN@api.pushover.net/USER"

static const char *pushover_url_fault(const char *url)
{
	return ends_in(url, LETTERS, PUSHOVER_USER_MAX)
		       ? NULL
		       : "does not end in the key of a user or group; it is " PUSHOVER_WRITTEN;
}

static const char *pushover_access_fault(const struct notify_target *t)
{
	return has_token(t) ? NULL
			    : "has no token of an application; write " PUSHOVER_WRITTEN
			      ", or give Token or TokenFile";
}

static char *pushover_post_url(const char *url, size_t end)
{
	return mem_printf("%.*s1/messages.json%s", (int)last_segment(url, end), url, url + end);
}

/* As many bytes as `max` characters have. */
static size_t characters(const char *text, size_t max)
{
	size_t at = 0, len = strlen(text);

	for (size_t n = 0; n < max && at < len; n++)
		at += text_utf8_len(text + at, len - at);
	return at;
}

static json_t *pushover_body(const struct notify_target *t, const struct event *e,
			     const struct notify_words *w)
{
	const char *url = secret_reveal(&t->url), *text = *w->text ? w->text : w->title;
	size_t end = notify_path_end(url), begin = last_segment(url, end);
	OWN_WIPED char *user = mem_dupn(url + begin, end - begin);
	OWN_STR char *message = mem_dupn(text, characters(text, PUSHOVER_MESSAGE_MAX));

	return json_pack("{s:s s:s s:s s:s s:i}", "token", secret_reveal(&t->token), "user", user,
			 "title", w->title, "message", message, "priority",
			 e->level == EVENT_ERROR ? 1 : 0);
}

static bool pushover_took(long status, const struct buf *answer)
{
	OWN_JSON json_t *root = json_parse(buf_text(answer), answer->len);

	(void)status;
	return json_number_at(root, "status") == 1;
}

static const struct notify_hint pushover_hints[] = {
	{200, "; the answer is not Pushover's; check the URL"},
	{400, "; check the token and the key of the user"},
	{429, "; the application's messages of this month are used up"},
	{0},
};

/* ---- all ---- */

const struct notify_service notify_services[] = {
	{.name = "webhook", .token_field = BEARER, .body = webhook_body},
	{.name = "ntfy",
	 .url_fault = ntfy_url_fault,
	 .post_url = ntfy_post_url,
	 .token_field = BEARER,
	 .text_max = NTFY_MESSAGE_MAX,
	 .body = ntfy_body},
	{.name = "gotify",
	 .access_fault = gotify_access_fault,
	 .post_url = gotify_post_url,
	 .token_field = "X-Gotify-Key: ",
	 .body = gotify_body},
	{.name = "discord",
	 .url_fault = discord_url_fault,
	 .access_fault = discord_access_fault,
	 .post_url = discord_post_url,
	 .body = discord_body,
	 .hints = discord_hints},
	{.name = "apprise",
	 .url_fault = apprise_url_fault,
	 .token_field = BEARER,
	 .body = apprise_body,
	 .hints = apprise_hints,
	 .took = apprise_took},
	{.name = "pushover",
	 .url_fault = pushover_url_fault,
	 .access_fault = pushover_access_fault,
	 .post_url = pushover_post_url,
	 .body = pushover_body,
	 .hints = pushover_hints,
	 .took = pushover_took},
	{.name = NULL},
};
