/* A new configuration; declared in daemon/daemon_parts.h. */
#include "daemon/daemon_parts.h"
#include "base/log.h"

#include <string.h>

void daemon_write_down(const struct config *c)
{
	struct err err;

	if (c->named_by_environment && !config_write(c, &err))
		log_warn(NULL, "config.ptp could not be written: %s", err.msg);
	daemon_leave_note(c);
}

/* The log has every reason, the page the first of them. */
static bool is_refused(struct daemon *d, const struct config *fresh, const struct problems *p)
{
	bool moved = strcmp(fresh->state, d->config->state) != 0;

	trouble_end(&d->trouble, TROUBLE_CONFIG);
	if (!p->n && !moved)
		return false;
	const char *why =
		p->n ? "the new configuration is refused; the old one stays"
		     : "another state folder takes a restart; the old configuration stays";
	for (size_t i = 0; i < p->n; i++)
		log_error(NULL, "%s", p->lines[i]);
	log_error(NULL, "%s", why);
	struct err first;
	err_set(&first, ERR_TARGET, WORD_CONFIG, "%s", p->n ? p->lines[0] : why);
	trouble_begin(&d->trouble, TROUBLE_CONFIG, &first);
	return true;
}

/* The parts are opened with it by the next step of the loop. */
static void use(struct daemon *d, const struct config *fresh)
{
	daemon_close_parts(d);
	config_clear(d->config);
	*d->config = *fresh;
	daemon_renew_page(d);
	d->forgive = true;
	d->fresh = true;
	d->finished = false;
	d->announced = 0;
	log_setup(fresh->log_level, fresh->log_format);
	for (size_t i = 0; i < d->config->warnings.n; i++)
		log_warn(NULL, "%s", d->config->warnings.lines[i]);
	daemon_write_down(d->config);
	log_info(NULL, "the configuration was read again: %zu container%s", d->config->n_containers,
		 d->config->n_containers == 1 ? "" : "s");
	daemon_compare_sandbox(d);
}

void daemon_reload(struct daemon *d)
{
	struct config fresh = {0};
	struct problems problems = {0};

	config_load(&fresh, d->options, CONFIG_CREDENTIALS | CONFIG_CONTAINERS, &problems);
	bool outside = problems.n && daemon_is_right_outside(d);
	bool refused = outside || is_refused(d, &fresh, &problems);
	problems_clear(&problems);
	if (refused)
		config_clear(&fresh);
	else
		use(d, &fresh);
}
