#include "ports/engine_native.h"

#include "base/mask.h"
#include "base/mem.h"
#include "base/text.h"

#include "fake_http.h"
#include "fake_log.h"
#include "fake_time.h"
#include "unit.h"

#define USER "user-of-the-tracker"
#define KEY "key-of-the-tracker"
#define ASSIGNED "{\"Status\":\"Ok\",\"TorrentID\":\"17\",\"ArchiveID\":4,\"ContainerID\":3}"

static struct secret user, key;

static bool let_redirect(void *ctx, struct err *err)
{
	(void)ctx, (void)err;
	return true;
}

/* The engine, as the settings have it. */
static struct engine *opened(const char *base, const char *fetch, int timeout_ms)
{
	static int ctx;
	const struct engine_native_options o = {
		.tracker = {.user = &user,
			    .key = &key,
			    .base_url = base,
			    .fetch_url = fetch,
			    .download_url = "torrents.php?action=download",
			    .version_url = "archive.php?action=scriptver",
			    .update_url = "archive.php?action=script",
			    .ca_file = "ca.pem",
			    .timeout_ms = timeout_ms},
		.before_redirect = let_redirect,
		.ctx = &ctx,
	};
	struct err err;

	fake_time_reset();
	fake_log_reset();
	mask_learn(USER);
	mask_learn(KEY);
	secret_set(&user, USER);
	secret_set(&key, KEY);
	struct engine *e = engine_native_open(&o, &err);
	assert_non_null(e);
	return e;
}

static void closed(struct engine *e)
{
	engine_close(e);
	fake_http_end();
	secret_clear(&user);
	secret_clear(&key);
}

static struct engine *usual(void)
{
	return opened("https://tracker.test/", "archive.php?action=fetch", 60000);
}

static bool assign(struct engine *e, struct reply *reply, struct err *err)
{
	const struct container c = {
		.name = (char[]){"a b&c"}, .size = (char[]){"1.5T"}, .max_stalled = 7};

	return e->ops->assign(e, &c, reply, err);
}

/* ---- requests ---- */

static void a_question_has_the_credentials_in_its_header_and_the_container_in_its_url(void **state)
{
	(void)state;
	struct engine *e = usual();
	OWN_REPLY struct reply reply = {0};
	struct err err;

	FAKE_HTTP({.status = 200, .body = ASSIGNED, .date = 5});
	MUST(assign(e, &reply, &err));
	const struct fake_asked *a = fake_http_asked(0);
	assert_string_equal(a->method, "GET");
	assert_string_equal(a->url, "https://tracker.test/archive.php?action=fetch&ContainerName="
				    "a%20b%26c&ContainerSize=1.5T&MaxStalled=7");
	assert_string_equal(a->headers, "\nApiUser: " USER "\nApiKey: " KEY "\n");
	assert_int_equal(reply.verdict, REPLY_ASSIGNED);
	assert_string_equal(reply.torrent_id, "17");
	assert_string_equal(reply.archive_id, "4");
	assert_string_equal(reply.container_id, "3");
	assert_int_equal(e->server_time, 5);
	closed(e);
}

/* A tracker may have acted on a request whose answer was lost. */
static void a_request_is_sent_once_within_limits(void **state)
{
	static const struct {
		int timeout_ms, connect_ms, stall_s;
	} rows[] = {{60000, 15000, 30}, {15001, 15000, 16}, {15000, 15000, 15}, {14999, 14999, 15},
		    {30000, 15000, 30}, {29000, 15000, 29}, {1001, 1001, 2},    {1, 1, 1}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine *e =
			opened("https://tracker.test", "/archive.php", rows[i].timeout_ms);
		OWN_REPLY struct reply reply = {0};
		struct err err;
		FAKE_HTTP({.status = 200, .body = ASSIGNED});
		MUST(assign(e, &reply, &err));
		const struct http_request *r = &fake_http_asked(0)->request;
		assert_int_equal(r->total_ms, rows[i].timeout_ms);
		assert_int_equal(r->connect_ms, rows[i].connect_ms);
		assert_int_equal(r->stall_s, rows[i].stall_s);
		assert_false(r->repeatable || r->gives_way || r->to_the_end);
		assert_int_equal(r->max_body, 8 * 1024 * 1024);
		assert_int_equal(r->max_redirects, 3);
		assert_ptr_equal(r->before_redirect, let_redirect);
		assert_non_null(r->ctx);
		closed(e);
	}
}

