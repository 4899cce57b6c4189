/*
 * view/trouble.h - what the daemon cannot do just now, for the status page's thread.
 *
 * The page shows what the ledger says of the past.  The ledger cannot say that it cannot be
 * written, or was removed.  The daemon puts that here, and this is all that the two threads share.
 */
#ifndef VIEW_TROUBLE_H
#define VIEW_TROUBLE_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum trouble_kind {
	TROUBLE_WORK,   /* no cycle can be run */
	TROUBLE_CONFIG, /* the configuration was read again and refused; the old one stays */
	TROUBLE_COPY,   /* the ledger cannot be copied */
	TROUBLE_KINDS
};

#define TROUBLE_COPY_PATH 1000

struct trouble_told {
	int64_t since;  /* 0: there is none */
	bool disk_full; /* a disk without room is why */
	bool damaged;   /* the ledger is */
	char text[400];
	char copy[TROUBLE_COPY_PATH]; /* of a damaged ledger: the newest good copy; "": none */
};

struct trouble {
	pthread_mutex_t lock;
	struct trouble_told told[TROUBLE_KINDS];
};

#define TROUBLE_NONE                              \
	{                                         \
		.lock = PTHREAD_MUTEX_INITIALIZER \
	}

/* true: it was not recorded yet.  Trouble that continues with other words keeps its beginning. */
bool trouble_begin(struct trouble *t, enum trouble_kind kind, const struct err *why);

/* As trouble_begin() fills it in. */
void trouble_fill(struct trouble_told *told, const struct err *why, int64_t now);

/* The newest good copy of a damaged ledger; NULL: there is none. */
void trouble_name_copy(struct trouble *t, const char *path);

/* true: there was some. */
bool trouble_end(struct trouble *t, enum trouble_kind kind);

void trouble_get(struct trouble *t, enum trouble_kind kind, struct trouble_told *out);

#endif
