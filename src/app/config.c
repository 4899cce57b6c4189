#include "app/config.h"

#include "app/json_line.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "core/schedule.h"
#include "ports/health.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "config.ptp"
#define SUGGEST_DISTANCE 2

/* ---- problems ---- */

void problems_add(struct problems *p, const char *fmt, ...)
{
	va_list ap;
	char *line = NULL;

	va_start(ap, fmt);
	int n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0)
		line = mem_dup("a problem that there was no memory to describe");
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->lines[i], line) == 0) {
			free(line);
			return;
		}
	p->lines = mem_grow(p->lines, p->n + 1, sizeof *p->lines);
	p->lines[p->n++] = line;
}

void problems_clear(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->lines[i]);
	free(p->lines);
	*p = (struct problems){0};
}

/* ---- where a value comes from ---- */

struct load {
	struct config *c;
	struct problems *problems;
	char *text;       /* owned: of config.ptp, "" if there is none */
	bool file_broken; /* config.ptp is there, but cannot be read */
	/* Something was given for it, right or wrong. */
	bool user_given, key_given;
};

static const char *environment(const char *name)
{
	const char *value = name ? getenv(name) : NULL;

	return value && *value ? value : NULL;
}

/* Where a value stands, for messages: a variable or an option, or a path of keys in config.ptp. */
struct place {
	const char *literal; /* NULL: in config.ptp */
	const char *const *path;
	size_t depth;
};

/* "PTP_INTERVAL", or "config.ptp:12: Containers: attic: Size"; the caller's.  Finding the line
 * reads the whole file, so it is made only where there is something to say. */
static char *place_text(const struct load *l, const struct place *p)
{
	OWN_BUF struct buf out = BUF_MAX(4096);

	if (p->literal)
		return mem_dup(p->literal);
	buf_printf(&out, "%s:%d", l->c->path, json_line_of(l->text, p->path, p->depth));
	for (size_t i = 0; i < p->depth; i++)
		buf_printf(&out, ": %s", p->path[i]);
	return buf_take(&out);
}

static char *file_source(const struct load *l, const char *const path[], size_t depth)
{
	return place_text(l, &(struct place){.path = path, .depth = depth});
}

/* A JSON value as the text that a setting is parsed from; NULL for null and for what is none. */
static char *value_text(const json_t *value)
{
	if (json_is_string(value))
		return mem_dup(json_string_value(value));
	if (json_is_integer(value))
		return mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return mem_printf("%.9g", json_real_value(value));
	return NULL;
}

/* ---- settings: one row each ---- */

struct setting {
	const char *key;      /* in config.ptp */
	const char *variable; /* in the environment; NULL: none */
	bool in_file;         /* VARIABLE_FILE may name a file that holds it */
	const char *fallback; /* NULL: unset */
	/* NULL if the value was taken, else what is wrong with it and what would be right.  The
	 * answer never quotes a secret. */
	const char *(*take)(struct config *c, const char *value);
};

static bool is_word(const char *value, size_t len)
{
	if (strlen(value) != len)
		return false;
	for (; *value; value++)
		if (!isalnum((unsigned char)*value) && *value != '_')
			return false;
	return true;
}

static const char *take_user(struct config *c, const char *value)
{
	if (!is_word(value, 16))
		return "is not of the right form: 16 letters and digits, from your profile page";
	secret_set(&c->user, value);
	return NULL;
}

static const char *take_key(struct config *c, const char *value)
{
	if (!is_word(value, 32))
		return "is not of the right form: 32 letters and digits, from your profile page";
	secret_set(&c->key, value);
	return NULL;
}

static const char *take_ping_url(struct config *c, const char *value)
{
	const char *fault = health_url_fault(value);

	if (!fault)
		secret_set(&c->ping_url, value);
	return fault;
}

static const char *take_base_url(struct config *c, const char *value)
{
	struct http_url url;
	struct err err;

	if (!http_url_parse(value, &url, &err))
		return "is not a complete URL; it is https://passthepopcorn.me unless you test";
	if (!url.tls && !url.loopback)
		return "is plain http, which would show the API key to everybody on the way; use "
		       "https://";
	c->loopback = url.loopback;
	free(c->base_url);
	c->base_url = mem_dup(value);
	return NULL;
}

