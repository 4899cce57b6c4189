/*
 * model/reply.h - what the tracker's JSON answers say.
 *
 * Shapes and texts are from the tracker notes: ids come as JSON strings or numbers; the error text
 * stands in "Error" or "Message"; "No space left in container" means full, the word "stall" too
 * many stalled downloads.
 */
#ifndef MODEL_REPLY_H
#define MODEL_REPLY_H

#include "base/err.h"
#include "base/http.h"
#include "base/own.h"

#include <stddef.h>
#include <stdint.h>

#define REPLY_ID_SIZE 24      /* a decimal id with its NUL */
#define REPLY_VERSION_SIZE 24 /* a version with its NUL */
#define REPLY_MESSAGE_SIZE 256
#define REPLY_INCOMPLETE_MAX 100000

enum reply_verdict {
	REPLY_ASSIGNED,
	REPLY_FULL,
	REPLY_STALLED,
	REPLY_REFUSED, /* an error of the tracker's own; `message` says which */
};

/* One of IncompleteTransactions: assigned to the user and not seen completed. */
struct incomplete {
	uint64_t transaction; /* the key it stands under, 0 if that is not a number */
	char torrent_id[REPLY_ID_SIZE];
	char infohash[41]; /* lower-case hex; "" where the tracker gives none */
};

struct reply {
	enum reply_verdict verdict;
	char torrent_id[REPLY_ID_SIZE]; /* these two if assigned */
	char archive_id[REPLY_ID_SIZE];
	char container_id[REPLY_ID_SIZE]; /* "" if not given, as the next */
	char group_id[REPLY_ID_SIZE];     /* of the film's page */
	char version[REPLY_VERSION_SIZE]; /* ScriptVersion; "" if not given */
	char message[REPLY_MESSAGE_SIZE]; /* the tracker's words, printable; "" if none */
	bool lists_incomplete;            /* IncompleteTransactions was there */
	struct incomplete *incomplete;    /* owned */
	size_t n_incomplete;
};

#define OWN_REPLY OWN(reply_clear)

/* An answer to `fetch`.  It may stand behind other text, such as a warning of PHP's or a byte order
 * mark, or before some; the object must be whole, and the only one.  ERR_RETRY with WORD_PROTOCOL
 * if it is none; the message says what it is instead (an HTML page, no JSON, what is missing) and
 * quotes nothing of it. */
bool reply_read_fetch(const char *bytes, size_t len, struct reply *reply,
		      struct err *err) MUST_CHECK;

/* An answer to `scriptver`: fills in `version` only.  Where the tracker answers with an error of
 * its own it fails with WORD_TRACKER, and `message` has the tracker's words, printable; else that
 * is "". */
bool reply_read_version(const char *bytes, size_t len, char version[REPLY_VERSION_SIZE],
			char message[REPLY_MESSAGE_SIZE], struct err *err) MUST_CHECK;

/* What came in place of an answer. */
enum reply_page {
	REPLY_NO_PAGE, /* no page, and nothing that is known */
	REPLY_PAGE,    /* a page of no known kind */
	REPLY_PAGE_LOGIN,
	REPLY_PAGE_GUARD, /* of a guard in front of the site, such as Cloudflare */
	REPLY_PAGE_MAINTENANCE,
	REPLY_TOO_OFTEN, /* text of any form that says so ("too many queries") */
};

/* `guard` is what the answer's fields say.  A guard's own refusal may be plain text: "error code:
 * 1010".  Plain text that came through a guard is its own as well, because the tracker answers with
 * JSON or pages. */
enum reply_page reply_page(const char *bytes, size_t len, enum http_guard guard);

/* ": a guard in front of the tracker ..."; "" where there is nothing to say of it. */
const char *reply_page_words(enum reply_page page);

void reply_clear(struct reply *reply);

#endif
