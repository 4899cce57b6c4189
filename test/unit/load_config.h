/*
 * test/unit/load_config.h - a config.ptp of the test's own, loaded.
 */
#ifndef LOAD_CONFIG_H
#define LOAD_CONFIG_H

#include "config/config.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include "unit.h"

#define USER "0123456789abcdef"
#define KEY "0123456789abcdef0123456789abcdef"
#define NO_PROBLEM ""

/* A group's set-up: a folder of one's own, and no environment but what the test sets. */
static inline int set_up(void **state)
{
	clearenv();
	return unit_make_folder(state);
}

struct loaded {
	struct config c;
	struct problems problems;
	char *all; /* the problems, a line each */
	char *path;
};

static inline void loaded_clear(struct loaded *l)
{
	config_clear(&l->c);
	problems_clear(&l->problems);
	free(l->all);
	free(l->path);
}

#define OWN_LOADED OWN(loaded_clear)

/* Writes config.ptp (NULL: none) and loads it.  Of each problem it must be told what fixes it. */
static inline struct loaded load(void **state, const char *file, unsigned need)
{
	struct loaded l = {.path = fs_join(*state, "config.ptp")};
	const struct config_options options = {.path = l.path};
	struct buf all = BUF_MAX(100000);
	struct err err;

	if (file)
		MUST(fs_write(l.path, file, strlen(file), 0600, &err));
	config_load(&l.c, &options, need, &l.problems);
	for (size_t i = 0; i < l.problems.n; i++) {
		/* The folder's name is random: leave it out. */
		const char *line = l.problems.lines[i];
		size_t len = strlen(*state);
		bool begins = text_starts(line, *state);
		assert_true(l.problems.fixes[i] && *l.problems.fixes[i]);
		buf_printf(&all, "%s\n", begins ? line + len + 1 : line);
	}
	l.all = buf_take(&all);
	return l;
}

#endif
