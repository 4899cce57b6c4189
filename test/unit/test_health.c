#include "ports/health.h"

#include "base/mem.h"
#include "base/text.h"

#include "fake_http.h"
#include "fake_log.h"
#include "fake_time.h"
#include "unit.h"

#define URL "https://hc.test/ping/s3cret-uuid"

static struct secret url;

static struct health *opened(const char *text)
{
	struct err err;

	fake_time_reset();
	fake_log_reset();
	fake_http_script(NULL, 0);
	secret_set(&url, text);
	struct health *h = health_open(&url, "ca.pem", NULL, &err);
	assert_non_null(h);
	return h;
}

static void closed(struct health *h)
{
	assert_false(fake_log_has("s3cret"));
	health_close(h);
	fake_http_end();
	secret_clear(&url);
}

/* The rid at the end of the URL of request `i`. */
static const char *rid_of(size_t i)
{
	const char *rid = strstr(fake_http_asked(i)->url, "rid=");

	assert_non_null(rid);
	assert_int_equal(strlen(rid), strlen("rid=01234567-0123-4123-8123-0123456789ab"));
	assert_int_equal(rid[4 + 14], '4');
	assert_non_null(strchr("89ab", rid[4 + 19]));
	return rid;
}

static void assert_path(size_t i, const char *start)
{
	if (!text_starts(fake_http_asked(i)->url, start))
		fail_msg("%s", fake_http_asked(i)->url);
}

/* ---- pings ---- */

static void start_and_end_of_a_run_have_one_rid(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	FAKE_HTTP({.status = 200, .body = "OK"}, {.status = 200, .body = "OK"},
		  {.status = 200, .body = "OK"}, {.status = 200, .body = "OK"},
		  {.status = 200, .body = "OK"});
	health_start(h, "one");
	health_success(h, "two");
	health_start(h, "three");
	health_log(h, "four");
	health_fail(h, "five");
	assert_path(0, URL "/start?rid=");
	assert_path(1, URL "?rid=");
	assert_path(2, URL "/start?rid=");
	assert_path(3, URL "/log?rid=");
	assert_path(4, URL "/fail?rid=");
	assert_string_equal(rid_of(0), rid_of(1));
	assert_string_equal(rid_of(2), rid_of(4));
	assert_string_not_equal(rid_of(0), rid_of(2));
	assert_string_equal(fake_http_asked(1)->body, "two");
	assert_int_equal(fake_http_asked(1)->body_len, 3);
	assert_string_equal(fake_http_asked(1)->method, "POST");
	assert_string_equal(fake_http_asked(1)->headers,
			    "\nContent-Type: text/plain; charset=utf-8\n");
	assert_string_equal(fake_http_options()->ca_file, "ca.pem");
	assert_true(fake_http_options()->and_system);
	assert_string_equal(fake_log(), "");
	closed(h);
}

static void an_end_without_a_start_has_a_rid(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	FAKE_HTTP({.status = 200, .body = "OK"}, {.status = 200, .body = "OK"});
	health_fail(h, "");
	health_success(h, "");
	assert_string_equal(rid_of(0), rid_of(1));
	closed(h);
}

static void the_suffix_goes_before_a_query(void **state)
{
	static const struct {
		const char *url, *start;
	} rows[] = {
		{"https://h.test/k/slug?create=1", "https://h.test/k/slug/fail?create=1&rid="},
		{"https://h.test/k/slug//", "https://h.test/k/slug/fail?rid="},
		{"https://h.test/k#x", "https://h.test/k/fail?rid="},
		{"https://h.test/k/?a=b#x", "https://h.test/k/fail?a=b&rid="},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct health *h = opened(rows[i].url);
		FAKE_HTTP({.status = 200, .body = "OK"});
		health_fail(h, "");
		assert_path(0, rows[i].start);
		closed(h);
	}
}

static void without_a_url_nothing_is_sent(void **state)
{
	(void)state;
	struct health *h = opened(NULL);

	health_start(h, "");
	health_success(h, "");
	health_fail(h, "");
	health_log(h, "");
	assert_int_equal(fake_http_count(), 0);
	closed(h);
}

