#include "cmd/import.h"

#include "cmd/import_parts.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES 120
#define SUGGEST_DISTANCE 2
#define POLITE_SLEEP_S 10
#define MINUTE_MS (60 * 1000)

char *import_shown(const struct import *m, const char *text)
{
	size_t n = m->n_passwords;
	const struct secret **known = mem_grow(NULL, n + 2, sizeof *known);

	known[0] = &m->user;
	known[1] = &m->key;
	for (size_t i = 0; i < n; i++)
		known[i + 2] = &m->passwords[i];
	char *shown = secret_mask(text, strlen(text), SHOWN_BYTES, known, n + 2);
	free(known);
	return shown;
}

/* ---- scalars ---- */

const char *import_text(struct import *m, const struct yml *y)
{
	if (!y || y->kind == YML_NULL)
		return NULL;
	if (y->kind == YML_SCALAR)
		return *y->text ? y->text : NULL;
	OWN_STR char *key = import_shown(m, y->key);
	SAY(m, wrong, y, "%s is not a single value", key);
	return NULL;
}

/* A whole number; `otherwise` for nothing. */
static int64_t number_of(struct import *m, const struct yml *y, int64_t otherwise)
{
	const char *text = import_text(m, y);
	bool negative = text && *text == '-';
	uint64_t n;

	if (!text)
		return otherwise;
	if (num_u64(text + negative, INT32_MAX, &n))
		return negative ? -(int64_t)n : (int64_t)n;
	SAY(m, wrong, y, "%s is not a whole number", y->key);
	return otherwise;
}

