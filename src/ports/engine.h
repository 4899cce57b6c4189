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
#include "base/http.h"
#include "base/secret.h"
#include "base/wake.h"
#include "model/container.h"
#include "model/reply.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

/* The tracker, as the settings have it; everything is borrowed for as long as the engine lives. */
struct engine_tracker {
	const struct secret *user, *key;
	const char *base_url;
	/* Relative, with their query. */
	const char *fetch_url, *download_url, *version_url, *update_url;
	const char *ca_file; /* may be NULL */
	int timeout_ms;      /* for one request in all */
	struct wake *wake;
};

/* What the caller must know of a call that failed, besides its error. */
struct engine_failure {
	long status;               /* HTTP status, 0 if none came */
	bool back_off;             /* the tracker as a whole is to be left alone for a while */
	bool may_have_assigned;    /* a fetch: the tracker may still have acted on it */
	bool has_assigned;         /* a fetch: it certainly has, and which torrent is not known */
	int64_t retry_after;       /* when it wants to be asked again, 0: it did not say */
	bool is_date;              /* it named a date, the same for everybody */
	enum http_trouble trouble; /* at which step it failed, if no answer came */
	enum reply_page page;      /* what came in place of an answer */
};

/*
 * An engine may get an assignment together with its bytes, without saying its ids; both ids of the
 * reply are then "", and the bytes lie in the container's place in the staging folder
 * (system/spool.h).  Members that may be NULL say so.
 */
struct engine_ops {
	/* A cycle begins.  May be NULL. */
	void (*begin)(struct engine *e);

	/* What must be done before a question can be asked, once in a cycle; it fails without
	 * having asked anything, and paces the calls that it makes itself.  May be NULL. */
	bool (*prepare)(struct engine *e, struct err *err);

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

	/* The source of the official utility.  `bytes` has the ceiling. */
	bool (*script)(struct engine *e, struct buf *bytes, struct err *err);

	void (*close)(struct engine *e);
};

/* Every engine begins with this. */
struct engine {
	const struct engine_ops *ops;
	struct engine_failure failure; /* of the last call, if it failed */
	unsigned calls;      /* requests that a question makes: 1, or 2 with the download */
	int64_t server_time; /* the tracker's clock at its last answer, ms; 0: unknown */
};

static inline void engine_close(struct engine *e)
{
	if (e)
		e->ops->close(e);
}

#endif
