/*
 * sim/request.h - one request, as the simulator's parts see it.
 */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include "base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct request {
	double at;         /* arrival, seconds since 1970 */
	char *target;      /* owned: path and query as they were sent */
	char *method;      /* owned */
	char *path;        /* owned: without the query, percent-decoded */
	json_t *query;     /* owned: object of strings; of a repeated name the last counts */
	json_t *headers;   /* owned: object of strings, names as they were sent */
	struct buf body;   /* its first SIM_UPLOAD_BYTES bytes */
	size_t body_bytes; /* all that came */
	bool chunked;      /* sent with Transfer-Encoding */
	int port;          /* the client's */
	int socket;        /* borrowed */
};

/* `target` is borrowed.  The arrival is now. */
struct request *request_new(const char *target);
void request_free(struct request *r);

/* Borrowed; NULL if it was not sent. */
const char *request_query(const struct request *r, const char *name);
const char *request_header(const struct request *r, const char *name); /* any case */

/* A JSON string (caller's) of bytes from outside: what is not UTF-8 becomes U+FFFD, everything
 * else stays, control characters too. */
json_t *request_text(const char *bytes, size_t len);

#endif
