#include "ports/client_qbittorrent.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/web.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

/* Numbers of JSON beyond these are cut, or count as not told. */
#define COUNT_MAX ((uint64_t)INT64_MAX)
#define COUNT_MAX_REAL 9.2e18
#define SECONDS_MAX 1e11

#define TAGS_WHEN_ADDED "2.6.2" /* from this version of its API on: qBittorrent 4.3.2 */

struct qbittorrent {
	struct client base;
	struct client_options o; /* what it points to is borrowed */
	struct web *web;         /* owned */
	bool logged_in;
	struct err refusal; /* why base.refused is set */
};

/* ---- answers ---- */

static void json_clear(json_t **j)
{
	json_decref(*j);
}

#define OWN_JSON OWN(json_clear)

static bool is_html(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return *s == '<';
}

static bool not_understood(struct err *err, const char *what)
{
	return err_set(err, ERR_RETRY, WORD_CLIENT, "the answer is %s", what);
}

/* Whole numbers become real ones: those that are too large must not cost the whole answer. */
static json_t *load(const char *bytes, size_t len, struct err *err)
{
	json_error_t why;
	json_t *root =
		json_loadb(len ? bytes : "", len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &why);

	if (!root)
		err_set(err, ERR_RETRY, WORD_CLIENT, "the answer is no valid JSON (at byte %d)",
			why.position);
	return root;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static double number_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static uint64_t count_of(const json_t *o, const char *key)
{
	double n = number_of(o, key);

	if (!(n > 0))
		return 0;
	return n > COUNT_MAX_REAL ? COUNT_MAX : (uint64_t)n;
}

enum qbittorrent_login qbittorrent_read_login(long status, const char *body)
{
	if (status == 204 || (status == 200 && strcmp(body, "Ok.") == 0))
		return QBITTORRENT_LOGIN_OK;
	if (status == 401 || (status == 200 && strcmp(body, "Fails.") == 0))
		return QBITTORRENT_LOGIN_REFUSED;
	if (status == 403 && text_has_nocase(body, "banned"))
		return QBITTORRENT_LOGIN_BANNED;
	return QBITTORRENT_LOGIN_OTHER;
}

static enum qbittorrent_added added_by_count(const char *body, size_t len)
{
	struct err ignored;
	OWN_JSON json_t *root = load(body, len, &ignored);

	if (!json_is_object(root) || !json_object_get(root, "success_count"))
		return QBITTORRENT_ADD_OTHER;
	return number_of(root, "success_count") + number_of(root, "pending_count") > 0
		       ? QBITTORRENT_ADDED
		       : QBITTORRENT_NOT_ADDED;
}

enum qbittorrent_added qbittorrent_read_added(long status, const char *body, size_t len)
{
	if (status == 415)
		return QBITTORRENT_NO_TORRENT;
	if (status == 409)
		return QBITTORRENT_NOT_ADDED;
	if (status == 202)
		return QBITTORRENT_ADDED;
	if (status != 200)
		return QBITTORRENT_ADD_OTHER;
	if (len == 3 && memcmp(body, "Ok.", len) == 0)
		return QBITTORRENT_ADDED;
	if (len == 6 && memcmp(body, "Fails.", len) == 0)
		return QBITTORRENT_NOT_ADDED;
	return added_by_count(body, len);
}

bool qbittorrent_read_version(const char *body)
{
	return text_starts(body, "2.") && strspn(body, "0123456789.") == strlen(body) &&
	       strlen(body) < 16;
}

/* The word around each "://" becomes "<hidden>". */
static char *without_urls(const char *text)
{
	OWN_BUF struct buf out = BUF_MAX(2 * QBITTORRENT_MESSAGE_MAX);

	while (*text) {
		size_t gap = strspn(text, " "), word = strcspn(text + gap, " ");
		OWN_STR char *piece = mem_dupn(text + gap, word);
		buf_add(&out, text, gap);
		buf_puts(&out, strstr(piece, "://") ? "<hidden>" : piece);
		text += gap + word;
	}
	return text_printable(buf_text(&out), out.len, QBITTORRENT_MESSAGE_MAX);
}

/* Words of the client's or a tracker's, for people: without URLs and passkeys. */
static char *safe_text(const char *text)
{
	OWN_STR char *masked = secret_mask(text, strlen(text), QBITTORRENT_MESSAGE_MAX, NULL, 0);

	return without_urls(masked);
}

/* ---- torrents ---- */

static const struct state_word {
	const char *word;
	enum client_state state;
	const char *message;
} state_words[] = {
	{"uploading", CLIENT_SEEDING, NULL},
	{"stalledUP", CLIENT_SEEDING, NULL},
	{"forcedUP", CLIENT_SEEDING, NULL},
	{"downloading", CLIENT_DOWNLOADING, NULL},
	{"forcedDL", CLIENT_DOWNLOADING, NULL},
	{"metaDL", CLIENT_DOWNLOADING, NULL},
	{"forcedMetaDL", CLIENT_DOWNLOADING, NULL},
	{"allocating", CLIENT_DOWNLOADING, NULL},
	{"stalledDL", CLIENT_STALLED, NULL},
	{"queuedUP", CLIENT_QUEUED, NULL},
	{"queuedDL", CLIENT_QUEUED, NULL},
	{"checkingUP", CLIENT_CHECKING, NULL},
	{"checkingDL", CLIENT_CHECKING, NULL},
	{"checkingResumeData", CLIENT_CHECKING, NULL},
	{"moving", CLIENT_CHECKING, NULL},
	{"pausedUP", CLIENT_PAUSED, NULL},
	{"pausedDL", CLIENT_PAUSED, NULL},
	{"stoppedUP", CLIENT_PAUSED, NULL},
	{"stoppedDL", CLIENT_PAUSED, NULL},
	{"missingFiles", CLIENT_ERROR, "its files are missing"},
	{"error", CLIENT_ERROR, "an error, which the client's log tells"},
};

#define N_STATE_WORDS (sizeof state_words / sizeof *state_words)

static char *unknown_state(const char *word)
{
	OWN_STR char *safe = safe_text(word);

	return mem_printf("state \"%s\"", safe);
}

static void read_state(const json_t *o, struct client_torrent *t)
{
	const char *word = text_of(o, "state");

	for (size_t i = 0; i < N_STATE_WORDS; i++) {
		if (strcmp(word, state_words[i].word) != 0)
			continue;
		t->state = state_words[i].state;
		t->message = mem_dup(state_words[i].message);
		/* "forced" does not turn into "stalled". */
		if (strcmp(word, "forcedDL") == 0 && count_of(o, "dlspeed") == 0)
			t->state = CLIENT_STALLED;
		return;
	}
	t->state = CLIENT_ERROR;
	t->message = unknown_state(word);
}

/* Before 4.4 it tells one hash only, which is v1. */
static bool read_hashes(const json_t *o, struct client_torrent *t)
{
	client_torrent_hash(t->id, sizeof t->id, text_of(o, "hash"));
	client_torrent_hash(t->v1, sizeof t->v1, text_of(o, "infohash_v1"));
	client_torrent_hash(t->v2, sizeof t->v2, text_of(o, "infohash_v2"));
	if (!json_object_get(o, "infohash_v1") && !*t->v2)
		client_torrent_hash(t->v1, sizeof t->v1, t->id);
	return *t->id != '\0';
}

/* `size` is without the files that are not to be downloaded. */
static void read_amounts(const json_t *o, struct client_torrent *t)
{
	double idle = number_of(o, "last_activity");

	t->left = count_of(o, "amount_left");
	t->size = count_of(o, json_object_get(o, "total_size") ? "total_size" : "size");
	t->complete = t->left == 0 && json_is_number(json_object_get(o, "amount_left")) &&
		      number_of(o, "progress") >= 1;
	t->idle_since = idle > 0 && idle < SECONDS_MAX ? (int64_t)(idle * 1000) : 0;
}

static bool read_torrent(const json_t *o, struct client_torrent *t)
{
	if (!read_hashes(o, t))
		return false;
	read_state(o, t);
	read_amounts(o, t);
	t->name = mem_dup(json_string_value(json_object_get(o, "name")));
	t->category = mem_dup(text_of(o, "category"));
	t->folder = mem_dup(json_string_value(json_object_get(o, "save_path")));
	return true;
}

/* Trackers are asked of torrents only that should be announcing themselves. */
static bool is_silent(const json_t *o, const struct client_torrent *t)
{
	const json_t *tracker = json_object_get(o, "tracker");
	bool active = t->state == CLIENT_SEEDING || t->state == CLIENT_DOWNLOADING ||
		      t->state == CLIENT_STALLED || t->state == CLIENT_QUEUED;

	return active && json_is_string(tracker) && !*json_string_value(tracker);
}

static bool read_row(const json_t *o, struct client_torrents *all,
		     struct qbittorrent_silent *silent, struct err *err)
{
	struct client_torrent *t = client_torrents_add(all);

	if (!t)
		return err_set(err, ERR_RETRY, WORD_CLIENT, "it has more than %d torrents",
			       CLIENT_TORRENTS_MAX);
	if (!read_torrent(o, t))
		return not_understood(err, "no list of torrents with their infohashes");
	if (silent && silent->n < QBITTORRENT_ASK_MAX && is_silent(o, t))
		silent->at[silent->n++] = all->n - 1;
	return true;
}

bool qbittorrent_read_list(const char *bytes, size_t len, const char *category,
			   struct client_torrents *all, struct qbittorrent_silent *silent,
			   struct err *err)
{
	OWN_CLIENT_TORRENTS struct client_torrents read = {0};
	struct qbittorrent_silent none = {0};
	OWN_JSON json_t *root = load(bytes, len, err);
	const json_t *row;
	size_t i;

	if (!root)
		return false;
	if (!json_is_array(root))
		return not_understood(err, "JSON, but no list of torrents");
	json_array_foreach (root, i, row) {
		if (category && strcmp(text_of(row, "category"), category) != 0)
			continue;
		if (!read_row(row, &read, silent ? &none : NULL, err))
			return false;
	}
	*all = read;
	read = (struct client_torrents){0};
	if (silent)
		*silent = none;
	return true;
}

/* ---- trackers ---- */

/* DHT and its like are listed as trackers, too. */
static bool is_failing(const json_t *tracker)
{
	double status = number_of(tracker, "status");

	return !text_starts(text_of(tracker, "url"), "** [") && status >= 4 && status <= 6 &&
	       *text_of(tracker, "msg");
}

bool qbittorrent_read_trackers(const char *bytes, size_t len, char **message, bool *unknown,
			       struct err *err)
{
	OWN_JSON json_t *root = load(bytes, len, err);
	OWN_STR char *found = NULL;
	bool is_unknown = false;
	const json_t *row;
	size_t i;

	if (!root)
		return false;
	if (!json_is_array(root))
		return not_understood(err, "JSON, but no list of trackers");
	json_array_foreach (root, i, row) {
		bool says = is_failing(row) && client_torrent_is_disowned(text_of(row, "msg"));
		if (!is_failing(row) || is_unknown || (found && !says))
			continue;
		free(found);
		found = safe_text(text_of(row, "msg"));
		is_unknown = says;
	}
	*message = OWN_TAKE(found);
	*unknown = is_unknown;
	return true;
}

/* ---- space ---- */

bool qbittorrent_read_space(const char *bytes, size_t len, uint64_t *space, struct err *err)
{
	OWN_JSON json_t *root = load(bytes, len, err);
	const json_t *state = json_object_get(root, "server_state");
	const json_t *value = json_object_get(state, "free_space_on_disk");

	if (!root)
		return false;
	if (!json_is_number(value) || json_number_value(value) < 0)
		return err_set(err, ERR_RETRY, WORD_CLIENT,
			       "it does not tell the free space of its default save path; does "
			       "that folder exist?");
	*space = count_of(state, "free_space_on_disk");
	return true;
}

/* ---- calls ---- */

static bool is_set(const char *text)
{
	return text && *text;
}

static bool refuse(struct qbittorrent *q, const char *why, struct err *err)
{
	err_set(err, ERR_TARGET, WORD_CLIENT, "%s: %s", q->o.name, why);
	q->base.refused = true;
	q->refusal = *err;
	return false;
}

static bool banned(struct qbittorrent *q, struct err *err)
{
	return refuse(q,
		      "it has banned this host's address after too many failed logins; correct "
		      "the username and password, then restart qBittorrent or wait for an hour",
		      err);
}

static bool unauthorized(struct qbittorrent *q, const struct http_reply *r, struct err *err)
{
	bool proxy = is_set(q->o.proxy_user);

	if (*r->kept)
		return refuse(q,
			      proxy ? "the proxy in front of it does not accept ProxyUsername and "
				      "its password (HTTP 401)"
				    : "a proxy in front of it asks for a username and password "
				      "(HTTP 401): set ProxyUsername and ProxyPasswordFile",
			      err);
	return refuse(
		q,
		proxy ? "HTTP 401: it may take the proxy's credentials for its own (have the "
			"proxy remove the Authorization header), or not know the URL's host "
			"name (Server domains, in its Web UI settings)"
		      : "HTTP 401: it does not know the host name in the URL (Server domains, "
			"in its Web UI settings)",
		err);
}

static bool forbidden(struct qbittorrent *q, const struct http_reply *r, struct err *err)
{
	if (text_has_nocase(buf_text(&r->body), "banned"))
		return banned(q, err);
	if (!is_set(q->o.user))
		return refuse(q,
			      "it asks for a login (HTTP 403): set Username and PasswordFile, or "
			      "have it let this host in without one",
			      err);
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: HTTP 403 although the login worked: does a proxy in front of it drop "
		       "cookies, or is its cookie for https only?",
		       q->o.name);
}

