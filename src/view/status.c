#include "view/status.h"

#include "config/wire.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "core/copies.h"

#include <string.h>

/* ---- what the configuration says ---- */

static void add_place(struct status_setup *s, const char *name, const char *type, bool is_client)
{
	for (size_t i = 0; i < s->n_places; i++)
		if (strcmp(s->places[i].name, name) == 0)
			return;
	s->places = mem_grow(s->places, s->n_places + 1, sizeof *s->places);
	s->places[s->n_places++] = (struct status_setup_place){mem_dup(name), type, is_client};
}

static void take_container(struct status_setup *s, const struct container *c)
{
	struct status_setup_container *out = &s->containers[s->n_containers++];

	*out = (struct status_setup_container){.name = mem_dup(c->name),
					       .size = mem_dup(c->size),
					       .client = mem_dup(c->client),
					       .watch_folder = mem_dup(c->watch_folder),
					       .data_folder = mem_dup(c->data_folder),
					       .measures_data = container_measures_data(c)};
	s->names[s->n_containers - 1].name = out->name;
	(void)num_size(c->size, &out->allocated);
	if (!c->client)
		add_place(s, c->watch_folder, "folder", false);
	if (c->data_folder)
		add_place(s, c->data_folder, "folder", false);
}

static void take_targets(struct status_setup *s, const struct config *c)
{
	s->site = mem_dup(c->base_url);
	s->shared = c->shared_account;
	s->pings = secret_is_set(&c->ping_url);
	s->copies = c->backup_keep > 0;
	s->targets = mem_alloc((c->n_notify + 1) * sizeof *s->targets);
	for (size_t i = 0; i < c->n_notify; i++)
		s->targets[s->n_targets++] = (struct status_setup_target){
			mem_dup(c->notify[i].label), mem_dup(c->notify[i].fingerprint)};
}

void status_setup_take(struct status_setup *s, const struct config *c, struct trouble *trouble)
{
	s->state = mem_dup(c->state);
	s->ledger = wire_ledger_path(c);
	s->cycle_lock = wire_cycle_lock_path(c);
	s->run_lock = wire_run_lock_path(c);
	s->staging = wire_staging_folder(c);
	s->names = mem_alloc((c->n_containers + 1) * sizeof *s->names);
	s->manners = schedule_manners(c->fetch_sleep_ms, c->loopback);
	s->trouble = trouble;
	if (!trouble)
		(void)!wire_expect_state(c, &s->state_fault);
	for (size_t i = 0; i < c->n_clients; i++)
		if (c->clients[i].type)
			add_place(s, c->clients[i].name, c->clients[i].type->name, true);
	s->containers = mem_alloc((c->n_containers + 1) * sizeof *s->containers);
	for (size_t i = 0; i < c->n_containers; i++)
		take_container(s, &c->containers[i]);
	take_targets(s, c);
}

void status_setup_clear(struct status_setup *s)
{
	for (size_t i = 0; i < s->n_containers; i++) {
		free(s->containers[i].name);
		free(s->containers[i].size);
		free(s->containers[i].client);
		free(s->containers[i].watch_folder);
		free(s->containers[i].data_folder);
	}
	for (size_t i = 0; i < s->n_places; i++)
		free(s->places[i].name);
	for (size_t i = 0; i < s->n_targets; i++) {
		free(s->targets[i].label);
		free(s->targets[i].fingerprint);
	}
	free(s->targets);
	free(s->containers);
	free(s->places);
	free(s->names);
	free(s->staging);
	free(s->site);
	free(s->state);
	free(s->ledger);
	free(s->cycle_lock);
	free(s->run_lock);
	*s = (struct status_setup){0};
}

/* ---- what the ledger says ---- */

static bool gather_container(struct status *s, struct ledger *l, size_t i, struct err *err)
{
	struct status_container *c = &s->containers[i];
	const char *name = c->setup->name;
	int64_t since = s->now / FORECAST_DAY_MS - STATUS_GROWTH_DAYS;

	if (!ledger_get_container(l, name, &c->known, err) ||
	    !ledger_totals(l, name, &c->totals, err) ||
	    !ledger_get_growth(l, name, since, &c->growth, err))
		return false;
	bool full = c->known.outcome_at && c->known.result.kind == OUTCOME_FULL;
	c->forecast = forecast_full(&c->growth, c->totals.bytes, c->setup->allocated, full, s->now);
	c->lost = c->totals.lost + (s->working ? 0 : c->totals.asking);
	return true;
}

