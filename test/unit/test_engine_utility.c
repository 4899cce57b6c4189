#include "ports/engine_utility.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/text.h"

#include "fake_engine.h"
#include "unit.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

/*
 * Python is a shell script, which keeps its words in plan/calls and does what a file of plan/ says:
 * `import` (are the modules there?), `compile`, `list`, `fetch`.
 */
static const char python[] =
	"#!/bin/sh\n"
	"cd %s/plan || exit 99\n"
	"echo $* >> calls\n"
	"(echo; env) | grep -v '^_=\\|^PWD=\\|^OLDPWD=\\|^SHLVL=' | sort > environment\n"
	"case \"$*\" in\n"
	"\"-c import requests\"*) . ./import ;;\n"
	"\"-c \"*) . ./compile ;;\n"
	"*\" list \"*) . ./list ;;\n"
	"*\" fetch \"*) . ./fetch ;;\n"
	"esac\n";

#define GOOD_LIST                                                           \
	"grep -q BROKEN \"$1\" && { echo 'ValueError: broken'; exit 1; }\n" \
	"printf 'Containers:\\n\\tattic (500G): /x\\n\\tone (1T): /y\\n'\n"
#define SOURCE(version) "__version__ = \"" version "\"\n"
#define SAYS(text) "cat <<'END'\n" text "\nEND\nexit 1\n"

struct world {
	char *folder;
	struct fake_engine native;
	struct container containers[2];
	struct engine_utility_options o;
	struct secret user, key;
	struct engine *e;
	unsigned before, after, failed; /* calls of the two functions */
	struct engine_failure last;     /* of the last that failed */
	bool before_fails, after_fails;
	char *old_path;
};

static char *path_of(const struct world *w, const char *name)
{
	return fs_join(w->folder, name);
}

static void put(const struct world *w, const char *name, const char *text)
{
	OWN_STR char *path = path_of(w, name);
	struct err err;

	MUST(fs_write(path, text, strlen(text), 0700, &err));
}

/* The text of a file, the caller's; NULL: it is not there. */
static char *get(const struct world *w, const char *name)
{
	OWN_STR char *path = path_of(w, name);
	OWN_BUF struct buf text = BUF_MAX(1 << 20);
	struct err err;

	if (!fs_exists(path))
		return NULL;
	MUST(fs_read(path, &text, &err));
	return mem_dup(buf_text(&text));
}

static void assert_file(const struct world *w, const char *name, const char *text)
{
	OWN_STR char *is = get(w, name);

	if (!is != !text || (text && strcmp(is, text) != 0))
		fail_msg("%s is %s", name, is ? is : "not there");
}

static bool before_call(void *ctx, struct err *err)
{
	struct world *w = ctx;

	w->before++;
	return !w->before_fails || err_set(err, ERR_RETRY, WORD_STOPPED, "stopped");
}

static bool after_call(void *ctx, const struct engine_failure *failure, struct err *why,
		       struct err *err)
{
	struct world *w = ctx;

	w->after++;
	if (failure) {
		w->failed++;
		w->last = *failure;
		assert_non_null(why);
		err_wrap(why, "worded anew");
	}
	return !w->after_fails || err_set(err, ERR_FATAL, WORD_LEDGER, "the ledger is full");
}

static int make(void **state)
{
	struct world *w = mem_alloc(sizeof *w);
	struct err err;

	*state = w;
	w->folder = strdup("/tmp/ptp-unit-XXXXXX");
	if (!w->folder || !mkdtemp(w->folder))
		return -1;
	OWN_STR char *plan = path_of(w, "plan");
	OWN_STR char *text = mem_printf(python, w->folder);
	OWN_STR char *search = mem_printf("%s:%s", w->folder, getenv("PATH"));
	MUST(fs_make_folder(plan, 0700, false, &err));
	put(w, "python3", text);
	put(w, "plan/import", "exit 0");
	put(w, "plan/compile", "exit 0");
	put(w, "plan/list", GOOD_LIST);
	put(w, "plan/fetch", "exit 0");
	w->old_path = mem_dup(getenv("PATH"));
	setenv("PATH", search, 1);
	mask_learn("user-of-the-tracker");
	mask_learn("key-of-the-tracker");
	secret_set(&w->user, "user-of-the-tracker");
	secret_set(&w->key, "key-of-the-tracker");
	fake_engine_make(&w->native);
	w->containers[0] = (struct container){
		.name = mem_dup("attic"), .size = mem_dup("500G"), .max_stalled = 3, .id = "17"};
	w->containers[1] = (struct container){.name = mem_dup("one"), .size = mem_dup("1T")};
	w->o = (struct engine_utility_options){
		.tracker = {.user = &w->user,
			    .key = &w->key,
			    .base_url = "https://tracker.test",
			    .fetch_url = "f",
			    .download_url = "d",
			    .version_url = "v",
			    .update_url = "u",
			    .timeout_ms = 1000},
		.containers = w->containers,
		.n_containers = 2,
		.script = path_of(w, "bin/archiver.py"),
		.staging = {.folder = path_of(w, "utility"), .program = "x", .run_ms = 20000},
		.before_call = before_call,
		.after_call = after_call,
		.ctx = w};
	return 0;
}

