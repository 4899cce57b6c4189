/*
 * base/num.h - numbers in text: strict, with limits, in any locale.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#define NUM_TEXT 32

/* Decimal digits and nothing else, at most `max`.  false: *out is unchanged. */
bool num_u64(const char *text, uint64_t max, uint64_t *out);

/* "5", "0.25": digits with an optional fraction, at most `max`, as thousandths. */
bool num_milli(const char *text, uint64_t max, int64_t *out);

/* A whole number and one of the units s m h d, at most `max_ms`; result in milliseconds.
 * Zero is refused. */
bool num_duration(const char *text, int64_t max_ms, int64_t *out);

/* A duration in the shortest exact form that num_duration reads: "6h", "90m". */
void num_duration_format(int64_t ms, char out[NUM_TEXT]);

/*
 * A size as the tracker accepts it: a number, perhaps with a fraction, and one of B K M G T P; more
 * than zero and at most 1023P.  `bytes` (may be NULL) gets the size with units as powers of 1024.
 * Whether the tracker uses powers of 1024 or 1000 is not known, so it is for display only.
 */
bool num_size(const char *text, uint64_t *bytes);

/* "1.4 GiB" */
void num_bytes(uint64_t bytes, char out[NUM_TEXT]);

/* Compare "0.10" and "0.9" as dotted numbers (0.10 is the larger): below, at or above 0.  A
 * missing part counts as 0.  Any character that is not a digit ends a part. */
int num_version_compare(const char *a, const char *b);

#endif
