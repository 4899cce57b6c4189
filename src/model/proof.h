/*
 * model/proof.h - what proves that the tracker has assigned nothing.
 *
 * The tracker makes its assignment while it answers `fetch`.  So an answer that was lost or cannot
 * be read may hide one.  This is the whole list of the cases that cannot; everything else leaves a
 * possibly lost assignment.  doc/outcomes.md shows the list in the same words.
 */
#ifndef MODEL_PROOF_H
#define MODEL_PROOF_H

#include "model/reply.h"

enum proof {
	PROOF_NONE,
	PROOF_NOT_SENT, /* the question did not reach the tracker */
	PROOF_FULL,
	PROOF_STALLED,
	PROOF_UNAUTHORIZED,
	PROOF_FORBIDDEN,
	PROOF_TOO_MANY,
	PROOF_LOGIN,
	PROOF_MAINTENANCE,
	PROOF_GUARD,
	PROOFS,
};

/* An answer to `fetch` that names no assignment. */
struct proof_answer {
	long status;        /* of HTTP */
	unsigned redirects; /* that were followed before it came */
	const char *bytes;
	size_t len;
	enum http_guard guard;
};

/* Of an answer that came whole.  A status counts only if no redirect was followed: the first
 * request may have done its work.  A page counts unless its status is a 5xx other than 503: a
 * gateway sends such pages for a tracker that may have done its work. */
enum proof proof_of_answer(const struct proof_answer *a);

/* Of an answer that could be read. */
enum proof proof_of_verdict(enum reply_verdict verdict);

/* The kind of answer, as the documentation names it; "" for PROOF_NONE. */
const char *proof_words(enum proof proof);

#endif
