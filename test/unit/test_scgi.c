/* SCGI's addresses, and the head of its answers. */
#include "unit.h"

#include "base/scgi.h"

static void expect_url(const char *url, const char *host, const char *port)
{
	struct scgi_address a;
	struct err err;

	MUST(scgi_address_of_url(url, &a, &err));
	assert_string_equal(a.host, host);
	assert_string_equal(a.port, port);
	assert_string_equal(a.socket, "");
}

static void urls_are_read(void **state)
{
	(void)state;
	expect_url("scgi://127.0.0.1:5000", "127.0.0.1", "5000");
	expect_url("SCGI://seedbox.lan:1/", "seedbox.lan", "1");
	expect_url("scgi://[::1]:65535", "::1", "65535");
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
	expect_fault("", WORD_PROTOCOL, "none of SCGI's");
	expect_fault("HTTP/1.1 400 Bad Request\r\n\r\n", WORD_PROTOCOL, "none of SCGI's");
	expect_fault("Status: 200 OK", WORD_PROTOCOL, "none of SCGI's");
	expect_fault("Status: 500 No\r\n\r\nx", WORD_PROTOCOL, "status 500");
	expect_fault("Status: 200 OK\r\nContent-Length: 4\r\n\r\nabc", WORD_NETWORK,
		     "3 of the 4 bytes");
	expect_fault("Status: 200 OK\r\nContent-Length: 2\r\n\r\nabc", WORD_PROTOCOL, "length");
	expect_fault("Status: 200 OK\r\nContent-Length: -1\r\n\r\nabc", WORD_PROTOCOL, "length");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_read),
		cmocka_unit_test(other_urls_are_refused),
		cmocka_unit_test(a_socket_has_a_longest_path),
		cmocka_unit_test(the_head_is_taken_off),
		cmocka_unit_test(other_heads_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
