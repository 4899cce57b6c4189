/* The tracker and the ping server, really called; declared in doctor/doctor.h, as is how a call
 * fails.
 */
#include "doctor/doctor.h"
#include "daemon/online.h"
#include "base/clock.h"
#include "base/own.h"
#include "base/text.h"
#include "core/pace.h"
#include "ports/health.h"

#include <stdlib.h>
#include <string.h>

#define CLOCK_DOUBTFUL_MS (60 * INT64_C(1000))
#define CLOCK_WRONG_MS (24 * 3600 * INT64_C(1000))

/* ---- the steps of a call: of each that was taken one finding ---- */

enum net_step { STEP_NAME, STEP_CONNECTION, STEP_TLS, STEP_ANSWER };
_Static_assert(STEP_ANSWER + 1 == DOCTOR_STEPS, "a name for each step");

static const struct trouble_row {
	enum net_step step;
	const char *cause, *fix;
} troubles[] = {
	[HTTP_NO_NAME] = {STEP_NAME, "its name cannot be looked up (DNS)",
			  "look for a slip of the pen in the URL; else see whether this machine is "
			  "on the net and /etc/resolv.conf names a server that answers"},
	[HTTP_NO_PROXY_NAME] = {STEP_NAME, "the name of the proxy cannot be looked up (DNS)",
				"correct or unset the proxy's variable, such as HTTPS_PROXY"},
	[HTTP_PROXY_REFUSES] = {STEP_CONNECTION, "the proxy is there, and does not lead on",
				"ask the proxy for its reason, give it user and password "
				"(http://user:password@host:port), or list the host in NO_PROXY"},
	[HTTP_NO_CONNECTION] = {STEP_CONNECTION, "nobody answers there",
				"see whether the host and the port are right, the server runs, and "
				"no firewall or VPN is in the way"},
	[HTTP_CERT_DATE] =
		{STEP_TLS, "its certificate is not valid at the time of this machine",
		 "set the clock (timedatectl set-ntp true); if it is right, the server's "
		 "certificate has run out"},
	[HTTP_CERT_HOST] = {STEP_TLS, "its certificate is for another name",
			    "correct the host in the URL; else something on the way answers in its "
			    "place"},
	[HTTP_CERT_ISSUER] = {STEP_TLS, "its certificate is from nobody whom this machine trusts",
			      "install the package ca-certificates; for a CA of one's own name its "
			      "file in CAFile (PTP_CA_FILE; of a client its own CAFile); else "
			      "something on the way answers in its place"},
	[HTTP_BAD_CA] = {STEP_TLS, "the file of the CAs to trust cannot be used",
			 "name a PEM file with a CA's certificate in CAFile (PTP_CA_FILE; of a "
			 "client its own CAFile), or unset it"},
	[HTTP_NO_TLS] = {STEP_TLS, "no TLS is spoken there",
			 "see whether the port is that of https, and no proxy is in the way"},
	[HTTP_NO_ANSWER] = {STEP_CONNECTION, "no answer came in time",
			    "try again later; if it stays so, look for a firewall, a VPN, or a "
			    "slow connection (Timeout, PTP_TIMEOUT)"},
	[HTTP_TOO_LARGE] = {STEP_ANSWER, "what answers there is something else",
			    "see whether the URL is right; else something on the way answers in "
			    "its place"},
	[HTTP_OTHER_TROUBLE] = {STEP_CONNECTION, "the connection broke",
				"try again later; if it stays so, look for a proxy, a firewall or "
				"a VPN on the way"},
};

void doctor_set_way(struct doctor_way *w, const char *url)
{
	struct err ignored;

	if (http_url_parse(url, &w->url, &ignored) && !w->url.loopback)
		w->proxy = doctor_proxy_variable(w->url.host, w->url.tls);
}

