#include "model/outcome.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const kinds[] = {[OUTCOME_OK] = "OK",
				    [OUTCOME_FULL] = "FULL",
				    [OUTCOME_STALLED] = "STALLED",
				    [OUTCOME_WAIT] = "WAIT",
				    [OUTCOME_ERR] = "ERR"};
_Static_assert(sizeof kinds / sizeof *kinds == OUTCOME_ERR + 1, "a text for each outcome");

static const char *const waits[OUTCOME_WAITS] = {
	[WAIT_NONE] = "",         [WAIT_BACKOFF] = "",        [WAIT_TIME] = "",
	[WAIT_SPACE] = "Space",   [WAIT_STALLED] = "Stalled", [WAIT_BACKLOG] = "Backlog",
	[WAIT_CLIENT] = "Client", [WAIT_DISK] = "Disk",
};

#define CAUSES_TEXT 1000

void outcome_clear(struct outcome *o)
{
	free(o->container);
	free(o->torrent);
	*o = (struct outcome){0};
}

struct result result_of_err(const struct err *err)
{
	struct result r = {.kind = OUTCOME_ERR, .code = err->code, .status = err->status};

	if (err->code == WORD_HANGS)
		return (struct result){.kind = OUTCOME_WAIT, .wait = WAIT_DISK};
	text_copy(r.name, sizeof r.name, err->name);
	return r;
}

void result_text(const struct result *r, char out[OUTCOME_TEXT])
{
	char word[ERR_WORD] = "";

	if (r->kind == OUTCOME_ERR)
		err_word(r->code, r->status, r->name, word);
	else if (r->kind == OUTCOME_WAIT)
		text_copy(word, sizeof word, waits[r->wait]);
	snprintf(out, OUTCOME_TEXT, word[0] ? "%s(%s)" : "%s", kinds[r->kind], word);
}

char *outcome_words(const struct result *r, const char *detail, int64_t until, int64_t now)
{
	char time[CLOCK_TEXT];

	if (!result_waits(r, WAIT_BACKOFF) || !until)
		return mem_dup(detail);
	if (until <= now) {
		clock_format(until, time);
		return mem_printf("the tracker was left alone until %s, after: %s", time, detail);
	}
	clock_span(until - now + 999, time);
	return mem_printf("the tracker is left alone for another %s, after: %s", time, detail);
}

#define ERR_BIT 8 /* the first bit of an error */
_Static_assert(OUTCOME_WAITS <= ERR_BIT && ERR_BIT + ERR_CODES <= 32, "a bit for each cause");

static uint32_t bit(unsigned n)
{
	return UINT32_C(1) << n;
}

uint32_t result_cause(const struct result *r)
{
	if (r->kind == OUTCOME_ERR)
		return bit(ERR_BIT + r->code);
	return r->kind == OUTCOME_WAIT ? bit(r->wait) : 0;
}

char *result_causes_text(uint32_t causes)
{
	OWN_BUF struct buf out = BUF_MAX(CAUSES_TEXT);
	char text[OUTCOME_TEXT];

	for (unsigned i = 0; i < ERR_BIT + ERR_CODES; i++) {
		struct result r = {.kind = OUTCOME_WAIT};
		if (!(causes & bit(i)))
			continue;
		if (i >= ERR_BIT)
			r = (struct result){.kind = OUTCOME_ERR,
					    .code = (enum err_code)(i - ERR_BIT)};
		else
			r.wait = (enum outcome_wait)i;
		result_text(&r, text);
		buf_printf(&out, ", %s", text);
	}
	return buf_take(&out);
}

bool result_is_well(const struct result *r)
{
	if (r->kind == OUTCOME_WAIT)
		return r->wait == WAIT_STALLED || r->wait == WAIT_BACKLOG;
	return r->kind != OUTCOME_ERR;
}

bool result_needs_a_person(const struct result *r)
{
	static const bool errors[ERR_CODES] = {[WORD_AUTH] = true,
					       [WORD_CLIENT] = true,
					       [WORD_DISK] = true,
					       [WORD_CONFIG] = true,
					       [WORD_LEDGER] = true};

	if (r->kind == OUTCOME_ERR)
		return errors[r->code];
	return r->kind == OUTCOME_WAIT &&
	       (r->wait == WAIT_SPACE || r->wait == WAIT_CLIENT || r->wait == WAIT_DISK);
}
