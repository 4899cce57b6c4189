#include "fault.h"

#include "base/mem.h"
#include "base/text.h"
#include "limits.h"

#include <string.h>

typedef void apply_fn(const json_t *rule, enum endpoint e, struct answer *a);

static const char *text_of(const json_t *rule, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(rule, key));

	return s ? s : otherwise;
}

static json_int_t number_of(const json_t *rule, const char *key, json_int_t otherwise)
{
	const json_t *n = json_object_get(rule, key);

	return json_is_number(n) ? (json_int_t)json_number_value(n) : otherwise;
}

static void do_status(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)e;
	unsigned status = (unsigned)number_of(rule, "status", 503);
	const char *body = text_of(rule, "body", NULL);

	if (body)
		answer_text(a, status, "text/html; charset=utf-8", body);
	else
		answer_page(a, status, text_of(rule, "page", "error"));
}

static void do_html(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)e;
	answer_page(a, (unsigned)number_of(rule, "status", 200), text_of(rule, "page", "login"));
}

static void do_reply(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)e;
	const char *hex = text_of(rule, "body_hex", "");
	size_t len = strlen(hex) / 2;
	OWN_STR uint8_t *raw = mem_alloc(len);

	answer_text(a, (unsigned)number_of(rule, "status", 200), "application/json; charset=utf-8",
		    text_of(rule, "body", ""));
	if (len && hash_unhex(hex, raw, len))
		buf_add(&a->body, raw, len);
}

static void do_delay(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)e;
	a->delay = json_number_value(json_object_get(rule, "seconds"));
}

static void do_hang(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)rule;
	(void)e;
	a->way = ANSWER_HANG;
}

static void do_drop(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)rule;
	(void)e;
	a->way = ANSWER_DROP;
}

static void do_truncate(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)e;
	size_t cut = (size_t)number_of(rule, "bytes", (json_int_t)(a->body.len / 2));

	a->cut = cut < a->body.len ? cut : a->body.len ? a->body.len - 1 : 0;
}

static void do_slow(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)e;
	a->rate = (uint64_t)number_of(rule, "bytes_per_second", 1);
}

static void bulk(enum answer_way way, enum endpoint e, struct answer *a)
{
	a->way = way;
	answer_text(a, 200,
		    e == ENDPOINT_DOWNLOAD ? "application/x-bittorrent"
					   : "application/json; charset=utf-8",
		    "");
	if (e == ENDPOINT_DOWNLOAD)
		answer_header(a, "Content-Disposition", "attachment; filename=\"big.torrent\"");
}

static void do_endless(const json_t *rule, enum endpoint e, struct answer *a)
{
	bulk(ANSWER_ENDLESS, e, a);
	a->rate = (uint64_t)number_of(rule, "bytes_per_second", SIM_ENDLESS_RATE);
}

static void do_gzip_bomb(const json_t *rule, enum endpoint e, struct answer *a)
{
	bulk(ANSWER_BOMB, e, a);
	a->unpacked = (uint64_t)number_of(rule, "size", SIM_BOMB_BYTES);
	answer_header(a, "Content-Encoding", "gzip");
}

static void do_redirect(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)e;
	answer_text(a, (unsigned)number_of(rule, "status", 302), "text/html; charset=utf-8", "");
	answer_header(a, "Location", text_of(rule, "to", ""));
}

static void do_filename(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)e;
	const char *hex = text_of(rule, "value_hex", NULL);
	OWN_STR uint8_t *raw = mem_alloc(hex ? strlen(hex) / 2 + 1 : 1);

	if (hex && hash_unhex(hex, raw, strlen(hex) / 2))
		answer_header(a, "Content-Disposition", (char *)raw);
	else
		answer_header(a, "Content-Disposition", text_of(rule, "value", NULL));
}

static void do_lost_reply(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)rule;
	(void)e;
	answer_page(a, 502, "error");
}

