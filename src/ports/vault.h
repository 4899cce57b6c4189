/*
 * ports/vault.h - the .torrent files that are ours, and those that are not to be trusted.
 *
 * vault/<infohash>.torrent holds what was accepted, so that it can be delivered whatever happens
 * to the tracker; quarantine/<TorrentID>.bin what came instead of a torrent, for a person to see.
 * The file "answer" is the slip, see below.  All files are 0600, since they hold the user's
 * passkey.
 */
#ifndef PORTS_VAULT_H
#define PORTS_VAULT_H

#include "base/buf.h"
#include "base/err.h"

struct vault;

/* Makes the two folders in `state_folder`. */
struct vault *vault_open(const char *state_folder, struct err *err) MUST_CHECK;
void vault_close(struct vault *v);

/* Can a torrent be kept?  Writes a file and removes it. */
bool vault_ready(struct vault *v, struct err *err) MUST_CHECK;

bool vault_keep(struct vault *v, const char *infohash, const struct buf *bytes,
		struct err *err) MUST_CHECK;

/* Where it lies, or would; the caller's. */
char *vault_path(const struct vault *v, const char *infohash);

/* One that is not there is fine. */
bool vault_drop(struct vault *v, const char *infohash, struct err *err) MUST_CHECK;

/* `bytes` has the ceiling.  A file that is not there is an error like any other. */
bool vault_read(struct vault *v, const char *infohash, struct buf *bytes,
		struct err *err) MUST_CHECK;

/* Calls `each` for every torrent that is kept, in any order, until it returns false. */
bool vault_each(const struct vault *v,
		bool (*each)(void *ctx, const char *infohash, struct err *err), void *ctx,
		struct err *err) MUST_CHECK;

/* *path: where it lies now, the caller's.  An earlier file of the same torrent is replaced. */
bool vault_quarantine(struct vault *v, const char *torrent_id, const struct buf *bytes, char **path,
		      struct err *err) MUST_CHECK;

/* Where what cannot be read is to go; the caller's. */
char *vault_quarantine_path(const struct vault *v, const char *id);

/* Moves it there unread, whatever it is: a file of any size, a folder, a link.  It keeps its own
 * permissions, in a folder that only we can enter. */
bool vault_quarantine_move(const char *from, const char *path, struct err *err) MUST_CHECK;

/*
 * The slip: room for one answer of the tracker's (a line of at most VAULT_SLIP_BYTES), for when the
 * ledger cannot be written.  The file has its size from the start and is written in place, which
 * works on most full disks.
 */
#define VAULT_SLIP_BYTES 255

bool vault_slip_write(struct vault *v, const char *text, struct err *err) MUST_CHECK;

/* "" if it is blank. */
bool vault_slip_read(struct vault *v, char text[VAULT_SLIP_BYTES + 1], struct err *err) MUST_CHECK;

#endif
