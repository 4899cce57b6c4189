#include "core/cycle.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/folders.h"
#include "core/staged.h"
#include "core/turn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* An answer that could not be put into the ledger when it came. */
static bool take_slip(const struct run *r, struct err *err)
{
	char text[VAULT_SLIP_BYTES + 1];
	struct incomplete answer = {0};
	char archive_id[REPLY_ID_SIZE];
	int64_t id;

	if (!vault_slip_read(r->vault, text, err))
		return false;
	if (sscanf(text, "%" SCNd64 " %23[0-9] %23[0-9]", &id, answer.torrent_id, archive_id) != 3)
		return true;
	log_info(NULL, "taking up TorrentID %s, which could not be recorded when it was assigned",
		 answer.torrent_id);
	bool done;
	return ledger_found(r->ledger, id, &answer, archive_id, NULL, &done, err) &&
	       (done || ledger_not_assigned(r->ledger, id, err)) &&
	       vault_slip_write(r->vault, "", err);
}

/* What an engine that died had downloaded.  One container's trouble does not stop the others. */
static bool take_up_staged(const struct run *r, const struct cycle *cy, struct err *err)
{
	struct err why;

	for (size_t i = 0; i < cy->n; i++) {
		const char *name = cy->targets[i].container->name;
		if (staged_take_up(r, name, &why))
			continue;
		if (err_is_stop(&why)) {
			*err = why;
			return false;
		}
		log_error(name, "what was downloaded earlier cannot be taken up: %s", why.msg);
	}
	return true;
}

static bool take_up_questions(const struct run *r, struct cycle *cy, struct err *err)
{
	if (!ledger_adopt_leftovers(r->ledger, &cy->leftovers, err))
		return false;
	if (cy->leftovers)
		log_warn(NULL,
			 "%zu assignment%s possibly lost: the program ended while it was asking; "
			 "the tracker's next answer is searched for it",
			 cy->leftovers, cy->leftovers == 1 ? " is" : "s are");
	return true;
}

static bool record_begin(const struct run *r, struct cycle *cy, struct err *err)
{
	OWN_STR const char **names = mem_alloc((cy->n + 1) * sizeof *names);

	for (size_t i = 0; i < cy->n; i++)
		names[i] = cy->targets[i].container->name;
	/* A container that is only finished keeps the turn that it had. */
	return ledger_cycle_begin(r->ledger, cy->kind, names, cy->local ? 0 : cy->n, &cy->id, err);
}

static bool begin(struct run *r, struct cycle *cy, struct err *err)
{
	if (r->engine->ops->begin)
		r->engine->ops->begin(r->engine);
	for (size_t i = 0; i < cy->n; i++)
		cy->targets[i].to->away.code = WORD_NONE;
	return take_slip(r, err) && folders_look(r, cy->targets, cy->n, err) &&
	       take_up_staged(r, cy, err) && take_up_questions(r, cy, err) &&
	       record_begin(r, cy, err);
}

static void log_outcome(const struct outcome *o)
{
	OWN_STR char *words = outcome_words(&o->result, o->detail, o->until, clock_now());
	char text[OUTCOME_TEXT];

	result_text(&o->result, text);
	const char *sep = words[0] ? ": " : "";
	if (result_is_well(&o->result))
		log_info(o->container, "%s%s%s", text, sep, words);
	else
		log_error(o->container, "%s%s%s", text, sep, words);
}

static bool one_turn(struct run *r, struct cycle *cy, const struct target *t, struct outcome *out,
		     struct err *err)
{
	if (!turn_take(r, cy, t, out, err))
		return false;
	out->container = mem_dup(t->container->name);
	log_outcome(out);
	/* If this cannot be recorded, nothing more should be asked for. */
	return ledger_turn(r->ledger, cy->id, out, err) ||
	       err_wrap(err, "%s: record the outcome", out->container);
}

/* Those whose last question is the longest ago come first, so that a cycle which runs out of time
 * starves none of them. */
struct place {
	int64_t asked_at;
	size_t i;
};

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->asked_at != y->asked_at)
		return x->asked_at < y->asked_at ? -1 : 1;
	return (x->i > y->i) - (x->i < y->i);
}

static bool find_order(struct run *r, const struct cycle *cy, struct place *order, struct err *err)
{
	struct ledger_container known;

	for (size_t i = 0; i < cy->n; i++) {
		if (!ledger_get_container(r->ledger, cy->targets[i].container->name, &known, err))
			return false;
		order[i] = (struct place){known.asked_at, i};
	}
	qsort(order, cy->n, sizeof *order, compare);
	return true;
}

bool cycle_run(struct run *r, struct cycle *cy, struct outcome *outcomes, struct err *err)
{
	OWN_STR struct place *order = mem_alloc((cy->n + 1) * sizeof *order);
	bool ok = begin(r, cy, err) && find_order(r, cy, order, err);

	for (size_t k = 0; ok && k < cy->n; k++) {
		size_t i = order[k].i;
		ok = one_turn(r, cy, &cy->targets[i], &outcomes[i], err);
	}
	return ok;
}