static const struct status_words {
	long status;
	enum err_kind kind;
	const char *text;
} status_words[] = {
	{404, ERR_TARGET, "there is no Web API of qBittorrent 4.1 or later at this URL (HTTP 404)"},
	{405, ERR_TARGET, "what is at this URL is not qBittorrent (HTTP 405)"},
	{413, ERR_ITEM,
	 "the .torrent is too large for the proxy in front of it (HTTP 413): raise "
	 "that limit (nginx: client_max_body_size)"},
	{429, ERR_RETRY, "the proxy in front of it says that we ask too often (HTTP 429)"},
	{502, ERR_RETRY, "the proxy in front of it does not reach it (HTTP 502): is it running?"},
	{503, ERR_RETRY, "it is not available (HTTP 503): is it running?"},
	{504, ERR_RETRY, "the proxy in front of it got no answer in time (HTTP 504)"},
};

static bool other_status(const struct qbittorrent *q, long status, struct err *err)
{
	for (size_t i = 0; i < sizeof status_words / sizeof *status_words; i++)
		if (status_words[i].status == status)
			return err_set(err, status_words[i].kind, WORD_CLIENT, "%s: %s", q->o.name,
				       status_words[i].text);
	return err_set(err, ERR_RETRY, WORD_CLIENT, "%s: it answers HTTP %ld", q->o.name, status);
}

