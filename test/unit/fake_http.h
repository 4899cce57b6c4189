/*
 * test/unit/fake_http.h - a script of answers in place of a network.
 *
 * For the executables that link with fake_http.c (see test/meson.build): http_open(), http_close(),
 * http_perform(), http_trouble() and http_may_have_arrived() are the ones here; the rest of
 * base/http.h is the real one.  A test gives the answers in their order, calls, and looks at what
 * was asked.  A request without an answer fails the test.
 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include "base/http.h"

#define FAKE_HTTP_MAX 64 /* requests of one test */

/* All texts may be NULL. */
struct fake_answer {
	const char *asked; /* must be in the request's URL or body */
	long status;
	const char *body;
	size_t len; /* of the body; 0: as long as the text is */
	const char *retry_after, *content_type, *disposition, *redirect_host;
	const char *kept; /* of the field that the request names */
	int64_t date;
	int64_t takes_ms; /* moves fake_time */
	/* No answer comes, and this is why. */
	enum err_code fails;
	enum err_kind kind; /* of that error; ERR_NONE: ERR_RETRY */
	enum http_trouble trouble;
	bool arrived;
};

/* What was asked.  Everything is owned by fake_http.c, until the next script. */
struct fake_asked {
	const char *method; /* "GET" or "POST" */
	char *url;
	char *user; /* for Basic authentication; NULL: none */
	char *password;
	char *headers; /* "\nName: value\nName: value\n" */
	char *body;    /* of a multipart one: "\nname=bytes" for each part; "" of a GET */
	size_t body_len;
	struct http_request request; /* numbers and flags alone */
};

/* Begins a test: these are the answers. */
void fake_http_script(const struct fake_answer *answers, size_t n);

#define FAKE_HTTP(...)                                                       \
	fake_http_script((const struct fake_answer[]){__VA_ARGS__},          \
			 sizeof((const struct fake_answer[]){__VA_ARGS__}) / \
				 sizeof(struct fake_answer))

/* How many requests came. */
size_t fake_http_count(void);

/* The request number `i`, from 0; fails the test if there is none. */
const struct fake_asked *fake_http_asked(size_t i);

/* Is this a line of the request's header fields? */
bool fake_http_has_header(size_t i, const char *line);

/* The options of the last http_open(). */
const struct http_options *fake_http_options(void);

/* Fails the test if an answer was not fetched, and releases everything. */
void fake_http_end(void);

#endif
