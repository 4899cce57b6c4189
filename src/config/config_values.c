/* A value by its row: what it must be, from text to field, from field to JSON; declared in
 * config/setting.h. */
#include "config/config_parts.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

const char *config_text_fault(const char *value)
{
	if (strlen(value) > CONFIG_CLIENT_TEXT_MAX)
		return "is longer than 1024 bytes";
	if (!text_is_utf8(value, strlen(value)))
		return "is not valid UTF-8";
	for (const char *c = value; *c; c++)
		if (iscntrl((unsigned char)*c))
			return "holds a control character";
	return NULL;
}

const struct config_client *config_client_find(const struct config *c, const char *name)
{
	for (size_t i = 0; name && i < c->n_clients; i++)
		if (strcmp(c->clients[i].name, name) == 0)
			return &c->clients[i];
	return NULL;
}

/* ---- what a value must be ---- */

static void put_words(struct buf *out, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		buf_printf(out, "%s%s", i ? ", " : "one of ", words[i]);
}

static void put_expected(const struct setting *s, struct buf *out)
{
	char longest[NUM_TEXT];

	num_duration_format(s->max, longest);
	if (s->expects)
		buf_puts(out, s->expects);
	else if (s->words)
		put_words(out, s->words);
	else if (s->type == SETTING_BOOL)
		buf_puts(out, "true or false");
	else if (s->type == SETTING_COUNT)
		buf_printf(out, "a whole number from %" PRId64 " to %" PRId64, s->min, s->max);
	else if (s->type == SETTING_SECONDS)
		buf_printf(out, "a number of seconds from %" PRId64 " to %" PRId64, s->min, s->max);
	else if (s->type == SETTING_DURATION || s->type == SETTING_DURATION_OR_OFF)
		buf_printf(out, "%sa duration of at most %s",
			   s->type == SETTING_DURATION ? "" : "off or ", longest);
}

void setting_expects(const struct setting *s, char out[SETTING_EXPECTS])
{
	OWN_BUF struct buf text = BUF_MAX(SETTING_EXPECTS);

	put_expected(s, &text);
	text_copy(out, SETTING_EXPECTS, buf_text(&text));
}

/* "is not a duration of at most 30d, such as 6h" */
static void say_unexpected(const struct setting *s, const char *value, char why[SETTING_WHY])
{
	OWN_BUF struct buf out = BUF_MAX(SETTING_WHY);
	const char *example = s->example ? s->example : s->fallback;
	bool is_number = s->type == SETTING_SECONDS || s->type == SETTING_DURATION ||
			 s->type == SETTING_DURATION_OR_OFF;

	buf_puts(&out, "is not ");
	put_expected(s, &out);
	if (is_number && example)
		buf_printf(&out, ", such as %s", example);
	const char *near = s->words ? text_nearest(value, s->words) : NULL;
	if (near)
		buf_printf(&out, "; did you mean %s?", near);
	text_copy(why, SETTING_WHY, buf_text(&out));
}

/* ---- from text to field ---- */

static void *field(const struct setting *s, void *of)
{
	return (char *)of + s->offset;
}

static void put_text(const struct setting *s, void *of, char *text)
{
	char **to = field(s, of);

	free(*to);
	*to = text;
}

/* Fields of 1, 4 and 8 bytes: a bool; int, unsigned or an enum; int64_t. */
static void put_number(const struct setting *s, void *of, int64_t number)
{
	const int32_t narrow = (int32_t)number;
	const bool flag = number;

	memcpy(field(s, of),
	       s->size == sizeof number   ? (const void *)&number
	       : s->size == sizeof narrow ? (const void *)&narrow
					  : (const void *)&flag,
	       s->size);
}

static bool read_bool(const char *text, bool *out)
{
	static const char *const words[2][4] = {{"false", "no", "off", "0"},
						{"true", "yes", "on", "1"}};

	for (int yes = 0; yes < 2; yes++)
		for (int i = 0; i < 4; i++)
			if (strcasecmp(text, words[yes][i]) == 0) {
				*out = yes;
				return true;
			}
	return false;
}

static bool word_number(const char *const words[], const char *text, int64_t *out)
{
	for (int64_t i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return true;
		}
	return false;
}

static bool duration_or_off(const char *text, int64_t max, int64_t *out)
{
	bool on = true;

	if (!read_bool(text, &on) || on)
		return num_duration(text, max, out);
	*out = 0;
	return true;
}

