/*
 * test/weeks/world.h - virtual time, shared by all processes of a scenario.
 *
 * The time stands still while anybody works (almost: each look at a clock takes a microsecond). The
 * conductor moves it on to the soonest deadline once every thread of every process sleeps.  So a
 * week takes as long as the work in it.
 *
 * All times are nanoseconds.  `now` counts from 1970 and is the tracker's clock, which is right.
 * Each host has a wall clock (now + skew) and a clock since its boot (now - boot).
 */
#ifndef WEEKS_WORLD_H
#define WEEKS_WORLD_H

#include <signal.h>
#include <stdint.h>

#define WORLD_HOSTS 8
#define WORLD_PROCESSES 64
#define WORLD_WAITS 512
#define WORLD_NEVER INT64_MAX
#define WORLD_SECOND INT64_C(1000000000)
#define WORLD_ALARM SIGRTMAX /* tells a thread to look at the time */

struct world {
	_Atomic int64_t now;
	struct world_host {
		_Atomic int64_t skew;
		_Atomic int64_t boot;
		_Atomic int64_t sets; /* how often its wall clock was set */
	} hosts[WORLD_HOSTS];
	_Atomic int32_t forking;                    /* children that have not joined yet */
	_Atomic int32_t processes[WORLD_PROCESSES]; /* 0: free */
	struct world_wait {
		_Atomic int32_t pid; /* 0: free */
		_Atomic int32_t tid;
		_Atomic int64_t deadline;
	} waits[WORLD_WAITS];
};

#endif
