#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *there(void *p)
{
	if (!p) {
		static const char msg[] = "ptp-archiver: out of memory\n";
		(void)!write(STDERR_FILENO, msg, sizeof msg - 1);
		_exit(1);
	}
	return p;
}

void *mem_alloc(size_t size)
{
	return there(calloc(1, size ? size : 1));
}

void *mem_grow(void *p, size_t count, size_t each)
{
	return there(reallocarray(p, count ? count : 1, each ? each : 1));
}

char *mem_dup(const char *s)
{
	return s ? there(strdup(s)) : NULL;
}

char *mem_dupn(const char *s, size_t len)
{
	char *copy = mem_alloc(len + 1);

	if (len)
		memcpy(copy, s, len);
	return copy;
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return there(s);
}
