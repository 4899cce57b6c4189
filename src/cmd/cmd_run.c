#include "cmd/command.h"
#include "daemon/daemon.h"
#include "daemon/once.h"
#include "core/hook.h"
#include "base/mem.h"
#include "base/mount.h"
#include "system/apart.h"
#include "base/num.h"
#include "system/helper.h"
#include "system/sandbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char no_containers[] = "ERROR: PTP_CONTAINERS not defined";
static const char wrong[] = "ERROR: the configuration is wrong; the log says what and where";

static bool names_another(const char *variable, unsigned ours)
{
	const char *value = getenv(variable);
	uint64_t id;

	return value && *value && !(num_u64(value, UINT32_MAX, &id) && id == ours);
}

/* Other images begin as root and become PUID and PGID; ours is never root.  The image says of
 * itself that it is one (Dockerfile). */
static void warn_of_puid(void)
{
	if (getenv("PTP_IMAGE") &&
	    (names_another("PUID", geteuid()) || names_another("PGID", getegid())))
		log_warn(NULL,
			 "PUID and PGID do nothing here, this is user %u and group %u: start the "
			 "container with --user UID:GID (in compose.yaml, user: \"UID:GID\")",
			 geteuid(), getegid());
}

/* The default of the image is a folder in it, unless something is mounted there. */
static void warn_of_unmounted(const struct config *c)
{
	for (size_t i = 0; i < c->n_containers; i++) {
		const struct container *o = &c->containers[i];
		if (!o->client && mount_in_container() && apart_is_on_root(o->watch_folder))
			log_warn(
				o->name,
				"this is a container, and %s is not on a mount: no torrent client "
				"outside sees what is put there; mount the folder that your client "
				"watches: -v /path/on/the/host:%s",
				o->watch_folder, o->watch_folder);
	}
}

/* Docker's `-u 0`, and `user: root`. */
static void warn_of_root(void)
{
	if (getenv("PTP_IMAGE") && geteuid() == 0)
		log_warn(NULL, "this is root, which is not needed, and whose files nobody else can "
			       "change: start the container with --user UID:GID (in compose.yaml, "
			       "user: \"UID:GID\")");
}

static void warn(const struct config *c)
{
	command_warn(c);
	warn_of_unmounted(c);
	warn_of_root();
	warn_of_puid();
}

/* false: a stop. */
static bool look_at_folders(const struct config *c, struct wake *wake)
{
	struct err ignored;

	apart_watch(wake);
	return wire_look_at_folders(c, &ignored) || !wake_stopping(wake);
}

static int run(const struct invocation *in, struct config *c, struct keeper_word *word,
	       struct wake *wake, struct err *err)
{
	const char *list = getenv("PTP_CONTAINERS");

	if (!command_config(in, CONFIG_CREDENTIALS | CONFIG_CONTAINERS, c)) {
		once_ping_failure(c, wake,
				  c->n_containers || (list && *list) ? wrong : no_containers);
		return STATUS_USAGE;
	}
	if (!look_at_folders(c, wake))
		return keeper_status(word, STATUS_DONE);
	if (!word->again)
		warn(c);
	if (daemon_run(c, &in->config, word, wake, err))
		return keeper_status(word, STATUS_DONE);
	char code[ERR_WORD];

	err_word(err->code, err->status, err->name, code);
	OWN_STR char *body = mem_printf("ERROR: %s: %s", code, err->msg);
	once_ping_failure(c, wake, body);
	return COMMAND_FAILED;
}

/* Without a sandbox one process is enough. */
static bool wants_sandbox(void)
{
	const char *value = getenv("PTP_SANDBOX");
	bool off = value && (strcmp(value, "off") == 0 || strcmp(value, "0") == 0);

	return !off && (sandbox_has_seccomp() || sandbox_landlock_abi());
}

/* Asked in a process outside the sandbox. */
static bool is_right(const void *options)
{
	OWN(config_clear) struct config fresh = {0};
	struct problems problems = {0};

	config_load(&fresh, options, CONFIG_CREDENTIALS | CONFIG_CONTAINERS, &problems);
	return !problems.n;
}

int cmd_run(const struct invocation *in, struct err *err)
{
	struct keeper_word word = {0};
	int status;

	if (wants_sandbox() && !keeper_fork(&word, &status))
		return status;
	if (word.kept)
		helper_start(&(struct helper_duty){is_right, &in->config, hook_fits});
	OWN(config_clear) struct config c = {0};
	OWN(wake_closer) struct wake *wake = wake_open(true, err);
	return wake ? run(in, &c, &word, wake, err) : COMMAND_FAILED;
}
