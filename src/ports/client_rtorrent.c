#include "ports/client_rtorrent.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/scgi.h"
#include "base/text.h"
#include "base/web.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Limits: of a request (a .torrent in base64), of values in an answer, of texts kept. */
#define REQUEST_MAX_BYTES (48u << 20)
#define ANSWER_MAX_VALUES 10000
#define LIST_MAX_VALUES ((size_t)CLIENT_TORRENTS_MAX * (RTORRENT_COLUMNS + 1) + 100)
#define NAME_MAX_BYTES 1024
#define MESSAGE_MAX_BYTES 300
#define FOLDER_MAX_BYTES 4096
#define FOLDERS_MAX 32 /* a folder and those above it */

/* Client notes, section 3.3: the bodies that SCGI takes, and what the limit can be set to. */
#define SCGI_LIMIT_0_9 (2u << 20)
#define SCGI_LIMIT (16u << 20)

#define LOAD_MARK "d.custom.set=" RTORRENT_MARK "," RTORRENT_ADDING

struct rtorrent {
	struct client base;
	char *name;                  /* owned */
	struct web *web;             /* owned; NULL: over SCGI */
	struct scgi_address address; /* of SCGI */
	int timeout_ms;
	struct wake *wake; /* borrowed */
};

/* Texts of rTorrent and of trackers */

/* Cuts each "scheme://host/path" behind its "://", in place. */
static void cut_addresses(char *text)
{
	char *to = text;

	for (const char *at = text; *at;) {
		if (!text_starts(at, "://")) {
			*to++ = *at++;
			continue;
		}
		memcpy(to, "://", 3);
		to += 3;
		at += 3 + strcspn(at + 3, " \"'<>()[]");
	}
	*to = '\0';
}

/* A printable copy without addresses and keys. */
static char *safe_words(const char *text)
{
	char *words = secret_mask(text, strlen(text), MESSAGE_MAX_BYTES, NULL, 0);

	cut_addresses(words);
	return words;
}

static char *printable(const char *text, size_t max)
{
	return *text ? text_printable(text, strlen(text), max) : NULL;
}

/* Labels: percent-encoded, as encodeURIComponent does it (ruTorrent's convention) */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What is no escape stays as it is; so does everything where UTF-8 does not come out. */
static char *label_of(const char *custom1)
{
	OWN_STR char *out = mem_dup(custom1);
	char *to = out;

	for (const char *at = custom1; *at;) {
		int high = *at == '%' ? hex_digit(at[1]) : -1;
		int low = high >= 0 ? hex_digit(at[2]) : -1;
		bool escape = low >= 0 && (high || low);
		*to++ = escape ? (char)(high * 16 + low) : *at;
		at += escape ? 3 : 1;
	}
	*to = '\0';
	return text_is_utf8(out, strlen(out)) ? OWN_TAKE(out) : mem_dup(custom1);
}

bool rtorrent_is_label(const char *custom1, const char *category)
{
	OWN_STR char *label = label_of(custom1);

	return strcmp(label, category) == 0 || strcmp(custom1, category) == 0;
}

/* Readers */

static bool odd(struct err *err)
{
	return err_set(err, ERR_RETRY, WORD_CLIENT, "the answer is of a shape that is not known");
}

static const char *fault_text(const struct xmlrpc *x, const struct xmlrpc_value *v)
{
	return xmlrpc_text(x, xmlrpc_member(x, v, "faultString"));
}

static bool fault(const struct xmlrpc *x, const struct xmlrpc_value *v, struct err *err)
{
	OWN_STR char *words = safe_words(fault_text(x, v));

	return err_set(err, ERR_RETRY, WORD_CLIENT, "rTorrent says \"%s\" (%" PRId64 ")", words,
		       xmlrpc_number(xmlrpc_member(x, v, "faultCode"), 0));
}

bool rtorrent_read_done(const struct xmlrpc *x, struct err *err)
{
	return !x->fault || fault(x, x->values, err);
}

/* 0.9.8: "Could not find info-hash."; 0.16: "invalid parameters: info-hash not found". */
static bool says_absent(const char *text)
{
	return text_has_nocase(text, "info-hash") &&
	       (text_has_nocase(text, "not find") || text_has_nocase(text, "not found"));
}

