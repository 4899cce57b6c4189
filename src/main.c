/* Options, the command table, printing an error once, the exit status. */
#include "cmd/command.h"
#include "base/wake.h"
#include "system/harden.h"

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
	[OPTION_JSON] = {"json", NULL, "print the result as JSON"},
	[OPTION_FORCE] = {"force", NULL, "override what holds the command back, as said above"},
	[OPTION_CONTAINER] = {"container", "NAME", "only this container"},
	[OPTION_LIMIT] = {"limit", "N", "show the newest N assignments (50)"},
	[OPTION_SIZE] = {"size", "S", "such as 500G or 1.5T"},
	[OPTION_WATCH] = {"watch", "DIR", "its watch folder"},
	[OPTION_ONLINE] = {"online", NULL,
			   "also call the tracker, the clients and the ping server"},
	[OPTION_CLIENT] = {"client", "NAME", "a client of config.ptp"},
	[OPTION_CATEGORY] = {"category", "C", "only this category (label)"},
	[OPTION_FOLDER] = {"folder", "DIR", "a folder with .torrent files"},
	[OPTION_MISSING] = {"missing", NULL, "only what the client does not have"},
	[OPTION_TEST] = {"test", NULL, "send a message to each"},
	[OPTION_SECRETS] = {"secrets", NULL, "with the secrets of config.ptp"},
	[OPTION_STATE_FOLDER] = {"state-folder", NULL, "the state folder"},
	[OPTION_TORRENT] = {"torrent", "TORRENT", "it is this torrent of the tracker's"},
	[OPTION_NOT_MADE] = {"not-made", NULL, "the tracker has not made it"},
	[OPTION_MINE] = {"mine", "TORRENT", "this torrent is of this installation"},
	[OPTION_OTHER] = {"other", "TORRENT", "this torrent is of another program"},
};

#define GLOBAL ((1u << (OPTION_VERSION + 1)) - 1)

