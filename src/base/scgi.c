#include "base/scgi.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/own.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SCHEME "scgi://"
#define HEAD_MAX 8192
#define BUSY_POLL_MS 50

struct talk {
	const struct scgi_request *r;
	int fd;
	int64_t deadline; /* of clock_monotonic() */
};

static const char *place(const struct scgi_address *to)
{
	return *to->socket ? to->socket : to->host;
}

static bool bad_url(struct err *err)
{
	return err_set(err, ERR_TARGET, WORD_CONFIG,
		       "the URL must be of the form scgi://host:port");
}

bool scgi_address_of_url(const char *url, struct scgi_address *out, struct err *err)
{
	struct scgi_address a = {0};
	uint64_t port;

	if (strncasecmp(url, SCHEME, strlen(SCHEME)) != 0)
		return bad_url(err);
	url += strlen(SCHEME);
	bool v6 = *url == '[';
	url += v6;
	size_t host = strcspn(url, v6 ? "]" : ":/");
	const char *rest = url + host;
	if (host == 0 || host >= sizeof a.host || (v6 && *rest++ != ']') || *rest++ != ':')
		return bad_url(err);
	size_t digits = strcspn(rest, "/");
	if (digits >= sizeof a.port || (rest[digits] && rest[digits + 1]))
		return bad_url(err);
	memcpy(a.host, url, host);
	memcpy(a.port, rest, digits);
	if (!num_u64(a.port, 65535, &port) || port == 0)
		return bad_url(err);
	*out = a;
	return true;
}

bool scgi_address_of_socket(const char *path, struct scgi_address *out, struct err *err)
{
	if (strlen(path) >= sizeof out->socket)
		return err_set(err, ERR_TARGET, WORD_CONFIG,
			       "the path of the socket has %zu bytes, and the system takes %zu: "
			       "use a shorter one (a symbolic link will do)",
			       strlen(path), sizeof out->socket - 1);
	*out = (struct scgi_address){0};
	memcpy(out->socket, path, strlen(path));
	return true;
}

static bool timed_out(const struct talk *t, struct err *err)
{
	return err_set(err, ERR_RETRY, WORD_TIMEOUT, "%s: no answer within %d s", place(t->r->to),
		       (t->r->timeout_ms + 999) / 1000);
}

static bool failed(const struct talk *t, const char *what, int errnum, struct err *err)
{
	bool forbidden = errnum == EACCES || errnum == EPERM;

	return err_errno(err, forbidden ? ERR_TARGET : ERR_RETRY, WORD_NETWORK, errnum, "%s: %s",
			 place(t->r->to), what);
}

/* Waits for `events` of the socket (none if it is -1).  The end of `most` ms is success as well. */
static bool wait_for(const struct talk *t, int fd, short events, int64_t most, struct err *err)
{
	int64_t end = clock_monotonic() + most;

	for (;;) {
		int64_t now = clock_monotonic(), until = end < t->deadline ? end : t->deadline;
		struct pollfd fds[] = {{.fd = fd, .events = events},
				       {.fd = wake_fd(t->r->wake), .events = POLLIN}};
		if (wake_stopping(t->r->wake))
			return wake_stopped(err);
		if (now >= t->deadline)
			return timed_out(t, err);
		if (now >= end)
			return true;
		if (poll(fds, 2, (int)(until - now)) > 0 && fds[0].revents)
			return true;
	}
}

static bool ready(const struct talk *t, short events, struct err *err)
{
	return wait_for(t, t->fd, events, INT32_MAX, err);
}

/* A unix socket whose queue is full says EAGAIN, and nothing tells when there is room. */
static bool connect_to(struct talk *t, const struct sockaddr *to, socklen_t size, struct err *err)
{
	int e = 0;

	t->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return failed(t, "no socket", errno, err);
	while (connect(t->fd, to, size) < 0) {
		e = errno;
		if (e == EINPROGRESS || e == EINTR)
			break;
		if (e != EAGAIN)
			return failed(t, "no connection", e, err);
		if (!wait_for(t, -1, 0, BUSY_POLL_MS, err))
			return false;
		e = 0;
	}
	if (e && !ready(t, POLLOUT, err))
		return false;
	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &e, &(socklen_t){sizeof e}) < 0)
		e = errno;
	return !e || failed(t, "no connection", e, err);
}

static bool connect_unix(struct talk *t, struct err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	_Static_assert(sizeof to.sun_path == sizeof t->r->to->socket, "the same limit");
	memcpy(to.sun_path, t->r->to->socket, sizeof to.sun_path);
	return connect_to(t, (const struct sockaddr *)&to, sizeof to, err);
}

