#include "base/bencode.h"

#include <string.h>

/* What may come next inside an open container. */
enum expect { EXPECT_ITEM, EXPECT_KEY, EXPECT_VALUE };

struct scan {
	const unsigned char *start;
	const unsigned char *at;
	const unsigned char *end;
	size_t tokens;
	size_t depth;
	unsigned char open[BENCODE_MAX_DEPTH]; /* enum expect of each open container */
	struct err *err;
};

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool bad(struct scan *s, const unsigned char *at, const char *why)
{
	return err_set(s->err, ERR_ITEM, WORD_BAD_TORRENT, "byte %zu: %s", (size_t)(at - s->start),
		       why);
}

static bool cut_off(struct scan *s)
{
	return err_set(s->err, ERR_ITEM, WORD_BAD_TORRENT,
		       "cut off: the file ends at byte %zu, within the data",
		       (size_t)(s->end - s->start));
}

static bool scan_int(struct scan *s)
{
	const unsigned char *p = s->at + 1;

	if (p < s->end && *p == '-')
		p++;
	const unsigned char *digits = p;
	while (p < s->end && is_digit(*p))
		p++;
	if (p == s->end)
		return cut_off(s);
	if (*p != 'e' || p == digits)
		return bad(s, p, "an integer holds something else than digits");
	if (p - digits > BENCODE_MAX_INT_DIGITS)
		return bad(s, s->at, "an integer of over 20 digits");
	s->at = p + 1;
	return true;
}

static bool scan_string(struct scan *s)
{
	const unsigned char *p = s->at;
	size_t len = 0;

	while (p < s->end && is_digit(*p) && p - s->at < BENCODE_MAX_LENGTH_DIGITS)
		len = len * 10 + (size_t)(*p++ - '0');
	if (p == s->end)
		return cut_off(s);
	if (is_digit(*p))
		return bad(s, s->at, "the length of a string has over 16 digits");
	if (*p != ':')
		return bad(s, p, "a colon is missing after the length of a string");
	p++;
	if (len > (size_t)(s->end - p))
		return err_set(
			s->err, ERR_ITEM, WORD_BAD_TORRENT,
			"cut off: the string at byte %zu has a length of %zu bytes, and only "
			"%zu follow",
			(size_t)(s->at - s->start), len, (size_t)(s->end - p));
	s->at = p + len;
	return true;
}

static bool scan_open(struct scan *s)
{
	if (s->depth == BENCODE_MAX_DEPTH)
		return bad(s, s->at, "lists and dictionaries are nested too deep");
	s->open[s->depth++] = *s->at++ == 'd' ? EXPECT_KEY : EXPECT_ITEM;
	return true;
}

static bool scan_close(struct scan *s)
{
	if (s->depth == 0)
		return bad(s, s->at, "an end without a beginning");
	if (s->open[s->depth - 1] == EXPECT_VALUE)
		return bad(s, s->at, "a key without a value");
	s->depth--;
	s->at++;
	return true;
}

static bool scan_token(struct scan *s)
{
	unsigned char c = *s->at;

	if (s->depth > 0 && s->open[s->depth - 1] == EXPECT_KEY && !is_digit(c) && c != 'e')
		return bad(s, s->at, "the key of a dictionary is not a string");
	if (is_digit(c))
		return scan_string(s);
	switch (c) {
	case 'i':
		return scan_int(s);
	case 'l':
	case 'd':
		return scan_open(s);
	case 'e':
		return scan_close(s);
	default:
		return bad(s, s->at, "no bencoded value starts like this");
	}
}

/* A token that began inside `depth` containers was read: the innermost of them, if it is a
 * dictionary, takes turns between key and value. */
static void scan_turn(struct scan *s, size_t depth)
{
	if (depth == 0 || s->open[depth - 1] == EXPECT_ITEM || s->depth < depth)
		return;
	s->open[depth - 1] = s->open[depth - 1] == EXPECT_KEY ? EXPECT_VALUE : EXPECT_KEY;
}

bool bencode_read(const void *bytes, size_t len, struct bencode *root, struct err *err)
{
	struct scan s = {.start = bytes, .at = bytes, .err = err};

	if (len == 0)
		return err_set(err, ERR_ITEM, WORD_BAD_TORRENT, "empty");
	s.end = s.start + len;
	do {
		size_t depth = s.depth;
		if (s.at == s.end)
			return cut_off(&s);
		if (++s.tokens > BENCODE_MAX_TOKENS)
			return bad(&s, s.at, "too many values");
		if (!scan_token(&s))
			return false;
		scan_turn(&s, depth);
	} while (s.depth > 0);
	*root = (struct bencode){s.start, s.at};
	return true;
}

/* From here on the bytes are known to be well formed. */

static struct bencode_str str_at(const unsigned char *p)
{
	size_t len = 0;

	while (*p != ':')
		len = len * 10 + (size_t)(*p++ - '0');
	return (struct bencode_str){(const char *)p + 1, len};
}

