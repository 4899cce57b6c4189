/*
 * ports/engine_utility_parts.h - what the files of engine_utility share; for them alone.
 */
#ifndef PORTS_ENGINE_UTILITY_PARTS_H
#define PORTS_ENGINE_UTILITY_PARTS_H

#include "system/proc.h"
#include "system/spool.h"
#include "ports/engine_utility.h"

/* Limits: what the utility may write, the time of runs that call no other machine, its source. */
#define UTILITY_OUTPUT_MAX_BYTES (256 * 1024)
#define UTILITY_LOGGED_LINES 200
#define UTILITY_LOGGED_LINE_BYTES 500
#define UTILITY_LOCAL_MS 60000
#define UTILITY_SOURCE_MIN_BYTES 16
#define UTILITY_SOURCE_MAX_BYTES (4 * 1024 * 1024)
#define UTILITY_CONFIG_MAX_BYTES (8 * 1024 * 1024)

struct utility {
	struct engine base;
	struct engine *native; /* owned */
	struct engine_utility_options o;
	char *folder, *config, *script; /* owned: absolute paths */
	struct spool staging;           /* `folder`, by its absolute path */
	char *ca_file;                  /* the same, or NULL */
	/* Of this cycle. */
	bool prepared, prepared_well;
	struct err why; /* it was not */
	struct engine_failure why_failure;
	/* The utility named this torrent, and could not download it.  The error is given once. */
	char late_id[REPLY_ID_SIZE];
	struct err late;
	struct engine_failure late_failure;
};

/* ---- engine_utility_run.c ---- */

/* Runs `script` with `words` (ends in NULL, at most 2) and --config.  A utility that an earlier
 * process left running is waited for first. */
bool utility_run(struct utility *u, const char *script, const char *const words[], int timeout_ms,
		 struct buf *output, struct proc_end *end, struct err *err) MUST_CHECK;

/* Runs Python with these words alone (ends in NULL, at most 3). */
bool utility_python(struct utility *u, const char *const words[], struct buf *output,
		    struct proc_end *end, struct err *err) MUST_CHECK;

/* The ContainerID that the utility left in its configuration; "" if none. */
void utility_container_id(const struct utility *u, const char *container, char id[REPLY_ID_SIZE]);

/* Its output, line by line, with secrets masked; `container` may be NULL. */
void utility_log(const char *container, const struct buf *output);

/* A text from outside with secrets masked; the caller's. */
char *utility_masked(const char *text);

/* ---- engine_utility_script.c ---- */

/* Python, requests and the script are there, and the script is as new as it should be.  Sets
 * base.failure. */
bool utility_script_ready(struct utility *u, struct err *err) MUST_CHECK;

/* `list` works, and names the configured containers.  *own_fault: it does not, and the reason may
 * be the script's own: it ran to its end, and missed no module. */
bool utility_script_lists(struct utility *u, const char *script, bool *own_fault,
			  struct err *err) MUST_CHECK;

#endif
