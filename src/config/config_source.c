/* Problems with their place, the environment, secret files; declared in config/config.h and
 * config/config_parts.h. */
#include "config/config_parts.h"
#include "config/json_line.h"
#include "base/fs.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- problems ---- */

static char *format(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *format(const char *fmt, va_list ap)
{
	char *text = NULL;

	return vasprintf(&text, fmt, ap) < 0
		       ? mem_dup("a problem that there was no memory to describe")
		       : text;
}

/* Takes over the line. */
static void add_line(struct problems *p, char *line)
{
	for (p->last = 0; p->last < p->n; p->last++)
		if (strcmp(p->lines[p->last], line) == 0) {
			free(line);
			return;
		}
	p->lines = mem_grow(p->lines, p->n + 1, sizeof *p->lines);
	p->fixes = mem_grow(p->fixes, p->n + 1, sizeof *p->fixes);
	p->lines[p->n] = line;
	p->fixes[p->n++] = NULL;
}

void problems_add(struct problems *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(p, format(fmt, ap));
	va_end(ap);
}

void problems_fix(struct problems *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = format(fmt, ap); /* of what was said before, perhaps */
	va_end(ap);
	free(p->fixes[p->last]);
	p->fixes[p->last] = text;
}

void problems_clear(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->lines[i]);
		free(p->fixes[i]);
	}
	free(p->lines);
	free(p->fixes);
	*p = (struct problems){0};
}

/* ---- where a value comes from ---- */

const char *config_environment(const char *name)
{
	const char *value = name ? getenv(name) : NULL;

	return value && *value ? value : NULL;
}

static void add_at(struct reading *r, const struct config_place *p, const char *text)
{
	OWN_BUF struct buf keys = BUF_MAX(4096);
	const char *blank = *text == ':' ? "" : " ";

	if (p->literal) {
		problems_add(r->problems, "%s%s%s", p->literal, blank, text);
		problems_fix(r->problems, "correct %s", p->literal);
		return;
	}
	int line = json_line_of(r->text, p->path, p->depth);
	for (size_t i = 0; i < p->depth; i++)
		buf_printf(&keys, "%s%s", i ? ": " : "", p->path[i]);
	problems_add(r->problems, "%s:%d: %s%s%s", r->c->path, line, buf_text(&keys), blank, text);
	problems_fix(r->problems, "correct %s in line %d of %s", buf_text(&keys), line, r->c->path);
}

void config_problem(struct reading *r, const struct config_place *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	OWN_STR char *text = format(fmt, ap);
	va_end(ap);
	add_at(r, p, text);
}

const char *config_take_secret_file(struct secret *to, const char *path, char why[SETTING_WHY])
{
	OWN_BUF struct buf bytes = BUF_MAX(CONFIG_SECRET_MAX_BYTES);
	struct err err;

	if (!fs_read_text(path, &bytes, &err)) {
		snprintf(why, SETTING_WHY, "names a file that cannot be read: %s", err.msg);
		return why;
	}
	bool cut = bytes.len && memchr(bytes.data, '\0', bytes.len);
	char *text = text_strip(bytes.data ? bytes.data : (char[]){""});
	bool empty = !*text;
	mask_learn(text);
	if (!empty && !cut)
		secret_set(to, text);
	secret_wipe(bytes.data, bytes.len);
	if (cut)
		snprintf(why, SETTING_WHY,
			 "names a file that holds a NUL character: %s; save it as UTF-8", path);
	else
		snprintf(why, SETTING_WHY, "names a file that is empty: %s", path);
	return empty || cut ? why : NULL;
}
