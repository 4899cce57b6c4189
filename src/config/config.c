/* Where things are, reading config.ptp, the top level, what must be there; declared in
 * config/config.h. */
#include "config/config_parts.h"
#include "config/listen.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define FILE_NAME "config.ptp"

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

static void find_places(struct config *c, const struct config_options *o)
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

/* The name of a place that cannot be one, and why; NULL: both can. */
static const char *places_fault(const struct config_options *o, char why[SETTING_WHY])
{
	const struct {
		const char *name, *value;
	} rows[] = {{"--config", o->path},
		    {"--state", o->state},
		    {"PTP_CONFIG", o->path ? NULL : config_environment("PTP_CONFIG")},
		    {"PTP_STATE", o->state ? NULL : config_environment("PTP_STATE")}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].value && setting_form_fault(SETTING_PLAIN, rows[i].value, why))
			return rows[i].name;
	return NULL;
}

bool config_places(struct config *c, const struct config_options *o, struct err *err)
{
	char why[SETTING_WHY];
	const char *name = places_fault(o, why);

	find_places(c, o);
	return !name || err_set(err, ERR_FATAL, WORD_CONFIG, "%s %s", name, why);
}

/* ---- the top level ---- */

static struct config_taken *taken_of(struct config *c, const struct setting *s)
{
	return &c->taken[s - config_settings];
}

static bool is_notify(const struct setting *s)
{
	return s->key && strcmp(s->key, "Notify") == 0;
}

static void take(struct reading *r, const struct setting *s, const char *text,
		 const struct config_place *place)
{
	size_t before = r->problems->n;

	secret_set(&taken_of(r->c, s)->value, text);
	if (is_notify(s))
		config_take_notify_words(r, place, text);
	else
		config_take(r, s, r->c, text, place);
	if (r->problems->n == before)
		return;
	if (s->fallback)
		problems_fix(r->problems, "%s, or remove it: %s is %s then",
			     r->problems->fixes[r->problems->last], s->key, s->fallback);
	taken_of(r->c, s)->faulty = true;
	/* It may have been taken in part. */
	config_take_default(s, r->c, r->c);
}

static void take_list(struct reading *r, const struct setting *s, const json_t *list)
{
	OWN_WIPED char *text = json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);

	secret_set(&taken_of(r->c, s)->value, text);
	config_take_notify_list(r, list);
}

static void take_from_file(struct reading *r, const struct setting *s)
{
	const json_t *value = json_object_get(r->c->file, s->key);
	char *text;

	if (is_notify(s) && json_is_array(value)) {
		take_list(r, s, value);
		return;
	}
	if (!config_read(r, s, r->c->file, IN_FILE(&s->key, 1), &text))
		taken_of(r->c, s)->faulty = true;
	if (text)
		take(r, s, text, IN_FILE(&s->key, 1));
	secret_wipe_text(&text);
}

/* From the file that `variable` names. */
static void take_from_secret_file(struct reading *r, const struct setting *s, const char *variable)
{
	OWN_STR char *content = mem_printf("%s: its content", variable);
	OWN(secret_clear) struct secret text = {0};
	char why[SETTING_WHY];
	size_t before = r->problems->n;

	if (config_take_secret_file(&text, config_environment(variable), why)) {
		config_problem(r, AT(variable), "%s", why);
		taken_of(r->c, s)->faulty = true;
	} else {
		take(r, s, secret_reveal(&text), AT(content));
	}
	if (r->problems->n > before)
		problems_fix(r->problems,
			     "have %s name a file that this user can read, with the right value "
			     "and nothing else",
			     variable);
}

static void take_setting(struct reading *r, const struct setting *s, const char *option)
{
	OWN_STR char *file = s->in_file ? mem_printf("%s_FILE", s->variable) : NULL;
	const char *value = config_environment(s->variable);
	struct config_taken *taken = taken_of(r->c, s);

	/* The defaults are there even where a value is wrong. */
	config_take_default(s, r->c, r->c);
	secret_set(&taken->value, s->fallback);
	taken->from_environment = !option && (config_environment(file) || value);
	if (option)
		take(r, s, option, AT(s->option));
	else if (config_environment(file))
		take_from_secret_file(r, s, file);
	else if (value)
		take(r, s, value, AT(s->variable));
	else
		take_from_file(r, s);
}

static const char *option_value(const struct setting *s, const struct config_options *o)
{
	return s->option && strcmp(s->option, "--log-level") == 0    ? o->log_level
	       : s->option && strcmp(s->option, "--log-format") == 0 ? o->log_format
								     : NULL;
}

static void take_settings(struct reading *r, const struct config_options *o)
{
	EACH_SETTING (s, SETTING_TOP)
		/* The rest is read in other ways. */
		if (s->size || s->check || is_notify(s))
			take_setting(r, s, option_value(s, o));
	config_finish_notify(r->c);
}

static bool is_given(const struct config *c, const char *key)
{
	const struct config_taken *taken =
		&c->taken[setting_find(SETTING_TOP, key) - config_settings];

	return taken->faulty || secret_is_set(&taken->value);
}

/* ---- all of it ---- */

