#include "ports/notify.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"
#include "ports/notify_parts.h"

#include <stdio.h>
#include <string.h>

#define ANSWER_MAX_BYTES (64 * 1024) /* Discord sends the whole message back */

struct notify {
	struct http *http; /* owned */
};

struct notify *notify_open(const char *ca_file, struct wake *wake, struct err *err)
{
	const struct http_options options = {.ca_file = ca_file,
					     .and_system = true,
					     .user_agent = "ptp-archiver/" PTP_ARCHIVER_VERSION,
					     .wake = wake};
	struct notify *n = mem_alloc(sizeof *n);

	n->http = http_open(&options, err);
	if (n->http)
		return n;
	notify_close(n);
	return NULL;
}

void notify_close(struct notify *n)
{
	if (!n)
		return;
	http_close(n->http);
	free(n);
}

/* ---- an answer ---- */

static const char *find_hint(const struct notify_hint *row, long status)
{
	while (row->status && row->status != status)
		row++;
	return row->status ? row->text : NULL;
}

/* What a person can do about a status that will be the same next time. */
static const char *hint(const struct notify_target *t, long status)
{
	static const struct notify_hint common[] = {
		{401, "; check the token"},
		{403, "; check the token"},
		{404, "; check the URL"},
		{405, "; check the URL"},
		{0},
	};
	const struct notify_hint *own = t->service->hints;
	const char *text = own ? find_hint(own, status) : NULL;

	if (!text)
		text = find_hint(common, status);
	return text ? text : "";
}

/* When the service wants to be called again; 0: it does not say. */
static int64_t asked_rest(const struct http_reply *reply)
{
	int64_t now = clock_now();
	int64_t when =
		http_retry_after(reply->retry_after, now, reply->date, NOTIFY_REST_MAX_MS, NULL);

	if (when || reply->status != 429)
		return when;
	json_t *json = json_loadb(buf_text(&reply->body), reply->body.len, 0, NULL);
	double seconds = json_number_value(json_object_get(json, "retry_after"));
	json_decref(json);
	if (!(seconds > 0))
		return 0;
	return seconds > NOTIFY_REST_MAX_MS / 1000.0 ? now + NOTIFY_REST_MAX_MS
						     : now + (int64_t)(seconds * 1000) + 1;
}

static enum notify_verdict judge(const struct notify_target *t, const struct http_reply *reply,
				 char why[200])
{
	long s = reply->status;

	if (s >= 200 && s < 300 && (!t->service->took || t->service->took(s, &reply->body)))
		return NOTIFY_SENT;
	if (s >= 300 && s < 400)
		snprintf(why, 200, "HTTP %ld: it leads elsewhere; write the URL that it leads to",
			 s);
	else
		snprintf(why, 200, "HTTP %ld%s", s, hint(t, s));
	return s == 408 || s == 429 || s >= 500 ? NOTIFY_LATER : NOTIFY_REFUSED;
}

/* ---- a request ---- */

static json_t *body_json(const struct notify_target *t, const struct event *e)
{
	size_t max = t->service->text_max ? t->service->text_max : EVENT_TEXT_MAX;
	OWN_STR char *title = text_printable(e->title, strlen(e->title), EVENT_TITLE);
	OWN_STR char *text = text_printable_lines(e->text ? e->text : "", max);
	const struct notify_words words = {title, text};

	return t->service->body(t, e, &words);
}

static char *post_url(const struct notify_target *t)
{
	const char *url = secret_reveal(&t->url);

	return t->service->post_url ? t->service->post_url(url, notify_path_end(url))
				    : mem_dup(url);
}

static void add_header(struct notify_request *r, const char *name, const char *value)
{
	OWN_WIPED char *line = mem_printf("%s%s", name, value);

	secret_set(&r->headers[r->n_headers++], line);
}

static void add_credentials(const struct notify_target *t, struct notify_request *r)
{
	const char *word = secret_reveal(&t->basic);
	OWN_WIPED char *encoded = word ? base64_encode(word, strlen(word)) : NULL;

	mask_learn(encoded);
	if (encoded)
		add_header(r, "Authorization: Basic ", encoded);
	else if (secret_is_set(&t->token) && t->service->token_field)
		add_header(r, t->service->token_field, secret_reveal(&t->token));
}

void notify_build(const struct notify_target *t, const struct event *e, struct notify_request *r)
{
	json_t *json = body_json(t, e);
	OWN_WIPED char *url = post_url(t);

	*r = (struct notify_request){0};
	secret_set(&r->url, url);
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
	/* The body of some services holds a secret. */
	secret_wipe_text(&r->body);
	*r = (struct notify_request){0};
}

/* ---- one message ---- */

enum notify_verdict notify_send(struct notify *n, const struct notify_target *t,
				const struct event *e, char why[200], int64_t *rest)
{
	const char *headers[NOTIFY_HEADERS + 1] = {NULL};
	OWN(notify_request_clear) struct notify_request r = {0};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	struct err err;

	why[0] = '\0';
	*rest = 0;
	notify_build(t, e, &r);
	for (size_t i = 0; i < r.n_headers; i++)
		headers[i] = secret_reveal(&r.headers[i]);
	const struct http_request request = {.url = secret_reveal(&r.url),
					     .headers = headers,
					     .body = r.body,
					     .body_len = strlen(r.body),
					     .connect_ms = NOTIFY_MS,
					     .stall_s = NOTIFY_MS / 1000,
					     .total_ms = NOTIFY_MS,
					     .max_body = ANSWER_MAX_BYTES,
					     .gives_way = true};
	if (!http_perform(n->http, &request, &reply, &err)) {
		text_copy(why, 200, err.msg);
		return err.kind == ERR_RETRY ? NOTIFY_LATER : NOTIFY_REFUSED;
	}
	enum notify_verdict verdict = judge(t, &reply, why);
	*rest = verdict == NOTIFY_LATER ? asked_rest(&reply) : 0;
	return verdict;
}
