/*
 * page/chart.h - small charts as SVG.  Pure.
 *
 * They take their colours from the page's style, and carry their meaning in a <title> as well.
 */
#ifndef PAGE_CHART_H
#define PAGE_CHART_H

#include "base/buf.h"
#include "ports/ledger.h"

#define CHART_POINTS 120 /* at most */

/* A bar: `part` of `whole`, and behind it `more`; `title` is what it shows, in words.  Beside it
 * the page says the same, so a screen reader is not told of it. */
void chart_bar(struct buf *out, uint64_t part, uint64_t more, uint64_t whole, const char *title);

/* Bytes held at the end of each of the days up to `today`; `title` is what it shows, in words;
 * nothing, and false, where that is not even two days. */
bool chart_growth(struct buf *out, const struct ledger_growth *g, int64_t today, const char *title);

#endif
