/*
 * base/proc.h - run another program without a shell: in a process group of its own, without a
 * terminal, with limits on time and output.
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/wake.h"

#include <stdbool.h>

struct proc_spec {
	char *const *argv;  /* ends in NULL; argv[0] is looked up in PATH */
	char *const *env;   /* ends in NULL; NULL: ours */
	const char *folder; /* working directory; NULL: ours */
	int keep; /* a locked file that it holds open as well, so that the lock says whether it
		   * lives; its process id, which is its group's, is written into it.  0: none */
	bool all; /* whatever it has started ends with it, in the end as well (base/orphans.h) */
	int timeout_ms;
	struct wake *wake; /* may be NULL */
};

struct proc_end {
	int status;     /* exit status, or 128 + the signal's number */
	bool timed_out; /* it was ended for taking too long */
};

/*
 * Runs to the end.  `output` gets stdout and stderr in their order, up to its ceiling; what is
 * beyond is read and dropped.  After the child has ended nothing more is waited for, even if a
 * process that it left behind holds the pipe; such a one lives on, unless `all` is set.  On a
 * time-out or a stop the whole group gets SIGTERM and half a second later SIGKILL. Errors: it could
 * not be started (ERR_RETRY, WORD_INTERNAL; a program that is not there: ERR_TARGET, WORD_CONFIG),
 * a stop (WORD_STOPPED).
 */
bool proc_run(const struct proc_spec *spec, struct buf *output, struct proc_end *end,
	      struct err *err) MUST_CHECK;

#endif
