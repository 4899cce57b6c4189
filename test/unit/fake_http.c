#include "fake_http.h"

#include "base/mem.h"
#include "base/text.h"

#include "fake_time.h"
#include "unit.h"

struct http {
	int unused;
};

static struct {
	struct fake_answer answers[FAKE_HTTP_MAX];
	struct fake_asked asked[FAKE_HTTP_MAX];
	size_t n, at;
	struct http_options options;
	const struct fake_answer *last;
} script;

static void release(void)
{
	for (size_t i = 0; i < script.at; i++) {
		free(script.asked[i].url);
		free(script.asked[i].user);
		free(script.asked[i].password);
		free(script.asked[i].headers);
		free(script.asked[i].body);
	}
	script.at = script.n = 0;
	script.last = NULL;
}

void fake_http_script(const struct fake_answer *answers, size_t n)
{
	release();
	assert_true(n <= FAKE_HTTP_MAX);
	if (n)
		memcpy(script.answers, answers, n * sizeof *answers);
	script.n = n;
}

size_t fake_http_count(void)
{
	return script.at;
}

const struct fake_asked *fake_http_asked(size_t i)
{
	assert_true(i < script.at);
	return &script.asked[i];
}

bool fake_http_has_header(size_t i, const char *line)
{
	OWN_STR char *whole = mem_printf("\n%s\n", line);

	return strstr(fake_http_asked(i)->headers, whole) != NULL;
}

const struct http_options *fake_http_options(void)
{
	return &script.options;
}

void fake_http_end(void)
{
	size_t left = script.n - script.at;

	release();
	if (left)
		fail_msg("%zu answers were not asked for", left);
}

/* ---- what was asked ---- */

static char *headers_of(const struct http_request *r)
{
	OWN_BUF struct buf out = BUF_MAX(65536);

	buf_puts(&out, "\n");
	for (size_t i = 0; r->headers && r->headers[i]; i++)
		buf_printf(&out, "%s\n", r->headers[i]);
	return buf_take(&out);
}

static void body_of(const struct http_request *r, struct fake_asked *a)
{
	OWN_BUF struct buf out = BUF_MAX(1 << 24);

	if (r->body && !r->parts)
		buf_add(&out, r->body, r->body_len);
	for (size_t i = 0; r->parts && i < r->n_parts; i++) {
		buf_printf(&out, "\n%s=", r->parts[i].name);
		buf_add(&out, r->parts[i].bytes, r->parts[i].len);
	}
	a->body_len = out.len;
	a->body = mem_alloc(out.len + 1);
	memcpy(a->body, buf_text(&out), out.len);
}

static void note(const struct http_request *r, struct fake_asked *a)
{
	a->method = r->body || r->parts ? "POST" : "GET";
	a->url = mem_dup(r->url);
	a->user = mem_dup(r->user);
	a->password = r->password ? mem_dup(secret_reveal(r->password)) : NULL;
	a->headers = headers_of(r);
	body_of(r, a);
	a->request = *r;
}

/* ---- what is answered ---- */

static void fill(const struct fake_answer *a, const struct http_request *r,
		 struct http_reply *reply)
{
	size_t len = a->len ? a->len : a->body ? strlen(a->body) : 0;

	*reply = (struct http_reply){.status = a->status, .date = a->date};
	reply->body.max = r->max_body;
	buf_add(&reply->body, a->body ? a->body : "", len);
	reply->disposition = a->disposition ? mem_dup(a->disposition) : NULL;
	text_copy(reply->content_type, sizeof reply->content_type,
		  a->content_type ? a->content_type : "");
	text_copy(reply->retry_after, sizeof reply->retry_after,
		  a->retry_after ? a->retry_after : "");
	text_copy(reply->kept, sizeof reply->kept, r->keep && a->kept ? a->kept : "");
	text_copy(reply->redirect_host, sizeof reply->redirect_host,
		  a->redirect_host ? a->redirect_host : "");
}

/* The linker puts these in place of the functions of base/http.c (--wrap). */
struct http *__wrap_http_open(const struct http_options *options, struct err *err);
void __wrap_http_close(struct http *h);
bool __wrap_http_perform(struct http *h, const struct http_request *r, struct http_reply *reply,
			 struct err *err);
enum http_trouble __wrap_http_trouble(const struct http *h);
bool __wrap_http_may_have_arrived(const struct http *h);

struct http *__wrap_http_open(const struct http_options *options, struct err *err)
{
	(void)err;
	script.options = *options;
	return mem_alloc(sizeof(struct http));
}

void __wrap_http_close(struct http *h)
{
	free(h);
}

bool __wrap_http_perform(struct http *h, const struct http_request *r, struct http_reply *reply,
			 struct err *err)
{
	(void)h;
	if (script.at >= script.n)
		fail_msg("a request too many: %s %s", r->url, r->body ? r->body : "");
	const struct fake_answer *a = &script.answers[script.at];
	struct fake_asked *asked = &script.asked[script.at++];
	note(r, asked);
	script.last = a;
	fake_time_pass(a->takes_ms);
	if (a->asked && !strstr(asked->url, a->asked) && !strstr(asked->body, a->asked))
		fail_msg("not \"%s\" but: %s %s", a->asked, asked->url, asked->body);
	if (a->fails)
		return err_set(err, a->kind ? a->kind : ERR_RETRY, a->fails,
			       "host.test: no answer");
	fill(a, r, reply);
	if (!reply->body.full)
		return true;
	http_reply_clear(reply);
	return err_set(err, ERR_RETRY, WORD_PROTOCOL, "host.test: the answer is too large");
}

enum http_trouble __wrap_http_trouble(const struct http *h)
{
	(void)h;
	return script.last ? script.last->trouble : HTTP_NO_TROUBLE;
}

bool __wrap_http_may_have_arrived(const struct http *h)
{
	(void)h;
	return script.last && script.last->arrived;
}
