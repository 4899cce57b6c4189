#include "ports/client_deluge.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ports/client_common.h"

#include <string.h>

#define REFUSAL_MAX_BYTES 4096 /* "Not authenticated" is a short answer */
#define SECONDS_MAX (100 * 366 * 86400.0)

static bool is_over(const struct client_common *d, const struct http_reply *reply);
static bool log_in(struct client_common *d, const struct http_reply *asked, struct err *err);
static const struct client_session session = {is_over, log_in, .at_once = true};

static const struct client_about about = {
	.what = "deluge-web",
	.where = "the URL must be the one of its page, with the sub-path if there is one",
	.unseen = "if it belongs to another user of the daemon, deluge-web needs one of level 10",
	.own_login = true,
	.session = &session,
};

/* -- what it says -- */

void deluge_answer_clear(struct deluge_answer *a)
{
	json_decref(a->whole);
	*a = (struct deluge_answer){.message = ""};
}

static enum deluge_fault fault_of(const json_t *error)
{
	double code = json_number_at(error, "code");

	if (!error || json_is_null(error))
		return DELUGE_FINE;
	if (code == 1)
		return DELUGE_NO_SESSION;
	return code == 2 ? DELUGE_NO_METHOD : DELUGE_FAILED;
}

bool deluge_read_answer(const char *bytes, size_t len, struct deluge_answer *a, struct err *err)
{
	OWN_JSON json_t *whole = client_parse(&about, bytes, len, err);
	const json_t *error = json_object_get(whole, "error");
	const json_t *result = json_object_get(whole, "result");

	if (!whole)
		return false;
	if (!error && !result)
		return err_set(err, ERR_RETRY, WORD_CLIENT,
			       "its answer is no JSON-RPC: is it deluge-web that is at this URL?");
	*a = (struct deluge_answer){.result = json_is_null(result) ? NULL : result,
				    .message = json_text_at(error, "message"),
				    .fault = fault_of(error)};
	a->whole = OWN_TAKE(whole);
	return true;
}

char *deluge_words(const char *message)
{
	const char *class_end = strstr(message, "'>: ");
	const char *words = class_end ? class_end + strlen("'>: ") : message;
	OWN_STR char *line = mem_dupn(words, strcspn(words, "\r\n"));

	return client_words(line);
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
	const char *name = json_text(json_array_get(entry, 1));
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
	const char *status = json_text(json_array_get(result, 1));

	return strcmp(status, "Online") == 0 || strcmp(status, "Connected") == 0;
}

bool deluge_list_has(const json_t *result, const char *text)
{
	for (size_t i = 0; i < json_array_size(result); i++)
		if (strcmp(json_text(json_array_get(result, i)), text) == 0)
			return true;
	return false;
}

bool deluge_read_space(const json_t *result, uint64_t *bytes)
{
	return json_count(result, bytes);
}

/* -- its torrents -- */

static const char *const states[CLIENT_ERROR] = {
	[CLIENT_SEEDING] = "Seeding", [CLIENT_DOWNLOADING] = "Downloading Allocating",
	[CLIENT_QUEUED] = "Queued",   [CLIENT_CHECKING] = "Checking Moving",
	[CLIENT_PAUSED] = "Paused",
};

static enum client_state state_of(const json_t *t)
{
	const char *word = json_text_at(t, "state");

	if (strcmp(word, "Downloading") == 0 && !(json_number_at(t, "download_payload_rate") > 0))
		return CLIENT_STALLED;
	return client_state_of(states, word);
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
	const char *own = json_text_at(t, "message");
	const char *tracker = complaint_of(json_text_at(t, "tracker_status"));

	if (state == CLIENT_ERROR && *own && strcmp(own, "OK") != 0)
		return client_words(own);
	if (tracker)
		return client_words(tracker);
	return state == CLIENT_ERROR ? mem_dup("in a state that it does not explain") : NULL;
}

/* A torrent that its tracker does not have is one in error, whatever Deluge makes of it. */
static bool is_disowned(const json_t *t, enum client_state state)
{
	const char *tracker = complaint_of(json_text_at(t, "tracker_status"));
	bool runs =
		state == CLIENT_SEEDING || state == CLIENT_DOWNLOADING || state == CLIENT_STALLED;

	return runs && tracker && client_torrent_is_disowned(tracker);
}

