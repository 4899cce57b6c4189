#include "base/yml.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

#include <string.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	const char *name;
	const char *bytes;
	size_t len;
	size_t nodes;
};

static bool fault(const struct reader *r, struct err *err, size_t line, const char *what)
{
	return err_set(err, ERR_FATAL, WORD_CONFIG, "%s:%zu: %s", r->name, line, what);
}

static bool fault_at(const struct reader *r, struct err *err, const yaml_event_t *e,
		     const char *what)
{
	return fault(r, err, e->start_mark.line + 1, what);
}

/* ---- events ---- */

/* The library gives the place of bytes that are no text as an offset, all others as a line. */
static size_t line_of_problem(const struct reader *r)
{
	size_t line = 1;

	if (r->parser.error != YAML_READER_ERROR)
		return r->parser.problem_mark.line + 1;
	for (size_t i = 0; i < r->parser.problem_offset && i < r->len; i++)
		line += r->bytes[i] == '\n';
	return line;
}

static bool next(struct reader *r, yaml_event_t *e, struct err *err)
{
	char text[200];

	if (yaml_parser_parse(&r->parser, e))
		return true;
	const char *problem = r->parser.problem ? r->parser.problem : "it cannot be read";
	const char *context = r->parser.context ? r->parser.context : "";
	text_join(text, sizeof text,
		  (const char *const[]){"not valid YAML: ", problem, *context ? ", " : "", context},
		  4);
	return fault(r, err, line_of_problem(r), text);
}

/* ---- the tree ---- */

static void wipe(char *text)
{
	if (text)
		secret_wipe(text, strlen(text));
	free(text);
}

static void clear(struct yml *y)
{
	wipe(y->key);
	wipe(y->text);
	for (size_t i = 0; i < y->n; i++)
		clear(&y->items[i]);
	free(y->items);
	*y = (struct yml){0};
}

void yml_free(struct yml *y)
{
	if (y)
		clear(y);
	free(y);
}

static const char *scalar_fault(const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;

	if (e->data.scalar.tag)
		return "a tag, such as !!str, is not taken here; write the plain value";
	if (e->data.scalar.length > YML_MAX_SCALAR_BYTES)
		return "a text of more than 4096 bytes";
	if (strlen(text) != e->data.scalar.length)
		return "a text that holds a NUL byte";
	return NULL;
}

static bool is_null(const yaml_event_t *e)
{
	static const char *const names[] = {"", "~", "null", "Null", "NULL"};
	const char *text = (const char *)e->data.scalar.value;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(text, names[i]) == 0)
			return true;
	return false;
}

static bool take_scalar(struct reader *r, const yaml_event_t *e, struct yml *y, struct err *err)
{
	const char *what = scalar_fault(e);

	if (what)
		return fault_at(r, err, e, what);
	y->kind = is_null(e) ? YML_NULL : YML_SCALAR;
	if (y->kind == YML_SCALAR)
		y->text = mem_dup((const char *)e->data.scalar.value);
	return true;
}

