#include "base/wake.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct wake {
	int signals; /* owned */
	int timer;   /* owned */
	bool asked[WAKE_CYCLE + 1];
};

static void taken_signals(bool daemon, sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	if (daemon) {
		sigaddset(set, SIGHUP);
		sigaddset(set, SIGUSR1);
		sigaddset(set, SIGCHLD);
	}
}

void wake_hold(void)
{
	sigset_t set;

	taken_signals(true, &set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

void wake_let_go(void)
{
	sigset_t set;

	taken_signals(true, &set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

struct wake *wake_open(bool daemon, struct err *err)
{
	sigset_t set;

	taken_signals(daemon, &set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	OWN_FD int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	OWN_FD int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (signals < 0 || timer < 0) {
		err_errno(err, ERR_FATAL, WORD_INTERNAL, errno, "cannot watch for signals");
		return NULL;
	}
	struct wake *w = mem_alloc(sizeof *w);
	w->signals = own_fd_take(&signals);
	w->timer = own_fd_take(&timer);
	return w;
}

void wake_close(struct wake *w)
{
	if (!w)
		return;
	close(w->signals);
	close(w->timer);
	free(w);
}

int wake_fd(const struct wake *w)
{
	return w ? w->signals : -1;
}

static void note(struct wake *w, uint32_t signo)
{
	if (signo == SIGHUP)
		w->asked[WAKE_RELOAD] = true;
	else if (signo == SIGUSR1)
		w->asked[WAKE_CYCLE] = true;
	else if (signo != SIGCHLD)
		w->asked[WAKE_STOP] = true;
}

static void read_signals(struct wake *w)
{
	struct signalfd_siginfo info;

	while (read(w->signals, &info, sizeof info) == (ssize_t)sizeof info)
		note(w, info.ssi_signo);
}

bool wake_stopping(struct wake *w)
{
	if (!w)
		return false;
	read_signals(w);
	return w->asked[WAKE_STOP];
}

bool wake_asked(struct wake *w)
{
	if (!w)
		return false;
	read_signals(w);
	return w->asked[WAKE_STOP] || w->asked[WAKE_RELOAD] || w->asked[WAKE_CYCLE];
}

bool wake_take(struct wake *w, enum wake_request request)
{
	read_signals(w);
	bool asked = w->asked[request];
	if (request != WAKE_STOP)
		w->asked[request] = false;
	return asked;
}

/* As PID 1 we inherit what our children leave behind.  Only here, where none of our own runs, whose
 * status would be lost. */
static void reap_orphans(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

void wake_until(struct wake *w, int64_t when)
{
	/* A timer on the wall clock that is cancelled when the clock is set: a machine that comes
	 * out of suspend, or gets its time late, is on schedule again at once. */
	struct itimerspec at = {.it_value = {.tv_sec = (time_t)(when / 1000),
					     .tv_nsec = (long)(when % 1000) * 1000000 + 1}};
	struct pollfd fds[] = {{.fd = w->signals, .events = POLLIN},
			       {.fd = w->timer, .events = POLLIN}};

	reap_orphans();
	if (wake_asked(w) || when <= clock_now())
		return;
	if (when == INT64_MAX)
		fds[1].fd = -1;
	else
		timerfd_settime(w->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL);
	poll(fds, 2, -1);
	reap_orphans();
	uint64_t expirations;
	(void)!read(w->timer, &expirations, sizeof expirations);
	read_signals(w);
}

bool wake_stopped(struct err *err)
{
	return err_set(err, ERR_RETRY, WORD_STOPPED, "stopped on request; nothing is lost");
}

bool wake_sleep(struct wake *w, int64_t ms, struct err *err)
{
	int64_t end = clock_monotonic() + ms;

	for (;;) {
		if (wake_stopping(w))
			return wake_stopped(err);
		int64_t left = end - clock_monotonic();
		if (left <= 0)
			return true;
		struct pollfd fd = {.fd = wake_fd(w), .events = POLLIN};
		poll(&fd, 1, left > 3600000 ? 3600000 : (int)left);
	}
}

void wake_release_in_child(void)
{
	signal(SIGPIPE, SIG_DFL);
	wake_let_go();
}