static void do_nothing(const json_t *rule, enum endpoint e, struct answer *a)
{
	(void)rule;
	(void)e;
	(void)a;
}

/* `keys`: what the rule may hold besides the common ones; `needs`: what it must hold. */
static const struct verb {
	const char *name;
	apply_fn *apply; /* NULL: handled by fault_apply() */
	bool work;       /* the request is always carried out first */
	const char *keys[4];
	const char *needs;
} verbs[] = {
	{"bad_torrent", do_nothing, true, {"kind"}, "kind"},
	{"delay", do_delay, true, {"seconds"}, "seconds"},
	{"drop", do_drop, false, {NULL}, NULL},
	{"endless", do_endless, false, {"bytes_per_second"}, NULL},
	{"filename", do_filename, true, {"value", "value_hex"}, NULL},
	{"gzip_bomb", do_gzip_bomb, false, {"size"}, NULL},
	{"hang", do_hang, false, {NULL}, NULL},
	{"html", do_html, false, {"status", "page"}, NULL},
	{"json_error", NULL, false, {"text"}, NULL},
	{"lost_reply", do_lost_reply, true, {NULL}, NULL},
	{"redirect", do_redirect, false, {"status", "to"}, "to"},
	{"reply", do_reply, false, {"status", "body", "body_hex"}, NULL},
	{"slow", do_slow, true, {"bytes_per_second"}, "bytes_per_second"},
	{"status", do_status, false, {"status", "page", "body"}, "status"},
	{"truncate", do_truncate, true, {"bytes"}, NULL},
};

static const struct verb *find_verb(const json_t *rule)
{
	const char *name = json_string_value(json_object_get(rule, "do"));

	for (size_t i = 0; name && i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static bool is_text(const json_t *v)
{
	return json_is_string(v);
}

static bool is_count(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool is_positive(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) > 0;
}

static bool is_seconds(const json_t *v)
{
	return json_is_number(v) && json_number_value(v) >= 0 && json_number_value(v) <= 86400;
}

static bool is_status(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 200 && json_integer_value(v) <= 599;
}

static bool is_endpoint(const json_t *v)
{
	return json_is_string(v) && endpoint_pattern_valid(json_string_value(v));
}

static bool is_page(const json_t *v)
{
	struct answer a;
	bool known;

	if (!json_is_string(v))
		return false;
	answer_init(&a);
	known = answer_page(&a, 200, json_string_value(v));
	answer_clear(&a);
	return known;
}

static bool is_kind(const json_t *v)
{
	return json_is_string(v) && torrents_defect(json_string_value(v)) != DEFECT_NONE;
}

static bool is_bomb_size(const json_t *v)
{
	return is_positive(v) && json_integer_value(v) <= SIM_BOMB_BYTES_MAX;
}

static bool is_text_or_null(const json_t *v)
{
	return json_is_string(v) || json_is_null(v);
}

static bool is_hex(const json_t *v)
{
	size_t len = json_string_length(v);
	OWN_STR uint8_t *raw = mem_alloc(len / 2);

	return len && len % 2 == 0 && hash_unhex(json_string_value(v), raw, len / 2);
}

static bool is_header_hex(const json_t *v)
{
	const char *digits = json_string_value(v);

	for (size_t i = 0; i + 1 < json_string_length(v); i += 2)
		if (digits[i] == '0' && digits[i + 1] == '0')
			return false;
	return is_hex(v);
}

static bool is_headers(const json_t *v)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)v, name, value)
		if (!is_text_or_null(value) || !name[0])
			return false;
	return json_is_object(v);
}

static bool is_boolean(const json_t *v)
{
	return json_is_boolean(v);
}

static bool is_any(const json_t *v)
{
	return v;
}

