#include "core/archive.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/own.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

static const char zeros[2 * TAR_BLOCK];

/* ---- writing ---- */

static bool add(const struct archive *a, const void *bytes, size_t len, struct err *err)
{
	return fs_append(a->fd, bytes, len) || fs_failed(err, "write", a->path);
}

static bool add_header(const struct archive *a, const char *name, uint64_t size, struct err *err)
{
	struct tar_file f = {.size = size};
	char block[TAR_BLOCK];

	if (size > TAR_SIZE_MAX || strlen(name) > TAR_NAME)
		return err_set(err, ERR_TARGET, WORD_DISK, "%s: %s is too large for it", a->path,
			       name);
	text_copy(f.name, sizeof f.name, name);
	tar_header(&f, clock_now() / 1000, block);
	return add(a, block, sizeof block, err);
}

/* A line as sha256sum prints it. */
static bool add_line(struct buf *sums, const char *name, struct hash_sum *sum)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	hash_sum_end(sum, digest);
	hash_hex(digest, sizeof digest, hex);
	return buf_printf(sums, "%s  %s\n", hex, name);
}

static bool add_end(struct archive *a, const char *name, uint64_t size, struct hash_sum *sum,
		    struct err *err)
{
	if (!add_line(&a->sums, name, sum))
		return err_set(err, ERR_TARGET, WORD_DISK, "%s: too many files for it", a->path);
	return add(a, zeros, tar_padding(size), err);
}

bool archive_put(struct archive *a, const char *name, const void *bytes, size_t len,
		 struct err *err)
{
	if (!add_header(a, name, len, err) || !add(a, bytes, len, err))
		return false;
	struct hash_sum *sum = hash_sum_begin();
	hash_sum_add(sum, bytes, len);
	return add_end(a, name, len, sum, err);
}

static bool add_bytes_of(const struct archive *a, int fd, const char *from, uint64_t size,
			 struct hash_sum *sum, struct err *err)
{
	char chunk[CHUNK];
	size_t got;

	for (uint64_t left = size; left; left -= got) {
		size_t want = left < sizeof chunk ? (size_t)left : sizeof chunk;
		if (!fs_read_up_to(fd, chunk, want, &got))
			return fs_failed(err, "read", from);
		if (!got)
			return err_set(err, ERR_RETRY, WORD_DISK, "%s became shorter", from);
		hash_sum_add(sum, chunk, got);
		if (!add(a, chunk, got, err))
			return false;
	}
	return true;
}

bool archive_put_file(struct archive *a, const char *name, const char *from, struct err *err)
{
	OWN_FD int fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fs_failed(err, "read", from);
	uint64_t size = (uint64_t)st.st_size;
	struct hash_sum *sum = hash_sum_begin();
	bool ok = add_header(a, name, size, err) && add_bytes_of(a, fd, from, size, sum, err);
	/* In any case, since it releases the sum. */
	return add_end(a, name, size, sum, err) && ok;
}

bool archive_end(struct archive *a, struct err *err)
{
	size_t len = a->sums.len;

	if (!add_header(a, ARCHIVE_SUMS, len, err) || !add(a, buf_text(&a->sums), len, err) ||
	    !add(a, zeros, tar_padding(len), err) || !add(a, zeros, sizeof zeros, err))
		return false;
	return fsync(a->fd) == 0 || fs_failed(err, "write", a->path);
}

void archive_clear(struct archive *a)
{
	buf_clear(&a->sums);
}

/* ---- reading ---- */

struct reading {
	int fd;
	const char *path;
	const struct archive_visit *visit;
	struct buf sums, stored; /* of what was read, and as the archive has them */
};

static bool is_damaged(const struct reading *r, const char *what, struct err *err)
{
	return err_set(err, ERR_TARGET, WORD_DISK, "the backup %s cannot be used: %s", r->path,
		       what);
}

static bool get(struct reading *r, void *bytes, size_t len, struct err *err)
{
	size_t got;

	if (!fs_read_up_to(r->fd, bytes, len, &got))
		return fs_failed(err, "read", r->path);
	return got == len || is_damaged(r, "it is cut off", err);
}

