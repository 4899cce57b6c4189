/*
 * model/torrent.h - a .torrent file, distrusted.
 *
 * torrent_read() says whether a torrent client would load these bytes, and what the client will
 * call them.  The measure is libtorrent-rasterbar 2.0 (`torrent_info` on a buffer, with the default
 * `load_torrent_limits`): what it loads is taken, with the same infohashes, name, size, number of
 * files and of pieces; what it refuses is refused.  doc/torrents.md holds the rules and the few
 * differences.  BEP 3 (v1), BEP 47 (pad files), BEP 52 (v2 and hybrid).
 */
#ifndef MODEL_TORRENT_H
#define MODEL_TORRENT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define TORRENT_MAX_BYTES (32u << 20) /* of a .torrent file; real ones of 12 MB are loaded */
#define TORRENT_NAME_MAX 1024         /* bytes of a name, without the NUL; longer ones are cut */
#define TORRENT_MAX_PIECES 0x200000

struct torrent {
	char *name;      /* owned; printable UTF-8, never empty; the top folder or the only file */
	uint64_t size;   /* bytes of all files, pad files too; over 0 */
	uint32_t files;  /* libtorrent's num_files: pad files count, also those v2 implies */
	uint32_t pieces; /* over 0 */
	bool is_private; /* BEP 27 */
	bool has_v1;     /* v1 is valid */
	bool has_v2;     /* v2 is valid; a hybrid torrent has both */
	uint8_t v1[20];  /* SHA-1 of the info dictionary as it stands */
	uint8_t v2[32];  /* SHA-256 of the same bytes */
	char announce_host[256]; /* host[:port] of the first tracker, lower case; "" if there is
				  * none of that form.  Never a path, a user or a passkey. */
};

/*
 * Read a .torrent file of `len` bytes into *t, to be released with torrent_clear().
 *
 * false: no client would load it.  ERR_ITEM, WORD_BAD_TORRENT, with the reason in words and the
 * byte offset where that helps.  The message never quotes the bytes, so it holds no secrets of the
 * announce URL.  *t is not touched.
 */
bool torrent_read(const void *bytes, size_t len, struct torrent *t, struct err *err) MUST_CHECK;

/* Accepts a zeroed struct, and a second call. */
void torrent_clear(struct torrent *t);

/*
 * The infohash by which the torrent is known here, in lower-case hexadecimal: v1 (40 digits) if
 * there is one, else v2 (64 digits).
 */
void torrent_infohash_hex(const struct torrent *t, char out[65]);

#endif
