#include "ports/client_transmission.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/web.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#define SESSION_FIELD "X-Transmission-Session-Id"
#define DEFAULT_URL "http://localhost"
#define NAME_MAX_BYTES 1024
#define YEAR_10000 INT64_C(253402300800) /* seconds since 1970 */
#define PARENTS_MAX 32                   /* folders above one that is not there yet */
#define REQUEST_SPARE 65536              /* of a request, besides the torrent */

struct transmission {
	struct client base;
	struct web *web;   /* owned, as are the texts */
	struct wake *wake; /* borrowed */
	char *name;
	char session[HTTP_FIELD];
	bool has_user, by_proxy;
	const char *why_refused; /* static; NULL: it is not */
};

static void json_clear(json_t **j)
{
	json_decref(*j);
}

#define OWN_JSON OWN(json_clear)

/* --- The client's words --- */

/* Would it give away where the tracker is, or a passkey? */
static bool is_address(const char *word, size_t len)
{
	static const char *const marks[] = {"://", "/announce", "passkey"};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (memmem(word, len, marks[i], strlen(marks[i])))
			return true;
	return false;
}

static char *words_of(const json_t *text)
{
	OWN_BUF struct buf out = BUF_MAX(CLIENT_ANSWER_MAX_BYTES);
	const char *s = json_is_string(text) ? json_string_value(text) : "";

	while (*s) {
		size_t len = strcspn(s, " \t\r\n");
		if (is_address(s, len))
			buf_puts(&out, "<hidden>");
		else
			buf_add(&out, s, len);
		s += len;
		if (*s) {
			buf_puts(&out, " ");
			s++;
		}
	}
	return secret_mask(buf_text(&out), out.len, TRANSMISSION_WORDS_MAX, NULL, 0);
}

static bool fault(struct err *err, enum err_kind kind, const char *what)
{
	return err_set(err, kind, WORD_CLIENT, "%s", what);
}

/* --- Reading answers --- */

/* A tracker's or a torrent's words may come in any encoding, and 3.00 writes characters beyond
 * U+FFFF as escapes of more than four digits, of which the first four may be half a pair.  One such
 * text must not hide all the others, so what no JSON may have becomes a '?'. */
static void mend_bytes(char *s, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = text_utf8_len(s + at, len - at);
		if (n == 0) {
			s[at] = '?';
			n = 1;
		}
	}
}

/* Is it the escape of one half of a pair, of which the second digit is one of `digits`? */
static bool is_half(const char *s, size_t len, const char *digits)
{
	return len >= 6 && s[0] == '\\' && s[1] == 'u' && tolower((unsigned char)s[2]) == 'd' &&
	       strchr(digits, tolower((unsigned char)s[3])) && s[3];
}

static void mend_escapes(char *s, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = s[at] == '\\' ? 2 : 1;
		if (is_half(s + at, len - at, "89ab") && is_half(s + at + 6, len - at - 6, "cdef"))
			n = 12;
		else if (is_half(s + at, len - at, "89abcdef"))
			memcpy(s + at + 2, "003f", 4);
	}
}

static json_t *load(const char *bytes, size_t len, json_error_t *why)
{
	OWN_STR char *clean = mem_dupn(len ? bytes : "", len);

	mend_bytes(clean, len);
	mend_escapes(clean, len);
	return json_loadb(clean, len, JSON_ALLOW_NUL, why);
}

static bool looks_like_html(const char *s, size_t len)
{
	while (len && isspace((unsigned char)*s))
		s++, len--;
	return len && *s == '<';
}

static bool is_other_protocol(const json_t *root)
{
	return json_is_string(json_object_get(root, "jsonrpc"));
}

/* An answer's object, in which "result" is a text. */
static json_t *load_answer(const char *bytes, size_t len, struct err *err)
{
	json_error_t why;

	if (looks_like_html(bytes, len)) {
		fault(err, ERR_TARGET,
		      "an HTML page came instead of an answer: the URL should lead to the RPC of "
		      "Transmission, and end in /transmission/rpc where no proxy changes it");
		return NULL;
	}
	OWN_JSON json_t *root = load(bytes, len, &why);
	if (json_is_string(json_object_get(root, "result")))
		return OWN_TAKE(root);
	if (is_other_protocol(root))
		fault(err, ERR_TARGET,
		      "it speaks JSON-RPC 2.0 only: this version of Transmission is too new");
	else
		fault(err, ERR_RETRY,
		      root ? "the answer is JSON, but not one of Transmission's"
			   : "the answer is no valid JSON; does the URL lead to Transmission?");
	return NULL;
}

