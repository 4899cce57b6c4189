/*
 * ports/engine_utility.h - the engine that runs the official utility, archiver.py, unmodified.
 *
 * The utility's `fetch NAME` asks and downloads in one, and writes the torrent into its watch
 * directory, not atomically.  It gets a configuration of its own, in which that is a private
 * staging folder; what it writes there is taken from there like any other torrent.  From the
 * tracker notes: its command line, its config.ptp, the forms of its output.
 *
 * In the state folder:
 *
 *     utility/config.ptp    its configuration, 0600, written for every run
 *     utility/refused       the version that was tried as an update and did not work
 *     utility/trying        the update that is in place and has not shown yet that it works there:
 *                           its predecessor's version, its own, its SHA-256
 *
 * Beside these are the lock and the containers' places of the staging folder (system/spool.h).
 *
 * It runs in a process group of its own, without a terminal, with limits on time and output, and
 * with an environment that holds nothing but what Python and a proxy need.  What it has started
 * ends with it, also what took a session of its own.
 */
#ifndef PORTS_ENGINE_UTILITY_H
#define PORTS_ENGINE_UTILITY_H

#include "system/spool.h"
#include "ports/engine.h"

enum engine_utility_update {
	ENGINE_UTILITY_AUTO,   /* a newer utility is tried, and put in place if it works */
	ENGINE_UTILITY_NOTIFY, /* a newer one is worth a warning */
	ENGINE_UTILITY_OFF,    /* no version is asked for */
};

struct engine_utility_options { /* everything is borrowed for as long as the engine lives */
	struct engine_tracker tracker;
	const struct container *containers;
	size_t n_containers;
	const char *script;   /* where archiver.py is, or is to be put */
	struct spool staging; /* its folder is made if it is missing, in one that is there */
	enum engine_utility_update update;
	/* Around each call to the tracker that `prepare` makes: waits for its turn; notes that it
	 * ended well, or (`failure` not NULL) with *why, whose words it may change. */
	bool (*before_call)(void *ctx, struct err *err);
	bool (*after_call)(void *ctx, const struct engine_failure *failure, struct err *why,
			   struct err *err);
	void *ctx;
};

/* How to get what it runs with: the advice (err_advice) of an error that says what is missing. */
#define ENGINE_UTILITY_ADVICE                                                         \
	"use the image target `utility` (docker build --target utility), or install " \
	"python3 and python3-requests, or set PTP_ENGINE=native"

/* Are Python 3 and what the utility imports there?  `script`: where it is; one that is not there
 * yet is taken for version 0.10, which imports requests and cgi.  Runs Python, and calls no other
 * machine. */
bool engine_utility_python(const char *script, struct wake *wake, struct err *err) MUST_CHECK;

/* `native` is the engine that does what the utility cannot: the download of what is assigned
 * already, the utility's version and source.  It is taken over, also on failure. */
struct engine *engine_utility_open(struct engine *native, const struct engine_utility_options *o,
				   struct err *err) MUST_CHECK;

#endif
