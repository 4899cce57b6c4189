/* import: a configuration of ptparchiver-go into config.ptp. */
#include "cmd/command.h"
#include "cmd/import.h"

#include <stdio.h>
#include <stdlib.h>

struct edit {
	struct import import;
	bool force;
};

static bool apply(json_t *root, void *ctx, struct err *err)
{
	struct edit *e = ctx;

	return import_apply(&e->import, root, e->force, err);
}

static void print_list(const char *title, const struct problems *list)
{
	if (list->n)
		printf("%s\n", title);
	for (size_t i = 0; i < list->n; i++)
		printf("  %s\n", list->lines[i]);
}

static void print_result(const struct import *m, const char *path)
{
	printf("Wrote %s.\n", path);
	print_list("Carried over:", &m->done);
	print_list("Works differently here:", &m->notes);
	print_list("Not carried over:", &m->left);
	printf("A running daemon takes it up after SIGHUP or a restart. Stop ptparchiver-go first, "
	       "or "
	       "both ask the tracker.\nNext: ptp-archiver check\n");
}

static int refuse(const struct import *m)
{
	const struct problems *lists[] = {&m->left, &m->wrong};

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			log_error(NULL, "%s", lists[k]->lines[i]);
	log_error(NULL, "nothing was written");
	return STATUS_USAGE;
}

static int import(const struct invocation *in, const struct yml *tree, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	struct edit e = {{.file = in->args[0], .watch = in->value[OPTION_WATCH]},
			 in->given[OPTION_FORCE]};
	int status;

	import_read(&e.import, tree);
	config_places(&c, &in->config);
	if (e.import.wrong.n) {
		status = refuse(&e.import);
	} else if (!config_edit(&c, apply, &e, err)) {
		status = COMMAND_FAILED;
	} else {
		print_result(&e.import, c.path);
		status = e.import.left.n ? STATUS_FAILED : STATUS_DONE;
	}
	import_clear(&e.import);
	return status;
}

int cmd_import(const struct invocation *in, struct err *err)
{
	const char *list = getenv("PTP_CONTAINERS");
	const char *watch = in->value[OPTION_WATCH];

	if (in->n_args != 1)
		return command_usage(err, "import takes one file, ptparchiver-go's config.yaml");
	if (watch && !*watch)
		return command_usage(err,
				     "--watch is empty; name the folder that the client watches");
	if (list && *list)
		return command_usage(err, "PTP_CONTAINERS names the containers, and config.ptp is "
					  "written from it; unset it to import others");
	struct yml *tree = yml_read(in->args[0], err);
	int status = tree ? import(in, tree, err) : COMMAND_FAILED;
	yml_free(tree);
	return status;
}