static void limits_leave_room_for_a_second_try(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	FAKE_HTTP({.status = 200, .body = "OK"}, {.status = 200, .body = "OK"},
		  {.status = 200, .body = "OK"});
	health_start(h, "");
	health_success(h, "");
	health_log(h, "");
	static const int total[] = {3000, 6000, 600}, connect[] = {3000, 4000, 600};
	for (size_t i = 0; i < 3; i++) {
		const struct http_request *r = &fake_http_asked(i)->request;
		assert_int_equal(r->total_ms, total[i]);
		assert_int_equal(r->connect_ms, connect[i]);
		assert_int_equal(r->stall_s, 10);
		assert_int_equal(r->max_body, 65536);
		assert_int_equal(r->max_redirects, 2);
		assert_false(r->to_the_end || r->gives_way || r->repeatable);
	}
	closed(h);
}

/* ---- tries ---- */

static void what_may_work_is_tried_four_times_in_ten_seconds(void **state)
{
	static const struct fake_answer fails[] = {{.status = 408},
						   {.status = 429},
						   {.status = 500},
						   {.status = 599},
						   {.fails = WORD_TIMEOUT}};

	(void)state;
	for (size_t i = 0; i < COUNT(fails); i++) {
		struct health *h = opened(URL);
		FAKE_HTTP(fails[i], fails[i], fails[i], fails[i], {.status = 200, .body = "OK"});
		health_success(h, "");
		assert_int_equal(fake_http_count(), 4);
		assert_int_equal(fake_time_slept(), 1000 + 2000 + 4000);
		assert_true(fake_log_has("warn the success ping to Healthchecks failed: "));
		assert_true(fake_log_has(fails[i].status ? "HTTP " : "no answer"));
		health_log(h, "");
		closed(h);
	}
}

static void a_later_try_may_work(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	FAKE_HTTP({.status = 500}, {.status = 500}, {.status = 200, .body = "OK"});
	health_fail(h, "x");
	assert_string_equal(fake_log(), "");
	assert_int_equal(fake_time_slept(), 3000);
	assert_string_equal(fake_http_asked(0)->url, fake_http_asked(2)->url);
	closed(h);
}

/* A start has 5 seconds: tries at 0, 1 and 3; a wait that would end at its end is not begun. */
static void a_budget_ends_the_tries(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	FAKE_HTTP({.status = 500}, {.status = 500}, {.status = 500});
	health_start(h, "");
	assert_int_equal(fake_time_slept(), 3000);
	assert_int_equal(fake_http_asked(2)->request.total_ms, 2000);
	assert_true(fake_log_has("the start ping"));
	closed(h);
	h = opened(URL);
	FAKE_HTTP({.status = 500, .takes_ms = 4000});
	health_start(h, "");
	assert_int_equal(fake_time_slept(), 0);
	closed(h);
	h = opened(URL);
	FAKE_HTTP({.status = 500, .takes_ms = 3999}, {.status = 200, .body = "OK"});
	health_start(h, "");
	assert_int_equal(fake_http_asked(1)->request.total_ms, 1);
	closed(h);
}

