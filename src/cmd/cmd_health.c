/* health: is the daemon alive, and doing its work?  Only looks, and writes nothing. */
#include "cmd/command.h"
#include "view/status.h"
#include "config/wire.h"
#include "base/clock.h"
#include "model/fact.h"
#include "base/fs.h"

#include <stdio.h>
#include <sys/stat.h>

static bool daemon_alive(const struct config *c, struct err *err)
{
	OWN_STR char *path = wire_run_lock_path(c);
	bool held;

	if (!fs_lock_is_held(path, &held, err))
		return false;
	if (!held)
		return err_set(err, ERR_TARGET, WORD_INTERNAL,
			       "no `ptp-archiver run` uses the state folder %s", c->state);
	return true;
}

static bool is_unhealthy(const struct fact *f, struct err *err)
{
	OWN_STR char *title = fact_title(f, clock_now());

	return err_set(err, ERR_TARGET, WORD_INTERNAL, "%s", title);
}

/* Whatever a cycle is doing, one that is overdue is not well. */
static bool on_time(const struct cycle_clock *clock, struct err *err)
{
	const struct fact late = {.what = FACT_OVERDUE, .since = clock->next_cycle};

	return !clock->next_cycle || clock_now() <= status_late_at(clock) ||
	       is_unhealthy(&late, err);
}

static bool folders_answer(struct ledger *l, struct err *err)
{
	OWN_STR char *folder = NULL;
	int64_t since;

	if (!ledger_hanging(l, 0, &folder, &since, err))
		return false;
	const struct fact hangs = {.what = FACT_FOLDER_HANGS, .folder = folder, .since = since};
	return !folder || is_unhealthy(&hangs, err);
}

/* What the ledger says; `clock` as it has it. */
static bool look(const struct config *c, struct cycle_clock *clock, struct err *err)
{
	struct ledger *l;

	if (!wire_open_to_look(c, &l, err))
		return false;
	bool ok = !l || (ledger_get_clock(l, clock, err) && folders_answer(l, err));
	ledger_close(l);
	return ok;
}

/* A daemon that never had a cycle was to begin one at once when its lock was made. */
static int64_t first_due(const struct config *c)
{
	OWN_STR char *lock = wire_run_lock_path(c);
	struct stat st;

	return stat(lock, &st) == 0 ? st.st_mtim.tv_sec * INT64_C(1000) : 0;
}

/* Where there is no ledger, the containers' folders say whether there should be one. */
static bool is_right_folder(const struct invocation *in, const struct config *c, struct err *err)
{
	OWN_STR char *ledger = wire_ledger_path(c);
	OWN(config_clear) struct config whole = {0};
	OWN(problems_clear) struct problems ignored = {0};

	if (fs_exists(ledger))
		return wire_expect_state(c, err);
	config_load(&whole, &in->config, 0, &ignored);
	return wire_expect_state(&whole, err);
}

static bool is_healthy(const struct invocation *in, const struct config *c, int64_t *due,
		       struct err *err)
{
	struct cycle_clock clock = {0};

	if (!daemon_alive(c, err) || !fs_check_writable(c->state, err) ||
	    !is_right_folder(in, c, err) || !look(c, &clock, err))
		return false;
	if (!clock.last_cycle)
		clock.next_cycle = first_due(c);
	*due = clock.next_cycle;
	return on_time(&clock, err);
}

int cmd_health(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	char text[CLOCK_TEXT];
	int64_t due;

	if (in->n_args)
		return command_usage(err, "health takes no arguments");
	if (!config_places(&c, &in->config, err))
		return COMMAND_FAILED;
	if (!is_healthy(in, &c, &due, err)) {
		printf("unhealthy: %s\n", err->msg);
		return STATUS_FAILED;
	}
	clock_span(due - clock_now(), text);
	if (due > clock_now())
		printf("healthy: the next cycle is due in %s\n", text);
	else
		printf("healthy: a cycle is at work, or about to begin\n");
	return STATUS_DONE;
}
