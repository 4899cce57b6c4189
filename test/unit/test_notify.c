#include "ports/notify.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "ports/ledger.h"

#include "fake_http.h"
#include "fake_time.h"
#include "unit.h"

#include <jansson.h>

#define DISCORD "discord+https://discord.com/api/webhooks/12/TOKEN"

#define PUSHOVER_AT(place) "pushover+https://app1@" place
#define PUSHOVER PUSHOVER_AT("api.pushover.net/u1")

/* ---- reading SERVICE+URL ---- */

static const char *parse(const char *text, struct notify_target *t)
{
	const char *fault = notify_parse(text, t);

	return fault ? fault : notify_complete(t, NULL);
}

static void what_stands_before_the_at_becomes_the_credentials(void **state)
{
	static const struct {
		const char *text, *url, *token, *basic, *label;
	} rows[] = {
		{"ntfy+https://tk_1@ntfy.sh/t", "https://ntfy.sh/t", "tk_1", NULL,
		 "ntfy (ntfy.sh)"},
		{"ntfy+http://ntfy.lan:8080/t?x=1", "http://ntfy.lan:8080/t?x=1", NULL, NULL,
		 "ntfy (ntfy.lan)"},
		{"ntfy+https://bob:a%40b%3a@h.test/t", "https://h.test/t", NULL,
		 "bob:a@b:", "ntfy (h.test)"},
		{"gotify+https://A.b@[::1]:8443/sub/", "https://[::1]:8443/sub/", "A.b", NULL,
		 "gotify (::1)"},
		{"gotify+https://h.test?token=x", "https://h.test?token=x", NULL, NULL,
		 "gotify (h.test)"},
		{"webhook+https://h.test", "https://h.test", NULL, NULL, "webhook (h.test)"},
		{"webhook+https://h.test/a@b", "https://h.test/a@b", NULL, NULL,
		 "webhook (h.test)"},
		{"webhook+https://a@b@h.test/", "https://h.test/", "a@b", NULL, "webhook (h.test)"},
		{"webhook+https://100%25%zz@h.test/", "https://h.test/", "100%%zz", NULL,
		 "webhook (h.test)"},
		{"webhook+https://%g1%1g%4@h.test/", "https://h.test/", "%g1%1g%4", NULL,
		 "webhook (h.test)"},
		{DISCORD "?thread_id=7", "https://discord.com/api/webhooks/12/TOKEN?thread_id=7",
		 NULL, NULL, "discord (discord.com)"},
		{"apprise+http://h.test:8000/notify/key", "http://h.test:8000/notify/key", NULL,
		 NULL, "apprise (h.test)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN(notify_target_clear) struct notify_target t = {0};
		const char *fault = parse(rows[i].text, &t);
		if (fault)
			fail_msg("%s: %s", rows[i].text, fault);
		assert_string_equal(secret_reveal(&t.url), rows[i].url);
		assert_string_equal(t.label, rows[i].label);
		assert_int_equal(secret_is_set(&t.token), rows[i].token != NULL);
		assert_int_equal(secret_is_set(&t.basic), rows[i].basic != NULL);
		if (rows[i].token)
			assert_string_equal(secret_reveal(&t.token), rows[i].token);
		if (rows[i].basic)
			assert_string_equal(secret_reveal(&t.basic), rows[i].basic);
	}
}

static void what_cannot_be_used_is_refused_with_a_way_out(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "does not begin with"},
		{"slack+https://h.test/s3cret", "does not begin with"},
		{"ntfy://h.test/s3cret", "does not begin with"},
		{"webhook+", "needs https://"},
		{"webhook+ftp://h.test/s3cret", "needs https://"},
		{"webhook+https://", "is not a complete URL"},
		{"ntfy+https://tk_1@/s3cret", "is not a complete URL"},
		{"ntfy+https:///h.test/s3cret", "is not a complete URL"},
		{"webhook+https://?s3cret", "is not a complete URL"},
		{"webhook+https://h.test/#s3cret", "holds a #"},
		{"webhook+https://@h.test/s3cret", "has no usable token"},
		{"webhook+https://a%0d%0ab@h.test/s3cret", "has no usable token"},
		{"webhook+https://h.test/\xff", "is longer than"},
		{"ntfy+https://h.test", "does not end in a topic"},
		{"ntfy+https://h.test/", "does not end in a topic"},
		{"ntfy+https://h.test/s3cret/", "does not end in a topic"},
		{"ntfy+https://h.test/s3.cret", "does not end in a topic"},
		{"ntfy+https://h.test/?s3cret", "does not end in a topic"},
		{"discord+https://discord.com/s3cret", "is no Discord webhook"},
		{"discord+https://webhooks.test/s3cret?/webhooks/", "is no Discord webhook"},
		{"discord+https://discord.com/api/webhooks/12", "is no whole Discord webhook"},
		{"discord+https://discord.com/api/webhooks/12/", "is no whole Discord webhook"},
		{"discord+https://discord.com/api/webhooks/", "is no whole Discord webhook"},
		{"discord+https://discord.com/api/webhooks//s3cret", "is no whole Discord"},
		{"discord+https://discord.com/api/webhooks/12?s3/cret", "is no whole Discord"},
		{"discord+https://x@discord.com/api/webhooks/1/s3cret", "needs no token"},
		{"apprise+https://h.test/s3cret", "is not where an Apprise API"},
		{"gotify+https://h.test/s3cret", "has no token"},
		{"gotify+https://a:b@h.test/s3cret", "has a user name"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN(notify_target_clear) struct notify_target t = {0};
		const char *fault = parse(rows[i].text, &t);
		if (!fault || !text_starts(fault, rows[i].says) || strstr(fault, "s3cret"))
			fail_msg("%s: %s", rows[i].text, fault ? fault : "(taken)");
	}
}

