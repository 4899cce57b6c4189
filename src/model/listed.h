/*
 * model/listed.h - a torrent that the tracker's lists of incomplete transactions have named.
 *
 * These lists are of the account, not of this installation (tracker notes).
 */
#ifndef MODEL_LISTED_H
#define MODEL_LISTED_H

#include "model/reply.h"

#define LISTED_WHO 64

/* The ledger keeps these numbers: add new ones at the end. */
enum listed_owner {
	LISTED_UNKNOWN,
	LISTED_OTHERS, /* of another program that uses the account */
	LISTED_OURS,   /* a person says that it is of this installation */
	LISTED_OWNERS,
};

struct listed {
	char torrent_id[REPLY_ID_SIZE];
	char archive_id[REPLY_ID_SIZE]; /* of the last answer that listed it; "" if none did */
	char infohash[41];              /* "" where the tracker gives none */
	int64_t first_seen, last_seen;  /* times of the answers, ms since 1970 */
	enum listed_owner owner;
	char said_by[LISTED_WHO]; /* who said whose it is; "" the program */
	int64_t said_at;
};

#endif
