/*
 * view/status_json.h - the snapshot as JSON: for `status --json` and /api/status (doc/api.md).
 */
#ifndef VIEW_STATUS_JSON_H
#define VIEW_STATUS_JSON_H

#include "view/status.h"

#include <jansson.h>

/* The caller's. */
json_t *status_json(const struct status *s);

/* An array of the rows of a list; the caller's.  `site`: the tracker's base URL. */
json_t *status_list_json(const struct assignment *rows, size_t n, const char *site);

#endif
