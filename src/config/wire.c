#include "config/wire.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "core/mark.h"
#include "core/copies.h"
#include "core/pace.h"
#include "core/staged.h"
#include "config/client_apart.h"
#include "ports/client_watchdir.h"
#include "ports/engine_native.h"
#include "ports/engine_utility.h"
#include "system/apart.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *wire_ledger_path(const struct config *c)
{
	return fs_join(c->state, "ledger.db");
}

static bool has_torrents(const char *folder)
{
	OWN_DIR DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (text_ends(entry->d_name, ".torrent"))
			return true;
	return false;
}

char *wire_ledger_lost(const struct config *c)
{
	OWN_STR char *ledger = wire_ledger_path(c);
	OWN_STR char *vault = fs_join(c->state, "vault");
	struct stat st;
	bool there = stat(ledger, &st) == 0;

	if ((there && st.st_size) || !has_torrents(vault))
		return NULL;
	return mem_printf(there ? "%s is empty, but there are torrents in %s"
				: "there is no %s, but there are torrents in %s",
			  ledger, vault);
}

/* An empty ledger is an accident.  A person who wants a new one removes the file. */
static bool is_emptied(const struct config *c, const char *ledger, struct err *err)
{
	OWN_STR char *lost = wire_ledger_lost(c);

	if (!lost || !fs_exists(ledger))
		return false;
	err_set(err, ERR_TARGET, WORD_LEDGER, "%s: " WIRE_LEDGER_EMPTIED_FIX, lost);
	return true;
}

void wire_name_copy(const struct config *c, struct err *err)
{
	OWN_STR char *copy = ledger_is_damaged(err) ? copies_newest_good(c->state, NULL) : NULL;

	if (!copy)
		return;
	OWN_STR char *fault = err_fault(err);
	OWN_STR char *quoted = text_quoted(copy);
	int errnum = err->errnum;
	err_set(err, err->kind, err->code, "%s", fault);
	err->errnum = errnum;
	err_advise(err,
		   "stop the daemon, and put the newest good copy back: ptp-archiver restore %s",
		   quoted);
}

bool wire_open_to_look(const struct config *c, struct ledger **l, struct err *err)
{
	OWN_STR char *path = wire_ledger_path(c);
	struct stat st;

	*l = NULL;
	if (is_emptied(c, path, err))
		return false;
	if (stat(path, &st) < 0 || !st.st_size)
		return true;
	*l = ledger_open(path, true, err);
	if (!*l)
		wire_name_copy(c, err);
	return *l;
}

struct ledger *wire_look(const struct config *c)
{
	struct ledger *l;
	struct err ignored;

	return wire_open_to_look(c, &l, &ignored) ? l : NULL;
}

char *wire_cycle_lock_path(const struct config *c)
{
	return fs_join(c->state, "cycle.lock");
}

char *wire_run_lock_path(const struct config *c)
{
	return fs_join(c->state, "run.lock");
}

char *wire_tell_lock_path(const struct config *c)
{
	return fs_join(c->state, "tell.lock");
}

bool wire_daemon_runs(const struct config *c)
{
	OWN_STR char *lock = wire_run_lock_path(c);
	bool held = false;
	struct err ignored;

	return fs_lock_is_held(lock, &held, &ignored) && held;
}

char *wire_staging_folder(const struct config *c)
{
	return fs_join(c->state, "utility");
}

bool wire_state(const struct config *c, struct err *err)
{
	return fs_make_folder(c->state, 0700, true, err) ||
	       err_wrap(err, "the state folder (--state, PTP_STATE)");
}

static bool before_redirect(void *ctx, struct err *err)
{
	return pace_redirect(ctx, err);
}

static bool before_call(void *ctx, struct err *err)
{
	return pace_before(ctx, PACE_OTHER, NULL, err);
}

static bool after_call(void *ctx, const struct engine_failure *failure, struct err *why,
		       struct err *err)
{
	return failure ? pace_after(ctx, PACE_OTHER, failure, why, err)
		       : pace_ended(ctx, PACE_OTHER, err);
}

static struct engine_tracker tracker_of(const struct parts *p)
{
	const struct config *c = p->config;

	return (struct engine_tracker){
		.user = &c->user,
		.key = &c->key,
		.base_url = c->base_url,
		.fetch_url = c->fetch_url,
		.download_url = c->download_url,
		.version_url = c->version_url,
		.update_url = c->update_url,
		.ca_file = c->ca_file,
		.timeout_ms = c->timeout_ms,
		.wake = p->run.wake,
	};
}

