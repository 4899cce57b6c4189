/*
 * sim/scenario.h - how the simulator is to behave: a JSON file that is read again when it changes.
 *
 * sim/README.md names every key.  If the file cannot be used, the scenario stays as it is, and the
 * reason is printed on stderr, once.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "rules.h"

#include <stddef.h>
#include <stdint.h>

struct scenario;

/* `path` may be NULL: then the defaults hold.  Otherwise this call and scenario_refresh() read it.
 */
struct scenario *scenario_new(const char *path);
void scenario_free(struct scenario *sc);
void scenario_refresh(struct scenario *sc);

/* The rule that strikes this request (a deep copy, caller's), or NULL.  Counts it. */
json_t *scenario_strike(struct scenario *sc, const struct rules_subject *subject);

/* For /sim/state: each rule's `do`, how many requests it `seen` and `struck`; caller's. */
json_t *scenario_rules(const struct scenario *sc);

/* Why the newest file was refused; NULL if it was not.  Borrowed until the next refresh. */
const char *scenario_problem(const struct scenario *sc);

/* The settings; what is returned is borrowed until the next refresh. */
bool scenario_account(const struct scenario *sc, const char *user, const char *key);
unsigned scenario_auth_status(const struct scenario *sc);
bool scenario_ids_text(const struct scenario *sc);
const json_t *scenario_script_version(const struct scenario *sc); /* NULL: the default */
const char *scenario_script_file(const struct scenario *sc);      /* NULL: the built-in one */
const char *scenario_error_key(const struct scenario *sc);
bool scenario_completes(const struct scenario *sc);      /* by being downloaded */
bool scenario_own_archive_id(const struct scenario *sc); /* the only one that a download accepts */
int64_t scenario_stalled(const struct scenario *sc, const char *container);
void scenario_torrent_size(const struct scenario *sc, int64_t *min, int64_t *max);
const char *scenario_torrent_kind(const struct scenario *sc, int64_t torrent);
int64_t scenario_multi_file(const struct scenario *sc); /* every so-manyth torrent; 0: none */
size_t scenario_ping_limit(const struct scenario *sc);  /* SIZE_MAX: none */
const json_t *scenario_ping_checks(const struct scenario *sc); /* NULL: any */

enum scenario_incomplete { INCOMPLETE_OFF, INCOMPLETE_LISTED, INCOMPLETE_WITHOUT_HASH };

enum scenario_incomplete scenario_incomplete(const struct scenario *sc);
const json_t *scenario_incomplete_extra(const struct scenario *sc); /* NULL: none */
const char *scenario_incomplete_empty(const struct scenario *sc);   /* omit, array, object */

#endif
