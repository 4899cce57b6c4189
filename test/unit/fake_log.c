#include "fake_log.h"

#include "base/err.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char lines[65536];

void fake_log_reset(void)
{
	lines[0] = '\0';
}

const char *fake_log(void)
{
	return lines;
}

bool fake_log_has(const char *text)
{
	return strstr(lines, text) != NULL;
}

static void add(const char *level, const char *container, const char *fmt, va_list args)
	PRINTF_LIKE(3, 0);

static void add(const char *level, const char *container, const char *fmt, va_list args)
{
	char text[4096];
	const char *const parts[] = {
		lines, level, " ", container ? container : "", container ? ": " : "", text, "\n"};
	char all[sizeof lines];

	vsnprintf(text, sizeof text, fmt, args);
	text_join(all, sizeof all, parts, sizeof parts / sizeof *parts);
	memcpy(lines, all, sizeof lines);
}

/* The linker puts these in place of the functions of base/log.c (--wrap). */
#define LOG(name, level)                                                                       \
	void __wrap_log_##name(const char *container, const char *fmt, ...) PRINTF_LIKE(2, 3); \
	void __wrap_log_##name(const char *container, const char *fmt, ...)                    \
	{                                                                                      \
		va_list args;                                                                  \
                                                                                               \
		va_start(args, fmt);                                                           \
		add(level, container, fmt, args);                                              \
		va_end(args);                                                                  \
	}

LOG(error, "error")
LOG(warn, "warn")
LOG(info, "info")
