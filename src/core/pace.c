#include "core/pace.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/secret.h"
#include "base/text.h"

#include <string.h>

/* What is said of a 403 where the credentials may be to blame. */
#define UNPROVEN "no call with this ApiUser and ApiKey has worked yet, so they may be wrong"

void pace_fingerprint(const char *user, const char *key, char out[17])
{
	uint8_t digest[SHA256_SIZE];
	char *both = mem_printf("ptp-archiver credentials\n%s\n%s", user, key);

	hash_sha256(both, strlen(both), digest);
	secret_wipe(both, strlen(both));
	free(both);
	hash_hex(digest, 8, out);
}

static bool earned_by_credentials(const struct pace *pace)
{
	return pace->reason.status == 401 || pace->reason.status == 403;
}

bool pace_open(struct run *r, struct err *err)
{
	struct pace pace;

	if (!ledger_get_pace(r->ledger, &pace, err))
		return false;
	r->proven = strcmp(pace.proven, r->credentials) == 0;
	if (strcmp(pace.credentials, r->credentials) == 0 || !earned_by_credentials(&pace))
		return true;
	schedule_succeeded(&pace);
	return ledger_set_pace(r->ledger, &pace, err);
}

/* A countdown costs a wake-up a second, so it runs only where somebody sees it. */
static bool wait_for(struct run *r, int64_t ms, const char *container, struct err *err)
{
	int64_t end = clock_monotonic() + ms;

	for (;;) {
		int64_t left = end - clock_monotonic();
		if (left <= 0)
			return true;
		char span[CLOCK_TEXT];
		clock_span(left + 999, span);
		log_progress(container, "waiting %s, to be polite to the tracker", span);
		int64_t slice = log_shows_progress() && left > 1000 ? 1000 : left;
		if (!wake_sleep(r->wake, slice, err))
			return false;
	}
}

static int64_t wait_needed(const struct run *r, const struct pace *pace, enum pace_call call)
{
	int64_t now = clock_now();

	if (call == PACE_FETCH)
		return schedule_wait_fetch(pace, &r->manners, now);
	if (call == PACE_OTHER || call == PACE_CHECK)
		return schedule_wait_request(pace, &r->manners, now);
	return 0;
}

static bool record(struct run *r, enum pace_call call, struct pace *pace, struct err *err)
{
	int64_t now = clock_now();

	pace->last_request = now;
	if (call == PACE_FETCH)
		pace->last_fetch = now;
	text_copy(pace->credentials, sizeof pace->credentials, r->credentials);
	return ledger_set_pace(r->ledger, pace, err);
}

bool pace_before(struct run *r, enum pace_call call, const char *container, struct err *err)
{
	struct pace pace;

	if (wake_stopping(r->wake))
		return wake_stopped(err);
	if (!ledger_get_pace(r->ledger, &pace, err) ||
	    !wait_for(r, wait_needed(r, &pace, call), container, err))
		return false;
	return record(r, call, &pace, err);
}

static bool record_end(struct run *r, enum pace_call call, struct err *err)
{
	struct pace pace;

	return ledger_get_pace(r->ledger, &pace, err) && record(r, call, &pace, err);
}

static void note_proven(struct run *r, struct pace *pace)
{
	text_copy(pace->proven, sizeof pace->proven, r->credentials);
	r->proven = true;
}

bool pace_ended(struct run *r, enum pace_call call, struct err *err)
{
	struct pace pace;

	if (!ledger_get_pace(r->ledger, &pace, err))
		return false;
	note_proven(r, &pace);
	return record(r, call, &pace, err);
}

bool pace_redirect(struct run *r, struct err *err)
{
	return record_end(r, PACE_OTHER, err) && pace_before(r, PACE_OTHER, NULL, err);
}

static bool calls_for_patience(enum pace_call call, const struct engine_failure *failure)
{
	return failure && failure->back_off && (call != PACE_CHECK || failure->status);
}

static void begin_backoff(const struct run *r, struct pace *pace,
			  const struct engine_failure *failure, const struct err *why)
{
	struct pace_reason reason = {.status = (int)failure->status,
				     .unproven = failure->status == 403 && why->code == WORD_AUTH};

	text_copy(reason.text, sizeof reason.text, why->msg);
	schedule_failed(pace, &r->manners, clock_now(), failure->retry_after, &reason);
}

bool pace_after(struct run *r, enum pace_call call, const struct engine_failure *failure,
		struct err *why, struct err *err)
{
	struct pace pace;

	if (!ledger_get_pace(r->ledger, &pace, err))
		return false;
	/* A guard's page says nothing about the credentials: they did not get to the tracker.  An
	 * error of the official utility keeps its name. */
	if (failure && failure->status == 403 && !r->proven && failure->page != REPLY_PAGE_GUARD &&
	    why->code != WORD_OTHER) {
		why->code = WORD_AUTH;
		err_wrap(why, UNPROVEN);
	}
	if (calls_for_patience(call, failure))
		begin_backoff(r, &pace, failure, why);
	else if (!failure)
		schedule_succeeded(&pace);
	if (!failure)
		note_proven(r, &pace);
	return record(r, call, &pace, err);
}

bool pace_announced(struct run *r, const char *version, struct err *err)
{
	struct pace pace;

	if (!ledger_get_pace(r->ledger, &pace, err))
		return false;
	if (strcmp(pace.announced, version) == 0)
		return true;
	text_copy(pace.announced, sizeof pace.announced, version);
	return ledger_set_pace(r->ledger, &pace, err);
}

bool pace_backoff(struct run *r, int64_t *until, struct pace_reason *why, struct err *err)
{
	struct pace pace;

	if (!ledger_get_pace(r->ledger, &pace, err))
		return false;
	int64_t now = clock_now();
	int64_t left = schedule_backoff(&pace, now);
	*until = left ? now + left : 0;
	*why = pace.reason;
	if (pace.backoff_until <= now + left)
		return true;
	/* The clock was set back.  Corrected again at each look, the end would move on with it. */
	pace.backoff_until = now + left;
	return ledger_set_pace(r->ledger, &pace, err);
}