static const char *result_of(const json_t *root)
{
	return json_string_value(json_object_get(root, "result"));
}

static bool is_success(const json_t *root)
{
	return strcmp(result_of(root), "success") == 0;
}

static bool says_no(const json_t *root, enum err_kind kind, const char *what, struct err *err)
{
	OWN_STR char *words = words_of(json_object_get(root, "result"));

	return err_set(err, kind, WORD_CLIENT, "%s: \"%s\"", what, words);
}

static const json_t *argument(const json_t *root, const char *key)
{
	return json_object_get(json_object_get(root, "arguments"), key);
}

/* Its arguments are there, and it says "success". */
static json_t *load_success(const char *bytes, size_t len, struct err *err)
{
	OWN_JSON json_t *root = load_answer(bytes, len, err);

	if (root && !is_success(root)) {
		says_no(root, ERR_RETRY, "it answers", err);
		return NULL;
	}
	return OWN_TAKE(root);
}

bool client_transmission_read_done(const char *bytes, size_t len, struct err *err)
{
	OWN_JSON json_t *root = load_success(bytes, len, err);

	return root != NULL;
}

static enum err_kind kind_of_refusal(const char *result)
{
	static const struct {
		const char *part;
		enum err_kind kind;
	} rows[] = {
		{"corrupt", ERR_ITEM},      {"unrecognized", ERR_ITEM},
		{"metainfo", ERR_ITEM},     {"path is not absolute", ERR_TARGET},
		{"labels can", ERR_TARGET},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (text_has_nocase(result, rows[i].part))
			return rows[i].kind;
	return ERR_RETRY;
}

static bool not_added(const json_t *root, struct err *err)
{
	enum err_kind kind = kind_of_refusal(result_of(root));

	return says_no(root, kind,
		       kind == ERR_ITEM     ? "it does not take this torrent"
		       : kind == ERR_TARGET ? "it does not take Category, Tags or SavePath"
					    : "it has not added the torrent",
		       err);
}

bool client_transmission_read_added(const char *bytes, size_t len, struct err *err)
{
	OWN_JSON json_t *root = load_answer(bytes, len, err);

	if (!root)
		return false;
	if (json_is_object(argument(root, "torrent-added")) ||
	    json_is_object(argument(root, "torrent-duplicate")))
		return true;
	if (!is_success(root))
		return not_added(root, err);
	return fault(err, ERR_RETRY, "it does not say that it has added the torrent");
}

static bool list_of(const json_t *root, const json_t **rows, struct err *err)
{
	*rows = argument(root, "torrents");
	return json_is_array(*rows) || fault(err, ERR_RETRY, "the answer has no list of torrents");
}

static void hash_of(const json_t *row, char *out, size_t size)
{
	client_torrent_hash(out, size, json_string_value(json_object_get(row, "hashString")));
}

bool client_transmission_read_found(const char *bytes, size_t len, const char *hash,
				    struct transmission_found *found, struct err *err)
{
	OWN_JSON json_t *root = load_success(bytes, len, err);
	struct transmission_found f = {0};
	const json_t *rows, *row;
	char theirs[65];
	size_t i;

