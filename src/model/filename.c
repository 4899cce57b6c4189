#include "model/filename.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FIELD_MAX (16 * 1024)
#define ENDING ".torrent"
#define ENDING_LEN 8

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t");
}

/* Reads a quoted string whose opening quote is at *at; ends behind the closing quote, or at the end
 * of the field when there is none. */
static char *quoted(const char **at)
{
	OWN_BUF struct buf out = BUF_MAX(FIELD_MAX);
	const char *s = *at + 1;

	while (*s && *s != '"') {
		if (*s == '\\' && s[1])
			s++;
		buf_add(&out, s++, 1);
	}
	*at = *s ? s + 1 : s;
	return buf_take(&out);
}

static char *plain(const char **at)
{
	size_t len = strcspn(*at, ";");
	char *value = mem_dupn(*at, len);

	*at += len;
	while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		value[--len] = '\0';
	return value;
}

static char *from_latin1(const char *s)
{
	OWN_BUF struct buf out = BUF_MAX(2 * FIELD_MAX);

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		char two[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
		buf_add(&out, c < 0x80 ? s : two, c < 0x80 ? 1 : 2);
	}
	return buf_take(&out);
}

/* charset'language'value (RFC 8187); NULL for a charset that is not known. */
static char *extended(const char *s)
{
	const char *language = strchr(s, '\'');
	const char *value = language ? strchr(language + 1, '\'') : NULL;

	if (!value)
		return NULL;
	OWN_STR char *decoded = text_percent_decoded(value + 1);
	if (strncasecmp(s, "utf-8'", 6) == 0)
		return text_is_utf8(decoded, strlen(decoded)) ? OWN_TAKE(decoded) : NULL;
	if (strncasecmp(s, "iso-8859-1'", 11) == 0)
		return from_latin1(decoded);
	return NULL;
}

/* Reads "; name=value" at *at; false at the end of the field. */
static bool next_parameter(const char **at, char **name, char **value)
{
	*at += strcspn(*at, ";");
	if (!**at)
		return false;
	*at = skip_space(*at + 1);
	size_t len = strcspn(*at, "=; \t");
	*name = mem_dupn(*at, len);
	*at = skip_space(*at + len);
	if (**at != '=') {
		*value = mem_dup("");
		return true;
	}
	*at = skip_space(*at + 1);
	*value = **at == '"' ? quoted(at) : plain(at);
	return true;
}

char *filename_from_disposition(const char *field)
{
	OWN_STR char *simple = NULL;
	OWN_STR char *best = NULL;

	if (!field || strlen(field) > FIELD_MAX)
		return NULL;
	for (const char *at = field;;) {
		OWN_STR char *name = NULL;
		OWN_STR char *value = NULL;
		if (!next_parameter(&at, &name, &value))
			break;
		if (!best && strcasecmp(name, "filename*") == 0)
			best = extended(value);
		else if (!simple && strcasecmp(name, "filename") == 0)
			simple = OWN_TAKE(value);
	}
	char *found = best ? OWN_TAKE(best) : OWN_TAKE(simple);
	if (found && !text_is_utf8(found, strlen(found))) {
		char *converted = from_latin1(found);
		free(found);
		found = converted;
	}
	if (found && !*found) {
		free(found);
		found = NULL;
	}
	return found;
}

static const char *behind_slashes(const char *s)
{
	for (const char *c = s; *c; c++)
		if (*c == '/' || *c == '\\')
			s = c + 1;
	return s;
}

/* Names of devices, which Windows and its shares do not take as files, whatever ending they have
 * (learn.microsoft.com, "Naming Files, Paths, and Namespaces"). */
static bool is_device(const char *name, size_t len)
{
	static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
	/* Superscript digits count as digits. */
	static const char *const digits[] = {"0", "1", "2", "3",        "4",        "5",       "6",
					     "7", "8", "9", "\xC2\xB9", "\xC2\xB2", "\xC2\xB3"};

	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (len == strlen(devices[i]) && strncasecmp(name, devices[i], len) == 0)
			return true;
	if (len < 4 || (strncasecmp(name, "COM", 3) != 0 && strncasecmp(name, "LPT", 3) != 0))
		return false;
	for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
		if (len - 3 == strlen(digits[i]) && memcmp(name + 3, digits[i], len - 3) == 0)
			return true;
	return false;
}

/* What counts ends at the first dot, without the blanks before it. */
static bool begins_with_device(const char *name)
{
	size_t len = strcspn(name, ".");

	while (len && name[len - 1] == ' ')
		len--;
	return is_device(name, len);
}

char *filename_safe(const char *raw)
{
	const char *base = behind_slashes(raw);
	size_t len = strlen(base);
	OWN_STR char *clean = text_clean(base, len, SIZE_MAX);
	char *s = text_strip(clean);

	len = strlen(s);
	if (len >= ENDING_LEN && strcasecmp(s + len - ENDING_LEN, ENDING) == 0)
		s[len -= ENDING_LEN] = '\0';
	for (char *c = s; *c; c++)
		if (strchr("<>:\"|?*", *c) || (c == s && strchr(".-", *c)))
			*c = '_';
	bool device = begins_with_device(s);
	s[text_cut(s, len, FILENAME_MAX_BYTES - ENDING_LEN - device)] = '\0';
	/* Windows shares drop blanks and dots at the end of a name. */
	for (len = strlen(s); len && strchr(" .", s[len - 1]);)
		s[--len] = '\0';
	return mem_printf("%s%s" ENDING, device ? "_" : "", len ? s : "unnamed");
}

char *filename_with_infohash(const char *safe, const char *infohash)
{
	char mark[16];
	size_t len = strlen(safe) - ENDING_LEN;

	snprintf(mark, sizeof mark, " [%.8s]", infohash);
	size_t size = strlen(mark);
	if (len > size && memcmp(safe + len - size, mark, size) == 0)
		return mem_dup(safe);
	return mem_printf("%.*s%s" ENDING, (int)len, safe, mark);
}

char *filename_fit(const char *safe, const char *infohash, size_t limit)
{
	size_t room = limit - FILENAME_ENDING_BYTES - FILENAME_MARK_BYTES;
	OWN_STR char *marked = filename_with_infohash(safe, infohash);
	size_t len = strlen(safe);

	if (strlen(marked) + FILENAME_ENDING_BYTES <= limit)
		return mem_dup(safe);
	len = text_cut(safe, len - ENDING_LEN, room - ENDING_LEN);
	while (len && strchr(" .", safe[len - 1]))
		len--;
	OWN_STR char *shorter = mem_printf("%.*s" ENDING, (int)len, safe);
	return filename_with_infohash(shorter, infohash);
}

char *filename_plain(const char *infohash)
{
	return mem_printf("%s" ENDING, infohash);
}
