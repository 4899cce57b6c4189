#include "base/base64.h"

#include "base/mem.h"

#include <openssl/evp.h>

char *base64_encode(const void *bytes, size_t len)
{
	char *out = mem_alloc((len + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
	return out;
}
