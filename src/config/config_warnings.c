/* What works, and probably means something else than its writer thinks; declared in
 * config/config_parts.h. */
#include "config/config_parts.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/mem.h"
#include "system/apart.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

#define NAMES_MAX (2 * CONFIG_SETTINGS_MAX + 1)
#define NAME_BYTES 80

extern char **environ;

/* ---- variables that nothing reads ---- */

/* The names that are read, which end in NULL. */
struct names {
	char text[NAMES_MAX][NAME_BYTES];
	const char *list[NAMES_MAX + 1];
	size_t n;
};

static void put_name(struct names *names, const char *variable, const char *ending)
{
	const char *const parts[] = {variable, ending};

	text_join(names->text[names->n], NAME_BYTES, parts, 2);
	names->list[names->n] = names->text[names->n];
	names->n++;
}

static void put_names(struct names *names)
{
	for (size_t i = 0; i < config_n_settings; i++) {
		const struct setting *s = &config_settings[i];
		if (!s->variable)
			continue;
		put_name(names, s->variable, "");
		if (s->in_file)
			put_name(names, s->variable, "_FILE");
	}
}

static bool is_listed(const char *name, const char *const list[])
{
	for (size_t i = 0; list[i]; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

static void check_variable(struct problems *w, const char *name, const struct names *names)
{
	/* The image says of itself that it is one. */
	static const char *const others[] = {"PTP_IMAGE", NULL};
	bool ours = text_starts(name, "PTP_"),
	     like = text_starts(name, "HC_") || text_starts(name, "LOG_");

	if ((!ours && !like) || is_listed(name, names->list) || is_listed(name, others))
		return;
	const char *near = text_nearest(name, names->list);
	OWN_STR char *shown = text_printable(name, strlen(name), NAME_BYTES);
	if (near) {
		problems_add(w, "%s is not known, and does nothing; did you mean %s?", shown, near);
		problems_fix(w, "write %s in place of %s", near, shown);
	} else if (ours) {
		problems_add(w,
			     "%s is not known, and does nothing; `ptp-archiver settings` lists "
			     "what is",
			     shown);
		problems_fix(w, "remove %s", shown);
	}
}

static void check_variables(struct problems *w)
{
	struct names *names = mem_alloc(sizeof *names);

	put_names(names);
	for (char **at = environ; at && *at; at++) {
		OWN_STR char *name = mem_dupn(*at, strcspn(*at, "="));
		if (config_environment(name))
			check_variable(w, name, names);
	}
	free(names);
}

/* ---- values ---- */

static void check_zone(struct problems *w)
{
	const char *zone = config_environment("TZ");

	if (!zone || clock_zone_is_known(zone))
		return;
	OWN_STR char *shown = text_printable(zone, strlen(zone), NAME_BYTES);
	problems_add(w, "TZ is \"%s\", which is not a time zone of this machine; times are in UTC",
		     shown);
	problems_fix(w, "set TZ to a name such as Europe/Berlin (package tzdata has them), or "
			"unset it");
}

static void check_ping_url(struct problems *w, const struct config *c)
{
	struct http_url url;
	struct err ignored;

	if (!secret_is_set(&c->ping_url) ||
	    !http_url_parse(secret_reveal(&c->ping_url), &url, &ignored) || url.tls || url.loopback)
		return;
	problems_add(w, "HealthchecksURL (HC_URL) begins with http://: everybody on the way can "
			"read this URL, which is a secret");
	problems_fix(w, "write https:// in HealthchecksURL (HC_URL), if its server speaks TLS");
}

/* ---- containers ---- */

static bool is_built_in(const struct container *o)
{
	OWN_STR char *folder = container_folder(CONFIG_FOLDER_BUILT_IN, o->name);

	return o->watch_folder && strcmp(o->watch_folder, folder) == 0;
}

static void check_place(struct problems *w, const struct container *o)
{
	if (o->client)
		return;
	if (is_built_in(o)) {
		problems_add(w,
			     "%s: its watch folder is %s, the official utility's default: no "
			     "torrent client watches it, and a restart may empty it",
			     o->name, o->watch_folder);
		problems_fix(w,
			     "in config.ptp, set WatchDirectory of %s to the folder that your "
			     "client watches",
			     o->name);
	} else if (o->watch_by_default && apart_is_on_root(o->watch_folder)) {
		problems_add(w,
			     "%s: PTP_WATCH is not set, so torrents go to %s, the default for "
			     "Docker",
			     o->name, o->watch_folder);
		problems_fix(w, "set PTP_WATCH to the folder that your client watches");
	}
}

static void check_likeness(struct problems *w, const struct config *c, size_t i)
{
	for (size_t j = i + 1; j < c->n_containers; j++) {
		if (strcasecmp(c->containers[i].name, c->containers[j].name) != 0)
			continue;
		problems_add(w,
			     "the containers \"%s\" and \"%s\" differ in capitals only; the "
			     "tracker may take them for one",
			     c->containers[i].name, c->containers[j].name);
		problems_fix(w, "remove one of \"%s\" and \"%s\", or rename it",
			     c->containers[i].name, c->containers[j].name);
	}
}

void config_take_warnings(struct config *c)
{
	struct problems *w = &c->warnings;

	check_variables(w);
	check_zone(w);
	check_ping_url(w, c);
	for (size_t i = 0; i < c->n_containers; i++) {
		check_place(w, &c->containers[i]);
		check_likeness(w, c, i);
	}
}
