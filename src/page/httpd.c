#include "page/httpd.h"

#include "page/guesses.h"
#include "config/listen.h"
#include "page/site.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#define BACKLOG 1024
#define SWEEP_MS 100

struct guest {
	struct MHD_Connection *connection; /* borrowed, as is its socket; NULL: no guest */
	int fd;
	int64_t since;
	int64_t until; /* a wrong token is answered then; 0: nobody is kept waiting */
};

struct httpd {
	struct MHD_Daemon *daemon;
	char *listen, *address;    /* owned: as it was asked for, and as it is */
	int door;                  /* borrowed from libmicrohttpd: the listening socket */
	int bell;                  /* rung for what follows */
	atomic_bool stop;          /* set by httpd_close() */
	struct trouble *trouble;   /* borrowed */
	struct site *_Atomic next; /* owned: put there by httpd_renew(); NULL: none */
	pthread_t thread;
	/* Of the thread alone. */
	struct site *site;
	struct guest guests[HTTPD_CONNECTIONS];
	unsigned n_guests;
	struct guesses guesses;
};

/* ---- one request ---- */

static void add_number(struct MHD_Response *r, const char *field, unsigned number)
{
	char text[16];

	snprintf(text, sizeof text, "%u", number);
	MHD_add_response_header(r, field, text);
}

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
	if (a->status == 429)
		add_number(r, "Retry-After", a->retry_after_s);
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

/* What would end the text, and so hide the rest of it, is left as it stands. */
static size_t unescape(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return strstr(text, "%00") ? strlen(text) : MHD_http_unescape(text);
}

/* ---- guests ---- */

static int socket_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/* The guest of this connection, or with NULL room for one; NULL: there is none. */
static struct guest *find_guest(struct httpd *h, const struct MHD_Connection *c)
{
	for (size_t i = 0; i < HTTPD_CONNECTIONS; i++)
		if (h->guests[i].connection == c)
			return &h->guests[i];
	return NULL;
}

static void on_guest(void *cls, struct MHD_Connection *c, void **context,
		     enum MHD_ConnectionNotificationCode code)
{
	struct httpd *h = cls;
	bool comes = code == MHD_CONNECTION_NOTIFY_STARTED;
	struct guest *g = find_guest(h, comes ? NULL : c);

	(void)context;
	if (!g)
		return;
	*g = comes ? (struct guest){c, socket_of(c), clock_monotonic(), 0} : (struct guest){0};
	h->n_guests = comes ? h->n_guests + 1 : h->n_guests - 1;
}

static void let_on(struct guest *g)
{
	g->until = 0;
	MHD_resume_connection(g->connection);
}

/* libmicrohttpd asks on_request() again afterwards. */
static bool keep_waiting(struct httpd *h, struct MHD_Connection *c)
{
	struct guest *g = find_guest(h, c);

	if (!g)
		return false;
	g->until = clock_monotonic() + GUESSES_HOLD_MS;
	MHD_suspend_connection(c);
	return true;
}

/* Cut off who has been here for too long; libmicrohttpd finds the connection closed, and ends it.
 */
static void sweep(struct httpd *h)
{
	int64_t now = clock_monotonic();
	int64_t limit = h->n_guests < HTTPD_CONNECTIONS ? HTTPD_REQUEST_MS : HTTPD_CROWDED_MS;

	for (size_t i = 0; h->n_guests && i < HTTPD_CONNECTIONS; i++) {
		struct guest *g = &h->guests[i];
		bool too_long = now - g->since >= limit;
		if (!g->connection)
			continue;
		if (g->until && (too_long || now >= g->until))
			let_on(g);
		else if (too_long)
			shutdown(g->fd, SHUT_RDWR);
	}
}

/* ---- one request, answered ---- */

static void note_guess(struct httpd *h, struct MHD_Connection *c)
{
	struct sockaddr *peer =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	char text[GUESSES_PEER] = "?";

	getnameinfo(peer,
		    peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						: sizeof(struct sockaddr_in),
		    text, sizeof text, NULL, 0, NI_NUMERICHOST);
	guesses_note(&h->guesses, text, clock_monotonic());
}

