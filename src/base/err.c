#include "base/err.h"

#include "base/mask.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RAW_BYTES 4096 /* so much is looked at for secrets */

static const char *const code_words[ERR_CODES] = {
	[WORD_NONE] = "",
	[WORD_AUTH] = "Auth",
	[WORD_BAD_TORRENT] = "BadTorrent",
	[WORD_CLIENT] = "Client",
	[WORD_CONFIG] = "Config",
	[WORD_DISK] = "Disk",
	[WORD_INTERNAL] = "Internal",
	[WORD_LEDGER] = "Ledger",
	[WORD_NETWORK] = "Network",
	[WORD_PROTOCOL] = "Protocol",
	[WORD_STOPPED] = "Stopped",
	[WORD_TIMEOUT] = "Timeout",
	[WORD_TLS] = "TLS",
	[WORD_TRACKER] = "Tracker",
	[WORD_HTTP] = "HTTP",
	[WORD_OTHER] = "",
	[WORD_HANGS] = "Hangs",
};

void err_word(enum err_code code, int status, const char *name, char out[ERR_WORD])
{
	if (code == WORD_HTTP)
		snprintf(out, ERR_WORD, "%s %d", code_words[code], status);
	else
		text_copy(out, ERR_WORD, code == WORD_OTHER ? name : code_words[code]);
}

enum err_code err_code_of(const char *word)
{
	for (unsigned i = WORD_AUTH; i < WORD_HTTP; i++)
		if (strcmp(code_words[i], word) == 0)
			return (enum err_code)i;
	return WORD_NONE;
}

/* Formatted, without the secrets that the process knows, cut to fit on a character boundary. */
static void words(char *to, size_t cap, const char *fmt, va_list ap) PRINTF_LIKE(3, 0);
static void words(char *to, size_t cap, const char *fmt, va_list ap)
{
	char raw[RAW_BYTES];

	vsnprintf(raw, sizeof raw, fmt, ap);
	mask_copy(to, cap, raw, strlen(raw));
	text_trim_partial(to);
}

static bool set(struct err *e, enum err_kind kind, enum err_code code, const char *fmt, va_list ap)
	PRINTF_LIKE(4, 0);

static bool set(struct err *e, enum err_kind kind, enum err_code code, const char *fmt, va_list ap)
{
	e->kind = kind;
	e->code = code;
	e->status = e->errnum = 0;
	e->advice = 0;
	e->name[0] = '\0';
	words(e->msg, sizeof e->msg, fmt, ap);
	return false;
}

bool err_set(struct err *e, enum err_kind kind, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, kind, code, fmt, ap);
	va_end(ap);
	return false;
}

bool err_http(struct err *e, enum err_kind kind, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, kind, WORD_HTTP, fmt, ap);
	va_end(ap);
	e->status = status;
	return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
	char head[sizeof e->msg], old[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	words(head, sizeof head, fmt, ap);
	va_end(ap);
	memcpy(old, e->msg, sizeof old);
	text_join(e->msg, sizeof e->msg, (const char *[]){head, ": ", old}, 3);
	if (e->advice)
		e->advice += (unsigned)strlen(head) + 2;
	if (e->advice >= sizeof e->msg)
		e->advice = 0;
	return false;
}

bool err_advise(struct err *e, const char *fmt, ...)
{
	char advice[sizeof e->msg];
	size_t len = strlen(e->msg);
	va_list ap;

	va_start(ap, fmt);
	words(advice, sizeof advice, fmt, ap);
	va_end(ap);
	if (len + 2 >= sizeof e->msg)
		return false;
	text_join(e->msg + len, sizeof e->msg - len, (const char *[]){"; ", advice}, 2);
	e->advice = (unsigned)len + 2;
	return false;
}

const char *err_advice(const struct err *e)
{
	return e->advice ? e->msg + e->advice : NULL;
}

char *err_fault(const struct err *e)
{
	return e->advice ? mem_dupn(e->msg, e->advice - 2) : mem_dup(e->msg);
}

bool err_errno(struct err *e, enum err_kind kind, enum err_code code, int errnum, const char *fmt,
	       ...)
{
	char head[sizeof e->msg];
	va_list ap;

	va_start(ap, fmt);
	words(head, sizeof head, fmt, ap);
	va_end(ap);
	err_set(e, kind, code, "%s: %s", head, strerror(errnum));
	e->errnum = errnum;
	return false;
}
