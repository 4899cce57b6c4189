#include "ports/client_deluge.h"

#include "base/mem.h"
#include "base/text.h"
#include "ports/client_common.h"

#include "unit.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"
#define NOW INT64_C(1800000000000)

/* As 2.0.3 words a failure of the daemon's (client notes, section 4.4). */
#define FAILURE(class, words)                                                     \
	"Failure: [Failure instance: Traceback (failure with no frames): <class " \
	"'deluge.error." class "'>: " words "\n]"

static void read_ok(const char *text, struct deluge_answer *a)
{
	struct err err = {0};

	if (!deluge_read_answer(text, strlen(text), a, &err))
		fail_msg("%s: %s", text, err.msg);
}

static void an_answer_has_a_result_or_an_error(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum deluge_fault fault;
		bool has_result;
		const char *message;
	} rows[] = {
		{"{\"result\": true, \"error\": null, \"id\": 1}", DELUGE_FINE, true, ""},
		{"{\"result\": false, \"error\": null, \"id\": 1}", DELUGE_FINE, true, ""},
		{"{\"result\": null, \"error\": null, \"id\": 1}", DELUGE_FINE, false, ""},
		{"{\"result\": []}", DELUGE_FINE, true, ""},
		{"{\"result\": null, \"error\": {\"message\": \"Not authenticated\", \"code\": 1}}",
		 DELUGE_NO_SESSION, false, "Not authenticated"},
		{"{\"error\": {\"message\": \"Unknown method\", \"code\": 2}}", DELUGE_NO_METHOD,
		 false, "Unknown method"},
		{"{\"error\": {\"message\": \"x\", \"code\": 4}}", DELUGE_FAILED, false, "x"},
		{"{\"error\": {\"message\": 5, \"code\": \"1\"}}", DELUGE_FAILED, false, ""},
		{"{\"error\": \"no\"}", DELUGE_FAILED, false, ""},
		{"{\"error\": {\"code\": 1e300}}", DELUGE_FAILED, false, ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_DELUGE_ANSWER struct deluge_answer a = {0};
		read_ok(rows[i].text, &a);
		assert_int_equal(a.fault, rows[i].fault);
		assert_int_equal(a.result != NULL, rows[i].has_result);
		assert_string_equal(a.message, rows[i].message);
	}
}

static void anything_else_is_no_answer(void **state)
{
	(void)state;
	static const char *const texts[] = {"",
					    " ",
					    "{}",
					    "[]",
					    "true",
					    "{\"result\": tru",
					    "{\"result\": true} x",
					    "{\"results\": 1}"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct deluge_answer a = {.message = "as it was"};
		struct err err = {0};
		assert_false(deluge_read_answer(texts[i], strlen(texts[i]), &a, &err));
		assert_int_equal(err.kind, ERR_RETRY);
		assert_int_equal(err.code, WORD_CLIENT);
		assert_string_equal(a.message, "as it was");
	}
}