static bool read_number(const struct setting *s, const char *text, int64_t *out)
{
	uint64_t count;
	bool yes = false;

	switch (s->type) {
	case SETTING_BOOL:
		*out = 0;
		if (!read_bool(text, &yes))
			return false;
		*out = yes;
		return true;
	case SETTING_COUNT:
		if (!num_u64(text, (uint64_t)s->max, &count) || (int64_t)count < s->min)
			return false;
		*out = (int64_t)count;
		return true;
	case SETTING_SECONDS:
		return num_milli(text, (uint64_t)s->max, out);
	case SETTING_DURATION:
		return num_duration(text, s->max, out);
	case SETTING_DURATION_OR_OFF:
		return duration_or_off(text, s->max, out);
	default:
		return word_number(s->words, text, out);
	}
}

static const char *store_number(const struct setting *s, void *to, const char *text)
{
	int64_t number;

	if (!read_number(s, text, &number))
		return SETTING_UNEXPECTED;
	put_number(s, to, number);
	return NULL;
}

static const char *store_text(const struct setting *s, void *to, const char *text)
{
	const char *fault = s->max ? config_text_fault(text) : NULL;

	if (!fault)
		put_text(s, to, mem_dup(text));
	return fault;
}

static const char *store_secret_file(const struct setting *s, const struct setting_value *v)
{
	struct secret *to = field(s, v->to);
	char inside[SETTING_WHY];

	if (config_take_secret_file(to, v->text, v->why))
		return v->why;
	if (!setting_form_fault(s->form, secret_reveal(to), inside))
		return NULL;
	secret_clear(to);
	text_join(v->why, SETTING_WHY, (const char *const[]){"names a file whose content ", inside},
		  2);
	return v->why;
}

/* NULL if it was stored, else what is wrong. */
static const char *store(const struct setting *s, const struct setting_value *v)
{
	switch (s->type) {
	case SETTING_OTHER:
		return NULL;
	case SETTING_TEXT:
		return store_text(s, v->to, v->text);
	case SETTING_FOLDER: {
		const struct container *o = v->to;
		put_text(s, v->to, container_folder(v->text, o->name));
		return NULL;
	}
	case SETTING_SECRET:
		secret_set(field(s, v->to), v->text);
		return NULL;
	case SETTING_SECRET_FILE:
		return store_secret_file(s, v);
	default:
		return store_number(s, v->to, v->text);
	}
}

bool setting_take(const struct setting *s, const struct config *c, void *to, const char *text,
		  char why[SETTING_WHY])
{
	const struct setting_value v = {.config = c, .to = to, .text = text, .why = why};
	/* Of a file the row's form is that of the content. */
	enum setting_form form = s->type == SETTING_SECRET_FILE ? SETTING_PLAIN : s->form;

	if (s->type == SETTING_SECRET)
		mask_learn(text);
	const char *fault = setting_form_fault(form, text, why);
	if (!fault && s->check)
		fault = s->check(&v);
	if (!fault)
		fault = store(s, &v);
	if (fault && !*fault)
		say_unexpected(s, text, why);
	else if (fault && fault != why)
		text_copy(why, SETTING_WHY, fault);
	return !fault;
}

void setting_release(const struct setting *s, void *of)
{
	if (s->type == SETTING_TEXT || s->type == SETTING_FOLDER)
		put_text(s, of, NULL);
	else if (s->type == SETTING_SECRET)
		secret_clear(field(s, of));
}

/* ---- from field to config.ptp ---- */

/* A whole number as one: the utility hands it to sleep(). */
static json_t *seconds_json(int64_t ms)
{
	return ms % 1000 ? json_real((double)ms / 1000) : json_integer(ms / 1000);
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

json_t *setting_json(const struct setting *s, const void *of)
{
	const void *at = (const char *)of + s->offset;

	if (s->type == SETTING_SECRET)
		return text_json(secret_reveal(at));
	if (s->type == SETTING_COUNT)
		return json_integer(*(const uint32_t *)at);
	if (s->type == SETTING_SECONDS)
		return seconds_json(*(const int64_t *)at);
	return text_json(*(char *const *)at);
}

json_t *setting_default_json(const struct setting *s)
{
	int64_t number;

	return s->fallback && s->type == SETTING_COUNT && read_number(s, s->fallback, &number)
		       ? json_integer(number)
		       : text_json(s->fallback);
}
