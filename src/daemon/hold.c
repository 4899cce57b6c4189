#include "daemon/hold.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAKE_OVER_MS 5000 /* how long another daemon may take to end */

/* One daemon per state folder; a predecessor that is ending is waited for. */
static int take_lock(const struct config *c, struct wake *wake, struct err *err)
{
	OWN_STR char *path = wire_run_lock_path(c);
	int64_t end = clock_monotonic() + TAKE_OVER_MS;
	bool held, said = false;

	for (;;) {
		int fd = fs_lock(path, &held, err);
		if (fd >= 0 || !held)
			return fd;
		if (clock_monotonic() >= end)
			break;
		if (!said)
			log_info(
				NULL,
				"another `ptp-archiver run` serves the state folder %s; waiting up "
				"to %d s for it to end",
				c->state, TAKE_OVER_MS / 1000);
		said = true;
		if (!wake_sleep(wake, 100, err))
			return -1;
	}
	err_set(err, ERR_FATAL, WORD_CONFIG,
		"another `ptp-archiver run` serves the state folder %s already", c->state);
	return -1;
}

bool hold_take(struct hold *h, const struct config *c, struct wake *wake, struct err *err)
{
	int lock = take_lock(c, wake, err);

	if (lock < 0)
		return false;
	hold_release(h);
	h->lock = lock;
	h->folder = open(c->state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return h->folder >= 0 || fs_failed(err, "open the state folder", c->state);
}

void hold_release(struct hold *h)
{
	if (h->lock >= 0)
		close(h->lock);
	if (h->folder >= 0)
		close(h->folder);
	*h = (struct hold)HOLD_NONE;
}

/* Is `path` still what is open as `fd`? */
static bool is_same(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

static bool save_removed(const struct parts *p, const char *path, struct err *err)
{
	bool any;

	if (!ledger_save(p->run.ledger, path, &any, err))
		return err_wrap(err, "the ledger %s was removed, and cannot be written again",
				path);
	if (any)
		log_warn(NULL,
			 "the ledger %s was removed while it was in use; it was written again, and "
			 "nothing of it is lost",
			 path);
	else
		log_warn(NULL, "the ledger %s was emptied and removed; a new one is begun", path);
	return true;
}

static void keep_replaced(const struct parts *p, const char *path)
{
	OWN_STR char *old = mem_printf("%s.old-%" PRId64, path, clock_now() / 1000);
	struct err err;
	bool any;

	if (!ledger_save(p->run.ledger, old, &any, &err))
		log_warn(NULL,
			 "another file was put in the place of the ledger %s; the program uses it "
			 "(a copy of the old ledger could not be kept: %s)",
			 path, err.msg);
	else
		log_warn(NULL,
			 "another file was put in the place of the ledger %s; the program uses "
			 "it%s%s",
			 path, any ? ", and keeps the old ledger as " : "", any ? old : "");
}

static bool check_ledger(const struct parts *p, const struct config *c, bool *reopen,
			 struct err *err)
{
	OWN_STR char *path = wire_ledger_path(c);

	switch (ledger_file(p->run.ledger)) {
	case LEDGER_IN_PLACE:
		return true;
	case LEDGER_EMPTIED:
		return err_set(err, ERR_TARGET, WORD_LEDGER,
			       "the ledger %s was emptied while it was in use: put a copy of it "
			       "back, or remove it to begin a new one",
			       path);
	case LEDGER_REMOVED:
		*reopen = true;
		return save_removed(p, path, err);
	case LEDGER_REPLACED:
		*reopen = true;
		keep_replaced(p, path);
	}
	return true;
}

bool hold_is_elsewhere(const struct hold *h, const struct config *c)
{
	OWN_STR char *ledger = wire_ledger_path(c);

	return !is_same(h->folder, c->state) && fs_exists(ledger);
}

/* Another folder may have its name for a while, and the right one may come back.  So the daemon
 * uses another folder only if there is a ledger in it. */
static bool check_folder(struct hold *h, const struct config *c, struct wake *wake, bool *reopen,
			 struct err *err)
{
	if (is_same(h->folder, c->state))
		return true;
	if (!hold_is_elsewhere(h, c))
		return err_set(err, ERR_TARGET, WORD_DISK,
			       "the state folder %s is gone, or another one is in its place: is "
			       "its disk mounted? The daemon resumes when it is back; a restart "
			       "begins with what is there",
			       c->state);
	*reopen = true;
	log_warn(NULL,
		 "another folder is in the place of the state folder %s, with a ledger: "
		 "the program uses it",
		 c->state);
	return hold_take(h, c, wake, err);
}

/* A lock whose file was removed does not stop a second daemon. */
static bool check_lock(struct hold *h, const struct config *c, struct wake *wake, struct err *err)
{
	OWN_STR char *path = wire_run_lock_path(c);

	return is_same(h->lock, path) || hold_take(h, c, wake, err);
}

bool hold_check(struct hold *h, const struct parts *p, const struct config *c, struct wake *wake,
		bool *reopen, struct err *err)
{
	*reopen = false;
	if (!check_folder(h, c, wake, reopen, err) || !check_lock(h, c, wake, err) ||
	    !fs_check_writable(c->state, err))
		return false;
	return !p->run.ledger || *reopen || check_ledger(p, c, reopen, err);
}
