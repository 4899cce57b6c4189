#include "daemon/online.h"

#include "daemon/once.h"
#include "base/clock.h"

static bool ask(struct parts *p, struct online_answer *a, struct err *err)
{
	char reason[128], span[CLOCK_TEXT];
	int64_t left;
	struct err why;

	if (!pace_open(&p->pacer, err) || !pace_backoff(&p->pacer, &left, reason, err))
		return false;
	clock_span(left + 999, span);
	if (left && pace_earned_by_answer(reason))
		return err_set(err, ERR_RETRY, WORD_NETWORK,
			       "the tracker is left alone for another %s, after: %s", span, reason);
	if (!pace_before(&p->pacer, PACE_CHECK, NULL, err))
		return false;
	bool ok = p->engine->ops->version(p->engine, a->version, &why);
	a->server_time = p->engine->server_time;
	if (ok)
		return pace_after(&p->pacer, PACE_CHECK, NULL, NULL, err);
	a->failure = p->engine->failure;
	if (pace_after(&p->pacer, PACE_CHECK, &p->engine->failure, &why, err))
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