static bool take_key(struct reader *r, const yaml_event_t *e, struct yml *y, struct err *err)
{
	const char *what = e->type == YAML_SCALAR_EVENT  ? scalar_fault(e)
			   : e->type == YAML_ALIAS_EVENT ? "an alias (*name) as a key"
							 : "a key that is no plain text";

	if (what)
		return fault_at(r, err, e, what);
	y->key = mem_dup((const char *)e->data.scalar.value);
	y->line = (unsigned)(e->start_mark.line + 1);
	if (strcmp(y->key, "<<") == 0 && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return fault_at(r, err, e, "a merge key (<<) is not taken; write the values out");
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct yml *const *x = a, *const *y = b;
	int order = strcmp((*x)->key, (*y)->key);

	return order ? order : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

static bool check_twice(const struct reader *r, const struct yml *y, struct err *err)
{
	OWN_STR const struct yml **sorted = mem_grow(NULL, y->n + 1, sizeof *sorted);
	bool ok = true;

	for (size_t i = 0; i < y->n; i++)
		sorted[i] = &y->items[i];
	qsort(sorted, y->n, sizeof *sorted, by_key);
	for (size_t i = 1; i < y->n && ok; i++) {
		const struct yml *first = sorted[i - 1], *second = sorted[i];
		if (strcmp(first->key, second->key) != 0)
			continue;
		OWN_STR char *shown = secret_mask(first->key, strlen(first->key), 60, NULL, 0);
		OWN_STR char *what = mem_printf("the key \"%s\" stands twice, first on line %u; "
						"take one out",
						shown, first->line);
		ok = fault(r, err, second->line, what);
	}
	return ok;
}

static bool take_value(struct reader *r, const yaml_event_t *e, unsigned depth, struct yml *y,
		       struct err *err);

/* One more item of `y`, which begins with the event `e`. */
static bool take_item(struct reader *r, const yaml_event_t *e, unsigned depth, struct yml *y,
		      struct err *err)
{
	OWN(yaml_event_delete) yaml_event_t value = {0};

	y->items = mem_grow(y->items, y->n + 1, sizeof *y->items);
	struct yml *item = &y->items[y->n++];
	*item = (struct yml){.line = (unsigned)(e->start_mark.line + 1)};
	if (y->kind == YML_SEQUENCE)
		return take_value(r, e, depth, item, err);
	return take_key(r, e, item, err) && next(r, &value, err) &&
	       take_value(r, &value, depth, item, err);
}

static bool take_items(struct reader *r, yaml_event_type_t end, unsigned depth, struct yml *y,
		       struct err *err)
{
	bool ok = true, ended = false;

	while (ok && !ended) {
		OWN(yaml_event_delete) yaml_event_t e = {0};
		ok = next(r, &e, err);
		ended = e.type == end;
		if (ok && !ended)
			ok = take_item(r, &e, depth + 1, y, err);
	}
	return ok && (end != YAML_MAPPING_END_EVENT || check_twice(r, y, err));
}

static const char *value_fault(const struct reader *r, const yaml_event_t *e, unsigned depth)
{
	if (e->type == YAML_ALIAS_EVENT)
		return "an alias (*name) is not taken; write the value out";
	if (r->nodes > YML_MAX_NODES)
		return "more than 10000 values";
	if (e->type != YAML_SCALAR_EVENT && depth >= YML_MAX_DEPTH)
		return "nested deeper than 16 levels";
	if ((e->type == YAML_MAPPING_START_EVENT && e->data.mapping_start.tag) ||
	    (e->type == YAML_SEQUENCE_START_EVENT && e->data.sequence_start.tag))
		return "a tag, such as !!map, is not taken here";
	return NULL;
}

static bool take_value(struct reader *r, const yaml_event_t *e, unsigned depth, struct yml *y,
		       struct err *err)
{
	r->nodes++;
	const char *what = value_fault(r, e, depth);
	if (what)
		return fault_at(r, err, e, what);
	if (e->type == YAML_SCALAR_EVENT)
		return take_scalar(r, e, y, err);
	bool mapping = e->type == YAML_MAPPING_START_EVENT;
	y->kind = mapping ? YML_MAPPING : YML_SEQUENCE;
	return take_items(r, mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, depth, y,
			  err);
}

/* ---- the stream ---- */

/* Each call is one event of the stream outside of the document's value; *type tells which. */
static bool skip(struct reader *r, yaml_event_type_t *type, size_t *line, struct err *err)
{
	OWN(yaml_event_delete) yaml_event_t e = {0};
	bool ok = next(r, &e, err);

	*type = e.type;
	*line = e.start_mark.line + 1;
	return ok;
}

static bool take_document(struct reader *r, struct yml *y, struct err *err)
{
	OWN(yaml_event_delete) yaml_event_t value = {0};
	yaml_event_type_t type;
	size_t line;

	y->line = 1;
	if (!skip(r, &type, &line, err) || !skip(r, &type, &line, err))
		return false;
	if (type == YAML_STREAM_END_EVENT)
		return true;
	if (!next(r, &value, err))
		return false;
	y->line = (unsigned)(value.start_mark.line + 1);
	if (!take_value(r, &value, 0, y, err) || !skip(r, &type, &line, err) ||
	    !skip(r, &type, &line, err))
		return false;
	return type == YAML_STREAM_END_EVENT ||
	       fault(r, err, line, "a second document begins here; only one is taken");
}

struct yml *yml_parse(const char *name, const void *bytes, size_t len, struct err *err)
{
	struct reader r = {.name = name, .bytes = bytes, .len = len};
	struct yml *y = mem_alloc(sizeof *y);

	if (len > YML_MAX_BYTES) {
		err_set(err, ERR_FATAL, WORD_CONFIG,
			"%s:1: larger than 256 KiB, which no such configuration is", name);
		free(y);
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		err_set(err, ERR_FATAL, WORD_INTERNAL, "out of memory");
		free(y);
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, len);
	bool ok = take_document(&r, y, err);
	yaml_parser_delete(&r.parser);
	if (ok)
		return y;
	yml_free(y);
	return NULL;
}

struct yml *yml_read(const char *path, struct err *err)
{
	OWN_BUF struct buf bytes = BUF_MAX(YML_MAX_BYTES);
	struct err why;

	if (!fs_read(path, &bytes, &why)) {
		err_set(err, ERR_FATAL, WORD_CONFIG, "%s", why.msg);
		return NULL;
	}
	struct yml *y = yml_parse(path, buf_text(&bytes), bytes.len, err);
	secret_wipe(bytes.data, bytes.len);
	return y;
}

/* ---- looking ---- */

const struct yml *yml_get(const struct yml *y, const char *key)
{
	for (size_t i = 0; y && y->kind == YML_MAPPING && i < y->n; i++)
		if (strcmp(y->items[i].key, key) == 0)
			return &y->items[i];
	return NULL;
}

const char *yml_library(void)
{
	return yaml_get_version_string();
}
