/* Torrent clients; declared in cmd/import_parts.h. */
#include "cmd/import_parts.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <string.h>

#define DELUGE_WEB_PORT 8112 /* deluge-web's own, if nothing else is set */

/* ---- where a client stands, and who needs it ---- */

/* A name that stands in two of them means the one in the later section to ptparchiver-go. */
static const char *const sections[] = {"qbittorrent", "rtorrent", "deluge"};

#define N_SECTIONS (sizeof sections / sizeof *sections)

const char *import_client_section(const struct yml *root, const char *client)
{
	for (size_t i = N_SECTIONS; i-- > 0;)
		if (yml_get(yml_get(root, sections[i]), client))
			return sections[i];
	return NULL;
}

static bool is_text(const struct yml *y)
{
	return y && y->kind == YML_SCALAR && *y->text;
}

/* Does a container go to it?  Beside a watchDir a client has no effect. */
static bool is_used(const struct yml *root, const char *client)
{
	const struct yml *all = yml_get(root, "containers");

	for (size_t i = 0; all && i < all->n; i++) {
		const struct yml *name = yml_get(&all->items[i], "client");
		if (is_text(name) && strcmp(name->text, client) == 0 &&
		    !is_text(yml_get(&all->items[i], "watchDir")))
			return true;
	}
	return false;
}

struct import_client *import_find_client(const struct import *m, const char *name)
{
	for (size_t i = 0; name && i < m->n_clients; i++)
		if (strcmp(m->clients[i].name, name) == 0)
			return &m->clients[i];
	return NULL;
}

/* ---- passwords ---- */

static void hide(struct import *m, const struct yml *y)
{
	if (!is_text(y) || strlen(y->text) < IMPORT_HIDDEN_MIN_BYTES)
		return;
	m->passwords = mem_grow(m->passwords, m->n_passwords + 1, sizeof *m->passwords);
	m->passwords[m->n_passwords] = (struct secret){0};
	secret_set(&m->passwords[m->n_passwords++], y->text);
}

void import_read_passwords(struct import *m, const struct yml *root)
{
	for (size_t i = 0; i < N_SECTIONS; i++) {
		const struct yml *all = yml_get(root, sections[i]);
		for (size_t k = 0; all && k < all->n; k++) {
			hide(m, yml_get(&all->items[k], "password"));
			hide(m, yml_get(&all->items[k], "basicPass"));
		}
	}
}

/* ---- one client ---- */

/* What is read of it, and the lines' way to name it. */
struct reading {
	struct import *m;
	const char *section;
	const struct yml *y;
	char *name; /* owned, as lines show it */
	json_t *own;
	bool good;
};

#define TELL(r, list, y, fmt, ...) \
	SAY((r)->m, list, y, "%s: %s: " fmt, (r)->section, (r)->name, __VA_ARGS__)

static void put(struct reading *r, const struct yml *y, const char *key, const char *as,
		const char *value)
{
	const char *fault = config_client_fault(as, value);

	if (fault)
		TELL(r, wrong, y, "%s %s", key, fault);
	else
		json_object_set_new(r->own, as, json_string(value));
	r->good &= !fault;
}

static void take(struct reading *r, const char *key, const char *as)
{
	const struct yml *y = yml_get(r->y, key);
	const char *text = import_text(r->m, y);

	if (text)
		put(r, y, key, as, text);
}

static void take_basic(struct reading *r)
{
	take(r, "basicUser", "ProxyUsername");
	take(r, "basicPass", "ProxyPassword");
}

static const char *url_fault(const struct reading *r, const char *url)
{
	if (strchr(url, '@'))
		return "holds a user name or password; write them as basicUser and basicPass";
	if (text_starts(url, "scgi:") && !client_type_find(r->section)->takes_scgi)
		return "begins with scgi:, by which only rTorrent can be reached";
	return NULL;
}

static void take_url(struct reading *r)
{
	const struct yml *y = yml_get(r->y, "url");
	const char *url = import_text(r->m, y);
	const char *fault = url ? url_fault(r, url) : NULL;

	r->good &= url && !fault;
	if (!url)
		TELL(r, wrong, r->y, "it has no %s", "url");
	else if (fault)
		TELL(r, wrong, y, "url %s", fault);
	else if (text_starts(url, "scgi:///"))
		put(r, y, "url", "Socket", url + strlen("scgi://"));
	else
		put(r, y, "url", "URL", url);
}

