/* The strip of cycles and the lists of the page; declared in page/status_html.h. */
#include "page/chart.h"
#include "page/html.h"
#include "page/status_html.h"
#include "view/status_words.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#include <inttypes.h>

static void begin(struct buf *out, const char *id, const char *title)
{
	buf_printf(out,
		   "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s</h2>\n"
		   "<div class=\"panel\">\n",
		   id, id, id, title);
}

static void end(struct buf *out)
{
	buf_puts(out, "</div>\n</section>\n");
}

static void add_time(const struct status *s, int64_t when, struct buf *out)
{
	char words[CLOCK_TEXT], iso[CLOCK_TEXT];

	clock_short(when, s->now, words);
	clock_format_utc(when, iso);
	buf_printf(out, "<time datetime=\"%s\">%s</time>", iso, words);
}

/* ---- cycles ---- */

static const struct look {
	const char *class, *mark, *words;
} looks[CYCLE_LOOKS] = {
	[CYCLE_WELL] = {"c-well", "✓", "well"},
	[CYCLE_QUIET] = {"c-quiet", "=", "well, nothing new"},
	[CYCLE_WAITED] = {"c-waited", "…", "had to wait"},
	[CYCLE_FAILED] = {"c-failed", "✕", "failed"},
	[CYCLE_RUNS] = {"c-runs", "▸", "at work"},
	[CYCLE_CUT] = {"c-cut", "–", "cut off"},
};

static void add_cell(const struct status *s, size_t i, struct buf *out)
{
	const struct ledger_cycle *c = &s->cycles[i];
	const struct look *look = &looks[words_cycle(s, i)];
	char when[CLOCK_TEXT];

	clock_short(c->begun_at, s->now, when);
	buf_printf(out,
		   "<li id=\"cell-%" PRId64 "\"><a class=\"%s\" href=\"#cycle-%" PRId64
		   "\" title=\"%s: ",
		   c->id, look->class, c->id, when);
	html_text(out, c->summary[0] ? c->summary : look->words);
	buf_printf(out,
		   "\"><span aria-hidden=\"true\">%s</span><span class=\"sr\">%s, "
		   "%s</span></a></li>\n",
		   look->mark, when, look->words);
}

static void add_legend(const struct status *s, struct buf *out)
{
	size_t n[CYCLE_LOOKS] = {0};

	for (size_t i = 0; i < s->n_cycles; i++)
		n[words_cycle(s, i)]++;
	buf_puts(out, "<ul class=\"legend\">\n");
	for (size_t k = 0; k < CYCLE_LOOKS; k++)
		if (n[k])
			buf_printf(out,
				   "<li><span class=\"mark %s\" aria-hidden=\"true\">%s</span> %zu "
				   "%s</li>\n",
				   looks[k].class, looks[k].mark, n[k], looks[k].words);
	buf_puts(out, "</ul>\n");
}

static void add_turn(const struct ledger_turn *t, int64_t now, struct buf *out)
{
	OWN_STR char *detail = outcome_words(&t->result, t->detail, t->until, now);
	char text[OUTCOME_TEXT];

	result_text(&t->result, text);
	buf_puts(out, "<li><b>");
	html_text(out, t->container);
	buf_puts(out, "</b>: ");
	html_text(out, text);
	if (detail[0]) {
		buf_puts(out, ": ");
		html_text(out, detail);
	}
	buf_puts(out, "</li>\n");
}

static const char *const kinds[CYCLE_KINDS] = {
	[CYCLE_REGULAR] = "A regular cycle",
	[CYCLE_REST] = "What an earlier cycle had left undone",
	[CYCLE_MANUAL] = "A cycle on request",
};

static void add_detail(const struct status *s, size_t i, struct buf *out)
{
	const struct ledger_cycle *c = &s->cycles[i];
	char span[CLOCK_TEXT];

	buf_printf(out, "<article class=\"cycle\" id=\"cycle-%" PRId64 "\" tabindex=\"-1\"><h3>",
		   c->id);
	add_time(s, c->begun_at, out);
	buf_printf(out, ", %s", looks[words_cycle(s, i)].words);
	clock_span(c->ended_at - c->begun_at, span);
	buf_puts(out, "</h3>\n<p class=\"small soft\">");
	buf_puts(out, kinds[c->kind]);
	if (c->ended_at)
		buf_printf(out, "; it took %s", span);
	buf_puts(out, ".</p>\n<ul class=\"small\">\n");
	for (size_t k = 0; k < c->n_turns; k++)
		add_turn(&c->turns[k], s->now, out);
	buf_puts(out, "</ul></article>\n");
}

