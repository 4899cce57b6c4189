/*
 * base/base64.h - base64 (RFC 4648, section 4) over libcrypto.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

/* On one line, padded; the caller's.  At most 1 GiB. */
char *base64_encode(const void *bytes, size_t len);

/* A text of at most 64 KiB, as a string; the caller's.  NULL: it is not base64, or holds a NUL. */
char *base64_decode(const char *text);

#endif
