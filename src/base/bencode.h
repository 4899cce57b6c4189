/*
 * base/bencode.h - a strict reader of bencoded values (BEP 3), for bytes that cannot be trusted.
 *
 * bencode_read() checks everything once: syntax, lengths, nesting, number of tokens.  After that
 * every other function walks the checked bytes, allocates nothing and cannot fail.  A value is a
 * pair of pointers into the caller's bytes, which must stay where they are.
 *
 * It accepts what libtorrent-rasterbar 2.0 accepts.  Leading zeros, unsorted keys and repeated keys
 * pass; bencode_canonical() finds them.  Bytes after the value are ignored.
 */
#ifndef BASE_BENCODE_H
#define BASE_BENCODE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* The limits of libtorrent's load_torrent_limits. */
#define BENCODE_MAX_DEPTH 99       /* lists and dictionaries inside each other */
#define BENCODE_MAX_TOKENS 3000000 /* strings, integers, beginnings and ends of containers */
#define BENCODE_MAX_LENGTH_DIGITS 16
#define BENCODE_MAX_INT_DIGITS 20

enum bencode_type {
	BENCODE_NONE,
	BENCODE_INT,
	BENCODE_STRING,
	BENCODE_LIST,
	BENCODE_DICT,
};

/* One whole value, from its first byte to the one after its last; zeroed: there is none. */
struct bencode {
	const unsigned char *at; /* borrowed */
	const unsigned char *end;
};

/* The bytes of a string, not ended by a NUL. */
struct bencode_str {
	const char *text; /* borrowed */
	size_t len;
};

/* A place between two items of a list or dictionary. */
struct bencode_iter {
	const unsigned char *at;
};

/*
 * Check the value at the start of bytes[0..len) and describe it in *root.  Bytes that follow it are
 * ignored; root->end is where it ended.
 * false: ERR_ITEM, WORD_BAD_TORRENT, "byte N: what is wrong"; no content is quoted.
 */
bool bencode_read(const void *bytes, size_t len, struct bencode *root, struct err *err) MUST_CHECK;

/*
 * Is the value in its canonical form: without leading zeros, with the keys of each dictionary
 * sorted and different?  If not, *at is the first wrong byte and *why the reason.
 */
bool bencode_canonical(struct bencode v, const unsigned char **at, const char **why);

enum bencode_type bencode_type(struct bencode v);

/* The value of an integer.  Another type: `otherwise`.  Outside of -(2^63-1)..2^63-1: 0, which is
 * how libtorrent reads it. */
int64_t bencode_int(struct bencode v, int64_t otherwise);

/* The bytes of a string; of any other type {NULL, 0}.  `text` of an empty string is not NULL. */
struct bencode_str bencode_str(struct bencode v);

/* The first value under `key`, if there are several.  None if `dict` is not a
 * dictionary. */
struct bencode bencode_find(struct bencode dict, const char *key);

/* As bencode_find; also none if the value is not of `type`. */
struct bencode bencode_find_type(struct bencode dict, const char *key, enum bencode_type type);

/* Before the first item of a list or dictionary; any other value has no items. */
struct bencode_iter bencode_items(struct bencode container);

/* The next item of a list; false at the end. */
bool bencode_next(struct bencode_iter *it, struct bencode *item);

/* The next key and value of a dictionary, in the order of the bytes; false at the end. */
bool bencode_next_pair(struct bencode_iter *it, struct bencode_str *key, struct bencode *value);

#endif
