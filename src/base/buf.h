/*
 * base/buf.h - bytes that grow, up to a ceiling.
 *
 * A zeroed struct with a `max` is an empty buffer.  Once something was added, a NUL follows the
 * bytes; `len` does not count it.  So `data` of a text is a C string.  Use buf_text() where the
 * buffer may be empty.  If something does not fit, `full` is set and nothing more is added.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/own.h"

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data; /* owned; NULL while empty */
	size_t len;
	size_t cap;
	size_t max; /* ceiling of len */
	bool full;
};

#define BUF_MAX(ceiling)         \
	{                        \
		.max = (ceiling) \
	}
#define OWN_BUF OWN(buf_clear)

/* false: it exceeds the ceiling.  What fits was added, and `full` is set. */
bool buf_add(struct buf *b, const void *bytes, size_t len);
bool buf_puts(struct buf *b, const char *s);
bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Borrowed until the next change; "" when empty. */
const char *buf_text(const struct buf *b);

/* Forget the bytes, keep the memory. */
void buf_reset(struct buf *b);

/* Release; `max` stays.  May be called twice. */
void buf_clear(struct buf *b);

/* Hand over the bytes, never NULL, NUL after the last; the buffer is empty afterwards. */
char *buf_take(struct buf *b);

#endif