static void a_web_page_needs_a_person(void **state)
{
	(void)state;
	const char *page = "\r\n <!DOCTYPE html><p>{\"result\": true}</p>";
	struct deluge_answer a;
	struct err err = {0};

	assert_false(deluge_read_answer(page, strlen(page), &a, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_non_null(strstr(err.msg, "HTML page"));
}

static void of_an_error_the_words_are_shown(void **state)
{
	(void)state;
	static const struct {
		const char *message, *words;
	} rows[] = {
		{FAILURE("AddTorrentError", "Torrent already in session (" HASH ")."),
		 "Torrent already in session (<hidden>)."},
		{FAILURE("WrappedException", "Unknown Label\nTraceback (most recent call last):"),
		 "Unknown Label"},
		{"Unknown method", "Unknown method"},
		{"", ""},
		{"a\x1b[2Jb\xff", "a?[2Jb\xEF\xBF\xBD"},
		{"at HTTP://x.example/abc/announce, udp://y:1/z and wss://q",
		 "at <hidden> <hidden> and <hidden>"},
		{"http://x/a?peer_id=-LT)(*]'&key=1", "<hidden>"},
		{"<a href=\"http://x/key\">", "<a <hidden>"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *words = deluge_words(rows[i].message);
		assert_string_equal(words, rows[i].words);
	}
}

static void long_words_are_cut(void **state)
{
	(void)state;
	char message[5000];

	memset(message, ' ', sizeof message);
	message[sizeof message - 1] = '\0';
	OWN_STR char *words = deluge_words(message);
	assert_int_equal(strlen(words), CLIENT_WORDS_MAX);
}

static void duplicates_and_bad_torrents_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *message;
		bool duplicate, bad;
	} rows[] = {
		{FAILURE("AddTorrentError", "Torrent already in session (" HASH ")."), true, false},
		{FAILURE("AddTorrentError", "Torrent already being added (" HASH ")."), true,
		 false},
		{FAILURE("AddTorrentError",
			 "Unable to add torrent, decoding filedump failed: unexpected end"),
		 false, true},
		{FAILURE("AddTorrentError",
			 "You must specify a valid torrent_info, torrent state or magnet."),
		 false, true},
		{FAILURE("WrappedException",
			 "Python argument types in\n    torrent_info.__init__(torrent_info, list)"),
		 false, true},
		{FAILURE("AddTorrentError", "Unable to add torrent to session: no space"), false,
		 false},
		{"", false, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(deluge_is_duplicate(rows[i].message), rows[i].duplicate);
		assert_int_equal(deluge_is_bad_torrent(rows[i].message), rows[i].bad);
	}
}

static void a_label_is_the_category_in_lower_case(void **state)
{
	(void)state;
	static const struct {
		const char *category, *label;
	} rows[] = {
		{NULL, ""},      {"", ""},      {"rel", "rel"},     {"Rel_1-a.B", "rel_1-a.b"},
		{"a b", NULL},   {"a/b", NULL}, {"\xC3\xA4", NULL}, {"a\n", NULL},
		{"$(id)", NULL}, {"a@b", NULL}, {"a[b", NULL},      {"a`b", NULL},
		{"All", "all"},
	};
	char label[DELUGE_LABEL];
	char long_one[DELUGE_LABEL + 1];

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(deluge_label(rows[i].category, label), rows[i].label != NULL);
		if (rows[i].label)
			assert_string_equal(label, rows[i].label);
	}
	memset(long_one, 'a', sizeof long_one);
	long_one[DELUGE_LABEL] = '\0';
	assert_false(deluge_label(long_one, label));
	long_one[DELUGE_LABEL - 1] = '\0';
	assert_true(deluge_label(long_one, label));
}

static void hosts_are_read_and_what_is_none_left_out(void **state)
{
	(void)state;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	struct deluge_host hosts[DELUGE_HOSTS_MAX];

	read_ok("{\"result\": [[\"id1\", \"127.0.0.1\", 58846, \"bob\"], [], 5, {}, [\"\", \"x\", "
		"1],"
		" [7, \"x\", 1], [\"id2\", \"a\\nb\", -1], [\"id3\", null, 1e300]]}",
		&a);
	assert_int_equal(deluge_read_hosts(a.result, hosts), 3);
	assert_string_equal(hosts[0].id, "id1");
	assert_string_equal(hosts[0].where, "127.0.0.1:58846");
	assert_string_equal(hosts[1].where, "a?b:0");
	assert_string_equal(hosts[2].where, ":0");
	assert_int_equal(deluge_read_hosts(NULL, hosts), 0);
}

static void of_too_many_hosts_the_first_are_read(void **state)
{
	(void)state;
	OWN_BUF struct buf text = BUF_MAX(10000);
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	struct deluge_host hosts[DELUGE_HOSTS_MAX];

	buf_puts(&text, "{\"result\": [[\"0\"]");
	for (int i = 1; i < 3 * DELUGE_HOSTS_MAX; i++)
		buf_printf(&text, ",[\"%d\"]", i);
	buf_puts(&text, "]}");
	read_ok(text.data, &a);
	assert_int_equal(deluge_read_hosts(a.result, hosts), DELUGE_HOSTS_MAX);
	assert_string_equal(hosts[DELUGE_HOSTS_MAX - 1].id, "15");
}

static bool online(const char *text)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	read_ok(text, &a);
	return deluge_host_is_online(a.result);
}

static void a_host_is_online_or_connected(void **state)
{
	(void)state;
	assert_true(online("{\"result\": [\"id\", \"Online\", \"2.0.3\"]}"));
	assert_true(online("{\"result\": [\"id\", \"Connected\", \"2.0.3\"]}"));
	assert_false(online("{\"result\": [\"id\", \"Offline\", \"\"]}"));
	assert_false(online("{\"result\": [\"Online\"]}"));
	assert_false(online("{\"result\": null}"));
	assert_false(online("{\"result\": \"Online\"}"));
}