static bool not_qbittorrent(const struct qbittorrent *q, const char *what, struct err *err)
{
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: %s; does the URL lead to qBittorrent's Web UI?", q->o.name, what);
}

/* Is it an answer that may be read? */
static bool judge(struct qbittorrent *q, const struct http_reply *r, struct err *err)
{
	if (r->status == 401)
		return unauthorized(q, r, err);
	if (r->status == 403)
		return forbidden(q, r, err);
	if (*r->redirect_host)
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "%s: it redirects to %s instead of answering; set the URL that it "
			       "is really at, or exempt it from the proxy's login page",
			       q->o.name, r->redirect_host);
	if (r->status < 200 || r->status > 299)
		return other_status(q, r->status, err);
	if (is_html(buf_text(&r->body)))
		return not_qbittorrent(q, "an HTML page came instead of an answer", err);
	return true;
}

/* Errors of the transport are the client's not being there. */
static bool not_reached(struct err *err)
{
	const struct err why = *err;

	if (strcmp(why.word, WORD_STOPPED) == 0)
		return false;
	return err_set(err, why.kind, WORD_CLIENT, "%s%s", why.msg,
		       strcmp(why.word, WORD_TLS) == 0
			       ? "; if its certificate is of a private CA, name that in CAFile"
			       : "");
}

