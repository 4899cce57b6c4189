#include "ports/client_rtorrent.h"

#include "base/df.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/scgi.h"
#include "base/text.h"
#include "base/url.h"
#include "ports/client_common.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* Limits: of a request (a .torrent in base64), of values in an answer, of texts kept. */
#define REQUEST_MAX_BYTES (48u << 20)
#define ANSWER_MAX_VALUES 10000
#define LIST_MAX_VALUES ((size_t)CLIENT_TORRENTS_MAX * (RTORRENT_COLUMNS + 1) + 100)
#define FOLDER_MAX_BYTES 4096

/* Client notes, section 3.3: the bodies that SCGI takes, and what the limit can be set to. */
#define SCGI_LIMIT_0_9 (2u << 20)
#define SCGI_LIMIT (16u << 20)

#define LOAD_MARK "d.custom.set=" RTORRENT_MARK "," RTORRENT_ADDING

static const struct client_about about = {
	.what = "rTorrent's XML-RPC",
	.where = "the URL must be the one that the proxy hands to rTorrent, often .../RPC2",
	.unseen = "it seems to think it broken",
};

struct rtorrent {
	struct client_common c;
	struct scgi_address address; /* where it is not called over HTTP */
};

/* Labels are percent-encoded, as encodeURIComponent does it (ruTorrent's convention).  As it is
 * where no UTF-8 comes out. */
static char *label_of(const char *custom1)
{
	OWN_STR char *label = text_percent_decoded(custom1);

	return text_is_utf8(label, strlen(label)) ? OWN_TAKE(label) : mem_dup(custom1);
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
	OWN_STR char *words = client_words(fault_text(x, v));

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

static bool says_too_large(const char *text)
{
	return text_has_nocase(text, "too large");
}

bool rtorrent_read_presence(const struct xmlrpc *x, enum rtorrent_presence *presence,
			    struct err *err)
{
	bool absent = x->fault && says_absent(fault_text(x, x->values));

	if (!absent && !rtorrent_read_done(x, err))
		return false;
	bool half = strcmp(xmlrpc_text(x, x->values), RTORRENT_ADDING) == 0;
	*presence = absent ? RTORRENT_ABSENT : half ? RTORRENT_HALF_ADDED : RTORRENT_PRESENT;
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
	MULTI_FILE
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
	OWN_STR char *folder = own ? fs_parent(path) : mem_dup(path);

	return *folder ? text_clean(folder, strlen(folder), FOLDER_MAX_BYTES) : NULL;
}

static void fill_in(struct client_torrent *t, const struct row *r)
{
	OWN_STR char *label = label_of(text_at(r, CUSTOM1));
	uint64_t done = number_at(r, DONE);

	client_torrent_hash(t->id, sizeof t->id, text_at(r, HASH));
	memcpy(t->v1, t->id, sizeof t->v1);
	t->name = client_torrent_name(text_at(r, NAME));
	t->category = client_torrent_name(label);
	t->folder = folder_of(r);
	t->message = *text_at(r, MESSAGE) ? client_words(text_at(r, MESSAGE)) : NULL;
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
		struct client_torrent *t = client_add_torrent(all, err);
		if (!t)
			return false;
		fill_in(t, &r);
	}
	return true;
}