bool rtorrent_read_presence(const struct xmlrpc *x, enum rtorrent_presence *presence,
			    struct err *err)
{
	bool absent = x->fault && says_absent(fault_text(x, x->values));

	if (!absent && !rtorrent_read_done(x, err))
		return false;
	if (absent)
		*presence = RTORRENT_ABSENT;
	else if (strcmp(xmlrpc_text(x, x->values), RTORRENT_ADDING) == 0)
		*presence = RTORRENT_HALF_ADDED;
	else
		*presence = RTORRENT_PRESENT;
	return true;
}

/* Of each step there is an array with its result, or the struct of a fault. */
bool rtorrent_read_steps(const struct xmlrpc *x, size_t n, struct err *err)
{
	const struct xmlrpc_value *all = x->values, *step = xmlrpc_first(all);

	if (!rtorrent_read_done(x, err))
		return false;
	if (all->type != XMLRPC_ARRAY || all->n != n)
		return odd(err);
	for (size_t i = 0; i < n; i++, step = xmlrpc_next(step)) {
		if (step->type == XMLRPC_STRUCT)
			return fault(x, step, err);
		if (step->type != XMLRPC_ARRAY)
			return odd(err);
	}
	return true;
}

enum column {
	HASH,
	NAME,
	STATE,
	ACTIVE,
	COMPLETE,
	HASHING,
	RATE,
	DONE,
	SIZE,
	CUSTOM1,
	MESSAGE,
	DIRECTORY,
	MULTI_FILE,
};

const char *const rtorrent_columns[RTORRENT_COLUMNS] = {
	[HASH] = "d.hash=",
	[NAME] = "d.name=",
	[STATE] = "d.state=",
	[ACTIVE] = "d.is_active=",
	[COMPLETE] = "d.complete=",
	[HASHING] = "d.hashing=",
	[RATE] = "d.down.rate=",
	[DONE] = "d.completed_bytes=",
	[SIZE] = "d.size_bytes=",
	[CUSTOM1] = "d.custom1=",
	[MESSAGE] = "d.message=",
	[DIRECTORY] = "d.directory=",
	[MULTI_FILE] = "d.is_multi_file=",
};

struct row {
	const struct xmlrpc *x;
	const struct xmlrpc_value *at[RTORRENT_COLUMNS];
};

static const char *text_at(const struct row *r, enum column c)
{
	return xmlrpc_text(r->x, r->at[c]);
}

static uint64_t number_at(const struct row *r, enum column c)
{
	int64_t n = xmlrpc_number(r->at[c], 0);

	return n > 0 ? (uint64_t)n : 0;
}

/*
 * Is it more than a tracker that could not be reached for once?  What trackers say of a torrent
 * comes as `Tracker: [Failure reason "..."]`; other words in the brackets are about the connection,
 * and pass (seen with 0.9.8).  Without them it is the client's own trouble: storage, hash checks.
 */
static bool is_trouble(const char *message)
{
	return *message &&
	       (!text_starts(message, "Tracker: [") || text_has_nocase(message, "failure reason"));
}

/* Client notes, section 3.4. */
static enum client_state state_of(const struct row *r)
{
	if (number_at(r, HASHING))
		return CLIENT_CHECKING;
	if (is_trouble(text_at(r, MESSAGE)))
		return CLIENT_ERROR;
	if (!number_at(r, STATE) || !number_at(r, ACTIVE))
		return CLIENT_PAUSED;
	if (number_at(r, COMPLETE))
		return CLIENT_SEEDING;
	return number_at(r, RATE) ? CLIENT_DOWNLOADING : CLIENT_STALLED;
}

/* d.directory of a torrent with several files ends in its name, which d.directory.set put there. */
static char *folder_of(const struct row *r)
{
	const char *path = text_at(r, DIRECTORY), *slash = strrchr(path, '/');
	bool own = number_at(r, MULTI_FILE) && slash && strcmp(slash + 1, text_at(r, NAME)) == 0;
	OWN_STR char *folder =
		own ? mem_dupn(path, slash == path ? 1 : (size_t)(slash - path)) : mem_dup(path);

	return printable(folder, FOLDER_MAX_BYTES);
}

