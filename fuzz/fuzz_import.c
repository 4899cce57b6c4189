/* Any bytes as ptparchiver-go's configuration; what is taken without a fault makes a config.ptp
 * that loads without a problem, and no line for the user holds a credential. */
#include "fuzz.h"

#include "app/import.h"
#include "base/num.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

static char folder[] = "/dev/shm/fuzz-import-XXXXXX", path[sizeof folder + 16];

static void remove_folder(void)
{
	unlink(path);
	rmdir(folder);
}

/* In memory, since each input is written. */
static void make_folder(void)
{
	if (path[0])
		return;
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/config.ptp", folder);
	atexit(remove_folder);
}

static void check_lines(const struct import *m, const struct problems *list)
{
	const struct secret *secrets[] = {&m->user, &m->key};

	for (size_t i = 0; i < list->n; i++) {
		CHECK(text_is_utf8(list->lines[i], strlen(list->lines[i])));
		for (size_t k = 0; k < 2; k++)
			CHECK(!secret_is_set(secrets[k]) ||
			      !strstr(list->lines[i], secret_reveal(secrets[k])));
	}
}

static void check_config(const struct import *m)
{
	const struct config_options options = {.path = path};
	struct problems problems = {0};
	struct config c = {0};

	config_load(&c, &options, 0, &problems);
	for (size_t i = 0; i < problems.n; i++)
		fprintf(stderr, "%s\n", problems.lines[i]);
	CHECK(problems.n == 0 && c.n_containers == m->n_containers);
	CHECK(secret_same(&c.user, &m->user) && secret_same(&c.key, &m->key));
	config_clear(&c);
}

static void check_apply(struct import *m)
{
	json_t *root = json_object();
	struct err err;

	CHECK(import_apply(m, root, false, &err));
	size_t left = m->left.n, done = m->done.n;
	CHECK(json_dump_file(root, path, 0) == 0);
	check_config(m);
	/* Once more: everything is there as it should be. */
	problems_clear(&m->done);
	CHECK(import_apply(m, root, false, &err));
	CHECK(m->left.n == left && m->done.n == done);
	json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct yml *tree = yml_parse("f.yaml", data, size, &err);
	struct import m = {.file = "f.yaml", .watch = size % 2 ? "/srv/$name" : NULL};

	if (!tree) {
		CHECK(text_starts(err.msg, "f.yaml:") && err.kind == ERR_FATAL);
		return 0;
	}
	make_folder();
	import_read(&m, tree);
	if (!m.wrong.n)
		check_apply(&m);
	check_lines(&m, &m.wrong);
	check_lines(&m, &m.left);
	check_lines(&m, &m.notes);
	check_lines(&m, &m.done);
	import_clear(&m);
	yml_free(tree);
	return 0;
}
