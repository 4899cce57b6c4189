/*
 * base/hidden.h - the program's own folder inside a folder that others may write into.
 *
 * It has the name ".ptp-archiver", which clients do not look into.  It is opened without following
 * a link, and it must be the program's: another user who may write into the folder could put a link
 * in its place, and choose what the program writes and removes.  What is done in it is done through
 * its descriptor (fs_stage_in and others).
 *
 * Some file systems give all files one owner (SMB, bindfs).  There the owner must be the one that
 * the program's new files have.
 */
#ifndef BASE_HIDDEN_H
#define BASE_HIDDEN_H

#include "base/fs.h"

#define HIDDEN_NAME ".ptp-archiver"

/* Opens it in `folder`; the caller closes it (fs_folder_close).  `make`: if it is missing, it is
 * made for this user alone.  Errors are those of fs.h; ENOENT in err->errnum: it is missing. */
bool hidden_open(struct fs_folder *h, const char *folder, bool make, struct err *err) MUST_CHECK;

/* Makes it again, so that it gets the group of `folder`, and takes the files over whose names begin
 * with `keep`.  If others are in it, nothing is done.  There is one at any time.  Best effort. */
void hidden_renew(const char *folder, const char *keep);

#endif
