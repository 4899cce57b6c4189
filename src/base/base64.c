#include "base/base64.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

char *base64_encode(const void *bytes, size_t len)
{
	char *out = mem_alloc((len + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
	return out;
}

#define DECODE_MAX 65536

char *base64_decode(const char *text)
{
	size_t len = strlen(text), padding = 0;

	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	if (len == 0 || len % 4 || len > DECODE_MAX)
		return NULL;
	char *out = mem_alloc(len / 4 * 3 + 1);
	int n = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text, (int)len);
	size_t got = n < 0 ? 0 : (size_t)n - padding;
	out[got] = '\0';
	if (n >= 0 && strlen(out) == got)
		return out;
	free(out);
	return NULL;
}
