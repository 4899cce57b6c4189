/* Any bytes for the tracker's answers; what is taken has readable ids and printable texts. */
#include "fuzz.h"

#include "base/num.h"
#include "base/text.h"
#include "model/reply.h"

#include <string.h>

static bool is_id(const char *id)
{
	uint64_t n;

	return num_u64(id, INT64_MAX, &n) && n > 0;
}

static bool is_version(const char *v)
{
	return strlen(v) < REPLY_VERSION_SIZE && strspn(v, "0123456789.") == strlen(v);
}

static void check_reply(const struct reply *r)
{
	OWN_STR char *printable = text_printable(r->message, strlen(r->message), 1024);

	CHECK(strcmp(printable, r->message) == 0);
	CHECK(is_version(r->version));
	CHECK(!r->container_id[0] || is_id(r->container_id));
	CHECK((r->verdict == REPLY_ASSIGNED) == (r->torrent_id[0] != '\0'));
	CHECK(r->verdict != REPLY_ASSIGNED || (is_id(r->torrent_id) && is_id(r->archive_id)));
	CHECK(r->lists_incomplete || r->n_incomplete == 0);
	for (size_t i = 0; i < r->n_incomplete; i++) {
		size_t len = strlen(r->incomplete[i].infohash);
		CHECK(is_id(r->incomplete[i].torrent_id) && (len == 0 || len == 40));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	OWN_REPLY struct reply reply = {0};
	char version[REPLY_VERSION_SIZE] = "";
	char message[REPLY_MESSAGE_SIZE];
	struct err err = {0};

	if (reply_read_fetch(bytes, size, &reply, &err))
		check_reply(&reply);
	else
		CHECK(err.kind == ERR_RETRY && err.code == WORD_PROTOCOL && err.msg[0] &&
		      !reply.incomplete);
	if (reply_read_version(bytes, size, version, message, &err))
		CHECK(version[0] && is_version(version) && !message[0]);
	else
		CHECK(!version[0]);
	return 0;
}
