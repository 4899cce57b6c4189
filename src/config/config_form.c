/* What no value may hold, whatever it is for; declared in config/config_parts.h. */
#include "config/config_parts.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- characters ---- */

static const struct {
	const char *bytes, *name;
} characters[] = {
	{"\r", "a carriage return (CR)"},
	{"\n", "a line feed (LF)"},
	{"\t", "a tab"},
	{" ", "a space"},
	{"\033", "an escape character (ESC)"},
	{"\177", "a delete character (DEL)"},
	{"\302\240", "a no-break space (U+00A0)"},
	{"\342\200\213", "a zero-width space (U+200B)"},
	{"\342\200\250", "a line separator (U+2028)"},
	{"\343\200\200", "an ideographic space (U+3000)"},
	{"\357\273\277", "a byte order mark (U+FEFF)"},
};

#define N_CHARACTERS (sizeof characters / sizeof *characters)
#define NAME_BYTES 60

/* Of the character of `len` bytes at `at`. */
static void name_of(const char *at, size_t len, char out[NAME_BYTES])
{
	const unsigned char *c = (const unsigned char *)at;

	for (size_t i = 0; i < N_CHARACTERS; i++)
		if (strlen(characters[i].bytes) == len &&
		    memcmp(at, characters[i].bytes, len) == 0) {
			text_copy(out, NAME_BYTES, characters[i].name);
			return;
		}
	snprintf(out, NAME_BYTES, "U+%04X", len == 2 ? c[1] : (unsigned)c[0]);
}

/* One that nobody sees, and that no end of a value may be: its length, else 0. */
static size_t blank_at(const char *at, size_t len)
{
	for (size_t i = 0; i < N_CHARACTERS; i++) {
		size_t size = strlen(characters[i].bytes);
		if (size <= len && memcmp(at, characters[i].bytes, size) == 0)
			return size;
	}
	return 0;
}

static size_t blank_before(const char *text, size_t len)
{
	for (size_t size = 1; size <= 3 && size <= len; size++)
		if (blank_at(text + len - size, size) == size)
			return size;
	return 0;
}

/* C0, DEL and C1, of which `allowed` may be there: the length, else 0. */
static size_t control_at(const char *at, const char *allowed)
{
	unsigned char first = (unsigned char)at[0], second = (unsigned char)at[1];

	if (first == 0xC2 && second >= 0x80 && second < 0xA0)
		return 2;
	return first && iscntrl(first) && !strchr(allowed, first);
}

/* ---- what is wrong ---- */

static const char *control_fault(const char *text, const char *allowed, char why[SETTING_WHY])
{
	char name[NAME_BYTES];

	for (const char *at = text; *at; at++) {
		size_t len = control_at(at, allowed);
		if (!len)
			continue;
		name_of(at, len, name);
		snprintf(why, SETTING_WHY, "holds a control character: %s%s; %s", name,
			 at[len] ? "" : " at its end",
			 *at == '\r' ? "save the file that it is in with Unix line ends, or "
				       "remove it"
				     : "remove it");
		return why;
	}
	return NULL;
}

static const char *end_fault(const char *text, char why[SETTING_WHY])
{
	size_t len = strlen(text), first = blank_at(text, len), last = blank_before(text, len);
	char name[NAME_BYTES];

	if (!first && !last)
		return NULL;
	name_of(first ? text : text + len - last, first ? first : last, name);
	snprintf(why, SETTING_WHY, "%s %s; remove it", first ? "begins with" : "ends with", name);
	return why;
}

/* The quote that the text begins with: its name, and how it ends; NULL: none. */
static const char *quote_of(const char *text, const char **close)
{
	static const struct {
		const char *open, *close, *name;
	} quotes[] = {{"\"", "\"", "a double quote (\")"},
		      {"'", "'", "a single quote (')"},
		      {"`", "`", "a backquote (`)"},
		      {"\342\200\234", "\342\200\235", "a typographic quote (U+201C)"},
		      {"\342\200\230", "\342\200\231", "a typographic quote (U+2018)"},
		      {"\342\200\236", "\342\200\234", "a typographic quote (U+201E)"}};

	for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
		if (strncmp(text, quotes[i].open, strlen(quotes[i].open)) == 0) {
			*close = quotes[i].close;
			return quotes[i].name;
		}
	return NULL;
}

static const char *quote_fault(enum setting_form form, const char *text, char why[SETTING_WHY])
{
	const char *close, *name = quote_of(text, &close);

	if (!name || (form == SETTING_PASSWORD && (!text[1] || !text_ends(text, close))))
		return NULL;
	snprintf(why, SETTING_WHY,
		 "begins with %s; write the value without quotes: an env file does not remove them",
		 name);
	return why;
}

/* What a shell would have made something else of, and nobody does here. */
static const char *shell_fault(const char *text, char why[SETTING_WHY])
{
	bool comment = strstr(text, " #") != NULL;

	if (*text != '~' && !comment)
		return NULL;
	text_copy(
		why, SETTING_WHY,
		*text == '~'
			? "begins with a tilde (~), which only a shell replaces; write the whole "
			  "path"
			: "holds \" #\"; remove the comment: an env file has none behind a value");
	return why;
}

/* White space that a list is separated by, and that a command may hold. */
static const char *allowed_in(enum setting_form form)
{
	static const char *const allowed[] = {[SETTING_PLAIN] = "",
					      [SETTING_WORDS] = " ",
					      [SETTING_LIST] = " \t\r\n",
					      [SETTING_COMMAND] = " \t",
					      [SETTING_PASSWORD] = ""};

	return allowed[form];
}

const char *setting_form_fault(enum setting_form form, const char *text, char why[SETTING_WHY])
{
	const char *fault = control_fault(text, allowed_in(form), why);

	if (fault || form == SETTING_COMMAND)
		return fault;
	if (!*allowed_in(form))
		fault = end_fault(text, why);
	if (!fault)
		fault = quote_fault(form, text + strspn(text, allowed_in(form)), why);
	return fault || form == SETTING_PASSWORD
		       ? fault
		       : shell_fault(text + strspn(text, allowed_in(form)), why);
}

/* ---- placeholders ---- */

bool config_is_placeholder(const char *text)
{
	const char *last = strrchr(text, '/');

	last = last ? last + 1 : "";
	return text_has_nocase(text, "YOUR_") || text_has_nocase(text, "YOUR-") ||
	       text_has_nocase(text, "CHANGEME") || text_has_nocase(text, "CHANGE_ME") ||
	       strcmp(last, "UUID") == 0 || strcmp(last, "TOPIC") == 0;
}
