#include "base/hash.h"

#include "base/mem.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void hash_sha1(const void *bytes, size_t len, uint8_t out[SHA1_SIZE])
{
	SHA1(bytes, len, out);
}

void hash_sha256(const void *bytes, size_t len, uint8_t out[SHA256_SIZE])
{
	SHA256(bytes, len, out);
}

struct hash_sum {
	EVP_MD_CTX *of; /* owned */
};

/* These calls fail only where memory runs out. */
struct hash_sum *hash_sum_begin(void)
{
	struct hash_sum *sum = mem_alloc(sizeof *sum);

	sum->of = EVP_MD_CTX_new();
	if (!sum->of || EVP_DigestInit_ex(sum->of, EVP_sha256(), NULL) != 1)
		abort();
	return sum;
}

void hash_sum_add(struct hash_sum *sum, const void *bytes, size_t len)
{
	if (EVP_DigestUpdate(sum->of, bytes, len) != 1)
		abort();
}

void hash_sum_end(struct hash_sum *sum, uint8_t out[SHA256_SIZE])
{
	if (EVP_DigestFinal_ex(sum->of, out, NULL) != 1)
		abort();
	EVP_MD_CTX_free(sum->of);
	free(sum);
}

void hash_hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digit[bytes[i] >> 4];
		out[2 * i + 1] = digit[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_unhex(const char *text, uint8_t *out, size_t len)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++)
		if (digit_value(text[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
	return true;
}

void hash_random(void *out, size_t len)
{
	uint8_t *at = out;

	while (len > 0) {
		ssize_t n = getrandom(at, len < 256 ? len : 256, 0);
		if (n < 0)
			abort();
		at += n;
		len -= (size_t)n;
	}
}

double hash_chance(void)
{
	uint32_t r;

	hash_random(&r, sizeof r);
	return (double)r / UINT32_MAX;
}