static int64_t idle_since(const json_t *t, int64_t now)
{
	const json_t *idle = json_object_get(t, "time_since_transfer");
	double seconds = json_number_value(idle);
	int64_t added = json_time_at(t, "time_added");

	if (!json_is_number(idle))
		return 0;
	if (seconds >= 0 && seconds <= SECONDS_MAX && seconds * 1000 < (double)now)
		return now - (int64_t)(seconds * 1000);
	return seconds == -1 && added <= now ? added : 0;
}

static void read_sizes(const json_t *t, struct client_torrent *out)
{
	out->size = json_count_or_0_at(t, "total_size");
	if (!json_count_at(t, "total_remaining", &out->left) || out->left > out->size)
		out->left = out->size;
	out->complete = out->size && !out->left;
}

static void read_torrent(const json_t *t, int64_t now, struct client_torrent *out)
{
	read_sizes(t, out);
	out->state = state_of(t);
	out->name = client_torrent_name(json_text_at(t, "name"));
	out->category = json_copy_at(t, "label");
	out->folder = json_copy_at(t, "save_path");
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
		struct client_torrent *t = client_add_torrent(&read, err);
		if (!t)
			return false;
		memcpy(t->id, id, sizeof id);
		read_torrent(value, now, t);
	}
	*all = client_torrents_take(&read);
	return true;
}

/* -- one call -- */

/* deluge-web itself answers at once, also what it does not know. */
static bool hint_if_late(const struct client_common *d, const char *method, struct err *err)
{
	OWN_STR char *said = mem_dup(err->msg);

	return d->late && d->in_session && !text_starts(method, "web.") &&
	       err_set(err, ERR_RETRY, WORD_CLIENT,
		       "%s; deluge-web does not answer for a deluged that hangs or has ended",
		       said);
}

static bool read_reply(struct client_common *d, const struct http_reply *reply,
		       struct deluge_answer *a, struct err *err)
{
	return client_judge(d, reply, err) &&
	       client_named(d, deluge_read_answer(reply->body.data, reply->body.len, a, err), err);
}

/* The text of a call; takes `params`.  NULL if something in it is not UTF-8. */
static char *body_of(const char *method, json_t *params)
{
	OWN_JSON json_t *call =
		json_pack("{s:s, s:o, s:i}", "method", method, "params", params, "id", 1);

	return call ? json_dumps(call, JSON_COMPACT) : NULL;
}

static bool not_text(const struct client_common *d, struct err *err)
{
	return client_fail(d, err, ERR_TARGET,
			   "a setting (category, save path, password) is not UTF-8");
}

static bool failed(const struct client_common *d, const char *what, const struct deluge_answer *a,
		   struct err *err)
{
	OWN_STR char *words = deluge_words(a->message);

	return client_fail(d, err, ERR_RETRY, "%s: %s", what,
			   *words ? words : "an answer of an unknown kind");
}

static bool is_over(const struct client_common *d, const struct http_reply *reply)
{
	bool is_short = reply->status == 200 && reply->body.len <= REFUSAL_MAX_BYTES;
	OWN_JSON json_t *root =
		is_short ? json_parse(buf_text(&reply->body), reply->body.len) : NULL;

	(void)d;
	return fault_of(json_object_get(root, "error")) == DELUGE_NO_SESSION;
}

static bool read_login(struct client_common *d, const struct http_reply *reply, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!read_reply(d, reply, &a, err))
		return false;
	if (a.fault == DELUGE_FINE && json_is_false(a.result))
		return client_refuse(d, err,
				     "deluge-web does not accept the password; correct it (it is "
				     "the one of its page, not of the daemon)");
	return (a.fault == DELUGE_FINE && (json_is_true(a.result) || json_is_string(a.result))) ||
	       failed(d, "login", &a, err);
}

