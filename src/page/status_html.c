#include "page/status_html.h"

#include "page/chart.h"
#include "page/html.h"
#include "view/facts.h"
#include "view/status_words.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "page_css.h"
#include "page_js.h"
#include "system/sandbox.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const char icon[] =
	"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
	"%3Crect x='1' y='1' width='14' height='4' rx='1' fill='%232f7a5c'/%3E"
	"%3Crect x='2' y='6' width='12' height='9' rx='1' fill='%232f7a5c'/%3E"
	"%3Crect x='6' y='8' width='4' height='1.6' rx='.8' fill='%23fff'/%3E%3C/svg%3E";

/* ---- the policy ---- */

static char *hash_of(const char *text)
{
	uint8_t digest[SHA256_SIZE];

	hash_sha256(text, strlen(text), digest);
	return base64_encode(digest, sizeof digest);
}

char *status_html_policy(void)
{
	OWN_STR char *style = hash_of(page_css);
	OWN_STR char *script = hash_of(page_js);

	return mem_printf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; "
			  "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
			  "frame-ancestors 'none'",
			  style, script);
}

/* ---- the line on top ---- */

static const char *const level_class[] = {
	[FACT_GOOD] = "good", [FACT_NOTE] = "note", [FACT_BAD] = "bad"};

/* A tick, or an exclamation mark, in a circle. */
static void add_sign(struct buf *out, enum fact_level level)
{
	buf_printf(out,
		   "<svg viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" "
		   "stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\" "
		   "aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"10\"/><path "
		   "d=\"%s\"/></svg>",
		   level == FACT_GOOD ? "M7.5 12.5l3 3 6-6.5" : "M12 7v6M12 16.5v.1");
}

static void add_sentence(struct buf *out, const char *class, const char *text)
{
	if (!text)
		return;
	buf_printf(out, "<p class=\"%s\">", class);
	html_text(out, text);
	buf_puts(out, "</p>\n");
}

static void add_notice(struct buf *out, const struct fact *f, int64_t now)
{
	OWN_STR char *text = fact_sentence(f, now);
	OWN_STR char *remedy = fact_remedy(f, now);

	buf_printf(out, "<li class=\"%s\"><span>", level_class[fact_level(f->what)]);
	html_text(out, text);
	buf_puts(out, " ");
	html_text(out, remedy);
	buf_puts(out, "</span></li>\n");
}

static void add_others(struct buf *out, const struct facts *all, int64_t now)
{
	if (all->n < 2)
		return;
	buf_puts(out, "<ul class=\"notices\">\n");
	for (size_t i = 1; i < all->n; i++)
		add_notice(out, &all->list[i], now);
	buf_puts(out, "</ul>\n");
}

void status_html_headline(enum fact_level level, const char *text, struct buf *out)
{
	buf_printf(out,
		   "<header id=\"top\" class=\"top %s\">\n<p "
		   "class=\"name\">ptp-archiver " PTP_ARCHIVER_VERSION
		   "</p>\n<div class=\"headline\" role=\"status\">",
		   level_class[level]);
	add_sign(out, level);
	buf_puts(out, "<h1>");
	html_text(out, text);
	buf_puts(out, "</h1></div>\n");
}

static void add_top(const struct status *s, const struct facts *all, const char *headline,
		    struct buf *out)
{
	const struct fact *first = &all->list[0];
	OWN_STR char *remedy = fact_remedy(first, s->now);
	OWN_STR char *next = words_next(s);

	status_html_headline(fact_level(first->what), headline, out);
	add_sentence(out, "under", remedy);
	add_sentence(out, "under soft", next);
	add_others(out, all, s->now);
	buf_puts(out, "</header>\n");
}

/* ---- containers ---- */

static const char *result_class(const struct result *r)
{
	if (r->kind == OUTCOME_ERR)
		return "bad";
	return r->kind == OUTCOME_WAIT ? "note" : "good";
}

