#include "model/reply.h"

#include "base/buf.h"

#include "unit.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"

static void read_ok(const char *text, struct reply *r)
{
	struct err err = {0};

	if (!reply_read_fetch(text, strlen(text), r, &err))
		fail_msg("%s: %s", text, err.msg);
}

static void ids_may_be_texts_or_numbers(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"Status\":\"Ok\",\"ContainerID\":7,\"ScriptVersion\":\"0.10\","
		"\"TorrentID\":123,\"ArchiveID\":45}",
		"{\"ArchiveID\":\"45\",\"TorrentID\":\"0123\",\"ScriptVersion\":\"0.10\","
		"\"ContainerID\":\"7\",\"Status\":\"Ok\",\"Other\":[]}",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		OWN_REPLY struct reply r = {0};
		read_ok(texts[i], &r);
		assert_int_equal(r.verdict, REPLY_ASSIGNED);
		assert_string_equal(r.torrent_id, "123");
		assert_string_equal(r.archive_id, "45");
		assert_string_equal(r.container_id, "7");
		assert_string_equal(r.version, "0.10");
		assert_false(r.lists_incomplete);
	}
}

static void an_ok_without_both_ids_is_no_answer(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"Status\":\"Ok\"}",
		"{\"Status\":\"Ok\",\"TorrentID\":1}",
		"{\"Status\":\"Ok\",\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":0,\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":\"0\",\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":-1,\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":1.5,\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":\"1 \",\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":\"1&x=y\",\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":\"9223372036854775808\",\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":null,\"ArchiveID\":1}",
		"{\"Status\":\"Ok\",\"TorrentID\":[1],\"ArchiveID\":1}",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct reply r = {.n_incomplete = 4711};
		struct err err = {0};
		assert_false(reply_read_fetch(texts[i], strlen(texts[i]), &r, &err));
		assert_int_equal(err.code, WORD_PROTOCOL);
		assert_int_equal(r.n_incomplete, 4711);
	}
}

static void refusals_are_told_apart_by_their_text(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum reply_verdict verdict;
		const char *message;
	} rows[] = {
		{"{\"Status\":\"Error\",\"Error\":\"No space left in container\"}", REPLY_FULL,
		 "No space left in container"},
		{"{\"Status\":\"Error\",\"Message\":\"no SPACE left in container.\"}", REPLY_FULL,
		 "no SPACE left in container."},
		{"{\"Status\":\"Error\",\"Error\":\"Too many Stalled downloads\"}", REPLY_STALLED,
		 "Too many Stalled downloads"},
		{"{\"Status\":\"Error\",\"Error\":null,\"Message\":\"Go away\"}", REPLY_REFUSED,
		 "Go away"},
		{"{\"Status\":\"Error\",\"Error\":\"a\\nb\\u001b\"}", REPLY_REFUSED, "a?b?"},
		{"{\"Status\":\"Error\"}", REPLY_REFUSED, ""},
		{"{\"Status\":\"Error\",\"Error\":{\"x\":1}}", REPLY_REFUSED, ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_REPLY struct reply r = {0};
		read_ok(rows[i].text, &r);
		assert_int_equal(r.verdict, rows[i].verdict);
		assert_string_equal(r.message, rows[i].message);
		assert_string_equal(r.torrent_id, "");
	}
}

static void the_error_says_what_came_instead_of_an_answer(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "no valid JSON"},
		{"\xEF\xBB\xBF{}", "no valid JSON"},
		{"{\"Status\":\"Ok\"", "no valid JSON"},
		{"{} secretword", "no valid JSON"},
		{"{\"Status\":\"\\u0000\"}", "no valid JSON"},
		{" \n<html>secretword</html>", "HTML page"},
		{"[\"secretword\"]", "no object"},
		{"{\"Status\":\"secretword\"}", "neither Ok nor Error"},
		{"{\"Status\":\"ok\"}", "neither Ok nor Error"},
		{"{\"Status\":1}", "neither Ok nor Error"},
		{"{}", "neither Ok nor Error"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reply r = {0};
		struct err err = {0};
		assert_false(reply_read_fetch(rows[i].text, strlen(rows[i].text), &r, &err));
		assert_int_equal(err.kind, ERR_RETRY);
		assert_int_equal(err.code, WORD_PROTOCOL);
		assert_non_null(strstr(err.msg, rows[i].says));
		assert_null(strstr(err.msg, "secretword"));
	}
}