static const char *take_relative(char **to, const char *value)
{
	if (strstr(value, "://") || text_starts(value, "//") || strpbrk(value, " \t\r\n#"))
		return "is not a URL relative to BaseURL, such as archive.php?action=fetch";
	free(*to);
	*to = mem_dup(value);
	return NULL;
}

static const char *take_fetch_url(struct config *c, const char *value)
{
	return take_relative(&c->fetch_url, value);
}

static const char *take_download_url(struct config *c, const char *value)
{
	return take_relative(&c->download_url, value);
}

static const char *take_version_url(struct config *c, const char *value)
{
	return take_relative(&c->version_url, value);
}

static const char *take_update_url(struct config *c, const char *value)
{
	return take_relative(&c->update_url, value);
}

static const char *take_fetch_sleep(struct config *c, const char *value)
{
	if (!num_milli(value, CONFIG_FETCH_SLEEP_MAX_S, &c->fetch_sleep_ms))
		return "is not a number of seconds from 0 to 86400, such as 15";
	free(c->fetch_sleep_text);
	c->fetch_sleep_text = mem_dup(value);
	return NULL;
}

static const char *take_interval(struct config *c, const char *value)
{
	if (!num_duration(value, CONFIG_INTERVAL_MAX_MS, &c->interval_ms))
		return "is not a duration of at most 30 days with one of the units s m h d, such "
		       "as 6h";
	return NULL;
}

static const char *take_per_cycle(struct config *c, const char *value)
{
	uint64_t n;

	if (!num_u64(value, CONFIG_PER_CYCLE_MAX, &n) || n == 0)
		return "is not a whole number from 1 to 1000";
	c->per_cycle = (unsigned)n;
	return NULL;
}

static const char *take_timeout(struct config *c, const char *value)
{
	int64_t ms;

	if (!num_duration(value, CONFIG_TIMEOUT_MAX_MS, &ms))
		return "is not a duration of at most 1h, such as 60s";
	c->timeout_ms = (int)ms;
	return NULL;
}

static const char *take_ca_file(struct config *c, const char *value)
{
	if (!fs_exists(value))
		return "is not there; name a PEM file with the CA's certificate";
	free(c->ca_file);
	c->ca_file = mem_dup(value);
	return NULL;
}

static const char *take_engine(struct config *c, const char *value)
{
	c->utility = strcmp(value, "utility") == 0;
	return c->utility || strcmp(value, "native") == 0
		       ? NULL
		       : "is neither native nor utility (the official archiver.py)";
}

static const char *take_utility_path(struct config *c, const char *value)
{
	if (fs_is_folder(value))
		return "is a folder; name the file, such as /app/archiver.py";
	free(c->utility_path);
	c->utility_path = mem_dup(value);
	return NULL;
}

static const char *take_utility_update(struct config *c, const char *value)
{
	static const char *const words[] = {[CONFIG_UPDATE_AUTO] = "auto",
					    [CONFIG_UPDATE_NOTIFY] = "notify",
					    [CONFIG_UPDATE_OFF] = "off"};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(value, words[i]) == 0) {
			c->utility_update = (enum config_utility_update)i;
			return NULL;
		}
	return "is none of auto, notify, off";
}

static const char *take_log_level(struct config *c, const char *value)
{
	return log_level_parse(value, &c->log_level) ? NULL : "is none of error, warn, info, debug";
}

static const char *take_log_format(struct config *c, const char *value)
{
	return log_format_parse(value, &c->log_format) ? NULL : "is neither text nor json";
}

static const char *take_umask(struct config *c, const char *value)
{
	char *end;
	unsigned long mask = strtoul(value, &end, 8);

	if (!*value || strspn(value, "01234567") != strlen(value) || strlen(value) > 4 ||
	    mask > 0777)
		return "is not an octal number from 000 to 777, such as 007";
	c->mask = (mode_t)mask;
	return NULL;
}

