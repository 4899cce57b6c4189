#include "book.h"

#include "base/mem.h"
#include "base/own.h"

#include <errno.h>
#include <string.h>

static void clear_assignment(struct book_assignment *a)
{
	free(a->user);
	free(a->container);
	free(a->file);
	free(a->listed);
}

void book_close(struct book *b)
{
	for (size_t i = 0; i < b->containers_n; i++) {
		free(b->containers[i].user);
		free(b->containers[i].name);
	}
	for (size_t i = 0; i < b->assignments_n; i++)
		clear_assignment(&b->assignments[i]);
	free(b->containers);
	free(b->assignments);
	free(b->path);
	*b = (struct book){0};
}

struct book_container *book_container(const struct book *b, const char *user, const char *name)
{
	for (size_t i = 0; i < b->containers_n; i++)
		if (strcmp(b->containers[i].name, name) == 0 &&
		    strcmp(b->containers[i].user, user) == 0)
			return &b->containers[i];
	return NULL;
}

struct book_assignment *book_by_torrent(const struct book *b, int64_t torrent)
{
	if (torrent < BOOK_TORRENT || torrent - BOOK_TORRENT >= (int64_t)b->assignments_n)
		return NULL;
	return &b->assignments[torrent - BOOK_TORRENT];
}

struct book_assignment *book_by_archive(const struct book *b, int64_t archive)
{
	if (archive < BOOK_ARCHIVE || archive - BOOK_ARCHIVE >= (int64_t)b->assignments_n)
		return NULL;
	return &b->assignments[archive - BOOK_ARCHIVE];
}

/* Make room for one more in an array that grows in powers of two. */
static void *room(void *array, size_t n, size_t each)
{
	return n & (n - 1) ? array : mem_grow(array, n ? 2 * n : 1, each);
}

struct book_container *book_add_container(struct book *b, const char *user, const char *name)
{
	if (b->containers_n >= SIM_CONTAINERS)
		return NULL;
	b->containers = room(b->containers, b->containers_n, sizeof *b->containers);
	struct book_container *c = &b->containers[b->containers_n];
	*c = (struct book_container){.user = mem_dup(user),
				     .name = mem_dup(name),
				     .id = BOOK_CONTAINER + (int64_t)b->containers_n};
	b->containers_n++;
	return c;
}

struct book_assignment *book_assign(struct book *b, const struct book_assignment *a)
{
	struct book_container *c = book_container(b, a->user, a->container);

	b->assignments = room(b->assignments, b->assignments_n, sizeof *b->assignments);
	struct book_assignment *kept = &b->assignments[b->assignments_n];
	*kept = *a;
	kept->spec.id = BOOK_TORRENT + (int64_t)b->assignments_n;
	kept->archive = BOOK_ARCHIVE + (int64_t)b->assignments_n;
	b->assignments_n++;
	c->used += a->spec.size;
	c->count++;
	return kept;
}

static json_t *containers_json(const struct book *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->containers_n; i++) {
		const struct book_container *c = &b->containers[i];

		json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:I, s:I, s:I}", "id",
						      (json_int_t)c->id, "user", c->user, "name",
						      c->name, "size", (json_int_t)c->size, "used",
						      (json_int_t)c->used, "count",
						      (json_int_t)c->count));
	}
	return list;
}

static json_t *assignment_json(const struct book_assignment *a)
{
	json_t *listed = json_array();

	for (size_t i = 0; i < a->listed_n; i++)
		json_array_append_new(listed, json_integer(a->listed[i]));
	return json_pack("{s:I, s:I, s:s, s:s, s:f, s:I, s:I, s:s, s:b, s:s?, s:s, s:s, s:o}",
			 "TorrentID", (json_int_t)a->spec.id, "ArchiveID", (json_int_t)a->archive,
			 "user", a->user, "container", a->container, "time", a->at, "downloads",
			 (json_int_t)a->downloads, "size", (json_int_t)a->spec.size, "kind",
			 torrents_kind_name(a->spec.kind), "multi", a->spec.multi, "file", a->file,
			 "infohash", a->infohash, "infohash_v2", a->infohash_v2, "listed", listed);
}

