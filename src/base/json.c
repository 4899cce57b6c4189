#include "base/json.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define COUNT_LIMIT 9223372036854775807.0 /* 2^63, since the next lower one is 1024 less */
#define YEAR_10000 253402300800.0         /* seconds since 1970 */

static void mend_bytes(char *s, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = text_utf8_len(s + at, len - at);
		if (n == 0) {
			s[at] = '?';
			n = 1;
		}
	}
}

/* Is it the escape of one half of a pair, of which the second digit is one of `digits`? */
static bool is_half(const char *s, size_t len, const char *digits)
{
	return len >= 6 && s[0] == '\\' && s[1] == 'u' && tolower((unsigned char)s[2]) == 'd' &&
	       s[3] && strchr(digits, tolower((unsigned char)s[3]));
}

static void mend_escapes(char *s, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = s[at] == '\\' ? 2 : 1;
		if (is_half(s + at, len - at, "89ab") && is_half(s + at + 6, len - at - 6, "cdef"))
			n = 12;
		else if (is_half(s + at, len - at, "89abcdef"))
			memcpy(s + at + 2, "003f", 4);
	}
}

json_t *json_parse(const char *bytes, size_t len)
{
	OWN_STR char *clean = mem_dupn(len ? bytes : "", len);

	mend_bytes(clean, len);
	mend_escapes(clean, len);
	return json_loadb(clean, len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
}

const char *json_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? text : "";
}

const char *json_text_at(const json_t *object, const char *key)
{
	return json_text(json_object_get(object, key));
}

char *json_copy_at(const json_t *object, const char *key)
{
	return mem_dup(json_string_value(json_object_get(object, key)));
}

double json_number_at(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

bool json_count(const json_t *value, uint64_t *out)
{
	double n = json_number_value(value);

	if (!json_is_number(value) || !(n >= 0))
		return false;
	*out = n < COUNT_LIMIT ? (uint64_t)n : INT64_MAX;
	return true;
}

bool json_count_at(const json_t *object, const char *key, uint64_t *out)
{
	return json_count(json_object_get(object, key), out);
}

uint64_t json_count_or_0_at(const json_t *object, const char *key)
{
	uint64_t n = 0;

	json_count_at(object, key, &n);
	return n;
}

int64_t json_time_at(const json_t *object, const char *key)
{
	double seconds = json_number_at(object, key);

	return seconds > 0 && seconds < YEAR_10000 ? (int64_t)(seconds * 1000) : 0;
}
