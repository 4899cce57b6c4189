/*
 * model/client_torrent.h - what a torrent client says of one of its torrents.
 *
 * Each client has its own words (client notes); these are what they have in common, and what the
 * guards and the audit work with.
 */
#ifndef MODEL_CLIENT_TORRENT_H
#define MODEL_CLIENT_TORRENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most that is read of a client. */
#define CLIENT_TORRENTS_MAX 200000

enum client_state {
	CLIENT_SEEDING,     /* complete, and to be had */
	CLIENT_DOWNLOADING, /* data is coming, or metadata or disk space is being got ready */
	CLIENT_STALLED,     /* to be downloaded, and nothing is coming */
	CLIENT_QUEUED,      /* waits for its turn in the client */
	CLIENT_CHECKING,    /* its data is being checked or moved */
	CLIENT_PAUSED,      /* by a person; complete or not */
	CLIENT_ERROR,       /* `message` says why */
};

struct client_torrent {
	char id[65]; /* as the client calls it: hex, lower case */
	char v1[41]; /* infohashes that the client tells, hex, lower case; "" if it does not */
	char v2[65];
	char *name;     /* owned, as are the others; NULL where not known */
	char *category; /* the client's label */
	char *folder;   /* where its data is */
	char *message;  /* of the tracker or the client, where something is wrong */
	enum client_state state;
	uint64_t size, left; /* bytes: in all, and still to come */
	bool complete;
	int64_t idle_since; /* ms since 1970: nothing came or went since; 0: not known */
};

struct client_torrents {
	struct client_torrent *list; /* owned */
	size_t n;
};

#define OWN_CLIENT_TORRENTS OWN(client_torrents_clear)

/* A zeroed one at the end, borrowed until the next call; NULL if there are CLIENT_TORRENTS_MAX. */
struct client_torrent *client_torrents_add(struct client_torrents *all);
void client_torrents_clear(struct client_torrents *all);

/* Gives them away; *all is empty afterwards. */
struct client_torrents client_torrents_take(struct client_torrents *all);

/* Makes it ready for client_torrents_find(). */
void client_torrents_sort(struct client_torrents *all);

/*
 * The torrent with one of these infohashes (hex, lower case; "" or NULL if there is none),
 * borrowed; NULL if the client has none.  Clients call a torrent by its v1 hash, or by the first 40
 * digits of its v2 hash (client notes, rule 7).
 */
const struct client_torrent *client_torrents_find(const struct client_torrents *all, const char *v1,
						  const char *v2);

/* The same where `infohash` is v1 or v2, and `v2` the v2 infohash of a hybrid torrent, or "". */
const struct client_torrent *client_torrents_find_either(const struct client_torrents *all,
							 const char *infohash, const char *v2);

/* Copies an infohash in hex, of 40 or 64 digits, in lower case; "" for anything else. */
void client_torrent_hash(char *out, size_t size, const char *hex);

/* "seeding", "stalled", ... */
const char *client_state_text(enum client_state state);

/* Is it to be downloaded, and nothing comes?  That is so of one in error as well. */
bool client_torrent_is_stalled(const struct client_torrent *t);

/* Is it still to be downloaded, whether or not it is paused? */
bool client_torrent_is_incomplete(const struct client_torrent *t);

/* Does a tracker say with these words that it does not have, or no longer lets in, this torrent?
 * What clients say of a connection ("host not found") is none of it. */
bool client_torrent_is_disowned(const char *message);

#endif
