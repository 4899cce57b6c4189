/* list, create, remove, rename, resize: what config.ptp says. */
#include "cmd/command.h"
#include "config/setting.h"
#include "config/wire.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cmd_list(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};

	if (in->n_args)
		return command_usage(err, "list takes no name");
	if (!command_config(in, 0, &c))
		return STATUS_USAGE;
	printf("Containers:\n");
	for (size_t i = 0; i < c.n_containers; i++)
		printf("\t%s (%s): %s\n", c.containers[i].name, c.containers[i].size,
		       container_place(&c.containers[i]));
	return STATUS_DONE;
}

/* ---- editing ---- */

struct edit {
	const char *name, *other;    /* other: the new name, or NULL */
	const char *size, *watch;    /* NULL: not given */
	const struct config *places; /* filled in by edit_file */
	char *made;                  /* owned: size and place; filled in by create */
	bool smaller;                /* filled in by resize */
};

static int edit_file(const struct invocation *in, bool (*edit)(json_t *, void *, struct err *),
		     struct edit *e, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	const char *list = getenv("PTP_CONTAINERS");

	if (list && *list)
		return command_usage(err, "PTP_CONTAINERS names the containers, and config.ptp is "
					  "written from it; change it there");
	if (!config_places(&c, &in->config, err))
		return COMMAND_FAILED;
	e->places = &c;
	return config_edit(&c, edit, e, err) ? STATUS_DONE : COMMAND_FAILED;
}

#define REFUSE(err, ...) err_set((err), ERR_FATAL, WORD_CONFIG, __VA_ARGS__)

static bool check_new_name(json_t *all, const char *name, struct err *err)
{
	char why[SETTING_WHY];
	const char *fault = container_name_fault(name);

	if (!fault)
		fault = setting_form_fault(SETTING_PLAIN, name, why);
	if (fault)
		return REFUSE(err, "the container name %s", fault);
	if (strcmp(name, COMMAND_ALL) == 0)
		return REFUSE(err, "\"%s\" means every container to `fetch`; choose another name",
			      name);
	return !json_object_get(all, name) ||
	       REFUSE(err, "there is a container \"%s\" already", name);
}

/* Would the setting of a container take it?  `option` is where it came from; NULL: Default. */
static bool check_value(const char *key, const char *option, const char *text, struct err *err)
{
	OWN(container_clear) struct container scratch = {.name = mem_dup("")};
	const struct setting *s = setting_find(SETTING_CONTAINER, key);
	char why[SETTING_WHY];

	return setting_take(s, NULL, &scratch, text, why) ||
	       REFUSE(err, "%s%s%s%s", option ? option : "Default: ", option ? "" : key,
		      *why == ':' ? "" : " ", why);
}

static json_t *containers_of(json_t *root, struct err *err)
{
	json_t *all = config_object(root, "Containers");

	if (!all)
		REFUSE(err, "Containers in config.ptp is not an object");
	return all;
}

static json_t *existing(json_t *all, const char *name, struct err *err)
{
	json_t *own = json_object_get(all, name), *value;
	const char **names = mem_alloc((json_object_size(all) + 1) * sizeof *names), *key;
	size_t n = 0;

	json_object_foreach (all, key, value)
		names[n++] = key;
	if (!json_is_object(own))
		command_no_container(name, names, err);
	free(names);
	return json_is_object(own) ? own : NULL;
}

/* The value that was given, or that of Default in the file. */
static const char *default_text(const json_t *defaults, const char *key, const char *given,
				struct err *err)
{
	const char *text = given ? given : json_string_value(json_object_get(defaults, key));

	if (!text || !*text)
		REFUSE(err,
		       "Default: %s in config.ptp is not a text; fix it, or give the value on "
		       "the command line",
		       key);
	return text && *text ? text : NULL;
}

/* A relative path of the command line is one of this folder; the caller's. */
static char *absolute(const char *folder)
{
	char why[SETTING_WHY];
	bool as_it_is = !*folder || *folder == '/' || *folder == '$' ||
			setting_form_fault(SETTING_PLAIN, folder, why);
	OWN_STR char *here = as_it_is ? NULL : getcwd(NULL, 0);

	return here ? fs_join(here, folder) : mem_dup(folder);
}

