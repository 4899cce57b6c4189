#include "ports/client_deluge.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/web.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define SIZE_MAX_BYTES 9e15 /* more is no size; a double holds it exactly */
#define SECONDS_MAX (100 * 366 * 86400.0)
#define FOLDERS_UP 32 /* above a save path, until one is there */
#define DECODE_FLAGS (JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

#define NO_DELUGE_WEB                                                                            \
	"there is no deluge-web at this URL; it must be the one of deluge-web's page, with the " \
	"sub-path if there is one"
#define NOTHING_BEHIND "the proxy is there, and deluge-web behind it is not"

struct deluge {
	struct client base;
	struct web *web;               /* owned */
	char *name;                    /* owned */
	const struct secret *password; /* borrowed, as is the wake */
	struct wake *wake;
	bool has_proxy_user;
	bool logged_in;
};

/* -- what it says -- */

void deluge_answer_clear(struct deluge_answer *a)
{
	json_decref(a->whole);
	*a = (struct deluge_answer){.message = ""};
}

static const char *text_or_empty(const json_t *text)
{
	return json_is_string(text) ? json_string_value(text) : "";
}

static enum deluge_fault fault_of(const json_t *error)
{
	double code = json_number_value(json_object_get(error, "code"));

	if (!error || json_is_null(error))
		return DELUGE_FINE;
	if (code == 1)
		return DELUGE_NO_SESSION;
	return code == 2 ? DELUGE_NO_METHOD : DELUGE_FAILED;
}

static bool is_page(const char *bytes, size_t len)
{
	while (len && isspace((unsigned char)*bytes)) {
		bytes++;
		len--;
	}
	return len && *bytes == '<';
}

bool deluge_read_answer(const char *bytes, size_t len, struct deluge_answer *a, struct err *err)
{
	if (is_page(bytes, len))
		return err_set(
			err, ERR_TARGET, WORD_CLIENT,
			"a web page came where deluge-web's JSON should be: something else "
			"is at this URL, or a login page of a proxy; the URL must be the one "
			"of deluge-web");
	json_t *whole = json_loadb(bytes, len, DECODE_FLAGS, NULL);
	const json_t *error = json_object_get(whole, "error");
	const json_t *result = json_object_get(whole, "result");
	if (!error && !result) {
		json_decref(whole);
		return err_set(err, ERR_RETRY, WORD_CLIENT,
			       "its answer is no JSON-RPC: is it deluge-web that is at this URL?");
	}
	*a = (struct deluge_answer){.whole = whole,
				    .result = json_is_null(result) ? NULL : result,
				    .message = text_or_empty(json_object_get(error, "message")),
				    .fault = fault_of(error)};
	return true;
}

static size_t url_at(const char *s)
{
	static const char *const schemes[] = {"http://", "https://", "udp://", "ws://", "wss://"};

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (strncasecmp(s, schemes[i], strlen(schemes[i])) == 0)
			return strcspn(s, " \t\r\n<>\"");
	return 0;
}

/* Printable, without URLs and long keys: a tracker's URL holds the passkey, and may hold brackets
 * before it. */
static char *clean(const char *text)
{
	OWN_BUF struct buf out = BUF_MAX(4 * DELUGE_WORDS_MAX);

	while (*text && !out.full) {
		size_t url = url_at(text);
		if (url)
			buf_puts(&out, "<URL>");
		else
			buf_add(&out, text, 1);
		text += url ? url : 1;
	}
	return secret_mask(buf_text(&out), out.len, DELUGE_WORDS_MAX, NULL, 0);
}

char *deluge_words(const char *message)
{
	const char *class_end = strstr(message, "'>: ");
	const char *words = class_end ? class_end + strlen("'>: ") : message;
	OWN_STR char *line = mem_dupn(words, strcspn(words, "\r\n"));

	return clean(line);
}

bool deluge_is_duplicate(const char *message)
{
	return strstr(message, "already in session") || strstr(message, "already being added");
}

