/*
 * config/config_parts.h - what the files of config share; for them alone.
 *
 * Each may call those below it:
 *
 *     config.c             where things are, reading config.ptp, the top level, what must be there
 *     config_warnings.c    what works, and may mean something else
 *     config_containers.c  Containers, Default, PTP_CONTAINERS
 *     config_clients.c     Clients
 *     config_notify.c      Notify
 *     config_file.c        writing config.ptp
 *     config_read.c        a row's value from JSON; keys that do not belong
 *     config_settings.c    the rows, with their checks
 *     config_values.c      a value by its row
 *     config_form.c        what no value may hold
 *     config_source.c      problems with their place, environment, secret files
 */
#ifndef CONFIG_CONFIG_PARTS_H
#define CONFIG_CONFIG_PARTS_H

#include "config/config.h"
#include "config/setting.h"

/* A configuration being read. */
struct reading {
	struct config *c;
	struct problems *problems;
	char *text; /* owned: of config.ptp, "" if there is none */
};

/* One entry of Notify. */
struct config_entry {
	struct secret url, token;
	unsigned events;
};

/* ---- config_source.c ---- */

/* Where a value stands, for messages: a variable or an option, or a path of keys in config.ptp. */
struct config_place {
	const char *literal; /* NULL: in config.ptp */
	const char *const *path;
	size_t depth;
};

/* NULL if it is not set, or empty; `name` may be NULL. */
const char *config_environment(const char *name);

#define AT(name) (&(struct config_place){.literal = (name)})
#define IN_FILE(keys, n) (&(struct config_place){.path = (keys), .depth = (n)})

/*
 * One more problem, with what is there: "PTP_INTERVAL", or "config.ptp:12: Containers: attic:
 * Size", before the text and, unless that begins with a colon, a blank.  The way out is to correct
 * that. Finding the line reads the whole file.
 */
void config_problem(struct reading *r, const struct config_place *p, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The trimmed content of a file, at most CONFIG_SECRET_MAX_BYTES; NULL if it was taken, else what
 * is wrong, written into `why`. */
const char *config_take_secret_file(struct secret *to, const char *path, char why[SETTING_WHY]);

/* ---- config_form.c; see also setting.h ---- */

/* Is it what an example of the documentation shows in place of a value? */
bool config_is_placeholder(const char *text);

/* ---- config_values.c ---- */

/* NULL if it can be the name of a client, a category, a path and the like, else what is wrong. */
const char *config_text_fault(const char *value);

/* ---- config_read.c ---- */

/*
 * A key's value as the text that a setting is taken from, the caller's; NULL if there is none.
 * false: it cannot be one, and there is one more problem.
 */
bool config_read(struct reading *r, const struct setting *s, const json_t *object,
		 const struct config_place *place, char **text);

/* Take `text` for a setting; false: there is one more problem. */
bool config_take(struct reading *r, const struct setting *s, void *to, const char *text,
		 const struct config_place *place);
void config_take_default(const struct setting *s, struct config *c, void *to);

/*
 * Take all keys of a level from an object of config.ptp, at `path`, which has room for `depth` + 1.
 * Then see whether it has keys that do not belong there.
 */
void config_take_object(struct reading *r, enum setting_level level, void *to, const json_t *object,
			const char *path[], size_t depth);

/* A key that is not known is another program's, and kept; but one of another level, or one that
 * looks like a known one, is a mistake.  `path` has room for `depth` + 1. */
void config_check_keys(struct reading *r, enum setting_level level, const json_t *object,
		       const char *path[], size_t depth);

/* ---- the levels ---- */

void config_take_containers(struct reading *r);
void config_take_clients(struct reading *r);

/* Into c->warnings, when all is read. */
void config_take_warnings(struct config *c);

/* Notify, of which `place` says where it stands: a list of SERVICE+URL, or the array that it may be
 * in config.ptp.  What is wrong with each is a problem of its own. */
void config_take_notify_words(struct reading *r, const struct config_place *place,
			      const char *value);
void config_take_notify_list(struct reading *r, const json_t *list);

/* When NotifyEvents is known: for those that say nothing else. */
void config_finish_notify(struct config *c);

#endif
