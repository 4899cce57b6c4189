#include "ports/client_common.h"
#include "ports/client_transmission.h"

#include "base/mem.h"

#include "base/text.h"

#include "unit.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"
#define OTHER "89abcdef0123456789abcdef0123456789abcdef"
#define OK(arguments) "{\"arguments\":" arguments ",\"result\":\"success\"}"
#define ROWS(rows) OK("{\"torrents\":[" rows "]}")
#define SIZES(all, wanted, left) \
	"\"totalSize\":" #all ",\"sizeWhenDone\":" #wanted ",\"leftUntilDone\":" #left
#define ROW(more) "{\"hashString\":\"" HASH "\"," more "}"

static void the_url_is_completed_where_it_has_no_path_of_its_own(void **state)
{
	(void)state;
	static const struct {
		const char *given, *used;
	} rows[] = {
		{"http://h:9091", "http://h:9091/transmission/rpc"},
		{"http://h:9091/", "http://h:9091/transmission/rpc"},
		{"http://transmission", "http://transmission/transmission/rpc"},
		{"http://h/transmission", "http://h/transmission/rpc"},
		{"http://h/transmission/", "http://h/transmission/rpc"},
		{"http://h/transmission/web", "http://h/transmission/rpc"},
		{"http://h/transmission/web/#files", "http://h/transmission/rpc"},
		{"http://h/transmission/rpc", "http://h/transmission/rpc"},
		{"http://h/transmission/rpc/", "http://h/transmission/rpc"},
		{"https://h/box/transmission/web/", "https://h/box/transmission/rpc"},
		{"https://h/box", "https://h/box"},
		{"https://h/mytransmission", "https://h/mytransmission"},
		{"https://h/rpc", "https://h/rpc"},
		{"http://", "http:"},
		{"h:9091", "h:9091"},
		{"", ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *used = client_transmission_url(rows[i].given);
		assert_string_equal(used, rows[i].used);
	}
}

static void what_is_no_url_does_not_open(void **state)
{
	(void)state;
	static const char *const urls[] = {"", "h:9091", "ftp://h/", "http://a b/", "http://"};

	for (size_t i = 0; i < COUNT(urls); i++) {
		const struct client_options o = {.name = "box", .url = urls[i], .timeout_ms = 1000};
		struct err err = {0};
		if (client_transmission_open(&o, &err))
			fail_msg("\"%s\" opens", urls[i]);
		assert_int_equal(err.kind, ERR_TARGET);
		assert_int_equal(err.code, WORD_CONFIG);
	}
}

static void added_and_duplicate_are_both_success(void **state)
{
	(void)state;
	static const char *const texts[] = {
		OK("{\"torrent-added\":{\"hashString\":\"" HASH "\",\"id\":1,\"name\":\"x\"}}"),
		OK("{\"torrent-duplicate\":{\"hashString\":\"" HASH "\",\"id\":1}}"),
		"{\"arguments\":{\"torrent-duplicate\":{}},\"result\":\"duplicate torrent\"}",
	};
	struct err err;

	for (size_t i = 0; i < COUNT(texts); i++)
		MUST(client_transmission_read_added(texts[i], strlen(texts[i]), &err));
}

static void a_refusal_says_whether_the_torrent_or_the_settings_are_at_fault(void **state)
{
	(void)state;
	static const struct {
		const char *result;
		enum err_kind kind;
	} rows[] = {
		{"invalid or corrupt torrent file", ERR_ITEM},
		{"unrecognized info", ERR_ITEM},
		{"no filename or metainfo specified", ERR_ITEM},
		{"download directory path is not absolute", ERR_TARGET},
		{"labels cannot contain comma (,) character", ERR_TARGET},
		{"labels cannot be empty", ERR_TARGET},
		{"something else", ERR_RETRY},
		{"success", ERR_RETRY},
		{"", ERR_RETRY},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		struct err err = {0};
		snprintf(text, sizeof text, "{\"arguments\":{},\"result\":\"%s\"}", rows[i].result);
		assert_false(client_transmission_read_added(text, strlen(text), &err));
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(err.code, WORD_CLIENT);
		if (strcmp(rows[i].result, "success"))
			assert_non_null(strstr(err.msg, rows[i].result));
	}
}

static void what_is_no_answer_is_told_as_what_it_is(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
		enum err_kind kind;
	} rows[] = {
		{"", "no valid JSON", ERR_RETRY},
		{"{\"result\":\"success\"", "no valid JSON", ERR_RETRY},
		{" \n<!doctype html><p>keyword", "HTML page", ERR_TARGET},
		{"[]", "not one of Transmission's", ERR_RETRY},
		{"{}", "not one of Transmission's", ERR_RETRY},
		{"{\"result\":1}", "not one of Transmission's", ERR_RETRY},
		{"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700}}", "too new", ERR_TARGET},
		{"{\"result\":\"keyword\"}", "\"keyword\"", ERR_RETRY},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err = {0};
		assert_false(
			client_transmission_read_done(rows[i].text, strlen(rows[i].text), &err));
		assert_int_equal(err.kind, rows[i].kind);
		assert_non_null(strstr(err.msg, rows[i].says));
	}
}

