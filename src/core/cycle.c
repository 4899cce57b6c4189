#include "core/cycle.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "core/hook.h"
#include "core/lost.h"
#include "core/obtain.h"
#include "core/staged.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct turn {
	struct cycle *cy;
	const struct target *target;
	struct outcome *out;
	size_t found; /* possibly lost assignments that a reply has shown */
};

static const char *name_of(const struct turn *t)
{
	return t->target->container->name;
}

static bool is_stop(const struct err *err)
{
	return strcmp(err->word, WORD_STOPPED) == 0;
}

/* ---- outcomes ---- */

static void conclude(struct outcome *o, enum outcome_kind kind, const char *detail)
{
	o->kind = kind;
	text_copy(o->detail, sizeof o->detail, detail);
}

static void conclude_err(struct outcome *o, const struct err *err)
{
	conclude(o, OUTCOME_ERR, err->msg);
	text_copy(o->word, sizeof o->word, err->word);
}

static void conclude_reply(struct outcome *o, const struct reply *reply)
{
	if (reply->verdict == REPLY_FULL) {
		conclude(o, OUTCOME_FULL, "the container is full");
	} else if (reply->verdict == REPLY_STALLED) {
		conclude(o, OUTCOME_STALLED, "too many stalled downloads");
	} else {
		conclude(o, OUTCOME_ERR, reply->message);
		text_copy(o->word, sizeof o->word, WORD_TRACKER);
	}
}

static void note_delivery(struct turn *t, const struct assignment *a, const char *path)
{
	char size[NUM_TEXT];

	num_bytes(a->bytes, size);
	log_info(name_of(t), "delivered \"%s\" (%s) as %s", a->name ? a->name : "", size, path);
	free(t->out->torrent);
	t->out->torrent = mem_dup(a->name);
	t->out->bytes = a->bytes;
	t->out->delivered++;
	if (t->cy->delivered)
		t->cy->delivered(t->cy->ctx, t->target->container, path);
}

/* ---- deliver ---- */

static bool after_delivery(struct turn *t, struct assignment *a, struct err *err)
{
	struct ledger *l = t->cy->ledger;
	const char *commands = t->target->container->after_fetch_exec;
	struct err why;

	if (a->hook != HOOK_DUE)
		return true;
	if (!commands)
		return ledger_hook(l, a->id, HOOK_NONE, err);
	if (!ledger_hook(l, a->id, HOOK_STARTED, err))
		return false;
	if (!hook_run(commands, name_of(t), a->path, t->cy->wake, &why)) {
		log_warn(name_of(t), "%s%s", why.msg,
			 is_stop(&why) ? "; it was cut off, and is not run again" : "");
		text_copy(t->out->detail, sizeof t->out->detail, why.msg);
		if (is_stop(&why)) {
			*err = why;
			return false;
		}
	}
	return ledger_hook(l, a->id, HOOK_DONE, err);
}

/* Had the delivery begun, to the folder that it is to go to now? */
static bool was_delivering(const struct turn *t, const struct assignment *a)
{
	return a->state == ASSIGNMENT_DELIVERING && a->path &&
	       strcmp(a->path, t->target->container->watch_folder) == 0;
}

/* From "fetched" or "delivering" to "delivered". */
static bool deliver(struct turn *t, struct assignment *a, const struct buf *bytes, struct err *err)
{
	struct client *client = t->target->client;
	struct delivery d = {
		.id = a->id, .infohash = a->infohash, .file_name = a->file_name, .bytes = bytes};
	bool resumed = was_delivering(t, a);

	log_progress(name_of(t), "delivering %s", a->file_name);
	if (!resumed) {
		char *final = NULL;
		if (!client->ops->prepare(client, &d, &final, err))
			return false;
		free(a->file_name);
		d.file_name = a->file_name = final;
		if (!ledger_delivering(t->cy->ledger, a->id, a->file_name,
				       t->target->container->watch_folder, err))
			return false;
		a->state = ASSIGNMENT_DELIVERING;
	}
	free(a->path);
	a->path = NULL;
	if (!client->ops->deliver(client, &d, resumed, &a->path, err) ||
	    !ledger_delivered(t->cy->ledger, a->id, a->path, err))
		return false;
	a->state = ASSIGNMENT_DELIVERED;
	note_delivery(t, a, a->path);
	return true;
}

