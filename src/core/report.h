/*
 * core/report.h - a cycle in words: the summary, and the body of the ping.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include "base/buf.h"
#include "model/outcome.h"
#include "ports/ledger.h"

#define REPORT_MAX_BYTES (1024 * 1024)

/* "attic:OK, hetzner:ERR(HTTP 503)", the caller's. */
char *report_summary(const struct outcome outcomes[], size_t n);

/* Adds " 3 torrents, 1.5 GiB so far; 1 pending." of a container; nothing if the ledger cannot say.
 */
void report_totals(struct buf *out, struct ledger *l, const char *container);

/* How a cycle with these outcomes ended; `missing`: an audit did not find everything. */
enum cycle_end report_end(const struct outcome outcomes[], size_t n, bool missing);

bool report_is_well(const struct outcome outcomes[], size_t n);

struct report {
	const struct outcome *outcomes; /* borrowed */
	size_t n;
	const char *newer_version; /* of the tracker's utility, "" if none; borrowed */
	const char *speaks;        /* the one whose protocol is spoken; borrowed */
	size_t orphans;            /* pending for containers that are not configured any more */
	size_t leftovers;          /* assignments found possibly lost at the begin */
	int64_t next_cycle;        /* 0: none is planned */
	const struct ledger_audit *audit; /* the last one; borrowed; NULL, or no time: none */
	bool missing;                     /* the audit was made just now, and missed something */
};

/* The summary (after "ERROR: " if it is not well) on the first line, then a line per container and
 * what else a person should know; the caller's.  Totals that the ledger cannot give are left out.
 */
char *report_body(struct ledger *l, const struct report *r);

/* `text` with a link to the status page as its last line, the caller's; NULL: without one. */
char *report_linked(const char *text, const char *url);

#endif
