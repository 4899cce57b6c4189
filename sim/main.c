#include "base/mem.h"
#include "base/own.h"
#include "folder.h"
#include "limits.h"
#include "server.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct options {
	const char *listen;
	const char *cert;
	const char *key;
	struct route_options route;
};

enum { STATUS_OK, STATUS_FAILED, STATUS_USAGE };

static const char help[] =
	"Usage: ptp-sim [OPTION]...\n"
	"A simulated tracker and Healthchecks receiver, for tests and demonstrations.\n"
	"\n"
	"  --listen ADDRESS:PORT  loopback only; port 0 is any free one (127.0.0.1:0)\n"
	"  --scenario FILE        JSON, read again whenever it changes\n"
	"  --log FILE             append a JSON line for each request\n"
	"  --torrents DIR         hand out the *.torrent files there, in order of name\n"
	"  --state FILE           keep containers and assignments across a restart\n"
	"  --tls-cert FILE        PEM certificate; with --tls-key: serve https\n"
	"  --tls-key FILE         PEM private key\n"
	"  --help                 show this\n"
	"\n"
	"When ready it prints its URL on stdout.  SIGTERM and SIGINT end it.\n";

static const struct option longs[] = {
	{"listen", required_argument, NULL, 'l'},
	{"scenario", required_argument, NULL, 's'},
	{"log", required_argument, NULL, 'o'},
	{"torrents", required_argument, NULL, 't'},
	{"state", required_argument, NULL, 'k'},
	{"tls-cert", required_argument, NULL, 'c'},
	{"tls-key", required_argument, NULL, 'y'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* Where the value of an option goes; NULL: there is no such option. */
static const char **slot(struct options *o, int option)
{
	switch (option) {
	case 'l':
		return &o->listen;
	case 's':
		return &o->route.scenario;
	case 'o':
		return &o->route.log;
	case 't':
		return &o->route.torrents;
	case 'k':
		return &o->route.state;
	case 'c':
		return &o->cert;
	case 'y':
		return &o->key;
	default:
		return NULL;
	}
}

/* -1: go on; else the exit status. */
static int parse(struct options *o, int argc, char **argv)
{
	for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
		const char **value = slot(o, c);

		if (c == 'h') {
			fputs(help, stdout);
			return STATUS_OK;
		}
		if (!value)
			return STATUS_USAGE;
		*value = optarg;
	}
	if (optind < argc) {
		fprintf(stderr, "ptp-sim: unexpected argument '%s'; see --help\n", argv[optind]);
		return STATUS_USAGE;
	}
	if (!o->cert != !o->key) {
		fprintf(stderr, "ptp-sim: --tls-cert and --tls-key go together\n");
		return STATUS_USAGE;
	}
	return -1;
}

MUST_CHECK static bool read_pem(const char *path, struct buf *out, struct err *err)
{
	if (!path || folder_read(NULL, path, out))
		return true;
	return err_set(err, ERR_FATAL, WORD_DISK, "%s: cannot be read", path);
}

MUST_CHECK static bool check_folder(const char *path, struct err *err)
{
	struct stat st;

	if (!path || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
		return true;
	return err_set(err, ERR_FATAL, WORD_DISK, "--torrents %s: no such folder", path);
}

static void close_route(struct route **route)
{
	route_free(*route);
}

MUST_CHECK static bool run(struct options *o, const sigset_t *signals, struct err *err)
{
	OWN_BUF struct buf cert = BUF_MAX(SIM_SCENARIO_BYTES);
	OWN_BUF struct buf key = BUF_MAX(SIM_SCENARIO_BYTES);
	OWN_STR char *url = NULL;
	OWN_FD int fd = -1;
	int which;

	if (!read_pem(o->cert, &cert, err) || !read_pem(o->key, &key, err) ||
	    !check_folder(o->route.torrents, err) ||
	    !server_bind(o->listen, o->cert, &fd, &url, err))
		return false;
	o->route.base = url;
	OWN(close_route) struct route *route = route_new(&o->route, err);
	if (!route)
		return false;
	struct server *server = server_start(own_fd_take(&fd), o->cert ? buf_text(&cert) : NULL,
					     o->key ? buf_text(&key) : NULL, route, err);
	if (!server)
		return false;
	printf("ptp-sim: listening on %s\n", url);
	fflush(stdout);
	sigwait(signals, &which);
	server_stop(server);
	return true;
}

int main(int argc, char **argv)
{
	struct options o = {.listen = "127.0.0.1:0"};
	int status = parse(&o, argc, argv);
	struct err err = {0};
	sigset_t signals;

	if (status >= 0)
		return status;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (run(&o, &signals, &err))
		return STATUS_OK;
	fprintf(stderr, "ptp-sim: %s\n", err.msg);
	return STATUS_FAILED;
}
