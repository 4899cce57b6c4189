#include "core/restore.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/archive.h"
#include "core/parcel.h"
#include "ports/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_MAX (8u << 20) /* bytes of config.ptp */

struct restoring {
	const struct restore *r;
	const char *path;  /* of the backup */
	char *staged;      /* owned: of the new ledger */
	int out;           /* owned: the same, while it is written; -1 */
	struct parcel one; /* the torrent that is being read */
	struct buf config, slip;
	struct buf *to; /* where the bytes of the file at hand go; NULL: to `out` */
	bool old_is_sound;
	struct restore_done done;
};

static bool may_continue(const struct restore *r, struct err *err)
{
	return !wake_stopping(r->wake) || wake_stopped(err);
}

/* ---- the ledger that is there ---- */

/* A damaged one, which is what a backup is for, is not newer than anything. */
static bool check_age(struct restoring *g, struct err *err)
{
	char ours[CLOCK_TEXT], theirs[CLOCK_TEXT];
	struct ledger_facts there;
	struct err why;

	g->old_is_sound =
		fs_exists(g->r->ledger) && ledger_examine(g->r->ledger, NULL, &there, &why);
	if (!g->old_is_sound || g->r->force || there.newest <= g->done.newest)
		return true;
	clock_format(there.newest, ours);
	clock_format(g->done.newest, theirs);
	err_set(err, ERR_TARGET, WORD_LEDGER,
		"the ledger %s is newer (%s) than that of the backup %s (%s)", g->r->ledger, ours,
		g->path, theirs);
	return err_advise(err, "replace it with --force; it is kept beside the new one");
}

static bool known_pace(const struct restoring *g, struct pace *pace)
{
	struct err ignored;
	struct ledger *old = g->old_is_sound ? ledger_open(g->r->ledger, true, &ignored) : NULL;
	bool known = old && ledger_get_pace(old, pace, &ignored) && pace->request.wall;

	ledger_close(old);
	return known;
}

/* What is known of the calls to the tracker stays known.  If nothing is, the next calls come as
 * slowly as those of a new ledger. */
static bool take_pace(const struct restoring *g, struct ledger *staged, struct err *err)
{
	const struct moment at = {{clock_now(), clock_steady()}, clock_boot()};
	struct pace pace;

	if (known_pace(g, &pace))
		return ledger_set_pace(staged, &pace, err);
	if (!ledger_get_pace(staged, &pace, err))
		return false;
	schedule_begin(&pace, &g->r->manners, &at);
	return ledger_set_pace(staged, &pace, err);
}

/* ---- the new one ---- */

static bool bring_up_to_date(struct restoring *g, struct err *err)
{
	struct ledger *staged = ledger_open(g->staged, false, err);
	bool ok = staged && take_pace(g, staged, err);

	ledger_close(staged);
	return ok || err_wrap(err, "the backup %s", g->path);
}

static bool take_ledger(struct restoring *g, struct err *err)
{
	struct ledger_facts facts;

	if (!ledger_examine(g->staged, g->r->wake, &facts, err))
		return err_wrap(err, "the backup %s", g->path);
	g->done.assignments = facts.assignments;
	g->done.newest = facts.newest;
	return check_age(g, err) && bring_up_to_date(g, err);
}

/* ---- from an archive ---- */

static bool begin_file(void *ctx, const struct tar_file *f, struct err *err)
{
	struct restoring *g = ctx;

	g->to = strcmp(f->name, ARCHIVE_CONFIG) == 0  ? &g->config
		: strcmp(f->name, ARCHIVE_SLIP) == 0  ? &g->slip
		: text_starts(f->name, ARCHIVE_VAULT) ? &g->one.bytes
						      : NULL;
	if (g->to) {
		buf_reset(g->to);
		return may_continue(g->r, err);
	}
	if (g->out >= 0)
		return err_set(err, ERR_TARGET, WORD_DISK, "the backup %s holds two ledgers",
			       g->path);
	g->out = fs_create(g->staged, err);
	return g->out >= 0;
}

static bool take_bytes(void *ctx, const void *bytes, size_t len, struct err *err)
{
	struct restoring *g = ctx;

	if (!g->to)
		return fs_append(g->out, bytes, len) || fs_failed(err, "write", g->staged);
	return buf_add(g->to, bytes, len) ||
	       err_set(err, ERR_TARGET, WORD_DISK, "the backup %s holds a file that is too large",
		       g->path);
}

/* A copy that is there and good stays. */
static bool keep_torrent(struct restoring *g, struct err *err)
{
	OWN_PARCEL struct parcel there = PARCEL_EMPTY;
	struct err why;

	if (!parcel_parse(&g->one, err))
		return err_wrap(err, "a torrent of the backup %s", g->path);
	if (parcel_from_vault(&there, g->r->vault, g->one.infohash, &why))
		return true;
	g->done.torrents++;
	log_progress(NULL, "%" PRIu64 " torrents", g->done.torrents);
	return vault_keep(g->r->vault, g->one.infohash, &g->one.bytes, err);
}