static bool log_in(struct client_common *d, const struct http_reply *asked, struct err *err)
{
	OWN_WIPED char *body = body_of("auth.login", json_pack("[s]", client_password(d)));
	OWN_HTTP_REPLY struct http_reply reply = {0};

	(void)asked;
	if (!body)
		return not_text(d, err);
	const struct web_call c =
		client_json_call("json", body, strlen(body), CLIENT_ANSWER_MAX_BYTES);
	return client_send(d, &c, &reply, err) && read_login(d, &reply, err);
}

/* Takes `params`. */
static bool call(struct client_common *d, const char *method, json_t *params, size_t max,
		 struct deluge_answer *a, struct err *err)
{
	OWN_WIPED char *body = body_of(method, params);
	OWN_HTTP_REPLY struct http_reply reply = {0};

	if (!body)
		return not_text(d, err);
	const struct web_call c = client_json_call("json", body, strlen(body), max);
	if (!client_call(d, &c, &reply, err))
		return hint_if_late(d, method, err);
	if (!read_reply(d, &reply, a, err))
		return false;
	return a->fault != DELUGE_NO_SESSION ||
	       client_fail(d, err, ERR_TARGET,
			   "deluge-web accepts the login, but its cookie is not valid for this "
			   "URL: under a sub-path the proxy must set the header X-Deluge-Base, or "
			   "deluge-web's \"base\" be set");
}

static bool daemon_is_gone(const struct client_common *d, struct err *err)
{
	return client_fail(d, err, ERR_RETRY, "deluge-web has lost the connection to its deluged");
}

/* A call that is to succeed.  Takes `params`. */
static bool ask_for(struct client_common *d, const char *method, json_t *params, size_t max,
		    struct deluge_answer *a, struct err *err)
{
	if (!call(d, method, params, max, a, err))
		return false;
	if (a->fault == DELUGE_NO_METHOD && text_starts(method, "core."))
		return daemon_is_gone(d, err);
	return a->fault == DELUGE_FINE || failed(d, method, a, err);
}

static bool ask(struct client_common *d, const char *method, json_t *params,
		struct deluge_answer *a, struct err *err)
{
	return ask_for(d, method, params, CLIENT_ANSWER_MAX_BYTES, a, err);
}

/* -- its daemon -- */

static bool is_online(struct client_common *d, const struct deluge_host *host, bool *online,
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
static bool find_default(struct client_common *d, const struct deluge_host *hosts, size_t n,
			 size_t *chosen, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!ask(d, "web.get_config", json_array(), &a, err))
		return false;
	const char *id = json_text_at(a.result, "default_daemon");
	for (*chosen = 0; *chosen < n; ++*chosen)
		if (strcmp(hosts[*chosen].id, id) == 0)
			break;
	return true;
}

static bool find_online(struct client_common *d, const struct deluge_host *hosts, size_t n,
			size_t *chosen, struct err *err)
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
		return client_fail(d, err, ERR_RETRY,
				   "none of the %zu daemons that deluge-web knows is running", n);
	return client_fail(d, err, ERR_TARGET,
			   "deluge-web knows %zu running daemons and is connected to none: choose "
			   "a default in its settings, or connect it to one",
			   there);
}

static bool choose_host(struct client_common *d, struct deluge_host *chosen, struct err *err)
{
	struct deluge_host hosts[DELUGE_HOSTS_MAX];
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	size_t at = 0;

	if (!ask(d, "web.get_hosts", json_array(), &a, err))
		return false;
	size_t n = deluge_read_hosts(a.result, hosts);
	if (!n)
		return client_fail(d, err, ERR_TARGET,
				   "deluge-web knows no daemon: add one in its Connection "
				   "Manager");
	if (n > 1 && !find_default(d, hosts, n, &at, err))
		return false;
	if (at == n && !find_online(d, hosts, n, &at, err))
		return false;
	*chosen = hosts[at];
	return true;
}

static bool not_connected(struct client_common *d, const struct deluge_host *host, struct err *err)
{
	bool online;

	if (!is_online(d, host, &online, err))
		return false;
	if (online)
		return client_fail(d, err, ERR_TARGET,
				   "the daemon at %s runs, but does not let deluge-web in: correct "
				   "its user name and password in deluge-web's Connection Manager",
				   host->where);
	return client_fail(d, err, ERR_RETRY, "deluged is not running at %s", host->where);
}