static int unmake(void **state)
{
	struct world *w = *state;
	void *folder = w->folder;

	engine_close(w->e);
	setenv("PATH", w->old_path, 1);
	free(w->old_path);
	free((void *)w->o.script);
	free((void *)w->o.staging.folder);
	for (size_t i = 0; i < 2; i++)
		container_clear(&w->containers[i]);
	secret_clear(&w->user);
	secret_clear(&w->key);
	free(w);
	return unit_remove_folder(&folder);
}

static struct engine *opened(struct world *w)
{
	struct err err;

	engine_close(w->e);
	w->e = engine_utility_open(&w->native.base, &w->o, &err);
	if (!w->e)
		fail_msg("%s", err.msg);
	return w->e;
}

/* One cycle's preparation; the kind of its error. */
static enum err_kind prepared(struct world *w, struct err *err)
{
	struct engine *e = w->e ? w->e : opened(w);

	*err = (struct err){.kind = ERR_NONE};
	e->ops->begin(e);
	bool ok = e->ops->prepare(e, err);
	assert_int_equal(ok, err->code == WORD_NONE);
	if (ok)
		assert_int_equal(e->failure.status, 0);
	return err->kind;
}

static unsigned calls(const struct world *w, const char *word)
{
	OWN_STR char *all = get(w, "plan/calls");
	unsigned n = 0;

	for (const char *at = all; at && (at = strstr(at, word)); at++)
		n++;
	return n;
}

/* ---- the first script ---- */

static void a_script_that_is_missing_is_fetched_tried_and_put_in_place(void **state)
{
	struct world *w = *state;
	struct stat st;
	struct err err;

	w->native.script = SOURCE("0.10");
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_file(w, "bin/archiver.py", SOURCE("0.10"));
	assert_file(w, "utility/new.py", NULL);
	OWN_STR char *path = path_of(w, "bin/archiver.py");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(w->before, 1);
	assert_int_equal(w->after, 1);
	assert_int_equal(w->failed, 0);
	assert_int_equal(calls(w, " list "), 2);
	assert_int_equal(calls(w, "new.py list "), 1);
}

static void once_in_a_cycle_is_enough(void **state)
{
	struct world *w = *state;
	struct err err, again;

	w->native.script = SOURCE("0.10") "BROKEN";
	assert_int_equal(prepared(w, &err), ERR_TARGET);
	unsigned before = w->before;
	assert_false(w->e->ops->prepare(w->e, &again));
	assert_string_equal(err.msg, again.msg);
	assert_int_equal(w->before, before);
	assert_int_equal(prepared(w, &err), ERR_TARGET);
	assert_int_equal(w->before, before + 1);
}