static const struct setting settings[] = {
	{"ApiUser", "PTP_USER", true, NULL, take_user},
	{"ApiKey", "PTP_KEY", true, NULL, take_key},
	{"HealthchecksURL", "HC_URL", true, NULL, take_ping_url},
	{"BaseURL", "PTP_BASE_URL", false, "https://passthepopcorn.me", take_base_url},
	{"FetchURL", NULL, false, "archive.php?action=fetch", take_fetch_url},
	{"UpdateURL", NULL, false, "archive.php?action=script", take_update_url},
	{"VersionURL", NULL, false, "archive.php?action=scriptver", take_version_url},
	{"DownloadURL", NULL, false, "torrents.php?action=download", take_download_url},
	{"FetchSleep", "PTP_FETCH_SLEEP", false, "5", take_fetch_sleep},
	{"Interval", "PTP_INTERVAL", false, "6h", take_interval},
	{"PerCycle", "PTP_PER_CYCLE", false, "1", take_per_cycle},
	{"Timeout", "PTP_TIMEOUT", false, "60s", take_timeout},
	{"CAFile", "PTP_CA_FILE", false, NULL, take_ca_file},
	{"Engine", "PTP_ENGINE", false, "native", take_engine},
	{"UtilityPath", "PTP_UTILITY_PATH", false, NULL, take_utility_path},
	{"UtilityUpdate", "PTP_UTILITY_UPDATE", false, "auto", take_utility_update},
	{"LogLevel", "LOG_LEVEL", false, "info", take_log_level},
	{"LogFormat", "LOG_FORMAT", false, "text", take_log_format},
	{"Umask", "UMASK", false, "007", take_umask},
};

#define N_SETTINGS (sizeof settings / sizeof *settings)

const char *config_fault(const char *key, const char *value)
{
	OWN(config_clear) struct config ignored = {0};

	for (size_t i = 0; i < N_SETTINGS; i++)
		if (strcmp(settings[i].key, key) == 0)
			return settings[i].take(&ignored, value);
	return "is no setting";
}

/* The content of the file that VARIABLE_FILE names, white space trimmed; the caller's.  NULL with
 * *wrong set: the problem was reported. */
static char *from_secret_file(struct load *l, const struct setting *s, bool *wrong)
{
	OWN_STR char *variable = mem_printf("%s_FILE", s->variable);
	OWN_BUF struct buf bytes = BUF_MAX(CONFIG_SECRET_MAX_BYTES);
	const char *path = environment(variable);
	struct err err;

	*wrong = false;
	if (!path)
		return NULL;
	*wrong = true;
	if (!fs_read(path, &bytes, &err)) {
		problems_add(l->problems, "%s: %s", variable, err.msg);
		return NULL;
	}
	char *text = text_strip(bytes.data ? bytes.data : (char[]){""});
	char *copy = *text ? mem_dup(text) : NULL;
	secret_wipe(bytes.data, bytes.len);
	if (!copy)
		problems_add(l->problems, "%s: the file %s is empty", variable, path);
	*wrong = !copy;
	return copy;
}

static void note_given(struct load *l, const struct setting *s)
{
	l->user_given |= strcmp(s->key, "ApiUser") == 0;
	l->key_given |= strcmp(s->key, "ApiKey") == 0;
}

static void take(struct load *l, const struct setting *s, const char *value, struct place place)
{
	note_given(l, s);
	const char *fault = s->take(l->c, value);

	if (fault) {
		OWN_STR char *source = place_text(l, &place);
		problems_add(l->problems, "%s %s", source, fault);
	}
}

static void take_from_file(struct load *l, const struct setting *s)
{
	const json_t *value = json_object_get(l->c->file, s->key);
	OWN_STR char *text = value_text(value);

	if (text) {
		take(l, s, text, (struct place){.path = &s->key, .depth = 1});
	} else {
		if (value && !json_is_null(value)) {
			OWN_STR char *source = file_source(l, &s->key, 1);
			problems_add(l->problems, "%s is neither a text nor a number", source);
		}
		if (s->fallback)
			s->take(l->c, s->fallback);
	}
	if (text)
		secret_wipe(text, strlen(text));
}

static const char *option_name(const struct setting *s)
{
	return strcmp(s->key, "LogLevel") == 0 ? "--log-level" : "--log-format";
}