/* One request. */
static bool send_once(struct qbittorrent *q, const struct web_call *call, struct http_reply *reply,
		      struct err *err)
{
	struct web_call marked = *call;

	marked.keep = "WWW-Authenticate";
	return web_call(q->web, &marked, reply, err) || not_reached(err);
}

static struct web_call form_call(const char *path, const char *form)
{
	static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
					      NULL};

	return (struct web_call){.path = path,
				 .headers = headers,
				 .body = form,
				 .body_len = strlen(form),
				 .max_body = CLIENT_ANSWER_MAX_BYTES};
}

static void wipe_text(char **text)
{
	secret_wipe(*text, strlen(*text));
	free(*text);
}

static char *login_form(const struct qbittorrent *q)
{
	const struct secret *password = q->o.password;
	bool set = password && secret_is_set(password);
	OWN_STR char *user = http_escape(q->o.user);
	OWN(wipe_text) char *word = http_escape(set ? secret_reveal(password) : "");

	return mem_printf("username=%s&password=%s", user, word);
}

static bool not_accepted(struct qbittorrent *q, const struct http_reply *r, struct err *err)
{
	if (*r->kept)
		return unauthorized(q, r, err);
	return refuse(
		q,
		r->status == 401
			? "it does not accept the username and password, or does not know the "
			  "host name in the URL (HTTP 401)"
			: "it does not accept the username and password",
		err);
}

