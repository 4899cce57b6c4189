#include "folder.h"

#include "base/mem.h"
#include "base/text.h"
#include "limits.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#define DEPTH 64 /* of nested values; deeper ones count as broken */

/* A place in the bytes; `at` NULL means that something was broken. */
struct cursor {
	const char *at;
	const char *end;
};

char *folder_next(const char *dir, const char *last)
{
	OWN_DIR DIR *d = opendir(dir);
	char *best = NULL;

	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.' || !text_ends(e->d_name, ".torrent"))
			continue;
		if (last && strcmp(e->d_name, last) <= 0)
			continue;
		if (best && strcmp(e->d_name, best) >= 0)
			continue;
		free(best);
		best = mem_dup(e->d_name);
	}
	return best;
}

bool folder_read(const char *dir, const char *name, struct buf *out)
{
	OWN_STR char *path = dir ? mem_printf("%s/%s", dir, name) : mem_dup(name);
	OWN_FILE FILE *f = fopen(path, "re");
	char part[65536];
	size_t n;

	while (f && (n = fread(part, 1, sizeof part, f)) > 0)
		if (!buf_add(out, part, n))
			return false;
	return f && !ferror(f);
}

/* A string's bytes; *c moves behind it. */
static const char *take_string(struct cursor *c, size_t *len)
{
	size_t n = 0, digits = 0;

	while (c->at && c->at < c->end && isdigit((unsigned char)*c->at) && digits++ < 10)
		n = n * 10 + (size_t)(*c->at++ - '0');
	if (!c->at || !digits || c->at == c->end || *c->at != ':' ||
	    n > (size_t)(c->end - c->at - 1)) {
		c->at = NULL;
		return NULL;
	}
	const char *s = c->at + 1;
	c->at = s + n;
	*len = n;
	return s;
}

static int64_t take_integer(struct cursor *c)
{
	int64_t n = 0;

	for (c->at++; c->at < c->end && isdigit((unsigned char)*c->at); c->at++)
		if (n < INT64_MAX / 10 - 10)
			n = n * 10 + (*c->at - '0');
	c->at = c->at < c->end && *c->at == 'e' ? c->at + 1 : NULL;
	return n;
}

static void skip(struct cursor *c, int depth)
{
	size_t len;

	if (!c->at || c->at >= c->end || depth > DEPTH) {
		c->at = NULL;
	} else if (*c->at == 'i') {
		const char *e = memchr(c->at, 'e', (size_t)(c->end - c->at));

		c->at = e ? e + 1 : NULL;
	} else if (*c->at == 'l' || *c->at == 'd') {
		for (c->at++; c->at && c->at < c->end && *c->at != 'e';)
			skip(c, depth + 1);
		c->at = c->at && c->at < c->end ? c->at + 1 : NULL;
	} else {
		take_string(c, &len);
	}
}

/* The value of a key in the dictionary at `d`; `at` NULL if there is none. */
static struct cursor find(struct cursor d, const char *key)
{
	struct cursor none = {NULL, d.end};
	size_t len;

	if (!d.at || d.at >= d.end || *d.at != 'd')
		return none;
	d.at++;
	while (d.at && d.at < d.end && *d.at != 'e') {
		const char *s = take_string(&d, &len);
		struct cursor value = d;

		if (s && len == strlen(key) && memcmp(s, key, len) == 0)
			return value;
		skip(&d, 0);
	}
	return none;
}

static int64_t integer(struct cursor c)
{
	return c.at && c.at < c.end && *c.at == 'i' ? take_integer(&c) : 0;
}

static int64_t capped(int64_t a, int64_t b)
{
	return a > INT64_MAX / 4 || b > INT64_MAX / 4 ? INT64_MAX / 4 : a + b;
}

static int64_t sum_list(struct cursor files)
{
	int64_t sum = 0;

	if (!files.at || files.at >= files.end || *files.at != 'l')
		return 0;
	for (files.at++; files.at && files.at < files.end && *files.at != 'e'; skip(&files, 0))
		sum = capped(sum, integer(find(files, "length")));
	return sum;
}

/* A file's description stands under the empty name (BEP 52). */
static int64_t sum_tree(struct cursor tree, int depth)
{
	int64_t sum = 0;
	size_t len;

	if (!tree.at || tree.at >= tree.end || *tree.at != 'd' || depth > DEPTH)
		return 0;
	tree.at++;
	while (tree.at && tree.at < tree.end && *tree.at != 'e') {
		const char *name = take_string(&tree, &len);

		if (name && len == 0)
			sum = capped(sum, integer(find(tree, "length")));
		else
			sum = capped(sum, sum_tree(tree, depth + 1));
		skip(&tree, 0);
	}
	return sum;
}

void folder_inspect(const char *bytes, size_t len, struct folder_facts *facts)
{
	struct cursor info = find((struct cursor){bytes, bytes + len}, "info"), end = info;

	*facts = (struct folder_facts){0};
	skip(&end, 0);
	if (!info.at || !end.at || *info.at != 'd')
		return;
	facts->info = (size_t)(info.at - bytes);
	facts->info_len = (size_t)(end.at - info.at);
	facts->v2_only = !find(info, "pieces").at;
	facts->size = find(info, "length").at ? integer(find(info, "length"))
					      : sum_list(find(info, "files"));
	if (facts->v2_only)
		facts->size = sum_tree(find(info, "file tree"), 0);
}