static void pages_are_told_by_what_they_hold(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum reply_page page;
		enum http_guard guard;
	} rows[] = {
		{"", REPLY_NO_PAGE, HTTP_NO_GUARD},
		{"", REPLY_PAGE_GUARD, HTTP_GUARD_PASSES},
		{"", REPLY_PAGE_GUARD, HTTP_GUARD_ANSWERS},
		{"error code: 1010", REPLY_PAGE_GUARD, HTTP_NO_GUARD},
		{"error code: 502", REPLY_NO_PAGE, HTTP_NO_GUARD},
		{"Forbidden", REPLY_NO_PAGE, HTTP_NO_GUARD},
		{"Forbidden", REPLY_PAGE_GUARD, HTTP_GUARD_PASSES},
		{"<html>x", REPLY_PAGE, HTTP_GUARD_PASSES},
		{"<html>x", REPLY_PAGE_GUARD, HTTP_GUARD_ANSWERS},
		{"{\"Error\":\"no such key\"}", REPLY_NO_PAGE, HTTP_GUARD_PASSES},
		{"{\"Error\":\"Too many queries\"}", REPLY_TOO_OFTEN, HTTP_GUARD_PASSES},
		{"<p>Too Many Requests", REPLY_TOO_OFTEN, HTTP_NO_GUARD},
		{"rate limit reached", REPLY_TOO_OFTEN, HTTP_NO_GUARD},
		{"{\"Error\":\"<html> cloudflare\"}", REPLY_NO_PAGE, HTTP_NO_GUARD},
		{" \n<html>x</html>", REPLY_PAGE, HTTP_NO_GUARD},
		{"<input type=\"PASSWORD\">", REPLY_PAGE_LOGIN, HTTP_NO_GUARD},
		{"<input type='password'>", REPLY_PAGE_LOGIN, HTTP_NO_GUARD},
		{"<p>Down for Maintenance</p>", REPLY_PAGE_MAINTENANCE, HTTP_NO_GUARD},
		{"<title>Just a moment...</title>", REPLY_PAGE_GUARD, HTTP_NO_GUARD},
		{"<p>CloudFlare <input type=\"password\"></p>", REPLY_PAGE_GUARD, HTTP_NO_GUARD},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(reply_page(rows[i].text, strlen(rows[i].text), rows[i].guard),
				 rows[i].page);
	/* Only the bytes that belong to it. */
	assert_int_equal(reply_page("<p>cloudflare", 6, HTTP_NO_GUARD), REPLY_PAGE);
}

static void versions_come_as_texts_and_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *json, *version;
	} rows[] = {
		{"\"0.10\"", "0.10"},
		{"0.1", "0.1"},
		{"0.10", "0.1"},
		{"2", "2"},
		{"\"1.2.3\"", "1.2.3"},
		{"\"\"", ""},
		{"\"1.0-beta\"", ""},
		{"null", ""},
		{"-1", ""},
		{"1e99", ""},
		{"[1]", ""},
		{"\"1.111111111111111111111\"", "1.111111111111111111111"},
		{"\"1.1111111111111111111111\"", ""},
		{"\"1.111111111111111111111111111111111111111111111111111111111111111\"", ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200], version[REPLY_VERSION_SIZE] = "untouched";
		char message[REPLY_MESSAGE_SIZE];
		OWN_REPLY struct reply r = {0};
		struct err err = {0};
		snprintf(text, sizeof text, "{\"Status\":\"Error\",\"ScriptVersion\":%s}",
			 rows[i].json);
		read_ok(text, &r);
		assert_string_equal(r.version, rows[i].version);
		assert_false(reply_read_version(text, strlen(text), version, message, &err));
		assert_string_equal(version, "untouched");
		snprintf(text, sizeof text, "{\"Status\":\"Ok\",\"ScriptVersion\":%s}",
			 rows[i].json);
		bool ok = reply_read_version(text, strlen(text), version, message, &err);
		assert_int_equal(ok, rows[i].version[0] != '\0');
		assert_string_equal(version, ok ? rows[i].version : "untouched");
	}
}

#define OK_7 "{\"Status\":\"Ok\",\"TorrentID\":7,\"ArchiveID\":8}"

