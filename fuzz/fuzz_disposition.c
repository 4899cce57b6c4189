/* Any bytes for Content-Disposition, and as a name; what comes of it can do no harm. */
#include "fuzz.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/filename.h"

#include <string.h>

static void check_safe(const char *name)
{
	OWN_STR char *safe = filename_safe(name);
	OWN_STR char *again = filename_safe(safe);
	OWN_STR char *longer = filename_with_infohash(safe, "0123456789abcdef");
	OWN_STR char *printable = text_printable(safe, strlen(safe), 1024);

	CHECK(strlen(safe) <= FILENAME_MAX_BYTES && strlen(longer) <= 255);
	CHECK(strlen(safe) > strlen(".torrent") && text_ends(safe, ".torrent"));
	CHECK(!strpbrk(safe, "/\\<>:\"|?*") && safe[0] != '.' && safe[0] != '-');
	CHECK(strcmp(printable, safe) == 0 && strcmp(again, safe) == 0);
	CHECK(text_ends(longer, " [01234567].torrent"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWN_STR char *field = mem_dupn((const char *)data, size);
	OWN_STR char *name = filename_from_disposition(field);

	CHECK(!name || (name[0] && text_is_utf8(name, strlen(name))));
	check_safe(field);
	if (name)
		check_safe(name);
	return 0;
}
