/* accept: a person says that a folder is the right one, as it is. */
#include "cmd/command.h"
#include "config/wire.h"
#include "core/mark.h"

#include <stdio.h>
#include <string.h>

static bool uses(const struct target *t, const char *folder)
{
	struct mark_folder all[MARK_FOLDERS];
	size_t n = mark_folders(t, all);
	bool found = false;

	for (size_t i = 0; i < n; i++)
		found |= strcmp(all[i].path, folder) == 0;
	return found;
}

/* All containers of this folder have a turn before the next interval. */
static bool free_containers(const struct parts *p, const char *folder, struct err *err)
{
	for (size_t i = 0; i < p->n_targets; i++) {
		const char *name = p->targets[i].container->name;
		if (uses(&p->targets[i], folder) && !ledger_undone(p->run.ledger, &name, 1, err))
			return false;
	}
	return true;
}

static bool accept_folder(const struct parts *p, const struct target *t,
			  const struct mark_folder *f, struct err *err)
{
	OWN_STR char *who = command_person();
	bool changed;

	/* This makes a watch folder that is missing. */
	if (f->use == MARK_WATCH && !destination_ready(&p->run, t->to, err))
		return false;
	if (!mark_accept(&p->run, f, who, &changed, err))
		return false;
	if (!changed) {
		printf("%s: %s is the right folder already.\n", f->container, f->path);
		return true;
	}
	printf("%s: %s is accepted as it is. A running daemon resumes within ten minutes.\n",
	       f->container, f->path);
	return free_containers(p, f->path, err);
}

static bool accept_container(const struct parts *p, const struct target *t, struct err *err)
{
	struct mark_folder all[MARK_FOLDERS];
	size_t n = mark_folders(t, all);

	if (n == 0)
		printf("%s: no folder of it has a mark.\n", t->container->name);
	for (size_t i = 0; i < n; i++)
		if (!accept_folder(p, t, &all[i], err))
			return false;
	return true;
}

static bool accept_chosen(const struct parts *p, const bool *wanted, struct err *err)
{
	for (size_t i = 0; i < p->n_targets; i++)
		if (wanted[i] && !accept_container(p, &p->targets[i], err))
			return err_wrap(err, "%s", p->targets[i].container->name);
	return true;
}

/* What another ledger has marked is this one's from now on, too. */
static bool accept_foreign(const struct parts *p, const struct target *t, struct err *err)
{
	struct mark_folder all[MARK_FOLDERS];
	size_t n = mark_folders(t, all);
	struct mark_sight s;

	for (size_t i = 0; i < n; i++) {
		if (!mark_look(p->run.ledger, &all[i], &s, err))
			return false;
		if (s.mark.fault == MARK_FOREIGN && !accept_folder(p, t, &all[i], err))
			return false;
	}
	return true;
}

static bool accept_state(const struct config *c, struct err *err)
{
	bool begun;

	if (!wire_accept_state(c, &begun, err))
		return false;
	printf(begun ? "%s is accepted, and a new ledger is begun in it.\n"
		     : "%s is accepted with the ledger that is in it.\n",
	       c->state);
	return true;
}

static bool accept_all(const struct invocation *in, struct parts *p, const bool *wanted,
		       struct err *err)
{
	if (!in->given[OPTION_STATE_FOLDER])
		return accept_chosen(p, wanted, err);
	for (size_t i = 0; i < p->n_targets; i++)
		if (!accept_foreign(p, &p->targets[i], err))
			return false;
	return true;
}

int cmd_accept(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(wake_closer) struct wake *wake = NULL;
	OWN(wire_close) struct parts parts = {0};

	if (!in->n_args && !in->given[OPTION_STATE_FOLDER])
		return command_usage(err, "accept: the folders of which container? Give its name, "
					  "or `all`, or --state-folder");
	if (in->n_args && in->given[OPTION_STATE_FOLDER])
		return command_usage(err, "accept takes names or --state-folder, not both");
	if (!command_config(in, CONFIG_CONTAINERS, &c))
		return STATUS_USAGE;
	OWN_STR bool *wanted = command_choose(&c, in, err);
	if (!wanted || (in->given[OPTION_STATE_FOLDER] && !accept_state(&c, err)))
		return COMMAND_FAILED;
	if (!(wake = wake_open(false, err)) || !wire_open(&parts, &c, wake, err) ||
	    !accept_all(in, &parts, wanted, err))
		return COMMAND_FAILED;
	return STATUS_DONE;
}
