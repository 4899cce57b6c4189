#include "answer.h"

#include "base/mem.h"
#include "limits.h"

#include <string.h>
#include <strings.h>

static const struct page {
	const char *name;
	const char *title;
	const char *content;
} pages[] = {
	{"login", "Login :: Simulated tracker",
	 "<form method=\"post\" action=\"login.php\">\n"
	 "<label>Username <input name=\"username\"></label>\n"
	 "<label>Password <input name=\"password\" type=\"password\"></label>\n"
	 "<button>Log in</button></form>"},
	{"maintenance", "Maintenance",
	 "<p>We are down for maintenance. Please come back later.</p>"},
	{"cloudflare", "Just a moment...",
	 "<p>Checking your browser before you go on.</p>\n"
	 "<noscript>Enable JavaScript and cookies to continue</noscript>\n"
	 "<p>Ray ID: <code>7a0b1c2d3e4f5061</code></p>"},
	{"forbidden", "403 Forbidden", "<p>You are not allowed to see this page.</p>"},
	{"not_found", "Error 404", "<p>The page you asked for does not exist.</p>"},
	{"error", "Error", "<p>The server could not answer the request.</p>"},
};

void answer_init(struct answer *a)
{
	*a = (struct answer){.status = 200, .body = BUF_MAX(SIM_BODY_BYTES), .cut = SIZE_MAX};
}

void answer_reset(struct answer *a)
{
	buf_clear(&a->body);
	a->body.full = false;
	for (size_t i = 0; i < a->headers_n; i++) {
		free(a->headers[i].name);
		free(a->headers[i].value);
	}
	a->headers_n = 0;
}

void answer_clear(struct answer *a)
{
	answer_reset(a);
}

static void remove_header(struct answer *a, const char *name)
{
	for (size_t i = 0; i < a->headers_n; i++) {
		if (strcasecmp(a->headers[i].name, name) != 0)
			continue;
		free(a->headers[i].name);
		free(a->headers[i].value);
		a->headers[i] = a->headers[--a->headers_n];
		return;
	}
}

void answer_header(struct answer *a, const char *name, const char *value)
{
	remove_header(a, name);
	if (!value || a->headers_n == ANSWER_HEADERS)
		return;
	a->headers[a->headers_n].name = mem_dup(name);
	a->headers[a->headers_n].value = mem_dup(value);
	a->headers_n++;
}

void answer_bytes(struct answer *a, unsigned status, const char *type, const void *bytes,
		  size_t len)
{
	a->status = status;
	answer_header(a, "Content-Type", type);
	buf_reset(&a->body);
	buf_add(&a->body, bytes, len);
}

void answer_text(struct answer *a, unsigned status, const char *type, const char *text)
{
	answer_bytes(a, status, type, text, strlen(text));
}

void answer_json(struct answer *a, json_t *value)
{
	OWN_STR char *text = json_dumps(value, JSON_COMPACT);

	json_decref(value);
	answer_text(a, 200, "application/json; charset=utf-8", text ? text : "");
}

void answer_error(struct answer *a, const char *key, const char *text)
{
	answer_json(a, json_pack("{s:s, s:s}", "Status", "Error", key, text));
}

bool answer_page(struct answer *a, unsigned status, const char *page)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		const struct page *p = &pages[i];

		if (strcmp(p->name, page) != 0)
			continue;
		OWN_STR char *html = mem_printf("<!DOCTYPE html>\n<html lang=\"en\"><head>"
						"<meta charset=\"utf-8\"><title>%s</title></head>\n"
						"<body><h1>%s</h1>\n%s\n</body></html>\n",
						p->title, p->title, p->content);
		answer_text(a, status, "text/html; charset=utf-8", html);
		return true;
	}
	return false;
}
