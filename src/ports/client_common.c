#include "ports/client_common.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WAITS_FOR_RELOAD "not tried again before a reload of the configuration"

/* --- From the opening to the end --- */

void *client_new(size_t size, const struct client_ops *ops, const struct client_about *about,
		 const struct client_options *o)
{
	struct client_common *c = mem_alloc(size);

	c->base.ops = ops;
	c->about = about;
	c->name = mem_dup(o->name);
	c->wake = o->wake;
	c->user = o->user;
	c->password = o->password;
	c->timeout_ms = o->timeout_ms;
	return c;
}

static enum client_basic basic_of(const struct client_about *about, const struct client_options *o)
{
	if (client_is_set(o->proxy_user))
		return CLIENT_BASIC_PROXY;
	return client_is_set(o->user) && !about->own_login ? CLIENT_BASIC_OWN : CLIENT_BASIC_NONE;
}

bool client_open_web(struct client_common *c, const char *url, const struct client_options *o,
		     struct err *err)
{
	struct web_options options = {.name = o->name,
				      .url = url ? url : CLIENT_LOCAL_URL,
				      .socket = o->socket,
				      .ca_file = o->ca_file,
				      .timeout_ms = o->timeout_ms,
				      .cookies = c->about->own_login,
				      .wake = o->wake};

	c->basic = basic_of(c->about, o);
	if (c->basic != CLIENT_BASIC_NONE) {
		bool proxy = c->basic == CLIENT_BASIC_PROXY;
		options.user = proxy ? o->proxy_user : o->user;
		options.password = proxy ? o->proxy_password : o->password;
	}
	c->web = web_open(&options, err);
	return c->web != NULL;
}

void *client_open_over_web(size_t size, const struct client_ops *ops,
			   const struct client_about *about, const char *url,
			   const struct client_options *o, struct err *err)
{
	struct client_common *c = client_new(size, ops, about, o);

	if (client_open_web(c, url, o, err))
		return c;
	client_common_close(&c->base);
	return NULL;
}

void client_common_close(struct client *client)
{
	struct client_common *c = (struct client_common *)client;

	web_close(c->web);
	free(c->name);
	free(c);
}

/* --- What went wrong --- */

bool client_fail(const struct client_common *c, struct err *err, enum err_kind kind,
		 const char *fmt, ...)
{
	char text[sizeof err->msg];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return err_set(err, kind, WORD_CLIENT, "%s: %s", c->name, text);
}

bool client_refuse(struct client_common *c, struct err *err, const char *why)
{
	client_fail(c, err, ERR_TARGET, "%s; " WAITS_FOR_RELOAD, why);
	c->base.refused = true;
	c->refusal = *err;
	return false;
}

bool client_unreached(struct err *err)
{
	const struct err why = *err;

	if (err_is_stop(&why))
		return false;
	return err_set(err, why.kind, WORD_CLIENT, "%s", why.msg);
}

bool client_named(const struct client_common *c, bool ok, struct err *err)
{
	return ok || err_wrap(err, "%s", c->name);
}

/* --- Calls over HTTP --- */

const char *client_password(const struct client_common *c)
{
	return c->password && secret_is_set(c->password) ? secret_reveal(c->password) : "";
}

struct web_call client_json_call(const char *path, const char *body, size_t len, size_t max)
{
	/* Deluge takes nothing behind the type, not even a charset. */
	static const char *const headers[] = {"Content-Type: application/json", NULL};

	return (struct web_call){
		.path = path, .headers = headers, .body = body, .body_len = len, .max_body = max};
}

bool client_send(struct client_common *c, const struct web_call *call, struct http_reply *reply,
		 struct err *err)
{
	struct web_call whole = *call;
	const char *headers[] = {call->headers ? call->headers[0] : NULL, NULL, NULL};

	c->late = false;
	if (c->base.refused) {
		*err = c->refusal;
		return false;
	}
	headers[headers[0] ? 1 : 0] = *c->session ? c->session : NULL;
	whole.headers = headers;
	whole.keep = c->about->keep;
	bool ok = web_call(c->web, &whole, reply, err);
	c->base.trouble = ok ? HTTP_NO_TROUBLE : web_trouble(c->web);
	c->late = !ok && err->code == WORD_TIMEOUT;
	return ok || client_unreached(err);
}

static bool begin_session(struct client_common *c, const struct http_reply *reply, struct err *err)
{
	return c->in_session = c->about->session->begin(c, reply, err);
}

/* *over: the answer says that the session has ended. */
static bool send_within(struct client_common *c, const struct web_call *call,
			struct http_reply *reply, bool *over, struct err *err)
{
	const struct client_session *s = c->about->session;