static void a_token_from_elsewhere_is_checked_too(void **state)
{
	(void)state;
	OWN(notify_target_clear) struct notify_target t = {0}, u = {0}, v = {0};

	assert_null(notify_parse("gotify+https://h.test", &t));
	assert_non_null(notify_complete(&t, ""));
	assert_non_null(notify_complete(&t, "a\r\nX: b"));
	assert_null(notify_complete(&t, "A 1"));
	assert_int_equal(strlen(t.fingerprint), 16);
	assert_null(notify_complete(&t, "A1"));
	assert_null(parse("gotify+https://A1@h.test", &u));
	assert_string_equal(t.fingerprint, u.fingerprint);
	assert_null(parse("gotify+https://A2@h.test", &v));
	assert_string_not_equal(t.fingerprint, v.fingerprint);
	OWN(notify_target_clear) struct notify_target both = {0};
	assert_null(notify_parse("ntfy+https://bob:x@h.test/t", &both));
	assert_non_null(notify_complete(&both, "tk_1"));
}

/* ---- what is sent ---- */

struct sent {
	struct notify_target t;
	struct notify_request r;
	json_t *json;
};

static struct sent send_to(const char *target, enum event_level level, const char *title,
			   const char *text)
{
	struct event e = {.id = 7,
			  .at = INT64_C(1795000000000),
			  .kind = EVENT_FAILURE,
			  .level = level,
			  .name = "failure.begin",
			  .text = mem_dup(text)};
	struct sent s = {0};

	text_copy(e.title, sizeof e.title, title);
	assert_null(parse(target, &s.t));
	notify_build(&s.t, &e, &s.r);
	s.json = json_loads(s.r.body, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(s.json);
	event_clear(&e);
	return s;
}

static void sent_clear(struct sent *s)
{
	notify_target_clear(&s->t);
	notify_request_clear(&s->r);
	json_decref(s->json);
}

#define OWN_SENT OWN(sent_clear)

static const char *text_of(const struct sent *s, const char *key)
{
	return json_string_value(json_object_get(s->json, key));
}

static json_int_t number_of(const struct sent *s, const char *key)
{
	return json_integer_value(json_object_get(s->json, key));
}

static void ntfy_gets_json_at_its_root(void **state)
{
	(void)state;
	OWN_SENT struct sent s =
		send_to("ntfy+https://tk_1@h.test/sub/my-topic?x=1", EVENT_ERROR, "T", "a\nb");

	assert_string_equal(secret_reveal(&s.r.url), "https://h.test/sub/?x=1");
	assert_int_equal(s.r.n_headers, 2);
	assert_string_equal(secret_reveal(&s.r.headers[0]), "Content-Type: application/json");
	assert_string_equal(secret_reveal(&s.r.headers[1]), "Authorization: Bearer tk_1");
	assert_string_equal(text_of(&s, "topic"), "my-topic");
	assert_string_equal(text_of(&s, "title"), "T");
	assert_string_equal(text_of(&s, "message"), "a\nb");
	assert_int_equal(number_of(&s, "priority"), 4);
	assert_string_equal(json_string_value(json_array_get(json_object_get(s.json, "tags"), 0)),
			    "rotating_light");
	OWN_SENT struct sent good = send_to("ntfy+https://u:p@h.test/t", EVENT_GOOD, "T", "");
	assert_int_equal(number_of(&good, "priority"), 3);
	OWN_SENT struct sent info = send_to("ntfy+https://h.test/t", EVENT_INFO, "T", "");
	assert_int_equal(number_of(&info, "priority"), 3);
	OWN_SENT struct sent warning = send_to("ntfy+https://h.test/t", EVENT_WARNING, "T", "");
	assert_int_equal(number_of(&warning, "priority"), 4);
	assert_string_equal(secret_reveal(&good.r.headers[1]), "Authorization: Basic dTpw");
}

static void gotify_gets_its_key_in_a_header(void **state)
{
	static const char *const targets[] = {"gotify+https://A1@h.test/sub",
					      "gotify+https://A1@h.test/sub/",
					      "gotify+https://A1@h.test/sub/message"};

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		OWN_SENT struct sent s = send_to(targets[i], EVENT_WARNING, "T", "x");
		assert_string_equal(secret_reveal(&s.r.url), "https://h.test/sub/message");
		assert_string_equal(secret_reveal(&s.r.headers[1]), "X-Gotify-Key: A1");
		assert_string_equal(text_of(&s, "message"), "x");
		assert_int_equal(number_of(&s, "priority"), 6);
	}
	static const json_int_t priorities[] = {4, 4, 6, 8};
	for (int level = EVENT_GOOD; level <= EVENT_ERROR; level++) {
		OWN_SENT struct sent s = send_to(targets[0], (enum event_level)level, "T", "x");
		assert_int_equal(number_of(&s, "priority"), priorities[level]);
	}
	OWN_SENT struct sent bare = send_to("gotify+https://h.test?token=A1", EVENT_GOOD, "T", "");
	assert_string_equal(secret_reveal(&bare.r.url), "https://h.test/message?token=A1");
	assert_int_equal(bare.r.n_headers, 1);
}

