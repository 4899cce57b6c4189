#include "ports/client_deluge.h"

#include "client_calls.h"

#define RESULT(method, json)                                            \
	{                                                               \
		.asked = "\"method\":\"" method "\"", .status = 200,    \
		.body = "{\"id\":1,\"error\":null,\"result\":" json "}" \
	}
#define ERROR(method, code, message)                                           \
	{                                                                      \
		.asked = "\"method\":\"" method "\"", .status = 200,           \
		.body = "{\"id\":1,\"result\":null,\"error\":{\"code\":" #code \
			",\"message\":\"" message "\"}}"                       \
	}
#define LOGIN RESULT("auth.login", "true")
#define NO_SESSION(method) ERROR(method, 1, "Not authenticated")
#define CONNECTED RESULT("web.connected", "true")
#define NOT_CONNECTED RESULT("web.connected", "false")
#define PLUGINS(list) RESULT("core.get_enabled_plugins", list)
#define STATUS(json) RESULT("core.get_torrents_status", json)
#define NOT_THERE STATUS("{}")
#define THERE(label) STATUS("{\"" V1 "\":{\"label\":" label "}}")
#define ADDED RESULT("core.add_torrent_file", "\"" V1 "\"")

static const struct who web = {NULL, "pw", NULL};

static struct client *opened(struct who who)
{
	return client_opened(client_deluge_open, "https://box.test/sub/", who);
}

static bool is_ready(struct client *c, struct err *err)
{
	*err = (struct err){.kind = ERR_NONE};
	bool ok = c->ops->ready(c, err);
	assert_int_equal(ok, err->code == WORD_NONE);
	return ok;
}

/* ---- session ---- */

static void the_password_is_sent_once_and_in_the_body(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct err err;

	FAKE_HTTP(LOGIN, CONNECTED, PLUGINS("[]"), CONNECTED, PLUGINS("[]"));
	MUST(is_ready(c, &err) && is_ready(c, &err));
	const struct fake_asked *a = fake_http_asked(0);
	assert_string_equal(a->url, "https://box.test/sub/json");
	assert_string_equal(a->body, "{\"method\":\"auth.login\",\"params\":[\"pw\"],\"id\":1}");
	assert_string_equal(a->headers, "\nContent-Type: application/json\n");
	assert_string_equal(fake_http_asked(1)->body,
			    "{\"method\":\"web.connected\",\"params\":[],\"id\":1}");
	assert_true(fake_http_options()->cookies);
	client_done(c);
}

static void a_proxy_gets_its_own_credentials(void **state)
{
	(void)state;
	struct client *c = opened((struct who){"bob", "pw", "carol"});
	struct err err;

	FAKE_HTTP(LOGIN, CONNECTED, PLUGINS("[]"), {.status = 401});
	MUST(is_ready(c, &err));
	for (size_t i = 0; i < 3; i++)
		assert_basic(i, "carol", "p2");
	assert_false(is_ready(c, &err));
	assert_true(c->refused);
	assert_non_null(strstr(err.msg, "does not accept ProxyUsername"));
	client_done(c);
	c = opened((struct who){"bob", "pw", NULL});
	FAKE_HTTP({.status = 401});
	assert_false(is_ready(c, &err));
	assert_basic(0, NULL, NULL);
	client_done(c);
}

static void a_session_that_ended_is_renewed_once(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct err err;

	FAKE_HTTP(LOGIN, CONNECTED, NO_SESSION("core.get_enabled_plugins"), LOGIN, PLUGINS("[]"),
		  CONNECTED, PLUGINS("[]"));
	MUST(is_ready(c, &err) && is_ready(c, &err));
	client_done(c);
}

static void no_call_logs_in_twice(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct err err;

	FAKE_HTTP(LOGIN, NO_SESSION("web.connected"), LOGIN, CONNECTED,
		  NO_SESSION("core.get_enabled_plugins"), LOGIN,
		  NO_SESSION("core.get_enabled_plugins"));
	for (int i = 0; i < 2; i++) {
		assert_false(is_ready(c, &err));
		assert_int_equal(err.kind, ERR_TARGET);
		assert_non_null(strstr(err.msg, "X-Deluge-Base"));
		assert_false(c->refused);
	}
	client_done(c);
}

/* The answer of `len` bytes that says that there is no session; the caller's. */
static char *no_session_of(size_t len)
{
	static const char start[] = "{\"result\":null,\"error\":{\"code\":1},\"x\":\"";

	return mem_printf("%s%*s\"}", start, (int)(len - strlen(start) - 2), "");
}