static void a_torrent_is_found_by_its_hash_alone(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool present, takes_labels;
	} rows[] = {
		{ROWS(""), false, false},
		{ROWS("{\"hashString\":\"" HASH "\",\"labels\":[]}"), true, true},
		{ROWS("{\"hashString\":\"" HASH "\",\"labels\":[\"x\"]}"), true, false},
		{ROWS("{\"hashString\":\"" HASH "\"}"), true, false},
		{ROWS("{\"hashString\":\"0123456789ABCDEF0123456789ABCDEF01234567\"}"), true,
		 false},
		{ROWS("{\"hashString\":\"" OTHER "\",\"labels\":[]}"), false, false},
		{ROWS("{\"hashString\":\"0123\"},{\"hashString\":1},[],null,{}"), false, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct transmission_found f = {true, true};
		struct err err;
		MUST(client_transmission_read_found(rows[i].text, strlen(rows[i].text), HASH, &f,
						    &err));
		assert_int_equal(f.present, rows[i].present);
		assert_int_equal(f.takes_labels, rows[i].takes_labels);
	}
}

static void read_one(const char *text, struct client_torrents *all)
{
	struct err err;

	MUST(client_transmission_read_list(text, strlen(text), NULL, all, &err));
	assert_int_equal(all->n, 1);
}

static void each_status_has_its_state(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum client_state state;
		bool complete;
		const char *message;
	} rows[] = {
		{ROW("\"status\":0," SIZES(9, 9, 9)), CLIENT_PAUSED, false, NULL},
		{ROW("\"status\":0," SIZES(9, 9, 0)), CLIENT_PAUSED, true, NULL},
		{ROW("\"status\":0,\"isFinished\":true," SIZES(9, 9, 0)), CLIENT_PAUSED, true,
		 "the client has stopped it: the limit for seeding is reached"},
		{ROW("\"status\":1," SIZES(9, 9, 9)), CLIENT_CHECKING, false, NULL},
		{ROW("\"status\":2," SIZES(9, 9, 3)), CLIENT_CHECKING, false, NULL},
		{ROW("\"status\":3," SIZES(9, 9, 3)), CLIENT_QUEUED, false, NULL},
		{ROW("\"status\":4,\"rateDownload\":5," SIZES(9, 9, 3)), CLIENT_DOWNLOADING, false,
		 NULL},
		{ROW("\"status\":4,\"rateDownload\":0," SIZES(9, 9, 3)), CLIENT_STALLED, false,
		 NULL},
		{ROW("\"status\":4,\"isStalled\":false," SIZES(9, 9, 3)), CLIENT_STALLED, false,
		 NULL},
		/* A magnet link, whose sizes are not known yet. */
		{ROW("\"status\":4,\"rateDownload\":0," SIZES(0, 0, 0)), CLIENT_DOWNLOADING, false,
		 NULL},
		{ROW("\"status\":5," SIZES(9, 9, 0)), CLIENT_QUEUED, true, NULL},
		{ROW("\"status\":6," SIZES(9, 9, 0)), CLIENT_SEEDING, true, NULL},
		{ROW("\"status\":6," SIZES(9, 5, 0)), CLIENT_PAUSED, false,
		 "not all of its files are wanted in the client"},
		{ROW("\"status\":6,\"error\":1,\"errorString\":\"slow\"," SIZES(9, 9, 0)),
		 CLIENT_SEEDING, true, "slow"},
		{ROW("\"status\":6,\"error\":2,\"errorString\":\"unregistered torrent\"," SIZES(
			 9, 9, 0)),
		 CLIENT_ERROR, true, "unregistered torrent"},
		{ROW("\"status\":0,\"error\":3,\"errorString\":\"No data found!\"," SIZES(9, 9, 9)),
		 CLIENT_ERROR, false, "No data found!"},
		{ROW("\"status\":4,\"error\":2," SIZES(9, 9, 9)), CLIENT_ERROR, false,
		 "an error without a reason"},
		{ROW("\"status\":7," SIZES(9, 9, 0)), CLIENT_ERROR, true,
		 "it has a status that is not known"},
		{ROW("\"status\":\"6\"," SIZES(9, 9, 0)), CLIENT_ERROR, true,
		 "it has a status that is not known"},
		{ROW(SIZES(9, 9, 0)), CLIENT_ERROR, true, "it has a status that is not known"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		char text[500];
		snprintf(text, sizeof text, ROWS("%s"), rows[i].text);
		read_one(text, &all);
		if (all.list[0].state != rows[i].state || all.list[0].complete != rows[i].complete)
			fail_msg("%s: %s", rows[i].text, client_state_text(all.list[0].state));
		if (!rows[i].message)
			assert_null(all.list[0].message);
		else
			assert_string_equal(all.list[0].message, rows[i].message);
	}
}

