#include "base/tryout.h"

#include "base/mem.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BYTES (64 * 1024)
#define STAGED "probe"
#define FOLDER "probe-folder"

/* `begin`, made as long as wanted; the caller's. */
static char *long_name(const char *begin, size_t len)
{
	size_t has = strlen(begin);
	char *name = mem_alloc(len + has + 1);

	memset(name, 'x', len);
	memcpy(name, begin, has);
	return name;
}

/* One that is there already, because it cannot be removed, was possible. */
static bool takes(const struct fs_folder *f, size_t len)
{
	OWN_STR char *name = long_name(STAGED "-", len);
	OWN_FD int fd =
		openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool there = fd >= 0 || errno == EEXIST;

	if (there)
		unlinkat(f->fd, name, 0);
	return there || errno != ENAMETOOLONG;
}

static size_t promised(const struct fs_folder *f, size_t most)
{
	long max = fpathconf(f->fd, _PC_NAME_MAX);

	return max > 0 && (size_t)max < most ? (size_t)max : most;
}

size_t tryout_longest(const struct fs_folder *f, size_t least, size_t most)
{
	size_t fits = least, fails = promised(f, most) + 1;

	if (fails <= least)
		return 0;
	if (takes(f, fails - 1))
		return fails - 1;
	if (!takes(f, least))
		return 0;
	while (fails - fits > 1) {
		size_t middle = fits + (fails - fits) / 2;
		if (takes(f, middle))
			fits = middle;
		else
			fails = middle;
	}
	return fits;
}

static bool too_short(const char *folder, size_t least, struct err *err)
{
	err_set(err, ERR_TARGET, WORD_DISK,
		"the file system of %s takes no names of %zu bytes, which the program needs",
		folder, least);
	err->errnum = ENAMETOOLONG;
	return err_advise(err, "name a folder on another file system");
}

static void clear_away(const struct fs_folder *staging, const char *name)
{
	OWN_STR char *path = mem_printf("%s/%s", FOLDER, name);

	unlinkat(staging->fd, path, 0);
	unlinkat(staging->fd, FOLDER, AT_REMOVEDIR);
	unlinkat(staging->fd, STAGED, 0);
}

/* What cannot be removed does not matter. */
static bool move(const struct fs_folder *staging, const char *name, struct err *err)
{
	OWN_STR char *folder = fs_join(staging->path, FOLDER);
	OWN_STR char *path = fs_join(folder, name);
	enum fs_publish ignored;

	return fs_make_folder(folder, 0700, false, err) &&
	       fs_publish_from(staging, STAGED, path, &ignored, err);
}

bool tryout(const struct fs_folder *staging, size_t least, size_t most, struct err *err)
{
	OWN_STR char *zeros = mem_alloc(BYTES);
	size_t longest = tryout_longest(staging, least, most);

	if (!longest)
		return too_short(staging->path, least, err);
	OWN_STR char *name = long_name(STAGED "-", longest);
	clear_away(staging, name);
	bool ok = fs_stage_in(staging, STAGED, zeros, BYTES, 0600, err) && move(staging, name, err);
	clear_away(staging, name);
	return ok;
}
