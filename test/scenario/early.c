/*
 * early.c - preloaded into the program by the tests of signals: one comes as soon as main() has
 * begun, when it asks whether it is on a terminal.  EARLY is its number.
 */
#include <signal.h>
#include <stdlib.h>

int isatty(int fd)
{
	const char *text = getenv("EARLY");

	(void)fd;
	if (text)
		raise(atoi(text));
	unsetenv("EARLY");
	return 0;
}
