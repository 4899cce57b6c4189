/* Any text as the output of the official utility, and as its source. */
#include "fuzz.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/utility_output.h"

#include <string.h>

static void check_failure(const struct utility_output *said)
{
	CHECK(said->type[0] && strlen(said->type) < sizeof said->type);
	CHECK(strlen(said->message) < sizeof said->message);
	CHECK(said->status == 0 || (said->status >= 100 && said->status <= 599));
	CHECK(!said->torrent_id[0] == !said->archive_id[0]);
	CHECK(strspn(said->torrent_id, "0123456789") == strlen(said->torrent_id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWN_STR char *text = mem_dupn((const char *)data, size);
	char version[REPLY_VERSION_SIZE];
	struct utility_output said;

	utility_output_read(0, text, &said);
	CHECK(said.verdict == UTILITY_OK);
	utility_output_read(1, text, &said);
	CHECK(said.verdict != UTILITY_OK);
	if (said.verdict == UTILITY_FAILED)
		check_failure(&said);
	CHECK(!utility_output_lists(text, "attic") || strstr(text, "\tattic ("));
	if (utility_output_version(text, version))
		CHECK(version[0] && strspn(version, "0123456789.") == strlen(version));
	return 0;
}