	if (!root || !list_of(root, &rows, err))
		return false;
	json_array_foreach (rows, i, row) {
		hash_of(row, theirs, sizeof theirs);
		if (!*theirs || strcmp(theirs, hash) != 0)
			continue;
		const json_t *labels = json_object_get(row, "labels");
		f.present = true;
		f.takes_labels = json_is_array(labels) && json_array_size(labels) == 0;
	}
	*found = f;
	return true;
}

/* --- A torrent of the list --- */

/* A whole number of at least 0; of a fraction, the whole part. */
static bool number(const json_t *row, const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(row, key);

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		*out = (uint64_t)json_integer_value(value);
	else if (json_is_real(value) && json_real_value(value) >= 0 &&
		 json_real_value(value) < 9e18)
		*out = (uint64_t)json_real_value(value);
	else
		return false;
	return true;
}

static uint64_t number_or_0(const json_t *row, const char *key)
{
	uint64_t n = 0;

	number(row, key, &n);
	return n;
}

static int64_t time_of(const json_t *row, const char *key)
{
	uint64_t seconds = number_or_0(row, key);

	return seconds < (uint64_t)YEAR_10000 ? (int64_t)seconds * 1000 : 0;
}

static char *text_of(const json_t *row, const char *key)
{
	return mem_dup(json_string_value(json_object_get(row, key)));
}

/* Transmission's numbers (client notes, 2.4). */
enum status { STOPPED, CHECK_WAIT, CHECKING, DOWNLOAD_WAIT, DOWNLOADING, SEED_WAIT, SEEDING };
enum error { NO_ERROR, TRACKER_WARNING, TRACKER_ERROR, LOCAL_ERROR };

struct progress {
	uint64_t status, error, wanted, rate;
	bool deselected; /* a person does not want all of its files */
};

static enum client_state moving_state(const struct progress *p, const struct client_torrent *t)
{
	if (p->status == DOWNLOADING)
		return p->rate == 0 && t->left > 0 ? CLIENT_STALLED : CLIENT_DOWNLOADING;
	if (t->complete)
		return CLIENT_SEEDING;
	return p->deselected ? CLIENT_PAUSED : CLIENT_STALLED;
}

static enum client_state state_of(const struct progress *p, const struct client_torrent *t)
{
	if (p->status == CHECK_WAIT || p->status == CHECKING)
		return CLIENT_CHECKING;
	if (p->error >= TRACKER_ERROR || p->status > SEEDING)
		return CLIENT_ERROR;
	if (p->status == STOPPED)
		return CLIENT_PAUSED;
	if (p->status == DOWNLOAD_WAIT || p->status == SEED_WAIT)
		return CLIENT_QUEUED;
	return moving_state(p, t);
}

/* What is wrong, or what a person would wonder about. */
static char *message_of(const json_t *row, const struct progress *p)
{
	OWN_STR char *words = words_of(json_object_get(row, "errorString"));

	if (p->error != NO_ERROR)
		return mem_dup(*words ? words : "an error without a reason");
	if (p->status > SEEDING)
		return mem_dup("it has a status that is not known");
	if (p->status == STOPPED && json_is_true(json_object_get(row, "isFinished")))
		return mem_dup("the client has stopped it: the limit for seeding is reached");
	return p->deselected ? mem_dup("not all of its files are wanted in the client") : NULL;
}

static bool is_complete(const json_t *row, const struct client_torrent *t, bool deselected)
{
	uint64_t left;

	/* Of a magnet link without metadata all sizes are 0. */
	return t->size > 0 && number(row, "leftUntilDone", &left) && left == 0 && !deselected;
}

static void read_progress(const json_t *row, struct client_torrent *t)
{
	struct progress p = {.status = SEEDING + 1,
			     .error = number_or_0(row, "error"),
			     .rate = number_or_0(row, "rateDownload")};

	number(row, "status", &p.status);
	t->size = number_or_0(row, "totalSize");
	t->left = number_or_0(row, "leftUntilDone");
	p.deselected = !number(row, "sizeWhenDone", &p.wanted) || p.wanted < t->size;
	t->complete = is_complete(row, t, p.deselected);
	t->state = state_of(&p, t);
	t->message = message_of(row, &p);
}

static bool is_label(const json_t *label, const char *category)
{
	return json_is_string(label) && strcmp(json_string_value(label), category) == 0;
}

static bool has_label(const json_t *labels, const char *wanted)
{
	const json_t *label;
	size_t i;

	json_array_foreach (labels, i, label)
		if (is_label(label, wanted))
			return true;
	return false;
}

struct category {
	const char *text;    /* NULL: all */
	const char *mangled; /* as 3.00 tells it */
};

static const char *category_of(const json_t *row, const struct category *wanted)
{
	const json_t *labels = json_object_get(row, "labels");

	if (!wanted->text)
		return json_string_value(json_array_get(labels, 0));
	return has_label(labels, wanted->text) || has_label(labels, wanted->mangled) ? wanted->text
										     : NULL;
}

static uint32_t code_point(const char *s)
{
	return (uint32_t)(s[0] & 7) << 18 | (uint32_t)(s[1] & 63) << 12 |
	       (uint32_t)(s[2] & 63) << 6 | (uint32_t)(s[3] & 63);
}

/* A character beyond U+FFFF: its first four digits are taken for the character's, and the others
 * for text. */
static void mangle(const char *s, struct buf *out)
{
	char digits[8];

	snprintf(digits, sizeof digits, "%x", code_point(s));
	uint32_t c = code_point(s) >> 4 * (strlen(digits) - 4);
	if (c >= 0xd800 && c <= 0xdfff)
		buf_puts(out, "?");
	else
		buf_printf(out, "%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 63), 0x80 | (c & 63));
	buf_puts(out, digits + 4);
}

static char *as_told_by_3(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	OWN_BUF struct buf out = BUF_MAX(4 * len + 1);

	for (size_t at = 0, n; at < len; at += n) {
		n = text_utf8_len(text + at, len - at);
		if (n == 4) {
			mangle(text + at, &out);
			continue;
		}
		n = n ? n : 1;
		buf_add(&out, text + at, n);
	}
	return buf_take(&out);
}

static void read_torrent(const json_t *row, const char *category, struct client_torrent *t)
{
	const json_t *name = json_object_get(row, "name");

	hash_of(row, t->id, sizeof t->id);
	hash_of(row, t->v1, sizeof t->v1);
	if (json_is_string(name))
		t->name = text_printable(json_string_value(name), json_string_length(name),
					 NAME_MAX_BYTES);
	t->category = mem_dup(category);
	t->folder = text_of(row, "downloadDir");
	read_progress(row, t);
	t->idle_since = time_of(row, "activityDate");
	if (!t->idle_since)
		t->idle_since = time_of(row, "addedDate");
}

static bool add_row(const json_t *row, const struct category *wanted, struct client_torrents *all,
		    struct err *err)
{
	const char *category = category_of(row, wanted);
	char hash[65];

	hash_of(row, hash, sizeof hash);
	if (!*hash || (wanted->text && !category))
		return true;
	struct client_torrent *t = client_torrents_add(all);
	if (!t)
		return fault(err, ERR_RETRY, "it has more torrents than can be looked at");
	read_torrent(row, category, t);
	return true;
}

bool client_transmission_read_list(const char *bytes, size_t len, const char *category,
				   struct client_torrents *all, struct err *err)
{
	OWN_JSON json_t *root = load_success(bytes, len, err);
	OWN_CLIENT_TORRENTS struct client_torrents read = {0};
	OWN_STR char *mangled = as_told_by_3(category);
	const struct category wanted = {category, mangled};
	const json_t *rows, *row;
	size_t i;

	if (!root || !list_of(root, &rows, err))
		return false;
	json_array_foreach (rows, i, row)
		if (!add_row(row, &wanted, &read, err))
			return false;
	*all = read;
	read = (struct client_torrents){0};
	return true;
}

bool client_transmission_read_session(const char *bytes, size_t len, char **folder, struct err *err)
{
	OWN_JSON json_t *root = load_success(bytes, len, err);

	if (!root)
		return false;
	const json_t *text = argument(root, "download-dir");
	if (!json_is_string(text) || !*json_string_value(text))
		return fault(err, ERR_RETRY, "it does not tell its download folder");
	*folder = mem_dup(json_string_value(text));
	return true;
}

bool client_transmission_read_space(const char *bytes, size_t len, struct client_space *space,
				    bool *missing, struct err *err)
{
	OWN_JSON json_t *root = load_answer(bytes, len, err);
	uint64_t bytes_free;

	if (!root)
		return false;
	const json_t *arguments = json_object_get(root, "arguments");
	const json_t *size = json_object_get(arguments, "size-bytes");
	bool told = number(arguments, "size-bytes", &bytes_free);
	/* The reason is in the language of the client's system, or (4.1.0-beta2) not there. */
	if (!told && json_is_number(size) && !text_has_nocase(result_of(root), "denied")) {
		*missing = true;
		return true;
	}
	if (!told || !is_success(root))
		return says_no(root, ERR_TARGET, "it cannot tell the free space", err);
	*missing = false;
	*space = (struct client_space){.free = bytes_free,
				       .total = number_or_0(arguments, "total_size")};
	return true;
}

/* --- Calls --- */

/* The text of a request; the caller's.  `arguments` is taken. */
static char *request_of(const char *method, json_t *arguments)
{
	OWN_JSON json_t *root = json_pack("{s:s, s:o}", "method", method, "arguments", arguments);

	return json_dumps(root, JSON_COMPACT);
}

static bool refuse(struct transmission *t, const char *why, struct err *err)
{
	t->base.refused = true;
	t->why_refused = why;
	return err_set(err, ERR_TARGET, WORD_CLIENT, "%s: %s", t->name, why);
}

static const char *why_unauthorized(const struct transmission *t)
{
	if (t->by_proxy)
		return "the proxy's username or password is not accepted; or the client asks for "
		       "its own as well, which the proxy must send; not tried again until they "
		       "are corrected and the configuration is loaded again";
	if (t->has_user)
		return "the username or password is not accepted; not tried again until they are "
		       "corrected and the configuration is loaded again";
	return "it asks for a username and a password; set Username and PasswordFile, and load "
	       "the configuration again";
}

static bool forbidden(struct transmission *t, const struct http_reply *reply, struct err *err)
{
	if (text_has_nocase(buf_text(&reply->body), "too many unsuccessful"))
		return refuse(
			t,
			"it locks everybody out after too many failed logins, whoever made "
			"them: restart transmission-daemon, then load the configuration again",
			err);
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: it does not let this machine in (HTTP 403): see rpc-whitelist in its "
		       "settings",
		       t->name);
}

static bool redirected(const struct transmission *t, const struct http_reply *reply,
		       struct err *err)
{
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: the URL leads elsewhere (HTTP %ld%s%s): set the one that it leads to",
		       t->name, reply->status, *reply->redirect_host ? ", to " : "",
		       reply->redirect_host);
}

