/*
 * app/status_html.h - the snapshot as a page: one response, no outside resource.  Pure.
 *
 * Every text from outside goes through html_text().  Style and script stand in the page, and its
 * Content-Security-Policy allows these two by their hashes and nothing else.
 */
#ifndef APP_STATUS_HTML_H
#define APP_STATUS_HTML_H

#include "app/status.h"
#include "base/buf.h"

#define STATUS_HTML_CONTAINERS 200 /* are shown at most, as are the rows of each list */

void status_html(const struct status *s, struct buf *out);

/* The value of its Content-Security-Policy field; the caller's. */
char *status_html_policy(void);

/* ---- its parts: status_html_lists.c ---- */

void status_html_cycles(const struct status *s, struct buf *out);
void status_html_open(const struct status *s, struct buf *out);
void status_html_newest(const struct status *s, struct buf *out);
void status_html_places(const struct status *s, struct buf *out);

#endif
