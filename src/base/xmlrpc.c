#include "base/xmlrpc.h"

#include "base/base64.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <expat.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "<?xml version=\"1.0\"?><methodCall><methodName>"

/* Writing */

/* May XML 1.0 hold this character (production 2)? */
static bool allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xD7FF) ||
	       (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

/* Valid UTF-8 that XML forbids: the controls, U+FFFE and U+FFFF. */
static bool forbidden(const char *s, size_t n)
{
	if (n == 1)
		return !allowed((unsigned char)*s);
	return n == 3 && (memcmp(s, "\xEF\xBF\xBE", 3) == 0 || memcmp(s, "\xEF\xBF\xBF", 3) == 0);
}

static const char *escape_of(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '\r': /* readers make a line feed of a plain one */
		return "&#13;";
	default:
		return NULL;
	}
}

static void add_escaped(struct buf *b, const char *text)
{
	for (; *text; text++) {
		const char *escape = escape_of(*text);
		if (escape)
			buf_puts(b, escape);
		else
			buf_add(b, text, 1);
	}
}

/* Do all readers take it in XML?  xmlrpc-c refuses what is outside of the basic plane. */
static bool is_plain(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = text_utf8_len(text + at, len - at);
		if (n == 0 || n > 3 || forbidden(text + at, n))
			return false;
		at += n;
	}
	return true;
}

static void add_base64_value(struct buf *b, const void *bytes, size_t len)
{
	OWN_STR char *coded = base64_encode(bytes, len);

	buf_puts(b, "<value><base64>");
	buf_puts(b, coded);
	buf_puts(b, "</base64></value>");
}

static void add_text_value(struct buf *b, const char *text)
{
	if (!is_plain(text, strlen(text)))
		return add_base64_value(b, text, strlen(text));
	buf_puts(b, "<value><string>");
	add_escaped(b, text);
	buf_puts(b, "</string></value>");
}

void xmlrpc_begin(struct buf *b, const char *method)
{
	buf_puts(b, HEAD);
	add_escaped(b, method);
	buf_puts(b, "</methodName><params>");
}

void xmlrpc_add_text(struct buf *b, const char *text)
{
	buf_puts(b, "<param>");
	add_text_value(b, text);
	buf_puts(b, "</param>");
}

void xmlrpc_add_number(struct buf *b, int32_t number)
{
	buf_printf(b, "<param><value><i4>%" PRId32 "</i4></value></param>", number);
}

void xmlrpc_add_base64(struct buf *b, const void *bytes, size_t len)
{
	buf_puts(b, "<param>");
	add_base64_value(b, bytes, len);
	buf_puts(b, "</param>");
}

void xmlrpc_end(struct buf *b)
{
	buf_puts(b, "</params></methodCall>");
}

void xmlrpc_call(struct buf *b, const char *method, const char *const texts[])
{
	xmlrpc_begin(b, method);
	for (; *texts; texts++)
		xmlrpc_add_text(b, *texts);
	xmlrpc_end(b);
}

static void add_step(struct buf *b, const struct xmlrpc_step *step)
{
	buf_puts(b, "<value><struct><member><name>methodName</name>");
	add_text_value(b, step->method);
	buf_puts(b, "</member><member><name>params</name><value><array><data>");
	for (size_t i = 0; i < XMLRPC_STEP_ARGS && step->args[i]; i++)
		add_text_value(b, step->args[i]);
	buf_puts(b, "</data></array></value></member></struct></value>");
}

void xmlrpc_multicall(struct buf *b, const struct xmlrpc_step *steps, size_t n)
{
	xmlrpc_begin(b, "system.multicall");
	buf_puts(b, "<param><value><array><data>");
	for (size_t i = 0; i < n; i++)
		add_step(b, &steps[i]);
	buf_puts(b, "</data></array></value></param>");
	xmlrpc_end(b);
}

/* Reading: first the characters that no XML may hold */

/* The length of a reference to such a character ("&#x1b;") at s[0..len); 0: there is none. */
static size_t forbidden_reference(const char *s, size_t len)
{
	char digits[12] = "", *end;
	bool hex = len > 2 && s[2] == 'x';
	size_t from = hex ? 3 : 2, n = 0;

	if (len < 4 || s[1] != '#')
		return 0;
	while (n < sizeof digits - 1 && from + n < len && s[from + n] != ';') {
		digits[n] = s[from + n];
		n++;
	}
	if (n == 0 || from + n >= len || s[from + n] != ';')
		return 0;
	unsigned long c = strtoul(digits, &end, hex ? 16 : 10);
	return *end || allowed((uint32_t)c) ? 0 : from + n + 1;
}

/* How many of s[0..len) make one character, and whether it has to go. */
static size_t character(const char *s, size_t len, bool *bad)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c == '&' ? forbidden_reference(s, len) : 0;

	*bad = n > 0;
	if (n)
		return n;
	n = c < 0x80 ? 1 : text_utf8_len(s, len);
	*bad = n == 0 || forbidden(s, n);
	return n ? n : 1;
}

