/*
 * test/unit/fake_sql.h - a disk on which one call of SQLite fails.
 *
 * In place of sqlite3_step(), for the executables that link with fake_sql.c (see test/meson.build).
 */
#ifndef FAKE_SQL_H
#define FAKE_SQL_H

#include <stdbool.h>

/* The call number `nth` from now, counted from 1, fails once; 0: none does. */
void fake_sql_fail(unsigned nth);

/* Has it failed? */
bool fake_sql_failed(void);

#endif