static void a_list_has_a_text(void **state)
{
	(void)state;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	read_ok("{\"result\": [\"AutoAdd\", 5, null, \"Label\"]}", &a);
	assert_true(deluge_list_has(a.result, "Label"));
	assert_false(deluge_list_has(a.result, "label"));
	assert_false(deluge_list_has(NULL, "Label"));
}

static void space_is_a_size_and_nothing_else(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is_size;
		uint64_t bytes;
	} rows[] = {
		{"{\"result\": 85491130368}", true, 85491130368},
		{"{\"result\": 0}", true, 0},
		{"{\"result\": 1.5e3}", true, 1500},
		{"{\"result\": -1}", false, 0},
		{"{\"result\": 1e16}", true, 10000000000000000},
		{"{\"result\": 100000000000000000000000000}", true, INT64_MAX},
		{"{\"result\": \"5\"}", false, 0},
		{"{\"result\": null}", false, 0},
		{"{\"result\": true}", false, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_DELUGE_ANSWER struct deluge_answer a = {0};
		uint64_t bytes = 4711;
		read_ok(rows[i].text, &a);
		assert_int_equal(deluge_read_space(a.result, &bytes), rows[i].is_size);
		assert_int_equal(bytes, rows[i].is_size ? rows[i].bytes : 4711);
	}
}

/* The one torrent of these fields. */
static void read_one(const char *fields, struct client_torrents *all)
{
	OWN_STR char *text = mem_printf("{\"result\": {\"%s\": {%s}}}", HASH, fields);
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	struct err err = {0};

	read_ok(text, &a);
	MUST(deluge_read_torrents(a.result, NOW, all, &err));
	assert_int_equal(all->n, 1);
	assert_string_equal(all->list->id, HASH);
}

static void a_torrent_is_read_as_2_0_3_tells_it(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	read_one("\"total_remaining\": 1000, \"message\": \"OK\", \"state\": \"Downloading\","
		 "\"progress\": 50.0, \"time_since_transfer\": 90, \"save_path\": \"/a b\","
		 "\"download_payload_rate\": 7, \"tracker_status\": \"Announce OK\","
		 "\"total_size\": 2000, \"time_added\": 1700000000, \"name\": \"one\\u0007\","
		 "\"label\": \"rel\"",
		 &all);
	const struct client_torrent *t = all.list;
	assert_int_equal(t->state, CLIENT_DOWNLOADING);
	assert_string_equal(t->name, "one?");
	assert_string_equal(t->category, "rel");
	assert_string_equal(t->folder, "/a b");
	assert_null(t->message);
	assert_int_equal(t->size, 2000);
	assert_int_equal(t->left, 1000);
	assert_false(t->complete);
	assert_int_equal(t->idle_since, NOW - 90000);
	assert_string_equal(t->v1, "");
}

static void states_are_mapped(void **state)
{
	(void)state;
	static const struct {
		const char *fields;
		enum client_state state;
	} rows[] = {
		{"\"state\": \"Seeding\"", CLIENT_SEEDING},
		{"\"state\": \"Downloading\", \"download_payload_rate\": 0", CLIENT_STALLED},
		{"\"state\": \"Downloading\", \"download_payload_rate\": -5", CLIENT_STALLED},
		{"\"state\": \"Downloading\", \"download_payload_rate\": \"9\"", CLIENT_STALLED},
		{"\"state\": \"Downloading\"", CLIENT_STALLED},
		{"\"state\": \"Downloading\", \"download_payload_rate\": 0.5", CLIENT_DOWNLOADING},
		{"\"state\": \"Allocating\"", CLIENT_DOWNLOADING},
		{"\"state\": \"Queued\"", CLIENT_QUEUED},
		{"\"state\": \"Checking\"", CLIENT_CHECKING},
		{"\"state\": \"Moving\"", CLIENT_CHECKING},
		{"\"state\": \"Paused\"", CLIENT_PAUSED},
		{"\"state\": \"Error\"", CLIENT_ERROR},
		{"\"state\": \"Dreaming\"", CLIENT_ERROR},
		{"\"state\": 7", CLIENT_ERROR},
		{"", CLIENT_ERROR},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		read_one(rows[i].fields, &all);
		assert_int_equal(all.list->state, rows[i].state);
		assert_int_equal(all.list->message != NULL, rows[i].state == CLIENT_ERROR);
	}
}

