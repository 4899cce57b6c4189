#include "config/config.h"

#include "config/config_parts.h"
#include "config/json_line.h"
#include "config/listen.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "config.ptp"
#define SUGGEST_DISTANCE 2
#define KEYS_MAX 64

/* ---- problems ---- */

static char *format(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *format(const char *fmt, va_list ap)
{
	char *text = NULL;

	return vasprintf(&text, fmt, ap) < 0
		       ? mem_dup("a problem that there was no memory to describe")
		       : text;
}

/* Takes over the line. */
static void add_line(struct problems *p, char *line)
{
	for (p->last = 0; p->last < p->n; p->last++)
		if (strcmp(p->lines[p->last], line) == 0) {
			free(line);
			return;
		}
	p->lines = mem_grow(p->lines, p->n + 1, sizeof *p->lines);
	p->mends = mem_grow(p->mends, p->n + 1, sizeof *p->mends);
	p->lines[p->n] = line;
	p->mends[p->n++] = NULL;
}

void problems_add(struct problems *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(p, format(fmt, ap));
	va_end(ap);
}

void problems_mend(struct problems *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = format(fmt, ap); /* of what was said before, perhaps */
	va_end(ap);
	free(p->mends[p->last]);
	p->mends[p->last] = text;
}

void problems_clear(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->lines[i]);
		free(p->mends[i]);
	}
	free(p->lines);
	free(p->mends);
	*p = (struct problems){0};
}

/* ---- where a value comes from ---- */

const char *config_environment(const char *name)
{
	const char *value = name ? getenv(name) : NULL;

	return value && *value ? value : NULL;
}

static void add_at(struct config_load_state *l, const struct config_place *p, const char *text)
{
	OWN_BUF struct buf keys = BUF_MAX(4096);

	if (p->literal) {
		problems_add(l->problems, "%s%s", p->literal, text);
		problems_mend(l->problems, "correct %s", p->literal);
		return;
	}
	int line = json_line_of(l->text, p->path, p->depth);
	for (size_t i = 0; i < p->depth; i++)
		buf_printf(&keys, "%s%s", i ? ": " : "", p->path[i]);
	problems_add(l->problems, "%s:%d: %s%s", l->c->path, line, buf_text(&keys), text);
	problems_mend(l->problems, "correct %s in line %d of %s", buf_text(&keys), line,
		      l->c->path);
}

void config_problem(struct config_load_state *l, const struct config_place *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	OWN_STR char *text = format(fmt, ap);
	va_end(ap);
	add_at(l, p, text);
}

void config_file_problem(struct config_load_state *l, const char *const path[], size_t depth,
			 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	OWN_STR char *text = format(fmt, ap);
	va_end(ap);
	add_at(l, &(struct config_place){.path = path, .depth = depth}, text);
}

char *config_value_text(const json_t *value)
{
	if (json_is_string(value))
		return mem_dup(json_string_value(value));
	if (json_is_integer(value))
		return mem_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return mem_printf("%.9g", json_real_value(value));
	if (json_is_boolean(value))
		return mem_dup(json_is_true(value) ? "true" : "false");
	return NULL;
}

/* ---- keys that are not known ---- */

static const char *const other_keys[] = {"Default", "Containers", "Clients", NULL};

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

void config_check_keys(struct config_load_state *l, const json_t *object, const char *const known[],
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
		config_file_problem(l, path, depth + 1, " is not known; did you mean %s?", near);
		problems_mend(l->problems, "write %s in place of %s in %s", near, key, l->c->path);
	}
}

static void check_top_keys(struct config_load_state *l)
{
	const char *known[KEYS_MAX];
	const char *path[1];
	size_t n = config_setting_keys(known, KEYS_MAX - sizeof other_keys / sizeof *other_keys);

	for (size_t i = 0; other_keys[i]; i++)
		known[n++] = other_keys[i];
	known[n] = NULL;
	config_check_keys(l, l->c->file, known, path, 0);
}

/* ---- places ---- */

static char *default_path(void)
{
	const char *home = config_environment("HOME");
	const char *xdg = config_environment("XDG_CONFIG_HOME");

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
	const char *path = o->path ? o->path : config_environment("PTP_CONFIG");
	const char *state = o->state ? o->state : config_environment("PTP_STATE");

	c->path = path && *path ? mem_dup(path) : default_path();
	if (state && *state) {
		c->state = mem_dup(state);
		return;
	}
	OWN_STR char *folder = fs_parent(c->path);
	c->state = fs_join(folder, "state");
}

/* ---- all of it ---- */