static bool end_file(void *ctx, const struct tar_file *f, struct err *err)
{
	struct restoring *g = ctx;

	(void)f;
	if (g->to)
		return g->to != &g->one.bytes || keep_torrent(g, err);
	if (fsync(g->out) < 0)
		return fs_failed(err, "write", g->staged);
	return take_ledger(g, err);
}

static bool unpack(struct restoring *g, int fd, struct err *err)
{
	const struct archive_visit visit = {begin_file, take_bytes, end_file, g};

	return archive_read(fd, g->path, NULL, err) && archive_read(fd, g->path, &visit, err);
}

/* ---- from a copy of the ledger ---- */

static bool copy(struct restoring *g, struct err *err)
{
	struct ledger_copy *copy = ledger_copy_begin(g->path, g->staged, err);
	bool done = false, ok = copy != NULL;

	while (ok && !done)
		ok = may_continue(g->r, err) && ledger_copy_step(copy, &done, err);
	ledger_copy_end(copy);
	return (ok || err_wrap(err, "the backup %s", g->path)) && take_ledger(g, err);
}

static bool is_ledger(int fd)
{
	static const char begin[] = "SQLite format 3";
	char bytes[sizeof begin];
	size_t got;

	return fs_read_up_to(fd, bytes, sizeof bytes, &got) && got == sizeof bytes &&
	       memcmp(bytes, begin, sizeof begin) == 0;
}

static bool stage(struct restoring *g, struct err *err)
{
	OWN_FD int fd = open(g->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st, there;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fs_failed(err, "open the backup", g->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_TARGET, WORD_DISK, "%s is not a file", g->path);
	if (stat(g->r->ledger, &there) == 0 && there.st_dev == st.st_dev &&
	    there.st_ino == st.st_ino)
		return err_set(err, ERR_TARGET, WORD_DISK, "%s is the ledger itself", g->path);
	return is_ledger(fd) ? copy(g, err) : unpack(g, fd, err);
}

/* ---- in its place ---- */

/* A journal that is left could not be applied: the old ledger was opened before, if it can be.  To
 * the new one it does not belong. */
static bool drop_journal(const struct restoring *g, struct err *err)
{
	OWN_STR char *journal = mem_printf("%s-journal", g->r->ledger);

	return fs_remove(journal, err);
}

static bool keep_old(struct restoring *g, struct err *err)
{
	if (!fs_exists(g->r->ledger))
		return true;
	OWN_STR char *kept = mem_printf("%s.old-%" PRId64, g->r->ledger, clock_now() / 1000);
	if (link(g->r->ledger, kept) < 0 && errno != EEXIST)
		return fs_failed(err, "keep the old ledger as", kept);
	g->done.kept = OWN_TAKE(kept);
	return true;
}

static bool put_config(struct restoring *g, struct err *err)
{
	OWN_STR char *folder = fs_parent(g->r->config);

	if (!g->config.len)
		return true;
	if (fs_exists(g->r->config)) {
		g->done.config = RESTORE_CONFIG_KEPT;
		return true;
	}
	g->done.config = RESTORE_CONFIG;
	return fs_make_folder(folder, 0700, true, err) &&
	       fs_write(g->r->config, g->config.data, g->config.len, 0600, err);
}

/* It names a row of this ledger, so it does nothing where the row is settled. */
static bool put_slip(struct restoring *g, struct err *err)
{
	char there[VAULT_SLIP_BYTES + 1];

	if (!g->slip.len || !vault_slip_read(g->r->vault, there, err))
		return !g->slip.len;
	return there[0] || vault_slip_write(g->r->vault, buf_text(&g->slip), err);
}

static bool put(struct restoring *g, struct err *err)
{
	return may_continue(g->r, err) && keep_old(g, err) && drop_journal(g, err) &&
	       fs_replace(g->staged, g->r->ledger, err) && put_config(g, err) && put_slip(g, err);
}

static void clear(struct restoring *g)
{
	if (g->out >= 0)
		close(g->out);
	unlink(g->staged);
	free(g->staged);
	parcel_clear(&g->one);
	buf_clear(&g->config);
	buf_clear(&g->slip);
}

bool restore_run(const struct restore *r, const char *path, struct restore_done *done,
		 struct err *err)
{
	OWN_STR char *folder = fs_parent(r->ledger);
	OWN(clear)
	struct restoring g = {.r = r,
			      .path = path,
			      .staged = mem_printf("%s/.%s.%ld.tmp", folder,
						   fs_base_name(r->ledger), (long)getpid()),
			      .out = -1,
			      .one = PARCEL_EMPTY,
			      .config = BUF_MAX(CONFIG_MAX),
			      .slip = BUF_MAX(VAULT_SLIP_BYTES)};

	fs_sweep(folder, fs_base_name(r->ledger));
	unlink(g.staged);
	if (!stage(&g, err) || !put(&g, err)) {
		free(g.done.kept);
		return false;
	}
	*done = g.done;
	return true;
}
