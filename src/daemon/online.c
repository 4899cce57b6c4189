#include "daemon/online.h"

#include "daemon/once.h"
#include "base/clock.h"
#include "core/pace.h"

/* The back-off was earned by an answer, not by a way to the tracker that leads nowhere. */
static bool left_alone(int64_t until, const struct pace_reason *why, struct err *err)
{
	static const struct result waiting = {.kind = OUTCOME_WAIT, .wait = WAIT_BACKOFF};
	OWN_STR char *words = outcome_words(&waiting, why->text, until, clock_now());

	return err_set(err, ERR_RETRY, why->unproven ? WORD_AUTH : WORD_NETWORK, "%s", words);
}

static bool ask(struct parts *p, struct online_answer *a, struct err *err)
{
	int64_t until;
	struct pace_reason reason;
	struct err why;

	if (!pace_open(&p->run, err) || !pace_backoff(&p->run, &until, &reason, err))
		return false;
	if (until && reason.status)
		return left_alone(until, &reason, err);
	if (!pace_before(&p->run, PACE_CHECK, NULL, err))
		return false;
	bool ok = p->run.engine->ops->version(p->run.engine, a->version, &why);
	a->server_time = p->run.engine->server_time;
	if (ok)
		return pace_after(&p->run, PACE_CHECK, NULL, NULL, err);
	a->failure = p->run.engine->failure;
	if (pace_after(&p->run, PACE_CHECK, &p->run.engine->failure, &why, err))
		*err = why;
	return err_wrap(err, "ask the tracker for its utility's version");
}

bool online_version(const struct config *c, struct online_answer *answer, struct err *err)
{
	struct config native = *c; /* shares all that it points to */
	OWN(wake_closer) struct wake *wake = wake_open(false, err);
	OWN(wire_close) struct parts parts = {0};

	*answer = (struct online_answer){0};
	native.utility = false;
	if (!wake || !wire_open(&parts, &native, wake, err))
		return false;
	OWN_FD int lock = once_lock(c, wake, err);
	return lock >= 0 && ask(&parts, answer, err);
}
