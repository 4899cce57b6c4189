/*
 * page/httpd.h - the status page's server: libmicrohttpd in a thread of its own.
 *
 * The thread has a site (page/site.h) to itself and shares nothing with the daemon but its trouble
 * (view/trouble.h) and the log.  It sleeps while nobody is connected.  Each connection serves one
 * request.  A slow connection is closed, and so is one too many.  An address that guesses tokens
 * has to wait (page/guesses.h).
 */
#ifndef PAGE_HTTPD_H
#define PAGE_HTTPD_H

#include "config/config.h"
#include "view/trouble.h"

/* All limits of the server. */
#define HTTPD_CONNECTIONS 128                /* far below what a process may open */
#define HTTPD_REQUEST_MS 20000               /* for a connection in all */
#define HTTPD_CROWDED_MS 300                 /* the same where all connections are taken */
#define HTTPD_HEAD_BYTES (size_t)(24 * 1024) /* of a request's head, and what parsing it takes */

struct httpd;

/* Listens where `c` says (c->listen is set), and starts the thread; nothing of `c` is kept.
 * `trouble` must outlive it. */
struct httpd *httpd_open(const struct config *c, struct trouble *trouble,
			 struct err *err) MUST_CHECK;

/* Was it opened for this address, as `listen` of a configuration names it? */
bool httpd_is_for(const struct httpd *h, const char *listen);

/* From the next request on, the settings of `c` count.  The address stays. */
void httpd_renew(struct httpd *h, const struct config *c);

/* Ends every connection at once. */
void httpd_close(struct httpd *h);

/* "127.0.0.1:9980"; borrowed. */
const char *httpd_address(const struct httpd *h);

#endif