static bool is_torrent(const char *name)
{
	size_t prefix = strlen(ARCHIVE_VAULT), hex;
	uint8_t hash[SHA256_SIZE];
	char text[2 * SHA256_SIZE + 1] = "";

	if (!text_starts(name, ARCHIVE_VAULT))
		return false;
	hex = strcspn(name + prefix, ".");
	if (hex >= sizeof text || strcmp(name + prefix + hex, ".torrent") != 0)
		return false;
	memcpy(text, name + prefix, hex);
	return hash_unhex(text, hash, SHA1_SIZE) || hash_unhex(text, hash, SHA256_SIZE);
}

static bool is_known(const char *name)
{
	return strcmp(name, ARCHIVE_LEDGER) == 0 || strcmp(name, ARCHIVE_CONFIG) == 0 ||
	       strcmp(name, ARCHIVE_SLIP) == 0 || is_torrent(name);
}

static bool pass_on(struct reading *r, struct buf *to, const void *bytes, size_t len,
		    struct err *err)
{
	if (to)
		return buf_add(to, bytes, len) || is_damaged(r, "its list is too long", err);
	return !r->visit || r->visit->bytes(r->visit->ctx, bytes, len, err);
}

/* `to`: where the bytes are put; NULL: they are for the visit. */
static bool read_bytes(struct reading *r, const struct tar_file *f, struct hash_sum *sum,
		       struct buf *to, struct err *err)
{
	char chunk[CHUNK];
	size_t len;

	for (uint64_t left = f->size; left; left -= len) {
		len = left < sizeof chunk ? (size_t)left : sizeof chunk;
		if (!get(r, chunk, len, err))
			return false;
		if (sum)
			hash_sum_add(sum, chunk, len);
		if (!pass_on(r, to, chunk, len, err))
			return false;
	}
	return get(r, chunk, tar_padding(f->size), err);
}

static bool read_file(struct reading *r, const struct tar_file *f, struct err *err)
{
	const struct archive_visit *v = r->visit;

	if (!is_known(f->name))
		return is_damaged(r, "it holds a file that is not part of a backup", err);
	if (!r->sums.len && strcmp(f->name, ARCHIVE_LEDGER) != 0)
		return is_damaged(r, "it does not begin with a ledger", err);
	if (v && !v->begin(v->ctx, f, err))
		return false;
	struct hash_sum *sum = hash_sum_begin();
	bool ok = read_bytes(r, f, sum, NULL, err);
	if (!add_line(&r->sums, f->name, sum) && ok)
		ok = is_damaged(r, "it holds too many files", err);
	return ok && (!v || v->end(v->ctx, f, err));
}

static bool read_sums(struct reading *r, const struct tar_file *f, struct err *err)
{
	char block[TAR_BLOCK];
	struct tar_file ignored;

	if (!read_bytes(r, f, NULL, &r->stored, err))
		return false;
	if (r->sums.len != r->stored.len || !r->sums.len ||
	    memcmp(r->sums.data, r->stored.data, r->sums.len) != 0)
		return is_damaged(r, "a SHA-256 sum in it is wrong", err);
	return get(r, block, sizeof block, err) &&
	       (tar_parse(block, &ignored) == TAR_END || is_damaged(r, "it has no end", err));
}

static bool read_all(struct reading *r, struct err *err)
{
	char block[TAR_BLOCK];
	struct tar_file f;

	for (;;) {
		if (!get(r, block, sizeof block, err))
			return false;
		if (tar_parse(block, &f) != TAR_FILE)
			return is_damaged(r,
					  r->sums.len ? "a header in it is damaged"
						      : "it is not a backup of this program",
					  err);
		if (strcmp(f.name, ARCHIVE_SUMS) == 0)
			return read_sums(r, &f, err);
		if (!read_file(r, &f, err))
			return false;
	}
}

bool archive_read(int fd, const char *path, const struct archive_visit *visit, struct err *err)
{
	struct reading r = {fd, path, visit, BUF_MAX(ARCHIVE_SUMS_MAX), BUF_MAX(ARCHIVE_SUMS_MAX)};

	if (lseek(fd, 0, SEEK_SET) < 0)
		return fs_failed(err, "read", path);
	bool ok = read_all(&r, err);
	buf_clear(&r.sums);
	buf_clear(&r.stored);
	return ok;
}
