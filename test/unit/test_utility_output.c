#include "model/utility_output.h"

#include "unit.h"

#include <signal.h>

#define TRACE "Traceback (most recent call last):\n  File \"archiver.py\", line 1, in fetch\n"
#define REFUSED TRACE "RuntimeError: Error: Unexpected server response\n\n"
#define URL "http://x/archive.php?action=fetch&ContainerName=a&ContainerSize=1T&MaxStalled=0"
#define DOWNLOAD "http://x/torrents.php?action=download&id=7&ArchiveID=8"

static const struct {
	int status;
	const char *output;
	enum utility_verdict verdict;
	const char *type;
	long http;
	bool back_off, may_have;
} rows[] = {
	{0, "New download written as \"/x\"\n", UTILITY_OK, "", 0, false, false},
	{0, "No space left in container", UTILITY_OK, "", 0, false, false},
	{1, REFUSED "{'Status': 'Error', 'Error': 'No space left in container'}\n", UTILITY_FULL,
	 "", 0, false, false},
	{1, REFUSED "{'Status': 'Error', 'Message': 'Too many STALLED downloads'}\n",
	 UTILITY_STALLED, "", 0, false, false},
	{1, REFUSED "{'Status': 'Error', 'Error': 'Database'}\n", UTILITY_FAILED, "RuntimeError", 0,
	 false, true},
	{1, REFUSED "{'Status': 'Maybe'}\n", UTILITY_FAILED, "RuntimeError", 0, false, true},
	{1,
	 TRACE "    ask(stalled)\nrequests.exceptions.HTTPError: 403 Client Error: Forbidden for "
	       "url: " URL "\n",
	 UTILITY_FAILED, "HTTPError", 403, true, false},
	{1, "requests.exceptions.HTTPError: 404 Client Error: x for url: " URL, UTILITY_FAILED,
	 "HTTPError", 404, true, true},
	{1, "requests.exceptions.HTTPError: 429 Client Error: x for url: " URL, UTILITY_FAILED,
	 "HTTPError", 429, true, false},
	{1, "requests.exceptions.HTTPError: 503 Server Error: x for url: " URL, UTILITY_FAILED,
	 "HTTPError", 503, true, true},
	{1, "requests.exceptions.HTTPError: 502 Server Error: x for url: " URL, UTILITY_FAILED,
	 "HTTPError", 502, true, true},
	{1, "requests.exceptions.HTTPError: 401 Client Error: x for url: " URL, UTILITY_FAILED,
	 "HTTPError", 401, true, false},
	{1, "requests.exceptions.HTTPError: 402 Client Error: x for url: " URL, UTILITY_FAILED,
	 "HTTPError", 402, true, true},
	{1, "requests.exceptions.HTTPError: 500 Server Error: x for url: " URL, UTILITY_FAILED,
	 "HTTPError", 500, true, true},
	{1, "requests.exceptions.HTTPError: 499 Client Error: x for url: " URL, UTILITY_FAILED,
	 "HTTPError", 499, true, true},
	{1, "HTTPError: 99 x", UTILITY_FAILED, "HTTPError", 0, true, true},
	{1, "HTTPError: 100 x", UTILITY_FAILED, "HTTPError", 100, true, true},
	{1, "HTTPError: 599 x", UTILITY_FAILED, "HTTPError", 599, true, true},
	{1, "HTTPError: 600 x", UTILITY_FAILED, "HTTPError", 0, true, true},
	{1, "HTTPError: of another form", UTILITY_FAILED, "HTTPError", 0, true, true},
	{1, "a.b.ConnectionError: ('Connection aborted.', x)", UTILITY_FAILED, "ConnectionError", 0,
	 true, true},
	{1, "ConnectionError: [Errno 111] Connection refused", UTILITY_FAILED, "ConnectionError", 0,
	 true, false},
	{1, "urllib3.exceptions.MaxRetryError: x\nrequests.exceptions.ConnectTimeout: y",
	 UTILITY_FAILED, "MaxRetryError", 0, true, false},
	{1, "TimeoutError: x\nrequests.exceptions.ReadTimeout: y", UTILITY_FAILED, "TimeoutError",
	 0, true, true},
	{1, "json.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", UTILITY_FAILED,
	 "JSONDecodeError", 0, true, true},
	{1, "json.JSONDecodeError: Expecting ',': line 1 column 15 (char 14)", UTILITY_FAILED,
	 "JSONDecodeError", 0, true, true},
	{1, "EOFError: EOF when reading a line", UTILITY_FAILED, "EOFError", 0, false, true},
	{1, "KeyError: 'x'", UTILITY_FAILED, "KeyError", 0, false, true},
	{1, "", UTILITY_FAILED, "Unknown", 0, false, true},
	{139, "no trace", UTILITY_FAILED, "Unknown", 0, false, true},
	{1, "  KeyError: indented", UTILITY_FAILED, "Unknown", 0, false, true},
	{1, " KeyError: indented", UTILITY_FAILED, "Unknown", 0, false, true},
	{1, "Error: plain", UTILITY_FAILED, "Error", 0, false, true},
	{1, "Errors: of another kind", UTILITY_FAILED, "Unknown", 0, false, true},
	{1, "KeyError: 1\nValueError\nlast line", UTILITY_FAILED, "ValueError", 0, false, true},
	{1, "AnErrorNameThatIsMuchLongerThanAnyOutcomeCanHoldError: x", UTILITY_FAILED,
	 "AnErrorNameThatIsMuchLo", 0, false, true},
};

