/* update: is the tracker's utility newer than the protocol that is spoken here? */
#include "cmd/command.h"
#include "daemon/online.h"
#include "base/num.h"
#include "ports/engine_native.h"

#include <stdio.h>

int cmd_update(const struct invocation *in, struct err *err)
{
	OWN(config_clear) struct config c = {0};
	struct online_answer answer;

	if (in->n_args)
		return command_usage(err, "update takes no arguments");
	if (!command_config(in, CONFIG_CREDENTIALS, &c))
		return STATUS_USAGE;
	if (!online_version(&c, &answer, err))
		return COMMAND_FAILED;
	printf("The tracker's utility is version %s; this program speaks the protocol of %s.\n",
	       answer.version, ENGINE_NATIVE_SPEAKS);
	if (c.utility)
		printf("The engine is the utility, %s, which each cycle compares with the "
		       "tracker's (UtilityUpdate).\n",
		       c.utility_path);
	else if (num_version_compare(answer.version, ENGINE_NATIVE_SPEAKS) > 0)
		printf("Look for a newer ptp-archiver. Until then it goes on as it is: should the "
		       "protocol have changed, outcomes become ERR(Protocol), and nothing is "
		       "lost.\n");
	else
		printf("There is nothing to do.\n");
	return STATUS_DONE;
}
