/*
 * model/trackers.h - a .torrent file whose trackers are kept elsewhere.
 *
 * qBittorrent keeps of a torrent HASH.torrent without its trackers, and those in HASH.fastresume
 * beside it: bencoded, under "trackers", in the form of BEP 12's announce-list (seen with 4.5.2).
 */
#ifndef MODEL_TRACKERS_H
#define MODEL_TRACKERS_H

#include "base/buf.h"

#include <stdbool.h>

/*
 * Fills *out, which has its ceiling, with the .torrent and the trackers of these resume data.  The
 * info dictionary stays as it is, and so does the infohash.  false: the resume data name no
 * tracker, or one of the two cannot be read.  *out is of no use then.
 */
bool trackers_add(const struct buf *torrent, const struct buf *resume, struct buf *out);

#endif