/* The steps before `failed` went well. */
static void say_steps(struct doctor *d, const struct doctor_way *w, enum net_step failed)
{
	if (failed > STEP_NAME && !w->proxy && !w->url.loopback)
		doctor_say(d, DOCTOR_OK, w->tests[STEP_NAME], w->about,
			   "its name, %s, can be looked up", w->url.host);
	if (failed > STEP_CONNECTION)
		doctor_say(d, DOCTOR_OK, w->tests[STEP_CONNECTION], w->about, "it can be reached%s",
			   w->proxy ? ", through the proxy" : "");
	if (failed > STEP_TLS && w->url.tls)
		doctor_say(d, DOCTOR_OK, w->tests[STEP_TLS], w->about, "its certificate is good");
}

/* "ERR(HTTP 503)" */
static void error_text(const struct err *why, char out[OUTCOME_TEXT])
{
	const struct result r = result_of_err(why);

	result_text(&r, out);
}

void doctor_trouble(struct doctor *d, const struct doctor_way *w, enum http_trouble trouble,
		    const struct err *why)
{
	const struct trouble_row *row = &troubles[trouble];
	bool at_proxy = w->proxy && trouble == HTTP_NO_CONNECTION;
	char text[OUTCOME_TEXT];

	error_text(why, text);
	say_steps(d, w, row->step);
	doctor_say(d, DOCTOR_FAIL, w->tests[row->step], w->about, "%s: %s (%s)", text,
		   at_proxy ? "nobody answers at the proxy" : row->cause, why->msg);
	if (at_proxy)
		doctor_fix(d, "start the proxy, or correct or unset %s", w->proxy);
	else if (w->fix && row->step == STEP_CONNECTION && trouble != HTTP_PROXY_REFUSES)
		doctor_fix(d, "%s", w->fix);
	else
		doctor_fix(d, "%s", row->fix);
}

/* ---- the clock ---- */

static void compare_clock(struct doctor *d, const char *whose, int64_t theirs)
{
	int64_t ahead = clock_now() - theirs, off = ahead < 0 ? -ahead : ahead;
	char span[CLOCK_TEXT];

	if (!theirs)
		return;
	clock_span(off, span);
	if (off < CLOCK_DOUBTFUL_MS) {
		doctor_say(d, DOCTOR_OK, "clock-server", "clock", "it agrees with %s", whose);
		return;
	}
	doctor_say(d, off < CLOCK_WRONG_MS ? DOCTOR_WARN : DOCTOR_FAIL, "clock-server", "clock",
		   "it is %s %s that of %s", span, ahead < 0 ? "behind" : "ahead of", whose);
	doctor_fix(d, "set the clock of this machine: timedatectl set-ntp true");
}

/* ---- the tracker's answer ---- */

/* With status 200 the tracker's own words say more. */
static bool is_too_often(const struct engine_failure *f)
{
	return f->status == 429 || (f->status != 200 && f->page == REPLY_TOO_OFTEN);
}

static const char *cause_of(const struct engine_failure *f, const struct err *why)
{
	if (f->page == REPLY_PAGE_GUARD)
		return "a guard in front of the tracker (Cloudflare) answered, which takes us for "
		       "a robot";
	if (is_too_often(f))
		return "too many queries: its rate limit, not the credentials";
	if (why->code == WORD_AUTH)
		return "the credentials are not accepted";
	if (f->status == 403)
		return "it was asked with these credentials before, so this is too many queries, "
		       "or the key was changed since";
	if (f->page == REPLY_PAGE_LOGIN)
		return "a page to log in came, where JSON should have come";
	if (f->page == REPLY_PAGE_MAINTENANCE)
		return "a page came that says that it is being worked on";
	if (f->status >= 500)
		return "the tracker is not well";
	if (f->page)
		return "a page came, where JSON should have come";
	if (why->code == WORD_TRACKER)
		return "it answers with an error of its own";
	return "its answer is not what it should be";
}

