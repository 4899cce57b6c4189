#include "ports/client_qbittorrent.h"

#include "base/buf.h"
#include "base/mem.h"

#include "unit.h"

#define H1 "0123456789abcdef0123456789abcdef01234567"
#define H2 "89abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567"
#define H2_SHORT "89abcdef0123456789abcdef0123456789abcdef"

static void read_one(const char *row, struct client_torrents *all,
		     struct qbittorrent_silent *silent)
{
	OWN_STR char *text = mem_printf("[%s]", row);
	struct err err = {0};

	if (!qbittorrent_read_list(text, strlen(text), NULL, all, silent, &err))
		fail_msg("%s: %s", text, err.msg);
	assert_int_equal(all->n, 1);
}

static void a_torrent_is_read_as_4_5_tells_it(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	read_one(
		"{\"hash\":\"0123456789ABCDEF0123456789ABCDEF01234567\",\"infohash_v1\":\"" H1
		"\",\"infohash_v2\":\"\",\"name\":\"L'\\u00e9t\\u00e9\",\"category\":\"a "
		"\\\"b\\\"\","
		"\"save_path\":\"/dl\",\"state\":\"stalledDL\",\"progress\":0.5,\"amount_left\":50,"
		"\"size\":90,\"total_size\":100,\"last_activity\":1795561327,\"tracker\":\"x\"}",
		&all, NULL);
	const struct client_torrent *t = &all.list[0];
	assert_string_equal(t->id, H1);
	assert_string_equal(t->v1, H1);
	assert_string_equal(t->v2, "");
	assert_string_equal(t->name, "L'\xc3\xa9t\xc3\xa9");
	assert_string_equal(t->category, "a \"b\"");
	assert_string_equal(t->folder, "/dl");
	assert_null(t->message);
	assert_int_equal(t->state, CLIENT_STALLED);
	assert_int_equal(t->size, 100);
	assert_int_equal(t->left, 50);
	assert_false(t->complete);
	assert_int_equal(t->idle_since, 1795561327000);
}

static void hashes_of_all_versions_are_told(void **state)
{
	(void)state;
	static const struct {
		const char *row, *id, *v1, *v2;
	} rows[] = {
		{"{\"hash\":\"" H1 "\"}", H1, H1, ""},
		{"{\"hash\":\"" H2_SHORT "\",\"infohash_v1\":\"" H1 "\",\"infohash_v2\":\"" H2
		 "\"}",
		 H2_SHORT, H1, H2},
		{"{\"hash\":\"" H2_SHORT "\",\"infohash_v1\":\"\",\"infohash_v2\":\"" H2 "\"}",
		 H2_SHORT, "", H2},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		read_one(rows[i].row, &all, NULL);
		assert_string_equal(all.list[0].id, rows[i].id);
		assert_string_equal(all.list[0].v1, rows[i].v1);
		assert_string_equal(all.list[0].v2, rows[i].v2);
	}
}

static void each_state_has_its_meaning(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		enum client_state state;
	} rows[] = {
		{"uploading", CLIENT_SEEDING},
		{"stalledUP", CLIENT_SEEDING},
		{"forcedUP", CLIENT_SEEDING},
		{"queuedUP", CLIENT_QUEUED},
		{"checkingUP", CLIENT_CHECKING},
		{"pausedUP", CLIENT_PAUSED},
		{"stoppedUP", CLIENT_PAUSED},
		{"downloading", CLIENT_DOWNLOADING},
		{"metaDL", CLIENT_DOWNLOADING},
		{"forcedMetaDL", CLIENT_DOWNLOADING},
		{"allocating", CLIENT_DOWNLOADING},
		{"stalledDL", CLIENT_STALLED},
		{"queuedDL", CLIENT_QUEUED},
		{"checkingDL", CLIENT_CHECKING},
		{"checkingResumeData", CLIENT_CHECKING},
		{"moving", CLIENT_CHECKING},
		{"pausedDL", CLIENT_PAUSED},
		{"stoppedDL", CLIENT_PAUSED},
		{"error", CLIENT_ERROR},
		{"missingFiles", CLIENT_ERROR},
		{"unknown", CLIENT_ERROR},
		{"", CLIENT_ERROR},
		{"Uploading", CLIENT_ERROR},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		OWN_STR char *row =
			mem_printf("{\"hash\":\"" H1 "\",\"state\":\"%s\"}", rows[i].word);
		read_one(row, &all, NULL);
		assert_int_equal(all.list[0].state, rows[i].state);
		assert_int_equal(all.list[0].message != NULL, rows[i].state == CLIENT_ERROR);
	}
}