/* Only http.c follows redirects, and not to another host (test/scenario/test_http.py). */
static void the_key_goes_to_the_trackers_own_host_alone(void **state)
{
	(void)state;
	struct engine *e = usual();
	OWN_BUF struct buf bytes = BUF_MAX(100);
	OWN_REPLY struct reply reply = {0};
	OWN_STR char *name = NULL;
	char version[REPLY_VERSION_SIZE];
	struct err err;

	FAKE_HTTP({.status = 302, .redirect_host = "other.test"}, {.status = 200, .body = "x"},
		  {.status = 200, .body = "{\"Status\":\"Ok\",\"ScriptVersion\":\"0.10\"}"},
		  {.status = 200, .body = "x"});
	assert_false(assign(e, &reply, &err));
	MUST(e->ops->download(e, "1", "2", &bytes, &name, &err));
	MUST(e->ops->version(e, version, &err));
	MUST(e->ops->script(e, &bytes, &err));
	for (size_t i = 0; i < 4; i++) {
		assert_true(text_starts(fake_http_asked(i)->url, "https://tracker.test/"));
		assert_null(strstr(fake_http_asked(i)->url, KEY));
		assert_null(strstr(fake_http_asked(i)->url, USER));
		assert_true(fake_http_has_header(i, "ApiKey: " KEY));
	}
	assert_string_equal(fake_http_options()->ca_file, "ca.pem");
	assert_false(fake_http_options()->and_system || fake_http_options()->cookies);
	closed(e);
}

static void urls_are_put_together_with_one_slash_and_one_question_mark(void **state)
{
	static const struct {
		const char *base, *fetch, *url;
	} rows[] = {
		{"https://t.test", "a?b", "https://t.test/a?b&ContainerName="},
		{"https://t.test//", "//a?b", "https://t.test/a?b&ContainerName="},
		{"https://t.test/sub/", "a", "https://t.test/sub/a?&ContainerName="},
		{"", "a", "/a?&ContainerName="},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine *e = opened(rows[i].base, rows[i].fetch, 1000);
		OWN_REPLY struct reply reply = {0};
		struct err err;
		FAKE_HTTP({.status = 200, .body = ASSIGNED});
		MUST(assign(e, &reply, &err));
		if (!text_starts(fake_http_asked(0)->url, rows[i].url))
			fail_msg("%s", fake_http_asked(0)->url);
		closed(e);
	}
}

/* ---- answers to a question ---- */

