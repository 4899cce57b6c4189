/*
 * ports/client_transmission.h - Transmission 2.9x to 4.x, asked through its JSON RPC.
 *
 * The facts are from the client notes, section 2, seen on 3.00 and, through the notes, on 4.1.  It
 * is the old protocol ({"method", "arguments"}), which all these versions speak.
 *
 * Where: the URL may end in /transmission/rpc or not (client_transmission_url()).  With a socket
 * the URL's host is only a name: http://localhost/transmission/rpc.  NULL is the same.
 *
 * Login: Basic authentication.  Each call has it from the start.  A call without it counts as a
 * failed login, and 3.00 locks everybody out after a hundred.  A proxy with a password of its own
 * reads the same header field.  If the options have a proxy's user, this port sends it in place of
 * the client's.  Then the proxy must add the client's, or the client must ask for none.  After a
 * refusal the port sends nothing until the object is opened again.  It takes the session id (409)
 * once, and again after a restart of the client.
 *
 * Labels: the category first, then the tags, without spaces at their ends, as the client does it.
 * They cannot hold a comma.  4.x takes them when a torrent is added.  3.00 takes them only
 * afterwards, so it shows the torrent without them for a moment.  A delivery that was interrupted
 * in this moment sets them when it resumes.  2.9x has no labels, so no torrent of it has a
 * category: list() by category finds none, and no torrent counts as stalled or incomplete.
 *
 * 3.00 writes characters beyond U+FFFF wrongly (its own mistake, seen), also in names and folders.
 * A list by such a category still finds its torrents.
 *
 * If `paused` is false, the client's own setting decides whether a torrent starts.
 *
 * Hybrid torrents: 4.x takes them by their v1 hash, 3.00 refuses them.  No version takes v2 alone
 * (client notes, rule 7).
 */
#ifndef PORTS_CLIENT_TRANSMISSION_H
#define PORTS_CLIENT_TRANSMISSION_H

#include "ports/client.h"

/* NULL: ERR_TARGET with WORD_CONFIG for a URL that cannot be used. */
struct client *client_transmission_open(const struct client_options *o, struct err *err) MUST_CHECK;

/*
 * The RPC's URL, the caller's, from what a user wrote or copied from a browser.  A URL without a
 * path gets /transmission/rpc.  A path that ends in /transmission or /transmission/web is made to
 * end in /transmission/rpc.  Any other path stays, because a proxy may have chosen it.  A '#' with
 * what follows, and slashes at the end, are dropped.
 */
char *client_transmission_url(const char *url);

/*
 * What follows reads the client's answers (client notes, 2.3 and 2.4), without any other effect.
 * Errors have WORD_CLIENT: ERR_RETRY for an answer of a shape that is not known, or that says no;
 * ERR_TARGET for an HTML page, a version that speaks another protocol, and what a person set wrong;
 * ERR_ITEM for a torrent that is refused.  The client's words in them are client_words() of
 * client_common.h.
 */

/* To torrent-add: true if it was added, or is there already. */
bool client_transmission_read_added(const char *bytes, size_t len, struct err *err) MUST_CHECK;

/* To any call whose answer has nothing else in it. */
bool client_transmission_read_done(const char *bytes, size_t len, struct err *err) MUST_CHECK;

struct transmission_found {
	bool present;
	bool takes_labels; /* this version knows labels, and the torrent has none yet */
};

/* To torrent-get of one torrent, with the fields hashString and labels.  `hash` is lower case. */
bool client_transmission_read_found(const char *bytes, size_t len, const char *hash,
				    struct transmission_found *found, struct err *err) MUST_CHECK;

/*
 * To torrent-get with CLIENT_TRANSMISSION_FIELDS: those that are labelled `category`, all for NULL.
 * *all must be empty.  Of a list by category each has that one as its category, else its first
 * label.  `name` and `message` are printable, `folder` and `category` are as the client has them.
 *
 * An error is a tracker's failure answer (2) or a local one (3); a tracker's warning (1) is only a
 * message.  Stalled: it should be downloading, something is left, and nothing comes right now;
 * the client's own isStalled waits for half an hour, or is off.  A torrent of which a person has
 * deselected files is never complete, and is "paused" once it has all the others.
 */
#define CLIENT_TRANSMISSION_FIELDS                                                                \
	"[\"hashString\",\"name\",\"status\",\"totalSize\",\"sizeWhenDone\",\"leftUntilDone\","   \
	"\"rateDownload\",\"labels\",\"downloadDir\",\"error\",\"errorString\",\"activityDate\"," \
	"\"addedDate\",\"isFinished\"]"

bool client_transmission_read_list(const char *bytes, size_t len, const char *category,
				   struct client_torrents *all, struct err *err) MUST_CHECK;

/* To session-get: the folder that torrents go to, the caller's. */
bool client_transmission_read_session(const char *bytes, size_t len, char **folder,
				      struct err *err) MUST_CHECK;

/*
 * To free-space.  *missing: the folder is not there (yet), and *space is not touched.  Only
 * 4.x gives `total`.
 */
bool client_transmission_read_space(const char *bytes, size_t len, struct client_space *space,
				    bool *missing, struct err *err) MUST_CHECK;

#endif