static void numbers_are_not_trusted(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t size, left;
		bool complete;
	} rows[] = {
		{ROW("\"status\":6," SIZES(9, 9, -1)), 9, 0, false},
		{ROW("\"status\":6," SIZES(9, 9, "0")), 9, 0, false},
		{ROW("\"status\":6," SIZES(-9, 9, 0)), 0, 0, false},
		{ROW("\"status\":6," SIZES(9, -9, 0)), 9, 0, false},
		{ROW("\"status\":6," SIZES(1e300, 9, 0)), INT64_MAX, 0, false},
		{ROW("\"status\":6," SIZES(9.5, 9.5, 0.0)), 9, 0, true},
		{ROW("\"status\":6," SIZES(9223372036854775807, 9223372036854775807, 1)), INT64_MAX,
		 1, false},
		{ROW("\"status\":6," SIZES(9, 9, null)), 9, 0, false},
		{ROW("\"status\":6," SIZES([], {}, true)), 0, 0, false},
		{ROW("\"status\":6"), 0, 0, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		char text[500];
		snprintf(text, sizeof text, ROWS("%s"), rows[i].text);
		read_one(text, &all);
		assert_true(all.list[0].size == rows[i].size);
		assert_true(all.list[0].left == rows[i].left);
		assert_int_equal(all.list[0].complete, rows[i].complete);
	}
}

static void idle_since_is_in_milliseconds_or_not_known(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t since;
	} rows[] = {
		{ROW("\"activityDate\":1700000000,\"addedDate\":1600000000"), 1700000000000},
		{ROW("\"activityDate\":0,\"addedDate\":1600000000"), 1600000000000},
		{ROW("\"addedDate\":1600000000"), 1600000000000},
		{ROW("\"activityDate\":-5"), 0},
		{ROW("\"activityDate\":9223372036854775807"), 0},
		{ROW("\"activityDate\":\"1700000000\""), 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		char text[500];
		snprintf(text, sizeof text, ROWS("%s"), rows[i].text);
		read_one(text, &all);
		assert_true(all.list[0].idle_since == rows[i].since);
	}
}

static void a_list_by_category_has_what_carries_the_label(void **state)
{
	(void)state;
	static const char text[] = ROWS("{\"hashString\":\"" HASH "\",\"labels\":[\"a\",\"rel\"]},"
					"{\"hashString\":\"" OTHER "\",\"labels\":[\"re\",5,null]},"
					"{\"hashString\":\"no hash\",\"labels\":[\"rel\"]},7");
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	OWN_CLIENT_TORRENTS struct client_torrents rel = {0};
	OWN_CLIENT_TORRENTS struct client_torrents none = {0};
	struct err err;

	MUST(client_transmission_read_list(text, strlen(text), NULL, &all, &err));
	assert_int_equal(all.n, 2);
	assert_string_equal(all.list[0].category, "a");
	assert_string_equal(all.list[1].category, "re");
	MUST(client_transmission_read_list(text, strlen(text), "rel", &rel, &err));
	assert_int_equal(rel.n, 1);
	assert_string_equal(rel.list[0].id, HASH);
	assert_string_equal(rel.list[0].v1, HASH);
	assert_string_equal(rel.list[0].category, "rel");
	MUST(client_transmission_read_list(text, strlen(text), "r", &none, &err));
	assert_int_equal(none.n, 0);
}