static bool connect_daemon(struct client_common *d, struct err *err)
{
	struct deluge_host host;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!choose_host(d, &host, err) ||
	    !call(d, "web.connect", json_pack("[s]", host.id), CLIENT_ANSWER_MAX_BYTES, &a, err))
		return false;
	return (a.fault == DELUGE_FINE && a.result) || not_connected(d, &host, err);
}

/* Logged in, and deluge-web connected to a daemon. */
static bool enter(struct client_common *d, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!ask(d, "web.connected", json_array(), &a, err))
		return false;
	return json_is_true(a.result) || connect_daemon(d, err);
}

static bool plugin_is_on(struct client_common *d, bool *on, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	if (!ask(d, "core.get_enabled_plugins", json_array(), &a, err))
		return false;
	*on = deluge_list_has(a.result, "Label");
	return true;
}

static bool deluge_ready(struct client *c, struct err *err)
{
	struct client_common *d = (struct client_common *)c;
	bool on;

	/* The second is what the daemon itself answers. */
	return enter(d, err) && plugin_is_on(d, &on, err);
}

/* -- labels -- */

static bool label_of(const struct client_common *d, const char *category, char label[DELUGE_LABEL],
		     struct err *err)
{
	if (deluge_label(category, label))
		return true;
	OWN_STR char *shown = text_printable(category, strlen(category), 60);
	return client_fail(d, err, ERR_TARGET,
			   "\"%s\" cannot be a label in Deluge: a label has the letters a to z, "
			   "digits, _, - and dots only; correct Category",
			   shown);
}

static bool need_plugin(struct client_common *d, struct err *err)
{
	bool on;

	return plugin_is_on(d, &on, err) &&
	       (on || client_fail(d, err, ERR_TARGET,
				  "a category needs Deluge's Label plugin, which is off: enable it "
				  "in Deluge's settings, or take Category out"));
}

/* The plugin is on and has the label. */
static bool need_label(struct client_common *d, const char *label, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer known = {0};
	OWN_DELUGE_ANSWER struct deluge_answer added = {0};

	if (!need_plugin(d, err) || !ask(d, "label.get_labels", json_array(), &known, err))
		return false;
	return deluge_list_has(known.result, label) ||
	       ask(d, "label.add", json_pack("[s]", label), &added, err);
}

static bool set_label(struct client_common *d, const char *id, const char *label, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};

	return ask(d, "label.set_torrent", json_pack("[s, s]", id, label), &a, err);
}

/* -- delivery -- */

static json_t *ids_of(const struct delivery *d)
{
	json_t *ids = json_array();

	if (*d->v1)
		json_array_append_new(ids, json_string(d->v1));
	if (*d->v2)
		json_array_append_new(ids, json_stringn(d->v2, 40));
	return ids;
}

/* A client_look; `out` is an empty struct client_torrents. */
static bool look_up(struct client *c, const struct delivery *what, void *out, bool *there,
		    struct err *err)
{
	struct client_common *d = (struct client_common *)c;
	struct client_torrents *found = out;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	json_t *params = json_pack("[{s:o}, [s]]", "id", ids_of(what), "label");

	if (!ask(d, "core.get_torrents_status", params, &a, err))
		return false;
	if (!deluge_read_torrents(a.result, 0, found, err))
		return client_named(d, false, err);
	*there = found->n > 0;
	return true;
}

static json_t *add_params(const struct delivery *what)
{
	const struct placement *p = what->placement;
	OWN_STR char *coded = base64_encode(what->bytes->data, what->bytes->len);
	json_t *options = json_pack("{s:b}", "add_paused", p->paused);

	if (p->save_path)
		json_object_set_new(options, "download_location", json_string(p->save_path));
	return json_pack("[s, s, o]", what->file_name, coded, options);
}

static bool add_failed(const struct client_common *d, const struct deluge_answer *a,
		       struct err *err)
{
	OWN_STR char *words = deluge_words(a->message);

	if (!deluge_is_bad_torrent(a->message))
		return failed(d, "adding", a, err);
	return client_fail(d, err, ERR_ITEM, "Deluge does not take the .torrent: %s", words);
}