static void what_its_tracker_does_not_have_is_in_error_while_it_runs(void **state)
{
	(void)state;
	static const struct {
		const char *fields;
		enum client_state state;
	} rows[] = {
		{"\"state\": \"Seeding\", \"tracker_status\": \"Error: unregistered torrent\"",
		 CLIENT_ERROR},
		{"\"state\": \"Downloading\", \"tracker_status\": \"Error: Torrent not found\"",
		 CLIENT_ERROR},
		{"\"state\": \"Paused\", \"tracker_status\": \"Error: unregistered torrent\"",
		 CLIENT_PAUSED},
		{"\"state\": \"Seeding\", \"tracker_status\": \"Error: Connection refused\"",
		 CLIENT_SEEDING},
		{"\"state\": \"Seeding\", \"tracker_status\": \"unregistered torrent\"",
		 CLIENT_SEEDING},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		read_one(rows[i].fields, &all);
		assert_int_equal(all.list->state, rows[i].state);
	}
}

static void what_is_wrong_is_said_without_urls(void **state)
{
	(void)state;
	static const struct {
		const char *fields, *message;
	} rows[] = {
		{"\"state\": \"Seeding\", \"tracker_status\": \"Error: unregistered torrent\"",
		 "unregistered torrent"},
		{"\"state\": \"Seeding\", \"message\": \"OK\", \"tracker_status\": "
		 "\"Warning: one (http://t.example/0123/announce)[10.0.0.1:6881] soon closed\"",
		 "one <hidden> soon closed"},
		{"\"state\": \"Error\", \"message\": \"No space left on device\", "
		 "\"tracker_status\": \"Error: x\"",
		 "No space left on device"},
		{"\"state\": \"Error\", \"message\": \"OK\", \"tracker_status\": \"Error: x\"",
		 "x"},
		{"\"state\": \"Seeding\", \"message\": \"strange\", \"tracker_status\": "
		 "\"Announce Sent\"",
		 NULL},
		{"\"state\": \"Paused\", \"tracker_status\": \"Error: \"", ""},
		{"\"state\": \"Paused\", \"tracker_status\": 7", NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		read_one(rows[i].fields, &all);
		if (rows[i].message)
			assert_string_equal(all.list->message, rows[i].message);
		else
			assert_null(all.list->message);
	}
}

static void complete_is_what_has_nothing_left(void **state)
{
	(void)state;
	static const struct {
		const char *fields;
		uint64_t size, left;
		bool complete;
	} rows[] = {
		{"\"total_size\": 9, \"total_remaining\": 0", 9, 0, true},
		{"\"total_size\": 9, \"total_remaining\": 0.0", 9, 0, true},
		{"\"total_size\": 9, \"total_remaining\": 10", 9, 9, false},
		{"\"total_size\": 9, \"total_remaining\": -1", 9, 9, false},
		{"\"total_size\": 9, \"total_remaining\": \"0\"", 9, 9, false},
		{"\"total_size\": 9", 9, 9, false},
		{"\"total_size\": 9, \"total_remaining\": 9, \"progress\": 100.0, "
		 "\"state\": \"Error\"",
		 9, 9, false},
		{"\"total_size\": 0, \"total_remaining\": 0", 0, 0, false},
		{"\"total_size\": -9, \"total_remaining\": 0", 0, 0, false},
		{"\"total_size\": 1e300, \"total_remaining\": 1e300", INT64_MAX, INT64_MAX, false},
		{"\"total_size\": 99999999999999999999999, \"total_remaining\": 1", INT64_MAX, 1,
		 false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		read_one(rows[i].fields, &all);
		assert_int_equal(all.list->size, rows[i].size);
		assert_int_equal(all.list->left, rows[i].left);
		assert_int_equal(all.list->complete, rows[i].complete);
	}
}

static void idle_since_the_last_transfer_or_since_it_was_added(void **state)
{
	(void)state;
	static const struct {
		const char *fields;
		int64_t since;
	} rows[] = {
		{"\"time_since_transfer\": 0", NOW},
		{"\"time_since_transfer\": 1.5", NOW - 1500},
		{"\"time_since_transfer\": -1, \"time_added\": 1700000000", INT64_C(1700000000000)},
		{"\"time_since_transfer\": -1, \"time_added\": 1700000000.5",
		 INT64_C(1700000000500)},
		{"\"time_since_transfer\": -1, \"time_added\": 1900000000", 0},
		{"\"time_since_transfer\": -1, \"time_added\": -1", 0},
		{"\"time_since_transfer\": -1", 0},
		{"\"time_since_transfer\": -2, \"time_added\": 1700000000", 0},
		{"\"time_since_transfer\": 1e300, \"time_added\": 1700000000", 0},
		{"\"time_since_transfer\": 2000000000, \"time_added\": 1700000000", 0},
		{"\"time_since_transfer\": \"5\", \"time_added\": 1700000000", 0},
		{"\"time_added\": 1700000000", 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		read_one(rows[i].fields, &all);
		assert_int_equal(all.list->idle_since, rows[i].since);
	}
}

static void without_the_plugin_there_is_no_label(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents off = {0};
	OWN_CLIENT_TORRENTS struct client_torrents on = {0};

	read_one("\"name\": \"a\"", &off);
	assert_null(off.list->category);
	read_one("\"label\": \"\"", &on);
	assert_string_equal(on.list->category, "");
}

static void only_torrents_count_in_a_list(void **state)
{
	(void)state;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err = {0};

	read_ok("{\"result\": {\"\": {}, \"0123\": {}, \"" HASH "\": 5,"
		" \"ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD\": {},"
		" \"g123456789abcdef0123456789abcdef01234567\": {},"
		" \"" HASH "0123456789abcdef01234567\": {}}}",
		&a);
	MUST(deluge_read_torrents(a.result, NOW, &all, &err));
	assert_int_equal(all.n, 2);
	assert_string_equal(all.list[0].id, "abcdefabcdefabcdefabcdefabcdefabcdefabcd");
	assert_string_equal(all.list[1].id, HASH "0123456789abcdef01234567");
}

static void what_is_no_list_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = {"{\"result\": null}", "{\"result\": []}",
					    "{\"result\": 5}"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		OWN_DELUGE_ANSWER struct deluge_answer a = {0};
		struct client_torrents all = {.n = 4711};
		struct err err = {0};
		read_ok(texts[i], &a);
		assert_false(deluge_read_torrents(a.result, NOW, &all, &err));
		assert_int_equal(err.kind, ERR_RETRY);
		assert_int_equal(all.n, 4711);
	}
}

static void more_torrents_than_can_be_read_are_refused(void **state)
{
	(void)state;
	OWN_BUF struct buf text = BUF_MAX(64 * 1024 * 1024);
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	struct client_torrents all = {0};
	struct err err = {0};

	buf_puts(&text, "{\"result\": {\"" HASH "\": {}");
	for (int i = 0; i < CLIENT_TORRENTS_MAX; i++)
		buf_printf(&text, ",\"%040x\":{}", (unsigned)i);
	buf_puts(&text, "}}");
	read_ok(text.data, &a);
	assert_false(deluge_read_torrents(a.result, NOW, &all, &err));
	assert_non_null(strstr(err.msg, "200000"));
	assert_null(all.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_a_result_or_an_error),
		cmocka_unit_test(anything_else_is_no_answer),
		cmocka_unit_test(a_web_page_needs_a_person),
		cmocka_unit_test(of_an_error_the_words_are_shown),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(duplicates_and_bad_torrents_are_told_apart),
		cmocka_unit_test(a_label_is_the_category_in_lower_case),
		cmocka_unit_test(hosts_are_read_and_what_is_none_left_out),
		cmocka_unit_test(of_too_many_hosts_the_first_are_read),
		cmocka_unit_test(a_host_is_online_or_connected),
		cmocka_unit_test(a_list_has_a_text),
		cmocka_unit_test(space_is_a_size_and_nothing_else),
		cmocka_unit_test(a_torrent_is_read_as_2_0_3_tells_it),
		cmocka_unit_test(states_are_mapped),
		cmocka_unit_test(what_its_tracker_does_not_have_is_in_error_while_it_runs),
		cmocka_unit_test(what_is_wrong_is_said_without_urls),
		cmocka_unit_test(complete_is_what_has_nothing_left),
		cmocka_unit_test(idle_since_the_last_transfer_or_since_it_was_added),
		cmocka_unit_test(without_the_plugin_there_is_no_label),
		cmocka_unit_test(only_torrents_count_in_a_list),
		cmocka_unit_test(what_is_no_list_is_none),
		cmocka_unit_test(more_torrents_than_can_be_read_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
