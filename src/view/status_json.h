/*
 * view/status_json.h - the snapshot as JSON: for `status --json` and /api/status (doc/api.md).
 */
#ifndef VIEW_STATUS_JSON_H
#define VIEW_STATUS_JSON_H

#include "view/status.h"

#include <jansson.h>

/* Both are the caller's. */
json_t *status_json(const struct status *s);
json_t *status_assignment_json(const struct assignment *a);

/* An array of the rows of a list. */
json_t *status_list_json(const struct assignment *rows, size_t n);

#endif
