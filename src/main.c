/* Options, the command table, printing an error once, the exit status. */
#include "cmd/command.h"
#include "base/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct option_row options[OPTION_COUNT] = {
	[OPTION_CONFIG] = {"config", "PATH", "config.ptp (PTP_CONFIG)"},
	[OPTION_STATE] = {"state", "DIR", "folder of the ledger (PTP_STATE)"},
	[OPTION_LOG_LEVEL] = {"log-level", "L", "error, warn, info or debug (LOG_LEVEL)"},
	[OPTION_LOG_FORMAT] = {"log-format", "F", "text or json (LOG_FORMAT)"},
	[OPTION_HELP] = {"help", NULL, "this help"},
	[OPTION_VERSION] = {"version", NULL, "the version"},
	[OPTION_JSON] = {"json", NULL, "as JSON"},
	[OPTION_FORCE] = {"force", NULL, "in spite of what speaks against it"},
	[OPTION_CONTAINER] = {"container", "NAME", "of this container only"},
	[OPTION_LIMIT] = {"limit", "N", "at most N, the newest (50)"},
	[OPTION_SIZE] = {"size", "S", "such as 500G or 1.5T"},
	[OPTION_WATCH] = {"watch", "DIR", "its watch directory"},
	[OPTION_ONLINE] = {"online", NULL, "ask the tracker and the clients, too"},
	[OPTION_CLIENT] = {"client", "NAME", "a client of config.ptp"},
	[OPTION_CATEGORY] = {"category", "C", "of this category (label) only"},
	[OPTION_FOLDER] = {"folder", "DIR", "where .torrent files lie"},
	[OPTION_MISSING] = {"missing", NULL, "only what the client does not have"},
	[OPTION_TEST] = {"test", NULL, "send a message to each"},
};

#define GLOBAL ((1u << (OPTION_VERSION + 1)) - 1)

static const struct command commands[] = {
	{"run", "", "the daemon: a cycle over all containers every interval, for ever", 0, cmd_run,
	 "SIGTERM ends it, SIGHUP reads the configuration again, SIGUSR1 starts a cycle now.\n"
	 "PTP_LISTEN=127.0.0.1:9980 gives it a status page."},
	{"fetch", "NAME...|all", "one cycle now", 1u << OPTION_FORCE, cmd_fetch,
	 "Prints where each torrent was written. --force asks although the tracker is being left\n"
	 "alone after failures; the 10 seconds between two calls stay."},
	{"list", "", "the containers, as the official utility lists them", 0, cmd_list, NULL},
	{"create", "NEW", "add a container to config.ptp", 1u << OPTION_SIZE | 1u << OPTION_WATCH,
	 cmd_create, "Without --size and --watch it gets what Default in config.ptp says."},
	{"remove", "NAME", "take a container out of config.ptp", 1u << OPTION_FORCE, cmd_remove,
	 "Refused while something of it is pending; --force does it all the same."},
	{"rename", "OLD NEW", "give a container another name in config.ptp", 1u << OPTION_FORCE,
	 cmd_rename, "The tracker knows containers by name; rename it there as well."},
	{"resize", "NAME SIZE", "give a container another size in config.ptp", 0, cmd_resize,
	 "The tracker learns of it at the next fetch."},
	{"setup", "", "ask for user and key, and write a first config.ptp", 0, cmd_setup, NULL},
	{"update", "", "compare the tracker's utility version with the protocol spoken here", 0,
	 cmd_update, NULL},
	{"check", "", "find out what would not work, and why; changes nothing",
	 1u << OPTION_ONLINE | 1u << OPTION_JSON, cmd_check,
	 "A line for each thing tested, and for what is not well a second one that says what "
	 "mends\n"
	 "it. --online calls the tracker (for its utility's version) and the clients, and makes "
	 "an\n"
	 "entry in the log of the Healthchecks check, which leaves its status alone. It notes its\n"
	 "call of the tracker in the state folder, which it makes if it is missing: whoever asks "
	 "the\n"
	 "tracker next has to keep the distance. Exit status 1 if something has FAILed, 2 if\n"
	 "`run` would refuse to start: the configuration cannot be used, or has no container."},
	{"status", "", "per container: delivered, pending, possibly lost, last outcome",
	 1u << OPTION_JSON, cmd_status, NULL},
	{"history", "", "the assignments, newest first",
	 1u << OPTION_JSON | 1u << OPTION_CONTAINER | 1u << OPTION_LIMIT, cmd_history, NULL},
	{"inspect", "FILE", "what this program thinks of a .torrent file", 1u << OPTION_JSON,
	 cmd_inspect, "Exit status 1 if it is refused."},
	{"audit", "", "whether what was assigned is there, and seeding",
	 1u << OPTION_JSON | 1u << OPTION_CONTAINER | 1u << OPTION_FORCE, cmd_audit,
	 "Asks the torrent clients for what they have, and says of each torrent that is not "
	 "seeding\n"
	 "what can be done. --force calls a client that refused the password earlier. Exit status\n"
	 "1 if something is missing, or a client could not be asked."},
	{"redeliver", "", "hand over to a client again what was delivered, from the vault",
	 1u << OPTION_CONTAINER | 1u << OPTION_CLIENT | 1u << OPTION_MISSING | 1u << OPTION_FORCE,
	 cmd_redeliver,
	 "For a client that is new, or was rebuilt. The tracker is not called. What the client "
	 "has\n"
	 "already stays as it is; one that was cut off goes on where it was. --client: to this "
	 "one\nin place of each container's own."},
	{"export", "DIR", "write the .torrent files of the vault to a folder, with a manifest",
	 1u << OPTION_CONTAINER, cmd_export, NULL},
	{"adopt", "", "take over into a container what a client or a folder has already",
	 COMMAND_NEEDS(OPTION_CONTAINER) | 1u << OPTION_CLIENT | 1u << OPTION_CATEGORY |
		 1u << OPTION_FOLDER | 1u << OPTION_FORCE,
	 cmd_adopt,
	 "For who comes from another program. With --client what it holds (of --category), with\n"
	 "--folder alone the .torrent files there; with both the vault gets its copies from the\n"
	 "folder. The tracker is not called, and nothing changes in the client."},
	{"notify", "", "who is told of what (Notify), and how it is going with them",
	 1u << OPTION_TEST, cmd_notify,
	 "--test sends one message to each, and says how it went. Exit status 1 if one did not "
	 "work."},
	{"health", "", "whether the daemon is alive and its next cycle not overdue", 0, cmd_health,
	 "For a container's HEALTHCHECK and the like; asks the tracker nothing. A tracker that is\n"
	 "down, a back-off, a full container and a failed cycle are not unhealthy: a restart "
	 "would\n"
	 "not mend them. Exit status 0 if healthy, 1 if not."},
	{"settings", "", "every setting: its variable, its key in config.ptp, its default",
	 1u << OPTION_JSON, cmd_settings, NULL},
	{"help", "[COMMAND]", "this help, or a command's own", 0, cmd_help, NULL},
	{"version", "", "the version, and those of the libraries in use", 0, cmd_version, NULL},
	{"complete", "", NULL, 0, cmd_complete, NULL},
};

