/*
 * base/service.h - tells a service manager that started us how we are: systemd and others that set
 * NOTIFY_SOCKET (sd_notify(3)).
 */
#ifndef BASE_SERVICE_H
#define BASE_SERVICE_H

#include "base/err.h"

#define SERVICE_TEXT_MAX 500 /* bytes; what is longer is cut */

/* "READY=1", "STOPPING=1", "STATUS=..." of one line.  Without a manager nothing happens, and what
 * it does not take is no error of ours. */
void service_tell(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
