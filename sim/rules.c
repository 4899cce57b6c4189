#include "rules.h"

#include "base/mem.h"

#include <string.h>

struct rule {
	json_t *json; /* borrowed from the list */
	char *text;   /* owned: compact, sorted */
	json_int_t seen;
	json_int_t struck;
};

struct rules {
	json_t *list; /* owned */
	struct rule *all;
	size_t n;
};

/* The counts of the `nth` rule (from 0) with this text, if there is one. */
static void carry(struct rule *to, const struct rules *old, size_t nth)
{
	for (size_t i = 0; old && i < old->n; i++) {
		if (strcmp(old->all[i].text, to->text) != 0 || nth-- > 0)
			continue;
		to->seen = old->all[i].seen;
		to->struck = old->all[i].struck;
		return;
	}
}

static size_t twins_before(const struct rules *rules, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < i; k++)
		n += strcmp(rules->all[k].text, rules->all[i].text) == 0;
	return n;
}

struct rules *rules_new(json_t *list, const struct rules *old)
{
	struct rules *rules = mem_alloc(sizeof *rules);

	rules->list = list ? json_incref(list) : json_array();
	rules->n = json_array_size(rules->list);
	rules->all = mem_alloc(rules->n * sizeof *rules->all);
	for (size_t i = 0; i < rules->n; i++) {
		struct rule *r = &rules->all[i];

		r->json = json_array_get(rules->list, i);
		r->text = json_dumps(r->json, JSON_COMPACT | JSON_SORT_KEYS);
		carry(r, old, twins_before(rules, i));
	}
	return rules;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->n; i++)
		free(rules->all[i].text);
	free(rules->all);
	json_decref(rules->list);
	free(rules);
}

static bool matches(const json_t *rule, const struct rules_subject *subject)
{
	const char *pattern = json_string_value(json_object_get(rule, "endpoint"));
	const char *container = json_string_value(json_object_get(rule, "container"));
	const json_t *torrent = json_object_get(rule, "torrent");

	if (pattern && !endpoint_matches(pattern, subject->endpoint))
		return false;
	if (container && (!subject->container || strcmp(container, subject->container) != 0))
		return false;
	return !torrent || json_integer_value(torrent) == subject->torrent;
}

static bool due(const struct rule *r)
{
	const json_t *times = json_object_get(r->json, "times");

	if (r->seen <= json_integer_value(json_object_get(r->json, "after")))
		return false;
	return !times || r->struck < json_integer_value(times);
}

json_t *rules_strike(struct rules *rules, const struct rules_subject *subject)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct rule *r = &rules->all[i];

		if (!matches(r->json, subject))
			continue;
		r->seen++;
		if (!due(r))
			continue;
		r->struck++;
		return json_deep_copy(r->json);
	}
	return NULL;
}

json_t *rules_state(const struct rules *rules)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = &rules->all[i];

		json_array_append_new(list, json_pack("{s:O, s:I, s:I}", "do",
						      json_object_get(r->json, "do"), "seen",
						      r->seen, "struck", r->struck));
	}
	return list;
}
