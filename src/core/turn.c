#include "core/turn.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "core/deliver.h"
#include "core/folders.h"
#include "core/guard.h"
#include "core/lost.h"
#include "core/mark.h"
#include "core/obtain.h"
#include "core/pace.h"
#include "core/pick_up.h"

#include <inttypes.h>
#include <string.h>

struct turn {
	struct run *run;
	struct cycle *cy;
	const struct target *target;
	const char *name;
	struct outcome *out;
	size_t found;   /* possibly lost assignments that a reply has shown */
	int64_t before; /* when the container's last turn ended */
	bool calling;   /* what fails now would call the tracker when it is retried, until the bytes
			 * are kept */
};

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

static struct result fails_with(enum err_code code)
{
	return (struct result){.kind = OUTCOME_ERR, .code = code};
}

static void conclude_reply(struct outcome *o, const struct reply *reply)
{
	if (reply->verdict == REPLY_FULL)
		conclude(o, is(OUTCOME_FULL), "the container is full");
	else if (reply->verdict == REPLY_STALLED)
		conclude(o, is(OUTCOME_STALLED), "too many stalled downloads");
	else
		conclude(o, fails_with(WORD_TRACKER), reply->message);
}

/* A folder that is full, missing or not writable may be fixed at any time. */
static void conclude_failure(struct turn *t, const struct err *why)
{
	OWN_STR char *hangs = why->code == WORD_HANGS ? folders_words(t->run, t->target) : NULL;

	conclude(t->out, result_of_err(why), hangs ? hangs : why->msg);
	if (t->calling)
		t->out->undone = t->run->engine->failure.back_off;
	else if (why->code == WORD_DISK || why->code == WORD_HANGS) {
		t->out->undone = true;
		t->out->retry_at = clock_now() + (t->run->manners.waits ? TURN_DISK_RETRY_MS : 0);
	}
}

/* At the end of a turn: a person should know what waits for the client. */
static bool conclude_away(struct turn *t, struct err *err)
{
	const struct destination *to = t->target->to;
	uint64_t waiting;

	if (!to->away.code)
		return true;
	if (!ledger_waiting(t->run->ledger, t->name, &waiting, err))
		return false;
	if (waiting && result_is_well(&t->out->result)) {
		OWN_STR char *detail =
			mem_printf("%" PRIu64 " torrent%s for %s: %s", waiting,
				   waiting == 1 ? " waits" : "s wait", to->name, to->away.msg);
		conclude(t->out, waits_for(WAIT_CLIENT), detail);
	}
	if (!result_is_clients(&t->out->result) || to->away.kind != ERR_RETRY)
		return true;
	t->out->undone = true;
	return destination_retry(t->run, to, &t->out->retry_at, err);
}

/* A client that put a file aside since the last turn has refused a torrent. */
static bool conclude_refused(struct turn *t, struct err *err)
{
	OWN_STR char *path = NULL;
	size_t n;

	if (!pick_up_refused(t->run, t->name, t->before, &n, &path, err))
		return false;
	if (n == 0 || !result_is_well(&t->out->result))
		return true;
	OWN_STR char *detail = mem_printf("the client refused %s, and put it aside%s", path,
					  n > 1 ? ", and others" : "");
	conclude(t->out, fails_with(WORD_CLIENT), detail);
	return true;
}

/* ---- may the tracker be asked? ---- */

static enum step past_deadline(struct turn *t)
{
	if (clock_monotonic() < t->cy->deadline)
		return GO;
	conclude(t->out, waits_for(WAIT_TIME), "the time for this cycle is up");
	return HOLD;
}

static enum step backs_off(struct turn *t, struct err *err)
{
	struct pace_reason why;
	int64_t until;

	enum step step = pace_may_ask(t->run, &until, &why, err);
	if (step != HOLD)
		return step;
	conclude(t->out, waits_for(WAIT_BACKOFF), why.text);
	t->out->until = until;
	t->out->undone = true;
	return HOLD;
}

/* What passes by itself is not worth more than what was delivered before it. */
static enum step guarded(struct turn *t, struct err *err)
{
	struct outcome held = {0};
	enum step step = guard_check(t->run, t->target, &held, err);

	if (step == HOLD && !(t->out->delivered && result_is_well(&held.result)))
		conclude(t->out, held.result, held.detail);
	return step;
}

static enum step few_set_aside(const struct turn *t, struct err *err)
{
	struct ledger_totals totals;

	if (!ledger_totals(t->run->ledger, t->name, &totals, err))
		return FAILED;
	if (totals.set_aside < TURN_SET_ASIDE_MAX)
		return GO;
	err_set(err, ERR_TARGET, WORD_BAD_TORRENT,
		"%d assignments could not be downloaded or delivered and were set aside (see "
		"`ptp-archiver status`); nothing new is asked for until one of them works: "
		"`ptp-archiver fetch --force`",
		TURN_SET_ASIDE_MAX);
	return FAILED;
}

