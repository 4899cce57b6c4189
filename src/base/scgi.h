/*
 * base/scgi.h - one request over SCGI: a netstring of header fields, the body, the answer.
 *
 * libcurl makes the connection, over TCP or a unix socket, and never through a proxy.  Each request
 * has its own; the server closes it after its answer.  The whole call has one time limit.
 * A stop request ends it at once, even while a host's name is looked up.
 *
 * The format is the SCGI specification's: CONTENT_LENGTH is the first field, and the answer begins
 * with header fields, as with CGI (client notes, section 3.2).
 *
 * Errors: ERR_RETRY with WORD_NETWORK (no connection, cut off), WORD_TIMEOUT, WORD_PROTOCOL (not
 * SCGI, or larger than allowed), WORD_STOPPED; ERR_TARGET with WORD_CONFIG for an address that
 * cannot be used, and with WORD_NETWORK where permissions forbid the socket.  Messages name host or
 * socket.
 */
#ifndef BASE_SCGI_H
#define BASE_SCGI_H

#include "base/buf.h"
#include "base/err.h"
#include "base/wake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scgi_address {
	char socket[108]; /* a path; the system limits it; "": over TCP */
	char host[256];   /* without brackets */
	uint16_t port;    /* of the host; from 1 */
};

/* From "scgi://host:port" or "scgi://[v6]:port", with an optional slash at its end. */
bool scgi_address_of_url(const char *url, struct scgi_address *out, struct err *err) MUST_CHECK;

bool scgi_address_of_socket(const char *path, struct scgi_address *out, struct err *err) MUST_CHECK;

struct scgi_request {
	const struct scgi_address *to;
	const char *body;
	size_t len;
	int timeout_ms;    /* for everything */
	struct wake *wake; /* may be NULL */
};

/* *answer is emptied first and gets the answer's body.  Its ceiling counts the header fields too.
 */
bool scgi_call(const struct scgi_request *r, struct buf *answer, struct err *err) MUST_CHECK;

/* Removes the header fields from a complete answer, and checks them.  (For scgi_call and tests.) */
bool scgi_take_head(struct buf *answer, struct err *err) MUST_CHECK;

#endif
