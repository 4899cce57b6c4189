/*
 * sim/rules.h - the fault rules of a scenario: which one strikes, and how often it did.
 */
#ifndef SIM_RULES_H
#define SIM_RULES_H

#include "endpoint.h"

#include <stdint.h>

struct rules;

/* What a rule may name; `container` NULL and `torrent` 0 where there is none. */
struct rules_subject {
	enum endpoint endpoint;
	const char *container;
	int64_t torrent;
};

/* `list` is an array of rules that passed fault_check(), or NULL; it is kept (with a
 * reference of its own).  A rule whose text is also in `old` keeps its counts. */
struct rules *rules_new(json_t *list, const struct rules *old);
void rules_free(struct rules *rules);

/* See scenario_strike() and scenario_rules(). */
json_t *rules_strike(struct rules *rules, const struct rules_subject *subject);
json_t *rules_state(const struct rules *rules);

#endif