static void discord_pings_nobody_and_shows_words_as_words(void **state)
{
	(void)state;
	OWN_SENT struct sent s = send_to(DISCORD, EVENT_ERROR, "*T*", "@here <@1> [a](b)");
	json_t *parse_list = json_object_get(json_object_get(s.json, "allowed_mentions"), "parse");

	assert_string_equal(secret_reveal(&s.r.url),
			    "https://discord.com/api/webhooks/12/TOKEN?wait=true");
	assert_int_equal(s.r.n_headers, 1);
	assert_true(json_is_array(parse_list) && json_array_size(parse_list) == 0);
	assert_int_equal(number_of(&s, "flags"), 4);
	assert_string_equal(text_of(&s, "content"), "**\\*T\\***\n@here \\<@1\\> \\[a\\]\\(b\\)");
	OWN_SENT struct sent linked =
		send_to(DISCORD, EVENT_GOOD, "a-b", "-x_y https://a-b/_c~#d?[e] -f\nhttp://g-h/");
	assert_string_equal(text_of(&linked, "content"),
			    "**a\\-b**\n\\-x\\_y https://a-b/_c~#d?\\[e\\] \\-f\nhttp://g-h/");
	OWN_SENT struct sent asked = send_to(DISCORD "?thread_id=1", EVENT_GOOD, "T", "");
	assert_non_null(strstr(secret_reveal(&asked.r.url), "TOKEN?thread_id=1&wait=true"));
	OWN_SENT struct sent told = send_to(DISCORD "?wait=false", EVENT_GOOD, "T", "");
	assert_non_null(strstr(secret_reveal(&told.r.url), "TOKEN?wait=false"));
}

