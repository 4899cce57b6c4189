#include "model/reply.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define PAGE_MAX_BYTES (64 * 1024) /* of a page that are looked at */
#define OBJECT_TRIES 64            /* braces at which an answer is looked for in other text */

static bool protocol(struct err *err, const char *what)
{
	return err_set(err, ERR_RETRY, WORD_PROTOCOL, "%s", what);
}

void reply_clear(struct reply *reply)
{
	free(reply->incomplete);
	*reply = (struct reply){0};
}

static enum reply_page sign_of(const char *text, bool is_page)
{
	static const struct {
		const char *sign;
		bool in_pages_only;
		enum reply_page page;
	} signs[] = {
		{"cloudflare", true, REPLY_PAGE_GUARD},
		{"just a moment", true, REPLY_PAGE_GUARD},
		{"ddos", true, REPLY_PAGE_GUARD},
		{"type=\"password\"", true, REPLY_PAGE_LOGIN},
		{"type='password'", true, REPLY_PAGE_LOGIN},
		{"maintenance", true, REPLY_PAGE_MAINTENANCE},
		{"too many queries", false, REPLY_TOO_OFTEN},
		{"too many requests", false, REPLY_TOO_OFTEN},
		{"rate limit", false, REPLY_TOO_OFTEN},
	};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if ((is_page || !signs[i].in_pages_only) && text_has_nocase(text, signs[i].sign))
			return signs[i].page;
	return is_page ? REPLY_PAGE : REPLY_NO_PAGE;
}

static bool is_json(const char *bytes, size_t len)
{
	json_t *value = json_loadb(bytes, len, JSON_DECODE_ANY, NULL);

	json_decref(value);
	return value;
}

enum reply_page reply_page(const char *bytes, size_t len, enum http_guard guard)
{
	static const char refusal[] = "error code: 1"; /* Cloudflare's errors are 1000 to 1200 */
	bool is_page = text_is_page(bytes, len);
	OWN_STR char *text = mem_dupn(bytes, len < PAGE_MAX_BYTES ? len : PAGE_MAX_BYTES);
	enum reply_page page = sign_of(text, is_page);

	if (guard == HTTP_GUARD_ANSWERS || strncmp(text, refusal, sizeof refusal - 1) == 0)
		return REPLY_PAGE_GUARD;
	bool plain = page == REPLY_NO_PAGE && !is_json(bytes, len);
	return plain && guard == HTTP_GUARD_PASSES ? REPLY_PAGE_GUARD : page;
}

const char *reply_page_words(enum reply_page page)
{
	switch (page) {
	case REPLY_PAGE_GUARD:
		return ": a guard in front of the tracker (Cloudflare) blocks this machine";
	case REPLY_PAGE_LOGIN:
		return ": a page to log in came";
	case REPLY_PAGE_MAINTENANCE:
		return ": a page says that the tracker is being worked on";
	case REPLY_TOO_OFTEN:
		return ": the answer speaks of too many queries";
	default:
		return "";
	}
}

static bool is_answer(const json_t *value)
{
	const char *status = json_string_value(json_object_get(value, "Status"));

	return status && (strcmp(status, "Ok") == 0 || strcmp(status, "Error") == 0);
}

/* The first whole object in the text that is an answer; *end is where it ends.  NULL: none. */
static json_t *find_answer(const char *bytes, size_t len, size_t *end)
{
	json_error_t why;
	size_t at = 0;

	for (unsigned tries = 0; tries < OBJECT_TRIES; tries++, at++) {
		const char *brace = at < len ? memchr(bytes + at, '{', len - at) : NULL;
		if (!brace)
			return NULL;
		at = (size_t)(brace - bytes);
		json_t *value = json_loadb(brace, len - at, JSON_DISABLE_EOF_CHECK, &why);
		*end = at + (size_t)why.position;
		if (is_answer(value))
			return value;
		json_decref(value);
	}
	return NULL;
}

/* An answer behind a warning of PHP's, a byte order mark, or before trailing text.  Where there are
 * two, neither is believed. */
static json_t *dig_out(const char *bytes, size_t len)
{
	size_t end, ignored;
	json_t *answer = find_answer(bytes, len, &end);

	if (!answer)
		return NULL;
	OWN_JSON json_t *another = find_answer(bytes + end, len - end, &ignored);
	if (!another)
		return answer;
	json_decref(answer);
	return NULL;
}

static json_t *load_object(const char *bytes, size_t len, struct err *err)
{
	bool is_page = text_is_page(bytes, len);
	json_error_t why;
	json_t *root = json_loadb(bytes, len, 0, &why);

	if (!root)
		root = dig_out(bytes, len);
	if (json_is_object(root))
		return root;
	if (is_page)
		protocol(err, "an HTML page came instead of a JSON answer");
	else if (root)
		protocol(err, "the answer is JSON, but no object");
	else
		err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer is no valid JSON (at byte %d)",
			why.position);
	json_decref(root);
	return NULL;
}