static void an_answer_is_found_in_other_text(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"<br />\n<b>Warning</b>: array_key_exists() {x} in /a.php<br />\n" OK_7,
		"\xEF\xBB\xBF" OK_7,
		OK_7 "\n<!-- 0.2 s -->",
		"Notice: {\"Status\":\"odd\"} " OK_7 "}",
		"\n\n" OK_7 OK_7,
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		OWN_REPLY struct reply reply = {0};
		struct err err;
		bool ok = reply_read_fetch(texts[i], strlen(texts[i]), &reply, &err);
		/* Of two, neither is believed. */
		assert_int_equal(ok, i < 4);
		if (ok)
			assert_string_equal(reply.torrent_id, "7");
	}
}

static void a_part_of_an_answer_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"<b>Warning</b>{\"Status\":\"Ok\",\"TorrentID\":7,\"ArchiveID\":8",
		"<b>Warning</b>{\"TorrentID\":7,\"ArchiveID\":8}",
		"<b>Warning</b>{\"Status\":[\"Ok\"],\"TorrentID\":7,\"ArchiveID\":8}"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		OWN_REPLY struct reply reply = {0};
		struct err err;
		assert_false(reply_read_fetch(texts[i], strlen(texts[i]), &reply, &err));
		assert_int_equal(err.code, WORD_PROTOCOL);
	}
}

static void only_so_many_braces_are_tried(void **state)
{
	(void)state;
	for (size_t braces = 62; braces <= 64; braces++) {
		char text[300];
		OWN_REPLY struct reply reply = {0};
		struct err err;
		memset(text, '{', braces);
		text[braces] = ' ';
		snprintf(text + braces + 1, sizeof text - braces - 1, "%s", OK_7);
		assert_int_equal(reply_read_fetch(text, strlen(text), &reply, &err), braces < 64);
	}
}

static void an_error_in_place_of_the_version_keeps_its_words(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum err_code code;
		const char *message;
	} rows[] = {
		{"{\"Status\":\"Error\",\"Error\":\"Too many\\tqueries\"}", WORD_TRACKER,
		 "Too many?queries"},
		{"{\"Status\":\"Error\",\"Message\":\"You are banned\"}", WORD_TRACKER,
		 "You are banned"},
		{"{\"Status\":\"Error\"}", WORD_TRACKER, ""},
		{"{\"Status\":\"Odd\",\"Error\":\"x\"}", WORD_PROTOCOL, ""},
		{"<html>", WORD_PROTOCOL, ""},
		{"{}", WORD_PROTOCOL, ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char version[REPLY_VERSION_SIZE], message[REPLY_MESSAGE_SIZE] = "x";
		struct err err = {0};
		assert_false(reply_read_version(rows[i].text, strlen(rows[i].text), version,
						message, &err));
		assert_int_equal(err.code, rows[i].code);
		assert_string_equal(message, rows[i].message);
	}
}

static void incomplete_transactions_are_read_as_far_as_they_can_be(void **state)
{
	(void)state;
	OWN_REPLY struct reply r = {0};

	read_ok("{\"Status\":\"Ok\",\"TorrentID\":1,\"ArchiveID\":2,\"IncompleteTransactions\":{"
		"\"11\":{\"TorrentID\":\"5\",\"InfoHash\":"
		"\"0123456789ABCDEF0123456789abcdef01234567\"},"
		"\"12\":{\"TorrentID\":6,\"InfoHash\":null},"
		"\"13\":{\"TorrentID\":7,\"InfoHash\":\"short\"},"
		"\"14\":{\"InfoHash\":null},"
		"\"15\":[],"
		"\"x\":{\"TorrentID\":9}}}",
		&r);
	assert_true(r.lists_incomplete);
	assert_int_equal(r.n_incomplete, 3);
	assert_int_equal(r.incomplete[0].transaction, 11);
	assert_string_equal(r.incomplete[0].torrent_id, "5");
	assert_string_equal(r.incomplete[0].infohash, HASH);
	assert_int_equal(r.incomplete[1].transaction, 12);
	assert_string_equal(r.incomplete[1].torrent_id, "6");
	assert_string_equal(r.incomplete[1].infohash, "");
	assert_int_equal(r.incomplete[2].transaction, 0);
	assert_string_equal(r.incomplete[2].torrent_id, "9");
}