/* In place; the new length. */
static size_t clean(char *bytes, size_t len)
{
	size_t to = 0, n;
	bool bad;

	for (size_t at = 0; at < len; at += n) {
		n = character(bytes + at, len - at, &bad);
		if (bad) {
			bytes[to++] = '?';
			continue;
		}
		memmove(bytes + to, bytes + at, n);
		to += n;
	}
	return to;
}

/* Reading: the elements, in which others they may stand, and how many they may hold */

enum kind {
	NOWHERE,
	RESPONSE,
	PARAMS,
	PARAM,
	FAULT,
	VALUE,
	ARRAY,
	DATA,
	STRUCT,
	MEMBER,
	NAME,
	TEXT,
	NUMBER,
};

#define IN(kind) (1u << (kind))
#define ANY UINT32_MAX

static const struct element {
	const char *name;
	enum kind kind;
	unsigned in;
	uint32_t most;
} elements[] = {
	{"value", VALUE, IN(PARAM) | IN(FAULT) | IN(DATA) | IN(MEMBER), 1},
	{"string", TEXT, IN(VALUE), 0},
	{"i8", NUMBER, IN(VALUE), 0},
	{"i4", NUMBER, IN(VALUE), 0},
	{"int", NUMBER, IN(VALUE), 0},
	{"boolean", NUMBER, IN(VALUE), 0},
	{"double", TEXT, IN(VALUE), 0},
	{"base64", TEXT, IN(VALUE), 0},
	{"dateTime.iso8601", TEXT, IN(VALUE), 0},
	{"nil", TEXT, IN(VALUE), 0},
	{"array", ARRAY, IN(VALUE), 1},
	{"data", DATA, IN(ARRAY), ANY},
	{"struct", STRUCT, IN(VALUE), ANY},
	{"member", MEMBER, IN(STRUCT), 2},
	{"name", NAME, IN(MEMBER), 0},
	{"methodResponse", RESPONSE, IN(NOWHERE), 1},
	{"params", PARAMS, IN(RESPONSE), 1},
	{"param", PARAM, IN(PARAMS), 1},
	{"fault", FAULT, IN(RESPONSE), 1},
};

struct open_element {
	const struct element *element;
	uint32_t holds; /* elements so far */
	size_t value;   /* the value that it belongs to */
};

struct reader {
	XML_Parser parser;
	struct xmlrpc *x;
	size_t max_values, cap;
	struct open_element open[XMLRPC_DEPTH_MAX];
	size_t depth;
	const char *fault; /* what is wrong; NULL: nothing yet */
};

static void stop(struct reader *r, const char *fault)
{
	if (!r->fault)
		r->fault = fault;
	XML_StopParser(r->parser, XML_FALSE);
}

static struct open_element *top(struct reader *r)
{
	return r->depth ? &r->open[r->depth - 1] : NULL;
}

static const struct element *find(const char *name, enum kind within)
{
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
		if (strcmp(elements[i].name, name) == 0 && (elements[i].in & IN(within)))
			return &elements[i];
	return NULL;
}

/* A new value at the end, whose text begins here. */
static size_t new_value(struct reader *r)
{
	struct xmlrpc *x = r->x;

	if (x->n >= r->max_values) {
		stop(r, "has too many values");
		return 0;
	}
	if (x->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 16;
		x->values = mem_grow(x->values, r->cap, sizeof *x->values);
	}
	x->values[x->n] = (struct xmlrpc_value){.type = XMLRPC_TEXT, .span = 1};
	x->values[x->n].text = x->texts.len;
	return x->n++;
}

/* A member is its name, then its value. */
static bool in_order(const struct open_element *within, enum kind kind)
{
	if (!within || within->element->kind != MEMBER)
		return true;
	return within->holds == (kind == NAME ? 0 : 1);
}

static void become(struct reader *r, size_t value, enum kind kind)
{
	struct xmlrpc_value *v = &r->x->values[value];

	v->type = kind == ARRAY    ? XMLRPC_ARRAY
		  : kind == STRUCT ? XMLRPC_STRUCT
		  : kind == NUMBER ? XMLRPC_NUMBER
				   : XMLRPC_TEXT;
	/* What stood before the element was white space. */
	v->text = r->x->texts.len;
}

static void XMLCALL begin(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = ctx;
	struct open_element *within = top(r);
	const struct element *e = find(name, within ? within->element->kind : NOWHERE);

	(void)attributes;
	if (r->fault)
		return;
	if (!e || !in_order(within, e->kind) || (within && within->holds >= within->element->most))
		return stop(r, "is not an XML-RPC answer");
	if (r->depth == XMLRPC_DEPTH_MAX)
		return stop(r, "is nested too deeply");
	struct open_element now = {.element = e, .value = within ? within->value : 0};
	if (within)
		within->holds++;
	if (e->kind == VALUE || e->kind == NAME)
		now.value = new_value(r);
	else if (e->in == IN(VALUE))
		become(r, now.value, e->kind);
	r->x->fault |= e->kind == FAULT;
	r->open[r->depth++] = now;
}

