/*
 * ports/client.h - who takes a .torrent: a watch directory, or a torrent client's interface.
 *
 * The contract: "already there" (by infohash) is success, and every call may be repeated after a
 * crash without harm.  All arguments are borrowed for the call.
 *
 * Delivery is in two steps, with the ledger's "delivering" between them, so that a restart knows
 * which of them may have happened:
 *
 *     prepare   everything that may fail, and that nobody outside can see
 *     deliver   the one visible act
 *
 * Errors: ERR_TARGET (a person is needed), ERR_RETRY (next time), ERR_ITEM (this torrent is
 * refused).
 */
#ifndef PORTS_CLIENT_H
#define PORTS_CLIENT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

struct delivery {
	int64_t id;            /* the assignment's, the same at every attempt */
	const char *infohash;  /* hex */
	const char *file_name; /* a safe base name */
	const struct buf *bytes;
};

struct client_ops {
	/* Could a torrent be taken now?  Asked before the tracker is. */
	bool (*ready)(struct client *c, struct err *err);

	/* *file_name: the name that it will have (the caller's). */
	bool (*prepare)(struct client *c, const struct delivery *d, char **file_name,
			struct err *err);

	/* `resumed`: an earlier process was at this point when it ended.  *path: where it is now,
	 * for people (the caller's). */
	bool (*deliver)(struct client *c, const struct delivery *d, bool resumed, char **path,
			struct err *err);

	void (*close)(struct client *c);
};

/* Every client begins with this. */
struct client {
	const struct client_ops *ops;
};

static inline void client_close(struct client *c)
{
	if (c)
		c->ops->close(c);
}

#endif