static const struct key {
	const char *name;
	bool common; /* to all rules */
	bool (*valid)(const json_t *v);
	const char *expected;
} keys[] = {
	{"after", true, is_count, "a number from 0"},
	{"body", false, is_text, "a text"},
	{"body_hex", false, is_hex, "bytes in hexadecimal, put behind \"body\""},
	{"bytes", false, is_count, "a number of bytes"},
	{"bytes_per_second", false, is_positive, "a number from 1"},
	{"comment", true, is_any, ""},
	{"container", true, is_text, "a container's name"},
	{"do", true, is_text, "the name of a fault"},
	{"endpoint", true, is_endpoint,
	 "fetch, download, scriptver, script, ping, ping_start, ping_end, other or *"},
	{"headers", true, is_headers, "an object of texts, or null to remove a header"},
	{"kind", false, is_kind, "a kind of bad torrent, see sim/README.md"},
	{"page", false, is_page, "login, maintenance, cloudflare, forbidden, not_found or error"},
	{"processed", true, is_boolean, "true or false"},
	{"seconds", false, is_seconds, "seconds, from 0 to 86400"},
	{"size", false, is_bomb_size, "bytes, at most 64 GiB"},
	{"status", false, is_status, "a status from 200 to 599"},
	{"text", false, is_text, "a text"},
	{"times", true, is_count, "a number from 0"},
	{"to", false, is_text, "a URL"},
	{"torrent", true, is_positive, "a torrent id"},
	{"value", false, is_text_or_null, "the header's value, or null for no such header"},
	{"value_hex", false, is_header_hex, "the header's bytes in hexadecimal, none of them 00"},
};

static bool belongs(const struct verb *v, const struct key *k)
{
	for (size_t i = 0; i < sizeof v->keys / sizeof *v->keys; i++)
		if (v->keys[i] && strcmp(v->keys[i], k->name) == 0)
			return true;
	return k->common;
}

MUST_CHECK static bool check_key(const struct verb *v, const char *name, const json_t *value,
				 struct err *err)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct key *k = &keys[i];

		if (strcmp(k->name, name) != 0)
			continue;
		if (!belongs(v, k))
			break;
		if (k->valid(value))
			return true;
		return err_set(err, ERR_ITEM, WORD_CONFIG, "\"%s\": expected %s", name,
			       k->expected);
	}
	return err_set(err, ERR_ITEM, WORD_CONFIG, "\"%s\": fault \"%s\" has no such key", name,
		       v->name);
}

bool fault_check(const json_t *rule, struct err *err)
{
	const struct verb *v = find_verb(rule);
	const char *name;
	json_t *value;

	if (!v)
		return err_set(err, ERR_ITEM, WORD_CONFIG,
			       "\"do\": expected the name of a fault, see sim/README.md");
	json_object_foreach ((json_t *)(uintptr_t)rule, name, value)
		if (!check_key(v, name, value, err))
			return false;
	if (v->needs && !json_object_get(rule, v->needs))
		return err_set(err, ERR_ITEM, WORD_CONFIG, "fault \"%s\" needs \"%s\"", v->name,
			       v->needs);
	return true;
}

bool fault_needs_work(const json_t *rule)
{
	return find_verb(rule)->work || json_is_true(json_object_get(rule, "processed"));
}

enum torrents_defect fault_defect(const json_t *rule)
{
	const char *kind = json_string_value(json_object_get(rule, "kind"));

	return kind ? torrents_defect(kind) : DEFECT_NONE;
}

void fault_apply(const json_t *rule, enum endpoint e, const char *error_key, struct answer *a)
{
	const struct verb *v = find_verb(rule);
	const char *name;
	json_t *value;

	if (!v->work || v->apply == do_lost_reply)
		answer_reset(a);
	if (v->apply)
		v->apply(rule, e, a);
	else
		answer_error(a, error_key, text_of(rule, "text", "Something went wrong"));
	json_object_foreach (json_object_get(rule, "headers"), name, value)
		answer_header(a, name, json_string_value(value));
}
