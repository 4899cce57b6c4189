#include "ports/client_qbittorrent.h"

#include "client_calls.h"

#define BASE "https://box.test/qb/"
#define API "https://box.test/qb/api/v2/"
#define BANNED "Your IP address has been banned after too many failed attempts."
#define LOGIN                                                       \
	{                                                           \
		.asked = "auth/login", .status = 200, .body = "Ok." \
	}
#define VERSION                                                              \
	{                                                                    \
		.asked = "app/webapiVersion", .status = 200, .body = "2.8.3" \
	}
#define NOT_THERE                                                             \
	{                                                                     \
		.asked = "torrents/info?hashes=", .status = 200, .body = "[]" \
	}
#define THERE                                                                                      \
	{                                                                                          \
		.asked = "torrents/info?hashes=", .status = 200, .body = "[{\"hash\":\"" V1 "\"}]" \
	}
#define ADDED                                                         \
	{                                                             \
		.asked = "torrents/add", .status = 200, .body = "Ok." \
	}

static const struct who nobody, bob = {"bob", "p w&d", NULL};

static struct client *opened(struct who who)
{
	return client_opened(client_qbittorrent_open, BASE, who);
}

static bool is_ready(struct client *c, struct err *err)
{
	*err = (struct err){.kind = ERR_NONE};
	bool ok = c->ops->ready(c, err);
	assert_int_equal(ok, err->code == WORD_NONE);
	return ok;
}

/* ---- session ---- */

static void a_user_logs_in_once_and_stays(void **state)
{
	(void)state;
	struct client *c = opened(bob);
	struct err err;

	FAKE_HTTP(LOGIN, VERSION, VERSION);
	MUST(is_ready(c, &err) && is_ready(c, &err));
	const struct fake_asked *a = fake_http_asked(0);
	assert_string_equal(a->method, "POST");
	assert_string_equal(a->url, API "auth/login");
	assert_string_equal(a->body, "username=bob&password=p%20w%26d");
	assert_string_equal(a->headers, "\nContent-Type: application/x-www-form-urlencoded\n");
	assert_string_equal(fake_http_asked(1)->url, API "app/webapiVersion");
	assert_string_equal(fake_http_asked(1)->method, "GET");
	assert_basic(1, NULL, NULL);
	assert_true(fake_http_options()->cookies);
	assert_true(a->request.repeatable);
	assert_int_equal(a->request.total_ms, 3000);
	client_done(c);
}

static void without_a_user_there_is_no_login(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct err err;

	FAKE_HTTP(VERSION, {.asked = "webapiVersion", .status = 403, .body = "Forbidden"});
	MUST(is_ready(c, &err));
	assert_false(is_ready(c, &err));
	assert_true(c->refused);
	assert_non_null(strstr(err.msg, "set Username and PasswordFile"));
	client_done(c);
}

static void a_proxys_credentials_go_in_the_header_and_ours_in_the_form(void **state)
{
	(void)state;
	struct client *c = opened((struct who){"bob", "pw", "carol"});
	struct err err;

	FAKE_HTTP(LOGIN, VERSION);
	MUST(is_ready(c, &err));
	assert_string_equal(fake_http_asked(0)->body, "username=bob&password=pw");
	for (size_t i = 0; i < 2; i++)
		assert_basic(i, "carol", "p2");
	client_done(c);
}

static void a_session_that_ended_is_renewed_once_and_the_request_repeated(void **state)
{
	(void)state;
	struct client *c = opened(bob);
	struct err err;

	FAKE_HTTP(LOGIN, VERSION, {.asked = "webapi", .status = 403}, LOGIN, VERSION, VERSION);
	for (int i = 0; i < 3; i++)
		MUST(is_ready(c, &err));
	client_done(c);
}

