/*
 * ports/client_rtorrent.h - rTorrent, by XML-RPC: over SCGI (TCP or a unix socket), or over HTTP(S)
 * through a proxy.  0.9.8 and later (client notes, section 3).
 *
 * rTorrent's own language runs programs: it executes a value that begins with "$" in a load
 * command, even within quotes.  So nothing from outside is ever part of a command.  A torrent is
 * loaded stopped.  Then calls whose parameters are taken literally set its label, folder and state.
 *
 * A crash between the two leaves a torrent that is stopped and has no label.  A user may have such
 * a torrent as well.  So the load command, a constant one, gives it a mark (RTORRENT_MARK) in the
 * same act, and the last act of a delivery changes the mark.  A delivery that finds the first mark
 * finishes what was begun.  A torrent without it is the user's, and is left alone.
 *
 * rTorrent answers 0 to everything that is loaded: taken, known already, or broken.  Only asking by
 * infohash shows which.  rTorrent drops torrents without a v1 infohash in silence, so this port
 * refuses them.  It also refuses those whose request is larger than SCGI takes (2 MiB in 0.9.8,
 * 16 MiB from 0.10 on).  If network.xmlrpc.size_limit is too small, the port raises it for the
 * moment.  If we are killed in that moment it stays raised, which does no harm.
 *
 * A label is kept percent-encoded in custom1, as ruTorrent and others do.  The save path of a
 * torrent with several files gets the torrent's name behind it, by rTorrent.
 *
 * How much space there is comes from df(1), which rTorrent runs on its host, without a shell, the
 * folders being arguments (POSIX; GNU and BusyBox alike).  A folder that is not there yet is on the
 * file system of the nearest one above that is.  Where no program may be run, the torrents that lie
 * there and are open are asked, which do not tell the whole size.
 *
 * rTorrent makes the last folder of a save path and none above it, so mkdir(1) is run there in the
 * same way.  A torrent that is not started because its folder cannot be made says nothing about it:
 * to rTorrent it is paused (seen with 0.9.8).
 */
#ifndef PORTS_CLIENT_RTORRENT_H
#define PORTS_CLIENT_RTORRENT_H

#include "base/xmlrpc.h"
#include "ports/client.h"

/* The custom key, and its two values. */
#define RTORRENT_MARK "ptp_archiver"
#define RTORRENT_ADDING "adding"
#define RTORRENT_DELIVERED "delivered"

/* `url`: scgi://host:port, http://... or https://...; with a `socket` and no URL: SCGI there.  Over
 * HTTP the proxy's user counts, or else the user.  NULL: *err. */
struct client *client_rtorrent_open(const struct client_options *o, struct err *err);

/*
 * What follows is pure, and exported for tests: the readers of rTorrent's answers.  Errors are
 * ERR_RETRY and WORD_CLIENT; messages are printable and without addresses or keys.
 */

enum rtorrent_presence {
	RTORRENT_ABSENT,
	RTORRENT_PRESENT,
	RTORRENT_HALF_ADDED, /* by us, and not finished */
};

/* The answer to d.custom(infohash, RTORRENT_MARK). */
bool rtorrent_read_presence(const struct xmlrpc *x, enum rtorrent_presence *presence,
			    struct err *err) MUST_CHECK;

/* The answer to anything of which only the success counts. */
bool rtorrent_read_done(const struct xmlrpc *x, struct err *err) MUST_CHECK;

/* The answer to system.multicall with `n` steps: all of them succeeded. */
bool rtorrent_read_steps(const struct xmlrpc *x, size_t n, struct err *err) MUST_CHECK;

/* What d.multicall2 is asked for, in the order of rtorrent_read_list(). */
#define RTORRENT_COLUMNS 13
extern const char *const rtorrent_columns[RTORRENT_COLUMNS];

/* *all (zeroed) is the caller's in any case. */
bool rtorrent_read_list(const struct xmlrpc *x, const char *category, struct client_torrents *all,
			struct err *err) MUST_CHECK;

/* What `df -Pk` printed: the first line with numbers.  false: there is none. */
bool rtorrent_read_df(const char *text, struct client_space *space);

/* The answer to d.multicall2 with d.directory= and d.free_diskspace=: of an open torrent in or
 * below `folder`.  false: there is none. */
bool rtorrent_read_free(const struct xmlrpc *x, const char *folder, struct client_space *space);

/* Is `custom1` the label `category`, written by us or by ruTorrent, or as it is by others? */
bool rtorrent_is_label(const char *custom1, const char *category);

/* Most bytes of a request body that this version (system.client_version) takes over SCGI. */
size_t rtorrent_scgi_limit(const char *version);

#endif
