/*
 * test/unit/unit.h - what the unit tests share: cmocka, and a folder of one's own.
 *
 * A test is a function whose name is the sentence that it checks.
 */
#ifndef UNIT_H
#define UNIT_H

#include "base/err.h"
#include "base/own.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Kept for its end alone. */
#define UNUSED __attribute__((unused))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The call works; otherwise the test fails with its error.  `err` is the test's own. */
#define MUST(call)                                          \
	do {                                                \
		if (!(call))                                \
			fail_msg("%s: %s", #call, err.msg); \
	} while (0)

static inline int unit_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

/* A group's set-up: *state is the path of a new folder (in $TMPDIR), the tear-down removes all that
 * is in it. */
static inline int unit_make_folder(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = NULL;

	if (asprintf(&path, "%s/ptp-unit-XXXXXX", tmp ? tmp : "/tmp") < 0)
		return -1;
	*state = path;
	return mkdtemp(path) ? 0 : -1;
}

/* The same in memory, where a ledger is quick.  Nothing in it can be executed. */
static inline int unit_make_memory_folder(void **state)
{
	const char *tmp = getenv("TMPDIR"), *memory = "/dev/shm";
	char *path = NULL;

	if (tmp && strncmp(tmp, memory, strlen(memory)) == 0)
		memory = tmp;
	if (asprintf(&path, "%s/ptp-unit-XXXXXX", access(memory, W_OK) ? "/tmp" : memory) < 0)
		return -1;
	*state = path;
	return mkdtemp(path) ? 0 : -1;
}

static inline int unit_remove_folder(void **state)
{
	char *path = *state;
	int failed = nftw(path, unit_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(path);
	return failed;
}

#define TEST_IN_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, unit_make_folder, unit_remove_folder)

#endif
