/*
 * model/outcome.h - how a container's turn in a cycle ended.
 *
 * OK, FULL and STALLED are well, and so are WAIT(Stalled) and WAIT(Backlog), which pass by
 * themselves.  Any other WAIT (the tracker is not to be asked now, or something is still pending)
 * and ERR(KIND) are a failure, for the ping and for the exit status.
 */
#ifndef MODEL_OUTCOME_H
#define MODEL_OUTCOME_H

#include "base/err.h"

#include <stdint.h>

enum outcome_kind { OUTCOME_OK, OUTCOME_FULL, OUTCOME_STALLED, OUTCOME_WAIT, OUTCOME_ERR };

#define OUTCOME_TEXT 40

/* The words of WAIT(...): which guard held the container back. */
#define WAIT_SPACE "Space"     /* less is free than Reserve */
#define WAIT_STALLED "Stalled" /* too many stalled downloads in the client */
#define WAIT_BACKLOG "Backlog" /* too much that the client has not finished, or not picked up */
#define WAIT_CLIENT "Client"   /* the client is not there, or does not take what it should */

struct outcome {
	char *container; /* owned */
	enum outcome_kind kind;
	char word[24];    /* of ERR(word) or WAIT(word); "" if there is none */
	char detail[400]; /* what happened, for people; may be "" */
	bool undone;      /* the daemon goes on with it before the next interval */
	int64_t retry_at; /* when, ms since 1970; 0: as soon as the tracker may be asked */
	bool carried;     /* not of this cycle: the last outcome that the container had */
	/* What was delivered in this turn. */
	unsigned delivered;
	char *torrent;  /* owned: the name of the last one; NULL if none */
	uint64_t bytes; /* the size of the last one */
};

void outcome_clear(struct outcome *o);

/* "OK", "WAIT", "ERR(HTTP 503)" */
void outcome_text(const struct outcome *o, char out[OUTCOME_TEXT]);

/* The reverse of outcome_text: fills in kind and word; false for another text. */
bool outcome_parse(const char *text, struct outcome *o);

/* What a person can do about one that is not well: a sentence.  NULL: wait. */
const char *outcome_hint(const struct outcome *o);

bool outcome_is_well(const struct outcome *o);

/* Of one that is not well: does it stay so until a person does something? */
bool outcome_needs_a_person(const struct outcome *o);

#endif
