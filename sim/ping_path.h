/*
 * sim/ping_path.h - what the path of a ping says: which check, and which kind of ping.
 */
#ifndef SIM_PING_PATH_H
#define SIM_PING_PATH_H

#include <stdbool.h>

enum ping_kind { PING_SUCCESS, PING_START, PING_FAIL, PING_LOG, PING_EXIT };

struct ping_target {
	enum ping_kind kind;
	bool slug;       /* named by ping key and slug, not by UUID */
	int exit_status; /* of PING_EXIT, 0 to 255 */
	char check[160]; /* "<uuid>" or "<ping key>/<slug>" */
};

enum ping_verdict {
	PING_VALID,
	PING_NO_ROUTE,  /* HTML 404: the path is not a ping URL */
	PING_NOT_FOUND, /* 404 "not found": an unknown word after the check */
	PING_BAD_URL,   /* 400 "invalid url format" */
};

/* `path` begins with "/ping/".  *t is complete only when the answer is PING_VALID. */
enum ping_verdict ping_parse(const char *path, struct ping_target *t);

/* Is it a UUID: 8-4-4-4-12 hexadecimal digits, of either case? */
bool ping_is_uuid(const char *s);

#endif