static void what_comes_in_place_of_the_script_is_waited_out(void **state)
{
	static const struct {
		const char *script, *compile, *says;
	} rows[] = {
		{"v=\"1.0\"\nxxxxxxxxxxxxxxxx", "exit 0", "has no version"},
		{"version=\"1.0\"", "exit 0", "is no text"}, /* too short */
		{"<html>........................", "exit 0", "has no version"},
		{SOURCE("0.10"), "exit 1", "is no Python that compiles"},
		{SOURCE("0.10") "BROKEN", "exit 0", "is not put in place"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err;
		w->failed = 0;
		w->native.script = rows[i].script;
		put(w, "plan/compile", rows[i].compile);
		assert_true(prepared(w, &err) != ERR_NONE);
		if (!strstr(err.msg, rows[i].says))
			fail_msg("%s", err.msg);
		assert_true(text_starts(err.msg, "worded anew: "));
		assert_true(w->e->failure.back_off);
		assert_int_equal(w->failed, 1);
		assert_true(w->last.back_off);
		assert_file(w, "bin/archiver.py", NULL);
		assert_file(w, "utility/new.py", NULL);
	}
}

static void sixteen_bytes_are_the_shortest_script(void **state)
{
	struct world *w = *state;
	struct err err;

	w->native.script = "version = \"1.0\"\n";
	assert_int_equal(strlen(w->native.script), 16);
	assert_int_equal(prepared(w, &err), ERR_NONE);
}

static void a_tracker_that_fails_is_reported_once(void **state)
{
	struct world *w = *state;
	struct err err;

	opened(w);
	w->native.base.failure = (struct engine_failure){.back_off = true, .status = 503};
	assert_int_equal(prepared(w, &err), ERR_RETRY);
	assert_int_equal(w->failed, 1);
	assert_int_equal(w->last.status, 503);
	assert_int_equal(w->e->failure.status, 503);
	assert_true(text_starts(err.msg, "download archiver.py: worded anew: "));
	w->before_fails = true;
	assert_int_equal(prepared(w, &err), ERR_RETRY);
	assert_true(err_is_stop(&err));
	assert_int_equal(w->failed, 1);
	w->before_fails = false;
	w->after_fails = true;
	w->native.script = SOURCE("0.10");
	assert_int_equal(prepared(w, &err), ERR_FATAL);
	assert_file(w, "bin/archiver.py", NULL);
}

/* ---- Python ---- */

static void what_python_lacks_is_named(void **state)
{
	static const struct {
		const char *import, *says;
		enum err_kind kind;
	} rows[] = {
		{SAYS("ModuleNotFoundError: No module named 'requests'"), "`requests`, which",
		 ERR_TARGET},
		{SAYS("ModuleNotFoundError: No module named 'cgi'"), "Python 3.13", ERR_TARGET},
		{"exit 1", "`requests`, which", ERR_TARGET},
		{"kill -9 $$", "python3 was ended by signal 9", ERR_RETRY},
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err;
		put(w, "plan/import", rows[i].import);
		assert_int_equal(prepared(w, &err), rows[i].kind);
		if (!strstr(err.msg, rows[i].says))
			fail_msg("%s", err.msg);
		assert_false(engine_utility_python(NULL, NULL, &err));
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(w->before, 0);
	}
	struct err err;
	put(w, "plan/import", "exit 0");
	MUST(engine_utility_python(NULL, NULL, &err));
	setenv("PATH", "/nowhere", 1);
	assert_false(engine_utility_python(NULL, NULL, &err));
	assert_int_equal(err.kind, ERR_TARGET);
	assert_int_equal(err.code, WORD_CONFIG);
	assert_non_null(strstr(err.msg, "python3 is not there"));
}

static void its_environment_holds_only_what_it_needs(void **state)
{
	struct world *w = *state;
	OWN_STR char *ca = path_of(w, "python3");
	struct err err;

	setenv("PTP_KEY", "x", 1);
	setenv("https_proxy", "http://proxy.test", 1);
	setenv("REQUESTS_CA_BUNDLE", "/other.pem", 1);
	for (int with_ca = 0; with_ca < 2; with_ca++) {
		w->o.tracker.ca_file = with_ca ? ca : NULL;
		w->native.script = SOURCE("0.10");
		opened(w);
		assert_int_equal(prepared(w, &err), ERR_NONE);
		OWN_STR char *environment = get(w, "plan/environment");
		OWN_STR char *home = mem_printf("\nHOME=%s/utility\n", w->folder);
		OWN_STR char *bundle =
			mem_printf("\nREQUESTS_CA_BUNDLE=%s\n", with_ca ? ca : "/other.pem");
		assert_null(strstr(environment, "PTP_KEY"));
		assert_non_null(strstr(environment, home));
		assert_non_null(strstr(environment, bundle));
		assert_non_null(strstr(environment, "\nhttps_proxy=http://proxy.test"));
		assert_non_null(strstr(environment, "\nPYTHONUTF8=1"));
	}
	unsetenv("PTP_KEY");
	unsetenv("https_proxy");
	unsetenv("REQUESTS_CA_BUNDLE");
}

/* ---- list ---- */

static void a_script_in_place_must_list_the_containers(void **state)
{
	static const struct {
		const char *list, *says;
		enum err_kind kind;
		enum err_code code;
		const char *name;
	} rows[] = {
		{"printf 'Containers:\\n\\tattic (500G): /x\\n'", "the container \"one\" is not",
		 ERR_TARGET, WORD_CONFIG, ""},
		{"echo nothing", "Could not get container list from archiver.py", ERR_TARGET,
		 WORD_PROTOCOL, ""},
		{SAYS("ValueError: odd key-of-the-tracker"), "ValueError: odd <hidden>", ERR_TARGET,
		 WORD_OTHER, "ValueError"},
		{SAYS("ModuleNotFoundError: No module named 'bs4'"), "`bs4`, which", ERR_TARGET,
		 WORD_CONFIG, ""},
		{"printf 'Containers:\\n\\tattic (500G): /x\\n\\tone (1T): /y\\n'\nexit 1",
		 "Could not get", ERR_TARGET, WORD_OTHER, "Unknown"},
	};
	struct world *w = *state;

	w->o.update = ENGINE_UTILITY_OFF;
	opened(w);
	put(w, "bin/archiver.py", SOURCE("0.10"));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err;
		put(w, "plan/list", rows[i].list);
		assert_int_equal(prepared(w, &err), rows[i].kind);
		if (!strstr(err.msg, rows[i].says) || err.code != rows[i].code)
			fail_msg("%s", err.msg);
		assert_string_equal(err.name, rows[i].name);
		bool own = err.code != WORD_CONFIG;
		assert_int_equal(strstr(err.msg, "does not work (remove it") != NULL, own);
	}
	assert_int_equal(w->before, 0);
}