/* 2.9x */
static void without_labels_nothing_has_a_category(void **state)
{
	(void)state;
	static const char text[] = ROWS("{\"hashString\":\"" HASH "\"}");
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	OWN_CLIENT_TORRENTS struct client_torrents rel = {0};
	struct err err;

	read_one(text, &all);
	assert_null(all.list[0].category);
	MUST(client_transmission_read_list(text, strlen(text), "rel", &rel, &err));
	assert_int_equal(rel.n, 0);
}

/* 3.00 writes U+1F3AC as \\u1f3ac, and U+D8000 as \\ud8000. */
static void characters_that_version_3_mangles_hide_nothing(void **state)
{
	(void)state;
	static const char text[] = ROWS("{\"hashString\":\"" HASH "\",\"name\":\"a\\ud8000b\","
					"\"labels\":[\"r\\u1f3ac\",\"\\\\ud800\"]},"
					"{\"hashString\":\"" OTHER "\",\"name\":"
					"\"\\ud83c\\udfac\\udfac\\ud83c\","
					"\"labels\":[\"r\\ud83c\\udfac\"]}");
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err;

	MUST(client_transmission_read_list(text, strlen(text), "r\U0001f3ac", &all, &err));
	assert_int_equal(all.n, 2);
	assert_string_equal(all.list[0].name, "a?0b");
	assert_string_equal(all.list[1].name, "\U0001f3ac??");
	assert_string_equal(all.list[0].category, "r\U0001f3ac");
	client_torrents_clear(&all);
	MUST(client_transmission_read_list(text, strlen(text), "\\ud800", &all, &err));
	assert_int_equal(all.n, 1);
	client_torrents_clear(&all);
	MUST(client_transmission_read_list(text, strlen(text), "r\U000d8000", &all, &err));
	assert_int_equal(all.n, 0);
}

/* What is left of U+D8000 to U+DFFFF is half a pair of surrogates. */
static void the_ends_of_what_version_3_mangles_are_known(void **state)
{
	(void)state;
	static const struct {
		const char *category, *label;
	} rows[] = {{"\U000d8000", "?0"},
		    {"ab\U000dffffc", "ab?fc"},
		    {"\U000d7fff", "\xed\x9f\xbf"
				   "f"},
		    {"ab\U000e0000", "ab\xee\x80\x80"
				     "0"}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *text = mem_printf(
			ROWS("{\"hashString\":\"" HASH "\",\"labels\":[\"%s\"]}"), rows[i].label);
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		struct err err;
		MUST(client_transmission_read_list(text, strlen(text), rows[i].category, &all,
						   &err));
		assert_int_equal(all.n, 1);
	}
}

static void messages_are_printable_and_hold_no_passkey(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"a\\nb\\u001b[31m\\u0000c", "a b?[31m"},
		{"no http://t.example/shortkey/announce here", "no <hidden> here"},
		{"UDP://t/x", "<hidden>"},
		{"bad t.example/k/announce", "bad <hidden>"},
		{"?passkey=abc", "<hidden>"},
		{"key 0123456789abcdef0123456789abcdef!", "key <hidden>!"},
		{"caf\xe9", "caf?"},
		{"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		char text[500];
		snprintf(text, sizeof text,
			 ROWS(ROW("\"status\":6,\"error\":2,\"errorString\":\"%s\"")),
			 rows[i].text);
		read_one(text, &all);
		assert_string_equal(all.list[0].message, rows[i].message);
	}
}

static void errors_hold_no_passkey_either_and_are_short(void **state)
{
	(void)state;
	char text[5000] = "{\"result\":\"http://t/k/announce ";
	struct err err = {0};

	for (int i = 0; i < 800; i++)
		strcat(text, "word ");
	strcat(text, "\"}");
	assert_false(client_transmission_read_done(text, strlen(text), &err));
	assert_null(strstr(err.msg, "announce"));
	assert_true(strlen(err.msg) < CLIENT_WORDS_MAX + 40);
}

