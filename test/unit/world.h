/*
 * test/unit/world.h - a run of the test's own: a ledger and a vault in memory, an engine
 * (fake_engine.h), the client of fake_client.h, a container, and the clock of fake_time.h.
 */
#ifndef WORLD_H
#define WORLD_H

#include "base/clock.h"
#include "core/cycle.h"
#include "core/parcel.h"
#include "core/pace.h"

#include "fake_client.h"
#include "fake_engine.h"
#include "fake_log.h"
#include "fake_sql.h"
#include "fake_time.h"
#include "results.h"

#define MINUTE (60 * INT64_C(1000))
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct world {
	struct fixture f; /* first: fixture_remove() takes a world for one */
	struct fake_engine engine;
	struct container attic;
	struct target target;
	struct run *run; /* that of `f` */
	struct cycle cy;
	struct outcome out[2];
};

/* The bytes of a torrent of this name, of `size` bytes; borrowed until the 16th call after this. */
static inline const char *world_torrent_of(const char *name, unsigned size)
{
	static char texts[16][512];
	static unsigned next;
	char *text = texts[next++ % COUNT(texts)];

	snprintf(text, sizeof texts[0],
		 "d8:announce20:http://127.0.0.1/ann4:infod6:lengthi%ue4:name%zu:%s"
		 "12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
		 size, strlen(name), name);
	return text;
}

static inline const char *world_torrent(const char *name)
{
	return world_torrent_of(name, 5);
}

/* Its infohash; borrowed until the fourth call after this. */
static inline const char *world_infohash(const char *name)
{
	static char hashes[4][65];
	static unsigned next;
	OWN_PARCEL struct parcel p = PARCEL_EMPTY;
	struct err err;
	char *out = hashes[next++ % 4];

	buf_puts(&p.bytes, world_torrent(name));
	MUST(parcel_parse(&p, &err));
	memcpy(out, p.infohash, sizeof p.infohash);
	return out;
}

/* ---- the engine ---- */

/* The next question is answered so. */
static inline struct fake_assign *world_asks(struct world *w)
{
	return &w->engine.assigns[w->engine.n_assigns++];
}

static inline struct fake_download *world_downloads(struct world *w, const char *bytes)
{
	struct fake_download *d = &w->engine.downloads[w->engine.n_downloads++];

	d->bytes = bytes;
	return d;
}

/* The next question brings the torrent of this name, with this TorrentID. */
static inline void world_gives(struct world *w, const char *id, const char *name)
{
	struct fake_assign *a = world_asks(w);

	a->reply.verdict = REPLY_ASSIGNED;
	text_copy(a->reply.torrent_id, sizeof a->reply.torrent_id, id);
	text_copy(a->reply.archive_id, sizeof a->reply.archive_id, "1");
	world_downloads(w, world_torrent(name));
}

static inline void world_says(struct world *w, enum reply_verdict verdict)
{
	world_asks(w)->reply.verdict = verdict;
}

static inline struct fake_engine_fails world_status(int status, bool back_off)
{
	return (struct fake_engine_fails){.code = WORD_HTTP,
					  .status = status,
					  .failure = {.status = status, .back_off = back_off}};
}

/* How many calls the engine got. */
static inline size_t world_calls(const struct world *w)
{
	return w->engine.assigned + w->engine.downloaded;
}

/* ---- the world ---- */

static inline int world_make(void **state)
{
	static char name[] = "attic";
	struct world *w = mem_alloc(sizeof *w);
	void *made = NULL;
	struct err err;

	fake_time_reset();
	fake_log_reset();
	if (fixture_make(&made))
		return -1;
	w->f = *(struct fixture *)made;
	free(made);
	*state = w;
	w->f.to.client = &w->f.fake.base;
	w->run = &w->f.run;
	w->run->vault = vault_open(w->f.folder, &err);
	fake_engine_make(&w->engine);
	fake_engine_prepares(&w->engine);
	w->run->engine = &w->engine.base;
	w->run->staging = (struct spool){.folder = fs_join(w->f.folder, "utility"),
					 .program = "the utility",
					 .run_ms = 1000};
	w->run->manners = schedule_manners(10000, false);
	/* Not a new ledger, whose first call would wait. */
	const struct pace past = {.request = {1, 0}};
	if (!ledger_set_pace(w->run->ledger, &past, &err))
		return -1;
	w->run->speaks = "0.12.0";
	w->run->per_cycle = 1;
	pace_fingerprint("user", "key", w->run->credentials);
	w->attic = (struct container){
		.name = name, .max_pending = CONTAINER_PENDING, .pick_up_ms = CONTAINER_PICK_UP_MS};
	w->target = (struct target){.container = &w->attic, .to = &w->f.to, .asked = &w->f.to};
	w->cy = (struct cycle){
		.kind = CYCLE_REGULAR, .targets = &w->target, .n = 1, .deadline = INT64_MAX};
	return w->run->vault ? 0 : -1;
}

static inline int world_remove(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(w->out); i++)
		outcome_clear(&w->out[i]);
	vault_close(w->run->vault);
	free((char *)w->run->staging.folder);
	return fixture_remove(state);
}

