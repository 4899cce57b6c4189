/*
 * ports/client.h - who takes a .torrent: a watch directory, or a torrent client's interface.
 *
 * The contract: "already there" (by infohash) is success, and every call may be repeated after a
 * crash without harm.  All arguments are borrowed for the call; everything filled in is the
 * caller's.  Every call has time limits, and a stop request ends it at once (WORD_STOPPED).
 *
 * Delivery is in two steps, with the ledger's "delivering" between them, so that a restart knows
 * which of them may have happened:
 *
 *     prepare   everything that may fail, and that nobody outside can see
 *     deliver   the one visible act
 *
 * Errors of the clients with an interface, all with WORD_CLIENT (a watch directory's are fs.h's):
 *
 *     ERR_RETRY   it is not there, or does not answer as it should: next time
 *     ERR_TARGET  a person is needed: the credentials (then `refused` is set as well), the URL
 *     ERR_ITEM    this torrent is refused, and would be again
 *
 * Messages begin with the client's name, and hold neither passwords nor paths of URLs.
 */
#ifndef PORTS_CLIENT_H
#define PORTS_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/http.h"
#include "base/secret.h"
#include "base/wake.h"
#include "model/client_torrent.h"
#include "model/container.h"

#include <stdbool.h>
#include <stdint.h>

/* Limits of what is read of a client. */
#define CLIENT_ANSWER_MAX_BYTES (1024 * 1024)
#define CLIENT_LIST_MAX_BYTES (64 * 1024 * 1024)
/* What is added may take a moment to show up: large .torrent files a second (client notes). */
#define CLIENT_APPEARS_MS 5000
#define CLIENT_POLL_MS 100

struct client;

struct delivery {
	int64_t id;            /* the assignment's, the same at every attempt */
	const char *infohash;  /* hex: v1, or v2 where there is no v1; names the staged file */
	const char *v1, *v2;   /* hex, lower case; "" where it has none */
	const char *file_name; /* a safe base name */
	const struct buf *bytes;
	const struct placement *placement; /* how the client is to take it */
};

struct client_space {
	uint64_t free;  /* bytes */
	uint64_t total; /* 0: the client does not say */
};

/* What became of a file in a watch directory. */
enum client_fate {
	CLIENT_FATE_WAITING, /* it is still there */
	CLIENT_FATE_TAKEN,   /* gone, or renamed to .added or .loaded */
	CLIENT_FATE_REFUSED, /* renamed to .invalid, .qbt_rejected, .fail, .error or .rejected */
	CLIENT_FATE_RENAMED, /* renamed to an ending that is not known */
};

/* .torrent files that lie in a watch directory. */
struct client_backlog {
	unsigned files;
	int64_t oldest; /* when the oldest came, ms since 1970; 0: there is none */
};

/* Members that may be NULL say so. */
struct client_ops {
	/* Could a torrent be taken now?  A client with an interface must answer, and
	 * accept the credentials. */
	bool (*ready)(struct client *c, struct err *err);

	/* *file_name: the name that it will have.  NULL: there is nothing to prepare, and the name
	 * is as it is. */
	bool (*prepare)(struct client *c, const struct delivery *d, char **file_name,
			struct err *err);

	/* `resumed`: an earlier process was at this point when it ended.  *path: where it is now,
	 * for people: a file's path, or the client's name. */
	bool (*deliver)(struct client *c, const struct delivery *d, bool resumed, char **path,
			struct err *err);

	/* Its torrents with this category (label); NULL: all.  NULL member: it cannot say. */
	bool (*list)(struct client *c, const char *category, struct client_torrents *all,
		     struct err *err);

	/* The space where it would store a torrent with this placement.  NULL member: it cannot
	 * tell. */
	bool (*space)(struct client *c, const struct placement *p, struct client_space *space,
		      struct err *err);

	/* Watch directories only, else NULL: the files that came before that time (ms since 1970)
	 * and are not picked up yet; and what became of a file that deliver() placed at `path`. */
	bool (*backlog)(struct client *c, int64_t before, struct client_backlog *backlog,
			struct err *err);
	bool (*fate)(struct client *c, const char *path, enum client_fate *fate, struct err *err);

	void (*close)(struct client *c);
};

/* Every client begins with this. */
struct client {
	const struct client_ops *ops;
	bool refused;       /* the last call failed because the credentials were not accepted */
	bool proxy_refused; /* they were those of a proxy in front of it, or it asks for some */
	enum http_trouble trouble; /* at which step the last call over HTTP got no answer */
};

/* What a client with an interface is opened with; borrowed for as long as it lives. */
struct client_options {
	const char *name;   /* the user's, for messages */
	const char *url;    /* NULL where there is a socket, for types that need no URL then */
	const char *socket; /* path of a unix socket; NULL: none */
	const char *user;   /* NULL or "": none */
	const struct secret *password; /* may be unset */
	const char *proxy_user; /* Basic authentication of a proxy in front of it; NULL: none */
	const struct secret *proxy_password;
	const char *ca_file; /* PEM file of CAs to trust besides the system's; NULL */
	int timeout_ms;      /* for one call */
	struct wake *wake;
};

static inline void client_close(struct client *c)
{
	if (c)
		c->ops->close(c);
}

#endif