static void free_addresses(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

static bool connect_tcp(struct talk *t, struct err *err)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
	OWN(free_addresses) struct addrinfo *list = NULL;
	int e = getaddrinfo(t->r->to->host, t->r->to->port, &wanted, &list);

	if (e)
		return err_set(err, ERR_RETRY, WORD_NETWORK, "%s: %s", t->r->to->host,
			       gai_strerror(e));
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		if (connect_to(t, a->ai_addr, a->ai_addrlen, err))
			return true;
		if (!a->ai_next || err->code != WORD_NETWORK)
			return false;
		close(own_fd_take(&t->fd));
	}
	return failed(t, "no connection", EADDRNOTAVAIL, err);
}

/* A server that has had enough may answer before it cuts the connection: *cut, and then read. */
static bool send_all(const struct talk *t, const char *bytes, size_t len, bool *cut,
		     struct err *err)
{
	while (len && !*cut) {
		ssize_t n = send(t->fd, bytes, len, MSG_NOSIGNAL);
		if (n >= 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN || errno == EINTR) {
			if (!ready(t, POLLOUT, err))
				return false;
		} else {
			*cut = true;
		}
	}
	return true;
}

static bool receive_all(const struct talk *t, struct buf *answer, struct err *err)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = recv(t->fd, chunk, sizeof chunk, 0);
		if (n == 0)
			return true;
		if (n > 0 && !buf_add(answer, chunk, (size_t)n))
			return err_set(
				err, ERR_RETRY, WORD_PROTOCOL,
				"%s: the answer has more than the %zu bytes that it may have",
				place(t->r->to), answer->max);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return answer->len > 0 || failed(t, "cut off", errno, err);
		if (n < 0 && !ready(t, POLLIN, err))
			return false;
	}
}

static bool exchange(const struct talk *t, struct buf *answer, struct err *err)
{
	char fields[128], head[160];
	bool cut = false;
	/* Each name and each value ends in a NUL, the last one too. */
	int len = snprintf(fields, sizeof fields, "CONTENT_LENGTH%c%zu%cSCGI%c1%c", 0, t->r->len, 0,
			   0, 0);
	int at = snprintf(head, sizeof head, "%d:", len);

	memcpy(head + at, fields, (size_t)len);
	head[at + len] = ',';
	return send_all(t, head, (size_t)(at + len + 1), &cut, err) &&
	       send_all(t, t->r->body, t->r->len, &cut, err) && receive_all(t, answer, err) &&
	       (answer->len ||
		err_set(err, ERR_RETRY, WORD_NETWORK,
			"%s: the connection was closed without an answer", place(t->r->to)));
}

bool scgi_call(const struct scgi_request *r, struct buf *answer, struct err *err)
{
	struct talk t = {.r = r, .fd = -1, .deadline = clock_monotonic() + r->timeout_ms};

	buf_clear(answer);
	answer->full = false;
	bool ok = *r->to->socket ? connect_unix(&t, err) : connect_tcp(&t, err);
	ok = ok && exchange(&t, answer, err);
	own_fd_close(&t.fd);
	if (!ok)
		return false;
	return scgi_take_head(answer, err) || err_wrap(err, "%s", place(r->to));
}

/* The value of a field in head[0..len), as far as `size` lets it; false: there is none. */
static bool field(const char *head, size_t len, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);

	for (const char *line = head, *end = head + len; line < end;) {
		const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
		stop = stop ? stop : end;
		if ((size_t)(stop - line) > n && strncasecmp(line, name, n) == 0 &&
		    line[n] == ':') {
			snprintf(out, size, "%.*s", (int)(stop - line - (ssize_t)n - 1),
				 line + n + 1);
			return true;
		}
		line = stop + 2;
	}
	return false;
}

static bool check_head(const char *head, size_t len, size_t body, struct err *err)
{
	char status[64], length[32];
	uint64_t told;

	if (!field(head, len, "Status", status, sizeof status))
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer is none of SCGI's");
	if (strncmp(text_strip(status), "200", 3) != 0)
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer has the status %.3s",
			       text_strip(status));
	if (!field(head, len, "Content-Length", length, sizeof length))
		return true;
	if (!num_u64(text_strip(length), INT64_MAX, &told) || told < body)
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer tells a wrong length");
	return told == body ||
	       err_set(err, ERR_RETRY, WORD_NETWORK,
		       "cut off after %zu of the %" PRIu64 " bytes of its answer", body, told);
}

bool scgi_take_head(struct buf *answer, struct err *err)
{
	const char *text = buf_text(answer);
	size_t most = answer->len < HEAD_MAX ? answer->len : HEAD_MAX;
	const char *end = memmem(text, most, "\r\n\r\n", 4);

	if (!end)
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer is none of SCGI's");
	size_t head = (size_t)(end - text), body = answer->len - head - 4;
	if (!check_head(text, head, body, err))
		return false;
	memmove(answer->data, answer->data + head + 4, body + 1);
	answer->len = body;
	return true;
}