static void a_config_of_its_own_is_written_for_every_run(void **state)
{
	struct world *w = *state;
	struct stat st;
	struct err err;

	w->native.script = SOURCE("0.10");
	assert_int_equal(prepared(w, &err), ERR_NONE);
	OWN_STR char *text = get(w, "utility/config.ptp");
	OWN_STR char *path = path_of(w, "utility/config.ptp");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	json_t *root = json_loads(text, 0, NULL);
	json_t *all = json_object_get(root, "Containers");
	json_t *attic = json_object_get(all, "attic"), *one = json_object_get(all, "one");
	const char *key = json_string_value(json_object_get(root, "ApiKey"));
	const char *watch = json_string_value(json_object_get(attic, "WatchDirectory"));
	OWN_STR char *start = mem_printf("%s/utility/attic-", w->folder);
	assert_string_equal(key, "key-of-the-tracker");
	assert_true(text_starts(watch, start));
	assert_int_equal(json_integer_value(json_object_get(attic, "MaxStalled")), 3);
	assert_int_equal(json_integer_value(json_object_get(attic, "ContainerID")), 17);
	assert_null(json_object_get(one, "ContainerID"));
	assert_string_equal(json_string_value(json_object_get(one, "Size")), "1T");
	assert_true(json_is_null(json_object_get(one, "AfterFetchExec")));
	json_decref(root);
}

/* ---- updates ---- */

static void a_newer_script_is_tried_and_the_old_one_kept(void **state)
{
	struct world *w = *state;
	struct err err;

	opened(w);
	put(w, "bin/archiver.py", SOURCE("0.9"));
	w->native.version = "0.10";
	w->native.script = SOURCE("0.10");
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_file(w, "bin/archiver.py", SOURCE("0.10"));
	assert_file(w, "bin/archiver.py-0.9.bak", SOURCE("0.9"));
	assert_file(w, "utility/trying", NULL);
	assert_file(w, "utility/refused", NULL);
	assert_int_equal(w->before, 2);
	assert_int_equal(w->after, 2);
	assert_false(w->e->failure.back_off);
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_int_equal(w->before, 3);
}

static void an_update_that_does_not_work_is_refused_once(void **state)
{
	struct world *w = *state;
	struct err err;

	opened(w);
	put(w, "bin/archiver.py", SOURCE("0.9"));
	w->native.version = "0.10";
	w->native.script = SOURCE("0.10") "BROKEN";
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_file(w, "bin/archiver.py", SOURCE("0.9"));
	assert_file(w, "utility/refused", "0.10");
	assert_int_equal(w->before, 2);
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_int_equal(w->before, 3);
	w->native.version = "0.11";
	w->native.script = SOURCE("0.11");
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_file(w, "bin/archiver.py", SOURCE("0.11"));
}

