#include "app/command.h"
#include "app/daemon.h"
#include "ports/health.h"

#include <stdlib.h>

static const char no_containers[] = "ERROR: PTP_CONTAINERS not defined";
static const char wrong[] = "ERROR: the configuration is wrong; the log says what and where";

static void ping_failure(const struct config *c, struct wake *wake)
{
	const char *list = getenv("PTP_CONTAINERS");
	struct err err;
	struct health *h = health_open(&c->ping_url, c->ca_file, wake, &err);

	if (h)
		health_fail(h, c->n_containers || (list && *list) ? wrong : no_containers);
	health_close(h);
}

int cmd_run(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	OWN(wake_closer) struct wake *wake = wake_open(true, err);

	if (!wake)
		return COMMAND_FAILED;
	if (!command_config(in, CONFIG_CREDENTIALS | CONFIG_CONTAINERS, &c)) {
		ping_failure(&c, wake);
		return STATUS_USAGE;
	}
	return daemon_run(&c, &in->config, wake, err) ? STATUS_DONE : COMMAND_FAILED;
}
