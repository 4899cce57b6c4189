/*
 * base/yml.h - reads a YAML file that a person wrote, as a tree in which every value has its line.
 *
 * The only user of libyaml, from whose names the prefix keeps apart.  Of YAML it takes what
 * configurations are made of: mappings with plain keys, sequences, scalars.  An alias (*name), a
 * tag (!!name), a merge or a complex key, a second document and a key that stands twice in its
 * mapping are errors, and so is everything beyond the limits.  What a scalar means (a number, a
 * truth value) is the caller's business, except null.
 */
#ifndef BASE_YML_H
#define BASE_YML_H

#include "base/err.h"

#include <stddef.h>

/* Limits of what is read. */
#define YML_MAX_BYTES (256 * 1024)
#define YML_MAX_DEPTH 16          /* mappings and sequences inside each other */
#define YML_MAX_NODES 10000       /* values of all kinds */
#define YML_MAX_SCALAR_BYTES 4096 /* of a key or a scalar */

enum yml_kind {
	YML_NULL, /* nothing, ~ or null, unquoted */
	YML_SCALAR,
	YML_SEQUENCE,
	YML_MAPPING,
};

struct yml {
	enum yml_kind kind;
	unsigned line;     /* from 1: of its key in a mapping, else its own */
	char *key;         /* owned; NULL: not in a mapping */
	char *text;        /* owned, UTF-8 without NUL bytes; of a scalar, else NULL */
	struct yml *items; /* owned; of a sequence or mapping, in the order of the file */
	size_t n;
};

/*
 * The caller's, or NULL.  An empty file is a YML_NULL.  Errors are WORD_CONFIG, begin with
 * "NAME:LINE: " and never quote a value; ERR_FATAL.  `name` is for these messages only.
 */
struct yml *yml_parse(const char *name, const void *bytes, size_t len, struct err *err) MUST_CHECK;

/* As yml_parse, of a file; WORD_CONFIG as well where it cannot be read. */
struct yml *yml_read(const char *path, struct err *err) MUST_CHECK;

/* Wipes all texts, since some may be secrets.  NULL is fine. */
void yml_free(struct yml *y);

/* The value of `key` in a mapping; NULL if there is none or `y` is no mapping.  Borrowed. */
const struct yml *yml_get(const struct yml *y, const char *key);

/* The version of the library in use, such as "0.2.5". */
const char *yml_library(void);

#endif