static void take_setting(struct load *l, const struct setting *s, const char *option)
{
	bool wrong = false;
	OWN_STR char *secret = s->in_file ? from_secret_file(l, s, &wrong) : NULL;
	const char *value = environment(s->variable);

	/* The defaults are there even where a value is wrong. */
	if (s->fallback)
		s->take(l->c, s->fallback);
	if (option) {
		take(l, s, option, (struct place){.literal = option_name(s)});
	} else if (secret) {
		OWN_STR char *source = mem_printf("%s_FILE: its content", s->variable);
		take(l, s, secret, (struct place){.literal = source});
		secret_wipe(secret, strlen(secret));
	} else if (value) {
		take(l, s, value, (struct place){.literal = s->variable});
	} else if (wrong) {
		note_given(l, s);
	} else {
		take_from_file(l, s);
	}
}

/* ---- keys that are not known ---- */

static const char *const other_keys[] = {"Default", "Containers", NULL};
static const char *const container_keys[] = {"Size",           "MaxStalled",  "AfterFetchExec",
					     "WatchDirectory", "ContainerID", NULL};

static const char *nearest(const char *key, const char *const known[], const char *best,
			   unsigned *distance)
{
	for (size_t i = 0; known[i]; i++) {
		unsigned d = text_distance(key, known[i]);
		if (d < *distance) {
			*distance = d;
			best = known[i];
		}
	}
	return best;
}

static bool among(const char *key, const char *const known[])
{
	for (size_t i = 0; known[i]; i++)
		if (strcmp(key, known[i]) == 0)
			return true;
	return false;
}

/* A key that is not known is another program's, and kept; but one that looks like a known one is a
 * slip of the pen. */
static void check_keys(struct load *l, const json_t *object, const char *const known[],
		       const char *path[], size_t depth)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value) {
		unsigned distance = SUGGEST_DISTANCE + 1;
		if (among(key, known))
			continue;
		const char *near = nearest(key, known, NULL, &distance);
		if (!near || json_object_get(object, near))
			continue;
		path[depth] = key;
		OWN_STR char *source = file_source(l, path, depth + 1);
		problems_add(l->problems, "%s is not known; did you mean %s?", source, near);
	}
}

static void check_top_keys(struct load *l)
{
	const char *known[N_SETTINGS + 3];
	const char *path[1];
	size_t n = 0;

	for (size_t i = 0; i < N_SETTINGS; i++)
		known[n++] = settings[i].key;
	for (size_t i = 0; other_keys[i]; i++)
		known[n++] = other_keys[i];
	known[n] = NULL;
	check_keys(l, l->c->file, known, path, 0);
}

/* ---- containers ---- */

static const char *size_fault(const char *size)
{
	return num_size(size, NULL) ? NULL
				    : "is not a size: a number above 0 and one of B K M G T P, "
				      "such as 500G or 1.5T";
}

/* "5TB" or "500" is nearly right: what may have been meant, the caller's, or NULL. */
static char *size_suggestion(const char *size)
{
	size_t digits = strspn(size, "0123456789.");
	char unit = size[digits] ? (char)toupper((unsigned char)size[digits]) : 'G';
	OWN_STR char *guess = mem_printf("%.*s%c", (int)(digits < 32 ? digits : 32), size, unit);

	return digits && !size_fault(guess) && strcmp(guess, size) != 0 ? OWN_TAKE(guess) : NULL;
}

static bool check_size(struct load *l, const char *size, struct place place)
{
	const char *fault = size_fault(size);

	if (!fault)
		return true;
	OWN_STR char *source = place_text(l, &place);
	OWN_STR char *guess = size_suggestion(size);
	OWN_STR char *shown = text_printable(size, strlen(size), 40);
	if (guess)
		problems_add(l->problems, "%s: \"%s\" %s; did you mean %s?", source, shown, fault,
			     guess);
	else
		problems_add(l->problems, "%s: \"%s\" %s", source, shown, fault);
	return false;
}

static bool check_name(struct load *l, const char *name, struct place place)
{
	const char *fault = container_name_fault(name);

	if (!fault)
		return true;
	OWN_STR char *source = place_text(l, &place);
	OWN_STR char *shown = text_printable(name, strlen(name), 60);
	problems_add(l->problems, "%s: the container name \"%s\" %s", source, shown, fault);
	return false;
}