static void read_file(struct reading *r)
{
	OWN_BUF struct buf bytes = BUF_MAX(CONFIG_FILE_MAX_BYTES);
	json_error_t why;
	struct err err;

	if (!fs_exists(r->c->path) || !fs_read_text(r->c->path, &bytes, &err)) {
		r->c->file_broken = fs_exists(r->c->path);
		if (!r->c->file_broken)
			return;
		problems_add(r->problems, "%s", err.msg);
		problems_fix(r->problems,
			     "have %s be a file that this user can read, of at most 8 MiB",
			     r->c->path);
		return;
	}
	free(r->text);
	r->text = mem_dup(buf_text(&bytes));
	json_t *root = json_loadb(buf_text(&bytes), bytes.len, JSON_REJECT_DUPLICATES, &why);
	if (root && json_is_object(root)) {
		json_decref(r->c->file);
		r->c->file = root;
		return;
	}
	r->c->file_broken = true;
	OWN_STR char *way_out =
		mem_printf("correct %s, or move it away and run `ptp-archiver setup`", r->c->path);
	if (root)
		problems_add(r->problems, "%s: it is JSON, but no object: it must begin with {; %s",
			     r->c->path, way_out);
	else
		/* jansson's text may quote what it found, which may be a key; its code does not. */
		problems_add(r->problems, "%s:%d: not valid JSON (column %d: %s); %s", r->c->path,
			     why.line, why.column,
			     json_error_code(&why) == json_error_duplicate_key
				     ? "a key stands twice"
				     : "syntax",
			     way_out);
	problems_fix(r->problems, "%s", way_out);
	json_decref(root);
}

static void say_missing(struct reading *r, const char *what, const char *way_out)
{
	problems_add(r->problems, "no %s: %s", what, way_out);
	problems_fix(r->problems, "%s", way_out);
}

static void check_needs(struct reading *r, unsigned need)
{
	const struct config *c = r->c;

	/* What is missing may well be in a file that could not be read. */
	if (c->file_broken)
		return;
	if ((need & CONFIG_CREDENTIALS) && !is_given(c, "ApiUser"))
		say_missing(r, "ApiUser",
			    "set PTP_USER or PTP_USER_FILE, or run `ptp-archiver setup`");
	if ((need & CONFIG_CREDENTIALS) && !is_given(c, "ApiKey"))
		say_missing(r, "ApiKey",
			    "set PTP_KEY or PTP_KEY_FILE, or run `ptp-archiver setup`");
	if ((need & CONFIG_CONTAINERS) && !c->n_containers && !config_environment("PTP_CONTAINERS"))
		say_missing(r, "containers",
			    "set PTP_CONTAINERS, such as PTP_CONTAINERS=\"attic:800G\", or run "
			    "`ptp-archiver create NAME --size SIZE --watch DIR`");
}

static void check_interval(struct reading *r)
{
	const char *name = config_environment("PTP_INTERVAL") ? "PTP_INTERVAL" : "Interval";

	if (r->c->loopback || r->c->interval_ms >= CONFIG_INTERVAL_MIN_MS)
		return;
	problems_add(r->problems,
		     "%s is shorter than 10m, which would be impolite to the tracker; 6h is usual",
		     name);
	problems_fix(r->problems, "set %s to 10m or more, such as 6h", name);
}

/* What the page shows is nobody else's business. */
static void check_listen(struct reading *r)
{
	static const char way_out[] = "set PTP_LISTEN_TOKEN (or PTP_LISTEN_TOKEN_FILE), or "
				      "PTP_LISTEN_OPEN=1 if everybody there may look, or listen on "
				      "127.0.0.1";
	const struct config *c = r->c;
	struct listen_address address;

	if (!c->listen || !listen_parse(c->listen, &address) || address.loopback ||
	    secret_is_set(&c->listen_token) || c->listen_open ||
	    config_is_faulty(c, "ListenToken") || config_is_faulty(c, "ListenOpen"))
		return;
	problems_add(r->problems, "%s is %s, which other machines may reach: %s",
		     config_environment("PTP_LISTEN") ? "PTP_LISTEN" : "Listen", c->listen,
		     way_out);
	problems_fix(r->problems, "%s", way_out);
}

static void check_places(struct reading *r, const struct config_options *o)
{
	char why[SETTING_WHY];
	const char *name = places_fault(o, why);

	if (name)
		config_problem(r, AT(name), "%s", why);
}

void config_load(struct config *c, const struct config_options *o, unsigned need,
		 struct problems *p)
{
	struct reading r = {.c = c, .problems = p, .text = mem_dup("")};
	const char *path[1];

	find_places(c, o);
	check_places(&r, o);
	c->file = json_object();
	read_file(&r);
	take_settings(&r, o);
	default_utility_path(c);
	config_check_keys(&r, SETTING_TOP, c->file, path, 0);
	check_interval(&r);
	check_listen(&r);
	config_take_clients(&r);
	config_take_containers(&r);
	check_needs(&r, need);
	config_take_warnings(c);
	secret_wipe_text(&r.text);
}

bool config_is_faulty(const struct config *c, const char *key)
{
	const struct setting *s = setting_find(SETTING_TOP, key);

	return s && c->taken[s - config_settings].faulty;
}

static void client_clear(struct config_client *client)
{
	free(client->name);
	setting_clear(SETTING_CLIENT, client);
}

void config_clear(struct config *c)
{
	setting_clear(SETTING_TOP, c);
	free(c->path);
	free(c->state);
	for (size_t i = 0; i < CONFIG_SETTINGS_MAX; i++)
		secret_clear(&c->taken[i].value);
	for (size_t i = 0; i < c->n_notify; i++)
		notify_target_clear(&c->notify[i]);
	free(c->notify);
	for (size_t i = 0; i < c->n_clients; i++)
		client_clear(&c->clients[i]);
	free(c->clients);
	for (size_t i = 0; i < c->n_containers; i++)
		container_clear(&c->containers[i]);
	free(c->containers);
	problems_clear(&c->warnings);
	json_decref(c->file);
	*c = (struct config){0};
}
