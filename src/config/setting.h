/*
 * config/setting.h - the settings: one row for each, in one table.
 *
 * Reading, clearing, writing config.ptp, `settings`, the table of doc/settings.md and those of the
 * man pages are made of the rows.  A new setting needs a row, a field in its struct, the code that
 * uses the field, and a test; `./dev docs` then renews the texts.
 */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose key it is, and so which struct its field is in. */
enum setting_level {
	SETTING_TOP,       /* struct config */
	SETTING_CONTAINER, /* struct container */
	SETTING_CLIENT,    /* struct config_client */
	SETTING_NOTIFY,    /* struct config_entry */
	SETTING_LEVELS,
};

/* What its text becomes. */
enum setting_type {
	SETTING_OTHER,           /* stored by its check, or read by code of its own */
	SETTING_TEXT,            /* char *, owned */
	SETTING_FOLDER,          /* the same, of a container, $name replaced */
	SETTING_SECRET,          /* struct secret */
	SETTING_SECRET_FILE,     /* the content of the file that is named: struct secret */
	SETTING_BOOL,            /* bool */
	SETTING_COUNT,           /* 4 bytes */
	SETTING_SECONDS,         /* "12.5": int64_t, milliseconds */
	SETTING_DURATION,        /* "6h": int64_t, milliseconds */
	SETTING_DURATION_OR_OFF, /* the same; "off" is 0 */
	SETTING_WORD,            /* one of words: an enum, their order */
};

/* What it may hold (config_form.c).  Nothing may hold control characters. */
enum setting_form {
	SETTING_PLAIN,    /* no white space at its ends, no quote or ~ first, no " #" */
	SETTING_WORDS,    /* the same; spaces may stand anywhere, since they are left out */
	SETTING_LIST,     /* the same; white space may stand anywhere, since it separates */
	SETTING_COMMAND,  /* white space, quotes and # are a matter of the command */
	SETTING_PASSWORD, /* any of them inside; but it is not in quotes */
};

#define SETTING_WHY 500     /* bytes of what is wrong with a value */
#define SETTING_EXPECTS 200 /* bytes of what a value must be */

struct config;

/* A value on its way to its field. */
struct setting_value {
	const struct config *config;
	void *to; /* the struct of its level */
	const char *text;
	char *why; /* SETTING_WHY bytes, for a fault that no constant says */
};

/* A fault: the value is not what the row expects. */
#define SETTING_UNEXPECTED ""

struct setting {
	enum setting_level level;
	const char *key;      /* in config.ptp; NULL: it has none */
	const char *variable; /* in the environment, of a container for all of them; NULL: none */
	const char *option;   /* of the command line; NULL: none */
	bool in_file;         /* VARIABLE_FILE may name a file that holds the value */
	bool official; /* the utility's: written into config.ptp, and taken even if it is empty */
	bool named;    /* its variable is for the containers that PTP_CONTAINERS names */
	bool list;     /* may be an array of texts in config.ptp */
	enum setting_form form;
	enum setting_type type;
	size_t offset, size;      /* of its field */
	int64_t min, max;         /* of a number; of a text the most bytes (0: any) */
	const char *const *words; /* that it may be; ends in NULL */
	const char *fallback;     /* the default; NULL: unset */
	/* Before it is stored: NULL if the value can be, SETTING_UNEXPECTED, or what is wrong with
	 * it, which never quotes a secret; with ':' first it goes without a blank before it. */
	const char *(*check)(const struct setting_value *v);
	const char *expects; /* what a value must be, if the type does not say */
	const char *unset;   /* what holds without a value, for the documentation; NULL: nothing */
	const char *help;    /* one or two sentences */
	const char *example;
};

/* All of them, the top level's first. */
extern const struct setting config_settings[];
extern const size_t config_n_settings;

/* The one behind `s` (NULL: the first) of a level; NULL behind the last. */
const struct setting *setting_next(enum setting_level level, const struct setting *s);
#define EACH_SETTING(s, level) for (const struct setting *s = NULL; (s = setting_next(level, s));)

/* NULL if this level has no such key. */
const struct setting *setting_find(enum setting_level level, const char *key);

/* "container": the name of a level; "an entry of Containers, or Default": where its keys belong. */
const char *setting_level_name(enum setting_level level);
const char *setting_level_place(enum setting_level level);

/* What a value must be: "a duration of at most 30d"; "" if anything goes. */
void setting_expects(const struct setting *s, char out[SETTING_EXPECTS]);

/* NULL, or `why`: what the text holds that it may not, named, and the way out.  Never quotes it. */
const char *setting_form_fault(enum setting_form form, const char *text, char why[SETTING_WHY]);

/* Check a text and store it in its field of `to`.  false: `why` says what is wrong and what would
 * be right, as what follows the setting's name. */
bool setting_take(const struct setting *s, const struct config *c, void *to, const char *text,
		  char why[SETTING_WHY]);

/* Release what the field owns in `of`; and the same for all fields of a level. */
void setting_release(const struct setting *s, void *of);
void setting_clear(enum setting_level level, void *of);

/* The field's value as it stands in config.ptp; of a text, a secret, a count or seconds. */
json_t *setting_json(const struct setting *s, const void *of);

/* The default as it stands in config.ptp. */
json_t *setting_default_json(const struct setting *s);

#endif