/* As JavaScript would count them. */
static size_t utf16_units(const char *text)
{
	size_t units = 0;

	for (size_t len = strlen(text), n; len; text += n, len -= n, units++) {
		n = text_utf8_len(text, len);
		assert_true(n > 0);
		units += n == 4;
	}
	return units;
}

static void texts_are_cut_between_characters_where_a_service_has_a_limit(void **state)
{
	static const char *const letters[] = {"a", "é", "€", "😀", "*", "\xff"};

	(void)state;
	for (size_t i = 0; i < COUNT(letters); i++)
		for (size_t more = 0; more < 4; more++) {
			OWN_STR char *text = mem_alloc(9000);
			memset(text, 'x', more);
			while (strlen(text) < 8000)
				strcat(text + strlen(text), letters[i]);
			OWN_SENT struct sent n =
				send_to("ntfy+https://h.test/t", EVENT_INFO, "T", text);
			OWN_SENT struct sent d = send_to(DISCORD, EVENT_INFO, "T", text);
			size_t len = strlen(text_of(&n, "message"));
			assert_true(len <= 4096 && len > 3990);
			size_t units = utf16_units(text_of(&d, "content"));
			assert_true(units <= 2000 && units >= 1997);
			assert_true(text_ends(text_of(&d, "content"), "…"));
		}
	OWN_SENT struct sent whole = send_to(DISCORD, EVENT_INFO, "T", "short");
	assert_string_equal(text_of(&whole, "content"), "**T**\nshort");
}

static void hostile_words_become_printable_everywhere(void **state)
{
	static const char *const targets[] = {"ntfy+https://h.test/t", "gotify+https://A@h.test",
					      "webhook+https://h.test/",
					      "apprise+https://h.test/notify/k", DISCORD};

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		OWN_SENT struct sent s = send_to(targets[i], EVENT_INFO, "a\r\nb\x1b\xc3(",
						 "\x07 \xe2\x80\xae \"\\ \xed\xa0\x80\n</script>");
		assert_null(strchr(s.r.body, '\x1b'));
		assert_null(strstr(s.r.body, "\\u001b"));
		assert_null(strstr(s.r.body, "\\r"));
		assert_null(strstr(s.r.body, "\\u202e"));
		assert_null(strstr(s.r.body, "\xe2\x80\xae"));
		assert_non_null(strstr(s.r.body, "script"));
	}
}

static void the_apprise_api_is_told_the_type(void **state)
{
	static const char *const types[] = {"success", "info", "warning", "failure"};

	(void)state;
	for (int level = EVENT_GOOD; level <= EVENT_ERROR; level++) {
		OWN_SENT struct sent s = send_to("apprise+http://h.test/notify/k?tag=x",
						 (enum event_level)level, "T", "x");
		assert_string_equal(text_of(&s, "type"), types[level]);
		assert_string_equal(text_of(&s, "body"), "x");
		assert_string_equal(text_of(&s, "title"), "T");
		assert_string_equal(secret_reveal(&s.r.url), "http://h.test/notify/k?tag=x");
	}
}

