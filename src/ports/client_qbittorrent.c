#include "ports/client_qbittorrent.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"
#include "ports/client_common.h"

#include <string.h>

#define TAGS_WHEN_ADDED "2.6.2" /* from this version of its API on: qBittorrent 4.3.2 */

static bool is_over(const struct client_common *c, const struct http_reply *reply);
static bool log_in(struct client_common *c, const struct http_reply *reply, struct err *err);
static const struct client_session session = {is_over, log_in, .at_once = true};

static const struct client_about about = {
	.what = "the Web API of qBittorrent 4.1 or later",
	.keep = "WWW-Authenticate",
	.own_login = true,
	.session = &session,
};

/* ---- answers ---- */

static json_t *load_list(const char *bytes, size_t len, const char *of, struct err *err)
{
	OWN_JSON json_t *root = client_parse(&about, bytes, len, err);

	if (!root || json_is_array(root))
		return OWN_TAKE(root);
	err_set(err, ERR_RETRY, WORD_CLIENT, "the answer is JSON, but no list of %s", of);
	return NULL;
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
	OWN_JSON json_t *root = json_parse(body, len);

	if (!json_is_object(root) || !json_object_get(root, "success_count"))
		return QBITTORRENT_ADD_OTHER;
	return json_number_at(root, "success_count") + json_number_at(root, "pending_count") > 0
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

/* ---- torrents ---- */

static const char *const states[CLIENT_ERROR] = {
	[CLIENT_SEEDING] = "uploading stalledUP forcedUP",
	[CLIENT_DOWNLOADING] = "downloading forcedDL metaDL forcedMetaDL allocating",
	[CLIENT_STALLED] = "stalledDL",
	[CLIENT_QUEUED] = "queuedUP queuedDL",
	[CLIENT_CHECKING] = "checkingUP checkingDL checkingResumeData moving",
	[CLIENT_PAUSED] = "pausedUP pausedDL stoppedUP stoppedDL",
};

static char *error_text(const char *word)
{
	if (strcmp(word, "missingFiles") == 0)
		return mem_dup("its files are missing");
	if (strcmp(word, "error") == 0)
		return mem_dup("an error; see the client's log");
	OWN_STR char *safe = client_words(word);
	return mem_printf("state \"%s\"", safe);
}

/* "forced" does not turn into "stalled". */
static void read_state(const json_t *o, struct client_torrent *t)
{
	const char *word = json_text_at(o, "state");

	t->state = client_state_of(states, word);
	if (strcmp(word, "forcedDL") == 0 && json_count_or_0_at(o, "dlspeed") == 0)
		t->state = CLIENT_STALLED;
	t->message = t->state == CLIENT_ERROR ? error_text(word) : NULL;
}

/* Before 4.4 it gives one hash only, which is v1. */
static void read_hashes(const json_t *o, struct client_torrent *t)
{
	client_torrent_hash(t->id, sizeof t->id, json_text_at(o, "hash"));
	client_torrent_hash(t->v1, sizeof t->v1, json_text_at(o, "infohash_v1"));
	client_torrent_hash(t->v2, sizeof t->v2, json_text_at(o, "infohash_v2"));
	if (!json_object_get(o, "infohash_v1") && !*t->v2)
		client_torrent_hash(t->v1, sizeof t->v1, t->id);
}

/* `size` is without the files that are not to be downloaded. */
static void read_amounts(const json_t *o, struct client_torrent *t)
{
	bool told = json_count_at(o, "amount_left", &t->left);

	if (!json_count_at(o, "total_size", &t->size))
		t->size = json_count_or_0_at(o, "size");
	t->complete = told && t->left == 0 && json_number_at(o, "progress") >= 1;
	t->idle_since = json_time_at(o, "last_activity");
}

static void read_torrent(const json_t *o, struct client_torrent *t)
{
	read_hashes(o, t);
	read_state(o, t);
	read_amounts(o, t);
	t->name = client_torrent_name(json_text_at(o, "name"));
	t->category = mem_dup(json_text_at(o, "category"));
	t->folder = json_copy_at(o, "save_path");
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
	struct client_torrent *t = client_add_torrent(all, err);

	if (!t)
		return false;
	read_torrent(o, t);
	if (!*t->id)
		return err_set(err, ERR_RETRY, WORD_CLIENT,
			       "the answer lists torrents without their infohashes");
	if (silent->n < QBITTORRENT_ASK_MAX && is_silent(o, t))
		silent->at[silent->n++] = all->n - 1;
	return true;
}

bool qbittorrent_read_list(const char *bytes, size_t len, const char *category,
			   struct client_torrents *all, struct qbittorrent_silent *silent,
			   struct err *err)
{
	OWN_CLIENT_TORRENTS struct client_torrents read = {0};
	struct qbittorrent_silent found = {.n = 0};
	OWN_JSON json_t *root = load_list(bytes, len, "torrents", err);
	const json_t *row;
	size_t i;

	json_array_foreach (root, i, row) {
		if (category && strcmp(json_text_at(row, "category"), category) != 0)
			continue;
		if (!read_row(row, &read, &found, err))
			return false;
	}
	if (!root)
		return false;
	*all = client_torrents_take(&read);
	if (silent)
		*silent = found;
	return true;
}

/* ---- trackers ---- */

/* DHT and its like are listed as trackers, too. */
static bool is_failing(const json_t *tracker)
{
	double status = json_number_at(tracker, "status");

	return !text_starts(json_text_at(tracker, "url"), "** [") && status >= 4 && status <= 6 &&
	       *json_text_at(tracker, "msg");
}

bool qbittorrent_read_trackers(const char *bytes, size_t len, char **message, bool *unknown,
			       struct err *err)
{
	OWN_JSON json_t *root = load_list(bytes, len, "trackers", err);
	const char *found = NULL;
	bool is_unknown = false;
	const json_t *row;
	size_t i;

	json_array_foreach (root, i, row) {
		const char *words = json_text_at(row, "msg");
		bool says = is_failing(row) && client_torrent_is_disowned(words);
		if (!is_failing(row) || is_unknown || (found && !says))
			continue;
		found = words;
		is_unknown = says;
	}
	if (!root)
		return false;
	*message = found ? client_words(found) : NULL;
	*unknown = is_unknown;
	return true;
}

/* ---- space ---- */

bool qbittorrent_read_space(const char *bytes, size_t len, uint64_t *space, struct err *err)
{
	OWN_JSON json_t *root = client_parse(&about, bytes, len, err);
	const json_t *state = json_object_get(root, "server_state");

	return root && (json_count_at(state, "free_space_on_disk", space) ||
			err_set(err, ERR_RETRY, WORD_CLIENT,
				"it does not tell the free space of its default save path; does "
				"that folder exist?"));
}

/* ---- calls ---- */

static bool banned(struct client_common *q, struct err *err)
{
	return client_refuse(
		q, err,
		"it has banned this host's address after too many failed logins; correct the "
		"username and password, then restart qBittorrent or wait for an hour");
}

/* HTTP's own question for credentials is a proxy's. */
static bool unauthorized(struct client_common *q, const struct http_reply *r, struct err *err)
{
	if (*r->kept)
		return client_refuse_basic(q, err);
	return client_refuse(
		q, err,
		q->basic == CLIENT_BASIC_PROXY
			? "HTTP 401: it may take the proxy's credentials for its own (have the "
			  "proxy remove the Authorization header), or not know the URL's host "
			  "name (Server domains, in its Web UI settings)"
			: "HTTP 401: it does not know the host name in the URL (Server domains, "
			  "in its Web UI settings)");
}

static bool forbidden(struct client_common *q, const struct http_reply *r, struct err *err)
{
	if (text_has_nocase(buf_text(&r->body), "banned"))
		return banned(q, err);
	if (!client_is_set(q->user))
		return client_refuse(q, err,
				     "it asks for a login (HTTP 403): set Username and "
				     "PasswordFile, or have it let this host in without one");
	return client_fail(q, err, ERR_TARGET,
			   "HTTP 403 although the login worked: does a proxy in front of it drop "
			   "cookies, or is its cookie for https only?");
}

static bool not_qbittorrent(const struct client_common *q, const char *what, struct err *err)
{
	return client_fail(q, err, ERR_TARGET, "%s; does the URL lead to qBittorrent's Web UI?",
			   what);
}

/* Is it an answer that may be read? */
static bool judge(struct client_common *q, const struct http_reply *r, struct err *err)
{
	if (r->status == 401)
		return unauthorized(q, r, err);
	if (r->status == 403)
		return forbidden(q, r, err);
	if (!client_judge(q, r, err))
		return false;
	return !text_is_page(r->body.data, r->body.len) ||
	       client_named(q, client_page(&about, err), err);
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

static char *login_form(const struct client_common *q)
{
	OWN_STR char *user = url_escape(q->user);
	OWN_WIPED char *word = url_escape(client_password(q));

	return mem_printf("username=%s&password=%s", user, word);
}

static bool not_accepted(struct client_common *q, const struct http_reply *r, struct err *err)
{
	if (*r->kept)
		return unauthorized(q, r, err);
	return client_refuse(q, err,
			     r->status == 401
				     ? "it does not accept the username and password, or does not "
				       "know the host name in the URL (HTTP 401)"
				     : "it does not accept the username and password");
}

/* Without a user there is no session to begin: then it asks for none, or forbids everything. */
static bool is_over(const struct client_common *q, const struct http_reply *reply)
{
	return reply->status == 403 && client_is_set(q->user);
}

static bool log_in(struct client_common *q, const struct http_reply *asked, struct err *err)
{
	OWN_WIPED char *form = client_is_set(q->user) ? login_form(q) : NULL;
	OWN_HTTP_REPLY struct http_reply reply = {0};

	(void)asked;
	if (!form)
		return true;
	const struct web_call c = form_call("api/v2/auth/login", form);
	if (!client_send(q, &c, &reply, err))
		return false;
	switch (qbittorrent_read_login(reply.status, buf_text(&reply.body))) {
	case QBITTORRENT_LOGIN_OK:
		return true;
	case QBITTORRENT_LOGIN_REFUSED:
		return not_accepted(q, &reply, err);
	case QBITTORRENT_LOGIN_BANNED:
		return banned(q, err);
	default:
		return judge(q, &reply, err) &&
		       not_qbittorrent(q, "the answer to the login is not qBittorrent's", err);
	}
}

static bool get(struct client_common *q, const char *path, size_t max, struct http_reply *reply,
		struct err *err)
{
	const struct web_call c = {.path = path, .max_body = max};

	return client_call(q, &c, reply, err) && judge(q, reply, err);
}

/* ---- the port ---- */

static bool ask_version(struct client_common *q, struct http_reply *reply, struct err *err)
{
	if (!get(q, "api/v2/app/webapiVersion", CLIENT_ANSWER_MAX_BYTES, reply, err))
		return false;
	return qbittorrent_read_version(buf_text(&reply->body)) ||
	       not_qbittorrent(q, "the answer names no version of its Web API", err);
}

static bool qbittorrent_ready(struct client *c, struct err *err)
{
	OWN_HTTP_REPLY struct http_reply reply = {0};

	return ask_version((struct client_common *)c, &reply, err);
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

/* A client_look, without `out`.  Version 2.0 of its API does not know "hashes" and lists
 * everything. */
static bool is_there(struct client *c, const struct delivery *d, void *out, bool *there,
		     struct err *err)
{
	struct client_common *q = (struct client_common *)c;
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	OWN_STR char *path = presence_path(d);

	(void)out;
	if (!get(q, path, CLIENT_LIST_MAX_BYTES, &reply, err))
		return false;
	if (!qbittorrent_read_list(reply.body.data, reply.body.len, NULL, &all, NULL, err))
		return client_named(q, false, err);
	*there = false;
	for (size_t i = 0; i < all.n; i++)
		*there |= is_same(&all.list[i], d);
	return true;
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

static bool judge_added(struct client_common *q, const struct http_reply *r, bool *taken,
			struct err *err)
{
	enum qbittorrent_added answer =
		qbittorrent_read_added(r->status, buf_text(&r->body), r->body.len);

	if (answer == QBITTORRENT_NO_TORRENT)
		return client_fail(q, err, ERR_ITEM,
				   "it says that this is not a valid torrent file (HTTP 415)");
	if (answer == QBITTORRENT_ADD_OTHER)
		return judge(q, r, err) &&
		       not_qbittorrent(q, "the answer to the torrent is not qBittorrent's", err);
	*taken = answer == QBITTORRENT_ADDED;
	return true;
}

static bool add(struct client *c, const struct delivery *d, bool *taken, struct err *err)
{
	struct client_common *q = (struct client_common *)c;
	OWN_HTTP_REPLY struct http_reply reply = {0};
	struct form form = {0};

	fill(&form, d);
	const struct web_call request = {.path = "api/v2/torrents/add",
					 .parts = form.parts,
					 .n_parts = form.n,
					 .max_body = CLIENT_ANSWER_MAX_BYTES};
	return client_call(q, &request, &reply, err) && judge_added(q, &reply, taken, err);
}

/* 4.1 has no tags: 404. */
static bool add_tags(struct client_common *q, const struct delivery *d, struct err *err)
{
	OWN_STR char *tags = url_escape(d->placement->tags);
	OWN_STR char *form = mem_printf("hashes=%s&tags=%s", d->v1, tags);
	OWN_HTTP_REPLY struct http_reply reply = {0};
	const struct web_call c = form_call("api/v2/torrents/addTags", form);

	return client_call(q, &c, &reply, err) && (reply.status == 404 || judge(q, &reply, err));
}

static bool tag(struct client_common *q, const struct delivery *d, struct err *err)
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

static bool can_place(const struct client_common *q, const struct placement *p, struct err *err)
{
	const char *fault = p->category ? qbittorrent_category_fault(p->category) : NULL;

	if (fault)
		return client_fail(q, err, ERR_TARGET, "it does not take the category: its name %s",
				   fault);
	return client_check_texts(q, p, err);
}

static bool qbittorrent_deliver(struct client *c, const struct delivery *d, bool resumed,
				char **path, struct err *err)
{
	struct client_common *q = (struct client_common *)c;
	bool is_new;

	if (!can_place(q, d->placement, err) ||
	    !client_add_once(q, d, is_there, add, NULL, &is_new, err))
		return false;
	if ((is_new || resumed) && !tag(q, d, err))
		return false;
	*path = mem_dup(q->name);
	return true;
}

/* A torrent that is gone by now, or is not answered for, stays as the list has it. */
static bool ask_trackers(struct client_common *q, struct client_torrent *t, struct err *err)
{
	OWN_STR char *path = mem_printf("api/v2/torrents/trackers?hash=%s", t->id);
	const struct web_call c = {.path = path, .max_body = CLIENT_ANSWER_MAX_BYTES};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	OWN_STR char *message = NULL;
	bool unknown;

	if (!client_call(q, &c, &reply, err))
		return false;
	if (reply.status == 404)
		return true;
	if (!judge(q, &reply, err))
		return false;
	if (!qbittorrent_read_trackers(reply.body.data, reply.body.len, &message, &unknown, err))
		return client_named(q, false, err);
	if (message) {
		free(t->message);
		t->message = OWN_TAKE(message);
	}
	if (unknown)
		t->state = CLIENT_ERROR;
	return true;
}

static bool ask_silent(struct client_common *q, const struct qbittorrent_silent *silent,
		       struct client_torrents *all, struct err *err)
{
	int64_t end = clock_monotonic() + q->timeout_ms;

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
	OWN_STR char *escaped = url_escape(category);
	return mem_printf("api/v2/torrents/info?category=%s", escaped);
}

static bool qbittorrent_list(struct client *c, const char *category, struct client_torrents *all,
			     struct err *err)
{
	struct client_common *q = (struct client_common *)c;
	OWN_CLIENT_TORRENTS struct client_torrents read = {0};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	OWN_STR char *path = list_path(category);
	struct qbittorrent_silent silent;

	if (!get(q, path, CLIENT_LIST_MAX_BYTES, &reply, err))
		return false;
	if (!qbittorrent_read_list(reply.body.data, reply.body.len, category, &read, &silent, err))
		return client_named(q, false, err);
	if (!ask_silent(q, &silent, &read, err))
		return false;
	*all = client_torrents_take(&read);
	return true;
}

/* A client_look; `out` is an uint64_t.  A new session says 0 until its first look at the disk is
 * over (seen on 4.5.2). */
static bool ask_space(struct client *c, const struct delivery *d, void *out, bool *told,
		      struct err *err)
{
	struct client_common *q = (struct client_common *)c;
	OWN_HTTP_REPLY struct http_reply reply = {0};
	uint64_t *space = out;

	(void)d;
	if (!get(q, "api/v2/sync/maindata?rid=0", CLIENT_LIST_MAX_BYTES, &reply, err))
		return false;
	if (!qbittorrent_read_space(reply.body.data, reply.body.len, space, err))
		return client_named(q, false, err);
	*told = *space > 0;
	return true;
}

/* What stays 0 is a full disk. */
static bool qbittorrent_space(struct client *c, const struct placement *p,
			      struct client_space *space, struct err *err)
{
	uint64_t bytes;
	bool told;

	(void)p;
	if (!client_await((struct client_common *)c, ask_space, NULL, &bytes, &told, err))
		return false;
	*space = (struct client_space){.free = bytes};
	return true;
}

static const struct client_ops qbittorrent_ops = {
	.ready = qbittorrent_ready,
	.deliver = qbittorrent_deliver,
	.list = qbittorrent_list,
	.space = qbittorrent_space,
	.close = client_common_close,
};

struct client *client_qbittorrent_open(const struct client_options *o, struct err *err)
{
	return client_open_over_web(sizeof(struct client_common), &qbittorrent_ops, &about, o->url,
				    o, err);
}