static void fill_in(struct client_torrent *t, const struct row *r)
{
	OWN_STR char *label = label_of(text_at(r, CUSTOM1));
	uint64_t done = number_at(r, DONE);

	client_torrent_hash(t->id, sizeof t->id, text_at(r, HASH));
	memcpy(t->v1, t->id, sizeof t->v1);
	t->name = printable(text_at(r, NAME), NAME_MAX_BYTES);
	t->category = printable(label, NAME_MAX_BYTES);
	t->folder = folder_of(r);
	t->message = *text_at(r, MESSAGE) ? safe_words(text_at(r, MESSAGE)) : NULL;
	t->state = state_of(r);
	t->size = number_at(r, SIZE);
	t->left = done < t->size ? t->size - done : 0;
	t->complete = number_at(r, COMPLETE) > 0;
}

static bool read_row(const struct xmlrpc *x, const struct xmlrpc_value *v, struct row *r)
{
	const struct xmlrpc_value *item = xmlrpc_first(v);

	if (!item || v->n != RTORRENT_COLUMNS)
		return false;
	r->x = x;
	for (size_t i = 0; i < RTORRENT_COLUMNS; i++, item = xmlrpc_next(item))
		r->at[i] = item;
	return strlen(text_at(r, HASH)) == 40;
}

bool rtorrent_read_list(const struct xmlrpc *x, const char *category, struct client_torrents *all,
			struct err *err)
{
	const struct xmlrpc_value *list = x->values, *v = xmlrpc_first(list);
	struct row r;

	if (!rtorrent_read_done(x, err))
		return false;
	if (list->type != XMLRPC_ARRAY)
		return odd(err);
	for (uint32_t i = 0; i < list->n; i++, v = xmlrpc_next(v)) {
		if (!read_row(x, v, &r))
			return odd(err);
		if (category && !rtorrent_is_label(text_at(&r, CUSTOM1), category))
			continue;
		struct client_torrent *t = client_torrents_add(all);
		if (!t)
			return err_set(err, ERR_RETRY, WORD_CLIENT,
				       "it has more than %d torrents, which is too many",
				       CLIENT_TORRENTS_MAX);
		fill_in(t, &r);
	}
	return true;
}

/* A number of KiB at *at, which is moved behind it and the blanks; false: there is none. */
static bool kib(const char **at, uint64_t *bytes)
{
	size_t digits = strspn(*at, "0123456789");
	char text[24];

	if (digits == 0 || digits >= sizeof text || (*at)[digits] != ' ')
		return false;
	memcpy(text, *at, digits);
	text[digits] = '\0';
	if (!num_u64(text, UINT64_MAX / 1024, bytes))
		return false;
	*bytes *= 1024;
	*at += digits;
	*at += strspn(*at, " ");
	return true;
}

/* "<blocks> <used> <available> <capacity>%", where one begins; a device's name may hold blanks. */
static bool df_numbers(const char *at, struct client_space *space)
{
	struct client_space s;
	uint64_t used;

	if (!kib(&at, &s.total) || !kib(&at, &used) || !kib(&at, &s.free))
		return false;
	at += strspn(at, "0123456789");
	if ((*at != '%' && *at != '-') || at[1] != ' ')
		return false;
	*space = s;
	return true;
}

bool rtorrent_read_df(const char *text, struct client_space *space)
{
	for (const char *at = text; *at; at++)
		if (at > text && at[-1] == ' ' && df_numbers(at, space))
			return true;
	return false;
}

static bool is_within(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	while (len && folder[len - 1] == '/')
		len--;
	return strncmp(path, folder, len) == 0 && (path[len] == '/' || !path[len]);
}

