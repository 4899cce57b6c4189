/*
 * base/http.h - HTTP(S) requests over libcurl: bounded, interruptible, never insecure.
 *
 * One handle keeps one connection alive for all requests to an origin.  TLS certificates are
 * always verified.  A body has a ceiling, counted after decompression.  A stop request ends a
 * transfer at once.
 *
 * A request is sent at most once.  When a kept-alive connection is dead, libcurl would silently
 * send the request again.  This is prevented, because a tracker may have acted on the first one.
 * A request that may be repeated says so.
 *
 * A redirect is followed only to the same host: to the same scheme and port, or from http to https
 * (url_may_follow).  Any other redirect is returned as an answer.  So headers, user and password
 * never go to another host.
 *
 * Errors (all ERR_RETRY): WORD_NETWORK, WORD_TIMEOUT, WORD_TLS, WORD_PROTOCOL (not HTTP, over the
 * ceiling, undecodable), WORD_STOPPED; ERR_TARGET with WORD_CONFIG for a URL that cannot be used.
 * Messages name the host and never the path, which may be secret.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/wake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;

struct http_options {
	const char *ca_file; /* PEM file of the only CAs to trust; NULL: the system's */
	bool and_system;     /* trust the system's CAs besides those of the file */
	const char *user_agent;
	struct wake *wake;  /* may be NULL */
	const char *socket; /* path of a unix socket to use instead of the URL's host; NULL */
	bool cookies;       /* keep them, for as long as the handle lives */
};

/* A part of a multipart/form-data body; the texts and bytes are borrowed. */
struct http_part {
	const char *name;
	const char *file_name; /* NULL: a plain field */
	const char *type;      /* Content-Type; NULL: none */
	const void *bytes;
	size_t len;
};

struct http_request {
	const char *url;
	const char *const *headers; /* "Name: value", ends in NULL; may be NULL */
	const char *user; /* for Basic authentication, sent without being asked for; NULL: none */
	const struct secret *password; /* of the user; may be NULL or unset: an empty one */
	const char *body;              /* NULL: a GET; else a POST of these bytes */
	size_t body_len;
	const struct http_part *parts; /* a POST of these, in place of `body`; NULL: none */
	size_t n_parts;
	const char *keep; /* name of a header field of the answer to keep; NULL: none */
	bool repeatable;  /* may be sent a second time when a kept-alive connection is dead */
	int connect_ms;   /* limit for the connection, TLS included */
	int stall_s;      /* limit without a byte */
	int total_ms;     /* limit for everything */
	size_t max_body;
	unsigned max_redirects;
	bool to_the_end; /* a stop request does not end it; its time limits do */
	bool gives_way;  /* any other request (base/wake.h) ends it as well */
	/* Called before a redirect is followed (pacing); may be NULL.  false ends the request. */
	bool (*before_redirect)(void *ctx, struct err *err);
	void *ctx;
};

#define HTTP_FIELD 512

/* What the fields of an answer say about Cloudflare, a guard in front of many servers
 * (developers.cloudflare.com: "Cloudflare HTTP headers", "Detect a Challenge Page response"). */
enum http_guard {
	HTTP_NO_GUARD,
	HTTP_GUARD_PASSES,  /* it stands in between (CF-RAY, Server); either may have answered */
	HTTP_GUARD_ANSWERS, /* it answered by itself (CF-Mitigated) */
};

struct http_reply {
	long status;
	struct buf body;   /* owned */
	char *disposition; /* owned: the Content-Disposition field as it came, or NULL */
	char content_type[128];
	char retry_after[64];
	char kept[HTTP_FIELD];   /* the field that the request named; "" if it did not come */
	char redirect_host[256]; /* where a redirect that was not followed leads; "" if none */
	enum http_guard guard;
	unsigned redirects; /* that were followed before it came */
	int64_t date;       /* the server's clock (Date), ms since 1970; 0: it does not say */
};

#define OWN_HTTP_REPLY OWN(http_reply_clear)

struct http *http_open(const struct http_options *options, struct err *err) MUST_CHECK;
void http_close(struct http *h);

/* true for any complete answer, with any status.  *reply is emptied first; on success the caller
 * clears it. */
bool http_perform(struct http *h, const struct http_request *request, struct http_reply *reply,
		  struct err *err) MUST_CHECK;

/* After a failed http_perform: may the server have received the request? */
bool http_may_have_arrived(const struct http *h);

/* The step at which a request failed. */
enum http_trouble {
	HTTP_NO_TROUBLE,
	HTTP_NO_NAME,       /* the host's name cannot be looked up */
	HTTP_NO_PROXY_NAME, /* the proxy's name cannot be looked up */
	HTTP_PROXY_REFUSES, /* the proxy answers, but does not connect to the host */
	HTTP_NO_CONNECTION, /* no answer from the host, or from the proxy if there is one */
	HTTP_CERT_DATE,     /* the certificate is not valid yet, or no longer */
	HTTP_CERT_HOST,     /* the certificate is for another name */
	HTTP_CERT_ISSUER,   /* no trusted CA issued the certificate */
	HTTP_BAD_CA,        /* the file of the CAs to trust cannot be used */
	HTTP_NO_TLS,        /* TLS failed for another reason */
	HTTP_NO_ANSWER,     /* not in time */
	HTTP_TOO_LARGE,     /* an answer came, larger than it may be */
	HTTP_OTHER_TROUBLE,
};

/* After a failed http_perform. */
enum http_trouble http_trouble(const struct http *h);

void http_reply_clear(struct http_reply *reply);

struct http_url {
	char host[256]; /* without port and brackets */
	bool tls;       /* https */
	bool loopback;  /* localhost, 127.0.0.0/8 or ::1, so that nothing leaves the machine */
};

/* Is it an absolute http or https URL?  ERR_TARGET, WORD_CONFIG otherwise; the message does not
 * quote it. */
bool http_url_parse(const char *url, struct http_url *out, struct err *err) MUST_CHECK;

/*
 * The time that a Retry-After field names (RFC 9110: seconds or a date), in ms since 1970 by our
 * clock, at most `max_ms` after `now`; 0 if it is empty or cannot be read.  A date is judged by the
 * answer's own `date` (0: it has none), since our clock may be wrong.  *is_date may be NULL.
 */
int64_t http_retry_after(const char *field, int64_t now, int64_t date, int64_t max_ms,
			 bool *is_date);

/* The versions of libcurl and its TLS library, for `version`. */
const char *http_library(void);

#endif