static void a_forced_download_is_stalled_while_nothing_comes(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents idle = {0};
	OWN_CLIENT_TORRENTS struct client_torrents busy = {0};

	read_one("{\"hash\":\"" H1 "\",\"state\":\"forcedDL\",\"dlspeed\":0}", &idle, NULL);
	read_one("{\"hash\":\"" H1 "\",\"state\":\"forcedDL\",\"dlspeed\":1}", &busy, NULL);
	assert_int_equal(idle.list[0].state, CLIENT_STALLED);
	assert_int_equal(busy.list[0].state, CLIENT_DOWNLOADING);
}

static void a_state_that_is_not_known_is_named_without_secrets(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	read_one("{\"hash\":\"" H1 "\",\"state\":\"new\\u001b " H1 "\"}", &all, NULL);
	assert_string_equal(all.list[0].message, "state \"new? <hidden>\"");
}

static void complete_needs_all_data_and_the_clients_word(void **state)
{
	(void)state;
	static const struct {
		const char *amounts;
		bool complete;
	} rows[] = {
		{"\"progress\":1,\"amount_left\":0", true},
		{"\"progress\":1.0,\"amount_left\":0.0", true},
		{"\"progress\":1,\"amount_left\":1", false},
		{"\"progress\":0.999,\"amount_left\":0", false},
		{"\"progress\":1", false},
		{"\"amount_left\":0", false},
		{"\"progress\":\"1\",\"amount_left\":\"0\"", false},
		{"\"progress\":true,\"amount_left\":null", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		OWN_STR char *row = mem_printf("{\"hash\":\"" H1 "\",%s}", rows[i].amounts);
		read_one(row, &all, NULL);
		assert_int_equal(all.list[0].complete, rows[i].complete);
	}
}

static void numbers_beyond_reason_are_cut(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	read_one("{\"hash\":\"" H1 "\",\"size\":99999999999999999999999,\"amount_left\":-5,"
		 "\"last_activity\":99999999999999999999,\"name\":7,\"save_path\":[],\"state\":{}}",
		 &all, NULL);
	assert_int_equal(all.list[0].size, INT64_MAX);
	assert_int_equal(all.list[0].left, 0);
	assert_int_equal(all.list[0].idle_since, 0);
	assert_null(all.list[0].name);
	assert_null(all.list[0].folder);
	assert_string_equal(all.list[0].category, "");
}

static void a_name_with_a_nul_does_not_cost_the_list(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	read_one("{\"hash\":\"" H1 "\",\"name\":\"a\\u0000b\"}", &all, NULL);
	assert_string_equal(all.list[0].name, "a");
}

static void only_the_category_itself_is_taken(void **state)
{
	(void)state;
	static const char text[] = "[{\"hash\":\"" H1 "\",\"category\":\"a\"},"
				   "{\"hash\":\"" H1 "\",\"category\":\"a/b\"},"
				   "{\"hash\":\"" H1 "\",\"category\":\"\"},"
				   "{\"hash\":\"" H1 "\"}]";
	static const struct {
		const char *category;
		size_t n;
	} rows[] = {{"a", 1}, {"a/b", 1}, {"", 2}, {"A", 0}, {NULL, 4}};
	struct err err = {0};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		MUST(qbittorrent_read_list(text, strlen(text), rows[i].category, &all, NULL, &err));
		assert_int_equal(all.n, rows[i].n);
	}
}