/* ---- one assignment, from wherever it stands ---- */

/* The bytes in the vault; where they are gone or damaged, the assignment is downloaded anew.
 * (Should it have been delivered already, the client knows it by its infohash.) */
static bool from_vault(struct turn *t, struct assignment *a, struct buf *bytes, struct err *err)
{
	struct err why;

	if (obtain_from_vault(t->cy->vault, a->infohash, bytes, &why))
		return true;
	log_warn(name_of(t), "%s; it is downloaded again", why.msg);
	if (!ledger_unfetched(t->cy->ledger, a->id, why.msg, err))
		return false;
	a->state = ASSIGNMENT_ASSIGNED;
	return true;
}

static struct obtain obtain_parts(const struct turn *t)
{
	struct cycle *cy = t->cy;

	return (struct obtain){.ledger = cy->ledger,
			       .vault = cy->vault,
			       .engine = cy->engine,
			       .staging = cy->staging,
			       .pacer = cy->pacer,
			       .container = t->target->container};
}

static bool finish(struct turn *t, struct assignment *a, bool fresh, struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(OBTAIN_MAX_BYTES);
	const struct obtain parts = obtain_parts(t);

	if ((a->state == ASSIGNMENT_FETCHED || a->state == ASSIGNMENT_DELIVERING) &&
	    !from_vault(t, a, &bytes, err))
		return false;
	if (a->state == ASSIGNMENT_ASSIGNED &&
	    !obtain_download(&parts, a, fresh, &bytes, &t->out->undone, err))
		return false;
	if (a->state != ASSIGNMENT_DELIVERED && !deliver(t, a, &bytes, err)) {
		struct err ignored;
		(void)!ledger_note(t->cy->ledger, a->id, err->msg, &ignored);
		return false;
	}
	return after_delivery(t, a, err);
}

/* ---- guards ---- */

/* true: the tracker may be asked now.  Otherwise *left says for how long it may not. */
static bool may_ask(struct turn *t, bool *yes, struct err *err)
{
	char reason[128], span[CLOCK_TEXT], detail[300];
	int64_t left = 0;

	*yes = true;
	if (t->cy->force)
		return true;
	if (!pace_backoff(t->cy->pacer, &left, reason, err))
		return false;
	if (left == 0)
		return true;
	*yes = false;
	clock_span(left + 999, span);
	snprintf(detail, sizeof detail, "the tracker is left alone for another %s, after: %s", span,
		 reason);
	conclude(t->out, OUTCOME_WAIT, detail);
	t->out->undone = true;
	return true;
}

static bool past_deadline(struct turn *t)
{
	if (clock_monotonic() < t->cy->deadline)
		return false;
	conclude(t->out, OUTCOME_WAIT, "the time for this cycle is up");
	return true;
}

/* ---- resume ---- */

static bool rests(const struct turn *t, const struct assignment *a)
{
	int64_t age = clock_now() - a->changed_at;

	/* A negative age comes from a clock that was set back. */
	return a->set_aside && a->state == ASSIGNMENT_ASSIGNED && !t->cy->force && age >= 0 &&
	       age < CYCLE_SET_ASIDE_RETRY_MS;
}

static bool resume_one(struct turn *t, struct assignment *a, bool *goes_on, struct err *err)
{
	bool yes = true;

	*goes_on = true;
	if (rests(t, a))
		return true;
	if (a->state == ASSIGNMENT_ASSIGNED && !assignment_is_staged(a)) {
		if (!may_ask(t, &yes, err))
			return false;
		*goes_on = yes;
		if (!yes)
			return true;
	}
	char label[ASSIGNMENT_LABEL];
	if (a->state != ASSIGNMENT_DELIVERED)
		log_info(name_of(t), "going on with %s, which is %s", assignment_label(a, label),
			 assignment_state_text(a->state));
	struct err why;
	bool was_set_aside = a->set_aside;
	if (finish(t, a, false, &why))
		return true;
	/* One that had been set aside already is no reason to stop. */
	if (was_set_aside && why.kind == ERR_ITEM) {
		log_warn(name_of(t), "TorrentID %s, set aside: %s", a->torrent_id, why.msg);
		return true;
	}
	*err = why;
	return false;
}

