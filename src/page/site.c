#include "page/site.h"

#include "config/hosts.h"
#include "page/status_html.h"
#include "view/status_json.h"
#include "view/status_metrics.h"
#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct site {
	struct status_setup setup;
	struct ledger *ledger;      /* NULL: not open */
	bool had_ledger;            /* one was open before */
	bool closed;                /* a token is needed */
	uint8_t token[SHA256_SIZE]; /* its hash */
	char *hosts;                /* owned: names that it may be called by besides; or NULL */
	char *policy;
};

struct site *site_open(const struct config *c, struct trouble *trouble)
{
	struct site *s = mem_alloc(sizeof *s);
	const char *token = secret_reveal(&c->listen_token);

	status_setup_take(&s->setup, c, trouble);
	s->policy = status_html_policy();
	s->hosts = c->listen_hosts ? mem_dup(c->listen_hosts) : NULL;
	s->closed = token != NULL;
	if (token)
		hash_sha256(token, strlen(token), s->token);
	return s;
}

void site_close(struct site *s)
{
	if (!s)
		return;
	ledger_close(s->ledger);
	status_setup_clear(&s->setup);
	free(s->hosts);
	free(s->policy);
	free(s);
}

/* ---- who may come in ---- */

/* Hashes are compared, so that the time it takes tells nothing. */
static bool is_token(const struct site *s, const char *word)
{
	uint8_t digest[SHA256_SIZE];

	hash_sha256(word, strlen(word), digest);
	return memcmp(digest, s->token, sizeof digest) == 0;
}

/* "user:token", of any user. */
static bool is_basic(const struct site *s, const char *encoded)
{
	char *pair = base64_decode(encoded);
	const char *colon = pair ? strchr(pair, ':') : NULL;
	bool ok = colon && is_token(s, colon + 1);

	if (pair)
		secret_wipe(pair, strlen(pair));
	free(pair);
	return ok;
}

static bool has_token(const struct site *s, const char *field)
{
	if (strncasecmp(field, "Bearer ", 7) == 0)
		return is_token(s, field + 7);
	return strncasecmp(field, "Basic ", 6) == 0 && is_basic(s, field + 6);
}

/* ---- the ledger ---- */

/* NULL: there is none, or *err says why it cannot be read.  A ledger that replaced
 * another one is opened.  A removed one is shown until the daemon has written it again. */
static struct ledger *current_ledger(struct site *s, struct err *err)
{
	struct stat st;

	err->kind = ERR_NONE;
	if (s->ledger &&
	    (ledger_file(s->ledger) == LEDGER_IN_PLACE || ledger_file(s->ledger) == LEDGER_REMOVED))
		return s->ledger;
	ledger_close(s->ledger);
	bool there = stat(s->setup.ledger, &st) == 0 && st.st_size > 0;
	s->ledger = there ? ledger_open(s->setup.ledger, true, err) : NULL;
	s->had_ledger |= s->ledger != NULL;
	return s->ledger;
}

static void forget_ledger(struct site *s)
{
	ledger_close(s->ledger);
	s->ledger = NULL;
}

/* The daemon looks less often than a visitor does. */
static void note_loss(const struct site *s, struct status *status)
{
	const char *how = NULL;

	if (!s->ledger && s->had_ledger)
		how = "is empty or gone";
	else if (s->ledger && ledger_file(s->ledger) == LEDGER_REMOVED)
		how = "was removed; the daemon writes it again within ten minutes";
	if (!how || status->work.since)
		return;
	status->work.since = status->now;
	snprintf(status->work.text, sizeof status->work.text, "the ledger %s %s", s->setup.ledger,
		 how);
}

static bool gather(struct site *s, struct status *status, struct err *err)
{
	struct ledger *l = current_ledger(s, err);

	if (err->kind == ERR_NONE && status_gather(status, &s->setup, l, err)) {
		note_loss(s, status);
		return true;
	}
	forget_ledger(s);
	return false;
}

/* ---- answers ---- */

static void say(struct site_answer *a, unsigned status, const char *text)
{
	a->status = status;
	a->type = "text/plain; charset=utf-8";
	buf_reset(&a->body);
	buf_printf(&a->body, "%s\n", text);
}

/* Refused, it says why. */
static bool is_let_in(const struct site *s, const struct site_request *r, struct site_answer *a)
{
	if (!s->closed && hosts_allow(s->hosts, r->host))
		return true;
	if (!s->closed) {
		say(a, 421,
		    "The page is not to be called by this name; name it in PTP_LISTEN_HOSTS "
		    "(ListenHosts), or set a PTP_LISTEN_TOKEN.");
		return false;
	}
	if (r->authorization && has_token(s, r->authorization))
		return true;
	a->wrong_token = r->authorization != NULL;
	a->retry_after_s = a->wrong_token ? r->guesses_wait_s : 0;
	if (a->retry_after_s)
		say(a, 429, "too many wrong tokens were sent; the right one works at any time");
	else
		say(a, 401, "a token is needed: PTP_LISTEN_TOKEN");
	return false;
}

/* Of a damaged ledger the daemon knows which copy is good. */
static void say_trouble(const struct site *s, struct site_answer *a, const struct err *err)
{
	struct trouble_told told;

	trouble_get(s->setup.trouble, TROUBLE_WORK, &told);
	say(a, 503, told.damaged && ledger_is_damaged(err) ? told.text : err->msg);
}

static void add_json(struct site_answer *a, json_t *json)
{
	OWN_STR char *text = json_dumps(json, JSON_INDENT(2));

	json_decref(json);
	a->type = "application/json";
	buf_puts(&a->body, text ? text : "{}");
	buf_puts(&a->body, "\n");
}

