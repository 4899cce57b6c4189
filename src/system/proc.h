/*
 * system/proc.h - run another program without a shell: in a process group of its own, without a
 * terminal, with limits on time and output.
 *
 * In a sandbox (system/sandbox.h) the helper process does it (system/helper.h).
 */
#ifndef SYSTEM_PROC_H
#define SYSTEM_PROC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/wake.h"

#include <stdbool.h>

struct proc_spec {
	char *const *argv;  /* ends in NULL; argv[0] is looked up in PATH */
	char *const *env;   /* ends in NULL; NULL: this program's */
	const char *folder; /* working directory; NULL: this program's */
	int keep; /* descriptor of a locked file, which it inherits; so the lock shows whether it
		   * lives.  Its process id, which is its group's, is written there.  0: none */
	bool all; /* end all processes that it has started when it ends (system/orphans.h) */
	int timeout_ms;
	struct wake *wake; /* may be NULL */
};

struct proc_end {
	int status;     /* exit status, or 128 + the signal's number */
	bool timed_out; /* it was ended for taking too long */
};

/*
 * Runs to the end.  `output` gets stdout and stderr in their order, up to its ceiling.  More is
 * read and dropped.  The call returns when the child has ended, even if a process that it started
 * still holds the pipe.  That process continues to run, unless `all` is set.  On a time-out or a
 * stop the whole group gets SIGTERM, and SIGKILL half a second later.
 *
 * Errors: the program could not be started (ERR_RETRY, WORD_INTERNAL; if it is missing: ERR_TARGET,
 * WORD_CONFIG), or a stop (WORD_STOPPED).
 */
bool proc_run(const struct proc_spec *spec, struct buf *output, struct proc_end *end,
	      struct err *err) MUST_CHECK;

#endif
