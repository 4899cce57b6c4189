/*
 * page/status_html.h - the snapshot as a page: one response, no outside resource.  Pure.
 *
 * Every text from outside goes through html_text().  Style and script stand in the page, and its
 * Content-Security-Policy allows these two by their hashes and nothing else.
 */
#ifndef PAGE_STATUS_HTML_H
#define PAGE_STATUS_HTML_H

#include "view/status.h"
#include "model/fact.h"
#include "base/buf.h"

#define STATUS_HTML_CONTAINERS 200 /* are shown at most, as are the rows of each list */
#define STATUS_HTML_OPEN 10        /* pending ones that are seen at once; the rest folded away */

void status_html(const struct status *s, struct buf *out);

/* What a browser gets where `path` cannot be shown, for the reason that `text` says. */
void status_html_refusal(unsigned status, const char *text, const char *path, struct buf *out);

/* The value of its Content-Security-Policy field; the caller's. */
char *status_html_policy(void);

/* ---- what both begin and end with ---- */

/* Up to the begin of the body; `skip`: id and name of the section to which a keyboard can skip;
 * NULL: none. */
void status_html_begin(const char *title, const char *skip, struct buf *out);

/* The header element with its h1; left open. */
void status_html_headline(enum fact_level level, const char *text, struct buf *out);

void status_html_end(bool script, struct buf *out);

/* ---- its parts: status_html_lists.c ---- */

void status_html_cycles(const struct status *s, struct buf *out);
void status_html_open(const struct status *s, struct buf *out);
void status_html_newest(const struct status *s, struct buf *out);
void status_html_places(const struct status *s, struct buf *out);

#endif
