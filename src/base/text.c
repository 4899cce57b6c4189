#include "base/text.h"

#include "base/buf.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/own.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define TEXT_QUOTED_MAX (64 * 1024)
#define NEAR 2   /* letters that differ */
#define SHARED 5 /* letters at the begin that make two names alike */

void text_join(char *to, size_t cap, const char *const parts[], size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(parts[i]);
		size_t fit = text_cut(parts[i], len, cap - 1 - at);
		memcpy(to + at, parts[i], fit);
		at += fit;
		if (fit < len)
			break;
	}
	to[at] = '\0';
}

void text_copy(char *to, size_t cap, const char *from)
{
	text_join(to, cap, &from, 1);
}

/* The length that a sequence with this first byte should have; 0 if none starts with it. */
static size_t announced(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF)
		return 3;
	if (lead >= 0xF0 && lead <= 0xF4)
		return 4;
	return 0;
}

size_t text_utf8_len(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = len ? announced(s[0]) : 0;

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
	bool surrogate = s[0] == 0xED && s[1] > 0x9F;
	bool too_high = s[0] == 0xF4 && s[1] > 0x8F;
	return overlong || surrogate || too_high ? 0 : n;
}

bool text_is_utf8(const char *s, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = text_utf8_len(s + at, len - at);
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}

size_t text_cut(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	size_t at = max;
	for (size_t back = 0; back < 4 && at > 0; back++) {
		if (((unsigned char)s[at] & 0xC0) != 0x80)
			return at;
		at--;
	}
	return at == 0 ? 0 : max;
}

void text_trim_partial(char *s)
{
	size_t len = strlen(s);

	for (size_t back = 1; back <= 4 && back <= len; back++) {
		unsigned char c = (unsigned char)s[len - back];
		if ((c & 0xC0) == 0x80)
			continue;
		if (announced(c) > back)
			s[len - back] = '\0';
		return;
	}
}

/* What shows nothing, or changes how the text around it shows: Unicode's categories Cf, Zl and Zp,
 * and fillers that are invisible (Unicode 15, DerivedGeneralCategory and Default_Ignorable). */
