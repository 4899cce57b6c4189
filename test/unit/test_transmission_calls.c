#include "ports/client_transmission.h"

#include "ports/client_common.h"

#include "client_calls.h"

#define URL "https://box.test/transmission/rpc"
#define OK(arguments) "{\"result\":\"success\",\"arguments\":" arguments "}"
#define SESSION                                                                                \
	{                                                                                      \
		.asked = "session-get", .status = 200, .body = OK("{\"download-dir\":\"/d\"}") \
	}
#define WANTS_ID(id)                      \
	{                                 \
		.status = 409, .kept = id \
	}
#define LOCKED "Too many unsuccessful login attempts. Please restart transmission-daemon."
#define FOUND(labels)                                                                            \
	{                                                                                        \
		.asked = "torrent-get", .status = 200,                                           \
		.body = OK("{\"torrents\":[{\"hashString\":\"" V1 "\",\"labels\":" labels "}]}") \
	}
#define NOT_FOUND                                                                      \
	{                                                                              \
		.asked = "torrent-get", .status = 200, .body = OK("{\"torrents\":[]}") \
	}
#define ADDED                                                                               \
	{                                                                                   \
		.asked = "torrent-add", .status = 200, .body = OK("{\"torrent-added\":{}}") \
	}
#define LABELLED                                                        \
	{                                                               \
		.asked = "torrent-set", .status = 200, .body = OK("{}") \
	}

static const struct who nobody;

static struct client *opened(struct who who)
{
	return client_opened(client_transmission_open, "https://box.test", who);
}

static bool is_ready(struct client *c, struct err *err)
{
	*err = (struct err){.kind = ERR_NONE};
	bool ok = c->ops->ready(c, err);
	assert_int_equal(ok, err->code == WORD_NONE);
	return ok;
}

static void session_is(size_t i, const char *id)
{
	OWN_STR char *line = mem_printf("X-Transmission-Session-Id: %s", id ? id : "");

	if (id)
		assert_true(fake_http_has_header(i, line));
	else
		assert_null(strstr(fake_http_asked(i)->headers, "X-Transmission"));
}

/* ---- session ---- */

static void the_session_id_is_taken_from_a_409_and_kept(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct err err;

	FAKE_HTTP(WANTS_ID("one"), SESSION, SESSION, WANTS_ID("two"), SESSION);
	for (int i = 0; i < 3; i++)
		MUST(is_ready(c, &err));
	session_is(0, NULL);
	session_is(1, "one");
	session_is(2, "one");
	session_is(3, "one");
	session_is(4, "two");
	const struct fake_asked *a = fake_http_asked(1);
	assert_string_equal(a->url, URL);
	assert_string_equal(a->method, "POST");
	assert_true(fake_http_has_header(1, "Content-Type: application/json"));
	assert_string_equal(a->body, fake_http_asked(0)->body);
	assert_string_equal(a->body, "{\"method\":\"session-get\",\"arguments\":{\"fields\":"
				     "[\"download-dir\"]}}");
	assert_string_equal(a->request.keep, "X-Transmission-Session-Id");
	assert_basic(1, NULL, NULL);
	assert_false(fake_http_options()->cookies);
	client_done(c);
}

static void a_409_that_stays_is_not_asked_a_third_time(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct err err;

	FAKE_HTTP(WANTS_ID("one"), WANTS_ID("two"), {.status = 409});
	for (int i = 0; i < 2; i++) {
		assert_false(is_ready(c, &err));
		assert_int_equal(err.kind, ERR_RETRY);
		assert_non_null(strstr(err.msg, "does a proxy drop the header field"));
	}
	session_is(1, "one");
	assert_int_equal(fake_http_count(), 3);
	client_done(c);
}