bool rtorrent_read_free(const struct xmlrpc *x, const char *folder, struct client_space *space)
{
	const struct xmlrpc_value *v = x->fault ? NULL : xmlrpc_first(x->values);

	for (uint32_t i = 0; v && i < x->values->n; i++, v = xmlrpc_next(v)) {
		const struct xmlrpc_value *path = v->n == 2 ? xmlrpc_first(v) : NULL;
		int64_t bytes = path ? xmlrpc_number(xmlrpc_next(path), 0) : 0;
		if (bytes > 0 && is_within(xmlrpc_text(x, path), folder)) {
			*space = (struct client_space){.free = (uint64_t)bytes};
			return true;
		}
	}
	return false;
}

size_t rtorrent_scgi_limit(const char *version)
{
	return num_version_compare(version, "0.10") < 0 ? SCGI_LIMIT_0_9 : SCGI_LIMIT;
}

/* Calls */

/* Whatever went wrong there, here it is the client's trouble; but a stop is none. */
static bool as_clients(const struct rtorrent *c, bool named, struct err *err)
{
	if (strcmp(err->word, WORD_STOPPED) == 0)
		return false;
	text_copy(err->word, sizeof err->word, WORD_CLIENT);
	return !named && err_wrap(err, "%s", c->name);
}

static bool say_status(struct rtorrent *c, const struct http_reply *reply, struct err *err)
{
	switch (reply->status) {
	case 401:
		c->base.refused = true;
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "the proxy in front of rTorrent does not accept user and password "
			       "(HTTP 401)");
	case 403:
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "the proxy in front of rTorrent does not let us in (HTTP 403)");
	case 404:
	case 405:
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "HTTP %ld: there is no XML-RPC; the URL must be the one that the "
			       "proxy hands to rTorrent, often .../RPC2",
			       reply->status);
	case 413:
		return err_set(err, ERR_ITEM, WORD_CLIENT,
			       "HTTP 413: the .torrent is larger than what the proxy lets through "
			       "(nginx: client_max_body_size)");
	case 502:
	case 503:
	case 504:
		return err_set(err, ERR_RETRY, WORD_CLIENT,
			       "HTTP %ld: the proxy does not reach rTorrent; is it running?",
			       reply->status);
	default:
		return err_set(err, ERR_RETRY, WORD_CLIENT, "HTTP %ld", reply->status);
	}
}

static bool check_status(struct rtorrent *c, const struct http_reply *reply, struct err *err)
{
	if (reply->status == 200)
		return true;
	if (reply->redirect_host[0])
		return err_set(
			err, ERR_TARGET, WORD_CLIENT,
			"HTTP %ld: a redirect to %s, which is not followed; use the URL that "
			"it leads to",
			reply->status, reply->redirect_host);
	return say_status(c, reply, err);
}

static bool over_http(struct rtorrent *c, const struct buf *request, struct buf *answer,
		      struct err *err)
{
	static const char *const headers[] = {"Content-Type: text/xml", NULL};
	OWN_HTTP_REPLY struct http_reply reply = {0};
	const struct web_call call = {.path = "",
				      .headers = headers,
				      .body = request->data,
				      .body_len = request->len,
				      .max_body = answer->max};

	if (!web_call(c->web, &call, &reply, err))
		return as_clients(c, true, err);
	if (!check_status(c, &reply, err))
		return as_clients(c, false, err);
	struct buf body = reply.body;
	reply.body = (struct buf){0};
	body.max = answer->max;
	*answer = body;
	return true;
}

static bool over_scgi(const struct rtorrent *c, const struct buf *request, struct buf *answer,
		      struct err *err)
{
	const struct scgi_request r = {.to = &c->address,
				       .body = request->data,
				       .len = request->len,
				       .timeout_ms = c->timeout_ms,
				       .wake = c->wake};

	return scgi_call(&r, answer, err) || as_clients(c, false, err);
}

/* A page instead of XML: somebody else answers there. */
static bool say_unreadable(const struct rtorrent *c, const struct buf *answer, struct err *err)
{
	const char *start = buf_text(answer);

	if (text_has_nocase(start, "<html"))
		err_set(err, ERR_TARGET, WORD_CLIENT,
			"what answers is a web page and not rTorrent's XML-RPC; the URL must be "
			"the one that the proxy hands to rTorrent, often .../RPC2");
	return as_clients(c, false, err);
}

