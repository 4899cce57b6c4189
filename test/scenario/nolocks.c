/* Preloaded: the file system has no locks, as some network shares. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

int flock(int fd, int operation)
{
	(void)fd, (void)operation;
	errno = ENOLCK;
	return -1;
}
