#include "ports/client_common.h"

#include "base/clock.h"
#include "base/mem.h"

#include "unit.h"

static void words_hold_no_address_and_no_key(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", ""},
		{"Unregistered  torrent", "Unregistered  torrent"},
		{"a\nb\x1b[31m", "a b?[31m"},
		{"a\xff"
		 "b",
		 "a\xEF\xBF\xBD"
		 "b"},
		{"no http://t.example/shortkey/announce here", "no <hidden> here"},
		{"UDP://t/x", "<hidden>"},
		{"one (wss://t/0123)[10.0.0.1:6881] closed", "one <hidden> closed"},
		{"bad t.example/k/announce", "bad <hidden>"},
		{"?passkey=abc", "<hidden>"},
		{"?PassKey=abc", "<hidden>"},
		{"passkey not found", "passkey not found"},
		{"key 0123456789abcdef0123456789abcdef!", "key <hidden>!"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *words = client_words(rows[i].text);
		assert_string_equal(words, rows[i].words);
	}
}

static void long_words_are_cut(void **state)
{
	(void)state;
	static const char word[] = "word ";
	char text[5000];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = word[i % 5];
	text[sizeof text - 1] = '\0';
	OWN_STR char *words = client_words(text);
	assert_int_equal(strlen(words), CLIENT_WORDS_MAX);
}

static const struct client_status statuses[] = {{409, ERR_RETRY, "its own"},
						{413, ERR_TARGET, "not the common one"},
						{404, ERR_RETRY, "not here yet"},
						{0}};
static const struct client_about basic = {.what = "the box", .where = "it should end in /box"};
static const struct client_about own = {.what = "the box", .own_login = true, .statuses = statuses};
static const struct client_ops ops = {.close = client_common_close};

static struct client_common *opened(const struct client_about *about, const char *user,
				    const char *proxy_user)
{
	struct secret none = {0};
	const struct client_options o = {.name = "test",
					 .user = user,
					 .password = &none,
					 .proxy_user = proxy_user,
					 .proxy_password = &none,
					 .timeout_ms = 1000};
	struct err err = {0};
	struct client_common *c =
		client_open_over_web(sizeof *c, &ops, about, "http://127.0.0.1:1/", &o, &err);

	if (!c)
		fail_msg("%s", err.msg);
	return c;
}

static void judged(struct client_common *c, long status, enum err_kind kind, const char *says)
{
	const struct http_reply reply = {.status = status};
	struct err err = {0};

	assert_false(client_judge(c, &reply, &err));
	assert_int_equal(err.kind, kind);
	assert_int_equal(err.code, WORD_CLIENT);
	assert_true(strncmp(err.msg, "test: ", 6) == 0);
	if (!strstr(err.msg, says))
		fail_msg("\"%s\" has no \"%s\"", err.msg, says);
	OWN_STR char *number = mem_printf("HTTP %ld", status);
	assert_non_null(strstr(err.msg, number));
}

static void statuses_are_told_with_the_way_out(void **state)
{
	(void)state;
	static const struct http_reply good = {.status = 204};
	struct client_common *c = opened(&basic, NULL, NULL);
	struct err err;

	MUST(client_judge(c, &good, &err));
	judged(c, 302, ERR_TARGET, "leads elsewhere");
	judged(c, 400, ERR_RETRY, "not expected");
	judged(c, 403, ERR_TARGET, "refuses access");
	judged(c, 404, ERR_TARGET, "the box is not at this URL");
	judged(c, 405, ERR_TARGET, "should end in /box");
	judged(c, 409, ERR_RETRY, "not expected");
	judged(c, 413, ERR_ITEM, "client_max_body_size");
	judged(c, 429, ERR_RETRY, "too often");
	judged(c, 502, ERR_RETRY, "is it running?");
	judged(c, 503, ERR_RETRY, "is it running?");
	judged(c, 504, ERR_RETRY, "is it running?");
	assert_false(c->base.refused);
	client_close(&c->base);
}

static void a_clients_own_statuses_go_first(void **state)
{
	(void)state;
	struct client_common *c = opened(&own, NULL, NULL);

	judged(c, 409, ERR_RETRY, "its own");
	judged(c, 413, ERR_TARGET, "not the common one");
	judged(c, 404, ERR_RETRY, "not here yet");
	judged(c, 502, ERR_RETRY, "is it running?");
	client_close(&c->base);
}

static void a_redirect_is_named(void **state)
{
	(void)state;
	const struct http_reply reply = {.status = 302, .redirect_host = "sso.example"};
	struct client_common *c = opened(&basic, NULL, NULL);
	struct err err = {0};

	assert_false(client_judge(c, &reply, &err));
	assert_non_null(strstr(err.msg, "a redirect to sso.example"));
	client_close(&c->base);
}

