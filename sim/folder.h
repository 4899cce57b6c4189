/*
 * sim/folder.h - a folder of real .torrent files to hand out, in order of name.
 *
 * Files are handed out as they are, even if they are not torrents.  Such a file counts as size 0
 * and has no infohash.
 */
#ifndef SIM_FOLDER_H
#define SIM_FOLDER_H

#include "base/buf.h"

#include <stdint.h>

/* The first *.torrent file whose name comes, byte by byte, after `last` (NULL: from the start).
 * Caller's; NULL if there is none. */
char *folder_next(const char *dir, const char *last);

/* Append the file; `dir` NULL: `name` is a path.  false if it cannot be read whole. */
bool folder_read(const char *dir, const char *name, struct buf *out);

/* Bytes that the torrent describes, and the position of its info dictionary (length 0: none). */
struct folder_facts {
	int64_t size;
	size_t info;
	size_t info_len;
	bool v2_only;
};

void folder_inspect(const char *bytes, size_t len, struct folder_facts *facts);

#endif
