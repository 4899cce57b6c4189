/*
 * base/web.h - one web service: where it is, how to get in, how long to wait.
 *
 * The base URL may have a path (a reverse proxy's sub-path).  A call's path is appended to it. User
 * and password (Basic, RFC 7617) are sent with every call, without waiting for a 401.  libcurl may
 * repeat a call if a kept-alive connection is dead, so a call must be repeatable.
 *
 * Errors are http.h's; messages begin with the service's name and hold no path and no secret.
 */
#ifndef BASE_WEB_H
#define BASE_WEB_H

#include "base/http.h"
#include "base/secret.h"

struct web;

struct web_options {         /* everything is copied but the wake */
	const char *name;    /* for messages */
	const char *url;     /* http or https, absolute */
	const char *socket;  /* unix socket to connect to in place of the URL's host; NULL */
	const char *ca_file; /* PEM file of CAs to trust besides the system's; NULL */
	const char *user;    /* for Basic authentication; NULL or "": none */
	const struct secret *password;
	int timeout_ms; /* for one call in all */
	bool cookies;
	struct wake *wake; /* borrowed */
};

struct web *web_open(const struct web_options *o, struct err *err) MUST_CHECK;
void web_close(struct web *w);

struct web_call {
	const char *path;           /* behind the base URL, without a leading slash; may be "" */
	const char *const *headers; /* "Name: value", ends in NULL; may be NULL */
	const char *body;           /* NULL: a GET */
	size_t body_len;
	const struct http_part *parts; /* in place of `body` */
	size_t n_parts;
	size_t max_body;  /* of the answer */
	const char *keep; /* see http_request */
};

/* As http_perform(): true for any complete answer. */
bool web_call(struct web *w, const struct web_call *call, struct http_reply *reply,
	      struct err *err) MUST_CHECK;

/* After a failed web_call. */
enum http_trouble web_trouble(const struct web *w);

#endif
