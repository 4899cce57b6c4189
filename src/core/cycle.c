#include "core/cycle.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "core/deliver.h"
#include "core/guard.h"
#include "core/lost.h"
#include "core/obtain.h"
#include "core/pick_up.h"
#include "core/staged.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct turn {
	struct cycle *cy;
	const struct target *target;
	struct outcome *out;
	size_t found;    /* possibly lost assignments that a reply has shown */
	struct err away; /* the client was found to be away; its code is WORD_NONE otherwise */
	int64_t before;  /* when the container's last turn ended */
	bool calling;    /* what fails now would call the tracker when it is tried again */
};

static const char *name_of(const struct turn *t)
{
	return t->target->container->name;
}

/* ---- outcomes ---- */

static void conclude(struct outcome *o, struct result result, const char *detail)
{
	o->result = result;
	o->until = 0;
	text_copy(o->detail, sizeof o->detail, detail);
}

static struct result is(enum outcome_kind kind)
{
	return (struct result){.kind = kind};
}

static struct result waits_for(enum outcome_wait wait)
{
	return (struct result){.kind = OUTCOME_WAIT, .wait = wait};
}

static void conclude_err(struct outcome *o, const struct err *err)
{
	conclude(o, result_of_err(err), err->msg);
}

static void conclude_reply(struct outcome *o, const struct reply *reply)
{
	if (reply->verdict == REPLY_FULL)
		conclude(o, is(OUTCOME_FULL), "the container is full");
	else if (reply->verdict == REPLY_STALLED)
		conclude(o, is(OUTCOME_STALLED), "too many stalled downloads");
	else
		conclude(o, (struct result){.kind = OUTCOME_ERR, .code = WORD_TRACKER},
			 reply->message);
}

static void note_delivery(struct turn *t, const struct assignment *a, const char *path)
{
	char size[NUM_TEXT];

	num_bytes(a->bytes, size);
	log_info(name_of(t), "delivered \"%s\" (%s) %s %s", a->name ? a->name : "", size,
		 destination_watches(t->target->to) ? "as" : "to", path);
	free(t->out->torrent);
	t->out->torrent = mem_dup(a->name);
	t->out->bytes = a->bytes;
	t->out->delivered++;
	if (t->cy->delivered)
		t->cy->delivered(t->cy->ctx, t->target, path);
}

/* ---- a client that is away ---- */

/* Its torrents wait; nothing more is tried with it in this cycle. */
static void note_away(struct turn *t, const struct err *why)
{
	if (t->away.code)
		return;
	log_warn(name_of(t), "%s", why->msg);
	t->away = *why;
	t->cy->away[t->cy->n_away++] = (struct away){t->target->to, *why};
}

/* Was it found to be away in another container's turn? */
static void recall_away(struct turn *t)
{
	for (size_t i = 0; i < t->cy->n_away; i++)
		if (t->cy->away[i].to == t->target->to)
			t->away = t->cy->away[i].why;
}

/* At the end of a turn: what waits for the client is what a person should know of. */
static bool conclude_away(struct turn *t, struct err *err)
{
	const struct destination *to = t->target->to;
	bool retried = t->away.kind == ERR_RETRY;
	uint64_t waiting;

	if (!t->away.code)
		return true;
	if (!ledger_waiting(t->cy->ledger, name_of(t), &waiting, err))
		return false;
	if (waiting && result_is_well(&t->out->result)) {
		OWN_STR char *detail =
			mem_printf("%" PRIu64 " torrent%s for %s: %s", waiting,
				   waiting == 1 ? " waits" : "s wait", to->name, t->away.msg);
		conclude(t->out, waits_for(WAIT_CLIENT), detail);
	}
	if (!result_is_clients(&t->out->result) || !retried)
		return true;
	t->out->undone = true;
	return destination_retry(to, t->cy->ledger, t->cy->pacer->manners.waits, &t->out->retry_at,
				 err);
}

/* A folder that is full, missing or not writable: mended by a person, or by itself. */
static void conclude_failure(struct turn *t, const struct err *why)
{
	const struct manners *m = &t->cy->pacer->manners;

	conclude_err(t->out, why);
	if (why->code != WORD_DISK || t->calling)
		return;
	t->out->undone = true;
	t->out->retry_at = clock_now() + (m->waits ? CYCLE_DISK_RETRY_MS : 0);
}

/* ---- the tracker ---- */