/* It works where it lies, and not in place. */
static void an_update_that_fails_in_place_is_taken_back(void **state)
{
	struct world *w = *state;
	struct err err;

	opened(w);
	put(w, "bin/archiver.py", SOURCE("0.9"));
	put(w, "plan/list",
	    "case $1 in */bin/*) grep -q 0.10 \"$1\" && exit 1 ;; esac\n" GOOD_LIST);
	w->native.version = "0.10";
	w->native.script = SOURCE("0.10");
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_file(w, "bin/archiver.py", SOURCE("0.9"));
	assert_file(w, "utility/refused", "0.10");
	assert_file(w, "utility/trying", NULL);
}

static void a_script_that_is_not_newer_stays_out(void **state)
{
	static const struct {
		const char *own, *announced, *script;
		unsigned asked;
	} rows[] = {
		{SOURCE("0.10"), "0.10", SOURCE("0.11"), 1},
		{SOURCE("0.10"), "0.9", SOURCE("0.11"), 1},
		{SOURCE("0.10"), "0.11", SOURCE("0.10") "# another\n", 2},
		{SOURCE("0.10"), "0.11", SOURCE("0.9"), 2},
		{SOURCE("0.10"), "0.11", "<html>.................", 2},
		{"# no number of its own\n", "0.11", SOURCE("0.11"), 0},
	};
	struct world *w = *state;

	opened(w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err err;
		w->before = 0;
		put(w, "bin/archiver.py", rows[i].own);
		w->native.version = rows[i].announced;
		w->native.script = rows[i].script;
		assert_int_equal(prepared(w, &err), ERR_NONE);
		assert_file(w, "bin/archiver.py", rows[i].own);
		assert_file(w, "utility/refused", NULL);
		assert_int_equal(w->before, rows[i].asked);
		assert_false(w->e->failure.back_off);
	}
}

static void updates_are_done_announced_or_left_out(void **state)
{
	struct world *w = *state;
	struct err err;

	w->o.update = ENGINE_UTILITY_NOTIFY;
	opened(w);
	put(w, "bin/archiver.py", SOURCE("0.9"));
	w->native.version = "0.10";
	w->native.script = SOURCE("0.10");
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_int_equal(w->before, 1);
	w->o.update = ENGINE_UTILITY_OFF;
	opened(w);
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_int_equal(w->before, 1);
	assert_file(w, "bin/archiver.py", SOURCE("0.9"));
}

static void a_version_that_does_not_come_stops_only_if_the_tracker_is_unwell(void **state)
{
	struct world *w = *state;
	struct err err;

	opened(w);
	put(w, "bin/archiver.py", SOURCE("0.9"));
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_int_equal(w->failed, 1);
	w->native.base.failure = (struct engine_failure){.back_off = true};
	assert_int_equal(prepared(w, &err), ERR_RETRY);
	assert_true(w->e->failure.back_off);
	assert_true(text_starts(err.msg, "ask for the utility's newest version: worded anew"));
	w->native.version = "0.10";
	assert_int_equal(prepared(w, &err), ERR_RETRY);
	assert_true(text_starts(err.msg, "update archiver.py: "));
	w->native.base.failure = (struct engine_failure){.back_off = false};
	assert_int_equal(prepared(w, &err), ERR_NONE);
	assert_file(w, "bin/archiver.py", SOURCE("0.9"));
	w->before_fails = true;
	assert_int_equal(prepared(w, &err), ERR_RETRY);
	assert_true(err_is_stop(&err));
}

/* A process that ended had put 0.10 in place, and not tried it there. */
static void a_trial_that_was_cut_off_is_ended(void **state)
{
	static const char good[] = SOURCE("0.10"), bad[] = SOURCE("0.10") "BROKEN";
	static const struct {
		const char *in_place, *hashed, *after;
	} rows[] = {
		{good, good, good},
		{bad, bad, SOURCE("0.9")},
		{good, bad, good}, /* another one was put there: no trial */
	};
	struct world *w = *state;

	w->o.update = ENGINE_UTILITY_OFF;
	opened(w);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t digest[SHA256_SIZE];
		char hash[2 * SHA256_SIZE + 1];
		struct err err;
		hash_sha256(rows[i].hashed, strlen(rows[i].hashed), digest);
		hash_hex(digest, sizeof digest, hash);
		OWN_STR char *trial = mem_printf("0.9 0.10 %s\n", hash);
		put(w, "bin/archiver.py", rows[i].in_place);
		put(w, "bin/archiver.py-0.9.bak", SOURCE("0.9"));
		put(w, "utility/trying", trial);
		assert_int_equal(prepared(w, &err), ERR_NONE);
		assert_file(w, "bin/archiver.py", rows[i].after);
		assert_file(w, "utility/trying", NULL);
		assert_file(w, "utility/refused", i == 1 ? "0.10" : NULL);
		OWN_STR char *refused = path_of(w, "utility/refused");
		MUST(fs_remove(refused, &err));
	}
}

