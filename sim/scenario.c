#include "scenario.h"

#include "base/mem.h"
#include "base/text.h"
#include "fault.h"
#include "limits.h"
#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct scenario {
	char *path;   /* owned; NULL: none */
	json_t *root; /* owned object */
	struct rules *rules;
	struct stat seen; /* of the file that was read last; zeroed: there was none */
	struct err problem;
};

/* Bits of what a key may hold. */
enum type {
	OBJECT = 1,
	ARRAY = 2,
	STRING = 4,
	INTEGER = 8,
	REAL = 16,
	BOOLEAN = 32,
	NOTHING = 64,
	ANY = 127,
};

static const struct key {
	const char *name;
	int types;
	const char *words; /* if a string: one of these, separated by spaces; NULL: any text */
} keys[] = {
	{"accounts", ARRAY, NULL},
	{"auth_status", INTEGER, NULL},
	{"comment", ANY, NULL},
	{"complete", STRING, "on_download never"},
	{"error_key", STRING, "Error Message"},
	{"faults", ARRAY, NULL},
	{"ids", STRING, "number string"},
	{"incomplete", BOOLEAN | STRING, "null"},
	{"incomplete_empty", STRING, "omit array object"},
	{"incomplete_extra", ARRAY, NULL},
	{"multi_file", INTEGER, NULL},
	{"old_archive_id", STRING, "listing own"},
	{"ping", OBJECT, NULL},
	{"script_file", STRING, NULL},
	{"script_version", STRING | INTEGER | REAL, NULL},
	{"stalled", OBJECT, NULL},
	{"torrent_kind", STRING | OBJECT, NULL},
	{"torrent_size", INTEGER | ARRAY, NULL},
};

static int type_bit(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return OBJECT;
	case JSON_ARRAY:
		return ARRAY;
	case JSON_STRING:
		return STRING;
	case JSON_INTEGER:
		return INTEGER;
	case JSON_REAL:
		return REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return BOOLEAN;
	case JSON_NULL:
		return NOTHING;
	}
	return 0;
}

static bool among(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; len && (p = strstr(p, word)); p += len)
		if ((p == words || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
	return false;
}

static bool complain(struct err *err, const char *name, const char *expected)
{
	return err_set(err, ERR_ITEM, WORD_CONFIG, "\"%s\": %s", name, expected);
}

MUST_CHECK static bool check_key(const char *name, const json_t *value, struct err *err)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct key *k = &keys[i];

		if (strcmp(k->name, name) != 0)
			continue;
		if (!(type_bit(value) & k->types))
			return complain(err, name, "a value of this type is not expected here");
		if (json_is_string(value) && k->words && !among(k->words, json_string_value(value)))
			return err_set(err, ERR_ITEM, WORD_CONFIG, "\"%s\": expected one of: %s",
				       name, k->words);
		return true;
	}
	return complain(err, name, "there is no such key");
}

static bool in_range(const json_t *v, json_int_t min, json_int_t max)
{
	return json_is_integer(v) && json_integer_value(v) >= min && json_integer_value(v) <= max;
}

MUST_CHECK static bool check_accounts(const json_t *root, struct err *err)
{
	size_t i;
	json_t *account;

	json_array_foreach (json_object_get(root, "accounts"), i, account)
		if (!json_is_string(json_object_get(account, "user")) ||
		    !json_is_string(json_object_get(account, "key")))
			return complain(err, "accounts", "each needs \"user\" and \"key\"");
	return true;
}

MUST_CHECK static bool check_size(const json_t *root, struct err *err)
{
	const json_t *size = json_object_get(root, "torrent_size");
	const json_t *min = json_is_array(size) ? json_array_get(size, 0) : size;
	const json_t *max = json_is_array(size) ? json_array_get(size, 1) : size;

	if (!size || (in_range(min, 1, SIM_TORRENT_SIZE) &&
		      in_range(max, json_integer_value(min), SIM_TORRENT_SIZE) &&
		      (!json_is_array(size) || json_array_size(size) == 2)))
		return true;
	return complain(err, "torrent_size", "bytes from 1 to 1 TiB, or [least, most]");
}

MUST_CHECK static bool check_kinds(const json_t *root, struct err *err)
{
	const json_t *kind = json_object_get(root, "torrent_kind");
	const char *id;
	json_t *value;

	if (json_is_string(kind) && !torrents_kind_known(json_string_value(kind)))
		return complain(err, "torrent_kind", "v1, v2 or hybrid");
	json_object_foreach ((json_t *)(uintptr_t)kind, id, value)
		if (!json_is_string(value) || !torrents_kind_known(json_string_value(value)))
			return complain(err, "torrent_kind",
					"v1, v2 or hybrid for each torrent id");
	return true;
}

