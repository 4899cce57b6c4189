/* Any bytes as config.ptp; what is taken without a problem is within the limits, and is the same
 * after it was written and read again. */
#include "fuzz.h"

#include "app/config.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

static char folder[] = "/dev/shm/fuzz-config-XXXXXX", path[sizeof folder + 16];

static void remove_folder(void)
{
	unlink(path);
	rmdir(folder);
}

/* In memory, since each input is synchronised to the disk. */
static void make_folder(void)
{
	if (path[0])
		return;
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/config.ptp", folder);
	atexit(remove_folder);
}

static void put(const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "w");

	CHECK(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

static void load(struct config *c, struct problems *problems)
{
	const struct config_options options = {.path = path};

	config_load(c, &options, 0, problems);
}

static void check(const struct config *c)
{
	CHECK(c->interval_ms > 0 && c->interval_ms <= CONFIG_INTERVAL_MAX_MS);
	CHECK(c->loopback || c->interval_ms >= CONFIG_INTERVAL_MIN_MS);
	CHECK(c->fetch_sleep_ms >= 0 && c->fetch_sleep_ms <= CONFIG_FETCH_SLEEP_MAX_S * 1000);
	CHECK(c->per_cycle >= 1 && c->per_cycle <= CONFIG_PER_CYCLE_MAX && c->mask <= 0777);
	CHECK(c->timeout_ms > 0 && c->timeout_ms <= CONFIG_TIMEOUT_MAX_MS);
	CHECK(c->loopback || text_starts(c->base_url, "https:") || strchr(c->base_url, ':'));
	CHECK(c->n_notify <= CONFIG_NOTIFY_MAX);
	for (size_t i = 0; i < c->n_notify; i++)
		CHECK(!(c->notify[i].events & ~EVENTS_ALL) && c->notify[i].fingerprint[0]);
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *one = &c->containers[i];
		CHECK(!container_name_fault(one->name) && num_size(one->size, NULL));
		CHECK(one->watch_folder[0] && one->max_stalled <= CONTAINER_STALLED_MAX);
		CHECK(i == 0 || strcmp(c->containers[i - 1].name, one->name) < 0);
	}
}

static void check_same(const struct config *a, const struct config *b)
{
	CHECK(secret_same(&a->user, &b->user) && secret_same(&a->key, &b->key));
	CHECK(secret_same(&a->ping_url, &b->ping_url) && strcmp(a->base_url, b->base_url) == 0);
	CHECK(a->fetch_sleep_ms == b->fetch_sleep_ms && a->interval_ms == b->interval_ms);
	CHECK(a->n_containers == b->n_containers && a->mask == b->mask);
	for (size_t i = 0; i < a->n_containers; i++) {
		const struct container *x = &a->containers[i], *y = &b->containers[i];
		CHECK(strcmp(x->name, y->name) == 0 && strcmp(x->size, y->size) == 0);
		/* A name that holds "$name" is replaced once more at each reading. */
		CHECK(strcmp(x->watch_folder, y->watch_folder) == 0 || strstr(x->name, "$name"));
		CHECK(x->max_stalled == y->max_stalled);
		CHECK(!x->after_fetch_exec == !y->after_fetch_exec);
	}
}

static void check_round_trip(const struct config *c)
{
	struct problems problems = {0};
	struct config again = {0};
	struct err err;

	CHECK(config_write(c, &err));
	load(&again, &problems);
	CHECK(problems.n == 0);
	check_same(c, &again);
	config_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = {0};
	struct config c = {0};

	make_folder();
	put(data, size);
	load(&c, &problems);
	if (problems.n == 0) {
		check(&c);
		check_round_trip(&c);
	}
	problems_clear(&problems);
	config_clear(&c);
	return 0;
}