static void who_announces_in_vain_is_to_be_asked_about(void **state)
{
	(void)state;
	static const struct {
		const char *more;
		bool silent;
	} rows[] = {
		{"\"state\":\"stalledUP\",\"tracker\":\"\"", true},
		{"\"state\":\"stalledDL\",\"tracker\":\"\"", true},
		{"\"state\":\"queuedUP\",\"tracker\":\"\"", true},
		{"\"state\":\"stalledUP\",\"tracker\":\"http://t/\"", false},
		{"\"state\":\"stalledUP\"", false},
		{"\"state\":\"stalledUP\",\"tracker\":null", false},
		{"\"state\":\"pausedUP\",\"tracker\":\"\"", false},
		{"\"state\":\"checkingUP\",\"tracker\":\"\"", false},
		{"\"state\":\"missingFiles\",\"tracker\":\"\"", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		struct qbittorrent_silent silent;
		OWN_STR char *row = mem_printf("{\"hash\":\"" H1 "\",%s}", rows[i].more);
		read_one(row, &all, &silent);
		assert_int_equal(silent.n, rows[i].silent);
	}
}

static void no_more_are_asked_about_than_the_limit(void **state)
{
	(void)state;
	OWN_BUF struct buf text = BUF_MAX(1024 * 1024);
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct qbittorrent_silent silent;
	struct err err = {0};

	for (int i = 0; i < QBITTORRENT_ASK_MAX + 7; i++)
		buf_printf(&text,
			   "%c{\"hash\":\"" H1 "\",\"state\":\"uploading\",\"tracker\":\"\"}",
			   i ? ',' : '[');
	buf_puts(&text, "]");
	MUST(qbittorrent_read_list(text.data, text.len, NULL, &all, &silent, &err));
	assert_int_equal(all.n, QBITTORRENT_ASK_MAX + 7);
	assert_int_equal(silent.n, QBITTORRENT_ASK_MAX);
	assert_int_equal(silent.at[QBITTORRENT_ASK_MAX - 1], QBITTORRENT_ASK_MAX - 1);
}

static void what_is_no_list_is_an_error_and_touches_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "no valid JSON"},
		{"[", "no valid JSON"},
		{"[] x", "no valid JSON"},
		{"{}", "no list of torrents"},
		{"7", "no valid JSON"},
		{"[7]", "infohashes"},
		{"[{}]", "infohashes"},
		{"[{\"hash\":\"xyz\"}]", "infohashes"},
		{"[{\"hash\":\"" H1 "\"},{\"hash\":7}]", "infohashes"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client_torrents all = {.n = 4711};
		struct qbittorrent_silent silent = {.n = 4711};
		struct err err = {0};
		assert_false(qbittorrent_read_list(rows[i].text, strlen(rows[i].text), NULL, &all,
						   &silent, &err));
		assert_int_equal(err.kind, ERR_RETRY);
		assert_int_equal(err.code, WORD_CLIENT);
		assert_non_null(strstr(err.msg, rows[i].says));
		assert_int_equal(all.n, 4711);
		assert_int_equal(silent.n, 4711);
	}
}

#define DHT "{\"url\":\"** [DHT] **\",\"status\":0,\"msg\":\"This torrent is private\"}"

