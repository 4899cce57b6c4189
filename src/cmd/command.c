#include "cmd/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *command_arguments_text(enum command_arguments arguments)
{
	static const char *const texts[] = {[ARGUMENTS_NONE] = "",
					    [ARGUMENTS_CONTAINERS] = "NAME...|all",
					    [ARGUMENTS_CONTAINER] = "NAME",
					    [ARGUMENTS_NEW] = "NEW",
					    [ARGUMENTS_RENAME] = "OLD NEW",
					    [ARGUMENTS_RESIZE] = "NAME SIZE",
					    [ARGUMENTS_FILE] = "FILE",
					    [ARGUMENTS_FOLDER] = "DIR",
					    [ARGUMENTS_COMMAND] = "[COMMAND]"};

	return texts[arguments];
}

const struct command *command_find(const struct command_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_commands; i++)
		if (strcmp(t->commands[i].name, name) == 0)
			return &t->commands[i];
	return NULL;
}

bool command_config(const struct invocation *in, unsigned need, struct config *c)
{
	struct problems problems = {0};

	config_load(c, &in->config, need, &problems);
	log_setup(c->log_level, c->log_format);
	for (size_t i = 0; i < problems.n; i++)
		log_error(NULL, "%s", problems.lines[i]);
	bool good = problems.n == 0;
	problems_clear(&problems);
	return good;
}

void command_warn_names(const struct config *c)
{
	for (size_t i = 0; i < c->n_containers; i++)
		if (strcmp(c->containers[i].name, COMMAND_ALL) == 0)
			log_warn(COMMAND_ALL, "`fetch all` means every container, so this one "
					      "cannot be fetched alone; rename it at the tracker "
					      "and here");
}

int command_usage(struct err *err, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_set(err, ERR_FATAL, WORD_CONFIG, "%s", text);
	return COMMAND_FAILED;
}