static void status_and_output_have_one_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct utility_output said;
		utility_output_read(rows[i].status, rows[i].output, &said);
		print_message("%s\n", rows[i].output);
		assert_int_equal(said.verdict, rows[i].verdict);
		assert_string_equal(said.type, rows[i].type);
		assert_int_equal(said.status, rows[i].http);
		assert_int_equal(said.back_off, rows[i].back_off);
		assert_int_equal(said.may_have_assigned, rows[i].may_have);
	}
}

static void the_reply_is_told_with_the_exception(void **state)
{
	(void)state;
	struct utility_output said;

	utility_output_read(1, REFUSED "{'Status': 'Error', 'Error': 'Database'}\n", &said);
	assert_string_equal(said.message, "RuntimeError: Error: Unexpected server response: "
					  "{'Status': 'Error', 'Error': 'Database'}");
}

/* An exception of `len` bytes, and the reply behind it. */
static struct utility_output long_failure(size_t len, const char *reply)
{
	struct utility_output said;
	char output[2000] = "KeyError: ";

	memset(output + strlen(output), 'x', len - strlen(output));
	snprintf(output + len, sizeof output - len, "\n%s\n", reply);
	utility_output_read(1, output, &said);
	return said;
}

static void the_message_is_cut_to_its_room(void **state)
{
	(void)state;
	static const struct {
		size_t len, cut;
		char last;
	} lengths[] = {{295, 299, '\''}, {296, 299, '{'}, {297, 297, 'x'},
		       {299, 299, 'x'},  {300, 299, 'x'}, {301, 299, 'x'}};
	char reply[1000];

	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct utility_output said = long_failure(lengths[i].len, "{'Status': 'Error'}");
		assert_int_equal(strlen(said.message), lengths[i].cut);
		assert_int_equal(said.message[lengths[i].cut - 1], lengths[i].last);
		assert_int_equal(said.signal, 0);
	}
	snprintf(reply, sizeof reply, "{'%0500d'}", 7);
	struct utility_output said = long_failure(100, reply);
	assert_int_equal(strlen(said.message), 299);
	assert_int_equal(said.message[298], '0');
}

static void only_a_reply_is_added_to_the_message(void **state)
{
	(void)state;
	struct utility_output said;

	utility_output_read(1, "KeyError: 1\nlast line\n\n", &said);
	assert_string_equal(said.message, "KeyError: 1");
	utility_output_read(1, "{'a': 1}\nKeyError: 1\n", &said);
	assert_string_equal(said.message, "KeyError: 1");
	utility_output_read(1, "{'a': 1}\nthe end\n\n", &said);
	assert_string_equal(said.message, "the end");
	utility_output_read(1, "", &said);
	assert_string_equal(said.message, "");
}

