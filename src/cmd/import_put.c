/* Putting into config.ptp what was read; declared in cmd/import_parts.h. */
#include "cmd/import_parts.h"
#include "base/mem.h"
#include "base/own.h"

#include <inttypes.h>
#include <string.h>

/* Takes `value`.  `text` is what to show of it. */
static void put(struct import *m, json_t *root, const char *key, json_t *value, const char *text,
		bool force)
{
	const json_t *there = json_object_get(root, key);
	bool same = json_equal(there, value);

	if (there && !json_is_null(there) && !same && !force) {
		problems_add(&m->left,
			     "%s: config.ptp has another one already; --force takes that of %s",
			     key, m->file);
		json_decref(value);
		return;
	}
	json_object_set_new(root, key, value);
	problems_add(&m->done, "%s: %s%s", key, text, same ? " (as it was)" : "");
}

static bool is_another(const json_t *root, const char *key, const struct secret *new)
{
	const char *there = json_string_value(json_object_get(root, key));

	return there && secret_is_set(new) && strcmp(there, secret_reveal(new)) != 0;
}

/* Both or none: the user of one account with the key of another is nobody. */
static void put_credentials(struct import *m, json_t *root, bool force)
{
	if (!force &&
	    (is_another(root, "ApiUser", &m->user) || is_another(root, "ApiKey", &m->key))) {
		problems_add(&m->left,
			     "ApiUser and ApiKey: config.ptp has others already; --force takes "
			     "those of %s",
			     m->file);
		return;
	}
	if (secret_is_set(&m->user))
		put(m, root, "ApiUser", json_string(secret_reveal(&m->user)), "(not shown)", force);
	if (secret_is_set(&m->key))
		put(m, root, "ApiKey", json_string(secret_reveal(&m->key)), "(not shown)", force);
}

static void put_settings(struct import *m, json_t *root, bool force)
{
	const char *url = m->base_url;
	OWN_STR char *url_shown =
		url && !strchr(url, '@') ? import_shown(m, url) : mem_dup("(not shown)");

	put_credentials(m, root, force);
	if (url)
		put(m, root, "BaseURL", json_string(url), url_shown, force);
	if (m->fetch_sleep)
		put(m, root, "FetchSleep", json_integer(atoll(m->fetch_sleep)), m->fetch_sleep,
		    force);
	if (m->interval)
		put(m, root, "Interval", json_string(m->interval), m->interval, force);
}

/* ---- clients ---- */

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_deluge(const json_t *own)
{
	return strcmp(text_at(own, "Type"), "deluge") == 0;
}

/* What the file cannot say, such as a CAFile, stays. */
static json_t *client_json(const struct import_client *c, const json_t *old)
{
	static const char *const told[] = {"Type",          "URL",           "Socket",
					   "Username",      "Password",      "PasswordFile",
					   "ProxyUsername", "ProxyPassword", "ProxyPasswordFile",
					   "WatchDirectory"};
	json_t *own = json_is_object(old) ? json_copy((json_t *)old) : json_object();

	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		json_object_del(own, told[i]);
	json_object_update(own, c->own);
	return own;
}

/* Where it is, as a line may show it: a URL's path may be a secret.  The caller's. */
static char *client_place(const struct import *m, const json_t *own)
{
	const char *url = text_at(own, "URL");
	const char *host = strstr(url, "://");

	if (!host)
		return import_shown(m, text_at(own, "Socket"));
	size_t len = (size_t)(host + 3 - url) + strcspn(host + 3, "/?#");
	OWN_STR char *origin = mem_dupn(url, len);
	return import_shown(m, origin);
}

static void say_client(struct import *m, const struct import_client *c, const json_t *own,
		       bool same)
{
	OWN_STR char *name = import_shown(m, c->name);
	OWN_STR char *place = client_place(m, own);
	bool secret = *text_at(own, "Password") || *text_at(own, "ProxyPassword");

	problems_add(&m->done, "client %s: %s %s %s%s%s", name, c->type,
		     is_deluge(own) ? "through deluge-web, looked for at" : "at", place,
		     secret ? ", with its password (not shown)" : "", same ? " (as it was)" : "");
}

/* deluge-web's address and password are not in the file. */
static void say_deluge(struct import *m, const struct import_client *c, const json_t *own)
{
	OWN_STR char *name = import_shown(m, c->name);
	OWN_STR char *place = client_place(m, own);

	if (*text_at(own, "Password") || *text_at(own, "PasswordFile"))
		return;
	problems_add(&m->left,
		     "%s:%u: deluge: %s: the daemon's port, user and password; here Deluge is "
		     "reached through deluge-web, which must run: set its password as Password or "
		     "PasswordFile of this client in config.ptp, and correct URL if it is not at "
		     "%s",
		     m->file, c->line, name, place);
}

static void keep_old(struct import *m, struct import_client *c, const json_t *old)
{
	OWN_STR char *name = import_shown(m, c->name);

	c->unusable = strcmp(text_at(old, "Type"), c->type) != 0;
	problems_add(&m->left,
		     "%s:%u: %s: %s: config.ptp has a client of this name already; --force gives "
		     "it the address and credentials of this file",
		     m->file, c->line, c->type, name);
}

