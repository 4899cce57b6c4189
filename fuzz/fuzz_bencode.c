/* Any bytes for the bencode reader; a value that it takes is walked to every end. */
#include "base/bencode.h"

#include <stdlib.h>

#define CHECK(it_holds)          \
	do {                     \
		if (!(it_holds)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct bencode v)
{
	struct bencode_iter it = bencode_items(v);
	enum bencode_type type = bencode_type(v);
	struct bencode_str key;
	struct bencode item;

	CHECK(v.at < v.end && type != BENCODE_NONE);
	if (type == BENCODE_STRING)
		CHECK((const unsigned char *)bencode_str(v).text + bencode_str(v).len == v.end);
	if (type == BENCODE_INT)
		CHECK(bencode_int(v, 1) == bencode_int(v, 2));
	if (type == BENCODE_INT || type == BENCODE_STRING)
		CHECK(!bencode_next(&it, &item));
	while (type == BENCODE_LIST && bencode_next(&it, &item))
		walk(item);
	while (type == BENCODE_DICT && bencode_next_pair(&it, &key, &item))
		walk(item);
	if (type == BENCODE_LIST || type == BENCODE_DICT)
		CHECK(it.at + 1 == v.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	struct bencode root;
	const unsigned char *at;
	const char *why;

	if (!bencode_read(data, size, &root, &err)) {
		CHECK(err.kind == ERR_ITEM && err.msg[0] != '\0');
		return 0;
	}
	CHECK(root.at == data && root.end <= data + size);
	CHECK(bencode_canonical(root, &at, &why) || (at >= root.at && at < root.end));
	walk(root);
	return 0;
}
