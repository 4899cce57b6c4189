/* Clients, and what a container says of its client; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"
#include "base/scgi.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WATCH_TYPE "watch"

/* ---- texts ---- */

static const char *text_fault(const char *value)
{
	if (strlen(value) > CONFIG_CLIENT_TEXT_MAX)
		return "is longer than 1024 bytes";
	if (!text_is_utf8(value, strlen(value)))
		return "is not valid UTF-8";
	for (const char *c = value; *c; c++)
		if (iscntrl((unsigned char)*c))
			return "holds a control character";
	return NULL;
}

static const char *take_text(char **to, const char *value)
{
	const char *fault = text_fault(value);

	if (!fault) {
		free(*to);
		*to = mem_dup(value);
	}
	return fault;
}

/* ---- one of Clients: a row for each key ---- */

static const char *take_url(struct config_client *c, const char *value)
{
	bool scgi = text_starts(value, "scgi://");
	struct scgi_address address;
	struct http_url url;
	struct err err;

	if (strchr(value, '@'))
		return "holds a user name or password; write them as Username and PasswordFile";
	if (scgi && !scgi_address_of_url(value, &address, &err))
		return "is not of the form scgi://host:port; for a unix socket give its path as "
		       "Socket";
	if (!scgi && !http_url_parse(value, &url, &err))
		return "is not a complete URL that begins with https:// or http://";
	return take_text(&c->url, value);
}

static const char *take_socket(struct config_client *c, const char *value)
{
	if (value[0] != '/' || strlen(value) > 107)
		return "is not the absolute path, of at most 107 bytes, of a unix socket";
	return take_text(&c->socket, value);
}

static const char *take_user(struct config_client *c, const char *value)
{
	return take_text(&c->user, value);
}

static const char *take_proxy_user(struct config_client *c, const char *value)
{
	return take_text(&c->proxy_user, value);
}

static const char *take_password(struct config_client *c, const char *value)
{
	secret_set(&c->password, value);
	return NULL;
}

static const char *take_proxy_password(struct config_client *c, const char *value)
{
	secret_set(&c->proxy_password, value);
	return NULL;
}

const char *config_take_secret_file(struct secret *to, const char *path)
{
	OWN_BUF struct buf bytes = BUF_MAX(CONFIG_SECRET_MAX_BYTES);
	struct err err;

	if (!fs_read_text(path, &bytes, &err)) {
		static char why[sizeof err.msg + 40];
		snprintf(why, sizeof why, "names a file that cannot be read: %s", err.msg);
		return why;
	}
	char *text = bytes.data ? text_strip(bytes.data) : NULL;
	if (text && *text)
		secret_set(to, text);
	secret_wipe(bytes.data, bytes.len);
	return secret_is_set(to) ? NULL : "names a file that is empty";
}

static const char *take_password_file(struct config_client *c, const char *value)
{
	return config_take_secret_file(&c->password, value);
}

static const char *take_proxy_password_file(struct config_client *c, const char *value)
{
	return config_take_secret_file(&c->proxy_password, value);
}

static const char *take_client_ca_file(struct config_client *c, const char *value)
{
	return fs_exists(value) ? take_text(&c->ca_file, value)
				: "is not there; name a PEM file with the CA's certificate";
}

static const char *take_client_timeout(struct config_client *c, const char *value)
{
	int64_t ms;

	if (!num_duration(value, CONFIG_TIMEOUT_MAX_MS, &ms))
		return "is not a duration of at most 1h, such as 30s";
	c->timeout_ms = (int)ms;
	return NULL;
}

static const char *take_client_watch(struct config_client *c, const char *value)
{
	return take_text(&c->watch_folder, value);
}

