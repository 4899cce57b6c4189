/*
 * early.c - preloaded into the program by the tests of signals: one comes as soon as main() has
 * begun, behind its first line, when it makes the process unreadable for others.  EARLY is its
 * number.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>

int prctl(int option, ...)
{
	int (*real)(int, ...) = (int (*)(int, ...))dlsym(RTLD_NEXT, "prctl");
	const char *text = option == PR_SET_DUMPABLE ? getenv("EARLY") : NULL;
	unsigned long a[4];
	va_list ap;

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (text)
		raise(atoi(text));
	if (text)
		unsetenv("EARLY");
	return real(option, a[0], a[1], a[2], a[3]);
}