static void pushover_gets_the_token_and_the_user_in_its_json(void **state)
{
	static const char *const bad[] = {PUSHOVER_AT("h.test/"), PUSHOVER_AT("h.test"),
					  PUSHOVER_AT("h.test/u-1"), "pushover+https://h.test/u1",
					  "pushover+https://a:b@h.test/u1"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		OWN(notify_target_clear) struct notify_target t = {0};
		assert_non_null(parse(bad[i], &t));
	}
	OWN_SENT struct sent s = send_to(PUSHOVER_AT("h.test/sub/u1"), EVENT_ERROR, "T", "");
	assert_string_equal(secret_reveal(&s.r.url), "https://h.test/sub/1/messages.json");
	assert_int_equal(s.r.n_headers, 1);
	assert_string_equal(s.r.body, "{\"token\":\"app1\",\"user\":\"u1\",\"title\":\"T\","
				      "\"message\":\"T\",\"priority\":1}");
	OWN_STR char *long_text = mem_alloc(5000);
	while (strlen(long_text) < 4800)
		strcat(long_text, "😀x");
	OWN_SENT struct sent cut = send_to(PUSHOVER_AT("h.test/u1"), EVENT_WARNING, "T", long_text);
	assert_int_equal(number_of(&cut, "priority"), 0);
	assert_int_equal(strlen(text_of(&cut, "message")), 1024 / 2 * strlen("😀x"));
}

static void our_webhook_is_as_the_readme_says(void **state)
{
	(void)state;
	OWN_SENT struct sent s = send_to("webhook+https://key@h.test/x", EVENT_ERROR, "T", "x\n");

	assert_string_equal(
		s.r.body, "{\"schema\":1,\"program\":\"ptp-archiver\",\"program_version\":"
			  "\"" PTP_ARCHIVER_VERSION "\",\"id\":7,\"time\":\"2026-11-18T11:06:40Z\","
			  "\"kind\":\"failure\",\"event\":\"failure.begin\",\"level\":\"error\","
			  "\"title\":\"T\",\"message\":\"x\\n\"}");
	assert_string_equal(secret_reveal(&s.r.headers[1]), "Authorization: Bearer key");
}

/* ---- sending ---- */

#define NTFY "ntfy+https://tk_1@h.test/t"
#define APPRISE "apprise+https://h.test/notify/k"

struct told {
	enum notify_verdict verdict;
	char why[200];
	int64_t rest;
};

/* What comes of one message, to which `answer` is the answer. */
static struct told tell(const char *target, struct fake_answer answer)
{
	const struct event e = {.title = "T", .text = (char[]){"x"}, .level = EVENT_ERROR};
	OWN(notify_target_clear) struct notify_target t = {0};
	struct told told;
	struct err err;

	fake_time_reset();
	fake_http_script(&answer, 1);
	assert_null(parse(target, &t));
	OWN(notify_closer) struct notify *n = notify_open("ca.pem", NULL, &err);
	assert_non_null(n);
	told.verdict = notify_send(n, &t, &e, told.why, &told.rest);
	assert_int_equal(fake_http_count(), 1);
	return told;
}

static void a_message_is_one_post_with_limits(void **state)
{
	(void)state;
	struct told told = tell(NTFY, (struct fake_answer){.status = 200});
	const struct fake_asked *a = fake_http_asked(0);

	assert_int_equal(told.verdict, NOTIFY_SENT);
	assert_string_equal(told.why, "");
	assert_int_equal(told.rest, 0);
	assert_string_equal(a->method, "POST");
	assert_string_equal(a->url, "https://h.test/");
	assert_string_equal(a->headers,
			    "\nContent-Type: application/json\nAuthorization: Bearer tk_1\n");
	assert_int_equal(a->body_len, strlen(a->body));
	assert_int_equal(a->request.total_ms, 10000);
	assert_int_equal(a->request.connect_ms, 10000);
	assert_int_equal(a->request.stall_s, 10);
	assert_int_equal(a->request.max_body, 65536);
	assert_int_equal(a->request.max_redirects, 0);
	assert_true(a->request.gives_way);
	assert_false(a->request.repeatable || a->request.to_the_end);
	assert_string_equal(fake_http_options()->ca_file, "ca.pem");
	assert_true(fake_http_options()->and_system);
	fake_http_end();
}