/* So many lines of the log hold this. */
static inline int world_logged(const char *text)
{
	int n = 0;

	for (const char *at = fake_log(); (at = strstr(at, text)); at++)
		n++;
	return n;
}

#define LOGGED(n, text) assert_int_equal(world_logged(text), n)

#define TEST_IN_WORLD(name) cmocka_unit_test_setup_teardown(name, world_make, world_remove)

/* From now on the ledger can be read alone, and what writes to it fails. */
static inline void world_read_only(struct world *w)
{
	OWN_STR char *path = fs_join(w->f.folder, "ledger.db");
	struct err err;

	ledger_close(w->run->ledger);
	w->run->ledger = ledger_open(path, true, &err);
	assert_non_null(w->run->ledger);
}

/* The row with this id; the caller clears it. */
static inline struct assignment world_row(struct world *w, int64_t id)
{
	struct assignment *all = NULL, found = {0};
	size_t n = 0;
	struct err err;

	MUST(ledger_list(w->run->ledger, LEDGER_ALL, NULL, 0, &all, &n, &err));
	for (size_t i = 0; i < n; i++)
		if (all[i].id == id) {
			found = all[i];
			all[i] = (struct assignment){0};
		}
	assignment_list_free(all, n);
	return found;
}

/* How many rows of this kind there are. */
static inline size_t world_count(struct world *w, enum ledger_filter filter)
{
	struct assignment *all = NULL;
	size_t n = 0;
	struct err err;

	MUST(ledger_list(w->run->ledger, filter, NULL, 0, &all, &n, &err));
	assignment_list_free(all, n);
	return n;
}

/* An assignment of the container, of TorrentID `id`; its row. */
static inline int64_t world_assigned(struct world *w, const char *id)
{
	int64_t row;
	struct err err;

	MUST(ledger_asking(w->run->ledger, w->attic.name, &row, &err));
	MUST(ledger_assigned(w->run->ledger, row, id, "1", &err));
	return row;
}

/* The same, whose bytes are in the vault. */
static inline int64_t world_fetched(struct world *w, const char *id, const char *name)
{
	OWN_BUF struct buf bytes = BUF_MAX(TORRENT_MAX_BYTES);
	int64_t row = world_assigned(w, id);
	const char *hash = world_infohash(name);
	const struct fetched f = {.infohash = hash,
				  .v2 = "",
				  .name = name,
				  .file_name = name,
				  .bytes = 5,
				  .hook = w->attic.after_fetch_exec != NULL};
	struct err err;

	buf_puts(&bytes, world_torrent(name));
	MUST(vault_keep(w->run->vault, hash, &bytes, &err));
	MUST(ledger_fetched(w->run->ledger, row, &f, &err));
	return row;
}

/* The same, delivered to where the container's torrents go. */
static inline int64_t world_delivered(struct world *w, const char *id, const char *name)
{
	int64_t row = world_fetched(w, id, name);
	struct err err;

	MUST(ledger_delivering(w->run->ledger, row, name, w->f.to.place, &err));
	MUST(ledger_delivered(w->run->ledger, row, "there", w->f.to.name,
			      w->f.to.name ? PICK_UP_NONE : PICK_UP_DUE, &err));
	return row;
}

/* A file in the state folder, or in a folder in it. */
static inline void world_write(struct world *w, const char *name, const char *text)
{
	OWN_STR char *path = fs_join(w->f.folder, name);
	OWN_STR char *folder = fs_parent(path);
	struct err err;

	MUST(fs_make_folder(folder, 0700, true, &err));
	MUST(fs_write(path, text, strlen(text), 0600, &err));
}

static inline bool world_has_file(struct world *w, const char *name)
{
	OWN_STR char *path = fs_join(w->f.folder, name);

	return fs_exists(path);
}

/* The engine has downloaded a torrent of this name (or, `bytes`, these) for the container. */
static inline char *world_stage(struct world *w, const char *name, const char *bytes)
{
	OWN_STR char *place = spool_place(&w->run->staging, w->attic.name);
	OWN_STR char *file = mem_printf("%s.torrent", name);
	char *path = fs_join(place, file);
	struct err err;

	MUST(fs_make_folder(w->run->staging.folder, 0700, true, &err));
	MUST(spool_make_place(&w->run->staging, w->attic.name, &err));
	if (!bytes)
		bytes = world_torrent(name);
	MUST(fs_write(path, bytes, strlen(bytes), 0600, &err));
	return path;
}

/*
 * Does `act` in a new world again and again; each time another call of SQLite fails, and `act` has
 * to fail for that reason.  `set_up` comes before each.
 */
static inline void world_fail_each(void (*set_up)(struct world *),
				   bool (*act)(struct world *, struct err *))
{
	bool failed = true;

	for (unsigned nth = 1; failed; nth++) {
		void *state = NULL;
		struct err err = {0};
		assert_int_equal(world_make(&state), 0);
		set_up(state);
		fake_sql_fail(nth);
		bool ok = act(state, &err);
		failed = fake_sql_failed();
		fake_sql_fail(0);
		if (failed && (ok || err.code != WORD_LEDGER))
			fail_msg("call %u of SQLite: %s", nth, ok ? "not reported" : err.msg);
		assert_int_equal(world_remove(&state), 0);
		assert_true(nth > 1 || failed);
	}
}

#endif