/* An answer is true, a fault too. */
static bool ask(struct rtorrent *c, const struct buf *request, bool is_list, struct xmlrpc *x,
		struct err *err)
{
	OWN_BUF struct buf answer =
		BUF_MAX(is_list ? CLIENT_LIST_MAX_BYTES : CLIENT_ANSWER_MAX_BYTES);
	size_t values = is_list ? LIST_MAX_VALUES : ANSWER_MAX_VALUES;

	if (c->base.refused)
		return err_set(err, ERR_TARGET, WORD_CLIENT,
			       "%s: user and password were refused, and are not tried again before "
			       "a reload",
			       c->name);
	if (request->full)
		return err_set(err, ERR_ITEM, WORD_CLIENT, "%s: the request is too large", c->name);
	bool ok =
		c->web ? over_http(c, request, &answer, err) : over_scgi(c, request, &answer, err);
	if (!ok)
		return false;
	return xmlrpc_read(answer.data ? answer.data : (char[]){0}, answer.len, values, x, err) ||
	       say_unreadable(c, &answer, err);
}

#define REQUEST(name) OWN_BUF struct buf name = BUF_MAX(REQUEST_MAX_BYTES)

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A call whose parameters are texts. */
static bool ask_texts(struct rtorrent *c, const char *method, const char *const texts[],
		      struct xmlrpc *x, struct err *err)
{
	REQUEST(request);

	xmlrpc_begin(&request, method);
	for (; *texts; texts++)
		xmlrpc_add_text(&request, *texts);
	xmlrpc_end(&request);
	return ask(c, &request, false, x, err);
}

static bool say(const struct rtorrent *c, struct err *err)
{
	return as_clients(c, false, err);
}

static bool rtorrent_ready(struct client *client, struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
	OWN_XMLRPC struct xmlrpc x = {0};

	return ask_texts(c, "system.client_version", TEXTS(NULL), &x, err) &&
	       (rtorrent_read_done(&x, err) || say(c, err));
}

/* Delivery */

static bool look(struct rtorrent *c, const char *v1, enum rtorrent_presence *presence,
		 struct err *err)
{
	OWN_XMLRPC struct xmlrpc x = {0};

	return ask_texts(c, "d.custom", TEXTS(v1, RTORRENT_MARK), &x, err) &&
	       (rtorrent_read_presence(&x, presence, err) || say(c, err));
}

static bool set_limit(struct rtorrent *c, size_t bytes, struct err *err)
{
	REQUEST(request);
	OWN_XMLRPC struct xmlrpc x = {0};

	xmlrpc_begin(&request, "network.xmlrpc.size_limit.set");
	xmlrpc_add_text(&request, "");
	xmlrpc_add_number(&request, (int32_t)bytes);
	xmlrpc_end(&request);
	return ask(c, &request, false, &x, err) && (rtorrent_read_done(&x, err) || say(c, err));
}

static bool too_large(const struct rtorrent *c, size_t body, size_t limit, struct err *err)
{
	char has[NUM_TEXT], may[NUM_TEXT];

	num_bytes(body, has);
	num_bytes(limit, may);
	return err_set(err, ERR_ITEM, WORD_CLIENT,
		       "%s: to hand over this .torrent takes a request of %s, and this rTorrent "
		       "takes %s; put it into a folder that rTorrent watches",
		       c->name, has, may);
}

/* What SCGI takes, whatever the limit of XML-RPC is set to; asked for only where it may matter. */
static bool fits_scgi(struct rtorrent *c, size_t body, struct err *err)
{
	OWN_XMLRPC struct xmlrpc x = {0};

	if (body <= SCGI_LIMIT_0_9)
		return true;
	if (!ask_texts(c, "system.client_version", TEXTS(NULL), &x, err))
		return false;
	size_t limit = rtorrent_scgi_limit(xmlrpc_text(&x, x.values));
	return body <= limit || too_large(c, body, limit, err);
}

