/* A row's value from JSON, and keys that do not belong; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* ---- values ---- */

/* A list of texts as one, with commas between them, the caller's; NULL if it is not one. */
static char *joined(const json_t *list)
{
	OWN_BUF struct buf out = BUF_MAX(CONFIG_SECRET_MAX_BYTES);
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)list, i, one) {
		if (!json_is_string(one) || strchr(json_string_value(one), ','))
			return NULL;
		buf_printf(&out, "%s%s", i ? "," : "", json_string_value(one));
	}
	return out.full ? NULL : buf_take(&out);
}

/* As the text that a setting is taken from, the caller's; NULL if it is none. */
static char *value_text(const json_t *value, bool list)
{
	if (list && json_is_array(value))
		return joined(value);
	if (json_is_string(value))
		return mem_dup(json_string_value(value));
	if (json_is_integer(value))
		return mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return mem_printf("%.9g", json_real_value(value));
	if (json_is_boolean(value))
		return mem_dup(json_is_true(value) ? "true" : "false");
	return NULL;
}

static const char *form_fault(const struct setting *s, const json_t *value, const char *text)
{
	if (s->type == SETTING_FOLDER && json_is_number(value))
		return "is a number; write the folder's path in quotes";
	if (text || !value || json_is_null(value))
		return NULL;
	return s->list ? "is neither a text nor a list of texts" : "is neither a text nor a number";
}

bool config_read(struct reading *r, const struct setting *s, const json_t *object,
		 const struct config_place *place, char **text)
{
	const json_t *value = json_object_get(object, s->key);

	*text = value_text(value, s->list);
	const char *fault = form_fault(s, value, *text);
	if (!fault)
		return true;
	config_problem(r, place, "%s", fault);
	secret_wipe_text(text);
	*text = NULL;
	return false;
}

bool config_take(struct reading *r, const struct setting *s, void *to, const char *text,
		 const struct config_place *place)
{
	char why[SETTING_WHY];

	if (setting_take(s, r->c, to, text, why))
		return true;
	config_problem(r, place, "%s", why);
	return false;
}

void config_take_default(const struct setting *s, struct config *c, void *to)
{
	char ignored[SETTING_WHY];

	if (s->fallback)
		setting_take(s, c, to, s->fallback, ignored);
}

static void take_key(struct reading *r, const struct setting *s, void *to, const json_t *object,
		     const struct config_place *place)
{
	char *text;

	config_take_default(s, r->c, to);
	config_read(r, s, object, place, &text);
	if (!text)
		return;
	if (*text || s->level == SETTING_NOTIFY)
		config_take(r, s, to, text, place);
	secret_wipe_text(&text);
}

void config_take_object(struct reading *r, enum setting_level level, void *to, const json_t *object,
			const char *path[], size_t depth)
{
	EACH_SETTING (s, level) {
		path[depth] = s->key;
		take_key(r, s, to, object, IN_FILE(path, depth + 1));
	}
	config_check_keys(r, level, object, path, depth);
}

/* ---- keys that do not belong ---- */

/* The key of this level that is nearest, or NULL. */
static const char *nearest(enum setting_level level, const char *key)
{
	const char *keys[CONFIG_SETTINGS_MAX + 1];
	size_t n = 0;

	EACH_SETTING (s, level)
		if (s->key)
			keys[n++] = s->key;
	keys[n] = NULL;
	return text_nearest(key, keys);
}

/* "at the top of config.ptp or in an entry of Clients": where it is a key; "" if it is none. */
static void put_homes(const char *key, struct buf *out)
{
	for (enum setting_level level = 0; level < SETTING_LEVELS; level++) {
		const char *near = nearest(level, key);
		if (near && text_distance(near, key) == 0)
			buf_printf(out, "%s%s", out->len ? " or " : "", setting_level_place(level));
	}
}

static void check_key(struct reading *r, enum setting_level level, const json_t *object,
		      const char *path[], size_t depth)
{
	const char *key = path[depth], *near = nearest(level, key);
	OWN_BUF struct buf homes = BUF_MAX(SETTING_WHY);

	put_homes(key, &homes);
	if (homes.len && !(near && text_distance(near, key) == 0)) {
		config_problem(r, IN_FILE(path, depth + 1), "does not belong here; write it %s",
			       buf_text(&homes));
		problems_fix(r->problems, "in %s, write %s %s", r->c->path, key, buf_text(&homes));
	} else if (near && !json_object_get(object, near)) {
		config_problem(r, IN_FILE(path, depth + 1), "is not known; did you mean %s?", near);
		problems_fix(r->problems, "write %s in place of %s in %s", near, key, r->c->path);
	}
}

void config_check_keys(struct reading *r, enum setting_level level, const json_t *object,
		       const char *path[], size_t depth)
{
	json_t *value;

	json_object_foreach ((json_t *)object, path[depth], value)
		if (!setting_find(level, path[depth]))
			check_key(r, level, object, path, depth);
}
