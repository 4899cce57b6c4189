#include "daemon/daemon_note.h"

#include "config/wire.h"
#include "config/setting.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SALT_SIZE 32
#define NOTE_MAX_BYTES (64 * 1024)
#define CONTAINERS "containers" /* what is in force for them all together */

/* ---- a setting in force, as a number that only tells equality ---- */

struct print {
	const char *name; /* borrowed, as all names of settings are */
	bool from_environment;
	bool of_containers; /* counts only where the containers differ */
	char hex[2 * SHA256_SIZE + 1];
};

struct prints {
	uint8_t salt[SALT_SIZE];
	struct print *list; /* owned */
	size_t n;
};

static void prints_clear(struct prints *p)
{
	free(p->list);
}

static void take_print(const struct prints *p, const char *name, const void *value, size_t len,
		       char hex[2 * SHA256_SIZE + 1])
{
	OWN_BUF struct buf all = BUF_MAX(CONFIG_FILE_MAX_BYTES);
	uint8_t digest[SHA256_SIZE];

	buf_add(&all, p->salt, sizeof p->salt);
	buf_add(&all, name, strlen(name) + 1);
	buf_add(&all, value, len);
	hash_sha256(all.data, all.len, digest);
	secret_wipe(all.data, all.len);
	hash_hex(digest, sizeof digest, hex);
}

static struct print *add(struct prints *p, const char *name, bool from_environment,
			 const char *value)
{
	p->list = mem_grow(p->list, p->n + 1, sizeof *p->list);
	struct print *new = &p->list[p->n++];
	*new = (struct print){.name = name, .from_environment = from_environment};
	take_print(p, name, value ? value : "", value ? strlen(value) : 0, new->hex);
	return new;
}

static struct print *add_variable(struct prints *p, const char *name)
{
	const char *value = getenv(name);

	return add(p, name, value && *value, value);
}

/* How something is said, and where the state is, is each process's own. */
static bool is_own(const char *variable)
{
	static const char *const names[] = {"LOG_LEVEL", "LOG_FORMAT", "NO_COLOR", "PTP_STATE",
					    "PTP_CONFIG"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], variable) == 0)
			return true;
	return false;
}

static bool is_of_containers(const struct setting *s)
{
	return s->level == SETTING_CONTAINER || strcmp(s->variable, "PTP_CONTAINERS") == 0;
}

static void add_settings(struct prints *p, const struct config *c)
{
	for (size_t i = 0; i < config_n_settings; i++) {
		const struct setting *s = &config_settings[i];
		if (!s->variable || is_own(s->variable))
			continue;
		if (is_of_containers(s))
			add_variable(p, s->variable)->of_containers = true;
		else
			add(p, s->variable, c->taken[i].from_environment,
			    secret_reveal(&c->taken[i].value));
	}
}

/* libcurl goes by them. */
static void add_proxies(struct prints *p)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
					    "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		add_variable(p, names[i]);
}

/* Whichever way leads to it; the caller's. */
static char *real_path(const char *path)
{
	OWN_STR char *folder = fs_parent(path);
	OWN_STR char *real = realpath(folder, NULL);

	return fs_join(real ? real : folder, fs_base_name(path));
}

static void put_text(struct buf *out, const char *text)
{
	buf_puts(out, text ? text : "");
	buf_add(out, "", 1);
}

static void put_container(struct buf *out, const struct container *o)
{
	const char *const texts[] = {o->name,
				     o->size,
				     o->client ? NULL : o->watch_folder,
				     o->client,
				     o->audit_client,
				     o->placement.category,
				     o->placement.tags,
				     o->placement.save_path,
				     o->data_folder};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put_text(out, texts[i]);
	buf_printf(out, "%d %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 " %u %" PRId64 "\n",
		   o->placement.paused, o->max_stalled, o->max_active, o->max_pending,
		   o->reserve.bytes, o->reserve.percent, o->pick_up_ms);
}

static void add_containers(struct prints *p, const struct config *c)
{
	OWN_BUF struct buf all = BUF_MAX(CONFIG_FILE_MAX_BYTES);
	struct print *new = add(p, CONTAINERS, false, NULL);

	for (size_t i = 0; i < c->n_containers; i++)
		put_container(&all, &c->containers[i]);
	take_print(p, CONTAINERS, all.data ? all.data : "", all.len, new->hex);
}

/* All of them, with the salt that is set. */
static void take_prints(struct prints *p, const struct config *c)
{
	OWN_STR char *path = real_path(c->path);

	add(p, "PTP_CONFIG", true, path);
	add_settings(p, c);
	add_proxies(p);
	add_containers(p, c);
}

/* ---- the note ---- */

static char *note_path(const struct config *c)
{
	return fs_join(c->state, "daemon.json");
}

static json_t *note_json(const struct prints *p)
{
	char salt[2 * SALT_SIZE + 1];
	json_t *environment = json_object(), *elsewhere = json_object();

	hash_hex(p->salt, sizeof p->salt, salt);
	for (size_t i = 0; i < p->n; i++)
		json_object_set_new(p->list[i].from_environment ? environment : elsewhere,
				    p->list[i].name, json_string(p->list[i].hex));
	return json_pack("{s:s, s:o, s:o}", "salt", salt, "environment", environment, "elsewhere",
			 elsewhere);
}

