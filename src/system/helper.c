#include "system/helper.h"

#include "base/mem.h"
#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXTS_MAX (4 * 1024 * 1024) /* bytes of a program's words and environment */
#define OUTPUT_MAX (64 * 1024 * 1024)
#define MARK 'Q'

enum question { RUN, LOOK, PERMIT, PERMIT_PROGRAM, SEAL };

/* Both processes are the same program, so structures are sent as they are. */
struct request {
	char mark; /* tells it from a stop that came too late, which is a zero */
	enum question question;
	uint32_t words, variables; /* how many of the texts */
	uint32_t size; /* bytes of all texts, each with its NUL; the folder is the last */
	size_t output_max;
	int timeout_ms;
	bool has_folder, has_keep, all;
};

struct reply {
	bool ok, full;
	struct proc_end end;
	struct err err;
	size_t size; /* bytes of output that follow */
};

static struct {
	int fd; /* of the socket; 0: there is no helper */
	pid_t pid;
	struct helper_duty duty;
} helper;

/* In the helper alone. */
static struct {
	struct permit {
		char *text; /* owned */
		bool program;
	} * list;
	size_t n;
	bool sealed;
} permits;

/* ---- the socket ---- */

static bool send_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return false;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool receive_all(int fd, void *bytes, size_t len)
{
	char *at = bytes;

	while (len) {
		ssize_t n = recv(fd, at, len, 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

union ancillary {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr aligned;
};

/* One byte that carries a descriptor. */
static bool send_fd(int socket, int fd)
{
	union ancillary room = {0};
	struct iovec byte = {.iov_base = (char[]){0}, .iov_len = 1};
	struct msghdr m = {.msg_iov = &byte,
			   .msg_iovlen = 1,
			   .msg_control = &room,
			   .msg_controllen = sizeof room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(socket, &m, MSG_NOSIGNAL) == 1;
}

static int receive_fd(int socket)
{
	union ancillary room = {0};
	char byte;
	struct iovec one = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {.msg_iov = &one,
			   .msg_iovlen = 1,
			   .msg_control = &room,
			   .msg_controllen = sizeof room};
	int fd = -1;

	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* ---- the helper ---- */

/* While a program runs, a byte says that it is to be ended.  The other process's end is this one's
 * end, and the program lives on. */
static bool is_told(void *ctx)
{
	int *fd = ctx;
	struct pollfd p = {.fd = *fd, .events = POLLIN};
	char byte;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (recv(*fd, &byte, 1, MSG_PEEK) != 1)
		_exit(0);
	return true;
}

static void answer(int fd, const struct reply *r, const struct buf *output)
{
	if (!send_all(fd, r, sizeof *r) || !send_all(fd, output->data, r->size))
		_exit(0);
}

/* Who took over the other process may say anything. */
static bool has_texts(const struct request *q, const char *texts)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < q->size; i++)
		n += texts[i] == '\0';
	return n == (uint64_t)q->words + q->variables + q->has_folder;
}

/* The texts as a list that ends in NULL; the caller's. */
static char **list_of(char **at, uint32_t n)
{
	char **list = mem_alloc((n + (size_t)1) * sizeof *list);

	for (uint32_t i = 0; i < n; i++) {
		list[i] = *at;
		*at += strlen(*at) + 1;
	}
	return list;
}

static bool is_ours(const char *variable)
{
	for (char **own = environ; *own; own++)
		if (strcmp(*own, variable) == 0)
			return true;
	return false;
}

static bool are_ours(char *const *variables)
{
	while (*variables && is_ours(*variables))
		variables++;
	return !*variables;
}

static bool is_permitted(const struct proc_spec *spec)
{
	bool found = false;

	for (size_t i = 0; i < permits.n && !found && spec->argv[0]; i++) {
		const struct permit *p = &permits.list[i];
		found = p->program ? strcmp(p->text, spec->argv[0]) == 0
				   : helper.duty.fits(p->text, spec->argv) && are_ours(spec->env) &&
					     !spec->folder;
	}
	return found;
}

static bool run_permitted(const struct proc_spec *spec, const struct proc_stop *stop,
			  struct buf *output, struct reply *r)
{
	if (is_permitted(spec))
		return proc_here(spec, stop, output, &r->end, &r->err);
	return err_set(&r->err, ERR_TARGET, WORD_CONFIG,
		       "the helper process does not run %s: the configuration does not name it",
		       spec->argv[0] ? spec->argv[0] : "nothing");
}

static void serve_permit(int fd, const struct request *q)
{
	char *text = mem_alloc((size_t)q->size + 1);

	if (permits.sealed || !receive_all(fd, text, q->size))
		_exit(1);
	permits.list = mem_grow(permits.list, permits.n + 1, sizeof *permits.list);
	permits.list[permits.n++] = (struct permit){text, q->question == PERMIT_PROGRAM};
}

static void serve_run(int fd, const struct request *q)
{
	OWN_STR char *texts = mem_alloc((size_t)q->size + 1);
	OWN_BUF struct buf output = BUF_MAX(q->output_max);
	struct proc_stop stop = {fd, is_told, &fd};
	struct reply r = {0};
	OWN_FD int keep = -1;

	if (!receive_all(fd, texts, q->size) || !has_texts(q, texts) ||
	    (q->has_keep && (keep = receive_fd(fd)) < 0))
		_exit(0);
	char *at = texts;
	OWN_STR char **argv = list_of(&at, q->words);
	OWN_STR char **env = list_of(&at, q->variables);
	const struct proc_spec spec = {.argv = argv,
				       .env = env,
				       .folder = q->has_folder ? at : NULL,
				       .keep = q->has_keep ? keep : 0,
				       .all = q->all,
				       .timeout_ms = q->timeout_ms};
	r.ok = run_permitted(&spec, &stop, &output, &r);
	r.size = output.len;
	r.full = output.full;
	answer(fd, &r, &output);
}

/* In a process of its own, so that what it reads does not stay. */
static void serve_look(int fd)
{
	struct buf none = BUF_MAX(1);
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(helper.duty.look(helper.duty.ctx) ? 0 : 1);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	answer(fd, &(struct reply){.ok = pid > 0 && status == 0}, &none);
}

static void serve_question(int fd, const struct request *q)
{
	if (q->size > TEXTS_MAX || q->output_max > OUTPUT_MAX)
		_exit(1);
	switch (q->question) {
	case RUN:
		serve_run(fd, q);
		break;
	case LOOK:
		serve_look(fd);
		break;
	case PERMIT:
	case PERMIT_PROGRAM:
		serve_permit(fd, q);
		break;
	case SEAL:
		permits.sealed = true;
	}
}

_Noreturn static void serve(int fd)
{
	struct request q;

	while (receive_all(fd, &q.mark, 1)) {
		if (q.mark != MARK)
			continue;
		if (!receive_all(fd, (char *)&q + 1, sizeof q - 1))
			break;
		serve_question(fd, &q);
	}
	_exit(0);
}

void helper_start(const struct helper_duty *duty)
{
	int pair[2];

	helper.duty = *duty;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	helper.pid = fork();
	if (helper.pid == 0) {
		close(pair[0]);
		serve(pair[1]);
	}
	close(pair[1]);
	if (helper.pid < 0)
		close(pair[0]);
	else
		helper.fd = pair[0];
}

void helper_end(void)
{
	if (!helper_is_there())
		return;
	close(helper.fd);
	helper.fd = 0;
	while (waitpid(helper.pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- the process that it serves ---- */

bool helper_is_there(void)
{
	return helper.fd > 0;
}

static void permit(enum question question, const char *text)
{
	const struct request q = {
		.mark = MARK, .question = question, .size = (uint32_t)strlen(text)};

	if (helper_is_there() && send_all(helper.fd, &q, sizeof q))
		(void)!send_all(helper.fd, text, q.size);
}

void helper_permit(const char *commands)
{
	permit(PERMIT, commands);
}

void helper_permit_program(const char *program)
{
	permit(PERMIT_PROGRAM, program);
}

void helper_seal(void)
{
	permit(SEAL, "");
}

static uint32_t put_list(struct buf *texts, char *const *list)
{
	uint32_t n = 0;

	for (; list[n]; n++)
		buf_add(texts, list[n], strlen(list[n]) + 1);
	return n;
}

static bool is_gone(struct err *err)
{
	return err_set(err, ERR_RETRY, WORD_INTERNAL,
		       "the helper process that runs programs has ended; restart ptp-archiver");
}

static bool ask(const struct proc_spec *spec, size_t output_max, struct err *err)
{
	OWN_BUF struct buf texts = BUF_MAX(TEXTS_MAX);
	struct request q = {.mark = MARK,
			    .question = RUN,
			    .words = put_list(&texts, spec->argv),
			    .variables = put_list(&texts, spec->env ? spec->env : environ),
			    .output_max = output_max,
			    .timeout_ms = spec->timeout_ms,
			    .has_folder = spec->folder != NULL,
			    .has_keep = spec->keep != 0,
			    .all = spec->all};

	if (spec->folder)
		buf_add(&texts, spec->folder, strlen(spec->folder) + 1);
	if (texts.full)
		return err_errno(err, ERR_RETRY, WORD_INTERNAL, E2BIG, "cannot start %s",
				 spec->argv[0]);
	q.size = (uint32_t)texts.len;
	return (send_all(helper.fd, &q, sizeof q) && send_all(helper.fd, texts.data, texts.len) &&
		(!spec->keep || send_fd(helper.fd, spec->keep))) ||
	       is_gone(err);
}

/* Until the answer comes.  A stop is passed on once. */
static void wait_for_answer(const struct proc_stop *stop)
{
	bool told = false;

	for (;;) {
		struct pollfd fds[] = {{.fd = helper.fd, .events = POLLIN},
				       {.fd = told ? -1 : stop->fd, .events = POLLIN}};
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents)
			return;
		if (!told && stop->asked(stop->ctx))
			told = send_all(helper.fd, "", 1);
	}
}

static bool take_answer(struct reply *r, struct buf *output)
{
	if (!receive_all(helper.fd, r, sizeof *r))
		return false;
	OWN_STR char *bytes = mem_alloc(r->size + 1);
	if (!receive_all(helper.fd, bytes, r->size))
		return false;
	buf_reset(output);
	buf_add(output, bytes, r->size);
	output->full = r->full;
	return true;
}

bool helper_run(const struct proc_spec *spec, const struct proc_stop *stop, struct buf *output,
		struct proc_end *end, struct err *err)
{
	struct reply r;

	if (!ask(spec, output->max, err))
		return false;
	wait_for_answer(stop);
	if (!take_answer(&r, output))
		return is_gone(err);
	if (r.ok)
		*end = r.end;
	else
		*err = r.err;
	return r.ok;
}

bool helper_look(void)
{
	const struct request q = {.mark = MARK, .question = LOOK};
	OWN_BUF struct buf none = BUF_MAX(1);
	struct reply r;

	return helper_is_there() && send_all(helper.fd, &q, sizeof q) && take_answer(&r, &none) &&
	       r.ok;
}
