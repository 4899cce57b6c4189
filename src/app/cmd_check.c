/* check: would it work?  Changes nothing (but for the record of a call to the tracker, with
 * --online), and asks for no torrent. */
#include "app/command.h"
#include "app/online.h"
#include "app/wire.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LITTLE_SPACE (64 * 1024 * UINT64_C(1024)) /* worth a warning */
#define EARLIEST_CLOCK INT64_C(1704067200000)     /* 2024-01-01: before this was written */
#define DAY_MS (24 * 3600 * INT64_C(1000))

struct check {
	const struct config *c;
	bool failed;
};

enum mark { GOOD, DOUBTFUL, BAD };

static void say(struct check *k, enum mark mark, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void say(struct check *k, enum mark mark, const char *fmt, ...)
{
	static const char *const head[] = {[GOOD] = "ok  ", [DOUBTFUL] = "warn", [BAD] = "FAIL"};
	va_list ap;

	k->failed |= mark == BAD;
	printf("%s  ", head[mark]);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

/* ---- the configuration ---- */

static const char *mask(const struct secret *s)
{
	return secret_is_set(s) ? "(set, hidden)" : "(not set)";
}

static void print_ping_url(const struct config *c)
{
	struct http_url url;
	struct err err;

	if (!secret_is_set(&c->ping_url))
		printf("HealthchecksURL  (not set: no pings)\n");
	else if (http_url_parse(secret_reveal(&c->ping_url), &url, &err))
		printf("HealthchecksURL  %s://%s/(hidden)\n", url.tls ? "https" : "http", url.host);
}

static void print_client(const struct config_client *c)
{
	struct http_url url;
	struct err ignored;

	printf("Client           %s: %s", c->name, c->type ? c->type->name : "watch");
	if (c->socket)
		printf(" at %s", c->socket);
	else if (c->url && http_url_parse(c->url, &url, &ignored))
		printf(" at %s://%s", url.tls ? "https" : "http", url.host);
	else if (c->url)
		printf(" at %s", c->url);
	printf("\n");
}

static void print_notify(const struct config *c)
{
	char kinds[200];

	for (size_t i = 0; i < c->n_notify; i++) {
		event_kinds_text(c->notify[i].events, kinds, sizeof kinds);
		printf("Notify           %s: %s\n", c->notify[i].label, kinds);
	}
}

static void print_config(const struct config *c)
{
	char interval[NUM_TEXT], sleep[CLOCK_TEXT];
	struct manners manners = schedule_manners(c->fetch_sleep_ms, c->loopback);

	num_duration_format(c->interval_ms, interval);
	clock_span(manners.fetch_gap, sleep);
	printf("Configuration    %s%s\n", c->path, fs_exists(c->path) ? "" : " (not there)");
	printf("State            %s\n", c->state);
	printf("ApiUser          %s\n", mask(&c->user));
	printf("ApiKey           %s\n", mask(&c->key));
	printf("BaseURL          %s\n", c->base_url);
	print_ping_url(c);
	printf("Interval         %s\n", interval);
	printf("Between fetches  %s\n",
	       manners.fetch_gap ? sleep : "no wait (tracker on loopback)");
	printf("PerCycle         %u\n", c->per_cycle);
	printf("Umask            %03o\n", (unsigned)c->mask);
	if (c->utility)
		printf("Engine           utility: %s%s\n", c->utility_path,
		       fs_exists(c->utility_path) ? "" : " (not there yet, will be downloaded)");
	else
		printf("Engine           native\n");
	if (c->ca_file)
		printf("CAFile           %s\n", c->ca_file);
	for (size_t i = 0; i < c->n_containers; i++)
		printf("Container        %s (%s): %s\n", c->containers[i].name,
		       c->containers[i].size, container_place(&c->containers[i]));
	for (size_t i = 0; i < c->n_clients; i++)
		print_client(&c->clients[i]);
	print_notify(c);
	printf("\n");
}

/* ---- folders ---- */

/* In a hidden folder of its own, which is removed: can a file be written and renamed without
 * overwriting?  A client that watches `folder` sees none of it. */
static bool try_rename(const char *folder, struct err *err)
{
	OWN_STR char *hidden = mem_printf("%s/.ptp-archiver-check.%ld", folder, (long)getpid());
	OWN_STR char *from = fs_join(hidden, "from");
	OWN_STR char *to = fs_join(hidden, "to");
	enum fs_publish result = FS_TAKEN;

	if (!fs_make_folder(hidden, 0700, false, err))
		return false;
	bool ok = fs_stage(from, "x", 1, 0600, err) && fs_publish(from, to, &result, err) &&
		  fs_stage(from, "y", 1, 0600, err) && result == FS_PUBLISHED &&
		  fs_publish(from, to, &result, err);
	if (ok && result != FS_TAKEN)
		ok = err_set(err, ERR_TARGET, WORD_DISK,
			     "a rename in %s overwrites what is there; use another file system",
			     folder);
	unlink(from);
	unlink(to);
	rmdir(hidden);
	return ok;
}

static void check_space(struct check *k, const char *what, const char *folder)
{
	char text[NUM_TEXT];
	uint64_t bytes;
	struct err err;

	if (!fs_space(folder, &bytes, NULL, &err)) {
		say(k, BAD, "%s: %s", what, err.msg);
		return;
	}
	num_bytes(bytes, text);
	say(k, bytes < LITTLE_SPACE ? DOUBTFUL : GOOD, "%s: %s free in %s", what, text, folder);
}

static void check_folder(struct check *k, const char *what, const char *folder)
{
	OWN_STR char *parent = fs_parent(folder);
	struct err err;

	if (!fs_is_folder(folder)) {
		if (fs_exists(folder))
			say(k, BAD, "%s: %s is not a folder", what, folder);
		else if (fs_is_folder(parent) && access(parent, W_OK | X_OK) == 0)
			say(k, GOOD, "%s: %s is not there yet and will be made", what, folder);
		else
			say(k, BAD,
			    "%s: %s is not there, and cannot be made in %s: make it, or "
			    "mount it",
			    what, folder, parent);
		return;
	}
	if (!try_rename(folder, &err)) {
		say(k, BAD, "%s: %s", what, err.msg);
		return;
	}
	say(k, GOOD, "%s: %s is writable, and a rename in it is atomic", what, folder);
	check_space(k, what, folder);
}

static void check_state(struct check *k)
{
	const struct config *c = k->c;
	struct stat st;

	OWN_STR char *parent = fs_parent(c->state);
	if (!fs_exists(c->state) && !fs_exists(parent)) {
		say(k, GOOD, "state: %s is not there yet and will be made", c->state);
		return;
	}
	check_folder(k, "state", c->state);
	if (stat(c->state, &st) == 0 && st.st_mode & 077)
		say(k, DOUBTFUL, "state: others can look into %s; chmod 700 it", c->state);
}

/* ---- the rest ---- */

static void check_file(struct check *k)
{
	struct stat st;

	if (stat(k->c->path, &st) == 0 && st.st_mode & 077)
		say(k, DOUBTFUL, "%s: others can read it, and with it the API key; chmod 600 it",
		    k->c->path);
}

static int64_t last_request(const struct config *c)
{
	OWN_STR char *path = wire_ledger_path(c);
	struct pace pace = {0};
	struct err ignored;
	struct ledger *l = fs_exists(path) ? ledger_open(path, true, &ignored) : NULL;

	if (l && !ledger_get_pace(l, &pace, &ignored))
		pace.last_request = 0;
	ledger_close(l);
	return pace.last_request;
}

static void check_clock(struct check *k)
{
	char now_text[CLOCK_TEXT];
	int64_t now = clock_now();

	clock_format(now, now_text);
	if (now < EARLIEST_CLOCK)
		say(k, BAD, "clock: it says %s; set it", now_text);
	else if (last_request(k->c) > now + DAY_MS)
		say(k, DOUBTFUL, "clock: it says %s, which is before the last call in the ledger",
		    now_text);
	else
		say(k, GOOD, "clock: %s", now_text);
}

static void check_settings(struct check *k)
{
	const struct config *c = k->c;

	if (!c->n_containers)
		say(k, DOUBTFUL,
		    "containers: there is none; set PTP_CONTAINERS, or run "
		    "`ptp-archiver create`");
	if (secret_is_set(&c->ping_url))
		say(k, GOOD, "ping URL: of the right form");
	if (c->loopback)
		say(k, DOUBTFUL, "tracker: on this machine, so this is a test");
}

/* ---- the clients ---- */

/* Is it there, and does it let us in?  One try, made because a person asked for it. */
static void check_client(struct check *k, const struct config_client *c)
{
	struct destination d = {0};
	struct client_space space = {0};
	char free[NUM_TEXT];
	struct err err;

	wire_open_client(&d, c, NULL);
	if (!d.client)
		say(k, BAD, "client %s", d.why.msg);
	else if (!d.client->ops->ready(d.client, &err))
		say(k, BAD, "client %s", err.msg);
	else if (!d.client->ops->space(d.client, &(struct placement){0}, &space, &err))
		say(k, GOOD, "client %s: it is there, and lets us in", c->name);
	else {
		num_bytes(space.free, free);
		say(k, GOOD, "client %s: it is there, and lets us in; %s free", c->name, free);
	}
	wire_close_client(&d);
}

static void check_online(struct check *k)
{
	char version[REPLY_VERSION_SIZE];
	struct err err;

	if (online_version(k->c, version, &err))
		say(k, GOOD, "tracker: it answers, and accepts the credentials (its utility is %s)",
		    version);
	else
		say(k, BAD, "tracker: ERR(%s) %s", err.word, err.msg);
}

int cmd_check(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	struct check k = {.c = &c};

	if (in->n_args)
		return command_usage(err, "check takes no arguments");
	if (!command_config(in, CONFIG_CREDENTIALS, &c))
		return STATUS_USAGE;
	print_config(&c);
	check_file(&k);
	check_settings(&k);
	check_clock(&k);
	check_state(&k);
	for (size_t i = 0; i < c.n_containers; i++)
		if (!c.containers[i].client)
			check_folder(&k, c.containers[i].name, c.containers[i].watch_folder);
	if (in->given[OPTION_ONLINE])
		check_online(&k);
	for (size_t i = 0; in->given[OPTION_ONLINE] && i < c.n_clients; i++)
		if (c.clients[i].type)
			check_client(&k, &c.clients[i]);
	return k.failed ? STATUS_FAILED : STATUS_DONE;
}
