#include "cmd/command.h"
#include "daemon/daemon_note.h"
#include "daemon/once.h"
#include "daemon/tell.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Of a file the official utility's words; scripts read them. */
static void print_delivered(void *ctx, const struct target *t, const char *path)
{
	(void)ctx;
	log_progress_end();
	if (destination_watches(t->to))
		printf("New download written as \"%s\"\n", path);
	else
		printf("New download handed to the client \"%s\"\n", path);
	(void)!fflush(stdout); /* an error stays in the stream, and main reports it */
}

int cmd_fetch(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(wake_closer) struct wake *wake = NULL;
	OWN(wire_close) struct parts parts = {0};
	bool well;

	if (in->n_args == 0)
		return command_usage(err, "fetch: which container? Give its name, or `all`");
	if (!command_config(in, CONFIG_CREDENTIALS | CONFIG_CONTAINERS, &c))
		return STATUS_USAGE;
	command_warn(&c);
	daemon_note_warn(&c, "fetch all");
	OWN_STR bool *wanted = command_choose(&c, in, err);
	if (!wanted || !(wake = wake_open(false, err)))
		return COMMAND_FAILED;
	struct err why;
	if (c.named_by_environment && !config_write(&c, &why))
		log_warn(NULL, "config.ptp could not be written: %s", why.msg);
	if (!wire_open(&parts, &c, wake, err))
		return COMMAND_FAILED;
	parts.run.force = in->given[OPTION_FORCE];
	const struct once once = {.parts = &parts,
				  .kind = CYCLE_MANUAL,
				  .wanted = wanted,
				  .delivered = print_delivered};
	if (!once_run(&once, &well, err)) {
		if (!err_is_stop(err))
			once_report_failure(&parts, &c, wake, err);
		return COMMAND_FAILED;
	}
	(void)tell_send(&parts, INT64_MAX);
	return well ? STATUS_DONE : STATUS_FAILED;
}
