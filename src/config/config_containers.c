/* Containers, Default, PTP_CONTAINERS; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define UNKNOWN_SIZE "?"   /* of a container whose size is none */
#define UNKNOWN_FOLDER "?" /* of one whose folder is none */
#define LISTED_FOLDER "/watch"
#define LIST AT("PTP_CONTAINERS")

/* ---- one container ---- */

/* Where a container's values come from. */
struct source {
	const char *size;    /* in PTP_CONTAINERS; NULL: config.ptp names the container */
	const json_t *own;   /* its object in config.ptp; may be NULL */
	json_t *defaults;    /* Default over the built-in ones */
	const char *path[3]; /* of keys, for messages */
};

static bool check_name(struct reading *r, const char *name, const struct config_place *place)
{
	char why[SETTING_WHY];
	const char *fault = container_name_fault(name);

	if (!fault)
		fault = setting_form_fault(SETTING_PLAIN, name, why);
	if (!fault)
		return true;
	OWN_STR char *shown = text_printable(name, strlen(name), 60);
	config_problem(r, place, ": the container name \"%s\" %s", shown, fault);
	return false;
}

static struct container *new_container(struct config *c, const char *name)
{
	c->containers = mem_grow(c->containers, c->n_containers + 1, sizeof *c->containers);
	struct container *new = &c->containers[c->n_containers++];
	*new = (struct container){.name = mem_dup(name)};
	return new;
}

/* What PTP_CONTAINERS says of a setting, or means; NULL: nothing. */
static const char *listed_value(const struct source *from, const struct setting *s)
{
	if (!from->size)
		return NULL;
	return strcmp(s->key, "Size") == 0 ? from->size : s->named ? LISTED_FOLDER : NULL;
}

static bool take_at(struct reading *r, const struct setting *s, struct container *o,
		    const json_t *object, const struct config_place *place)
{
	char *text;

	if (!config_read(r, s, object, place, &text) || !text)
		return false;
	if (*text || s->official)
		config_take(r, s, o, text, place);
	free(text);
	return true;
}

static void take_from_file(struct reading *r, struct source *from, const struct setting *s,
			   struct container *o)
{
	const char *const shared[] = {"Default", s->key};
	const struct config_place own = {.path = from->path, .depth = 3};

	from->path[2] = s->key;
	if (!take_at(r, s, o, from->own, &own))
		take_at(r, s, o, from->defaults, IN_FILE(shared, 2));
}

static void take_row(struct reading *r, struct source *from, const struct setting *s,
		     struct container *o)
{
	const char *listed = listed_value(from, s);
	const char *variable = from->size || !s->named ? config_environment(s->variable) : NULL;

	if (!s->official)
		config_take_default(s, r->c, o);
	o->watch_by_default |= s->named && listed && !variable;
	if (variable)
		config_take(r, s, o, variable, AT(s->variable));
	else if (listed)
		config_take(r, s, o, listed, LIST);
	else
		take_from_file(r, from, s, o);
}

/* What only shows when all of it is known: NULL, or what is wrong. */
static const char *container_fault(const struct config *c, const struct container *o)
{
	const struct config_client *client = config_client_find(c, o->client);
	bool wants_space = o->reserve.percent || o->reserve.bytes;

	if (o->client && (!client || !client->type || client->faulty))
		return NULL;
	if (o->placement.tags && client && !client->type->has_tags)
		return "Tags: this client knows one label a torrent only; use Category";
	if (o->reserve.percent && !o->data_folder && client && !client->type->tells_total)
		return "Reserve: this client does not tell how large its disk is; write a size, "
		       "such as 50G, or set DataDirectory";
	if (wants_space && !o->data_folder && !client)
		return "Reserve: set DataDirectory as well, the folder where the client stores its "
		       "data";
	return NULL;
}

static void check_container(struct reading *r, struct source *from, const struct container *o)
{
	const char *fault = container_fault(r->c, o);

	if (fault && from->size) {
		problems_add(r->problems, "PTP_CONTAINERS: %s: %s", o->name, fault);
		problems_fix(r->problems, "correct the settings of %s", o->name);
	} else if (fault) {
		config_problem(r, IN_FILE(from->path, 2), ": %s", fault);
	}
}

/* White space is no command. */
static void drop_blank(char **text)
{
	if (*text && !(*text)[strspn(*text, " \t\r\n")]) {
		free(*text);
		*text = NULL;
	}
}

static bool has_place(struct reading *r, struct source *from, const struct container *o)
{
	if (o->client || (o->watch_folder && *o->watch_folder))
		return true;
	from->path[2] = "WatchDirectory";
	config_problem(r, IN_FILE(from->path, 3),
		       "is empty; name the folder that the client watches, or a Client");
	return false;
}

static void take_container(struct reading *r, struct source *from)
{
	struct container *o = new_container(r->c, from->path[1]);
	size_t before = r->problems->n;

	EACH_SETTING (s, SETTING_CONTAINER)
		take_row(r, from, s, o);
	drop_blank(&o->after_fetch_exec);
	if (!o->size)
		o->size = mem_dup(UNKNOWN_SIZE);
	if (!o->client && !o->watch_folder && r->problems->n > before)
		o->watch_folder = mem_dup(UNKNOWN_FOLDER);
	/* What was not taken is not missing. */
	if (r->problems->n > before || has_place(r, from, o)) {
		check_container(r, from, o);
		return;
	}
	container_clear(o);
	r->c->n_containers--;
}

/* ---- config.ptp ---- */

