#include "model/container.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MARK "$name"

void container_clear(struct container *c)
{
	free(c->name);
	free(c->size);
	free(c->watch_folder);
	free(c->placement.category);
	free(c->placement.tags);
	free(c->placement.save_path);
	free(c->client);
	free(c->audit_client);
	free(c->data_folder);
	free(c->after_fetch_exec);
	*c = (struct container){0};
}

const char *container_name_fault(const char *name)
{
	size_t len = strlen(name), characters = 0;

	if (!len)
		return "is empty";
	for (size_t at = 0; at < len; characters++) {
		size_t n = text_utf8_len(name + at, len - at);
		unsigned char c = (unsigned char)name[at];
		if (n == 0)
			return "is not valid UTF-8";
		if (c < 0x20 || c == 0x7F || (c == 0xC2 && (unsigned char)name[at + 1] < 0xA0))
			return "holds a control character";
		at += n;
	}
	if (characters > CONTAINER_NAME_MAX)
		return "is longer than 40 characters";
	if (name[0] == ' ' || name[len - 1] == ' ')
		return "begins or ends with a space";
	return NULL;
}

char *container_folder(const char *pattern, const char *name)
{
	OWN_BUF struct buf out = BUF_MAX(PATH_MAX);
	OWN_STR char *safe = mem_dup(name);
	const char *mark;

	for (char *c = safe; *c; c++)
		if (*c == '/' || (*c == '.' && c == safe))
			*c = '_';
	while ((mark = strstr(pattern, NAME_MARK))) {
		buf_add(&out, pattern, (size_t)(mark - pattern));
		buf_puts(&out, safe);
		pattern = mark + strlen(NAME_MARK);
	}
	buf_puts(&out, pattern);
	return buf_take(&out);
}

const char *container_place(const struct container *c)
{
	return c->client ? c->client : c->watch_folder;
}

int container_compare(const void *a, const void *b)
{
	return strcmp(((const struct container *)a)->name, ((const struct container *)b)->name);
}

bool container_has_reserve(const struct container *c)
{
	return c->reserve.bytes || c->reserve.percent;
}

bool container_measures_data(const struct container *c)
{
	return c->data_folder && container_has_reserve(c);
}
