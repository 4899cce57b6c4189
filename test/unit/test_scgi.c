/* SCGI's addresses, the head of its answers, and calls over a unix socket. */
#include "unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/scgi.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

static void expect_url(const char *url, const char *host, uint16_t port)
{
	struct scgi_address a;
	struct err err;

	MUST(scgi_address_of_url(url, &a, &err));
	assert_string_equal(a.host, host);
	assert_int_equal(a.port, port);
	assert_string_equal(a.socket, "");
}

static void urls_are_read(void **state)
{
	(void)state;
	expect_url("scgi://127.0.0.1:5000", "127.0.0.1", 5000);
	expect_url("SCGI://seedbox.lan:1/", "seedbox.lan", 1);
	expect_url("scgi://[::1]:65535", "::1", 65535);
}

static void other_urls_are_refused(void **state)
{
	static const char *const others[] = {
		"",
		"http://h:1",
		"scgi://",
		"scgi://h",
		"scgi://h:",
		"scgi://h:0",
		"scgi://h:65536",
		"scgi://h:12x",
		"scgi://:5000",
		"scgi:///run/rpc.sock",
		"scgi://h:1/path",
		"scgi://[::1:5000",
		"scgi://[::1]5000",
		"scgi://u:p@h:1",
	};
	struct scgi_address a;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct err err = {0};
		assert_false(scgi_address_of_url(others[i], &a, &err));
		assert_int_equal(err.kind, ERR_TARGET);
		assert_int_equal(err.code, WORD_CONFIG);
	}
}

static void a_socket_has_a_longest_path(void **state)
{
	struct scgi_address a;
	struct err err = {0};
	char path[110];

	(void)state;
	memset(path, 'x', sizeof path);
	path[108] = '\0';
	assert_false(scgi_address_of_socket(path, &a, &err));
	assert_non_null(strstr(err.msg, "108 bytes, and the system takes 107"));
	path[107] = '\0';
	MUST(scgi_address_of_socket(path, &a, &err));
	assert_string_equal(a.socket, path);
}

static bool take(const char *answer, struct buf *b, struct err *err)
{
	buf_reset(b);
	buf_puts(b, answer);
	return scgi_take_head(b, err);
}

static void the_head_is_taken_off(void **state)
{
	OWN_BUF struct buf b = BUF_MAX(1000);
	struct err err;

	(void)state;
	MUST(take("Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\nabc", &b,
		  &err));
	assert_string_equal(buf_text(&b), "abc");
	assert_int_equal(b.len, 3);
	MUST(take("status:200\r\n\r\n", &b, &err));
	assert_int_equal(b.len, 0);
}

static void expect_fault(const char *answer, enum err_code code, const char *why)
{
	OWN_BUF struct buf b = BUF_MAX(20000);
	struct err err = {0};

	assert_false(take(answer, &b, &err));
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.msg, why));
}

static void other_heads_are_refused(void **state)
{
	(void)state;
	expect_fault("", WORD_PROTOCOL, "not SCGI");
	expect_fault("HTTP/1.1 400 Bad Request\r\n\r\n", WORD_PROTOCOL, "not SCGI");
	expect_fault("Status: 200 OK", WORD_PROTOCOL, "not SCGI");
	expect_fault("Status: 500 No\r\n\r\nx", WORD_PROTOCOL, "status 500");
	expect_fault("Status: 200 OK\r\nContent-Length: 4\r\n\r\nabc", WORD_NETWORK,
		     "3 of the 4 bytes");
	expect_fault("Status: 200 OK\r\nContent-Length: 2\r\n\r\nabc", WORD_PROTOCOL, "length");
	expect_fault("Status: 200 OK\r\nContent-Length: -1\r\n\r\nabc", WORD_PROTOCOL, "length");
}

/* ---- calls ---- */

struct server {
	struct scgi_address address;
	int fd;
	int crowd;          /* connections in its queue before the call's */
	const char *answer; /* NULL: it accepts nobody */
	char got[256];
};

static void open_server(struct server *s, const char *folder)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct err err;

	OWN_STR char *path = mem_printf("%s/s", folder);
	unlink(path);
	MUST(scgi_address_of_socket(path, &s->address, &err));
	memcpy(to.sun_path, s->address.socket, sizeof to.sun_path);
	s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (const struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(listen(s->fd, 0), 0);
	for (int i = 0; i < s->crowd; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
		close(fd);
	}
}

