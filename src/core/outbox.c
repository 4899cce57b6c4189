#include "core/outbox.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/own.h"
#include "core/schedule.h"

#include <string.h>

#define DAY_MS (24 * 3600 * INT64_C(1000))

/* ---- putting in ---- */

bool outbox_wants(const struct run *r, enum event_kind kind)
{
	for (size_t i = 0; i < r->n_notified; i++)
		if (r->notified[i].events & EVENT_BIT(kind))
			return true;
	return false;
}

static bool is_for(const struct notify_target *t, const struct event *e)
{
	return (t->events & EVENT_BIT(e->kind)) && !(t->events & e->covered);
}

bool outbox_put(const struct run *r, const struct notices *told, const struct events *events,
		struct err *err)
{
	OWN_STR struct ledger_message *messages =
		mem_alloc((r->n_notified * events->n + 1) * sizeof *messages);
	size_t n = 0;
	bool changed = false;

	for (size_t i = 0; i < events->n; i++)
		for (size_t k = 0; k < r->n_notified; k++)
			if (is_for(&r->notified[k], &events->list[i]))
				messages[n++] = (struct ledger_message){r->notified[k].fingerprint,
									&events->list[i]};
	for (size_t i = 0; i < told->n; i++)
		changed |= told->list[i].changed;
	return (!n && !changed) || ledger_tell(r->ledger, told->list, told->n, messages, n, err);
}

/* ---- sending ---- */

struct sending {
	const struct run *run;
	const struct notify_target *to;
	struct ledger_telling how;
	int64_t end; /* on the monotonic clock: none is begun from then on */
};

/* A stored time that is further ahead than it can be comes from a clock that was set back. */
static bool rests(const struct ledger_telling *how, int64_t now)
{
	return how->rest_until > now && how->rest_until <= now + NOTIFY_REST_MAX_MS;
}

static void begin_day(struct ledger_telling *how, int64_t now)
{
	if (how->since && how->since <= now && now - how->since < DAY_MS)
		return;
	how->since = now;
	how->told = 0;
}

static void mark_last(struct event *e)
{
	/* In front, since services cut what is long. */
	char *text = mem_printf("(This is the last message for today: no more than %d are sent in "
				"24 hours. `ptp-archiver status` and the log tell the rest.)%s%s",
				OUTBOX_PER_DAY, *e->text ? "\n" : "", e->text);

	free(e->text);
	e->text = text;
}

/* It did not work, and may work another time. */
static void back_off(struct sending *s, int64_t rest, const char *why)
{
	const char *label = s->to->label;
	int64_t now = clock_now(), own = now + schedule_ladder(++s->how.failures);

	s->how.rest_until = rest > own ? rest : own;
	if (s->how.failures == 1)
		log_warn(NULL, "%s could not be reached: %s; the message is sent again later",
			 label, why);
	else
		log_debug(NULL, "%s could not be reached: %s", label, why);
}

static bool settle(struct sending *s, const struct event *e, enum notify_verdict verdict,
		   const char *why, struct err *err)
{
	if (verdict == NOTIFY_REFUSED)
		log_warn(NULL, "%s does not accept the message \"%s\": %s", s->to->label, e->title,
			 why);
	else
		log_debug(NULL, "%s accepted it", s->to->label);
	s->how.failures = 0;
	s->how.rest_until = 0;
	s->how.told++;
	return ledger_set_telling(s->run->ledger, s->to->fingerprint, &s->how, e->id, err);
}

/* *more: the next one may follow. */
static bool send_one(struct sending *s, struct event *e, bool *more, struct err *err)
{
	int64_t rest;
	char why[200];

	*more = false;
	if (clock_monotonic() >= s->end || wake_asked(s->run->wake))
		return true;
	if (s->how.told == OUTBOX_PER_DAY - 1)
		mark_last(e);
	log_info(NULL, "sending to %s: %s", s->to->label, e->title);
	enum notify_verdict verdict = notify_send(s->run->notify, s->to, e, why, &rest);
	if (verdict == NOTIFY_LATER && wake_stopping(s->run->wake))
		return true;
	if (verdict == NOTIFY_LATER) {
		back_off(s, rest, wake_asked(s->run->wake) ? "something was asked for" : why);
		return ledger_set_telling(s->run->ledger, s->to->fingerprint, &s->how, 0, err);
	}
	*more = true;
	return settle(s, e, verdict, why, err);
}

static bool drop_one(struct sending *s, const struct event *e, struct err *err)
{
	log_info(NULL, "%s got its %d messages of today, so this one is dropped: %s", s->to->label,
		 OUTBOX_PER_DAY, e->title);
	return ledger_set_telling(s->run->ledger, s->to->fingerprint, &s->how, e->id, err);
}

static bool send_to(struct sending *s, struct err *err)
{
	int64_t now = clock_now();
	bool ok, is, more = true;

	if (!ledger_get_telling(s->run->ledger, s->to->fingerprint, &s->how, err))
		return false;
	if (rests(&s->how, now))
		return true;
	begin_day(&s->how, now);
	do {
		OWN(event_clear) struct event e = {0};
		ok = ledger_next_message(s->run->ledger, s->to->fingerprint, &e, &is, err);
		if (!ok || !is)
			return ok;
		ok = s->how.told >= OUTBOX_PER_DAY ? drop_one(s, &e, err)
						   : send_one(s, &e, &more, err);
	} while (ok && more);
	return ok;
}

bool outbox_send(const struct run *r, int64_t until)
{
	int64_t now = clock_now();
	int64_t time = until < now + OUTBOX_MS ? until - now : OUTBOX_MS;
	int64_t end = clock_monotonic() + time - NOTIFY_MS;
	struct err err;
	bool ok = ledger_forget_messages(r->ledger, now - OUTBOX_KEEP_MS, now + DAY_MS, &err);

	for (size_t i = 0; ok && i < r->n_notified; i++) {
		struct sending s = {.run = r, .to = &r->notified[i], .end = end};
		ok = send_to(&s, &err);
	}
	if (!ok)
		log_warn(NULL, "no message could be sent: %s", err.msg);
	return ok;
}

bool outbox_due(const struct run *r, int64_t *when, struct err *err)
{
	int64_t now = clock_now();

	*when = INT64_MAX;
	for (size_t i = 0; i < r->n_notified; i++) {
		const char *target = r->notified[i].fingerprint;
		OWN(event_clear) struct event e = {0};
		struct ledger_telling how;
		bool is;
		if (!ledger_next_message(r->ledger, target, &e, &is, err) ||
		    !ledger_get_telling(r->ledger, target, &how, err))
			return false;
		int64_t due = !is ? INT64_MAX : rests(&how, now) ? how.rest_until : now;
		*when = due < *when ? due : *when;
	}
	return true;
}