#define NO_RPC_HERE                                                                               \
	"there is no RPC of Transmission at this URL's path; it should end in /transmission/rpc " \
	"where no proxy changes it"
#define NOT_BEHIND_PROXY "the proxy in front of it cannot reach it; is it running?"

static const struct complaint {
	long status; /* 0: any other */
	enum err_kind kind;
	const char *what;
} complaints[] = {
	{404, ERR_TARGET, NO_RPC_HERE},
	{405, ERR_TARGET, NO_RPC_HERE},
	{409, ERR_RETRY,
	 "it wants a session id that it does not give, or does not take the one that it gave; does "
	 "a proxy drop the header field " SESSION_FIELD "?"},
	{413, ERR_ITEM,
	 "a proxy in front of it does not take a body of this size; raise its limit (nginx: "
	 "client_max_body_size)"},
	{421, ERR_TARGET,
	 "it does not know the URL's host name: see rpc-host-whitelist in its settings"},
	{502, ERR_RETRY, NOT_BEHIND_PROXY},
	{503, ERR_RETRY, NOT_BEHIND_PROXY},
	{504, ERR_RETRY, NOT_BEHIND_PROXY},
	{0, ERR_RETRY, "an answer that is not expected"},
};

static const struct complaint *complaint_of(long status)
{
	const struct complaint *c = complaints;

	while (c->status && c->status != status)
		c++;
	return c;
}

