/*
 * base/url.h - the parts of a URL, as libcurl reads them.
 *
 * So the program checks and shows the same host that libcurl connects to.  Any scheme is read.  A
 * URL must be absolute and have a host: scheme://host..., with two slashes and without spaces or
 * control characters.  (libcurl itself accepts one slash and three as well.)
 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "base/own.h"

#include <stdbool.h>

struct url {          /* the texts are owned */
	char *scheme; /* in lower case */
	char *host;   /* without brackets; every numeric form of an IPv4 address as 127.0.0.1 */
	char *zone;   /* of an IPv6 address, or NULL */
	char *port;   /* by default the scheme's; NULL: libcurl does not know the scheme */
	char *path;   /* at least "/"; "." and ".." are resolved */
	bool login;   /* it names a user or a password */
	bool more;    /* it has a query or a fragment */
};

#define OWN_URL OWN(url_clear)

/* The caller clears *out in either case.  false: `text` is not such a URL. */
__attribute__((warn_unused_result)) bool url_read(const char *text, struct url *out);

void url_clear(struct url *u);

/* "scheme://host:port" for people: without user, password, path and what follows it, and with a
 * port only if the URL has one.  The caller's; NULL if `text` is not such a URL. */
char *url_shown(const char *text);

/* Does `to` lead to the same host as `from`, with the same scheme and port, or from http to https
 * with the usual ports? */
bool url_may_follow(const char *from, const char *to);

/* The percent-encoded form of a query value; the caller's. */
char *url_escape(const char *text);

#endif
