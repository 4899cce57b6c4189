#include "ports/engine_native.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "model/proof.h"

#include <stdio.h>
#include <string.h>

/* Limits: the sizes of answers, the parts of a request's time. */
#define REPLY_MAX_BYTES (8 * 1024 * 1024)
#define CONNECT_MS 15000
#define STALL_S 30
#define MAX_REDIRECTS 3
#define RETRY_AFTER_MAX_MS (24 * 3600 * INT64_C(1000))
#define LOGGED_REPLY_BYTES 2000

struct native {
	struct engine base;
	struct http *http; /* owned */
	struct engine_tracker tracker;
	char *fetch_url, *download_url; /* owned: with a query, which parameters are appended to */
	bool (*before_redirect)(void *ctx, struct err *err);
	void *ctx;
};

static char *url_of(const struct native *n, const char *relative)
{
	size_t base = strlen(n->tracker.base_url);

	while (base && n->tracker.base_url[base - 1] == '/')
		base--;
	while (*relative == '/')
		relative++;
	return mem_printf("%.*s/%s", (int)base, n->tracker.base_url, relative);
}

static int less(int a, int b)
{
	return a < b ? a : b;
}

static bool get(struct native *n, const char *url, size_t max_body, struct http_reply *reply,
		struct err *err)
{
	OWN_WIPED char *user = mem_printf("ApiUser: %s", secret_reveal(n->tracker.user));
	OWN_WIPED char *key = mem_printf("ApiKey: %s", secret_reveal(n->tracker.key));
	const char *const headers[] = {user, key, NULL};
	const struct http_request request = {
		.url = url,
		.headers = headers,
		.connect_ms = less(CONNECT_MS, n->tracker.timeout_ms),
		.stall_s = less(STALL_S, (n->tracker.timeout_ms + 999) / 1000),
		.total_ms = n->tracker.timeout_ms,
		.max_body = max_body,
		.max_redirects = MAX_REDIRECTS,
		.before_redirect = n->before_redirect,
		.ctx = n->ctx,
	};

	n->base.failure = (struct engine_failure){0};
	n->base.server_time = 0;
	if (http_perform(n->http, &request, reply, err)) {
		n->base.server_time = reply->date;
		return true;
	}
	n->base.failure.trouble = http_trouble(n->http);
	bool network = err->code == WORD_NETWORK || err->code == WORD_TLS;
	n->base.failure.back_off = network || err->code == WORD_TIMEOUT;
	n->base.failure.may_have_assigned = http_may_have_arrived(n->http);
	return false;
}

/* A guard that passes answers on can refuse by itself, with a 4xx.  Its 5xx say that the tracker
 * did not answer it, and garbage with a 200 is more likely the tracker's. */
static enum reply_page page_of(const struct http_reply *reply)
{
	bool refuses = reply->status >= 400 && reply->status < 500;
	bool counts = refuses || reply->guard == HTTP_GUARD_ANSWERS;

	return reply_page(buf_text(&reply->body), reply->body.len,
			  counts ? reply->guard : HTTP_NO_GUARD);
}

static bool check_status(struct native *n, const struct http_reply *reply, struct err *err)
{
	long s = reply->status;

	if (s == 200)
		return true;
	n->base.failure = (struct engine_failure){
		.status = s,
		.back_off = s == 401 || s == 403 || s == 429 || s >= 500,
		.page = page_of(reply),
	};
	struct engine_failure *f = &n->base.failure;
	f->retry_after = http_retry_after(reply->retry_after, clock_now(), reply->date,
					  RETRY_AFTER_MAX_MS, &f->is_date);
	if (s == 401)
		return err_set(err, ERR_RETRY, WORD_AUTH,
			       "HTTP 401: the tracker does not accept ApiUser and ApiKey "
			       "(PTP_USER, PTP_KEY)");
	if (reply->redirect_host[0])
		return err_http(
			err, ERR_RETRY, (int)s,
			"HTTP %ld: a redirect to %s, which is not followed: only a few are, and "
			"only within the tracker",
			s, reply->redirect_host);
	return err_http(err, ERR_RETRY, (int)s, "HTTP %ld%s", s,
			reply_page_words(n->base.failure.page));
}

static char *masked(const char *text, size_t len)
{
	return secret_mask(text, len, LOGGED_REPLY_BYTES);
}

static void log_strange_reply(const struct http_reply *reply)
{
	OWN_STR char *body = masked(buf_text(&reply->body), reply->body.len);
	OWN_STR char *type = masked(reply->content_type, strlen(reply->content_type));

	log_warn(NULL, "the tracker's answer was (%zu bytes, %s): %s", reply->body.len,
		 *type ? type : "no content type", body);
}

/* An error's text goes into the log and the ping. */
static void mask_message(struct reply *reply)
{
	OWN_STR char *text = masked(reply->message, strlen(reply->message));

	text_copy(reply->message, sizeof reply->message, text);
}

static bool may_hide_an_assignment(const struct http_reply *got)
{
	const struct proof_answer answer = {.status = got->status,
					    .redirects = got->redirects,
					    .bytes = buf_text(&got->body),
					    .len = got->body.len,
					    .guard = got->guard};

	return proof_of_answer(&answer) == PROOF_NONE;
}

