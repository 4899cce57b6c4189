#include "base/scgi.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"
#include "base/text.h"
#include "base/url.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX 8192
#define BUSY_POLL_MS 50

struct talk {
	const struct scgi_request *r;
	CURLM *multi; /* owned, as is `easy` */
	CURL *easy;
	curl_socket_t fd;
	int64_t deadline; /* of clock_monotonic() */
};

static const char *place(const struct scgi_address *to)
{
	return *to->socket ? to->socket : to->host;
}

bool scgi_address_of_url(const char *url, struct scgi_address *out, struct err *err)
{
	OWN_URL struct url u = {0};
	uint64_t port;

	if (!url_read(url, &u) || strcmp(u.scheme, "scgi") != 0 || u.login || u.more ||
	    strcmp(u.path, "/") != 0 || !u.port || !num_u64(u.port, 65535, &port) || port == 0 ||
	    strlen(u.host) >= sizeof out->host)
		return err_set(err, ERR_TARGET, WORD_CONFIG,
			       "the URL must be of the form scgi://host:port");
	*out = (struct scgi_address){.port = (uint16_t)port};
	const char *const host[] = {u.host, u.zone ? "%" : "", u.zone ? u.zone : ""};
	text_join(out->host, sizeof out->host, host, 3);
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

static bool may_continue(const struct talk *t, struct err *err)
{
	if (wake_stopping(t->r->wake))
		return wake_stopped(err);
	return clock_monotonic() < t->deadline || timed_out(t, err);
}

static int ms_left(const struct talk *t, int most)
{
	int64_t left = t->deadline - clock_monotonic();

	return left < 0 ? 0 : left < most ? (int)left : most;
}

/* CURLOPT_TIMEOUT_MS does not cover curl_easy_send and curl_easy_recv. */
static bool ready(const struct talk *t, short events, struct err *err)
{
	struct pollfd fds[] = {{.fd = t->fd, .events = events},
			       {.fd = wake_fd(t->r->wake), .events = POLLIN}};

	while (may_continue(t, err))
		if (poll(fds, 2, ms_left(t, INT32_MAX)) > 0 && fds[0].revents)
			return true;
	return false;
}

/* ---- the connection ---- */

static void hang_up(struct talk *t)
{
	if (t->easy)
		curl_multi_remove_handle(t->multi, t->easy);
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
}

static void set_place(CURL *c, const struct scgi_address *to)
{
	bool v6 = strchr(to->host, ':') != NULL;
	OWN_STR char *url =
		mem_printf("http://%s%s%s:%u/", v6 ? "[" : "", to->host, v6 ? "]" : "", to->port);

	curl_easy_setopt(c, CURLOPT_URL, *to->socket ? "http://localhost/" : url);
	if (*to->socket)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, to->socket);
}

/* CONNECT_ONLY: the scheme of the URL is not spoken. */
static bool dial(struct talk *t, struct err *err)
{
	CURL *c = t->easy = curl_easy_init();

	if (!t->multi || !c)
		return err_set(err, ERR_FATAL, WORD_INTERNAL, "cannot start libcurl");
	set_place(c, t->r->to);
	curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_multi_add_handle(t->multi, c);
	return true;
}

/* *code is CURLE_AGAIN as long as libcurl works on it. */
static bool finish_dialling(struct talk *t, CURLcode *code, struct err *err)
{
	struct curl_waitfd fd = {.fd = wake_fd(t->r->wake), .events = CURL_WAIT_POLLIN};
	int running, left;

	for (*code = CURLE_AGAIN; *code == CURLE_AGAIN;) {
		if (!may_continue(t, err))
			return false;
		if (curl_multi_perform(t->multi, &running) != CURLM_OK)
			*code = CURLE_FAILED_INIT;
		CURLMsg *msg = curl_multi_info_read(t->multi, &left);
		if (msg && msg->msg == CURLMSG_DONE)
			*code = msg->data.result;
		else if (*code == CURLE_AGAIN)
			curl_multi_poll(t->multi, &fd, t->r->wake ? 1 : 0, ms_left(t, 1000), NULL);
	}
	return true;
}

static int system_error(const struct talk *t)
{
	long errnum = 0;

	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &errnum);
	return (int)errnum;
}