static void XMLCALL characters(void *ctx, const XML_Char *text, int len)
{
	struct reader *r = ctx;
	const struct open_element *now = top(r);

	if (r->fault || !now)
		return;
	enum kind k = now->element->kind;
	if (k == TEXT || k == NUMBER || k == NAME || (k == VALUE && now->holds == 0))
		buf_add(&r->x->texts, text, (size_t)len);
}

static int64_t read_number(const char *text)
{
	char *end;

	errno = 0;
	long long n = strtoll(text, &end, 10);
	return errno || end == text || *end ? 0 : n;
}

/* At the end of a value: its text is whole, and whatever stands behind it is another's. */
static void finish(struct reader *r, const struct open_element *now)
{
	struct xmlrpc *x = r->x;
	struct xmlrpc_value *v = &x->values[now->value];

	v->span = (uint32_t)(x->n - now->value);
	if (v->type == XMLRPC_TEXT || v->type == XMLRPC_NUMBER)
		buf_add(&x->texts, "", 1);
	if (v->type == XMLRPC_NUMBER)
		v->number = read_number(x->texts.data + v->text);
	else if (v->type == XMLRPC_ARRAY || v->type == XMLRPC_STRUCT)
		v->text = 0;
}

static void XMLCALL end(void *ctx, const XML_Char *name)
{
	struct reader *r = ctx;

	(void)name;
	if (r->fault)
		return;
	const struct open_element now = *top(r);
	r->depth--;
	switch (now.element->kind) {
	case VALUE:
	case NAME:
		finish(r, &now);
		break;
	case DATA:
	case STRUCT:
		r->x->values[now.value].n = now.holds;
		break;
	case MEMBER:
		if (now.holds != 2)
			stop(r, "is not an XML-RPC answer");
		break;
	default:
		break;
	}
}

static void XMLCALL doctype(void *ctx, const XML_Char *name, const XML_Char *system,
			    const XML_Char *public, int internal)
{
	(void)name, (void)system, (void)public, (void)internal;
	stop(ctx, "has a document type, which no answer needs");
}

static bool parse(struct reader *r, const char *bytes, size_t len)
{
	r->parser = XML_ParserCreate("UTF-8");
	if (!r->parser)
		abort();
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, begin, end);
	XML_SetCharacterDataHandler(r->parser, characters);
	XML_SetStartDoctypeDeclHandler(r->parser, doctype);
	bool whole = XML_Parse(r->parser, bytes, (int)len, XML_TRUE) == XML_STATUS_OK;
	XML_ParserFree(r->parser);
	if (!r->fault && !whole)
		r->fault = "is not complete XML";
	if (!r->fault && r->x->n == 0)
		r->fault = "is not an XML-RPC answer";
	return !r->fault;
}

bool xmlrpc_read(char *bytes, size_t len, size_t max_values, struct xmlrpc *out, struct err *err)
{
	struct xmlrpc x = {.texts = BUF_MAX(len + 1)};
	struct reader r = {.x = &x,
			   .max_values = max_values < UINT32_MAX ? max_values : UINT32_MAX};

	if (len > INT32_MAX)
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer is too large");
	if (!parse(&r, bytes, clean(bytes, len))) {
		xmlrpc_clear(&x);
		return err_set(err, ERR_RETRY, WORD_PROTOCOL, "the answer %s", r.fault);
	}
	*out = x;
	return true;
}

void xmlrpc_clear(struct xmlrpc *x)
{
	free(x->values);
	buf_clear(&x->texts);
	*x = (struct xmlrpc){0};
}

const char *xmlrpc_text(const struct xmlrpc *x, const struct xmlrpc_value *v)
{
	return v && v->type == XMLRPC_TEXT ? x->texts.data + v->text : "";
}

int64_t xmlrpc_number(const struct xmlrpc_value *v, int64_t otherwise)
{
	return v && v->type == XMLRPC_NUMBER ? v->number : otherwise;
}

const struct xmlrpc_value *xmlrpc_first(const struct xmlrpc_value *array)
{
	return array && array->type == XMLRPC_ARRAY && array->n ? array + 1 : NULL;
}

const struct xmlrpc_value *xmlrpc_next(const struct xmlrpc_value *item)
{
	return item + item->span;
}

const struct xmlrpc_value *xmlrpc_member(const struct xmlrpc *x, const struct xmlrpc_value *v,
					 const char *name)
{
	if (!v || v->type != XMLRPC_STRUCT)
		return NULL;
	const struct xmlrpc_value *at = v + 1;
	for (uint32_t i = 0; i < v->n; i++) {
		const struct xmlrpc_value *value = xmlrpc_next(at);
		if (strcmp(xmlrpc_text(x, at), name) == 0)
			return value;
		at = xmlrpc_next(value);
	}
	return NULL;
}
