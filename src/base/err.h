/*
 * base/err.h - what went wrong, and what the caller should do about it.
 *
 * A function that can fail returns bool or a pointer, takes `struct err *err` last and is marked
 * MUST_CHECK.  On success `err` is not touched; on failure the out-parameters are not touched.
 * The error lives on the caller's stack and never allocates.  The function that handles an error
 * logs it, once.  A function that passes it on may wrap it.  The secrets that the process knows are
 * hidden in each message (base/mask.h).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK __attribute__((warn_unused_result))

/* What the caller should do about it; the worst comes last. */
enum err_kind {
	ERR_NONE,
	ERR_ITEM,   /* set this torrent aside */
	ERR_RETRY,  /* try again, next time */
	ERR_TARGET, /* this container waits for a person */
	ERR_FATAL,  /* stop the process */
};

/*
 * What went wrong.  Callers compare codes, never texts.  The ledger keeps these numbers: add new
 * ones at the end.
 */
enum err_code {
	WORD_NONE,
	WORD_AUTH,        /* the credentials seem to be wrong */
	WORD_BAD_TORRENT, /* the bytes are not a torrent that a client would load */
	WORD_CLIENT,      /* the torrent client refused or did not answer */
	WORD_CONFIG,      /* a setting is wrong */
	WORD_DISK,        /* a file or folder cannot be read or written */
	WORD_INTERNAL,    /* a bug in this program, or out of resources */
	WORD_LEDGER,      /* the ledger cannot be read or written */
	WORD_NETWORK,     /* name look-up, connection, or cut off */
	WORD_PROTOCOL,    /* an answer of unknown shape */
	WORD_STOPPED,     /* the process was asked to stop */
	WORD_TIMEOUT,     /* no answer in time */
	WORD_TLS,         /* no TLS connection that can be trusted */
	WORD_TRACKER,     /* the tracker answered with an error of its own */
	WORD_HTTP,        /* an HTTP status, in `status` */
	WORD_OTHER,       /* another program's own error, in `name` */
	WORD_HANGS,       /* a folder does not answer */
	ERR_CODES,
};

#define ERR_NAME 24 /* bytes of `name` */
#define ERR_WORD 24 /* bytes of a code's text */

struct err {
	enum err_kind kind;
	enum err_code code;
	int status;          /* of WORD_HTTP; 0 otherwise */
	int errnum;          /* of a failed system call, as in errno.h; 0: not known */
	unsigned advice;     /* where the advice at the end of `msg` begins; 0: none */
	char name[ERR_NAME]; /* of WORD_OTHER: "RuntimeError"; "" otherwise */
	char msg[400];
};

/* The text in ERR(...): "Disk", "HTTP 503", "RuntimeError". */
void err_word(enum err_code code, int status, const char *name, char out[ERR_WORD]);

/* The code whose text this is; WORD_NONE: none.  For texts that older versions have stored. */
enum err_code err_code_of(const char *word);

/* Did it end because the process was asked to stop? */
static inline bool err_is_stop(const struct err *e)
{
	return e->code == WORD_STOPPED;
}

/* Fill in *e.  The formatted text is cut to fit, on a character boundary.  These functions return
 * false, so that `return err_set(...)` reads well. */
bool err_set(struct err *e, enum err_kind kind, enum err_code code, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* As err_set, with WORD_HTTP and this status. */
bool err_http(struct err *e, enum err_kind kind, int status, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Put "<formatted>: " before the message; all else stays. */
bool err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* End the message with "; <formatted>": what a person can do. */
bool err_advise(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What err_advise() said, borrowed from the message; NULL: nothing. */
const char *err_advice(const struct err *e);

/* The message without the advice; the caller's. */
char *err_fault(const struct err *e);

/* As err_set, with ": <strerror(errnum)>" after the text; errnum is kept. */
bool err_errno(struct err *e, enum err_kind kind, enum err_code code, int errnum, const char *fmt,
	       ...) PRINTF_LIKE(5, 6);

#endif