static void whose_credentials_are_refused_is_told(void **state)
{
	(void)state;
	static const struct {
		const struct client_about *about;
		const char *user, *proxy_user, *says;
	} rows[] = {
		{&basic, NULL, NULL, "set Username and PasswordFile"},
		{&basic, "", "", "set Username and PasswordFile"},
		{&basic, "bob", NULL, "does not accept Username"},
		{&basic, "bob", "carol", "does not accept ProxyUsername and its password, or"},
		{&own, NULL, NULL, "set ProxyUsername and ProxyPasswordFile"},
		{&own, "bob", NULL, "set ProxyUsername and ProxyPasswordFile"},
		{&own, "bob", "carol", "does not accept ProxyUsername and its password (HTTP 401)"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client_common *c = opened(rows[i].about, rows[i].user, rows[i].proxy_user);
		judged(c, 401, ERR_TARGET, rows[i].says);
		assert_true(c->base.refused);
		client_close(&c->base);
	}
}

static void after_a_refusal_nothing_is_sent(void **state)
{
	(void)state;
	const struct web_call call = {.path = "", .max_body = 10};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	struct client_common *c = opened(&basic, NULL, NULL);
	struct err err = {0}, again = {0}, unreached = {0};

	assert_false(client_send(c, &call, &reply, &unreached));
	assert_int_equal(unreached.kind, ERR_RETRY);
	assert_int_equal(unreached.code, WORD_CLIENT);
	client_refuse(c, &err, "no entry");
	assert_false(client_send(c, &call, &reply, &again));
	assert_int_equal(again.kind, ERR_TARGET);
	assert_string_equal(again.msg, err.msg);
	assert_non_null(strstr(err.msg, "test: no entry; not tried again before a reload"));
	client_close(&c->base);
}

static void an_answer_is_json_or_an_error(void **state)
{
	(void)state;
	static const char page[] = " \r\n<!doctype html><p>x";
	struct err err = {0};
	OWN_JSON json_t *good = client_parse(&basic, "[1]", 3, &err);

	assert_int_equal(json_array_size(good), 1);
	assert_null(client_parse(&basic, page, strlen(page), &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_non_null(strstr(err.msg, "HTML page"));
	assert_non_null(strstr(err.msg, "it should end in /box"));
	assert_null(client_parse(&basic, "", 0, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	assert_non_null(strstr(err.msg, "no valid JSON"));
}

static void a_stop_stays_one(void **state)
{
	(void)state;
	struct err stopped = {0}, tls = {0};

	err_set(&stopped, ERR_RETRY, WORD_STOPPED, "stopped");
	err_set(&tls, ERR_RETRY, WORD_TLS, "test: no");
	assert_false(client_unreached(&stopped));
	assert_int_equal(stopped.code, WORD_STOPPED);
	assert_false(client_unreached(&tls));
	assert_int_equal(tls.code, WORD_CLIENT);
	assert_string_equal(tls.msg, "test: no");
}

static void texts_that_are_no_utf8_are_named(void **state)
{
	(void)state;
	char good[] = "caf\xc3\xa9", bad[] = "caf\xe9";
	const struct placement rows[] = {{.category = bad}, {.tags = bad}, {.save_path = bad}};
	const struct placement fine = {.category = good, .tags = good, .save_path = good};
	struct client_common *c = opened(&basic, NULL, NULL);
	struct err err = {0};

	MUST(client_check_texts(c, &(struct placement){0}, &err));
	MUST(client_check_texts(c, &fine, &err));
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_false(client_check_texts(c, &rows[i], &err));
		assert_int_equal(err.kind, ERR_TARGET);
	}
	client_close(&c->base);
}

/* --- Waiting and looking --- */

static int looks, there_at;

static bool look(struct client *c, const struct delivery *d, void *out, bool *there,
		 struct err *err)
{
	(void)c, (void)d, (void)out;
	*there = ++looks == there_at;
	return looks < 3 || err_set(err, ERR_RETRY, WORD_CLIENT, "enough");
}

static void it_is_waited_until_it_is_there(void **state)
{
	(void)state;
	struct client_common *c = opened(&basic, NULL, NULL);
	int64_t begin = clock_monotonic();
	bool there = false;
	struct err err = {0};

	looks = 0;
	there_at = 2;
	MUST(client_await(c, look, NULL, NULL, &there, &err));
	assert_true(there);
	assert_int_equal(looks, 2);
	assert_true(clock_monotonic() - begin >= CLIENT_POLL_MS);
	looks = 0;
	there_at = 9;
	assert_false(client_await(c, look, NULL, NULL, &there, &err));
	assert_int_equal(looks, 3);
	client_close(&c->base);
}

static bool never(struct client *c, const struct delivery *d, void *out, bool *there,
		  struct err *err)
{
	(void)c, (void)d, (void)out, (void)err;
	looks++;
	*there = false;
	return true;
}

static bool takes;

static bool take(struct client *c, const struct delivery *d, bool *taken, struct err *err)
{
	(void)c, (void)d, (void)err;
	*taken = takes;
	there_at = takes ? looks + 1 : 0;
	return true;
}

static void what_is_there_is_not_added_again(void **state)
{
	(void)state;
	struct client_common *c = opened(&basic, NULL, NULL);
	bool is_new = true;
	struct err err = {0};

	takes = true;
	looks = 0;
	there_at = 1;
	MUST(client_add_once(c, NULL, look, take, NULL, &is_new, &err));
	assert_false(is_new);
	assert_int_equal(looks, 1);
	looks = 0;
	there_at = 0;
	MUST(client_add_once(c, NULL, look, take, NULL, &is_new, &err));
	assert_true(is_new);
	assert_int_equal(looks, 2);
	client_close(&c->base);
}

/* That one which was taken comes later is tested with the doubles of the clients. */
static void what_is_not_taken_and_not_shown_is_refused(void **state)
{
	(void)state;
	struct client_common *c = opened(&basic, NULL, NULL);
	int64_t begin = clock_monotonic();
	bool is_new;
	struct err err = {0};

	takes = false;
	looks = 0;
	assert_false(client_add_once(c, NULL, never, take, NULL, &is_new, &err));
	assert_true(clock_monotonic() - begin >= CLIENT_APPEARS_MS);
	assert_in_range(looks, 6, 9);
	assert_int_equal(err.kind, ERR_ITEM);
	assert_non_null(strstr(err.msg, "refuses the torrent"));
	client_close(&c->base);
}

static void states_are_told_by_whole_words(void **state)
{
	(void)state;
	static const char *const states[CLIENT_ERROR] = {
		[CLIENT_SEEDING] = "up forcedUp", [CLIENT_PAUSED] = "stop"};
	static const struct {
		const char *word;
		enum client_state state;
	} rows[] = {
		{"up", CLIENT_SEEDING},        {"forcedUp", CLIENT_SEEDING},
		{"stop", CLIENT_PAUSED},       {"forced", CLIENT_ERROR},
		{"Up", CLIENT_ERROR},          {"", CLIENT_ERROR},
		{"up forced", CLIENT_ERROR},   {" ", CLIENT_ERROR},
		{"up forcedUp", CLIENT_ERROR},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(client_state_of(states, rows[i].word), rows[i].state);
}

static char asked[1000];

/* There are the default folder, and "/" unless "/none" was asked for. */
static bool ask(struct client *c, const char *folder, struct client_space *space, bool *missing,
		struct err *err)
{
	(void)c;
	strcat(strcat(asked, folder ? folder : "default"), " ");
	if (folder && strcmp(folder, "/bad") == 0)
		return err_set(err, ERR_RETRY, WORD_CLIENT, "bad");
	*missing = folder && (strcmp(folder, "/") != 0 || strstr(asked, "/none"));
	if (!*missing)
		space->free = 7;
	return true;
}

static void space_is_that_of_the_nearest_folder_above(void **state)
{
	(void)state;
	static const struct {
		const char *folder, *asked;
		bool ok;
		enum err_kind kind;
	} rows[] = {
		{NULL, "default ", true, ERR_NONE},
		{"/a//b/", "/a//b/ /a/ / ", true, ERR_NONE},
		{"/", "/ ", true, ERR_NONE},
		{"/none", "/none / ", false, ERR_TARGET},
		{"a/b", "a/b ", false, ERR_TARGET},
		{"", " ", false, ERR_TARGET},
		{"/bad/x", "/bad/x /bad ", false, ERR_RETRY},
	};
	struct client_common *c = opened(&basic, NULL, NULL);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client_space space = {0};
		struct err err = {0};
		*asked = '\0';
		assert_int_equal(client_space_above(c, rows[i].folder, ask, &space, &err),
				 rows[i].ok);
		assert_int_equal(err.kind, rows[i].kind);
		assert_string_equal(asked, rows[i].asked);
		assert_int_equal(space.free, rows[i].ok ? 7 : 0);
	}
	client_close(&c->base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_hold_no_address_and_no_key),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(statuses_are_told_with_the_way_out),
		cmocka_unit_test(a_clients_own_statuses_go_first),
		cmocka_unit_test(a_redirect_is_named),
		cmocka_unit_test(whose_credentials_are_refused_is_told),
		cmocka_unit_test(after_a_refusal_nothing_is_sent),
		cmocka_unit_test(an_answer_is_json_or_an_error),
		cmocka_unit_test(a_stop_stays_one),
		cmocka_unit_test(texts_that_are_no_utf8_are_named),
		cmocka_unit_test(it_is_waited_until_it_is_there),
		cmocka_unit_test(what_is_there_is_not_added_again),
		cmocka_unit_test(what_is_not_taken_and_not_shown_is_refused),
		cmocka_unit_test(states_are_told_by_whole_words),
		cmocka_unit_test(space_is_that_of_the_nearest_folder_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
