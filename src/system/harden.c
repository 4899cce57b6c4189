#include "system/harden.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static struct rlimit before;
static bool changed;

void harden_files(void)
{
	signal(SIGXFSZ, SIG_IGN);
}

void harden_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_CORE, &before) != 0)
		return;
	/* The hard limit stays, so that a child can have the old one back. */
	struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
	changed = setrlimit(RLIMIT_CORE, &none) == 0;
}

void harden_release_in_child(void)
{
	signal(SIGXFSZ, SIG_DFL);
	if (changed)
		setrlimit(RLIMIT_CORE, &before);
}
