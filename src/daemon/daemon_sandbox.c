/* The sandbox of the daemon; declared in daemon/daemon_parts.h. */
#include "daemon/daemon_parts.h"
#include "config/confine.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/own.h"
#include "system/glance.h"
#include "system/helper.h"

#include <stdlib.h>

/* Sandboxes are not renewed more often because of a folder that comes and goes. */
#define RENEW_APART_MS 60000

#define LOOK_MS 4000 /* how long new folders together may take to answer */

static void make_folder_of(const char *file)
{
	OWN_STR char *folder = fs_parent(file);
	struct err ignored;

	(void)!fs_make_folder(folder, 0700, true, &ignored);
}

/* A folder of a new container is made now: no rule can name what is not there. */
static void make_new_folders(const struct config *c)
{
	int64_t end = clock_monotonic() + LOOK_MS;
	struct err ignored;

	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *one = &c->containers[i];
		if (!one->client && one->watch_folder &&
		    glance(one->watch_folder, end).found == GLANCE_MISSING &&
		    !wire_has_past(c, one->name) && !wire_knows_folder(c, one->watch_folder))
			(void)!fs_make_folder(one->watch_folder, 0777 & ~c->mask, false, &ignored);
	}
	if (c->utility)
		make_folder_of(c->utility_path);
}

/* The script of the utility can be written inside, so its words say nothing. */
static void permit_programs(const struct daemon *d)
{
	for (size_t i = 0; i < d->rules.n; i++)
		if (d->rules.list[i].right == SANDBOX_RUN)
			helper_permit(d->rules.list[i].path);
	if (d->config->utility)
		helper_permit_program("python3");
	helper_seal();
}

void daemon_enter_sandbox(struct daemon *d)
{
	d->renewed = clock_monotonic();
	if (helper_is_there() && d->config->sandbox) {
		make_new_folders(d->config);
		confine_rules(d->config, &d->rules);
		permit_programs(d);
		sandbox_enter(&d->rules);
	}
	if (!sandbox_is_on()) {
		helper_end();
		return;
	}
	OWN_STR char *words = sandbox_words();
	log_debug(NULL, "sandbox: %s", words);
}

void daemon_compare_sandbox(struct daemon *d)
{
	OWN(sandbox_rules_clear) struct sandbox_rules fresh = {0};

	if (!d->word->kept)
		return;
	if (d->config->sandbox)
		confine_rules(d->config, &fresh);
	else
		fresh.port = d->rules.port;
	d->renew = d->config->sandbox != sandbox_is_on() || !sandbox_rules_same(&d->rules, &fresh);
}

/* What lies in the state folder must be what this process knows, or another ledger to use. */
static bool can_renew(struct daemon *d)
{
	struct err ignored;

	if (!hold_is_elsewhere(&d->hold, d->config))
		return daemon_check_state(d, &ignored);
	log_warn(NULL,
		 "another folder is in the place of the state folder %s, with a ledger: "
		 "the program uses it",
		 d->config->state);
	return true;
}

void daemon_look_at_sandbox(struct daemon *d)
{
	int64_t apart = daemon_waits(d) ? RENEW_APART_MS : AGENDA_SHORT_PAUSE_MS;
	bool due =
		hold_is_elsewhere(&d->hold, d->config) || clock_monotonic() >= d->renewed + apart;
	bool stale = !d->renew && sandbox_is_on() && due && sandbox_is_stale(&d->rules);

	if ((!d->renew && !stale) || !can_renew(d))
		return;
	if (stale)
		log_info(NULL, "a folder was made or mounted: a new process gets the rights to it");
	d->word->again = true;
}

bool daemon_is_right_outside(struct daemon *d)
{
	if (!sandbox_is_on() || !helper_look())
		return false;
	log_info(NULL, "the configuration was read again");
	d->renew = true;
	return true;
}
