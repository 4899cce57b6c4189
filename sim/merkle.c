#include "merkle.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK (16 << 10) /* bytes under one leaf */

uint64_t merkle_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void merkle_fill(uint64_t *state, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t r = merkle_random(state);

		memcpy(bytes + i, &r, len - i < 8 ? len - i : 8);
	}
}

static void join(uint8_t out[SHA256_SIZE], const uint8_t a[SHA256_SIZE],
		 const uint8_t b[SHA256_SIZE])
{
	uint8_t pair[2 * SHA256_SIZE];

	memcpy(pair, a, SHA256_SIZE);
	memcpy(pair + SHA256_SIZE, b, SHA256_SIZE);
	hash_sha256(pair, sizeof pair, out);
}

/* Up one level, `n` nodes to n/2; the missing ones to the right are all `pad`. */
static size_t climb(uint8_t (*nodes)[SHA256_SIZE], size_t n, uint8_t pad[SHA256_SIZE])
{
	for (size_t i = 0; i < n; i += 2)
		join(nodes[i / 2], nodes[i], i + 1 < n ? nodes[i + 1] : pad);
	join(pad, pad, pad);
	return (n + 1) / 2;
}

static void compute_root(struct merkle *m, int64_t piece)
{
	uint8_t pad[SHA256_SIZE] = {0};
	uint8_t(*nodes)[SHA256_SIZE] = mem_alloc(m->layer_n * SHA256_SIZE);

	memcpy(nodes, m->layer, m->layer_n * SHA256_SIZE);
	for (int64_t p = piece; p > BLOCK; p /= 2)
		join(pad, pad, pad);
	for (size_t n = m->layer_n; n > 1;)
		n = climb(nodes, n, pad);
	memcpy(m->root, nodes[0], SHA256_SIZE);
	free(nodes);
}

void merkle_make(struct merkle *m, int64_t seed, int64_t size, int64_t piece)
{
	uint64_t state = (uint64_t)seed;

	*m = (struct merkle){0};
	if (size <= piece) {
		merkle_fill(&state, m->root, SHA256_SIZE);
		return;
	}
	m->layer_n = (size_t)((size + piece - 1) / piece);
	m->layer = mem_alloc(m->layer_n * SHA256_SIZE);
	merkle_fill(&state, m->layer[0], m->layer_n * SHA256_SIZE);
	compute_root(m, piece);
}

void merkle_clear(struct merkle *m)
{
	free(m->layer);
	*m = (struct merkle){0};
}
