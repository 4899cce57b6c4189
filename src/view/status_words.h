/*
 * view/status_words.h - the rest of the snapshot in words; what is the matter is in view/facts.h.
 * Pure; times are in the local time zone.
 */
#ifndef VIEW_STATUS_WORDS_H
#define VIEW_STATUS_WORDS_H

#include "view/status.h"

/* What the last outcome says for people, "" if nothing; the caller's. */
char *words_detail(const struct status_container *c, int64_t now);

/* "Next try in 4 m, at 17:31; the next whole cycle in 2 h 13 m, at 19:40."; the caller's. */
char *words_next(const struct status *s);

/* "here", "away", "refuses us", "not called yet"; of a folder "folder" */
const char *words_place_state(const struct status_place *p);

/* What is being done about an assignment that is pending or possibly lost, as a sentence; the
 * caller's. */
char *words_doing(const struct status *s, const struct assignment *a);

/* The address of the film's page at the tracker; NULL where it is not known.  The caller's. */
char *words_film(const struct assignment *a, const char *site);

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
