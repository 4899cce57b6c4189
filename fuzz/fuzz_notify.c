/* Any text as one SERVICE+URL and as words of an event: what is taken leads to a request that is
 * valid, and whose label and headers give nothing away. */
#include "fuzz.h"

#include "base/http.h"
#include "base/mem.h"
#include "base/text.h"
#include "ports/notify.h"

#include <jansson.h>
#include <string.h>

static void check_request(const struct notify_target *t, const char *words)
{
	struct event e = {.name = "test", .text = mem_dup(words)};
	struct notify_request r;
	struct http_url url;
	struct err err;

	text_copy(e.title, sizeof e.title, words);
	notify_build(t, &e, &r);
	json_t *json = json_loads(r.body, JSON_REJECT_DUPLICATES, NULL);
	CHECK(json_is_object(json) && json_object_size(json) > 1);
	CHECK(http_url_parse(secret_reveal(&r.url), &url, &err));
	for (size_t i = 0; i < r.n_headers; i++)
		CHECK(!strpbrk(secret_reveal(&r.headers[i]), "\r\n"));
	json_decref(json);
	notify_request_clear(&r);
	event_clear(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWN_STR char *text = mem_dupn((const char *)data, size);
	struct notify_target t = {0};
	unsigned kinds;

	if (event_kinds_parse(text, &kinds))
		CHECK((kinds & ~EVENTS_ALL) == 0);
	if (!notify_parse(text, &t) && !notify_complete(&t, NULL)) {
		CHECK(strlen(t.fingerprint) == 16 &&
		      strlen(secret_reveal(&t.url)) <= NOTIFY_URL_MAX);
		CHECK(!secret_is_set(&t.token) || !secret_is_set(&t.basic));
		check_request(&t, text);
	}
	notify_target_clear(&t);
	return 0;
}
