#include "base/secret.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_PLAIN_WORD 23

static const char hidden[] = "<hidden>";

void secret_wipe(void *bytes, size_t len)
{
	/* An empty buffer has no bytes to point at. */
	if (len)
		explicit_bzero(bytes, len);
}

void secret_wipe_text(char **text)
{
	if (*text)
		secret_wipe(*text, strlen(*text));
	free(*text);
}

void secret_clear(struct secret *s)
{
	if (s->text)
		secret_wipe(s->text, strlen(s->text));
	free(s->text);
	s->text = NULL;
}

void secret_set(struct secret *s, const char *text)
{
	char *copy = mem_dup(text);

	secret_clear(s);
	s->text = copy;
}

bool secret_is_set(const struct secret *s)
{
	return s->text != NULL;
}

bool secret_same(const struct secret *a, const struct secret *b)
{
	if (!a->text || !b->text)
		return a->text == b->text;
	return strcmp(a->text, b->text) == 0;
}

const char *secret_reveal(const struct secret *s)
{
	return s->text;
}

static size_t known_at(const char *text, size_t len, const struct secret *const known[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t size = known[i]->text ? strlen(known[i]->text) : 0;
		if (size && size <= len && memcmp(text, known[i]->text, size) == 0)
			return size;
	}
	return 0;
}

static size_t word_at(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_'))
		n++;
	return n;
}

char *secret_mask(const char *text, size_t len, size_t max, const struct secret *const known[],
		  size_t n)
{
	OWN_BUF struct buf out = BUF_MAX(2 * max + sizeof hidden);

	for (size_t at = 0; at < len && !out.full;) {
		size_t size = known_at(text + at, len - at, known, n);
		size_t word = size ? 0 : word_at(text + at, len - at);
		if (size || word > LONGEST_PLAIN_WORD) {
			buf_puts(&out, hidden);
			at += size ? size : word;
			continue;
		}
		/* One letter only: a known secret may begin within a word. */
		buf_add(&out, text + at, 1);
		at++;
	}
	return text_printable(buf_text(&out), out.len, max);
}
