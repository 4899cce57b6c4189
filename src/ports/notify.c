#include "ports/notify.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <jansson.h>
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

/* What a person can do about a status that will be the same next time. */
static const char *hint(const struct notify_target *t, long status)
{
	if (status == 401 || status == 403)
		return t->service == NOTIFY_DISCORD ? "; is the webhook's URL whole?"
						    : "; check the token";
	if (status == 404 || status == 405)
		return "; check the URL";
	if (status == 204)
		return "; nothing is configured there under this key";
	if (status == 424)
		return "; one of the services behind it failed";
	return "";
}

/* When the service wants to be called again; 0: it does not say. */
static int64_t asked_rest(const struct http_reply *reply)
{
	int64_t now = clock_now();
	int64_t when = http_retry_after(reply->retry_after, now, NOTIFY_REST_MAX_MS);

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
	bool nothing = s == 204 && t->service == NOTIFY_APPRISE;

	if (s >= 200 && s < 300 && !nothing)
		return NOTIFY_SENT;
	if (s >= 300 && s < 400)
		snprintf(why, 200, "HTTP %ld: it leads elsewhere; write the URL that it leads to",
			 s);
	else
		snprintf(why, 200, "HTTP %ld%s", s, hint(t, s));
	return s == 408 || s == 429 || s >= 500 ? NOTIFY_LATER : NOTIFY_REFUSED;
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
