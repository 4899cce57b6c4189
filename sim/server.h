/*
 * sim/server.h - the HTTP side, on libmicrohttpd: a thread for each connection.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "base/err.h"
#include "route.h"

struct server;

/* Bind "<address>:<port>"; the address is 127.x.y.z or localhost, the port may be 0 (any free
 * one).  On success *fd is the socket (caller's) and *url its base URL (caller's). */
bool server_bind(const char *listen, bool tls, int *fd, char **url, struct err *err) MUST_CHECK;

/* Serve on `fd`; it takes `fd` even if it fails.  `cert` and `key` are PEM texts, or NULL for plain
 * HTTP.  `route` is borrowed until server_stop(). */
struct server *server_start(int fd, const char *cert, const char *key, struct route *route,
			    struct err *err) MUST_CHECK;

/* Ends every connection at once, even those that wait. */
void server_stop(struct server *s);

#endif
