/* Copies of the ledger; declared in ports/ledger.h. */
#include "base/fs.h"
#include "base/mem.h"
#include "ports/ledger_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SLICE_PAGES 256       /* about a megabyte */
#define BUSY_MAX 20           /* slices in a row that another process does not let begin */
#define INTERRUPT_STEPS 10000 /* of SQLite's machine, between looks at requests */
#define WAIT_MS 1000          /* for another process, in each slice */

struct ledger_copy {
	sqlite3 *from, *to; /* owned */
	sqlite3_backup *at; /* owned */
	char *path;         /* owned: of the copy */
	int fd;             /* owned: the same, to write it to the disk */
	int slice, left;    /* pages: of a slice, and that were left after the last one */
	unsigned busy;
	bool done;
};

static sqlite3 *open_file(const char *path, bool sealed, struct err *err)
{
	const int flags = SQLITE_OPEN_READWRITE;
	sqlite3 *db = NULL;

	int code = sealed ? ledger_open_sealed(path, &db, flags)
			  : sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK) {
		sqlite3_busy_timeout(db, WAIT_MS);
		return db;
	}
	if (db)
		ledger_failed(db, err);
	err_wrap(err, "%s", path);
	sqlite3_close(db);
	return NULL;
}

/* Which of the two cannot be used?  A full disk concerns the copy. */
static bool copy_failed(struct ledger_copy *c, int code, struct err *err)
{
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return ledger_damaged(err, sqlite3_errstr(code));
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return err_set(err, ERR_RETRY, WORD_LEDGER, "ledger: %s", sqlite3_errstr(code));
	errno = code == SQLITE_FULL ? ENOSPC : sqlite3_system_errno(c->to);
	if (errno)
		return fs_failed(err, "write", c->path);
	return err_set(err, ERR_RETRY, WORD_DISK, "cannot write %s: %s", c->path,
		       sqlite3_errstr(code));
}

/* Nothing reads the copy before it is whole, so it needs no journal.  Pages are copied as they are:
 * those without room for a seal must not get one. */
static bool open_both(struct ledger_copy *c, const char *from, struct err *err)
{
	struct ledger_seal seal;

	c->from = open_file(from, true, err);
	if (!c->from)
		return false;
	if (!ledger_seal_of(c->from, &seal))
		return ledger_failed(c->from, err);
	c->to = open_file(c->path, seal.reserved, err);
	if (!c->to)
		return false;
	sqlite3_exec(c->to, "PRAGMA journal_mode = OFF", NULL, NULL, NULL);
	c->at = sqlite3_backup_init(c->to, "main", c->from, "main");
	return c->at || copy_failed(c, sqlite3_errcode(c->to), err);
}

struct ledger_copy *ledger_copy_begin(const char *from, const char *to, struct err *err)
{
	int fd = fs_create(to, err);

	if (fd < 0)
		return NULL;
	struct ledger_copy *c = mem_alloc(sizeof *c);
	c->fd = fd;
	c->path = mem_dup(to);
	c->slice = SLICE_PAGES;
	if (open_both(c, from, err))
		return c;
	ledger_copy_end(c);
	return NULL;
}

/* A ledger that another process has changed is copied from its beginning again, in larger slices,
 * so that the copy comes to an end. */
static void grow(struct ledger_copy *c)
{
	int left = sqlite3_backup_remaining(c->at);

	if (c->left && left >= c->left)
		c->slice *= 2;
	c->left = left;
}

bool ledger_copy_step(struct ledger_copy *c, bool *done, struct err *err)
{
	int code = sqlite3_backup_step(c->at, c->slice);

	*done = code == SQLITE_DONE;
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return ++c->busy < BUSY_MAX || copy_failed(c, code, err);
	c->busy = 0;
	if (code != SQLITE_OK && code != SQLITE_DONE)
		return copy_failed(c, code, err);
	grow(c);
	if (!*done)
		return fdatasync(c->fd) == 0 || fs_failed(err, "write", c->path);
	code = sqlite3_backup_finish(c->at);
	c->at = NULL;
	c->done = code == SQLITE_OK;
	return c->done || copy_failed(c, code, err);
}

void ledger_copy_end(struct ledger_copy *c)
{
	if (!c)
		return;
	if (c->at)
		sqlite3_backup_finish(c->at);
	sqlite3_close(c->to);
	sqlite3_close(c->from);
	close(c->fd);
	if (!c->done)
		unlink(c->path);
	free(c->path);
	free(c);
}

/* ---- what is in a file ---- */

#define NEWEST                                                     \
	"max(ifnull((SELECT max(changed_at) FROM assignment), 0)," \
	" ifnull((SELECT max(begun_at) FROM cycle), 0),"           \
	" ifnull((SELECT max(last_request) FROM pace), 0))"

static bool read_facts(sqlite3 *db, struct ledger_facts *f, struct err *err)
{
	OWN(ledger_finalize) sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db,
			       "SELECT " NEWEST ", (SELECT count(*) FROM assignment),"
			       " (SELECT count(*) FROM assignment WHERE infohash IS NOT NULL)",
			       -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		return ledger_failed(db, err);
	f->newest = sqlite3_column_int64(s, 0);
	f->assignments = (uint64_t)sqlite3_column_int64(s, 1);
	f->torrents = (uint64_t)sqlite3_column_int64(s, 2);
	return true;
}

static bool is_whole(sqlite3 *db, struct err *err)
{
	OWN(ledger_finalize) sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW)
		return ledger_failed(db, err);
	return strcmp(ledger_text(s, 0), "ok") == 0 || ledger_damaged(err, "it is damaged");
}

static int is_interrupted(void *wake)
{
	return wake_asked(wake);
}

bool ledger_examine(const char *path, struct wake *wake, struct ledger_facts *f, struct err *err)
{
	sqlite3 *db = open_file(path, true, err);
	struct ledger_facts found;

	if (!db)
		return false;
	sqlite3_progress_handler(db, INTERRUPT_STEPS, wake ? is_interrupted : NULL, wake);
	bool ok = is_whole(db, err) && read_facts(db, &found, err);
	if (!ok && sqlite3_errcode(db) == SQLITE_INTERRUPT)
		wake_stopped(err);
	sqlite3_close(db);
	if (ok)
		*f = found;
	if (!ok && !err_is_stop(err))
		err_wrap(err, "%s", path);
	return ok;
}