bool daemon_note_write(const struct config *c, struct err *err)
{
	OWN_STR char *path = note_path(c);
	OWN(prints_clear) struct prints p = {0};
	struct err ignored;

	hash_random(p.salt, sizeof p.salt);
	take_prints(&p, c);
	json_t *note = note_json(&p);
	OWN_STR char *text = json_dumps(note, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(note);
	if (fs_write(path, text, strlen(text), 0600, err))
		return true;
	/* That of the daemon before is not this one's. */
	(void)!fs_remove(path, &ignored);
	return false;
}

/* The caller's; NULL: there is none that can be believed. */
static json_t *read_note(const struct config *c)
{
	OWN_BUF struct buf bytes = BUF_MAX(NOTE_MAX_BYTES);
	OWN_STR char *path = note_path(c);
	struct err ignored;

	if (!wire_daemon_runs(c) || !fs_read_regular(path, &bytes, &ignored))
		return NULL;
	return json_loadb(buf_text(&bytes), bytes.len, JSON_REJECT_DUPLICATES, NULL);
}

/* ---- what differs ---- */

enum difference { THERE, HERE, VALUE, DIFFERENCES };

static const char *print_at(const json_t *note, const char *group, const char *name)
{
	return json_string_value(json_object_get(json_object_get(note, group), name));
}

static bool is_other(const json_t *note, const struct print *own, enum difference *how)
{
	const char *there = print_at(note, "environment", own->name);
	const char *theirs = there ? there : print_at(note, "elsewhere", own->name);

	/* A daemon of another version may not know it. */
	if (!theirs || strcmp(theirs, own->hex) == 0 || (!there && !own->from_environment))
		return false;
	*how = !own->from_environment ? THERE : there ? VALUE : HERE;
	return true;
}

static bool same_containers(const json_t *note, const struct prints *p)
{
	const char *theirs = print_at(note, "elsewhere", CONTAINERS);

	return !theirs || strcmp(theirs, p->list[p->n - 1].hex) == 0;
}

static void put_names(struct buf *out, const char *names, const char *how)
{
	if (*names)
		buf_printf(out, "%s%s (%s)", out->len ? "; " : "", names, how);
}

static char *compare(const json_t *note, const struct prints *p)
{
	static const char *const hows[] = {[THERE] = "set there, not here",
					   [HERE] = "set here, not there",
					   [VALUE] = "another value"};
	OWN_BUF struct buf out = BUF_MAX(4096);
	bool same = same_containers(note, p);

	for (enum difference wanted = 0; wanted < DIFFERENCES; wanted++) {
		OWN_BUF struct buf names = BUF_MAX(4096);
		enum difference how;
		for (size_t i = 0; i < p->n; i++)
			if (!(p->list[i].of_containers && same) &&
			    is_other(note, &p->list[i], &how) && how == wanted)
				buf_printf(&names, "%s%s", names.len ? ", " : "", p->list[i].name);
		put_names(&out, buf_text(&names), hows[wanted]);
	}
	return out.len ? buf_take(&out) : NULL;
}

char *daemon_note_differences(const struct config *c)
{
	json_t *note = read_note(c);
	const char *salt = json_string_value(json_object_get(note, "salt"));
	OWN(prints_clear) struct prints p = {0};
	char *found = NULL;

	if (salt && hash_unhex(salt, p.salt, sizeof p.salt)) {
		take_prints(&p, c);
		found = compare(note, &p);
	}
	json_decref(note);
	return found;
}

/* ---- how to fix it ---- */

/* Whose the state folder is; the caller's. */
static char *owner_of(const char *state)
{
	struct stat st;
	const struct passwd *p = stat(state, &st) == 0 ? getpwuid(st.st_uid) : NULL;

	return mem_dup(p ? p->pw_name : "ptp-archiver");
}

/* The command in the service's place; the caller's. */
static char *in_service(const char *state, const char *config, const char *command)
{
	OWN_STR char *user = owner_of(state);
	OWN_STR char *parent = fs_parent(config);
	OWN_STR char *path = text_quoted(config);
	OWN_STR char *folder = text_quoted(parent);

	return mem_printf("`systemd-run --quiet --wait --pipe --collect -p User=%s -p "
			  "EnvironmentFile=" SERVICE_ENVIRONMENT " -p WorkingDirectory=%s "
			  "ptp-archiver --config %s %s`",
			  user, folder, path, command);
}

char *daemon_note_way_out(const struct config *c, const char *command)
{
	OWN_STR char *real = real_path(c->path);
	OWN_STR char *line = in_service(c->state, real, command);

	if (getenv("PTP_IMAGE"))
		return mem_printf("run it with the container's own environment (`docker exec` "
				  "without -e), and restart the container if a setting was changed "
				  "since it started");
	return mem_printf(
		"write them into config.ptp, which both read, or give this command the daemon's "
		"environment, under systemd: %s; restart the daemon if a setting was changed since "
		"it started",
		line);
}

char *daemon_note_service(const struct config *c, const char *command)
{
	bool is_set_up = fs_exists(c->path) ||
			 (secret_is_set(&c->user) && secret_is_set(&c->key) && c->n_containers);

	if (is_set_up || getenv("PTP_IMAGE") || strcmp(c->path, SERVICE_CONFIG) == 0 ||
	    (!fs_exists(SERVICE_ENVIRONMENT) && !fs_exists(SERVICE_STATE)))
		return NULL;
	return in_service(SERVICE_STATE, SERVICE_CONFIG, command);
}

void daemon_note_warn(const struct config *c, const char *command)
{
	OWN_STR char *differences = daemon_note_differences(c);

	if (!differences)
		return;
	OWN_STR char *way_out = daemon_note_way_out(c, command);
	log_warn(NULL, "the running daemon has other settings than this command: %s; %s",
		 differences, way_out);
}
