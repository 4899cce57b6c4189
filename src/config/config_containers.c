/* Containers, Default, PTP_CONTAINERS; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* ---- one container's values ---- */

static const struct {
	const char *key, *variable; /* NULL: there is none for all containers */
} container_keys[] = {
	{"Size", NULL},           {"MaxStalled", "PTP_MAX_STALLED"},
	{"AfterFetchExec", NULL}, {"WatchDirectory", "PTP_WATCH"},
	{"ContainerID", NULL},
};
#define N_KEYS (sizeof container_keys / sizeof *container_keys)
#define KEYS_MAX 32
#define UNKNOWN_SIZE "?" /* of a container whose size is none */

const char *config_container_key(size_t i, const char **variable)
{
	if (i >= N_KEYS)
		return config_placement_key(i - N_KEYS, variable);
	if (variable)
		*variable = container_keys[i].variable;
	return container_keys[i].key;
}

/* `keys` gets all that a container may have, ending in NULL. */
static void all_keys(const char *keys[KEYS_MAX])
{
	size_t n = 0;

	while (n < KEYS_MAX - 1 && (keys[n] = config_container_key(n, NULL)))
		n++;
	keys[n] = NULL;
}

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

static bool check_size(struct config_load_state *l, const char *size, struct config_place place)
{
	const char *fault = size_fault(size);

	if (!fault)
		return true;
	OWN_STR char *guess = size_suggestion(size);
	OWN_STR char *shown = text_printable(size, strlen(size), 40);
	if (guess)
		config_problem(l, &place, ": \"%s\" %s; did you mean %s?", shown, fault, guess);
	else
		config_problem(l, &place, ": \"%s\" %s", shown, fault);
	return false;
}

static bool check_name(struct config_load_state *l, const char *name, struct config_place place)
{
	const char *fault = container_name_fault(name);

	if (!fault)
		return true;
	OWN_STR char *shown = text_printable(name, strlen(name), 60);
	config_problem(l, &place, ": the container name \"%s\" %s", shown, fault);
	return false;
}

