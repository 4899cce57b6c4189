/*
 * base/err.h - what went wrong, and what the caller should do about it.
 *
 * A function that can fail returns bool or a pointer, takes `struct err *err` last and is marked
 * MUST_CHECK.  On success `err` is not touched; on failure the out-parameters are not touched.
 * The error lives on the caller's stack and never allocates.  Whoever handles an error logs it,
 * once; whoever passes it on may wrap it.  Secrets never go into a message.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK __attribute__((warn_unused_result))

/* What the caller should do about it, from mildest to worst. */
enum err_kind {
	ERR_NONE,
	ERR_ITEM,   /* set this torrent aside */
	ERR_RETRY,  /* try again, next time */
	ERR_TARGET, /* this container waits for a person */
	ERR_FATAL,  /* stop the process */
};

/*
 * The word that stands in ERR(...) of an outcome.  These are all that the program itself uses;
 * "HTTP <status>" is formatted where the status is known.
 */
#define WORD_AUTH "Auth"              /* the credentials seem to be wrong */
#define WORD_BAD_TORRENT "BadTorrent" /* what came is no torrent that a client would load */
#define WORD_CLIENT "Client"          /* the torrent client refused or did not answer */
#define WORD_CONFIG "Config"          /* a setting is wrong */
#define WORD_DISK "Disk"              /* a file or folder cannot be read or written */
#define WORD_INTERNAL "Internal"      /* our own mistake, or out of resources */
#define WORD_LEDGER "Ledger"          /* the ledger cannot be read or written */
#define WORD_NETWORK "Network"        /* name look-up, connection, or cut off */
#define WORD_PROTOCOL "Protocol"      /* an answer of a shape that we do not know */
#define WORD_STOPPED "Stopped"        /* we were asked to stop */
#define WORD_TIMEOUT "Timeout"        /* no answer in time */
#define WORD_TLS "TLS"                /* the connection could not be made safe */
#define WORD_TRACKER "Tracker"        /* the tracker answered with an error of its own */

struct err {
	enum err_kind kind;
	char word[24];
	char msg[400];
};

/* Fill in *e.  `word` and the formatted text are cut to fit, on a character boundary.
 * Both functions return false, so that `return err_set(...)` reads well. */
bool err_set(struct err *e, enum err_kind kind, const char *word, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Put "<formatted>: " before the message; kind and word stay. */
bool err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* As err_set, with ": <strerror(errnum)>" after the text. */
bool err_errno(struct err *e, enum err_kind kind, const char *word, int errnum, const char *fmt,
	       ...) PRINTF_LIKE(5, 6);

#endif
