/* What lies in the state folder: the ledger, what it says of the last turns, the locks, the vault;
 * declared in doctor/doctor.h. */
#include "doctor/doctor.h"
#include "view/facts.h"
#include "config/wire.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/own.h"

#include <unistd.h>

static void close_ledger(struct ledger **l)
{
	ledger_close(*l);
}

/* What is wrong with the folder itself has been said; what cannot be reached tells nothing more. */
static bool can_look(const struct config *c)
{
	return fs_is_folder(c->state) && access(c->state, R_OK | W_OK | X_OK) == 0;
}

static void say_fault(struct doctor *d, const char *test, const char *about, const struct err *why)
{
	OWN_STR char *fault = err_fault(why);
	const char *fix = err_advice(why);

	doctor_say(d, DOCTOR_FAIL, test, about, "%s", fault);
	doctor_fix(d, "%s",
		   fix ? fix
		       : "see whether it stays so, and look at the health of the disk (df, "
			 "dmesg)");
}

/* ---- the ledger ---- */

static bool read_through(const struct config *c, const char *path, struct err *err)
{
	OWN(status_setup_clear) struct status_setup setup = {0};
	OWN(status_clear) struct status s = {0};
	OWN(close_ledger) struct ledger *l = ledger_open(path, true, err);

	status_setup_take(&setup, c, NULL);
	return l && ledger_check(l, err) && status_gather(&s, &setup, l, err);
}

static void check_ledger(struct doctor *d)
{
	OWN_STR char *path = wire_ledger_path(d->config);
	OWN_STR char *lost = wire_ledger_lost(d->config);
	struct err err;

	if (lost) {
		doctor_say(d, DOCTOR_FAIL, "ledger", "ledger", "%s", lost);
		doctor_fix(d, fs_exists(path) ? WIRE_LEDGER_EMPTIED_FIX : WIRE_LEDGER_LOST_FIX);
	} else if (!fs_check_file(path, "open the ledger", &err) ||
		   (fs_exists(path) && !read_through(d->config, path, &err))) {
		wire_name_copy(d->config, &err);
		say_fault(d, "ledger", "ledger", &err);
	} else if (fs_exists(path) && fs_check_writable(d->config->state, &err)) {
		doctor_say(d, DOCTOR_OK, "ledger", "ledger", "it can be read and written");
	}
}

/* ---- what lies beside it ---- */

static bool check_folder(const char *path, struct err *err)
{
	if (!fs_exists(path))
		return true;
	if (!fs_is_folder(path)) {
		err_set(err, ERR_TARGET, WORD_DISK, "%s is not a folder", path);
		return err_advise(err, "move it away");
	}
	return fs_check_access(path, err);
}

/* All that `run` would stumble over; what is missing is made by it. */
static void check_files(struct doctor *d)
{
	static const struct {
		const char *name;
		bool folder;
	} rows[] = {{"cycle.lock", false}, {"run.lock", false},  {"answer", false},
		    {"vault", true},       {"quarantine", true}, {"utility", true}};
	size_t before = d->n;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		OWN_STR char *path = fs_join(d->config->state, rows[i].name);
		struct err err;
		if (rows[i].folder ? !check_folder(path, &err) : !fs_check_file(path, "open", &err))
			say_fault(d, "state-files", "state", &err);
	}
	if (d->n == before)
		doctor_say(d, DOCTOR_OK, "state-files", "state",
			   "the program can use all of it: locks, vault, quarantine");
}

void doctor_ledger(struct doctor *d)
{
	if (!can_look(d->config))
		return;
	check_ledger(d);
	check_files(d);
}

/* ---- the last turns ---- */

static void say_fact(struct doctor *d, const char *test, const char *about, const struct fact *f,
		     int64_t now)
{
	OWN_STR char *title = fact_title(f, now);
	OWN_STR char *detail = fact_detail(f, now);

	doctor_say(d, DOCTOR_WARN, test, about, "%s%s%s", title, *detail ? ": " : "", detail);
}

static void say_ill(struct doctor *d, const struct status *s, const struct status_container *c)
{
	const struct result *r = &c->known.result;
	bool is_here = result_is_err(r, WORD_DISK) || result_is_err(r, WORD_CONFIG);
	const struct fact f = facts_of_container(s, c);
	OWN_STR char *remedy = fact_remedy(&f, s->now);

	say_fact(d, "last-outcome", c->setup->name, &f, s->now);
	if (is_here)
		doctor_fix(d, "fix what is red here; if nothing is, the program resumes by itself "
			      "within ten minutes, or by `ptp-archiver fetch`");
	else
		doctor_fix(d, "%s", remedy);
}

static void say_outcome(struct doctor *d, const struct status *s, const struct status_container *c)
{
	char when[CLOCK_TEXT], text[OUTCOME_TEXT];

	if (!c->known.outcome_at || facts_is_trackers(s, &c->known.result))
		return;
	result_text(&c->known.result, text);
	clock_short(c->known.outcome_at, s->now, when);
	if (result_is_well(&c->known.result))
		doctor_say(d, DOCTOR_OK, "last-outcome", c->setup->name, "%s at %s", text, when);
	else
		say_ill(d, s, c);
}

static void say_tracker(struct doctor *d, const struct status *s)
{
	struct fact f;

	if (!facts_tracker(s, &f))
		return;
	OWN_STR char *remedy = fact_remedy(&f, s->now);
	say_fact(d, "tracker-rest", "tracker", &f, s->now);
	doctor_fix(d, "%s", remedy);
}

static void say_shared(struct doctor *d, const struct status *s)
{
	struct fact f;

	if (!facts_shared(s, &f))
		return;
	OWN_STR char *remedy = fact_remedy(&f, s->now);
	say_fact(d, "account-shared", "tracker", &f, s->now);
	doctor_fix(d, "%s", remedy);
}

void doctor_outcomes(struct doctor *d)
{
	OWN(status_setup_clear) struct status_setup setup = {0};
	OWN(status_clear) struct status s = {0};
	OWN(close_ledger) struct ledger *l = wire_look(d->config);
	struct err ignored;

	status_setup_take(&setup, d->config, NULL);
	if (!l || !status_gather(&s, &setup, l, &ignored))
		return;
	say_tracker(d, &s);
	say_shared(d, &s);
	for (size_t i = 0; i < setup.n_containers; i++)
		say_outcome(d, &s, &s.containers[i]);
}