static bool take_stalled(struct load *l, const char *value, struct place place, uint32_t *out)
{
	uint64_t n;

	if (!num_u64(value, CONTAINER_STALLED_MAX, &n)) {
		OWN_STR char *source = place_text(l, &place);
		problems_add(l->problems, "%s is not a whole number from 0 to 1000000", source);
		return false;
	}
	*out = (uint32_t)n;
	return true;
}

/* Where a container's values come from: its own object (may be NULL), the defaults, and the path of
 * keys for messages. */
struct source {
	const json_t *own, *defaults;
	const char *path[3];
};

static struct place place_of(struct source *s, const char *key)
{
	s->path[2] = key;
	return (struct place){.path = s->path, .depth = 3};
}

static char *container_value(struct load *l, struct source *s, const char *key)
{
	const json_t *value = json_object_get(s->own, key);
	char *text = value_text(value);

	if (value && !text && !json_is_null(value)) {
		const struct place place = place_of(s, key);
		OWN_STR char *where = place_text(l, &place);
		problems_add(l->problems, "%s is neither a text nor a number", where);
	}
	return text ? text : value_text(json_object_get(s->defaults, key));
}

static void take_container_stalled(struct load *l, struct source *s, struct container *c)
{
	OWN_STR char *value = container_value(l, s, "MaxStalled");
	const char *variable = environment("PTP_MAX_STALLED");

	if (variable)
		take_stalled(l, variable, (struct place){.literal = "PTP_MAX_STALLED"},
			     &c->max_stalled);
	else if (value)
		take_stalled(l, value, place_of(s, "MaxStalled"), &c->max_stalled);
}

static void take_container_rest(struct load *l, struct source *s, struct container *c)
{
	OWN_STR char *exec = container_value(l, s, "AfterFetchExec");
	OWN_STR char *id = container_value(l, s, "ContainerID");
	uint64_t number;

	if (exec && *text_strip(exec))
		c->after_fetch_exec = mem_dup(exec);
	if (id && num_u64(id, INT64_MAX, &number))
		text_copy(c->id, sizeof c->id, id);
	take_container_stalled(l, s, c);
}

static struct container *new_container(struct config *c, const char *name)
{
	c->containers = mem_grow(c->containers, c->n_containers + 1, sizeof *c->containers);
	struct container *new = &c->containers[c->n_containers++];
	*new = (struct container){.name = mem_dup(name)};
	return new;
}

static void container_from_file(struct load *l, const char *name, const json_t *own,
				const json_t *defaults)
{
	struct source s = {own, defaults, {"Containers", name, NULL}};
	const struct place here = {.path = s.path, .depth = 2};

	if (!check_name(l, name, here))
		return;
	if (!json_is_object(own)) {
		OWN_STR char *where = place_text(l, &here);
		problems_add(l->problems, "%s is not an object", where);
		return;
	}
	check_keys(l, own, container_keys, s.path, 2);
	OWN_STR char *size = container_value(l, &s, "Size");
	OWN_STR char *watch = container_value(l, &s, "WatchDirectory");
	if (!check_size(l, size ? size : "", place_of(&s, "Size")))
		return;
	if (!watch || !*watch) {
		const struct place place = place_of(&s, "WatchDirectory");
		OWN_STR char *where = place_text(l, &place);
		problems_add(l->problems, "%s is empty; name the folder that the client watches",
			     where);
		return;
	}
	struct container *c = new_container(l->c, name);
	c->size = OWN_TAKE(size);
	c->watch_folder = container_folder(watch, name);
	take_container_rest(l, &s, c);
}

static void containers_from_file(struct load *l, const json_t *defaults)
{
	const json_t *all = json_object_get(l->c->file, "Containers");
	const char *path = "Containers", *name;
	json_t *own;

	if (all && !json_is_object(all) && !json_is_null(all)) {
		OWN_STR char *source = file_source(l, &path, 1);
		problems_add(l->problems, "%s is not an object", source);
		return;
	}
	if (json_object_size(all) > CONFIG_CONTAINERS_MAX) {
		problems_add(l->problems, "%s: more than %d containers", l->c->path,
			     CONFIG_CONTAINERS_MAX);
		return;
	}
	json_object_foreach ((json_t *)all, name, own)
		container_from_file(l, name, own, defaults);
}

static bool is_duplicate(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_containers; i++)
		if (strcmp(c->containers[i].name, name) == 0)
			return true;
	return false;
}