static bool log_in(struct qbittorrent *q, struct err *err)
{
	OWN(wipe_text) char *form = login_form(q);
	OWN_HTTP_REPLY struct http_reply reply = {0};
	const struct web_call c = form_call("api/v2/auth/login", form);

	if (!send_once(q, &c, &reply, err))
		return false;
	switch (qbittorrent_read_login(reply.status, buf_text(&reply.body))) {
	case QBITTORRENT_LOGIN_OK:
		return q->logged_in = true;
	case QBITTORRENT_LOGIN_REFUSED:
		return not_accepted(q, &reply, err);
	case QBITTORRENT_LOGIN_BANNED:
		return banned(q, err);
	default:
		return judge(q, &reply, err) &&
		       not_qbittorrent(q, "the answer to the login is not qBittorrent's", err);
	}
}

static bool enter(struct qbittorrent *q, struct err *err)
{
	return q->logged_in || !is_set(q->o.user) || log_in(q, err);
}

/* A request within a session; true for any complete answer. */
static bool call(struct qbittorrent *q, const struct web_call *c, struct http_reply *reply,
		 struct err *err)
{
	bool fresh = !q->logged_in;

	if (q->base.refused) {
		*err = q->refusal;
		return false;
	}
	if (!enter(q, err) || !send_once(q, c, reply, err))
		return false;
	if (reply->status != 403 || fresh)
		return true;
	q->logged_in = false;
	http_reply_clear(reply);
	return enter(q, err) && send_once(q, c, reply, err);
}

static bool get(struct qbittorrent *q, const char *path, size_t max, struct http_reply *reply,
		struct err *err)
{
	const struct web_call c = {.path = path, .max_body = max};

	return call(q, &c, reply, err) && judge(q, reply, err);
}