bool deluge_is_bad_torrent(const char *message)
{
	return strstr(message, "decoding filedump failed") || strstr(message, "torrent_info");
}

bool deluge_label(const char *category, char label[DELUGE_LABEL])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
	size_t len = category ? strlen(category) : 0;

	if (len >= DELUGE_LABEL)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool upper = category[i] >= 'A' && category[i] <= 'Z';
		label[i] = (char)(upper ? category[i] - 'A' + 'a' : category[i]);
	}
	label[len] = '\0';
	return strspn(label, allowed) == len;
}

static bool read_host(const json_t *entry, struct deluge_host *host)
{
	const char *id = json_string_value(json_array_get(entry, 0));
	const char *name = text_or_empty(json_array_get(entry, 1));
	double port = json_number_value(json_array_get(entry, 2));

	if (!id || !*id || strlen(id) >= sizeof host->id)
		return false;
	OWN_STR char *shown = text_printable(name, strlen(name), sizeof host->where / 2);
	text_copy(host->id, sizeof host->id, id);
	snprintf(host->where, sizeof host->where, "%s:%.0f", shown,
		 port >= 0 && port <= UINT16_MAX ? port : 0);
	return true;
}

size_t deluge_read_hosts(const json_t *result, struct deluge_host hosts[DELUGE_HOSTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(result) && n < DELUGE_HOSTS_MAX; i++)
		if (read_host(json_array_get(result, i), &hosts[n]))
			n++;
	return n;
}

bool deluge_host_is_online(const json_t *result)
{
	const char *status = text_or_empty(json_array_get(result, 1));

	return strcmp(status, "Online") == 0 || strcmp(status, "Connected") == 0;
}

bool deluge_list_has(const json_t *result, const char *text)
{
	for (size_t i = 0; i < json_array_size(result); i++)
		if (strcmp(text_or_empty(json_array_get(result, i)), text) == 0)
			return true;
	return false;
}

static bool size_of(const json_t *number, uint64_t *bytes)
{
	double v = json_number_value(number);

	if (!json_is_number(number) || !(v >= 0 && v <= SIZE_MAX_BYTES))
		return false;
	*bytes = (uint64_t)v;
	return true;
}

bool deluge_read_space(const json_t *result, uint64_t *bytes)
{
	return size_of(result, bytes);
}

/* -- its torrents -- */

static enum client_state state_of(const char *word, double rate)
{
	static const struct {
		const char *word;
		enum client_state state;
	} states[] = {
		{"Seeding", CLIENT_SEEDING},        {"Downloading", CLIENT_DOWNLOADING},
		{"Allocating", CLIENT_DOWNLOADING}, {"Queued", CLIENT_QUEUED},
		{"Checking", CLIENT_CHECKING},      {"Moving", CLIENT_CHECKING},
		{"Paused", CLIENT_PAUSED},
	};

	if (strcmp(word, "Downloading") == 0 && !(rate > 0))
		return CLIENT_STALLED;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(word, states[i].word) == 0)
			return states[i].state;
	return CLIENT_ERROR;
}

/* The text behind "Error: " or "Warning: " of the tracker's status; NULL if it has no complaint. */
static const char *complaint_of(const char *status)
{
	if (text_starts(status, "Error: "))
		return status + strlen("Error: ");
	return text_starts(status, "Warning: ") ? status + strlen("Warning: ") : NULL;
}

static char *message_of(const json_t *t, enum client_state state)
{
	const char *own = text_or_empty(json_object_get(t, "message"));
	const char *tracker = complaint_of(text_or_empty(json_object_get(t, "tracker_status")));

	if (state == CLIENT_ERROR && *own && strcmp(own, "OK") != 0)
		return clean(own);
	if (tracker)
		return clean(tracker);
	return state == CLIENT_ERROR ? mem_dup("in a state that it does not explain") : NULL;
}