/* One "name:size" of PTP_CONTAINERS. */
static void container_from_entry(struct load *l, char *entry, const json_t *defaults)
{
	static const char source[] = "PTP_CONTAINERS";
	const struct place here = {.literal = source};
	char *colon = strrchr(entry, ':');

	if (!colon) {
		OWN_STR char *shown = text_printable(entry, strlen(entry), 60);
		problems_add(l->problems,
			     "%s: \"%s\" has no size; write it as name:size, such as "
			     "attic:800G",
			     source, shown);
		return;
	}
	*colon = '\0';
	char *name = text_strip(entry), *size = text_strip(colon + 1);
	bool named = check_name(l, name, here);
	if (!check_size(l, size, here) || !named)
		return;
	if (is_duplicate(l->c, name)) {
		problems_add(l->problems, "%s: the container \"%s\" is named twice", source, name);
		return;
	}
	const char *watch = environment("PTP_WATCH");
	const json_t *all = json_object_get(l->c->file, "Containers");
	struct source s = {json_object_get(all, name), defaults, {"Containers", name, NULL}};
	struct container *c = new_container(l->c, name);
	c->size = mem_dup(size);
	c->watch_folder = container_folder(watch ? watch : "/watch", name);
	take_container_rest(l, &s, c);
}

static void containers_from_environment(struct load *l, const char *list, const json_t *defaults)
{
	OWN_STR char *copy = mem_dup(list);
	char *rest = copy;

	for (char *entry; (entry = strsep(&rest, ","));) {
		if (l->c->n_containers >= CONFIG_CONTAINERS_MAX) {
			problems_add(l->problems, "PTP_CONTAINERS: more than %d containers",
				     CONFIG_CONTAINERS_MAX);
			return;
		}
		/* A comma behind the last one is a habit, not a mistake. */
		if (!*text_strip(entry) && !rest && l->c->n_containers)
			return;
		container_from_entry(l, entry, defaults);
	}
}

json_t *config_container_defaults(const json_t *root)
{
	json_t *all = json_pack("{s:s, s:i, s:n, s:s}", "Size", "500G", "MaxStalled", 0,
				"AfterFetchExec", "WatchDirectory", "/tmp/$name");
	json_t *own = json_object_get(root, "Default");

	if (json_is_object(own))
		json_object_update(all, own);
	return all;
}

static void check_defaults(struct load *l)
{
	const json_t *own = json_object_get(l->c->file, "Default");
	const char *path[2] = {"Default", NULL};

	if (json_is_object(own)) {
		check_keys(l, own, container_keys, path, 1);
		return;
	}
	if (own && !json_is_null(own)) {
		OWN_STR char *source = file_source(l, path, 1);
		problems_add(l->problems, "%s is not an object", source);
	}
}

static void take_containers(struct load *l)
{
	json_t *defaults = config_container_defaults(l->c->file);
	const char *list = environment("PTP_CONTAINERS");

	check_defaults(l);
	l->c->named_by_environment = list != NULL;
	if (list)
		containers_from_environment(l, list, defaults);
	else
		containers_from_file(l, defaults);
	json_decref(defaults);
	if (l->c->n_containers)
		qsort(l->c->containers, l->c->n_containers, sizeof *l->c->containers,
		      container_compare);
}

/* ---- places ---- */

static char *default_path(void)
{
	const char *home = environment("HOME");
	const char *xdg = environment("XDG_CONFIG_HOME");

	if (fs_exists(FILE_NAME))
		return mem_dup(FILE_NAME);
	if (xdg)
		return mem_printf("%s/ptp-archiver/" FILE_NAME, xdg);
	if (home)
		return mem_printf("%s/.config/ptp-archiver/" FILE_NAME, home);
	return mem_dup(FILE_NAME);
}

static void default_utility_path(struct config *c)
{
	OWN_STR char *folder = fs_parent(c->path);

	if (!c->utility_path)
		c->utility_path = fs_join(folder, "archiver.py");
}

void config_places(struct config *c, const struct config_options *o)
{
	const char *path = o->path ? o->path : environment("PTP_CONFIG");
	const char *state = o->state ? o->state : environment("PTP_STATE");

	c->path = path && *path ? mem_dup(path) : default_path();
	if (state && *state) {
		c->state = mem_dup(state);
		return;
	}
	OWN_STR char *folder = fs_parent(c->path);
	c->state = fs_join(folder, "state");
}