static const struct {
	uint32_t first, last;
} invisible[] = {
	{0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x0600, 0x0605},   {0x061C, 0x061C},
	{0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x0890, 0x0891},   {0x08E2, 0x08E2},
	{0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},
	{0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFEFF, 0xFEFF},
	{0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
	{0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF},
	{0xE01F0, 0xE0FFF},
};

/* Of a valid sequence. */
static uint32_t code_point(const unsigned char *s, size_t n)
{
	static const unsigned char lead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	uint32_t c = s[0] & lead[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s[i] & 0x3F);
	return c;
}

static bool harmful(const unsigned char *s, size_t n)
{
	uint32_t c = code_point(s, n);

	if (c < 0x20 || (c >= 0x7F && c < 0xA0))
		return true;
	for (size_t i = 0; i < sizeof invisible / sizeof *invisible && c >= invisible[i].first; i++)
		if (c <= invisible[i].last)
			return true;
	return false;
}

char *text_clean(const char *s, size_t len, size_t max)
{
	OWN_BUF struct buf out = BUF_MAX(max);

	for (size_t at = 0; at < len;) {
		size_t n = text_utf8_len(s + at, len - at);
		const char *piece = s + at;
		size_t size = n;
		if (n == 0) {
			piece = "\xEF\xBF\xBD";
			size = 3;
			n = 1;
		} else if (harmful((const unsigned char *)piece, n)) {
			piece = "?";
			size = 1;
		}
		if (out.len + size > max)
			break;
		buf_add(&out, piece, size);
		at += n;
	}
	return buf_take(&out);
}

char *text_printable(const char *s, size_t len, size_t max)
{
	size_t masked_len;
	OWN_STR char *masked = mask_text(s, len, &masked_len);

	return text_clean(masked, masked_len, max);
}

char *text_printable_lines(const char *s, size_t max)
{
	OWN_BUF struct buf out = BUF_MAX(max + 1);

	while (*s && out.len <= max) {
		size_t len = strcspn(s, "\n");
		OWN_STR char *line = text_printable(s, len, max + 1);
		buf_puts(&out, line);
		s += len;
		if (*s == '\n')
			buf_add(&out, s++, 1);
	}
	return mem_dupn(buf_text(&out), text_cut(buf_text(&out), out.len, max));
}

bool text_is_page(const char *s, size_t len)
{
	while (len && isspace((unsigned char)*s)) {
		s++;
		len--;
	}
	return len && *s == '<';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *text_percent_decoded(const char *s)
{
	char *out = mem_dup(s), *to = out;

	for (; *s; s++, to++) {
		int high = *s == '%' ? hex_value(s[1]) : -1;
		int low = high >= 0 ? hex_value(s[2]) : -1;
		*to = (char)(low >= 0 ? high << 4 | low : *s);
		if (low >= 0)
			s += 2;
		if (!*to)
			*to = '_';
	}
	*to = '\0';
	return out;
}

char *text_strip(char *s)
{
	s += strspn(s, " \t\r\n");
	size_t len = strlen(s);
	while (len && strchr(" \t\r\n", s[len - 1]))
		s[--len] = '\0';
	return s;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

unsigned text_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned row[3][64] = {{0}};

	if (la > 63 || lb > 63)
		return 99;
	for (unsigned j = 0; j <= lb; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		now[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned change = last[j - 1] + !same_letter(a[i - 1], b[j - 1]);
			now[j] = min3(change, last[j] + 1, now[j - 1] + 1);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]) && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return row[la % 3][lb];
}

/* May a word of a name end before `at`: "Watch|Folder", "PTP_WATCH|_DIR", the end? */
static bool ends_word(const char *s, size_t at)
{
	return !isalnum((unsigned char)s[at]) || !isalnum((unsigned char)s[at - 1]) ||
	       (isupper((unsigned char)s[at]) && islower((unsigned char)s[at - 1]));
}

/* How many letters of whole words both begin with. */
static size_t shared_words(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && b[n] && same_letter(a[n], b[n]))
		n++;
	while (n && !((ends_word(a, n) || !b[n]) && (ends_word(b, n) || !a[n])))
		n--;
	return n;
}

static const char *sharing_most(const char *word, const char *const words[])
{
	size_t most = SHARED - 1;
	const char *found = NULL;

	for (size_t i = 0; words[i]; i++) {
		size_t shared = shared_words(word, words[i]);
		if (shared > most) {
			most = shared;
			found = words[i];
		}
	}
	return found;
}

const char *text_nearest(const char *word, const char *const words[])
{
	unsigned best = NEAR + 1;
	const char *found = NULL;

	for (size_t i = 0; words[i]; i++) {
		unsigned distance = text_distance(word, words[i]);
		if (distance < best) {
			best = distance;
			found = words[i];
		}
	}
	return found ? found : sharing_most(word, words);
}

bool text_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix)
{
	size_t ls = strlen(s), lx = strlen(suffix);
	return ls >= lx && strcmp(s + ls - lx, suffix) == 0;
}

bool text_has_word_nocase(const char *hay, const char *needle)
{
	const char *at = hay;

	while ((at = strcasestr(at, needle))) {
		if (at == hay || !isalpha((unsigned char)at[-1]))
			return true;
		at++;
	}
	return false;
}

bool text_has_nocase(const char *hay, const char *needle)
{
	return strcasestr(hay, needle) != NULL;
}

char *text_quoted(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+,:@%";
	OWN_BUF struct buf out = BUF_MAX(TEXT_QUOTED_MAX);

	if (s[strspn(s, plain)] == '\0')
		return mem_dup(s);
	buf_puts(&out, "'");
	for (; *s; s++)
		buf_add(&out, *s == '\'' ? "'\\''" : s, *s == '\'' ? 4 : 1);
	buf_puts(&out, "'");
	return buf_take(&out);
}
