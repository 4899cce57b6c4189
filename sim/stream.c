#include "stream.h"

#include "base/mem.h"
#include "limits.h"

#include <string.h>
#include <zlib.h>

#define UNIT (1 << 20) /* spaces in one repeated part of a bomb */
#define TICK 0.05      /* seconds between the portions of a body with a rate */

/* The first bytes of a gzip member without name and time (RFC 1952, section 2.3). */
static const char gzip_head[] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 2, 3};

struct stream {
	struct pause pause;
	enum answer_way way;
	struct buf body; /* of a bomb: one unit, deflated */
	struct buf tail; /* of a bomb: the last, empty block, checksum and size */
	uint64_t units;  /* of a bomb */
	uint64_t rate;
	uint64_t cut;
};

/* Deflate one unit so that it can be repeated: it ends on a byte, and refers to nothing before. */
static void deflate_unit(struct buf *out, const void *unit)
{
	OWN_STR unsigned char *packed = mem_alloc(UNIT);
	z_stream z = {0};

	if (deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = (unsigned char *)(uintptr_t)unit;
	z.avail_in = UNIT;
	z.next_out = packed;
	z.avail_out = UNIT;
	deflate(&z, Z_FULL_FLUSH);
	buf_add(out, packed, UNIT - z.avail_out);
	deflateEnd(&z);
}

static void add_le32(struct buf *b, uint32_t v)
{
	unsigned char bytes[4] = {(unsigned char)v, (unsigned char)(v >> 8),
				  (unsigned char)(v >> 16), (unsigned char)(v >> 24)};

	buf_add(b, bytes, sizeof bytes);
}

static void build_bomb(struct stream *s, uint64_t unpacked)
{
	OWN_STR char *unit = mem_alloc(UNIT);
	uLong sum = crc32(0, NULL, 0);

	memset(unit, ' ', UNIT);
	s->units = (unpacked + UNIT - 1) / UNIT;
	s->body = (struct buf)BUF_MAX(UNIT);
	s->tail = (struct buf)BUF_MAX(16);
	deflate_unit(&s->body, unit);
	uLong one = crc32(sum, (unsigned char *)unit, UNIT);
	for (uint64_t i = 0; i < s->units; i++)
		sum = crc32_combine(sum, one, UNIT);
	buf_add(&s->tail, "\3\0", 2);
	add_le32(&s->tail, (uint32_t)sum);
	add_le32(&s->tail, (uint32_t)(s->units * UNIT));
}

struct stream *stream_new(struct answer *a, const struct pause *p)
{
	struct stream *s = mem_alloc(sizeof *s);

	s->pause = *p;
	s->way = a->way;
	s->rate = a->rate;
	s->cut = a->cut == SIZE_MAX ? STREAM_UNKNOWN : a->cut;
	if (a->way == ANSWER_BOMB) {
		build_bomb(s, a->unpacked);
	} else {
		s->body = a->body;
		a->body = (struct buf)BUF_MAX(SIM_BODY_BYTES);
	}
	return s;
}

void stream_free(void *stream)
{
	struct stream *s = stream;

	if (!s)
		return;
	buf_clear(&s->body);
	buf_clear(&s->tail);
	free(s);
}

uint64_t stream_size(const struct stream *s)
{
	if (s->way == ANSWER_ENDLESS)
		return STREAM_UNKNOWN;
	if (s->way == ANSWER_BOMB)
		return sizeof gzip_head + s->units * s->body.len + s->tail.len;
	return s->body.len;
}

static size_t part(const void *from, size_t len, uint64_t offset, char *to, size_t max)
{
	size_t n = len - (size_t)offset;

	n = n < max ? n : max;
	memcpy(to, (const char *)from + offset, n);
	return n;
}

static size_t read_bomb(const struct stream *s, uint64_t pos, char *to, size_t max)
{
	uint64_t middle = s->units * s->body.len;

	if (pos < sizeof gzip_head)
		return part(gzip_head, sizeof gzip_head, pos, to, max);
	pos -= sizeof gzip_head;
	if (pos < middle)
		return part(s->body.data, s->body.len, pos % s->body.len, to, max);
	return part(s->tail.data, s->tail.len, pos - middle, to, max);
}

/* How much may leave now, after having waited for it; 0: the wait was ended. */
static size_t paced(const struct stream *s, size_t max)
{
	double portion = (double)s->rate * TICK;

	if (!s->rate)
		return max;
	if (!pause_for(&s->pause, portion < 1 ? 1.0 / (double)s->rate : TICK))
		return 0;
	if (portion < 1)
		return 1;
	return portion < (double)max ? (size_t)portion : max;
}

ssize_t stream_read(void *stream, uint64_t pos, char *to, size_t max)
{
	struct stream *s = stream;

	if (pos >= s->cut)
		return -1;
	if (s->cut - pos < max)
		max = (size_t)(s->cut - pos);
	max = paced(s, max);
	if (!max)
		return -1;
	if (s->way == ANSWER_BOMB)
		return (ssize_t)read_bomb(s, pos, to, max);
	if (s->way == ANSWER_ENDLESS) {
		memset(to, ' ', max);
		return (ssize_t)max;
	}
	return (ssize_t)part(s->body.data, s->body.len, pos, to, max);
}