static enum step may_ask(struct turn *t, struct err *err)
{
	enum step step = past_deadline(t);

	if (step == GO)
		step = backs_off(t, err);
	if (step == GO)
		step = guarded(t, err);
	if (step == GO)
		step = few_set_aside(t, err);
	/* Where what is assigned is kept, whatever becomes of the client. */
	return step != GO || vault_ready(t->run->vault, err) ? step : FAILED;
}

/* ---- one assignment, from wherever it stands ---- */

static void note_delivery(struct turn *t, const struct assignment *a)
{
	char size[NUM_TEXT];

	num_bytes(a->bytes, size);
	log_info(t->name, "delivered \"%s\" (%s) %s %s", a->name ? a->name : "", size,
		 destination_watches(t->target->to) ? "as" : "to", a->path);
	free(t->out->torrent);
	t->out->torrent = mem_dup(a->name);
	t->out->bytes = a->bytes;
	t->out->delivered++;
	if (t->cy->delivered)
		t->cy->delivered(t->cy->ctx, t->target, a->path);
}

/* Where the kept bytes are gone or damaged, the assignment is downloaded again.  (Should it have
 * been delivered already, the client knows it by its infohash.) */
static bool from_vault(struct turn *t, struct assignment *a, struct parcel *p, struct err *err)
{
	struct err why;

	if (parcel_from_vault(p, t->run->vault, a->infohash, &why))
		return true;
	log_warn(t->name, "%s; it is downloaded again", why.msg);
	buf_reset(&p->bytes);
	if (!ledger_unfetched(t->run->ledger, a->id, why.msg, err))
		return false;
	a->state = ASSIGNMENT_ASSIGNED;
	return true;
}

static bool download(struct turn *t, struct assignment *a, bool fresh, struct parcel *p,
		     struct err *err)
{
	t->calling = !assignment_is_staged(a);
	bool ok = obtain_download(t->run, t->target->container, a, fresh, p, err);
	t->calling &= !ok;
	return ok;
}

/* HOLD: it needs a call of the tracker, which may not be made now. */
static enum step may_continue(struct turn *t, const struct assignment *a, struct err *err)
{
	if (a->state != ASSIGNMENT_ASSIGNED || assignment_is_staged(a))
		return GO;
	return t->cy->local ? HOLD : backs_off(t, err);
}

/* The torrent's bytes. */
static enum step get(struct turn *t, struct assignment *a, bool fresh, struct parcel *p,
		     struct err *err)
{
	if (a->state != ASSIGNMENT_ASSIGNED) {
		if (!from_vault(t, a, p, err))
			return FAILED;
		enum step step = may_continue(t, a, err);
		if (step != GO || a->state != ASSIGNMENT_ASSIGNED)
			return step;
	}
	return download(t, a, fresh, p, err) ? GO : FAILED;
}

/* From "fetched" or "delivering"; with a client that is away it stays there. */
static bool hand_over(struct turn *t, struct assignment *a, const struct parcel *p, struct err *err)
{
	struct destination *to = t->target->to;
	struct err why;

	if (to->away.code)
		return true;
	if (deliver_torrent(t->run, t->target, a, p, &why)) {
		note_delivery(t, a);
		return true;
	}
	if (destination_note_away(to, t->name, &why))
		return true;
	*err = why;
	return false;
}

static bool after_delivery(struct turn *t, struct assignment *a, struct err *err)
{
	char warning[sizeof t->out->detail];
	bool ok = deliver_after(t->run, t->target, a, warning, sizeof warning, err);

	if (warning[0])
		text_copy(t->out->detail, sizeof t->out->detail, warning);
	return ok;
}

static enum step finish(struct turn *t, struct assignment *a, bool fresh, struct err *err)
{
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;

	if (a->state != ASSIGNMENT_DELIVERED) {
		enum step step = get(t, a, fresh, &p, err);
		if (step != GO)
			return step;
		if (!hand_over(t, a, &p, err))
			return FAILED;
	}
	return a->state != ASSIGNMENT_DELIVERED || after_delivery(t, a, err) ? GO : FAILED;
}

/* ---- resume ---- */

static bool rests(const struct turn *t, const struct assignment *a)
{
	int64_t age = clock_now() - a->changed_at;

	/* A negative age comes from a clock that was set back. */
	return a->set_aside && !t->run->force && age >= 0 && age < TURN_SET_ASIDE_RETRY_MS;
}

static enum step resume_one(struct turn *t, struct assignment *a, struct err *err)
{
	char label[ASSIGNMENT_LABEL];
	bool was_set_aside = a->set_aside;

