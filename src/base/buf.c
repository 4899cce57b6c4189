#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void reserve(struct buf *b, size_t len)
{
	if (len < b->cap)
		return;
	size_t cap = b->cap ? b->cap : 256;
	while (cap <= len)
		cap += cap;
	b->data = mem_grow(b->data, cap, 1);
	b->cap = cap;
}

bool buf_add(struct buf *b, const void *bytes, size_t len)
{
	size_t room = b->full ? 0 : b->max - b->len;
	size_t n = len < room ? len : room;

	if (n < len)
		b->full = true;
	reserve(b, b->len + n);
	if (n)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
	return n == len;
}

bool buf_puts(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n < 0) {
		va_end(again);
		return false;
	}
	if ((size_t)n < sizeof small) {
		va_end(again);
		return buf_add(b, small, (size_t)n);
	}
	OWN_STR char *large = mem_alloc((size_t)n + 1);
	vsnprintf(large, (size_t)n + 1, fmt, again);
	va_end(again);
	return buf_add(b, large, (size_t)n);
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_clear(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

char *buf_take(struct buf *b)
{
	char *data = b->data ? b->data : mem_alloc(1);

	*b = (struct buf){.max = b->max};
	return data;
}
