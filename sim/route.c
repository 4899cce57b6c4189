#include "route.h"

#include "base/mem.h"
#include "fault.h"
#include "ping.h"
#include "record.h"
#include "scenario.h"
#include "tracker.h"

#include <pthread.h>
#include <string.h>

struct route {
	pthread_mutex_t lock; /* of everything below */
	struct scenario *scenario;
	struct tracker *tracker;
	struct pings *pings;
	struct record *record; /* NULL: no log */
	uint64_t requests;
	uint64_t counters[ENDPOINT_N];
};

struct route *route_new(const struct route_options *options, struct err *err)
{
	struct record *record = NULL;

	if (options->log && !(record = record_open(options->log, err)))
		return NULL;
	struct tracker *tracker =
		tracker_new(options->base, options->torrents, options->state, err);
	if (!tracker) {
		record_close(record);
		return NULL;
	}
	struct route *route = mem_alloc(sizeof *route);
	pthread_mutex_init(&route->lock, NULL);
	route->record = record;
	route->tracker = tracker;
	route->scenario = scenario_new(options->scenario);
	route->pings = ping_new();
	return route;
}

void route_free(struct route *route)
{
	if (!route)
		return;
	ping_free(route->pings);
	scenario_free(route->scenario);
	tracker_free(route->tracker);
	record_close(route->record);
	pthread_mutex_destroy(&route->lock);
	free(route);
}

static void show_state(struct route *route, struct answer *a)
{
	json_t *state = tracker_state(route->tracker), *counters = json_object();

	for (enum endpoint e = 0; e < ENDPOINT_STATE; e++)
		json_object_set_new(counters, endpoint_name(e),
				    json_integer((json_int_t)route->counters[e]));
	json_object_set_new(state, "counters", counters);
	json_object_set_new(state, "requests", json_integer((json_int_t)route->requests));
	json_object_set_new(state, "pings", ping_list(route->pings));
	json_object_set_new(state, "faults", scenario_rules(route->scenario));
	const char *problem = scenario_problem(route->scenario);
	json_object_set_new(state, "scenario_problem",
			    problem ? json_string(problem) : json_null());
	answer_json(a, state);
}

static bool is_get(const struct request *r)
{
	return strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
}

static void carry_out(struct route *route, enum endpoint e, const struct request *r,
		      enum torrents_defect defect, struct answer *a)
{
	if (e == ENDPOINT_PING || e == ENDPOINT_PING_START || e == ENDPOINT_PING_END)
		ping_answer(route->pings, route->scenario, r, a);
	else if (e == ENDPOINT_OTHER)
		answer_page(a, 404, "not_found");
	else if (!is_get(r))
		answer_page(a, 405, "error");
	else
		tracker_answer(route->tracker, route->scenario, e, r, defect, a);
}

static void serve(struct route *route, enum endpoint e, const struct request *r, struct answer *a)
{
	struct rules_subject subject = {.endpoint = e,
					.container = tracker_container(route->tracker, e, r),
					.torrent = tracker_torrent(e, r)};
	json_t *rule = scenario_strike(route->scenario, &subject);

	if (!rule || fault_needs_work(rule))
		carry_out(route, e, r, rule ? fault_defect(rule) : DEFECT_NONE, a);
	if (rule)
		fault_apply(rule, e, scenario_error_key(route->scenario), a);
	route->requests++;
	route->counters[e]++;
	if (route->record)
		record_write(route->record, route->requests, r, e, a,
			     json_string_value(json_object_get(rule, "do")));
	json_decref(rule);
}

void route_answer(struct route *route, const struct request *r, struct answer *a)
{
	enum endpoint e = endpoint_of(r);

	pthread_mutex_lock(&route->lock);
	scenario_refresh(route->scenario);
	if (e == ENDPOINT_STATE)
		show_state(route, a);
	else
		serve(route, e, r, a);
	pthread_mutex_unlock(&route->lock);
}
