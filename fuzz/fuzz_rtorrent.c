/*
 * Any bytes for what rTorrent answers.  The first byte chooses the reader: d the output of df, h an
 * answer of SCGI with its head, anything else XML-RPC; what is taken is in order and printable.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "base/scgi.h"
#include "base/text.h"
#include "ports/client_rtorrent.h"

#include <string.h>

#define MAX_VALUES 5000

static void check_text(const char *text)
{
	OWN_STR char *printable = text ? text_printable(text, strlen(text), 8192) : NULL;

	CHECK(!text || (*text && strcmp(text, printable) == 0));
}

static void check_list(const struct xmlrpc *x, const char *category)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err = {0};

	if (!rtorrent_read_list(x, category, &all, &err))
		CHECK(err.kind == ERR_RETRY && err.code == WORD_CLIENT);
	for (size_t i = 0; i < all.n; i++) {
		const struct client_torrent *t = &all.list[i];
		CHECK(strlen(t->id) == 40 || !*t->id);
		CHECK(t->left <= t->size && t->state <= CLIENT_ERROR);
		check_text(t->name);
		check_text(t->category);
		check_text(t->folder);
		CHECK(!t->message || !strstr(t->message, "://"));
	}
}

/* Every value is within its parent, and all of them are used up. */
static const struct xmlrpc_value *walk(const struct xmlrpc *x, const struct xmlrpc_value *v)
{
	const struct xmlrpc_value *at = v + 1, *end = v + v->span;
	uint32_t items = v->type == XMLRPC_ARRAY ? v->n : v->type == XMLRPC_STRUCT ? 2 * v->n : 0;

	CHECK(v >= x->values && end <= x->values + x->n);
	CHECK(strlen(xmlrpc_text(x, v)) <= x->texts.len);
	for (uint32_t i = 0; i < items; i++)
		at = walk(x, at);
	CHECK(at == end);
	return end;
}

static void check_answer(char *bytes, size_t size)
{
	OWN_XMLRPC struct xmlrpc x = {0};
	enum rtorrent_presence presence = RTORRENT_ABSENT;
	struct client_space space;
	struct err err = {0};

	if (!xmlrpc_read(bytes, size, MAX_VALUES, &x, &err)) {
		CHECK(err.kind == ERR_RETRY && err.msg[0] && !x.values);
		return;
	}
	CHECK(x.n > 0 && x.n <= MAX_VALUES);
	CHECK(walk(&x, x.values) == x.values + x.n);
	if (!rtorrent_read_presence(&x, &presence, &err))
		CHECK(x.fault);
	for (size_t n = 0; n < 3; n++)
		if (rtorrent_read_steps(&x, n, &err))
			CHECK(x.values->n == n);
	check_list(&x, NULL);
	check_list(&x, "rel");
	if (rtorrent_read_free(&x, "/dl", &space))
		CHECK(space.free > 0);
}

static void check_head(const char *bytes, size_t size)
{
	OWN_BUF struct buf b = BUF_MAX(size);
	struct err err = {0};

	buf_add(&b, bytes, size);
	if (scgi_take_head(&b, &err))
		CHECK(b.len < size);
	else
		CHECK(err.kind == ERR_RETRY && err.msg[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWN_STR char *copy = mem_dupn((const char *)data, size);
	struct client_space space;

	if (size && *copy == 'd')
		rtorrent_read_df(copy + 1, &space);
	else if (size && *copy == 'h')
		check_head(copy + 1, size - 1);
	else
		check_answer(copy, size);
	return 0;
}
