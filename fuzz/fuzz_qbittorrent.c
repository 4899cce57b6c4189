/* Any bytes for qBittorrent's answers; what is taken has hashes, limits and printable messages. */
#include "fuzz.h"

#include "base/mem.h"
#include "base/text.h"
#include "ports/client_common.h"
#include "ports/client_qbittorrent.h"

#include <string.h>

static void check_message(const char *message)
{
	OWN_STR char *printable = text_printable(message, strlen(message), 1024);

	CHECK(strcmp(printable, message) == 0 && !strstr(message, "://"));
}

static bool is_hash(const char *hash)
{
	size_t len = strlen(hash);

	return (len == 40 || len == 64) && strspn(hash, "0123456789abcdef") == len;
}

static void check_torrent(const struct client_torrent *t)
{
	CHECK(is_hash(t->id));
	CHECK((!*t->v1 || is_hash(t->v1)) && (!*t->v2 || is_hash(t->v2)));
	CHECK(t->category && t->size <= INT64_MAX && t->left <= INT64_MAX);
	CHECK(t->idle_since >= 0 && (!t->complete || t->left == 0));
	CHECK((t->state == CLIENT_ERROR) == (t->message != NULL));
	if (t->message)
		check_message(t->message);
}

static void check_failure(const struct err *err)
{
	CHECK(err->kind == ERR_RETRY || err->kind == ERR_TARGET);
	CHECK(err->code == WORD_CLIENT && *err->msg);
}

static void fuzz_list(const char *bytes, size_t size, const char *category)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct qbittorrent_silent silent = {.n = 0};
	struct err err = {0};

	if (!qbittorrent_read_list(bytes, size, category, &all, &silent, &err)) {
		check_failure(&err);
		CHECK(!all.list && silent.n == 0);
		return;
	}
	for (size_t i = 0; i < all.n; i++) {
		check_torrent(&all.list[i]);
		CHECK(!category || strcmp(all.list[i].category, category) == 0);
	}
	for (size_t i = 0; i < silent.n; i++)
		CHECK(silent.at[i] < all.n);
}

static void fuzz_trackers(const char *bytes, size_t size)
{
	OWN_STR char *message = NULL;
	bool unknown = false;
	struct err err = {0};

	if (!qbittorrent_read_trackers(bytes, size, &message, &unknown, &err))
		check_failure(&err);
	CHECK(message || !unknown);
	if (message) {
		CHECK(strlen(message) <= CLIENT_WORDS_MAX);
		check_message(message);
	}
}

static void fuzz_space(const char *bytes, size_t size)
{
	uint64_t space = 0;
	struct err err = {0};

	if (!qbittorrent_read_space(bytes, size, &space, &err))
		check_failure(&err);
	CHECK(space <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	OWN_STR char *text = mem_dupn(bytes, size);

	fuzz_list(bytes, size, NULL);
	fuzz_list(bytes, size, "rel");
	fuzz_trackers(bytes, size);
	fuzz_space(bytes, size);
	qbittorrent_read_version(text);
	qbittorrent_category_fault(text);
	CHECK(qbittorrent_read_login(500, text) == QBITTORRENT_LOGIN_OTHER);
	qbittorrent_read_login(200, text);
	qbittorrent_read_login(403, text);
	CHECK(qbittorrent_read_added(500, text, size) == QBITTORRENT_ADD_OTHER);
	qbittorrent_read_added(200, text, size);
	return 0;
}
