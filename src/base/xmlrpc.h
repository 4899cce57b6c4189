/*
 * base/xmlrpc.h - XML-RPC (xmlrpc.com/spec): writing calls, and reading answers over expat.
 *
 * An answer comes from outside.  A DTD is refused, and so are entities of its own.  Depth and
 * number of values have limits.  Only the elements of the specification are accepted, in their
 * places.  A character that XML 1.0 forbids is read as "?", because rTorrent 0.9.8 sends the
 * control characters in a torrent's name as they are (seen).
 */
#ifndef BASE_XMLRPC_H
#define BASE_XMLRPC_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XMLRPC_DEPTH_MAX 64 /* elements inside each other */

/*
 * A call is xmlrpc_begin(), its parameters, xmlrpc_end().  The caller chooses the buffer's ceiling
 * and checks its `full`.  Three kinds of text are written as base64: text that XML 1.0 cannot hold,
 * invalid UTF-8, and characters beyond the basic plane.  rTorrent reads base64 as the same text.
 * xmlrpc-c, and so rTorrent 0.9.8, refuses the last kind (seen).  A method's name is ASCII.
 */
void xmlrpc_begin(struct buf *b, const char *method);
void xmlrpc_add_text(struct buf *b, const char *text);
void xmlrpc_add_number(struct buf *b, int32_t number);
void xmlrpc_add_base64(struct buf *b, const void *bytes, size_t len);
void xmlrpc_end(struct buf *b);

/* A whole call with these texts, of which the last is NULL. */
void xmlrpc_call(struct buf *b, const char *method, const char *const texts[]);

#define XMLRPC_STEP_ARGS 4

struct xmlrpc_step {
	const char *method;
	const char *args[XMLRPC_STEP_ARGS]; /* texts; NULL behind the last */
};

/* A whole call of system.multicall. */
void xmlrpc_multicall(struct buf *b, const struct xmlrpc_step *steps, size_t n);

enum xmlrpc_type {
	XMLRPC_TEXT,   /* string; the others except numbers (double, base64...) as written */
	XMLRPC_NUMBER, /* int, i4, i8, boolean */
	XMLRPC_ARRAY,
	XMLRPC_STRUCT,
};

/* Values follow each other; the content of an array or struct comes directly after it. */
struct xmlrpc_value {
	enum xmlrpc_type type;
	uint32_t n;    /* items of an array, members of a struct */
	uint32_t span; /* values that it consists of, itself counted */
	union {
		int64_t number; /* outside of -(2^63)..2^63-1: 0 */
		size_t text;    /* place in xmlrpc.texts */
	};
};

struct xmlrpc {
	struct xmlrpc_value *values; /* owned; the first is the answer's value */
	size_t n;
	struct buf texts;
	bool fault; /* the answer is a fault */
};

#define OWN_XMLRPC OWN(xmlrpc_clear)

/*
 * Reads an answer; bytes[0..len) are changed.  *out is to be cleared by the caller.
 * false: ERR_RETRY, WORD_PROTOCOL; the message does not quote the answer.
 */
bool xmlrpc_read(char *bytes, size_t len, size_t max_values, struct xmlrpc *out,
		 struct err *err) MUST_CHECK;

/* Accepts a zeroed struct, and a second call. */
void xmlrpc_clear(struct xmlrpc *x);

/* Of a text, borrowed; of anything else or NULL "". */
const char *xmlrpc_text(const struct xmlrpc *x, const struct xmlrpc_value *v);

/* Of a number; of anything else or NULL `otherwise`. */
int64_t xmlrpc_number(const struct xmlrpc_value *v, int64_t otherwise);

/* The first item of an array, or NULL; and the value after a value: the next item, if there is
 * one. */
const struct xmlrpc_value *xmlrpc_first(const struct xmlrpc_value *array);
const struct xmlrpc_value *xmlrpc_next(const struct xmlrpc_value *item);

/* The member of a struct; NULL if there is none. */
const struct xmlrpc_value *xmlrpc_member(const struct xmlrpc *x, const struct xmlrpc_value *v,
					 const char *name);

#endif