/* Finish what is open.  *goes_on: nothing of it is in the way of a new question. */
static bool resume(struct turn *t, bool *goes_on, struct err *err)
{
	struct assignment *open = NULL;
	size_t n = 0;
	bool ok = true;

	*goes_on = true;
	if (!ledger_list(t->cy->ledger, LEDGER_PENDING, name_of(t), 0, &open, &n, err))
		return false;
	for (size_t i = 0; ok && *goes_on && i < n; i++)
		ok = resume_one(t, &open[i], goes_on, err);
	assignment_list_free(open, n);
	return ok;
}

static bool too_many_set_aside(struct turn *t, struct err *err)
{
	struct ledger_totals totals;

	if (!ledger_totals(t->cy->ledger, name_of(t), &totals, err))
		return true;
	if (totals.set_aside < CYCLE_SET_ASIDE_MAX)
		return false;
	err_set(err, ERR_TARGET, WORD_BAD_TORRENT,
		"%d assignments brought no torrent and were set aside (see `ptp-archiver status`); "
		"nothing new is asked for until one of them works: `ptp-archiver fetch --force`",
		CYCLE_SET_ASIDE_MAX);
	return true;
}

/* ---- ask ---- */

/* A newer one is worth one warning in a cycle. */
static bool check_version(struct cycle *cy, const struct reply *reply, struct err *err)
{
	if (!reply->version[0])
		return true;
	if (!pace_announced(cy->pacer, reply->version, err))
		return false;
	if (cy->newer_version[0] || num_version_compare(reply->version, cy->speaks) <= 0)
		return true;
	text_copy(cy->newer_version, sizeof cy->newer_version, reply->version);
	log_warn(
		NULL,
		"the tracker announces version %s of its utility; this program speaks the protocol "
		"of %s: look for a newer ptp-archiver",
		reply->version, cy->speaks);
	return true;
}

/* Asks for one torrent and brings it to its place.  *more: it worked, another may be asked for. */
static bool ask(struct turn *t, bool *more, struct err *err)
{
	OWN_REPLY struct reply reply = {0};
	OWN(assignment_clear) struct assignment a = {0};
	const struct obtain parts = obtain_parts(t);
	size_t found;

	*more = false;
	if (!obtain_assignment(&parts, &a, &reply, &t->out->undone, err) ||
	    !check_version(t->cy, &reply, err))
		return false;
	if (reply.verdict != REPLY_ASSIGNED) {
		/* What was delivered before it was full is what this turn was about. */
		if (t->out->delivered == 0 || reply.verdict != REPLY_FULL)
			conclude_reply(t->out, &reply);
		return true;
	}
	if (!lost_search(t->cy->ledger, &reply, &found, err))
		return false;
	t->found += found;
	*more = true;
	return finish(t, &a, true, err);
}

/* What the container got of this cycle already, before a process ended amid it. */
static bool got_before(struct turn *t, uint64_t *n, struct err *err)
{
	*n = 0;
	return t->cy->since == 0 ||
	       ledger_delivered_since(t->cy->ledger, name_of(t), t->cy->since, n, err);
}

static bool ask_all(struct turn *t, uint64_t before, struct err *err)
{
	struct client *client = t->target->client;
	bool yes, more = true;

	while (more && before + t->out->delivered < t->cy->per_cycle) {
		if (past_deadline(t))
			return true;
		if (!may_ask(t, &yes, err))
			return false;
		if (!yes)
			return true;
		if (!client->ops->ready(client, err) || too_many_set_aside(t, err) ||
		    !ask(t, &more, err))
			return false;
	}
	return true;
}

