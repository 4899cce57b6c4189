#include "base/secret.h"

#include "base/buf.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_PLAIN_WORD 23

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

static size_t word_at(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_'))
		n++;
	return n;
}

char *secret_mask(const char *text, size_t len, size_t max)
{
	size_t known_len;
	OWN_STR char *known = mask_text(text, len, &known_len);
	OWN_BUF struct buf out = BUF_MAX(2 * max + sizeof MASK_HIDDEN);

	for (size_t at = 0; at < known_len && !out.full;) {
		size_t word = word_at(known + at, known_len - at);
		if (word > LONGEST_PLAIN_WORD)
			buf_puts(&out, MASK_HIDDEN);
		else
			buf_add(&out, known + at, word ? word : 1);
		at += word ? word : 1;
	}
	return text_clean(buf_text(&out), out.len, max);
}
