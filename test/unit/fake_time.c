#include "fake_time.h"

#include "base/clock.h"
#include "base/wake.h"

static struct {
	int64_t passed, slept;
	unsigned sleeps;
	bool stop_in_sleep, stopping;
} now;

void fake_time_reset(void)
{
	now = (typeof(now)){0};
}

void fake_time_pass(int64_t ms)
{
	now.passed += ms;
}

void fake_time_stop_in_sleep(void)
{
	now.stop_in_sleep = true;
}

void fake_time_stop(void)
{
	now.stopping = true;
}

int64_t fake_time_slept(void)
{
	return now.slept;
}

unsigned fake_time_sleeps(void)
{
	return now.sleeps;
}

/* The linker puts these in place of the functions of base/ (--wrap). */
int64_t __wrap_clock_now(void);
int64_t __wrap_clock_monotonic(void);
bool __wrap_wake_sleep(struct wake *w, int64_t ms, struct err *err);
bool __wrap_wake_stopping(struct wake *w);

int64_t __wrap_clock_now(void)
{
	return FAKE_NOW + now.passed;
}

int64_t __wrap_clock_monotonic(void)
{
	return 1000 + now.passed;
}

bool __wrap_wake_stopping(struct wake *w)
{
	(void)w;
	return now.stopping;
}

bool __wrap_wake_sleep(struct wake *w, int64_t ms, struct err *err)
{
	(void)w;
	now.sleeps++;
	now.stopping |= now.stop_in_sleep;
	if (now.stopping)
		return wake_stopped(err);
	now.slept += ms;
	now.passed += ms;
	return true;
}