static struct engine *open_native(struct parts *p, struct err *err)
{
	const struct engine_native_options options = {
		.tracker = tracker_of(p), .before_redirect = before_redirect, .ctx = &p->run};

	return engine_native_open(&options, err);
}

static struct engine *open_utility(struct parts *p, struct engine *native, struct err *err)
{
	static const enum engine_utility_update updates[] = {
		[CONFIG_UPDATE_AUTO] = ENGINE_UTILITY_AUTO,
		[CONFIG_UPDATE_NOTIFY] = ENGINE_UTILITY_NOTIFY,
		[CONFIG_UPDATE_OFF] = ENGINE_UTILITY_OFF};
	const struct config *c = p->config;
	const struct engine_utility_options options = {
		.tracker = tracker_of(p),
		.containers = c->containers,
		.n_containers = c->n_containers,
		.script = c->utility_path,
		.staging = p->run.staging,
		.update = updates[c->utility_update],
		.before_call = before_call,
		.after_call = after_call,
		.ctx = &p->run,
	};

	return engine_utility_open(native, &options, err);
}

static struct engine *open_engine(struct parts *p, struct err *err)
{
	struct engine *native = open_native(p, err);

	return native && p->config->utility ? open_utility(p, native, err) : native;
}

static void set_up_run(struct parts *p)
{
	const struct config *c = p->config;

	p->staging_folder = wire_staging_folder(c);
	/* A fetch of the utility's is two requests, and Python. */
	p->run.staging = (struct spool){.folder = p->staging_folder,
					.program = "the utility",
					.run_ms = 3 * c->timeout_ms,
					.wake = p->run.wake};
	p->run.manners = schedule_manners(c->fetch_sleep_ms, c->loopback);
	p->run.speaks = ENGINE_NATIVE_SPEAKS;
	p->run.notified = c->notify;
	p->run.n_notified = c->n_notify;
	p->run.per_cycle = c->per_cycle;
	p->run.keep = c->vault;
	p->run.shared_account = c->shared_account;
}

static bool open_tracker(struct parts *p, struct err *err)
{
	const struct config *c = p->config;

	if (!secret_is_set(&c->user) || !secret_is_set(&c->key))
		return true;
	pace_fingerprint(secret_reveal(&c->user), secret_reveal(&c->key), p->run.credentials);
	p->run.engine = open_engine(p, err);
	return p->run.engine && pace_open(&p->run, err);
}

/* ---- where torrents go ---- */

/* Tells whether the client or the credentials changed, and nothing else of them. */
static void fingerprint(const struct config_client *c, char out[17])
{
	uint8_t digest[SHA256_SIZE];
	const char *word = secret_is_set(&c->password) ? secret_reveal(&c->password) : "";
	const char *proxy =
		secret_is_set(&c->proxy_password) ? secret_reveal(&c->proxy_password) : "";
	char *all = mem_printf("ptp-archiver client\n%s\n%s\n%s\n%s\n%s\n%s", c->url ? c->url : "",
			       c->socket ? c->socket : "", c->user ? c->user : "", word,
			       c->proxy_user ? c->proxy_user : "", proxy);

	hash_sha256(all, strlen(all), digest);
	secret_wipe(all, strlen(all));
	free(all);
	hash_hex(digest, 8, out);
}

void wire_open_client(struct destination *d, const struct config_client *c, struct wake *wake)
{
	const struct client_options options = {
		.name = c->name,
		.url = c->url,
		.socket = c->socket,
		.user = c->user,
		.password = &c->password,
		.proxy_user = c->proxy_user,
		.proxy_password = &c->proxy_password,
		.ca_file = c->ca_file,
		.timeout_ms = c->timeout_ms,
		.wake = wake,
	};

	d->name = mem_dup(c->name);
	d->place = mem_dup(c->name);
	fingerprint(c, d->fingerprint);
	d->client = c->type->open(&options, &d->why);
	if (d->client)
		return;
	d->why.kind = ERR_TARGET;
	d->why.code = WORD_CLIENT;
}

static void open_clients(struct parts *p)
{
	const struct config *c = p->config;

	p->clients = mem_alloc((c->n_clients + 1) * sizeof *p->clients);
	for (size_t i = 0; i < c->n_clients; i++)
		if (c->clients[i].type)
			wire_open_client(&p->clients[i], &c->clients[i], p->run.wake);
}

