/* The readers of rTorrent's answers (client notes, section 3). */
#include "unit.h"

#include "base/mem.h"
#include "ports/client_rtorrent.h"

#define ANSWER(value)                                                                    \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<methodResponse>\r\n<params>\r\n" \
	"<param>" value "</param>\r\n</params>\r\n</methodResponse>\r\n"
#define FAULT(code, text)                                                                      \
	"<methodResponse><fault><value><struct><member><name>faultCode</name><value><i4>" code \
	"</i4></value></member><member><name>faultString</name><value><string>" text           \
	"</string></value></member></struct></value></fault></methodResponse>"
#define LIST(rows) ANSWER("<value><array><data>" rows "</data></array></value>")
#define T(text) "<value><string>" text "</string></value>"
#define N(number) "<value><i8>" number "</i8></value>"
#define ROW(rest) "<value><array><data>" T(HASH) rest "</data></array></value>"
#define HASH "582323B5953D7F9488CDAD8BB5153E5A59EC5754"
#define PLACE(label, message) T(label) T(message) T("/d") N("0")

static void parse(const char *text, struct xmlrpc *x)
{
	OWN_STR char *copy = mem_dup(text);
	struct err err;

	MUST(xmlrpc_read(copy, strlen(copy), 100000, x, &err));
}

static enum rtorrent_presence presence_in(const char *answer)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	enum rtorrent_presence presence;
	struct err err;

	parse(answer, &x);
	MUST(rtorrent_read_presence(&x, &presence, &err));
	return presence;
}

static void the_mark_tells_a_half_added_torrent_from_the_users(void **state)
{
	(void)state;
	assert_int_equal(presence_in(ANSWER(T("adding"))), RTORRENT_HALF_ADDED);
	assert_int_equal(presence_in(ANSWER(T("delivered"))), RTORRENT_PRESENT);
	assert_int_equal(presence_in(ANSWER(T(""))), RTORRENT_PRESENT);
	assert_int_equal(presence_in(ANSWER(N("0"))), RTORRENT_PRESENT);
	assert_int_equal(presence_in(FAULT("-501", "Could not find info-hash.")), RTORRENT_ABSENT);
	assert_int_equal(presence_in(FAULT("-503", "invalid parameters: info-hash not found")),
			 RTORRENT_ABSENT);
}

static void any_other_fault_is_an_error_without_addresses(void **state)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	enum rtorrent_presence presence = RTORRENT_PRESENT;
	struct err err = {0};

	(void)state;
	parse(FAULT("-507", "not trusted: http://t.example/secret/announce \x1B[1m"), &x);
	assert_false(rtorrent_read_presence(&x, &presence, &err));
	assert_int_equal(err.kind, ERR_RETRY);
	assert_int_equal(err.code, WORD_CLIENT);
	assert_string_equal(err.msg, "rTorrent says \"not trusted: <hidden> ?[1m\" (-507)");
}

static bool steps(const char *answer, size_t n, struct err *err)
{
	OWN_XMLRPC struct xmlrpc x = {0};

	parse(answer, &x);
	return rtorrent_read_steps(&x, n, err);
}

#define DONE "<value><array><data><value><i4>0</i4></value></data></array></value>"
#define BROKEN                                                                               \
	"<value><struct><member><name>faultCode</name><value><i4>-503</i4></value></member>" \
	"<member><name>faultString</name><value>no</value></member></struct></value>"

static void each_step_has_to_succeed(void **state)
{
	struct err err = {0};

	(void)state;
	MUST(steps(LIST(DONE DONE), 2, &err));
	assert_false(steps(LIST(DONE BROKEN), 2, &err));
	assert_string_equal(err.msg, "rTorrent says \"no\" (-503)");
	assert_false(steps(LIST(DONE), 2, &err));
	assert_false(steps(LIST(T("x")), 1, &err));
	assert_false(steps(ANSWER(N("0")), 1, &err));
	assert_false(steps(FAULT("-506", "x"), 1, &err));
}

static enum client_state state_in(const char *answer)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err;

	parse(answer, &x);
	MUST(rtorrent_read_list(&x, NULL, &all, &err));
	assert_int_equal(all.n, 1);
	return all.list[0].state;
}

