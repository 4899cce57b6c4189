/*
 * complete: what may stand in place of a word that is being typed; for the shells' completions.
 *
 *     ptp-archiver complete -- WORD...     the words behind the program's name, the last unfinished
 *
 * A line for each candidate, whatever is typed of it already: the word, a tab, what it is. A line
 * ":files" or ":folders" without a tab, which a name cannot look like, stands for those of the
 * system.  Never fails, and says nothing else.
 */
#include "cmd/command.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* The words before the last. */
struct typed {
	const struct command_table *table;
	const struct command *command; /* NULL: not named yet */
	int n_args;                    /* arguments of the command */
	int waits;                     /* the option whose value comes next; -1: none does */
	struct config_options config;
};

/* The option of "--name" or "--name=value", -1: none; *value: behind the "=", or NULL. */
static int find_option(const struct command_table *t, const char *word, const char **value)
{
	size_t len = strcspn(word, "=");

	*value = word[len] ? word + len + 1 : NULL;
	for (int i = 0; i < OPTION_COUNT; i++)
		if (len == strlen(t->options[i].name) + 2 && text_starts(word, "--") &&
		    strncmp(word + 2, t->options[i].name, len - 2) == 0)
			return i;
	return -1;
}

static void take_value(struct typed *t, int option, const char *value)
{
	if (option == OPTION_CONFIG)
		t->config.path = value;
	if (option == OPTION_STATE)
		t->config.state = value;
}

static void take_word(struct typed *t, const char *word)
{
	const char *value;

	if (t->waits >= 0) {
		take_value(t, t->waits, word);
		t->waits = -1;
	} else if (word[0] == '-') {
		int option = find_option(t->table, word, &value);
		if (option >= 0 && value)
			take_value(t, option, value);
		else if (option >= 0 && t->table->options[option].argument)
			t->waits = option;
	} else if (!t->command) {
		t->command = command_find(t->table, word);
	} else {
		t->n_args++;
	}
}

static void offer(const char *prefix, const char *word, const char *help)
{
	printf("%s%s\t%s\n", prefix, word, help);
}

/* ---- names of the configuration ---- */

static void offer_names(const struct typed *t, const char *prefix, bool clients)
{
	OWN(config_clear) struct config c = {0};
	OWN(problems_clear) struct problems ignored = {0};

	config_load(&c, &t->config, 0, &ignored);
	for (size_t i = 0; clients && i < c.n_clients; i++)
		offer(prefix, c.clients[i].name, "client");
	for (size_t i = 0; !clients && i < c.n_containers; i++)
		offer(prefix, c.containers[i].name, c.containers[i].size);
}

/* ---- by place ---- */

static void offer_words(const char *prefix, const char *const words[])
{
	for (; *words; words++)
		offer(prefix, *words, "");
}

static void offer_values(const struct typed *t, int option, const char *prefix)
{
	static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
	static const char *const formats[] = {"text", "json", NULL};

	switch (option) {
	case OPTION_LOG_LEVEL:
		offer_words(prefix, levels);
		break;
	case OPTION_LOG_FORMAT:
		offer_words(prefix, formats);
		break;
	case OPTION_CONTAINER:
	case OPTION_CLIENT:
		offer_names(t, prefix, option == OPTION_CLIENT);
		break;
	case OPTION_CONFIG:
		printf(":files\n");
		break;
	case OPTION_STATE:
	case OPTION_WATCH:
	case OPTION_FOLDER:
		printf(":folders\n");
		break;
	default:
		break;
	}
}

static void offer_options(const struct typed *t)
{
	uint64_t takes = t->table->global | (t->command ? t->command->takes : 0);

	for (int i = 0; i < OPTION_COUNT; i++)
		if (takes & 1u << i)
			offer("--", t->table->options[i].name, t->table->options[i].help);
}

static void offer_commands(const struct command_table *t)
{
	for (size_t i = 0; i < t->n_commands; i++)
		if (t->commands[i].help)
			offer("", t->commands[i].name, t->commands[i].help);
}

/* Only of `fetch` more than the first can be completed. */
static void offer_argument(const struct typed *t)
{
	enum command_arguments takes = t->command->arguments;

	if (t->n_args && takes != ARGUMENTS_CONTAINERS)
		return;
	switch (takes) {
	case ARGUMENTS_CONTAINERS:
	case ARGUMENTS_CONTAINER:
	case ARGUMENTS_RENAME:
	case ARGUMENTS_RESIZE:
		offer_names(t, "", false);
		break;
	case ARGUMENTS_FILE:
		printf(":files\n");
		break;
	case ARGUMENTS_FOLDER:
		printf(":folders\n");
		break;
	case ARGUMENTS_COMMAND:
		offer_commands(t->table);
		break;
	case ARGUMENTS_IDS:
	case ARGUMENTS_NEW:
	case ARGUMENTS_NONE:
		break;
	}
	if (takes == ARGUMENTS_CONTAINERS)
		offer("", COMMAND_ALL, "");
}

static void offer_all(const struct typed *t, const char *current)
{
	const char *value;
	int option = find_option(t->table, current, &value);

	if (t->waits >= 0)
		offer_values(t, t->waits, "");
	else if (option >= 0 && value && t->table->options[option].argument) {
		OWN_STR char *prefix = mem_dupn(current, (size_t)(value - current));
		offer_values(t, option, prefix);
	} else if (current[0] == '-')
		offer_options(t);
	else if (!t->command)
		offer_commands(t->table);
	else
		offer_argument(t);
}

int cmd_complete(const struct invocation *in, struct err *err)
{
	struct typed t = {.table = in->table, .waits = -1, .config = in->config};
	const char *current = in->n_args ? in->args[in->n_args - 1] : "";

	(void)err;
	for (int i = 0; i + 1 < in->n_args; i++)
		take_word(&t, in->args[i]);
	offer_all(&t, current);
	return STATUS_DONE;
}
