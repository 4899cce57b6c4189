#include "ports/notify.h"

#include "base/clock.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Limits: tries, times, sizes. */
#define TRIES 3
#define FIRST_WAIT_MS 1000 /* doubled for each further try */
#define CONNECT_MS 4000
#define STALL_S 10
#define ANSWER_MAX_BYTES (64 * 1024) /* Discord sends the whole message back */

struct notify {
	struct http *http; /* owned */
	struct wake *wake; /* borrowed */
};

struct notify *notify_open(const char *ca_file, struct wake *wake, struct err *err)
{
	const struct http_options options = {.ca_file = ca_file,
					     .and_system = true,
					     .user_agent = "ptp-archiver/" PTP_ARCHIVER_VERSION,
					     .wake = wake};
	struct notify *n = mem_alloc(sizeof *n);

	n->wake = wake;
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

static int less(int64_t a, int64_t b)
{
	return (int)(a < b ? a : b);
}

static enum notify_verdict try_once(struct notify *n, const struct notify_target *t,
				    const struct notify_request *r, int ms, char why[200],
				    int64_t *rest)
{
	const char *headers[NOTIFY_HEADERS + 1] = {NULL};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	struct err err;

	for (size_t i = 0; i < r->n_headers; i++)
		headers[i] = secret_reveal(&r->headers[i]);
	const struct http_request request = {.url = secret_reveal(&r->url),
					     .headers = headers,
					     .body = r->body,
					     .body_len = strlen(r->body),
					     .connect_ms = less(ms, CONNECT_MS),
					     .stall_s = STALL_S,
					     .total_ms = ms,
					     .max_body = ANSWER_MAX_BYTES};
	if (!http_perform(n->http, &request, &reply, &err)) {
		text_copy(why, 200, err.msg);
		return err.kind == ERR_RETRY ? NOTIFY_LATER : NOTIFY_REFUSED;
	}
	enum notify_verdict verdict = judge(t, &reply, why);
	*rest = verdict == NOTIFY_LATER ? asked_rest(&reply) : 0;
	return verdict;
}

/* How long to wait before the next try: at least `wait`, and as long as the service asks for. */
static int64_t next_wait(int64_t wait, int64_t rest)
{
	int64_t asked = rest ? rest - clock_now() : 0;

	return asked > wait ? asked : wait;
}

enum notify_verdict notify_send(struct notify *n, const struct notify_target *t,
				const struct event *e, int budget_ms, char why[200], int64_t *rest)
{
	OWN(notify_request_clear) struct notify_request r = {0};
	int64_t end = clock_monotonic() + budget_ms, wait = FIRST_WAIT_MS;
	struct err stopped;

	why[0] = '\0';
	*rest = 0;
	notify_build(t, e, &r);
	for (int i = 0;; i++, wait *= 2) {
		int64_t left = end - clock_monotonic();
		if (left <= 0)
			return NOTIFY_LATER;
		/* A time-out leaves room for another try. */
		int once = less(left, budget_ms * 3 / 5);
		enum notify_verdict verdict = try_once(n, t, &r, once, why, rest);
		if (verdict != NOTIFY_LATER || i == TRIES - 1)
			return verdict;
		int64_t pause = next_wait(wait, *rest);
		if (clock_monotonic() + pause >= end || !wake_sleep(n->wake, pause, &stopped))
			return verdict;
	}
}