/* Puts the client's name before what a reader said. */
static bool unreadable(const struct qbittorrent *q, struct err *err)
{
	return err_wrap(err, "%s", q->o.name);
}

/* ---- the port ---- */

static bool ask_version(struct qbittorrent *q, struct http_reply *reply, struct err *err)
{
	if (!get(q, "api/v2/app/webapiVersion", CLIENT_ANSWER_MAX_BYTES, reply, err))
		return false;
	return qbittorrent_read_version(buf_text(&reply->body)) ||
	       not_qbittorrent(q, "the answer names no version of its Web API", err);
}

static bool qbittorrent_ready(struct client *c, struct err *err)
{
	OWN_HTTP_REPLY struct http_reply reply = {0};

	return ask_version((struct qbittorrent *)c, &reply, err);
}

/* It calls a torrent by v1, or by the first 40 digits of v2 (also where there is v1). */
static char *presence_path(const struct delivery *d)
{
	return mem_printf("api/v2/torrents/info?hashes=%s%s%.40s", d->v1,
			  *d->v1 && *d->v2 ? "%7C" : "", d->v2);
}

static bool is_same(const struct client_torrent *t, const struct delivery *d)
{
	return (*d->v1 && (strcmp(t->v1, d->v1) == 0 || strcmp(t->id, d->v1) == 0)) ||
	       (*d->v2 && (strcmp(t->v2, d->v2) == 0 || strncmp(t->id, d->v2, 40) == 0));
}

/* Version 2.0 of its API does not know "hashes" and lists everything. */
static bool is_there(struct qbittorrent *q, const struct delivery *d, bool *there, struct err *err)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	OWN_STR char *path = presence_path(d);

	if (!get(q, path, CLIENT_LIST_MAX_BYTES, &reply, err))
		return false;
	if (!qbittorrent_read_list(reply.body.data, reply.body.len, NULL, &all, NULL, err))
		return unreadable(q, err);
	*there = false;
	for (size_t i = 0; i < all.n; i++)
		*there |= is_same(&all.list[i], d);
	return true;
}

static bool appears(struct qbittorrent *q, const struct delivery *d, bool *there, struct err *err)
{
	int64_t end = clock_monotonic() + CLIENT_APPEARS_MS;

	while (is_there(q, d, there, err)) {
		if (*there || clock_monotonic() >= end)
			return true;
		if (!wake_sleep(q->o.wake, CLIENT_POLL_MS, err))
			return false;
	}
	return false;
}

#define PARTS_MAX 7

struct form {
	struct http_part parts[PARTS_MAX];
	size_t n;
};

static void put(struct form *f, const char *name, const char *value)
{
	if (value)
		f->parts[f->n++] =
			(struct http_part){.name = name, .bytes = value, .len = strlen(value)};
}

/* 4.x knows only "paused", 5.x only "stopped". */
static void fill(struct form *f, const struct delivery *d)
{
	const struct placement *p = d->placement;
	const char *stopped = p->paused ? "true" : "false";

	f->parts[f->n++] = (struct http_part){.name = "torrents",
					      .file_name = "t.torrent",
					      .type = "application/x-bittorrent",
					      .bytes = d->bytes->data,
					      .len = d->bytes->len};
	put(f, "category", p->category);
	put(f, "tags", p->tags);
	put(f, "savepath", p->save_path);
	put(f, "autoTMM", p->save_path ? "false" : NULL);
	put(f, "paused", stopped);
	put(f, "stopped", stopped);
}

static bool add(struct qbittorrent *q, const struct delivery *d, bool *added, struct err *err)
{
	OWN_HTTP_REPLY struct http_reply reply = {0};
	struct form form = {0};

	fill(&form, d);
	const struct web_call c = {.path = "api/v2/torrents/add",
				   .parts = form.parts,
				   .n_parts = form.n,
				   .max_body = CLIENT_ANSWER_MAX_BYTES};
	if (!call(q, &c, &reply, err))
		return false;
	switch (qbittorrent_read_added(reply.status, buf_text(&reply.body), reply.body.len)) {
	case QBITTORRENT_NO_TORRENT:
		return err_set(err, ERR_ITEM, WORD_CLIENT,
			       "%s: it says that this is not a valid torrent file (HTTP 415)",
			       q->o.name);
	case QBITTORRENT_ADD_OTHER:
		return judge(q, &reply, err) &&
		       not_qbittorrent(q, "the answer to the torrent is not qBittorrent's", err);
	case QBITTORRENT_ADDED:
		*added = true;
		return true;
	default:
		*added = false;
		return true;
	}
}

