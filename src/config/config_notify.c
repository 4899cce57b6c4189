/* Notify: who is told; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/own.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SEPARATORS " \t\r\n,"
#define EVENTS_UNSAID UINT_MAX

/* One of the list, being read. */
struct entry {
	struct secret url, token;
	unsigned events;
};

static void entry_clear(struct entry *e)
{
	secret_clear(&e->url);
	secret_clear(&e->token);
}

static bool stands_twice(const struct config *c, const struct notify_target *t)
{
	for (size_t i = 0; i < c->n_notify; i++)
		if (strcmp(c->notify[i].fingerprint, t->fingerprint) == 0)
			return true;
	return false;
}

/* `number`: its place in the list, from 1. */
static const char *add(struct config *c, const struct entry *e, size_t number)
{
	struct notify_target t = {0};
	const char *fault = notify_parse(secret_reveal(&e->url), &t);

	if (!fault)
		fault = notify_complete(&t, secret_reveal(&e->token));
	if (!fault && stands_twice(c, &t))
		fault = "stands twice";
	if (!fault && c->n_notify == CONFIG_NOTIFY_MAX)
		fault = "is one too many: there may be 10";
	if (fault) {
		notify_target_clear(&t);
		return fault;
	}
	t.events = e->events;
	notify_number(&t, number);
	c->notify = mem_grow(c->notify, c->n_notify + 1, sizeof *c->notify);
	c->notify[c->n_notify++] = t;
	return NULL;
}

/* ---- as a text ---- */

static const char *add_word(struct config *c, const char *word, size_t number)
{
	OWN(entry_clear) struct entry e = {.events = EVENTS_UNSAID};

	secret_set(&e.url, word);
	return add(c, &e, number);
}

static bool is_list(const char *value)
{
	value += strspn(value, SEPARATORS);
	value += strcspn(value, SEPARATORS);
	return value[strspn(value, SEPARATORS)] != '\0';
}

void config_take_notify_words(struct config_load_state *l, const struct config_place *place,
			      const char *value)
{
	char *copy = mem_dup(value), *save = NULL;
	bool list = is_list(value);
	size_t number = 0;

	for (char *word = strtok_r(copy, SEPARATORS, &save); word && number <= CONFIG_NOTIFY_MAX;
	     word = strtok_r(NULL, SEPARATORS, &save)) {
		const char *fault = add_word(l->c, word, ++number);
		if (fault && list)
			config_problem(l, place, " (number %zu of the list) %s", number, fault);
		else if (fault)
			config_problem(l, place, " %s", fault);
	}
	secret_wipe(copy, strlen(value));
	free(copy);
}

/* ---- as an array ---- */

static const char *take_url(struct entry *e, const char *value)
{
	secret_set(&e->url, value);
	return NULL;
}

static const char *take_url_file(struct entry *e, const char *value)
{
	return config_take_secret_file(&e->url, value);
}

static const char *take_token(struct entry *e, const char *value)
{
	secret_set(&e->token, value);
	return NULL;
}

static const char *take_token_file(struct entry *e, const char *value)
{
	return config_take_secret_file(&e->token, value);
}

static const char *take_events(struct entry *e, const char *value)
{
	return event_kinds_parse(value, &e->events)
		       ? NULL
		       : "holds a word that is none of the events in doc/notifications.md";
}

static const struct notify_key {
	const char *key;
	/* NULL if the value was taken, else what is wrong with it; it is never quoted. */
	const char *(*take)(struct entry *e, const char *value);
} keys[] = {
	{"URL", take_url},       {"URLFile", take_url_file},
	{"Token", take_token},   {"TokenFile", take_token_file},
	{"Events", take_events},
};

#define N_KEYS (sizeof keys / sizeof *keys)

/* A text, or an array of texts as a list; the caller's, NULL for what is neither. */
static char *text_or_list(const json_t *value)
{
	OWN_BUF struct buf out = BUF_MAX(CONFIG_SECRET_MAX_BYTES);
	size_t i;
	json_t *one;

	if (!json_is_array(value))
		return config_value_text(value);
	json_array_foreach (value, i, one) {
		if (!json_is_string(one))
			return NULL;
		buf_printf(&out, "%s,", json_string_value(one));
	}
	return out.full ? NULL : buf_take(&out);
}

static const char *take_key(struct entry *e, const struct notify_key *k, const json_t *value)
{
	char *text = text_or_list(value);

	if (!text)
		return !value || json_is_null(value) ? NULL : "is no text";
	const char *fault = k->take(e, text);
	secret_wipe(text, strlen(text));
	free(text);
	return fault;
}

/* `path` has room for a key behind the number of the entry. */
static bool take_object(struct config_load_state *l, struct entry *e, const json_t *own,
			const char *path[3])
{
	const char *known[N_KEYS + 1] = {NULL};
	bool good = true;

	for (size_t i = 0; i < N_KEYS; i++)
		known[i] = keys[i].key;
	config_check_keys(l, own, known, path, 2);
	for (size_t i = 0; i < N_KEYS; i++) {
		path[2] = keys[i].key;
		const char *fault = take_key(e, &keys[i], json_object_get(own, keys[i].key));
		if (fault)
			config_file_problem(l, path, 3, " %s", fault);
		good &= !fault;
	}
	if (good && !secret_is_set(&e->url))
		config_file_problem(l, path, 2, " has neither a URL nor a URLFile");
	return good && secret_is_set(&e->url);
}

static void take_entry(struct config_load_state *l, const json_t *own, const char *path[3],
		       size_t number)
{
	OWN(entry_clear) struct entry e = {.events = EVENTS_UNSAID};
	const char *fault = NULL;

	if (json_is_string(own))
		secret_set(&e.url, json_string_value(own));
	else if (!json_is_object(own))
		fault = "is neither a URL nor an object with one";
	else if (!take_object(l, &e, own, path))
		return;
	if (!fault)
		fault = add(l->c, &e, number);
	if (fault)
		config_file_problem(l, path, 2, " %s", fault);
}

void config_take_notify_list(struct config_load_state *l, const json_t *list)
{
	size_t i;
	json_t *own;

	json_array_foreach (list, i, own) {
		char number[32];
		const char *path[3] = {"Notify", number, NULL};
		snprintf(number, sizeof number, "number %zu", i + 1);
		take_entry(l, own, path, i + 1);
	}
}

/* ---- the end ---- */

void config_finish_notify(struct config *c)
{
	for (size_t i = 0; i < c->n_notify; i++)
		if (c->notify[i].events == EVENTS_UNSAID)
			c->notify[i].events = c->notify_events;
}

void config_notify_clear(struct config *c)
{
	for (size_t i = 0; i < c->n_notify; i++)
		notify_target_clear(&c->notify[i]);
	free(c->notify);
}
