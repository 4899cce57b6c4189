/* Preloaded: as soon as a temporary file is closed or gets another owner, it is swapped for a link
 * to $SWAP_VICTIM.  So would the owner of the folder do, with luck in a race. */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static void swap(int fd)
{
	char link[64], path[PATH_MAX] = "";
	const char *victim = getenv("SWAP_VICTIM");
	size_t len;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (!victim || readlink(link, path, sizeof path - 1) < 0)
		return;
	len = strlen(path);
	if (len > 4 && strcmp(path + len - 4, ".tmp") == 0 && unlink(path) == 0)
		(void)!symlink(victim, path);
}

int close(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");

	swap(fd);
	return real(fd);
}

int fchown(int fd, uid_t owner, gid_t group)
{
	int (*real)(int, uid_t, gid_t) = (int (*)(int, uid_t, gid_t))dlsym(RTLD_NEXT, "fchown");

	swap(fd);
	return real(fd, owner, group);
}