MUST_CHECK static bool check_ping(const json_t *root, struct err *err)
{
	const json_t *ping = json_object_get(root, "ping");
	const json_t *limit = json_object_get(ping, "limit");
	const json_t *checks = json_object_get(ping, "checks");
	size_t i;
	json_t *check;

	if (json_object_size(ping) != (size_t) !!limit + (size_t) !!checks)
		return complain(err, "ping", "only \"limit\" and \"checks\" are known here");
	if (limit && !json_is_null(limit) && !in_range(limit, 0, SIM_PING_LIMIT_MAX))
		return complain(err, "limit", "bytes from 0 to 1048576, or null");
	if (checks && !json_is_array(checks))
		return complain(err, "checks", "an array of \"<uuid>\" and \"<ping key>/<slug>\"");
	json_array_foreach (checks, i, check)
		if (!json_is_string(check))
			return complain(err, "checks", "every check is a text");
	return true;
}

MUST_CHECK static bool check_numbers(const json_t *root, struct err *err)
{
	const json_t *status = json_object_get(root, "auth_status");
	const json_t *multi = json_object_get(root, "multi_file");
	const char *name;
	json_t *n;

	if (status && !in_range(status, 200, 599))
		return complain(err, "auth_status", "a status from 200 to 599");
	if (multi && !in_range(multi, 0, INT32_MAX))
		return complain(err, "multi_file", "a number from 0");
	json_object_foreach (json_object_get(root, "stalled"), name, n)
		if (!in_range(n, 0, INT32_MAX))
			return complain(err, "stalled", "container names, each with a number");
	return true;
}

MUST_CHECK static bool check_extra(const json_t *root, struct err *err)
{
	const json_t *extra = json_object_get(root, "incomplete_extra");

	if (json_array_size(extra) > SIM_LISTED)
		return complain(err, "incomplete_extra", "at most 100");
	return true;
}

MUST_CHECK static bool check_faults(const json_t *root, struct err *err)
{
	const json_t *faults = json_object_get(root, "faults");
	size_t i;
	json_t *rule;

	if (json_array_size(faults) > SIM_FAULTS)
		return complain(err, "faults", "too many rules");
	json_array_foreach (faults, i, rule)
		if (!fault_check(rule, err))
			return err_wrap(err, "\"faults\"[%zu]", i);
	return true;
}

MUST_CHECK static bool check(const json_t *root, struct err *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(root))
		return err_set(err, ERR_ITEM, WORD_CONFIG, "expected a JSON object");
	json_object_foreach ((json_t *)(uintptr_t)root, name, value)
		if (!check_key(name, value, err))
			return false;
	return check_accounts(root, err) && check_size(root, err) && check_kinds(root, err) &&
	       check_ping(root, err) && check_numbers(root, err) && check_extra(root, err) &&
	       check_faults(root, err);
}

static void adopt(struct scenario *sc, json_t *root)
{
	struct rules *rules = rules_new(json_object_get(root, "faults"), sc->rules);

	rules_free(sc->rules);
	json_decref(sc->root);
	sc->rules = rules;
	sc->root = root;
	sc->problem = (struct err){0};
}

MUST_CHECK static bool load(struct scenario *sc, int fd, struct err *err)
{
	json_error_t where;
	json_t *root = json_loadfd(fd, JSON_REJECT_DUPLICATES, &where);

	if (!root)
		return err_set(err, ERR_ITEM, WORD_CONFIG, "line %d: %s", where.line, where.text);
	if (!check(root, err)) {
		json_decref(root);
		return false;
	}
	adopt(sc, root);
	return true;
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The file that is there now, or a zeroed *st and -1. */
static int open_file(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && fstat(fd, st) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	*st = (struct stat){0};
	return -1;
}

void scenario_refresh(struct scenario *sc)
{
	struct stat st;

	if (!sc->path || (stat(sc->path, &st) == 0 && same(&st, &sc->seen)))
		return;
	OWN_FD int fd = open_file(sc->path, &st);
	if (same(&st, &sc->seen))
		return;
	sc->seen = st;
	if (fd < 0) {
		adopt(sc, json_object());
		return;
	}
	if (st.st_size > SIM_SCENARIO_BYTES)
		err_set(&sc->problem, ERR_ITEM, WORD_CONFIG, "longer than %d bytes",
			SIM_SCENARIO_BYTES);
	else if (load(sc, fd, &sc->problem))
		return;
	fprintf(stderr, "ptp-sim: scenario %s: %s; the one before stays in force\n", sc->path,
		sc->problem.msg);
}

struct scenario *scenario_new(const char *path)
{
	struct scenario *sc = mem_alloc(sizeof *sc);

	sc->path = mem_dup(path);
	adopt(sc, json_object());
	scenario_refresh(sc);
	return sc;
}

void scenario_free(struct scenario *sc)
{
	if (!sc)
		return;
	rules_free(sc->rules);
	json_decref(sc->root);
	free(sc->path);
	free(sc);
}

json_t *scenario_strike(struct scenario *sc, const struct rules_subject *subject)
{
	return rules_strike(sc->rules, subject);
}

json_t *scenario_rules(const struct scenario *sc)
{
	return rules_state(sc->rules);
}

const char *scenario_problem(const struct scenario *sc)
{
	return sc->problem.kind == ERR_NONE ? NULL : sc->problem.msg;
}

static const char *word(const struct scenario *sc, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(sc->root, key));

	return s ? s : otherwise;
}

