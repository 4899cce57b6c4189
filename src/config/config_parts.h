/*
 * config/config_parts.h - what the files of config share; for them alone.
 *
 *     config.c             where things are, reading config.ptp, problems, keys that are not known
 *     config_settings.c    the top-level settings, one row each
 *     config_containers.c  Containers, Default, PTP_CONTAINERS
 *     config_clients.c     Clients, and what a container says of its client
 *     config_notify.c      Notify
 */
#ifndef CONFIG_CONFIG_PARTS_H
#define CONFIG_CONFIG_PARTS_H

#include "config/config.h"

struct config_load_state {
	struct config *c;
	struct problems *problems;
	char *text; /* owned: of config.ptp, "" if there is none */
	/* Something was given for it, right or wrong. */
	bool user_given, key_given;
};

/* Where a value stands, for messages: a variable or an option, or a path of keys in config.ptp. */
struct config_place {
	const char *literal; /* NULL: in config.ptp */
	const char *const *path;
	size_t depth;
};

/* NULL if it is not set, or empty; `name` may be NULL. */
const char *config_environment(const char *name);

/*
 * One more problem, with what is there: "PTP_INTERVAL", or "config.ptp:12: Containers: attic:
 * Size", before the text, which begins with a blank or a colon.  What mends it is to correct that.
 * Finding the line reads the whole file.
 */
void config_problem(struct config_load_state *l, const struct config_place *p, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The same for what stands in config.ptp. */
void config_file_problem(struct config_load_state *l, const char *const path[], size_t depth,
			 const char *fmt, ...) PRINTF_LIKE(4, 5);

/* A JSON value as the text that a setting is parsed from, the caller's; NULL for null and for what
 * is none. */
char *config_value_text(const json_t *value);

/* A key that is not known is another program's, and kept; but one that looks like a known one is a
 * slip of the pen.  `known` ends in NULL; `path` has room for `depth` + 1. */
void config_check_keys(struct config_load_state *l, const json_t *object, const char *const known[],
		       const char *path[], size_t depth);

/* ---- config_settings.c ---- */

void config_take_settings(struct config_load_state *l, const struct config_options *o);

/* Their keys, at most `room`; how many. */
size_t config_setting_keys(const char *keys[], size_t room);

/* ---- config_containers.c ---- */

void config_take_containers(struct config_load_state *l);

/* The i-th key of a container, and (unless NULL) the variable that holds it for all; NULL behind
 * the last. */
const char *config_container_key(size_t i, const char **variable);

/* Does `value` say yes or no?  NULL if so, else what is wrong with it. */
const char *config_take_bool(bool *out, const char *value);

/* ---- config_clients.c ---- */

void config_take_clients(struct config_load_state *l);
void config_client_clear(struct config_client *client);

/* The i-th key of one of Clients; NULL behind the last. */
const char *config_client_key(size_t i);

/* The i-th key by which a container says of its client, its guards and its pick-up, and (unless
 * NULL) the variable that holds it for all containers; NULL behind the last. */
const char *config_placement_key(size_t i, const char **variable);

/* A container's value under the i-th of these keys.  NULL if it was taken, else what is wrong with
 * it. */
const char *config_take_placement(const struct config *c, struct container *container, size_t i,
				  const char *value);

/* What only shows when all of it is known: NULL, or what is wrong with a container's client. */
const char *config_placement_fault(const struct config *c, const struct container *container);

/* The trimmed content of a file; NULL if it was taken, else what is wrong. */
const char *config_take_secret_file(struct secret *to, const char *path);

/* ---- config_notify.c ---- */

/* Notify as a text: a list of SERVICE+URL.  What is wrong with each is a problem of its own. */
void config_take_notify_words(struct config_load_state *l, const struct config_place *place,
			      const char *value);

/* The array that it may be in config.ptp. */
void config_take_notify_list(struct config_load_state *l, const json_t *list);

/* When NotifyEvents is known: for those that say nothing else. */
void config_finish_notify(struct config *c);
void config_notify_clear(struct config *c);

#endif
