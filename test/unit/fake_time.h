/*
 * test/unit/fake_time.h - a clock that stands still, and waits that take no time.
 *
 * In place of hash_chance(), clock_now(), clock_monotonic(), clock_steady() and
 * the waits and requests of base/wake.h, for the executables that link with fake_time.c (see
 * test/meson.build).  The waits move both clocks.  The `struct wake *` that tests pass may be NULL.
 */
#ifndef FAKE_TIME_H
#define FAKE_TIME_H

#include "base/wake.h"

#include <stdbool.h>
#include <stdint.h>

#define FAKE_NOW INT64_C(1795000000000) /* 2026-11-18T11:06:40Z */

/* Both clocks are set back, and nothing is stopping. */
void fake_time_reset(void);

/* What is left to chance comes out so: 0 (after a reset) to 1. */
void fake_time_chance(double chance);

/* Milliseconds pass. */
void fake_time_pass(int64_t ms);

/* From the next wait on, or at once, a stop is asked for. */
void fake_time_stop_in_sleep(void);
void fake_time_stop(void);

/* A person or an init system asks for this: now, or when the clock says `when`.  One request can
 * lie in the future. */
void fake_time_request(enum wake_request request);
void fake_time_request_at(int64_t when, enum wake_request request);

/* During each wait this happens; NULL: nothing does. */
void fake_time_in_wait(void (*act)(void));

/* How long all waits since the reset have been, and how many there were.  A wake_until() that need
 * not wait counts too. */
int64_t fake_time_slept(void);
unsigned fake_time_sleeps(void);

#endif