static void a_trial_without_a_way_back_goes_on(void **state)
{
	static const char bad[] = SOURCE("0.10") "BROKEN";
	struct world *w = *state;
	uint8_t digest[SHA256_SIZE];
	char hash[2 * SHA256_SIZE + 1];
	struct err err;

	w->o.update = ENGINE_UTILITY_OFF;
	opened(w);
	hash_sha256(bad, strlen(bad), digest);
	hash_hex(digest, sizeof digest, hash);
	OWN_STR char *trial = mem_printf("0.9 0.10 %s\n", hash);
	put(w, "bin/archiver.py", bad);
	put(w, "utility/trying", trial);
	assert_int_equal(prepared(w, &err), ERR_TARGET);
	assert_file(w, "utility/trying", trial);
	assert_file(w, "bin/archiver.py", bad);
}

/* ---- asking ---- */

#define WATCH "d=$(grep -o '\"[^\"]*/attic-[^\"]*\"' ../utility/config.ptp | tr -d '\"')\n"
#define LEAVES(file) WATCH "cp '" FIXTURES "/" file "' $d/x.torrent\n"

static bool assign(struct world *w, struct reply *reply, struct err *err)
{
	struct engine *e = w->e ? w->e : opened(w);

	*err = (struct err){.kind = ERR_NONE};
	put(w, "bin/archiver.py", SOURCE("0.10"));
	bool ok = e->ops->assign(e, &w->containers[0], reply, err);
	assert_int_equal(ok, err->code == WORD_NONE);
	return ok;
}

/* What is left of one question lies in the way of the next. */
static void empty(struct world *w)
{
	OWN_STR char *path = NULL;
	struct err err;

	MUST(spool_look(&w->o.staging, "attic", &path, &err));
	if (path)
		MUST(spool_remove(path, &err));
}

static void each_end_of_a_question_has_its_meaning(void **state)
{
	static const struct {
		const char *fetch;
		bool ok;
		enum reply_verdict verdict;
		enum err_code code;
		bool back_off, lost;
		const char *says;
		bool certain;
	} rows[] = {
		{LEAVES("real/v1-trailing-newline.torrent"), true, REPLY_ASSIGNED, 0, false, true,
		 "", true},
		{"exit 0", false, 0, WORD_PROTOCOL, false, true, "there is no new file", true},
		{SAYS("No space left in container"), true, REPLY_FULL, 0, false, false, "", false},
		{SAYS("{'Error': 'too many stalled'}"), true, REPLY_STALLED, 0, false, false, "",
		 false},
		{SAYS("requests.HTTPError: 503 Server Error: x for url: y"), false, 0, WORD_OTHER,
		 true, true, "HTTP 503: the utility failed: ", false},
		{SAYS("requests.HTTPError: 403 Client Error: x for url: y"), false, 0, WORD_OTHER,
		 true, false, "HTTP 403: the utility failed: ", false},
		{SAYS("requests.HTTPError: 500 Server Error: x for url: y"), false, 0, WORD_OTHER,
		 true, true, "HTTP 500: the utility failed: ", false},
		{SAYS("KeyError: key-of-the-tracker"), false, 0, WORD_OTHER, false, true,
		 "the utility failed: KeyError: <hidden>", false},
		{SAYS("ModuleNotFoundError: No module named 'x'"), false, 0, WORD_CONFIG, false,
		 false, "needs the Python module `x`", false},
		{LEAVES("real/v1-trailing-newline.torrent") "exit 1", true, REPLY_ASSIGNED, 0,
		 false, false, "", false},
		{LEAVES("../meson.build") "echo KeyError: x\nexit 1", false, 0, WORD_OTHER, false,
		 true, "the utility failed: KeyError: x", true},
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		OWN_REPLY struct reply reply = {.verdict = REPLY_REFUSED};
		struct err err;
		put(w, "plan/fetch", rows[i].fetch);
		if (assign(w, &reply, &err) != rows[i].ok || !strstr(err.msg, rows[i].says))
			fail_msg("%zu: %s", i, err.msg);
		assert_int_equal(err.code, rows[i].code);
		if (rows[i].ok)
			assert_int_equal(reply.verdict, rows[i].verdict);
		assert_string_equal(reply.torrent_id, "");
		assert_int_equal(w->e->failure.back_off, rows[i].back_off);
		assert_int_equal(w->e->failure.may_have_assigned, rows[i].lost);
		assert_int_equal(w->e->failure.has_assigned, rows[i].certain);
		empty(w);
	}
	assert_int_equal(w->before, 0);
}

