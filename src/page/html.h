/*
 * page/html.h - text from outside into HTML and SVG.
 */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

#include "base/buf.h"

#define HTML_TEXT_MAX 2000 /* bytes of one text; what is longer is cut */

/* As the content of an element or of an attribute in double quotes: nothing in it is markup, and
 * control characters are made visible.  NULL is empty. */
void html_text(struct buf *out, const char *text);

#endif
