/*
 * core/folders.h - which of the containers' folders hang, and since when.
 *
 * A folder hangs if it does not answer, such as one on a share whose server is gone
 * (system/apart.h). The ledger keeps that, so it holds across processes, and every view can say it.
 */
#ifndef CORE_FOLDERS_H
#define CORE_FOLDERS_H

#include "core/destination.h"

/* Looks at the folders of all these targets at once, so that several that hang take no longer than
 * one.  false: a stop, or the ledger. */
bool folders_look(const struct run *r, const struct target *targets, size_t n,
		  struct err *err) MUST_CHECK;

/* That a folder of this target hangs, and since when: "The folder ... has not answered since ...".
 * The caller's; NULL: none is known to hang. */
char *folders_words(const struct run *r, const struct target *t);

/* Forget what is known of folders that none of these targets has. */
bool folders_forget(const struct run *r, const struct target *targets, size_t n,
		    struct err *err) MUST_CHECK;

#endif
