#include "base/tar.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Fields of the header: where they begin, and how long they are. */
enum {
	NAME = 0,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	WHEN = 136,
	SUM = 148,
	TYPE = 156,
	MAGIC = 257,
	NUMBER = 8,
	LONG_NUMBER = 12,
};

static const char magic[8] = {'u', 's', 't', 'a', 'r', '\0', '0', '0'};

static void put(char *field, int size, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%0*" PRIo64, size - 1, value);
	memcpy(field, text, (size_t)size);
}

/* The sum's own field counts as spaces. */
static unsigned sum_of(const char block[TAR_BLOCK])
{
	unsigned sum = 0;

	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM && i < SUM + NUMBER ? ' ' : (unsigned char)block[i];
	return sum;
}

void tar_header(const struct tar_file *f, int64_t when, char block[TAR_BLOCK])
{
	memset(block, 0, TAR_BLOCK);
	memcpy(block + NAME, f->name, strlen(f->name));
	put(block + MODE, NUMBER, 0600);
	put(block + UID, NUMBER, 0);
	put(block + GID, NUMBER, 0);
	put(block + SIZE, LONG_NUMBER, f->size);
	put(block + WHEN, LONG_NUMBER, (uint64_t)when);
	block[TYPE] = '0';
	memcpy(block + MAGIC, magic, sizeof magic);
	put(block + SUM, NUMBER - 1, sum_of(block));
	block[SUM + NUMBER - 1] = ' ';
}

/* Octal digits up to the end of the field, which a NUL or a space marks. */
static bool get(const char *field, int size, uint64_t *value)
{
	*value = 0;
	for (int i = 0; i < size; i++) {
		if (field[i] == '\0' || field[i] == ' ')
			return i > 0;
		if (field[i] < '0' || field[i] > '7')
			return false;
		*value = *value << 3 | (uint64_t)(field[i] - '0');
	}
	return false;
}

static bool is_blank(const char block[TAR_BLOCK])
{
	for (int i = 0; i < TAR_BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

enum tar_block tar_parse(const char block[TAR_BLOCK], struct tar_file *f)
{
	uint64_t sum;

	if (is_blank(block))
		return TAR_END;
	if (!get(block + SUM, NUMBER, &sum) || sum != sum_of(block) || block[TYPE] != '0' ||
	    memcmp(block + MAGIC, magic, sizeof magic) != 0 || !block[NAME] ||
	    block[NAME + TAR_NAME] || !get(block + SIZE, LONG_NUMBER, &f->size))
		return TAR_BAD;
	memcpy(f->name, block + NAME, sizeof f->name);
	return TAR_FILE;
}

size_t tar_padding(uint64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}