/* *was: what the limit has to be set back to; 0: it was not raised. */
static bool make_room(struct rtorrent *c, size_t body, size_t *was, struct err *err)
{
	OWN_XMLRPC struct xmlrpc x = {0};

	*was = 0;
	if (!fits_scgi(c, body, err) ||
	    !ask_texts(c, "network.xmlrpc.size_limit", TEXTS(""), &x, err))
		return false;
	int64_t limit = xmlrpc_number(x.values, INT64_MAX);
	if (x.fault || limit <= 0 || limit >= (int64_t)body)
		return true;
	if (!set_limit(c, body, err))
		return err->kind == ERR_RETRY && too_large(c, body, (size_t)limit, err);
	*was = (size_t)limit;
	return true;
}

/* Stopped, with our mark, which is a constant and the only command. */
static bool load(struct rtorrent *c, const struct buf *request, struct err *err)
{
	OWN_XMLRPC struct xmlrpc x = {0};

	if (!ask(c, request, false, &x, err))
		return false;
	if (rtorrent_read_done(&x, err))
		return true;
	if (text_has_nocase(err->msg, "too large"))
		err->kind = ERR_ITEM;
	return say(c, err);
}

static bool add(struct rtorrent *c, const struct delivery *d, struct err *err)
{
	REQUEST(request);
	struct err ignored;
	size_t was;

	xmlrpc_begin(&request, "load.raw");
	xmlrpc_add_text(&request, "");
	xmlrpc_add_base64(&request, d->bytes->data, d->bytes->len);
	xmlrpc_add_text(&request, LOAD_MARK);
	xmlrpc_end(&request);
	if (!make_room(c, request.len, &was, err))
		return false;
	bool ok = load(c, &request, err);
	if (was && !set_limit(c, was, &ignored))
		was = 0; /* it stays raised, which does no harm */
	return ok;
}

static bool wait_until_there(struct rtorrent *c, const char *v1, enum rtorrent_presence *presence,
			     struct err *err)
{
	int64_t end = clock_monotonic() + CLIENT_APPEARS_MS;

	for (;;) {
		if (!look(c, v1, presence, err))
			return false;
		if (*presence != RTORRENT_ABSENT)
			return true;
		if (clock_monotonic() >= end)
			break;
		if (!wake_sleep(c->wake, CLIENT_POLL_MS, err))
			return false;
	}
	return err_set(err, ERR_ITEM, WORD_CLIENT,
		       "%s: rTorrent took the .torrent and has not loaded it; it seems to think "
		       "it broken",
		       c->name);
}

static bool run_steps(struct rtorrent *c, const struct xmlrpc_step *steps, size_t n,
		      struct err *err)
{
	REQUEST(request);
	OWN_XMLRPC struct xmlrpc x = {0};

	if (n == 0)
		return true;
	xmlrpc_multicall(&request, steps, n);
	return ask(c, &request, false, &x, err) && (rtorrent_read_steps(&x, n, err) || say(c, err));
}

/* rTorrent itself makes no more than the last folder of a path, and says nothing when it cannot
 * (seen with 0.9.8).  Where no program may be run the folder has to be there. */
static bool make_folder(struct rtorrent *c, const char *path, struct err *err)
{
	OWN_XMLRPC struct xmlrpc x = {0};

	return ask_texts(c, "execute.nothrow", TEXTS("", "mkdir", "-p", "--", path), &x, err);
}

/* Label and folder, before anything is started: it would begin in the wrong place. */
static bool place(struct rtorrent *c, const struct delivery *d, struct err *err)
{
	const struct placement *p = d->placement;
	OWN_STR char *label = p->category ? http_escape(p->category) : NULL;
	struct xmlrpc_step steps[2];
	size_t n = 0;

	if (label)
		steps[n++] = (struct xmlrpc_step){"d.custom1.set", {d->v1, label}};
	if (p->save_path)
		steps[n++] = (struct xmlrpc_step){"d.directory.set", {d->v1, p->save_path}};
	return (!p->save_path || make_folder(c, p->save_path, err)) && run_steps(c, steps, n, err);
}

static bool start(struct rtorrent *c, const struct delivery *d, struct err *err)
{
	const struct xmlrpc_step step = {"d.start", {d->v1}};

	return d->placement->paused || run_steps(c, &step, 1, err);
}

