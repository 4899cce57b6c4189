/*
 * sim/record.h - the request log: one JSON object in each line, written before the answer is sent.
 */
#ifndef SIM_RECORD_H
#define SIM_RECORD_H

#include "base/err.h"
#include "answer.h"
#include "endpoint.h"

#include <stdint.h>

struct record;

/* Appends to `path`.  NULL on failure. */
struct record *record_open(const char *path, struct err *err) MUST_CHECK;
void record_close(struct record *rec);

/* `fault` is the name of the fault that struck, or NULL.  A line that cannot be written is
 * reported on stderr. */
void record_write(struct record *rec, uint64_t n, const struct request *r, enum endpoint e,
		  const struct answer *a, const char *fault);

#endif