static void one_incomplete_transaction_is_a_list(void **state)
{
	(void)state;
	OWN_REPLY struct reply r = {0};

	read_ok("{\"Status\":\"Ok\",\"TorrentID\":1,\"ArchiveID\":2,\"IncompleteTransactions\":{"
		"\"11\":{\"TorrentID\":\"5\"}}}",
		&r);
	assert_int_equal(r.n_incomplete, 1);
	assert_string_equal(r.incomplete[0].infohash, "");
}

static void a_list_beyond_its_limit_is_not_read(void **state)
{
	(void)state;
	for (int n = REPLY_INCOMPLETE_MAX; n <= REPLY_INCOMPLETE_MAX + 1; n++) {
		OWN_BUF struct buf text = BUF_MAX(8 << 20);
		OWN_REPLY struct reply r = {0};
		buf_puts(&text, "{\"Status\":\"Ok\",\"TorrentID\":1,\"ArchiveID\":2,"
				"\"IncompleteTransactions\":{");
		for (int i = 0; i < n; i++)
			buf_printf(&text, "%s\"%d\":{\"TorrentID\":5}", i ? "," : "", i + 1);
		buf_puts(&text, "}}");
		read_ok(buf_text(&text), &r);
		assert_true(r.lists_incomplete);
		assert_int_equal(r.n_incomplete, n > REPLY_INCOMPLETE_MAX ? 0 : n);
	}
}

static void of_two_equal_keys_the_last_counts(void **state)
{
	(void)state;
	OWN_REPLY struct reply r = {0};

	read_ok("{\"Status\":\"Ok\",\"TorrentID\":1,\"ArchiveID\":2,\"TorrentID\":3}", &r);
	assert_string_equal(r.torrent_id, "3");
}

static void the_trackers_words_are_cut(void **state)
{
	(void)state;
	OWN_REPLY struct reply r = {0};
	char text[400];

	snprintf(text, sizeof text, "{\"Status\":\"Error\",\"Error\":\"%0300d\"}", 7);
	read_ok(text, &r);
	assert_int_equal(strlen(r.message), REPLY_MESSAGE_SIZE - 1);
}

static void an_empty_list_is_still_a_list(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		bool lists;
	} rows[] = {{"{}", true}, {"[]", true}, {"null", false}, {"0", false}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[200];
		OWN_REPLY struct reply r = {0};
		snprintf(text, sizeof text,
			 "{\"Status\":\"Ok\",\"TorrentID\":1,\"ArchiveID\":2,"
			 "\"IncompleteTransactions\":%s}",
			 rows[i].json);
		read_ok(text, &r);
		assert_int_equal(r.lists_incomplete, rows[i].lists);
		assert_int_equal(r.n_incomplete, 0);
	}
}

static void deep_nesting_is_refused_without_harm(void **state)
{
	(void)state;
	static char text[100000];
	struct reply r = {0};
	struct err err = {0};

	memset(text, '[', sizeof text);
	memcpy(text, "{\"a\":", 5);
	assert_false(reply_read_fetch(text, sizeof text, &r, &err));
	assert_int_equal(err.code, WORD_PROTOCOL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_may_be_texts_or_numbers),
		cmocka_unit_test(an_ok_without_both_ids_is_no_answer),
		cmocka_unit_test(refusals_are_told_apart_by_their_text),
		cmocka_unit_test(the_error_says_what_came_instead_of_an_answer),
		cmocka_unit_test(pages_are_told_by_what_they_hold),
		cmocka_unit_test(versions_come_as_texts_and_numbers),
		cmocka_unit_test(an_answer_is_found_in_other_text),
		cmocka_unit_test(a_part_of_an_answer_is_none),
		cmocka_unit_test(only_so_many_braces_are_tried),
		cmocka_unit_test(an_error_in_place_of_the_version_keeps_its_words),
		cmocka_unit_test(incomplete_transactions_are_read_as_far_as_they_can_be),
		cmocka_unit_test(one_incomplete_transaction_is_a_list),
		cmocka_unit_test(a_list_beyond_its_limit_is_not_read),
		cmocka_unit_test(of_two_equal_keys_the_last_counts),
		cmocka_unit_test(the_trackers_words_are_cut),
		cmocka_unit_test(an_empty_list_is_still_a_list),
		cmocka_unit_test(deep_nesting_is_refused_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
