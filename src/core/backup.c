#include "core/backup.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/archive.h"
#include "core/parcel.h"
#include "ports/ledger.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- its name ---- */

static bool is_same_file(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

static bool is_taken(const char *path, struct err *err)
{
	err_set(err, ERR_TARGET, WORD_DISK, "%s is there already", path);
	return err_advise(err, "name another file, or replace it with --force");
}

static bool check_name(const struct backup *b, const char *path, struct err *err)
{
	OWN_STR char *folder = fs_parent(path);

	if (is_same_file(path, b->ledger)) {
		err_set(err, ERR_TARGET, WORD_DISK, "%s is the ledger itself", path);
		return err_advise(err, "name another file");
	}
	if (fs_is_folder(path)) {
		err_set(err, ERR_TARGET, WORD_DISK, "%s is a folder", path);
		return err_advise(err, "name a file in it");
	}
	if (!fs_is_folder(folder)) {
		err_set(err, ERR_TARGET, WORD_DISK, "there is no folder %s", folder);
		return err_advise(err, "make it first, or mount its disk");
	}
	return b->replace || !fs_exists(path) || is_taken(path, err);
}

/* ---- its content ---- */

struct making {
	const struct backup *b;
	struct archive to;
	struct backup_done done;
};

static bool may_continue(const struct backup *b, struct err *err)
{
	return !wake_stopping(b->wake) || wake_stopped(err);
}

static bool copy_ledger(const struct backup *b, const char *to, struct err *err)
{
	struct ledger_copy *copy = ledger_copy_begin(b->ledger, to, err);
	bool done = false, ok = copy != NULL;

	while (ok && !done)
		ok = may_continue(b, err) && ledger_copy_step(copy, &done, err);
	ledger_copy_end(copy);
	return ok;
}

static bool put_ledger(struct making *m, const char *copy, struct err *err)
{
	struct ledger_facts facts;

	if (!copy_ledger(m->b, copy, err))
		return err_wrap(err, "the backup %s", m->to.path);
	bool ok = ledger_examine(copy, m->b->wake, &facts, err) &&
		  archive_put_file(&m->to, ARCHIVE_LEDGER, copy, err);
	unlink(copy);
	m->done.assignments = ok ? facts.assignments : 0;
	return ok;
}

static bool put_torrent(void *ctx, const char *infohash, struct err *err)
{
	struct making *m = ctx;
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	OWN_STR char *name = mem_printf(ARCHIVE_VAULT "%s.torrent", infohash);
	struct err why;

	if (!may_continue(m->b, err))
		return false;
	log_progress(NULL, "%" PRIu64 " torrents", m->done.torrents);
	if (!parcel_from_vault(&p, m->b->vault, infohash, &why)) {
		log_warn(NULL, "%s; the backup leaves it out", why.msg);
		m->done.damaged++;
		return true;
	}
	m->done.torrents++;
	return archive_put(&m->to, name, p.bytes.data, p.bytes.len, err);
}

static bool put_vault(struct making *m, struct err *err)
{
	char slip[VAULT_SLIP_BYTES + 1];

	if (!m->b->vault)
		return true;
	if (!vault_slip_read(m->b->vault, slip, err))
		return false;
	return (!slip[0] || archive_put(&m->to, ARCHIVE_SLIP, slip, strlen(slip), err)) &&
	       vault_each(m->b->vault, put_torrent, m, err);
}

static bool put_config(struct making *m, struct err *err)
{
	const struct buf *config = m->b->config;

	return !config->len || archive_put(&m->to, ARCHIVE_CONFIG, config->data, config->len, err);
}

/* The ledger comes first: what the vault gets meanwhile is not missed. */
static bool fill(struct making *m, const char *copy, struct err *err)
{
	return put_ledger(m, copy, err) && put_config(m, err) && put_vault(m, err) &&
	       archive_end(&m->to, err);
}

/* From the disk, where the system heeds this. */
static bool read_again(const struct making *m, struct err *err)
{
	(void)!posix_fadvise(m->to.fd, 0, 0, POSIX_FADV_DONTNEED);
	return archive_read(m->to.fd, m->to.path, NULL, err);
}

/* ---- the file ---- */

static bool publish(const struct backup *b, const char *staged, const char *path, struct err *err)
{
	enum fs_publish result;

	if (b->replace)
		return fs_replace(staged, path, err);
	return fs_publish(staged, path, &result, err) &&
	       (result == FS_PUBLISHED || is_taken(path, err));
}

static bool make(struct making *m, const char *copy, struct err *err)
{
	struct stat st;

	if (!fill(m, copy, err) || !read_again(m, err))
		return false;
	if (fstat(m->to.fd, &st) < 0)
		return fs_failed(err, "read", m->to.path);
	m->done.bytes = (uint64_t)st.st_size;
	return true;
}

/* What a process that was killed has left; one of the same number is not running. */
static void sweep(const char *folder, const char *name, const char *staged)
{
	fs_sweep(folder, name);
	unlink(staged);
}

bool backup_make(const struct backup *b, const char *path, struct backup_done *done,
		 struct err *err)
{
	if (!check_name(b, path, err))
		return false;
	OWN_STR char *folder = fs_parent(path);
	OWN_STR char *copy_name = mem_printf("%s.db", fs_base_name(path));
	OWN_STR char *staged =
		mem_printf("%s/.%s.%ld.tmp", folder, fs_base_name(path), (long)getpid());
	OWN_STR char *copy = mem_printf("%s/.%s.%ld.tmp", folder, copy_name, (long)getpid());
	sweep(folder, fs_base_name(path), staged);
	sweep(folder, copy_name, copy);
	OWN_FD int fd = fs_create(staged, err);
	if (fd < 0)
		return false;
	struct making m = {.b = b, .to = ARCHIVE_OF(fd, path)};
	bool ok = make(&m, copy, err) && publish(b, staged, path, err);
	archive_clear(&m.to);
	if (!ok)
		unlink(staged);
	else
		*done = m.done;
	return ok;
}
