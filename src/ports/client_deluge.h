/*
 * ports/client_deluge.h - Deluge 2.x, through deluge-web's JSON-RPC.
 *
 * Why deluge-web and not the daemon's own protocol: deluge-web speaks HTTP.  So it can stand behind
 * a reverse proxy with a sub-path, Basic authentication and a certificate that is checked.  The
 * daemon has a binary protocol of its own, which no proxy understands.  Its certificate is
 * self-signed with a generic name.
 *
 * The URL is deluge-web's own, as a browser has it.  Calls are POSTs to "json" behind it.  There is
 * no user name: `password` is deluge-web's, and `proxy_user` is for a proxy in front of it.  Under
 * a sub-path deluge-web 2.0 must know this path: by the proxy's header X-Deluge-Base, or by its
 * setting "base".  Otherwise its cookie is not sent back, and a browser fails as well.
 *
 * A call has these steps (client notes, section 4.4):
 * - The session.  Without one, or after its end, there is one login.  A refused login is not
 * repeated.
 * - The daemon.  deluge-web never answers core.* if the daemon that it was connected to has died.
 * So the port asks whether it is connected.  If not, it connects it to its default daemon, or to
 * the only one there is.
 * - The call itself.
 * Each of these requests has the time limit of the options.
 *
 * The category is the Label plugin's label: one a torrent, in lower case, of a-z 0-9 _ - and the
 * dot.  Deluge has no tags.  Adding and labelling are two calls.  A torrent that is found without a
 * label gets it at the next delivery.  One with another label keeps it, because a person set it.
 * The daemon says whether the plugin is on.  After it is switched off, its methods are still there,
 * and the filter by label finds nothing.
 */
#ifndef PORTS_CLIENT_DELUGE_H
#define PORTS_CLIENT_DELUGE_H

#include "ports/client.h"

#include <jansson.h>

/* NULL only if the URL cannot be used: nothing is called yet. */
struct client *client_deluge_open(const struct client_options *o, struct err *err) MUST_CHECK;

/*
 * The parsers, for this port and its tests; they trust nothing, and none needs a connection.
 */

#define DELUGE_LABEL 128     /* bytes, with the NUL */
#define DELUGE_HOSTS_MAX 16  /* daemons that deluge-web knows of; more are not looked at */
#define DELUGE_HOST_TEXT 128 /* bytes, with the NUL */

/* Whatever stands in "error" (client notes, section 4.4). */
enum deluge_fault {
	DELUGE_FINE,
	DELUGE_NO_SESSION, /* code 1: not logged in */
	DELUGE_NO_METHOD,  /* code 2: not connected, or the plugin has never been on */
	DELUGE_FAILED,     /* all others; `message` says why */
};

struct deluge_answer {
	json_t *whole;        /* owned */
	const json_t *result; /* borrowed of `whole`; NULL where there is none, or null */
	const char *message;  /* the same: the error's text as it came; "" */
	enum deluge_fault fault;
};

#define OWN_DELUGE_ANSWER OWN(deluge_answer_clear)

/* ERR_TARGET for a web page: something else is at this URL; ERR_RETRY for anything else. */
bool deluge_read_answer(const char *bytes, size_t len, struct deluge_answer *a,
			struct err *err) MUST_CHECK;
void deluge_answer_clear(struct deluge_answer *a);

/* An error's message in short, without Python's class names and tracebacks: client_words(). */
char *deluge_words(const char *message);

/* Does an error's message say that the torrent is in the session already, or is no torrent?
 * (Client notes, section 4.3; the second also for what libtorrent's torrent_info does not take.) */
bool deluge_is_duplicate(const char *message);
bool deluge_is_bad_torrent(const char *message);

/* The label for a category ("" for NULL); false if Deluge could not have it. */
bool deluge_label(const char *category, char label[DELUGE_LABEL]);

/* A daemon of deluge-web's list (client notes, section 4.4: [id, host, port, user]). */
struct deluge_host {
	char id[DELUGE_HOST_TEXT];
	char where[DELUGE_HOST_TEXT]; /* host:port, printable */
};

/* The result of web.get_hosts; returns how many of them there are.  What is none is left out. */
size_t deluge_read_hosts(const json_t *result, struct deluge_host hosts[DELUGE_HOSTS_MAX]);

/* The result of web.get_host_status: is there a daemon that answers? */
bool deluge_host_is_online(const json_t *result);

/* Is the text in this list? */
bool deluge_list_has(const json_t *result, const char *text);

/* The result of core.get_free_space (client notes, section 4.3); false: there is no size, since the
 * folder is not there. */
bool deluge_read_space(const json_t *result, uint64_t *bytes);

/*
 * The result of core.get_torrents_status (client notes, sections 4.3 and 5), as of `now`.
 *
 * Stalled: the torrent should download, and has a payload rate of 0 right now.  In error is also a
 * torrent that runs while its tracker says that it does not have it.  `left` comes from
 * total_remaining, because the progress is 100 for each torrent in error.  `idle_since` comes from
 * time_since_transfer.  This is -1 before the first transfer, and then the time of adding counts.
 * `category` is NULL where the Label plugin is off.  ERR_RETRY if it is none of Deluge's, or has
 * more than CLIENT_TORRENTS_MAX.
 */
bool deluge_read_torrents(const json_t *result, int64_t now, struct client_torrents *all,
			  struct err *err) MUST_CHECK;

#endif