/* Whatever came in place of an answer, the next question would meet it, too. */
static bool no_answer(struct native *n, const struct http_reply *got, const struct err *why)
{
	n->base.failure.back_off |= !err_is_stop(why);
	if (got->status)
		n->base.failure.may_have_assigned = may_hide_an_assignment(got);
	return false;
}

static bool native_assign(struct engine *e, const struct container *c, struct reply *reply,
			  struct err *err)
{
	struct native *n = (struct native *)e;
	OWN_HTTP_REPLY struct http_reply got = {0};
	OWN_STR char *name = url_escape(c->name);
	OWN_STR char *base = url_of(n, n->fetch_url);
	OWN_STR char *url = mem_printf("%s&ContainerName=%s&ContainerSize=%s&MaxStalled=%u", base,
				       name, c->size, c->max_stalled);

	if (!get(n, url, REPLY_MAX_BYTES, &got, err) || !check_status(n, &got, err))
		return no_answer(n, &got, err);
	if (reply_read_fetch(buf_text(&got.body), got.body.len, reply, err)) {
		mask_message(reply);
		return true;
	}
	log_strange_reply(&got);
	n->base.failure.page = page_of(&got);
	return no_answer(n, &got, err);
}

static bool native_download(struct engine *e, const char *torrent_id, const char *archive_id,
			    struct buf *bytes, char **name, struct err *err)
{
	struct native *n = (struct native *)e;
	OWN_HTTP_REPLY struct http_reply got = {0};
	OWN_STR char *base = url_of(n, n->download_url);
	OWN_STR char *url = mem_printf("%s&id=%s&ArchiveID=%s", base, torrent_id, archive_id);

	if (!get(n, url, bytes->max, &got, err) || !check_status(n, &got, err))
		return false;
	size_t max = bytes->max;
	buf_clear(bytes);
	*bytes = got.body;
	bytes->max = max;
	got.body = (struct buf){0};
	*name = OWN_TAKE(got.disposition);
	return true;
}

/* Its error's own words, where it has any. */
static bool quote(const char *message, struct err *err)
{
	OWN_STR char *text = masked(message, strlen(message));

	return *text ? err_set(err, ERR_RETRY, WORD_TRACKER, "the tracker says: %s", text) : false;
}

static bool native_version(struct engine *e, char version[REPLY_VERSION_SIZE], struct err *err)
{
	struct native *n = (struct native *)e;
	OWN_HTTP_REPLY struct http_reply got = {0};
	OWN_STR char *url = url_of(n, n->tracker.version_url);
	char message[REPLY_MESSAGE_SIZE];

	if (!get(n, url, REPLY_MAX_BYTES, &got, err) || !check_status(n, &got, err))
		return false;
	if (reply_read_version(buf_text(&got.body), got.body.len, version, message, err))
		return true;
	n->base.failure = (struct engine_failure){.status = got.status, .page = page_of(&got)};
	if (err->code == WORD_TRACKER)
		return quote(message, err);
	log_strange_reply(&got);
	return false;
}

static bool native_script(struct engine *e, struct buf *bytes, struct err *err)
{
	struct native *n = (struct native *)e;
	OWN_HTTP_REPLY struct http_reply got = {0};
	OWN_STR char *url = url_of(n, n->tracker.update_url);

	if (!get(n, url, bytes->max, &got, err) || !check_status(n, &got, err))
		return false;
	if (page_of(&got)) {
		log_strange_reply(&got);
		return err_set(err, ERR_RETRY, WORD_PROTOCOL,
			       "a page came in place of the official utility");
	}
	buf_reset(bytes);
	buf_add(bytes, buf_text(&got.body), got.body.len);
	return true;
}

static void native_close(struct engine *e)
{
	struct native *n = (struct native *)e;

	http_close(n->http);
	free(n->fetch_url);
	free(n->download_url);
	free(n);
}

static const struct engine_ops native_ops = {
	.assign = native_assign,
	.download = native_download,
	.version = native_version,
	.script = native_script,
	.close = native_close,
};

/* Parameters are appended to a URL that already holds a query. */
static char *with_query(const char *relative)
{
	return strchr(relative, '?') ? mem_dup(relative) : mem_printf("%s?", relative);
}

struct engine *engine_native_open(const struct engine_native_options *o, struct err *err)
{
	const struct http_options http = {.ca_file = o->tracker.ca_file,
					  .user_agent = "ptp-archiver/" PTP_ARCHIVER_VERSION,
					  .wake = o->tracker.wake};
	struct native *n = mem_alloc(sizeof *n);

	n->base.ops = &native_ops;
	n->base.calls = 1;
	n->tracker = o->tracker;
	n->fetch_url = with_query(o->tracker.fetch_url);
	n->download_url = with_query(o->tracker.download_url);
	n->before_redirect = o->before_redirect;
	n->ctx = o->ctx;
	n->http = http_open(&http, err);
	if (!n->http) {
		native_close(&n->base);
		return NULL;
	}
	return &n->base;
}
