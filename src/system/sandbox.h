/*
 * system/sandbox.h - what this process gives up for good: files that it does not need, programs,
 * tracing, mounting and the like.
 *
 * Landlock (Linux 5.19; landlock(7)) limits files: what no rule names can be neither read nor
 * written, but looked at (stat).  Its ABI 1 (Linux 5.13) refuses to rename a file into another
 * folder, so it is not used.  With ABI 4 (Linux 6.7) it limits on which TCP port the process
 * can listen.  A seccomp filter (seccomp(2)) refuses system calls with EPERM.  So a library that
 * tries something new gets an error that it knows, and the log says what failed.
 *
 * Both stay until the process ends, and hold for its children too.  A kernel that has one of them,
 * or none, is no error.
 */
#ifndef SYSTEM_SANDBOX_H
#define SYSTEM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_right { SANDBOX_READ, SANDBOX_WRITE, SANDBOX_RUN };

struct sandbox_rules {
	struct sandbox_rule {
		char *path; /* owned; a file, or a folder with all below it; of RUN: commands that
			     * the helper may run (system/helper.h) */
		enum sandbox_right right;
	} * list;
	size_t n;
	int port; /* where it listens; 0: any that is free; -1: nowhere */
};

/* Adds a rule, unless there is one; NULL is nothing. */
void sandbox_allow(struct sandbox_rules *r, const char *path, enum sandbox_right right);
void sandbox_rules_clear(struct sandbox_rules *r);
bool sandbox_rules_same(const struct sandbox_rules *a, const struct sandbox_rules *b);

/* Does the kernel have any of it?  The Landlock ABI, 0: none, or 1; is there seccomp? */
int sandbox_landlock_abi(void);
bool sandbox_has_seccomp(void);

/* Once, before any thread.  There are no rights to a path that is not there, or does not answer
 * within 8 seconds: see sandbox_is_stale(). */
void sandbox_enter(const struct sandbox_rules *r);

/* Is this process inside? */
bool sandbox_is_on(void);

/* "Landlock (ABI 7) and seccomp", as this process is in it; the caller's.  NULL: it is off. */
char *sandbox_words(void);

/* The same of what this kernel offers; NULL: it has none. */
char *sandbox_offered(void);

/* Has another file or folder taken the place of one that a rule names, such as a disk that was
 * mounted?  Does one answer that did not?  Was one made or removed, or could it be made now?  Then
 * only a new process can get the rights.  Takes a second at most, and 50 ms for each further folder
 * that hangs. */
bool sandbox_is_stale(const struct sandbox_rules *r);

#endif
