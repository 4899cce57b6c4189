/*
 * ports/vault.h - the .torrent files that are ours, and those that are not to be trusted.
 *
 * vault/<infohash>.torrent holds what was accepted, so that it can be delivered whatever happens
 * to the tracker; quarantine/<TorrentID>.bin what came instead of a torrent, for a person to see.
 * All files are 0600, since they hold the user's passkey.
 */
#ifndef PORTS_VAULT_H
#define PORTS_VAULT_H

#include "base/buf.h"
#include "base/err.h"

struct vault;

/* Makes the two folders in `state_folder`. */
struct vault *vault_open(const char *state_folder, struct err *err) MUST_CHECK;
void vault_close(struct vault *v);

bool vault_keep(struct vault *v, const char *infohash, const struct buf *bytes,
		struct err *err) MUST_CHECK;

/* `bytes` has the ceiling.  A file that is not there is an error like any other. */
bool vault_read(struct vault *v, const char *infohash, struct buf *bytes,
		struct err *err) MUST_CHECK;

/* *path: where it lies now, the caller's.  An earlier file of the same torrent is replaced. */
bool vault_quarantine(struct vault *v, const char *torrent_id, const struct buf *bytes, char **path,
		      struct err *err) MUST_CHECK;

#endif
