/*
 * sim/answer.h - what the simulator will send, and how.
 */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

enum answer_way {
	ANSWER_WHOLE,
	ANSWER_HANG,    /* say nothing, keep the connection */
	ANSWER_DROP,    /* close before any byte */
	ANSWER_ENDLESS, /* a body of spaces without end, chunked */
	ANSWER_BOMB,    /* spaces again, `unpacked` of them, compressed with gzip */
};

#define ANSWER_HEADERS 32

struct answer {
	enum answer_way way;
	unsigned status;
	struct buf body;
	struct answer_header {
		char *name;  /* owned */
		char *value; /* owned */
	} headers[ANSWER_HEADERS];
	size_t headers_n;
	double delay;      /* seconds before the first byte */
	uint64_t rate;     /* bytes of body per second; 0: no limit */
	size_t cut;        /* close the connection after so many bytes of body */
	uint64_t unpacked; /* of a bomb */
};

void answer_init(struct answer *a);
void answer_clear(struct answer *a);

/* Forget the body and the headers. */
void answer_reset(struct answer *a);

/* Set a header; NULL removes it.  A header that does not fit is left out. */
void answer_header(struct answer *a, const char *name, const char *value);

/* Each of these replaces the status, the content type and the body. */
void answer_bytes(struct answer *a, unsigned status, const char *type, const void *bytes,
		  size_t len);
void answer_text(struct answer *a, unsigned status, const char *type, const char *text);
void answer_json(struct answer *a, json_t *value); /* takes `value` */
void answer_error(struct answer *a, const char *key, const char *text);

/* One of the named HTML pages: login, maintenance, cloudflare, forbidden, not_found, error.
 * false (and nothing is changed) if there is no such page. */
bool answer_page(struct answer *a, unsigned status, const char *page);

#endif
