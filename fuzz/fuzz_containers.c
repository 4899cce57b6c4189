/* Any text as PTP_CONTAINERS; what is taken are good containers, sorted and different; of what is
 * not, it is told what fixes it. */
#include "fuzz.h"

#include "config/config.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

#include <string.h>

static void check(const struct config *c, bool good)
{
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *one = &c->containers[i];
		CHECK(!container_name_fault(one->name));
		CHECK(num_size(one->size, NULL) || (!good && strcmp(one->size, "?") == 0));
		CHECK(i == 0 || strcmp(c->containers[i - 1].name, one->name) < 0);
		CHECK(text_starts(one->watch_folder, "/srv/") &&
		      !strchr(one->watch_folder + strlen("/srv/"), '/') &&
		      one->watch_folder[strlen("/srv/")] != '.');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWN_STR char *list = mem_dupn((const char *)data, size);
	const struct config_options options = {.path = "/nonexistent/config.ptp"};
	struct problems problems = {0};
	struct config c = {0};

	setenv("PTP_WATCH", "/srv/$name", 1);
	setenv("PTP_CONTAINERS", list, 1);
	config_load(&c, &options, 0, &problems);
	CHECK(c.named_by_environment == (list[0] != '\0'));
	CHECK(problems.n || c.n_containers || !list[0]);
	for (size_t i = 0; i < problems.n; i++)
		CHECK(text_starts(problems.lines[i], "PTP_CONTAINERS") && problems.fixes[i]);
	check(&c, problems.n == 0);
	problems_clear(&problems);
	config_clear(&c);
	return 0;
}