static bool take_stalled(struct config_load_state *l, const char *value, struct config_place place,
			 uint32_t *out)
{
	uint64_t n;

	if (!num_u64(value, CONTAINER_STALLED_MAX, &n)) {
		config_problem(l, &place, " is not a whole number from 0 to 1000000");
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

static struct config_place place_of(struct source *s, const char *key)
{
	s->path[2] = key;
	return (struct config_place){.path = s->path, .depth = 3};
}

/* A list of texts as one, with commas between them, the caller's; NULL if it is no such list. */
static char *joined(const json_t *list)
{
	OWN_BUF struct buf out = BUF_MAX(CONFIG_CLIENT_TEXT_MAX);
	json_t *one;
	size_t i;

	json_array_foreach ((json_t *)list, i, one) {
		if (!json_is_string(one) || strchr(json_string_value(one), ','))
			return NULL;
		buf_printf(&out, "%s%s", i ? "," : "", json_string_value(one));
	}
	return out.full ? NULL : buf_take(&out);
}

static char *text_of(const json_t *value)
{
	return json_is_array(value) ? joined(value) : config_value_text(value);
}

static char *container_value(struct config_load_state *l, struct source *s, const char *key)
{
	const json_t *value = json_object_get(s->own, key);
	char *text = text_of(value);

	if (value && !text && !json_is_null(value)) {
		const struct config_place place = place_of(s, key);
		config_problem(l, &place, " is not a value that this can have");
	}
	return text ? text : text_of(json_object_get(s->defaults, key));
}

static void take_container_stalled(struct config_load_state *l, struct source *s,
				   struct container *c)
{
	OWN_STR char *value = container_value(l, s, "MaxStalled");
	const char *variable = config_environment("PTP_MAX_STALLED");

	if (variable)
		take_stalled(l, variable, (struct config_place){.literal = "PTP_MAX_STALLED"},
			     &c->max_stalled);
	else if (value)
		take_stalled(l, value, place_of(s, "MaxStalled"), &c->max_stalled);
}

static void take_placement(struct config_load_state *l, struct container *c, size_t i,
			   const char *value, struct config_place place)
{
	const char *fault = config_take_placement(l->c, c, i, value);

	if (fault)
		config_problem(l, &place, " %s", fault);
}

static void take_container_placement(struct config_load_state *l, struct source *s,
				     struct container *c)
{
	const char *key, *name;

	c->max_pending = CONTAINER_PENDING;
	c->pick_up_ms = CONTAINER_PICK_UP_MS;
	for (size_t i = 0; (key = config_placement_key(i, &name)); i++) {
		const char *variable = config_environment(name);
		OWN_STR char *value = container_value(l, s, key);
		if (variable)
			take_placement(l, c, i, variable, (struct config_place){.literal = name});
		else if (value && *value)
			take_placement(l, c, i, value, place_of(s, key));
	}
	const char *fault = config_placement_fault(l->c, c);
	if (!fault)
		return;
	if (l->c->named_by_environment) {
		problems_add(l->problems, "PTP_CONTAINERS: %s: %s", c->name, fault);
		problems_mend(l->problems, "correct the settings of %s", c->name);
	} else {
		config_file_problem(l, s->path, 2, ": %s", fault);
	}
}

static void take_container_rest(struct config_load_state *l, struct source *s, struct container *c)
{
	OWN_STR char *exec = container_value(l, s, "AfterFetchExec");
	OWN_STR char *id = container_value(l, s, "ContainerID");
	uint64_t number;

	if (exec && *text_strip(exec))
		c->after_fetch_exec = mem_dup(exec);
	if (id && num_u64(id, INT64_MAX, &number))
		text_copy(c->id, sizeof c->id, id);
	take_container_stalled(l, s, c);
	take_container_placement(l, s, c);
}

static struct container *new_container(struct config *c, const char *name)
{
	c->containers = mem_grow(c->containers, c->n_containers + 1, sizeof *c->containers);
	struct container *new = &c->containers[c->n_containers++];
	*new = (struct container){.name = mem_dup(name)};
	return new;
}

static void container_from_file(struct config_load_state *l, const char *name, const json_t *own,
				const json_t *defaults)
{
	struct source s = {own, defaults, {"Containers", name, NULL}};
	const struct config_place here = {.path = s.path, .depth = 2};

	if (!check_name(l, name, here))
		return;
	if (!json_is_object(own)) {
		config_problem(l, &here, " is not an object");
		return;
	}
	const char *known[KEYS_MAX];
	all_keys(known);
	config_check_keys(l, own, known, s.path, 2);
	OWN_STR char *size = container_value(l, &s, "Size");
	OWN_STR char *watch = container_value(l, &s, "WatchDirectory");
	bool sized = check_size(l, size ? size : "", place_of(&s, "Size"));
	OWN_STR char *client = container_value(l, &s, "Client");
	if (json_is_number(json_object_get(own, "WatchDirectory"))) {
		const struct config_place place = place_of(&s, "WatchDirectory");
		config_problem(l, &place, " is a number; write the folder's path in quotes");
		return;
	}
	if ((!watch || !*watch) && (!client || !*client)) {
		const struct config_place place = place_of(&s, "WatchDirectory");
		config_problem(l, &place,
			       " is empty; name the folder that the client watches, or a Client");
		return;
	}
	struct container *c = new_container(l->c, name);
	c->size = mem_dup(sized ? size : UNKNOWN_SIZE);
	c->watch_folder = container_folder(watch ? watch : "", name);
	take_container_rest(l, &s, c);
}

static void containers_from_file(struct config_load_state *l, const json_t *defaults)
{
	const json_t *all = json_object_get(l->c->file, "Containers");
	const char *path = "Containers", *name;
	json_t *own;

	if (all && !json_is_object(all) && !json_is_null(all)) {
		config_file_problem(l, &path, 1, " is not an object");
		return;
	}
	if (json_object_size(all) > CONFIG_CONTAINERS_MAX) {
		config_file_problem(l, &path, 1, " names more than %d containers",
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

/* One "name:size" of PTP_CONTAINERS. */
static void container_from_entry(struct config_load_state *l, char *entry, const json_t *defaults)
{
	const struct config_place here = {.literal = "PTP_CONTAINERS"};
	char *colon = strrchr(entry, ':');

	if (!colon) {
		OWN_STR char *shown = text_printable(entry, strlen(entry), 60);
		config_problem(l, &here,
			       ": \"%s\" has no size; write it as name:size, such as attic:800G",
			       shown);
		return;
	}
	*colon = '\0';
	char *name = text_strip(entry), *size = text_strip(colon + 1);
	bool named = check_name(l, name, here), sized = check_size(l, size, here);
	if (!named)
		return;
	if (holds_size(name)) {
		OWN_STR char *shown = text_printable(name, strlen(name), 60);
		config_problem(l, &here,
			       ": in \"%s\" more follows a size; between containers stands a "
			       "comma",
			       shown);
		return;
	}
	if (is_duplicate(l->c, name)) {
		config_problem(l, &here, ": the container \"%s\" is named twice", name);
		return;
	}
	const char *watch = config_environment("PTP_WATCH");
	const json_t *all = json_object_get(l->c->file, "Containers");
	struct source s = {json_object_get(all, name), defaults, {"Containers", name, NULL}};
	struct container *c = new_container(l->c, name);
	c->size = mem_dup(sized ? size : UNKNOWN_SIZE);
	c->watch_folder = container_folder(watch ? watch : "/watch", name);
	take_container_rest(l, &s, c);
}

static void containers_from_environment(struct config_load_state *l, const char *list,
					const json_t *defaults)
{
	OWN_STR char *copy = mem_dup(list);
	char *rest = copy;

	for (char *entry; (entry = strsep(&rest, ","));) {
		if (l->c->n_containers >= CONFIG_CONTAINERS_MAX) {
			const struct config_place here = {.literal = "PTP_CONTAINERS"};
			config_problem(l, &here, ": more than %d containers",
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

static void check_defaults(struct config_load_state *l)
{
	const json_t *own = json_object_get(l->c->file, "Default");
	const char *path[2] = {"Default", NULL};

	if (json_is_object(own)) {
		const char *known[KEYS_MAX];
		all_keys(known);
		config_check_keys(l, own, known, path, 1);
		return;
	}
	if (own && !json_is_null(own))
		config_file_problem(l, path, 1, " is not an object");
}

void config_take_containers(struct config_load_state *l)
{
	json_t *defaults = config_container_defaults(l->c->file);
	const char *list = config_environment("PTP_CONTAINERS");

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