/* A torrent that its tracker does not have is one in error, whatever Deluge makes of it. */
static bool is_disowned(const json_t *t, enum client_state state)
{
	const char *tracker = complaint_of(text_or_empty(json_object_get(t, "tracker_status")));
	bool runs =
		state == CLIENT_SEEDING || state == CLIENT_DOWNLOADING || state == CLIENT_STALLED;

	return runs && tracker && client_torrent_is_disowned(tracker);
}

static int64_t idle_since(const json_t *t, int64_t now)
{
	const json_t *idle = json_object_get(t, "time_since_transfer");
	double seconds = json_number_value(idle);
	double added = json_number_value(json_object_get(t, "time_added"));

	if (!json_is_number(idle))
		return 0;
	if (seconds >= 0 && seconds <= SECONDS_MAX && seconds * 1000 < (double)now)
		return now - (int64_t)(seconds * 1000);
	return seconds == -1 && added > 0 && added * 1000 <= (double)now ? (int64_t)(added * 1000)
									 : 0;
}

static char *text_copy_of(const json_t *t, const char *key)
{
	const json_t *text = json_object_get(t, key);

	return json_is_string(text) ? mem_dup(json_string_value(text)) : NULL;
}

static void read_sizes(const json_t *t, struct client_torrent *out)
{
	if (!size_of(json_object_get(t, "total_size"), &out->size))
		out->size = 0;
	if (!size_of(json_object_get(t, "total_remaining"), &out->left) || out->left > out->size)
		out->left = out->size;
	out->complete = out->size && !out->left;
}

static void read_torrent(const json_t *t, int64_t now, struct client_torrent *out)
{
	const char *name = text_or_empty(json_object_get(t, "name"));

	read_sizes(t, out);
	out->state = state_of(text_or_empty(json_object_get(t, "state")),
			      json_number_value(json_object_get(t, "download_payload_rate")));
	out->name = *name ? text_printable(name, strlen(name), strlen(name) * 3) : NULL;
	out->category = text_copy_of(t, "label");
	out->folder = text_copy_of(t, "save_path");
	out->message = message_of(t, out->state);
	if (is_disowned(t, out->state))
		out->state = CLIENT_ERROR;
	out->idle_since = idle_since(t, now);
}

bool deluge_read_torrents(const json_t *result, int64_t now, struct client_torrents *all,
			  struct err *err)
{
	OWN_CLIENT_TORRENTS struct client_torrents read = {0};
	const char *key;
	json_t *value;

	if (!json_is_object(result))
		return err_set(err, ERR_RETRY, WORD_CLIENT, "its list of torrents is none");
	json_object_foreach ((json_t *)result, key, value) {
		char id[sizeof read.list->id];
		client_torrent_hash(id, sizeof id, key);
		if (!id[0] || !json_is_object(value))
			continue;
		struct client_torrent *t = client_torrents_add(&read);
		if (!t)
			return err_set(
				err, ERR_RETRY, WORD_CLIENT,
				"it has more than %d torrents, which is more than can be read",
				CLIENT_TORRENTS_MAX);
		memcpy(t->id, id, sizeof id);
		read_torrent(value, now, t);
	}
	*all = read;
	read = (struct client_torrents){0};
	return true;
}

/* -- one call -- */

static bool transport_failed(const char *method, struct err *err)
{
	bool late = strcmp(err->word, WORD_TIMEOUT) == 0;
	OWN_STR char *said = mem_dup(err->msg);

	if (strcmp(err->word, WORD_STOPPED) == 0)
		return false;
	if (late && !text_starts(method, "web.") && !text_starts(method, "auth."))
		return err_set(
			err, ERR_RETRY, WORD_CLIENT,
			"%s; deluge-web does not answer for a deluged that hangs or has ended",
			said);
	return err_set(err, ERR_RETRY, WORD_CLIENT, "%s", said);
}

