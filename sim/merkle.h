/*
 * sim/merkle.h - invented piece hashes, and the Merkle tree over them (BEP 52).
 */
#ifndef SIM_MERKLE_H
#define SIM_MERKLE_H

#include "base/hash.h"

/* The next number of a fixed sequence (splitmix64). */
uint64_t merkle_random(uint64_t *state);
void merkle_fill(uint64_t *state, uint8_t *bytes, size_t len);

struct merkle {
	uint8_t root[SHA256_SIZE];
	uint8_t (*layer)[SHA256_SIZE]; /* owned: one hash per piece; NULL for a single piece */
	size_t layer_n;
};

/* Of a file of `size` bytes in pieces of `piece` (a power of two, at least 16 KiB). */
void merkle_make(struct merkle *m, int64_t seed, int64_t size, int64_t piece);
void merkle_clear(struct merkle *m);

#endif