static void the_container_id_comes_from_its_config(void **state)
{
	struct world *w = *state;
	OWN_REPLY struct reply reply = {0}, none = {0};
	struct err err;

	put(w, "plan/fetch",
	    "sed -i 's/\"ContainerID\": 17/\"ContainerID\": 1/' "
	    "../utility/config.ptp\n" LEAVES("real/v1-trailing-newline.torrent"));
	MUST(assign(w, &reply, &err));
	assert_string_equal(reply.container_id, "1");
	assert_int_equal(calls(w, " fetch attic --config "), 1);
	empty(w);
	put(w, "plan/fetch",
	    "sed -i 's/\"ContainerID\": 17/\"ContainerID\": 0/' "
	    "../utility/config.ptp\n" LEAVES("real/v1-trailing-newline.torrent"));
	MUST(assign(w, &none, &err));
	assert_string_equal(none.container_id, "");
}

/* The trace of a failed download tells which torrent it was to be. */
static void a_torrent_that_it_could_not_download_is_downloaded_here_later(void **state)
{
	struct world *w = *state;
	OWN_REPLY struct reply reply = {0};
	OWN_BUF struct buf bytes = BUF_MAX(100);
	OWN_STR char *name = NULL;
	struct err err;

	put(w, "plan/fetch",
	    SAYS("requests.HTTPError: 404 Client Error: x for url: "
		 "https://t/d?&id=11&ArchiveID=4"));
	MUST(assign(w, &reply, &err));
	assert_string_equal(reply.torrent_id, "11");
	assert_string_equal(reply.archive_id, "4");
	assert_false(w->e->failure.may_have_assigned);
	w->native.downloads[w->native.n_downloads++] = (struct fake_download){.bytes = "one"};
	MUST(w->e->ops->download(w->e, "12", "4", &bytes, &name, &err));
	assert_false(w->e->ops->download(w->e, "11", "4", &bytes, &name, &err));
	assert_int_equal(w->e->failure.status, 404);
	assert_true(text_starts(err.msg, "HTTP 404: the utility failed: "));
	w->native.downloads[w->native.n_downloads++] = (struct fake_download){.bytes = "two"};
	MUST(w->e->ops->download(w->e, "11", "4", &bytes, &name, &err));
	fake_engine_end(&w->native);
}

static void a_utility_that_hangs_is_ended(void **state)
{
	struct world *w = *state;
	OWN_REPLY struct reply reply = {0};
	struct err err;

	w->o.staging.run_ms = 100;
	put(w, "plan/fetch", "exec sleep 20");
	assert_false(assign(w, &reply, &err));
	assert_int_equal(err.code, WORD_TIMEOUT);
	assert_true(w->e->failure.back_off && w->e->failure.may_have_assigned);
	w->o.staging.run_ms = 3000; /* enough to write it, on a busy machine as well */
	opened(w);
	put(w, "plan/fetch", LEAVES("real/v1-trailing-newline.torrent") "exec sleep 20");
	MUST(assign(w, &reply, &err));
	assert_int_equal(reply.verdict, REPLY_ASSIGNED);
}

static void names_that_it_would_take_for_something_else_are_refused(void **state)
{
	static const char *const names[] = {"all", "-x"};
	struct world *w = *state;
	OWN_REPLY struct reply reply = {0};
	struct err err;

	opened(w);
	for (size_t i = 0; i < COUNT(names); i++) {
		OWN_STR char *name = mem_dup(names[i]);
		const struct container c = {.name = name, .size = w->containers[0].size};
		assert_false(w->e->ops->assign(w->e, &c, &reply, &err));
		assert_int_equal(err.kind, ERR_TARGET);
		assert_int_equal(err.code, WORD_CONFIG);
	}
	assert_file(w, "plan/calls", NULL);
}

static void a_stop_ends_it_and_what_it_wrote_counts(void **state)
{
	struct world *w = *state;
	OWN_REPLY struct reply reply = {0};
	struct err err;

	w->o.tracker.wake = wake_open(false, &err);
	assert_non_null(w->o.tracker.wake);
	put(w, "plan/fetch", "kill -TERM $PPID; exec sleep 20");
	assert_false(assign(w, &reply, &err));
	assert_true(err_is_stop(&err));
	assert_false(w->e->failure.back_off);
	assert_true(w->e->failure.may_have_assigned);
	wake_close(w->o.tracker.wake);
}