static void add_outcome(const struct status *s, const struct status_container *c, struct buf *out)
{
	char when[CLOCK_TEXT], iso[CLOCK_TEXT], text[OUTCOME_TEXT];

	buf_puts(out, "<div class=\"row\"><h3>");
	html_text(out, c->setup->name);
	buf_puts(out, "</h3>");
	if (!c->known.outcome_at) {
		buf_puts(out, "<span class=\"pill\">not tried yet</span></div>\n");
		return;
	}
	clock_short(c->known.outcome_at, s->now, when);
	clock_format_utc(c->known.outcome_at, iso);
	buf_printf(out, "<span class=\"pill %s\">", result_class(&c->known.result));
	result_text(&c->known.result, text);
	html_text(out, text);
	buf_printf(out, ", <time datetime=\"%s\">%s</time></span></div>\n", iso, when);
}

static void add_bar(const struct status_container *c, struct buf *out)
{
	char held[NUM_TEXT], whole[NUM_TEXT];
	const struct ledger_totals *t = &c->totals;
	double percent =
		c->setup->allocated ? 100 * (double)t->bytes / (double)c->setup->allocated : 0;

	num_bytes(t->bytes, held);
	num_bytes(c->setup->allocated, whole);
	buf_printf(out,
		   "<div class=\"row\"><span class=\"figure\">%s</span><span class=\"soft\">of %s, "
		   "%.*f %%</span></div>\n",
		   held, whole, percent > 0 && percent < 10 ? 1 : 0, percent);
	OWN_STR char *title = mem_printf("%s of %s", held, whole);
	chart_bar(out, t->bytes, t->pending_bytes, c->setup->allocated, title);
}

static void add_count(struct buf *out, uint64_t n, const char *words)
{
	if (n)
		buf_printf(out, ", %" PRIu64 " %s", n, words);
}

static void add_counts(const struct status_container *c, int64_t now, struct buf *out)
{
	const struct ledger_totals *t = &c->totals;
	OWN_STR char *detail = words_detail(c, now);

	buf_printf(out, "\n<p class=\"small\">%" PRIu64 " torrent%s", t->delivered,
		   t->delivered == 1 ? "" : "s");
	add_count(out, t->pending, "pending");
	add_count(out, t->set_aside, "set aside");
	add_count(out, c->lost, "possibly lost");
	add_count(out, t->late, "not picked up");
	add_count(out, t->refused, "put aside by the client");
	buf_puts(out, "; to ");
	html_text(out, c->setup->client ? c->setup->client : c->setup->watch_folder);
	buf_puts(out, "</p>\n");
	if (detail[0])
		add_sentence(out, "small soft", detail);
}

/* What the curve tells, for whom does not see it. */
static char *growth_words(const struct ledger_growth *g, const char *from)
{
	char before[NUM_TEXT], held[NUM_TEXT];
	uint64_t all = g->before;

	for (size_t i = 0; i < g->n; i++)
		all += g->days[i].bytes + g->days[i].adopted;
	num_bytes(g->before, before);
	num_bytes(all, held);
	return mem_printf("Growth from %s on %s to %s today", before, from, held);
}

static void add_growth(const struct status *s, const struct status_container *c, struct buf *out)
{
	int64_t today = s->now / FORECAST_DAY_MS;
	char from[CLOCK_TEXT];
	OWN_STR char *forecast = words_forecast(c);

	if (c->growth.n) {
		clock_date(c->growth.days[0].day * FORECAST_DAY_MS + FORECAST_DAY_MS / 2, from);
		OWN_STR char *title = growth_words(&c->growth, from);
		if (chart_growth(out, &c->growth, today, title))
			buf_printf(out,
				   "<p class=\"axis\" "
				   "aria-hidden=\"true\"><span>%s</span><span>today</span></p>\n",
				   from);
	}
	add_sentence(out, "small soft", forecast);
}