static void put_client(struct import *m, json_t *all, struct import_client *c, bool force)
{
	json_t *old = json_object_get(all, c->name);
	/* A person has completed it: the file knows less. */
	bool completed = is_deluge(c->own) && is_deluge(old);
	json_t *new = completed ? json_incref(old) : client_json(c, old);
	bool same = json_equal(old, new);

	if (old && !same && !force) {
		keep_old(m, c, old);
	} else {
		json_object_set(all, c->name, new);
		say_client(m, c, new, same);
		if (is_deluge(new))
			say_deluge(m, c, new);
	}
	json_decref(new);
}

static bool put_clients(struct import *m, json_t *root, bool force, struct err *err)
{
	json_t *all = m->n_clients ? config_object(root, "Clients") : NULL;

	if (m->n_clients && !all)
		return err_set(err, ERR_FATAL, WORD_CONFIG,
			       "Clients in config.ptp is not an object");
	for (size_t i = 0; i < m->n_clients; i++)
		put_client(m, all, &m->clients[i], force);
	return true;
}

/* ---- containers ---- */

/* Takes `value`.  Where the file says nothing, neither does what a new container would get. */
static void set_or_blank(json_t *own, const json_t *defaults, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(own, key, value);
	else if (json_object_get(defaults, key))
		json_object_set_new(own, key, json_string(""));
	else
		json_object_del(own, key);
}

static json_t *text_or_none(const char *text)
{
	return text ? json_string(text) : NULL;
}

static json_t *container_json(const struct import_container *c, const json_t *root,
			      const json_t *old)
{
	json_t *defaults = config_container_defaults(root);
	json_t *own = json_copy(json_is_object(old) ? (json_t *)old : defaults);

	json_object_set_new(own, "Size", json_string(c->size));
	json_object_set_new(own, "MaxStalled", json_integer(c->max_stalled));
	if (c->watch)
		json_object_set_new(own, "WatchDirectory", json_string(c->watch));
	set_or_blank(own, defaults, "Client", text_or_none(c->client));
	set_or_blank(own, defaults, "Category", text_or_none(c->category));
	set_or_blank(own, defaults, "Tags", text_or_none(c->tags));
	set_or_blank(own, defaults, "Paused", c->paused ? json_true() : NULL);
	json_decref(defaults);
	return own;
}

/* Into what it goes, and how, for people; the caller's. */
static char *container_place_text(const struct import *m, const struct import_container *c)
{
	OWN_STR char *to = import_shown(m, c->watch ? c->watch : c->client);
	OWN_STR char *category = import_shown(m, c->category ? c->category : "");
	OWN_STR char *tags = import_shown(m, c->tags ? c->tags : "");

	return mem_printf("%s%s%s%s%s%s%s", c->watch ? "into " : "to the client ", to,
			  c->category ? ", category " : "", category, c->tags ? ", tags " : "",
			  tags, c->paused ? ", paused" : "");
}

static void put_container(struct import *m, json_t *root, json_t *all,
			  const struct import_container *c, bool force)
{
	json_t *old = json_object_get(all, c->name);
	json_t *new = container_json(c, root, old);
	OWN_STR char *name = import_shown(m, c->name);
	OWN_STR char *place = container_place_text(m, c);
	bool same = json_equal(old, new);

	if (old && !same && !force) {
		problems_add(&m->left,
			     "%s:%u: containers: %s: config.ptp has one of this name already; "
			     "--force gives it the size, the limit and the place of this file",
			     m->file, c->line, name);
		json_decref(new);
		return;
	}
	json_object_set_new(all, c->name, new);
	problems_add(&m->done, "container %s: %s, %s, MaxStalled %" PRIu32 "%s", name, c->size,
		     place, c->max_stalled, same ? " (as it was)" : "");
}

static void put_containers(struct import *m, json_t *root, json_t *all, bool force)
{
	for (size_t i = 0; i < m->n_containers; i++) {
		const struct import_container *c = &m->containers[i];
		const struct import_client *client = import_find_client(m, c->client);
		if (!client || !client->unusable) {
			put_container(m, root, all, c, force);
			continue;
		}
		OWN_STR char *name = import_shown(m, c->name);
		problems_add(&m->left,
			     "%s:%u: containers: %s: its client is of another Type in config.ptp; "
			     "rename the client in this file, or use --force",
			     m->file, c->line, name);
	}
}

/* ---- all of it ---- */

static bool is_set(const json_t *root, const char *key, const char *variable, const char *file)
{
	const char *text = json_string_value(json_object_get(root, key));

	return (text && *text) || getenv(variable) || getenv(file);
}

static void check_credentials(struct import *m, const json_t *root)
{
	if (!secret_is_set(&m->user) && !is_set(root, "ApiUser", "PTP_USER", "PTP_USER_FILE"))
		problems_add(&m->left, "%s: there is no apiUser in it; run `ptp-archiver setup`",
			     m->file);
	if (!secret_is_set(&m->key) && !is_set(root, "ApiKey", "PTP_KEY", "PTP_KEY_FILE"))
		problems_add(&m->left, "%s: there is no apiKey in it; run `ptp-archiver setup`",
			     m->file);
}

bool import_apply(struct import *m, json_t *root, bool force, struct err *err)
{
	json_t *all = config_object(root, "Containers");

	if (!all)
		return err_set(err, ERR_FATAL, WORD_CONFIG,
			       "Containers in config.ptp is not an object");
	put_settings(m, root, force);
	if (!put_clients(m, root, force, err))
		return false;
	put_containers(m, root, all, force);
	check_credentials(m, root);
	return true;
}
