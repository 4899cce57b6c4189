#include "ports/client_rtorrent.h"

#include "ports/client_common.h"

#include "client_calls.h"

#define XML(params)                                                     \
	"<?xml version=\"1.0\"?><methodResponse><params><param>" params \
	"</param></params></methodResponse>"
#define TEXT(text) "<value><string>" text "</string></value>"
#define NUMBER(n) "<value><i8>" #n "</i8></value>"
#define ARRAY(items) "<value><array><data>" items "</data></array></value>"
#define FAULT_STRUCT(code, text)                                                      \
	"<value><struct><member><name>faultCode</name><value><int>" #code             \
	"</int></value></member><member><name>faultString</name><value><string>" text \
	"</string></value></member></struct></value>"
#define SAYS(method, value)                                                                       \
	{                                                                                         \
		.asked = "<methodName>" method "</methodName>", .status = 200, .body = XML(value) \
	}
#define FAULT(method, code, text)                                                                \
	{                                                                                        \
		.asked = "<methodName>" method "</methodName>", .status = 200,                   \
		.body = "<methodResponse><fault>" FAULT_STRUCT(code,                             \
							       text) "</fault></methodResponse>" \
	}

#define ABSENT FAULT("d.custom", -501, "invalid parameters: info-hash not found")
#define HALF SAYS("d.custom", TEXT(RTORRENT_ADDING))
#define THERE SAYS("d.custom", TEXT(RTORRENT_DELIVERED))
#define LIMIT(n) SAYS("network.xmlrpc.size_limit", NUMBER(n))
#define LOADED SAYS("load.raw", NUMBER(0))
#define STATE(n) SAYS("d.state", NUMBER(n))
#define STEPS(items) SAYS("system.multicall", ARRAY(items))
#define DONE ARRAY(NUMBER(0))
#define SAVED SAYS("d.save_full_session", NUMBER(0))
#define VERSION(text) SAYS("system.client_version", TEXT(text))

static const struct who nobody;

static struct client *opened(struct who who)
{
	return client_opened(client_rtorrent_open, "https://box.test/RPC2", who);
}

static bool is_ready(struct client *c, struct err *err)
{
	*err = (struct err){.kind = ERR_NONE};
	bool ok = c->ops->ready(c, err);
	assert_int_equal(ok, err->code == WORD_NONE);
	return ok;
}

/* ---- calls ---- */

static void a_call_is_a_post_of_xml_with_basic_credentials(void **state)
{
	static const struct {
		struct who who;
		const char *user, *password;
	} rows[] = {{{"bob", "pw", NULL}, "bob", "pw"},
		    {{"bob", "pw", "carol"}, "carol", "p2"},
		    {{NULL, "pw", NULL}, NULL, NULL}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(rows[i].who);
		struct err err;
		FAKE_HTTP(VERSION("0.9.8"), {.status = 401});
		MUST(is_ready(c, &err));
		const struct fake_asked *a = fake_http_asked(0);
		assert_string_equal(a->url, "https://box.test/RPC2");
		assert_string_equal(a->method, "POST");
		assert_true(fake_http_has_header(0, "Content-Type: text/xml"));
		assert_int_equal(a->request.max_body, CLIENT_ANSWER_MAX_BYTES);
		assert_basic(0, rows[i].user, rows[i].password);
		for (int again = 0; again < 2; again++) {
			assert_false(is_ready(c, &err));
			assert_true(c->refused);
		}
		client_done(c);
	}
}

