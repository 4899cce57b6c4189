/*
 * model/outcome.h - how a container's turn in a cycle ended.
 *
 * OK, FULL and STALLED are well, and so are WAIT(Stalled) and WAIT(Backlog), which pass by
 * themselves.  Any other WAIT and ERR(KIND) are failures, for the ping and for the exit status.
 *
 * A result says it without words: code decides on results alone, and the ledger stores them.  The
 * detail beside it is for people.
 */
#ifndef MODEL_OUTCOME_H
#define MODEL_OUTCOME_H

#include "base/err.h"

#include <stdint.h>

/* The ledger keeps these numbers, and those of enum outcome_wait: add new ones at the end. */
enum outcome_kind { OUTCOME_OK, OUTCOME_FULL, OUTCOME_STALLED, OUTCOME_WAIT, OUTCOME_ERR };

/* Why a container waits. */
enum outcome_wait {
	WAIT_NONE,
	WAIT_BACKOFF, /* the tracker must not be asked before `until` */
	WAIT_TIME,    /* the time of the cycle was up */
	WAIT_SPACE,   /* less is free than Reserve */
	WAIT_STALLED, /* too many stalled downloads in the client */
	WAIT_BACKLOG, /* too much that the client has not finished, or not picked up */
	WAIT_CLIENT,  /* the client is not there, or does not take what it should */
	WAIT_DISK,    /* a folder does not answer */
	OUTCOME_WAITS,
};

#define OUTCOME_TEXT 40

struct result {
	enum outcome_kind kind;
	enum outcome_wait wait; /* of OUTCOME_WAIT */
	enum err_code code;     /* of OUTCOME_ERR, as are the next two; see struct err */
	int status;
	char name[ERR_NAME];
};

struct outcome {
	char *container; /* owned */
	struct result result;
	char detail[400]; /* what happened, for people; may be "" */
	int64_t until;    /* of WAIT_BACKOFF: when the back-off ends, ms since 1970 */
	bool undone;      /* the daemon resumes it before the next interval */
	int64_t retry_at; /* when, ms since 1970; 0: as soon as the tracker may be asked */
	bool carried;     /* not of this cycle: the last outcome that the container had */
	/* What was delivered in this turn. */
	unsigned delivered;
	char *torrent;  /* owned: the name of the last one; NULL if none */
	uint64_t bytes; /* the size of the last one */
};

void outcome_clear(struct outcome *o);

/* The result that is this error; of WORD_HANGS it is WAIT(Disk). */
struct result result_of_err(const struct err *err);

/* "OK", "WAIT", "WAIT(Space)", "ERR(HTTP 503)" */
void result_text(const struct result *r, char out[OUTCOME_TEXT]);

bool result_is_well(const struct result *r);

/* Of one that is not well: does it stay so until a person does something? */
bool result_needs_a_person(const struct result *r);

/* What happened, for people: the detail, and of WAIT_BACKOFF how long it lasts still.  "" if there
 * is nothing to say.  The caller's. */
char *outcome_words(const struct result *r, const char *detail, int64_t until, int64_t now);

/* A bit for each cause of a result that is not OK, FULL or STALLED.  The ledger keeps them. */
uint32_t result_cause(const struct result *r);

/* The text of each cause in `causes`, each after ", "; an HTTP status and an OTHER's name are not
 * known.  The caller's. */
char *result_causes_text(uint32_t causes);

/* Is it ERR with this code, or WAIT with this reason? */
static inline bool result_is_err(const struct result *r, enum err_code code)
{
	return r->kind == OUTCOME_ERR && r->code == code;
}

static inline bool result_waits(const struct result *r, enum outcome_wait wait)
{
	return r->kind == OUTCOME_WAIT && r->wait == wait;
}

/* Is it the torrent client's doing? */
static inline bool result_is_clients(const struct result *r)
{
	return result_waits(r, WAIT_CLIENT) || result_is_err(r, WORD_CLIENT);
}

#endif
