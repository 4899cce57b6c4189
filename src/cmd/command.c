#include "cmd/command.h"
#include "doctor/doctor.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
					    [ARGUMENTS_COMMAND] = "[COMMAND]",
					    [ARGUMENTS_IDS] = "[ID...]"};

	return texts[arguments];
}

const struct command *command_find(const struct command_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_commands; i++)
		if (strcmp(t->commands[i].name, name) == 0)
			return &t->commands[i];
	return NULL;
}

const char *command_nearest(const struct command_table *t, const char *name)
{
	const char **names = mem_alloc((t->n_commands + 1) * sizeof *names);
	size_t n = 0;

	for (size_t i = 0; i < t->n_commands; i++)
		if (t->commands[i].help)
			names[n++] = t->commands[i].name;
	const char *near = text_nearest(name, names);
	free(names);
	return near;
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

void command_warn(const struct config *c)
{
	for (size_t i = 0; i < c->warnings.n; i++)
		log_warn(NULL, "%s", c->warnings.lines[i]);
	for (size_t i = 0; i < c->n_containers; i++)
		if (strcmp(c->containers[i].name, COMMAND_ALL) == 0)
			log_warn(COMMAND_ALL, "`fetch all` means every container, so this one "
					      "cannot be fetched alone; rename it at the tracker "
					      "and here");
}

int command_no_container(const char *name, const char *const names[], struct err *err)
{
	const char *near = text_nearest(name, names);

	if (near)
		return command_usage(err, "there is no container \"%s\"; did you mean \"%s\"?",
				     name, near);
	return command_usage(err,
			     "there is no container \"%s\"; `ptp-archiver list` shows those that "
			     "there are",
			     name);
}

bool command_has_container(const struct config *c, const char *name, struct err *err)
{
	const char **names = mem_alloc((c->n_containers + 1) * sizeof *names);
	bool found = false;

	for (size_t i = 0; i < c->n_containers; i++) {
		names[i] = c->containers[i].name;
		found |= strcmp(names[i], name) == 0;
	}
	if (!found)
		command_no_container(name, names, err);
	free(names);
	return found;
}

bool *command_choose(const struct config *c, const struct invocation *in, struct err *err)
{
	bool *wanted = mem_alloc((c->n_containers + 1) * sizeof *wanted);

	for (int a = 0; a < in->n_args; a++) {
		bool all = strcmp(in->args[a], COMMAND_ALL) == 0;
		for (size_t i = 0; i < c->n_containers; i++)
			if (all || strcmp(c->containers[i].name, in->args[a]) == 0)
				wanted[i] = true;
		if (!all && !command_has_container(c, in->args[a], err)) {
			free(wanted);
			return NULL;
		}
	}
	return wanted;
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

char *command_person(void)
{
	OWN_STR char *user = doctor_user(getuid());
	const char *before = getenv("SUDO_USER");

	return before && *before ? mem_printf("%s, for %s", user, before) : OWN_TAKE(user);
}
