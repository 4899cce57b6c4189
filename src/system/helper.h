/*
 * system/helper.h - a process outside the sandbox that runs programs for the one inside.
 *
 * It is forked before the sandbox is entered (system/sandbox.h).  It gets each program's words,
 * environment, folder and limits over a socket, runs it (system/proc_here.h), and sends back the
 * output and the end.  It gets no secret, and opens nothing itself.  It ends with the process that
 * it serves.  A program that runs then lives on, as it does without a helper.
 */
#ifndef SYSTEM_HELPER_H
#define SYSTEM_HELPER_H

#include "system/proc_here.h"

/* Starts it.  Before any thread, lock, connection or secret, and with signals blocked (wake_hold).
 * `look` is what helper_look() asks for.  If no process can be made, programs are run here. */
void helper_start(bool (*look)(const void *ctx), const void *ctx);

/* Ends it.  From now on programs are run here. */
void helper_end(void);

bool helper_is_there(void);

/* As proc_here(), by the helper.  Errors are the same, and ERR_FATAL where the helper has died. */
bool helper_run(const struct proc_spec *spec, const struct proc_stop *stop, struct buf *output,
		struct proc_end *end, struct err *err) MUST_CHECK;

/* What look() says outside the sandbox, in a process of its own; false without a helper. */
bool helper_look(void);

#endif
