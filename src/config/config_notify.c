/* Notify: the targets of messages; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "base/buf.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/own.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SEPARATORS " \t\r\n,"
#define EVENTS_UNSAID UINT_MAX

static void entry_clear(struct config_entry *e)
{
	setting_clear(SETTING_NOTIFY, e);
}

static bool stands_twice(const struct config *c, const struct notify_target *t)
{
	for (size_t i = 0; i < c->n_notify; i++)
		if (strcmp(c->notify[i].fingerprint, t->fingerprint) == 0)
			return true;
	return false;
}

/* `number`: its place in the list, from 1. */
static const char *add(struct config *c, const struct config_entry *e, size_t number)
{
	struct notify_target t = {0};
	const char *fault = config_is_placeholder(secret_reveal(&e->url))
				    ? "is the placeholder of an example; write your own URL"
				    : notify_parse(secret_reveal(&e->url), &t);

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
	OWN(entry_clear) struct config_entry e = {.events = EVENTS_UNSAID};

	mask_learn(word);
	secret_set(&e.url, word);
	return add(c, &e, number);
}

static bool is_list(const char *value)
{
	value += strspn(value, SEPARATORS);
	value += strcspn(value, SEPARATORS);
	return value[strspn(value, SEPARATORS)] != '\0';
}

void config_take_notify_words(struct reading *r, const struct config_place *place,
			      const char *value)
{
	char why[SETTING_WHY];

	if (setting_form_fault(SETTING_LIST, value, why)) {
		config_problem(r, place, "%s", why);
		return;
	}
	char *copy = mem_dup(value), *save = NULL;
	bool list = is_list(value);
	size_t number = 0;

	for (char *word = strtok_r(copy, SEPARATORS, &save); word && number <= CONFIG_NOTIFY_MAX;
	     word = strtok_r(NULL, SEPARATORS, &save)) {
		const char *fault = add_word(r->c, word, ++number);
		if (fault && list)
			config_problem(r, place, "(number %zu of the list) %s", number, fault);
		else if (fault)
			config_problem(r, place, "%s", fault);
	}
	secret_wipe(copy, strlen(value));
	free(copy);
}

/* ---- as an array ---- */

static bool take_object(struct reading *r, struct config_entry *e, const json_t *own,
			const char *path[3])
{
	size_t before = r->problems->n;

	config_take_object(r, SETTING_NOTIFY, e, own, path, 2);
	if (r->problems->n == before && !secret_is_set(&e->url))
		config_problem(r, IN_FILE(path, 2), "has neither a URL nor a URLFile");
	return r->problems->n == before;
}

static void take_entry(struct reading *r, const json_t *own, const char *path[3], size_t number)
{
	OWN(entry_clear) struct config_entry e = {.events = EVENTS_UNSAID};
	const char *fault = NULL;
	char why[SETTING_WHY];

	mask_learn(json_string_value(own));
	if (json_is_string(own))
		fault = setting_form_fault(SETTING_PLAIN, json_string_value(own), why);
	if (!fault && json_is_string(own))
		secret_set(&e.url, json_string_value(own));
	else if (!fault && !json_is_object(own))
		fault = "is neither a URL nor an object with one";
	else if (!fault && !take_object(r, &e, own, path))
		return;
	if (!fault)
		fault = add(r->c, &e, number);
	if (fault)
		config_problem(r, IN_FILE(path, 2), "%s", fault);
}

void config_take_notify_list(struct reading *r, const json_t *list)
{
	size_t i;
	json_t *own;

	json_array_foreach (list, i, own) {
		char number[32];
		const char *path[3] = {"Notify", number, NULL};
		snprintf(number, sizeof number, "number %zu", i + 1);
		take_entry(r, own, path, i + 1);
	}
}

void config_finish_notify(struct config *c)
{
	for (size_t i = 0; i < c->n_notify; i++)
		if (c->notify[i].events == EVENTS_UNSAID)
			c->notify[i].events = c->notify_events;
}
