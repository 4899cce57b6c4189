/*
 * system/proc_here.h - runs another program as a child of this very process; see system/proc.h.
 */
#ifndef SYSTEM_PROC_HERE_H
#define SYSTEM_PROC_HERE_H

#include "system/proc.h"

/* What may end a run early. */
struct proc_stop {
	int fd; /* readable when a stop may have been asked for */
	bool (*asked)(void *ctx);
	void *ctx;
};

/* As proc_run(), without a look at spec->wake. */
bool proc_here(const struct proc_spec *spec, const struct proc_stop *stop, struct buf *output,
	       struct proc_end *end, struct err *err) MUST_CHECK;

#endif