/* What a proxy, or something else at this URL, may answer; deluge-web's own answers are 200. */
static const struct {
	long status;
	enum err_kind kind;
	const char *text;
} statuses[] = {
	{403, ERR_TARGET, "a proxy in front of deluge-web forbids it"},
	{404, ERR_TARGET, NO_DELUGE_WEB},
	{405, ERR_TARGET, NO_DELUGE_WEB},
	{413, ERR_ITEM,
	 "the .torrent is larger than the proxy in front of deluge-web allows; raise its limit "
	 "(nginx: client_max_body_size)"},
	{502, ERR_RETRY, NOTHING_BEHIND},
	{503, ERR_RETRY, NOTHING_BEHIND},
	{504, ERR_RETRY, NOTHING_BEHIND},
};

static bool refused_by_proxy(struct deluge *d, struct err *err)
{
	d->base.refused = true;
	return err_set(err, ERR_TARGET, WORD_CLIENT, "%s: HTTP 401: %s", d->name,
		       d->has_proxy_user
			       ? "the proxy in front of deluge-web does not accept "
				 "ProxyUsername and ProxyPassword"
			       : "a proxy in front of deluge-web asks for a user name and "
				 "password: set ProxyUsername and ProxyPassword");
}

static bool check_status(struct deluge *d, const struct http_reply *r, struct err *err)
{
	if (r->status == 200)
		return true;
	if (r->status == 401)
		return refused_by_proxy(d, err);
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (r->status == statuses[i].status)
			return err_set(err, statuses[i].kind, WORD_CLIENT, "%s: HTTP %ld: %s",
				       d->name, r->status, statuses[i].text);
	if (!r->redirect_host[0])
		return err_set(err, ERR_RETRY, WORD_CLIENT, "%s: HTTP %ld", d->name, r->status);
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: HTTP %ld: a redirect to %s, which is not followed; if deluge-web is "
		       "there, set its URL to that",
		       d->name, r->status, r->redirect_host);
}

static bool post(struct deluge *d, const char *method, const char *body, size_t max,
		 struct deluge_answer *a, struct err *err)
{
	/* Anything behind the type, a charset included, is error 5. */
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	const struct web_call call = {.path = "json",
				      .headers = headers,
				      .body = body,
				      .body_len = strlen(body),
				      .max_body = max};
	OWN_HTTP_REPLY struct http_reply reply = {0};

	if (!web_call(d->web, &call, &reply, err))
		return transport_failed(method, err);
	if (!check_status(d, &reply, err))
		return false;
	return deluge_read_answer(buf_text(&reply.body), reply.body.len, a, err) ||
	       err_wrap(err, "%s", d->name);
}

static void body_clear(char **body)
{
	if (*body)
		secret_wipe(*body, strlen(*body));
	free(*body);
}

/* The text of a call; takes `params`.  NULL if something in it is not UTF-8. */
static char *body_of(const char *method, json_t *params)
{
	json_t *call = json_pack("{s:s, s:o, s:i}", "method", method, "params", params, "id", 1);
	char *body = call ? json_dumps(call, JSON_COMPACT) : NULL;

	json_decref(call);
	return body;
}

static bool not_text(const struct deluge *d, struct err *err)
{
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: a setting (category, save path, password) is not UTF-8", d->name);
}

static bool failed(const struct deluge *d, const char *what, const struct deluge_answer *a,
		   struct err *err)
{
	OWN_STR char *words = deluge_words(a->message);

	return err_set(err, ERR_RETRY, WORD_CLIENT, "%s: %s: %s", d->name, what,
		       *words ? words : "an answer of an unknown kind");
}

static bool refused_login(struct deluge *d, struct err *err)
{
	d->base.refused = true;
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: deluge-web does not accept the password; correct it (it is the one of "
		       "its page, not of the daemon) and reload",
		       d->name);
}