static const unsigned char *str_end(struct bencode_str s)
{
	return (const unsigned char *)s.text + s.len;
}

/* Behind the token at p. */
static const unsigned char *token_end(const unsigned char *p)
{
	if (is_digit(*p))
		return str_end(str_at(p));
	if (*p == 'i')
		while (*p != 'e')
			p++;
	return p + 1;
}

/* Behind the value at p. */
static const unsigned char *value_end(const unsigned char *p)
{
	size_t depth = 0;

	do {
		if (*p == 'l' || *p == 'd')
			depth++;
		else if (*p == 'e')
			depth--;
		p = token_end(p);
	} while (depth > 0);
	return p;
}

enum bencode_type bencode_type(struct bencode v)
{
	if (!v.at)
		return BENCODE_NONE;
	switch (*v.at) {
	case 'i':
		return BENCODE_INT;
	case 'l':
		return BENCODE_LIST;
	case 'd':
		return BENCODE_DICT;
	default:
		return BENCODE_STRING;
	}
}

int64_t bencode_int(struct bencode v, int64_t otherwise)
{
	if (bencode_type(v) != BENCODE_INT)
		return otherwise;
	const unsigned char *p = v.at + 1;
	bool negative = *p == '-';
	int64_t value = 0;

	for (p += negative; *p != 'e'; p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p - '0', &value))
			return 0;
	return negative ? -value : value;
}

struct bencode_str bencode_str(struct bencode v)
{
	if (bencode_type(v) != BENCODE_STRING)
		return (struct bencode_str){NULL, 0};
	return str_at(v.at);
}

struct bencode_iter bencode_items(struct bencode container)
{
	enum bencode_type type = bencode_type(container);
	bool has_items = type == BENCODE_LIST || type == BENCODE_DICT;

	return (struct bencode_iter){has_items ? container.at + 1 : NULL};
}

bool bencode_next(struct bencode_iter *it, struct bencode *item)
{
	if (!it->at || *it->at == 'e')
		return false;
	*item = (struct bencode){it->at, value_end(it->at)};
	it->at = item->end;
	return true;
}

bool bencode_next_pair(struct bencode_iter *it, struct bencode_str *key, struct bencode *value)
{
	if (!it->at || *it->at == 'e')
		return false;
	*key = str_at(it->at);
	it->at = str_end(*key);
	return bencode_next(it, value);
}

struct bencode bencode_find(struct bencode dict, const char *key)
{
	struct bencode_str name;
	struct bencode value;
	size_t len = strlen(key);

	if (bencode_type(dict) == BENCODE_DICT)
		for (struct bencode_iter it = bencode_items(dict);
		     bencode_next_pair(&it, &name, &value);)
			if (name.len == len && memcmp(name.text, key, len) == 0)
				return value;
	return (struct bencode){NULL, NULL};
}

struct bencode bencode_find_type(struct bencode dict, const char *key, enum bencode_type type)
{
	struct bencode v = bencode_find(dict, key);

	return bencode_type(v) == type ? v : (struct bencode){NULL, NULL};
}

static const char *token_flaw(const unsigned char *p)
{
	if (p[0] == 'i' && p[1] == '0' && p[2] != 'e')
		return "an integer starts with a zero";
	if (p[0] == '0' && p[1] != ':')
		return "the length of a string starts with a zero";
	return NULL;
}

static const char *order_flaw(struct bencode_str before, struct bencode_str key)
{
	size_t shorter = before.len < key.len ? before.len : key.len;
	int order = memcmp(before.text, key.text, shorter);

	if (order == 0 && before.len == key.len)
		return "a key comes twice in one dictionary";
	if (order > 0 || (order == 0 && before.len > key.len))
		return "the keys of a dictionary are not sorted";
	return NULL;
}

/* What is known of one open container: whether its next token is a key, and the key before. */
struct level {
	bool is_dict;
	bool at_key;
	struct bencode_str before; /* text NULL: none yet */
};

static const char *key_flaw(struct level *l, const unsigned char *p)
{
	struct bencode_str key = str_at(p);
	const char *flaw = l->before.text ? order_flaw(l->before, key) : NULL;

	l->before = key;
	return flaw;
}

bool bencode_canonical(struct bencode v, const unsigned char **at, const char **why)
{
	struct level levels[BENCODE_MAX_DEPTH + 1] = {0};
	struct level *l = levels;
	const char *flaw = NULL;

	for (const unsigned char *p = v.at; p < v.end && !flaw; p = token_end(p)) {
		*at = p;
		flaw = token_flaw(p);
		if (*p == 'e') {
			l--;
			continue;
		}
		if (!flaw && l->is_dict && l->at_key)
			flaw = key_flaw(l, p);
		l->at_key = !l->at_key;
		if (*p == 'd' || *p == 'l')
			*++l = (struct level){.is_dict = *p == 'd', .at_key = true};
	}
	*why = flaw;
	return !flaw;
}