static const struct client_key {
	const char *key;
	/* NULL if the value was taken, else what is wrong with it; it is never quoted. */
	const char *(*take)(struct config_client *c, const char *value);
} client_keys[] = {
	{"Type", NULL},
	{"URL", take_url},
	{"Socket", take_socket},
	{"Username", take_user},
	{"Password", take_password},
	{"PasswordFile", take_password_file},
	{"ProxyUsername", take_proxy_user},
	{"ProxyPassword", take_proxy_password},
	{"ProxyPasswordFile", take_proxy_password_file},
	{"CAFile", take_client_ca_file},
	{"Timeout", take_client_timeout},
	{"WatchDirectory", take_client_watch},
};

#define N_CLIENT_KEYS (sizeof client_keys / sizeof *client_keys)

const char *config_client_key(size_t i)
{
	return i < N_CLIENT_KEYS ? client_keys[i].key : NULL;
}

static void check_client_keys(struct config_load_state *l, const json_t *own, const char *path[])
{
	const char *known[N_CLIENT_KEYS + 1];

	for (size_t i = 0; i < N_CLIENT_KEYS; i++)
		known[i] = client_keys[i].key;
	known[N_CLIENT_KEYS] = NULL;
	config_check_keys(l, own, known, path, 2);
}

static void client_problem(struct config_load_state *l, const char *path[3], size_t depth,
			   const char *fault)
{
	config_file_problem(l, path, depth, "%s%s", *fault == ':' ? "" : " ", fault);
}

static void take_client_key(struct config_load_state *l, struct config_client *c,
			    const struct client_key *k, const json_t *value, const char *path[3])
{
	OWN_STR char *text = config_value_text(value);

	path[2] = k->key;
	if (!text && value && !json_is_null(value))
		client_problem(l, path, 3, "is neither a text nor a number");
	if (!text || !*text || !k->take)
		return;
	const char *fault = k->take(c, text);
	if (fault)
		client_problem(l, path, 3, fault);
	secret_wipe(text, strlen(text));
}

/* What shows only when all keys are known. */
static const char *client_fault(struct config_client *c)
{
	bool scgi = c->url && text_starts(c->url, "scgi://");

	if (!c->type)
		return c->watch_folder ? NULL : ": a client of Type watch needs a WatchDirectory";
	if (scgi && !c->type->takes_scgi)
		return ": only rtorrent can be reached by scgi://";
	if (!c->url && !c->socket)
		return ": it needs a URL";
	if (!c->url && !c->type->takes_scgi)
		c->url = mem_dup("http://localhost/");
	if (c->type->takes_scgi && c->url && !scgi && c->socket)
		return ": give a URL or a Socket, not both";
	return NULL;
}

static bool take_type(struct config_load_state *l, struct config_client *c, const json_t *own,
		      const char *path[3])
{
	const char *name = json_string_value(json_object_get(own, "Type"));

	c->type = name ? client_type_find(name) : NULL;
	if (c->type || (name && strcmp(name, WATCH_TYPE) == 0))
		return true;
	OWN_STR char *fault = mem_printf("is none of %s, " WATCH_TYPE, client_type_names());
	path[2] = "Type";
	client_problem(l, path, name ? 3 : 2, name ? fault : ": it needs a Type");
	return false;
}

static void take_client(struct config_load_state *l, const char *name, const json_t *own)
{
	const char *path[3] = {"Clients", name, NULL};
	struct config_client new = {.name = mem_dup(name), .timeout_ms = CONFIG_CLIENT_TIMEOUT_MS};
	const char *fault = text_fault(name);
	size_t before = l->problems->n;

	if (fault || !*name)
		client_problem(l, path, 2, fault ? fault : "has no name");
	else if (!json_is_object(own))
		client_problem(l, path, 2, "is not an object");
	else if (take_type(l, &new, own, path)) {
		check_client_keys(l, own, path);
		for (size_t i = 0; i < N_CLIENT_KEYS; i++)
			take_client_key(l, &new, &client_keys[i],
					json_object_get(own, client_keys[i].key), path);
		/* What was not taken is not missing. */
		fault = l->problems->n == before ? client_fault(&new) : NULL;
		if (fault)
			client_problem(l, path, 2, fault);
	}
	new.faulty = l->problems->n > before;
	/* With what is wrong, too: its containers are not to be told that it is not there. */
	l->c->clients = mem_grow(l->c->clients, l->c->n_clients + 1, sizeof *l->c->clients);
	l->c->clients[l->c->n_clients++] = new;
}

