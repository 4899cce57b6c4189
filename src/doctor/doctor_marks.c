/* Are the folders the right ones?  Declared in doctor/doctor.h. */
#include "doctor/doctor.h"
#include "config/wire.h"
#include "core/mark.h"
#include "base/own.h"
#include "system/apart.h"

static void say(struct doctor *d, const char *about, bool right, const char *folder,
		const struct err *why)
{
	if (right) {
		doctor_say(d, DOCTOR_OK, "folder-mark", about,
			   "%s has its mark, or gets it at its first use", folder);
		return;
	}
	OWN_STR char *fault = err_fault(why);
	const char *advice = err_advice(why);

	doctor_say(d, DOCTOR_FAIL, "folder-mark", about, "%s", fault);
	doctor_fix(d, "%s", advice ? advice : "see whether its disk is mounted");
}

static void check_container(struct doctor *d, struct ledger *l, const struct container *c)
{
	struct mark_folder all[MARK_FOLDERS];
	size_t n = mark_folders_of(c, all);
	struct err err;

	/* One that hangs has a finding of its own. */
	for (size_t i = 0; i < n; i++)
		if (!apart_hangs_since(all[i].path))
			say(d, c->name, mark_expect(l, &all[i], &err), all[i].path, &err);
}

void doctor_marks(struct doctor *d)
{
	const struct config *c = d->config;
	struct ledger *l;
	struct err err;

	/* What is wrong with the ledger itself has been said. */
	if (!wire_open_to_look(c, &l, &err))
		return;
	say(d, "state", wire_expect_state(c, &err), c->state, &err);
	for (size_t i = 0; l && i < c->n_containers; i++)
		check_container(d, l, &c->containers[i]);
	ledger_close(l);
}
