/* Any bytes as config.ptp; what is taken without a problem is within the limits, and is the same
 * after it was written and read again. */
#include "fuzz.h"

#include "config/config.h"
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

/* A text that a client may be given. */
static void check_text(const char *text)
{
	CHECK(!text || (strlen(text) <= CONFIG_CLIENT_TEXT_MAX &&
			text_is_utf8(text, strlen(text)) && !strpbrk(text, "\r\n\x1b\x7f")));
}

static void check_client(const struct config_client *c)
{
	CHECK(c->name[0] && c->timeout_ms > 0 && c->timeout_ms <= CONFIG_TIMEOUT_MAX_MS);
	CHECK(c->type ? c->url || c->socket : c->watch_folder != NULL);
	CHECK(!c->url || (!strchr(c->url, '@') && strstr(c->url, "://")));
	CHECK(!c->socket || c->socket[0] == '/');
	check_text(c->name);
	check_text(c->url);
	check_text(c->user);
	check_text(c->proxy_user);
}

static void check_placement(const struct config *c, const struct container *o)
{
	const struct placement *p = &o->placement;
	const struct config_client *client = config_client_find(c, o->client);
	const struct config_client *asked = config_client_find(c, o->audit_client);

	CHECK(!o->client || (client && client->type));
	CHECK(!o->audit_client || (asked && asked->type));
	CHECK(o->max_active <= CONTAINER_STALLED_MAX && o->max_pending <= CONTAINER_STALLED_MAX);
	CHECK(o->reserve.percent <= 99 && !(o->reserve.percent && o->reserve.bytes));
	CHECK(o->pick_up_ms >= 0 && o->pick_up_ms <= CONFIG_INTERVAL_MAX_MS);
	check_text(p->category);
	check_text(p->tags);
	check_text(p->save_path);
	CHECK(!p->tags || (p->tags[0] && !strstr(p->tags, ",,") && p->tags[0] != ',' &&
			   p->tags[strlen(p->tags) - 1] != ','));
	CHECK(!p->category || !client || !client_type_category_fault(client->type, p->category));
}

static void check(const struct config *c)
{
	CHECK(c->interval_ms > 0 && c->interval_ms <= CONFIG_INTERVAL_MAX_MS);
	CHECK(c->loopback || c->interval_ms >= CONFIG_INTERVAL_MIN_MS);
	CHECK(c->fetch_sleep_ms >= 0 && c->fetch_sleep_ms <= CONFIG_FETCH_SLEEP_MAX_S * 1000);
	CHECK(c->per_cycle >= 1 && c->per_cycle <= CONFIG_PER_CYCLE_MAX && c->mask <= 0777);
	CHECK(c->timeout_ms > 0 && c->timeout_ms <= CONFIG_TIMEOUT_MAX_MS);
	CHECK(c->loopback || text_starts(c->base_url, "https:") || strchr(c->base_url, ':'));
	CHECK(!c->public_url || strlen(c->public_url) <= CONFIG_PUBLIC_URL_MAX);
	CHECK(c->n_notify <= CONFIG_NOTIFY_MAX);
	for (size_t i = 0; i < c->n_notify; i++)
		CHECK(!(c->notify[i].events & ~EVENTS_ALL) && c->notify[i].fingerprint[0]);
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *one = &c->containers[i];
		CHECK(!container_name_fault(one->name) && num_size(one->size, NULL));
		CHECK((one->client || one->watch_folder[0]) &&
		      one->max_stalled <= CONTAINER_STALLED_MAX);
		CHECK(i == 0 || strcmp(c->containers[i - 1].name, one->name) < 0);
		check_placement(c, one);
	}
	for (size_t i = 0; i < c->n_clients; i++)
		check_client(&c->clients[i]);
}

static bool same(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static void check_same(const struct config *a, const struct config *b)
{
	CHECK(secret_same(&a->user, &b->user) && secret_same(&a->key, &b->key));
	CHECK(same(a->public_url, b->public_url) && same(a->ca_file, b->ca_file));
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
		CHECK(same(x->client, y->client) && same(x->audit_client, y->audit_client));
		CHECK(same(x->placement.category, y->placement.category));
		CHECK(same(x->placement.tags, y->placement.tags));
		CHECK(same(x->placement.save_path, y->placement.save_path));
		CHECK(x->placement.paused == y->placement.paused);
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
	for (size_t i = 0; i < problems.n; i++)
		CHECK(problems.fixes[i] && problems.fixes[i][0]);
	if (problems.n == 0) {
		check(&c);
		check_round_trip(&c);
	}
	problems_clear(&problems);
	config_clear(&c);
	return 0;
}
