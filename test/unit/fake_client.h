/*
 * test/unit/fake_client.h - a client that answers what a test says, and keeps what it is asked; and
 * a ledger of the test's own.
 *
 * All of ports/client.h.  It begins as a client with an interface.  fake_watches() makes a watch
 * folder of it: then it prepares, and knows the backlog and the fate of files.
 */
#ifndef FAKE_CLIENT_H
#define FAKE_CLIENT_H

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/destination.h"

#include "unit.h"

struct fake {
	struct client base;
	struct err fails; /* the answer to every call; word "" for success */
	enum client_state state[8];
	const char *has[8];        /* their infohashes, as the client calls them; NULL: "" */
	size_t n_torrents, hidden; /* the first `hidden` calls of list() find nothing */
	struct client_space space;
	struct client_backlog backlog;
	unsigned ready, delivered, listed, measured, backlogged; /* calls */
	unsigned prepared, fated, closed;
	struct err refuses;    /* deliver() alone fails so */
	struct err hides;      /* list() alone */
	const char *file_name; /* what prepare() answers; NULL: the delivery's own */
	enum client_fate fate;
	char infohash[65]; /* of the last prepare() or deliver(), as are the next two */
	int64_t id;
	char v1[41], v2[65], name[128]; /* of the last deliver(), as are the next three */
	const struct placement *placement;
	size_t bytes;
	bool resumed;
	char path[256];    /* that fate() was asked for */
	char category[32]; /* that list() was asked for; "-" for all */
	int64_t before;    /* that backlog() was asked for */
};

static inline bool fake_answers(const struct fake *f, struct err *err)
{
	if (f->fails.code)
		*err = f->fails;
	return !f->fails.code;
}

static inline bool fake_ready(struct client *c, struct err *err)
{
	struct fake *f = (struct fake *)c;

	f->ready++;
	return fake_answers(f, err);
}

static inline void fake_note(struct fake *f, const struct delivery *d)
{
	f->id = d->id;
	text_copy(f->infohash, sizeof f->infohash, d->infohash ? d->infohash : "");
}

static inline bool fake_prepare(struct client *c, const struct delivery *d, char **file_name,
				struct err *err)
{
	struct fake *f = (struct fake *)c;

	f->prepared++;
	fake_note(f, d);
	if (!fake_answers(f, err))
		return false;
	*file_name = mem_dup(f->file_name ? f->file_name : d->file_name);
	return true;
}

static inline bool fake_deliver(struct client *c, const struct delivery *d, bool resumed,
				char **path, struct err *err)
{
	struct fake *f = (struct fake *)c;

	f->delivered++;
	f->resumed = resumed;
	fake_note(f, d);
	text_copy(f->v1, sizeof f->v1, d->v1 ? d->v1 : "");
	text_copy(f->v2, sizeof f->v2, d->v2 ? d->v2 : "");
	text_copy(f->name, sizeof f->name, d->file_name);
	f->placement = d->placement;
	f->bytes = d->bytes ? d->bytes->len : 0;
	if (!fake_answers(f, err))
		return false;
	if (f->refuses.code) {
		*err = f->refuses;
		return false;
	}
	*path = mem_dup("there");
	return true;
}

static inline bool fake_list(struct client *c, const char *category, struct client_torrents *all,
			     struct err *err)
{
	struct fake *f = (struct fake *)c;

	f->listed++;
	text_copy(f->category, sizeof f->category, category ? category : "-");
	if (!fake_answers(f, err))
		return false;
	if (f->hides.code) {
		*err = f->hides;
		return false;
	}
	for (size_t i = 0; f->listed > f->hidden && i < f->n_torrents; i++) {
		struct client_torrent *t = client_torrents_add(all);
		t->state = f->state[i];
		text_copy(t->id, sizeof t->id, f->has[i] ? f->has[i] : "");
	}
	return true;
}

static inline bool fake_space(struct client *c, const struct placement *p,
			      struct client_space *space, struct err *err)
{
	struct fake *f = (struct fake *)c;

	(void)p;
	f->measured++;
	*space = f->space;
	return fake_answers(f, err);
}

static inline bool fake_backlog(struct client *c, int64_t before, struct client_backlog *backlog,
				struct err *err)
{
	struct fake *f = (struct fake *)c;

	f->backlogged++;
	f->before = before;
	*backlog = f->backlog;
	return fake_answers(f, err);
}

static inline bool fake_fate(struct client *c, const char *path, enum client_fate *fate,
			     struct err *err)
{
	struct fake *f = (struct fake *)c;

	f->fated++;
	text_copy(f->path, sizeof f->path, path);
	*fate = f->fate;
	return fake_answers(f, err);
}

static inline void fake_close(struct client *c)
{
	((struct fake *)c)->closed++;
}

static const struct client_ops fake_ops = {.ready = fake_ready,
					   .deliver = fake_deliver,
					   .list = fake_list,
					   .space = fake_space,
					   .backlog = fake_backlog,
					   .close = fake_close};

static const struct client_ops fake_folder_ops = {.ready = fake_ready,
						  .prepare = fake_prepare,
						  .deliver = fake_deliver,
						  .backlog = fake_backlog,
						  .fate = fake_fate,
						  .close = fake_close};

static inline void fake_watches(struct fake *f)
{
	f->base.ops = &fake_folder_ops;
}

/* What the tests of a group work with. */
struct fixture {
	char *folder;
	struct fake fake;
	struct destination to; /* the client "box", of the fingerprint "one" */
	struct run run;
};

static inline int fixture_make(void **state)
{
	struct fixture *f = mem_alloc(sizeof *f);
	struct err err;

	*state = f;
	if (unit_make_memory_folder((void **)&f->folder))
		return -1;
	OWN_STR char *path = fs_join(f->folder, "ledger.db");
	f->run.ledger = ledger_open(path, false, &err);
	f->fake.base.ops = &fake_ops;
	f->to = (struct destination){.name = mem_dup("box"),
				     .place = mem_dup("the place"),
				     .client = &f->fake.base,
				     .fingerprint = "one"};
	return f->run.ledger ? 0 : -1;
}

static inline int fixture_remove(void **state)
{
	struct fixture *f = *state;

	ledger_close(f->run.ledger);
	int failed = unit_remove_folder((void **)&f->folder);
	free(f->to.name);
	free(f->to.place);
	free(f);
	return failed;
}

#define TEST_WITH_FAKE(name) cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

/* From now on every call fails so. */
static inline void fake_fails(struct fixture *f, enum err_kind kind, enum err_code code)
{
	char word[ERR_WORD];

	err_word(code, 0, "", word);
	err_set(&f->fake.fails, kind, code, "box: %s", word);
	f->fake.base.refused = kind == ERR_TARGET;
}

static inline void fake_works(struct fixture *f)
{
	f->fake.fails = (struct err){0};
	f->fake.base.refused = false;
}

/* Its destination is a watch folder from now on. */
static inline void fixture_watch(struct fixture *f)
{
	free(f->to.name);
	f->to.name = NULL;
	f->to.fingerprint[0] = '\0';
}

static inline struct ledger_client known(const struct fixture *f)
{
	struct ledger_client c;
	struct err err;

	MUST(ledger_get_client(f->run.ledger, "box", &c, &err));
	return c;
}

#endif
