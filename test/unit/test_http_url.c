#include "base/http.h"
#include "base/url.h"

#include "ports/health.h"

#include "unit.h"

static void urls_are_http_with_a_host(void **state)
{
	(void)state;
	static const struct {
		const char *url, *host;
		bool tls, loopback;
	} rows[] = {
		{"https://passthepopcorn.me", "passthepopcorn.me", true, false},
		{"https://example.org:8443/x?y#z", "example.org", true, false},
		{"HTTP://Example.ORG/", "Example.ORG", false, false},
		{"http://localhost:8080/", "localhost", false, true},
		{"http://LOCALHOST", "LOCALHOST", false, true},
		{"http://127.0.0.1", "127.0.0.1", false, true},
		{"http://127.255.0.3:1", "127.255.0.3", false, true},
		{"http://2130706433/", "127.0.0.1", false, true},
		{"http://[::1]:8080/", "::1", false, true},
		{"http://[::2]/", "::2", false, false},
		{"http://127.0.0.1.example.org/", "127.0.0.1.example.org", false, false},
		{"http://localhost.example.org/", "localhost.example.org", false, false},
		{"http://128.0.0.1/", "128.0.0.1", false, false},
		{"http://127.0.0.1@example.org/", "example.org", false, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_url url;
		struct err err;
		MUST(http_url_parse(rows[i].url, &url, &err));
		assert_string_equal(url.host, rows[i].host);
		assert_int_equal(url.tls, rows[i].tls);
		if (url.loopback != rows[i].loopback)
			fail_msg("%s", rows[i].url);
	}
}

static void other_texts_are_no_urls_and_are_not_quoted(void **state)
{
	(void)state;
	static const char *const urls[] = {
		"",
		"secretword",
		"secretword.org/x",
		"//secretword.org",
		"ftp://secretword.org",
		"file:///etc/secretword",
		"https://",
		"https:/secretword.org/",
		"https:///secretword.org/",
		"https://secret word.org/",
		"https://secretword.org/a b",
		"https://secretword.org/\n",
		"https://secretword.org:99999/",
		"javascript:secretword",
	};

	for (size_t i = 0; i < COUNT(urls); i++) {
		struct http_url url;
		struct err err = {0};
		if (http_url_parse(urls[i], &url, &err))
			fail_msg("taken: %s", urls[i]);
		assert_int_equal(err.kind, ERR_TARGET);
		assert_int_equal(err.code, WORD_CONFIG);
		assert_null(strstr(err.msg, "secretword"));
	}
}

static void ping_urls_need_a_path(void **state)
{
	(void)state;
	static const char *const good[] = {
		"https://hc-ping.com/0b0b0b0b-1111-2222-3333-444444444444",
		"https://hc-ping.com/key/slug",
		"http://hc.lan:8000/ping/0b0b0b0b-1111-2222-3333-444444444444",
	};
	static const char *const bad[] = {"",
					  "hc-ping.com/x",
					  "https://hc-ping.com",
					  "https://hc-ping.com/",
					  "https://hc-ping.com//",
					  "https:/hc-ping.com/x",
					  "ftp://hc-ping.com/x"};

	for (size_t i = 0; i < COUNT(good); i++)
		assert_null(health_url_fault(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_non_null(health_url_fault(bad[i]));
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	const int64_t now = INT64_C(1795000000) * 1000, max = 24 * 3600 * 1000;
	static const struct {
		const char *field;
		int64_t after; /* in ms; 0: it says nothing */
	} rows[] = {
		{"120", 120000},
		{"86400", 86400000},
		{"86401", 86400000},
		{"99999999999999999999", 86400000},
		{"0", 0},
		{"", 0},
		{"-5", 0},
		{"1.5", 0},
		{"soon", 0},
		{"Wed, 18 Nov 2026 11:07:40 GMT", 60000},
		{"Wednesday, 18-Nov-26 11:07:40 GMT", 60000},
		{"Wed Nov 18 11:07:40 2026", 60000},
		{"Wed, 18 Nov 2026 11:06:40 GMT", 0},
		{"Wed, 18 Nov 2020 11:06:40 GMT", 0},
		{"Fri, 18 Nov 2033 11:06:40 GMT", 86400000},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t when = http_retry_after(rows[i].field, now, 0, max, NULL);
		if (when != (rows[i].after ? now + rows[i].after : 0))
			fail_msg("%s: %lld ms", rows[i].field, (long long)(when - now));
	}
}

static void a_date_is_judged_by_the_date_of_the_answer(void **state)
{
	(void)state;
	const int64_t now = INT64_C(1795000000000), ahead = 3 * 3600000;
	bool is_date = false;

	/* Our clock is three hours ahead of the server's. */
	int64_t when = http_retry_after("Wed, 18 Nov 2026 11:07:40 GMT", now + ahead, now, 86400000,
					&is_date);
	assert_int_equal(when, now + ahead + 60000);
	assert_true(is_date);
	assert_int_equal(http_retry_after("120", now, now - ahead, 86400000, &is_date),
			 now + 120000);
	assert_false(is_date);
}

static void query_values_are_escaped(void **state)
{
	(void)state;
	OWN_STR char *escaped = url_escape("a b&c=d/\xC3\xA9?#");

	assert_string_equal(escaped, "a%20b%26c%3Dd%2F%C3%A9%3F%23");
}

static void parts_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text, *scheme, *host, *zone, *port, *path;
		bool login, more;
	} rows[] = {
		{"https://h", "https", "h", NULL, "443", "/", false, false},
		{"HTTP://u@h:8080/a/../b", "http", "h", NULL, "8080", "/b", true, false},
		{"http://:p@h/?x", "http", "h", NULL, "80", "/", true, true},
		{"http://h/a@b#c", "http", "h", NULL, "80", "/a@b", false, true},
		{"scgi://[fe80::1%25eth0]:5000", "scgi", "fe80::1", "eth0", "5000", "/", false,
		 false},
		{"socks5h://10.0.0.1", "socks5h", "10.0.0.1", NULL, NULL, "/", false, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_URL struct url u = {0};
		assert_true(url_read(rows[i].text, &u));
		assert_string_equal(u.scheme, rows[i].scheme);
		assert_string_equal(u.host, rows[i].host);
		assert_string_equal(u.path, rows[i].path);
		assert_string_equal(u.zone ? u.zone : "-", rows[i].zone ? rows[i].zone : "-");
		assert_string_equal(u.port ? u.port : "-", rows[i].port ? rows[i].port : "-");
		assert_int_equal(u.login, rows[i].login);
		assert_int_equal(u.more, rows[i].more);
	}
}

static void what_is_shown_holds_no_login_and_no_path(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"http://bob:word@proxy.test:3128/x?y#z", "http://proxy.test:3128"},
		{"http://bob:word@proxy.test", "http://proxy.test"},
		{"socks5h://bob:word@10.0.0.1:1080", "socks5h://10.0.0.1:1080"},
		{"https://[::1]:1/", "https://[::1]:1"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *shown = url_shown(rows[i][0]);
		assert_string_equal(shown, rows[i][1]);
	}
	assert_null(url_shown("bob:word@proxy.test:3128"));
}

static void redirects_stay_with_the_host(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		bool may;
	} rows[] = {
		{"https://h/a", "https://H/b", true},
		{"https://h/a", "https://h:443/b", true},
		{"http://h/a", "https://h/b", true},
		{"http://h:8080/a", "http://h:8080/b", true},
		{"https://h/a", "http://h/a", false},
		{"https://h/a", "https://h.example/a", false},
		{"https://h/a", "https://h:8443/a", false},
		{"http://h:8080/a", "https://h/a", false},
		{"http://h/a", "https://h:8443/a", false},
		{"http://h/a", "ftp://h/a", false},
		{"https://h/a", "https://h@evil.example/a", false},
		{"https://h/a", "/b", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (url_may_follow(rows[i].from, rows[i].to) != rows[i].may)
			fail_msg("%s -> %s", rows[i].from, rows[i].to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_http_with_a_host),
		cmocka_unit_test(other_texts_are_no_urls_and_are_not_quoted),
		cmocka_unit_test(ping_urls_need_a_path),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(a_date_is_judged_by_the_date_of_the_answer),
		cmocka_unit_test(query_values_are_escaped),
		cmocka_unit_test(parts_are_read),
		cmocka_unit_test(what_is_shown_holds_no_login_and_no_path),
		cmocka_unit_test(redirects_stay_with_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
