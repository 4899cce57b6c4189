/*
 * test/unit/household.h - the opened parts that the daemon works with, of fakes: the world of
 * world.h with two containers ("attic", "cellar") and their client "box", pings and messages over
 * fake_http.h, and a configuration made by hand.
 */
#ifndef HOUSEHOLD_H
#define HOUSEHOLD_H

#include "daemon/once.h"

#include "fake_http.h"
#include "world.h"

#define PING_URL "https://hc.test/ping"

/* Answers of Healthchecks, each to one ping. */
#define PING(path)                                                          \
	{                                                                   \
		.asked = PING_URL path "?rid=", .status = 200, .body = "OK" \
	}
#define PING_START PING("/start")
#define PING_SUCCESS PING("")
#define PING_FAIL PING("/fail")
#define PING_LOG PING("/log")

struct household {
	struct world w; /* first: world_remove() takes a household for one */
	struct container containers[2];
	char size[8];
	struct target targets[2];
	struct config_client box;
	struct notify_target notify;
	struct config config;
	struct parts parts;
	struct once once; /* a regular cycle over both; a test changes it */
	bool well;
	struct err err;
	struct event message;
};

static inline void household_configure(struct household *h)
{
	struct config *c = &h->config;

	h->w.attic.size = h->size;
	h->containers[0] = h->w.attic;
	h->containers[1] = h->w.attic;
	h->containers[1].name = mem_dup("cellar");
	h->box.name = h->w.f.to.name;
	*c = (struct config){.path = fs_join(h->w.f.folder, "config.ptp"),
			     .state = h->w.f.folder,
			     .interval_ms = 6 * HOUR,
			     .containers = h->containers,
			     .n_containers = 2,
			     .clients = &h->box,
			     .n_clients = 1};
	secret_set(&c->ping_url, PING_URL);
	for (size_t i = 0; i < 2; i++)
		h->targets[i] = (struct target){
			.container = &h->containers[i], .to = &h->w.f.to, .asked = &h->w.f.to};
}

static inline int household_make(void **state)
{
	struct household *h = mem_alloc(sizeof *h);
	void *made = NULL;

	if (world_make(&made))
		return -1;
	h->w = *(struct world *)made;
	free(made);
	*state = h;
	text_copy(h->size, sizeof h->size, "100G");
	fake_http_script(NULL, 0);
	h->w.f.to.client = &h->w.f.fake.base;
	h->w.engine.base.ops = &h->w.engine.ops;
	household_configure(h);
	h->parts = (struct parts){.config = &h->config,
				  .run = h->w.f.run,
				  .health = health_open(&h->config.ping_url, NULL, NULL, &h->err),
				  .clients = &h->w.f.to,
				  .targets = h->targets,
				  .n_targets = 2};
	h->w.run = &h->parts.run;
	h->w.run->engine = &h->w.engine.base;
	h->w.run->notify = notify_open(NULL, NULL, &h->err);
	h->once = (struct once){.parts = &h->parts, .kind = CYCLE_REGULAR};
	return h->parts.health && h->w.run->notify ? 0 : -1;
}

static inline int household_remove(void **state)
{
	struct household *h = *state;

	fake_http_end();
	notify_close(h->w.run->notify);
	health_close(h->parts.health);
	notify_target_clear(&h->notify);
	event_clear(&h->message);
	secret_clear(&h->config.ping_url);
	free(h->config.path);
	free(h->containers[1].name);
	h->w.f.run = h->parts.run;
	h->w.run = &h->w.f.run;
	return world_remove(state);
}

#define TEST_IN_HOUSEHOLD(name) \
	cmocka_unit_test_setup_teardown(name, household_make, household_remove)

/* A person wants messages of these kinds (EVENT_BITs), at https://hook.test/. */
static inline void household_notify(struct household *h, unsigned events)
{
	assert_null(notify_parse("webhook+https://hook.test/", &h->notify));
	assert_null(notify_complete(&h->notify, NULL));
	h->notify.events = events;
	h->config.notify = &h->notify;
	h->config.n_notify = 1;
	h->w.run->notified = &h->notify;
	h->w.run->n_notified = 1;
}

/* The oldest message that waits to be sent; NULL: none does.  Borrowed until the next call. */
static inline const struct event *household_message(struct household *h)
{
	struct err err;
	bool is;

	event_clear(&h->message);
	h->message = (struct event){0};
	MUST(ledger_next_message(h->w.run->ledger, h->notify.fingerprint, &h->message, &is, &err));
	return is ? &h->message : NULL;
}

/* Messages until now are settled. */
static inline void household_forget_messages(struct household *h)
{
	struct err err;

	MUST(ledger_forget_messages(h->w.run->ledger, INT64_MAX, INT64_MAX, &err));
}

/* Another process holds this lock; the descriptor is the caller's. */
static inline int household_lock(struct household *h, const char *name)
{
	OWN_STR char *path = fs_join(h->w.f.folder, name);
	struct err err;
	bool held;
	int fd = fs_lock(path, &held, &err);

	assert_true(fd >= 0);
	return fd;
}

static inline bool household_cycle(struct household *h)
{
	h->well = false;
	h->err = (struct err){0};
	return once_run(&h->once, &h->well, &h->err);
}

#endif
