#include "core/audit.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/pick_up.h"

#include <string.h>

/* A client, and what it answered. */
struct asked {
	const struct destination *to;
	struct client_torrents torrents; /* sorted */
	struct err why;                  /* it could not be asked; word "" otherwise */
};

struct work {
	const struct run *run;
	const struct audit_scope *scope;
	struct asked *asked; /* owned */
	size_t n_asked;
};

/* ---- asking ---- */

static bool list(struct work *w, struct asked *a)
{
	log_progress(NULL, "asking %s for its torrents", a->to->name);
	return destination_list(w->run, a->to, NULL, &a->torrents, &a->why);
}

static bool ask(struct work *w, struct asked *a, struct err *err)
{
	bool ok = list(w, a);

	if (ok && !a->torrents.n) {
		if (!wake_sleep(w->run->wake, AUDIT_AGAIN_MS, err))
			return false;
		ok = list(w, a);
	}
	if (ok) {
		a->why = (struct err){0};
		client_torrents_sort(&a->torrents);
		return true;
	}
	if (destination_is_away(&a->why))
		return true;
	*err = a->why;
	return false;
}

/* The client's answer; it is asked when it is first needed. */
static struct asked *answer_of(struct work *w, const struct destination *to, struct err *err)
{
	for (size_t i = 0; i < w->n_asked; i++)
		if (w->asked[i].to == to)
			return &w->asked[i];
	struct asked *a = &w->asked[w->n_asked++];
	*a = (struct asked){.to = to};
	return ask(w, a, err) ? a : NULL;
}

static const struct destination *whom(const struct work *w, const char *container)
{
	for (size_t i = 0; i < w->scope->n; i++)
		if (strcmp(w->scope->targets[i].container->name, container) == 0)
			return w->scope->targets[i].asked;
	return NULL;
}

/* ---- judging ---- */

static bool is_awaited(const struct assignment *a)
{
	return a->pick_up == PICK_UP_DUE || a->pick_up == PICK_UP_LATE;
}

static void judge_found(struct audit_row *r, const struct client_torrent *t)
{
	static const enum audit_class classes[] = {
		[CLIENT_SEEDING] = AUDIT_SEEDING,   [CLIENT_DOWNLOADING] = AUDIT_DOWNLOADING,
		[CLIENT_STALLED] = AUDIT_STALLED,   [CLIENT_QUEUED] = AUDIT_QUEUED,
		[CLIENT_CHECKING] = AUDIT_CHECKING, [CLIENT_PAUSED] = AUDIT_PAUSED,
		[CLIENT_ERROR] = AUDIT_ERROR,
	};

	r->class = classes[t->state];
	r->left = t->left;
	r->message = mem_dup(t->message);
	if (t->idle_since && r->class == AUDIT_STALLED)
		r->since = t->idle_since;
}

static void judge_absent(struct audit_row *r)
{
	if (r->assignment.pick_up == PICK_UP_REFUSED)
		r->class = AUDIT_REFUSED;
	else
		r->class = is_awaited(&r->assignment) ? AUDIT_AWAITED : AUDIT_MISSING;
}

static void judge_unasked(struct audit_row *r, enum audit_class class)
{
	judge_absent(r);
	if (r->class == AUDIT_MISSING)
		r->class = class;
}

static bool judge(struct work *w, struct audit_row *r, struct err *err)
{
	const struct assignment *a = &r->assignment;
	const struct destination *to = whom(w, a->container);

	if (a->state != ASSIGNMENT_DELIVERED) {
		r->class = AUDIT_PENDING;
		r->message = mem_dup(a->note);
		return true;
	}
	if (!to) {
		judge_unasked(r, AUDIT_UNKNOWN);
		return true;
	}
	const struct asked *asked = answer_of(w, to, err);
	if (!asked)
		return false;
	r->client = mem_dup(to->name);
	if (asked->why.code) {
		judge_unasked(r, AUDIT_UNASKED);
		if (r->class == AUDIT_UNASKED)
			r->message = mem_dup(asked->why.msg);
		return true;
	}
	const struct client_torrent *t =
		client_torrents_find_either(&asked->torrents, a->infohash, a->v2);
	if (t)
		judge_found(r, t);
	else
		judge_absent(r);
	return true;
}

/* What the last audit found, too, has lasted since then, or longer. */
static void date(struct audit_row *r, int64_t now)
{
	const struct assignment *a = &r->assignment;
	bool same = a->found == r->class;
	int64_t known = same ? a->found_at : now;

	if (r->class == AUDIT_PENDING)
		known = a->asked_at;
	r->since = r->since && r->since < known ? r->since : known;
}

