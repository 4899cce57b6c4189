/*
 * test/unit/fake_engine.h - an engine (ports/engine.h) that plays a script, and keeps what it was
 * asked.
 *
 * Each call takes the next answer of its own script: `assigns`, `downloads`.  A call without an
 * answer fails the test.  So does fake_engine_end() if an answer was not taken.  All texts are
 * borrowed for as long as the engine lives.
 *
 *     struct fake_engine e;
 *     fake_engine_make(&e);
 *     e.assigns[e.n_assigns++] = FAKE_ASSIGNED("4711", "77");
 *     e.downloads[e.n_downloads++] = (struct fake_download){.bytes = torrent, .len = n};
 *     ... &e.base ...
 *     fake_engine_end(&e);
 *
 * An engine without `begin`, `prepare` (as the native one) is the default.  fake_engine_prepares()
 * gives it both.
 */
#ifndef FAKE_ENGINE_H
#define FAKE_ENGINE_H

#include "base/text.h"
#include "ports/engine.h"

#include "unit.h"

#define FAKE_ENGINE_MAX 32 /* answers of each kind */

/* How the call fails: `code` WORD_NONE is success.  `failure` is then the engine's. */
struct fake_engine_fails {
	enum err_kind kind; /* ERR_NONE: ERR_RETRY */
	enum err_code code;
	int status; /* of WORD_HTTP */
	struct engine_failure failure;
};

struct fake_assign {
	struct reply reply;      /* copied; `incomplete` too */
	void (*meanwhile)(void); /* happens while the answer is waited for; NULL: nothing does */
	struct fake_engine_fails fails;
};

/* The tracker assigns this torrent of this archive. */
#define FAKE_ASSIGNED(torrent, archive)                            \
	((struct fake_assign){.reply = {.verdict = REPLY_ASSIGNED, \
					.torrent_id = torrent,     \
					.archive_id = archive}})

/* The tracker refuses: REPLY_FULL, REPLY_STALLED, REPLY_REFUSED. */
#define FAKE_REFUSED(how, words) ((struct fake_assign){.reply = {.verdict = how, .message = words}})

/* The call fails with this code; `type` is fake_assign or fake_download. */
#define FAKE_FAILS(type, word) ((struct type){.fails = {.code = word}})

struct fake_download {
	const char *bytes;
	size_t len;       /* 0: as long as the text is */
	const char *name; /* NULL: the tracker gives none */
	struct fake_engine_fails fails;
};

/* What a call asked for: a container's name, or the two ids. */
struct fake_engine_asked {
	char container[64];
	char torrent_id[REPLY_ID_SIZE], archive_id[REPLY_ID_SIZE];
};

struct fake_engine {
	struct engine base;
	struct engine_ops ops;
	struct fake_assign assigns[FAKE_ENGINE_MAX];
	struct fake_download downloads[FAKE_ENGINE_MAX];
	size_t n_assigns, n_downloads;                     /* given by the test */
	size_t assigned, downloaded;                       /* calls until now */
	struct fake_engine_asked asked[FAKE_ENGINE_MAX];   /* by assign() */
	struct fake_engine_asked fetched[FAKE_ENGINE_MAX]; /* by download() */
	unsigned begun, prepared, closed;                  /* calls */
	struct fake_engine_fails prepare_fails;            /* what prepare() answers */
	const char *version; /* what version() answers; NULL: it fails */
	const char *script;  /* what script() answers; NULL: it fails */
};

static inline bool fake_engine_answers(struct engine *e, const struct fake_engine_fails *f,
				       struct err *err)
{
	e->failure = (struct engine_failure){0};
	if (f->code == WORD_NONE)
		return true;
	e->failure = f->failure;
	enum err_kind kind = f->kind ? f->kind : ERR_RETRY;
	if (f->code == WORD_HTTP)
		return err_http(err, kind, f->status, "HTTP %d", f->status);
	return err_set(err, kind, f->code, "the fake engine fails");
}

static inline void fake_engine_begin(struct engine *e)
{
	((struct fake_engine *)e)->begun++;
}

static inline bool fake_engine_prepare(struct engine *e, struct err *err)
{
	struct fake_engine *f = (struct fake_engine *)e;

	f->prepared++;
	return fake_engine_answers(e, &f->prepare_fails, err);
}

static inline bool fake_engine_assign(struct engine *e, const struct container *c,
				      struct reply *reply, struct err *err)
{
	struct fake_engine *f = (struct fake_engine *)e;
	const struct fake_assign *a = &f->assigns[f->assigned];

	if (f->assigned == f->n_assigns)
		fail_msg("the engine was asked for %s without an answer in its script", c->name);
	text_copy(f->asked[f->assigned++].container, sizeof f->asked[0].container, c->name);
	if (a->meanwhile)
		a->meanwhile();
	if (!fake_engine_answers(e, &a->fails, err))
		return false;
	*reply = a->reply;
	if (a->reply.n_incomplete)
		reply->incomplete = calloc(a->reply.n_incomplete, sizeof *reply->incomplete);
	for (size_t i = 0; i < a->reply.n_incomplete; i++)
		reply->incomplete[i] = a->reply.incomplete[i];
	return true;
}

static inline bool fake_engine_download(struct engine *e, const char *torrent_id,
					const char *archive_id, struct buf *bytes, char **name,
					struct err *err)
{
	struct fake_engine *f = (struct fake_engine *)e;
	const struct fake_download *d = &f->downloads[f->downloaded];

	if (f->downloaded == f->n_downloads)
		fail_msg("torrent %s was downloaded without an answer in the script", torrent_id);
	struct fake_engine_asked *asked = &f->fetched[f->downloaded++];
	text_copy(asked->torrent_id, sizeof asked->torrent_id, torrent_id);
	text_copy(asked->archive_id, sizeof asked->archive_id, archive_id);
	if (!fake_engine_answers(e, &d->fails, err))
		return false;
	*name = d->name ? strdup(d->name) : NULL;
	return buf_add(bytes, d->bytes, d->len ? d->len : strlen(d->bytes));
}

static inline bool fake_engine_version(struct engine *e, char version[REPLY_VERSION_SIZE],
				       struct err *err)
{
	const struct fake_engine *f = (struct fake_engine *)e;

	if (!f->version)
		return err_set(err, ERR_RETRY, WORD_NETWORK, "the fake engine has no version");
	text_copy(version, REPLY_VERSION_SIZE, f->version);
	return true;
}

static inline bool fake_engine_script(struct engine *e, struct buf *bytes, struct err *err)
{
	const struct fake_engine *f = (struct fake_engine *)e;

	if (!f->script)
		return err_set(err, ERR_RETRY, WORD_NETWORK, "the fake engine has no script");
	return buf_add(bytes, f->script, strlen(f->script));
}

static inline void fake_engine_close(struct engine *e)
{
	((struct fake_engine *)e)->closed++;
}

static inline void fake_engine_make(struct fake_engine *f)
{
	*f = (struct fake_engine){.ops = {.assign = fake_engine_assign,
					  .download = fake_engine_download,
					  .version = fake_engine_version,
					  .script = fake_engine_script,
					  .close = fake_engine_close}};
	f->base.ops = &f->ops;
}

/* It has something to do before a cycle and before its first question. */
static inline void fake_engine_prepares(struct fake_engine *f)
{
	f->ops.begin = fake_engine_begin;
	f->ops.prepare = fake_engine_prepare;
}

/* Every answer of the script was taken. */
static inline void fake_engine_end(const struct fake_engine *f)
{
	assert_int_equal(f->assigned, f->n_assigns);
	assert_int_equal(f->downloaded, f->n_downloads);
}

#endif
