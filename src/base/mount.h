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
	char root[PATH_MAX];  /* the folder of its file system that is mounted; "/": all of it */
};

/* The mount of an absolute path without symbolic links, in the text of a mountinfo file: the
 * innermost one.  If several have the same mount point, the last one.  false: there is none. */
bool mount_find(const char *mountinfo, const char *path, struct mount *m);

/* Is a path, or the part of it that exists, on the root of all mounts?  false as well if that is
 * not known. */
bool mount_is_root(const char *path);

/* Is this a container of applications, which loses its files when it is made again?  By the marks
 * of this program's image, Docker, Podman and Kubernetes. */
bool mount_in_container(void);

/* The mount of an existing path.  ERR_TARGET, WORD_DISK if the path is missing or /proc is not
 * mounted. */
bool mount_of(const char *path, struct mount *m, struct err *err) MUST_CHECK;

#endif
