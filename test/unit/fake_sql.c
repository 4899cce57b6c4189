#include "fake_sql.h"

#include <sqlite3.h>

static unsigned left;
static bool failed;

void fake_sql_fail(unsigned nth)
{
	left = nth;
	failed = false;
}

bool fake_sql_failed(void)
{
	return failed;
}

int __wrap_sqlite3_step(sqlite3_stmt *s);
int __real_sqlite3_step(sqlite3_stmt *s);

int __wrap_sqlite3_step(sqlite3_stmt *s)
{
	if (left == 0 || --left > 0)
		return __real_sqlite3_step(s);
	failed = true;
	return SQLITE_IOERR;
}
