#include "ports/client_transmission.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "ports/client_common.h"

#include <string.h>

#define SESSION_FIELD "X-Transmission-Session-Id"
#define REQUEST_SPARE 65536 /* of a request, besides the torrent */

static const struct client_status statuses[] = {
	{403, ERR_TARGET, "it does not let this machine in: see rpc-whitelist in its settings"},
	{409, ERR_RETRY,
	 "it wants a session id that it does not give, or does not take the one that it gave; does "
	 "a proxy drop the header field " SESSION_FIELD "?"},
	{421, ERR_TARGET,
	 "it does not know the URL's host name: see rpc-host-whitelist in its settings"},
	{0},
};

static bool is_over(const struct client_common *t, const struct http_reply *reply)
{
	(void)t;
	return reply->status == 409 && *reply->kept;
}

static bool take_id(struct client_common *t, const struct http_reply *reply, struct err *err)
{
	(void)err;
	snprintf(t->session, sizeof t->session, SESSION_FIELD ": %s", reply->kept);
	return true;
}

static const struct client_session session = {is_over, take_id, .at_once = false};

static const struct client_about about = {
	.what = "Transmission's RPC",
	.where = "the URL should end in /transmission/rpc where no proxy changes it",
	.keep = SESSION_FIELD,
	.statuses = statuses,
	.session = &session,
};

static bool fault(struct err *err, enum err_kind kind, const char *what)
{
	return err_set(err, kind, WORD_CLIENT, "%s", what);
}

/* --- Reading answers --- */

/* An answer's object, in which "result" is a text. */
static json_t *load_answer(const char *bytes, size_t len, struct err *err)
{
	OWN_JSON json_t *root = client_parse(&about, bytes, len, err);

	if (!root)
		return NULL;
	if (json_is_string(json_object_get(root, "result")))
		return OWN_TAKE(root);
	if (*json_text_at(root, "jsonrpc"))
		fault(err, ERR_TARGET,
		      "it speaks JSON-RPC 2.0 only: this version of Transmission is too new");
	else
		fault(err, ERR_RETRY, "the answer is JSON, but not one of Transmission's");
	return NULL;
}

static const char *result_of(const json_t *root)
{
	return json_text_at(root, "result");
}

static bool is_success(const json_t *root)
{
	return strcmp(result_of(root), "success") == 0;
}

