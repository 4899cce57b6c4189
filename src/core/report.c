#include "core/report.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

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

char *report_body(struct ledger *l, const struct report *r)
{
	OWN_BUF struct buf out = BUF_MAX(REPORT_MAX_BYTES);
	OWN_STR char *summary = report_summary(r->outcomes, r->n);
	bool is_error = r->missing || !report_is_well(r->outcomes, r->n);
	char when[CLOCK_TEXT];

	buf_printf(&out, "%s%s%s\n\n", is_error ? "ERROR: " : "", summary,
		   r->missing ? "; the audit found something missing" : "");
	for (size_t i = 0; i < r->n; i++)
		add_container(&out, l, &r->outcomes[i]);
	if (r->orphans)
		buf_printf(
			&out,
			"Pending for containers that are not configured any more: %zu; configure "
			"them again to have these delivered.\n",
			r->orphans);
	if (r->leftovers)
		buf_printf(&out,
			   "Possibly lost: %zu, because the program ended while it was asking; the "
			   "tracker's next answer is searched for it.\n",
			   r->leftovers);
	if (r->newer_version[0])
		buf_printf(&out,
			   "The tracker announces version %s of its utility; this program speaks "
			   "the protocol of %s.\n",
			   r->newer_version, r->speaks);
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
