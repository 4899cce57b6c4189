#include "page/chart.h"

#include "page/html.h"
#include "base/mem.h"

#include <inttypes.h>

#define BAR_WIDTH 1000
#define WIDTH 320
#define HEIGHT 64
#define TOP 4 /* room for the line's own width */

static double share(uint64_t part, uint64_t whole)
{
	double s = whole ? (double)part / (double)whole : 0;

	return s > 1 ? 1 : s;
}

static void begin(struct buf *out, const char *class, const char *role, int width, int height,
		  const char *title)
{
	buf_printf(out,
		   "<svg class=\"%s\" %s viewBox=\"0 0 %d %d\" "
		   "preserveAspectRatio=\"none\"><title>",
		   class, role, width, height);
	html_text(out, title);
	buf_puts(out, "</title>");
}

void chart_bar(struct buf *out, uint64_t part, uint64_t more, uint64_t whole, const char *title)
{
	double held = share(part, whole) * BAR_WIDTH;
	double with = share(part + more, whole) * BAR_WIDTH;

	/* What is there at all can be seen. */
	if (part && held < 4)
		held = 4;
	begin(out, "bar", "aria-hidden=\"true\"", BAR_WIDTH, 10, title);
	buf_printf(out, "<rect class=\"track\" width=\"%d\" height=\"10\"/>", BAR_WIDTH);
	if (with > held)
		buf_printf(out, "<rect class=\"more\" width=\"%.1f\" height=\"10\"/>", with);
	buf_printf(out, "<rect class=\"part\" width=\"%.1f\" height=\"10\"/></svg>", held);
}

/* ---- growth ---- */

struct curve {
	double x[CHART_POINTS + 2], y[CHART_POINTS + 2]; /* 0 to 1 */
	size_t n;
};

/* What is held at the end of each of so many steps from `first` to `today`. */
static void sample(struct curve *c, const struct ledger_growth *g, int64_t first, int64_t today)
{
	int64_t days = today - first;
	int64_t steps = days < CHART_POINTS ? days : CHART_POINTS;
	uint64_t held = g->before, all = g->before;
	size_t at = 0;

	for (size_t i = 0; i < g->n; i++)
		all += g->days[i].bytes + g->days[i].adopted;
	for (int64_t step = 0; step <= steps; step++) {
		int64_t day = first + days * step / steps;
		for (; at < g->n && g->days[at].day <= day; at++)
			held += g->days[at].bytes + g->days[at].adopted;
		c->x[c->n] = (double)step / (double)steps;
		c->y[c->n++] = share(held, all);
	}
}

static void add_points(struct buf *out, const struct curve *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_printf(out, "%s%.1f %.1f", i ? "L" : "M", c->x[i] * WIDTH,
			   TOP + (1 - c->y[i]) * (HEIGHT - TOP));
}

bool chart_growth(struct buf *out, const struct ledger_growth *g, int64_t today, const char *title)
{
	struct curve c = {.n = 0};

	if (!g->n || today - g->days[0].day < 2)
		return false;
	/* From nothing, where it began within the days that are shown. */
	sample(&c, g, g->before ? g->days[0].day : g->days[0].day - 1, today);
	begin(out, "growth", "role=\"img\"", WIDTH, HEIGHT, title);
	buf_puts(out, "<path class=\"area\" d=\"");
	add_points(out, &c);
	buf_printf(out, "L%d %dL0 %dZ\"/><path class=\"line\" d=\"", WIDTH, HEIGHT, HEIGHT);
	add_points(out, &c);
	buf_puts(out, "\"/></svg>");
	return true;
}
