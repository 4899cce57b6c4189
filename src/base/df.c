#include "base/df.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A number of KiB at *at, which is moved behind it and the blanks; false: there is none. */
static bool take_kib(const char **at, uint64_t *bytes)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	uint64_t n = strtoull(*at, &end, 10);
	if (*end != ' ' || n > UINT64_MAX / 1024)
		return false;
	*bytes = n * 1024;
	*at = end + strspn(end, " ");
	return true;
}

/* "<blocks> <used> <available> <capacity>%", where one begins. */
static bool read_numbers(const char *at, uint64_t *free, uint64_t *total)
{
	uint64_t all, used, left;

	if (!take_kib(&at, &all) || !take_kib(&at, &used) || !take_kib(&at, &left))
		return false;
	at += strspn(at, "0123456789");
	if ((*at != '%' && *at != '-') || at[1] != ' ')
		return false;
	*free = left;
	*total = all;
	return true;
}

/* A device's name may hold blanks. */
bool df_read(const char *text, uint64_t *free, uint64_t *total)
{
	for (const char *at = text; *at; at++)
		if (at > text && at[-1] == ' ' && read_numbers(at, free, total))
			return true;
	return false;
}
