/*
 * base/hash.h - SHA-1 (BEP 3) and SHA-256 (BEP 52) over libcrypto, and hexadecimal.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20
#define SHA256_SIZE 32

void hash_sha1(const void *bytes, size_t len, uint8_t out[SHA1_SIZE]);
void hash_sha256(const void *bytes, size_t len, uint8_t out[SHA256_SIZE]);

/* SHA-256 of what comes in pieces.  hash_sum_end() gives the digest and releases the sum. */
struct hash_sum;
struct hash_sum *hash_sum_begin(void);
void hash_sum_add(struct hash_sum *sum, const void *bytes, size_t len);
void hash_sum_end(struct hash_sum *sum, uint8_t out[SHA256_SIZE]);

/* Lower-case hexadecimal; `out` takes 2 * len + 1 bytes. */
void hash_hex(const uint8_t *bytes, size_t len, char *out);

/* Exactly 2 * len hexadecimal digits, of either case, and nothing else; otherwise false. */
bool hash_unhex(const char *text, uint8_t *out, size_t len);

/* Fill with random bytes from the system. */
void hash_random(void *out, size_t len);

/* A random number from 0 to 1, for spreading times. */
double hash_chance(void);

#endif
