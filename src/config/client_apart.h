/*
 * config/client_apart.h - a watch folder whose every use happens in a child process, so that one
 * that hangs does not hold up the program (system/apart.h).
 */
#ifndef CONFIG_CLIENT_APART_H
#define CONFIG_CLIENT_APART_H

#include "ports/client.h"

/* `inner` is a watch folder, owned from now on; `folder` its path.  Errors are those of `inner` and
 * of apart(). */
struct client *client_apart_open(struct client *inner, const char *folder);

#endif
