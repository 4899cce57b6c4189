/*
 * base/json.h - JSON from outside, over jansson: nothing is trusted to be there, or of its kind.
 *
 * The functions that end in _at() look at the member `key` of an object; anything else than an
 * object, NULL included, has none.  Texts end at their first NUL.  Results are borrowed of the
 * document unless it says otherwise.
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
 * The document, the caller's; NULL if it is not JSON.  One odd value does not hide all the others:
 * invalid UTF-8 and half a pair of surrogates become '?', and numbers of any size are real ones
 * (exact up to 2^53).
 */
json_t *json_parse(const char *bytes, size_t len);

/* Of a value that is not a text: "". */
const char *json_text(const json_t *value);
const char *json_text_at(const json_t *object, const char *key);

/* A copy, the caller's; NULL where there is no text. */
char *json_copy_at(const json_t *object, const char *key);

/* Of a value that is not a number: 0. */
double json_number_at(const json_t *object, const char *key);

/* The whole part of a number of at least 0; those beyond INT64_MAX are cut to that.  false for
 * anything else, and *out is as it was. */
bool json_count(const json_t *value, uint64_t *out);
bool json_count_at(const json_t *object, const char *key, uint64_t *out);

/* The same, or 0. */
uint64_t json_count_or_0_at(const json_t *object, const char *key);

/* Seconds since 1970 (a fraction allowed) as milliseconds; 0 for anything else, for what is before
 * 1970, and for what is after the year 9999. */
int64_t json_time_at(const json_t *object, const char *key);

#endif
