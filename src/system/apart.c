#include "system/apart.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/mount.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_MAX 1024                     /* on a kernel before 5.11 */
#define AGAIN_MS (10 * 60 * INT64_C(1000)) /* before another child is risked */

static struct wake *wake;
static int64_t stop_at; /* when waiting ends, since a stop was asked for; 0: it was not */

void apart_watch(struct wake *w)
{
	wake = w;
	stop_at = 0;
}

/* ---- the child ---- */

struct task {
	apart_work *work;
	const void *job;
	size_t size;
};

/* Shared with the child. */
struct answer {
	bool done, ok;
	struct err err;
	max_align_t job[];
};

struct child {
	int fd; /* of the process; -1: it was not started */
	struct answer *answer;
	size_t mapped;
};

static void close_fd(int *fd)
{
	own_fd_close(fd);
	*fd = -1;
}

/* Its standard output may be a pipe whose end somebody waits for. */
static void leave_files(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0)
		_exit(1);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		return;
	for (int fd = STDERR_FILENO + 1; fd < FILES_MAX; fd++)
		close(fd);
}

_Noreturn static void serve(const struct task *t, struct answer *a, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	leave_files();
	a->ok = t->work(a->job, &a->err);
	a->done = true;
	_exit(0);
}

static bool not_started(int e, struct err *err)
{
	return err_errno(err, ERR_RETRY, WORD_INTERNAL, e, "cannot start a process for a folder");
}

static void end(struct child *c)
{
	if (c->answer)
		munmap(c->answer, c->mapped);
	close_fd(&c->fd);
	*c = (struct child){.fd = -1};
}