/* The official utility's default is a place that nobody watches. */
static bool check_chosen(const json_t *own, const char *pattern, struct err *err)
{
	if (json_string_length(json_object_get(own, "Client")) ||
	    strcmp(pattern, CONFIG_FOLDER_BUILT_IN) != 0)
		return true;
	return REFUSE(err, "which folder does your torrent client watch? Give it with --watch DIR; "
			   "or set WatchDirectory or Client in Default of config.ptp");
}

static bool fill_watch(json_t *own, const struct edit *e, struct err *err)
{
	OWN_STR char *given = e->watch ? absolute(e->watch) : NULL;
	const char *pattern = default_text(own, "WatchDirectory", given, err);

	if (!pattern || !check_value("WatchDirectory", given ? "--watch" : NULL, pattern, err) ||
	    (!given && !check_chosen(own, pattern, err)))
		return false;
	OWN_STR char *watch = container_folder(pattern, e->name);
	return json_object_set_new(own, "WatchDirectory", json_string(watch)) == 0;
}

static bool fill(json_t *own, const struct edit *e, struct err *err)
{
	const char *size = default_text(own, "Size", e->size, err);

	if (!size || !check_value("Size", e->size ? "--size" : NULL, size, err) ||
	    !fill_watch(own, e, err))
		return false;
	OWN_STR char *kept = mem_dup(size);
	return json_object_set_new(own, "Size", json_string(kept)) == 0;
}

static bool do_create(json_t *root, void *ctx, struct err *err)
{
	struct edit *e = ctx;
	json_t *all = containers_of(root, err);

	if (!all || !check_new_name(all, e->name, err))
		return false;
	json_t *own = config_container_defaults(root);
	if (!fill(own, e, err)) {
		json_decref(own);
		return false;
	}
	const char *client = json_string_value(json_object_get(own, "Client"));
	e->made = mem_printf("%s, %s %s", json_string_value(json_object_get(own, "Size")),
			     client ? "client" : "watch folder",
			     client ? client
				    : json_string_value(json_object_get(own, "WatchDirectory")));
	return json_object_set_new(all, e->name, own) == 0;
}

static bool do_remove(json_t *root, void *ctx, struct err *err)
{
	struct edit *e = ctx;
	json_t *all = containers_of(root, err);

	return all && existing(all, e->name, err) && json_object_del(all, e->name) == 0;
}

/* Runs before the file is written: if the writing fails, a second rename does no harm. */
static bool move_assignments(const struct edit *e, struct err *err)
{
	OWN_STR char *path = wire_ledger_path(e->places);

	if (!fs_exists(path))
		return true;
	struct ledger *l = ledger_open(path, false, err);
	bool ok = l && ledger_rename(l, e->name, e->other, err);
	ledger_close(l);
	return ok;
}

/* A staged torrent cannot go along: its place has the old name. */
static bool nothing_staged(const struct edit *e, struct err *err)
{
	OWN_STR char *folder = wire_staging_folder(e->places);
	const struct spool staging = {.folder = folder};
	OWN_STR char *path = NULL;

	if (!spool_look(&staging, e->name, &path, err))
		return false;
	return !path || REFUSE(err,
			       "what the utility downloaded for \"%s\" is not delivered yet (%s); "
			       "run `ptp-archiver fetch \"%s\"` first",
			       e->name, path, e->name);
}

static bool do_rename(json_t *root, void *ctx, struct err *err)
{
	struct edit *e = ctx;
	json_t *all = containers_of(root, err);
	json_t *own = all ? existing(all, e->name, err) : NULL;

	if (!own || !check_new_name(all, e->other, err) || !nothing_staged(e, err) ||
	    !move_assignments(e, err))
		return false;
	json_t *copy = json_copy(own);
	/* The tracker will give the new name an id of its own. */
	json_object_del(copy, "ContainerID");
	json_object_set_new(all, e->other, copy);
	return json_object_del(all, e->name) == 0;
}