static void what_is_refused_is_not_tried_again(void **state)
{
	static const struct {
		struct fake_answer answer;
		const char *says;
	} rows[] = {
		{{.status = 400, .body = "bad"}, "HTTP 400 bad; check"},
		{{.status = 404, .body = "<html>"}, "HTTP 404; check"},
		{{.status = 409, .body = "no s3cret-uuid"}, "HTTP 409; check"},
		{{.status = 199, .body = ""}, "HTTP 199 ; check"},
		{{.status = 300, .body = "x"}, "HTTP 300 x; check"},
		{{.status = 407, .body = "x"}, "HTTP 407 x; check"},
		{{.status = 428, .body = "x"}, "HTTP 428 x; check"},
		{{.status = 499, .body = "x"}, "HTTP 499 x; check"},
		{{.status = 200, .body = "OK (not found)"}, "HTTP 200 OK (not found); check"},
		{{.status = 400,
		  .body = "0123456789012345678901234567890123456789012345678901234567890123"},
		 "HTTP 400 012345678901234567890123456789012345678901234567890123456789; check"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct health *h = opened(URL);
		fake_http_script(&rows[i].answer, 1);
		health_success(h, "");
		OWN_STR char *line =
			mem_printf("warn Healthchecks refuses the success ping: %s", rows[i].says);
		if (!fake_log_has(line))
			fail_msg("%s", fake_log());
		closed(h);
	}
}

/* "ping" is a part of every URL of the hosted service. */
static void a_short_part_of_the_url_may_be_quoted(void **state)
{
	(void)state;
	struct health *h = opened("https://h.test/ping/abcdef");

	FAKE_HTTP({.status = 400, .body = "no such ping"}, {.status = 400, .body = "no abcdef"});
	health_success(h, "");
	assert_true(fake_log_has("HTTP 400 no such ping;"));
	health_success(h, "");
	assert_false(fake_log_has("abcdef"));
	closed(h);
}

static void an_error_that_is_ours_is_not_tried_again(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	FAKE_HTTP({.fails = WORD_CONFIG, .kind = ERR_TARGET});
	health_success(h, "");
	closed(h);
}

static void a_page_that_says_not_found_is_recorded_and_a_rate_limit_logged(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	FAKE_HTTP({.status = 200, .body = "<p>not found"}, {.status = 299, .body = "OK"});
	health_success(h, "");
	health_success(h, "");
	assert_string_equal(fake_log(), "");
	FAKE_HTTP({.status = 200, .body = "OK (rate limited)"},
		  {.status = 200, .body = "Rate-Limited"});
	health_success(h, "");
	assert_true(fake_log_has("did not record the success ping: rate limited"));
	fake_log_reset();
	health_fail(h, "");
	assert_true(fake_log_has("did not record the failure ping"));
	closed(h);
}

static void a_stop_ends_the_tries_with_one_short_one(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	fake_time_stop_in_sleep();
	FAKE_HTTP({.status = 500}, {.status = 200, .body = "OK"});
	health_success(h, "");
	assert_true(fake_http_asked(1)->request.to_the_end);
	assert_int_equal(fake_http_asked(1)->request.total_ms, 1000);
	assert_string_equal(fake_log(), "");
	closed(h);
	h = opened(URL);
	fake_time_stop();
	FAKE_HTTP({.fails = WORD_STOPPED}, {.status = 500});
	health_success(h, "");
	assert_true(fake_log_has("the success ping to Healthchecks failed: HTTP 500"));
	closed(h);
}

/* ---- bodies ---- */

static void a_body_is_cut_at_the_servers_limit(void **state)
{
	(void)state;
	struct health *h = opened(URL);
	OWN_STR char *long_text = mem_alloc(12001);

	memset(long_text, 'x', 12000);
	FAKE_HTTP({.status = 200, .body = "OK", .kept = "100"},
		  {.status = 200, .body = "OK", .kept = "1048577"},
		  {.status = 200, .body = "OK", .kept = "1048576"},
		  {.status = 200, .body = "OK", .kept = "x"}, {.status = 200, .body = "OK"});
	static const size_t lens[] = {10000, 100, 100, 12000, 12000};
	for (size_t i = 0; i < COUNT(lens); i++) {
		health_log(h, long_text);
		assert_int_equal(fake_http_asked(i)->body_len, lens[i]);
		assert_string_equal(fake_http_asked(i)->request.keep, "Ping-Body-Limit");
	}
	closed(h);
}

static void a_body_is_printable_lines(void **state)
{
	(void)state;
	struct health *h = opened(URL);

	FAKE_HTTP({.status = 200, .body = "OK"});
	health_log(h, "a\nb\x1b");
	assert_string_equal(fake_http_asked(0)->body, "a\nb?");
	closed(h);
}

/* ---- the test of a ping URL ---- */

static void a_test_says_what_the_server_says(void **state)
{
	static const struct {
		struct fake_answer answer;
		bool recorded, limited, unknown, page;
	} rows[] = {
		{{.status = 200, .body = "OK"}, true, false, false, false},
		{{.status = 299, .body = "OK"}, true, false, false, false},
		{{.status = 300, .body = "OK"}, false, false, false, false},
		{{.status = 199, .body = "OK"}, false, false, false, false},
		{{.status = 200, .body = "OK (not found)"}, false, false, true, false},
		{{.status = 200, .body = "OK (rate limited)"}, false, true, false, false},
		{{.status = 200, .body = " \n<html>"}, false, false, false, true},
		{{.status = 404, .body = ""}, false, false, true, false},
		{{.status = 429, .body = ""}, false, true, false, false},
		{{.status = 500, .body = "rate limited, not found"}, false, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct health *h = opened(URL);
		struct fake_answer answer = rows[i].answer;
		struct health_test t;
		struct err err;
		answer.date = 77;
		fake_http_script(&answer, 1);
		MUST(health_test(h, "hello", &t, &err));
		assert_path(0, URL "/log?rid=");
		rid_of(0);
		assert_string_equal(fake_http_asked(0)->body, "hello");
		assert_int_equal(fake_http_asked(0)->request.total_ms, 10000);
		assert_int_equal(t.status, rows[i].answer.status);
		assert_int_equal(t.date, 77);
		assert_int_equal(t.recorded, rows[i].recorded);
		assert_int_equal(t.limited, rows[i].limited);
		assert_int_equal(t.unknown, rows[i].unknown);
		assert_int_equal(t.page, rows[i].page);
		closed(h);
	}
}

static void a_test_without_an_answer_says_why(void **state)
{
	(void)state;
	struct health *h = opened(URL);
	struct health_test t = {.recorded = true};
	struct err err;

	FAKE_HTTP({.fails = WORD_NETWORK, .trouble = HTTP_NO_NAME});
	assert_false(health_test(h, "", &t, &err));
	assert_int_equal(t.trouble, HTTP_NO_NAME);
	assert_int_equal(t.status, 0);
	assert_false(t.recorded);
	closed(h);
}

static void a_ping_url_has_a_path(void **state)
{
	static const char *const good[] = {"https://hc-ping.com/x", "http://h.test//x"};
	static const char *const bad[] = {"",          "hc-ping.com/x",   "https:/h.test/x",
					  "https://h", "https://h.test/", "https://h.test//",
					  "ftp://h/x"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_null(health_url_fault(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!health_url_fault(bad[i]))
			fail_msg("%s", bad[i]);
	assert_non_null(strstr(health_url_fault("https://h.test/"), "has no path"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_and_end_of_a_run_have_one_rid),
		cmocka_unit_test(an_end_without_a_start_has_a_rid),
		cmocka_unit_test(the_suffix_goes_before_a_query),
		cmocka_unit_test(without_a_url_nothing_is_sent),
		cmocka_unit_test(limits_leave_room_for_a_second_try),
		cmocka_unit_test(what_may_work_is_tried_four_times_in_ten_seconds),
		cmocka_unit_test(a_later_try_may_work),
		cmocka_unit_test(a_budget_ends_the_tries),
		cmocka_unit_test(what_is_refused_is_not_tried_again),
		cmocka_unit_test(a_short_part_of_the_url_may_be_quoted),
		cmocka_unit_test(an_error_that_is_ours_is_not_tried_again),
		cmocka_unit_test(a_page_that_says_not_found_is_recorded_and_a_rate_limit_logged),
		cmocka_unit_test(a_stop_ends_the_tries_with_one_short_one),
		cmocka_unit_test(a_body_is_cut_at_the_servers_limit),
		cmocka_unit_test(a_body_is_printable_lines),
		cmocka_unit_test(a_test_says_what_the_server_says),
		cmocka_unit_test(a_test_without_an_answer_says_why),
		cmocka_unit_test(a_ping_url_has_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
