/*
 * core/guard.h - may a container be given another torrent?  Answered before the tracker is asked,
 * so that nothing is assigned that the client cannot take.
 *
 *     client    the client is away, or too many torrents wait for it (MaxPending)
 *     stalled   MaxStalled or more downloads of the container's category are stalled
 *     backlog   MaxActive or more downloads are incomplete; of a watch folder: more than MaxPending
 *               files have not been picked up
 *     space     less than Reserve is free where the client would store the torrent
 *
 * The ledger keeps what is free, for the status: the client's space whenever Reserve makes us ask
 * for it, the space of a local folder each time.
 */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "core/destination.h"
#include "model/outcome.h"

/* A file in a watch folder counts as not picked up after so long: clients look every few seconds.
 */
#define GUARD_PICK_UP_GRACE_MS (60 * INT64_C(1000))

/*
 * HOLD: *out (result and detail) says what holds the container back.  A client that turns out to be
 * away is noted (destination_note_away); that alone holds the container only if the client must be
 * asked something, or needs a person.
 */
enum step guard_check(const struct run *r, const struct target *t, struct outcome *out,
		      struct err *err) MUST_CHECK;

#endif
