/*
 * test/unit/daemon_fixture.h - a daemon with a config.ptp and a state folder of the test's own, the
 * clock of fake_time.h, and the tracker, Healthchecks and messages over fake_http.h.
 *
 * Its containers "attic" and "cellar" have watch folders, which are real ones in memory.
 */
#ifndef DAEMON_FIXTURE_H
#define DAEMON_FIXTURE_H

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "daemon/daemon_parts.h"

#include "fake_http.h"
#include "fake_log.h"
#include "fake_sql.h"
#include "fake_time.h"
#include "results.h"
#include "unit.h"

#define MINUTE (60 * INT64_C(1000))
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Answers to the daemon's requests. */
#define PING(path)                                                                        \
	{                                                                                 \
		.asked = "https://hc.test/ping" path "?rid=", .status = 200, .body = "OK" \
	}
#define PING_START PING("/start")
#define PING_SUCCESS PING("")
#define PING_FAIL PING("/fail")
#define PING_LOG PING("/log")
#define SAYS_FULL(container)                                                               \
	{                                                                                  \
		.asked = "ContainerName=" container "&", .status = 200,                    \
		.body = "{\"Status\":\"Error\",\"Error\":\"No space left in container\"}", \
	}
#define IS_AWAY                                                                   \
	{                                                                         \
		.asked = "/archive.php", .fails = WORD_NETWORK, .kind = ERR_RETRY \
	}
/* A cycle in which both are full. */
#define CYCLE PING_START, SAYS_FULL("attic"), SAYS_FULL("cellar"), PING_SUCCESS

struct daemon_fixture {
	char *folder;
	char *path, *state;            /* of config.ptp, of the state folder */
	struct config_options options; /* both */
	struct config config;
	struct daemon d;
	struct keeper_word word;
	struct err err;
};

/* ---- its configuration ---- */

static inline void daemon_write(struct daemon_fixture *f, const char *name, const char *text)
{
	OWN_STR char *path = fs_join(f->folder, name);
	struct err err;

	MUST(fs_write(path, text, strlen(text), 0600, &err));
}

/* `more`: settings, each with a comma behind it. */
static inline void daemon_configure(struct daemon_fixture *f, const char *more)
{
	OWN_STR char *text = mem_printf(
		"{\"ApiUser\": \"0123456789abcdef\", \"ApiKey\": "
		"\"0123456789abcdef0123456789abcdef\", "
		"\"HealthchecksURL\": \"https://hc.test/ping\", %s"
		"\"Default\": {\"WatchDirectory\": \"%s/watch/$name\", \"Size\": \"100G\"}, "
		"\"Containers\": {\"attic\": {}, \"cellar\": {}}}",
		more, f->folder);

	daemon_write(f, "config.ptp", text);
}

static inline void daemon_load(struct daemon_fixture *f)
{
	struct problems problems = {0};

	daemon_close_parts(&f->d);
	config_clear(&f->config);
	f->config = (struct config){0};
	config_load(&f->config, &f->options, CONFIG_CREDENTIALS | CONFIG_CONTAINERS, &problems);
	if (problems.n)
		fail_msg("%s", problems.lines[0]);
	problems_clear(&problems);
}

static inline void daemon_set_up_with(struct daemon_fixture *f, const char *more)
{
	daemon_configure(f, more);
	daemon_load(f);
}

/* ---- the fixture ---- */

static inline int daemon_clear_environment(void)
{
	OWN_STR char *tmp = mem_dup(getenv("TMPDIR"));

	return clearenv() || (tmp && setenv("TMPDIR", tmp, 1));
}

static inline void daemon_make_folders(struct daemon_fixture *f)
{
	OWN_STR char *attic = fs_join(f->folder, "watch/attic");
	OWN_STR char *cellar = fs_join(f->folder, "watch/cellar");
	struct err err;

	MUST(fs_make_folder(f->state, 0700, true, &err));
	MUST(fs_make_folder(attic, 0700, true, &err));
	MUST(fs_make_folder(cellar, 0700, true, &err));
}

