#include "cmd/command.h"
#include "daemon/daemon.h"
#include "daemon/once.h"
#include "base/mem.h"
#include "base/mount.h"
#include "base/num.h"

#include <stdlib.h>
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
		if (!o->client && mount_in_container() && mount_is_root(o->watch_folder))
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

static int run(const struct invocation *in, struct config *c, struct wake *wake, struct err *err)
{
	const char *list = getenv("PTP_CONTAINERS");

	if (!command_config(in, CONFIG_CREDENTIALS | CONFIG_CONTAINERS, c)) {
		once_ping_failure(c, wake,
				  c->n_containers || (list && *list) ? wrong : no_containers);
		return STATUS_USAGE;
	}
	command_warn(c);
	warn_of_unmounted(c);
	warn_of_root();
	warn_of_puid();
	if (daemon_run(c, &in->config, wake, err))
		return STATUS_DONE;
	char word[ERR_WORD];

	err_word(err->code, err->status, err->name, word);
	OWN_STR char *body = mem_printf("ERROR: %s: %s", word, err->msg);
	once_ping_failure(c, wake, body);
	return COMMAND_FAILED;
}

int cmd_run(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(wake_closer) struct wake *wake = wake_open(true, err);

	return wake ? run(in, &c, wake, err) : COMMAND_FAILED;
}