static const char *fix_for(const struct engine_failure *f, const struct err *why)
{
	if (f->page == REPLY_PAGE_GUARD)
		return "wait some hours; if it stays so, use another way out: no VPN, or another "
		       "proxy";
	if (is_too_often(f))
		return "wait; let only one program ask for torrents, and set FetchSleep "
		       "(PTP_FETCH_SLEEP) higher";
	if (why->code == WORD_AUTH)
		return "copy user and key from your profile page again: ApiUser (PTP_USER), ApiKey "
		       "(PTP_KEY)";
	if (f->status == 403)
		return "wait for the back-off to end; if it stays so, copy user and key from your "
		       "profile page again: ApiUser (PTP_USER), ApiKey (PTP_KEY)";
	if (f->status >= 500 || f->page == REPLY_PAGE_MAINTENANCE)
		return "nothing: it is asked again by itself when the back-off is over";
	if (f->page == REPLY_PAGE_LOGIN)
		return "unset BaseURL and VersionURL if you have set them; else copy user and key "
		       "from your profile page again";
	if (why->code == WORD_TRACKER)
		return "do what it says: wait, if it was asked too often; copy user and key from "
		       "your profile page again (ApiUser, PTP_USER; ApiKey, PTP_KEY), if it means "
		       "these";
	return "unset BaseURL and VersionURL if you have set them; else look for a newer "
	       "ptp-archiver";
}

static void say_answer(struct doctor *d, const struct doctor_way *w, const struct engine_failure *f,
		       const struct err *why)
{
	bool asks_for_key =
		why->code == WORD_AUTH ||
		(f->status == 403 && f->page != REPLY_PAGE_GUARD && f->page != REPLY_TOO_OFTEN);
	char text[OUTCOME_TEXT];

	error_text(why, text);
	say_steps(d, w, STEP_ANSWER);
	doctor_say(d, DOCTOR_FAIL, asks_for_key ? "tracker-key" : "tracker-answer", w->about,
		   "%s: %s (%s)", text, cause_of(f, why), why->msg);
	doctor_fix(d, "%s", fix_for(f, why));
}

/* Left alone, or something on our side. */
static void say_not_asked(struct doctor *d, const struct err *why)
{
	bool waits = why->kind == ERR_RETRY && why->code == WORD_NETWORK;
	char text[OUTCOME_TEXT];

	if (why->code == WORD_AUTH) {
		doctor_say(d, DOCTOR_FAIL, "tracker-key", "tracker", "%s", why->msg);
		doctor_fix(d, "copy user and key from your profile page again: ApiUser (PTP_USER), "
			      "ApiKey (PTP_KEY); other ones are tried at once");
		return;
	}
	error_text(why, text);
	doctor_say(d, DOCTOR_FAIL, "tracker-answer", "tracker", "%s: %s", text, why->msg);
	doctor_fix(d, waits ? "wait: it is asked again by itself then; `ptp-archiver status` tells "
			      "since when it has not been well, and why"
			    : "see what is said of the ledger and the state folder");
}

/* The first of these settings without which a call would prove nothing; NULL: there is none. */
static const char *find_faulty(const struct config *c, const char *const keys[])
{
	while (*keys && !config_is_faulty(c, *keys))
		keys++;
	return *keys;
}

static const char *missing_for_tracker(const struct config *c)
{
	static const char *const keys[] = {"BaseURL", "VersionURL", "CAFile", NULL};

	return !secret_is_set(&c->user)  ? "ApiUser"
	       : !secret_is_set(&c->key) ? "ApiKey"
					 : find_faulty(c, keys);
}

