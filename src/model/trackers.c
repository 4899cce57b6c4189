#include "model/trackers.h"

#include "base/bencode.h"

#include <string.h>

/* The first one of the list of lists; an empty text: there is none. */
static struct bencode_str first_of(struct bencode tiers)
{
	struct bencode_iter outer = bencode_items(tiers);
	struct bencode tier, url;

	while (bencode_next(&outer, &tier)) {
		struct bencode_iter inner = bencode_items(tier);
		while (bencode_type(tier) == BENCODE_LIST && bencode_next(&inner, &url)) {
			struct bencode_str text = bencode_str(url);
			if (text.len)
				return text;
		}
	}
	return (struct bencode_str){"", 0};
}

static void put_value(struct buf *out, struct bencode v)
{
	buf_add(out, v.at, (size_t)(v.end - v.at));
}

static void put_str(struct buf *out, struct bencode_str s)
{
	buf_printf(out, "%zu:", s.len);
	buf_add(out, s.text, s.len);
}

static bool is_key(struct bencode_str key, const char *name)
{
	return key.len == strlen(name) && memcmp(key.text, name, key.len) == 0;
}

static void put_others(struct buf *out, struct bencode root)
{
	struct bencode_iter it = bencode_items(root);
	struct bencode_str key;
	struct bencode value;

	while (bencode_next_pair(&it, &key, &value)) {
		if (is_key(key, "announce") || is_key(key, "announce-list"))
			continue;
		put_str(out, key);
		put_value(out, value);
	}
}

bool trackers_add(const struct buf *torrent, const struct buf *resume, struct buf *out)
{
	struct bencode root, known;
	struct err ignored;

	if (!bencode_read(torrent->data, torrent->len, &root, &ignored) ||
	    !bencode_read(resume->data, resume->len, &known, &ignored) ||
	    bencode_type(root) != BENCODE_DICT)
		return false;
	struct bencode tiers = bencode_find_type(known, "trackers", BENCODE_LIST);
	struct bencode_str first = first_of(tiers);
	if (!first.len)
		return false;
	buf_puts(out, "d8:announce");
	put_str(out, first);
	buf_puts(out, "13:announce-list");
	put_value(out, tiers);
	put_others(out, root);
	return buf_puts(out, "e");
}
