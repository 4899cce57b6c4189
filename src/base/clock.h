/*
 * base/clock.h - what time it is, and times in words.
 *
 * Times are milliseconds since 1970 (UTC) in an int64_t; 0 means "never".
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TEXT 40

int64_t clock_now(void);       /* wall clock: for what is kept in the ledger */
int64_t clock_monotonic(void); /* for measuring spans within one process */
int64_t clock_steady(void);    /* since the boot, suspended time included; cannot be set */

/* The boot's id, so that steady times can be compared across processes; "" if it is not known.
 * Read once. */
#define CLOCK_BOOT 40
const char *clock_boot(void);

/* Does a value of TZ name a time zone that the C library finds or can read (tzset(3))?  Else times
 * are in UTC. */
bool clock_zone_is_known(const char *zone);

/* "2026-11-23T19:40:00+01:00" in the local time zone ("Z" where that is UTC); "never" for 0. */
void clock_format(int64_t when, char out[CLOCK_TEXT]);

/* The same in UTC, ending in "Z". */
void clock_format_utc(int64_t when, char out[CLOCK_TEXT]);

/* "14:02", "24 Nov, 14:02", "24 Nov 2025, 14:02": local time, without the date or
 * year of `now`; the last form if `now` is 0. */
void clock_short(int64_t when, int64_t now, char out[CLOCK_TEXT]);

/* "24 Nov 2026" */
void clock_date(int64_t when, char out[CLOCK_TEXT]);

/* As clock_span, but without seconds from one minute on: "4 m". */
void clock_about(int64_t ms, char out[CLOCK_TEXT]);

/* "3 d 4 h", "2 h 13 m", "4 m 10 s", "12 s", "under a second"; negative spans count as 0. */
void clock_span(int64_t ms, char out[CLOCK_TEXT]);

#endif
