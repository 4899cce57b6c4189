#include "page/html.h"

#include "base/text.h"

#include <string.h>

static const char *escape(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_text(struct buf *out, const char *text)
{
	OWN_STR char *printable = text ? text_printable(text, strlen(text), HTML_TEXT_MAX) : NULL;

	for (const char *c = printable ? printable : ""; *c; c++) {
		const char *as = escape(*c);
		if (as)
			buf_puts(out, as);
		else
			buf_add(out, c, 1);
	}
}
