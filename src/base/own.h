/*
 * base/own.h - locals that release themselves at the end of their block.
 *
 * Set the variable on the line that declares it: `OWN_FD int fd = -1;`, `OWN_STR char *s = NULL;`.
 * To give the value away, return OWN_TAKE(p) or own_fd_take(&fd).
 */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void own_free(void *p)
{
	free(*(void **)p);
}

static inline void own_fd_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline int own_fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void own_file_close(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void own_dir_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define OWN(release) __attribute__((cleanup(release)))
#define OWN_STR OWN(own_free) /* anything from malloc */
#define OWN_FD OWN(own_fd_close)
#define OWN_FILE OWN(own_file_close)
#define OWN_DIR OWN(own_dir_close)

#define OWN_TAKE(p)                     \
	({                              \
		__auto_type own_ = (p); \
		(p) = NULL;             \
		own_;                   \
	})

#endif