static bool do_resize(json_t *root, void *ctx, struct err *err)
{
	struct edit *e = ctx;
	json_t *all = containers_of(root, err);
	json_t *own = all ? existing(all, e->name, err) : NULL;
	uint64_t before = 0, after = 0;

	if (!own || !check_value("Size", "the new size", e->size, err))
		return false;
	const char *old = json_string_value(json_object_get(own, "Size"));
	e->smaller = old && num_size(old, &before) && num_size(e->size, &after) && after < before;
	json_object_set_new(own, "Size", json_string(e->size));
	return true;
}

/* ---- what else depends on a name ---- */

/* How much of the container is pending; 0 if there is no ledger yet. */
static uint64_t pending(const struct invocation *in, const char *name)
{
	OWN(config_clear) struct config c = {0};
	struct ledger_totals totals = {0};
	struct err ignored;

	struct ledger *l = config_places(&c, &in->config, &ignored) ? wire_look(&c) : NULL;
	if (l && !ledger_totals(l, name, &totals, &ignored))
		totals = (struct ledger_totals){0};
	ledger_close(l);
	return totals.pending + totals.set_aside;
}

static int refuse_pending(const struct invocation *in, const char *name, struct err *err)
{
	uint64_t n = in->given[OPTION_FORCE] ? 0 : pending(in, name);

	if (n == 0)
		return STATUS_DONE;
	return command_usage(err,
			     "%" PRIu64
			     " assignment%s of \"%s\" %s not delivered yet; `ptp-archiver "
			     "fetch \"%s\"` retries, --force does not wait for it",
			     n, n == 1 ? "" : "s", name, n == 1 ? "is" : "are", name);
}

static const char at_next_fetch[] = "A running daemon reads it after SIGHUP or a restart.\n";

int cmd_create(const struct invocation *in, struct err *err)
{
	if (in->n_args != 1)
		return command_usage(err, "create takes one name");
	struct edit e = {.name = in->args[0],
			 .size = in->value[OPTION_SIZE],
			 .watch = in->value[OPTION_WATCH]};
	int status = edit_file(in, do_create, &e, err);
	if (status == STATUS_DONE)
		printf("Created \"%s\": %s. The tracker learns of it at the next fetch.\n%s",
		       e.name, e.made, at_next_fetch);
	free(e.made);
	return status;
}

int cmd_remove(const struct invocation *in, struct err *err)
{
	if (in->n_args != 1)
		return command_usage(err, "remove takes one name");
	struct edit e = {.name = in->args[0]};
	int status = refuse_pending(in, e.name, err);
	if (status == STATUS_DONE)
		status = edit_file(in, do_remove, &e, err);
	if (status == STATUS_DONE)
		printf("Removed \"%s\" here. The tracker keeps it; delete it there if you want it "
		       "gone.\n%s",
		       e.name, at_next_fetch);
	return status;
}

int cmd_rename(const struct invocation *in, struct err *err)
{
	if (in->n_args != 2)
		return command_usage(err, "rename takes the old and the new name");
	struct edit e = {.name = in->args[0], .other = in->args[1]};
	int status = refuse_pending(in, e.name, err);
	if (status == STATUS_DONE)
		status = edit_file(in, do_rename, &e, err);
	if (status == STATUS_DONE)
		printf("Renamed \"%s\" to \"%s\" here. The tracker knows containers by name: "
		       "unless "
		       "you rename it there as well, it makes a new one at the next fetch.\n%s",
		       e.name, e.other, at_next_fetch);
	return status;
}

int cmd_resize(const struct invocation *in, struct err *err)
{
	if (in->n_args != 2)
		return command_usage(err, "resize takes a name and the new size");
	struct edit e = {.name = in->args[0], .size = in->args[1]};
	int status = edit_file(in, do_resize, &e, err);
	if (status == STATUS_DONE)
		printf("Resized \"%s\" to %s. The tracker learns of it at the next fetch%s.\n%s",
		       e.name, e.size,
		       e.smaller ? "; being smaller, it may count as full then" : "",
		       at_next_fetch);
	return status;
}
