/* Any bytes for each reader of Transmission's answers: what is taken has readable hashes, printable
 * texts and numbers in bounds, and errors quote no URL. */
#include "fuzz.h"

#include "base/text.h"
#include "ports/client_common.h"
#include "ports/client_transmission.h"

#include <string.h>

#define HASH "0123456789abcdef0123456789abcdef01234567"

static void check_printable(const char *text, size_t max)
{
	OWN_STR char *printable = text ? text_printable(text, strlen(text), max) : NULL;

	CHECK(!text || (strlen(text) <= max && strcmp(printable, text) == 0));
}

static void check_error(const struct err *err)
{
	CHECK(err->kind == ERR_RETRY || err->kind == ERR_TARGET || err->kind == ERR_ITEM);
	CHECK(err->code == WORD_CLIENT && err->msg[0]);
	check_printable(err->msg, sizeof err->msg);
	CHECK(!strstr(err->msg, "://"));
}

static void check_torrent(const struct client_torrent *t, const char *category)
{
	size_t len = strlen(t->id);

	CHECK((len == 40 || len == 64) && strspn(t->id, "0123456789abcdef") == len);
	check_printable(t->name, 1024);
	check_printable(t->message, CLIENT_WORDS_MAX);
	CHECK(!t->message || !strstr(t->message, "://"));
	CHECK(t->size <= INT64_MAX && t->left <= INT64_MAX && t->idle_since >= 0);
	CHECK(!t->complete || (t->size > 0 && t->left == 0));
	CHECK(t->state != CLIENT_SEEDING || t->complete);
	CHECK(t->state != CLIENT_STALLED || !t->complete);
	CHECK(t->state != CLIENT_ERROR || t->message);
	CHECK(!category || strcmp(t->category, category) == 0);
}

static void list(const char *bytes, size_t len, const char *category)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err = {0};

	if (!client_transmission_read_list(bytes, len, category, &all, &err)) {
		check_error(&err);
		CHECK(all.n == 0 && !all.list);
	}
	for (size_t i = 0; i < all.n; i++)
		check_torrent(&all.list[i], category);
}

static void others(const char *bytes, size_t len)
{
	struct transmission_found found = {0};
	struct client_space space = {0};
	OWN_STR char *folder = NULL;
	bool missing = false;
	struct err err = {0};

	if (!client_transmission_read_added(bytes, len, &err))
		check_error(&err);
	if (!client_transmission_read_done(bytes, len, &err))
		check_error(&err);
	if (!client_transmission_read_found(bytes, len, HASH, &found, &err))
		check_error(&err);
	CHECK(found.present || !found.takes_labels);
	if (client_transmission_read_session(bytes, len, &folder, &err))
		CHECK(*folder);
	else
		check_error(&err);
	if (client_transmission_read_space(bytes, len, &space, &missing, &err))
		CHECK(!missing || (space.free == 0 && space.total == 0));
	else
		check_error(&err);
}

static void url(const char *bytes, size_t len)
{
	char *text = strndup(bytes, len);
	OWN_STR char *once = client_transmission_url(text);
	OWN_STR char *twice = client_transmission_url(once);

	CHECK(strcmp(once, twice) == 0 || !strstr(text, "://"));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;

	list(bytes, size, NULL);
	list(bytes, size, "rel");
	list(bytes, size, "r\U0001f3ac");
	others(bytes, size);
	url(bytes, size);
	return 0;
}