static void only_an_answer_of_up_to_4096_bytes_can_end_a_session(void **state)
{
	static const struct {
		size_t len;
		bool ends;
	} rows[] = {{4096, true}, {4097, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct fake_answer all[] = {
			LOGIN, CONNECTED, {.status = 200, .body = NULL}, LOGIN, PLUGINS("[]")};
		struct fake_answer script[COUNT(all)];
		struct client *c = opened(web);
		OWN_STR char *body = no_session_of(rows[i].len);
		struct err err;
		assert_int_equal(strlen(body), rows[i].len);
		memcpy(script, all, sizeof all);
		script[2].body = body;
		fake_http_script(script, rows[i].ends ? 5 : 3);
		assert_int_equal(is_ready(c, &err), rows[i].ends);
		client_done(c);
	}
}

static void a_refused_password_is_not_sent_again(void **state)
{
	static const struct {
		struct fake_answer answer;
		const char *says;
		bool refused;
	} rows[] = {
		{RESULT("auth.login", "false"), "does not accept the password", true},
		{RESULT("auth.login", "null"), "login: ", false},
		{RESULT("auth.login", "7"), "login: ", false},
		{ERROR("auth.login", 3, "broken"), "login: broken", false},
		{NO_SESSION("auth.login"), "login: ", false},
		{{.status = 200, .body = "{}"}, "no JSON-RPC", false},
		{{.status = 502}, "is it running?", false},
		{{.fails = WORD_TIMEOUT}, "no answer", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(web);
		struct err err, again;
		fake_http_script(&rows[i].answer, 1);
		assert_false(is_ready(c, &err));
		if (!strstr(err.msg, rows[i].says) || strstr(err.msg, "deluged that hangs"))
			fail_msg("%s", err.msg);
		assert_int_equal(c->refused, rows[i].refused);
		assert_true(text_starts(err.msg, "box: "));
		if (rows[i].refused) {
			assert_false(is_ready(c, &again));
			assert_string_equal(again.msg, err.msg);
		}
		client_done(c);
	}
	struct client *c = opened((struct who){NULL, NULL, NULL});
	struct err err;
	FAKE_HTTP({.asked = "\"params\":[\"\"]", .status = 500});
	assert_false(is_ready(c, &err));
	client_done(c);
	c = opened((struct who){NULL, "\xff", NULL});
	fake_http_script(NULL, 0);
	assert_false(is_ready(c, &err));
	assert_non_null(strstr(err.msg, "is not UTF-8"));
	client_done(c);
}

static void other_kinds_of_login_are_taken(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct err err;

	FAKE_HTTP(RESULT("auth.login", "\"a session\""), CONNECTED, PLUGINS("[]"));
	MUST(is_ready(c, &err));
	client_done(c);
}

static void a_daemon_that_hangs_is_named(void **state)
{
	static const struct {
		struct fake_answer answer;
		const char *says;
		bool hangs;
	} rows[] = {
		{{.asked = "core.", .fails = WORD_TIMEOUT}, "no answer", true},
		{{.asked = "core.", .fails = WORD_NETWORK}, "no answer", false},
		{ERROR("core.get_enabled_plugins", 2, "Unknown method"), "lost the connection",
		 false},
		{ERROR("core.get_enabled_plugins", 4, "<class 'x'>: words\\nmore"),
		 "core.get_enabled_plugins: words", false},
		{ERROR("core.get_enabled_plugins", 4, ""), "an answer of an unknown kind", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(web);
		struct err err;
		FAKE_HTTP(LOGIN, CONNECTED, rows[i].answer);
		assert_false(is_ready(c, &err));
		assert_int_equal(err.kind, ERR_RETRY);
		if (!strstr(err.msg, rows[i].says) ||
		    (strstr(err.msg, "deluged that hangs") != NULL) != rows[i].hangs)
			fail_msg("%s", err.msg);
		client_done(c);
	}
	struct client *c = opened(web);
	struct err err;
	FAKE_HTTP(LOGIN, {.asked = "web.", .fails = WORD_TIMEOUT}, {.fails = WORD_STOPPED});
	assert_false(is_ready(c, &err));
	assert_null(strstr(err.msg, "deluged that hangs"));
	assert_false(is_ready(c, &err));
	assert_true(err_is_stop(&err));
	client_done(c);
}

/* ---- its daemon ---- */

#define HOSTS(list) RESULT("web.get_hosts", list)
#define HOST(id) "[\"" id "\",\"" id ".test\",58846,\"Offline\"]"
#define DEFAULT(id) RESULT("web.get_config", "{\"default_daemon\":\"" id "\"}")
#define HOST_IS(id, word) RESULT("web.get_host_status", "[\"" id "\",\"" word "\",\"2.0\"]")
#define CONNECT RESULT("web.connect", "[\"core.x\"]")

static void the_only_daemon_is_connected(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct err err;

	FAKE_HTTP(LOGIN, NOT_CONNECTED, HOSTS("[" HOST("a") "]"), CONNECT, PLUGINS("[]"));
	MUST(is_ready(c, &err));
	assert_non_null(strstr(fake_http_asked(3)->body, "[\"a\"]"));
	client_done(c);
}

static void of_several_daemons_the_default_or_the_one_that_runs_is_connected(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct err err;

	FAKE_HTTP(LOGIN, NOT_CONNECTED, HOSTS("[" HOST("a") "," HOST("b") "]"), DEFAULT("b"),
		  CONNECT, PLUGINS("[]"), NOT_CONNECTED, HOSTS("[" HOST("a") "," HOST("b") "]"),
		  DEFAULT(""), HOST_IS("a", "Offline"), HOST_IS("b", "Online"), CONNECT,
		  PLUGINS("[]"));
	MUST(is_ready(c, &err) && is_ready(c, &err));
	assert_non_null(strstr(fake_http_asked(4)->body, "[\"b\"]"));
	assert_non_null(strstr(fake_http_asked(9)->body, "[\"a\"]"));
	assert_non_null(strstr(fake_http_asked(11)->body, "[\"b\"]"));
	client_done(c);
}

static void a_daemon_that_cannot_be_chosen_is_an_error(void **state)
{
	static const struct {
		struct fake_answer answers[4];
		enum err_kind kind;
		const char *says;
	} rows[] = {
		{{HOSTS("[]")}, ERR_TARGET, "knows no daemon"},
		{{{.status = 500}}, ERR_RETRY, "HTTP 500"},
		{{HOSTS("[" HOST("a") "," HOST("b") "]"), {.status = 500}}, ERR_RETRY, "HTTP 500"},
		{{HOSTS("[" HOST("a") "," HOST("b") "]"), DEFAULT("c"), HOST_IS("a", "Offline"),
		  HOST_IS("b", "Offline")},
		 ERR_RETRY,
		 "none of the 2 daemons"},
		{{HOSTS("[" HOST("a") "," HOST("b") "]"), DEFAULT("c"), HOST_IS("a", "Online"),
		  HOST_IS("b", "Connected")},
		 ERR_TARGET,
		 "knows 2 running daemons"},
		{{HOSTS("[" HOST("a") "]"), RESULT("web.connect", "null"), HOST_IS("a", "Online")},
		 ERR_TARGET,
		 "at a.test:58846 runs, but"},
		{{HOSTS("[" HOST("a") "]"), ERROR("web.connect", 4, "x"), HOST_IS("a", "Offline")},
		 ERR_RETRY,
		 "deluged is not running at a.test:58846"},
		{{HOSTS("[" HOST("a") "]"), RESULT("web.connect", "null"),
		  ERROR("web.get_host_status", 4, "x")},
		 ERR_RETRY,
		 "deluged is not running"},
		{{HOSTS("[" HOST("a") "]"), RESULT("web.connect", "null"), {.status = 500}},
		 ERR_RETRY,
		 "HTTP 500"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fake_answer all[6] = {LOGIN, NOT_CONNECTED};
		struct client *c = opened(web);
		struct err err;
		size_t n = 0;
		for (; n < 4 && rows[i].answers[n].status; n++)
			all[n + 2] = rows[i].answers[n];
		fake_http_script(all, n + 2);
		assert_false(is_ready(c, &err));
		if (err.kind != rows[i].kind || !strstr(err.msg, rows[i].says))
			fail_msg("%zu: %s", i, err.msg);
		client_done(c);
	}
}

/* ---- delivery ---- */

static void what_is_not_there_is_added(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct parcel *p = parcel(V1, V2);
	struct err err;

	p->placement = (struct placement){.save_path = (char[]){"/data"}, .paused = true};
	FAKE_HTTP(LOGIN, CONNECTED, NOT_THERE, ADDED, THERE("null"));
	assert_int_equal(delivered(c, p, false, &err), ERR_NONE);
	assert_non_null(strstr(fake_http_asked(2)->body,
			       "\"params\":[{\"id\":[\"" V1
			       "\",\"fedcba9876543210fedcba9876543210fedcba98\"]},[\"label\"]]"));
	assert_non_null(strstr(fake_http_asked(3)->body,
			       "\"params\":[\"name.torrent\",\"ZABl\",{\"add_paused\":true,"
			       "\"download_location\":\"/data\"}]"));
	client_done(c);
	c = opened(web);
	FAKE_HTTP(LOGIN, CONNECTED, NOT_THERE, ADDED, THERE("null"));
	assert_int_equal(delivered(c, parcel("", V2), false, &err), ERR_NONE);
	assert_non_null(strstr(fake_http_asked(3)->body, "{\"add_paused\":false}"));
	assert_non_null(strstr(fake_http_asked(2)->body,
			       "{\"id\":[\"fedcba9876543210fedcba9876543210fedcba98\"]}"));
	client_done(c);
}

static void what_is_there_already_keeps_its_label(void **state)
{
	static const struct {
		const char *theirs, *category;
		bool labels; /* ours is given to it */
	} rows[] = {
		{"\"\"", NULL, false}, {"\"x\"", "c", false}, {"\"c\"", "C", false},
		{"null", "c", false},  {"\"\"", "c", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(web);
		struct parcel *p = parcel(V1, "");
		OWN_STR char *category = rows[i].category ? mem_dup(rows[i].category) : NULL;
		OWN_STR char *there = mem_printf(
			"{\"error\":null,\"result\":{\"" V1 "\":{\"label\":%s}}}", rows[i].theirs);
		const struct fake_answer all[] = {LOGIN,
						  CONNECTED,
						  {.status = 200, .body = there},
						  PLUGINS("[\"Label\"]"),
						  RESULT("label.get_labels", "[\"c\"]"),
						  RESULT("label.set_torrent", "null")};
		struct err err;
		p->placement.category = category;
		fake_http_script(all, rows[i].labels ? 6 : 3);
		assert_int_equal(delivered(c, p, true, &err), ERR_NONE);
		client_done(c);
	}
}

static void a_new_torrent_gets_its_label(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct parcel *p = parcel(V1, "");
	struct err err;

	p->placement.category = (char[]){"C"};
	FAKE_HTTP(LOGIN, CONNECTED, NOT_THERE, PLUGINS("[\"Label\"]"),
		  RESULT("label.get_labels", "[\"x\"]"), RESULT("label.add", "null"), ADDED,
		  THERE("\"a rule's\""), RESULT("label.set_torrent", "null"));
	assert_int_equal(delivered(c, p, false, &err), ERR_NONE);
	assert_non_null(strstr(fake_http_asked(5)->body, "\"params\":[\"c\"]"));
	assert_non_null(strstr(fake_http_asked(8)->body, "\"params\":[\"" V1 "\",\"c\"]"));
	client_done(c);
}

static void a_torrent_is_refused_or_taken(void **state)
{
	static const struct {
		struct fake_answer answer;
		enum err_kind kind;
		const char *says;
	} rows[] = {
		{ERROR("core.add", 4, "decoding filedump failed"), ERR_ITEM, "does not take the"},
		{ERROR("core.add", 4, "disk full"), ERR_RETRY, "adding: disk full"},
		{ERROR("core.add", 2, "Unknown method"), ERR_RETRY, "lost the connection"},
		{{.status = 413}, ERR_ITEM, "client_max_body_size"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(web);
		struct fake_answer answer = rows[i].answer;
		struct err err;
		answer.asked = "core.add_torrent_file";
		FAKE_HTTP(LOGIN, CONNECTED, NOT_THERE, answer);
		assert_int_equal(delivered(c, parcel(V1, ""), false, &err), rows[i].kind);
		if (!strstr(err.msg, rows[i].says))
			fail_msg("%s", err.msg);
		client_done(c);
	}
	struct client *c = opened(web);
	struct err err;
	FAKE_HTTP(LOGIN, CONNECTED, NOT_THERE,
		  ERROR("core.add_torrent_file", 4, "Torrent already in session (x)"),
		  THERE("\"\""));
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
	client_done(c);
}

static void a_category_needs_the_plugin_and_a_name_that_it_takes(void **state)
{
	(void)state;
	struct client *c = opened(web);
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct parcel *p = parcel(V1, "");
	struct err err;

	fake_http_script(NULL, 0);
	p->placement.category = (char[]){"a b"};
	assert_int_equal(delivered(c, p, false, &err), ERR_TARGET);
	assert_non_null(strstr(err.msg, "\"a b\" cannot be a label"));
	p->placement = (struct placement){.save_path = (char[]){"\xff"}};
	assert_int_equal(delivered(c, p, false, &err), ERR_TARGET);
	assert_false(c->ops->list(c, "a b", &all, &err));
	p->placement = (struct placement){.category = (char[]){"c"}};
	FAKE_HTTP(LOGIN, CONNECTED, NOT_THERE, PLUGINS("[\"Other\"]"), CONNECTED, PLUGINS("[]"));
	assert_int_equal(delivered(c, p, false, &err), ERR_TARGET);
	assert_non_null(strstr(err.msg, "Label plugin"));
	assert_false(c->ops->list(c, "c", &all, &err));
	assert_non_null(strstr(err.msg, "Label plugin"));
	client_done(c);
}

/* ---- looking ---- */

static void a_list_is_filtered_by_its_label(void **state)
{
	(void)state;
	struct client *c = opened(web);
	OWN_CLIENT_TORRENTS struct client_torrents all = {0}, some = {0};
	struct err err;

	FAKE_HTTP(LOGIN, CONNECTED, STATUS("{\"" V1 "\":{\"time_since_transfer\":60}}"), CONNECTED,
		  PLUGINS("[\"Label\"]"), NOT_THERE, CONNECTED, STATUS("[]"));
	MUST(c->ops->list(c, NULL, &all, &err));
	assert_int_equal(all.n, 1);
	assert_int_equal(all.list[0].idle_since, FAKE_NOW - 60000);
	assert_non_null(strstr(fake_http_asked(2)->body, "\"params\":[{},[\"name\","));
	assert_int_equal(fake_http_asked(2)->request.max_body, CLIENT_LIST_MAX_BYTES);
	MUST(c->ops->list(c, "C", &some, &err));
	assert_non_null(strstr(fake_http_asked(5)->body, "\"params\":[{\"label\":[\"c\"]},["));
	assert_false(c->ops->list(c, NULL, &some, &err));
	client_done(c);
}

static void space_is_that_of_the_first_folder_above_that_is_there(void **state)
{
	(void)state;
	struct client *c = opened(web);
	struct placement p = {.save_path = (char[]){"/a"}}, bad = {.save_path = (char[]){"\xff"}};
	const struct placement none = {.paused = false};
	struct client_space space = {.total = 3};
	struct err err;

	FAKE_HTTP(LOGIN, CONNECTED, RESULT("core.get_free_space", "-1"),
		  RESULT("core.get_free_space", "17"), CONNECTED,
		  RESULT("core.get_free_space", "4"), CONNECTED, {.status = 500});
	MUST(c->ops->space(c, &p, &space, &err));
	assert_int_equal(space.free, 17);
	assert_int_equal(space.total, 0);
	assert_non_null(strstr(fake_http_asked(2)->body, "\"params\":[\"/a\"]"));
	assert_non_null(strstr(fake_http_asked(3)->body, "\"params\":[\"/\"]"));
	MUST(c->ops->space(c, &none, &space, &err));
	assert_non_null(strstr(fake_http_asked(5)->body, "\"params\":[]"));
	assert_false(c->ops->space(c, &none, &space, &err));
	assert_false(c->ops->space(c, &bad, &space, &err));
	client_done(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_password_is_sent_once_and_in_the_body),
		cmocka_unit_test(a_proxy_gets_its_own_credentials),
		cmocka_unit_test(a_session_that_ended_is_renewed_once),
		cmocka_unit_test(no_call_logs_in_twice),
		cmocka_unit_test(only_an_answer_of_up_to_4096_bytes_can_end_a_session),
		cmocka_unit_test(a_refused_password_is_not_sent_again),
		cmocka_unit_test(other_kinds_of_login_are_taken),
		cmocka_unit_test(a_daemon_that_hangs_is_named),
		cmocka_unit_test(the_only_daemon_is_connected),
		cmocka_unit_test(of_several_daemons_the_default_or_the_one_that_runs_is_connected),
		cmocka_unit_test(a_daemon_that_cannot_be_chosen_is_an_error),
		cmocka_unit_test(what_is_not_there_is_added),
		cmocka_unit_test(what_is_there_already_keeps_its_label),
		cmocka_unit_test(a_new_torrent_gets_its_label),
		cmocka_unit_test(a_torrent_is_refused_or_taken),
		cmocka_unit_test(a_category_needs_the_plugin_and_a_name_that_it_takes),
		cmocka_unit_test(a_list_is_filtered_by_its_label),
		cmocka_unit_test(space_is_that_of_the_first_folder_above_that_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