static bool log_in(struct deluge *d, struct err *err)
{
	const char *password = secret_is_set(d->password) ? secret_reveal(d->password) : "";
	OWN(body_clear) char *body = body_of("auth.login", json_pack("[s]", password));
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!body)
		return not_text(d, err);
	if (!post(d, "auth.login", body, CLIENT_ANSWER_MAX_BYTES, &a, err))
		return false;
	if (a.fault == DELUGE_FINE && json_is_false(a.result))
		return refused_login(d, err);
	if (a.fault != DELUGE_FINE || !(json_is_true(a.result) || json_is_string(a.result)))
		return failed(d, "login", &a, err);
	d->logged_in = true;
	return true;
}

/* A call within a session; one that has ended is begun anew, once.  Takes `params`. */
static bool call(struct deluge *d, const char *method, json_t *params, size_t max,
		 struct deluge_answer *a, struct err *err)
{
	OWN(body_clear) char *body = body_of(method, params);

	if (!body)
		return not_text(d, err);
	for (bool fresh = false; !fresh;) {
		fresh = !d->logged_in;
		if (fresh && !log_in(d, err))
			return false;
		if (!post(d, method, body, max, a, err))
			return false;
		if (a->fault != DELUGE_NO_SESSION)
			return true;
		deluge_answer_clear(a);
		d->logged_in = false;
	}
	return err_set(
		err, ERR_TARGET, WORD_CLIENT,
		"%s: deluge-web lets us in, but its cookie is not valid for this URL: under a "
		"sub-path the proxy must set the header X-Deluge-Base, or deluge-web's "
		"\"base\" be set",
		d->name);
}

static bool daemon_is_gone(const struct deluge *d, struct err *err)
{
	return err_set(err, ERR_RETRY, WORD_CLIENT,
		       "%s: deluge-web has lost the connection to its deluged", d->name);
}

/* A call that is to succeed.  Takes `params`. */
static bool ask(struct deluge *d, const char *method, json_t *params, struct deluge_answer *a,
		struct err *err)
{
	if (!call(d, method, params, CLIENT_ANSWER_MAX_BYTES, a, err))
		return false;
	if (a->fault == DELUGE_NO_METHOD && text_starts(method, "core."))
		return daemon_is_gone(d, err);
	return a->fault == DELUGE_FINE || failed(d, method, a, err);
}

/* -- its daemon -- */

static bool is_online(struct deluge *d, const struct deluge_host *host, bool *online,
		      struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!call(d, "web.get_host_status", json_pack("[s]", host->id), CLIENT_ANSWER_MAX_BYTES, &a,
		  err))
		return false;
	*online = a.fault == DELUGE_FINE && deluge_host_is_online(a.result);
	return true;
}

/* The index of deluge-web's default daemon in the list; n if there is none. */
static bool find_default(struct deluge *d, const struct deluge_host *hosts, size_t n,
			 size_t *chosen, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!ask(d, "web.get_config", json_array(), &a, err))
		return false;
	const char *id = text_or_empty(json_object_get(a.result, "default_daemon"));
	for (*chosen = 0; *chosen < n; ++*chosen)
		if (strcmp(hosts[*chosen].id, id) == 0)
			break;
	return true;
}

static bool find_online(struct deluge *d, const struct deluge_host *hosts, size_t n, size_t *chosen,
			struct err *err)
{
	size_t there = 0;
	bool online;

	for (size_t i = 0; i < n; i++) {
		if (!is_online(d, &hosts[i], &online, err))
			return false;
		if (online && !there++)
			*chosen = i;
	}
	if (there == 1)
		return true;
	if (!there)
		return err_set(err, ERR_RETRY, WORD_CLIENT,
			       "%s: none of the %zu daemons that deluge-web knows is running",
			       d->name, n);
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: deluge-web knows %zu running daemons and is connected to none: choose "
		       "a default in its settings, or connect it to one",
		       d->name, there);
}

