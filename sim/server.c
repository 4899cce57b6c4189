#include "server.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/own.h"
#include "limits.h"
#include "pause.h"
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>

#define STREAM_BLOCK 16384

struct server {
	struct MHD_Daemon *daemon;
	struct route *route; /* borrowed */
	int stop;            /* readable once server_stop() was called */
};

MUST_CHECK static bool parse_listen(const char *text, struct sockaddr_in *addr, struct err *err)
{
	const char *colon = strrchr(text, ':');
	OWN_STR char *host = mem_dupn(text, colon ? (size_t)(colon - text) : 0);
	char *end = NULL;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

	*addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	if (strcmp(host, "localhost") == 0)
		addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (inet_pton(AF_INET, host, &addr->sin_addr) != 1)
		colon = NULL;
	if (!colon || end == colon + 1 || *end || port > 65535)
		return err_set(err, ERR_FATAL, WORD_CONFIG,
			       "--listen %s: expected ADDRESS:PORT, such as 127.0.0.1:8080", text);
	if (ntohl(addr->sin_addr.s_addr) >> 24 != 127)
		return err_set(err, ERR_FATAL, WORD_CONFIG,
			       "--listen %s: only loopback addresses (127.x.y.z) are allowed",
			       text);
	return true;
}

bool server_bind(const char *listen_on, bool tls, int *fd, char **url, struct err *err)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof addr;
	char host[INET_ADDRSTRLEN];
	int on = 1;

	if (!parse_listen(listen_on, &addr, err))
		return false;
	OWN_FD int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(s, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(s, 128) != 0 ||
	    getsockname(s, (struct sockaddr *)&addr, &len) != 0)
		return err_errno(err, ERR_FATAL, WORD_NETWORK, errno, "--listen %s", listen_on);
	inet_ntop(AF_INET, &addr.sin_addr, host, sizeof host);
	*url = mem_printf("%s://%s:%d", tls ? "https" : "http", host, ntohs(addr.sin_port));
	*fd = own_fd_take(&s);
	return true;
}

static void *on_arrival(void *cls, const char *target, struct MHD_Connection *c)
{
	(void)cls;
	(void)c;
	return request_new(target);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **request,
			 enum MHD_RequestTerminationCode why)
{
	(void)cls;
	(void)c;
	(void)why;
	request_free(*request);
	*request = NULL;
}

static enum MHD_Result collect(void *object, enum MHD_ValueKind kind, const char *name,
			       const char *value)
{
	OWN_STR char *valid = NULL;
	json_t *key = request_text(name, strlen(name));

	(void)kind;
	valid = mem_dup(json_string_value(key));
	json_decref(key);
	json_object_set_new(object, valid,
			    request_text(value ? value : "", value ? strlen(value) : 0));
	return MHD_YES;
}

static void describe(struct request *r, struct MHD_Connection *c, const char *path,
		     const char *method)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	r->method = mem_dup(method);
	r->path = mem_dup(path);
	if (info)
		r->port = ntohs(
			((const struct sockaddr_in *)(const void *)info->client_addr)->sin_port);
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info)
		r->socket = info->connect_fd;
	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, collect, r->query);
	MHD_get_connection_values(c, MHD_HEADER_KIND, collect, r->headers);
	r->chunked = request_header(r, "Transfer-Encoding");
}

static struct MHD_Response *make_response(struct answer *a, const struct pause *p)
{
	if (a->way == ANSWER_WHOLE && !a->rate && a->cut == SIZE_MAX)
		return MHD_create_response_from_buffer(
			a->body.len, (void *)(uintptr_t)buf_text(&a->body), MHD_RESPMEM_MUST_COPY);
	struct stream *s = stream_new(a, p);
	uint64_t size = stream_size(s);
	return MHD_create_response_from_callback(size == STREAM_UNKNOWN ? MHD_SIZE_UNKNOWN : size,
						 STREAM_BLOCK, stream_read, s, stream_free);
}

static enum MHD_Result send_answer(struct MHD_Connection *c, struct answer *a,
				   const struct pause *p)
{
	struct MHD_Response *response = make_response(a, p);
	enum MHD_Result sent;

	if (!response)
		return MHD_NO;
	for (size_t i = 0; i < a->headers_n; i++)
		if (MHD_add_response_header(response, a->headers[i].name, a->headers[i].value) !=
		    MHD_YES)
			fprintf(stderr, "ptp-sim: header %s: this value cannot be sent\n",
				a->headers[i].name);
	sent = MHD_queue_response(c, a->status, response);
	MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result respond(struct server *s, struct MHD_Connection *c, struct request *r)
{
	struct pause p = {s->stop, r->socket};
	enum MHD_Result result = MHD_NO;
	struct answer a;

	answer_init(&a);
	route_answer(s->route, r, &a);
	if (a.way == ANSWER_HANG)
		pause_for(&p, PAUSE_FOREVER);
	else if (a.way != ANSWER_DROP && (a.delay <= 0 || pause_for(&p, a.delay)))
		result = send_answer(c, &a, &p);
	answer_clear(&a);
	return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *bytes,
				  size_t *len, void **request)
{
	struct request *r = *request;

	(void)version;
	if (!r->method) {
		describe(r, c, path, method);
		return MHD_YES;
	}
	if (*len) {
		buf_add(&r->body, bytes, *len);
		r->body_bytes += *len;
		*len = 0;
		return MHD_YES;
	}
	return respond(cls, c, r);
}

static struct MHD_Daemon *start_daemon(struct server *s, int fd, const char *cert, const char *key)
{
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			 (cert ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
				       {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
				       {MHD_OPTION_END, 0, NULL}};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_URI_LOG_CALLBACK, on_arrival, s,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)SIM_CONNECTIONS,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SIM_IDLE_SECONDS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SIM_CONNECTION_MEMORY,
				MHD_OPTION_ARRAY, cert ? tls : none, MHD_OPTION_END);
}

struct server *server_start(int fd, const char *cert, const char *key, struct route *route,
			    struct err *err)
{
	struct server *s = mem_alloc(sizeof *s);

	s->route = route;
	s->stop = eventfd(0, EFD_CLOEXEC);
	s->daemon = s->stop < 0 ? NULL : start_daemon(s, fd, cert, key);
	if (s->daemon)
		return s;
	err_set(err, ERR_FATAL, WORD_INTERNAL, "the HTTP server did not start%s",
		cert ? " (are certificate and key valid PEM?)" : "");
	close(fd);
	if (s->stop >= 0)
		close(s->stop);
	free(s);
	return NULL;
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	eventfd_write(s->stop, 1);
	MHD_stop_daemon(s->daemon);
	close(s->stop);
	free(s);
}
