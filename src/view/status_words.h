/*
 * view/status_words.h - the snapshot in words: how all is, what is not well, and what is done about
 * it.  Pure; times are in the local time zone.
 */
#ifndef VIEW_STATUS_WORDS_H
#define VIEW_STATUS_WORDS_H

#include "view/status.h"

#define WORDS_TIME 40
#define WORDS_REMARKS 100 /* so many at most */

enum remark_level {
	REMARK_GOOD, /* all is well */
	REMARK_NOTE, /* passes by itself */
	REMARK_BAD,  /* a person should look */
};

struct remark {
	enum remark_level level;
	char *text; /* owned: one sentence or two */
	char *hint; /* owned: what is being done, or is to be done; NULL: nothing */
};

/* The worst comes first: the line on top.  There is always one. */
struct remarks {
	struct remark list[WORDS_REMARKS];
	size_t n;
};

void words_remarks(const struct status *s, struct remarks *out); /* zeroed before */
void remarks_clear(struct remarks *all);

/* That the tracker is left alone, if it is. */
void words_tracker(const struct status *s, struct remarks *out);

/* Is such an outcome the tracker's trouble, that words_tracker() tells already? */
bool words_is_trackers(const struct status *s, const struct result *r);

/* What the last outcome says for people, "" if nothing; the caller's. */
char *words_detail(const struct status_container *c, int64_t now);

/* What is being done, or is to be done, about the last outcome of a container; the caller's. */
char *words_outcome_hint(const struct status *s, const struct status_container *c);

/* "Next try in 4 m, at 17:31; the next whole cycle in 2 h 13 m, at 19:40."; the caller's. */
char *words_next(const struct status *s);

/* "14:02", "24 Nov, 14:02", "24 Nov 2025, 14:02": as short as it may be at `now`. */
void words_time(int64_t when, int64_t now, char out[WORDS_TIME]);

/* "24 Nov 2026" */
void words_date(int64_t when, char out[WORDS_TIME]);

/* "here", "away", "refuses us", "not called yet"; of a folder "folder" */
const char *words_place_state(const struct status_place *p);

/* What is being done about an assignment that is pending or possibly lost, as a sentence; the
 * caller's. */
char *words_doing(const struct status *s, const struct assignment *a);

/* "At 4.1 GiB a day it will be full around 24 Mar 2027."; the caller's. */
char *words_forecast(const struct status_container *c);

/* How a cycle ended. */
enum cycle_look {
	CYCLE_WELL,
	CYCLE_QUIET,  /* well, and nothing was delivered: full, stalled */
	CYCLE_WAITED, /* not well, but it only had to wait */
	CYCLE_FAILED,
	CYCLE_RUNS,
	CYCLE_CUT, /* it was interrupted */
	CYCLE_LOOKS,
};
enum cycle_look words_cycle(const struct status *s, size_t i);

#endif
