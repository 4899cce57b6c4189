/*
 * model/utility_output.h - what the official utility's exit status and output say.
 *
 * Forms and texts are from the tracker notes.  A failure is a Python traceback; its type is the
 * last word at the start of a line that ends in "Error", of a dotted name the last part.  The
 * tracker's own refusal is `RuntimeError: Error: Unexpected server response`, a blank line, and the
 * reply as a Python dict.  The messages are requests': "403 Client Error: Forbidden for url: URL"
 * of an HTTPError, "...url: /path?query (Caused by ...)" of a ConnectionError.
 */
#ifndef MODEL_UTILITY_OUTPUT_H
#define MODEL_UTILITY_OUTPUT_H

#include "model/reply.h"

#include <stdbool.h>
#include <stddef.h>

enum utility_verdict {
	UTILITY_OK,      /* status 0 */
	UTILITY_FULL,    /* "No space left in container" */
	UTILITY_STALLED, /* the reply speaks of stalling */
	UTILITY_FAILED,
};

struct utility_output {
	enum utility_verdict verdict;
	/* The rest if it failed. */
	char type[24];          /* "HTTPError"; "Unknown" */
	char message[300];      /* of the exception, or the last line; not printable yet */
	int signal;             /* that ended it, 0 if none; the message says so */
	char module[64];        /* of a ModuleNotFoundError: which; "" otherwise */
	long status;            /* HTTP status that it names, 0 if none */
	bool back_off;          /* the tracker as a whole is to be left alone for a while */
	bool has_assigned;      /* the download had begun, so the tracker assigned a torrent */
	bool may_have_assigned; /* the tracker may have acted on the question */
	/* The download failed: what had been assigned; "" otherwise. */
	char torrent_id[REPLY_ID_SIZE], archive_id[REPLY_ID_SIZE];
};

/* `status`: the exit status, or 128 + the signal's number.  `output`: stdout and stderr in their
 * order. */
void utility_output_read(int status, const char *output, struct utility_output *out);

/* Does the output of `list` name this container?  Lines are "\tNAME (SIZE): DIR". */
bool utility_output_lists(const char *output, const char *container);

/* Is it the output of `list` at all? */
bool utility_output_is_list(const char *output);

/* The version that the utility's source gives itself, in a line such as `__version__ = "0.10"`:
 * digits and dots, assigned to a name that ends in "version".  false: none. */
bool utility_output_version(const char *source, char version[REPLY_VERSION_SIZE]);

#endif
