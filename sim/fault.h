/*
 * sim/fault.h - what the `do` of a fault rule means.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "base/err.h"
#include "answer.h"
#include "endpoint.h"
#include "torrents.h"

/* Is the rule complete and spelled right? */
bool fault_check(const json_t *rule, struct err *err) MUST_CHECK;

/* Must the request be carried out before the fault? */
bool fault_needs_work(const json_t *rule);

/* The kind of bad torrent that the download is to be made with; DEFECT_NONE for other rules. */
enum torrents_defect fault_defect(const json_t *rule);

/* Change the answer (the normal one if the request was carried out, else an empty one). */
void fault_apply(const json_t *rule, enum endpoint e, const char *error_key, struct answer *a);

#endif