static void read_qbittorrent(struct reading *r)
{
	take_url(r);
	take(r, "username", "Username");
	take(r, "password", "Password");
	take_basic(r);
}

static void read_rtorrent(struct reading *r)
{
	const char *url = import_text(r->m, yml_get(r->y, "url"));

	take_url(r);
	if (!url || !text_starts(url, "scgi:"))
		take_basic(r);
	else if (is_text(yml_get(r->y, "basicUser")))
		TELL(r, notes, yml_get(r->y, "basicUser"), "%s",
		     "basicUser: over SCGI nobody is asked for a user and password, so they are "
		     "left out");
}

/* "host" as it stands in a URL, the caller's: the daemon's, in the oldest files under "url". */
static char *host_of(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."
				  "-_");
	size_t hex = strspn(text, "0123456789abcdefABCDEF:.");

	if (len && !text[len])
		return mem_dup(text);
	return !text[hex] && strchr(text, ':') ? mem_printf("[%s]", text) : NULL;
}

/* Deluge's password here is deluge-web's: what the file has is the daemon's, and not for it. */
static void read_deluge(struct reading *r)
{
	const struct yml *y = yml_get(r->y, "host");
	const struct yml *from = is_text(y) ? y : yml_get(r->y, "url");
	const char *text = import_text(r->m, from);
	OWN_STR char *host = text ? host_of(text) : NULL;

	r->good = host != NULL;
	if (!text)
		TELL(r, wrong, r->y, "it has no %s", "host");
	else if (!host)
		TELL(r, wrong, from, "%s is not the name or address of a host", from->key);
	if (!host)
		return;
	OWN_STR char *url = mem_printf("http://%s:%d/", host, DELUGE_WEB_PORT);
	put(r, from, from->key, "URL", url);
}

static const struct kind {
	const char *section;
	void (*read)(struct reading *r);
	const char *const keys[9];
} kinds[N_SECTIONS] = {
	{"qbittorrent",
	 read_qbittorrent,
	 {"url", "username", "password", "basicUser", "basicPass", "tlsSkipVerify", NULL}},
	{"rtorrent", read_rtorrent, {"url", "basicUser", "basicPass", "tlsSkipVerify", NULL}},
	{"deluge",
	 read_deluge,
	 {"host", "port", "url", "username", "password", "basicUser", "basicPass", "tlsSkipVerify",
	  NULL}},
};

static void check_tls(struct reading *r)
{
	const struct yml *y = yml_get(r->y, "tlsSkipVerify");

	if (import_truth(r->m, y))
		TELL(r, left, y, "%s",
		     "tlsSkipVerify: certificates are always checked here; name a PEM file with "
		     "the CA's certificate as this client's CAFile in config.ptp");
}

static void keep_client(struct reading *r)
{
	struct import *m = r->m;

	json_object_set_new(r->own, "Type", json_string(r->section));
	m->clients = mem_grow(m->clients, m->n_clients + 1, sizeof *m->clients);
	m->clients[m->n_clients++] = (struct import_client){.name = mem_dup(r->y->key),
							    .type = r->section,
							    .own = json_incref(r->own),
							    .line = r->y->line};
}

static void read_used(struct reading *r, const struct kind *kind)
{
	const char *fault = config_text_fault(r->y->key);

	if (fault || r->y->kind != YML_MAPPING) {
		TELL(r, wrong, r->y, "%s",
		     fault ? fault : "is not a mapping that says how to reach the client");
		return;
	}
	import_check_keys(r->m, r->y, kind->keys);
	r->own = json_object();
	r->good = true;
	kind->read(r);
	check_tls(r);
	if (r->good)
		keep_client(r);
	json_decref(r->own);
}