void doctor_tracker(struct doctor *d)
{
	const char *missing = missing_for_tracker(d->config);
	struct doctor_way w = {
		.about = "tracker",
		.tests = {"tracker-name", "tracker-connection", "tracker-tls", "tracker-answer"}};
	struct online_answer a;
	struct err err;

	if (missing) {
		doctor_skip(d, "tracker-answer", w.about, missing);
		return;
	}
	doctor_set_way(&w, d->config->base_url);
	bool ok = online_version(d->config, &a, &err);
	if (ok) {
		say_steps(d, &w, STEP_ANSWER);
		doctor_say(d, DOCTOR_OK, "tracker-key", w.about,
			   "it answers, and accepts the credentials (its utility is %s)",
			   a.version);
	} else if (a.failure.trouble) {
		doctor_trouble(d, &w, a.failure.trouble, &err);
	} else if (a.failure.status || a.server_time) {
		say_answer(d, &w, &a.failure, &err);
	} else {
		say_not_asked(d, &err);
	}
	compare_clock(d, "the tracker", a.server_time);
}

/* ---- the ping server ---- */

static void say_ping(struct doctor *d, const struct health_test *t)
{
	if (t->recorded) {
		doctor_say(d, DOCTOR_OK, "ping-url", "ping URL",
			   "an entry was made in the check's log, its status is as it was");
	} else if (t->limited) {
		doctor_say(d, DOCTOR_WARN, "ping-url", "ping URL",
			   "it is known, but the entry was not recorded: rate limited");
		doctor_fix(d, "wait a minute; do not ping this check from elsewhere");
	} else if (t->unknown) {
		doctor_say(d, DOCTOR_FAIL, "ping-url", "ping URL",
			   "HTTP %ld: there is no such check", t->status);
		doctor_fix(d,
			   "copy the check's ping URL again into HealthchecksURL (HC_URL); a UUID "
			   "is in lower case");
	} else if (t->status == 409) {
		doctor_say(d, DOCTOR_FAIL, "ping-url", "ping URL",
			   "HTTP 409: more than one check has this slug");
		doctor_fix(d, "use the ping URL with the check's UUID as HealthchecksURL (HC_URL)");
	} else if (t->status >= 500) {
		doctor_say(d, DOCTOR_FAIL, "ping-url", "ping URL",
			   "HTTP %ld: the ping server is not well", t->status);
		doctor_fix(d, "try again later; if it stays so, see whether HealthchecksURL "
			      "(HC_URL) is the check's ping URL");
	} else {
		doctor_say(d, DOCTOR_FAIL, "ping-url", "ping URL", "HTTP %ld%s", t->status,
			   t->page ? ", and a page: it did not come from Healthchecks"
				   : ": the ping is not taken");
		doctor_fix(d, "copy the check's ping URL again into HealthchecksURL (HC_URL)");
	}
}

void doctor_ping(struct doctor *d)
{
	static const char *const keys[] = {"HealthchecksURL", "CAFile", NULL};
	const struct config *c = d->config;
	const char *faulty = find_faulty(c, keys);
	struct doctor_way w = {.about = "ping URL",
			       .tests = {"ping-name", "ping-connection", "ping-tls", "ping-url"}};
	struct health_test t;
	struct err err;

	if (faulty && (secret_is_set(&c->ping_url) || faulty == keys[0])) {
		doctor_skip(d, "ping-url", w.about, faulty);
		return;
	}
	if (!secret_is_set(&c->ping_url))
		return;
	struct health *h = health_open(&c->ping_url, c->ca_file, NULL, &err);
	doctor_set_way(&w, secret_reveal(&c->ping_url));
	if (!h) {
		doctor_say(d, DOCTOR_FAIL, "ping-url", w.about, "%s", err.msg);
		doctor_fix(d, "correct HealthchecksURL (HC_URL) and CAFile (PTP_CA_FILE)");
	} else if (!health_test(h, "ptp-archiver check: the ping URL works", &t, &err)) {
		doctor_trouble(d, &w, t.trouble ? t.trouble : HTTP_OTHER_TROUBLE, &err);
	} else {
		say_steps(d, &w, STEP_ANSWER);
		say_ping(d, &t);
		compare_clock(d, "the ping server", t.date);
	}
	health_close(h);
}
