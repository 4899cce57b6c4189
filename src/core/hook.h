/*
 * core/hook.h - AfterFetchExec: commands to run after a delivery.
 *
 * As the official utility does it: the text is split at "&&", and each part at white space.  The
 * commands run one after the other, without a shell.  $path and $name are replaced.
 *
 * Two things differ.  The words are split before they are replaced.  So a path with a space stays
 * one word, and a torrent's name can add neither a word nor a command.  And the commands do not see
 * the variables that hold secrets (PTP_USER, PTP_KEY, HC_URL, PTP_NOTIFY).
 *
 * A command that fails ends the sequence, as && says.  What a stop or a crash cut off is not run
 * again.  It may have done its work, and whether that may be done twice is not known here.
 */
#ifndef CORE_HOOK_H
#define CORE_HOOK_H

#include "base/err.h"
#include "base/wake.h"

/* Runs all; their output goes to the log, words that could be a passkey hidden.  false: which
 * command failed, and how (never fatal), or WORD_STOPPED. */
bool hook_run(const char *commands, const char *container, const char *path, struct wake *wake,
	      struct err *err) MUST_CHECK;

/* Can hook_run() run these words with some path? */
bool hook_fits(const char *commands, char *const *argv);

#endif