static void trackers_say_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
		bool unknown;
	} rows[] = {
		{"[]", NULL, false},
		{"[" DHT "]", NULL, false},
		{"[" DHT ",{\"url\":\"http://t/\",\"status\":2,\"msg\":\"\"}]", NULL, false},
		{"[{\"url\":\"http://t/\",\"status\":1,\"msg\":\"Unregistered torrent\"}]", NULL,
		 false},
		{"[{\"url\":\"** [DHT] **\",\"status\":4,\"msg\":\"Unregistered torrent\"}]", NULL,
		 false},
		{"[{\"url\":\"http://t/\",\"status\":4,\"msg\":\"\"}]", NULL, false},
		{"[{\"url\":\"http://t/\",\"status\":4,\"msg\":\"Unregistered torrent\"}]",
		 "Unregistered torrent", true},
		{"[{\"url\":\"http://t/\",\"status\":5,\"msg\":\"unregistered torrent\"}]",
		 "unregistered torrent", true},
		{"[{\"url\":\"http://t/\",\"status\":6,\"msg\":\"Connection refused\"}]",
		 "Connection refused", false},
		{"[{\"url\":\"http://t/\",\"status\":4,\"msg\":\"Host not found "
		 "(authoritative)\"}]",
		 "Host not found (authoritative)", false},
		{"[{\"url\":\"a\",\"status\":4,\"msg\":\"timed out\"},"
		 "{\"url\":\"b\",\"status\":4,\"msg\":\"Torrent not found\"},"
		 "{\"url\":\"c\",\"status\":4,\"msg\":\"Unregistered torrent\"}]",
		 "Torrent not found", true},
		{"[7,null,{},{\"url\":7,\"status\":\"4\",\"msg\":[]}]", NULL, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_STR char *message = NULL;
		bool unknown = !rows[i].unknown;
		struct err err = {0};
		MUST(qbittorrent_read_trackers(rows[i].text, strlen(rows[i].text), &message,
					       &unknown, &err));
		assert_int_equal(unknown, rows[i].unknown);
		assert_int_equal(message != NULL, rows[i].message != NULL);
		if (message)
			assert_string_equal(message, rows[i].message);
	}
}

static void a_trackers_message_holds_no_url_and_no_passkey(void **state)
{
	(void)state;
	static const char text[] =
		"[{\"url\":\"x\",\"status\":4,\"msg\":\"see  http://t.example/abc/announce or "
		"0123456789abcdef0123456789abcdef\\n\\u202ex\"}]";
	OWN_STR char *message = NULL;
	bool unknown;
	struct err err = {0};

	MUST(qbittorrent_read_trackers(text, strlen(text), &message, &unknown, &err));
	assert_string_equal(message, "see  <hidden> or <hidden> ?x");
}

static void what_is_no_list_of_trackers_is_an_error(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "{}", "["};

	for (size_t i = 0; i < COUNT(texts); i++) {
		char *message = NULL;
		bool unknown;
		struct err err = {0};
		assert_false(qbittorrent_read_trackers(texts[i], strlen(texts[i]), &message,
						       &unknown, &err));
		assert_int_equal(err.kind, ERR_RETRY);
		assert_null(message);
	}
}

static void logins_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		long status;
		const char *body;
		enum qbittorrent_login login;
	} rows[] = {
		{200, "Ok.", QBITTORRENT_LOGIN_OK},
		{204, "", QBITTORRENT_LOGIN_OK},
		{200, "Fails.", QBITTORRENT_LOGIN_REFUSED},
		{401, "Unauthorized", QBITTORRENT_LOGIN_REFUSED},
		{403,
		 "Your IP address has been banned after too many failed authentication "
		 "attempts.",
		 QBITTORRENT_LOGIN_BANNED},
		{403, "Forbidden", QBITTORRENT_LOGIN_OTHER},
		{200, "", QBITTORRENT_LOGIN_OTHER},
		{200, "Ok. not", QBITTORRENT_LOGIN_OTHER},
		{200, "<html>", QBITTORRENT_LOGIN_OTHER},
		{404, "Ok.", QBITTORRENT_LOGIN_OTHER},
		{502, "", QBITTORRENT_LOGIN_OTHER},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(qbittorrent_read_login(rows[i].status, rows[i].body),
				 rows[i].login);
}

static void answers_to_a_torrent_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		long status;
		const char *body;
		enum qbittorrent_added added;
	} rows[] = {
		{200, "Ok.", QBITTORRENT_ADDED},
		{200,
		 "{\"added_torrent_ids\":[\"" H1 "\"],\"failure_count\":0,"
		 "\"pending_count\":0,\"success_count\":1}",
		 QBITTORRENT_ADDED},
		{202, "", QBITTORRENT_ADDED},
		{200, "{\"success_count\":0,\"pending_count\":1}", QBITTORRENT_ADDED},
		{200, "{\"success_count\":0,\"failure_count\":1}", QBITTORRENT_NOT_ADDED},
		{200, "{\"success_count\":\"1\"}", QBITTORRENT_NOT_ADDED},
		{200, "Fails.", QBITTORRENT_NOT_ADDED},
		{409, "Conflict", QBITTORRENT_NOT_ADDED},
		{415, "Error: 't.torrent' is not a valid torrent file.", QBITTORRENT_NO_TORRENT},
		{200, "", QBITTORRENT_ADD_OTHER},
		{200, "{}", QBITTORRENT_ADD_OTHER},
		{200, "[1]", QBITTORRENT_ADD_OTHER},
		{200, "<html>", QBITTORRENT_ADD_OTHER},
		{403, "Forbidden", QBITTORRENT_ADD_OTHER},
		{413, "", QBITTORRENT_ADD_OTHER},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
			qbittorrent_read_added(rows[i].status, rows[i].body, strlen(rows[i].body)),
			rows[i].added);
}

