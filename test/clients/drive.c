/*
 * Drives one torrent client through its port, for the tests against real clients and doubles.
 *
 * Reads JSON objects from stdin, one a line, and answers each with one on a line.  The first says
 * which client: {"Type", "URL", "Socket", "Username", "Password", "ProxyUsername",
 * "ProxyPassword", "CAFile", "timeout_ms"}.  The others are calls:
 *
 *     {"do": "ready"}
 *     {"do": "deliver", "file", "category", "tags", "save_path", "paused", "resumed"}
 *     {"do": "list", "category"}        category null: all
 *     {"do": "space", "save_path"}
 *
 * An answer has "ok"; of a failure also "kind", "word", "message" and "refused".
 */
#include "config/client_types.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "model/torrent.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static json_t *failure(const struct client *c, const struct err *err)
{
	static const char *const kinds[] = {[ERR_NONE] = "none",
					    [ERR_ITEM] = "item",
					    [ERR_RETRY] = "retry",
					    [ERR_TARGET] = "target",
					    [ERR_FATAL] = "fatal"};

	char word[ERR_WORD];

	err_word(err->code, err->status, err->name, word);
	return json_pack("{s:b, s:s, s:s, s:s, s:b}", "ok", 0, "kind", kinds[err->kind], "word",
			 word, "message", err->msg, "refused", c && c->refused);
}

static struct placement placement_of(const json_t *call)
{
	return (struct placement){.category = (char *)text_of(call, "category"),
				  .tags = (char *)text_of(call, "tags"),
				  .save_path = (char *)text_of(call, "save_path"),
				  .paused = json_is_true(json_object_get(call, "paused"))};
}

static void hashes_of(const struct torrent *t, char v1[41], char v2[65], char shown[65])
{
	v1[0] = v2[0] = '\0';
	if (t->has_v1)
		hash_hex(t->v1, SHA1_SIZE, v1);
	if (t->has_v2)
		hash_hex(t->v2, SHA256_SIZE, v2);
	torrent_infohash_hex(t, shown);
}

/* What is no torrent is delivered as well, with the infohash of zeros: a client must refuse it. */
static json_t *deliver(struct client *c, const json_t *call)
{
	const struct placement placement = placement_of(call);
	OWN_BUF struct buf bytes = BUF_MAX(TORRENT_MAX_BYTES);
	OWN(torrent_clear) struct torrent t = {0};
	OWN_STR char *path = NULL;
	char v1[41] = "0000000000000000000000000000000000000000", v2[65] = "", hash[65] = "0";
	struct err err;

	if (!fs_read(text_of(call, "file"), &bytes, &err))
		return failure(c, &err);
	if (torrent_read(bytes.data, bytes.len, &t, &err))
		hashes_of(&t, v1, v2, hash);
	const struct delivery d = {.id = 1,
				   .infohash = hash,
				   .v1 = v1,
				   .v2 = v2,
				   .file_name = fs_base_name(text_of(call, "file")),
				   .bytes = &bytes,
				   .placement = &placement};
	bool resumed = json_is_true(json_object_get(call, "resumed"));
	if (!c->ops->deliver(c, &d, resumed, &path, &err))
		return failure(c, &err);
	return json_pack("{s:b, s:s, s:s, s:s}", "ok", 1, "path", path, "v1", v1, "v2", v2);
}

static json_t *torrent_json(const struct client_torrent *t)
{
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:I, s:I, s:b, s:I}", "id",
			 t->id, "v1", t->v1, "v2", t->v2, "name", t->name, "category", t->category,
			 "folder", t->folder, "message", t->message, "state",
			 client_state_text(t->state), "size", (json_int_t)t->size, "left",
			 (json_int_t)t->left, "complete", t->complete, "idle_since",
			 (json_int_t)t->idle_since);
}

static json_t *list(struct client *c, const json_t *call)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	struct err err;

	if (!c->ops->list(c, text_of(call, "category"), &all, &err))
		return failure(c, &err);
	json_t *rows = json_array();
	for (size_t i = 0; i < all.n; i++)
		json_array_append_new(rows, torrent_json(&all.list[i]));
	return json_pack("{s:b, s:o}", "ok", 1, "torrents", rows);
}

static json_t *space(struct client *c, const json_t *call)
{
	const struct placement placement = placement_of(call);
	struct client_space s = {0};
	struct err err;

	if (!c->ops->space(c, &placement, &s, &err))
		return failure(c, &err);
	return json_pack("{s:b, s:I, s:I}", "ok", 1, "free", (json_int_t)s.free, "total",
			 (json_int_t)s.total);
}

static json_t *answer(struct client *c, const json_t *call)
{
	const char *what = text_of(call, "do");
	struct err err;

	if (strcmp(what, "deliver") == 0)
		return deliver(c, call);
	if (strcmp(what, "list") == 0)
		return list(c, call);
	if (strcmp(what, "space") == 0)
		return space(c, call);
	return c->ops->ready(c, &err) ? json_pack("{s:b}", "ok", 1) : failure(c, &err);
}

static void print(json_t *out)
{
	char *text = json_dumps(out, JSON_COMPACT);

	puts(text);
	fflush(stdout);
	free(text);
	json_decref(out);
}

static struct client *open_client(const json_t *about, struct secret passwords[2],
				  struct wake *wake, struct err *err)
{
	const struct client_type *type = client_type_find(text_of(about, "Type"));
	json_int_t timeout = json_integer_value(json_object_get(about, "timeout_ms"));

	secret_set(&passwords[0], text_of(about, "Password"));
	secret_set(&passwords[1], text_of(about, "ProxyPassword"));
	const struct client_options options = {
		.name = "test",
		.url = text_of(about, "URL"),
		.socket = text_of(about, "Socket"),
		.user = text_of(about, "Username"),
		.password = &passwords[0],
		.proxy_user = text_of(about, "ProxyUsername"),
		.proxy_password = &passwords[1],
		.ca_file = text_of(about, "CAFile"),
		.timeout_ms = timeout ? (int)timeout : 10000,
		.wake = wake,
	};

	if (type)
		return type->open(&options, err);
	err_set(err, ERR_FATAL, WORD_CONFIG, "there is no such type of client");
	return NULL;
}

int main(void)
{
	static char line[1024 * 1024];
	struct secret passwords[2] = {{0}, {0}};
	struct client *c = NULL;
	json_t *about = NULL;
	struct err err;
	OWN(wake_closer) struct wake *wake = wake_open(false, &err);

	while (wake && fgets(line, sizeof line, stdin)) {
		json_t *call = json_loads(line, 0, NULL);
		if (c) {
			print(answer(c, call));
		} else if ((c = open_client(call, passwords, wake, &err))) {
			about = json_incref(call);
			print(json_pack("{s:b}", "ok", 1));
		} else {
			print(failure(NULL, &err));
		}
		json_decref(call);
	}
	client_close(c);
	json_decref(about);
	secret_clear(&passwords[0]);
	secret_clear(&passwords[1]);
	return 0;
}