static void add_container(const struct status *s, const struct status_container *c, struct buf *out)
{
	buf_puts(out, "<article class=\"card\">\n");
	add_outcome(s, c, out);
	add_bar(c, out);
	add_counts(c, s->now, out);
	add_growth(s, c, out);
	buf_puts(out, "</article>\n");
}

static void add_containers(const struct status *s, struct buf *out)
{
	size_t n = s->setup->n_containers;

	buf_puts(out, "<section id=\"containers\" aria-labelledby=\"h-containers\">\n"
		      "<h2 id=\"h-containers\">Containers</h2>\n<div class=\"cards\">\n");
	for (size_t i = 0; i < n && i < STATUS_HTML_CONTAINERS; i++)
		add_container(s, &s->containers[i], out);
	buf_puts(out, "</div>\n");
	if (n > STATUS_HTML_CONTAINERS)
		buf_printf(out, "<p>And %zu more.</p>\n", n - STATUS_HTML_CONTAINERS);
	buf_puts(out, "</section>\n");
}

/* ---- the end ---- */

static void add_foot(const struct status *s, struct buf *out)
{
	char clock[CLOCK_TEXT], when[CLOCK_TEXT];
	time_t seconds = (time_t)(s->now / 1000);
	struct tm tm = {0};

	localtime_r(&seconds, &tm);
	clock_short(s->now, s->now, clock);
	buf_puts(out, "<footer id=\"foot\">\n");
	if (s->audit.at) {
		clock_short(s->audit.at, s->now, when);
		OWN_STR char *audit = mem_printf("Audit of %s: %s.", when, s->audit.summary);
		add_sentence(out, "", audit);
	}
	if (s->pace.request.wall) {
		clock_short(s->pace.request.wall, s->now, when);
		buf_printf(out, "<p>The tracker was last called at %s.</p>\n", when);
	}
	OWN_STR char *sandbox = sandbox_words();
	buf_printf(out, "<p>Sandbox: %s.</p>\n", sandbox ? sandbox : "off");
	buf_printf(out, "<p>As of <span id=\"as-of\">%s:%02d</span>; times are in ", clock,
		   tm.tm_sec);
	html_text(out, tm.tm_zone);
	buf_puts(out,
		 ". For programs: <a href=\"api/status\">status as JSON</a>, <a "
		 "href=\"api/history\">history as JSON</a>, <a href=\"metrics\">metrics</a>.</p>"
		 "\n</footer>\n");
}

void status_html_begin(const char *title, const char *skip, struct buf *out)
{
	buf_puts(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	html_text(out, title);
	buf_printf(out, " ptp-archiver</title>\n<link rel=\"icon\" href=\"%s\">\n<style>", icon);
	buf_puts(out, page_css);
	buf_puts(out, "</style>\n</head>\n<body>\n");
	if (skip)
		buf_printf(out, "<a class=\"skip\" href=\"#%s\">Skip to the %s</a>\n", skip, skip);
	buf_puts(out, "<p class=\"stale\" id=\"stale\" role=\"alert\" hidden></p>\n");
}

void status_html_end(bool script, struct buf *out)
{
	if (script) {
		buf_puts(out, "<script>");
		buf_puts(out, page_js);
		buf_puts(out, "</script>\n");
	}
	buf_puts(out, "</body>\n</html>\n");
}

void status_html(const struct status *s, struct buf *out)
{
	struct facts all;

	facts_find(s, &all);
	OWN_STR char *headline = fact_sentence(&all.list[0], s->now);
	status_html_begin(headline, "containers", out);
	add_top(s, &all, headline, out);
	buf_puts(out, "<main id=\"main\">\n");
	add_containers(s, out);
	status_html_open(s, out);
	status_html_cycles(s, out);
	buf_puts(out, "<div class=\"two\">\n");
	status_html_newest(s, out);
	status_html_places(s, out);
	buf_puts(out, "</div>\n</main>\n");
	add_foot(s, out);
	status_html_end(true, out);
}
