#include "fake_time.h"

#include "base/clock.h"

#include "unit.h"

static struct {
	int64_t passed, slept;
	unsigned sleeps;
	bool stop_in_sleep, stopping;
	bool asked[WAKE_CYCLE + 1];
	int64_t request_at; /* 0: none */
	enum wake_request request;
	void (*in_wait)(void);
	double chance;
} now;

void fake_time_reset(void)
{
	now = (typeof(now)){0};
}

void fake_time_chance(double chance)
{
	now.chance = chance;
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

void fake_time_request(enum wake_request request)
{
	now.asked[request] = true;
	now.stopping |= request == WAKE_STOP;
}

void fake_time_request_at(int64_t when, enum wake_request request)
{
	now.request_at = when;
	now.request = request;
}

void fake_time_in_wait(void (*act)(void))
{
	now.in_wait = act;
}

static void begin_wait(void)
{
	now.sleeps++;
	now.stopping |= now.stop_in_sleep;
	if (now.in_wait)
		now.in_wait();
}

/* The request that lay in the future comes when its time has. */
static void look(void)
{
	if (now.request_at && FAKE_NOW + now.passed >= now.request_at) {
		now.request_at = 0;
		fake_time_request(now.request);
	}
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
int64_t __wrap_clock_steady(void);
double __wrap_hash_chance(void);
bool __wrap_wake_sleep(struct wake *w, int64_t ms, struct err *err);
bool __wrap_wake_stopping(struct wake *w);
bool __wrap_wake_asked(struct wake *w);
bool __wrap_wake_take(struct wake *w, enum wake_request request);
void __wrap_wake_until(struct wake *w, int64_t when);

int64_t __wrap_clock_now(void)
{
	return FAKE_NOW + now.passed;
}

double __wrap_hash_chance(void)
{
	return now.chance;
}

int64_t __wrap_clock_steady(void)
{
	return now.passed;
}

int64_t __wrap_clock_monotonic(void)
{
	return 1000 + now.passed;
}

bool __wrap_wake_stopping(struct wake *w)
{
	(void)w;
	look();
	return now.stopping;
}

bool __wrap_wake_sleep(struct wake *w, int64_t ms, struct err *err)
{
	(void)w;
	begin_wait();
	if (now.stopping)
		return wake_stopped(err);
	now.slept += ms;
	now.passed += ms;
	return true;
}

bool __wrap_wake_asked(struct wake *w)
{
	look();
	return __wrap_wake_stopping(w) || now.asked[WAKE_RELOAD] || now.asked[WAKE_CYCLE];
}

bool __wrap_wake_take(struct wake *w, enum wake_request request)
{
	if (request == WAKE_STOP)
		return __wrap_wake_stopping(w);
	look();
	bool asked = now.asked[request];
	now.asked[request] = false;
	return asked;
}

/* Nobody can end a wait without a limit but a request. */
void __wrap_wake_until(struct wake *w, int64_t when)
{
	begin_wait();
	if (__wrap_wake_asked(w))
		return;
	if (now.request_at && now.request_at < when)
		when = now.request_at;
	if (when == INT64_MAX)
		fail_msg("a wait without a limit, and no request is to come");
	int64_t ms = when - __wrap_clock_now();
	now.slept += ms > 0 ? ms : 0;
	now.passed += ms > 0 ? ms : 0;
	look();
}