static void each_answer_has_its_meaning(void **state)
{
	static const struct {
		struct fake_answer answer;
		enum err_kind kind;
		const char *says;
	} rows[] = {
		{{.status = 404}, ERR_TARGET, "often .../RPC2"},
		{{.status = 502}, ERR_RETRY, "is it running?"},
		{{.status = 200, .body = "<html>"}, ERR_TARGET, "an HTML page came"},
		{{.status = 200, .body = ""}, ERR_RETRY, "box: "},
		{{.status = 200, .body = "{}"}, ERR_RETRY, "box: "},
		{FAULT("system.client_version", -503, "no http://t.test/key"), ERR_RETRY,
		 "rTorrent says \"no <hidden>\" (-503)"},
		{{.fails = WORD_NETWORK}, ERR_RETRY, "no answer"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct err err;
		fake_http_script(&rows[i].answer, 1);
		assert_false(is_ready(c, &err));
		if (err.kind != rows[i].kind || !strstr(err.msg, rows[i].says))
			fail_msg("%s", err.msg);
		assert_true(text_starts(err.msg, "box: "));
		client_done(c);
	}
}

static void an_address_that_cannot_be_used_is_refused(void **state)
{
	static const char *const bad[] = {"scgi://", "scgi://host", NULL, "https://"};
	static const char *const good[] = {"scgi://host:5000", "HTTP://host/RPC2"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct client_options o = {.name = "box", .url = bad[i], .timeout_ms = 1};
		struct err err;
		assert_null(client_rtorrent_open(&o, &err));
		assert_int_equal(err.kind, ERR_TARGET);
		assert_true(text_starts(err.msg, "box: "));
	}
	for (size_t i = 0; i < COUNT(good); i++)
		client_close(client_opened(client_rtorrent_open, good[i], nobody));
}

/* ---- delivery ---- */

static void a_torrent_is_loaded_stopped_placed_and_started(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct parcel *p = parcel(V1, V2);
	struct err err;

	p->placement =
		(struct placement){.category = (char[]){"a b"}, .save_path = (char[]){"/data"}};
	FAKE_HTTP(ABSENT, LIMIT(524288), LOADED, HALF, STATE(0), SAYS("execute.nothrow", NUMBER(0)),
		  STEPS(DONE DONE), STEPS(DONE), STEPS(DONE), SAVED);
	assert_int_equal(delivered(c, p, false, &err), ERR_NONE);
	assert_non_null(strstr(fake_http_asked(0)->body, V1));
	assert_non_null(strstr(fake_http_asked(2)->body, "<base64>ZABl</base64>"));
	assert_non_null(strstr(fake_http_asked(2)->body,
			       "d.custom.set=" RTORRENT_MARK "," RTORRENT_ADDING));
	assert_non_null(strstr(fake_http_asked(5)->body, "/data"));
	assert_non_null(strstr(fake_http_asked(6)->body, "d.custom1.set"));
	assert_non_null(strstr(fake_http_asked(6)->body, "a%20b"));
	assert_non_null(strstr(fake_http_asked(6)->body, "d.directory.set"));
	assert_non_null(strstr(fake_http_asked(7)->body, "d.start"));
	assert_non_null(strstr(fake_http_asked(8)->body, RTORRENT_DELIVERED));
	client_done(c);
}

static void a_paused_torrent_is_not_started_and_a_started_one_not_placed(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct parcel *p = parcel(V1, "");
	struct err err;

	p->placement = (struct placement){.category = (char[]){"c"}, .paused = true};
	FAKE_HTTP(HALF, STATE(0), STEPS(DONE), STEPS(DONE), SAVED);
	assert_int_equal(delivered(c, p, false, &err), ERR_NONE);
	assert_non_null(strstr(fake_http_asked(2)->body, "d.custom1.set"));
	assert_null(strstr(fake_http_asked(2)->body, "d.directory.set"));
	assert_non_null(strstr(fake_http_asked(3)->body, RTORRENT_DELIVERED));
	client_done(c);
	c = opened(nobody);
	p->placement.paused = false;
	FAKE_HTTP(HALF, STATE(1), STEPS(DONE), SAVED);
	assert_int_equal(delivered(c, p, false, &err), ERR_NONE);
	client_done(c);
	c = opened(nobody);
	p->placement = (struct placement){.paused = false};
	FAKE_HTTP(HALF, STATE(0), STEPS(DONE), STEPS(DONE), SAVED);
	assert_int_equal(delivered(c, p, false, &err), ERR_NONE);
	assert_non_null(strstr(fake_http_asked(2)->body, "d.start"));
	client_done(c);
}

static void what_is_there_is_left_alone(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct err err;

	FAKE_HTTP(THERE, SAYS("d.custom", TEXT("")));
	assert_int_equal(delivered(c, parcel(V1, ""), true, &err), ERR_NONE);
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
	client_done(c);
}

static void what_it_does_not_take_is_refused(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct parcel *p = parcel("", V2);
	struct err err;

	fake_http_script(NULL, 0);
	assert_int_equal(delivered(c, p, false, &err), ERR_ITEM);
	assert_non_null(strstr(err.msg, "BitTorrent v2 only"));
	p = parcel(V1, "");
	p->placement.category = (char[]){"\xff"};
	assert_int_equal(delivered(c, p, false, &err), ERR_TARGET);
	FAKE_HTTP(ABSENT, LIMIT(524288), LOADED, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT,
		  ABSENT);
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_ITEM);
	assert_non_null(strstr(err.msg, "seems to think it broken"));
	FAKE_HTTP(ABSENT, LIMIT(524288), FAULT("load.raw", -509, "Content is too large"));
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_ITEM);
	FAKE_HTTP(ABSENT, LIMIT(524288), FAULT("load.raw", -503, "no"));
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_RETRY);
	client_done(c);
}

