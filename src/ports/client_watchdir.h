/*
 * ports/client_watchdir.h - a folder that a torrent client watches.
 *
 * Files are staged in its hidden folder (base/hidden.h), which is on the same file system, and
 * which clients do not look into (client notes, section 6); from there a rename that cannot
 * overwrite puts them in place.  A name that is taken by the same infohash is success; one that is
 * taken by anything else gets " [<first 8 of the infohash>]" before its ending.  So does one that
 * is too long for the folder, with room for the endings that clients add; it is shortened.  Where
 * even that is refused, the infohash is the name.
 *
 * A torrent holds the user's passkey, so others get no permissions unless the umask is set to allow
 * it: files are 0666 and folders 0777 without the bits of `mask`.  In a folder that is set-group-ID
 * they have its group, also where it was made so later.
 */
#ifndef PORTS_CLIENT_WATCHDIR_H
#define PORTS_CLIENT_WATCHDIR_H

#include "ports/client.h"

#include <sys/types.h>

/* The folder itself is made at ready(), if its parent exists. */
struct client *client_watchdir_open(const char *folder, mode_t mask);

#endif
