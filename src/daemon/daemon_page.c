/* The status page; declared in daemon/daemon_parts.h. */
#include "daemon/daemon_parts.h"
#include "base/clock.h"
#include "base/log.h"

/* A page that cannot be opened is no reason not to work. */
void daemon_open_page(struct daemon *d)
{
	struct err err;

	d->page_tried = clock_now();
	d->page = httpd_open(d->config, &d->trouble, &err);
	if (d->page)
		log_info(NULL, "the status page is at http://%s/", httpd_address(d->page));
	else if (!d->page_failed)
		log_error(NULL, "%s; it is tried again every minute", err.msg);
	d->page_failed = !d->page;
}

void daemon_close_page(struct daemon *d)
{
	httpd_close(d->page);
	d->page = NULL;
}

/* At the same address no visitor is turned away meanwhile; another address is left at once. */
void daemon_renew_page(struct daemon *d)
{
	if (d->page && d->config->listen && httpd_is_for(d->page, d->config->listen))
		httpd_renew(d->page, d->config);
	else
		daemon_close_page(d);
	d->page_failed = false;
	d->page_tried = 0;
}