static bool start(const struct task *t, struct child *c, struct err *err)
{
	pid_t parent = getpid();

	*c = (struct child){.fd = -1, .mapped = sizeof *c->answer + t->size};
	void *at = mmap(NULL, c->mapped, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return not_started(errno, err);
	c->answer = at;
	memcpy(c->answer->job, t->job, t->size);
	pid_t pid = fork();
	if (pid == 0)
		serve(t, c->answer, parent);
	c->fd = pid < 0 ? -1 : pidfd_open(pid, 0);
	if (c->fd >= 0)
		return true;
	int e = errno;
	if (pid > 0)
		kill(pid, SIGKILL);
	end(c);
	return not_started(e, err);
}

/* ---- waiting ---- */

enum ending { ENDED, HANGING, STOPPING };

static bool has_ended(int child)
{
	struct pollfd p = {.fd = child, .events = POLLIN};

	return child < 0 || poll(&p, 1, 0) > 0;
}

/* Until the child has ended, the time is over, or this process is to stop. */
static enum ending wait_for(const struct child *c, int64_t until)
{
	struct pollfd fds[] = {{.fd = c->fd, .events = POLLIN},
			       {.fd = wake_fd(wake), .events = POLLIN}};

	while (!has_ended(c->fd)) {
		int64_t now = clock_monotonic();
		if (!stop_at && wake_stopping(wake))
			stop_at = now + APART_STOP_MS;
		if (stop_at)
			fds[1].fd = -1;
		if (stop_at && stop_at < until)
			until = stop_at;
		if (now >= until)
			return stop_at ? STOPPING : HANGING;
		poll(fds, 2, (int)(until - now));
	}
	return ENDED;
}

/* A child that has ended leaves nothing behind. */
static void reap(const struct child *c)
{
	waitid(P_PIDFD, (id_t)c->fd, NULL, WEXITED | WNOHANG);
}

static void put_down(struct child *c)
{
	if (c->fd >= 0)
		pidfd_send_signal(c->fd, SIGKILL, NULL, 0);
}

static bool take_answer(const struct child *c, const char *folder, void *job, size_t size,
			struct err *err)
{
	const struct answer *a = c->answer;

	reap(c);
	if (!a->done)
		return err_set(err, ERR_RETRY, WORD_INTERNAL,
			       "the process that works on %s ended before its time", folder);
	if (a->ok)
		memcpy(job, a->job, size);
	else
		*err = a->err;
	return a->ok;
}

/* ---- folders that hang ---- */

static struct hung {
	char *folder;        /* owned */
	struct child looker; /* waits until the folder answers; owned */
	int64_t since;       /* ms since 1970 */
	int64_t began;       /* by the monotonic clock */
	int64_t again;       /* when another looker is risked */
} * hung;                    /* owned */
static size_t n_hung;

static struct hung *find(const char *folder)
{
	for (size_t i = 0; i < n_hung; i++)
		if (strcmp(hung[i].folder, folder) == 0)
			return &hung[i];
	return NULL;
}

int64_t apart_hangs_since(const char *folder)
{
	const struct hung *h = find(folder);

	return h ? h->since : 0;
}

static bool hangs(const char *folder, struct err *err)
{
	err_set(err, ERR_RETRY, WORD_HANGS, "%s does not answer", folder);
	return err_advise(err, "see whether its server runs and the network works, or mount it "
			       "again; nothing is lost");
}

static bool look(void *job, struct err *err)
{
	const char *const *folder = job;
	uint64_t free;

	OWN_DIR DIR *dir = opendir(*folder);
	(void)dir;
	return fs_space(*folder, &free, NULL, err);
}

static bool start_look(const char *folder, struct child *c, struct err *err)
{
	const struct task task = {look, &folder, sizeof folder};

	return start(&task, c, err);
}

/* The longer it hangs, the rarer is another looker: an earlier one may stay for good. */
static void set_again(struct hung *h)
{
	int64_t now = clock_monotonic(), age = now - h->began;

	h->again = now + (age > AGAIN_MS ? age : AGAIN_MS);
}

/* Takes over the looker. */
static void remember(const char *folder, struct child looker, int64_t since)
{
	hung = mem_grow(hung, n_hung + 1, sizeof *hung);
	hung[n_hung] = (struct hung){.folder = mem_dup(folder),
				     .looker = looker,
				     .since = since,
				     .began = clock_monotonic()};
	set_again(&hung[n_hung++]);
}

static void forget(struct hung *h)
{
	free(h->folder);
	end(&h->looker);
	*h = hung[--n_hung];
}

/* Does it answer again?  Waits for nothing. */
static void look_again(const char *folder)
{
	struct hung *h = find(folder);
	bool ended = has_ended(h->looker.fd), answers = h->looker.answer && h->looker.answer->done;
	struct err ignored;

	if (ended)
		reap(&h->looker);
	if (ended && answers) {
		forget(h);
	} else if (ended || clock_monotonic() >= h->again) {
		put_down(&h->looker);
		end(&h->looker);
		(void)!start_look(folder, &h->looker, &ignored);
		set_again(h);
	}
}

bool apart(const char *folder, apart_work *work, void *job, size_t size, struct err *err)
{
	const struct task task = {work, job, size};
	struct child c, looker;
	struct err ignored;

	if (find(folder))
		return hangs(folder, err);
	int64_t began = clock_now();
	if (!start(&task, &c, err))
		return false;
	enum ending ending = wait_for(&c, clock_monotonic() + APART_MS);
	bool ok = ending == ENDED && take_answer(&c, folder, job, size, err);
	if (ending != ENDED)
		put_down(&c);
	end(&c);
	if (ending == ENDED)
		return ok;
	if (ending == STOPPING)
		return wake_stopped(err);
	(void)!start_look(folder, &looker, &ignored);
	remember(folder, looker, began);
	return hangs(folder, err);
}

/* ---- work ---- */

struct space {
	const char *folder;
	uint64_t free, total;
};

static bool measure(void *job, struct err *err)
{
	struct space *s = job;

	return fs_space(s->folder, &s->free, &s->total, err);
}

bool apart_space(const char *folder, uint64_t *free, uint64_t *total, struct err *err)
{
	struct space s = {.folder = folder};

	if (!apart(folder, measure, &s, sizeof s, err))
		return false;
	*free = s.free;
	*total = s.total;
	return true;
}

struct mounted {
	const char *folder;
	bool is_root;
};

static bool look_at_mount(void *job, struct err *err)
{
	struct mounted *m = job;

	(void)err;
	m->is_root = mount_is_root(m->folder);
	return true;
}

bool apart_is_on_root(const char *folder)
{
	struct mounted m = {.folder = folder};
	struct err ignored;

	return apart(folder, look_at_mount, &m, sizeof m, &ignored) && m.is_root;
}

/* ---- a look at many ---- */

/* Starts a look at one, unless an earlier one has to answer still. */
static bool begin_look(const char *const folders[], size_t i, struct child *c, struct err *err)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(folders[k], folders[i]) == 0)
			return true;
	if (!find(folders[i]))
		return start_look(folders[i], c, err);
	look_again(folders[i]);
	return true;
}

static bool end_look(const char *folder, struct child *c, int64_t until, int64_t began)
{
	enum ending ending = wait_for(c, until);

	if (ending == HANGING) {
		remember(folder, *c, began);
		return true;
	}
	if (ending == ENDED)
		reap(c);
	else
		put_down(c);
	end(c);
	return ending == ENDED;
}

bool apart_look(const char *const folders[], size_t n, struct err *err)
{
	int64_t began = clock_now(), until = clock_monotonic() + APART_MS;
	OWN_STR struct child *children = mem_alloc((n + 1) * sizeof *children);
	bool ok = true, stopped = false;

	for (size_t i = 0; i < n; i++) {
		children[i].fd = -1;
		ok = ok && begin_look(folders, i, &children[i], err);
	}
	for (size_t i = 0; i < n; i++)
		if (children[i].fd >= 0)
			stopped |= !end_look(folders[i], &children[i], until, began);
	return ok && (!stopped || wake_stopped(err));
}