static bool bad_status(struct transmission *t, const struct http_reply *reply, struct err *err)
{
	if (reply->status == 401)
		return refuse(t, why_unauthorized(t), err);
	if (reply->status == 403)
		return forbidden(t, reply, err);
	if (reply->status / 100 == 3)
		return redirected(t, reply, err);
	const struct complaint *c = complaint_of(reply->status);
	return err_set(err, c->kind, WORD_CLIENT, "%s: %s (HTTP %ld)", t->name, c->what,
		       reply->status);
}

/* One HTTP request; what keeps it from being answered is the client's trouble, and for later. */
static bool post(struct transmission *t, const char *body, size_t len, size_t max,
		 struct http_reply *reply, struct err *err)
{
	OWN_STR char *session = mem_printf(SESSION_FIELD ": %s", t->session);
	const char *const headers[] = {"Content-Type: application/json",
				       *t->session ? session : NULL, NULL};
	const struct web_call call = {.path = "",
				      .headers = headers,
				      .body = body,
				      .body_len = len,
				      .max_body = max,
				      .keep = SESSION_FIELD};

	if (web_call(t->web, &call, reply, err))
		return true;
	if (strcmp(err->word, WORD_STOPPED) != 0)
		text_copy(err->word, sizeof err->word, WORD_CLIENT);
	return false;
}

