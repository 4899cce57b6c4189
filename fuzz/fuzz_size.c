/* Any text as a size, a duration, a number of seconds, and as two versions to compare. */
#include "fuzz.h"

#include "base/mem.h"
#include "base/num.h"

#include <string.h>

#define DAY INT64_C(86400000)
#define LARGEST (UINT64_C(1023) << 50)

static void check_duration(const char *text)
{
	int64_t ms = -1, again = -1;
	char shortest[NUM_TEXT];

	if (!num_duration(text, 30 * DAY, &ms)) {
		CHECK(ms == -1);
		return;
	}
	CHECK(ms > 0 && ms <= 30 * DAY && ms % 1000 == 0);
	num_duration_format(ms, shortest);
	CHECK(num_duration(shortest, 30 * DAY, &again) && again == ms);
}

static void check_versions(const char *text)
{
	const char *other = text + strlen(text) / 2;
	int order = num_version_compare(text, other);

	CHECK(num_version_compare(other, text) == -order);
	CHECK(num_version_compare(text, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWN_STR char *text = mem_dupn((const char *)data, size);
	uint64_t bytes = UINT64_MAX;
	int64_t milli = -1;

	if (num_size(text, &bytes))
		CHECK(bytes <= LARGEST && text[strspn(text, "0123456789.")] && strlen(text) > 1);
	else
		CHECK(bytes == UINT64_MAX);
	if (num_milli(text, 86400, &milli))
		CHECK(milli >= 0 && milli <= DAY);
	else
		CHECK(milli == -1);
	check_duration(text);
	check_versions(text);
	return 0;
}