bool scenario_account(const struct scenario *sc, const char *user, const char *key)
{
	const json_t *accounts = json_object_get(sc->root, "accounts");
	size_t i;
	json_t *a;

	if (!accounts)
		return true;
	json_array_foreach (accounts, i, a)
		if (strcmp(json_string_value(json_object_get(a, "user")), user) == 0 &&
		    strcmp(json_string_value(json_object_get(a, "key")), key) == 0)
			return true;
	return false;
}

unsigned scenario_auth_status(const struct scenario *sc)
{
	const json_t *status = json_object_get(sc->root, "auth_status");

	return status ? (unsigned)json_integer_value(status) : 403;
}

bool scenario_ids_text(const struct scenario *sc)
{
	return strcmp(word(sc, "ids", "number"), "string") == 0;
}

const json_t *scenario_script_version(const struct scenario *sc)
{
	return json_object_get(sc->root, "script_version");
}

const char *scenario_script_file(const struct scenario *sc)
{
	return word(sc, "script_file", NULL);
}

const char *scenario_error_key(const struct scenario *sc)
{
	return word(sc, "error_key", "Error");
}

bool scenario_completes(const struct scenario *sc)
{
	return strcmp(word(sc, "complete", "on_download"), "never") != 0;
}

bool scenario_own_archive_id(const struct scenario *sc)
{
	return strcmp(word(sc, "old_archive_id", "listing"), "own") == 0;
}

int64_t scenario_stalled(const struct scenario *sc, const char *container)
{
	return json_integer_value(json_object_get(json_object_get(sc->root, "stalled"), container));
}

void scenario_torrent_size(const struct scenario *sc, int64_t *min, int64_t *max)
{
	const json_t *size = json_object_get(sc->root, "torrent_size");

	*min = (int64_t)700 << 20;
	*max = (int64_t)9 << 30;
	if (!size)
		return;
	*min = json_integer_value(json_is_array(size) ? json_array_get(size, 0) : size);
	*max = json_integer_value(json_is_array(size) ? json_array_get(size, 1) : size);
}

const char *scenario_torrent_kind(const struct scenario *sc, int64_t torrent)
{
	const json_t *kind = json_object_get(sc->root, "torrent_kind");
	OWN_STR char *id = mem_printf("%lld", (long long)torrent);
	const char *own = json_string_value(json_object_get(kind, id));
	const char *all = json_string_value(json_object_get(kind, "*"));

	if (json_is_string(kind))
		return json_string_value(kind);
	return own ? own : all ? all : "v1";
}

int64_t scenario_multi_file(const struct scenario *sc)
{
	const json_t *nth = json_object_get(sc->root, "multi_file");

	return nth ? json_integer_value(nth) : 4;
}

size_t scenario_ping_limit(const struct scenario *sc)
{
	const json_t *limit = json_object_get(json_object_get(sc->root, "ping"), "limit");

	if (!limit)
		return SIM_PING_LIMIT;
	return json_is_null(limit) ? SIZE_MAX : (size_t)json_integer_value(limit);
}

const json_t *scenario_ping_checks(const struct scenario *sc)
{
	return json_object_get(json_object_get(sc->root, "ping"), "checks");
}

enum scenario_incomplete scenario_incomplete(const struct scenario *sc)
{
	const json_t *v = json_object_get(sc->root, "incomplete");

	if (json_is_string(v))
		return INCOMPLETE_WITHOUT_HASH;
	return json_is_true(v) ? INCOMPLETE_LISTED : INCOMPLETE_OFF;
}

const json_t *scenario_incomplete_extra(const struct scenario *sc)
{
	return json_object_get(sc->root, "incomplete_extra");
}

const char *scenario_incomplete_empty(const struct scenario *sc)
{
	return word(sc, "incomplete_empty", "omit");
}