#define N_COMMANDS (sizeof commands / sizeof *commands)

static const struct command_table table = {commands, N_COMMANDS, options, GLOBAL};

static int usage(const char *text, const char *what)
{
	fprintf(stderr, "ptp-archiver: %s%s; see `ptp-archiver --help`\n", text, what);
	return STATUS_USAGE;
}

static int no_command(const char *name)
{
	if (strcmp(name, "import") != 0)
		return usage("there is no command ", name);
	fputs("ptp-archiver: import is a program of its own: run ptp-archiver-import\n", stderr);
	return STATUS_USAGE;
}

static bool read_options(int argc, char **argv, struct invocation *in)
{
	struct option rows[OPTION_COUNT + 1] = {0};
	int which, found;

	for (int i = 0; i < OPTION_COUNT; i++)
		rows[i] = (struct option){options[i].name,
					  options[i].argument ? required_argument : no_argument,
					  &which, i};
	while ((found = getopt_long(argc, argv, "h", rows, NULL)) != -1) {
		if (found == '?')
			return false;
		if (found == 'h')
			which = OPTION_HELP;
		in->given[which] = true;
		in->value[which] = optarg;
	}
	in->config = (struct config_options){.path = in->value[OPTION_CONFIG],
					     .state = in->value[OPTION_STATE],
					     .log_level = in->value[OPTION_LOG_LEVEL],
					     .log_format = in->value[OPTION_LOG_FORMAT]};
	return true;
}

static int run(const struct command *c, const struct invocation *in)
{
	struct err err;

	for (int i = 0; i < OPTION_COUNT; i++)
		if (in->given[i] && !((c->takes | GLOBAL) & 1u << i)) {
			fprintf(stderr, "ptp-archiver: %s has no option --%s\n", c->name,
				options[i].name);
			return STATUS_USAGE;
		}
	int status = c->run(in, &err);
	if (status != COMMAND_FAILED)
		return status;
	log_error(NULL, "%s", err.msg);
	return err.kind == ERR_FATAL && err.code == WORD_CONFIG ? STATUS_USAGE : STATUS_FAILED;
}

/* With a standard descriptor closed, a file of ours would get its number, and the log's lines. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* What could not be written was not done. */
static int check_output(int status)
{
	/* What came of an earlier write is not known any more. */
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error(NULL, "the output could not be written%s%s", errno ? ": " : "",
		  errno ? strerror(errno) : "");
	return status == STATUS_DONE ? STATUS_FAILED : status;
}

static int dispatch(int argc, char **argv)
{
	struct invocation in = {.table = &table};

	log_setup(LOG_INFO, LOG_TEXT);
	if (!read_options(argc, argv, &in))
		return usage("that was not understood", "");
	const char *name = argv[optind];
	const struct command *c = name ? command_find(&table, name) : NULL;
	if (!c || c->run != cmd_run)
		wake_let_go();
	if (in.given[OPTION_VERSION])
		return cmd_version(&in, &(struct err){0});
	if (!c && in.given[OPTION_HELP]) {
		help_print(&table);
		return STATUS_DONE;
	}
	if (!c)
		return name ? no_command(name) : usage("which command?", "");
	if (in.given[OPTION_HELP] && c->help) {
		help_print_command(&table, c);
		return STATUS_DONE;
	}
	in.args = argv + optind + 1;
	in.n_args = argc - optind - 1;
	return run(c, &in);
}

int main(int argc, char **argv)
{
	wake_hold();
	fill_standard_descriptors();
	return check_output(dispatch(argc, argv));
}
