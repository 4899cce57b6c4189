#include "daemon/daily.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/own.h"
#include "core/copies.h"

#include <unistd.h>

bool daily_is_begun(const struct daily *d)
{
	return d->staged != NULL;
}

void daily_abandon(struct daily *d)
{
	ledger_copy_end(d->copy);
	if (d->staged)
		unlink(d->staged);
	free(d->staged);
	free(d->path);
	*d = (struct daily){0};
}

/* ---- the steps ---- */

static bool begin(struct daily *d, const char *state_folder, struct err *err)
{
	d->path = copies_path(state_folder, clock_now());
	OWN_STR char *folder = fs_parent(d->path);
	OWN_STR char *ledger = fs_join(state_folder, "ledger.db");

	d->staged = mem_printf("%s/.%s.%ld.tmp", folder, fs_base_name(d->path), (long)getpid());
	if (!fs_make_folder(folder, 0700, false, err))
		return false;
	fs_sweep(folder, NULL);
	d->copy = ledger_copy_begin(ledger, d->staged, err);
	return d->copy != NULL;
}

static bool copy(struct daily *d, struct err *err)
{
	bool complete;

	if (!ledger_copy_step(d->copy, &complete, err))
		return false;
	if (complete) {
		ledger_copy_end(d->copy);
		d->copy = NULL;
	}
	return true;
}

static bool publish(struct daily *d, const char *state_folder, unsigned keep, struct err *err)
{
	enum fs_publish result;

	if (!fs_publish(d->staged, d->path, &result, err))
		return false;
	if (result == FS_TAKEN)
		return err_set(err, ERR_RETRY, WORD_DISK, "%s is there already", d->path);
	return copies_prune(state_folder, keep, err);
}

/* A check that a request has interrupted is made again in the next slice. */
static bool check(struct daily *d, const char *state_folder, unsigned keep, struct wake *wake,
		  bool *done, struct err *err)
{
	struct ledger_facts facts;

	if (!ledger_examine(d->staged, wake, &facts, err))
		return err_is_stop(err);
	if (!publish(d, state_folder, keep, err))
		return false;
	log_debug(NULL, "the daily copy of the ledger is %s", d->path);
	*done = true;
	return true;
}

bool daily_step(struct daily *d, const char *state_folder, unsigned keep, struct wake *wake,
		bool *done, struct err *err)
{
	*done = false;
	bool ok = !d->staged ? begin(d, state_folder, err)
		  : d->copy  ? copy(d, err)
			     : check(d, state_folder, keep, wake, done, err);
	if (!ok || *done)
		daily_abandon(d);
	return ok || err_wrap(err, "the daily copy of the ledger");
}