void status_html_cycles(const struct status *s, struct buf *out)
{
	OWN_STR char *title = mem_printf("The last %zu cycles, the newest at the end", s->n_cycles);

	begin(out, "cycles", s->n_cycles > 1 ? title : "Cycles");
	if (!s->n_cycles) {
		buf_puts(out, "<p>No cycle has run yet.</p>\n");
		end(out);
		return;
	}
	buf_puts(out, "<ol class=\"strip\">\n");
	for (size_t i = s->n_cycles; i-- > 0;)
		add_cell(s, i, out);
	buf_puts(out, "</ol>\n");
	add_legend(s, out);
	buf_puts(out, "<div class=\"details\">\n");
	for (size_t i = s->n_cycles; i-- > 0;)
		add_detail(s, i, out);
	buf_puts(out, "</div>\n");
	end(out);
}

/* ---- what is open ---- */

/* To the film's page at the tracker, which does not learn where it comes from. */
static void begin_link(const char *target, struct buf *out)
{
	if (!target)
		return;
	buf_puts(out, "<a rel=\"noreferrer\" href=\"");
	html_text(out, target);
	buf_puts(out, "\">");
}

static void add_open(const struct status *s, const struct assignment *a, struct buf *out)
{
	char label[ASSIGNMENT_LABEL];
	bool lost = a->state == ASSIGNMENT_LOST || a->state == ASSIGNMENT_ASKING;
	OWN_STR char *doing = words_doing(s, a);
	OWN_STR char *film = words_film(a, s->setup->site);

	buf_puts(out, "<li><div class=\"row\"><b>");
	begin_link(film, out);
	html_text(out, a->name ? a->name
		       : lost  ? "A torrent that is not known"
			       : assignment_label(a, label));
	buf_puts(out, film ? "</a>" : "");
	buf_printf(out, "</b><span class=\"pill %s\">%s%s</span></div>\n<p class=\"small\">",
		   a->set_aside ? "bad" : "note",
		   lost ? "possibly lost" : assignment_state_text(a->state),
		   a->set_aside ? ", set aside" : "");
	if (lost)
		buf_printf(out, "Assignment %" PRId64 ", ", a->id);
	html_text(out, a->container);
	buf_puts(out, ", since ");
	add_time(s, a->asked_at, out);
	if (a->note) {
		buf_puts(out, ": ");
		html_text(out, a->note);
	}
	buf_puts(out, "</p>\n<p class=\"small soft\">");
	html_text(out, doing);
	buf_puts(out, "</p></li>\n");
}

/* Those of the two lists from `first` on, up to `end`: first what may be lost. */
static void add_open_rows(const struct status *s, size_t first, size_t end, struct buf *out)
{
	for (size_t i = first; i < end; i++)
		add_open(s, i < s->lost.n ? &s->lost.rows[i] : &s->pending.rows[i - s->lost.n],
			 out);
}

/* Many would push all else out of sight. */
static void add_more_open(const struct status *s, size_t shown, struct buf *out)
{
	size_t all = s->lost.n + s->pending.n, n = all;

	if (all <= shown)
		return;
	if (n > STATUS_HTML_CONTAINERS)
		n = STATUS_HTML_CONTAINERS;
	buf_printf(out,
		   "<li><details id=\"more-open\"><summary>%zu more</summary>\n"
		   "<ul class=\"list\">\n",
		   all - shown);
	add_open_rows(s, shown, n, out);
	if (n < all)
		buf_printf(out, "<li>And %zu more.</li>\n", all - n);
	buf_puts(out, "</ul></details></li>\n");
}