/* ---- what the native engine does ---- */

static void the_other_calls_are_the_native_engines(void **state)
{
	struct world *w = *state;
	OWN_BUF struct buf bytes = BUF_MAX(100);
	OWN_STR char *name = NULL;
	char version[REPLY_VERSION_SIZE];
	struct err err;

	opened(w);
	w->native.base.failure.status = 500;
	assert_false(w->e->ops->version(w->e, version, &err));
	assert_int_equal(w->e->failure.status, 500);
	w->native.base.failure.status = 501;
	assert_false(w->e->ops->script(w->e, &bytes, &err));
	assert_int_equal(w->e->failure.status, 501);
	w->native.downloads[w->native.n_downloads++] =
		(struct fake_download){.fails = {.code = WORD_NETWORK, .failure = {.status = 502}}};
	assert_false(w->e->ops->download(w->e, "1", "2", &bytes, &name, &err));
	assert_int_equal(w->e->failure.status, 502);
	w->native.version = "0.12";
	w->native.script = "source";
	MUST(w->e->ops->version(w->e, version, &err));
	MUST(w->e->ops->script(w->e, &bytes, &err));
	assert_string_equal(version, "0.12");
	assert_string_equal(buf_text(&bytes), "source");
	engine_close(w->e);
	w->e = NULL;
	assert_int_equal(w->native.closed, 1);
}

static void folders_that_cannot_be_used_are_an_error(void **state)
{
	struct world *w = *state;
	struct err err;

	w->o.tracker.ca_file = "/nowhere/ca.pem";
	assert_null(engine_utility_open(&w->native.base, &w->o, &err));
	assert_int_equal(err.code, WORD_DISK);
	assert_int_equal(w->native.closed, 1);
	w->o.tracker.ca_file = NULL;
	put(w, "file", "x");
	free((void *)w->o.staging.folder);
	w->o.staging.folder = path_of(w, "file");
	assert_null(engine_utility_open(&w->native.base, &w->o, &err));
	assert_int_equal(err.kind, ERR_TARGET);
}

#define TEST_IN_WORLD(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_WORLD(a_script_that_is_missing_is_fetched_tried_and_put_in_place),
		TEST_IN_WORLD(once_in_a_cycle_is_enough),
		TEST_IN_WORLD(what_comes_in_place_of_the_script_is_waited_out),
		TEST_IN_WORLD(sixteen_bytes_are_the_shortest_script),
		TEST_IN_WORLD(a_tracker_that_fails_is_reported_once),
		TEST_IN_WORLD(what_python_lacks_is_named),
		TEST_IN_WORLD(its_environment_holds_only_what_it_needs),
		TEST_IN_WORLD(a_script_in_place_must_list_the_containers),
		TEST_IN_WORLD(a_config_of_its_own_is_written_for_every_run),
		TEST_IN_WORLD(a_newer_script_is_tried_and_the_old_one_kept),
		TEST_IN_WORLD(an_update_that_does_not_work_is_refused_once),
		TEST_IN_WORLD(an_update_that_fails_in_place_is_taken_back),
		TEST_IN_WORLD(a_script_that_is_not_newer_stays_out),
		TEST_IN_WORLD(updates_are_done_announced_or_left_out),
		TEST_IN_WORLD(a_version_that_does_not_come_stops_only_if_the_tracker_is_unwell),
		TEST_IN_WORLD(a_trial_that_was_cut_off_is_ended),
		TEST_IN_WORLD(a_trial_without_a_way_back_goes_on),
		TEST_IN_WORLD(each_end_of_a_question_has_its_meaning),
		TEST_IN_WORLD(the_container_id_comes_from_its_config),
		TEST_IN_WORLD(a_torrent_that_it_could_not_download_is_downloaded_here_later),
		TEST_IN_WORLD(a_utility_that_hangs_is_ended),
		TEST_IN_WORLD(names_that_it_would_take_for_something_else_are_refused),
		TEST_IN_WORLD(a_stop_ends_it_and_what_it_wrote_counts),
		TEST_IN_WORLD(the_other_calls_are_the_native_engines),
		TEST_IN_WORLD(folders_that_cannot_be_used_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