static void *serve(void *ctx)
{
	struct server *s = ctx;

	usleep(200000);
	for (int i = 0; i < s->crowd; i++)
		close(accept(s->fd, NULL, NULL));
	OWN_FD int fd = accept(s->fd, NULL, NULL);
	recv(fd, s->got, sizeof s->got - 1, 0);
	send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
	return NULL;
}

static bool call(struct server *s, void **state, struct buf *answer, struct err *err)
{
	const struct scgi_request r = {
		.to = &s->address, .body = "<x/>", .len = 4, .timeout_ms = s->answer ? 5000 : 300};
	pthread_t thread;

	open_server(s, *state);
	if (s->answer)
		assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
	bool ok = scgi_call(&r, answer, err);
	shutdown(s->fd, SHUT_RDWR); /* also ends an accept() that waits in vain */
	if (s->answer)
		pthread_join(thread, NULL);
	close(s->fd);
	return ok;
}

static void a_call_is_a_netstring_and_a_body(void **state)
{
	OWN_BUF struct buf answer = BUF_MAX(1000);
	struct server s = {.answer = "Status: 200 OK\r\nContent-Length: 2\r\n\r\nok"};
	struct err err;

	MUST(call(&s, state, &answer, &err));
	assert_string_equal(buf_text(&answer), "ok");
	assert_memory_equal(s.got, "24:CONTENT_LENGTH\0004\0SCGI\0001\0,<x/>", 33);
}

static void a_full_queue_is_waited_for(void **state)
{
	OWN_BUF struct buf answer = BUF_MAX(1000);
	struct server s = {.crowd = 1, .answer = "Status: 200 OK\r\n\r\nok"};
	struct err err;

	MUST(call(&s, state, &answer, &err));
	assert_string_equal(buf_text(&answer), "ok");
}

static void a_call_has_a_time_limit(void **state)
{
	for (int crowd = 0; crowd < 2; crowd++) {
		OWN_BUF struct buf answer = BUF_MAX(1000);
		struct server s = {.crowd = crowd};
		struct err err = {0};
		int64_t begin = clock_monotonic();
		assert_false(call(&s, state, &answer, &err));
		assert_int_equal(err.code, WORD_TIMEOUT);
		assert_true(clock_monotonic() - begin >= 300);
		assert_true(clock_monotonic() - begin < 2000);
	}
}

static void answers_are_whole_and_not_too_large(void **state)
{
	static const struct {
		const char *answer;
		enum err_code code;
	} rows[] = {{"", WORD_NETWORK},
		    {"Status: 200 OK\r\nContent-Length: 9\r\n\r\nok", WORD_NETWORK},
		    {"Status: 200 OK\r\nX: 0123456789012345678901234567\r\n\r\n", WORD_PROTOCOL}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_BUF struct buf answer = BUF_MAX(45);
		struct server s = {.answer = rows[i].answer};
		struct err err = {0};
		assert_false(call(&s, state, &answer, &err));
		assert_int_equal(err.kind, ERR_RETRY);
		assert_int_equal(err.code, rows[i].code);
	}
}

static void a_socket_that_is_not_there_is_named(void **state)
{
	OWN_BUF struct buf answer = BUF_MAX(1000);
	struct scgi_address to;
	const struct scgi_request r = {.to = &to, .body = "x", .len = 1, .timeout_ms = 2000};
	struct err err = {0};

	(void)state;
	MUST(scgi_address_of_socket("/nonexistent/s", &to, &err));
	assert_false(scgi_call(&r, &answer, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.code, WORD_NETWORK);
	assert_non_null(strstr(err.msg, "/nonexistent/s: no connection: No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_read),
		cmocka_unit_test(other_urls_are_refused),
		cmocka_unit_test(a_socket_has_a_longest_path),
		cmocka_unit_test(the_head_is_taken_off),
		cmocka_unit_test(other_heads_are_refused),
		cmocka_unit_test(a_call_is_a_netstring_and_a_body),
		cmocka_unit_test(a_full_queue_is_waited_for),
		cmocka_unit_test(a_call_has_a_time_limit),
		cmocka_unit_test(answers_are_whole_and_not_too_large),
		cmocka_unit_test(a_socket_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, unit_make_folder, unit_remove_folder);
}