static bool no_connection(const struct talk *t, CURLcode code, struct err *err)
{
	int errnum = system_error(t);

	if (errnum)
		return failed(t, "no connection", errnum, err);
	return err_set(err, ERR_RETRY, WORD_NETWORK, "%s: no connection: %s", place(t->r->to),
		       curl_easy_strerror(code));
}

/* A unix socket whose queue is full says EAGAIN.  libcurl then waits for a socket that does not
 * connect, and fails without an error of the system. */
static bool is_busy(const struct talk *t, CURLcode code)
{
	int errnum = system_error(t);

	return *t->r->to->socket && code == CURLE_COULDNT_CONNECT &&
	       (errnum == 0 || errnum == EAGAIN);
}

static bool connect_to(struct talk *t, struct err *err)
{
	CURLcode code;

	while (dial(t, err) && finish_dialling(t, &code, err)) {
		if (code == CURLE_OK)
			return curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &t->fd) ==
				       CURLE_OK ||
			       no_connection(t, CURLE_COULDNT_CONNECT, err);
		if (!is_busy(t, code))
			return no_connection(t, code, err);
		hang_up(t);
		if (!wake_sleep(t->r->wake, ms_left(t, BUSY_POLL_MS), err))
			return false;
	}
	return false;
}

/* ---- the talk ---- */

/* A server that has had enough may answer before it cuts the connection: *cut, and then read. */
static bool send_all(const struct talk *t, const char *bytes, size_t len, bool *cut,
		     struct err *err)
{
	while (len && !*cut) {
		size_t n = 0;
		CURLcode code = curl_easy_send(t->easy, bytes, len, &n);
		bytes += n;
		len -= n;
		if (code == CURLE_AGAIN && !ready(t, POLLOUT, err))
			return false;
		*cut = code != CURLE_OK && code != CURLE_AGAIN;
	}
	return true;
}

static bool cut_off(const struct talk *t, struct err *err)
{
	return err_set(err, ERR_RETRY, WORD_NETWORK,
		       "%s: the connection was closed without an answer", place(t->r->to));
}

static bool receive_all(const struct talk *t, struct buf *answer, struct err *err)
{
	char chunk[16384];

	for (;;) {
		size_t n = 0;
		CURLcode code = curl_easy_recv(t->easy, chunk, sizeof chunk, &n);
		if (code == CURLE_OK && n == 0)
			return true;
		if (!buf_add(answer, chunk, n))
			return err_set(
				err, ERR_RETRY, WORD_PROTOCOL,
				"%s: the answer has more than the %zu bytes that it may have",
				place(t->r->to), answer->max);
		if (code == CURLE_AGAIN && !ready(t, POLLIN, err))
			return false;
		if (code != CURLE_OK && code != CURLE_AGAIN)
			return answer->len > 0 || cut_off(t, err);
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
	       (answer->len || cut_off(t, err));
}

bool scgi_call(const struct scgi_request *r, struct buf *answer, struct err *err)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	struct talk t = {
		.r = r, .multi = curl_multi_init(), .deadline = clock_monotonic() + r->timeout_ms};

	buf_clear(answer);
	answer->full = false;
	bool ok = connect_to(&t, err) && exchange(&t, answer, err);
	hang_up(&t);
	curl_multi_cleanup(t.multi);
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
	uint64_t stated;

	if (!field(head, len, "Status", status, sizeof status))
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer is not SCGI");
	if (strncmp(text_strip(status), "200", 3) != 0)
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer has the status %.3s",
			       text_strip(status));
	if (!field(head, len, "Content-Length", length, sizeof length))
		return true;
	if (!num_u64(text_strip(length), INT64_MAX, &stated) || stated < body)
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer states a wrong length");
	return stated == body ||
	       err_set(err, ERR_RETRY, WORD_NETWORK,
		       "cut off after %zu of the %" PRIu64 " bytes of its answer", body, stated);
}

bool scgi_take_head(struct buf *answer, struct err *err)
{
	const char *text = buf_text(answer);
	size_t most = answer->len < HEAD_MAX ? answer->len : HEAD_MAX;
	const char *end = memmem(text, most, "\r\n\r\n", 4);

	if (!end)
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer is not SCGI");
	size_t head = (size_t)(end - text), body = answer->len - head - 4;
	if (!check_head(text, head, body, err))
		return false;
	memmove(answer->data, answer->data + head + 4, body + 1);
	answer->len = body;
	return true;
}