	if (!client_send(c, call, reply, err))
		return false;
	*over = s && s->is_over(c, reply);
	c->in_session &= !*over;
	return true;
}

bool client_call(struct client_common *c, const struct web_call *call, struct http_reply *reply,
		 struct err *err)
{
	const struct client_session *s = c->about->session;
	bool fresh = s && s->at_once && !c->in_session, over;

	if ((fresh && !begin_session(c, NULL, err)) || !send_within(c, call, reply, &over, err))
		return false;
	if (!over || fresh)
		return true;
	bool ok = begin_session(c, reply, err);
	http_reply_clear(reply);
	return ok && send_within(c, call, reply, &over, err);
}

bool client_refuse_basic(struct client_common *c, struct err *err)
{
	static const char *const own[] = {
		[CLIENT_BASIC_NONE] = "a proxy in front of it asks for a username and password "
				      "(HTTP 401): set ProxyUsername and ProxyPasswordFile",
		[CLIENT_BASIC_PROXY] = "the proxy in front of it does not accept ProxyUsername and "
				       "its password (HTTP 401)",
	};
	static const char *const basic[] = {
		[CLIENT_BASIC_NONE] = "it asks for a username and password (HTTP 401): set "
				      "Username and PasswordFile",
		[CLIENT_BASIC_OWN] = "it does not accept Username and its password (HTTP 401)",
		[CLIENT_BASIC_PROXY] =
			"the proxy in front of it does not accept ProxyUsername and its password, "
			"or it asks for its own as well, which the proxy must send (HTTP 401)",
	};

	c->base.proxy_refused = c->about->own_login || c->basic == CLIENT_BASIC_PROXY;
	return client_refuse(c, err, (c->about->own_login ? own : basic)[c->basic]);
}

#define NOT_BEHIND_PROXY "the proxy in front of it cannot reach it; is it running?"

static const struct client_status common[] = {
	{403, ERR_TARGET, "it, or a proxy in front of it, refuses access"},
	{413, ERR_ITEM,
	 "the .torrent is larger than the proxy in front of it takes; raise its limit (nginx: "
	 "client_max_body_size)"},
	{429, ERR_RETRY, "the proxy in front of it says that we ask too often"},
	{502, ERR_RETRY, NOT_BEHIND_PROXY},
	{503, ERR_RETRY, NOT_BEHIND_PROXY},
	{504, ERR_RETRY, NOT_BEHIND_PROXY},
	{0, ERR_RETRY, "an answer that is not expected"},
};

/* The row for it, or the last. */
static const struct client_status *find_status(const struct client_status *row, long status)
{
	while (row->status && row->status != status)
		row++;
	return row;
}

static bool bad_status(const struct client_common *c, const struct client_status *row, long status,
		       struct err *err)
{
	return client_fail(c, err, row->kind, "%s (HTTP %ld)", row->text, status);
}

static bool nothing_here(const struct client_common *c, long status, struct err *err)
{
	const char *where = c->about->where;

	return client_fail(c, err, ERR_TARGET, "%s is not at this URL (HTTP %ld)%s%s",
			   c->about->what, status, where ? "; " : "", where ? where : "");
}

static bool redirected(const struct client_common *c, const struct http_reply *r, struct err *err)
{
	return client_fail(c, err, ERR_TARGET,
			   "the URL leads elsewhere (HTTP %ld%s%s): set the one that it leads to, "
			   "or exempt it from the proxy's login page",
			   r->status, *r->redirect_host ? ", a redirect to " : "",
			   r->redirect_host);
}

bool client_judge(struct client_common *c, const struct http_reply *reply, struct err *err)
{
	static const struct client_status none[] = {{0}};
	const struct client_status *own =
		find_status(c->about->statuses ? c->about->statuses : none, reply->status);

	if (reply->status / 100 == 2)
		return true;
	if (own->status)
		return bad_status(c, own, reply->status, err);
	if (reply->status == 401)
		return client_refuse_basic(c, err);
	if (reply->status == 404 || reply->status == 405)
		return nothing_here(c, reply->status, err);
	if (reply->status / 100 == 3)
		return redirected(c, reply, err);
	return bad_status(c, find_status(common, reply->status), reply->status, err);
}

bool client_page(const struct client_about *about, struct err *err)
{
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "an HTML page came instead of an answer: %s is not at this URL, or behind a "
		       "login page%s%s",
		       about->what, about->where ? "; " : "", about->where ? about->where : "");
}

/* --- Reading answers --- */