static bool choose_host(struct deluge *d, struct deluge_host *chosen, struct err *err)
{
	struct deluge_host hosts[DELUGE_HOSTS_MAX];
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	size_t at = 0;

	if (!ask(d, "web.get_hosts", json_array(), &a, err))
		return false;
	size_t n = deluge_read_hosts(a.result, hosts);
	if (!n)
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "%s: deluge-web knows no daemon: add one in its Connection Manager",
			       d->name);
	if (n > 1 && !find_default(d, hosts, n, &at, err))
		return false;
	if (at == n && !find_online(d, hosts, n, &at, err))
		return false;
	*chosen = hosts[at];
	return true;
}

static bool not_connected(struct deluge *d, const struct deluge_host *host, struct err *err)
{
	bool online;

	if (!is_online(d, host, &online, err))
		return false;
	if (online)
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "%s: the daemon at %s runs, but does not let deluge-web in: correct "
			       "its user name and password in deluge-web's Connection Manager",
			       d->name, host->where);
	return err_set(err, ERR_RETRY, WORD_CLIENT, "%s: deluged is not running at %s", d->name,
		       host->where);
}

static bool connect_daemon(struct deluge *d, struct err *err)
{
	struct deluge_host host;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!choose_host(d, &host, err) ||
	    !call(d, "web.connect", json_pack("[s]", host.id), CLIENT_ANSWER_MAX_BYTES, &a, err))
		return false;
	return (a.fault == DELUGE_FINE && a.result) || not_connected(d, &host, err);
}

/* Logged in, and deluge-web connected to a daemon. */
static bool enter(struct deluge *d, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (d->base.refused)
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "%s: the credentials were refused before; correct them and reload",
			       d->name);
	if (!ask(d, "web.connected", json_array(), &a, err))
		return false;
	return json_is_true(a.result) || connect_daemon(d, err);
}

static bool plugin_is_on(struct deluge *d, bool *on, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!ask(d, "core.get_enabled_plugins", json_array(), &a, err))
		return false;
	*on = deluge_list_has(a.result, "Label");
	return true;
}

static bool deluge_ready(struct client *c, struct err *err)
{
	struct deluge *d = (struct deluge *)c;
	bool on;

	/* The second is what the daemon itself answers. */
	return enter(d, err) && plugin_is_on(d, &on, err);
}

/* -- labels -- */

static bool label_of(const struct deluge *d, const char *category, char label[DELUGE_LABEL],
		     struct err *err)
{
	if (deluge_label(category, label))
		return true;
	OWN_STR char *shown = text_printable(category, strlen(category), 60);
	return err_set(err, ERR_TARGET, WORD_CLIENT,
		       "%s: \"%s\" cannot be a label in Deluge: a label has the letters a to z, "
		       "digits, _, - and dots only; correct Category",
		       d->name, shown);
}

static bool need_plugin(struct deluge *d, struct err *err)
{
	bool on;

	if (!plugin_is_on(d, &on, err))
		return false;
	return on || err_set(err, ERR_TARGET, WORD_CLIENT,
			     "%s: a category needs Deluge's Label plugin, which is off: enable it "
			     "in Deluge's settings, or take Category out",
			     d->name);
}

/* The plugin is on and has the label. */
static bool need_label(struct deluge *d, const char *label, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer known = {0};
	OWN_DELUGE_ANSWER struct deluge_answer added = {0};

	if (!need_plugin(d, err) || !ask(d, "label.get_labels", json_array(), &known, err))
		return false;
	return deluge_list_has(known.result, label) ||
	       ask(d, "label.add", json_pack("[s]", label), &added, err);
}

static bool set_label(struct deluge *d, const char *id, const char *label, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	return ask(d, "label.set_torrent", json_pack("[s, s]", id, label), &a, err);
}

/* -- delivery -- */

static json_t *ids_of(const struct delivery *d)
{
	json_t *ids = json_array();

	if (d->v1 && *d->v1)
		json_array_append_new(ids, json_string(d->v1));
	if (d->v2 && strlen(d->v2) >= 40)
		json_array_append_new(ids, json_stringn(d->v2, 40));
	return ids;
}

