#include "system/proc.h"

#include "system/helper.h"
#include "system/proc_here.h"

static bool is_asked(void *ctx)
{
	return wake_stopping(ctx);
}

bool proc_run(const struct proc_spec *spec, struct buf *output, struct proc_end *end,
	      struct err *err)
{
	const struct proc_stop stop = {wake_fd(spec->wake), is_asked, spec->wake};

	return helper_is_there() ? helper_run(spec, &stop, output, end, err)
				 : proc_here(spec, &stop, output, end, err);
}