/* *context is set once a wrong token was noted. */
static enum MHD_Result answer(struct httpd *h, struct MHD_Connection *c,
			      const struct site_request *r, void **context)
{
	struct site_answer a = {0};
	enum MHD_Result result = MHD_YES;

	site_answer(h->site, r, &a);
	bool guessed = a.wrong_token && !*context;
	if (guessed) {
		*context = h;
		note_guess(h, c);
	}
	if (!guessed || !a.retry_after_s || !keep_waiting(h, c))
		result = send_answer(c, &a);
	buf_clear(&a.body);
	return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *bytes,
				  size_t *len, void **context)
{
	struct httpd *h = cls;
	const struct site_request r = {
		.method = method,
		.path = path,
		.host = lookup(c, MHD_HEADER_KIND, "Host"),
		.accept = lookup(c, MHD_HEADER_KIND, "Accept"),
		.authorization = lookup(c, MHD_HEADER_KIND, "Authorization"),
		.container = lookup(c, MHD_GET_ARGUMENT_KIND, "container"),
		.before = lookup(c, MHD_GET_ARGUMENT_KIND, "before"),
		.limit = lookup(c, MHD_GET_ARGUMENT_KIND, "limit"),
		.guesses_wait_s = guesses_wait_s(&h->guesses, clock_monotonic()),
	};

	(void)version;
	(void)bytes;
	(void)len;
	return answer(h, c, &r, context);
}

/* ---- the thread ---- */

static int wait_ms(struct httpd *h)
{
	unsigned MHD_LONG_LONG ms;

	if (!h->n_guests)
		return guesses_tell_ms(&h->guesses, clock_monotonic());
	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES && ms < SWEEP_MS)
		return (int)ms;
	return SWEEP_MS;
}

static void take_next_site(struct httpd *h)
{
	struct site *next = atomic_exchange(&h->next, NULL);

	if (!next)
		return;
	site_close(h->site);
	h->site = next;
}

static void *serve(void *cls)
{
	struct httpd *h = cls;
	struct pollfd on[] = {
		{.fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		 .events = POLLIN},
		{.fd = h->bell, .events = POLLIN},
		{.fd = h->door, .events = POLLIN},
	};

	while (!atomic_load(&h->stop)) {
		eventfd_t rung;
		eventfd_read(h->bell, &rung);
		take_next_site(h);
		MHD_run(h->daemon);
		sweep(h);
		guesses_tell(&h->guesses, clock_monotonic());
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
	h->door = fd;
	h->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->daemon = h->bell < 0
			    ? NULL
			    : MHD_start_daemon(
				      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
				      on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
				      MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTPD_CONNECTIONS,
				      MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTPD_HEAD_BYTES,
				      MHD_OPTION_NOTIFY_CONNECTION, on_guest, h,
				      MHD_OPTION_UNESCAPE_CALLBACK, unescape, h, MHD_OPTION_END);
	return h->daemon && pthread_create(&h->thread, NULL, serve, h) == 0;
}

static void let_all_on(struct httpd *h)
{
	for (size_t i = 0; i < HTTPD_CONNECTIONS; i++)
		if (h->guests[i].until)
			let_on(&h->guests[i]);
}

static void release(struct httpd *h)
{
	let_all_on(h);
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	if (h->bell >= 0)
		close(h->bell);
	site_close(h->site);
	site_close(atomic_load(&h->next));
	free(h->listen);
	free(h->address);
	free(h);
}

struct httpd *httpd_open(const struct config *c, struct trouble *trouble, struct err *err)
{
	OWN_FD int fd = bind_to(c->listen, err);

	if (fd < 0)
		return NULL;
	struct httpd *h = mem_alloc(sizeof *h);
	h->listen = mem_dup(c->listen);
	h->address = listen_text(fd);
	h->trouble = trouble;
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

bool httpd_is_for(const struct httpd *h, const char *listen)
{
	return strcmp(h->listen, listen) == 0;
}

void httpd_renew(struct httpd *h, const struct config *c)
{
	site_close(atomic_exchange(&h->next, site_open(c, h->trouble)));
	eventfd_write(h->bell, 1);
}

void httpd_close(struct httpd *h)
{
	if (!h)
		return;
	atomic_store(&h->stop, true);
	eventfd_write(h->bell, 1);
	pthread_join(h->thread, NULL);
	release(h);
}

const char *httpd_address(const struct httpd *h)
{
	return h->address;
}
