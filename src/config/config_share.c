/* config.ptp for a backup; declared in config/config.h. */
#include "config/config.h"
#include "config/setting.h"
#include "base/fs.h"
#include "base/mask.h"
#include "base/own.h"

#include <string.h>

/* A secret, or a text that holds one: the program knows those of its settings. */
static bool holds_secret(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value), masked_len;

	if (!text)
		return false;
	OWN_STR char *masked = mask_text(text, len, &masked_len);
	return masked_len != len || memcmp(masked, text, len) != 0;
}

static bool is_shared(enum setting_level level, const char *key, const json_t *value)
{
	const struct setting *s = setting_find(level, key);

	/* What may come from a secret file is secret. */
	return s && s->type != SETTING_SECRET && !s->in_file && !holds_secret(value);
}

static json_t *without_secrets(const json_t *all, enum setting_level level)
{
	json_t *kept = json_object();
	json_t *value;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)all, key, value)
		if (is_shared(level, key, value))
			json_object_set(kept, key, value);
	return kept;
}

/* Of each entry of an object of objects. */
static void clean_entries(json_t *root, const char *key, enum setting_level level)
{
	json_t *all = json_object_get(root, key), *clean = json_object(), *value;
	const char *name;

	json_object_foreach (all, name, value)
		json_object_set_new(clean, name, without_secrets(value, level));
	if (all)
		json_object_set(root, key, clean);
	json_decref(clean);
}

static char *dump_shared(const json_t *file)
{
	json_t *root = without_secrets(file, SETTING_TOP);
	json_t *defaults = json_object_get(root, "Default");

	if (defaults)
		json_object_set_new(root, "Default", without_secrets(defaults, SETTING_CONTAINER));
	clean_entries(root, "Containers", SETTING_CONTAINER);
	clean_entries(root, "Clients", SETTING_CLIENT);
	char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	json_decref(root);
	return text;
}

bool config_share(const struct config *c, bool secrets, struct buf *out, struct err *err)
{
	buf_reset(out);
	if (!fs_exists(c->path))
		return true;
	if (secrets)
		return fs_read(c->path, out, err);
	if (c->file_broken)
		return err_set(err, ERR_TARGET, WORD_CONFIG,
			       "%s is no valid JSON object; fix it first", c->path);
	OWN_STR char *text = dump_shared(c->file);
	return (text && buf_printf(out, "%s\n", text)) ||
	       err_set(err, ERR_TARGET, WORD_CONFIG, "%s cannot be written as JSON", c->path);
}
