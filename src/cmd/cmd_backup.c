/* backup and restore: the state in one file. */
#include "cmd/command.h"
#include "config/wire.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/num.h"
#include "core/backup.h"
#include "core/restore.h"

#include <inttypes.h>
#include <stdio.h>

/* Problems of the configuration do not stop a backup, or a restore on a new machine. */
static bool load(const struct invocation *in, struct config *c)
{
	struct problems ignored = {0};

	config_load(c, &in->config, 0, &ignored);
	log_setup(c->log_level, c->log_format);
	problems_clear(&ignored);
	return true;
}

static void close_vault(struct vault **v)
{
	vault_close(*v);
}

/* ---- backup ---- */

static void print_made(const char *path, const struct backup_done *done, const struct buf *config,
		       bool secrets)
{
	log_progress_end();
	printf("%s: %" PRIu64 " assignments, %" PRIu64 " torrents, %s; %.1f MB, read again and "
	       "found good\n",
	       path, done->assignments, done->torrents,
	       !config->len ? "no config.ptp"
	       : secrets    ? "config.ptp with its secrets"
			    : "config.ptp without secrets",
	       (double)done->bytes / 1e6);
	if (done->damaged)
		printf("%" PRIu64 " torrents of the vault are damaged, and not in it\n",
		       done->damaged);
}

static bool has_ledger(const char *ledger, struct err *err)
{
	return fs_exists(ledger) ||
	       err_set(err, ERR_TARGET, WORD_LEDGER,
		       "there is no ledger %s, so there is nothing to back up", ledger);
}

int cmd_backup(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(buf_clear) struct buf config = BUF_MAX(CONFIG_FILE_MAX_BYTES);
	OWN(wake_closer) struct wake *wake = NULL;
	bool secrets = in->given[OPTION_SECRETS];
	struct backup_done done = {0};

	if (in->n_args != 1)
		return command_usage(err, "backup: to which file?");
	load(in, &c);
	OWN_STR char *ledger = wire_ledger_path(&c);
	if (!has_ledger(ledger, err) || !(wake = wake_open(false, err)) ||
	    !config_share(&c, secrets, &config, err))
		return COMMAND_FAILED;
	OWN(close_vault) struct vault *vault = vault_open(c.state, err);
	const struct backup backup = {.ledger = ledger,
				      .vault = vault,
				      .config = &config,
				      .wake = wake,
				      .replace = in->given[OPTION_FORCE]};
	if (!vault || !backup_make(&backup, in->args[0], &done, err))
		return COMMAND_FAILED;
	print_made(in->args[0], &done, &config, secrets);
	return done.damaged ? STATUS_FAILED : STATUS_DONE;
}

/* ---- restore ---- */

/* The locks of the state folder: of the daemon, of calls to the tracker, of messages. */
struct locks {
	int fd[3];
};

static void unlock(const struct locks *l)
{
	for (size_t i = 0; i < sizeof l->fd / sizeof *l->fd; i++)
		own_fd_close(&l->fd[i]);
}

static bool take_lock(const char *path, int *fd, const char *who, const char *what, struct err *err)
{
	bool held;

	*fd = fs_lock(path, &held, err);
	if (*fd >= 0 || !held)
		return *fd >= 0;
	err_set(err, ERR_TARGET, WORD_CONFIG, "%s", who);
	return err_advise(err, "%s", what);
}

static bool lock(const struct config *c, struct locks *l, struct err *err)
{
	OWN_STR char *run = wire_run_lock_path(c);
	OWN_STR char *cycle = wire_cycle_lock_path(c);
	OWN_STR char *tell = wire_tell_lock_path(c);
	OWN_STR char *daemon = mem_printf("a daemon serves the state folder %s", c->state);
	OWN_STR char *other = mem_printf("another ptp-archiver is at work on %s", c->state);

	return take_lock(run, &l->fd[0], daemon, "stop it, and run this command again", err) &&
	       take_lock(cycle, &l->fd[1], other, "wait until it has ended", err) &&
	       take_lock(tell, &l->fd[2], other, "wait until it has ended", err);
}

static void print_restored(const struct config *c, const char *path, const struct restore_done *d)
{
	char when[CLOCK_TEXT];

	log_progress_end();
	clock_format(d->newest, when);
	printf("%s is the state of %s from %s: %" PRIu64 " assignments\n", c->state, path, when,
	       d->assignments);
	printf("%" PRIu64 " torrents were written into the vault\n", d->torrents);
	if (d->kept)
		printf("the former ledger is kept as %s\n", d->kept);
	if (d->config == RESTORE_CONFIG)
		printf("%s was written; `ptp-archiver check` says what it lacks\n", c->path);
	if (d->config == RESTORE_CONFIG_KEPT)
		printf("%s stays as it is\n", c->path);
}

static bool restore(const struct invocation *in, const struct config *c, struct wake *wake,
		    struct restore_done *done, struct err *err)
{
	OWN(unlock) struct locks locks = {{-1, -1, -1}};
	OWN_STR char *ledger = wire_ledger_path(c);

	if (!wire_state(c, err) || !lock(c, &locks, err))
		return false;
	OWN(close_vault) struct vault *vault = vault_open(c->state, err);
	const struct restore r = {.ledger = ledger,
				  .vault = vault,
				  .config = c->path,
				  .manners = schedule_manners(c->fetch_sleep_ms, c->loopback),
				  .wake = wake,
				  .force = in->given[OPTION_FORCE]};
	bool begun;

	/* A person has said which ledger belongs into this folder. */
	return vault && restore_run(&r, in->args[0], done, err) &&
	       wire_accept_state(c, &begun, err);
}

static void done_clear(struct restore_done *done)
{
	free(done->kept);
}

int cmd_restore(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(wake_closer) struct wake *wake = NULL;
	OWN(done_clear) struct restore_done done = {0};

	if (in->n_args != 1)
		return command_usage(err, "restore: from which file?");
	load(in, &c);
	if (!(wake = wake_open(false, err)) || !restore(in, &c, wake, &done, err))
		return COMMAND_FAILED;
	print_restored(&c, in->args[0], &done);
	return STATUS_DONE;
}
