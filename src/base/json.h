/*
 * base/json.h - JSON from outside, over jansson: any value may be missing or of another type.
 *
 * The functions that end in _at() look at the member `key` of an object.  Other values, and NULL,
 * have no members.  Texts end at their first NUL.  Results are borrowed from the document unless
 * the function says otherwise.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/own.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void json_clear(json_t **j)
{
	json_decref(*j);
}

#define OWN_JSON OWN(json_clear)

/*
 * The document, the caller's; NULL if it is not JSON.  A strange value does not make the others
 * unreadable: invalid UTF-8 and single surrogates become '?', and numbers of any size are accepted
 * as real ones (exact up to 2^53).
 */
json_t *json_parse(const char *bytes, size_t len);

/* Of a value that is not a text: "". */
const char *json_text(const json_t *value);
const char *json_text_at(const json_t *object, const char *key);

/* A copy, the caller's; NULL where there is no text. */
char *json_copy_at(const json_t *object, const char *key);

/* Of a value that is not a number: 0. */
double json_number_at(const json_t *object, const char *key);

/* The whole part of a number of at least 0; at most INT64_MAX.  false for anything else; *out is
 * unchanged. */
bool json_count(const json_t *value, uint64_t *out);
bool json_count_at(const json_t *object, const char *key, uint64_t *out);

/* The same, or 0. */
uint64_t json_count_or_0_at(const json_t *object, const char *key);

/* Seconds since 1970 (a fraction allowed) as milliseconds; 0 for anything else, for times
 * before 1970, and for times after the year 9999. */
int64_t json_time_at(const json_t *object, const char *key);

#endif
