/* The torrent clients, really called; declared in doctor/doctor.h. */
#include "doctor/doctor.h"
#include "config/wire.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/own.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* Of a client of this name, whose URLs are such. */
#define SEE_WHETHER_IT_RUNS                                                                  \
	"see whether it runs, with its web interface on, and is at this URL seen from here " \
	"(Clients: %s: URL, such as %s)"
#define NEAR_MISS 2 /* letters that differ */

/* ---- does it accept the password? ---- */

/* No answer came: at which step? */
static void say_no_answer(struct doctor *d, const struct config_client *c, const char *about,
			  const struct client *client, const struct err *why)
{
	OWN_STR char *fix = mem_printf(SEE_WHETHER_IT_RUNS, c->name, c->type->url_example);
	struct doctor_way w = {
		.about = about,
		.tests = {"client-name", "client-connection", "client-tls", "client-answer"},
		.fix = fix};

	if (c->url)
		doctor_set_way(&w, c->url);
	doctor_trouble(d, &w, client->trouble, why);
}

static void say_refused(struct doctor *d, const struct config_client *c, const char *about,
			bool by_proxy, const struct err *why)
{
	doctor_say(d, DOCTOR_FAIL, "client-password", about, "it refuses the password (%s)",
		   why->msg);
	if (by_proxy)
		doctor_fix(d,
			   "if there is a proxy in front of it, give ProxyUsername and "
			   "ProxyPasswordFile of Clients: %s in config.ptp; if there is none, "
			   "another program answers there: correct URL",
			   c->name);
	else
		doctor_fix(d,
			   "correct Username and PasswordFile (Password) of Clients: %s in "
			   "config.ptp; clients ban for a while who guesses",
			   c->name);
}

static void say_away(struct doctor *d, const struct config_client *c, const char *about,
		     const struct client *client, const struct err *why)
{
	if (client && client->refused) {
		say_refused(d, c, about, client->proxy_refused, why);
		return;
	}
	if (client && client->trouble) {
		say_no_answer(d, c, about, client, why);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "client-connection", about, "%s (%s)",
		   why->kind == ERR_TARGET ? "it cannot be used"
					   : "it cannot be reached, or is not well",
		   why->msg);
	if (why->kind == ERR_TARGET)
		doctor_fix(d, "correct Clients: %s in config.ptp: its URL is such as %s", c->name,
			   c->type->url_example);
	else
		doctor_fix(d, SEE_WHETHER_IT_RUNS, c->name, c->type->url_example);
}

/* ---- the categories ---- */

/* How many torrents of the container's the client should have, by the ledger. */
static size_t expected(const struct config *c, const struct container *o)
{
	struct ledger_totals t = {0};
	struct err ignored;
	struct ledger *l = wire_look(c);

	if (l && !ledger_totals(l, o->name, &t, &ignored))
		t.delivered = 0;
	ledger_close(l);
	return t.delivered;
}

/* A category of the client's that is nearly the wanted one; borrowed from `all`, or NULL. */
static const char *near_miss(const struct client_torrents *all, const char *wanted)
{
	for (size_t i = 0; i < all->n; i++) {
		const char *has = all->list[i].category;
		if (has && *has && strcmp(has, wanted) != 0 &&
		    text_distance(has, wanted) <= NEAR_MISS)
			return has;
	}
	return NULL;
}

static void say_empty(struct doctor *d, const char *about, struct client *client,
		      const struct container *o)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	const char *wanted = o->placement.category;
	size_t delivered = expected(d->config, o);
	struct err ignored;
	const char *near =
		client->ops->list(client, NULL, &all, &ignored) ? near_miss(&all, wanted) : NULL;

	if (!near && !delivered) {
		doctor_say(d, DOCTOR_OK, "client-category", about,
			   "it has no torrent of the category %s yet; the first that is delivered "
			   "gets it, and the category is made where it is missing",
			   wanted);
		return;
	}
	doctor_say(d, DOCTOR_WARN, "client-category", about,
		   "it has no torrent of the category %s, although %zu of %s were delivered%s%s",
		   wanted, delivered, o->name, near ? "; there is one called " : "",
		   near ? near : "");
	doctor_fix(d,
		   "correct Category (PTP_CATEGORY) of %s, or give the torrents this category "
		   "in the client",
		   o->name);
}