/* A positive id, as a string of digits or as a number. */
static bool read_id(const json_t *value, char out[REPLY_ID_SIZE])
{
	uint64_t id;

	if (json_is_integer(value) && json_integer_value(value) > 0)
		id = (uint64_t)json_integer_value(value);
	else if (!json_is_string(value) || !num_u64(json_string_value(value), INT64_MAX, &id) ||
		 id == 0)
		return false;
	snprintf(out, REPLY_ID_SIZE, "%" PRIu64, id);
	return true;
}

/* "0.10" or the number 0.1: digits and dots. */
static bool read_version(const json_t *value, char out[REPLY_VERSION_SIZE])
{
	char text[64];

	if (json_is_string(value))
		text_copy(text, sizeof text, json_string_value(value));
	else if (json_is_integer(value))
		snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(text, sizeof text, "%.6g", json_real_value(value));
	else
		return false;
	if (!*text || strspn(text, "0123456789.") != strlen(text) ||
	    strlen(text) >= REPLY_VERSION_SIZE)
		return false;
	text_copy(out, REPLY_VERSION_SIZE, text);
	return true;
}

static void read_message(const json_t *root, char out[REPLY_MESSAGE_SIZE])
{
	const json_t *text = json_object_get(root, "Error");

	if (!json_is_string(text))
		text = json_object_get(root, "Message");
	if (!json_is_string(text))
		return;
	OWN_STR char *printable = text_printable(json_string_value(text), json_string_length(text),
						 REPLY_MESSAGE_SIZE);
	text_copy(out, REPLY_MESSAGE_SIZE, printable);
}

/* Leaves *out, which is empty, as it is where there is none. */
static bool read_infohash(const json_t *value, char out[41])
{
	uint8_t raw[SHA1_SIZE];

	if (!value || json_is_null(value))
		return true;
	if (!json_is_string(value) || !hash_unhex(json_string_value(value), raw, sizeof raw))
		return false;
	hash_hex(raw, sizeof raw, out);
	return true;
}

static bool read_one_incomplete(const char *key, const json_t *value, struct incomplete *out)
{
	if (!num_u64(key, INT64_MAX, &out->transaction))
		out->transaction = 0;
	return read_id(json_object_get(value, "TorrentID"), out->torrent_id) &&
	       read_infohash(json_object_get(value, "InfoHash"), out->infohash);
}

/* Best effort, as the list is: what cannot be read is passed over. */
static void read_incomplete(json_t *list, struct reply *reply)
{
	const char *key;
	json_t *value;

	/* An empty list comes as an empty JSON array from some servers. */
	reply->lists_incomplete = json_is_object(list) || json_is_array(list);
	size_t n = json_object_size(list);
	if (n == 0 || n > REPLY_INCOMPLETE_MAX)
		return;
	reply->incomplete = mem_alloc(n * sizeof *reply->incomplete);
	json_object_foreach (list, key, value)
		if (read_one_incomplete(key, value, &reply->incomplete[reply->n_incomplete]))
			reply->n_incomplete++;
}

static enum reply_verdict verdict_of(const char *message)
{
	if (text_has_nocase(message, "No space left in container"))
		return REPLY_FULL;
	if (text_has_word_nocase(message, "stall"))
		return REPLY_STALLED;
	return REPLY_REFUSED;
}

bool reply_read_fetch(const char *bytes, size_t len, struct reply *reply, struct err *err)
{
	OWN_JSON json_t *root = load_object(bytes, len, err);
	struct reply r = {0};

	if (!root)
		return false;
	const char *status = json_string_value(json_object_get(root, "Status"));
	read_message(root, r.message);
	read_id(json_object_get(root, "ContainerID"), r.container_id);
	read_id(json_object_get(root, "GroupID"), r.group_id);
	read_version(json_object_get(root, "ScriptVersion"), r.version);
	if (status && strcmp(status, "Error") == 0) {
		r.verdict = verdict_of(r.message);
	} else if (status && strcmp(status, "Ok") == 0) {
		if (!read_id(json_object_get(root, "TorrentID"), r.torrent_id) ||
		    !read_id(json_object_get(root, "ArchiveID"), r.archive_id))
			return protocol(err, "the answer says Ok, but names no TorrentID and "
					     "ArchiveID that can be read");
		read_incomplete(json_object_get(root, "IncompleteTransactions"), &r);
	} else {
		return protocol(err, "the answer's Status is neither Ok nor Error");
	}
	*reply = r;
	return true;
}

bool reply_read_version(const char *bytes, size_t len, char version[REPLY_VERSION_SIZE],
			char message[REPLY_MESSAGE_SIZE], struct err *err)
{
	OWN_JSON json_t *root = load_object(bytes, len, err);

	message[0] = '\0';
	if (!root)
		return false;
	const char *status = json_string_value(json_object_get(root, "Status"));
	if (status && strcmp(status, "Error") == 0) {
		read_message(root, message);
		return err_set(err, ERR_RETRY, WORD_TRACKER,
			       "the tracker answers with an error of its own");
	}
	if (!status || strcmp(status, "Ok") != 0)
		return protocol(err, "the answer's Status is not Ok");
	if (!read_version(json_object_get(root, "ScriptVersion"), version))
		return protocol(err, "the answer names no ScriptVersion that can be read");
	return true;
}