static void a_list_that_is_none_is_an_error_and_touches_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = {OK("{}"), OK("[]"), OK("{\"torrents\":{}}"),
					    "{\"result\":\"success\"}"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct client_torrents all = {0};
		struct transmission_found f = {0};
		struct err err = {0};
		assert_false(client_transmission_read_list(texts[i], strlen(texts[i]), NULL, &all,
							   &err));
		assert_int_equal(err.kind, ERR_RETRY);
		assert_null(all.list);
		assert_false(
			client_transmission_read_found(texts[i], strlen(texts[i]), HASH, &f, &err));
	}
}

static void the_session_tells_the_download_folder(void **state)
{
	(void)state;
	static const char good[] = OK("{\"download-dir\":\"/d/\xc3\xa9\",\"rpc-version\":16}");
	static const char *const bad[] = {OK("{}"), OK("{\"download-dir\":\"\"}"),
					  OK("{\"download-dir\":5}")};
	OWN_STR char *folder = NULL;
	struct err err;

	MUST(client_transmission_read_session(good, strlen(good), &folder, &err));
	assert_string_equal(folder, "/d/\xc3\xa9");
	for (size_t i = 0; i < COUNT(bad); i++) {
		char *none = NULL;
		assert_false(client_transmission_read_session(bad[i], strlen(bad[i]), &none, &err));
		assert_null(none);
	}
}

static void free_space_tells_a_missing_folder_from_a_number(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool missing;
		uint64_t free, total;
	} rows[] = {
		{OK("{\"path\":\"/d\",\"size-bytes\":85494743040}"), false, 85494743040, 0},
		{OK("{\"path\":\"/d\",\"size-bytes\":5,\"total_size\":9}"), false, 5, 9},
		{OK("{\"path\":\"/d\",\"size-bytes\":5,\"total_size\":-9}"), false, 5, 0},
		{"{\"arguments\":{\"path\":\"/d\",\"size-bytes\":-1},\"result\":\"No such file or "
		 "directory\"}",
		 true, 7, 7},
		{OK("{\"path\":\"/d\",\"size-bytes\":-1,\"total_size\":-1}"), true, 7, 7},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client_space s = {7, 7};
		bool missing;
		struct err err;
		MUST(client_transmission_read_space(rows[i].text, strlen(rows[i].text), &s,
						    &missing, &err));
		assert_int_equal(missing, rows[i].missing);
		assert_true(s.free == rows[i].free && s.total == rows[i].total);
	}
}

static void free_space_that_is_not_told_is_an_error(void **state)
{
	(void)state;
	static const char *const texts[] = {
		OK("{}"),
		OK("{\"size-bytes\":\"5\"}"),
		"{\"arguments\":{},\"result\":\"directory path is not absolute\"}",
		"{\"arguments\":{\"size-bytes\":-1},\"result\":\"Permission denied\"}",
		"{\"arguments\":{\"size-bytes\":5},\"result\":\"no\"}",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct client_space s = {7, 7};
		bool missing = true;
		struct err err = {0};
		assert_false(client_transmission_read_space(texts[i], strlen(texts[i]), &s,
							    &missing, &err));
		assert_int_equal(err.kind, ERR_TARGET);
		assert_true(s.free == 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_url_is_completed_where_it_has_no_path_of_its_own),
		cmocka_unit_test(what_is_no_url_does_not_open),
		cmocka_unit_test(added_and_duplicate_are_both_success),
		cmocka_unit_test(a_refusal_says_whether_the_torrent_or_the_settings_are_at_fault),
		cmocka_unit_test(what_is_no_answer_is_told_as_what_it_is),
		cmocka_unit_test(a_torrent_is_found_by_its_hash_alone),
		cmocka_unit_test(each_status_has_its_state),
		cmocka_unit_test(numbers_are_not_trusted),
		cmocka_unit_test(idle_since_is_in_milliseconds_or_not_known),
		cmocka_unit_test(a_list_by_category_has_what_carries_the_label),
		cmocka_unit_test(without_labels_nothing_has_a_category),
		cmocka_unit_test(characters_that_version_3_mangles_hide_nothing),
		cmocka_unit_test(the_ends_of_what_version_3_mangles_are_known),
		cmocka_unit_test(messages_are_printable_and_hold_no_passkey),
		cmocka_unit_test(errors_hold_no_passkey_either_and_are_short),
		cmocka_unit_test(a_list_that_is_none_is_an_error_and_touches_nothing),
		cmocka_unit_test(the_session_tells_the_download_folder),
		cmocka_unit_test(free_space_tells_a_missing_folder_from_a_number),
		cmocka_unit_test(free_space_that_is_not_told_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