static const struct command commands[] = {
	{"run", ARGUMENTS_NONE, "the daemon: run a cycle over all containers every interval", 0,
	 cmd_run,
	 "It runs until it is stopped. SIGTERM stops it, SIGHUP makes it read the\n"
	 "configuration again, SIGUSR1 starts a cycle now. PTP_LISTEN=127.0.0.1:9980\n"
	 "gives it a status page."},
	{"fetch", ARGUMENTS_CONTAINERS, "run one cycle now", 1u << OPTION_FORCE, cmd_fetch,
	 "Prints where each torrent was written. --force overrides a back-off for one call.\n"
	 "Two calls stay at least 10 seconds apart."},
	{"list", ARGUMENTS_NONE, "print the containers as the official utility does", 0, cmd_list,
	 NULL},
	{"create", ARGUMENTS_NEW, "add a container to config.ptp",
	 1u << OPTION_SIZE | 1u << OPTION_WATCH, cmd_create,
	 "Without --size and --watch it gets what Default in config.ptp says. It asks for\n"
	 "--watch where Default names neither a client nor a folder. Prints size and place."},
	{"remove", ARGUMENTS_CONTAINER, "take a container out of config.ptp", 1u << OPTION_FORCE,
	 cmd_remove, "Refuses while a torrent of it is pending. --force removes it anyway."},
	{"rename", ARGUMENTS_RENAME, "give a container another name in config.ptp",
	 1u << OPTION_FORCE, cmd_rename,
	 "The tracker knows containers by name; rename it there as well. Refuses while a\n"
	 "torrent of it is pending. --force renames it anyway."},
	{"resize", ARGUMENTS_RESIZE, "give a container another size in config.ptp", 0, cmd_resize,
	 "The tracker learns of it at the next fetch."},
	{"setup", ARGUMENTS_NONE, "ask for user and key, and write a first config.ptp", 0,
	 cmd_setup, NULL},
	{"update", ARGUMENTS_NONE,
	 "ask the tracker for the version of its utility, and compare it with ours", 0, cmd_update,
	 "Ours is the version whose protocol this program follows."},
	{"check", ARGUMENTS_NONE, "find out what would not work, and why; changes nothing",
	 1u << OPTION_ONLINE | 1u << OPTION_JSON, cmd_check,
	 "Prints a line for each test. Below each problem it says how to fix it.\n"
	 "--online asks the tracker for its utility's version, calls the clients, and\n"
	 "makes an entry in the log of the Healthchecks check, which does not change its\n"
	 "status. It records its call in the state folder, which it makes if necessary. So\n"
	 "the next call keeps its distance. Exit status 1 if something has FAILed, 2 if\n"
	 "`run` would refuse to start: it cannot use the configuration, or has no container."},
	{"status", ARGUMENTS_NONE, "what is the matter, and what each container has",
	 1u << OPTION_JSON, cmd_status, NULL},
	{"history", ARGUMENTS_NONE, "the assignments, newest first",
	 1u << OPTION_JSON | 1u << OPTION_CONTAINER | 1u << OPTION_LIMIT, cmd_history, NULL},
	{"inspect", ARGUMENTS_FILE, "what this program thinks of a .torrent file",
	 1u << OPTION_JSON, cmd_inspect, "Exit status 1 if it would refuse the file."},
	{"audit", ARGUMENTS_NONE, "ask the clients whether what was assigned is there, and seeding",
	 1u << OPTION_JSON | 1u << OPTION_CONTAINER | 1u << OPTION_FORCE, cmd_audit,
	 "Lists each torrent that is not seeding, with what you can do. --force calls a\n"
	 "client that refused the password earlier. Exit status 1 if a torrent is missing,\n"
	 "or a client could not be asked."},
	{"redeliver", ARGUMENTS_NONE, "hand over again, from the vault, what was delivered",
	 1u << OPTION_CONTAINER | 1u << OPTION_CLIENT | 1u << OPTION_MISSING | 1u << OPTION_FORCE,
	 cmd_redeliver,
	 "Use it for a client that is new or was rebuilt. It does not call the tracker.\n"
	 "Torrents that the client already has stay as they are. If it is interrupted, the\n"
	 "next call resumes. --client hands over to this client, not to each container's\n"
	 "own. --force calls a client that refused the password earlier."},
	{"export", ARGUMENTS_FOLDER,
	 "write the vault's .torrent files to a folder, with a manifest", 1u << OPTION_CONTAINER,
	 cmd_export, NULL},
	{"backup", ARGUMENTS_FILE, "write ledger, vault and config.ptp into one file",
	 1u << OPTION_SECRETS | 1u << OPTION_FORCE, cmd_backup,
	 "The daemon may run. The file is a tar file that only its owner can read. It is read\n"
	 "again before it gets its name. config.ptp goes into it without its secrets, or with\n"
	 "them (--secrets). Each torrent holds your passkey. --force replaces a file that is\n"
	 "there. Exit status 1 if a torrent of the vault is damaged."},
	{"restore", ARGUMENTS_FILE, "put a backup in the place of the state", 1u << OPTION_FORCE,
	 cmd_restore,
	 "Takes a file of `backup`, or a copy of the ledger. Stop the daemon first. The former\n"
	 "ledger is kept beside the new one. A config.ptp that is there stays as it is. A\n"
	 "ledger that is newer than the backup is only replaced with --force."},
	{"adopt", ARGUMENTS_NONE, "record torrents that a client or a folder already has",
	 COMMAND_NEEDS(OPTION_CONTAINER) | 1u << OPTION_CLIENT | 1u << OPTION_CATEGORY |
		 1u << OPTION_FOLDER | 1u << OPTION_FORCE,
	 cmd_adopt,
	 "Use it when you come from another program. They become torrents of --container.\n"
	 "With --client it takes over what the client has, of one category with --category.\n"
	 "With --folder it takes over the .torrent files there. With both, the vault gets\n"
	 "its copies from the folder. It does not call the tracker and changes nothing in\n"
	 "the client. --force calls a client that refused the password earlier."},
	{"accept", ARGUMENTS_CONTAINERS, "say that a container's folders are right as they are",
	 1u << OPTION_STATE_FOLDER, cmd_accept,
	 "A folder that is used has a mark. Without its mark it may be another disk, and\n"
	 "nothing is asked for. This command gives the folders a mark as they are now, and\n"
	 "makes a watch folder that is missing. --state-folder, without a name, accepts the\n"
	 "state folder: it begins a new ledger there, or keeps the one that is there."},
	{"settle", ARGUMENTS_IDS, "say what became of a possibly lost assignment",
	 1u << OPTION_TORRENT | 1u << OPTION_NOT_MADE | 1u << OPTION_MINE | 1u << OPTION_OTHER,
	 cmd_settle,
	 "Without an ID it lists them, with the torrents that each could be. With an ID say\n"
	 "--torrent with its TorrentID, and it is downloaded, or --not-made. --mine and\n"
	 "--other say of a torrent that the tracker lists whose it is. The daemon may run.\n"
	 "It does not call the tracker."},
	{"notify", ARGUMENTS_NONE, "which service gets which messages, and whether they arrive",
	 1u << OPTION_TEST, cmd_notify,
	 "--test sends one message to each, and says whether it worked. Exit status 1 if\n"
	 "one did not work."},
	{"health", ARGUMENTS_NONE, "whether the daemon is alive and its next cycle not overdue", 0,
	 cmd_health,
	 "For a container's HEALTHCHECK. It asks the tracker nothing. A tracker that is\n"
	 "down, a back-off, a full container and a failed cycle count as healthy, because a\n"
	 "restart would not fix them. Exit status 0 if healthy, 1 if not."},
	{"settings", ARGUMENTS_NONE,
	 "every setting: its variable, its key in config.ptp, its default", 1u << OPTION_JSON,
	 cmd_settings, NULL},
	{"help", ARGUMENTS_COMMAND, "this help, or a command's own", 0, cmd_help, NULL},
	{"version", ARGUMENTS_NONE, "the version, and those of the libraries in use", 0,
	 cmd_version, NULL},
	{"complete", ARGUMENTS_NONE, NULL, 0, cmd_complete, NULL},
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
	const char *near = command_nearest(&table, name);

	if (strcmp(name, "import") == 0)
		fputs("ptp-archiver: import is a program of its own: run ptp-archiver-import\n",
		      stderr);
	else if (near)
		fprintf(stderr, "ptp-archiver: there is no command %s; did you mean %s?\n", name,
			near);
	else
		return usage("there is no command ", name);
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

/* If a standard descriptor is closed, a file of the program would get its number, and the log's
 * lines. */
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
	harden_memory();
	harden_files();
	fill_standard_descriptors();
	return check_output(dispatch(argc, argv));
}