static bool is_one_of(const char *text, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

bool import_truth(struct import *m, const struct yml *y)
{
	static const char *const yes[] = {"true", "yes", "on", "y", NULL};
	static const char *const no[] = {"false", "no", "off", "n", NULL};
	const char *text = import_text(m, y);

	if (text && !is_one_of(text, yes) && !is_one_of(text, no))
		SAY(m, wrong, y, "%s is neither true nor false", y->key);
	return text && is_one_of(text, yes);
}

/* ---- keys that ptparchiver-go does not have ---- */

static const char *const top_keys[] = {"apiKey",     "apiUser",     "baseUrl",  "fetchSleep",
				       "interval",   "qbittorrent", "rtorrent", "deluge",
				       "containers", NULL};
static const char *const container_keys[] = {"size",        "maxStalled", "category",
					     "tags",        "client",     "watchDir",
					     "startPaused", "addPaused",  NULL};

static const char *nearest(const char *key, const char *const known[])
{
	unsigned best = SUGGEST_DISTANCE + 1;
	const char *found = NULL;

	for (size_t i = 0; known[i]; i++) {
		unsigned distance = text_distance(key, known[i]);
		if (distance < best) {
			best = distance;
			found = known[i];
		}
	}
	return found;
}

static bool is_known(const char *key, const char *const known[])
{
	for (size_t i = 0; known[i]; i++)
		if (strcmp(key, known[i]) == 0)
			return true;
	return false;
}

void import_check_keys(struct import *m, const struct yml *y, const char *const known[])
{
	for (size_t i = 0; i < y->n; i++) {
		const struct yml *item = &y->items[i];
		if (is_known(item->key, known))
			continue;
		OWN_STR char *key = import_shown(m, item->key);
		const char *near = nearest(item->key, known);
		SAY(m, left, item, "\"%s\" is no setting of ptparchiver-go%s%s%s", key,
		    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	}
}

/* ---- the account and the times ---- */

static void read_credential(struct import *m, const struct yml *y, const char *key,
			    struct secret *to)
{
	const char *text = import_text(m, y);
	const char *fault = text ? config_fault(key, text) : NULL;

	if (fault)
		SAY(m, wrong, y, "%s %s", y->key, fault);
	else if (text)
		secret_set(to, text);
}

static void read_base_url(struct import *m, const struct yml *y)
{
	const char *text = import_text(m, y);
	const char *fault = text ? config_fault("BaseURL", text) : NULL;

	if (fault)
		SAY(m, wrong, y, "baseUrl %s", fault);
	else if (text)
		m->base_url = mem_dup(text);
}

static void read_fetch_sleep(struct import *m, const struct yml *y)
{
	int64_t seconds = number_of(m, y, -1);

	if (!import_text(m, y) || y->kind != YML_SCALAR)
		return;
	if (seconds < 0 || seconds > CONFIG_FETCH_SLEEP_MAX_S) {
		SAY(m, left, y, "fetchSleep is not from 0 to %d seconds; here it stays at 5",
		    CONFIG_FETCH_SLEEP_MAX_S);
		return;
	}
	m->fetch_sleep = mem_printf("%" PRId64, seconds);
	if (seconds < POLITE_SLEEP_S)
		SAY(m, notes, y,
		    "fetchSleep: less than %d seconds counts as %d here, which is what the "
		    "tracker's staff ask for",
		    POLITE_SLEEP_S, POLITE_SLEEP_S);
}

static void read_interval(struct import *m, const struct yml *y)
{
	/* Nothing, 0 and less are 6 hours there, which is the default here. */
	int64_t ms = number_of(m, y, 0) * MINUTE_MS;
	char text[NUM_TEXT];

	if (ms <= 0)
		return;
	if (ms < CONFIG_INTERVAL_MIN_MS || ms > CONFIG_INTERVAL_MAX_MS) {
		SAY(m, left, y,
		    "interval is %s; set Interval in config.ptp to something from 10m to "
		    "30d (6h is usual)",
		    ms < CONFIG_INTERVAL_MIN_MS ? "shorter than 10 minutes"
						: "longer than 30 days");
		return;
	}
	num_duration_format(ms, text);
	m->interval = mem_dup(text);
}

/* ---- containers ---- */

static bool read_size(struct import *m, const struct yml *y, const char *name,
		      struct import_container *c)
{
	const struct yml *size = yml_get(y, "size");
	const char *text = import_text(m, size);

	if (!text) {
		SAY(m, wrong, y, "containers: %s: no size; write one such as 500G or 1.5T", name);
		return false;
	}
	OWN_STR char *quoted = import_shown(m, text);
	if (num_size(text, NULL)) {
		c->size = mem_dup(text);
		return true;
	}
	SAY(m, wrong, size,
	    "containers: %s: \"%s\" is not a size: a number above 0 and one of B K M G T P, such "
	    "as "
	    "500G or 1.5T",
	    name, quoted);
	return false;
}

static bool read_stalled(struct import *m, const struct yml *y, const char *name,
			 struct import_container *c)
{
	const struct yml *stalled = yml_get(y, "maxStalled");
	int64_t n = number_of(m, stalled, 0);

	if (n < 0 || n > CONTAINER_STALLED_MAX) {
		SAY(m, wrong, stalled, "containers: %s: maxStalled is not from 0 to %d", name,
		    CONTAINER_STALLED_MAX);
		return false;
	}
	c->max_stalled = (uint32_t)n;
	return true;
}

/* What ptparchiver-go tells a client about each torrent, and the watch folder of --watch cannot. */
static void leave_client_settings(struct import *m, const struct yml *y, const char *name)
{
	const struct yml *category = yml_get(y, "category"), *tags = yml_get(y, "tags");
	const char *const paused[] = {"startPaused", "addPaused"};

	if (import_text(m, category))
		SAY(m, left, category,
		    "containers: %s: category; set it in the client, for the folder that it "
		    "watches",
		    name);
	if (tags && tags->n)
		SAY(m, left, tags,
		    "containers: %s: tags; set them in the client, for the folder that it watches",
		    name);
	for (size_t i = 0; i < 2; i++)
		if (import_truth(m, yml_get(y, paused[i])))
			SAY(m, left, yml_get(y, paused[i]),
			    "containers: %s: %s; have the client add paused what it finds in the "
			    "folder that it watches",
			    name, paused[i]);
}

static const char *folder_fault(const char *folder)
{
	if (strstr(folder, "$name"))
		return "holds $name, which would be replaced here";
	if (strlen(folder) > IMPORT_FOLDER_MAX_BYTES)
		return "has more than 1024 bytes";
	return text_is_utf8(folder, strlen(folder)) ? NULL : "is not valid UTF-8";
}

static bool read_watch(struct import *m, const struct yml *y, const char *name,
		       struct import_container *c)
{
	const struct yml *own = yml_get(y, "watchDir");
	const char *text = import_text(m, own);

	c->watch = text ? mem_dup(text) : container_folder(m->watch, c->name);
	const char *fault = folder_fault(c->watch);
	if (fault) {
		SAY(m, left, y,
		    "containers: %s: its folder %s; make the container with `ptp-archiver create`",
		    name, fault);
		return false;
	}
	if (*c->watch != '/')
		SAY(m, notes, text ? own : y,
		    "containers: %s: its folder does not begin with a slash: it is looked for in "
		    "the "
		    "folder that the program is started in",
		    name);
	return true;
}

/* Does ptparchiver-go count stalled downloads in this kind of client? */
static bool counts_stalled(const char *section)
{
	return section && strcmp(section, "deluge") != 0;
}

/* A container that ptparchiver-go feeds through a client, into the folder of --watch. */
static bool read_watch_instead(struct import *m, const char *section, const struct yml *y,
			       const char *name, struct import_container *c)
{
	leave_client_settings(m, y, name);
	if (counts_stalled(section) && c->max_stalled)
		SAY(m, notes, y,
		    "containers: %s: maxStalled is the tracker's count here; ptparchiver-go also "
		    "counted in the client",
		    name);
	return read_watch(m, y, name, c);
}

/* A container without a watchDir. */
static bool read_client(struct import *m, const struct yml *root, const struct yml *y,
			const char *name, struct import_container *c)
{
	const char *client = import_text(m, yml_get(y, "client"));
	const char *section = client ? import_client_section(root, client) : NULL;

	if (m->watch)
		return read_watch_instead(m, section, y, name, c);
	if (section)
		return import_read_placement(m, section, client, y, name, c);
	OWN_STR char *quoted = client ? import_shown(m, client) : NULL;
	if (client)
		SAY(m, left, y,
		    "containers: %s: the client %s, which it names, is not in the file; correct "
		    "the name, or import again with --watch DIR, the folder that a client watches",
		    name, quoted);
	else
		SAY(m, left, y,
		    "containers: %s: it names neither a watchDir nor a client; give it one, or "
		    "import again with --watch DIR, the folder that a client watches",
		    name);
	return false;
}

static const char *name_fault(const char *name)
{
	if (strcmp(name, "all") == 0)
		return "means every container to `fetch`; rename it at the tracker and in this "
		       "file";
	return container_name_fault(name);
}

static void container_clear_import(struct import_container *c)
{
	free(c->name);
	free(c->size);
	free(c->watch);
	free(c->client);
	free(c->category);
	free(c->tags);
	*c = (struct import_container){0};
}

static void keep_container(struct import *m, struct import_container *c)
{
	m->containers = mem_grow(m->containers, m->n_containers + 1, sizeof *m->containers);
	m->containers[m->n_containers++] = *c;
	*c = (struct import_container){0};
}

static void read_container(struct import *m, const struct yml *root, const struct yml *y)
{
	OWN(container_clear_import) struct import_container c = {.line = y->line};
	OWN_STR char *name = import_shown(m, y->key);
	const char *fault = name_fault(y->key);

	if (fault) {
		SAY(m, wrong, y, "containers: the name \"%s\" %s", name, fault);
		return;
	}
	if (y->kind != YML_MAPPING) {
		SAY(m, wrong, y, "containers: %s is not a mapping with size and watchDir", name);
		return;
	}
	import_check_keys(m, y, container_keys);
	c.name = mem_dup(y->key);
	bool good = read_size(m, y, name, &c);
	good &= read_stalled(m, y, name, &c);
	good &= import_text(m, yml_get(y, "watchDir")) ? read_watch(m, y, name, &c)
						       : read_client(m, root, y, name, &c);
	if (good)
		keep_container(m, &c);
}

static void read_containers(struct import *m, const struct yml *root)
{
	const struct yml *all = yml_get(root, "containers");

	if (!all || all->kind == YML_NULL || (all->kind == YML_MAPPING && !all->n)) {
		problems_add(&m->left,
			     "%s: there are no containers in it; `ptp-archiver create` makes "
			     "one",
			     m->file);
		return;
	}
	if (all->kind != YML_MAPPING) {
		SAY(m, wrong, all, "%s is not a mapping of names to containers", "containers");
		return;
	}
	if (all->n > IMPORT_CONTAINERS_MAX) {
		SAY(m, wrong, all, "more than %d containers", IMPORT_CONTAINERS_MAX);
		return;
	}
	for (size_t i = 0; i < all->n; i++)
		read_container(m, root, &all->items[i]);
}

void import_read(struct import *m, const struct yml *root)
{
	if (root->kind != YML_MAPPING) {
		SAY(m, wrong, root, "%s",
		    "no configuration of ptparchiver-go: it would begin with "
		    "lines such as apiUser: and apiKey:");
		return;
	}
	/* First, so that no line can quote them. */
	read_credential(m, yml_get(root, "apiUser"), "ApiUser", &m->user);
	read_credential(m, yml_get(root, "apiKey"), "ApiKey", &m->key);
	import_read_passwords(m, root);
	import_check_keys(m, root, top_keys);
	read_base_url(m, yml_get(root, "baseUrl"));
	read_fetch_sleep(m, yml_get(root, "fetchSleep"));
	read_interval(m, yml_get(root, "interval"));
	import_read_clients(m, root);
	read_containers(m, root);
	if (!m->wrong.n && !secret_is_set(&m->user) && !secret_is_set(&m->key) && !m->n_containers)
		problems_add(&m->wrong,
			     "%s: neither credentials nor containers could be taken from it",
			     m->file);
}

/* ---- the end ---- */

void import_clear(struct import *m)
{
	secret_clear(&m->user);
	secret_clear(&m->key);
	free(m->base_url);
	free(m->fetch_sleep);
	free(m->interval);
	for (size_t i = 0; i < m->n_passwords; i++)
		secret_clear(&m->passwords[i]);
	free(m->passwords);
	for (size_t i = 0; i < m->n_clients; i++) {
		free(m->clients[i].name);
		json_decref(m->clients[i].own);
	}
	free(m->clients);
	for (size_t i = 0; i < m->n_containers; i++)
		container_clear_import(&m->containers[i]);
	free(m->containers);
	problems_clear(&m->wrong);
	problems_clear(&m->left);
	problems_clear(&m->notes);
	problems_clear(&m->done);
	*m = (struct import){0};
}
