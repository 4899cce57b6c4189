/*
 * app/command.h - what the command line said, and the commands.
 *
 * Each cmd_* function is one command: it prints its result on stdout and returns the exit status,
 * or fills in *err and returns COMMAND_FAILED, and main prints the error once.
 */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "app/config.h"
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
	OPTION_COUNT,
};

struct invocation {
	struct config_options config;
	bool given[OPTION_COUNT];
	const char *value[OPTION_COUNT];
	char **args; /* behind the command's name */
	int n_args;
};

typedef int command_function(const struct invocation *in, struct err *err);

command_function cmd_run, cmd_fetch, cmd_list, cmd_create, cmd_remove, cmd_rename, cmd_resize,
	cmd_setup, cmd_import, cmd_update, cmd_check, cmd_status, cmd_history, cmd_inspect,
	cmd_health, cmd_audit, cmd_redeliver, cmd_export, cmd_adopt, cmd_notify, cmd_version;

/* Loads the configuration; prints its problems on stderr and returns false if there are any. */
bool command_config(const struct invocation *in, unsigned need, struct config *c);

/* A mistake on the command line: fills in *err, returns COMMAND_FAILED. */
int command_usage(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
