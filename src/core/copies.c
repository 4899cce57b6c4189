#include "core/copies.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/own.h"
#include "ports/ledger.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FORM "ledger-%04d%02d%02dT%02d%02d%02dZ.db"
#define NAME_SIZE 80

static char *folder_of(const char *state_folder)
{
	return fs_join(state_folder, "backup");
}

static void name_of(int64_t when, char out[NAME_SIZE])
{
	time_t seconds = (time_t)(when / 1000);
	struct tm t;

	gmtime_r(&seconds, &t);
	snprintf(out, NAME_SIZE, FORM, t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
		 t.tm_min, t.tm_sec);
}

/* 0: this is not the name of a copy. */
static int64_t time_of(const char *name)
{
	char same[NAME_SIZE];
	struct tm t = {0};

	if (sscanf(name, "ledger-%4d%2d%2dT%2d%2d%2dZ.db", &t.tm_year, &t.tm_mon, &t.tm_mday,
		   &t.tm_hour, &t.tm_min, &t.tm_sec) != 6)
		return 0;
	t.tm_year -= 1900;
	t.tm_mon--;
	int64_t when = (int64_t)timegm(&t) * 1000;
	name_of(when, same);
	return strcmp(name, same) == 0 && when > 0 ? when : 0;
}

static int newer_first(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

void copies_list(struct copies *c, const char *state_folder)
{
	c->folder = folder_of(state_folder);
	OWN_DIR DIR *dir = opendir(c->folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!time_of(entry->d_name))
			continue;
		c->names = mem_grow(c->names, c->n + 1, sizeof *c->names);
		c->names[c->n++] = mem_dup(entry->d_name);
	}
	if (c->n)
		qsort(c->names, c->n, sizeof *c->names, newer_first);
}

void copies_clear(struct copies *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->names[i]);
	free(c->names);
	free(c->folder);
	*c = (struct copies){0};
}

char *copies_path(const char *state_folder, int64_t now)
{
	OWN_STR char *folder = folder_of(state_folder);
	char name[NAME_SIZE];

	name_of(now, name);
	return fs_join(folder, name);
}

int64_t copies_newest(const char *state_folder)
{
	OWN(copies_clear) struct copies all = {0};

	copies_list(&all, state_folder);
	return all.n ? time_of(all.names[0]) : 0;
}

char *copies_newest_good(const char *state_folder, struct wake *wake)
{
	OWN(copies_clear) struct copies all = {0};
	struct ledger_facts facts;
	struct err ignored;

	copies_list(&all, state_folder);
	for (size_t i = 0; i < all.n; i++) {
		OWN_STR char *path = fs_join(all.folder, all.names[i]);
		if (ledger_examine(path, wake, &facts, &ignored))
			return OWN_TAKE(path);
	}
	return NULL;
}

bool copies_prune(const char *state_folder, unsigned keep, struct err *err)
{
	OWN(copies_clear) struct copies all = {0};

	copies_list(&all, state_folder);
	for (size_t i = keep; i < all.n; i++) {
		OWN_STR char *path = fs_join(all.folder, all.names[i]);
		if (!fs_remove(path, err))
			return false;
	}
	return true;
}
