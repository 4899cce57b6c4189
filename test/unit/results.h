/* test/unit/results.h - results by their texts, "ERR(HTTP 503)", so that tests read well. */
#ifndef UNIT_RESULTS_H
#define UNIT_RESULTS_H

#include "base/text.h"
#include "model/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An error's word, such as "HTTP 503", "Disk" or "RuntimeError". */
static inline void set_error(struct result *r, const char *word)
{
	r->kind = OUTCOME_ERR;
	r->code = err_code_of(word);
	if (r->code)
		return;
	r->code = strncmp(word, "HTTP ", 5) == 0 ? WORD_HTTP : WORD_OTHER;
	r->status = r->code == WORD_HTTP ? atoi(word + 5) : 0;
	if (r->code == WORD_OTHER)
		text_copy(r->name, sizeof r->name, word);
}

/* "WAIT" is the one of a back-off. */
static inline struct result result_of(const char *text)
{
	char error[ERR_WORD], shown[OUTCOME_TEXT];
	struct result r = {0};

	if (sscanf(text, "ERR(%23[^)])", error) == 1) {
		set_error(&r, error);
		return r;
	}
	for (unsigned kind = OUTCOME_OK; kind <= OUTCOME_WAIT; kind++)
		for (unsigned wait = WAIT_BACKOFF; wait < OUTCOME_WAITS; wait++) {
			r = (struct result){.kind = (enum outcome_kind)kind,
					    .wait = kind == OUTCOME_WAIT ? (enum outcome_wait)wait
									 : WAIT_NONE};
			result_text(&r, shown);
			if (strcmp(shown, text) == 0)
				return r;
		}
	fprintf(stderr, "%s is no result\n", text);
	abort();
}

#endif
