/*
 * test/unit/fake_time.h - a clock that stands still, and waits that take no time.
 *
 * In place of clock_now(), clock_monotonic(), wake_sleep() and wake_stopping(), for the executables
 * that link with fake_time.c (see test/meson.build).  wake_sleep() moves both clocks.
 */
#ifndef FAKE_TIME_H
#define FAKE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_NOW INT64_C(1795000000000) /* 2026-11-18T11:06:40Z */

/* Both clocks are set back, and nothing is stopping. */
void fake_time_reset(void);

/* Milliseconds pass. */
void fake_time_pass(int64_t ms);

/* From the next wait on, or at once, a stop is asked for. */
void fake_time_stop_in_sleep(void);
void fake_time_stop(void);

/* How long all waits since the reset have been, and how many there were. */
int64_t fake_time_slept(void);
unsigned fake_time_sleeps(void);

#endif
