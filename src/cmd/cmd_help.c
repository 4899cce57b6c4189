/* help: the command table for people to read; declared in cmd/command.h. */
#include "cmd/command.h"
#include "base/buf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE 80

static const char *const head =
	"Usage: ptp-archiver [OPTIONS] COMMAND [ARGUMENTS]\n"
	"Keeps the containers of an archive at the PassThePopcorn tracker filled.\n";

/* "--limit N" */
static void add_option(struct buf *out, const struct option_row *o)
{
	buf_printf(out, "--%s%s%s", o->name, o->argument ? " " : "",
		   o->argument ? o->argument : "");
}

static void print_options(const struct command_table *t, uint64_t which)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		OWN_BUF struct buf left = BUF_MAX(LINE);
		if (!(which & 1u << i))
			continue;
		add_option(&left, &t->options[i]);
		printf("  %-18s %s\n", buf_text(&left), t->options[i].help);
	}
}

/* A word of the usage, on a line that has room for it. */
static void print_word(const char *word, size_t *column)
{
	if (*column + 1 + strlen(word) >= LINE)
		*column = (size_t)printf("\n         ") - 1;
	*column += (size_t)printf(" %s", word);
}

static void print_usage(const struct command_table *t, const struct command *c)
{
	size_t column = (size_t)printf("Usage: ptp-archiver %s", c->name);

	for (int i = 0; i < OPTION_COUNT; i++) {
		OWN_BUF struct buf word = BUF_MAX(LINE);
		bool needed = c->takes >> i & UINT64_C(1) << 32;
		if (!(c->takes & 1u << i))
			continue;
		buf_puts(&word, needed ? "" : "[");
		add_option(&word, &t->options[i]);
		buf_puts(&word, needed ? "" : "]");
		print_word(buf_text(&word), &column);
	}
	if (c->arguments != ARGUMENTS_NONE)
		print_word(command_arguments_text(c->arguments), &column);
	printf("\n");
}

void help_print(const struct command_table *t)
{
	printf("%s\nCommands:\n", head);
	for (size_t i = 0; i < t->n_commands; i++)
		if (t->commands[i].help)
			printf("  %-9s %-12s %s\n", t->commands[i].name,
			       command_arguments_text(t->commands[i].arguments),
			       t->commands[i].help);
	printf("\nOptions of all commands:\n");
	print_options(t, t->global);
	printf("\nExit status: 0 done (a full container counts as done), 1 something failed,\n"
	       "2 usage or configuration. `ptp-archiver COMMAND --help` shows a command's own "
	       "options.\n");
}

void help_print_command(const struct command_table *t, const struct command *c)
{
	print_usage(t, c);
	printf("%c%s.\n", toupper((unsigned char)c->help[0]), c->help + 1);
	if (c->more)
		printf("%s\n", c->more);
	printf("\nOptions:\n");
	print_options(t, c->takes | t->global);
}

int cmd_help(const struct invocation *in, struct err *err)
{
	const struct command *c = in->n_args ? command_find(in->table, in->args[0]) : NULL;

	if (in->n_args > 1)
		return command_usage(err, "help takes one command");
	const char *near = in->n_args && !c ? command_nearest(in->table, in->args[0]) : NULL;
	if (near)
		return command_usage(err, "there is no command %s; did you mean %s?", in->args[0],
				     near);
	if (in->n_args && !(c && c->help))
		return command_usage(err, "there is no command %s; `ptp-archiver help` names them",
				     in->args[0]);
	if (c)
		help_print_command(in->table, c);
	else
		help_print(in->table);
	return STATUS_DONE;
}
