/* Preloaded: another kernel, as far as sandboxes go.
 *
 *     LANDLOCK_ABI=N          Landlock is of this version
 *     LANDLOCK_ERRNO=E        there is no Landlock: creating a ruleset fails with E
 *     RESTRICT_ERRNO=E        there is one, but it cannot be entered
 *     SECCOMP_ERRNO=E         there is no seccomp
 *     FILTER_ERRNO=E          there is one, but it takes no filter */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static long refused(const char *variable)
{
	errno = atoi(getenv(variable));
	return -1;
}

long syscall(long nr, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (nr == 444 && getenv("LANDLOCK_ERRNO"))
		return refused("LANDLOCK_ERRNO");
	if (nr == 444 && a[2] && getenv("LANDLOCK_ABI"))
		return atoi(getenv("LANDLOCK_ABI"));
	if (nr == 446 && getenv("RESTRICT_ERRNO"))
		return refused("RESTRICT_ERRNO");
	return real(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int prctl(int option, ...)
{
	int (*real)(int, ...) = (int (*)(int, ...))dlsym(RTLD_NEXT, "prctl");
	unsigned long a[4];
	va_list ap;

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (option == PR_GET_SECCOMP && getenv("SECCOMP_ERRNO"))
		return (int)refused("SECCOMP_ERRNO");
	if (option == PR_SET_SECCOMP && getenv("FILTER_ERRNO"))
		return (int)refused("FILTER_ERRNO");
	return real(option, a[0], a[1], a[2], a[3]);
}