static void versions_of_the_web_api_are_known(void **state)
{
	(void)state;
	static const char *const good[] = {"2.0", "2.8.19", "2.16.2", "2.8.19.20.21.22"};
	static const char *const bad[] = {"",       "2",    "1.9",    "3.0",
					  "v4.5.2", "2.8 ", "<html>", "2.8.19.20.21.22."};

	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(qbittorrent_read_version(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(qbittorrent_read_version(bad[i]));
}

static void space_is_read_only_where_it_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		uint64_t space;
	} rows[] = {
		{"{\"server_state\":{\"free_space_on_disk\":43182977024}}", true, 43182977024},
		{"{\"server_state\":{\"free_space_on_disk\":0}}", true, 0},
		{"{\"server_state\":{\"free_space_on_disk\":99999999999999999999}}", true,
		 INT64_MAX},
		{"{\"server_state\":{\"free_space_on_disk\":-1}}", false, 0},
		{"{\"server_state\":{\"free_space_on_disk\":\"7\"}}", false, 0},
		{"{\"server_state\":{}}", false, 0},
		{"{\"server_state\":[]}", false, 0},
		{"[]", false, 0},
		{"", false, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t space = 4711;
		struct err err = {0};
		assert_int_equal(
			qbittorrent_read_space(rows[i].text, strlen(rows[i].text), &space, &err),
			rows[i].ok);
		assert_int_equal(space, rows[i].ok ? rows[i].space : 4711);
	}
}

static void categories_that_it_would_drop_are_known(void **state)
{
	(void)state;
	static const char *const good[] = {"",        "a", "a b", "a/b", "a/b/c", "\"$x\" & <y>",
					   "\xc3\xa9"};
	static const char *const bad[] = {"/", "/a", "a/", "a//b", "a\\b", "\\"};

	for (size_t i = 0; i < COUNT(good); i++)
		assert_null(qbittorrent_category_fault(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_non_null(qbittorrent_category_fault(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_torrent_is_read_as_4_5_tells_it),
		cmocka_unit_test(hashes_of_all_versions_are_told),
		cmocka_unit_test(each_state_has_its_meaning),
		cmocka_unit_test(a_forced_download_is_stalled_while_nothing_comes),
		cmocka_unit_test(a_state_that_is_not_known_is_named_without_secrets),
		cmocka_unit_test(complete_needs_all_data_and_the_clients_word),
		cmocka_unit_test(numbers_beyond_reason_are_cut),
		cmocka_unit_test(a_name_with_a_nul_does_not_cost_the_list),
		cmocka_unit_test(only_the_category_itself_is_taken),
		cmocka_unit_test(who_announces_in_vain_is_to_be_asked_about),
		cmocka_unit_test(no_more_are_asked_about_than_the_limit),
		cmocka_unit_test(what_is_no_list_is_an_error_and_touches_nothing),
		cmocka_unit_test(trackers_say_what_is_wrong),
		cmocka_unit_test(a_trackers_message_holds_no_url_and_no_passkey),
		cmocka_unit_test(what_is_no_list_of_trackers_is_an_error),
		cmocka_unit_test(logins_are_told_apart),
		cmocka_unit_test(answers_to_a_torrent_are_told_apart),
		cmocka_unit_test(versions_of_the_web_api_are_known),
		cmocka_unit_test(space_is_read_only_where_it_is_told),
		cmocka_unit_test(categories_that_it_would_drop_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
