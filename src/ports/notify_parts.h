/*
 * ports/notify_parts.h - what the files of notify share; for them alone.
 *
 *     notify.c           sending
 *     notify_url.c       reading SERVICE+URL
 *     notify_services.c  the services, one block each
 *
 * To add a service, add its block to notify_services.c, a test to test_notify.c, and its line to
 * the table in doc/notifications.md.  Nothing else names a service.
 */
#ifndef PORTS_NOTIFY_PARTS_H
#define PORTS_NOTIFY_PARTS_H

#include "base/buf.h"
#include "ports/notify.h"

#include <jansson.h>

/* What a person can do about a status of the service's answers.  The last row has the status 0. */
struct notify_hint {
	long status;
	const char *text; /* "; check the token" */
};

/* An event's words, printable and cut to the service's limits. */
struct notify_words {
	const char *title, *text;
};

/* Members that may be NULL say so. */
struct notify_service {
	const char *name; /* what stands before the "+" */

	/* What is wrong with the service's own URL, which is complete and holds no credentials.
	 * NULL: nothing.  NULL member: every URL is right. */
	const char *(*url_fault)(const char *url);

	/* What is wrong with the credentials, now that all are known.  NULL: nothing.  NULL member:
	 * a token or user:password may be there, or none. */
	const char *(*access_fault)(const struct notify_target *t);

	/* Where the POST goes, the caller's; `end` is the end of the URL's path.  NULL member: to
	 * the URL itself. */
	char *(*post_url)(const char *url, size_t end);

	/* The header field of the token, with ": " and what stands before it.  NULL: the body holds
	 * the token. */
	const char *token_field;

	size_t text_max; /* bytes of an event's text; 0: EVENT_TEXT_MAX */

	/* The JSON of the POST, the caller's. */
	json_t *(*body)(const struct notify_target *t, const struct event *e,
			const struct notify_words *w);

	const struct notify_hint *hints; /* besides the common ones; NULL */

	/* Does an answer of 200 to 299 say that it took the message?  NULL member: always. */
	bool (*took)(long status, const struct buf *answer);
};

/* All of them; the last has no name. */
extern const struct notify_service notify_services[];

/* The end of the URL's path: "https://host/path" is before it, "?query" or "" behind it. */
size_t notify_path_end(const char *url);

#endif