/* true: `answer` (the caller's) is the body of a good reply. */
static bool call(struct transmission *t, const char *body, size_t len, size_t max,
		 struct buf *answer, struct err *err)
{
	OWN_HTTP_REPLY struct http_reply reply = {0};

	if (t->why_refused)
		return refuse(t, t->why_refused, err);
	if (!post(t, body, len, max, &reply, err))
		return false;
	if (reply.status == 409 && *reply.kept) {
		text_copy(t->session, sizeof t->session, reply.kept);
		http_reply_clear(&reply);
		if (!post(t, body, len, max, &reply, err))
			return false;
	}
	if (reply.status != 200)
		return bad_status(t, &reply, err);
	*answer = reply.body;
	reply.body = (struct buf){0};
	return true;
}

/* `arguments` is taken. */
static bool ask(struct transmission *t, const char *method, json_t *arguments, size_t max,
		struct buf *answer, struct err *err)
{
	OWN_STR char *body = request_of(method, arguments);

	return call(t, body, strlen(body), max, answer, err);
}

static bool named(const struct transmission *t, bool ok, struct err *err)
{
	return ok || err_wrap(err, "%s", t->name);
}

static bool session_folder(struct transmission *t, char **folder, struct err *err)
{
	OWN_BUF struct buf answer = {0};

	return ask(t, "session-get", json_pack("{s:[s]}", "fields", "download-dir"),
		   CLIENT_ANSWER_MAX_BYTES, &answer, err) &&
	       named(t, client_transmission_read_session(answer.data, answer.len, folder, err),
		     err);
}

static bool transmission_ready(struct client *c, struct err *err)
{
	OWN_STR char *folder = NULL;

	return session_folder((struct transmission *)c, &folder, err);
}

/* --- Delivery --- */

static void add_label(json_t *labels, const char *text, size_t len)
{
	OWN_STR char *copy = mem_dupn(text, len);
	const char *label = text_strip(copy);

	if (*label && !has_label(labels, label))
		json_array_append_new(labels, json_string(label));
}

/* The category, then each of the tags. */
static json_t *labels_of(const struct placement *p)
{
	json_t *labels = json_array();
	const char *tag = p->tags ? p->tags : "";

	if (p->category)
		add_label(labels, p->category, strlen(p->category));
	while (*tag) {
		size_t len = strcspn(tag, ",");
		add_label(labels, tag, len);
		tag += len + (tag[len] == ',');
	}
	return labels;
}

static bool is_text(const char *text)
{
	return !text || text_is_utf8(text, strlen(text));
}

static bool check_placement(const struct transmission *t, const struct placement *p,
			    struct err *err)
{
	if (!is_text(p->category) || !is_text(p->tags) || !is_text(p->save_path))
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "%s: Category, Tags and SavePath must be UTF-8 for Transmission",
			       t->name);
	if (p->category && strchr(p->category, ','))
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "%s: the Category becomes a label of Transmission, and cannot hold "
			       "a comma; choose another",
			       t->name);
	return true;
}

/* As this client would call it. */
static void client_hash(const struct delivery *d, char out[41])
{
	text_copy(out, 41, *d->v1 ? d->v1 : d->v2);
}

