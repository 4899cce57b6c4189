/*
 * core/archive.h - the file of a backup: a tar file, so `tar -xf` reads it as well.
 *
 *     ledger.db                the ledger, first
 *     config.ptp               if there is one
 *     answer                   the slip (ports/vault.h), if something is on it
 *     vault/INFOHASH.torrent   the vault
 *     SHA256SUMS               the sums of all others, last; `sha256sum -c` reads it
 *
 * Errors: ERR_TARGET or ERR_RETRY, WORD_DISK, with the path of the archive.
 */
#ifndef CORE_ARCHIVE_H
#define CORE_ARCHIVE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/tar.h"

#include <stdbool.h>

#define ARCHIVE_LEDGER "ledger.db"
#define ARCHIVE_CONFIG "config.ptp"
#define ARCHIVE_SLIP "answer"
#define ARCHIVE_VAULT "vault/"
#define ARCHIVE_SUMS "SHA256SUMS"
#define ARCHIVE_SUMS_MAX (256u << 20) /* bytes: about two million files */

/* One that is written. */
struct archive {
	int fd;           /* borrowed: empty, and open for reading and writing */
	const char *path; /* borrowed: its name in errors */
	struct buf sums;
};

#define ARCHIVE_OF(fd, path)                            \
	{                                               \
		(fd), (path), BUF_MAX(ARCHIVE_SUMS_MAX) \
	}

bool archive_put(struct archive *a, const char *name, const void *bytes, size_t len,
		 struct err *err) MUST_CHECK;

/* The content of the file at `from`, which must not change meanwhile. */
bool archive_put_file(struct archive *a, const char *name, const char *from,
		      struct err *err) MUST_CHECK;

/* Writes the sums and the end, all of it to the disk. */
bool archive_end(struct archive *a, struct err *err) MUST_CHECK;

void archive_clear(struct archive *a);

/* What is to be done with the files; NULL: nothing.  `begin` gets a name of the list above. */
struct archive_visit {
	bool (*begin)(void *ctx, const struct tar_file *f, struct err *err);
	bool (*bytes)(void *ctx, const void *bytes, size_t len, struct err *err);
	bool (*end)(void *ctx, const struct tar_file *f, struct err *err);
	void *ctx;
};

/* Reads all of it from its beginning.  Fails if it is cut off, if one of its sums is wrong, or if
 * it holds another name.  The visit comes before the sums: so read it without one first. */
bool archive_read(int fd, const char *path, const struct archive_visit *visit,
		  struct err *err) MUST_CHECK;

#endif