static bool add(struct client *c, const struct delivery *what, bool *taken, struct err *err)
{
	struct client_common *d = (struct client_common *)c;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	char label[DELUGE_LABEL];

	if (!label_of(d, what->placement->category, label, err) ||
	    (*label && !need_label(d, label, err)) ||
	    !call(d, "core.add_torrent_file", add_params(what), CLIENT_ANSWER_MAX_BYTES, &a, err))
		return false;
	if (a.fault == DELUGE_NO_METHOD)
		return daemon_is_gone(d, err);
	*taken = a.fault == DELUGE_FINE || deluge_is_duplicate(a.message);
	return *taken || add_failed(d, &a, err);
}

/* A rule of the plugin's may have labelled a new one at once: ours counts.  One that was there has
 * no label if it was added by a process that ended before it gave it one. */
static bool give_label(struct client_common *d, const struct client_torrent *t, bool is_new,
		       const char *label, struct err *err)
{
	const char *has = t->category ? t->category : "";

	if (!*label || strcmp(has, label) == 0)
		return true;
	if (is_new)
		return set_label(d, t->id, label, err);
	return !t->category || *has ||
	       (need_label(d, label, err) && set_label(d, t->id, label, err));
}

static bool deluge_deliver(struct client *c, const struct delivery *what, bool resumed, char **path,
			   struct err *err)
{
	struct client_common *d = (struct client_common *)c;
	OWN_CLIENT_TORRENTS struct client_torrents found = {0};
	char label[DELUGE_LABEL];
	bool is_new;

	(void)resumed;
	if (!client_check_texts(d, what->placement, err) ||
	    !label_of(d, what->placement->category, label, err) || !enter(d, err) ||
	    !client_add_once(d, what, look_up, add, &found, &is_new, err) ||
	    !give_label(d, found.list, is_new, label, err))
		return false;
	*path = mem_dup(d->name);
	return true;
}

/* -- what it has -- */

static json_t *list_params(const char *label)
{
	json_t *wanted = json_pack("[sssssssssss]", "name", "state", "label", "save_path",
				   "message", "tracker_status", "total_size", "total_remaining",
				   "download_payload_rate", "time_since_transfer", "time_added");

	return *label ? json_pack("[{s:[s]}, o]", "label", label, wanted)
		      : json_pack("[{}, o]", wanted);
}

static bool deluge_list(struct client *c, const char *category, struct client_torrents *all,
			struct err *err)
{
	struct client_common *d = (struct client_common *)c;
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	char label[DELUGE_LABEL];

	if (!label_of(d, category, label, err) || !enter(d, err) ||
	    (*label && !need_plugin(d, err)) ||
	    !ask_for(d, "core.get_torrents_status", list_params(label), CLIENT_LIST_MAX_BYTES, &a,
		     err))
		return false;
	return client_named(d, deluge_read_torrents(a.result, clock_now(), all, err), err);
}

/* A client_ask_space. */
static bool space_at(struct client *c, const char *folder, struct client_space *space,
		     bool *missing, struct err *err)
{
	OWN_DELUGE_ANSWER struct deluge_answer a = {0};
	json_t *params = folder ? json_pack("[s]", folder) : json_array();
	uint64_t bytes = 0;

	if (!ask((struct client_common *)c, "core.get_free_space", params, &a, err))
		return false;
	*missing = !deluge_read_space(a.result, &bytes);
	*space = (struct client_space){.free = bytes};
	return true;
}

static bool deluge_space(struct client *c, const struct placement *p, struct client_space *space,
			 struct err *err)
{
	struct client_common *d = (struct client_common *)c;

	return client_check_texts(d, p, err) && enter(d, err) &&
	       client_space_above(d, p->save_path, space_at, space, err);
}

/* -- its life -- */

static const struct client_ops deluge_ops = {
	.ready = deluge_ready,
	.deliver = deluge_deliver,
	.list = deluge_list,
	.space = deluge_space,
	.close = client_common_close,
};

struct client *client_deluge_open(const struct client_options *o, struct err *err)
{
	return client_open_over_web(sizeof(struct client_common), &deluge_ops, &about, o->url, o,
				    err);
}
