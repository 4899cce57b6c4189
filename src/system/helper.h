/*
 * system/helper.h - a process outside the sandbox that runs programs for the one inside.
 *
 * It is forked before the sandbox is entered (system/sandbox.h).  It gets each program's words,
 * environment, folder and limits over a socket, runs it (system/proc_here.h), and sends back the
 * output and the end.  Before the sandbox is entered it hears which commands it may run: who takes
 * over the process inside can ask for no other, and not with other variables.  It opens nothing
 * itself.  It ends with the process that it serves.  A program that runs then lives on, as it does
 * without a helper.
 */
#ifndef SYSTEM_HELPER_H
#define SYSTEM_HELPER_H

#include "system/proc_here.h"

/* Starts it.  Before any thread, lock, connection or secret, and with signals blocked (wake_hold).
 * If no process can be made, programs are run here. */
struct helper_duty {
	bool (*look)(const void *ctx); /* what helper_look() asks for */
	const void *ctx;
	bool (*fits)(const char *commands, char *const *argv); /* is this one of them? */
};
void helper_start(const struct helper_duty *duty);

/* It may run these commands, with the variables that it has itself. */
void helper_permit(const char *commands);

/* It may run this program with any words and variables. */
void helper_permit_program(const char *program);

/* No more permits are taken. */
void helper_seal(void);

/* Ends it.  From now on programs are run here. */
void helper_end(void);

bool helper_is_there(void);

/* As proc_here(), by the helper.  Errors are the same.  ERR_RETRY: the helper has died. ERR_TARGET:
 * there is no permit. */
bool helper_run(const struct proc_spec *spec, const struct proc_stop *stop, struct buf *output,
		struct proc_end *end, struct err *err) MUST_CHECK;

/* What look() says outside the sandbox, in a process of its own; false without a helper. */
bool helper_look(void);

#endif