static bool add_and_see(struct qbittorrent *q, const struct delivery *d, struct err *err)
{
	bool added, there;

	if (!add(q, d, &added, err) || !appears(q, d, &there, err))
		return false;
	if (there)
		return true;
	if (!added)
		return err_set(err, ERR_ITEM, WORD_CLIENT,
			       "%s: it refuses the torrent without saying why; see its log",
			       q->o.name);
	return err_set(err, ERR_RETRY, WORD_CLIENT,
		       "%s: it took the torrent, but does not list it %d seconds later; see its "
		       "log",
		       q->o.name, CLIENT_APPEARS_MS / 1000);
}

/* 4.1 has no tags: 404. */
static bool add_tags(struct qbittorrent *q, const struct delivery *d, struct err *err)
{
	OWN_STR char *tags = http_escape(d->placement->tags);
	OWN_STR char *form = mem_printf("hashes=%s&tags=%s", d->v1, tags);
	OWN_HTTP_REPLY struct http_reply reply = {0};

	const struct web_call c = form_call("api/v2/torrents/addTags", form);

	if (!call(q, &c, &reply, err))
		return false;
	return reply.status == 404 || judge(q, &reply, err);
}

static bool tag(struct qbittorrent *q, const struct delivery *d, struct err *err)
{
	OWN_HTTP_REPLY struct http_reply reply = {0};

	if (!d->placement->tags)
		return true;
	if (!ask_version(q, &reply, err))
		return false;
	return num_version_compare(buf_text(&reply.body), TAGS_WHEN_ADDED) >= 0 ||
	       add_tags(q, d, err);
}

const char *qbittorrent_category_fault(const char *category)
{
	size_t len = strlen(category);

	if (strchr(category, '\\'))
		return "has a backslash";
	if (len && (category[0] == '/' || category[len - 1] == '/'))
		return "begins or ends with a slash";
	return strstr(category, "//") ? "has two slashes in a row" : NULL;
}

static bool can_place(const struct qbittorrent *q, const struct placement *p, struct err *err)
{
	const char *fault = p->category ? qbittorrent_category_fault(p->category) : NULL;

	return !fault ||
	       err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: it does not take the category: its name %s", q->o.name, fault);
}

static bool qbittorrent_deliver(struct client *c, const struct delivery *d, bool resumed,
				char **path, struct err *err)
{
	struct qbittorrent *q = (struct qbittorrent *)c;
	bool there;

	if (!can_place(q, d->placement, err) || !is_there(q, d, &there, err))
		return false;
	if (!there && !add_and_see(q, d, err))
		return false;
	if ((!there || resumed) && !tag(q, d, err))
		return false;
	*path = mem_dup(q->o.name);
	return true;
}

/* A torrent that is gone by now, or is not answered for, stays as the list has it. */
static bool ask_trackers(struct qbittorrent *q, struct client_torrent *t, struct err *err)
{
	OWN_STR char *path = mem_printf("api/v2/torrents/trackers?hash=%s", t->id);
	const struct web_call c = {.path = path, .max_body = CLIENT_ANSWER_MAX_BYTES};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	OWN_STR char *message = NULL;
	bool unknown;

	if (!call(q, &c, &reply, err))
		return false;
	if (reply.status == 404)
		return true;
	if (!judge(q, &reply, err))
		return false;
	if (!qbittorrent_read_trackers(reply.body.data, reply.body.len, &message, &unknown, err))
		return unreadable(q, err);
	if (message) {
		free(t->message);
		t->message = OWN_TAKE(message);
	}
	if (unknown)
		t->state = CLIENT_ERROR;
	return true;
}