static bool find(struct transmission *t, const char *hash, struct transmission_found *found,
		 struct err *err)
{
	OWN_BUF struct buf answer = {0};

	return ask(t, "torrent-get",
		   json_pack("{s:[s], s:[ss]}", "ids", hash, "fields", "hashString", "labels"),
		   CLIENT_ANSWER_MAX_BYTES, &answer, err) &&
	       named(t, client_transmission_read_found(answer.data, answer.len, hash, found, err),
		     err);
}

/* All of a torrent-add's arguments but the torrent itself, as text. */
static char *add_arguments(const struct placement *p)
{
	OWN_JSON json_t *arguments = json_object();
	OWN_JSON json_t *labels = labels_of(p);

	if (json_array_size(labels))
		json_object_set(arguments, "labels", labels);
	if (p->save_path)
		json_object_set_new(arguments, "download-dir", json_string(p->save_path));
	if (p->paused)
		json_object_set_new(arguments, "paused", json_true());
	return json_dumps(arguments, JSON_COMPACT);
}

/* Put together by hand, so that a large torrent is not copied several times. */
static void write_add(const struct delivery *d, struct buf *body)
{
	OWN_STR char *torrent = base64_encode(d->bytes->data, d->bytes->len);
	OWN_STR char *arguments = add_arguments(d->placement);

	body->max = strlen(torrent) + strlen(arguments) + REQUEST_SPARE;
	buf_puts(body, "{\"method\":\"torrent-add\",\"arguments\":{\"metainfo\":\"");
	buf_puts(body, torrent);
	buf_puts(body, strcmp(arguments, "{}") == 0 ? "\"" : "\",");
	buf_puts(body, arguments + 1);
	buf_puts(body, "}");
}

static bool add(struct transmission *t, const struct delivery *d, struct err *err)
{
	OWN_BUF struct buf body = {0};
	OWN_BUF struct buf answer = {0};

	write_add(d, &body);
	if (!call(t, body.data, body.len, CLIENT_ANSWER_MAX_BYTES, &answer, err))
		return false;
	if (client_transmission_read_added(answer.data, answer.len, err))
		return true;
	if (err->kind == ERR_ITEM && *d->v2)
		err_wrap(err, "%s",
			 *d->v1 ? "Transmission 3 takes no hybrid torrents"
				: "Transmission takes no v2 torrents");
	return named(t, false, err);
}

static bool await(struct transmission *t, const char *hash, struct transmission_found *found,
		  struct err *err)
{
	int64_t end = clock_monotonic() + CLIENT_APPEARS_MS;

	for (;;) {
		if (!find(t, hash, found, err))
			return false;
		if (found->present)
			return true;
		if (clock_monotonic() >= end)
			return err_set(err, ERR_RETRY, WORD_CLIENT,
				       "%s: it says that it has added the torrent, but does not "
				       "show it",
				       t->name);
		if (!wake_sleep(t->wake, CLIENT_POLL_MS, err))
			return false;
	}
}

static bool set_labels(struct transmission *t, const char *hash, const struct placement *p,
		       struct err *err)
{
	OWN_JSON json_t *labels = labels_of(p);
	OWN_BUF struct buf answer = {0};

	if (json_array_size(labels) == 0)
		return true;
	return ask(t, "torrent-set", json_pack("{s:[s], s:O}", "ids", hash, "labels", labels),
		   CLIENT_ANSWER_MAX_BYTES, &answer, err) &&
	       named(t, client_transmission_read_done(answer.data, answer.len, err), err);
}

/* What is there already stays as it is, but for the labels that an earlier try could not give. */
static bool transmission_deliver(struct client *c, const struct delivery *d, bool resumed,
				 char **path, struct err *err)
{
	struct transmission *t = (struct transmission *)c;
	struct transmission_found found;
	char hash[41];

	client_hash(d, hash);
	if (!check_placement(t, d->placement, err) || !find(t, hash, &found, err))
		return false;
	if (found.present && !resumed)
		found.takes_labels = false;
	if (!found.present && (!add(t, d, err) || !await(t, hash, &found, err)))
		return false;
	if (found.takes_labels && !set_labels(t, hash, d->placement, err))
		return false;
	*path = mem_dup(t->name);
	return true;
}