json_t *book_json(const struct book *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->assignments_n; i++)
		json_array_append_new(list, assignment_json(&b->assignments[i]));
	return json_pack("{s:o, s:o}", "containers", containers_json(b), "assignments", list);
}

void book_save(const struct book *b)
{
	if (!b->path)
		return;
	json_t *root = book_json(b);
	OWN_STR char *fresh = mem_printf("%s.new", b->path);

	if (json_dump_file(root, fresh, JSON_COMPACT) != 0 || rename(fresh, b->path) != 0)
		fprintf(stderr, "ptp-sim: state %s: cannot be written\n", b->path);
	json_decref(root);
}

static bool read_container(struct book *b, json_t *item)
{
	const char *user, *name;
	json_int_t size;

	if (json_unpack(item, "{s:s, s:s, s:I}", "user", &user, "name", &name, "size", &size) != 0)
		return false;
	struct book_container *c = book_add_container(b, user, name);
	if (c)
		c->size = size;
	return c;
}

static void read_listed(struct book_assignment *a, const json_t *listed)
{
	size_t n = json_array_size(listed);

	n = n < SIM_LISTED ? n : SIM_LISTED;
	a->listed = mem_alloc(n * sizeof *a->listed);
	for (size_t i = 0; i < n; i++)
		a->listed[a->listed_n++] = json_integer_value(json_array_get(listed, i));
}

static bool read_assignment(struct book *b, json_t *item)
{
	const char *user, *container, *kind, *v1, *v2, *file = NULL;
	json_t *listed, *file_json;
	json_int_t downloads, size, torrent;
	double at;
	int multi;

	if (json_unpack(item, "{s:I, s:s, s:s, s:F, s:I, s:I, s:s, s:b, s:o, s:s, s:s, s:o}",
			"TorrentID", &torrent, "user", &user, "container", &container, "time", &at,
			"downloads", &downloads, "size", &size, "kind", &kind, "multi", &multi,
			"file", &file_json, "infohash", &v1, "infohash_v2", &v2, "listed",
			&listed) != 0)
		return false;
	file = json_string_value(file_json);
	if (size < 0 || size > INT64_MAX / 4 || (!file && (!size || size > SIM_TORRENT_SIZE)) ||
	    strlen(v1) > 2 * SHA1_SIZE || strlen(v2) > 2 * SHA256_SIZE ||
	    torrent != BOOK_TORRENT + (json_int_t)b->assignments_n ||
	    b->assignments_n >= SIM_ASSIGNMENTS || !book_container(b, user, container))
		return false;
	struct book_assignment a = {
		.spec = {.size = size, .kind = torrents_kind(kind), .multi = multi},
		.user = mem_dup(user),
		.container = mem_dup(container),
		.file = mem_dup(file),
		.at = at,
		.downloads = downloads};
	strcpy(a.infohash, v1);
	strcpy(a.infohash_v2, v2);
	read_listed(&a, listed);
	book_assign(b, &a);
	return true;
}

MUST_CHECK static bool read_all(struct book *b, const json_t *root, struct err *err)
{
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(root, "containers"), i, item)
		if (!read_container(b, item))
			return err_set(err, ERR_FATAL, WORD_CONFIG,
				       "state %s: container %zu makes "
				       "no sense; delete the file "
				       "to start again",
				       b->path, i);
	json_array_foreach (json_object_get(root, "assignments"), i, item)
		if (!read_assignment(b, item))
			return err_set(err, ERR_FATAL, WORD_CONFIG,
				       "state %s: assignment %zu makes "
				       "no sense; delete the file "
				       "to start again",
				       b->path, i);
	return true;
}

bool book_open(struct book *b, const char *path, struct err *err)
{
	json_error_t where;

	*b = (struct book){.path = mem_dup(path)};
	if (!path || access(path, F_OK) != 0)
		return true;
	json_t *root = json_load_file(path, 0, &where);
	bool good = root ? read_all(b, root, err)
			 : err_set(err, ERR_FATAL, WORD_CONFIG,
				   "state %s: line %d: %s; delete the file to start again", path,
				   where.line, where.text);
	json_decref(root);
	if (!good)
		book_close(b);
	return good;
}