static void a_refusal_is_an_answer(void **state)
{
	static const struct {
		const char *body;
		enum reply_verdict verdict;
	} rows[] = {
		{"{\"Status\":\"Error\",\"Error\":\"No space left in container\"}", REPLY_FULL},
		{"{\"Status\":\"Error\",\"Error\":\"too many stalled\"}", REPLY_STALLED},
		{"{\"Status\":\"Error\",\"Error\":\"who are you\"}", REPLY_REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine *e = usual();
		OWN_REPLY struct reply reply = {0};
		struct err err;
		FAKE_HTTP({.status = 200, .body = rows[i].body});
		MUST(assign(e, &reply, &err));
		assert_int_equal(reply.verdict, rows[i].verdict);
		assert_false(e->failure.back_off || e->failure.may_have_assigned);
		closed(e);
	}
}

static void the_trackers_words_hold_no_credentials(void **state)
{
	(void)state;
	struct engine *e = usual();
	OWN_REPLY struct reply reply = {0};
	struct err err;

	FAKE_HTTP({.status = 200,
		   .body = "{\"Status\":\"Error\",\"Error\":\"bad " KEY " of " USER "\"}"});
	MUST(assign(e, &reply, &err));
	assert_string_equal(reply.message, "bad <hidden> of <hidden>");
	closed(e);
}

static void a_status_says_what_is_to_be_done(void **state)
{
	static const struct {
		long status;
		enum err_code code;
		bool back_off, may_have_assigned;
	} rows[] = {
		{201, WORD_HTTP, true, true},  {400, WORD_HTTP, true, true},
		{401, WORD_AUTH, true, false}, {402, WORD_HTTP, true, true},
		{403, WORD_HTTP, true, false}, {404, WORD_HTTP, true, true},
		{405, WORD_HTTP, true, true},  {428, WORD_HTTP, true, true},
		{429, WORD_HTTP, true, false}, {430, WORD_HTTP, true, true},
		{499, WORD_HTTP, true, true},  {500, WORD_HTTP, true, true},
		{502, WORD_HTTP, true, true},  {503, WORD_HTTP, true, true},
		{504, WORD_HTTP, true, true},  {302, WORD_HTTP, true, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine *e = usual();
		OWN_REPLY struct reply reply = {0};
		struct err err;
		FAKE_HTTP({.status = rows[i].status, .body = "strange", .retry_after = "90"});
		assert_false(assign(e, &reply, &err));
		assert_int_equal(err.code, rows[i].code);
		assert_int_equal(err.kind, ERR_RETRY);
		assert_int_equal(err.status, rows[i].code == WORD_HTTP ? rows[i].status : 0);
		assert_int_equal(e->failure.status, rows[i].status);
		assert_int_equal(e->failure.back_off, rows[i].back_off);
		assert_int_equal(e->failure.may_have_assigned, rows[i].may_have_assigned);
		assert_int_equal(e->failure.retry_after, FAKE_NOW + 90000);
		assert_int_equal(e->failure.page, REPLY_NO_PAGE);
		closed(e);
	}
}

static void a_wait_that_the_tracker_names_is_cut_to_a_day(void **state)
{
	(void)state;
	struct engine *e = usual();
	OWN_REPLY struct reply reply = {0};
	struct err err;

	FAKE_HTTP({.status = 429, .retry_after = "86401"}, {.status = 429, .retry_after = "86399"},
		  {.status = 429, .retry_after = "soon"}, {.status = 429});
	assert_false(assign(e, &reply, &err));
	assert_int_equal(e->failure.retry_after, FAKE_NOW + 86400000);
	assert_false(assign(e, &reply, &err));
	assert_int_equal(e->failure.retry_after, FAKE_NOW + 86399000);
	for (int i = 0; i < 2; i++) {
		assert_false(assign(e, &reply, &err));
		assert_int_equal(e->failure.retry_after, 0);
	}
	closed(e);
}

static void a_redirect_elsewhere_is_named(void **state)
{
	(void)state;
	struct engine *e = usual();
	OWN_REPLY struct reply reply = {0};
	struct err err;

	FAKE_HTTP({.status = 302, .redirect_host = "other.test"}, {.status = 302});
	assert_false(assign(e, &reply, &err));
	assert_non_null(strstr(err.msg, "a redirect to other.test"));
	assert_int_equal(err.status, 302);
	assert_false(assign(e, &reply, &err));
	assert_null(strstr(err.msg, "a redirect"));
	closed(e);
}

static void a_page_is_no_lost_assignment_and_garbage_may_be_one(void **state)
{
	static const struct {
		long status;
		const char *body;
		enum reply_page page;
		bool lost;
	} rows[] = {
		{200, "<html>", REPLY_PAGE, true},
		{200, "<html>maintenance", REPLY_PAGE_MAINTENANCE, false},
		{200, "<html>Cloudflare", REPLY_PAGE_GUARD, true},
		{200, "<title>Just a moment", REPLY_PAGE_GUARD, false},
		{200, "<input type=\"password\">", REPLY_PAGE_LOGIN, false},
		{200, "{\"Status\":\"Ok\",\"Torr", REPLY_NO_PAGE, true},
		{200, "[]", REPLY_NO_PAGE, true},
		{200, "", REPLY_NO_PAGE, true},
		{503, "<html>maintenance", REPLY_PAGE_MAINTENANCE, false},
		{403, "<html>just a moment", REPLY_PAGE_GUARD, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine *e = usual();
		OWN_REPLY struct reply reply = {0};
		struct err err;
		FAKE_HTTP({.status = rows[i].status, .body = rows[i].body});
		assert_false(assign(e, &reply, &err));
		assert_int_equal(err.code, rows[i].status == 200 ? WORD_PROTOCOL : WORD_HTTP);
		assert_int_equal(e->failure.page, rows[i].page);
		assert_int_equal(e->failure.may_have_assigned, rows[i].lost);
		assert_int_equal(fake_log_has("the tracker's answer was"), rows[i].status == 200);
		closed(e);
	}
}

static void a_strange_answer_is_logged_without_keys(void **state)
{
	(void)state;
	struct engine *e = usual();
	OWN_REPLY struct reply reply = {0};
	struct err err;

	FAKE_HTTP({.status = 200, .body = "odd " KEY, .content_type = "x/" KEY},
		  {.status = 200, .body = "odd"});
	assert_false(assign(e, &reply, &err));
	assert_string_equal(fake_log(),
			    "warn the tracker's answer was (22 bytes, x/<hidden>): odd <hidden>\n");
	assert_false(assign(e, &reply, &err));
	assert_true(fake_log_has("(3 bytes, no content type): odd"));
	closed(e);
}

static void a_transfer_that_failed_may_have_been_heard(void **state)
{
	static const struct {
		enum err_code code;
		bool arrived, back_off;
	} rows[] = {
		{WORD_NETWORK, false, true},  {WORD_NETWORK, true, true},
		{WORD_TLS, false, true},      {WORD_TIMEOUT, true, true},
		{WORD_PROTOCOL, true, true},  {WORD_STOPPED, true, false},
		{WORD_INTERNAL, false, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine *e = usual();
		OWN_REPLY struct reply reply = {0};
		struct err err;
		e->server_time = 9;
		e->failure.status = 500;
		FAKE_HTTP({.fails = rows[i].code,
			   .arrived = rows[i].arrived,
			   .trouble = HTTP_NO_NAME});
		assert_false(assign(e, &reply, &err));
		assert_int_equal(err.code, rows[i].code);
		assert_int_equal(e->failure.back_off, rows[i].back_off);
		assert_int_equal(e->failure.may_have_assigned, rows[i].arrived);
		assert_int_equal(e->failure.trouble, HTTP_NO_NAME);
		assert_int_equal(e->failure.status, 0);
		assert_int_equal(e->server_time, 0);
		closed(e);
	}
}

/* ---- the other calls ---- */

static void a_download_gives_bytes_and_the_trackers_name(void **state)
{
	(void)state;
	struct engine *e = usual();
	OWN_BUF struct buf bytes = BUF_MAX(5);
	OWN_STR char *name = NULL;
	struct err err;

	FAKE_HTTP({.status = 200, .body = "d\0e:x", .len = 5, .disposition = "attachment; x"},
		  {.status = 200, .body = "123456"}, {.status = 404});
	MUST(e->ops->download(e, "17", "4", &bytes, &name, &err));
	assert_string_equal(fake_http_asked(0)->url,
			    "https://tracker.test/torrents.php?action=download&id=17&ArchiveID=4");
	assert_int_equal(bytes.len, 5);
	assert_memory_equal(bytes.data, "d\0e:x", 5);
	assert_int_equal(bytes.max, 5);
	assert_string_equal(name, "attachment; x");
	OWN_STR char *none = NULL;
	assert_false(e->ops->download(e, "17", "4", &bytes, &none, &err));
	assert_int_equal(err.code, WORD_PROTOCOL);
	assert_false(e->ops->download(e, "17", "4", &bytes, &none, &err));
	assert_int_equal(e->failure.status, 404);
	assert_int_equal(bytes.len, 5);
	assert_null(none);
	closed(e);
}

static void the_version_is_read_or_the_trackers_words_are(void **state)
{
	static const struct {
		long status;
		const char *body;
		enum err_code code; /* WORD_NONE: it is read */
		const char *says;
	} rows[] = {
		{200, "{\"Status\":\"Ok\",\"ScriptVersion\":\"0.11\"}", WORD_NONE, ""},
		{200, "{\"Status\":\"Error\",\"Error\":\"no " KEY "\"}", WORD_TRACKER,
		 "the tracker says: no <hidden>"},
		{200, "{\"Status\":\"Error\"}", WORD_TRACKER, ""},
		{200, "<html>", WORD_PROTOCOL, ""},
		{500, "", WORD_HTTP, "HTTP 500"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct engine *e = usual();
		char version[REPLY_VERSION_SIZE] = "?";
		struct err err = {0};
		FAKE_HTTP({.status = rows[i].status, .body = rows[i].body});
		assert_int_equal(e->ops->version(e, version, &err), !rows[i].code);
		assert_string_equal(version, rows[i].code ? "?" : "0.11");
		assert_int_equal(err.code, rows[i].code);
		assert_true(text_starts(err.msg, rows[i].says));
		assert_int_equal(e->failure.status, rows[i].code ? rows[i].status : 0);
		assert_int_equal(e->failure.page,
				 rows[i].code == WORD_PROTOCOL ? REPLY_PAGE : REPLY_NO_PAGE);
		assert_int_equal(fake_log_has("answer was"), rows[i].code == WORD_PROTOCOL);
		assert_string_equal(fake_http_asked(0)->url,
				    "https://tracker.test/archive.php?action=scriptver");
		closed(e);
	}
}

static void the_utilitys_source_is_no_page(void **state)
{
	(void)state;
	struct engine *e = usual();
	OWN_BUF struct buf bytes = BUF_MAX(20);
	struct err err;

	buf_puts(&bytes, "old");
	FAKE_HTTP({.status = 200, .body = "#!python"}, {.status = 200, .body = "<html>"},
		  {.status = 403});
	MUST(e->ops->script(e, &bytes, &err));
	assert_string_equal(buf_text(&bytes), "#!python");
	assert_string_equal(fake_http_asked(0)->url,
			    "https://tracker.test/archive.php?action=script");
	assert_int_equal(fake_http_asked(0)->request.max_body, 20);
	assert_false(e->ops->script(e, &bytes, &err));
	assert_int_equal(err.code, WORD_PROTOCOL);
	assert_true(fake_log_has("answer was"));
	assert_false(e->ops->script(e, &bytes, &err));
	assert_true(e->failure.back_off);
	assert_string_equal(buf_text(&bytes), "#!python");
	closed(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_question_has_the_credentials_in_its_header_and_the_container_in_its_url),
		cmocka_unit_test(a_request_is_sent_once_within_limits),
		cmocka_unit_test(the_key_goes_to_the_trackers_own_host_alone),
		cmocka_unit_test(urls_are_put_together_with_one_slash_and_one_question_mark),
		cmocka_unit_test(a_refusal_is_an_answer),
		cmocka_unit_test(the_trackers_words_hold_no_credentials),
		cmocka_unit_test(a_status_says_what_is_to_be_done),
		cmocka_unit_test(a_wait_that_the_tracker_names_is_cut_to_a_day),
		cmocka_unit_test(a_redirect_elsewhere_is_named),
		cmocka_unit_test(a_page_is_no_lost_assignment_and_garbage_may_be_one),
		cmocka_unit_test(a_strange_answer_is_logged_without_keys),
		cmocka_unit_test(a_transfer_that_failed_may_have_been_heard),
		cmocka_unit_test(a_download_gives_bytes_and_the_trackers_name),
		cmocka_unit_test(the_version_is_read_or_the_trackers_words_are),
		cmocka_unit_test(the_utilitys_source_is_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