static void open_folder(struct destination *d, const struct config *c, const struct container *o)
{
	d->place = mem_dup(o->watch_folder);
	d->client =
		client_apart_open(client_watchdir_open(o->watch_folder, c->mask), o->watch_folder);
}

void wire_close_client(struct destination *d)
{
	client_close(d->client);
	free(d->name);
	free(d->place);
	*d = (struct destination){0};
}

struct destination *wire_client(const struct parts *p, const char *name)
{
	for (size_t i = 0; name && i < p->config->n_clients; i++)
		if (p->clients[i].name && strcmp(p->clients[i].name, name) == 0)
			return &p->clients[i];
	return NULL;
}

static void open_targets(struct parts *p)
{
	const struct config *c = p->config;

	open_clients(p);
	p->folders = mem_alloc((c->n_containers + 1) * sizeof *p->folders);
	p->targets = mem_alloc((c->n_containers + 1) * sizeof *p->targets);
	for (; p->n_targets < c->n_containers; p->n_targets++) {
		const struct container *one = &c->containers[p->n_targets];
		struct destination *client = wire_client(p, one->client);
		struct destination *asked = wire_client(p, one->audit_client);
		if (!client)
			open_folder(&p->folders[p->n_targets], c, one);
		p->targets[p->n_targets] = (struct target){
			.container = one,
			.to = client ? client : &p->folders[p->n_targets],
			.asked = client ? client : asked,
		};
	}
}

static void warn_lost(const struct config *c)
{
	OWN_STR char *lost = wire_ledger_lost(c);

	if (lost)
		log_warn(NULL, "%s: was it lost? If so, " WIRE_LEDGER_LOST_FIX, lost);
}

static void warn_strange_owner(const struct config *c)
{
	struct stat st;

	if (geteuid() == 0 && stat(c->state, &st) == 0 && st.st_uid != 0)
		log_warn(NULL,
			 "%s belongs to another user, and files that root makes in it lock that "
			 "user out: run this as that user (sudo -u)",
			 c->state);
}

static bool has_ledger(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}

static bool may_begin(const struct config *c, struct err *err)
{
	const struct mark_witnesses w = {.containers = c->containers,
					 .n = c->n_containers,
					 .config = c->path,
					 .ledger_id = c->ledger_id};

	return mark_may_begin(c->state, &w, err);
}

bool wire_expect_state(const struct config *c, struct err *err)
{
	struct ledger *l;
	struct err ignored;

	if (!wire_open_to_look(c, &l, &ignored))
		return true;
	bool right = l ? mark_expect_state(l, c->state, err) : may_begin(c, err);
	ledger_close(l);
	return right;
}

/* In config.ptp as well: where all containers have clients with an interface, no other place knows
 * of the ledger.  A file that cannot be written stays as it is. */
static bool keep_ledger_id(const struct config *c, struct ledger *l, struct err *err)
{
	char id[MARK_ID];
	struct err why;

	if (!ledger_identity(l, id, err))
		return false;
	if (!fs_exists(c->path) || (c->ledger_id && strcmp(c->ledger_id, id) == 0))
		return true;
	if (!config_keep_ledger_id(c, id, &why))
		log_debug(NULL, "cannot keep the id of the ledger: %s", why.msg);
	return true;
}

bool wire_look_at_folders(const struct config *c, struct err *err)
{
	OWN_STR const char **all = mem_alloc((2 * c->n_containers + 1) * sizeof *all);
	size_t n = 0;

	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *o = &c->containers[i];
		if (!o->client)
			all[n++] = o->watch_folder;
		if (o->data_folder)
			all[n++] = o->data_folder;
	}
	return apart_look(all, n, err);
}

/* A new ledger is begun only in the right folder. */
static struct ledger *open_ledger(const struct config *c, struct err *err)
{
	OWN_STR char *path = wire_ledger_path(c);
	bool fresh = !has_ledger(path);

	if (is_emptied(c, path, err) ||
	    (fresh && !(wire_look_at_folders(c, err) && may_begin(c, err))))
		return NULL;
	warn_lost(c);
	struct ledger *l = ledger_open(path, false, err);
	if (l && ledger_check(l, err) && mark_state(l, c->state, fresh, err) &&
	    keep_ledger_id(c, l, err))
		return l;
	ledger_close(l);
	return NULL;
}

