#include "base/http.h"

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
		int64_t when = http_retry_after(rows[i].field, now, max);
		if (when != (rows[i].after ? now + rows[i].after : 0))
			fail_msg("%s: %lld ms", rows[i].field, (long long)(when - now));
	}
}

static void query_values_are_escaped(void **state)
{
	(void)state;
	OWN_STR char *escaped = http_escape("a b&c=d/\xC3\xA9?#");

	assert_string_equal(escaped, "a%20b%26c%3Dd%2F%C3%A9%3F%23");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_http_with_a_host),
		cmocka_unit_test(other_texts_are_no_urls_and_are_not_quoted),
		cmocka_unit_test(ping_urls_need_a_path),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(query_values_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