/* ---- all of it ---- */

static bool keep(const struct work *w, const struct audit *audit, struct err *err)
{
	OWN_STR struct ledger_finding *findings = mem_alloc((audit->n + 1) * sizeof *findings);
	size_t n = 0;

	for (size_t i = 0; i < audit->n; i++) {
		const struct audit_row *r = &audit->rows[i];
		const struct assignment *a = &r->assignment;
		if (a->found == r->class && a->found_at == r->since)
			continue;
		findings[n++] = (struct ledger_finding){a->id, r->class, r->since};
	}
	return n == 0 || ledger_audited(w->run->ledger, findings, n, err);
}

static bool judge_all(struct work *w, struct audit *audit, struct err *err)
{
	int64_t now = clock_now();

	for (size_t i = 0; i < audit->n; i++) {
		if (!judge(w, &audit->rows[i], err))
			return false;
		date(&audit->rows[i], now);
		audit->count[audit->rows[i].class]++;
	}
	return keep(w, audit, err);
}

/* Takes over the assignments. */
static void fill(struct audit *audit, struct assignment *list, size_t n)
{
	audit->rows = mem_alloc((n + 1) * sizeof *audit->rows);
	audit->n = n;
	for (size_t i = 0; i < n; i++)
		audit->rows[i].assignment = list[i];
	free(list);
}

/* What has become of files in watch folders since the last cycle. */
static bool look(const struct run *r, const struct audit_scope *s, struct err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (!pick_up_look(r, &s->targets[i], err))
			return false;
	return true;
}

bool audit_run(const struct run *r, const struct audit_scope *s, struct audit *audit,
	       struct err *err)
{
	struct work w = {.run = r, .scope = s, .asked = mem_alloc((s->n + 1) * sizeof *w.asked)};
	struct assignment *list = NULL;
	size_t n = 0;
	bool ok = look(r, s, err) &&
		  ledger_list(r->ledger, LEDGER_OURS, s->container, 0, &list, &n, err);

	if (ok) {
		fill(audit, list, n);
		ok = judge_all(&w, audit, err);
	}
	for (size_t i = 0; i < w.n_asked; i++)
		client_torrents_clear(&w.asked[i].torrents);
	free(w.asked);
	if (!ok)
		audit_clear(audit);
	return ok;
}

void audit_clear(struct audit *audit)
{
	for (size_t i = 0; i < audit->n; i++) {
		assignment_clear(&audit->rows[i].assignment);
		free(audit->rows[i].client);
		free(audit->rows[i].message);
	}
	free(audit->rows);
	*audit = (struct audit){0};
}

/* ---- in words ---- */

char *audit_summary(const struct audit *audit)
{
	OWN_BUF struct buf out = BUF_MAX(1024);
	const char *sep = ": ";

	buf_printf(&out, "%zu assigned", audit->n);
	for (int i = 0; i < AUDIT_CLASSES; i++) {
		if (!audit->count[i])
			continue;
		buf_printf(&out, "%s%zu %s", sep, audit->count[i],
			   audit_class_text((enum audit_class)i));
		sep = ", ";
	}
	return buf_take(&out);
}

char *audit_advice(const struct audit_row *r)
{
	const char *container = r->assignment.container;

	switch (r->class) {
	case AUDIT_STALLED:
		return mem_dup("nothing comes: nobody seeds it now, or the client cannot connect; "
			       "look at its peers and tracker in the client");
	case AUDIT_PAUSED:
		return mem_dup("start it in the client");
	case AUDIT_ERROR:
		return mem_dup("fix it in the client: the data's folder, or what the tracker's "
			       "message says");
	case AUDIT_MISSING:
		return mem_printf("the client does not have it; `ptp-archiver redeliver --missing "
				  "--container \"%s\"` hands it over again",
				  container);
	case AUDIT_REFUSED:
		return mem_printf("its log says why; then `ptp-archiver redeliver --missing "
				  "--container \"%s\"`",
				  container);
	case AUDIT_AWAITED:
		return mem_dup("does the client look into this folder?");
	case AUDIT_PENDING:
		return mem_dup("the next cycle resumes it, if its container is configured");
	case AUDIT_UNKNOWN:
		return mem_dup("name a client to ask as AuditClient of the container");
	case AUDIT_UNASKED:
		return mem_dup("run audit again when the client is back");
	default:
		return NULL;
	}
}