/* The last act; and without the session's file the label would be lost in a crash of rTorrent. */
static bool seal(struct rtorrent *c, const char *v1, struct err *err)
{
	const struct xmlrpc_step mark = {"d.custom.set", {v1, RTORRENT_MARK, RTORRENT_DELIVERED}};
	OWN_XMLRPC struct xmlrpc x = {0};

	return run_steps(c, &mark, 1, err) &&
	       ask_texts(c, "d.save_full_session", TEXTS(v1), &x, err);
}

static bool is_started(struct rtorrent *c, const char *v1, bool *started, struct err *err)
{
	OWN_XMLRPC struct xmlrpc x = {0};

	if (!ask_texts(c, "d.state", TEXTS(v1), &x, err))
		return false;
	*started = xmlrpc_number(x.values, 0) == 1;
	return rtorrent_read_done(&x, err) || say(c, err);
}

/* What was started has its place already; d.directory.set would close it, and a second d.start does
 * not open it again (seen with 0.9.8). */
static bool finish(struct rtorrent *c, const struct delivery *d, struct err *err)
{
	bool started;

	if (!is_started(c, d->v1, &started, err))
		return false;
	return (started || (place(c, d, err) && start(c, d, err))) && seal(c, d->v1, err);
}

static bool check_v1(const struct rtorrent *c, const struct delivery *d, struct err *err)
{
	return (d->v1 && *d->v1) ||
	       err_set(err, ERR_ITEM, WORD_CLIENT,
		       "%s: the torrent is of BitTorrent v2 only, which rTorrent does not take",
		       c->name);
}

static bool rtorrent_deliver(struct client *client, const struct delivery *d, bool resumed,
			     char **path, struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
	enum rtorrent_presence presence;

	(void)resumed;
	if (!check_v1(c, d, err) || !look(c, d->v1, &presence, err))
		return false;
	if (presence == RTORRENT_ABSENT &&
	    !(add(c, d, err) && wait_until_there(c, d->v1, &presence, err)))
		return false;
	if (presence == RTORRENT_HALF_ADDED && !finish(c, d, err))
		return false;
	*path = mem_dup(c->name);
	return true;
}

/* What there is */

static bool is_unknown_method(const struct xmlrpc *x)
{
	return x->fault && text_has_nocase(fault_text(x, x->values), "not defined");
}

/* d.multicall2 is called d.multicall from 0.16.16 on, where the old name needs an option; before,
 * that was another command's name. */
static bool ask_all(struct rtorrent *c, const char *const columns[], size_t n, struct xmlrpc *x,
		    struct err *err)
{
	static const char *const methods[] = {"d.multicall2", "d.multicall"};

	for (int i = 0;; i++) {
		REQUEST(request);
		xmlrpc_begin(&request, methods[i]);
		xmlrpc_add_text(&request, "");
		xmlrpc_add_text(&request, "main");
		for (size_t k = 0; k < n; k++)
			xmlrpc_add_text(&request, columns[k]);
		xmlrpc_end(&request);
		if (!ask(c, &request, true, x, err))
			return false;
		if (i == 1 || !is_unknown_method(x))
			return true;
		xmlrpc_clear(x);
	}
}

static bool rtorrent_list(struct client *client, const char *category, struct client_torrents *all,
			  struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
	OWN_CLIENT_TORRENTS struct client_torrents found = {0};
	OWN_XMLRPC struct xmlrpc x = {0};

	if (!ask_all(c, rtorrent_columns, RTORRENT_COLUMNS, &x, err))
		return false;
	if (!rtorrent_read_list(&x, category, &found, err))
		return say(c, err);
	*all = found;
	found = (struct client_torrents){0};
	return true;
}

static bool default_folder(struct rtorrent *c, char **folder, struct err *err)
{
	OWN_XMLRPC struct xmlrpc x = {0};

	if (!ask_texts(c, "directory.default", TEXTS(""), &x, err))
		return false;
	if (!rtorrent_read_done(&x, err))
		return say(c, err);
	const char *path = xmlrpc_text(&x, x.values);
	*folder = mem_dup(*path ? path : ".");
	return true;
}

