#include "core/report.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "model/fact.h"

#include <inttypes.h>
#include <string.h>

char *report_summary(const struct outcome outcomes[], size_t n)
{
	OWN_BUF struct buf out = BUF_MAX(REPORT_MAX_BYTES);
	char text[OUTCOME_TEXT];

	for (size_t i = 0; i < n; i++) {
		result_text(&outcomes[i].result, text);
		buf_printf(&out, "%s%s:%s", i ? ", " : "", outcomes[i].container, text);
	}
	return buf_take(&out);
}

bool report_is_well(const struct outcome outcomes[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!result_is_well(&outcomes[i].result))
			return false;
	return true;
}

enum cycle_end report_end(const struct outcome outcomes[], size_t n, bool missing)
{
	for (size_t i = 0; i < n; i++)
		if (outcomes[i].result.kind == OUTCOME_ERR)
			return CYCLE_END_FAILED;
	return missing || !report_is_well(outcomes, n) ? CYCLE_END_WAITS : CYCLE_END_WELL;
}

static void add_delivered(struct buf *out, const struct outcome *o)
{
	char size[NUM_TEXT];

	if (o->delivered == 0)
		return;
	num_bytes(o->bytes, size);
	buf_printf(out, " \"%s\" (%s) was delivered", o->torrent ? o->torrent : "", size);
	if (o->delivered > 1)
		buf_printf(out, ", and %u more", o->delivered - 1);
	buf_puts(out, ".");
}

void report_totals(struct buf *out, struct ledger *l, const char *container)
{
	struct ledger_totals t;
	struct err ignored;
	char size[NUM_TEXT];

	if (!ledger_totals(l, container, &t, &ignored))
		return;
	num_bytes(t.bytes, size);
	buf_printf(out, " %" PRIu64 " torrent%s, %s so far", t.delivered,
		   t.delivered == 1 ? "" : "s", size);
	if (t.pending)
		buf_printf(out, "; %" PRIu64 " pending", t.pending);
	if (t.set_aside)
		buf_printf(out, "; %" PRIu64 " set aside", t.set_aside);
	if (t.lost)
		buf_printf(out, "; %" PRIu64 " possibly lost", t.lost);
	if (t.late)
		buf_printf(out, "; %" PRIu64 " not picked up by the client", t.late);
	if (t.refused)
		buf_printf(out, "; %" PRIu64 " put aside by the client", t.refused);
	buf_puts(out, ".");
}

static void add_container(struct buf *out, struct ledger *l, const struct outcome *o)
{
	OWN_STR char *words = outcome_words(&o->result, o->detail, o->until, clock_now());
	char text[OUTCOME_TEXT];

	result_text(&o->result, text);
	buf_printf(out, "%s: %s%s", o->container, text, o->carried ? " (as before)" : "");
	if (words[0])
		buf_printf(out, " (%s)", words);
	buf_puts(out, ".");
	add_delivered(out, o);
	report_totals(out, l, o->container);
	buf_puts(out, "\n");
}

static void add_audit(struct buf *out, const struct ledger_audit *audit)
{
	char when[CLOCK_TEXT];

	if (!audit || !audit->at)
		return;
	clock_format(audit->at, when);
	buf_printf(out, "Audit of %s: %s.\n", when, audit->summary);
}

static struct fact missing_of(const struct report *r)
{
	return (struct fact){
		.what = FACT_AUDIT_MISSING, .count = r->audit->missing, .since = r->audit->at};
}

/* Complete times: it is read elsewhere. */
static void add_fact(struct buf *out, const struct fact *f)
{
	OWN_STR char *sentence = fact_sentence(f, FACT_COMPLETE);
	OWN_STR char *remedy = fact_remedy(f, FACT_COMPLETE);

	buf_printf(out, "%s %s\n", sentence, remedy ? remedy : "");
}

static void add_missing(struct buf *out, const struct fact *missing)
{
	OWN_STR char *title = fact_title(missing, FACT_COMPLETE);

	buf_printf(out, "; %s", title);
}

static void add_count(struct buf *out, enum condition what, size_t n)
{
	if (n)
		add_fact(out, &(struct fact){.what = what, .count = n});
}

char *report_body(struct ledger *l, const struct report *r)
{
	OWN_BUF struct buf out = BUF_MAX(REPORT_MAX_BYTES);
	OWN_STR char *summary = report_summary(r->outcomes, r->n);
	bool is_error = r->missing || !report_is_well(r->outcomes, r->n);
	const struct fact missing = r->missing ? missing_of(r) : (struct fact){0};
	char when[CLOCK_TEXT];

	buf_printf(&out, "%s%s", is_error ? "ERROR: " : "", summary);
	if (r->missing)
		add_missing(&out, &missing);
	buf_puts(&out, "\n\n");
	for (size_t i = 0; i < r->n; i++)
		add_container(&out, l, &r->outcomes[i]);
	add_count(&out, FACT_ORPHANS, r->orphans);
	add_count(&out, FACT_LOST, r->leftovers);
	if (r->newer_version[0])
		add_fact(&out, &(struct fact){.what = FACT_VERSION,
					      .version = r->newer_version,
					      .speaks = r->speaks});
	if (r->missing)
		add_fact(&out, &missing);
	add_audit(&out, r->audit);
	clock_format(r->next_cycle, when);
	if (r->next_cycle)
		buf_printf(&out, "Next cycle: %s.\n", when);
	return buf_take(&out);
}

char *report_linked(const char *text, const char *url)
{
	bool cut_off = *text && !text_ends(text, "\n");

	return url ? mem_printf("%s%sStatus page: %s\n", text, cut_off ? "\n" : "", url)
		   : mem_dup(text);
}
