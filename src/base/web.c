#include "base/web.h"

#include "base/base64.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#define CONNECT_MS 10000

struct web {
	struct http *http; /* owned, as are the texts */
	char *name, *url;
	char *user; /* NULL: no authentication */
	struct secret password;
	int timeout_ms;
};

/* A server may send back the field that it got (RFC 7617). */
static void learn_basic(const char *user, const struct secret *password)
{
	const char *word = password && secret_is_set(password) ? secret_reveal(password) : "";
	OWN_WIPED char *plain = mem_printf("%s:%s", user, word);
	OWN_WIPED char *coded = base64_encode(plain, strlen(plain));

	mask_learn(coded);
}

/* Without the slashes at its end: calls bring theirs. */
static char *base_of(const char *url)
{
	size_t len = strlen(url);

	while (len && url[len - 1] == '/')
		len--;
	return mem_dupn(url, len);
}

struct web *web_open(const struct web_options *o, struct err *err)
{
	const struct http_options options = {.ca_file = o->ca_file,
					     .and_system = true,
					     .user_agent = "ptp-archiver/" PTP_ARCHIVER_VERSION,
					     .wake = o->wake,
					     .socket = o->socket,
					     .cookies = o->cookies};
	struct http_url parts;

	if (!http_url_parse(o->url, &parts, err)) {
		err_wrap(err, "%s: URL", o->name);
		return NULL;
	}
	struct web *w = mem_alloc(sizeof *w);
	w->http = http_open(&options, err);
	w->name = mem_dup(o->name);
	w->url = base_of(o->url);
	w->timeout_ms = o->timeout_ms;
	if (o->user && *o->user) {
		learn_basic(o->user, o->password);
		w->user = mem_dup(o->user);
		secret_set(&w->password, o->password ? secret_reveal(o->password) : NULL);
	}
	if (w->http)
		return w;
	web_close(w);
	return NULL;
}

void web_close(struct web *w)
{
	if (!w)
		return;
	http_close(w->http);
	secret_clear(&w->password);
	free(w->user);
	free(w->name);
	free(w->url);
	free(w);
}

bool web_call(struct web *w, const struct web_call *call, struct http_reply *reply, struct err *err)
{
	OWN_STR char *url = *call->path ? mem_printf("%s/%s", w->url, call->path) : mem_dup(w->url);
	const struct http_request request = {
		.url = url,
		.headers = call->headers,
		.user = w->user,
		.password = &w->password,
		.body = call->body,
		.body_len = call->body_len,
		.parts = call->parts,
		.n_parts = call->n_parts,
		.keep = call->keep,
		.repeatable = true,
		.connect_ms = w->timeout_ms < CONNECT_MS ? w->timeout_ms : CONNECT_MS,
		.stall_s = w->timeout_ms / 1000 + 1,
		.total_ms = w->timeout_ms,
		.max_body = call->max_body,
		.max_redirects = 2};

	if (http_perform(w->http, &request, reply, err))
		return true;
	return !err_is_stop(err) && err_wrap(err, "%s", w->name);
}

enum http_trouble web_trouble(const struct web *w)
{
	return http_trouble(w->http);
}
