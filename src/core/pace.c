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
	r->overridden = pace.backoff_until;
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

static struct moment this_moment(void)
{
	return (struct moment){{clock_now(), clock_steady()}, clock_boot()};
}

/* What a call is about to make: a question of the utility downloads as well. */
static unsigned calls_of(const struct run *r, enum pace_call call)
{
	return call == PACE_FETCH && r->engine ? r->engine->calls : 1;
}

/* A question begins only where there is room for the download that follows it at once. */
static int64_t wait_needed(const struct run *r, const struct pace *pace, enum pace_call call)
{
	const struct moment at = this_moment();
	int64_t gap, room;

	if (call == PACE_DOWNLOAD)
		return 0;
	if (call == PACE_FETCH)
		gap = schedule_wait_fetch(pace, &r->manners, &at);
	else
		gap = schedule_wait_request(pace, &r->manners, &at);
	room = schedule_wait_room(pace, &r->manners, call == PACE_FETCH ? 2 : 1, &at);
	return gap > room ? gap : room;
}

/* A state folder that is lost at each start must not mean calls at each start. */
static bool begin_gently(struct run *r, struct pace *pace, enum pace_call call,
			 const char *container, struct err *err)
{
	if (pace->request.wall || log_shows_progress() || call == PACE_CHECK)
		return true;
	if (!wait_for(r, schedule_first(&r->manners, hash_chance()), container, err))
		return false;
	const struct moment at = this_moment();
	schedule_begin(pace, &r->manners, &at);
	return true;
}

/* `calls` are being made, or 0: one has ended. */
static bool record(struct run *r, enum pace_call call, unsigned calls, struct pace *pace,
		   struct err *err)
{
	const struct moment at = this_moment();

	schedule_called(pace, &r->manners, calls, call == PACE_FETCH, &at);
	text_copy(pace->credentials, sizeof pace->credentials, r->credentials);
	return ledger_set_pace(r->ledger, pace, err);
}

/* Nothing that is stored by such a clock could be trusted, and TLS fails with it. */
static bool clock_is_usable(const struct run *r, struct err *err)
{
	char when[CLOCK_TEXT];
	int64_t now = clock_now();

	if (!r->manners.waits || schedule_clock_is_set(now, 0))
		return true;
	clock_format(now, when);
	return err_set(err, ERR_TARGET, WORD_CONFIG,
		       "the clock of this machine says %s, which cannot be right: set it "
		       "(timedatectl set-ntp true)",
		       when);
}

/* A call during a back-off is one that a person forces. */
static void note_forced(const struct run *r, struct pace *pace)
{
	if (r->force && schedule_backoff(pace, clock_now()))
		pace->forced_at = clock_now();
}

bool pace_before(struct run *r, enum pace_call call, const char *container, struct err *err)
{
	struct pace pace;

	if (wake_stopping(r->wake))
		return wake_stopped(err);
	if (!clock_is_usable(r, err) || !ledger_get_pace(r->ledger, &pace, err) ||
	    !begin_gently(r, &pace, call, container, err) ||
	    !wait_for(r, wait_needed(r, &pace, call), container, err))
		return false;
	note_forced(r, &pace);
	return record(r, call, calls_of(r, call), &pace, err);
}

static bool record_end(struct run *r, enum pace_call call, struct err *err)
{
	struct pace pace;

	return ledger_get_pace(r->ledger, &pace, err) && record(r, call, 0, &pace, err);
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
	return record(r, call, 0, &pace, err);
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
	const struct retry_after asked = {failure->retry_after, failure->is_date};
	schedule_failed(pace, &r->manners, clock_now(), &asked, &reason, hash_chance());
}

/* A guard's page says nothing about the credentials: they did not get to the tracker.  An error of
 * the official utility keeps its name. */
static bool may_be_the_credentials(const struct engine_failure *failure, const struct err *why)
{
	return failure->status == 403 && why->code != WORD_OTHER &&
	       failure->page != REPLY_PAGE_GUARD && failure->page != REPLY_TOO_OFTEN;
}

bool pace_after(struct run *r, enum pace_call call, const struct engine_failure *failure,
		struct err *why, struct err *err)
{
	struct pace pace;

	if (!ledger_get_pace(r->ledger, &pace, err))
		return false;
	if (failure && !r->proven && may_be_the_credentials(failure, why)) {
		why->code = WORD_AUTH;
		err_wrap(why, UNPROVEN);
	}
	if (calls_for_patience(call, failure))
		begin_backoff(r, &pace, failure, why);
	else if (!failure)
		schedule_succeeded(&pace);
	if (!failure)
		note_proven(r, &pace);
	return record(r, call, 0, &pace, err);
}

bool pace_refused(struct run *r, const char *message, struct err *err)
{
	static const struct retry_after nothing = {0};
	struct pace_reason reason = {0};
	struct pace pace;

	if (!ledger_get_pace(r->ledger, &pace, err))
		return false;
	text_copy(reason.text, sizeof reason.text, message);
	note_proven(r, &pace);
	uint32_t refusals = pace.refusals + 1;
	if (refusals < SCHEDULE_REFUSALS)
		schedule_succeeded(&pace);
	pace.refusals = refusals;
	if (refusals >= SCHEDULE_REFUSALS)
		schedule_failed(&pace, &r->manners, clock_now(), &nothing, &reason, hash_chance());
	return record(r, PACE_FETCH, 0, &pace, err);
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

/* A back-off that reaches too far, because the clock was set back, is corrected once: corrected at
 * each look, its end would move on with the clock. */
static bool read_backoff(struct run *r, struct pace *pace, int64_t now, int64_t *until,
			 struct err *err)
{
	if (!ledger_get_pace(r->ledger, pace, err))
		return false;
	int64_t left = schedule_backoff(pace, now);
	*until = left ? now + left : 0;
	if (pace->backoff_until <= now + left || !schedule_clock_is_set(now, 0))
		return true;
	pace->backoff_until = now + left;
	return ledger_set_pace(r->ledger, pace, err);
}

bool pace_backoff(struct run *r, int64_t *until, struct pace_reason *why, struct err *err)
{
	struct pace pace;

	if (!read_backoff(r, &pace, clock_now(), until, err))
		return false;
	*why = pace.reason;
	return true;
}

/* A person overrides the back-off that stood at the begin, and not the one that the forced call has
 * earned since. */
static bool is_overridden(const struct run *r, const struct pace *pace)
{
	return r->force && pace->backoff_until == r->overridden;
}

enum step pace_may_ask(struct run *r, int64_t *until, struct pace_reason *why, struct err *err)
{
	struct pace pace;
	int64_t now = clock_now();

	if (!read_backoff(r, &pace, now, until, err))
		return FAILED;
	*why = pace.reason;
	if (*until && is_overridden(r, &pace))
		*until = schedule_forced_until(&pace, &r->manners, now);
	return *until ? HOLD : GO;
}