static void the_signal_that_ended_it_is_named(void **state)
{
	(void)state;
	static const struct {
		int status, signal;
		const char *message;
	} signals[] = {
		{127, 0, "line"},
		{128, 0, "line"},
		{129, 1, "ended by signal 1"},
		{137, 9, "ended by signal 9; out of memory?"},
		{139, 11, "ended by signal 11"},
	};
	struct utility_output said;

	for (size_t i = 0; i < COUNT(signals); i++) {
		utility_output_read(signals[i].status, "line\n", &said);
		assert_int_equal(said.signal, signals[i].signal);
		assert_string_equal(said.message, signals[i].message);
	}
	utility_output_read(128 + SIGRTMAX, "line\n", &said);
	assert_int_equal(said.signal, SIGRTMAX);
	utility_output_read(128 + SIGRTMAX + 1, "line\n", &said);
	assert_int_equal(said.signal, 0);
}

static void a_missing_module_is_named(void **state)
{
	(void)state;
	struct utility_output said;

	utility_output_read(1,
			    "Traceback (most recent call last):\n"
			    "  File \"archiver.py\", line 1, in <module>\n    import requests\n"
			    "ModuleNotFoundError: No module named 'requests'\n",
			    &said);
	assert_string_equal(said.module, "requests");
	assert_false(said.may_have_assigned);
}

/* So were questions asked before it. */
static void a_module_that_is_missing_later_proves_nothing(void **state)
{
	(void)state;
	struct utility_output said;

	utility_output_read(1, "  File \"a.py\", line 1, in <module>\nImportError: x\n", &said);
	assert_false(said.may_have_assigned);
	utility_output_read(1,
			    "  File \"a.py\", line 1, in <module>\n"
			    "  File \"a.py\", line 9, in fetch\nImportError: x\n",
			    &said);
	assert_true(said.may_have_assigned);
}

/* Names of files and lines of source are not what failed. */
static void only_what_is_raised_proves_anything(void **state)
{
	(void)state;
	struct utility_output said;

	utility_output_read(1, TRACE "    # \"Connection refused\"\nKeyError: 'TorrentID'\n",
			    &said);
	assert_true(said.may_have_assigned);
	utility_output_read(1, TRACE "    get()\nConnectionError: Connection refused\n", &said);
	assert_false(said.may_have_assigned);
}

static void a_download_that_had_begun_shows_that_a_torrent_was_assigned(void **state)
{
	static const char *const traces[] = {
		TRACE "    get(config, config[\"DownloadURL\"])\nKeyError: 'x'\n",
		TRACE "    get(config, config[\"DownloadURL\"])\n"
		      "ConnectionError: [Errno 111] Connection refused\n",
		TRACE "    get(config, config[\"DownloadURL\"])\n"
		      "requests.exceptions.HTTPError: 403 Client Error: x for url: <hidden>\n",
		"ChunkedEncodingError: ('Connection broken: IncompleteRead(9 bytes read)', x)\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(traces); i++) {
		struct utility_output said;
		utility_output_read(1, traces[i], &said);
		print_message("%s\n", traces[i]);
		assert_true(said.has_assigned && said.may_have_assigned);
	}
	struct utility_output said;
	utility_output_read(1, TRACE "    get(config, config[\"FetchURL\"])\nKeyError: 'x'\n",
			    &said);
	assert_false(said.has_assigned);
}

