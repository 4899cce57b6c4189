/*
 * ports/notify_parts.h - what the files of notify share; for them alone.
 *
 *     notify.c       sending
 *     notify_url.c   reading SERVICE+URL
 *     notify_body.c  what each service is sent
 */
#ifndef PORTS_NOTIFY_PARTS_H
#define PORTS_NOTIFY_PARTS_H

#include "ports/notify.h"

/* The two pieces of a URL around its path's end: "https://host/path" and "?query" or "". */
size_t notify_path_end(const char *url);

#endif