bool rtorrent_read_df(const char *text, struct client_space *space)
{
	return df_read(text, &space->free, &space->total);
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
static bool say(const struct rtorrent *c, struct err *err)
{
	client_unreached(err);
	return !err_is_stop(err) && client_named(&c->c, false, err);
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

	if (!client_send(&c->c, &call, &reply, err) || !client_judge(&c->c, &reply, err))
		return false;
	*answer = reply.body;
	reply.body = (struct buf){0};
	return true;
}

static bool over_scgi(struct rtorrent *c, const struct buf *request, struct buf *answer,
		      struct err *err)
{
	const struct scgi_request r = {.to = &c->address,
				       .body = request->data,
				       .len = request->len,
				       .timeout_ms = c->c.timeout_ms,
				       .wake = c->c.wake};

	return scgi_call(&r, answer, err) || say(c, err);
}

/* An answer is true, a fault too. */
static bool ask(struct rtorrent *c, const struct buf *request, bool is_list, struct xmlrpc *x,
		struct err *err)
{
	OWN_BUF struct buf answer =
		BUF_MAX(is_list ? CLIENT_LIST_MAX_BYTES : CLIENT_ANSWER_MAX_BYTES);
	size_t values = is_list ? LIST_MAX_VALUES : ANSWER_MAX_VALUES;

	if (request->full)
		return client_fail(&c->c, err, ERR_ITEM, "the request is too large");
	if (!(c->c.web ? over_http : over_scgi)(c, request, &answer, err))
		return false;
	if (xmlrpc_read(answer.data ? answer.data : (char[]){0}, answer.len, values, x, err))
		return true;
	if (text_has_nocase(buf_text(&answer), "<html"))
		client_page(&about, err);
	return say(c, err);
}

#define REQUEST(name) OWN_BUF struct buf name = BUF_MAX(REQUEST_MAX_BYTES)
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* A call whose parameters are texts. */
static bool ask_texts(struct rtorrent *c, const char *method, const char *const texts[],
		      struct xmlrpc *x, struct err *err)
{
	REQUEST(request);

	xmlrpc_call(&request, method, texts);
	return ask(c, &request, false, x, err);
}

static bool rtorrent_ready(struct client *client, struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
	OWN_XMLRPC struct xmlrpc x = {0};

	return ask_texts(c, "system.client_version", TEXTS(NULL), &x, err) &&
	       (rtorrent_read_done(&x, err) || say(c, err));
}

/* Delivery */

/* A client_look; `out` is an enum rtorrent_presence. */
static bool look(struct client *client, const struct delivery *d, void *out, bool *there,
		 struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
	enum rtorrent_presence *presence = out;
	OWN_XMLRPC struct xmlrpc x = {0};

	if (!ask_texts(c, "d.custom", TEXTS(d->v1, RTORRENT_MARK), &x, err))
		return false;
	if (!rtorrent_read_presence(&x, presence, err))
		return say(c, err);
	*there = *presence != RTORRENT_ABSENT;
	return true;
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
	return client_fail(&c->c, err, ERR_ITEM,
			   "to hand over this .torrent takes a request of %s, and this rTorrent "
			   "takes %s; put it into a folder that rTorrent watches",
			   has, may);
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
	if (says_too_large(fault_text(&x, x.values)))
		err->kind = ERR_ITEM;
	return say(c, err);
}

/* It says that it took whatever it gets, so that says nothing. */
static bool add(struct client *client, const struct delivery *d, bool *taken, struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
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
	*taken = false;
	return ok;
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

/* Label and folder, before anything is started: it would begin in the wrong place.  rTorrent itself
 * makes no more than the last folder of a path, and says nothing when it cannot (seen with 0.9.8);
 * where no program may be run the folder has to be there. */
static bool place(struct rtorrent *c, const struct delivery *d, struct err *err)
{
	const struct placement *p = d->placement;
	OWN_STR char *label = p->category ? url_escape(p->category) : NULL;
	OWN_XMLRPC struct xmlrpc made = {0};
	struct xmlrpc_step steps[2];
	size_t n = 0;

	if (label)
		steps[n++] = (struct xmlrpc_step){"d.custom1.set", {d->v1, label}};
	if (p->save_path)
		steps[n++] = (struct xmlrpc_step){"d.directory.set", {d->v1, p->save_path}};
	if (p->save_path && !ask_texts(c, "execute.nothrow",
				       TEXTS("", "mkdir", "-p", "--", p->save_path), &made, err))
		return false;
	return run_steps(c, steps, n, err);
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
	const struct xmlrpc_step start = {"d.start", {d->v1}};
	bool started;

	if (!is_started(c, d->v1, &started, err) || (!started && !place(c, d, err)))
		return false;
	if (!started && !d->placement->paused && !run_steps(c, &start, 1, err))
		return false;
	return seal(c, d->v1, err);
}

static bool check(const struct rtorrent *c, const struct delivery *d, struct err *err)
{
	if (*d->v1)
		return client_check_texts(&c->c, d->placement, err);
	return client_fail(&c->c, err, ERR_ITEM,
			   "the torrent is of BitTorrent v2 only, which rTorrent does not take");
}

static bool rtorrent_deliver(struct client *client, const struct delivery *d, bool resumed,
			     char **path, struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
	enum rtorrent_presence presence;
	bool is_new;

	(void)resumed;
	if (!check(c, d, err) || !client_add_once(&c->c, d, look, add, &presence, &is_new, err))
		return false;
	if (presence == RTORRENT_HALF_ADDED && !finish(c, d, err))
		return false;
	*path = mem_dup(c->c.name);
	return true;
}

/* What there is */

/* d.multicall2 is called d.multicall from 0.16.16 on, where the old name needs an option; before,
 * that was another command's name. */
static bool ask_all(struct rtorrent *c, const char *const columns[], size_t n, struct xmlrpc *x,
		    struct err *err)
{
	static const char *const methods[] = {"d.multicall2", "d.multicall"};
	const char *texts[RTORRENT_COLUMNS + 3] = {"", "main"};

	memcpy(&texts[2], columns, n * sizeof *columns);
	for (int i = 0;; i++) {
		REQUEST(request);
		xmlrpc_call(&request, methods[i], texts);
		if (!ask(c, &request, true, x, err))
			return false;
		if (i == 1 || !x->fault ||
		    !text_has_nocase(fault_text(x, x->values), "not defined"))
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

	if (!ask_all(c, rtorrent_columns, RTORRENT_COLUMNS, &x, err) ||
	    !(rtorrent_read_list(&x, category, &found, err) || say(c, err)))
		return false;
	*all = client_torrents_take(&found);
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

	for (int i = 0; i < CLIENT_FOLDERS_MAX; i++) {
		xmlrpc_add_text(request, path);
		char *above = fs_parent(path);
		bool is_last = strcmp(above, path) == 0;
		free(path);
		path = above;
		if (is_last)
			return;
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
	       client_fail(&c->c, err, ERR_RETRY,
			   "rTorrent does not tell the free space: df cannot be run there, and no "
			   "torrent is open in this folder");
}

static bool rtorrent_space(struct client *client, const struct placement *p,
			   struct client_space *space, struct err *err)
{
	struct rtorrent *c = (struct rtorrent *)client;
	OWN_STR char *folder = mem_dup(p ? p->save_path : NULL);
	OWN_XMLRPC struct xmlrpc x = {0};

	if ((!folder && !default_folder(c, &folder, err)) || !ask_df(c, folder, &x, err))
		return false;
	return rtorrent_read_df(xmlrpc_text(&x, x.values), space) ||
	       space_of_torrents(c, folder, space, err);
}

static const struct client_ops rtorrent_ops = {
	.ready = rtorrent_ready,
	.deliver = rtorrent_deliver,
	.list = rtorrent_list,
	.space = rtorrent_space,
	.close = client_common_close,
};

static bool open_scgi(struct rtorrent *c, const struct client_options *o, struct err *err)
{
	bool ok = o->socket ? scgi_address_of_socket(o->socket, &c->address, err)
			    : scgi_address_of_url(o->url ? o->url : "", &c->address, err);

	return ok || err_wrap(err, "%s", o->name);
}

struct client *client_rtorrent_open(const struct client_options *o, struct err *err)
{
	struct rtorrent *c = client_new(sizeof *c, &rtorrent_ops, &about, o);
	bool is_http = o->url && strncasecmp(o->url, "http", 4) == 0;

	if (is_http ? client_open_web(&c->c, o->url, o, err) : open_scgi(c, o, err))
		return &c->c.base;
	client_close(&c->c.base);
	return NULL;
}