static bool says_no(const json_t *root, enum err_kind kind, const char *what, struct err *err)
{
	OWN_STR char *words = client_words(result_of(root));

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

#define NOT_TORRENT ERR_ITEM, "it does not take this torrent"
#define NOT_PLACED ERR_TARGET, "it does not take Category, Tags or SavePath"

static bool not_added(const json_t *root, struct err *err)
{
	static const struct refusal {
		const char *part;
		enum err_kind kind;
		const char *what;
	} refusals[] = {
		{"corrupt", NOT_TORRENT},   {"unrecognized", NOT_TORRENT},
		{"metainfo", NOT_TORRENT},  {"path is not absolute", NOT_PLACED},
		{"labels can", NOT_PLACED}, {"", ERR_RETRY, "it has not added the torrent"},
	};
	const struct refusal *r = refusals;

	while (*r->part && !text_has_nocase(result_of(root), r->part))
		r++;
	return says_no(root, r->kind, r->what, err);
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
	client_torrent_hash(out, size, json_text_at(row, "hashString"));
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
	OWN_STR char *words = client_words(json_text_at(row, "errorString"));

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
	return t->size > 0 && json_count_at(row, "leftUntilDone", &left) && left == 0 &&
	       !deselected;
}

static void read_progress(const json_t *row, struct client_torrent *t)
{
	struct progress p = {.status = SEEDING + 1,
			     .error = json_count_or_0_at(row, "error"),
			     .rate = json_count_or_0_at(row, "rateDownload")};

	json_count_at(row, "status", &p.status);
	t->size = json_count_or_0_at(row, "totalSize");
	t->left = json_count_or_0_at(row, "leftUntilDone");
	p.deselected = !json_count_at(row, "sizeWhenDone", &p.wanted) || p.wanted < t->size;
	t->complete = is_complete(row, t, p.deselected);
	t->state = state_of(&p, t);
	t->message = message_of(row, &p);
}

static bool has_label(const json_t *labels, const char *wanted)
{
	const json_t *label;
	size_t i;

	json_array_foreach (labels, i, label)
		if (json_is_string(label) && strcmp(json_string_value(label), wanted) == 0)
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
	hash_of(row, t->id, sizeof t->id);
	hash_of(row, t->v1, sizeof t->v1);
	t->name = client_torrent_name(json_text_at(row, "name"));
	t->category = mem_dup(category);
	t->folder = json_copy_at(row, "downloadDir");
	read_progress(row, t);
	t->idle_since = json_time_at(row, "activityDate");
	if (!t->idle_since)
		t->idle_since = json_time_at(row, "addedDate");
}

static bool add_row(const json_t *row, const struct category *wanted, struct client_torrents *all,
		    struct err *err)
{
	const char *category = category_of(row, wanted);
	char hash[65];

	hash_of(row, hash, sizeof hash);
	if (!*hash || (wanted->text && !category))
		return true;
	struct client_torrent *t = client_add_torrent(all, err);
	if (t)
		read_torrent(row, category, t);
	return t != NULL;
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
	*all = client_torrents_take(&read);
	return true;
}

bool client_transmission_read_session(const char *bytes, size_t len, char **folder, struct err *err)
{
	OWN_JSON json_t *root = load_success(bytes, len, err);
	const char *text = json_text(argument(root, "download-dir"));

	if (!root)
		return false;
	if (!*text)
		return fault(err, ERR_RETRY, "it does not name its download folder");
	*folder = mem_dup(text);
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
	bool told = json_count_at(arguments, "size-bytes", &bytes_free);
	/* The reason is in the language of the client's system, or (4.1.0-beta2) not there. */
	if (!told && json_is_number(size) && !text_has_nocase(result_of(root), "denied")) {
		*missing = true;
		return true;
	}
	if (!told || !is_success(root))
		return says_no(root, ERR_TARGET, "it cannot say how much space is free", err);
	*missing = false;
	*space = (struct client_space){.free = bytes_free,
				       .total = json_count_or_0_at(arguments, "total_size")};
	return true;
}

/* --- Calls --- */

/* The text of a request; the caller's.  `arguments` is taken. */
static char *request_of(const char *method, json_t *arguments)
{
	OWN_JSON json_t *root = json_pack("{s:s, s:o}", "method", method, "arguments", arguments);

	return json_dumps(root, JSON_COMPACT);
}

static bool is_locked(const struct http_reply *reply)
{
	return reply->status == 403 &&
	       text_has_nocase(buf_text(&reply->body), "too many unsuccessful");
}

/* true: *reply is a good one; it is to be cleared in any case. */
static bool call(struct client_common *t, const char *body, size_t len, size_t max,
		 struct http_reply *reply, struct err *err)
{
	const struct web_call c = client_json_call("", body, len, max);

	if (!client_call(t, &c, reply, err))
		return false;
	if (is_locked(reply))
		return client_refuse(
			t, err,
			"after too many failed logins it refuses all, also correct ones: "
			"restart transmission-daemon");
	return client_judge(t, reply, err);
}

/* `arguments` is taken. */
static bool ask(struct client_common *t, const char *method, json_t *arguments,
		struct http_reply *reply, struct err *err)
{
	OWN_STR char *body = request_of(method, arguments);

	return call(t, body, strlen(body), CLIENT_ANSWER_MAX_BYTES, reply, err);
}

static bool session_folder(struct client_common *t, char **folder, struct err *err)
{
	OWN_HTTP_REPLY struct http_reply reply = {0};

	return ask(t, "session-get", json_pack("{s:[s]}", "fields", "download-dir"), &reply, err) &&
	       client_named(t,
			    client_transmission_read_session(reply.body.data, reply.body.len,
							     folder, err),
			    err);
}

static bool transmission_ready(struct client *c, struct err *err)
{
	OWN_STR char *folder = NULL;

	return session_folder((struct client_common *)c, &folder, err);
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

static bool check_placement(const struct client_common *t, const struct placement *p,
			    struct err *err)
{
	if (!client_check_texts(t, p, err))
		return false;
	return !p->category || !strchr(p->category, ',') ||
	       client_fail(t, err, ERR_TARGET,
			   "the Category becomes a label of Transmission, and cannot hold a comma; "
			   "choose another");
}

/* As this client would call it. */
static const char *hash_for(const struct delivery *d, char out[41])
{
	text_copy(out, 41, *d->v1 ? d->v1 : d->v2);
	return out;
}

/* A client_look; `out` is a struct transmission_found. */
static bool find(struct client *c, const struct delivery *d, void *out, bool *there,
		 struct err *err)
{
	struct client_common *t = (struct client_common *)c;
	struct transmission_found *found = out;
	OWN_HTTP_REPLY struct http_reply reply = {0};
	char hash[41];
	json_t *arguments = json_pack("{s:[s], s:[ss]}", "ids", hash_for(d, hash), "fields",
				      "hashString", "labels");

	if (!ask(t, "torrent-get", arguments, &reply, err))
		return false;
	if (!client_transmission_read_found(reply.body.data, reply.body.len, hash, found, err))
		return client_named(t, false, err);
	*there = found->present;
	return true;
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

static bool add(struct client *c, const struct delivery *d, bool *taken, struct err *err)
{
	struct client_common *t = (struct client_common *)c;
	OWN_BUF struct buf body = {0};
	OWN_HTTP_REPLY struct http_reply reply = {0};

	write_add(d, &body);
	if (!call(t, body.data, body.len, CLIENT_ANSWER_MAX_BYTES, &reply, err))
		return false;
	*taken = client_transmission_read_added(reply.body.data, reply.body.len, err);
	if (!*taken && err->kind == ERR_ITEM && *d->v2)
		err_wrap(err, "%s",
			 *d->v1 ? "Transmission 3 takes no hybrid torrents"
				: "Transmission takes no v2 torrents");
	return client_named(t, *taken, err);
}

static bool set_labels(struct client_common *t, const struct delivery *d, struct err *err)
{
	OWN_JSON json_t *labels = labels_of(d->placement);
	OWN_HTTP_REPLY struct http_reply reply = {0};
	char hash[41];

	if (json_array_size(labels) == 0)
		return true;
	return ask(t, "torrent-set",
		   json_pack("{s:[s], s:O}", "ids", hash_for(d, hash), "labels", labels), &reply,
		   err) &&
	       client_named(t, client_transmission_read_done(reply.body.data, reply.body.len, err),
			    err);
}

/* What is there already stays as it is, except for the labels that an earlier try could not give.
 */
static bool transmission_deliver(struct client *c, const struct delivery *d, bool resumed,
				 char **path, struct err *err)
{
	struct client_common *t = (struct client_common *)c;
	struct transmission_found found;
	bool is_new;

	if (!check_placement(t, d->placement, err) ||
	    !client_add_once(t, d, find, add, &found, &is_new, err))
		return false;
	if ((is_new || resumed) && found.takes_labels && !set_labels(t, d, err))
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
	struct client_common *t = (struct client_common *)c;
	OWN_STR char *copy = mem_dup(category);
	OWN_HTTP_REPLY struct http_reply reply = {0};

	return call(t, body, sizeof body - 1, CLIENT_LIST_MAX_BYTES, &reply, err) &&
	       client_named(t,
			    client_transmission_read_list(reply.body.data, reply.body.len,
							  copy ? text_strip(copy) : NULL, all, err),
			    err);
}

/* A client_ask_space. */
static bool space_at(struct client *c, const char *folder, struct client_space *space,
		     bool *missing, struct err *err)
{
	struct client_common *t = (struct client_common *)c;
	OWN_HTTP_REPLY struct http_reply reply = {0};

	return ask(t, "free-space", json_pack("{s:s}", "path", folder), &reply, err) &&
	       client_named(t,
			    client_transmission_read_space(reply.body.data, reply.body.len, space,
							   missing, err),
			    err);
}

static bool transmission_space(struct client *c, const struct placement *p,
			       struct client_space *space, struct err *err)
{
	struct client_common *t = (struct client_common *)c;
	OWN_STR char *folder = mem_dup(p->save_path);

	return check_placement(t, p, err) && (folder || session_folder(t, &folder, err)) &&
	       client_space_above(t, folder, space_at, space, err);
}

/* --- Opening --- */

char *client_transmission_url(const char *url)
{
	OWN_STR char *base = mem_dupn(url, strcspn(url, "#"));
	size_t len = strlen(base);

	while (len && base[len - 1] == '/')
		base[--len] = '\0';
	OWN_URL struct url u = {0};
	if (!url_read(base, &u) || u.more)
		return OWN_TAKE(base);
	if (strcmp(u.path, "/") == 0)
		return mem_printf("%s/transmission/rpc", base);
	if (text_ends(u.path, "/transmission/web"))
		return mem_printf("%.*s/rpc", (int)(len - strlen("/web")), base);
	return text_ends(u.path, "/transmission") ? mem_printf("%s/rpc", base) : OWN_TAKE(base);
}

static const struct client_ops transmission_ops = {
	.ready = transmission_ready,
	.deliver = transmission_deliver,
	.list = transmission_list,
	.space = transmission_space,
	.close = client_common_close,
};

struct client *client_transmission_open(const struct client_options *o, struct err *err)
{
	OWN_STR char *url = client_transmission_url(o->url ? o->url : CLIENT_LOCAL_URL);

	return client_open_over_web(sizeof(struct client_common), &transmission_ops, &about, url, o,
				    err);
}