/* A request is 300 bytes and four thirds of the torrent. */
static void a_limit_is_raised_for_a_large_torrent_and_set_back(void **state)
{
	static const struct {
		size_t bytes;
		const char *version;
		enum err_kind kind;
	} rows[] = {
		{400000, NULL, ERR_NONE},
		{1600000, "0.9.8", ERR_ITEM},
		{1600000, "0.10.0", ERR_NONE},
		{13000000, "0.16.1", ERR_ITEM},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		OWN_STR char *bytes = mem_alloc(rows[i].bytes);
		OWN_STR char *version =
			mem_printf(XML(TEXT("%s")), rows[i].version ? rows[i].version : "");
		struct parcel *p = parcel(V1, "");
		struct fake_answer all[10], *to = all;
		struct err err;
		p->bytes = (struct buf){.data = bytes, .len = rows[i].bytes};
		*to++ = (struct fake_answer)ABSENT;
		if (rows[i].version)
			*to++ = (struct fake_answer){
				.asked = "system.client_version", .status = 200, .body = version};
		if (!rows[i].kind) {
			*to++ = (struct fake_answer)LIMIT(524288);
			*to++ = (struct fake_answer)SAYS("network.xmlrpc.size_limit.set",
							 NUMBER(0));
			*to++ = (struct fake_answer)LOADED;
			*to++ = (struct fake_answer)SAYS("network.xmlrpc.size_limit.set",
							 NUMBER(0));
			*to++ = (struct fake_answer)THERE;
		}
		fake_http_script(all, (size_t)(to - all));
		assert_int_equal(delivered(c, p, false, &err), rows[i].kind);
		if (!rows[i].kind) {
			size_t n = fake_http_count();
			OWN_STR char *raised = mem_printf("%zu<", fake_http_asked(n - 3)->body_len);
			assert_non_null(strstr(fake_http_asked(n - 4)->body, raised));
			assert_non_null(strstr(fake_http_asked(n - 2)->body, "524288<"));
		}
		client_done(c);
	}
}

static void a_limit_that_is_not_in_the_way_stays(void **state)
{
	static const struct fake_answer limits[] = {
		LIMIT(0), LIMIT(-1), LIMIT(500000),
		FAULT("network.xmlrpc.size_limit", -506, "not defined")};

	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct client *c = opened(nobody);
		struct err err;
		FAKE_HTTP(ABSENT, limits[i], LOADED, THERE);
		assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
		client_done(c);
	}
	struct client *c = opened(nobody);
	struct err err;
	FAKE_HTTP(ABSENT, LIMIT(100), FAULT("network.xmlrpc.size_limit.set", -503, "no"), ABSENT,
		  LIMIT(100), {.status = 403});
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_ITEM);
	assert_non_null(strstr(err.msg, "takes 100 "));
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_TARGET);
	client_done(c);
}

static void a_limit_just_as_large_as_the_request_is_enough(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	struct err err;

	FAKE_HTTP(ABSENT, LIMIT(0), LOADED, THERE);
	assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
	size_t len = fake_http_asked(2)->body_len;
	OWN_STR char *same = mem_printf(XML("<value><i8>%zu</i8></value>"), len);
	OWN_STR char *less = mem_printf(XML("<value><i8>%zu</i8></value>"), len - 1);
	FAKE_HTTP(ABSENT, {.status = 200, .body = same}, LOADED, THERE, ABSENT,
		  {.status = 200, .body = less}, SAYS("network.xmlrpc.size_limit.set", NUMBER(0)),
		  LOADED, SAYS("network.xmlrpc.size_limit.set", NUMBER(0)), THERE);
	for (int i = 0; i < 2; i++)
		assert_int_equal(delivered(c, parcel(V1, ""), false, &err), ERR_NONE);
	client_done(c);
}

