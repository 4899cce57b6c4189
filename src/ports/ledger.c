#include "ports/ledger.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "ports/ledger_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEDGER_LOCKED_ADVICE                                                                       \
	"another program has it open, or its disk is a network share without locks: then put the " \
	"state folder (PTP_STATE) on a local disk"
#define LEDGER_SEALED_SINCE 4 /* layout */
#define BUSY_MS 1500          /* a stop request waits for it */

/* The system refuses: its reason, and the way out. */
static bool refused_by_system(sqlite3 *db, struct err *err)
{
	errno = sqlite3_system_errno(db);
	fs_failed(err, "use the ledger", sqlite3_db_filename(db, "main"));
	err->kind = ERR_RETRY;
	err->code = WORD_LEDGER;
	return false;
}

bool ledger_damaged(struct err *err, const char *what)
{
	err_set(err, ERR_FATAL, WORD_LEDGER, "ledger: %s", what);
	err->errnum = EUCLEAN;
	return err_advise(err, LEDGER_ADVICE);
}

bool ledger_is_damaged(const struct err *err)
{
	return err->kind == ERR_FATAL && err->code == WORD_LEDGER && err->errnum == EUCLEAN;
}

bool ledger_failed(sqlite3 *db, struct err *err)
{
	int code = sqlite3_errcode(db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return ledger_damaged(err, sqlite3_errmsg(db));
	if (code == SQLITE_IOERR && sqlite3_system_errno(db))
		return refused_by_system(db, err);

	err_set(err, ERR_RETRY, WORD_LEDGER, "ledger: %s", sqlite3_errmsg(db));
	err->errnum = code == SQLITE_FULL ? ENOSPC : 0;
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_PROTOCOL)
		return err_advise(err, LEDGER_LOCKED_ADVICE);
	return false;
}

/* ---- running statements ---- */

static sqlite3_stmt *prepare(struct ledger *l, enum sql which, struct err *err)
{
	if (!l->prepared[which] &&
	    sqlite3_prepare_v3(l->db, ledger_statements[which], -1, SQLITE_PREPARE_PERSISTENT,
			       &l->prepared[which], NULL) != SQLITE_OK) {
		ledger_failed(l->db, err);
		return NULL;
	}
	return l->prepared[which];
}