static void check_category(struct doctor *d, const char *about, struct client *client,
			   const struct container *o)
{
	OWN_CLIENT_TORRENTS struct client_torrents all = {0};
	const char *wanted = o->placement.category;
	struct err err;

	if (!client->ops->list(client, wanted, &all, &err)) {
		doctor_say(d, DOCTOR_FAIL, "client-category", about, "%s", err.msg);
		doctor_fix(d,
			   "see whether the client knows categories or labels (Deluge: switch "
			   "its Label plugin on), or unset Category (PTP_CATEGORY) of %s",
			   o->name);
	} else if (!all.n) {
		say_empty(d, about, client, o);
	} else {
		doctor_say(d, DOCTOR_OK, "client-category", about,
			   "it has %zu torrent%s of the category %s", all.n, all.n == 1 ? "" : "s",
			   wanted);
	}
}

/* Each category once. */
static bool is_first_with(const struct config *c, size_t at)
{
	const struct container *o = &c->containers[at];

	for (size_t i = 0; i < at; i++) {
		const struct container *other = &c->containers[i];
		if (other->client && other->placement.category &&
		    strcmp(other->client, o->client) == 0 &&
		    strcmp(other->placement.category, o->placement.category) == 0)
			return false;
	}
	return true;
}

static void check_categories(struct doctor *d, const struct config_client *c, const char *about,
			     struct client *client)
{
	for (size_t i = 0; client->ops->list && i < d->config->n_containers; i++) {
		const struct container *o = &d->config->containers[i];
		if (o->client && strcmp(o->client, c->name) == 0 && o->placement.category &&
		    is_first_with(d->config, i))
			check_category(d, about, client, o);
	}
}

/* ---- the space ---- */

static void check_reserve(struct doctor *d, const struct container *o, const char *about,
			  struct client *client)
{
	struct client_space space = {0};
	char free[NUM_TEXT];
	struct err err;

	if (!client->ops->space || !client->ops->space(client, &o->placement, &space, &err))
		return;
	uint64_t wanted =
		o->reserve.bytes ? o->reserve.bytes : space.total / 100 * o->reserve.percent;
	num_bytes(space.free, free);
	doctor_say(d, space.free < wanted ? DOCTOR_WARN : DOCTOR_OK, "client-space", about,
		   "%s free where it stores %s%s", free, o->name,
		   space.free < wanted ? ", less than Reserve" : "");
	if (space.free < wanted)
		doctor_fix(d, "make room there; until then nothing new is asked for (Reserve, "
			      "PTP_RESERVE)");
}

static void check_space(struct doctor *d, const struct config_client *c, const char *about,
			struct client *client)
{
	for (size_t i = 0; i < d->config->n_containers; i++) {
		const struct container *o = &d->config->containers[i];
		if (o->client && strcmp(o->client, c->name) == 0 && !o->data_folder)
			check_reserve(d, o, about, client);
	}
}

/* With the manners of every call: what it refused earlier is not tried again, and a refusal is
 * remembered. */
static bool let_in(const struct config *c, const struct destination *to, struct err *err)
{
	OWN_STR char *path = wire_ledger_path(c);
	struct ledger *l = ledger_open(path, false, err);
	const struct run run = {.ledger = l};

	if (!l)
		return false;
	bool ok = destination_ready(&run, to, err);
	ledger_close(l);
	return ok;
}

static void check_client(struct doctor *d, const struct config_client *c)
{
	OWN(wire_close_client) struct destination to = {0};
	OWN_STR char *about = mem_printf("client %s", c->name);
	struct err err;

	wire_open_client(&to, c, NULL);
	if (!to.client) {
		say_away(d, c, about, NULL, &to.why);
		return;
	}
	if (!let_in(d->config, &to, &err)) {
		say_away(d, c, about, to.client, &err);
		return;
	}
	doctor_say(d, DOCTOR_OK, "client-connection", about, "it answers and accepts the password");
	check_categories(d, c, about, to.client);
	check_space(d, c, about, to.client);
}

static void skip_client(struct doctor *d, const struct config_client *c)
{
	OWN_STR char *about = mem_printf("client %s", c->name);

	doctor_say(d, DOCTOR_WARN, "client-connection", about,
		   "not called, because its settings cannot be used");
	doctor_fix(d, "correct Clients: %s in %s, then run `ptp-archiver check --online` again",
		   c->name, d->config->path);
}

void doctor_clients(struct doctor *d)
{
	for (size_t i = 0; i < d->config->n_clients; i++) {
		const struct config_client *c = &d->config->clients[i];
		if (c->faulty)
			skip_client(d, c);
		else if (c->type)
			check_client(d, c);
	}
}
