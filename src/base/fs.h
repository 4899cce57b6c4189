/*
 * base/fs.h - files that are whole or not there, folders, locks, free space.
 *
 * All errors are WORD_DISK and name the path.  Kind: ERR_TARGET (permissions, missing folder, wrong
 * type: a person is needed), ERR_RETRY (no space, input/output errors: it may pass).  The advice
 * (err_advice) says what helps, if that is known.  If permissions are missing, it names the
 * program's user and a `chown`, or the options of the mount where `chown` cannot help.
 *
 * A file system needs no more than to make, write and rename files.  Owners, permissions, removing,
 * fsync, hard links and a rename that cannot overwrite are used where it has them.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/own.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* "folder/name", the caller's. */
char *fs_join(const char *folder, const char *name);

/* The folder that `path` lies in: "." for a bare name.  The caller's. */
char *fs_parent(const char *path);

/* The part behind the last slash; borrowed from `path`. */
const char *fs_base_name(const char *path);

/* Read a whole file into `out` (emptied first).  More than out->max bytes is an error.  From a pipe
 * it waits for 1.5 seconds. */
bool fs_read(const char *path, struct buf *out, struct err *err) MUST_CHECK;

/* The same for a text that a person writes.  Some editors put an invisible byte order mark (of
 * UTF-8) before it, which is removed. */
bool fs_read_text(const char *path, struct buf *out, struct err *err) MUST_CHECK;

/* As fs_read, but only a regular file and never through a symbolic link. */
bool fs_read_regular(const char *path, struct buf *out, struct err *err) MUST_CHECK;

/* Replace `path` as a whole: a temporary file beside it, fsync, rename, fsync of the folder.  After
 * a failure or a crash `path` is as it was or complete.  All of it happens in the folder that
 * `path` had at the begin.  If root writes, the owner stays the same. */
bool fs_write(const char *path, const void *bytes, size_t len, mode_t mode,
	      struct err *err) MUST_CHECK;

/* Take away the rights that other users have on a file of the program.  It does not follow a link,
 * and it opens nothing, so locks stay.  Best effort. */
void fs_make_private(const char *path);

/* The file that writing to `path` changes: behind symbolic links if it exists; the caller's.  NULL:
 * this is root, and another user made the link to a file that is not theirs. */
char *fs_target(const char *path, struct err *err) MUST_CHECK;

/* Remove temporary files that a killed fs_write left in this folder, if they are at least an hour
 * old: those for `name`, or for any name if that is NULL.  Best effort. */
void fs_sweep(const char *folder, const char *name);

/* Remove what is at `path` and create it with exactly `mode`, fsync.  A file that cannot be removed
 * is written over.  Not atomic: for a staging folder. */
bool fs_stage(const char *path, const void *bytes, size_t len, mode_t mode,
	      struct err *err) MUST_CHECK;

/* A folder that is open, and its path for messages (owned).  What is done in it is done in this
 * folder, even if another one has its path meanwhile. */
struct fs_folder {
	int fd; /* -1: none */
	char *path;
};
#define FS_FOLDER_NONE   \
	{                \
		-1, NULL \
	}
#define OWN_FS_FOLDER OWN(fs_folder_close)

bool fs_folder_open(struct fs_folder *f, const char *path, struct err *err) MUST_CHECK;
void fs_folder_close(struct fs_folder *f);

/* Its entries, from the first; the caller's.  NULL: they cannot be read (errno). */
DIR *fs_folder_list(const struct fs_folder *f);

/* fs_stage(), fs_remove(), fs_exists() and fs_read_regular() of a file in it. */
bool fs_stage_in(const struct fs_folder *f, const char *name, const void *bytes, size_t len,
		 mode_t mode, struct err *err) MUST_CHECK;
/* Rename a file in it, over another one. */
bool fs_replace_in(const struct fs_folder *f, const char *from, const char *to,
		   struct err *err) MUST_CHECK;
bool fs_remove_in(const struct fs_folder *f, const char *name, struct err *err) MUST_CHECK;
bool fs_exists_in(const struct fs_folder *f, const char *name);
bool fs_read_in(const struct fs_folder *f, const char *name, struct buf *out,
		struct err *err) MUST_CHECK;

