/*
 * core/parcel.h - a .torrent file's bytes, and what they say.  It is parsed and hashed once, and
 * then travels from the tracker, the staging folder or the vault to the client.
 */
#ifndef CORE_PARCEL_H
#define CORE_PARCEL_H

#include "base/buf.h"
#include "model/torrent.h"
#include "ports/vault.h"

struct parcel {
	struct buf bytes;
	struct torrent torrent;
	char v1[41], v2[65]; /* infohashes in hex, lower case; "" where it has none */
	char infohash[65];   /* v1, or v2 where there is no v1 */
};

#define OWN_PARCEL OWN(parcel_clear)
#define PARCEL_EMPTY                                \
	{                                           \
		.bytes = BUF_MAX(TORRENT_MAX_BYTES) \
	}

/* Accepts a second call. */
void parcel_clear(struct parcel *p);

/* Parses p->bytes; errors are those of torrent_read(). */
bool parcel_parse(struct parcel *p, struct err *err) MUST_CHECK;

/* Reads a file, and parses it.  ERR_ITEM: it is of no use, now or later: no torrent, too large,
 * unreadable, or no regular file. */
bool parcel_read(struct parcel *p, const char *path, struct err *err) MUST_CHECK;

/* Reads the vault's copy of this torrent and checks its infohash, since the disk may be bad. */
bool parcel_from_vault(struct parcel *p, struct vault *v, const char *infohash,
		       struct err *err) MUST_CHECK;

#endif