static void container_from_file(struct reading *r, const char *name, const json_t *own,
				json_t *defaults)
{
	struct source from = {NULL, own, defaults, {"Containers", name, NULL}};

	if (!check_name(r, name, IN_FILE(from.path, 2)))
		return;
	if (!json_is_object(own)) {
		config_problem(r, IN_FILE(from.path, 2), "is not an object");
		return;
	}
	config_check_keys(r, SETTING_CONTAINER, own, from.path, 2);
	take_container(r, &from);
}

static void containers_from_file(struct reading *r, json_t *defaults)
{
	const json_t *all = json_object_get(r->c->file, "Containers");
	const char *path = "Containers", *name;
	json_t *own;

	if (all && !json_is_object(all) && !json_is_null(all)) {
		config_problem(r, IN_FILE(&path, 1), "is not an object");
		return;
	}
	if (json_object_size(all) > CONFIG_CONTAINERS_MAX) {
		config_problem(r, IN_FILE(&path, 1), "names more than %d containers",
			       CONFIG_CONTAINERS_MAX);
		return;
	}
	json_object_foreach ((json_t *)all, name, own)
		container_from_file(r, name, own, defaults);
}

/* ---- PTP_CONTAINERS ---- */

static bool is_duplicate(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_containers; i++)
		if (strcmp(c->containers[i].name, name) == 0)
			return true;
	return false;
}

/* "attic:800G;foo": is a size followed by more than the name could be about? */
static bool holds_size(const char *name)
{
	for (const char *at = strchr(name, ':'); at; at = strchr(at + 1, ':')) {
		const char *unit = at + 1 + strspn(at + 1, "0123456789.");
		if (unit > at + 1 && *unit && strchr("BKMGTP", *unit) && unit[1] &&
		    strchr(";| \t\r\n", unit[1]))
			return true;
	}
	return false;
}

static bool check_entry(struct reading *r, const char *name)
{
	OWN_STR char *shown = text_printable(name, strlen(name), 60);

	if (!check_name(r, name, LIST))
		return false;
	if (holds_size(name))
		config_problem(r, LIST,
			       ": in \"%s\" more follows a size; write a comma between containers",
			       shown);
	else if (is_duplicate(r->c, name))
		config_problem(r, LIST, ": the container \"%s\" is named twice", name);
	else
		return true;
	return false;
}

/* Is `entry`, behind a comma, the end of a number that was written with it, as in "attic:1,5T"? */
static bool ends_number(const struct container *last, const char *entry)
{
	const char *digits = entry + strspn(entry, "0123456789");

	return last && strcmp(last->size, UNKNOWN_SIZE) == 0 && digits > entry &&
	       strlen(digits) <= 3 && isalpha((unsigned char)*digits);
}

static void say_comma(struct reading *r, const char *name, const char *end)
{
	OWN_STR char *shown = text_printable(name, strlen(name), 60);

	config_problem(r, LIST,
		       ": the size of \"%s\" has a comma before %s; write a point, such as 1.5T: "
		       "a comma separates containers",
		       shown, end);
}

/* One "name:size" of PTP_CONTAINERS. */
static void container_from_entry(struct reading *r, char *entry, json_t *defaults)
{
	char *colon = strrchr(entry, ':');
	const struct container *last =
		r->c->n_containers ? &r->c->containers[r->c->n_containers - 1] : NULL;

	if (!colon && ends_number(last, text_strip(entry))) {
		say_comma(r, last->name, text_strip(entry));
		return;
	}
	if (!colon) {
		OWN_STR char *shown = text_printable(entry, strlen(entry), 60);
		config_problem(r, LIST,
			       ": \"%s\" has no size; write it as name:size, such as attic:800G",
			       shown);
		return;
	}
	*colon = '\0';
	char *name = text_strip(entry), *size = text_strip(colon + 1);
	const json_t *all = json_object_get(r->c->file, "Containers");
	struct source from = {
		size, json_object_get(all, name), defaults, {"Containers", name, NULL}};
	if (check_entry(r, name))
		take_container(r, &from);
}

static void containers_from_environment(struct reading *r, const char *list, json_t *defaults)
{
	OWN_STR char *copy = mem_dup(list);
	char *rest = copy;

	for (char *entry; (entry = strsep(&rest, ","));) {
		if (r->c->n_containers >= CONFIG_CONTAINERS_MAX) {
			config_problem(r, LIST, ": more than %d containers", CONFIG_CONTAINERS_MAX);
			return;
		}
		/* A comma behind the last one is a habit, not a mistake. */
		if (!*text_strip(entry) && !rest && r->c->n_containers)
			return;
		container_from_entry(r, entry, defaults);
	}
}

/* ---- all of them ---- */

static void check_defaults(struct reading *r)
{
	const json_t *own = json_object_get(r->c->file, "Default");
	const char *path[2] = {"Default", NULL};

	if (json_is_object(own))
		config_check_keys(r, SETTING_CONTAINER, own, path, 1);
	else if (own && !json_is_null(own))
		config_problem(r, IN_FILE(path, 1), "is not an object");
}

void config_take_containers(struct reading *r)
{
	json_t *defaults = config_container_defaults(r->c->file);
	const char *list = config_environment("PTP_CONTAINERS");

	check_defaults(r);
	r->c->named_by_environment = list != NULL;
	if (list)
		containers_from_environment(r, list, defaults);
	else
		containers_from_file(r, defaults);
	json_decref(defaults);
	if (r->c->n_containers)
		qsort(r->c->containers, r->c->n_containers, sizeof *r->c->containers,
		      container_compare);
}
