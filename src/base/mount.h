/*
 * base/mount.h - which mount a path lies on.
 *
 * Linux only: proc(5), /proc/<pid>/mountinfo.
 */
#ifndef BASE_MOUNT_H
#define BASE_MOUNT_H

#include "base/err.h"

#include <limits.h>
#include <stdbool.h>

struct mount {
	long id;
	char point[PATH_MAX]; /* where it is mounted */
	char root[PATH_MAX];  /* which folder of its file system is seen there; "/" for all of it */
};

/* The mount of an absolute path without symbolic links, in the text of a mountinfo file: the
 * innermost one, of several at the same point the last.  false: there is none. */
bool mount_find(const char *mountinfo, const char *path, struct mount *m);

/* Is a path, or what is there of it, on the root of all mounts?  false as well where nothing says.
 */
bool mount_is_root(const char *path);

/* Is this a container of applications, which loses its files when it is made again?  By the marks
 * of this program's image, Docker, Podman and Kubernetes. */
bool mount_in_container(void);

/* The mount of a path that is there.  ERR_TARGET, WORD_DISK otherwise, or where /proc is not
 * mounted. */
bool mount_of(const char *path, struct mount *m, struct err *err) MUST_CHECK;

#endif
