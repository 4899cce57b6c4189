#include "base/mount.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOUNTINFO "/proc/self/mountinfo"
#define MOUNTINFO_MAX_BYTES (4 * 1024 * 1024)

static bool is_octal(const char *s)
{
	return strspn(s, "01234567") >= 3;
}

/* Spaces, tabs, line ends and backslashes are written as \040 and the like. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; to++) {
		if (*s == '\\' && is_octal(s + 1)) {
			*to = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to = *s++;
		}
	}
	*to = '\0';
}

static bool lies_below(const char *path, const char *point)
{
	size_t len = strlen(point);

	if (strcmp(point, "/") == 0)
		return path[0] == '/';
	return strncmp(path, point, len) == 0 && (path[len] == '/' || !path[len]);
}

/* "36 35 98:0 /root /point options...": of the fields these three. */
static bool read_line(char *line, struct mount *m)
{
	char *save = NULL, *field[5] = {0};

	for (int i = 0; i < 5; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return false;
	}
	unescape(field[3]);
	unescape(field[4]);
	m->id = strtol(field[0], NULL, 10);
	text_copy(m->root, sizeof m->root, field[3]);
	text_copy(m->point, sizeof m->point, field[4]);
	return true;
}

bool mount_find(const char *mountinfo, const char *path, struct mount *m)
{
	OWN_STR char *text = mem_dup(mountinfo);
	char *rest = text, *line;
	bool found = false;

	while ((line = strsep(&rest, "\n"))) {
		struct mount here;
		if (!read_line(line, &here) || !lies_below(path, here.point))
			continue;
		if (!found || strlen(here.point) >= strlen(m->point))
			*m = here;
		found = true;
	}
	return found;
}

bool mount_of(const char *path, struct mount *m, struct err *err)
{
	OWN_BUF struct buf text = BUF_MAX(MOUNTINFO_MAX_BYTES);
	OWN_STR char *real = realpath(path, NULL);

	if (!real)
		return err_errno(err, ERR_TARGET, WORD_DISK, errno, "cannot look at %s", path);
	if (!fs_read(MOUNTINFO, &text, err))
		return false;
	return mount_find(buf_text(&text), real, m) ||
	       err_set(err, ERR_TARGET, WORD_DISK, "%s names no mount for %s", MOUNTINFO, real);
}

bool mount_in_container(void)
{
	return getenv("PTP_IMAGE") || getenv("KUBERNETES_SERVICE_HOST") ||
	       access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0;
}

bool mount_is_root(const char *path)
{
	OWN_STR char *at = mem_dup(path);
	struct mount m;
	struct err ignored;

	while (!fs_exists(at) && strchr(at, '/') && strcmp(at, "/") != 0) {
		char *above = fs_parent(at);
		free(at);
		at = above;
	}
	return mount_of(at, &m, &ignored) && strcmp(m.point, "/") == 0;
}