static bool ask_silent(struct qbittorrent *q, const struct qbittorrent_silent *silent,
		       struct client_torrents *all, struct err *err)
{
	int64_t end = clock_monotonic() + q->o.timeout_ms;

	for (size_t i = 0; i < silent->n && clock_monotonic() < end; i++)
		if (!ask_trackers(q, &all->list[silent->at[i]], err))
			return false;
	return true;
}

/* It takes an escaped plus sign of a query for a space (4.5.2 does, and issue 17514 of its
 * project): then everything is listed, and the reader chooses. */
static char *list_path(const char *category)
{
	if (!category || strchr(category, '+'))
		return mem_dup("api/v2/torrents/info");
	OWN_STR char *escaped = http_escape(category);
	return mem_printf("api/v2/torrents/info?category=%s", escaped);
}

static bool qbittorrent_list(struct client *c, const char *category, struct client_torrents *all,
			     struct err *err)
{
	struct qbittorrent *q = (struct qbittorrent *)c;
	OWN_CLIENT_TORRENTS struct client_torrents read = {0};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	OWN_STR char *path = list_path(category);
	struct qbittorrent_silent silent;

	if (!get(q, path, CLIENT_LIST_MAX_BYTES, &reply, err))
		return false;
	if (!qbittorrent_read_list(reply.body.data, reply.body.len, category, &read, &silent, err))
		return unreadable(q, err);
	if (!ask_silent(q, &silent, &read, err))
		return false;
	*all = read;
	read = (struct client_torrents){0};
	return true;
}

static bool ask_space(struct qbittorrent *q, uint64_t *space, struct err *err)
{
	OWN_HTTP_REPLY struct http_reply reply = {0};

	if (!get(q, "api/v2/sync/maindata?rid=0", CLIENT_LIST_MAX_BYTES, &reply, err))
		return false;
	return qbittorrent_read_space(reply.body.data, reply.body.len, space, err) ||
	       unreadable(q, err);
}

/* A new session says 0 until its first look at the disk is over (seen on 4.5.2); what stays 0 is
 * a full disk. */
static bool qbittorrent_space(struct client *c, const struct placement *p,
			      struct client_space *space, struct err *err)
{
	struct qbittorrent *q = (struct qbittorrent *)c;
	int64_t end = clock_monotonic() + CLIENT_APPEARS_MS;
	uint64_t bytes;

	(void)p;
	for (int64_t wait = CLIENT_POLL_MS; ask_space(q, &bytes, err); wait *= 2) {
		if (bytes || clock_monotonic() + wait >= end) {
			*space = (struct client_space){.free = bytes};
			return true;
		}
		if (!wake_sleep(q->o.wake, wait, err))
			return false;
	}
	return false;
}

static void qbittorrent_close(struct client *c)
{
	struct qbittorrent *q = (struct qbittorrent *)c;

	web_close(q->web);
	free(q);
}

static const struct client_ops qbittorrent_ops = {
	.ready = qbittorrent_ready,
	.deliver = qbittorrent_deliver,
	.list = qbittorrent_list,
	.space = qbittorrent_space,
	.close = qbittorrent_close,
};

struct client *client_qbittorrent_open(const struct client_options *o, struct err *err)
{
	const struct web_options web = {.name = o->name,
					.url = o->url ? o->url : "http://localhost",
					.socket = o->socket,
					.ca_file = o->ca_file,
					.user = o->proxy_user,
					.password = o->proxy_password,
					.timeout_ms = o->timeout_ms,
					.cookies = true,
					.wake = o->wake};
	struct web *opened = web_open(&web, err);

	if (!opened)
		return NULL;
	struct qbittorrent *q = mem_alloc(sizeof *q);
	q->base.ops = &qbittorrent_ops;
	q->o = *o;
	q->web = opened;
	return &q->base;
}
