#include "system/keeper.h"

#include "system/service.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN 250 /* exit statuses of the process inside */
#define AGAIN_OWED 251
#define HOLD '\1' /* to the keeper, and its answer */
#define HOLD_MS 5000

struct keeper {
	int ends;    /* signalfd of SIGCHLD */
	int signals; /* signalfd of what is passed on */
	int line;    /* to the process inside, its other end is... */
	int far;     /* ...this */
	bool holds;  /* signals wait for the next process inside */
};

static int kept_line = -1; /* in the process inside: to its keeper */

static int watch(const int *list, size_t n)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < n; i++)
		sigaddset(&set, list[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool open_keeper(struct keeper *k)
{
	static const int end[] = {SIGCHLD}, passed_on[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	*k = (struct keeper){.ends = watch(end, 1),
			     .signals = watch(passed_on, 4),
			     .line = pair[0],
			     .far = pair[1]};
	return k->ends >= 0 && k->signals >= 0;
}

static void become_kept(const struct keeper *k, pid_t keeper)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(1);
	close(k->ends);
	close(k->signals);
	close(k->line);
	kept_line = k->far;
	service_relay(k->far);
}

/* Buries all children that have ended.  Is `pid` among them? */
static bool has_ended(pid_t pid, int *how)
{
	bool found = false;
	int status;

	for (pid_t p; (p = waitpid(-1, &status, WNOHANG)) > 0;) {
		found |= p == pid;
		if (p == pid)
			*how = status;
	}
	return found;
}

static bool take_signal(int fd, struct signalfd_siginfo *info)
{
	return read(fd, info, sizeof *info) == (ssize_t)sizeof *info;
}

/* A terminal sends its signals to the whole process group, and so to both processes. */
static void pass_signals_on(const struct keeper *k, pid_t pid, bool has_group_signals)
{
	struct signalfd_siginfo info;

	while (take_signal(k->signals, &info))
		if (info.ssi_code != SI_KERNEL || !has_group_signals)
			kill(pid, (int)info.ssi_signo);
}

/* What the process inside tells the service manager, and whether it asks for a hold. */
static void pass_words_on(struct keeper *k)
{
	char text[SERVICE_TEXT_MAX];
	ssize_t n;

	while ((n = recv(k->line, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		if (text[0] != HOLD) {
			service_tell("%s", text);
			continue;
		}
		k->holds = true;
		(void)!send(k->line, text, 1, MSG_DONTWAIT);
	}
}

static int wait_for_end(struct keeper *k, pid_t pid)
{
	struct signalfd_siginfo info;
	bool ended = false;
	int how = 0;

	while (!ended) {
		struct pollfd fds[] = {{.fd = k->ends, .events = POLLIN},
				       {.fd = k->line, .events = POLLIN},
				       {.fd = k->holds ? -1 : k->signals, .events = POLLIN}};
		poll(fds, 3, -1);
		if (!k->holds)
			pass_signals_on(k, pid, true);
		while (take_signal(k->ends, &info))
			;
		ended = has_ended(pid, &how);
		pass_words_on(k);
	}
	return how;
}

static void die_of(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

/* One process inside, from its begin to its end. */
static bool keep_one(struct keeper_word *word, struct keeper *k, int *how)
{
	pid_t keeper = getpid(), pid = fork();

	if (pid == 0)
		become_kept(k, keeper);
	word->kept = pid == 0;
	if (pid <= 0)
		return false;
	pass_signals_on(k, pid, !k->holds);
	k->holds = false;
	*how = wait_for_end(k, pid);
	return true;
}

static bool keep(struct keeper_word *word, struct keeper *k, int *status)
{
	int how;

	while (keep_one(word, k, &how)) {
		if (WIFSIGNALED(how))
			die_of(WTERMSIG(how));
		*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
		if (*status != AGAIN && *status != AGAIN_OWED)
			return false;
		word->again = true;
		word->owed = *status == AGAIN_OWED;
	}
	return true;
}

bool keeper_fork(struct keeper_word *word, int *status)
{
	struct keeper k;

	*word = (struct keeper_word){0};
	return !open_keeper(&k) || keep(word, &k, status);
}

void keeper_hold(void)
{
	struct pollfd answer = {.fd = kept_line, .events = POLLIN};
	char byte = HOLD;

	if (kept_line >= 0 && send(kept_line, &byte, 1, MSG_NOSIGNAL) == 1 &&
	    poll(&answer, 1, HOLD_MS) > 0)
		(void)!recv(kept_line, &byte, 1, 0);
}

int keeper_status(const struct keeper_word *word, int otherwise)
{
	if (!word->kept || !word->again)
		return otherwise;
	return word->owed ? AGAIN_OWED : AGAIN;
}