static bool take(struct turn *t, struct err *err)
{
	uint64_t before;
	bool goes_on;

	conclude(t->out, OUTCOME_OK, "");
	if (!got_before(t, &before, err) || !resume(t, &goes_on, err))
		return false;
	if (!goes_on)
		return true;
	if (!ask_all(t, before, err))
		return false;
	/* What was found again may be this container's. */
	return t->found == 0 || resume(t, &goes_on, err);
}

/* ---- the cycle ---- */

static void log_outcome(const struct outcome *o)
{
	char text[OUTCOME_TEXT];

	outcome_text(o, text);
	const char *sep = o->detail[0] ? ": " : "";
	if (outcome_is_well(o))
		log_info(o->container, "%s%s%s", text, sep, o->detail);
	else
		log_error(o->container, "%s%s%s", text, sep, o->detail);
}

/* false: the cycle cannot go on. */
static bool one_turn(struct cycle *cy, int64_t id, const struct target *target, struct outcome *out,
		     struct err *err)
{
	struct turn t = {.cy = cy, .target = target, .out = out};
	struct err why;

	if (!take(&t, &why)) {
		conclude_err(out, &why);
		if (is_stop(&why) || why.kind == ERR_FATAL) {
			*err = why;
			return false;
		}
	}
	out->container = mem_dup(target->container->name);
	log_outcome(out);
	/* Where this cannot be recorded nothing more should be asked for. */
	return ledger_turn(cy->ledger, id, out, err) ||
	       err_wrap(err, "%s: record the outcome", out->container);
}

/* An answer that could not be put into the ledger when it came. */
static bool take_slip(struct cycle *cy, struct err *err)
{
	char text[VAULT_SLIP_BYTES + 1];
	struct incomplete answer = {0};
	char archive_id[REPLY_ID_SIZE];
	int64_t id;

	if (!vault_slip_read(cy->vault, text, err))
		return false;
	if (sscanf(text, "%" SCNd64 " %23[0-9] %23[0-9]", &id, answer.torrent_id, archive_id) != 3)
		return true;
	log_info(NULL, "taking up TorrentID %s, which could not be recorded when it was assigned",
		 answer.torrent_id);
	return ledger_found(cy->ledger, id, &answer, archive_id, err) &&
	       vault_slip_write(cy->vault, "", err);
}

/* What an engine that died had downloaded.  Its trouble is not in the others' way. */
static bool take_up_staged(struct cycle *cy, const struct target *targets, size_t n,
			   struct err *err)
{
	struct err why;

	for (size_t i = 0; i < n; i++) {
		const char *name = targets[i].container->name;
		if (staged_take_up(cy->ledger, cy->staging, name, &why))
			continue;
		if (is_stop(&why)) {
			*err = why;
			return false;
		}
		log_error(name, "what was downloaded earlier cannot be taken up: %s", why.msg);
	}
	return true;
}

static bool begin(struct cycle *cy, const char *kind, const struct target *targets, size_t n,
		  int64_t *id, struct err *err)
{
	if (cy->engine->ops->begin)
		cy->engine->ops->begin(cy->engine);
	if (!take_slip(cy, err) || !take_up_staged(cy, targets, n, err) ||
	    !ledger_adopt_leftovers(cy->ledger, &cy->leftovers, err))
		return false;
	if (cy->leftovers)
		log_warn(NULL,
			 "%zu assignment%s possibly lost: the program ended while it was asking; "
			 "the tracker's next answer is searched for it",
			 cy->leftovers, cy->leftovers == 1 ? " is" : "s are");
	OWN_STR const char **names = mem_alloc((n + 1) * sizeof *names);
	for (size_t i = 0; i < n; i++)
		names[i] = targets[i].container->name;
	return ledger_cycle_begin(cy->ledger, kind, names, n, id, err);
}

bool cycle_run(struct cycle *cy, const char *kind, const struct target *targets, size_t n,
	       struct outcome *outcomes, int64_t *id, struct err *err)
{
	if (!begin(cy, kind, targets, n, id, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!one_turn(cy, *id, &targets[i], &outcomes[i], err))
			return false;
	}
	return true;
}