/* The folder itself and those above it, as parameters. */
static void add_folders(struct buf *request, const char *folder)
{
	OWN_STR char *path = mem_dup(folder);

	for (int i = 0; i < FOLDERS_MAX; i++) {
		xmlrpc_add_text(request, path);
		char *slash = strrchr(path, '/');
		if (!slash || strcmp(path, "/") == 0)
			return;
		slash[slash == path] = '\0';
	}
}

/* Folders that are not there make df fail after it has told of the others, hence "nothrow". */
static bool ask_df(struct rtorrent *c, const char *folder, struct xmlrpc *x, struct err *err)
{
	static const char *const command[] = {"", "df", "-Pk", "--"};
	REQUEST(request);

	xmlrpc_begin(&request, "execute.capture_nothrow");
	for (size_t i = 0; i < sizeof command / sizeof *command; i++)
		xmlrpc_add_text(&request, command[i]);
	add_folders(&request, folder);
	xmlrpc_end(&request);
	return ask(c, &request, false, x, err);
}

/* Where no program may be run. */
static bool space_of_torrents(struct rtorrent *c, const char *folder, struct client_space *space,
			      struct err *err)
{
	static const char *const columns[] = {"d.directory=", "d.free_diskspace="};
	OWN_XMLRPC struct xmlrpc x = {0};

	if (!ask_all(c, columns, 2, &x, err))
		return false;
	return rtorrent_read_free(&x, folder, space) ||
	       err_set(err, ERR_RETRY, WORD_CLIENT,
		       "%s: rTorrent does not tell the free space: df cannot be run there, and no "
		       "torrent is open in this folder",
		       c->name);
}

static bool rtorrent_space(struct client *client, const struct placement *p,
			   struct client_space *space, struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
	OWN_STR char *folder = mem_dup(p ? p->save_path : NULL);
	OWN_XMLRPC struct xmlrpc x = {0};

	if (!folder && !default_folder(c, &folder, err))
		return false;
	if (!ask_df(c, folder, &x, err))
		return false;
	return rtorrent_read_df(xmlrpc_text(&x, x.values), space) ||
	       space_of_torrents(c, folder, space, err);
}

static void rtorrent_close(struct client *client)
{
	struct rtorrent *c = (struct rtorrent *)client;

	web_close(c->web);
	free(c->name);
	free(c);
}

static const struct client_ops rtorrent_ops = {
	.ready = rtorrent_ready,
	.deliver = rtorrent_deliver,
	.list = rtorrent_list,
	.space = rtorrent_space,
	.close = rtorrent_close,
};

static bool open_web(struct rtorrent *c, const struct client_options *o, struct err *err)
{
	bool proxy = o->proxy_user && *o->proxy_user;
	const struct web_options options = {.name = o->name,
					    .url = o->url,
					    .socket = o->socket,
					    .ca_file = o->ca_file,
					    .user = proxy ? o->proxy_user : o->user,
					    .password = proxy ? o->proxy_password : o->password,
					    .timeout_ms = o->timeout_ms,
					    .wake = o->wake};

	c->web = web_open(&options, err);
	return c->web != NULL;
}

static bool open_scgi(struct rtorrent *c, const struct client_options *o, struct err *err)
{
	bool ok = o->socket ? scgi_address_of_socket(o->socket, &c->address, err)
			    : scgi_address_of_url(o->url ? o->url : "", &c->address, err);

	return ok || err_wrap(err, "%s", o->name);
}

static bool is_http(const char *url)
{
	return url && strncasecmp(url, "http", 4) == 0;
}

struct client *client_rtorrent_open(const struct client_options *o, struct err *err)
{
	struct rtorrent *c = mem_alloc(sizeof *c);

	c->base.ops = &rtorrent_ops;
	c->name = mem_dup(o->name);
	c->timeout_ms = o->timeout_ms;
	c->wake = o->wake;
	if (is_http(o->url) ? open_web(c, o, err) : open_scgi(c, o, err))
		return &c->base;
	rtorrent_close(&c->base);
	return NULL;
}