/* Transmission's login is HTTP's Basic one: a proxy's credentials take its place. */
static void credentials_are_basic_and_a_refusal_is_remembered(void **state)
{
	static const struct {
		struct who who;
		const char *user, *password, *says;
	} rows[] = {
		{{"bob", "pw", NULL}, "bob", "pw", "does not accept Username"},
		{{"bob", NULL, NULL}, "bob", "", "does not accept Username"},
		{{"bob", "pw", "carol"}, "carol", "p2", "does not accept ProxyUsername"},
		{{NULL, NULL, "carol"}, "carol", "p2", "does not accept ProxyUsername"},
		{{NULL, "pw", NULL}, NULL, NULL, "set Username and PasswordFile"},
		{{"", "pw", ""}, NULL, NULL, "set Username and PasswordFile"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(rows[i].who);
		struct err err, again;
		FAKE_HTTP({.status = 401});
		assert_false(is_ready(c, &err));
		assert_basic(0, rows[i].user, rows[i].password);
		assert_non_null(strstr(err.msg, rows[i].says));
		assert_int_equal(err.kind, ERR_TARGET);
		assert_true(c->refused);
		assert_false(is_ready(c, &again));
		assert_string_equal(again.msg, err.msg);
		client_done(c);
	}
}

static void each_status_has_its_meaning(void **state)
{
	static const struct {
		struct fake_answer answer;
		enum err_kind kind;
		bool refused;
		const char *says;
	} rows[] = {
		{{.status = 403, .body = LOCKED}, ERR_TARGET, true, "too many failed logins"},
		{{.status = 403, .body = "<h1>403"}, ERR_TARGET, false, "rpc-whitelist"},
		{{.status = 200, .body = "too many unsuccessful"},
		 ERR_RETRY,
		 false,
		 "no valid JSON"},
		{{.status = 421}, ERR_TARGET, false, "rpc-host-whitelist"},
		{{.status = 404}, ERR_TARGET, false, "should end in /transmission/rpc"},
		{{.status = 200, .body = "<html>"}, ERR_TARGET, false, "an HTML page came"},
		{{.status = 200, .body = OK("{}")}, ERR_RETRY, false, "its download folder"},
		{{.status = 200, .body = "{\"result\":\"no\"}"}, ERR_RETRY, false, "\"no\""},
		{{.fails = WORD_NETWORK, .trouble = HTTP_NO_NAME}, ERR_RETRY, false, "no answer"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct err err;
		fake_http_script(&rows[i].answer, 1);
		assert_false(is_ready(c, &err));
		if (err.kind != rows[i].kind || !strstr(err.msg, rows[i].says))
			fail_msg("%s", err.msg);
		assert_int_equal(c->refused, rows[i].refused);
		assert_int_equal(c->trouble, rows[i].answer.trouble);
		assert_true(text_starts(err.msg, "box: "));
		client_done(c);
	}
}

/* ---- delivery ---- */

static void what_is_not_there_is_added(void **state)
{
	const struct {
		struct placement placement;
		const char *body;
	} rows[] = {
		{{.category = NULL}, "\"metainfo\":\"ZABl\"}}"},
		{{.category = (char[]){" c "}, .tags = (char[]){"a, b,c,"}, .paused = true},
		 "\"metainfo\":\"ZABl\",\"labels\":[\"c\",\"a\",\"b\"],\"paused\":true}}"},
		{{.save_path = (char[]){"/data"}},
		 "\"metainfo\":\"ZABl\",\"download-dir\":\"/data\"}}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct parcel *p = parcel(V1, "");
		struct err err;
		p->placement = rows[i].placement;
		FAKE_HTTP(NOT_FOUND, ADDED, FOUND("[\"c\"]"));
		assert_int_equal(delivered(c, p, false, &err), ERR_NONE);
		assert_string_equal(fake_http_asked(0)->body,
				    "{\"method\":\"torrent-get\",\"arguments\":{\"ids\":[\"" V1
				    "\"],\"fields\":[\"hashString\",\"labels\"]}}");
		OWN_STR char *body =
			mem_printf("{\"method\":\"torrent-add\",\"arguments\":{%s", rows[i].body);
		assert_string_equal(fake_http_asked(1)->body, body);
		client_done(c);
	}
}

static void labels_are_set_where_adding_did_not_and_none_are_there(void **state)
{
	static const struct {
		bool is_there, resumed, labels, sets;
		const char *theirs;
	} rows[] = {
		{false, false, true, true, "[]"},     {false, false, true, false, "[\"x\"]"},
		{false, false, true, false, "null"},  {false, false, false, false, "[]"},
		{true, false, true, false, "[]"},     {true, true, true, true, "[]"},
		{true, true, true, false, "[\"x\"]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct parcel *p = parcel(V1, "");
		struct fake_answer all[4], *to = all;
		OWN_STR char *found =
			mem_printf(OK("{\"torrents\":[{\"hashString\":\"" V1 "\",\"labels\":%s}]}"),
				   rows[i].theirs);
		struct err err;
		p->placement.category = rows[i].labels ? (char[]){"c"} : NULL;
		if (!rows[i].is_there) {
			*to++ = (struct fake_answer)NOT_FOUND;
			*to++ = (struct fake_answer)ADDED;
		}
		*to++ = (struct fake_answer){.status = 200, .body = found};
		if (rows[i].sets)
			*to++ = (struct fake_answer)LABELLED;
		fake_http_script(all, (size_t)(to - all));
		assert_int_equal(delivered(c, p, rows[i].resumed, &err), ERR_NONE);
		client_done(c);
	}
}

static void a_refusal_of_labels_is_an_error(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct parcel *p = parcel(V1, "");
	struct err err;

	p->placement.category = (char[]){"c"};
	FAKE_HTTP(FOUND("[]"), {.asked = "{\"ids\":[\"" V1 "\"],\"labels\":[\"c\"]}",
				.status = 200,
				.body = "{\"result\":\"no\"}"});
	assert_int_equal(delivered(c, p, true, &err), ERR_RETRY);
	client_done(c);
}

static void an_answer_to_a_torrent_is_judged(void **state)
{
	static const struct {
		const char *result, *v2, *says;
		enum err_kind kind;
	} rows[] = {
		{"invalid or corrupt torrent file", "", "does not take this torrent", ERR_ITEM},
		{"unrecognized info", V2, "Transmission 3 takes no hybrid", ERR_ITEM},
		{"download directory path is not absolute", "", "Category, Tags", ERR_TARGET},
		{"labels cannot contain comma", V2, "Category, Tags", ERR_TARGET},
		{"disk full", V2, "it has not added the torrent", ERR_RETRY},
		{"success", "", "it does not say that it has added", ERR_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		OWN_STR char *body = mem_printf("{\"result\":\"%s\"}", rows[i].result);
		struct err err;
		FAKE_HTTP(NOT_FOUND, {.status = 200, .body = body});
		assert_int_equal(delivered(c, parcel(V1, rows[i].v2), false, &err), rows[i].kind);
		if (!strstr(err.msg, rows[i].says) || strstr(err.msg, "v2 torrents"))
			fail_msg("%s", err.msg);
		client_done(c);
	}
	struct client *c = opened(nobody);
	struct err err;
	FAKE_HTTP({.asked = "\"fedcba9876543210fedcba9876543210fedcba98\"",
		   .status = 200,
		   .body = OK("{\"torrents\":[]}")},
		  {.status = 200, .body = "{\"result\":\"corrupt\"}"});
	assert_int_equal(delivered(c, parcel("", V2), false, &err), ERR_ITEM);
	assert_non_null(strstr(err.msg, "Transmission takes no v2 torrents"));
	client_done(c);
}

static void a_duplicate_is_success(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct err err;

	FAKE_HTTP(NOT_FOUND, {.status = 200, .body = OK("{\"torrent-duplicate\":{}}")},
		  FOUND("[\"x\"]"));
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
	client_done(c);
}

static void a_category_with_a_comma_is_refused_before_any_call(void **state)
{
	static const char *const bad[] = {"a,b", ",", "\xff"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct client *c = opened(nobody);
		OWN_STR char *category = mem_dup(bad[i]);
		struct parcel *p = parcel(V1, "");
		struct client_space space;
		struct err err;
		fake_http_script(NULL, 0);
		p->placement.category = category;
		assert_int_equal(delivered(c, p, false, &err), ERR_TARGET);
		assert_false(c->ops->space(c, &p->placement, &space, &err));
		client_done(c);
	}
}

static void an_error_on_the_way_ends_the_delivery(void **state)
{
	static const struct fake_answer answers[][3] = {
		{{.status = 500}},
		{{.status = 200, .body = OK("{}")}},
		{NOT_FOUND, {.status = 500}},
		{NOT_FOUND, ADDED, {.status = 500}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct client *c = opened(nobody);
		struct err err;
		size_t n = 0;
		while (n < 3 && answers[i][n].status)
			n++;
		fake_http_script(answers[i], n);
		assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_RETRY);
		client_done(c);
	}
}

/* ---- looking ---- */

static void a_list_is_all_torrents_of_a_label(void **state)
{
	static const char answer[] =
		OK("{\"torrents\":[{\"hashString\":\"" V1 "\",\"labels\":[\"c\"]},"
		   "{\"hashString\":\"" OTHER_V1 "\",\"labels\":[]}]}");
	static const struct {
		const char *category;
		size_t n;
	} rows[] = {{NULL, 2}, {"c", 1}, {" c ", 1}, {"d", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		struct err err;
		FAKE_HTTP({.asked = "{\"method\":\"torrent-get\",\"arguments\":{\"fields\":",
			   .status = 200,
			   .body = answer});
		MUST(c->ops->list(c, rows[i].category, &all, &err));
		assert_int_equal(all.n, rows[i].n);
		assert_int_equal(fake_http_asked(0)->request.max_body, CLIENT_LIST_MAX_BYTES);
		assert_int_equal(fake_http_asked(0)->body_len, strlen(fake_http_asked(0)->body));
		client_done(c);
	}
	struct client *c = opened(nobody);
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err;
	FAKE_HTTP({.status = 200, .body = OK("{}")}, {.status = 500});
	for (int i = 0; i < 2; i++) {
		assert_false(c->ops->list(c, NULL, &all, &err));
		assert_true(text_starts(err.msg, "box: "));
	}
	client_done(c);
}

#define SPACE(path, size)                                                                        \
	{                                                                                        \
		.asked = "\"path\":\"" path "\"", .status = 200,                                 \
		.body = OK("{\"path\":\"" path "\",\"size-bytes\":" #size ",\"total_size\":99}") \
	}

static void space_is_that_of_the_first_folder_above_that_is_there(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct placement p = {.save_path = (char[]){"/a/b"}};
	struct client_space space;
	struct err err;

	FAKE_HTTP(SPACE("/a/b", -1), SPACE("/a", -1), SPACE("/", 17));
	MUST(c->ops->space(c, &p, &space, &err));
	assert_int_equal(space.free, 17);
	assert_int_equal(space.total, 99);
	client_done(c);
	c = opened(nobody);
	FAKE_HTTP(SPACE("/a/b", -1), SPACE("/a", -1), SPACE("/", -1));
	assert_false(c->ops->space(c, &p, &space, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_non_null(strstr(err.msg, "the save path is not there"));
	client_done(c);
}

static void no_more_than_32_folders_are_asked_for(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct fake_answer all[CLIENT_FOLDERS_MAX];
	OWN_STR char *path = mem_alloc(200);
	struct client_space space;
	struct err err;

	for (int i = 0; i < 40; i++)
		strcat(path, "/a");
	for (size_t i = 0; i < COUNT(all); i++)
		all[i] = (struct fake_answer){
			.asked = "/a", .status = 200, .body = OK("{\"size-bytes\":-1}")};
	const struct placement p = {.save_path = path};
	fake_http_script(all, COUNT(all));
	assert_false(c->ops->space(c, &p, &space, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	client_done(c);
}

static void space_without_a_save_path_is_that_of_the_download_folder(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct placement p = {.paused = false};
	struct client_space space;
	struct err err;

	FAKE_HTTP(SESSION, SPACE("/d", 5), {.status = 500}, SESSION, {.status = 500});
	MUST(c->ops->space(c, &p, &space, &err));
	assert_int_equal(space.free, 5);
	for (int i = 0; i < 2; i++)
		assert_false(c->ops->space(c, &p, &space, &err));
	client_done(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_session_id_is_taken_from_a_409_and_kept),
		cmocka_unit_test(a_409_that_stays_is_not_asked_a_third_time),
		cmocka_unit_test(credentials_are_basic_and_a_refusal_is_remembered),
		cmocka_unit_test(each_status_has_its_meaning),
		cmocka_unit_test(what_is_not_there_is_added),
		cmocka_unit_test(labels_are_set_where_adding_did_not_and_none_are_there),
		cmocka_unit_test(a_refusal_of_labels_is_an_error),
		cmocka_unit_test(an_answer_to_a_torrent_is_judged),
		cmocka_unit_test(a_duplicate_is_success),
		cmocka_unit_test(a_category_with_a_comma_is_refused_before_any_call),
		cmocka_unit_test(an_error_on_the_way_ends_the_delivery),
		cmocka_unit_test(a_list_is_all_torrents_of_a_label),
		cmocka_unit_test(space_is_that_of_the_first_folder_above_that_is_there),
		cmocka_unit_test(no_more_than_32_folders_are_asked_for),
		cmocka_unit_test(space_without_a_save_path_is_that_of_the_download_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
