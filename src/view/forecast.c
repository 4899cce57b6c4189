#include "view/forecast.h"

static int64_t window_days(const struct ledger_growth *g, int64_t today)
{
	int64_t history = today - g->first;

	return history < FORECAST_WINDOW ? history : FORECAST_WINDOW;
}

/* Bytes and torrents of the last `window` days. */
static void sum_window(const struct ledger_growth *g, int64_t today, int64_t window,
		       uint64_t *bytes, uint64_t *torrents)
{
	*bytes = *torrents = 0;
	for (size_t i = 0; i < g->n; i++) {
		const struct ledger_day *d = &g->days[i];
		if (d->day <= today - window || d->day > today || !d->bytes)
			continue;
		*bytes += d->bytes;
		*torrents += d->n;
	}
}

struct forecast forecast_full(const struct ledger_growth *g, uint64_t held, uint64_t allocated,
			      bool full, int64_t now)
{
	int64_t today = now / FORECAST_DAY_MS, window = window_days(g, today);
	uint64_t bytes, torrents;

	if (full || (allocated && held >= allocated))
		return (struct forecast){.kind = FORECAST_FULL};
	if (!allocated || g->first < 0 || window < FORECAST_HISTORY)
		return (struct forecast){.kind = FORECAST_UNKNOWN};
	sum_window(g, today, window, &bytes, &torrents);
	if (torrents < FORECAST_TORRENTS || bytes < (uint64_t)window)
		return (struct forecast){.kind = FORECAST_UNKNOWN};
	struct forecast f = {.kind = FORECAST_DAY, .per_day = bytes / (uint64_t)window};
	double days = (double)(allocated - held) / (double)f.per_day;
	if (days > FORECAST_FAR)
		f.kind = FORECAST_LATER;
	else
		f.at = now + (int64_t)(days * FORECAST_DAY_MS);
	return f;
}
