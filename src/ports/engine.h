/*
 * ports/engine.h - where torrents come from.
 *
 * An engine asks the tracker for assignments and downloads them.  It does not wait, retry, pace or
 * record: that is the cycle's work, which calls it.  All arguments are borrowed for the call.
 */
#ifndef PORTS_ENGINE_H
#define PORTS_ENGINE_H

#include "base/buf.h"
#include "base/err.h"
#include "model/container.h"
#include "model/reply.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

/* What the caller must know of a call that failed, besides its error. */
struct engine_failure {
	long status;            /* HTTP status, 0 if none came */
	bool back_off;          /* the tracker as a whole is to be left alone for a while */
	bool may_have_assigned; /* a fetch: the tracker may have acted on it all the same */
	int64_t retry_after;    /* when it wants to be asked again, 0: it did not say */
};

struct engine_ops {
	/* Ask for the container's next torrent.  A refusal (full, stalled, the tracker's own error)
	 * is an answer, not a failure. */
	bool (*assign)(struct engine *e, const struct container *c, struct reply *reply,
		       struct err *err);

	/* Download an assigned torrent: its bytes, whatever they are (`bytes` has the ceiling), and
	 * the file name that the tracker gives it (not safe; NULL if none; the caller's). */
	bool (*download)(struct engine *e, const char *torrent_id, const char *archive_id,
			 struct buf *bytes, char **name, struct err *err);

	/* The version of the official utility that the tracker hands out. */
	bool (*version)(struct engine *e, char version[REPLY_VERSION_SIZE], struct err *err);

	void (*close)(struct engine *e);
};

/* Every engine begins with this. */
struct engine {
	const struct engine_ops *ops;
	struct engine_failure failure; /* of the last call, if it failed */
};

static inline void engine_close(struct engine *e)
{
	if (e)
		e->ops->close(e);
}

#endif