/* found->n is 0 if it is not there. */
static bool look_up(struct deluge *d, const struct delivery *what, struct client_torrents *found,
		    struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	json_t *params = json_pack("[{s:o}, [s]]", "id", ids_of(what), "label");

	if (!ask(d, "core.get_torrents_status", params, &a, err))
		return false;
	return deluge_read_torrents(a.result, 0, found, err) || err_wrap(err, "%s", d->name);
}

static json_t *options_of(const struct placement *p)
{
	json_t *options = json_pack("{s:b}", "add_paused", p->paused);

	/* What is not UTF-8 makes the whole call fail. */
	if (p->save_path &&
	    json_object_set_new(options, "download_location", json_string(p->save_path))) {
		json_decref(options);
		return NULL;
	}
	return options;
}

static json_t *add_params(const struct delivery *what)
{
	OWN_STR char *coded = base64_encode(what->bytes->data, what->bytes->len);

	return json_pack("[s, s, o]", what->file_name, coded, options_of(what->placement));
}

static bool add_failed(const struct deluge *d, const struct deluge_answer *a, struct err *err)
{
	OWN_STR char *words = deluge_words(a->message);

	if (!deluge_is_bad_torrent(a->message))
		return failed(d, "adding", a, err);
	return err_set(err, ERR_ITEM, WORD_CLIENT, "%s: Deluge does not take the .torrent: %s",
		       d->name, words);
}

static bool send(struct deluge *d, const struct delivery *what, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!call(d, "core.add_torrent_file", add_params(what), CLIENT_ANSWER_MAX_BYTES, &a, err))
		return false;
	if (a.fault == DELUGE_NO_METHOD)
		return daemon_is_gone(d, err);
	return a.fault == DELUGE_FINE || deluge_is_duplicate(a.message) || add_failed(d, &a, err);
}

static bool appears(struct deluge *d, const struct delivery *what, struct client_torrents *found,
		    struct err *err)
{
	int64_t end = clock_monotonic() + CLIENT_APPEARS_MS;

	for (;;) {
		if (!look_up(d, what, found, err))
			return false;
		if (found->n)
			return true;
		if (clock_monotonic() >= end)
			return err_set(
				err, ERR_RETRY, WORD_CLIENT,
				"%s: Deluge took the torrent, but does not show it; if it "
				"belongs to another user of the daemon, deluge-web needs one "
				"of level 10",
				d->name);
		if (!wake_sleep(d->wake, CLIENT_POLL_MS, err))
			return false;
	}
}

/* A rule of the plugin's may have labelled it at once: ours counts. */
static bool add(struct deluge *d, const struct delivery *what, const char *label, struct err *err)
{
	OWN_CLIENT_TORRENTS struct client_torrents found = {0};

	if (*label && !need_label(d, label, err))
		return false;
	if (!send(d, what, err) || !appears(d, what, &found, err))
		return false;
	const char *has = found.list->category ? found.list->category : "";
	return !*label || strcmp(has, label) == 0 || set_label(d, found.list->id, label, err);
}

/* One that was added by a process that ended before it was labelled. */
static bool mend(struct deluge *d, const struct client_torrent *t, const char *label,
		 struct err *err)
{
	bool unlabelled = t->category && !*t->category;

	if (!*label || !unlabelled)
		return true;
	return need_label(d, label, err) && set_label(d, t->id, label, err);
}

static bool deluge_deliver(struct client *c, const struct delivery *what, bool resumed, char **path,
			   struct err *err)
{
	struct deluge *d = (struct deluge *)c;
	OWN_CLIENT_TORRENTS struct client_torrents found = {0};
	char label[DELUGE_LABEL];