/* One letter a parameter: i for int64_t, t for a text (NULL allowed). */
static void bind(sqlite3_stmt *s, const char *types, va_list ap)
{
	for (int i = 0; types[i]; i++)
		if (types[i] == 'i')
			sqlite3_bind_int64(s, i + 1, va_arg(ap, int64_t));
		else
			sqlite3_bind_text(s, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
}

void ledger_finish(sqlite3_stmt **s)
{
	if (*s) {
		sqlite3_reset(*s);
		sqlite3_clear_bindings(*s);
	}
}

sqlite3_stmt *ledger_query(struct ledger *l, enum sql which, struct err *err, const char *types,
			   ...)
{
	sqlite3_stmt *s = prepare(l, which, err);
	va_list ap;

	if (!s)
		return NULL;
	va_start(ap, types);
	bind(s, types, ap);
	va_end(ap);
	return s;
}

enum ledger_step ledger_step(struct ledger *l, sqlite3_stmt *s, struct err *err)
{
	int code = s ? sqlite3_step(s) : SQLITE_ERROR;

	if (code == SQLITE_ROW)
		return STEP_ROW;
	if (code == SQLITE_DONE)
		return STEP_DONE;
	if (s)
		ledger_failed(l->db, err);
	return STEP_FAILED;
}

bool ledger_run(struct ledger *l, enum sql which, struct err *err, const char *types, ...)
{
	OWN_STATEMENT sqlite3_stmt *s = prepare(l, which, err);
	va_list ap;

	if (!s)
		return false;
	va_start(ap, types);
	bind(s, types, ap);
	va_end(ap);
	return ledger_step(l, s, err) != STEP_FAILED;
}

bool ledger_run_row(struct ledger *l, sqlite3_stmt *s, struct err *err)
{
	enum ledger_step got = ledger_step(l, s, err);

	if (got == STEP_DONE)
		err_set(err, ERR_FATAL, WORD_LEDGER, "ledger: a row that must be there is missing");
	return got == STEP_ROW;
}

bool ledger_commit(struct ledger *l, bool ok, struct err *err)
{
	struct err ignored;

	if (ok && ledger_run(l, SQL_COMMIT, err, ""))
		return true;
	(void)!ledger_run(l, SQL_ROLLBACK, &ignored, "");
	return false;
}

const char *ledger_text(sqlite3_stmt *s, int column)
{
	const unsigned char *t = sqlite3_column_text(s, column);

	return t ? (const char *)t : "";
}

char *ledger_text_or_null(sqlite3_stmt *s, int column)
{
	return mem_dup((const char *)sqlite3_column_text(s, column));
}

/* ---- opening ---- */

static bool exec(sqlite3 *db, const char *sql, struct err *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || ledger_failed(db, err);
}

static int file_version(sqlite3 *db, struct err *err)
{
	sqlite3_stmt *s = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	else
		ledger_failed(db, err);
	sqlite3_finalize(s);
	return version;
}

/* Within a transaction; another process may have been faster. */
static bool migrate_steps(sqlite3 *db, struct err *err)
{
	int version = file_version(db, err);

	if (version < 0)
		return false;
	for (int i = 0; i < LEDGER_VERSION; i++)
		if (ledger_migrations[i].version > version &&
		    !exec(db, ledger_migrations[i].sql, err))
			return false;
	OWN_STR char *sql = mem_printf("PRAGMA user_version = %d", LEDGER_VERSION);
	return version >= LEDGER_VERSION || exec(db, sql, err);
}

/* All or nothing: a reader sees the old layout or the new one. */
static bool bring_up_to_date(sqlite3 *db, struct err *err)
{
	if (!exec(db, "BEGIN IMMEDIATE", err))
		return false;
	if (migrate_steps(db, err) && exec(db, "COMMIT", err))
		return true;
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

static bool migrate(sqlite3 *db, bool read_only, struct err *err)
{
	int version = file_version(db, err);

	if (version < 0)
		return false;
	if (version > LEDGER_VERSION) {
		err_set(err, ERR_FATAL, WORD_LEDGER,
			"ledger: it was written by a newer version of this program");
		return err_advise(err, "use that version");
	}
	if (read_only && version > 0 && version < LEDGER_VERSION) {
		err_set(err, ERR_TARGET, WORD_LEDGER, "ledger: it is from an older version");
		return err_advise(err, "`run` or `fetch` brings it up to date");
	}
	return version == LEDGER_VERSION || bring_up_to_date(db, err);
}

/* SQLite would make the file with the umask's permissions.  A file that exists is not
 * opened: to close it would release the locks that another thread of this process holds (POSIX). */
static void make_private(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0) {
		fs_make_private(path);
		return;
	}
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		close(fd);
	else
		log_warn(NULL, "cannot make %s for its user alone: %s", path, strerror(errno));
}

/* Where it is the system that refuses, its reason, and the way out. */
static void not_opened(const struct ledger *l, const char *path, struct err *err)
{
	errno = l->db ? sqlite3_system_errno(l->db) : ENOMEM;
	if (errno)
		fs_failed(err, "open the ledger", path);
	else
		err_set(err, ERR_TARGET, WORD_LEDGER, "cannot open the ledger %s: %s", path,
			sqlite3_errmsg(l->db));
	err->code = WORD_LEDGER;
}

/* Right after the opening: which file it is. */
static void note_file(struct ledger *l, const char *path)
{
	struct stat st;

	l->path = mem_dup(path);
	if (stat(path, &st) == 0) {
		l->device = st.st_dev;
		l->inode = st.st_ino;
	}
}

/* ---- the checksums of an older ledger ---- */

/* *old: a layout before 4, whose pages have no room for a checksum. */
static bool find_old(struct ledger *l, bool *old, struct err *err)
{
	struct ledger_seal seal;
	int version = file_version(l->db, err);

	*old = false;
	if (version <= 0 || version >= LEDGER_SEALED_SINCE)
		return version >= 0;
	if (!ledger_seal_of(l->db, &seal))
		return ledger_failed(l->db, err);
	*old = !seal.reserved;
	return true;
}

static bool write_with_room(struct ledger *l, const char *staged)
{
	OWN(ledger_finalize) sqlite3_stmt *s = NULL;
	struct err err;
	OWN_FD int fd = fs_create(staged, &err);

	return fd >= 0 && sqlite3_prepare_v2(l->db, "VACUUM INTO ?1", -1, &s, NULL) == SQLITE_OK &&
	       sqlite3_bind_text(s, 1, staged, -1, SQLITE_STATIC) == SQLITE_OK &&
	       sqlite3_step(s) == SQLITE_DONE && fsync(fd) == 0;
}

static bool replace_with_room(struct ledger *l)
{
	OWN_STR char *folder = fs_parent(l->path);
	OWN_STR char *staged =
		mem_printf("%s/.%s.%ld.tmp", folder, fs_base_name(l->path), (long)getpid());
	struct err err;

	if (ledger_file(l) == LEDGER_REPLACED)
		return true;
	unlink(staged);
	if (write_with_room(l, staged) && fs_replace(staged, l->path, &err))
		return true;
	unlink(staged);
	log_warn(NULL, "the ledger %s gets no checksums yet: it could not be written again",
		 l->path);
	return false;
}

/* Writes it again, with room in each page, and puts that in its place.  Other processes wait
 * meanwhile, and see then that the file is another one.  false: it stays as it is, without
 * checksums; the disk may be full. */
static bool make_room(struct ledger *l)
{
	struct err err;

	if (exec(l->db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT", &err) &&
	    replace_with_room(l))
		return true;
	/* The lock goes with the next transaction. */
	(void)!exec(l->db, "ROLLBACK", &err);
	(void)!exec(l->db, "PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_schema",
		    &err);
	return false;
}

static struct ledger *open_at(const char *path, bool read_only, struct err *err)
{
	struct ledger *l = mem_alloc(sizeof *l);
	/* Looking, too, may have to roll back what a process that was killed left half done. */
	int flags = SQLITE_OPEN_READWRITE | (read_only ? 0 : SQLITE_OPEN_CREATE);

	if (ledger_open_sealed(path, &l->db, flags) != SQLITE_OK) {
		not_opened(l, path, err);
		ledger_close(l);
		return NULL;
	}
	note_file(l, path);
	sqlite3_busy_timeout(l->db, BUSY_MS);
	return l;
}

static bool get_ready(struct ledger *l, bool read_only, struct err *err)
{
	return exec(l->db,
		    "PRAGMA foreign_keys = ON; PRAGMA synchronous = EXTRA; PRAGMA temp_store = "
		    "MEMORY",
		    err) &&
	       migrate(l->db, read_only, err) &&
	       (read_only ? exec(l->db, "PRAGMA query_only = ON", err) : ledger_seal(l, err));
}

/* The file, as it is after make_room().  Accepts NULL. */
static struct ledger *with_room(struct ledger *l, const char *path, struct err *err)
{
	bool old;

	while (l && find_old(l, &old, err)) {
		if (!old || !make_room(l))
			return l;
		ledger_close(l);
		l = open_at(path, false, err);
	}
	if (l)
		err_wrap(err, "%s", path);
	ledger_close(l);
	return NULL;
}

struct ledger *ledger_open(const char *path, bool read_only, struct err *err)
{
	if (!read_only)
		make_private(path);
	struct ledger *l = open_at(path, read_only, err);
	if (!read_only)
		l = with_room(l, path, err);
	if (!l || get_ready(l, read_only, err))
		return l;
	err_wrap(err, "%s", path);
	ledger_close(l);
	return NULL;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(l->prepared[i]);
	sqlite3_close(l->db);
	free(l->path);
	free(l);
}

enum ledger_file ledger_file(const struct ledger *l)
{
	struct stat st;

	if (stat(l->path, &st) < 0)
		return LEDGER_REMOVED;
	if (st.st_dev != l->device || st.st_ino != l->inode)
		return LEDGER_REPLACED;
	return st.st_size ? LEDGER_IN_PLACE : LEDGER_EMPTIED;
}

/* `how`: SQL_CHECK or SQL_CHECK_ALL. */
static bool is_sound(struct ledger *l, enum sql how, struct err *err)
{
	OWN_STATEMENT sqlite3_stmt *s = ledger_query(l, how, err, "");

	if (!ledger_run_row(l, s, err))
		return false;
	if (strcmp(ledger_text(s, 0), "ok") == 0)
		return true;
	return ledger_damaged(err, "it is damaged");
}

bool ledger_seal(struct ledger *l, struct err *err)
{
	struct ledger_seal seal;

	if (!ledger_seal_of(l->db, &seal))
		return ledger_failed(l->db, err);
	if (seal.state != LEDGER_UNSEALED || !seal.reserved)
		return true;
	if (!is_sound(l, SQL_CHECK_ALL, err))
		return false;
	if (ledger_seal_again(l->db))
		log_debug(NULL,
			  "another program has changed the ledger %s; it is sound, and has "
			  "its checksums again",
			  l->path);
	return true;
}

bool ledger_renew(struct ledger *l, struct err *err)
{
	return exec(l->db, "VACUUM", err);
}

/* One that is open has pages in memory that the file may not have any more. */
bool ledger_check(const struct ledger *l, struct err *err)
{
	struct ledger *fresh = ledger_open(l->path, true, err);
	bool ok = fresh && is_sound(fresh, SQL_CHECK, err);

	ledger_close(fresh);
	return ok;
}

static bool put(const char *path, const void *bytes, size_t len, struct err *err)
{
	OWN_STR char *staged = mem_printf("%s.new", path);
	enum fs_publish result = FS_TAKEN;

	bool ok = fs_stage(staged, bytes, len, 0600, err) && fs_publish(staged, path, &result, err);
	if (result == FS_TAKEN)
		unlink(staged);
	return ok;
}

bool ledger_save(struct ledger *l, const char *path, bool *any, struct err *err)
{
	sqlite3_int64 size = 0;
	unsigned char *bytes = sqlite3_serialize(l->db, "main", &size, 0);

	*any = size > 0;
	bool ok =
		!*any || (bytes ? put(path, bytes, (size_t)size, err) : ledger_failed(l->db, err));
	sqlite3_free(bytes);
	return ok;
}

const char *ledger_library(void)
{
	return sqlite3_libversion();
}

/* ---- the way of one torrent ---- */

bool ledger_asking(struct ledger *l, const char *container, int64_t *id, struct err *err)
{
	int64_t now = clock_now(), row = 0;

	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = ledger_run(l, SQL_ASKING, err, "ti", container, now);
	row = sqlite3_last_insert_rowid(l->db);
	ok = ok && ledger_run(l, SQL_ASKED, err, "ti", container, now);
	if (!ledger_commit(l, ok, err))
		return false;
	*id = row;
	return true;
}

bool ledger_assigned(struct ledger *l, int64_t id, const char *torrent_id, const char *archive_id,
		     struct err *err)
{
	return ledger_run(l, SQL_ASSIGNED, err, "itti", id, torrent_id, archive_id, clock_now());
}

bool ledger_set_group(struct ledger *l, int64_t id, const char *group_id, struct err *err)
{
	return ledger_run(l, SQL_GROUP, err, "it", id, group_id);
}

bool ledger_not_assigned(struct ledger *l, int64_t id, struct err *err)
{
	return ledger_run(l, SQL_NOT_ASSIGNED, err, "i", id);
}

bool ledger_possibly_lost(struct ledger *l, int64_t id, bool certain, const char *note,
			  struct err *err)
{
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = ledger_run(l, SQL_LOST, err, "itii", id, note, clock_now(), (int64_t)certain) &&
		  ledger_run(l, SQL_TURN_TAKEN, err, "i", id);
	return ledger_commit(l, ok, err);
}

bool ledger_adopt_leftovers(struct ledger *l, size_t *n, struct err *err)
{
	if (!ledger_run(l, SQL_BEGIN, err, ""))
		return false;
	bool ok = ledger_run(l, SQL_LEFTOVER_TURNS, err, "") &&
		  ledger_run(l, SQL_LEFTOVERS, err, "ti",
			     "the program ended while it was asking the tracker", clock_now());
	int changed = sqlite3_changes(l->db);
	if (!ledger_commit(l, ok, err))
		return false;
	*n = (size_t)changed;
	return true;
}

bool ledger_fetched(struct ledger *l, int64_t id, const struct fetched *f, struct err *err)
{
	return ledger_run(l, SQL_FETCHED, err, "itttiiti", id, f->infohash, f->name, f->file_name,
			  (int64_t)f->bytes, (int64_t)(f->hook ? HOOK_DUE : HOOK_NONE), f->v2,
			  clock_now());
}

bool ledger_unfetched(struct ledger *l, int64_t id, const char *note, struct err *err)
{
	return ledger_run(l, SQL_UNFETCHED, err, "iti", id, note, clock_now());
}

bool ledger_delivering(struct ledger *l, int64_t id, const char *file_name, const char *target,
		       struct err *err)
{
	return ledger_run(l, SQL_DELIVERING, err, "itti", id, file_name, target, clock_now());
}

bool ledger_delivered(struct ledger *l, int64_t id, const char *path, const char *client,
		      enum assignment_pick_up pick_up, struct err *err)
{
	return ledger_run(l, SQL_DELIVERED, err, "ititi", id, path, clock_now(), client,
			  (int64_t)pick_up);
}

bool ledger_pick_up(struct ledger *l, int64_t id, enum assignment_pick_up pick_up, struct err *err)
{
	return ledger_run(l, SQL_PICK_UP, err, "iii", id, (int64_t)pick_up, clock_now());
}

bool ledger_moved(struct ledger *l, int64_t id, const char *path, const char *client,
		  enum assignment_pick_up pick_up, struct err *err)
{
	return ledger_run(l, SQL_MOVED, err, "ititi", id, path, clock_now(), client,
			  (int64_t)pick_up);
}

bool ledger_adopt(struct ledger *l, const struct adopted *a, int64_t *id, struct err *err)
{
	if (!ledger_run(l, SQL_ADOPT, err, "tttttitti", a->container, a->infohash, a->v2, a->name,
			a->file_name, (int64_t)a->bytes, a->path, a->client, clock_now()))
		return false;
	*id = sqlite3_last_insert_rowid(l->db);
	return true;
}

bool ledger_tried(struct ledger *l, int64_t id, const char *note, bool set_aside, struct err *err)
{
	return ledger_run(l, SQL_TRIED, err, "itii", id, note, (int64_t)set_aside, clock_now());
}

bool ledger_note(struct ledger *l, int64_t id, const char *note, struct err *err)
{
	return ledger_run(l, SQL_NOTE, err, "it", id, note);
}

bool ledger_hook(struct ledger *l, int64_t id, enum assignment_hook hook, struct err *err)
{
	return ledger_run(l, SQL_HOOK, err, "ii", id, (int64_t)hook);
}

bool ledger_rename(struct ledger *l, const char *container, const char *name, struct err *err)
{
	return ledger_run(l, SQL_RENAME, err, "tt", container, name);
}
