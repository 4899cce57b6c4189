/*
 * cmd/command.h - what the command line said, and the commands.
 *
 * Each cmd_* function is one command: it prints its result on stdout and returns the exit status,
 * or fills in *err and returns COMMAND_FAILED, and main prints the error once.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "config/config.h"
#include "base/own.h"

#define STATUS_DONE 0
#define STATUS_FAILED 1
#define STATUS_USAGE 2 /* usage or configuration */
#define COMMAND_FAILED                                                             \
	(-1) /* see *err: STATUS_USAGE for WORD_CONFIG with ERR_FATAL, else FAILED \
	      */

enum command_option {
	OPTION_CONFIG,
	OPTION_STATE,
	OPTION_LOG_LEVEL,
	OPTION_LOG_FORMAT,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_JSON,
	OPTION_FORCE,
	OPTION_CONTAINER,
	OPTION_LIMIT,
	OPTION_SIZE,
	OPTION_WATCH,
	OPTION_ONLINE,
	OPTION_CLIENT,
	OPTION_CATEGORY,
	OPTION_FOLDER,
	OPTION_MISSING,
	OPTION_TEST,
	OPTION_SECRETS,
	OPTION_STATE_FOLDER,
	OPTION_TORRENT,
	OPTION_NOT_MADE,
	OPTION_MINE,
	OPTION_OTHER,
	OPTION_COUNT,
};

struct command_table;

struct invocation {
	const struct command_table *table; /* of which it is one */
	struct config_options config;
	bool given[OPTION_COUNT];
	const char *value[OPTION_COUNT];
	char **args; /* behind the command's name */
	int n_args;
};

typedef int command_function(const struct invocation *in, struct err *err);

/* In `takes`: an option that the command does nothing without. */
#define COMMAND_NEEDS(option) (UINT64_C(1) << (option) | UINT64_C(1) << ((option) + 32))
_Static_assert(OPTION_COUNT <= 32, "a bit for each option, and one that says that it is needed");

/* The command line as a table, from which the help and the completions are made. */
#define COMMAND_ALL "all" /* every container, to fetch */

struct option_row {
	const char *name, *argument, *help;
};

/* What stands behind a command's name. */
enum command_arguments {
	ARGUMENTS_NONE,
	ARGUMENTS_CONTAINERS,
	ARGUMENTS_CONTAINER,
	ARGUMENTS_NEW,
	ARGUMENTS_RENAME,
	ARGUMENTS_RESIZE,
	ARGUMENTS_FILE,
	ARGUMENTS_FOLDER,
	ARGUMENTS_COMMAND,
	ARGUMENTS_IDS,
};

/* As the help shows them: "NAME SIZE". */
const char *command_arguments_text(enum command_arguments arguments);

struct command {
	const char *name;
	enum command_arguments arguments;
	const char *help; /* NULL: a command for programs, of which people are not told */
	uint64_t takes;   /* options besides the global ones, a bit each */
	command_function *run;
	const char *more; /* for its own help; NULL: nothing */
};

struct command_table {
	const struct command *commands;
	size_t n_commands;
	const struct option_row *options; /* OPTION_COUNT of them */
	unsigned global;                  /* options of every command, a bit each */
};

command_function cmd_run, cmd_fetch, cmd_list, cmd_create, cmd_remove, cmd_rename, cmd_resize,
	cmd_setup, cmd_update, cmd_check, cmd_status, cmd_history, cmd_inspect, cmd_health,
	cmd_audit, cmd_backup, cmd_restore, cmd_redeliver, cmd_export, cmd_adopt, cmd_notify,
	cmd_version, cmd_settings, cmd_help, cmd_complete, cmd_accept, cmd_settle;

/* NULL: there is none of this name. */
const struct command *command_find(const struct command_table *t, const char *name);

/* The command that may have been meant, of those for people; NULL: none. */
const char *command_nearest(const struct command_table *t, const char *name);

/* What there is; and one command, with its options. */
void help_print(const struct command_table *t);
void help_print_command(const struct command_table *t, const struct command *c);

/* Loads the configuration; prints its problems on stderr and returns false if there are any. */
bool command_config(const struct invocation *in, unsigned need, struct config *c);

/* Warns of what works and may mean something else than its writer thinks: c->warnings, and a
 * container whose name means something else on the command line.  The tracker may know it already,
 * so it stays. */
void command_warn(const struct config *c);

/* There is no container of this name; `names` are those that there are, and end in NULL.  As
 * command_usage. */
int command_no_container(const char *name, const char *const names[], struct err *err);

/* Who runs the command, for the record; the caller's. */
char *command_person(void);

/* Is there a container of this name?  Else *err is as of command_no_container. */
bool command_has_container(const struct config *c, const char *name, struct err *err) MUST_CHECK;

/* Which containers the arguments name, in the configuration's order; the caller's.  NULL: one is
 * not configured, and *err is as of command_no_container. */
bool *command_choose(const struct config *c, const struct invocation *in,
		     struct err *err) MUST_CHECK;

/* A mistake on the command line: fills in *err, returns COMMAND_FAILED. */
int command_usage(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
