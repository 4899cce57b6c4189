/*
 * view/forecast.h - when will a container be full, at the rate of its last weeks?  Pure.
 */
#ifndef VIEW_FORECAST_H
#define VIEW_FORECAST_H

#include "ports/ledger.h"

#define FORECAST_DAY_MS (24 * 3600 * INT64_C(1000))
#define FORECAST_WINDOW 30      /* days that the rate is taken from */
#define FORECAST_HISTORY 7      /* days of history that it takes at least */
#define FORECAST_TORRENTS 3     /* deliveries in the window that it takes at least */
#define FORECAST_FAR (10 * 365) /* days; what lies behind is not worth a date */

enum forecast_kind {
	FORECAST_UNKNOWN, /* too little history */
	FORECAST_FULL,    /* it is full now */
	FORECAST_LATER,   /* not within ten years */
	FORECAST_DAY,     /* at `at` */
};

struct forecast {
	enum forecast_kind kind;
	int64_t at;       /* ms since 1970 */
	uint64_t per_day; /* bytes; of LATER and DAY */
};

/* `held` of `allocated` bytes are there (0: not known); `full`: the tracker says so, who decides.
 * What was adopted was there before, and does not count as growth. */
struct forecast forecast_full(const struct ledger_growth *g, uint64_t held, uint64_t allocated,
			      bool full, int64_t now);

#endif
