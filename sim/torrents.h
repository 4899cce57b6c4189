/*
 * sim/torrents.h - torrents to hand out: generated ones, and a folder of real ones.
 *
 * A generated torrent follows from its description alone, so each download makes it again.  It has
 * no content: the piece hashes are numbers that look random.  v1 as BEP 3, v2 and hybrid as BEP 52
 * (the Merkle roots and piece layers agree with each other).
 */
#ifndef SIM_TORRENTS_H
#define SIM_TORRENTS_H

#include "base/buf.h"
#include "base/hash.h"

#include <stdint.h>

enum torrents_kind { TORRENT_V1, TORRENT_V2, TORRENT_HYBRID };

/* What is wrong with a torrent that is broken on purpose. */
enum torrents_defect {
	DEFECT_NONE,
	/* changes of the bytes, good for real torrents too */
	DEFECT_EMPTY,
	DEFECT_TRUNCATED,
	DEFECT_TRAILING,
	/* of generated ones */
	DEFECT_EMPTY_NAME,
	DEFECT_HUGE_DEPTH,
	DEFECT_LEADING_ZERO,
	DEFECT_NEGATIVE,
	DEFECT_NO_INFO,
	DEFECT_NO_NAME,
	DEFECT_NO_PIECES,
	DEFECT_PIECE_COUNT,
	DEFECT_PIECES_ODD,
	DEFECT_TRAVERSAL,
	DEFECT_UNSORTED,
	DEFECT_V2_BAD,
	DEFECT_V2_HASH,
	DEFECT_V2_NO_LAYERS,
	DEFECT_ZERO_PIECE_LENGTH,
};

struct torrents_spec {
	int64_t id;
	int64_t size; /* bytes, 1 to SIM_TORRENT_SIZE */
	enum torrents_kind kind;
	bool multi; /* several files; not with hybrid, and not below 1000 bytes */
};

/* "v1", "v2", "hybrid"; an unknown word counts as v1. */
bool torrents_kind_known(const char *word);
enum torrents_kind torrents_kind(const char *word);
const char *torrents_kind_name(enum torrents_kind kind);

/* DEFECT_NONE: an unknown word. */
enum torrents_defect torrents_defect(const char *word);

/* A size in [min, max] that follows from the id. */
int64_t torrents_size(int64_t id, int64_t min, int64_t max);

/* "Some.Film.<year>.1080p-<id>"; caller's. */
char *torrents_name(int64_t id);

/* Append the metainfo file. */
void torrents_make(const struct torrents_spec *spec, const char *announce,
		   enum torrents_defect defect, struct buf *out);

/* SHA-1 and SHA-256 of its info dictionary. */
void torrents_hashes(const struct torrents_spec *spec, uint8_t v1[SHA1_SIZE],
		     uint8_t v2[SHA256_SIZE]);

/* A damaged copy in place of the bytes; for the defects that need no generator, else unchanged
 * and false. */
bool torrents_damage(struct buf *metainfo, enum torrents_defect defect);

#endif
