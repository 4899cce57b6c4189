#include "doctor/doctor.h"

#include "config/setting.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"
#include "ports/ledger.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 2000 /* bytes of a line that is shown */

static char *format(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *format(const char *fmt, va_list ap)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, ap) < 0)
		return mem_dup("");
	return text;
}

void doctor_say(struct doctor *d, enum doctor_mark mark, const char *test, const char *about,
		const char *fmt, ...)
{
	va_list ap;

	d->findings = mem_grow(d->findings, d->n + 1, sizeof *d->findings);
	va_start(ap, fmt);
	d->findings[d->n++] = (struct finding){
		.mark = mark, .test = test, .about = mem_dup(about), .text = format(fmt, ap)};
	va_end(ap);
}

void doctor_fix(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	d->findings[d->n - 1].fix = format(fmt, ap);
	va_end(ap);
}

void doctor_skip(struct doctor *d, const char *test, const char *about, const char *key)
{
	const struct setting *s = setting_find(SETTING_TOP, key);
	OWN_STR char *name =
		s && s->variable ? mem_printf("%s (%s)", key, s->variable) : mem_dup(key);

	doctor_say(d, DOCTOR_WARN, test, about,
		   "not tested, because %s is not set or cannot be used", name);
	doctor_fix(d, "set %s right, then run `ptp-archiver check` again", name);
}

bool doctor_failed(const struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->findings[i].mark == DOCTOR_FAIL)
			return true;
	return false;
}

void doctor_clear(struct doctor *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->findings[i].about);
		free(d->findings[i].text);
		free(d->findings[i].fix);
	}
	free(d->findings);
	*d = (struct doctor){0};
}

static bool in_colours(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no);
}

static void print_head(enum doctor_mark mark, bool colours)
{
	static const struct {
		const char *word, *colour;
	} heads[] = {[DOCTOR_OK] = {"ok  ", "\033[32m"},
		     [DOCTOR_WARN] = {"warn", "\033[33m"},
		     [DOCTOR_FAIL] = {"FAIL", "\033[31m"}};

	printf("%s%s%s  ", colours ? heads[mark].colour : "", heads[mark].word,
	       colours ? "\033[0m" : "");
}

static void print_text(const char *text)
{
	OWN_STR char *shown = text_printable(text, strlen(text), TEXT_MAX);

	fputs(shown, stdout);
}

void doctor_print(const struct doctor *d, size_t first)
{
	bool colours = in_colours();

	for (size_t i = first; i < d->n; i++) {
		const struct finding *f = &d->findings[i];
		print_head(f->mark, colours);
		print_text(f->about);
		printf(": ");
		print_text(f->text);
		if (f->fix) {
			printf("\n      fix: ");
			print_text(f->fix);
		}
		printf("\n");
	}
	fflush(stdout);
}

static json_t *json_text(const char *text)
{
	if (!text)
		return json_null();
	OWN_STR char *shown = text_printable(text, strlen(text), TEXT_MAX);
	return json_string(shown);
}

json_t *doctor_json(const struct doctor *d)
{
	static const char *const words[] = {
		[DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "fail"};
	json_t *list = json_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct finding *f = &d->findings[i];
		json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:o, s:o}", "test", f->test,
						      "about", json_text(f->about), "mark",
						      words[f->mark], "text", json_text(f->text),
						      "fix", json_text(f->fix)));
	}
	return json_pack("{s:b, s:o}", "ok", !doctor_failed(d), "findings", list);
}
