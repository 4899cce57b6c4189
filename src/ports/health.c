#include "ports/health.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/http.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

#include <stdio.h>
#include <string.h>

/* Limits: tries, times, sizes. */
#define TRIES 4
#define FIRST_WAIT_MS 1000 /* doubled for each further try */
#define START_BUDGET_MS 5000
#define END_BUDGET_MS 10000
#define LAST_CALL_MS 1000 /* for one try while we are being stopped */
#define CONNECT_MS 4000
#define BODY_LIMIT_UNKNOWN 10000
#define BODY_LIMIT_MAX (1024 * 1024)
#define ANSWER_MAX_BYTES (64 * 1024)
#define PING_KEY_LEN 22
#define SECRET_PART_MIN 6 /* shorter parts of a ping URL, such as "ping", are no secret */

struct health {
	struct secret url; /* without user and password; unset: there is none */
	char *user;        /* owned; NULL: there is none */
	struct secret password;
	const struct secret *all; /* borrowed: as it was set */
	struct http *http;        /* owned */
	struct wake *wake;        /* borrowed */
	size_t body_limit;
	char rid[37];
	char why[200]; /* why the last ping was not recorded */
};

/* The user and password of a URL: where they begin and end ("https://USER:PASSWORD@host"). */
static bool find_user(const char *url, size_t *from, size_t *to)
{
	const char *host = strstr(url, "://");
	const char *at = host ? memrchr(host + 3, '@', strcspn(host + 3, "/?#")) : NULL;

	if (!at)
		return false;
	*from = (size_t)(host + 3 - url);
	*to = (size_t)(at - url);
	return true;
}

/* Keeps the URL, and the user and password in it apart from it. */
static void take_url(struct health *h, const char *url)
{
	size_t from, to;

	secret_set(&h->url, url);
	if (!find_user(url, &from, &to))
		return;
	OWN_WIPED char *bare = mem_printf("%.*s%s", (int)from, url, url + to + 1);
	OWN_WIPED char *user = mem_dupn(url + from, to - from);
	char *colon = strchr(user, ':');
	OWN_WIPED char *password = text_percent_decoded(colon ? colon + 1 : "");
	if (colon)
		*colon = '\0';
	h->user = text_percent_decoded(user);
	secret_set(&h->url, bare);
	secret_set(&h->password, password);
}

struct health *health_open(const struct secret *url, const char *ca_file, struct wake *wake,
			   struct err *err)
{
	const struct http_options options = {.ca_file = ca_file,
					     .and_system = true,
					     .user_agent = "ptp-archiver/" PTP_ARCHIVER_VERSION,
					     .wake = wake};
	struct health *h = mem_alloc(sizeof *h);

	h->all = url;
	if (secret_is_set(url))
		take_url(h, secret_reveal(url));
	h->wake = wake;
	h->body_limit = BODY_LIMIT_UNKNOWN;
	h->http = http_open(&options, err);
	if (h->http)
		return h;
	health_close(h);
	return NULL;
}

void health_close(struct health *h)
{
	if (!h)
		return;
	http_close(h->http);
	secret_clear(&h->url);
	secret_clear(&h->password);
	free(h->user);
	free(h);
}