void config_take_clients(struct config_load_state *l)
{
	const json_t *all = json_object_get(l->c->file, "Clients");
	const char *path[3] = {"Clients", NULL, NULL}, *name;
	json_t *own;

	if (all && !json_is_null(all) && !json_is_object(all))
		client_problem(l, path, 1, "is not an object");
	if (json_object_size(all) > CONFIG_CLIENTS_MAX) {
		client_problem(l, path, 1, "names more than 1000 clients");
		return;
	}
	json_object_foreach ((json_t *)all, name, own)
		take_client(l, name, own);
}

void config_client_clear(struct config_client *c)
{
	free(c->name);
	free(c->watch_folder);
	free(c->url);
	free(c->socket);
	free(c->user);
	free(c->proxy_user);
	free(c->ca_file);
	secret_clear(&c->password);
	secret_clear(&c->proxy_password);
	*c = (struct config_client){0};
}

/* The one of this name that has an interface and can be used. */
static const struct config_client *find_good(const struct config *c, const char *name)
{
	const struct config_client *client = config_client_find(c, name);

	return client && client->type && !client->faulty ? client : NULL;
}

const struct config_client *config_client_find(const struct config *c, const char *name)
{
	for (size_t i = 0; name && i < c->n_clients; i++)
		if (strcmp(c->clients[i].name, name) == 0)
			return &c->clients[i];
	return NULL;
}

/* ---- what a container says of it: a row for each key ---- */

static const char *take_client_name(const struct config *c, struct container *o, const char *value)
{
	const struct config_client *client = config_client_find(c, value);

	if (!client) {
		/* So that it is not taken for one with a watch folder. */
		const char *fault = take_text(&o->client, value);
		return fault ? fault : "is no client that Clients names";
	}
	if (client->type || client->faulty)
		return take_text(&o->client, value);
	free(o->client);
	o->client = NULL;
	free(o->watch_folder);
	o->watch_folder =
		container_folder(client->watch_folder ? client->watch_folder : "", o->name);
	return NULL;
}

static const char *take_audit_client(const struct config *c, struct container *o, const char *value)
{
	const struct config_client *client = config_client_find(c, value);

	if (!client || (!client->type && !client->faulty))
		return "is no client with an interface that Clients names";
	return take_text(&o->audit_client, value);
}

/* A name that the client would refuse for each torrent is refused before any is asked for. */
static const char *take_category(const struct config *c, struct container *o, const char *value)
{
	const struct config_client *client = find_good(c, o->client);
	const char *fault = client ? client_type_category_fault(client->type, value) : NULL;

	return fault ? fault : take_text(&o->placement.category, value);
}

/* "a, b" becomes "a,b". */
static const char *take_tags(const struct config *c, struct container *o, const char *value)
{
	const char *fault = take_text(&o->placement.tags, value);
	char *to = o->placement.tags, *rest = to;

	(void)c;
	for (char *tag; !fault && (tag = strsep(&rest, ","));) {
		tag = text_strip(tag);
		if (!*tag)
			return "holds an empty tag";
		if (to != o->placement.tags)
			*to++ = ',';
		size_t len = strlen(tag);
		memmove(to, tag, len);
		to += len;
	}
	if (!fault)
		*to = '\0';
	return fault;
}

static const char *take_save_path(const struct config *c, struct container *o, const char *value)
{
	bool windows = isalpha((unsigned char)value[0]) && value[1] == ':';

	(void)c;
	if (value[0] != '/' && value[0] != '\\' && !windows)
		return "is not an absolute path on the client's machine";
	return take_text(&o->placement.save_path, value);
}

static const char *take_paused(const struct config *c, struct container *o, const char *value)
{
	(void)c;
	return config_take_bool(&o->placement.paused, value);
}