/* In order: state, active, complete, hashing, rate; then done and size. */
#define STATE_OF(s, a, c, h, r, message) \
	state_in(LIST(ROW(T("n") N(s) N(a) N(c) N(h) N(r) N("1") N("2") PLACE("", message))))

static void states_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(STATE_OF("1", "1", "1", "0", "0", ""), CLIENT_SEEDING);
	assert_int_equal(STATE_OF("1", "1", "0", "0", "9", ""), CLIENT_DOWNLOADING);
	assert_int_equal(STATE_OF("1", "1", "0", "0", "0", ""), CLIENT_STALLED);
	assert_int_equal(STATE_OF("0", "0", "1", "0", "0", ""), CLIENT_PAUSED);
	assert_int_equal(STATE_OF("1", "0", "0", "0", "0", ""), CLIENT_PAUSED);
	assert_int_equal(STATE_OF("1", "0", "0", "1", "0", ""), CLIENT_CHECKING);
	assert_int_equal(STATE_OF("1", "1", "1", "0", "0", "Tracker: [Timed out]"), CLIENT_SEEDING);
	assert_int_equal(
		STATE_OF("1", "1", "1", "0", "0", "Tracker: [Failure reason \"unregistered\"]"),
		CLIENT_ERROR);
	assert_int_equal(STATE_OF("0", "0", "0", "0", "0", "Storage error: [x]"), CLIENT_ERROR);
	assert_int_equal(STATE_OF("-1", "-1", "-1", "-1", "-1", ""), CLIENT_PAUSED);
}

static void a_row_is_filled_in(void **state)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err;

	(void)state;
	parse(LIST(ROW(T("A&amp;\x01") N("1") N("1") N("0") N("0") N("0") N("100") N("300")
			       T("caf%C3%A9%20%2F") T("Tracker: [http://t/0123456789/announce]")
				       T("/dl/A&amp;\x01") N("1"))),
	      &x);
	MUST(rtorrent_read_list(&x, NULL, &all, &err));
	const struct client_torrent *t = &all.list[0];
	assert_string_equal(t->id, "582323b5953d7f9488cdad8bb5153e5a59ec5754");
	assert_string_equal(t->v1, t->id);
	assert_string_equal(t->name, "A&?");
	assert_string_equal(t->category, "caf\xC3\xA9 /");
	assert_string_equal(t->folder, "/dl");
	assert_string_equal(t->message, "Tracker: <hidden>");
	assert_int_equal(t->size, 300);
	assert_int_equal(t->left, 200);
	assert_false(t->complete);
}

static void absurd_numbers_do_no_harm(void **state)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err;

	(void)state;
	parse(LIST(ROW(N("5") T("x") T("") N("-1") N("99999999999999999999") N("0.5")
			       N("9223372036854775807") N("-9") N("7") N("8") N("9") T("0"))),
	      &x);
	MUST(rtorrent_read_list(&x, NULL, &all, &err));
	assert_null(all.list[0].name);
	assert_null(all.list[0].category);
	assert_int_equal(all.list[0].size, 0);
	assert_int_equal(all.list[0].left, 0);
}

static size_t with_label(const char *category)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	OWN_XMLRPC struct xmlrpc x = {0};
	struct err err;

	parse(LIST(ROW(T("n") N("1") N("1") N("0") N("0") N("0") N("1") N("2") PLACE("a%20b", ""))
			   ROW(T("n") N("1") N("1") N("0") N("0") N("0") N("1") N("2")
				       PLACE("c", ""))),
	      &x);
	MUST(rtorrent_read_list(&x, category, &all, &err));
	return all.n;
}

static void a_category_is_asked_for(void **state)
{
	(void)state;
	assert_int_equal(with_label(NULL), 2);
	assert_int_equal(with_label("a b"), 1);
	assert_int_equal(with_label("a%20b"), 1);
	assert_int_equal(with_label("c"), 1);
	assert_int_equal(with_label(""), 0);
}