/* All but what daemon_run() does itself. */
static inline int daemon_make_idle(void **state)
{
	struct daemon_fixture *f = mem_alloc(sizeof *f);

	*state = f;
	fake_time_reset();
	fake_log_reset();
	fake_http_script(NULL, 0);
	if (daemon_clear_environment() || unit_make_memory_folder((void **)&f->folder))
		return -1;
	f->path = fs_join(f->folder, "config.ptp");
	f->state = fs_join(f->folder, "state");
	f->options = (struct config_options){.path = f->path, .state = f->state};
	daemon_make_folders(f);
	daemon_set_up_with(f, "");
	return 0;
}

/* It has begun, and its loop has not. */
static inline int daemon_make(void **state)
{
	int failed = daemon_make_idle(state);
	struct daemon_fixture *f = *state;

	f->d = (struct daemon){.config = &f->config,
			       .options = &f->options,
			       .word = &f->word,
			       .hold = HOLD_NONE,
			       .trouble = TROUBLE_NONE,
			       .started = clock_steady(),
			       .fresh = true};
	return failed || !hold_take(&f->d.hold, &f->config, NULL, &f->err);
}

static inline int daemon_remove_idle(void **state)
{
	struct daemon_fixture *f = *state;

	fake_http_end();
	config_clear(&f->config);
	free(f->path);
	free(f->state);
	int failed = unit_remove_folder((void **)&f->folder);
	free(f);
	return failed;
}

static inline int daemon_remove(void **state)
{
	struct daemon_fixture *f = *state;

	daemon_close_page(&f->d);
	daemon_close_parts(&f->d);
	hold_release(&f->d.hold);
	return daemon_remove_idle(state);
}

#define TEST_OF_DAEMON(name) cmocka_unit_test_setup_teardown(name, daemon_make, daemon_remove)

/* ---- looking ---- */

static inline int daemon_logged(const char *text)
{
	int n = 0;

	for (const char *at = fake_log(); (at = strstr(at, text)); at++)
		n++;
	return n;
}

#define LOGGED(n, text) assert_int_equal(daemon_logged(text), n)

/* The ledger of an open daemon. */
static inline struct ledger *daemon_ledger(struct daemon_fixture *f)
{
	struct err err;

	MUST(daemon_open_parts(&f->d, &err));
	return f->d.parts.run.ledger;
}

static inline struct cycle_clock daemon_clock(struct daemon_fixture *f)
{
	struct cycle_clock clock;
	struct err err;

	MUST(ledger_get_clock(daemon_ledger(f), &clock, &err));
	return clock;
}

static inline void daemon_set_clock(struct daemon_fixture *f, const struct cycle_clock *clock)
{
	struct err err;

	MUST(ledger_set_clock(daemon_ledger(f), clock, &err));
}

static inline struct ledger_container daemon_container(struct daemon_fixture *f, const char *name)
{
	struct ledger_container known;
	struct err err;

	MUST(ledger_get_container(daemon_ledger(f), name, &known, &err));
	return known;
}

static inline struct outlook daemon_look(struct daemon_fixture *f)
{
	struct outlook o;
	struct err err;

	MUST(daemon_open_parts(&f->d, &err));
	MUST(daemon_outlook(&f->d, &o, &err));
	return o;
}

/* The container's last turn ended so; undone: it is to be resumed at `retry_at`. */
static inline void daemon_past(struct daemon_fixture *f, const char *name, const char *how,
			       int64_t retry_at)
{
	struct outcome o = {
		.container = (char *)name, .result = result_of(how), .retry_at = retry_at};
	int64_t cycle;
	struct err err;

	MUST(ledger_cycle_begin(daemon_ledger(f), CYCLE_REGULAR, &name, 1, &cycle, &err));
	MUST(ledger_turn(daemon_ledger(f), cycle, &o, &err));
}

static inline struct trouble_told daemon_trouble(struct daemon_fixture *f, enum trouble_kind kind)
{
	struct trouble_told told;

	trouble_get(&f->d.trouble, kind, &told);
	return told;
}

/* The ledger of the state folder, when nobody has it open; the caller's. */
static inline struct ledger *daemon_ledger_file(struct daemon_fixture *f)
{
	OWN_STR char *path = wire_ledger_path(&f->config);
	struct err err;
	struct ledger *l = ledger_open(path, false, &err);

	if (!l)
		fail_msg("%s", err.msg);
	return l;
}

/* The ledger is damaged from now on; an open one does not notice it by itself. */
static inline void daemon_damage_ledger(struct daemon_fixture *f)
{
	daemon_write(f, "state/ledger.db", "no ledger at all, but some text that is long enough");
}

#endif
