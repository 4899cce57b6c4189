/* What a browser gets in place of the page; declared in page/status_html.h. */
#include "page/html.h"
#include "page/status_html.h"

#include <string.h>

static const struct refusal {
	unsigned status;
	bool renews; /* the page's script asks again, and shows the page once it gets it */
	bool more;   /* the line of text says more than the title */
	const char *title, *way_out;
} refusals[] = {
	{401, false, false, "A token is needed to look at this page.",
	 "Load it again, and give the token (PTP_LISTEN_TOKEN) as the password, with any user "
	 "name."},
	{404, false, false, "There is nothing here.", "Is the address spelt right?"},
	{405, false, false, "That cannot be done here.", "This page is only to be looked at."},
	{421, false, true, "This page is not to be called by this name.",
	 "So a web site cannot read it through your browser by having a name of its own lead here. "
	 "The machine's IP address always works."},
	{429, false, false, "Too many wrong tokens were sent.",
	 "Wait for a minute, then load the page again, and give the right one."},
	{500, false, false, "There is too much to show on one page.",
	 "`ptp-archiver status` shows all."},
	{503, true, true, "The ledger cannot be read.",
	 "The program's log says what it does meanwhile. As soon as the ledger can be read, this "
	 "page shows it by itself."},
};

static const struct refusal *find(unsigned status)
{
	static const struct refusal other = {0, false, true, "That cannot be shown.", ""};

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (refusals[i].status == status)
			return &refusals[i];
	return &other;
}

static void add_paragraph(struct buf *out, const char *text)
{
	if (!*text)
		return;
	buf_puts(out, "<p>");
	html_text(out, text);
	buf_puts(out, "</p>\n");
}

/* A link to the page from `path`, behind any proxy: up from folder to folder. */
static void add_way_home(struct buf *out, const char *path)
{
	if (strcmp(path, "/") == 0)
		return;
	buf_puts(out, "<p><a href=\"./");
	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/'))
		buf_puts(out, "../");
	buf_puts(out, "\">To the status page</a></p>\n");
}

void status_html_refusal(unsigned status, const char *text, const char *path, struct buf *out)
{
	const struct refusal *r = find(status);

	status_html_begin(r->title, NULL, out);
	status_html_headline(FACT_BAD, r->title, out);
	buf_puts(out, "</header>\n<main id=\"main\">\n<div class=\"panel said\">\n");
	add_paragraph(out, r->more ? text : "");
	add_paragraph(out, r->way_out);
	add_way_home(out, path);
	buf_printf(out, "</div>\n</main>\n<footer id=\"foot\"><p>HTTP status %u</p></footer>\n",
		   status);
	status_html_end(r->renews, out);
}
