#include "view/status_words.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "view/facts.h"
#include "base/buf.h"
#include "base/own.h"

#include <string.h>

/* "in the next cycle", or "at the next try, in 4 m". */
static char *at_next(const struct status *s, const struct status_container *c)
{
	int64_t when = status_next_try_of(s, c);
	char span[CLOCK_TEXT];

	if (!when)
		return mem_dup("in the next cycle");
	if (when <= s->now)
		return mem_dup("at once");
	clock_about(when - s->now, span);
	return mem_printf("at the next try, in %s", span);
}

char *words_detail(const struct status_container *c, int64_t now)
{
	return outcome_words(&c->known.result, c->known.detail, c->known.until, now);
}

char *words_next(const struct status *s)
{
	char when[CLOCK_TEXT], span[CLOCK_TEXT], try_when[CLOCK_TEXT], try_span[CLOCK_TEXT];
	int64_t next_try = status_next_try(s);

	if (s->working)
		return mem_dup("A cycle is at work.");
	if (!s->daemon)
		return mem_dup("Without the daemon no cycle will begin.");
	if (s->work.since)
		return mem_dup("No cycle begins until that is fixed.");
	if (s->clock.next_cycle <= s->now)
		return mem_dup("The next cycle is about to begin.");
	clock_short(s->clock.next_cycle, s->now, when);
	clock_about(s->clock.next_cycle - s->now, span);
	if (s->pace.backoff_until > s->clock.next_cycle)
		return mem_printf("The next cycle, due in %s, at %s, will have to wait for that.",
				  span, when);
	if (!next_try)
		return mem_printf("Next cycle in %s, at %s.", span, when);
	/* The line above has said when the tracker is tried again. */
	if (status_backoff(s))
		return mem_printf("The next whole cycle is due in %s, at %s.", span, when);
	clock_short(next_try, s->now, try_when);
	clock_about(next_try > s->now ? next_try - s->now : 0, try_span);
	return mem_printf("Next try in %s, at %s; the next whole cycle in %s, at %s.", try_span,
			  try_when, span, when);
}

const char *words_place_state(const struct status_place *p)
{
	if (!p->setup->is_client && p->client.down_since)
		return "does not answer";
	if (!p->setup->is_client)
		return p->mark.fault ? "not the right one" : "folder";
	if (p->client.refused[0])
		return "refuses us";
	if (p->client.down_since)
		return "away";
	return p->client.seen_at ? "here" : "not called yet";
}

#define NAMED 10 /* candidates */

static char *could_be(const struct status *s, const struct assignment *a)
{
	OWN_BUF struct buf out = BUF_MAX(2048);
	const struct listed *t = status_candidate(s, a, 0);
	unsigned n = 0;

	for (; t; t = status_candidate(s, a, (size_t)(t - s->unknown) + 1))
		if (n++ < NAMED)
			buf_printf(&out, "%s%s", n == 1 ? "It could be TorrentID " : ", or ",
				   t->torrent_id);
	if (n > NAMED)
		buf_printf(&out, ", or one of %u more", n - NAMED);
	if (n)
		buf_printf(&out,
			   ". `ptp-archiver settle %lld --torrent TORRENTID` settles it, or "
			   "`--not-made`.",
			   (long long)a->id);
	return n ? buf_take(&out) : NULL;
}

static char *doing_of_lost(const struct status *s, const struct assignment *a)
{
	char *could = a->state == ASSIGNMENT_LOST ? could_be(s, a) : NULL;

	if (could)
		return could;
	if (a->state == ASSIGNMENT_ASKING || !a->absences)
		return mem_dup("The tracker's answer in the next cycle is searched for it.");
	if (a->certain)
		return mem_printf("A torrent was assigned. The tracker's lists do not name it yet. "
				  "`ptp-archiver settle %lld --not-made` ends the search.",
				  (long long)a->id);
	return mem_dup("The tracker's lists since then hold nothing that it could be. If it stays "
		       "so for a day, it was not made.");
}

char *words_film(const struct assignment *a, const char *site)
{
	if (!site || !a->group_id[0])
		return NULL;
	size_t len = strlen(site);
	while (len && site[len - 1] == '/')
		len--;
	return mem_printf("%.*s/torrents.php?id=%s&torrentid=%s", (int)len, site, a->group_id,
			  a->torrent_id);
}

char *words_doing(const struct status *s, const struct assignment *a)
{
	const struct status_container *c = facts_container(s, a->container);

	if (a->state == ASSIGNMENT_LOST || a->state == ASSIGNMENT_ASKING)
		return doing_of_lost(s, a);
	if (!c)
		return mem_dup("Its container is not configured any more: configure it again.");
	if (a->set_aside)
		return mem_dup("It is tried again once a day.");
	const struct status_place *place = facts_client(s, c->setup->client);
	OWN_STR char *when = at_next(s, c);
	switch (a->state) {
	case ASSIGNMENT_ASSIGNED:
		return mem_printf("Its .torrent is downloaded %s.", when);
	case ASSIGNMENT_FETCHED:
	case ASSIGNMENT_DELIVERING:
		if (place && place->client.refused[0])
			return mem_printf("It is in the vault, until %s accepts the password.",
					  c->setup->client);
		return mem_printf("It is in the vault, and is delivered %s.", when);
	default:
		return mem_printf("It is delivered; AfterFetchExec is run %s.", when);
	}
}

/* The tracker decides what full is, and the last torrent may go over. */
static char *full_words(const struct status_container *c)
{
	char more[NUM_TEXT];

	if (c->totals.bytes <= c->setup->allocated)
		return mem_dup("It is full.");
	num_bytes(c->totals.bytes - c->setup->allocated, more);
	return mem_printf("It is full, with %s more than you offered.", more);
}

char *words_forecast(const struct status_container *c)
{
	const struct forecast *f = &c->forecast;
	char day[CLOCK_TEXT], rate[NUM_TEXT];

	num_bytes(f->per_day, rate);
	clock_date(f->at, day);
	switch (f->kind) {
	case FORECAST_FULL:
		return full_words(c);
	case FORECAST_LATER:
		return mem_printf("At %s a day it will not be full within ten years.", rate);
	case FORECAST_DAY:
		return mem_printf("At %s a day it will be full around %s.", rate, day);
	default:
		return mem_dup("There is too little history to say when it will be full.");
	}
}

enum cycle_look words_cycle(const struct status *s, size_t i)
{
	const struct ledger_cycle *c = &s->cycles[i];
	bool delivered = false;

	if (!c->ended_at)
		return i == 0 && s->working ? CYCLE_RUNS : CYCLE_CUT;
	for (size_t k = 0; k < c->n_turns; k++)
		delivered |= c->turns[k].result.kind == OUTCOME_OK;
	if (c->well)
		return delivered ? CYCLE_WELL : CYCLE_QUIET;
	return c->failed ? CYCLE_FAILED : CYCLE_WAITED;
}
