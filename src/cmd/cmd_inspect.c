/* inspect: what the program thinks of a .torrent file. */
#include "cmd/command.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/torrent.h"

#include <inttypes.h>
#include <stdio.h>

static json_t *hex_or_null(bool has, const uint8_t *bytes, size_t len)
{
	char hex[2 * SHA256_SIZE + 1];

	if (!has)
		return json_null();
	hash_hex(bytes, len, hex);
	return json_string(hex);
}

static json_t *describe(const struct torrent *t)
{
	json_t *out = json_pack("{s:s, s:n, s:s, s:I, s:I, s:I, s:b}", "verdict", "accepted",
				"reason", "name", t->name, "size", (json_int_t)t->size, "files",
				(json_int_t)t->files, "pieces", (json_int_t)t->pieces, "private",
				t->is_private);

	json_object_set_new(out, "infohash_v1", hex_or_null(t->has_v1, t->v1, SHA1_SIZE));
	json_object_set_new(out, "infohash_v2", hex_or_null(t->has_v2, t->v2, SHA256_SIZE));
	json_object_set_new(out, "announce",
			    t->announce_host[0] ? json_string(t->announce_host) : json_null());
	return out;
}

static json_t *describe_refused(const struct err *why)
{
	return json_pack("{s:s, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n}", "verdict", "refused",
			 "reason", why->msg, "name", "size", "files", "pieces", "private",
			 "infohash_v1", "infohash_v2", "announce");
}

static void print_value(const char *key, const json_t *value)
{
	char size[NUM_TEXT];

	if (json_is_string(value)) {
		printf("%-12s %s\n", key, json_string_value(value));
	} else if (json_is_boolean(value)) {
		printf("%-12s %s\n", key, json_is_true(value) ? "yes" : "no");
	} else if (json_is_integer(value)) {
		printf("%-12s %" JSON_INTEGER_FORMAT, key, json_integer_value(value));
		num_bytes((uint64_t)json_integer_value(value), size);
		if (key[0] == 's')
			printf(" (%s)", size);
		printf("\n");
	}
}

static void print(const json_t *all, bool as_json)
{
	const char *key;
	json_t *value;

	if (as_json) {
		OWN_STR char *text = json_dumps(all, JSON_INDENT(2));
		printf("%s\n", text ? text : "{}");
		return;
	}
	json_object_foreach ((json_t *)all, key, value)
		print_value(key, value);
}

int cmd_inspect(const struct invocation *in, struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(TORRENT_MAX_BYTES);
	OWN(torrent_clear) struct torrent t = {0};
	struct err why;

	if (in->n_args != 1)
		return command_usage(err, "inspect takes one .torrent file");
	if (!fs_read(in->args[0], &bytes, err))
		return COMMAND_FAILED;
	bool good = torrent_read(buf_text(&bytes), bytes.len, &t, &why);
	json_t *all = good ? describe(&t) : describe_refused(&why);
	print(all, in->given[OPTION_JSON]);
	json_decref(all);
	return good ? STATUS_DONE : STATUS_FAILED;
}