static void a_failed_download_tells_what_was_assigned(void **state)
{
	(void)state;
	struct utility_output said;

	utility_output_read(1, "x.HTTPError: 503 Server Error: x for url: " DOWNLOAD "\n", &said);
	assert_string_equal(said.torrent_id, "7");
	assert_string_equal(said.archive_id, "8");
	utility_output_read(1, "x.HTTPError: 503 Server Error: x for url: " URL "\n", &said);
	assert_string_equal(said.torrent_id, "");
	utility_output_read(1, "Error: &id=7&ArchiveID=\n", &said);
	assert_string_equal(said.torrent_id, "");
	utility_output_read(1, "Error: &id=123456789012345678901234567890&ArchiveID=1\n", &said);
	assert_string_equal(said.archive_id, "");
	utility_output_read(1, "Error: &id=123456789012345678901234&ArchiveID=1\n", &said);
	assert_string_equal(said.torrent_id, "");
	utility_output_read(1, "Error: &id=12345678901234567890123&ArchiveID=1\n", &said);
	assert_string_equal(said.torrent_id, "12345678901234567890123");
	utility_output_read(1, "Error: &id=1\nError: &ArchiveID=2\n", &said);
	assert_string_equal(said.torrent_id, "");
	utility_output_read(1, "Error: &id=1&ArchiveID=2\n get(\"&id=3&ArchiveID=4\")\n", &said);
	assert_string_equal(said.torrent_id, "1");
	assert_string_equal(said.archive_id, "2");
}

static void a_list_names_its_containers(void **state)
{
	(void)state;
	static const char list[] = "Containers:\n\tattic (800G): /watch\n\ta (b) (1T): /watch\n";

	assert_true(utility_output_is_list(list));
	assert_true(utility_output_lists(list, "attic"));
	assert_true(utility_output_lists(list, "a (b)"));
	assert_false(utility_output_lists(list, "att"));
	assert_false(utility_output_lists(list, "ttic"));
	assert_false(utility_output_lists(list, "cubic"));
	assert_false(utility_output_lists("\tattic (", "attic"));
	assert_true(utility_output_lists("\tattic ()", "attic"));
	assert_false(utility_output_lists(" attic (1T)", "attic"));
	assert_false(utility_output_is_list("attic (800G): /watch\n"));
	assert_false(utility_output_is_list(""));
}

static const struct {
	const char *source, *version;
} versions[] = {
	{"__version__ = \"0.10\"\n", "0.10"},
	{"#!/usr/bin/python3\nimport os\nVERSION='0.9'\n", "0.9"},
	{"class A:\n    ScriptVersion = 1.2.3 # x", "1.2.3"},
	{"version=2", "2"},
	{"if version == 3:\n", NULL},
	{"print('version = 1')\n", NULL},
	{"version = unknown\n", NULL},
	{"versions = 1\n", NULL},
	{"version = 1234567890123456789012345\n", NULL},
	{"    version = 1", "1"},
	{"version: 12\n", NULL},
	{"version = 1.345678901234567890123", "1.345678901234567890123"},
	{"version = 1.3456789012345678901234", NULL},
	{"version =", NULL},
	{"version =\n1", NULL},
	{"version = .5", NULL},
	{"version", NULL},
	{"", NULL},
};

static void the_version_stands_in_an_assignment(void **state)
{
	(void)state;
	char version[REPLY_VERSION_SIZE];

	for (size_t i = 0; i < COUNT(versions); i++) {
		print_message("%s\n", versions[i].source);
		bool found = utility_output_version(versions[i].source, version);
		assert_int_equal(found, versions[i].version != NULL);
		if (found)
			assert_string_equal(version, versions[i].version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_output_have_one_meaning),
		cmocka_unit_test(the_reply_is_told_with_the_exception),
		cmocka_unit_test(the_message_is_cut_to_its_room),
		cmocka_unit_test(only_a_reply_is_added_to_the_message),
		cmocka_unit_test(the_signal_that_ended_it_is_named),
		cmocka_unit_test(a_missing_module_is_named),
		cmocka_unit_test(a_module_that_is_missing_later_proves_nothing),
		cmocka_unit_test(only_what_is_raised_proves_anything),
		cmocka_unit_test(a_download_that_had_begun_shows_that_a_torrent_was_assigned),
		cmocka_unit_test(a_failed_download_tells_what_was_assigned),
		cmocka_unit_test(a_list_names_its_containers),
		cmocka_unit_test(the_version_stands_in_an_assignment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