/* Write over the beginning of a file that is there, in place, and to the disk.  Not atomic. */
bool fs_overwrite(const char *path, const void *bytes, size_t len, struct err *err) MUST_CHECK;

/* Make a new file, 0600; something that is there is an error.  The descriptor is the caller's; -1:
 * an error. */
int fs_create(const char *path, struct err *err);

/* Write all of it at the end of what was written; errno says why not. */
bool fs_append(int fd, const void *bytes, size_t len) MUST_CHECK;

/* Read `len` bytes, or fewer at the end of the file: *got.  errno says why not. */
bool fs_read_up_to(int fd, void *bytes, size_t len, size_t *got) MUST_CHECK;

/* Rename `staged` to `path`, whatever is there, and write the folder to the disk. */
bool fs_replace(const char *staged, const char *path, struct err *err) MUST_CHECK;

enum fs_publish { FS_PUBLISHED, FS_TAKEN };

/*
 * Rename `staged` to `path` unless something has that name already, and fsync both folders.
 * FS_TAKEN: nothing was changed.
 *
 * In this order, whatever the file system has: a rename that cannot overwrite (renameat2(2)), a
 * hard link, a look and then a rename.  Only with the last one could a file be lost that another
 * program makes in between.
 */
bool fs_publish(const char *staged, const char *path, enum fs_publish *result,
		struct err *err) MUST_CHECK;

/* The same of a staged file in a folder that is open. */
bool fs_publish_from(const struct fs_folder *from, const char *staged, const char *path,
		     enum fs_publish *result, struct err *err) MUST_CHECK;

/* Make sure that the folder is there.  It is made with exactly `mode`; `parents`: missing parents
 * are made as well.  It gets its parent's group if that has the set-group-ID bit.  Other threads
 * must not make files meanwhile, because this changes the umask of the process. */
bool fs_make_folder(const char *path, mode_t mode, bool parents, struct err *err) MUST_CHECK;

/* Write the entries of a folder to the disk (fsync). */
bool fs_sync_folder(const char *path, struct err *err) MUST_CHECK;

bool fs_exists(const char *path); /* anything, a dangling link too */
bool fs_is_folder(const char *path);

/* The file system of `path`: bytes that the program may use, and (unless NULL) its size in all. */
bool fs_space(const char *path, uint64_t *free, uint64_t *total, struct err *err) MUST_CHECK;

/* Do the options of the mount, or its server, decide who may do what?  There `chmod` and `chown` do
 * not help. */
bool fs_has_rights_of_mount(const char *path);

/* Remove a file; one that is not there is fine. */
bool fs_remove(const char *path, struct err *err) MUST_CHECK;

/*
 * Take an exclusive lock (flock) on a file, made 0600 if missing.  Returns the descriptor, which is
 * the caller's; closing it releases the lock.  -1 with *held true (and no error): another process
 * has the lock.  -1 with *held false: an error.
 */
int fs_lock(const char *path, bool *held, struct err *err);

/* Does a process hold the lock?  Only looks: a lock file that does not exist is not held.  (This
 * call shares a free lock for a moment.  A process that wants it in this moment has to retry.) */
bool fs_lock_is_held(const char *path, bool *held, struct err *err) MUST_CHECK;

/* May the program make a file in the folder?  Checks permissions and a read-only file system. */
bool fs_check_access(const char *folder, struct err *err) MUST_CHECK;

/* May the program read and write this file?  Opens nothing; a missing file is fine.
 * `doing` as for fs_failed. */
bool fs_check_file(const char *path, const char *doing, struct err *err) MUST_CHECK;

/* May this process write files of this size (RLIMIT_FSIZE)?  SIGXFSZ is to be ignored. */
bool fs_check_size(const char *folder, uint64_t bytes, struct err *err) MUST_CHECK;

/* Could a file be made in the folder?  Checks permissions, a read-only file system and a full one.
 * It writes nothing, so that a sleeping disk stays asleep. */
bool fs_check_writable(const char *folder, struct err *err) MUST_CHECK;

/* The error for the caller's own system call that has just failed (errno): "cannot <doing> <path>:
 * ...".  Returns false. */
bool fs_failed(struct err *err, const char *doing, const char *path);

#endif