/* --- Looking --- */

static bool transmission_list(struct client *c, const char *category, struct client_torrents *all,
			      struct err *err)
{
	static const char body[] =
		"{\"method\":\"torrent-get\",\"arguments\":{\"fields\":" CLIENT_TRANSMISSION_FIELDS
		"}}";
	struct transmission *t = (struct transmission *)c;
	OWN_STR char *copy = mem_dup(category);
	OWN_BUF struct buf answer = {0};

	return call(t, body, sizeof body - 1, CLIENT_LIST_MAX_BYTES, &answer, err) &&
	       named(t,
		     client_transmission_read_list(answer.data, answer.len,
						   copy ? text_strip(copy) : NULL, all, err),
		     err);
}

static bool space_at(struct transmission *t, const char *folder, struct client_space *space,
		     bool *missing, struct err *err)
{
	OWN_BUF struct buf answer = {0};

	return ask(t, "free-space", json_pack("{s:s}", "path", folder), CLIENT_ANSWER_MAX_BYTES,
		   &answer, err) &&
	       named(t,
		     client_transmission_read_space(answer.data, answer.len, space, missing, err),
		     err);
}

/* Makes it the folder above; false if there is none. */
static bool go_up(char *folder)
{
	char *slash = strrchr(folder, '/');

	if (!slash || !folder[1])
		return false;
	slash[slash == folder] = '\0';
	return true;
}

/* A folder that is not there yet will be made in the first one above it that is. */
static bool transmission_space(struct client *c, const struct placement *p,
			       struct client_space *space, struct err *err)
{
	struct transmission *t = (struct transmission *)c;
	OWN_STR char *folder = mem_dup(p->save_path);
	bool missing = true;

	if (!check_placement(t, p, err) || (!folder && !session_folder(t, &folder, err)))
		return false;
	for (int i = 0; i < PARENTS_MAX; i++) {
		if (!space_at(t, folder, space, &missing, err))
			return false;
		if (!missing)
			return true;
		if (!go_up(folder))
			break;
	}
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: it cannot tell the free space: the folder is not there", t->name);
}

/* --- Opening --- */

char *client_transmission_url(const char *url)
{
	OWN_STR char *base = mem_dupn(url, strcspn(url, "#"));
	size_t len = strlen(base);

	while (len && base[len - 1] == '/')
		base[--len] = '\0';
	const char *host = strstr(base, "://");
	if (!host)
		return OWN_TAKE(base);
	const char *path = strchr(host + strlen("://"), '/');
	if (!path)
		return mem_printf("%s/transmission/rpc", base);
	if (text_ends(path, "/transmission/web"))
		base[len - strlen("/web")] = '\0';
	return text_ends(path, "/transmission") ? mem_printf("%s/rpc", base) : OWN_TAKE(base);
}

static void transmission_close(struct client *c)
{
	struct transmission *t = (struct transmission *)c;

	web_close(t->web);
	free(t->name);
	free(t);
}

static const struct client_ops transmission_ops = {
	.ready = transmission_ready,
	.deliver = transmission_deliver,
	.list = transmission_list,
	.space = transmission_space,
	.close = transmission_close,
};

struct client *client_transmission_open(const struct client_options *o, struct err *err)
{
	OWN_STR char *url = client_transmission_url(o->url ? o->url : DEFAULT_URL);
	bool by_proxy = o->proxy_user && *o->proxy_user;
	const struct web_options options = {.name = o->name,
					    .url = url,
					    .socket = o->socket,
					    .ca_file = o->ca_file,
					    .user = by_proxy ? o->proxy_user : o->user,
					    .password = by_proxy ? o->proxy_password : o->password,
					    .timeout_ms = o->timeout_ms,
					    .wake = o->wake};
	struct web *web = web_open(&options, err);

	if (!web)
		return NULL;
	struct transmission *t = mem_alloc(sizeof *t);
	t->base.ops = &transmission_ops;
	t->web = web;
	t->wake = o->wake;
	t->name = mem_dup(o->name);
	t->has_user = options.user && *options.user;
	t->by_proxy = by_proxy;
	return &t->base;
}