/* A random UUID, version 4 (RFC 9562). */
static void new_rid(char out[37])
{
	uint8_t b[16];
	char hex[33];

	hash_random(b, sizeof b);
	b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
	hash_hex(b, sizeof b, hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* The path goes before a query that the URL may have, the rid behind it. */
static char *ping_url(const struct health *h, const char *suffix)
{
	const char *url = secret_reveal(&h->url);
	size_t path = strcspn(url, "?#");
	size_t query = strcspn(url + path, "#");
	size_t base = path;

	while (base && url[base - 1] == '/')
		base--;
	return mem_printf("%.*s%s%.*s%crid=%s", (int)base, url, suffix, (int)query, url + path,
			  query ? '&' : '?', h->rid);
}

static void learn_limit(struct health *h, const struct http_reply *reply)
{
	uint64_t limit;

	if (num_u64(reply->kept, BODY_LIMIT_MAX, &limit))
		h->body_limit = limit;
}

enum verdict { RECORDED, AGAIN, REFUSED };

/* hc-ping.com says 200 and "OK (not found)" for a UUID without a check, and "OK (rate limited)"
 * for a ping that it did not record. */
static bool is_unknown(const char *text)
{
	return text_has_nocase(text, "not found") && !text_is_page(text, strlen(text));
}

static bool is_limited(const char *text)
{
	return text_has_nocase(text, "rate limited") || text_has_nocase(text, "rate-limited");
}

/* Does an answer repeat a part of the ping URL, which is secret? */
static bool repeats_secret(const struct health *h, const char *text)
{
	char *url = mem_dup(secret_reveal(h->all)), *save = NULL;
	bool repeats = false;

	for (char *part = strtok_r(url, "/?#&=:@", &save); part;
	     part = strtok_r(NULL, "/?#&=:@", &save))
		repeats |= strlen(part) >= SECRET_PART_MIN && strstr(text, part);
	secret_wipe(url, strlen(secret_reveal(h->all)));
	free(url);
	return repeats;
}

static enum verdict judge(const struct health *h, const struct http_reply *reply, const char *what)
{
	const char *text = buf_text(&reply->body);
	long s = reply->status;

	if (s >= 200 && s < 300 && !is_unknown(text)) {
		if (is_limited(text))
			log_warn(NULL, "Healthchecks did not record the %s ping: rate limited",
				 what);
		return RECORDED;
	}
	if (s == 408 || s == 429 || s >= 500)
		return AGAIN;
	OWN_STR char *says = text_printable(text, reply->body.len < 60 ? reply->body.len : 60, 60);
	bool quotable = !strchr(says, '<') && !repeats_secret(h, text);
	log_warn(NULL,
		 "Healthchecks refuses the %s ping: HTTP %ld%s%s; check the ping URL (HC_URL)",
		 what, s, quotable ? " " : "", quotable ? says : "");
	return REFUSED;
}

static enum verdict try_once(struct health *h, const struct http_request *request, const char *what,
			     char why[200])
{
	OWN_HTTP_REPLY struct http_reply reply = {0};
	struct err err;

	if (!http_perform(h->http, request, &reply, &err)) {
		text_copy(why, 200, err.msg);
		return err.kind == ERR_RETRY ? AGAIN : REFUSED;
	}
	snprintf(why, 200, "HTTP %ld", reply.status);
	learn_limit(h, &reply);
	return judge(h, &reply, what);
}

/* One ping, being tried. */
struct attempt {
	char *url;        /* owned, wiped */
	char *body;       /* owned */
	const char *what; /* for messages */
	int64_t end;      /* of the time budget, on the monotonic clock */
	int once_ms;      /* limit for one try, so that a time-out leaves room for another */
};

static void attempt_clear(struct attempt *a)
{
	secret_wipe(a->url, strlen(a->url));
	free(a->url);
	free(a->body);
}

static int less(int64_t a, int64_t b)
{
	return (int)(a < b ? a : b);
}

static struct http_request request_of(const struct health *h, const struct attempt *a, int ms,
				      bool to_the_end)
{
	static const char *const headers[] = {"Content-Type: text/plain; charset=utf-8", NULL};

	return (struct http_request){.url = a->url,
				     .headers = headers,
				     .user = h->user,
				     .password = &h->password,
				     .body = a->body,
				     .body_len = strlen(a->body),
				     .connect_ms = less(ms, CONNECT_MS),
				     .stall_s = END_BUDGET_MS / 1000,
				     .total_ms = ms,
				     .max_body = ANSWER_MAX_BYTES,
				     .max_redirects = 2,
				     .keep = "Ping-Body-Limit",
				     .to_the_end = to_the_end};
}

static enum verdict try_within(struct health *h, const struct attempt *a, int ms, bool to_the_end,
			       char why[200])
{
	const struct http_request request = request_of(h, a, ms, to_the_end);

	return try_once(h, &request, a->what, why);
}

/* AGAIN: it could not be recorded.  *why says why it was not. */
static enum verdict try_all(struct health *h, const struct attempt *a, char why[200])
{
	int64_t wait = FIRST_WAIT_MS;
	struct err stopped;

	for (int i = 0; i < TRIES; i++, wait *= 2) {
		int64_t left = a->end - clock_monotonic();
		if (left <= 0)
			return AGAIN;
		enum verdict verdict = try_within(h, a, less(left, a->once_ms), false, why);
		if (verdict != AGAIN || i == TRIES - 1 || clock_monotonic() + wait >= a->end ||
		    !wake_sleep(h->wake, wait, &stopped))
			return verdict;
	}
	return AGAIN;
}

static const char *ping(struct health *h, const char *suffix, const char *what, const char *body,
			int budget_ms)
{
	text_copy(h->why, sizeof h->why, "there was no time for it");
	if (!secret_is_set(&h->url))
		return NULL;
	OWN(attempt_clear)
	struct attempt a = {.url = ping_url(h, suffix),
			    .body = text_printable_lines(body, h->body_limit),
			    .what = what,
			    .end = clock_monotonic() + budget_ms,
			    .once_ms = budget_ms * 3 / 5};
	enum verdict verdict = try_all(h, &a, h->why);
	/* We are being stopped: one last short try, or the check would hang in "started". */
	if (verdict == AGAIN && wake_stopping(h->wake))
		verdict = try_within(h, &a, LAST_CALL_MS, true, h->why);
	if (verdict == AGAIN)
		log_warn(NULL, "the %s ping to Healthchecks failed: %s", what, h->why);
	return verdict == RECORDED ? NULL : h->why;
}

void health_start(struct health *h, const char *body)
{
	new_rid(h->rid);
	ping(h, "/start", "start", body, START_BUDGET_MS);
}

static const char *end_ping(struct health *h, const char *suffix, const char *what,
			    const char *body)
{
	if (!h->rid[0])
		new_rid(h->rid);
	return ping(h, suffix, what, body, END_BUDGET_MS);
}

const char *health_success(struct health *h, const char *body)
{
	return end_ping(h, "", "success", body);
}

const char *health_fail(struct health *h, const char *body)
{
	return end_ping(h, "/fail", "failure", body);
}

void health_log(struct health *h, const char *body)
{
	ping(h, "/log", "log", body, LAST_CALL_MS);
}

bool health_test(struct health *h, const char *body, struct health_test *t, struct err *err)
{
	OWN_HTTP_REPLY struct http_reply reply = {0};

	new_rid(h->rid);
	OWN(attempt_clear)
	struct attempt a = {.url = ping_url(h, "/log"),
			    .body = text_printable_lines(body, h->body_limit)};
	const struct http_request request = request_of(h, &a, END_BUDGET_MS, false);

	*t = (struct health_test){0};
	if (!http_perform(h->http, &request, &reply, err)) {
		t->trouble = http_trouble(h->http);
		return false;
	}
	const char *text = buf_text(&reply.body);
	bool well = reply.status >= 200 && reply.status < 300;
	t->status = reply.status;
	t->date = reply.date;
	t->page = text[strspn(text, " \t\r\n")] == '<';
	t->limited = (well && is_limited(text)) || reply.status == 429;
	t->unknown = (well && is_unknown(text)) || reply.status == 404;
	t->recorded = well && !t->limited && !t->unknown && !t->page;
	return true;
}

/* ---- the URL ---- */

/* Where the path of a URL ends, without the slashes that may end it. */
static size_t path_end(const char *url)
{
	size_t len = strcspn(url, "?#");

	while (len && url[len - 1] == '/')
		len--;
	return len;
}

/* Where the last part of a path of `len` bytes begins. */
static size_t last_part(const char *path, size_t len)
{
	while (len && path[len - 1] != '/')
		len--;
	return len;
}

/* A number there is an exit status, unless it is the slug behind a ping key. */
static bool is_exit_status(const char *path, size_t from, size_t end)
{
	size_t above = from ? last_part(path, from - 1) : 0;

	return end > from && end - from <= 3 && strspn(path + from, "0123456789") >= end - from &&
	       from - 1 - above != PING_KEY_LEN;
}

static const char *event_fault(const char *path)
{
	static const struct {
		const char *event, *fault;
	} rows[] = {
#define ENDS_IN(event)                                                                       \
	{event, "ends in /" event ", which the program adds by itself; take /" event " off " \
		"its end: the ping URL ends in the check's UUID, or in a ping key and a slug"}
		ENDS_IN("start"), ENDS_IN("fail"), ENDS_IN("log")};
	size_t end = path_end(path), from = last_part(path, end);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strlen(rows[i].event) == end - from &&
		    memcmp(path + from, rows[i].event, end - from) == 0)
			return rows[i].fault;
	return is_exit_status(path, from, end)
		       ? "ends in an exit status, which the program does not send; take the number "
			 "off its end: the ping URL ends in the check's UUID, or in a ping key and "
			 "a slug"
		       : NULL;
}

const char *health_url_fault(const char *url)
{
	struct http_url parts;
	struct err err;
	OWN_URL struct url u = {0};

	if (!http_url_parse(url, &parts, &err) || !url_read(url, &u))
		return "is not a complete URL that begins with https:// (or http://)";
	return u.path[strspn(u.path, "/")]
		       ? event_fault(url)
		       : "has no path: it must end in a check's UUID, or in a ping key and a slug";
}