static void read_client(struct import *m, const struct yml *root, const struct kind *kind,
			const struct yml *y)
{
	OWN_STR char *name = import_shown(m, y->key);
	struct reading r = {.m = m, .section = kind->section, .y = y, .name = name};
	const char *section = import_client_section(root, y->key);

	if (!is_used(root, y->key))
		TELL(&r, notes, y, "%s", "no container needs it, so it is left out");
	else if (strcmp(section, kind->section) != 0)
		TELL(&r, notes, y, "the one of this name in %s counts, as for ptparchiver-go",
		     section);
	else if (m->watch)
		TELL(&r, notes, y, "%s",
		     "it is left out, since --watch has its containers go to a folder");
	else
		read_used(&r, kind);
}

void import_read_clients(struct import *m, const struct yml *root)
{
	for (size_t i = 0; i < N_SECTIONS; i++) {
		const struct yml *all = yml_get(root, kinds[i].section);
		bool maps = all && all->kind == YML_MAPPING;
		if (all && !maps && all->kind != YML_NULL)
			SAY(m, wrong, all, "%s is not a mapping of names to clients", all->key);
		for (size_t k = 0; maps && k < all->n; k++)
			read_client(m, root, &kinds[i], &all->items[k]);
	}
}

/* ---- what a container says of its client ---- */

static bool read_category(struct import *m, const struct client_type *type, const struct yml *y,
			  const char *name, struct import_container *c)
{
	const char *text = import_text(m, y);
	const char *fault = text ? config_text_fault(text) : NULL;

	if (text && !fault)
		fault = client_type_category_fault(type, text);
	if (fault)
		SAY(m, wrong, y, "containers: %s: category %s", name, fault);
	else
		c->category = mem_dup(text);
	return !fault;
}

/* Adds "a, b" as ptparchiver-go hands it to qBittorrent: two tags. */
static void add_tags(struct buf *all, const char *text)
{
	OWN_STR char *copy = mem_dup(text);
	char *rest = copy;

	for (char *tag; (tag = strsep(&rest, ","));) {
		tag = text_strip(tag);
		if (*tag)
			buf_printf(all, "%s%s", all->len ? "," : "", tag);
	}
}

static bool read_tags(struct import *m, const struct yml *y, const char *name,
		      struct import_container *c)
{
	OWN_BUF struct buf all = BUF_MAX(CONFIG_CLIENT_TEXT_MAX + 1);
	bool list = y && y->kind == YML_SEQUENCE;

	for (size_t i = 0; list && i < y->n; i++)
		if (y->items[i].kind == YML_SCALAR)
			add_tags(&all, y->items[i].text);
		else
			list = y->items[i].kind == YML_NULL;
	bool none = !y || y->kind == YML_NULL;
	const char *fault = !list && !none ? "is not a list of single values"
			    : all.full     ? "is longer than 1024 bytes"
					   : config_text_fault(buf_text(&all));
	if (fault)
		SAY(m, wrong, y, "containers: %s: tags %s", name, fault);
	else if (all.len)
		c->tags = buf_take(&all);
	return !fault;
}

static void note_stalled(struct import *m, const char *section, const struct yml *y,
			 const char *name)
{
	if (strcmp(section, "deluge") == 0)
		SAY(m, notes, y,
		    "containers: %s: maxStalled: counted in Deluge as well before asking; "
		    "ptparchiver-go left it to the tracker",
		    name);
	if (strcmp(section, "rtorrent") == 0)
		SAY(m, notes, y,
		    "containers: %s: maxStalled: counted in rTorrent are the downloads that get "
		    "nothing; ptparchiver-go counted all that were not complete",
		    name);
}

bool import_read_placement(struct import *m, const char *section, const char *client,
			   const struct yml *y, const char *name, struct import_container *c)
{
	const struct client_type *type = client_type_find(section);
	const struct yml *tags = yml_get(y, "tags");
	bool good = import_find_client(m, client) != NULL;

	c->client = mem_dup(client);
	good &= read_category(m, type, yml_get(y, "category"), name, c);
	if (type->has_tags)
		good &= read_tags(m, tags, name, c);
	else if (tags && tags->n)
		SAY(m, notes, tags,
		    "containers: %s: tags: left out; ptparchiver-go gives them to qBittorrent "
		    "only",
		    name);
	c->paused = import_truth(m, yml_get(y, "startPaused"));
	c->paused |= import_truth(m, yml_get(y, "addPaused"));
	if (c->max_stalled)
		note_stalled(m, section, y, name);
	return good;
}
