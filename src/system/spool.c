#include "system/spool.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/own.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define AWAIT_POLL_MS 100
#define END_TRIES 10
#define READABLE_BYTES 24 /* of a name in its place's */

/* ---- places ---- */

/* The hash tells names apart, the letters are for people. */
char *spool_place(const struct spool *s, const char *name)
{
	char readable[READABLE_BYTES + 1], hex[17];
	uint8_t digest[SHA256_SIZE];
	size_t n = 0;

	for (const char *c = name; *c && n < READABLE_BYTES; c++)
		if (isascii(*c) && (isalnum((unsigned char)*c) || *c == '-' || *c == '_'))
			readable[n++] = *c;
	readable[n] = '\0';
	hash_sha256(name, strlen(name), digest);
	hash_hex(digest, 8, hex);
	return mem_printf("%s/%s-%s", s->folder, readable, hex);
}

bool spool_make_place(const struct spool *s, const char *name, struct err *err)
{
	OWN_STR char *place = spool_place(s, name);

	return fs_make_folder(place, 0700, false, err);
}

/* ---- the program that writes ---- */

/* Its process group. */
static pid_t holder(const char *lock)
{
	OWN_BUF struct buf text = BUF_MAX(64);
	struct err ignored;

	if (!fs_read_regular(lock, &text, &ignored))
		return 0;
	long pid = strtol(buf_text(&text), NULL, 10);
	return pid > 1 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

static void end_holder(const struct spool *s, const char *lock)
{
	pid_t group = holder(lock);

	log_warn(NULL, "%s that an earlier process left running does not end; it is ended",
		 s->program);
	if (group)
		kill(-group, SIGKILL);
}

bool spool_is_busy(const struct spool *s)
{
	OWN_STR char *path = fs_join(s->folder, "lock");
	struct err ignored;
	bool held;

	return fs_lock_is_held(path, &held, &ignored) && held;
}

int spool_lock(const struct spool *s, struct err *err)
{
	OWN_STR char *path = fs_join(s->folder, "lock");
	int64_t end = clock_monotonic() + s->run_ms;
	bool held, said = false;

	for (int tries = 0; tries < END_TRIES;) {
		int fd = fs_lock(path, &held, err);
		if (fd >= 0 || !held)
			return fd;
		if (!said)
			log_info(NULL, "waiting for %s that an earlier process left running",
				 s->program);
		said = true;
		if (clock_monotonic() >= end) {
			end_holder(s, path);
			tries++;
		}
		if (!wake_sleep(s->wake, AWAIT_POLL_MS, err))
			return -1;
	}
	err_set(err, ERR_RETRY, WORD_INTERNAL, "%s is running and cannot be ended; see %s",
		s->program, path);
	return -1;
}

/* ---- what it wrote ---- */

static bool is_entry(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool look_into(const char *place, char **path, struct err *err)
{
	OWN_DIR DIR *dir = opendir(place);
	OWN_STR char *first = NULL;

	if (!dir && errno != ENOENT)
		return fs_failed(err, "look into", place);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (!is_entry(e->d_name) || (first && strcmp(first, e->d_name) <= 0))
			continue;
		free(first);
		first = mem_dup(e->d_name);
	}
	*path = first ? fs_join(place, first) : NULL;
	return true;
}

bool spool_look(const struct spool *s, const char *name, char **path, struct err *err)
{
	OWN_STR char *place = spool_place(s, name);

	return look_into(place, path, err);
}

bool spool_list(const struct spool *s, char ***paths, size_t *n, struct err *err)
{
	OWN_DIR DIR *dir = opendir(s->folder);
	bool ok = dir || errno == ENOENT;

	*paths = NULL;
	*n = 0;
	if (!ok)
		fs_failed(err, "look into", s->folder);
	for (struct dirent *e; ok && dir && (e = readdir(dir));) {
		OWN_STR char *place = fs_join(s->folder, e->d_name);
		char *path = NULL;
		if (!is_entry(e->d_name) || !fs_is_folder(place))
			continue;
		ok = look_into(place, &path, err);
		if (path) {
			*paths = mem_grow(*paths, *n + 1, sizeof **paths);
			(*paths)[(*n)++] = path;
		}
	}
	if (!ok)
		spool_list_free(*paths, *n);
	return ok;
}

void spool_list_free(char **paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
}

bool spool_find(const struct spool *s, const char *name, char **path, struct err *err)
{
	*path = NULL;
	if (!fs_is_folder(s->folder))
		return true;
	OWN_FD int lock = spool_lock(s, err);
	return lock >= 0 && spool_look(s, name, path, err);
}

bool spool_remove(const char *path, struct err *err)
{
	OWN_STR char *place = fs_parent(path);

	return fs_remove(path, err) && fs_sync_folder(place, err);
}