static void no_call_logs_in_twice(void **state)
{
	(void)state;
	struct client *c = opened(bob);
	struct err err;

	FAKE_HTTP(LOGIN, {.asked = "webapi", .status = 403}, LOGIN, VERSION,
		  {.asked = "webapi", .status = 403}, LOGIN, {.asked = "webapi", .status = 403});
	assert_false(is_ready(c, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_non_null(strstr(err.msg, "HTTP 403 although the login worked"));
	assert_false(c->refused);
	MUST(is_ready(c, &err));
	assert_false(is_ready(c, &err));
	client_done(c);
}

static void a_refused_password_is_not_sent_again(void **state)
{
	static const struct {
		struct fake_answer answer;
		const char *says;
		bool refused;
	} rows[] = {
		{{.status = 200, .body = "Fails."}, "does not accept the username and", true},
		{{.status = 401, .body = "Unauthorized"}, "or does not know the host name", true},
		{{.status = 401, .kept = "Basic"}, "set ProxyUsername", true},
		{{.status = 403, .body = BANNED}, "has banned", true},
		{{.status = 200, .body = "Hello"}, "the answer to the login is not", false},
		{{.status = 200, .body = "<html>"}, "an HTML page came", false},
		{{.status = 502}, "is it running?", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(bob);
		struct err err, again;
		fake_http_script(&rows[i].answer, 1);
		assert_false(is_ready(c, &err));
		if (!strstr(err.msg, rows[i].says))
			fail_msg("%s", err.msg);
		assert_int_equal(c->refused, rows[i].refused);
		assert_int_equal(err.code, WORD_CLIENT);
		assert_null(strstr(err.msg, "p w&d"));
		if (rows[i].refused) {
			assert_false(is_ready(c, &again));
			assert_string_equal(again.msg, err.msg);
			assert_int_equal(err.kind, ERR_TARGET);
		}
		client_done(c);
	}
}

static void an_answer_within_the_session_is_judged(void **state)
{
	static const struct {
		struct fake_answer answer;
		const char *says;
		enum err_kind kind;
	} rows[] = {
		{{.status = 401}, "does not know the host name in the URL", ERR_TARGET},
		{{.status = 401, .kept = "Basic"}, "set ProxyUsername", ERR_TARGET},
		{{.status = 403, .body = BANNED}, "has banned", ERR_TARGET},
		{{.status = 404}, "is not at this URL", ERR_TARGET},
		{{.status = 500}, "HTTP 500", ERR_RETRY},
		{{.status = 200, .body = " <html>"}, "an HTML page came", ERR_TARGET},
		{{.status = 200, .body = "v4.1"}, "names no version", ERR_TARGET},
		{{.fails = WORD_TIMEOUT}, "no answer", ERR_RETRY},
		{{.fails = WORD_TLS}, "no answer", ERR_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct err err;
		fake_http_script(&rows[i].answer, 1);
		assert_false(is_ready(c, &err));
		if (!strstr(err.msg, rows[i].says) || err.kind != rows[i].kind)
			fail_msg("%d %s", err.kind, err.msg);
		assert_true(text_starts(err.msg, "box: "));
		client_done(c);
	}
	struct client *c = opened((struct who){NULL, NULL, "carol"});
	struct err err;
	FAKE_HTTP({.status = 401});
	assert_false(is_ready(c, &err));
	assert_non_null(strstr(err.msg, "it may take the proxy's credentials for its own"));
	client_done(c);
}

/* ---- delivery ---- */

static void what_is_there_is_not_added(void **state)
{
	static const char *const theirs[] = {
		"[{\"hash\":\"" V1 "\"}]",
		"[{\"hash\":\"" OTHER_V1 "\"},{\"hash\":\"" V1 "\"}]",
		"[{\"hash\":\"" OTHER_V1 "\",\"infohash_v1\":\"" V1 "\"}]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(theirs); i++) {
		struct client *c = opened(nobody);
		struct err err;
		FAKE_HTTP({.status = 200, .body = theirs[i]});
		assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
		assert_string_equal(fake_http_asked(0)->url, API "torrents/info?hashes=" V1);
		client_done(c);
	}
}

static void a_torrent_is_called_by_each_of_its_hashes(void **state)
{
	static const struct {
		const char *v1, *v2, *hashes, *theirs;
	} rows[] = {
		{V1, V2, V1 "%7Cfedcba9876543210fedcba9876543210fedcba98",
		 "[{\"hash\":\"" V1 "\"}]"},
		{"", V2, "=fedcba9876543210fedcba9876543210fedcba98",
		 "[{\"hash\":\"fedcba9876543210fedcba9876543210fedcba98\"}]"},
		{"", V2, "=fedcba9876543210fedcba9876543210fedcba98",
		 "[{\"hash\":\"" OTHER_V1 "\",\"infohash_v2\":\"" V2 "\"}]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct err err;
		FAKE_HTTP({.asked = rows[i].hashes, .status = 200, .body = rows[i].theirs});
		assert_int_equal(delivered(c, parcel(rows[i].v1, rows[i].v2), false, &err),
				 ERR_NONE);
		assert_true(text_ends(fake_http_asked(0)->url, rows[i].hashes));
		client_done(c);
	}
}

/* Version 2.0 of the API lists everything, whatever it is asked for. */
static void another_torrent_in_the_list_is_not_this_one(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct err err;

	FAKE_HTTP({.status = 200, .body = "[{\"hash\":\"" OTHER_V1 "\"}]"}, ADDED, THERE);
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
	client_done(c);
}

static void what_is_not_there_is_added_with_its_placement(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct parcel *p = parcel(V1, "");
	struct err err;

	p->placement = (struct placement){
		.category = (char[]){"cat"}, .save_path = (char[]){"/data"}, .paused = true};
	FAKE_HTTP(NOT_THERE, ADDED, THERE);
	assert_int_equal(delivered(c, p, false, &err), ERR_NONE);
	const struct fake_asked *a = fake_http_asked(1);
	assert_string_equal(a->method, "POST");
	assert_string_equal(a->url, API "torrents/add");
	static const char body[] = "\ntorrents=d\0e\ncategory=cat\nsavepath=/data\nautoTMM=false"
				   "\npaused=true\nstopped=true";
	assert_int_equal(a->body_len, sizeof body - 1);
	assert_memory_equal(a->body, body, sizeof body);
	client_done(c);
	c = opened(nobody);
	FAKE_HTTP(NOT_THERE, ADDED, THERE);
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
	static const char bare[] = "\ntorrents=d\0e\npaused=false\nstopped=false";
	assert_memory_equal(fake_http_asked(1)->body, bare, sizeof bare);
	client_done(c);
}

static void an_answer_to_a_torrent_is_judged(void **state)
{
	static const struct {
		struct fake_answer answer;
		enum err_kind kind;
		const char *says;
	} rows[] = {
		{{.status = 415}, ERR_ITEM, "not a valid torrent file"},
		{{.status = 413}, ERR_ITEM, "client_max_body_size"},
		{{.status = 200, .body = "Hello"}, ERR_TARGET, "the answer to the torrent is not"},
		{{.status = 502}, ERR_RETRY, "is it running?"},
		{{.fails = WORD_NETWORK}, ERR_RETRY, "no answer"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct err err;
		FAKE_HTTP(NOT_THERE, rows[i].answer);
		assert_int_equal(delivered(c, parcel(V1, ""), false, &err), rows[i].kind);
		assert_non_null(strstr(err.msg, rows[i].says));
		client_done(c);
	}
}

/* It may show up late; with 5 s of polls at 100, 200, 400... ms. */
static void what_does_not_show_up_is_waited_for_five_seconds(void **state)
{
	static const struct {
		struct fake_answer answer;
		enum err_kind kind;
	} rows[] = {{ADDED, ERR_RETRY},
		    {{.asked = "add", .status = 200, .body = "Fails."}, ERR_ITEM},
		    {{.asked = "add", .status = 409}, ERR_ITEM}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct err err;
		FAKE_HTTP(NOT_THERE, rows[i].answer, NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE,
			  NOT_THERE, NOT_THERE, NOT_THERE);
		assert_int_equal(delivered(c, parcel(V1, ""), false, &err), rows[i].kind);
		assert_int_equal(fake_time_slept(), CLIENT_APPEARS_MS);
		assert_int_equal(fake_time_sleeps(), 6);
		assert_non_null(strstr(err.msg, "see its log"));
		client_done(c);
	}
	struct client *c = opened(nobody);
	struct err err;
	FAKE_HTTP(NOT_THERE, ADDED, NOT_THERE, THERE);
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
	assert_int_equal(fake_time_slept(), CLIENT_POLL_MS);
	client_done(c);
	c = opened(nobody);
	fake_time_stop_in_sleep();
	FAKE_HTTP(NOT_THERE, ADDED, NOT_THERE);
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_RETRY);
	assert_true(err_is_stop(&err));
	client_done(c);
}

static void a_category_that_it_would_drop_is_refused_before_any_call(void **state)
{
	(void)state;
	struct client *c = opened(bob);
	struct parcel *p = parcel(V1, "");
	struct err err;

	FAKE_HTTP({.status = 0});
	p->placement.category = (char[]){"a//b"};
	assert_int_equal(delivered(c, p, false, &err), ERR_TARGET);
	assert_non_null(strstr(err.msg, "two slashes in a row"));
	p->placement.category = (char[]){"\xff"};
	assert_int_equal(delivered(c, p, false, &err), ERR_TARGET);
	assert_int_equal(fake_http_count(), 0);
	fake_http_script(NULL, 0);
	client_done(c);
}

static void old_versions_get_their_tags_afterwards(void **state)
{
	static const struct {
		const char *version;
		bool is_there, resumed, asks, tags;
	} rows[] = {
		{"2.6.1", false, false, true, true},   {"2.6.2", false, false, true, false},
		{"2.10.0", false, false, true, false}, {"2.2", false, false, true, true},
		{"2.6.1", true, true, true, true},     {"2.6.1", true, false, false, false},
	};
	static const long statuses[] = {200, 404, 500};

	(void)state;
	for (size_t i = 0; i < COUNT(rows) * COUNT(statuses); i++) {
		size_t r = i / COUNT(statuses);
		long status = statuses[i % COUNT(statuses)];
		struct client *c = opened(nobody);
		struct parcel *p = parcel(V1, "");
		struct fake_answer all[6], *to = all;
		struct err err;
		p->placement.tags = (char[]){"a,b"};
		if (!rows[r].is_there) {
			*to++ = (struct fake_answer)NOT_THERE;
			*to++ = (struct fake_answer)ADDED;
		}
		*to++ = (struct fake_answer)THERE;
		if (rows[r].asks)
			*to++ = (struct fake_answer){
				.asked = "webapiVersion", .status = 200, .body = rows[r].version};
		if (rows[r].tags)
			*to++ = (struct fake_answer){.asked = "hashes=" V1 "&tags=a%2Cb",
						     .status = status};
		fake_http_script(all, (size_t)(to - all));
		assert_int_equal(delivered(c, p, rows[r].resumed, &err),
				 rows[r].tags && status == 500 ? ERR_RETRY : ERR_NONE);
		client_done(c);
	}
}

/* ---- looking ---- */

#define SILENT(hash) \
	"{\"hash\":\"" hash "\",\"state\":\"stalledUP\",\"tracker\":\"\",\"category\":\"c\"}"

static bool list(struct client *c, const char *category, struct client_torrents *all,
		 struct err *err)
{
	return c->ops->list(c, category, all, err);
}

static void a_list_is_asked_for_by_its_category(void **state)
{
	static const struct {
		const char *category, *url;
	} rows[] = {{NULL, API "torrents/info"},
		    {"a b", API "torrents/info?category=a%20b"},
		    {"", API "torrents/info?category="},
		    {"a+b", API "torrents/info"}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		struct err err;
		FAKE_HTTP({.status = 200, .body = "[]"});
		MUST(list(c, rows[i].category, &all, &err));
		assert_string_equal(fake_http_asked(0)->url, rows[i].url);
		assert_int_equal(fake_http_asked(0)->request.max_body, CLIENT_LIST_MAX_BYTES);
		client_done(c);
	}
}

static void a_silent_torrents_trackers_are_asked(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err;

	FAKE_HTTP({.status = 200, .body = "[" SILENT(V1) "," SILENT(OTHER_V1) "]"},
		  {.asked = "trackers?hash=" V1,
		   .status = 200,
		   .body = "[{\"url\":\"x\",\"status\":4,\"msg\":\"Unregistered torrent\"}]"},
		  {.asked = "trackers?hash=" OTHER_V1, .status = 404});
	MUST(list(c, "c", &all, &err));
	assert_int_equal(all.n, 2);
	assert_int_equal(all.list[0].state, CLIENT_ERROR);
	assert_string_equal(all.list[0].message, "Unregistered torrent");
	assert_int_equal(all.list[1].state, CLIENT_SEEDING);
	assert_null(all.list[1].message);
	client_done(c);
}

static void trackers_are_asked_for_as_long_as_a_call_may_last(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err;

	FAKE_HTTP({.status = 200, .body = "[" SILENT(V1) "," SILENT(OTHER_V1) "]"},
		  {.asked = "trackers", .status = 200, .body = "[]", .takes_ms = 3000});
	MUST(list(c, NULL, &all, &err));
	client_done(c);
}

static void a_list_that_cannot_be_read_is_an_error(void **state)
{
	static const struct fake_answer answers[][2] = {
		{{.status = 200, .body = "{}"}},
		{{.status = 500}},
		{{.status = 200, .body = "[" SILENT(V1) "]"}, {.status = 500}},
		{{.status = 200, .body = "[" SILENT(V1) "]"}, {.status = 200, .body = "{}"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct client *c = opened(nobody);
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		struct err err;
		fake_http_script(answers[i], answers[i][1].status ? 2 : 1);
		assert_false(list(c, NULL, &all, &err));
		assert_true(text_starts(err.msg, "box: "));
		assert_int_equal(all.n, 0);
		client_done(c);
	}
}

#define SPACE(n)                                                             \
	{                                                                    \
		.asked = "sync/maindata?rid=0", .status = 200,               \
		.body = "{\"server_state\":{\"free_space_on_disk\":" #n "}}" \
	}

static void space_of_zero_is_asked_for_again(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct client_space space = {.total = 7};
	struct err err;

	FAKE_HTTP(SPACE(0), SPACE(0), SPACE(17));
	MUST(c->ops->space(c, NULL, &space, &err));
	assert_int_equal(space.free, 17);
	assert_int_equal(space.total, 0);
	assert_int_equal(fake_time_slept(), 300);
	client_done(c);
	c = opened(nobody);
	FAKE_HTTP(SPACE(0), SPACE(0), SPACE(0), SPACE(0), SPACE(0), SPACE(0), SPACE(0));
	MUST(c->ops->space(c, NULL, &space, &err));
	assert_int_equal(space.free, 0);
	assert_int_equal(fake_time_slept(), CLIENT_APPEARS_MS);
	client_done(c);
	c = opened(nobody);
	FAKE_HTTP({.status = 200, .body = "{}"}, {.status = 500});
	for (int i = 0; i < 2; i++)
		assert_false(c->ops->space(c, NULL, &space, &err));
	client_done(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_logs_in_once_and_stays),
		cmocka_unit_test(without_a_user_there_is_no_login),
		cmocka_unit_test(a_proxys_credentials_go_in_the_header_and_ours_in_the_form),
		cmocka_unit_test(a_session_that_ended_is_renewed_once_and_the_request_repeated),
		cmocka_unit_test(no_call_logs_in_twice),
		cmocka_unit_test(a_refused_password_is_not_sent_again),
		cmocka_unit_test(an_answer_within_the_session_is_judged),
		cmocka_unit_test(what_is_there_is_not_added),
		cmocka_unit_test(a_torrent_is_called_by_each_of_its_hashes),
		cmocka_unit_test(another_torrent_in_the_list_is_not_this_one),
		cmocka_unit_test(what_is_not_there_is_added_with_its_placement),
		cmocka_unit_test(an_answer_to_a_torrent_is_judged),
		cmocka_unit_test(what_does_not_show_up_is_waited_for_five_seconds),
		cmocka_unit_test(a_category_that_it_would_drop_is_refused_before_any_call),
		cmocka_unit_test(old_versions_get_their_tags_afterwards),
		cmocka_unit_test(a_list_is_asked_for_by_its_category),
		cmocka_unit_test(a_silent_torrents_trackers_are_asked),
		cmocka_unit_test(trackers_are_asked_for_as_long_as_a_call_may_last),
		cmocka_unit_test(a_list_that_cannot_be_read_is_an_error),
		cmocka_unit_test(space_of_zero_is_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
