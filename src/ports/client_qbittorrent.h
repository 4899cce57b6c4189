/*
 * ports/client_qbittorrent.h - qBittorrent 4.1 to 5.x, through its Web API 2 (client notes, section
 * 1; facts of one version only are marked in the body).
 *
 * Login.  Username and password are qBittorrent's own (a session by cookie); the proxy's go with
 * every call.  Without a user name it is taken that qBittorrent lets this host in without one, and
 * 403 means that it does not.  A session that has ended is one new login and one more try.  After
 * credentials were not accepted nothing is called any more: five failures ban an address, often for
 * an hour.
 *
 * Adding.  With a save path automatic management is off, or the save path would be ignored; without
 * one the client's settings decide, and with them the category's own save path.  A category that
 * does not exist is made by the client; one that it would drop silently is refused before anything
 * is sent.  Before 4.3.2 tags are set by a call of
 * their own, which a resumed delivery repeats; 4.1 has none.
 *
 * Free space is that of the client's default save path, whatever the placement: it knows no other.
 *
 * The readers below are pure.  They take any bytes, touch nothing where they fail, and their errors
 * (WORD_CLIENT; ERR_RETRY, or ERR_TARGET for an HTML page) name no client.
 */
#ifndef PORTS_CLIENT_QBITTORRENT_H
#define PORTS_CLIENT_QBITTORRENT_H

#include "ports/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most torrents without a working tracker that one list() asks about (in the time of one call): an
 * answer each.  The tracker being down concerns all of them at once. */
#define QBITTORRENT_ASK_MAX 200

/* NULL: ERR_TARGET for a URL that cannot be used.  Nothing is called. */
struct client *client_qbittorrent_open(const struct client_options *o, struct err *err) MUST_CHECK;

/* NULL if qBittorrent takes this name of a category, else what is wrong with it, in words.  It
 * drops the others and adds the torrent without one. */
const char *qbittorrent_category_fault(const char *category);

enum qbittorrent_login {
	QBITTORRENT_LOGIN_OK,      /* 200 "Ok.", from 5.2 on 204 */
	QBITTORRENT_LOGIN_REFUSED, /* 200 "Fails.", from 5.2 on 401 */
	QBITTORRENT_LOGIN_BANNED,  /* 403 that says "banned" */
	QBITTORRENT_LOGIN_OTHER,   /* no answer of qBittorrent's */
};

/* auth/login: section 1.2 */
enum qbittorrent_login qbittorrent_read_login(long status, const char *body);

enum qbittorrent_added {
	QBITTORRENT_ADDED,      /* 200 "Ok.", 202, from 5.2 on JSON that counts a success */
	QBITTORRENT_NOT_ADDED,  /* "Fails.", 409: there already, or refused without a reason */
	QBITTORRENT_NO_TORRENT, /* 415: the file is none */
	QBITTORRENT_ADD_OTHER,  /* no answer of qBittorrent's */
};

/* torrents/add: section 1.3 */
enum qbittorrent_added qbittorrent_read_added(long status, const char *body, size_t len);

/* app/webapiVersion: "2.8.19".  false: not a version of the API that this port speaks. */
bool qbittorrent_read_version(const char *body);

/* Torrents that should announce themselves, and have no working tracker: indices into the list. */
struct qbittorrent_silent {
	size_t at[QBITTORRENT_ASK_MAX];
	size_t n;
};

/*
 * torrents/info: section 1.4.  Of these the ones with exactly this category (with subcategories the
 * client returns those as well); NULL: all.  *all must be empty.  A state that is not known is
 * CLIENT_ERROR, with its name as the message.  `silent` may be NULL.
 */
bool qbittorrent_read_list(const char *bytes, size_t len, const char *category,
			   struct client_torrents *all, struct qbittorrent_silent *silent,
			   struct err *err) MUST_CHECK;

/*
 * torrents/trackers (4.5.2: status 4 is a tracker that does not work; 5.1 also has 5, its error,
 * and 6, not reached).  *message: what one of them says, client_words(), the caller's; NULL:
 * nothing is wrong.  *unknown: it says that it does not have, or no longer lets in, this torrent.
 */
bool qbittorrent_read_trackers(const char *bytes, size_t len, char **message, bool *unknown,
			       struct err *err) MUST_CHECK;

/* sync/maindata: section 1.6.  *space: bytes; 0 also in the first answers of a new session. */
bool qbittorrent_read_space(const char *bytes, size_t len, uint64_t *space,
			    struct err *err) MUST_CHECK;

#endif