/* ---- all of it ---- */

static void read_file(struct load *l)
{
	OWN_BUF struct buf bytes = BUF_MAX(CONFIG_FILE_MAX_BYTES);
	json_error_t why;
	struct err err;

	if (!fs_exists(l->c->path) || !fs_read(l->c->path, &bytes, &err)) {
		l->file_broken = fs_exists(l->c->path);
		if (l->file_broken)
			problems_add(l->problems, "%s", err.msg);
		return;
	}
	free(l->text);
	l->text = mem_dup(buf_text(&bytes));
	json_t *root = json_loadb(buf_text(&bytes), bytes.len, JSON_REJECT_DUPLICATES, &why);
	if (root && json_is_object(root)) {
		json_decref(l->c->file);
		l->c->file = root;
		return;
	}
	l->file_broken = true;
	if (root)
		problems_add(l->problems, "%s: it is JSON, but no object: it must begin with {",
			     l->c->path);
	else
		/* jansson's text may quote what it found, which may be a key; its code does not. */
		problems_add(l->problems,
			     "%s:%d: not valid JSON (column %d: %s); mend it, or move it away and "
			     "run `ptp-archiver setup`",
			     l->c->path, why.line, why.column,
			     json_error_code(&why) == json_error_duplicate_key
				     ? "a key stands twice"
				     : "syntax");
	json_decref(root);
}

static void check_needs(struct load *l, unsigned need)
{
	const struct config *c = l->c;

	/* What is missing may well be in a file that could not be read. */
	if (l->file_broken)
		return;
	if ((need & CONFIG_CREDENTIALS) && !l->user_given)
		problems_add(l->problems, "no ApiUser: set PTP_USER or PTP_USER_FILE, or run "
					  "`ptp-archiver setup`");
	if ((need & CONFIG_CREDENTIALS) && !l->key_given)
		problems_add(l->problems, "no ApiKey: set PTP_KEY or PTP_KEY_FILE, or run "
					  "`ptp-archiver setup`");
	if ((need & CONFIG_CONTAINERS) && !c->n_containers && !environment("PTP_CONTAINERS"))
		problems_add(l->problems, "no containers: set PTP_CONTAINERS, such as "
					  "PTP_CONTAINERS=\"attic:800G\", or run `ptp-archiver "
					  "create NAME --size SIZE`");
}

static void check_interval(struct load *l)
{
	if (!l->c->loopback && l->c->interval_ms < CONFIG_INTERVAL_MIN_MS)
		problems_add(l->problems,
			     "%s is shorter than 10m, which would be impolite to the tracker; 6h "
			     "is usual",
			     environment("PTP_INTERVAL") ? "PTP_INTERVAL" : "Interval");
}

void config_load(struct config *c, const struct config_options *o, unsigned need,
		 struct problems *p)
{
	struct load l = {.c = c, .problems = p, .text = mem_dup("")};

	config_places(c, o);
	c->file = json_object();
	read_file(&l);
	for (size_t i = 0; i < N_SETTINGS; i++) {
		const char *option = strcmp(settings[i].key, "LogLevel") == 0    ? o->log_level
				     : strcmp(settings[i].key, "LogFormat") == 0 ? o->log_format
										 : NULL;
		take_setting(&l, &settings[i], option);
	}
	default_utility_path(c);
	check_top_keys(&l);
	check_interval(&l);
	take_containers(&l);
	check_needs(&l, need);
	secret_wipe(l.text, strlen(l.text));
	free(l.text);
}

void config_clear(struct config *c)
{
	secret_clear(&c->user);
	secret_clear(&c->key);
	secret_clear(&c->ping_url);
	free(c->path);
	free(c->state);
	free(c->base_url);
	free(c->fetch_url);
	free(c->download_url);
	free(c->version_url);
	free(c->update_url);
	free(c->ca_file);
	free(c->utility_path);
	free(c->fetch_sleep_text);
	for (size_t i = 0; i < c->n_containers; i++)
		container_clear(&c->containers[i]);
	free(c->containers);
	json_decref(c->file);
	*c = (struct config){0};
}