void wire_prepare_ledger(const struct config *c)
{
	struct err ignored;

	ledger_close(open_ledger(c, &ignored));
}

bool wire_accept_state(const struct config *c, bool *begun, struct err *err)
{
	OWN_STR char *path = wire_ledger_path(c);

	*begun = !has_ledger(path);
	if (!wire_state(c, err))
		return false;
	struct ledger *l = ledger_open(path, false, err);
	bool ok = l && mark_accept_state(l, c->state, err);
	ledger_close(l);
	return ok;
}

static bool open_all(struct parts *p, struct err *err)
{
	const struct config *c = p->config;

	if (!wire_state(c, err))
		return false;
	warn_strange_owner(c);
	OWN_STR char *folder = fs_parent(c->path);
	fs_sweep(folder, fs_base_name(c->path));
	p->run.ledger = open_ledger(c, err);
	if (!p->run.ledger)
		return false;
	p->run.vault = vault_open(c->state, err);
	p->health = p->run.vault ? health_open(&c->ping_url, c->ca_file, p->run.wake, err) : NULL;
	p->run.notify = p->health ? notify_open(c->ca_file, p->run.wake, err) : NULL;
	if (!p->run.notify)
		return false;
	set_up_run(p);
	return open_tracker(p, err);
}

bool wire_open(struct parts *p, const struct config *c, struct wake *wake, struct err *err)
{
	*p = (struct parts){.config = c, .run = {.wake = wake}};
	apart_watch(wake);
	if (!open_all(p, err)) {
		wire_name_copy(c, err);
		wire_close(p);
		return false;
	}
	open_targets(p);
	return true;
}

void wire_close(struct parts *p)
{
	for (size_t i = 0; i < p->n_targets; i++)
		wire_close_client(&p->folders[i]);
	for (size_t i = 0; p->clients && i < p->config->n_clients; i++)
		wire_close_client(&p->clients[i]);
	free(p->targets);
	free(p->folders);
	free(p->clients);
	engine_close(p->run.engine);
	notify_close(p->run.notify);
	free(p->staging_folder);
	health_close(p->health);
	vault_close(p->run.vault);
	ledger_close(p->run.ledger);
	apart_watch(NULL);
	*p = (struct parts){0};
}

static bool is_configured(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_containers; i++)
		if (strcmp(c->containers[i].name, name) == 0)
			return true;
	return false;
}

static size_t pending_orphans(const struct parts *p, bool say)
{
	struct assignment *open = NULL;
	size_t n = 0, orphans = 0;
	char label[ASSIGNMENT_LABEL];
	struct err ignored;

	if (!ledger_list(p->run.ledger, LEDGER_PENDING, NULL, 0, &open, &n, &ignored))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (is_configured(p->config, open[i].container))
			continue;
		orphans++;
		if (say)
			log_warn(open[i].container,
				 "%s is pending, but this container is not configured any more; "
				 "configure it again to have it delivered",
				 assignment_label(&open[i], label));
	}
	assignment_list_free(open, n);
	return orphans;
}

static size_t staged_orphans(const struct parts *p, bool say)
{
	struct staged_stray *strays;
	size_t n;
	struct err err;

	if (!staged_strays(p->run.ledger, &p->run.staging, p->config->containers,
			   p->config->n_containers, &strays, &n, &err)) {
		log_warn(NULL, "%s", err.msg);
		return 0;
	}
	for (size_t i = 0; say && i < n; i++)
		log_warn(
			strays[i].container,
			"%s, which the utility downloaded, is not delivered, because its container "
			"is not configured any more; configure it again, or remove the file",
			strays[i].path);
	staged_strays_free(strays, n);
	return n;
}

size_t wire_orphans(const struct parts *p, bool say)
{
	return pending_orphans(p, say) + staged_orphans(p, say);
}

bool wire_has_past(const struct config *c, const char *container)
{
	struct ledger *l = wire_look(c);
	struct assignment *rows = NULL;
	struct err ignored;
	size_t n = 0;
	bool any = l && ledger_list(l, LEDGER_ALL, container, 1, &rows, &n, &ignored) && n;

	assignment_list_free(rows, n);
	ledger_close(l);
	return any;
}

bool wire_knows_folder(const struct config *c, const char *folder)
{
	struct ledger *l = wire_look(c);
	struct mark m = {0};
	struct err ignored;
	bool known = l && ledger_get_mark(l, folder, &m, &ignored) && m.id[0];

	ledger_close(l);
	return known;
}
