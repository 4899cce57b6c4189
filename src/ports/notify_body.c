/* What each service is sent; declared in ports/notify.h. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"
#include "ports/notify_parts.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Limits of the services (see notify.h); those of text are in bytes where nothing else is said. */
#define NTFY_MESSAGE_MAX 4000
#define DISCORD_CONTENT_MAX 2000 /* UTF-16 units, which is the strictest way of counting */
#define GOTIFY_MESSAGE_MAX EVENT_TEXT_MAX
#define SCHEMA_VERSION 1
#define DISCORD_NO_PREVIEWS 4

/* ---- texts ---- */

/* Into Discord's markdown, as it stands: a backslash takes the meaning from what follows it.
 * false: it does not fit. */
static bool add_escaped(struct buf *out, const char *text, size_t *units, size_t max)
{
	for (size_t len = strlen(text); len;) {
		size_t n = text_utf8_len(text, len);
		bool escaped = strchr("\\`*_~|<>[]()#-", *text) != NULL;
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

static char *discord_content(const char *title, const char *text)
{
	OWN_BUF struct buf out = BUF_MAX(8 * DISCORD_CONTENT_MAX);
	size_t units = strlen("**") * 2 + strlen("\n");

	buf_puts(&out, "**");
	(void)!add_escaped(&out, title, &units, DISCORD_CONTENT_MAX / 2);
	buf_puts(&out, "**\n");
	/* Room for the sign that something was cut. */
	if (!add_escaped(&out, text, &units, DISCORD_CONTENT_MAX - 1))
		buf_puts(&out, "…");
	return buf_take(&out);
}

/* ---- bodies ---- */

static json_t *webhook_json(const struct event *e, const char *title, const char *text)
{
	static const char *const levels[] = {[EVENT_GOOD] = "good",
					     [EVENT_INFO] = "info",
					     [EVENT_WARNING] = "warning",
					     [EVENT_ERROR] = "error"};
	char when[CLOCK_TEXT];

	clock_format_utc(e->at, when);
	return json_pack("{s:i s:s s:s s:I s:s s:s s:s s:s s:s s:s}", "schema", SCHEMA_VERSION,
			 "program", "ptp-archiver", "program_version", PTP_ARCHIVER_VERSION, "id",
			 (json_int_t)e->id, "time", when, "kind", event_kind_name(e->kind), "event",
			 e->name, "level", levels[e->level], "title", title, "message", text);
}

static json_t *ntfy_json(const struct notify_target *t, const struct event *e, const char *title,
			 const char *text)
{
	static const struct {
		int priority;
		const char *tag;
	} by_level[] = {[EVENT_GOOD] = {3, "white_check_mark"},
			[EVENT_INFO] = {3, "information_source"},
			[EVENT_WARNING] = {4, "warning"},
			[EVENT_ERROR] = {4, "rotating_light"}};
	const char *url = secret_reveal(&t->url);
	size_t end = notify_path_end(url), begin = end;

	while (url[begin - 1] != '/')
		begin--;
	OWN_STR char *topic = mem_dupn(url + begin, end - begin);
	json_t *all = json_pack("{s:s s:s s:s s:i s:[s]}", "topic", topic, "title", title,
				"message", text, "priority", by_level[e->level].priority, "tags",
				by_level[e->level].tag);
	secret_wipe(topic, strlen(topic));
	return all;
}

static json_t *gotify_json(const struct event *e, const char *title, const char *text)
{
	static const int priorities[] = {
		[EVENT_GOOD] = 4, [EVENT_INFO] = 4, [EVENT_WARNING] = 6, [EVENT_ERROR] = 8};

	return json_pack("{s:s s:s s:i s:{s:{s:s}}}", "title", title, "message", text, "priority",
			 priorities[e->level], "extras", "client::display", "contentType",
			 "text/plain");
}

static json_t *discord_json(const char *title, const char *text)
{
	OWN_STR char *content = discord_content(title, text);

	return json_pack("{s:s s:i s:{s:[]}}", "content", content, "flags", DISCORD_NO_PREVIEWS,
			 "allowed_mentions", "parse");
}

static json_t *apprise_json(const struct event *e, const char *title, const char *text)
{
	static const char *const types[] = {[EVENT_GOOD] = "success",
					    [EVENT_INFO] = "info",
					    [EVENT_WARNING] = "warning",
					    [EVENT_ERROR] = "failure"};

	return json_pack("{s:s s:s s:s s:s}", "title", title, "body", text, "type", types[e->level],
			 "format", "text");
}

static json_t *body_json(const struct notify_target *t, const struct event *e)
{
	size_t max = t->service == NOTIFY_NTFY ? NTFY_MESSAGE_MAX : EVENT_TEXT_MAX;
	OWN_STR char *title = text_printable(e->title, strlen(e->title), EVENT_TITLE);
	OWN_STR char *text = text_printable_lines(e->text ? e->text : "", max);

	switch (t->service) {
	case NOTIFY_NTFY:
		return ntfy_json(t, e, title, text);
	case NOTIFY_GOTIFY:
		return gotify_json(e, title, text);
	case NOTIFY_DISCORD:
		return discord_json(title, text);
	case NOTIFY_APPRISE:
		return apprise_json(e, title, text);
	default:
		return webhook_json(e, title, text);
	}
}

/* ---- where to, and with which headers ---- */

/* The topic goes into the body. */
static char *ntfy_url(const char *url, size_t end)
{
	size_t base = end;

	while (url[base - 1] != '/')
		base--;
	return mem_printf("%.*s%s", (int)base, url, url + end);
}

static char *gotify_url(const char *url, size_t end)
{
	const size_t len = strlen("/message");
	size_t base = end;

	while (url[base - 1] == '/')
		base--;
	if (base >= len && strncmp(url + base - len, "/message", len) == 0)
		base -= len;
	return mem_printf("%.*s/message%s", (int)base, url, url + end);
}

static char *discord_url(const char *url, size_t end)
{
	if (strstr(url + end, "wait="))
		return mem_dup(url);
	return mem_printf("%s%cwait=true", url, url[end] ? '&' : '?');
}

static char *own_url(const struct notify_target *t)
{
	const char *url = secret_reveal(&t->url);
	size_t end = notify_path_end(url);

	switch (t->service) {
	case NOTIFY_NTFY:
		return ntfy_url(url, end);
	case NOTIFY_GOTIFY:
		return gotify_url(url, end);
	case NOTIFY_DISCORD:
		return discord_url(url, end);
	default:
		return mem_dup(url);
	}
}

static void add_header(struct notify_request *r, const char *name, const char *value)
{
	char *line = mem_printf("%s%s", name, value);

	secret_set(&r->headers[r->n_headers++], line);
	secret_wipe(line, strlen(line));
	free(line);
}

static void add_credentials(const struct notify_target *t, struct notify_request *r)
{
	const char *word = secret_reveal(&t->basic);

	if (word) {
		char *encoded = base64_encode(word, strlen(word));
		add_header(r, "Authorization: Basic ", encoded);
		secret_wipe(encoded, strlen(encoded));
		free(encoded);
	} else if (secret_is_set(&t->token)) {
		add_header(r,
			   t->service == NOTIFY_GOTIFY ? "X-Gotify-Key: "
						       : "Authorization: Bearer ",
			   secret_reveal(&t->token));
	}
}

void notify_build(const struct notify_target *t, const struct event *e, struct notify_request *r)
{
	json_t *json = body_json(t, e);
	char *url = own_url(t);

	*r = (struct notify_request){0};
	secret_set(&r->url, url);
	secret_wipe(url, strlen(url));
	free(url);
	add_header(r, "Content-Type: ", "application/json");
	add_credentials(t, r);
	r->body = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (!r->body)
		r->body = mem_dup("{}");
}

void notify_request_clear(struct notify_request *r)
{
	secret_clear(&r->url);
	for (size_t i = 0; i < r->n_headers; i++)
		secret_clear(&r->headers[i]);
	/* An ntfy topic is a secret, too. */
	if (r->body)
		secret_wipe(r->body, strlen(r->body));
	free(r->body);
	*r = (struct notify_request){0};
}
