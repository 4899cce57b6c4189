/* Any bytes as an answer of deluge-web: each parser reads it, whatever was asked. */
#include "fuzz.h"

#include "base/text.h"
#include "ports/client_common.h"
#include "ports/client_deluge.h"

#include <string.h>

#define NOW INT64_C(1800000000000)

static void check_words(const char *words, size_t max)
{
	OWN_STR char *printable = text_printable(words, strlen(words), strlen(words));

	CHECK(strlen(words) <= max);
	CHECK(strcmp(words, printable) == 0);
	CHECK(!strstr(words, "http://") && !strstr(words, "https://") && !strstr(words, "udp://"));
}

static void check_torrent(const struct client_torrent *t)
{
	size_t digits = strlen(t->id);

	CHECK((digits == 40 || digits == 64) && strspn(t->id, "0123456789abcdef") == digits);
	CHECK(t->state >= CLIENT_SEEDING && t->state <= CLIENT_ERROR);
	CHECK(t->left <= t->size && t->complete == (t->size && !t->left));
	CHECK(t->idle_since >= 0 && t->idle_since <= NOW);
	CHECK(t->state != CLIENT_ERROR || t->message);
	if (t->message)
		check_words(t->message, CLIENT_WORDS_MAX);
}

static void check_torrents(const json_t *result)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err = {0};

	if (deluge_read_torrents(result, NOW, &all, &err)) {
		for (size_t i = 0; i < all.n; i++)
			check_torrent(&all.list[i]);
		return;
	}
	CHECK(err.kind == ERR_RETRY && err.msg[0] && !all.list);
}

static void check_hosts(const json_t *result)
{
	struct deluge_host hosts[DELUGE_HOSTS_MAX];
	size_t n = deluge_read_hosts(result, hosts);

	CHECK(n <= DELUGE_HOSTS_MAX);
	for (size_t i = 0; i < n; i++) {
		CHECK(hosts[i].id[0] && strlen(hosts[i].id) < DELUGE_HOST_TEXT);
		CHECK(strchr(hosts[i].where, ':') && strlen(hosts[i].where) < DELUGE_HOST_TEXT);
	}
}

static void check_message(const char *message)
{
	OWN_STR char *words = deluge_words(message);
	char label[DELUGE_LABEL];

	check_words(words, CLIENT_WORDS_MAX);
	CHECK(!deluge_is_duplicate(message) || *message);
	CHECK(!deluge_is_bad_torrent(message) || *message);
	if (deluge_label(message, label))
		CHECK(strlen(label) == strlen(message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	struct err err = {0};
	uint64_t bytes;

	if (!deluge_read_answer((const char *)data, size, &a, &err)) {
		CHECK((err.kind == ERR_RETRY || err.kind == ERR_TARGET) && err.msg[0] && !a.whole);
		return 0;
	}
	check_message(a.message);
	check_torrents(a.result);
	check_hosts(a.result);
	if (deluge_read_space(a.result, &bytes))
		CHECK(bytes <= INT64_MAX);
	CHECK(!deluge_host_is_online(a.result) || json_array_size(a.result) > 1);
	CHECK(!deluge_list_has(a.result, "Label") || json_array_size(a.result) > 0);
	return 0;
}
