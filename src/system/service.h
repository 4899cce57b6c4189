/*
 * system/service.h - reports the state to the service manager that started the program: systemd and
 * others that set NOTIFY_SOCKET (sd_notify(3)).
 */
#ifndef SYSTEM_SERVICE_H
#define SYSTEM_SERVICE_H

#include "base/err.h"

#define SERVICE_TEXT_MAX 500 /* bytes; what is longer is cut */

/* "READY=1", "STOPPING=1", "STATUS=..." of one line.  Without a manager nothing happens.  A
 * manager that does not accept the text is not an error. */
void service_tell(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* From now on the words go to this descriptor, to a process that passes them on: the manager
 * listens to one process alone. */
void service_relay(int fd);

#endif