static void an_answer_says_whether_another_try_may_help(void **state)
{
	static const struct {
		const char *target;
		long status;
		enum notify_verdict verdict;
		const char *why, *body;
	} rows[] = {
		{NTFY, 200, NOTIFY_SENT, "", NULL},
		{NTFY, 204, NOTIFY_SENT, "", NULL},
		{NTFY, 299, NOTIFY_SENT, "", NULL},
		{NTFY, 199, NOTIFY_REFUSED, "HTTP 199", NULL},
		{NTFY, 300, NOTIFY_REFUSED, "HTTP 300: it leads elsewhere", NULL},
		{NTFY, 399, NOTIFY_REFUSED, "HTTP 399: it leads elsewhere", NULL},
		{NTFY, 400, NOTIFY_REFUSED, "HTTP 400", NULL},
		{NTFY, 401, NOTIFY_REFUSED, "HTTP 401; check the token", NULL},
		{NTFY, 403, NOTIFY_REFUSED, "HTTP 403; check the token", NULL},
		{NTFY, 404, NOTIFY_REFUSED, "HTTP 404; check the URL", NULL},
		{NTFY, 405, NOTIFY_REFUSED, "HTTP 405; check the URL", NULL},
		{NTFY, 407, NOTIFY_REFUSED, "HTTP 407", NULL},
		{NTFY, 408, NOTIFY_LATER, "HTTP 408", NULL},
		{NTFY, 409, NOTIFY_REFUSED, "HTTP 409", NULL},
		{NTFY, 424, NOTIFY_REFUSED, "HTTP 424", NULL},
		{NTFY, 428, NOTIFY_REFUSED, "HTTP 428", NULL},
		{NTFY, 429, NOTIFY_LATER, "HTTP 429", NULL},
		{NTFY, 430, NOTIFY_REFUSED, "HTTP 430", NULL},
		{NTFY, 499, NOTIFY_REFUSED, "HTTP 499", NULL},
		{NTFY, 500, NOTIFY_LATER, "HTTP 500", NULL},
		{NTFY, 503, NOTIFY_LATER, "HTTP 503", NULL},
		{DISCORD, 204, NOTIFY_SENT, "", NULL},
		{DISCORD, 401, NOTIFY_REFUSED, "HTTP 401; is the webhook's URL whole?", NULL},
		{DISCORD, 403, NOTIFY_REFUSED, "HTTP 403; is the webhook's URL whole?", NULL},
		{DISCORD, 404, NOTIFY_REFUSED, "HTTP 404; check the URL", NULL},
		{APPRISE, 200, NOTIFY_SENT, "", NULL},
		{APPRISE, 204, NOTIFY_REFUSED, "HTTP 204; nothing is configured there", NULL},
		{APPRISE, 424, NOTIFY_REFUSED, "HTTP 424; one of the services behind it", NULL},
		{APPRISE, 401, NOTIFY_REFUSED, "HTTP 401; check the token", NULL},
		{APPRISE, 500, NOTIFY_LATER, "HTTP 500", NULL},
		{PUSHOVER, 200, NOTIFY_SENT, "", "{\"status\":1}"},
		{PUSHOVER, 200, NOTIFY_REFUSED, "HTTP 200; the answer is not", "{\"status\":0}"},
		{PUSHOVER, 200, NOTIFY_REFUSED, "HTTP 200; the answer is not", "<html>"},
		{PUSHOVER, 400, NOTIFY_REFUSED, "HTTP 400; check the token", "{\"status\":0}"},
		{PUSHOVER, 429, NOTIFY_LATER, "HTTP 429; the application's", "{\"status\":0}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct told told =
			tell(rows[i].target, (struct fake_answer){.status = rows[i].status,
								  .body = rows[i].body,
								  .retry_after = "60"});
		if (told.verdict != rows[i].verdict || !text_starts(told.why, rows[i].why) ||
		    (!*rows[i].why && *told.why))
			fail_msg("%s %ld: %s", rows[i].target, rows[i].status, told.why);
		assert_int_equal(told.rest, told.verdict == NOTIFY_LATER ? FAKE_NOW + 60000 : 0);
	}
}

static void no_answer_is_tried_again_and_a_bad_url_is_not(void **state)
{
	(void)state;
	struct told told = tell(NTFY, (struct fake_answer){.fails = WORD_TIMEOUT});

	assert_int_equal(told.verdict, NOTIFY_LATER);
	assert_string_equal(told.why, "host.test: no answer");
	assert_int_equal(told.rest, 0);
	told = tell(NTFY, (struct fake_answer){.fails = WORD_CONFIG, .kind = ERR_TARGET});
	assert_int_equal(told.verdict, NOTIFY_REFUSED);
}

/* Discord's 429 says it in its JSON, with fractions of a second. */
static void the_time_that_a_service_names_counts_up_to_a_day(void **state)
{
	static const struct {
		long status;
		const char *body, *retry_after;
		int64_t rest; /* after now; 0: none */
	} rows[] = {
		{429, "{\"retry_after\": 1.5}", NULL, 1501},
		{429, "{\"retry_after\": 1.5}", "7", 7000},
		{429, "{\"retry_after\": 86400}", NULL, 86400001},
		{429, "{\"retry_after\": 86401}", NULL, 86400000},
		{429, "{\"retry_after\": 1e300}", NULL, 86400000},
		{429, "{\"retry_after\": 0}", NULL, 0},
		{429, "{\"retry_after\": -1}", NULL, 0},
		{429, "{\"retry_after\": \"7\"}", NULL, 0},
		{429, "not JSON", NULL, 0},
		{429, "", NULL, 0},
		{503, "{\"retry_after\": 1.5}", NULL, 0},
		{503, "", "86401", 86400000},
		{503, "", "Wed, 18 Nov 2026 11:07:40 GMT", 60000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct told told =
			tell(DISCORD, (struct fake_answer){.status = rows[i].status,
							   .body = rows[i].body,
							   .retry_after = rows[i].retry_after});
		assert_int_equal(told.verdict, NOTIFY_LATER);
		assert_int_equal(told.rest, rows[i].rest ? FAKE_NOW + rows[i].rest : 0);
	}
}

static void a_target_is_named_by_its_number_and_nothing_secret(void **state)
{
	(void)state;
	OWN(notify_target_clear) struct notify_target t = {0};

	assert_null(parse(NTFY, &t));
	notify_number(&t, 2);
	assert_string_equal(t.label, "ntfy 2 (h.test)");
}

/* ---- what the ledger keeps of it ---- */

static struct ledger *open_ledger(const char *folder)
{
	OWN_STR char *path = fs_join(folder, "ledger.db");
	struct err err = {0};
	struct ledger *l = ledger_open(path, false, &err);

	assert_non_null(l);
	return l;
}

static void messages_wait_in_order_and_go_when_they_are_settled(void **state)
{
	struct ledger *l = open_ledger(*state);
	struct event one = {.at = 5,
			    .kind = EVENT_PICK_UP,
			    .level = EVENT_WARNING,
			    .name = "pick-up.missing",
			    .title = "one",
			    .text = (char[]){"é\nx"}};
	struct event two = {.at = 6, .title = "two"};
	const struct ledger_message messages[] = {{"aa", &one}, {"bb", &two}, {"aa", &two}};
	const struct ledger_telling how = {.since = 3, .told = 4, .failures = 5, .rest_until = 6};
	struct ledger_telling kept;
	struct event got;
	struct err err;
	bool is;

	MUST(ledger_tell(l, NULL, 0, messages, 3, &err));
	MUST(ledger_next_message(l, "aa", &got, &is, &err) && is);
	assert_true(got.id > 0 && got.at == 5 && got.kind == EVENT_PICK_UP);
	assert_int_equal(got.level, EVENT_WARNING);
	assert_string_equal(got.name, "pick-up.missing");
	assert_string_equal(got.title, "one");
	assert_string_equal(got.text, "é\nx");
	int64_t first = got.id;
	event_clear(&got);
	MUST(ledger_set_telling(l, "aa", &how, first, &err));
	ledger_close(l);
	l = open_ledger(*state);
	MUST(ledger_next_message(l, "aa", &got, &is, &err) && is);
	assert_string_equal(got.title, "two");
	assert_true(got.id > first);
	event_clear(&got);
	MUST(ledger_get_telling(l, "aa", &kept, &err));
	assert_true(kept.since == 3 && kept.told == 4 && kept.failures == 5 &&
		    kept.rest_until == 6);
	MUST(ledger_get_telling(l, "bb", &kept, &err));
	assert_true(kept.since == 0 && kept.told == 0);
	MUST(ledger_forget_messages(l, 7, 100, &err));
	MUST(ledger_next_message(l, "bb", &got, &is, &err));
	assert_false(is);
	ledger_close(l);
}

static void notices_are_kept_if_they_changed(void **state)
{
	struct ledger *l = open_ledger(*state);
	struct notice some[] = {{.kind = NOTICE_FAILURE,
				 .name = (char[]){"attic"},
				 .since = 1,
				 .ended = 2,
				 .on = true,
				 .told = true,
				 .changed = true},
				{.kind = NOTICE_LATE, .name = (char[]){""}, .since = 1}};
	struct notice *list;
	struct err err;
	size_t n;

	MUST(ledger_tell(l, some, 2, NULL, 0, &err));
	some[0].on = false;
	some[0].changed = false;
	MUST(ledger_tell(l, some, 2, NULL, 0, &err));
	MUST(ledger_notices(l, &list, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(list[0].kind, NOTICE_FAILURE);
	assert_string_equal(list[0].name, "attic");
	assert_true(list[0].since == 1 && list[0].ended == 2 && list[0].on && list[0].told);
	notice_clear(&list[0]);
	free(list);
	ledger_close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_before_the_at_becomes_the_credentials),
		cmocka_unit_test(what_cannot_be_used_is_refused_with_a_way_out),
		cmocka_unit_test(a_token_from_elsewhere_is_checked_too),
		cmocka_unit_test(ntfy_gets_json_at_its_root),
		cmocka_unit_test(gotify_gets_its_key_in_a_header),
		cmocka_unit_test(discord_pings_nobody_and_shows_words_as_words),
		cmocka_unit_test(texts_are_cut_between_characters_where_a_service_has_a_limit),
		cmocka_unit_test(hostile_words_become_printable_everywhere),
		cmocka_unit_test(the_apprise_api_is_told_the_type),
		cmocka_unit_test(pushover_gets_the_token_and_the_user_in_its_json),
		cmocka_unit_test(our_webhook_is_as_the_readme_says),
		cmocka_unit_test(a_message_is_one_post_with_limits),
		cmocka_unit_test(an_answer_says_whether_another_try_may_help),
		cmocka_unit_test(no_answer_is_tried_again_and_a_bad_url_is_not),
		cmocka_unit_test(the_time_that_a_service_names_counts_up_to_a_day),
		cmocka_unit_test(a_target_is_named_by_its_number_and_nothing_secret),
		TEST_IN_FOLDER(messages_wait_in_order_and_go_when_they_are_settled),
		TEST_IN_FOLDER(notices_are_kept_if_they_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
