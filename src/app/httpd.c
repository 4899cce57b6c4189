#include "app/httpd.h"

#include "app/listen.h"
#include "app/site.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

#define BACKLOG 1024
#define SWEEP_MS 100

struct guest {
	int fd; /* borrowed from libmicrohttpd; -1: no guest */
	int64_t since;
};

struct httpd {
	struct MHD_Daemon *daemon;
	struct site *site;
	char *address;
	int door; /* borrowed from libmicrohttpd: the listening socket */
	int stop; /* readable once httpd_close() was called */
	pthread_t thread;
	/* Of the thread alone. */
	struct guest guests[HTTPD_CONNECTIONS];
	unsigned n_guests;
};

/* ---- one request ---- */

static enum MHD_Result send_answer(struct MHD_Connection *c, struct site_answer *a)
{
	const char *const fields[][2] = {
		{"Content-Type", a->type},
		{"Content-Security-Policy", a->policy},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "no-referrer"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Cache-Control", "no-store"},
		{"Connection", "close"},
	};
	size_t len = a->body.len;
	char *bytes = buf_take(&a->body);
	struct MHD_Response *r = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);

	if (!r) {
		free(bytes);
		return MHD_NO;
	}
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		MHD_add_response_header(r, fields[i][0], fields[i][1]);
	if (a->status == 401)
		MHD_add_response_header(r, "WWW-Authenticate",
					"Basic realm=\"ptp-archiver\", charset=\"UTF-8\"");
	if (a->status == 405)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	enum MHD_Result sent = MHD_queue_response(c, a->status, r);
	MHD_destroy_response(r);
	return sent;
}

static const char *lookup(struct MHD_Connection *c, enum MHD_ValueKind kind, const char *name)
{
	return MHD_lookup_connection_value(c, kind, name);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *bytes,
				  size_t *len, void **request)
{
	struct httpd *h = cls;
	const struct site_request r = {
		.method = method,
		.path = path,
		.authorization = lookup(c, MHD_HEADER_KIND, "Authorization"),
		.container = lookup(c, MHD_GET_ARGUMENT_KIND, "container"),
		.before = lookup(c, MHD_GET_ARGUMENT_KIND, "before"),
		.limit = lookup(c, MHD_GET_ARGUMENT_KIND, "limit"),
	};
	struct site_answer a = {0};

	(void)version;
	(void)bytes;
	(void)len;
	(void)request;
	site_answer(h->site, &r, &a);
	enum MHD_Result sent = send_answer(c, &a);
	buf_clear(&a.body);
	return sent;
}

/* ---- guests ---- */

static void on_guest(void *cls, struct MHD_Connection *c, void **context,
		     enum MHD_ConnectionNotificationCode code)
{
	struct httpd *h = cls;
	int fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	bool comes = code == MHD_CONNECTION_NOTIFY_STARTED;

	(void)context;
	for (size_t i = 0; i < HTTPD_CONNECTIONS; i++) {
		struct guest *g = &h->guests[i];
		if (g->fd != (comes ? -1 : fd))
			continue;
		*g = (struct guest){comes ? fd : -1, clock_monotonic()};
		h->n_guests = comes ? h->n_guests + 1 : h->n_guests - 1;
		return;
	}
}

/* Cut off who has been here for too long; libmicrohttpd finds the connection closed, and ends it.
 */
static void sweep(struct httpd *h)
{
	int64_t now = clock_monotonic();
	int64_t limit = h->n_guests < HTTPD_CONNECTIONS ? HTTPD_REQUEST_MS : HTTPD_CROWDED_MS;

	for (size_t i = 0; h->n_guests && i < HTTPD_CONNECTIONS; i++)
		if (h->guests[i].fd >= 0 && now - h->guests[i].since >= limit)
			shutdown(h->guests[i].fd, SHUT_RDWR);
}

/* ---- the thread ---- */

static int wait_ms(struct httpd *h)
{
	unsigned MHD_LONG_LONG ms;

	if (!h->n_guests)
		return -1;
	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES && ms < SWEEP_MS)
		return (int)ms;
	return SWEEP_MS;
}

static void *serve(void *cls)
{
	struct httpd *h = cls;
	struct pollfd on[] = {
		{.fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		 .events = POLLIN},
		{.fd = h->stop, .events = POLLIN},
		{.fd = h->door, .events = POLLIN},
	};

	while (!(on[1].revents & POLLIN)) {
		MHD_run(h->daemon);
		sweep(h);
		/* When it was full, libmicrohttpd has left the door out of its own set. */
		on[2].fd = h->n_guests < HTTPD_CONNECTIONS ? h->door : -1;
		if (poll(on, 3, wait_ms(h)) < 0 && errno != EINTR)
			break;
	}
	return NULL;
}

/* ---- opening ---- */

static int bind_to(const char *text, struct err *err)
{
	struct listen_address a;
	int on = 1;

	if (!listen_parse(text, &a)) {
		err_set(err, ERR_TARGET, WORD_CONFIG, "PTP_LISTEN cannot be used");
		return -1;
	}
	OWN_FD int fd = socket(a.addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(fd, (const struct sockaddr *)&a.addr, a.len) != 0 || listen(fd, BACKLOG) != 0) {
		err_errno(err, ERR_TARGET, WORD_CONFIG, errno,
			  "the status page cannot listen on %s (PTP_LISTEN)", text);
		return -1;
	}
	return own_fd_take(&fd);
}

static bool start(struct httpd *h, int fd)
{
	for (size_t i = 0; i < HTTPD_CONNECTIONS; i++)
		h->guests[i].fd = -1;
	h->door = fd;
	h->stop = eventfd(0, EFD_CLOEXEC);
	h->daemon = h->stop < 0 ? NULL
				: MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, h,
						   MHD_OPTION_LISTEN_SOCKET, fd,
						   MHD_OPTION_CONNECTION_LIMIT,
						   (unsigned)HTTPD_CONNECTIONS,
						   MHD_OPTION_CONNECTION_MEMORY_LIMIT,
						   HTTPD_HEAD_BYTES, MHD_OPTION_NOTIFY_CONNECTION,
						   on_guest, h, MHD_OPTION_END);
	return h->daemon && pthread_create(&h->thread, NULL, serve, h) == 0;
}

static void release(struct httpd *h)
{
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	if (h->stop >= 0)
		close(h->stop);
	site_close(h->site);
	free(h->address);
	free(h);
}

struct httpd *httpd_open(const struct config *c, struct trouble *trouble, struct err *err)
{
	OWN_FD int fd = bind_to(c->listen, err);

	if (fd < 0)
		return NULL;
	struct httpd *h = mem_alloc(sizeof *h);
	h->address = listen_text(fd);
	h->site = site_open(c, trouble);
	if (start(h, fd)) {
		own_fd_take(&fd);
		return h;
	}
	if (h->daemon)
		own_fd_take(&fd);
	release(h);
	err_set(err, ERR_RETRY, WORD_INTERNAL, "the status page's server did not start");
	return NULL;
}

void httpd_close(struct httpd *h)
{
	if (!h)
		return;
	eventfd_write(h->stop, 1);
	pthread_join(h->thread, NULL);
	release(h);
}

const char *httpd_address(const struct httpd *h)
{
	return h->address;
}
