/* Any bytes for the torrent reader; what it takes must make sense. */
#include "model/torrent.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(it_holds)          \
	do {                     \
		if (!(it_holds)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct torrent *t)
{
	char hex[65];

	CHECK(t->name[0] != '\0' && strlen(t->name) <= TORRENT_NAME_MAX);
	CHECK(text_is_utf8(t->name, strlen(t->name)) && !strchr(t->name, '/'));
	CHECK(strcmp(t->name, ".") != 0 && strcmp(t->name, "..") != 0);
	CHECK(t->size > 0 && t->size < UINT64_C(1) << 48);
	CHECK(t->files > 0 && t->pieces > 0 && t->pieces <= TORRENT_MAX_PIECES);
	CHECK(t->has_v1 || t->has_v2);
	torrent_infohash_hex(t, hex);
	CHECK(strlen(hex) == (t->has_v1 ? 40 : 64));
	CHECK(!strpbrk(t->announce_host, "/@?# "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct torrent t = {0};
	struct err err = {0};

	if (torrent_read(data, size, &t, &err))
		check(&t);
	else
		CHECK(err.kind == ERR_ITEM && err.code == WORD_BAD_TORRENT && err.msg[0] &&
		      !t.name);
	torrent_clear(&t);
	torrent_clear(&t);
	return 0;
}