static bool gather_place(struct status *s, struct ledger *l, size_t i, struct err *err)
{
	struct status_place *p = &s->places[i];

	return ledger_get_client(l, p->setup->name, &p->client, err) &&
	       (p->setup->is_client || ledger_get_mark(l, p->setup->name, &p->mark, err)) &&
	       ledger_get_space(l, p->setup->name, &p->space, err);
}

static bool gather_target(struct status *s, struct ledger *l, size_t i, struct err *err)
{
	struct status_target *t = &s->targets[i];
	OWN(event_clear) struct event next = {0};
	bool waits;

	if (!ledger_get_telling(l, t->setup->fingerprint, &t->how, err) ||
	    !ledger_next_message(l, t->setup->fingerprint, &next, &waits, err))
		return false;
	t->oldest = waits ? next.at : 0;
	return true;
}

static bool gather_each(struct status *s, struct ledger *l, struct err *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < s->setup->n_containers; i++)
		ok = gather_container(s, l, i, err);
	for (size_t i = 0; ok && i < s->setup->n_places; i++)
		ok = gather_place(s, l, i, err);
	for (size_t i = 0; ok && i < s->setup->n_targets; i++)
		ok = gather_target(s, l, i, err);
	return ok;
}

static bool gather_times(struct status *s, struct ledger *l, struct err *err)
{
	return ledger_get_clock(l, &s->clock, err) && ledger_get_pace(l, &s->pace, err) &&
	       ledger_incomplete_count(l, &s->incomplete, err) &&
	       ledger_get_lists(l, &s->lists, err) &&
	       ledger_unknown(l, &s->unknown, &s->n_unknown, err) &&
	       ledger_identity(l, s->ledger, err) && ledger_get_audit(l, &s->audit, err) &&
	       ledger_get_pings(l, &s->pings, err) && ledger_get_vault_look(l, &s->vault, err) &&
	       ledger_cycle_tally(l, &s->cycle_tally, err) &&
	       ledger_turn_tally(l, &s->turns, &s->n_turns, err);
}

static bool gather_lists(struct status *s, struct ledger *l, struct err *err)
{
	return ledger_list(l, LEDGER_PENDING, NULL, 0, &s->pending.rows, &s->pending.n, err) &&
	       ledger_list(l, LEDGER_LOST, NULL, 0, &s->lost.rows, &s->lost.n, err) &&
	       ledger_list(l, LEDGER_NEWEST, NULL, STATUS_NEWEST, &s->newest.rows, &s->newest.n,
			   err);
}

/* A question that a running cycle is asking is not lost. */
static void drop_asking(struct status_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (list->rows[i].state == ASSIGNMENT_ASKING)
			assignment_clear(&list->rows[i]);
		else
			list->rows[kept++] = list->rows[i];
	}
	list->n = kept;
}

/* Whether a lock that nobody may be holding is held is asked only where it must be: for a moment,
 * asking holds it as well. */
static bool is_held(const char *lock)
{
	struct err ignored;
	bool held = false;

	return fs_lock_is_held(lock, &held, &ignored) && held;
}

static bool cycle_may_run(const struct status *s)
{
	return !s->setup->trouble || (s->n_cycles && !s->cycles[0].ended_at);
}

static bool gather_within(struct status *s, struct ledger *l, struct err *err)
{
	if (!ledger_cycles(l, STATUS_CYCLES, &s->cycles, &s->n_cycles, err))
		return false;
	s->working = cycle_may_run(s) && is_held(s->setup->cycle_lock);
	if (!gather_times(s, l, err) || !gather_each(s, l, err) || !gather_lists(s, l, err))
		return false;
	if (s->working)
		drop_asking(&s->lost);
	return true;
}

static bool gather_strays(struct status *s, struct ledger *l, struct err *err)
{
	const struct spool staging = {.folder = s->setup->staging};

	return staged_strays(l, &staging, s->setup->names, s->setup->n_containers, &s->strays,
			     &s->n_strays, err);
}

/* The daemon's own words, or what can be seen at once: it looks once a minute. */
static void gather_trouble(struct status *s)
{
	struct trouble *daemon = s->setup->trouble;
	struct err err;

	if (daemon) {
		trouble_get(daemon, TROUBLE_WORK, &s->work);
		trouble_get(daemon, TROUBLE_CONFIG, &s->config);
	}
	if (!s->work.since && s->setup->state_fault.code)
		trouble_fill(&s->work, &s->setup->state_fault, s->now);
	if (s->work.since || (!daemon && !fs_exists(s->setup->state)) ||
	    fs_check_writable(s->setup->state, &err))
		return;
	trouble_fill(&s->work, &err, s->now);
}

