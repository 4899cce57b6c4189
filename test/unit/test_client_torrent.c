#include "base/text.h"
#include "model/client_torrent.h"

#include "unit.h"

#define V1 "0123456789abcdef0123456789abcdef01234567"
#define V2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define V2_SHORT "fedcba9876543210fedcba9876543210fedcba98"
#define OTHER "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void add(struct client_torrents *all, const char *id)
{
	struct client_torrent *t = client_torrents_add(all);

	assert_non_null(t);
	assert_int_equal(t->size, 0);
	assert_null(t->name);
	text_copy(t->id, sizeof t->id, id);
	t->name = strdup(id);
}

static bool finds(const struct client_torrents *all, const char *v1, const char *v2, const char *id)
{
	const struct client_torrent *t = client_torrents_find(all, v1, v2);

	return t ? strcmp(t->name, id) == 0 : !*id;
}

static void a_torrent_is_found_by_what_its_client_calls_it(void **state)
{
	(void)state;
	static const char *const ids[] = {V1, V2_SHORT, V2};

	for (size_t i = 0; i < COUNT(ids); i++) {
		OWN_CLIENT_TORRENTS struct client_torrents all = {0};
		add(&all, "ffffffffffffffffffffffffffffffffffffffff");
		add(&all, ids[i]);
		add(&all, "0000000000000000000000000000000000000000");
		client_torrents_sort(&all);
		assert_true(finds(&all, V1, V2, ids[i]));
		assert_true(finds(&all, OTHER, NULL, ""));
		assert_true(finds(&all, i ? NULL : V1, i ? V2 : "", ids[i]));
	}
}

static void nothing_is_found_where_there_is_nothing(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	client_torrents_sort(&all);
	assert_null(client_torrents_find(&all, V1, V2));
	add(&all, "");
	client_torrents_sort(&all);
	assert_null(client_torrents_find(&all, "", ""));
	assert_null(client_torrents_find(&all, NULL, NULL));
	assert_null(client_torrents_find(&all, "0123", "fedc"));
}

static void the_v1_hash_goes_before_the_v2_hash(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	add(&all, V2_SHORT);
	add(&all, V1);
	client_torrents_sort(&all);
	assert_true(finds(&all, V1, V2, V1));
	assert_true(finds(&all, NULL, V2, V2_SHORT));
}

static void a_list_has_a_longest_length(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};

	for (size_t i = 0; i < CLIENT_TORRENTS_MAX; i++)
		assert_non_null(client_torrents_add(&all));
	assert_null(client_torrents_add(&all));
	assert_int_equal(all.n, CLIENT_TORRENTS_MAX);
	client_torrents_clear(&all);
	assert_int_equal(all.n, 0);
	assert_non_null(client_torrents_add(&all));
}

static void hashes_are_40_or_64_digits_in_lower_case(void **state)
{
	(void)state;
	static const struct {
		const char *hex, *out;
	} rows[] = {
		{V1, V1},     {"0123456789ABCDEF0123456789ABCDEF01234567", V1},
		{V2, V2},     {NULL, ""},
		{"", ""},     {"0123", ""},
		{V1 "0", ""}, {"g123456789abcdef0123456789abcdef01234567", ""},
		{V2 "0", ""}, {"0123456789abcdef0123456789abcdef0123456g", ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[65] = "old";
		client_torrent_hash(out, sizeof out, rows[i].hex);
		assert_string_equal(out, rows[i].out);
	}
	char small[41] = "old";
	client_torrent_hash(small, sizeof small, V2);
	assert_string_equal(small, "");
	client_torrent_hash(small, sizeof small, V1);
	assert_string_equal(small, V1);
	client_torrent_hash(small, sizeof small - 1, V1);
	assert_string_equal(small, "");
}

static void states_have_a_text_and_some_are_incomplete(void **state)
{
	(void)state;
	static const struct {
		enum client_state state;
		const char *text;
		bool incomplete;
	} rows[] = {
		{CLIENT_SEEDING, "seeding", true},   {CLIENT_DOWNLOADING, "downloading", true},
		{CLIENT_STALLED, "stalled", true},   {CLIENT_QUEUED, "queued", true},
		{CLIENT_CHECKING, "checking", true}, {CLIENT_PAUSED, "paused", true},
		{CLIENT_ERROR, "error", true},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct client_torrent t = {.state = rows[i].state};
		assert_string_equal(client_state_text(t.state), rows[i].text);
		assert_int_equal(client_torrent_is_incomplete(&t), rows[i].incomplete);
		t.complete = true;
		assert_false(client_torrent_is_incomplete(&t));
	}
}

static void a_torrent_is_found_by_the_hash_that_is_kept(void **state)
{
	(void)state;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	static const struct {
		const char *kept, *v2, *id;
	} rows[] = {
		{V1, "", V1},          {V1, V2, V1},      {V2, "", V2_SHORT},
		{OTHER, V2, V2_SHORT}, {OTHER, "", NULL},
	};

	add(&all, V1);
	add(&all, V2_SHORT);
	client_torrents_sort(&all);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct client_torrent *t =
			client_torrents_find_either(&all, rows[i].kept, rows[i].v2);
		assert_string_equal(t ? t->id : "", rows[i].id ? rows[i].id : "");
	}
}

static void stalled_is_what_does_not_come_further(void **state)
{
	(void)state;
	for (enum client_state s = CLIENT_SEEDING; s <= CLIENT_ERROR; s++)
		for (int complete = 0; complete < 2; complete++) {
			struct client_torrent t = {.state = s, .complete = complete};
			assert_int_equal(client_torrent_is_stalled(&t),
					 s == CLIENT_STALLED || (s == CLIENT_ERROR && !complete));
		}
}

static void a_tracker_disowns_a_torrent_in_several_words(void **state)
{
	(void)state;
	static const char *const disowned[] = {
		"Unregistered torrent", "torrent not registered", "Torrent not found",
		"Info hash not found",  "infohash not found",     "does not exist",
		"Unknown torrent",      "unknown info_hash",      "Torrent was Deleted: x",
		"Trumped by",           "not authorized",         "Unauthorized",
		"Passkey not found"};
	static const char *const others[] = {"", "timed out", "Host not found", "HTTP 503"};

	for (size_t i = 0; i < COUNT(disowned); i++)
		assert_true(client_torrent_is_disowned(disowned[i]));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(client_torrent_is_disowned(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_torrent_is_found_by_what_its_client_calls_it),
		cmocka_unit_test(nothing_is_found_where_there_is_nothing),
		cmocka_unit_test(the_v1_hash_goes_before_the_v2_hash),
		cmocka_unit_test(a_list_has_a_longest_length),
		cmocka_unit_test(hashes_are_40_or_64_digits_in_lower_case),
		cmocka_unit_test(states_have_a_text_and_some_are_incomplete),
		cmocka_unit_test(a_torrent_is_found_by_the_hash_that_is_kept),
		cmocka_unit_test(stalled_is_what_does_not_come_further),
		cmocka_unit_test(a_tracker_disowns_a_torrent_in_several_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