void status_html_open(const struct status *s, struct buf *out)
{
	size_t all = s->lost.n + s->pending.n;
	size_t shown = all < STATUS_HTML_OPEN ? all : STATUS_HTML_OPEN;

	if (!all)
		return;
	begin(out, "open", "Pending and possibly lost");
	buf_puts(out, "<ul class=\"list\">\n");
	add_open_rows(s, 0, shown, out);
	add_more_open(s, shown, out);
	buf_puts(out, "</ul>\n");
	end(out);
}

/* ---- the newest ---- */

static void add_newest(const struct status *s, const struct assignment *a, struct buf *out)
{
	char bytes[NUM_TEXT], label[ASSIGNMENT_LABEL];

	num_bytes(a->bytes, bytes);
	OWN_STR char *film = words_film(a, s->setup->site);
	buf_puts(out, "<li class=\"wide\"><b>");
	begin_link(film, out);
	html_text(out, a->name ? a->name : assignment_label(a, label));
	buf_puts(out, film ? "</a>" : "");
	buf_printf(out, "</b><span class=\"right\">%s</span><span class=\"small soft\">", bytes);
	html_text(out, a->container);
	buf_puts(out, ", ");
	add_time(s, a->delivered_at, out);
	buf_puts(out, ", to ");
	html_text(out, a->path ? a->path : a->client);
	buf_puts(out, "</span></li>\n");
}

void status_html_newest(const struct status *s, struct buf *out)
{
	begin(out, "newest", "Newest torrents");
	if (!s->newest.n)
		buf_puts(out, "<p>Nothing was delivered yet.</p>\n");
	buf_puts(out, s->newest.n ? "<ul class=\"list\">\n" : "");
	for (size_t i = 0; i < s->newest.n; i++)
		add_newest(s, &s->newest.rows[i], out);
	buf_puts(out, s->newest.n ? "</ul>\n" : "");
	end(out);
}

/* ---- clients and folders ---- */

static const char *place_class(const struct status_place *p)
{
	if (p->client.refused[0] || p->client.down_since)
		return "bad";
	return p->setup->is_client && p->client.seen_at ? "good" : "";
}

static void add_space(const struct status *s, const struct status_place *p, struct buf *out)
{
	char free[NUM_TEXT], total[NUM_TEXT];

	if (!p->space.at) {
		buf_puts(out, p->setup->is_client
				      ? "<p class=\"small soft\">What is free is not measured: no "
					"container has a Reserve there.</p>\n"
				      : "<p class=\"small soft\">What is free was not measured "
					"yet.</p>\n");
		return;
	}
	num_bytes(p->space.free, free);
	num_bytes(p->space.total, total);
	OWN_STR char *title = p->space.total ? mem_printf("%s free of %s", free, total)
					     : mem_printf("%s free", free);
	if (p->space.total)
		chart_bar(out, p->space.total - p->space.free, 0, p->space.total, title);
	buf_printf(out, "<p class=\"small soft\">%s, measured at ", title);
	add_time(s, p->space.at, out);
	buf_puts(out, "</p>\n");
}

static void add_place(const struct status *s, const struct status_place *p, struct buf *out)
{
	buf_puts(out, "<li><div class=\"row\"><b>");
	html_text(out, p->setup->name);
	buf_printf(out, "</b><span class=\"pill %s\">%s", place_class(p), words_place_state(p));
	if (p->client.down_since) {
		buf_puts(out, " since ");
		add_time(s, p->client.down_since, out);
	}
	buf_puts(out, "</span></div>\n");
	if (p->setup->is_client) {
		buf_printf(out, "<p class=\"small\">%s", p->setup->type);
		if (p->client.seen_at) {
			buf_puts(out, ", last seen ");
			add_time(s, p->client.seen_at, out);
		}
		buf_puts(out, "</p>\n");
	}
	add_space(s, p, out);
	buf_puts(out, "</li>\n");
}

void status_html_places(const struct status *s, struct buf *out)
{
	begin(out, "places", "Clients and folders");
	buf_puts(out, "<ul class=\"list\">\n");
	for (size_t i = 0; i < s->setup->n_places && i < STATUS_HTML_CONTAINERS; i++)
		add_place(s, &s->places[i], out);
	buf_puts(out, "</ul>\n");
	end(out);
}
