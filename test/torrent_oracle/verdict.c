/*
 * The torrent reader's verdict on many byte strings, for the differential test beside this file.
 *
 * Standard input: for each case its length, 4 bytes big-endian, and that many bytes.  Standard
 * output: for each case one line of fields separated by tabs:
 *   ok  v1  v2  size  files  pieces  private  name (hex)  announce host     v1, v2: hex or -
 *   no  reason
 */
#include "model/torrent.h"

#include "base/hash.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_hash(bool is_there, const uint8_t *digest, size_t len)
{
	char hex[65] = "-";

	if (is_there)
		hash_hex(digest, len, hex);
	printf("\t%s", hex);
}

static void judge(const void *bytes, size_t len)
{
	struct torrent t = {0};
	struct err err = {0};

	if (!torrent_read(bytes, len, &t, &err)) {
		printf("no\t%s\n", err.msg);
		return;
	}
	printf("ok");
	print_hash(t.has_v1, t.v1, sizeof(t.v1));
	print_hash(t.has_v2, t.v2, sizeof(t.v2));
	printf("\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu32 "\t%d\t", t.size, t.files, t.pieces,
	       t.is_private);
	for (const char *c = t.name; *c; c++)
		printf("%02x", (unsigned char)*c);
	printf("\t%s\n", t.announce_host);
	torrent_clear(&t);
}

int main(void)
{
	unsigned char head[4];

	while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 |
			     head[3];
		/* exactly as large as the case, so that a sanitizer sees a read behind it */
		char *bytes = mem_alloc(len);
		if (fread(bytes, 1, len, stdin) != len)
			return 1;
		judge(bytes, len);
		free(bytes);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
