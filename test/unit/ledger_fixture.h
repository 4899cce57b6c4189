/*
 * test/unit/ledger_fixture.h - a ledger in a folder of the test's own, and torrents on their way.
 */
#ifndef LEDGER_FIXTURE_H
#define LEDGER_FIXTURE_H

#include "base/fs.h"
#include "base/mem.h"
#include "ports/ledger_parts.h"

#include "unit.h"

#define HASH "0123456789abcdef0123456789abcdef01234567"
#define V2 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct ledger_fixture {
	char *folder, *path;
	struct ledger *l;
};

static inline int set_up(void **state)
{
	struct ledger_fixture *f = mem_alloc(sizeof *f);
	struct err err;

	if (unit_make_folder((void **)&f->folder))
		return -1;
	f->path = fs_join(f->folder, "ledger.db");
	f->l = ledger_open(f->path, false, &err);
	*state = f;
	return f->l ? 0 : -1;
}

static inline int tear_down(void **state)
{
	struct ledger_fixture *f = *state;
	int failed;

	ledger_close(f->l);
	failed = unit_remove_folder((void **)&f->folder);
	free(f->path);
	free(f);
	return failed;
}

/* Whatever is read next is from the file, not from a cache. */
static inline struct ledger *reopened(void **state)
{
	struct ledger_fixture *f = *state;
	struct err err;

	ledger_close(f->l);
	f->l = ledger_open(f->path, false, &err);
	if (!f->l)
		fail_msg("%s", err.msg);
	return f->l;
}

static inline struct ledger *ledger(void **state)
{
	return ((struct ledger_fixture *)*state)->l;
}

static inline int64_t ask(struct ledger *l, const char *container)
{
	struct err err;
	int64_t id = 0;

	MUST(ledger_asking(l, container, &id, &err));
	assert_true(id > 0);
	return id;
}

static inline int64_t assign(struct ledger *l, const char *container, const char *torrent_id)
{
	struct err err;
	int64_t id = ask(l, container);

	MUST(ledger_assigned(l, id, torrent_id, "77", &err));
	return id;
}

static inline int64_t fetch(struct ledger *l, const char *container, const char *torrent_id,
			    bool hook)
{
	const struct fetched f = {.infohash = HASH,
				  .name = "Film",
				  .file_name = "Film.torrent",
				  .bytes = 1000,
				  .hook = hook};
	struct err err;
	int64_t id = assign(l, container, torrent_id);

	MUST(ledger_fetched(l, id, &f, &err));
	return id;
}

static inline int64_t deliver(struct ledger *l, const char *container, const char *torrent_id,
			      bool hook)
{
	struct err err;
	int64_t id = fetch(l, container, torrent_id, hook);

	MUST(ledger_delivering(l, id, "Film.torrent", "/watch/Film.torrent", &err));
	MUST(ledger_delivered(l, id, "/watch/Film.torrent", NULL, PICK_UP_DUE, &err));
	return id;
}

static inline void sql(void **state, const char *text)
{
	struct ledger_fixture *f = *state;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	int code = sqlite3_exec(db, text, NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(code, SQLITE_OK);
}

/* A test of a group that works with it. */
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