	if (rests(t, a))
		return GO;
	enum step step = may_continue(t, a, err);
	if (step != GO)
		return step;
	if (a->state != ASSIGNMENT_DELIVERED && !t->target->to->away.code)
		log_info(t->name, "resuming %s, which is %s", assignment_label(a, label),
			 assignment_state_text(a->state));
	step = finish(t, a, false, err);
	/* One that is set aside is no reason to stop. */
	if (step != FAILED || !was_set_aside || err->kind != ERR_ITEM)
		return step;
	log_warn(t->name, "%s, set aside: %s", assignment_label(a, label), err->msg);
	return GO;
}

/* Finish what is open.  HOLD: some of it waits for the tracker, so nothing new may be asked for. */
static enum step resume(struct turn *t, struct err *err)
{
	struct assignment *open = NULL;
	size_t n = 0;
	enum step all = GO;

	if (!ledger_list(t->run->ledger, LEDGER_PENDING, t->name, 0, &open, &n, err))
		return FAILED;
	for (size_t i = 0; all != FAILED && i < n; i++) {
		enum step step = resume_one(t, &open[i], err);
		all = step == GO ? all : step;
	}
	assignment_list_free(open, n);
	return all;
}

/* ---- ask ---- */

/* A newer one is worth one warning in a cycle. */
static bool check_version(struct turn *t, const struct reply *reply, struct err *err)
{
	char *newer = t->cy->newer_version;
	const char *speaks = t->run->speaks;

	if (!reply->version[0])
		return true;
	if (!pace_announced(t->run, reply->version, err))
		return false;
	if (newer[0] || num_version_compare(reply->version, speaks) <= 0)
		return true;
	text_copy(newer, sizeof t->cy->newer_version, reply->version);
	log_warn(
		NULL,
		"the tracker announces version %s of its utility; this program speaks the protocol "
		"of %s: look for a newer ptp-archiver",
		newer, speaks);
	return true;
}

/* Asks for one torrent and brings it to its place.  GO: it worked, another may be asked for. */
/* What was delivered before it is what this turn was about. */
static enum step conclude_again(struct turn *t, const struct reply *reply)
{
	OWN_STR char *detail = mem_printf("the tracker assigned TorrentID %s again, which is here "
					  "already",
					  reply->torrent_id);

	if (t->out->delivered == 0)
		conclude(t->out, is(OUTCOME_OK), detail);
	return HOLD;
}

static enum step ask(struct turn *t, struct err *err)
{
	OWN_REPLY struct reply reply = {0};
	OWN(assignment_clear) struct assignment a = {0};
	size_t found;

	t->calling = true;
	if (!obtain_assignment(t->run, t->target->container, &a, &reply, err) ||
	    !check_version(t, &reply, err))
		return FAILED;
	if (reply.verdict != REPLY_ASSIGNED) {
		/* What was delivered before it was full is what this turn was about. */
		if (t->out->delivered == 0 || reply.verdict != REPLY_FULL)
			conclude_reply(t->out, &reply);
		return HOLD;
	}
	if (!lost_search(t->run, &reply, &found, err))
		return FAILED;
	t->found += found;
	return a.id ? finish(t, &a, true, err) : conclude_again(t, &reply);
}

/* What the container got of this cycle already: in this turn, and, where a process ended during the
 * cycle, before it. */
static bool got_already(const struct turn *t, uint64_t *n, struct err *err)
{
	*n = t->out->delivered;
	return t->cy->since == 0 || ledger_got_since(t->run->ledger, t->name, t->cy->since, n, err);
}

static bool ask_all(struct turn *t, struct err *err)
{
	enum step step = GO;
	uint64_t got;

	if (!got_already(t, &got, err))
		return false;
	for (; step == GO && got < t->run->per_cycle; got++) {
		step = may_ask(t, err);
		if (step == GO)
			step = ask(t, err);
	}
	return step != FAILED;
}

/* ---- the turn ---- */

static bool begin(struct turn *t, struct err *err)
{
	struct ledger_container known;

	if (!ledger_get_container(t->run->ledger, t->name, &known, err))
		return false;
	t->before = known.outcome_at;
	return mark_check(t->run, t->target, false, err) && pick_up_look(t->run, t->target, err);
}

static bool take(struct turn *t, struct err *err)
{
	if (!begin(t, err))
		return false;
	enum step step = resume(t, err);
	if (step == GO && !t->cy->local && !ask_all(t, err))
		return false;
	/* What was found again may be this container's. */
	if (step == GO && t->found)
		step = resume(t, err);
	return step != FAILED && conclude_away(t, err) && conclude_refused(t, err);
}

bool turn_take(struct run *r, struct cycle *cy, const struct target *target, struct outcome *out,
	       struct err *err)
{
	struct turn t = {
		.run = r, .cy = cy, .target = target, .name = target->container->name, .out = out};
	struct err why;

	if (take(&t, &why))
		return true;
	conclude_failure(&t, &why);
	if (!err_is_stop(&why) && why.kind != ERR_FATAL)
		return true;
	*err = why;
	return false;
}