static const char *take_count(uint32_t *to, const char *value)
{
	uint64_t n;

	if (!num_u64(value, CONTAINER_STALLED_MAX, &n))
		return "is not a whole number from 0 to 1000000";
	*to = (uint32_t)n;
	return NULL;
}

static const char *take_max_active(const struct config *c, struct container *o, const char *value)
{
	(void)c;
	return take_count(&o->max_active, value);
}

static const char *take_max_pending(const struct config *c, struct container *o, const char *value)
{
	(void)c;
	return take_count(&o->max_pending, value);
}

static const char *take_reserve(const struct config *c, struct container *o, const char *value)
{
	size_t len = strlen(value);
	struct reserve r = {0};
	uint64_t percent;

	(void)c;
	if (len > 1 && value[len - 1] == '%') {
		OWN_STR char *digits = mem_dupn(value, len - 1);
		if (!num_u64(digits, 99, &percent) || !percent)
			return "is not a percentage from 1% to 99%";
		r.percent = (unsigned)percent;
	} else if (strcmp(value, "0") != 0 && !num_size(value, &r.bytes)) {
		return "is neither a size, such as 50G, nor a percentage, such as 5%";
	}
	o->reserve = r;
	return NULL;
}

static const char *take_data_folder(const struct config *c, struct container *o, const char *value)
{
	(void)c;
	free(o->data_folder);
	o->data_folder = container_folder(value, o->name);
	return NULL;
}

static const char *take_pick_up(const struct config *c, struct container *o, const char *value)
{
	bool on = true;

	(void)c;
	if (!config_take_bool(&on, value) && !on)
		o->pick_up_ms = 0;
	else if (!num_duration(value, CONFIG_INTERVAL_MAX_MS, &o->pick_up_ms))
		return "is neither off nor a duration of at most 30 days, such as 1h";
	return NULL;
}

static const struct placement_key {
	const char *key, *variable;
	const char *(*take)(const struct config *c, struct container *o, const char *value);
} placement_keys[] = {
	{"Client", "PTP_CLIENT", take_client_name},
	{"AuditClient", "PTP_AUDIT_CLIENT", take_audit_client},
	{"Category", "PTP_CATEGORY", take_category},
	{"Tags", "PTP_TAGS", take_tags},
	{"SavePath", "PTP_SAVE_PATH", take_save_path},
	{"Paused", "PTP_PAUSED", take_paused},
	{"MaxActive", "PTP_MAX_ACTIVE", take_max_active},
	{"MaxPending", "PTP_MAX_PENDING", take_max_pending},
	{"Reserve", "PTP_RESERVE", take_reserve},
	{"DataDirectory", "PTP_DATA", take_data_folder},
	{"PickUpWithin", "PTP_PICK_UP_WITHIN", take_pick_up},
};

#define N_PLACEMENT_KEYS (sizeof placement_keys / sizeof *placement_keys)

const char *config_placement_key(size_t i, const char **variable)
{
	if (i >= N_PLACEMENT_KEYS)
		return NULL;
	if (variable)
		*variable = placement_keys[i].variable;
	return placement_keys[i].key;
}

const char *config_take_placement(const struct config *c, struct container *container, size_t i,
				  const char *value)
{
	return placement_keys[i].take(c, container, value);
}

const char *config_placement_fault(const struct config *c, const struct container *o)
{
	const struct config_client *client = find_good(c, o->client);

	if (o->client && !client)
		return NULL;
	if (o->placement.tags && client && !client->type->has_tags)
		return "Tags: this client knows one label a torrent only; use Category";
	if (o->reserve.percent && !o->data_folder && client && !client->type->tells_total)
		return "Reserve: this client does not tell how large its disk is; write a size, "
		       "such as 50G, or set DataDirectory";
	if ((o->reserve.percent || o->reserve.bytes) && !o->data_folder && !client)
		return "Reserve: set DataDirectory as well, the folder where the client stores its "
		       "data";
	return NULL;
}