static void labels_of_others_are_understood(void **state)
{
	(void)state;
	assert_true(rtorrent_is_label("100%", "100%"));
	assert_true(rtorrent_is_label("%zz%2", "%zz%2"));
	assert_true(rtorrent_is_label("caf\xC3\xA9", "caf\xC3\xA9"));
	assert_true(rtorrent_is_label("%24execute.capture%3Did", "$execute.capture=id"));
	assert_true(rtorrent_is_label("%ff", "%ff"));
	assert_true(rtorrent_is_label("%00", "%00"));
	assert_false(rtorrent_is_label("a", "A"));
}

static void lists_of_other_shapes_are_refused(void **state)
{
	static const char *const others[] = {
		ANSWER(T("x")),
		LIST(T("x")),
		LIST("<value><array><data></data></array></value>"),
		LIST(ROW(T("only two"))),
		FAULT("-506", "Method 'd.multicall2' not defined"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		OWN_XMLRPC struct xmlrpc x = {0};
		struct err err = {0};
		parse(others[i], &x);
		assert_false(rtorrent_read_list(&x, NULL, &all, &err));
		assert_int_equal(err.code, WORD_CLIENT);
	}
}

#define DF "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"

static void df_is_read(void **state)
{
	struct client_space s = {0};

	(void)state;
	assert_true(rtorrent_read_df(DF "/dev/vda         264212084 16846328  83490860      17% /\n"
					"/dev/vdb         1 1 1 17% /b\n",
				     &s));
	assert_int_equal(s.total, INT64_C(264212084) * 1024);
	assert_int_equal(s.free, INT64_C(83490860) * 1024);
	assert_true(rtorrent_read_df(DF "//nas/My 5 Films 100 40 60 40% /mnt/x\n", &s));
	assert_int_equal(s.total, 100 * 1024);
	assert_int_equal(s.free, 60 * 1024);
	assert_true(rtorrent_read_df(DF "tmpfs 0 0 0 - /x\n", &s));
	assert_int_equal(s.total, 0);
}

static void what_is_no_df_is_refused(void **state)
{
	static const char *const others[] = {
		"",
		DF,
		"df: /x: No such file or directory\n",
		"/dev/vda 1 2 3\n",
		"a 18446744073709551615 1 1 1% /\n",
		"a -1 2 3 4% /",
		"a 1 2 3 4%",
	};
	struct client_space s;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(rtorrent_read_df(others[i], &s));
}

#define OPEN(path, bytes) "<value><array><data>" T(path) N(bytes) "</data></array></value>"

static void an_open_torrent_tells_the_space_around_it(void **state)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	struct client_space s = {0};

	(void)state;
	parse(LIST(OPEN("/dlother", "5") OPEN("/dl/a", "0") OPEN("/dl/b", "-1") OPEN("/dl/c", "7")),
	      &x);
	assert_true(rtorrent_read_free(&x, "/dl/", &s));
	assert_int_equal(s.free, 7);
	assert_int_equal(s.total, 0);
	assert_true(rtorrent_read_free(&x, "/", &s));
	assert_int_equal(s.free, 5);
	assert_false(rtorrent_read_free(&x, "/d", &s));
}

static void versions_have_their_limits(void **state)
{
	(void)state;
	assert_int_equal(rtorrent_scgi_limit("0.9.8"), 2 << 20);
	assert_int_equal(rtorrent_scgi_limit("0.10.0"), 16 << 20);
	assert_int_equal(rtorrent_scgi_limit("0.16.17"), 16 << 20);
	assert_int_equal(rtorrent_scgi_limit(""), 2 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mark_tells_a_half_added_torrent_from_the_users),
		cmocka_unit_test(any_other_fault_is_an_error_without_addresses),
		cmocka_unit_test(each_step_has_to_succeed),
		cmocka_unit_test(states_are_told_apart),
		cmocka_unit_test(a_row_is_filled_in),
		cmocka_unit_test(absurd_numbers_do_no_harm),
		cmocka_unit_test(a_category_is_asked_for),
		cmocka_unit_test(labels_of_others_are_understood),
		cmocka_unit_test(lists_of_other_shapes_are_refused),
		cmocka_unit_test(df_is_read),
		cmocka_unit_test(what_is_no_df_is_refused),
		cmocka_unit_test(an_open_torrent_tells_the_space_around_it),
		cmocka_unit_test(versions_have_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
