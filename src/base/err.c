#include "base/err.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *e, enum err_kind kind, const char *word, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	text_copy(e->word, sizeof e->word, word);
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	text_trim_partial(e->msg);
	return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
	char head[sizeof e->msg], old[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head, sizeof head, fmt, ap);
	va_end(ap);
	text_trim_partial(head);
	memcpy(old, e->msg, sizeof old);
	text_join(e->msg, sizeof e->msg, (const char *[]){head, ": ", old}, 3);
	return false;
}

bool err_errno(struct err *e, enum err_kind kind, const char *word, int errnum, const char *fmt,
	       ...)
{
	char head[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head, sizeof head, fmt, ap);
	va_end(ap);
	return err_set(e, kind, word, "%s: %s", head, strerror(errnum));
}