static void read_file(struct config_load_state *l)
{
	OWN_BUF struct buf bytes = BUF_MAX(CONFIG_FILE_MAX_BYTES);
	json_error_t why;
	struct err err;

	if (!fs_exists(l->c->path) || !fs_read_text(l->c->path, &bytes, &err)) {
		l->c->file_broken = fs_exists(l->c->path);
		if (!l->c->file_broken)
			return;
		problems_add(l->problems, "%s", err.msg);
		problems_mend(l->problems,
			      "have %s be a file that this user can read, of at most 8 MiB",
			      l->c->path);
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
	l->c->file_broken = true;
	OWN_STR char *way_out =
		mem_printf("correct %s, or move it away and run `ptp-archiver setup`", l->c->path);
	if (root)
		problems_add(l->problems, "%s: it is JSON, but no object: it must begin with {; %s",
			     l->c->path, way_out);
	else
		/* jansson's text may quote what it found, which may be a key; its code does not. */
		problems_add(l->problems, "%s:%d: not valid JSON (column %d: %s); %s", l->c->path,
			     why.line, why.column,
			     json_error_code(&why) == json_error_duplicate_key
				     ? "a key stands twice"
				     : "syntax",
			     way_out);
	problems_mend(l->problems, "%s", way_out);
	json_decref(root);
}

static void say_missing(struct config_load_state *l, const char *what, const char *way_out)
{
	problems_add(l->problems, "no %s: %s", what, way_out);
	problems_mend(l->problems, "%s", way_out);
}

static void check_needs(struct config_load_state *l, unsigned need)
{
	const struct config *c = l->c;

	/* What is missing may well be in a file that could not be read. */
	if (c->file_broken)
		return;
	if ((need & CONFIG_CREDENTIALS) && !l->user_given)
		say_missing(l, "ApiUser",
			    "set PTP_USER or PTP_USER_FILE, or run `ptp-archiver setup`");
	if ((need & CONFIG_CREDENTIALS) && !l->key_given)
		say_missing(l, "ApiKey",
			    "set PTP_KEY or PTP_KEY_FILE, or run `ptp-archiver setup`");
	if ((need & CONFIG_CONTAINERS) && !c->n_containers && !config_environment("PTP_CONTAINERS"))
		say_missing(l, "containers",
			    "set PTP_CONTAINERS, such as PTP_CONTAINERS=\"attic:800G\", or run "
			    "`ptp-archiver create NAME --size SIZE`");
}

static void check_interval(struct config_load_state *l)
{
	const char *name = config_environment("PTP_INTERVAL") ? "PTP_INTERVAL" : "Interval";

	if (l->c->loopback || l->c->interval_ms >= CONFIG_INTERVAL_MIN_MS)
		return;
	problems_add(l->problems,
		     "%s is shorter than 10m, which would be impolite to the tracker; 6h is usual",
		     name);
	problems_mend(l->problems, "set %s to 10m or more, such as 6h", name);
}

/* What the page shows is nobody else's business. */
static void check_listen(struct config_load_state *l)
{
	static const char way_out[] = "set PTP_LISTEN_TOKEN (or PTP_LISTEN_TOKEN_FILE), or "
				      "PTP_LISTEN_OPEN=1 if everybody there may look, or listen on "
				      "127.0.0.1";
	const struct config *c = l->c;
	struct listen_address address;

	if (!c->listen || !listen_parse(c->listen, &address) || address.loopback ||
	    secret_is_set(&c->listen_token) || c->listen_open ||
	    config_is_faulty(c, "ListenToken") || config_is_faulty(c, "ListenOpen"))
		return;
	problems_add(l->problems, "%s is %s, which other machines may reach: %s",
		     config_environment("PTP_LISTEN") ? "PTP_LISTEN" : "Listen", c->listen,
		     way_out);
	problems_mend(l->problems, "%s", way_out);
}

void config_load(struct config *c, const struct config_options *o, unsigned need,
		 struct problems *p)
{
	struct config_load_state l = {.c = c, .problems = p, .text = mem_dup("")};

	config_places(c, o);
	c->file = json_object();
	read_file(&l);
	config_take_settings(&l, o);
	default_utility_path(c);
	check_top_keys(&l);
	check_interval(&l);
	check_listen(&l);
	config_take_clients(&l);
	config_take_containers(&l);
	check_needs(&l, need);
	secret_wipe(l.text, strlen(l.text));
	free(l.text);
}

bool config_is_faulty(const struct config *c, const char *key)
{
	for (size_t i = 0; i < c->n_faulty; i++)
		if (strcmp(c->faulty[i], key) == 0)
			return true;
	return false;
}

void config_clear(struct config *c)
{
	secret_clear(&c->user);
	secret_clear(&c->key);
	secret_clear(&c->ping_url);
	secret_clear(&c->listen_token);
	for (size_t i = 0; i < CONFIG_SETTINGS_MAX; i++)
		secret_clear(&c->taken[i].value);
	free(c->listen);
	free(c->listen_hosts);
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
	config_notify_clear(c);
	for (size_t i = 0; i < c->n_clients; i++)
		config_client_clear(&c->clients[i]);
	free(c->clients);
	for (size_t i = 0; i < c->n_containers; i++)
		container_clear(&c->containers[i]);
	free(c->containers);
	json_decref(c->file);
	*c = (struct config){0};
}