json_t *client_parse(const struct client_about *about, const char *bytes, size_t len,
		     struct err *err)
{
	json_t *root = NULL;

	if (text_is_page(bytes, len))
		client_page(about, err);
	else if (!(root = json_parse(bytes, len)))
		err_set(err, ERR_RETRY, WORD_CLIENT,
			"the answer is no valid JSON; does the URL lead to %s?", about->what);
	return root;
}

/* Would it give away where the tracker is, or a passkey? */
static bool is_address(const char *word)
{
	static const char *const marks[] = {"://", "/announce", "passkey="};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (text_has_nocase(word, marks[i]))
			return true;
	return false;
}

char *client_words(const char *text)
{
	static const char space[] = " \t\r\n", hidden[] = "<hidden>";
	OWN_BUF struct buf out = BUF_MAX((strlen(text) + 1) * sizeof hidden);

	while (*text) {
		size_t gap = strspn(text, space), len = strcspn(text + gap, space);
		OWN_STR char *word = mem_dupn(text + gap, len);
		for (size_t i = 0; i < gap; i++)
			buf_puts(&out, " ");
		buf_puts(&out, is_address(word) ? hidden : word);
		text += gap + len;
	}
	return secret_mask(buf_text(&out), out.len, CLIENT_WORDS_MAX);
}

char *client_torrent_name(const char *text)
{
	return *text ? text_printable(text, strlen(text), CLIENT_NAME_MAX) : NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strchr(word, ' ') ? 0 : strlen(word);

	for (const char *at = words; len && (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

enum client_state client_state_of(const char *const states[CLIENT_ERROR], const char *word)
{
	int state = 0;

	while (state < CLIENT_ERROR && !(states[state] && has_word(states[state], word)))
		state++;
	return (enum client_state)state;
}

struct client_torrent *client_add_torrent(struct client_torrents *all, struct err *err)
{
	struct client_torrent *t = client_torrents_add(all);

	if (!t)
		err_set(err, ERR_RETRY, WORD_CLIENT,
			"it has more than %d torrents, which is more than can be read",
			CLIENT_TORRENTS_MAX);
	return t;
}

/* --- Delivering and asking --- */

static bool is_text(const char *text)
{
	return !text || text_is_utf8(text, strlen(text));
}

bool client_check_texts(const struct client_common *c, const struct placement *p, struct err *err)
{
	return (is_text(p->category) && is_text(p->tags) && is_text(p->save_path)) ||
	       client_fail(c, err, ERR_TARGET, "Category, Tags and SavePath must be UTF-8");
}

bool client_await(struct client_common *c, client_look *look, const struct delivery *d, void *out,
		  bool *there, struct err *err)
{
	int64_t end = clock_monotonic() + CLIENT_APPEARS_MS;

	for (int64_t wait = CLIENT_POLL_MS; look(&c->base, d, out, there, err); wait *= 2) {
		int64_t left = end - clock_monotonic();
		if (*there || left <= 0)
			return true;
		if (!wake_sleep(c->wake, wait < left ? wait : left, err))
			return false;
	}
	return false;
}

static bool unseen(const struct client_common *c, bool taken, struct err *err)
{
	return client_fail(c, err, taken ? ERR_RETRY : ERR_ITEM, "%s; %s",
			   taken ? "it took the torrent, but does not show it"
				 : "it refuses the torrent without saying why",
			   c->about->unseen ? c->about->unseen : "see its log");
}

bool client_add_once(struct client_common *c, const struct delivery *d, client_look *look,
		     client_add *add, void *out, bool *is_new, struct err *err)
{
	bool there, taken;

	if (!look(&c->base, d, out, &there, err))
		return false;
	*is_new = !there;
	if (there)
		return true;
	if (!add(&c->base, d, &taken, err) || !client_await(c, look, d, out, &there, err))
		return false;
	return there || unseen(c, taken, err);
}

bool client_space_above(struct client_common *c, const char *folder, client_ask_space *ask,
			struct client_space *space, struct err *err)
{
	OWN_STR char *path = mem_dup(folder);
	bool missing = true;

	for (int i = 0; i < CLIENT_FOLDERS_MAX; i++) {
		if (!ask(&c->base, path, space, &missing, err))
			return false;
		if (!missing)
			return true;
		if (!path || *path != '/' || !path[1])
			break;
		char *above = fs_parent(path);
		free(path);
		path = above;
	}
	return client_fail(c, err, ERR_TARGET,
			   "it cannot say how much space is free: the %s is not there on its host",
			   folder ? "save path" : "download folder");
}