/* true: the tracker may be asked now.  Otherwise *left says for how long it may not. */
static bool may_ask(struct turn *t, bool *yes, struct err *err)
{
	struct pace_reason why;
	int64_t until;

	*yes = true;
	if (t->cy->force)
		return true;
	if (!pace_backoff(t->cy->pacer, &until, &why, err))
		return false;
	if (!until)
		return true;
	*yes = false;
	conclude(t->out, waits_for(WAIT_BACKOFF), why.text);
	t->out->until = until;
	t->out->undone = true;
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

static struct deliver deliver_parts(const struct turn *t)
{
	struct cycle *cy = t->cy;

	return (struct deliver){.ledger = cy->ledger,
				.vault = cy->vault,
				.wake = cy->wake,
				.container = t->target->container,
				.to = t->target->to,
				.force = cy->force,
				.keep = cy->keep};
}

/* From "fetched" or "delivering"; a client that is away is left alone. */
static bool hand_over(struct turn *t, struct assignment *a, const struct buf *bytes,
		      struct err *err)
{
	const struct deliver parts = deliver_parts(t);
	struct err why;

	if (t->away.code)
		return true;
	if (deliver_torrent(&parts, a, bytes, &why)) {
		note_delivery(t, a, a->path);
		return true;
	}
	if (destination_is_away(&why)) {
		note_away(t, &why);
		return true;
	}
	*err = why;
	return false;
}

static bool after_delivery(struct turn *t, struct assignment *a, struct err *err)
{
	const struct deliver parts = deliver_parts(t);
	char warning[sizeof t->out->detail];

	bool ok = deliver_after(&parts, a, warning, sizeof warning, err);
	if (warning[0])
		text_copy(t->out->detail, sizeof t->out->detail, warning);
	return ok;
}

/* *yes: it needs no call of the tracker, or one may be made: the kept bytes may have been gone. */
static bool may_go_on(struct turn *t, const struct assignment *a, bool *yes, struct err *err)
{
	*yes = a->state != ASSIGNMENT_ASSIGNED;
	return *yes || t->cy->local || may_ask(t, yes, err);
}

static bool finish(struct turn *t, struct assignment *a, bool fresh, struct err *err)
{
	bool yes = true;
	OWN_BUF struct buf bytes = BUF_MAX(OBTAIN_MAX_BYTES);
	const struct obtain parts = obtain_parts(t);

	if ((a->state == ASSIGNMENT_FETCHED || a->state == ASSIGNMENT_DELIVERING) &&
	    (!from_vault(t, a, &bytes, err) || !may_go_on(t, a, &yes, err)))
		return false;
	if (!yes)
		return true;
	t->calling = a->state == ASSIGNMENT_ASSIGNED && !assignment_is_staged(a);
	if (a->state == ASSIGNMENT_ASSIGNED &&
	    !obtain_download(&parts, a, fresh, &bytes, &t->out->undone, err))
		return false;
	t->calling = false;
	if (a->state != ASSIGNMENT_DELIVERED && !hand_over(t, a, &bytes, err))
		return false;
	return a->state != ASSIGNMENT_DELIVERED || after_delivery(t, a, err);
}

/* ---- guards ---- */

static bool past_deadline(struct turn *t)
{
	if (clock_monotonic() < t->cy->deadline)
		return false;
	conclude(t->out, waits_for(WAIT_TIME), "the time for this cycle is up");
	return true;
}

/* ---- resume ---- */

static bool rests(const struct turn *t, const struct assignment *a)
{
	int64_t age = clock_now() - a->changed_at;

	/* A negative age comes from a clock that was set back. */
	return a->set_aside && !t->cy->force && age >= 0 && age < CYCLE_SET_ASIDE_RETRY_MS;
}

static bool resume_one(struct turn *t, struct assignment *a, bool *goes_on, struct err *err)
{
	bool yes = true;

	*goes_on = true;
	if (rests(t, a))
		return true;
	if (a->state == ASSIGNMENT_ASSIGNED && !assignment_is_staged(a)) {
		if (t->cy->local)
			return true;
		if (!may_ask(t, &yes, err))
			return false;
		*goes_on = yes;
		if (!yes)
			return true;
	}
	char label[ASSIGNMENT_LABEL];
	if (a->state != ASSIGNMENT_DELIVERED && !t->away.code)
		log_info(name_of(t), "going on with %s, which is %s", assignment_label(a, label),
			 assignment_state_text(a->state));
	struct err why;
	bool was_set_aside = a->set_aside;
	if (finish(t, a, false, &why))
		return true;
	/* One that is set aside is no reason to stop. */
	if (was_set_aside && why.kind == ERR_ITEM) {
		log_warn(name_of(t), "%s, set aside: %s", assignment_label(a, label), why.msg);
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
		"%d assignments could not be downloaded or delivered and were set aside (see "
		"`ptp-archiver status`); nothing new is asked for until one of them works: "
		"`ptp-archiver fetch --force`",
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
	t->calling = true;
	if (!obtain_assignment(&parts, &a, &reply, &t->out->undone, err) ||
	    !check_version(t->cy, &reply, err))
		return false;
	t->calling = false;
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

/* What the container got of this cycle already: in this turn, and, where a process ended amid the
 * cycle, before it. */
static bool got_already(struct turn *t, uint64_t *n, struct err *err)
{
	*n = t->out->delivered;
	return t->cy->since == 0 ||
	       ledger_got_since(t->cy->ledger, name_of(t), t->cy->since, n, err);
}

/* *yes: nothing holds the container back.  What passes by itself is not worth more than what was
 * delivered before it. */
static bool guards_let(struct turn *t, bool *yes, struct err *err)
{
	const struct guard guard = {.container = t->target->container,
				    .to = t->target->to,
				    .manners = {t->cy->ledger, t->cy->force},
				    .away = t->away.code ? &t->away : NULL};
	struct outcome held = {0};
	struct err away;
	bool holds;

	if (!guard_check(&guard, &held, &holds, &away, err)) {
		/* It may go away between two questions. */
		if (!destination_is_away(err))
			return false;
		away = *err;
		holds = true;
		conclude(&held, waits_for(WAIT_CLIENT), away.msg);
	}
	if (away.code)
		note_away(t, &away);
	*yes = !holds;
	if (!holds || (t->out->delivered && result_is_well(&held.result)))
		return true;
	conclude(t->out, held.result, held.detail);
	return true;
}

static bool ask_all(struct turn *t, struct err *err)
{
	bool yes, more = true;
	uint64_t got;

	if (!got_already(t, &got, err))
		return false;
	for (; more && got < t->cy->per_cycle; got++) {
		if (past_deadline(t))
			return true;
		if (!may_ask(t, &yes, err))
			return false;
		if (!yes)
			return true;
		if (!guards_let(t, &yes, err))
			return false;
		if (!yes)
			return true;
		if (too_many_set_aside(t, err) || !ask(t, &more, err))
			return false;
	}
	return true;
}

/* A client that put a file aside since the last turn has refused a torrent. */
static bool conclude_refused(struct turn *t, struct err *err)
{
	OWN_STR char *path = NULL;
	size_t n;

	if (!pick_up_refused(t->cy->ledger, t->target->container, t->before, &n, &path, err))
		return false;
	if (n == 0 || !result_is_well(&t->out->result))
		return true;
	OWN_STR char *detail = mem_printf("the client refused %s, and put it aside%s", path,
					  n > 1 ? ", and others" : "");
	conclude(t->out, (struct result){.kind = OUTCOME_ERR, .code = WORD_CLIENT}, detail);
	return true;
}

/* A watch folder that was there and is gone is not made anew: its disk may be away, and what lies
 * in it was not picked up. */
static bool folder_is_there(const struct turn *t, struct err *err)
{
	const struct destination *to = t->target->to;
	bool used = false;

	if (!destination_watches(to) || fs_is_folder(to->place))
		return true;
	if (!ledger_used_folder(t->cy->ledger, name_of(t), to->place, &used, err))
		return false;
	return !used || err_set(err, ERR_TARGET, WORD_DISK,
				"the watch folder %s was there, and is gone: is its disk mounted? "
				"Make the folder anew to go on without what was in it",
				to->place);
}

static bool begin_turn(struct turn *t, struct err *err)
{
	struct ledger_container known;

	conclude(t->out, is(OUTCOME_OK), "");
	recall_away(t);
	if (!ledger_get_container(t->cy->ledger, name_of(t), &known, err))
		return false;
	t->before = known.outcome_at;
	return folder_is_there(t, err) &&
	       pick_up_look(t->cy->ledger, t->target->container, t->target->to, err);
}

static bool take(struct turn *t, struct err *err)
{
	bool goes_on;

	if (!begin_turn(t, err) || !resume(t, &goes_on, err))
		return false;
	if (goes_on && !t->cy->local && !ask_all(t, err))
		return false;
	/* What was found again may be this container's. */
	if (goes_on && t->found && !resume(t, &goes_on, err))
		return false;
	return conclude_away(t, err) && conclude_refused(t, err);
}

/* ---- the cycle ---- */

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

/* false: the cycle cannot go on. */
static bool one_turn(struct cycle *cy, int64_t id, const struct target *target, struct outcome *out,
		     struct err *err)
{
	struct turn t = {.cy = cy, .target = target, .out = out};
	struct err why;

	if (!take(&t, &why)) {
		conclude_failure(&t, &why);
		if (err_is_stop(&why) || why.kind == ERR_FATAL) {
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
		if (err_is_stop(&why)) {
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
	/* What is only finished keeps the turn that it had. */
	return ledger_cycle_begin(cy->ledger, kind, names, cy->local ? 0 : n, id, err);
}

bool cycle_run(struct cycle *cy, const char *kind, const struct target *targets, size_t n,
	       struct outcome *outcomes, int64_t *id, struct err *err)
{
	OWN_STR struct away *away = mem_alloc((n + 1) * sizeof *away);
	bool ok = begin(cy, kind, targets, n, id, err);

	cy->away = away;
	cy->n_away = 0;
	for (size_t i = 0; ok && i < n; i++)
		ok = one_turn(cy, *id, &targets[i], &outcomes[i], err);
	cy->away = NULL;
	return ok;
}