	(void)resumed;
	if (!label_of(d, what->placement->category, label, err) || !enter(d, err) ||
	    !look_up(d, what, &found, err))
		return false;
	if (!(found.n ? mend(d, found.list, label, err) : add(d, what, label, err)))
		return false;
	*path = mem_dup(d->name);
	return true;
}

/* -- what it has -- */

static json_t *list_params(const char *label)
{
	static const char *const keys[] = {"name",
					   "state",
					   "label",
					   "save_path",
					   "message",
					   "tracker_status",
					   "total_size",
					   "total_remaining",
					   "download_payload_rate",
					   "time_since_transfer",
					   "time_added"};
	json_t *wanted = json_array();

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		json_array_append_new(wanted, json_string(keys[i]));
	return *label ? json_pack("[{s:[s]}, o]", "label", label, wanted)
		      : json_pack("[{}, o]", wanted);
}

static bool deluge_list(struct client *c, const char *category, struct client_torrents *all,
			struct err *err)
{
	struct deluge *d = (struct deluge *)c;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	char label[DELUGE_LABEL];

	if (!label_of(d, category, label, err) || !enter(d, err) ||
	    (*label && !need_plugin(d, err)))
		return false;
	if (!call(d, "core.get_torrents_status", list_params(label), CLIENT_LIST_MAX_BYTES, &a,
		  err))
		return false;
	if (a.fault != DELUGE_FINE)
		return a.fault == DELUGE_NO_METHOD ? daemon_is_gone(d, err)
						   : failed(d, "list", &a, err);
	return deluge_read_torrents(a.result, clock_now(), all, err) ||
	       err_wrap(err, "%s", d->name);
}

/* The folder above, in place; false at the root. */
static bool go_up(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 1 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	bool moved = path[len] != '\0' && path[0] == '/';
	path[len] = '\0';
	return moved;
}

/* Deluge makes a folder that is not there yet, so the next one above that is counts. */
static bool deluge_space(struct client *c, const struct placement *p, struct client_space *space,
			 struct err *err)
{
	struct deluge *d = (struct deluge *)c;
	OWN_STR char *path = mem_dup(p->save_path);
	uint64_t bytes;

	if (!enter(d, err))
		return false;
	for (int up = 0; up <= FOLDERS_UP; up++) {
		OWN_DELUGE_ANSWER struct deluge_answer a = {0};
		json_t *params = path ? json_pack("[s]", path) : json_array();
		if (!ask(d, "core.get_free_space", params, &a, err))
			return false;
		if (deluge_read_space(a.result, &bytes)) {
			*space = (struct client_space){.free = bytes};
			return true;
		}
		if (!path || !go_up(path))
			break;
	}
	return err_set(err, ERR_TARGET, WORD_CLIENT, "%s: %s is not there on Deluge's host",
		       d->name, p->save_path ? "the save path" : "Deluge's download folder");
}

/* -- its life -- */

static void deluge_close(struct client *c)
{
	struct deluge *d = (struct deluge *)c;

	web_close(d->web);
	free(d->name);
	free(d);
}

static const struct client_ops deluge_ops = {
	.ready = deluge_ready,
	.deliver = deluge_deliver,
	.list = deluge_list,
	.space = deluge_space,
	.close = deluge_close,
};

struct client *client_deluge_open(const struct client_options *o, struct err *err)
{
	const struct web_options options = {.name = o->name,
					    .url = o->url,
					    .socket = o->socket,
					    .ca_file = o->ca_file,
					    .user = o->proxy_user,
					    .password = o->proxy_password,
					    .timeout_ms = o->timeout_ms,
					    .cookies = true,
					    .wake = o->wake};
	struct web *web = web_open(&options, err);

	if (!web)
		return NULL;
	struct deluge *d = mem_alloc(sizeof *d);
	d->base.ops = &deluge_ops;
	d->web = web;
	d->name = mem_dup(o->name);
	d->password = o->password;
	d->wake = o->wake;
	d->has_proxy_user = o->proxy_user && *o->proxy_user;
	return &d->base;
}