static void answer_history(struct site *s, const struct site_request *r, struct site_answer *a)
{
	uint64_t before = INT64_MAX, limit = SITE_HISTORY_LIMIT;
	struct assignment *rows = NULL;
	size_t n = 0;
	struct err err;

	if ((r->before && !num_u64(r->before, INT64_MAX, &before)) ||
	    (r->limit && (!num_u64(r->limit, SITE_HISTORY_MAX, &limit) || !limit))) {
		say(a, 400, "before is an id, and limit a number from 1 to 1000");
		return;
	}
	struct ledger *l = current_ledger(s, &err);
	if (err.kind != ERR_NONE ||
	    (l && !ledger_history(l, r->container, (int64_t)before, limit, &rows, &n, &err))) {
		forget_ledger(s);
		say_trouble(s, a, &err);
		return;
	}
	json_t *next = n == limit ? json_integer(rows[n - 1].id) : json_null();
	add_json(a, json_pack("{s:o, s:o}", "assignments", status_list_json(rows, n, s->setup.site),
			      "next", next));
	assignment_list_free(rows, n);
}

static void answer_live(struct site *s, const struct site_request *r, struct site_answer *a)
{
	(void)s;
	(void)r;
	say(a, 200, "alive");
}

static void show_page(const struct status *status, struct site_answer *a)
{
	a->type = "text/html; charset=utf-8";
	status_html(status, &a->body);
}

static void show_json(const struct status *status, struct site_answer *a)
{
	add_json(a, status_json(status));
}

static void show_metrics(const struct status *status, struct site_answer *a)
{
	a->type = METRICS_TYPE;
	status_metrics(status, &a->body);
}

/* A scrape that fails would not tell that the program runs. */
static void show_stuck(struct site *s, struct site_answer *a)
{
	struct trouble_told config;

	trouble_get(s->setup.trouble, TROUBLE_CONFIG, &config);
	a->type = METRICS_TYPE;
	status_metrics_daemon(true, config.since, &a->body);
}

static int64_t hangs_since(const struct status *s)
{
	int64_t first = 0;

	for (size_t i = 0; i < s->setup->n_places; i++) {
		int64_t since = s->places[i].setup->is_client ? 0 : s->places[i].client.down_since;
		if (since && (!first || since < first))
			first = since;
	}
	return first;
}

static void show_ready(const struct status *status, struct site_answer *a)
{
	/* Without the detail: it is open to everybody. */
	struct fact f = {.what = FACT_STUCK, .since = status->work.since};

	if (!f.since && status_is_overdue(status))
		f = (struct fact){.what = FACT_OVERDUE, .since = status->clock.next_cycle};
	else if (!f.since)
		f = (struct fact){.what = FACT_FOLDER_HANGS,
				  .folder = "of a container",
				  .since = hangs_since(status)};
	OWN_STR char *title = f.since ? fact_title(&f, status->now) : mem_dup("ready");
	say(a, f.since ? 503 : 200, title);
}

static const struct route {
	const char *path;
	bool open; /* to everybody */
	void (*answer)(struct site *s, const struct site_request *r, struct site_answer *a);
	void (*show)(const struct status *status, struct site_answer *a);
} routes[] = {
	{"/", false, NULL, show_page},
	{"/api/status", false, NULL, show_json},
	{"/api/history", false, answer_history, NULL},
	{"/metrics", false, NULL, show_metrics},
	{"/healthz/live", true, answer_live, NULL},
	{"/healthz/ready", true, NULL, show_ready},
};

static const struct route *find(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

static void show(struct site *s, const struct route *route, struct site_answer *a)
{
	OWN(status_clear) struct status status = {0};
	struct err err;

	if (gather(s, &status, &err))
		route->show(&status, a);
	else if (route->show == show_metrics)
		show_stuck(s, a);
	else if (route->open)
		say(a, 503, "the ledger cannot be read");
	else
		say_trouble(s, a, &err);
}

/* A page, not what programs ask for. */
static bool is_page(const struct route *route, const char *path)
{
	return route ? route->show == show_page
		     : !text_starts(path, "/api/") && !text_starts(path, "/healthz/");
}

static bool shows_pages(const char *accept)
{
	return accept && text_has_nocase(accept, "text/html");
}

/* What was refused in a line of text. */
static void make_page_of(struct site_answer *a, const char *path)
{
	OWN_STR char *text = mem_dupn(a->body.data, a->body.len - 1);

	buf_reset(&a->body);
	a->type = "text/html; charset=utf-8";
	status_html_refusal(a->status, text, path, &a->body);
}

static void answer_route(struct site *s, const struct route *route, const struct site_request *r,
			 struct site_answer *a)
{
	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
		say(a, 405, "only GET and HEAD");
	else if (!(route && route->open) && !is_let_in(s, r, a))
		return;
	else if (!route)
		say(a, 404, "there is nothing here");
	else if (route->answer)
		route->answer(s, r, a);
	else
		show(s, route, a);
	if (a->body.full)
		say(a, 500, "there is too much to show; `ptp-archiver status` shows all");
}

void site_answer(struct site *s, const struct site_request *r, struct site_answer *a)
{
	const struct route *route = find(r->path);

	*a = (struct site_answer){.status = 200, .policy = s->policy};
	a->body.max = SITE_ANSWER_MAX_BYTES;
	answer_route(s, route, r, a);
	if (a->status >= 400 && is_page(route, r->path) && shows_pages(r->accept))
		make_page_of(a, r->path);
}
