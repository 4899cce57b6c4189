/*
 * doctor/doctor.h - what `check` tests, and what it finds.
 *
 * A test has one finding or more, each good, doubtful or bad.  Each bad one says in plain words
 * why, and how to fix it.  Tests change nothing.  Only the tests that are marked below call another
 * program, with the pacing of all calls.
 *
 * Texts may hold data from outside.  They are made printable when they are shown.  They hold no
 * secrets.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include "config/config.h"
#include "base/http.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum doctor_mark { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct finding {
	enum doctor_mark mark;
	const char *test; /* which test, for scripts: "watch-mount"; borrowed */
	char *about;      /* owned, as are the others: the container, "state", "tracker"... */
	char *text;
	char *fix; /* the command or setting that fixes it; NULL if it is good */
};

struct doctor {
	const struct config *config; /* borrowed */
	struct finding *findings;    /* owned */
	size_t n;
};

/* One more finding. */
void doctor_say(struct doctor *d, enum doctor_mark mark, const char *test, const char *about,
		const char *fmt, ...) PRINTF_LIKE(5, 6);

/* How to fix the last finding. */
void doctor_fix(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A test that was left out, because this key of config.ptp cannot be used, or is not set. */
void doctor_skip(struct doctor *d, const char *test, const char *about, const char *key);

bool doctor_failed(const struct doctor *d);
void doctor_clear(struct doctor *d);

/* Prints the findings from `first` on: a line each, and a second one with the fix.  In colours on a
 * terminal, unless NO_COLOR is set. */
void doctor_print(const struct doctor *d, size_t first);

/* {"ok", "findings": [{"test", "about", "mark", "text", "fix"}]}; the caller's. */
json_t *doctor_json(const struct doctor *d);

typedef void doctor_test(struct doctor *d);

/* ---- doctor_local.c: no calls ---- */

doctor_test doctor_file;       /* who can read config.ptp, and whose it is */
doctor_test doctor_daemon;     /* has the one that runs the settings that are tested here? */
doctor_test doctor_service;    /* are the settings elsewhere, with the service of this machine? */
doctor_test doctor_containers; /* is there one? */
doctor_test doctor_ping_form;  /* does the ping URL look like one? */
doctor_test doctor_base_url;   /* is the tracker this machine? */
doctor_test doctor_proxy;      /* through which proxy does the way lead? */
doctor_test doctor_ca_files;   /* do the files of CAs to trust hold a certificate? */
doctor_test doctor_clock;      /* against what the ledger remembers */
doctor_test doctor_utility;    /* has the utility engine what it runs with? */
doctor_test doctor_page;       /* can the status page have its address, and who can read it? */
doctor_test doctor_sandbox;    /* does `run` give up what it does not need? */
doctor_test doctor_notify;     /* did the last messages arrive? */

/* The variable that sends calls to this host through a proxy; NULL: none does. */
const char *doctor_proxy_variable(const char *host, bool tls);

/* "ptp-archiver (user 108)" for a user id; the caller's. */
char *doctor_user(unsigned id);

/* ---- doctor_folder.c: no calls ---- */

doctor_test doctor_answers; /* finds the folders that hang, so that no test waits for them */
doctor_test doctor_state;   /* the state folder */
doctor_test doctor_watch;   /* each watch folder */
doctor_test doctor_data;    /* each folder where a client stores its data */

/* ---- doctor_marks.c: no calls ---- */

doctor_test doctor_marks; /* are they the right folders? */

/* ---- doctor_ledger.c: what lies in the state folder; no calls ---- */

doctor_test doctor_ledger;   /* can it be opened and read, and the locks and the vault be used? */
doctor_test doctor_outcomes; /* how did the last turns end, and is the tracker left alone? */

/* ---- doctor_net.c: call the tracker (for its utility's version) and the ping server ---- */

doctor_test doctor_tracker;
doctor_test doctor_ping;

/* How a call that got no answer failed, with a finding for each of its steps: name, connection,
 * TLS, answer. */
#define DOCTOR_STEPS 4
struct doctor_way {
	const char *about;
	const char *tests[DOCTOR_STEPS]; /* the names of the steps */
	const char *fix; /* of a connection that is not made; NULL: the common words */
	/* By doctor_set_way(). */
	struct http_url url;
	const char *proxy; /* the variable that names it; NULL: there is none */
};
void doctor_set_way(struct doctor_way *w, const char *url);
void doctor_trouble(struct doctor *d, const struct doctor_way *w, enum http_trouble trouble,
		    const struct err *why);

/* ---- doctor_client.c: calls the torrent clients, and notes who refused us ---- */

doctor_test doctor_clients;

#endif