/* The daemon knows; elsewhere the age of the newest copy says it. */
static void gather_copies(struct status *s)
{
	if (s->setup->trouble) {
		trouble_get(s->setup->trouble, TROUBLE_COPY, &s->copy);
		return;
	}
	int64_t newest = s->setup->copies && s->daemon ? copies_newest(s->setup->state) : 0;
	if (newest && s->now - newest > STATUS_COPY_LATE_MS)
		s->copy.since = newest;
}

bool status_gather(struct status *s, const struct status_setup *setup, struct ledger *l,
		   struct err *err)
{
	s->now = clock_now();
	s->setup = setup;
	s->daemon = setup->trouble || is_held(setup->run_lock);
	gather_trouble(s);
	gather_copies(s);
	s->containers = mem_alloc((setup->n_containers + 1) * sizeof *s->containers);
	for (size_t i = 0; i < setup->n_containers; i++)
		s->containers[i] = (struct status_container){.setup = &setup->containers[i],
							     .growth.first = -1};
	s->places = mem_alloc((setup->n_places + 1) * sizeof *s->places);
	for (size_t i = 0; i < setup->n_places; i++)
		s->places[i].setup = &setup->places[i];
	s->targets = mem_alloc((setup->n_targets + 1) * sizeof *s->targets);
	for (size_t i = 0; i < setup->n_targets; i++)
		s->targets[i].setup = &setup->targets[i];
	if (!l) {
		s->working = !setup->trouble && is_held(setup->cycle_lock);
		return gather_strays(s, NULL, err);
	}
	if (!ledger_look_begin(l, err))
		return false;
	bool ok = gather_within(s, l, err) && gather_strays(s, l, err);
	ledger_look_end(l);
	return ok;
}

void status_clear(struct status *s)
{
	for (size_t i = 0; s->containers && i < s->setup->n_containers; i++)
		ledger_growth_clear(&s->containers[i].growth);
	free(s->containers);
	free(s->places);
	free(s->targets);
	assignment_list_free(s->pending.rows, s->pending.n);
	assignment_list_free(s->lost.rows, s->lost.n);
	assignment_list_free(s->newest.rows, s->newest.n);
	ledger_cycles_free(s->cycles, s->n_cycles);
	ledger_turn_tally_free(s->turns, s->n_turns);
	staged_strays_free(s->strays, s->n_strays);
	free(s->unknown);
	*s = (struct status){0};
}

const struct listed *status_candidate(const struct status *s, const struct assignment *lost,
				      size_t from)
{
	for (size_t i = from; i < s->n_unknown; i++)
		if (lost_fits(lost, &s->unknown[i], s->lists.last_at))
			return &s->unknown[i];
	return NULL;
}

const struct listed *status_others(const struct status *s, uint64_t *n)
{
	const struct listed *first = NULL;

	*n = 0;
	for (size_t i = 0; i < s->n_unknown; i++)
		if (s->unknown[i].owner == LISTED_OTHERS) {
			first = first ? first : &s->unknown[i];
			(*n)++;
		}
	return first;
}

int64_t status_backoff(const struct status *s)
{
	return s->pace.backoff_until > s->now ? s->pace.backoff_until - s->now : 0;
}

int64_t status_next_try_of(const struct status *s, const struct status_container *c)
{
	if (!c->known.undone || !s->daemon || s->working || s->work.since)
		return 0;
	int64_t when = c->known.retry_at ? c->known.retry_at
					 : schedule_rest(&s->clock, &s->setup->manners,
							 status_backoff(s), s->now);
	return when < s->clock.next_cycle ? when : 0;
}

int64_t status_next_try(const struct status *s)
{
	int64_t soonest = 0;

	for (size_t i = 0; i < s->setup->n_containers; i++) {
		int64_t when = status_next_try_of(s, &s->containers[i]);
		if (when && (!soonest || when < soonest))
			soonest = when;
	}
	return soonest;
}

int64_t status_late_at(const struct cycle_clock *clock)
{
	int64_t due = clock->next_cycle, longest = clock->last_cycle + STATUS_CYCLE_MS;

	/* A cycle may take an hour, even where the interval is shorter. */
	if (clock->last_cycle && clock->last_cycle < due && due < longest)
		due = longest;
	return due + STATUS_LATE_MS;
}

bool status_is_overdue(const struct status *s)
{
	return s->clock.next_cycle && s->now > status_late_at(&s->clock);
}
