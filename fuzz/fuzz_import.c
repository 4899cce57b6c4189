/* Any bytes as ptparchiver-go's configuration; what is taken without a fault makes a config.ptp
 * that loads without a problem, and no line for the user holds a credential. */
#include "fuzz.h"

#include "cmd/import.h"
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

/* A password may be a word of our own; one of these letters is in none of them. */
static bool can_only_be_quoted(const char *password)
{
	return strpbrk(password, "~^") && strspn(password, "abcdefghijklmnopqrstuvwxyz0123456789"
							   "~^") == strlen(password);
}

static void check_line(const struct import *m, const char *line)
{
	const struct secret *secrets[] = {&m->user, &m->key};

	CHECK(text_is_utf8(line, strlen(line)));
	for (size_t k = 0; k < 2; k++)
		CHECK(!secret_is_set(secrets[k]) || !strstr(line, secret_reveal(secrets[k])));
	for (size_t k = 0; k < m->n_passwords; k++) {
		const char *password = secret_reveal(&m->passwords[k]);
		CHECK(!can_only_be_quoted(password) || !strstr(line, password));
	}
}

static void check_lines(const struct import *m, const struct problems *list)
{
	for (size_t i = 0; i < list->n; i++)
		check_line(m, list->lines[i]);
}

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static const struct import_container *find(const struct import *m, const char *name)
{
	for (size_t i = 0; i < m->n_containers; i++)
		if (strcmp(m->containers[i].name, name) == 0)
			return &m->containers[i];
	return NULL;
}

/* Each container goes where the file says. */
static void check_containers(const struct import *m, const struct config *c)
{
	CHECK(c->n_containers == m->n_containers && c->n_clients == m->n_clients);
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *got = &c->containers[i];
		const struct import_container *want = find(m, got->name);
		CHECK(want && same(got->client, want->client));
		CHECK(want->client || same(got->watch_folder, want->watch));
		CHECK(same(got->placement.category, want->category));
		CHECK(same(got->placement.tags, want->tags));
		CHECK(got->placement.paused == want->paused);
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
	CHECK(problems.n == 0);
	check_containers(m, &c);
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
