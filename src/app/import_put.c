/* Putting into config.ptp what was read; declared in app/import.h. */
#include "app/import.h"
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

static json_t *container_json(const struct import_container *c, const json_t *root,
			      const json_t *old)
{
	json_t *own =
		json_is_object(old) ? json_copy((json_t *)old) : config_container_defaults(root);

	json_object_set_new(own, "Size", json_string(c->size));
	json_object_set_new(own, "MaxStalled", json_integer(c->max_stalled));
	json_object_set_new(own, "WatchDirectory", json_string(c->watch));
	return own;
}

static void put_container(struct import *m, json_t *root, json_t *all,
			  const struct import_container *c, bool force)
{
	json_t *old = json_object_get(all, c->name);
	json_t *new = container_json(c, root, old);
	OWN_STR char *name = import_shown(m, c->name);
	OWN_STR char *watch = import_shown(m, c->watch);
	bool same = json_equal(old, new);

	if (old && !same && !force) {
		problems_add(&m->left,
			     "%s:%u: containers: %s: config.ptp has one of this name already; "
			     "--force gives it the "
			     "size, limit and folder of this file",
			     m->file, c->line, name);
		json_decref(new);
		return;
	}
	json_object_set_new(all, c->name, new);
	problems_add(&m->done, "container %s: %s, into %s, MaxStalled %" PRIu32 "%s", name, c->size,
		     watch, c->max_stalled, same ? " (as it was)" : "");
}

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
	for (size_t i = 0; i < m->n_containers; i++)
		put_container(m, root, all, &m->containers[i], force);
	check_credentials(m, root);
	return true;
}