static void an_error_on_the_way_ends_the_delivery(void **state)
{
	static const struct {
		size_t n;
		struct fake_answer answers[7];
	} rows[] = {
		{1, {{.status = 500}}},
		{1, {FAULT("d.custom", -503, "no")}},
		{2, {HALF, {.status = 500}}},
		{2, {HALF, FAULT("d.state", -503, "no")}},
		{3, {HALF, STATE(0), {.status = 500}}},
		{4, {HALF, STATE(0), SAYS("execute.nothrow", NUMBER(0)), {.status = 500}}},
		{4,
		 {HALF, STATE(0), SAYS("execute.nothrow", NUMBER(0)),
		  STEPS(DONE FAULT_STRUCT(-503, "no"))}},
		{5,
		 {HALF, STATE(0), SAYS("execute.nothrow", NUMBER(0)), STEPS(DONE DONE), STEPS("")}},
		{6,
		 {HALF, STATE(0), SAYS("execute.nothrow", NUMBER(0)), STEPS(DONE DONE), STEPS(DONE),
		  STEPS(FAULT_STRUCT(-503, "no"))}},
		{7,
		 {HALF,
		  STATE(0),
		  SAYS("execute.nothrow", NUMBER(0)),
		  STEPS(DONE DONE),
		  STEPS(DONE),
		  STEPS(DONE),
		  {.status = 500}}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		struct parcel *p = parcel(V1, "");
		struct err err;
		p->placement =
			(struct placement){.category = (char[]){"c"}, .save_path = (char[]){"/d"}};
		fake_http_script(rows[i].answers, rows[i].n);
		assert_int_equal(delivered(c, p, false, &err), ERR_RETRY);
		client_done(c);
	}
}

/* ---- looking ---- */

#define ROW(hash, label)                                                                       \
	ARRAY(TEXT(hash) TEXT("n") NUMBER(1) NUMBER(1) NUMBER(1) NUMBER(0) NUMBER(0) NUMBER(5) \
		      NUMBER(5) TEXT(label) TEXT("") TEXT("/d") NUMBER(0))

static void a_list_is_filtered_here(void **state)
{
	static const struct {
		const char *category;
		size_t n;
	} rows[] = {{NULL, 2}, {"a b", 1}, {"x", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client *c = opened(nobody);
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		struct err err;
		FAKE_HTTP(SAYS("d.multicall2", ARRAY(ROW(V1, "a%20b") ROW(OTHER_V1, "c"))));
		MUST(c->ops->list(c, rows[i].category, &all, &err));
		assert_int_equal(all.n, rows[i].n);
		assert_int_equal(fake_http_asked(0)->request.max_body, CLIENT_LIST_MAX_BYTES);
		client_done(c);
	}
}

static void new_versions_have_another_name_for_the_list(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err;

	FAKE_HTTP(FAULT("d.multicall2", -506, "Method 'd.multicall2' not defined"),
		  SAYS("d.multicall", ARRAY(ROW(V1, ""))));
	MUST(c->ops->list(c, NULL, &all, &err));
	assert_int_equal(all.n, 1);
	FAKE_HTTP(FAULT("d.multicall2", -503, "no"));
	assert_false(c->ops->list(c, NULL, &all, &err));
	FAKE_HTTP(FAULT("d.multicall2", -506, "not defined"),
		  FAULT("d.multicall", -506, "not defined"));
	assert_false(c->ops->list(c, NULL, &all, &err));
	FAKE_HTTP(SAYS("d.multicall2", TEXT("")), {.status = 500});
	for (int i = 0; i < 2; i++) {
		assert_false(c->ops->list(c, NULL, &all, &err));
		assert_true(text_starts(err.msg, "box: "));
	}
	assert_int_equal(all.n, 1);
	client_done(c);
}

#define DF                                                                          \
	"Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a 100 90 " \
	"10 90% /\n"

static void space_is_what_df_says_there(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	const struct placement p = {.save_path = (char[]){"/a/b"}}, none = {.paused = false};
	struct client_space space;
	struct err err;

	FAKE_HTTP(SAYS("execute.capture_nothrow", TEXT(DF)));
	MUST(c->ops->space(c, &p, &space, &err));
	assert_int_equal(space.free, 10240);
	assert_non_null(strstr(fake_http_asked(0)->body, ">-Pk<"));
	assert_non_null(strstr(fake_http_asked(0)->body, ">/a/b<"));
	assert_non_null(strstr(fake_http_asked(0)->body, ">/a<"));
	assert_non_null(strstr(fake_http_asked(0)->body, ">/<"));
	FAKE_HTTP(SAYS("directory.default", TEXT("/d")), SAYS("execute.capture_nothrow", TEXT(DF)),
		  SAYS("directory.default", TEXT("")), SAYS("execute.capture_nothrow", TEXT(DF)),
		  FAULT("directory.default", -503, "no"), {.status = 500});
	MUST(c->ops->space(c, &none, &space, &err));
	assert_non_null(strstr(fake_http_asked(1)->body, ">/d<"));
	MUST(c->ops->space(c, NULL, &space, &err));
	assert_non_null(strstr(fake_http_asked(3)->body, ">.<"));
	for (int i = 0; i < 2; i++)
		assert_false(c->ops->space(c, &none, &space, &err));
	client_done(c);
}

static void no_more_than_32_folders_are_asked_for(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	OWN_STR char *path = mem_alloc(200);
	struct client_space space;
	unsigned n = 0;
	struct err err;

	for (int i = 0; i < 40; i++)
		strcat(path, "/a");
	const struct placement p = {.save_path = path};
	FAKE_HTTP(SAYS("execute.capture_nothrow", TEXT(DF)));
	MUST(c->ops->space(c, &p, &space, &err));
	for (const char *at = fake_http_asked(0)->body; (at = strstr(at, ">/a")); at++)
		n++;
	assert_int_equal(n, CLIENT_FOLDERS_MAX);
	client_done(c);
}

#define OPEN(path, n) ARRAY(TEXT(path) NUMBER(n))

static void where_df_may_not_run_an_open_torrent_says_the_space(void **state)
{
	(void)state;
	struct client *c = opened(nobody);
	const struct placement p = {.save_path = (char[]){"/a"}};
	struct client_space space;
	struct err err;

	const struct placement root = {.save_path = (char[]){"/"}};
	FAKE_HTTP(SAYS("execute.capture_nothrow", TEXT("")),
		  SAYS("d.multicall2", ARRAY(ARRAY(TEXT("/a")) OPEN("/a", 0) OPEN("/b", 9))));
	MUST(c->ops->space(c, &root, &space, &err));
	assert_int_equal(space.free, 9);
	FAKE_HTTP(SAYS("execute.capture_nothrow", TEXT("")),
		  SAYS("d.multicall2", ARRAY(OPEN("/ab", 3) OPEN("/a/x", 7))),
		  FAULT("execute.capture_nothrow", -503, "no"),
		  SAYS("d.multicall2", ARRAY(OPEN("/b", 3))),
		  SAYS("execute.capture_nothrow", TEXT("")), {.status = 500});
	MUST(c->ops->space(c, &p, &space, &err));
	assert_int_equal(space.free, 7);
	assert_false(c->ops->space(c, &p, &space, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	assert_non_null(strstr(err.msg, "df cannot be run there"));
	assert_false(c->ops->space(c, &p, &space, &err));
	client_done(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_a_post_of_xml_with_basic_credentials),
		cmocka_unit_test(each_answer_has_its_meaning),
		cmocka_unit_test(an_address_that_cannot_be_used_is_refused),
		cmocka_unit_test(a_torrent_is_loaded_stopped_placed_and_started),
		cmocka_unit_test(a_paused_torrent_is_not_started_and_a_started_one_not_placed),
		cmocka_unit_test(what_is_there_is_left_alone),
		cmocka_unit_test(what_it_does_not_take_is_refused),
		cmocka_unit_test(a_limit_is_raised_for_a_large_torrent_and_set_back),
		cmocka_unit_test(a_limit_that_is_not_in_the_way_stays),
		cmocka_unit_test(a_limit_just_as_large_as_the_request_is_enough),
		cmocka_unit_test(an_error_on_the_way_ends_the_delivery),
		cmocka_unit_test(a_list_is_filtered_here),
		cmocka_unit_test(new_versions_have_another_name_for_the_list),
		cmocka_unit_test(space_is_what_df_says_there),
		cmocka_unit_test(no_more_than_32_folders_are_asked_for),
		cmocka_unit_test(where_df_may_not_run_an_open_torrent_says_the_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
