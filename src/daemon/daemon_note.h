/*
 * daemon/daemon_note.h - state/daemon.json: which settings the running daemon took from where.
 *
 * A command that a person runs does not see the environment of the daemon, such as that of a
 * systemd unit.  With this note it finds out that its settings differ.
 *
 * The daemon writes the note when it starts and when it has read its configuration again.  A
 * command believes the note only while the daemon's lock is held.
 *
 * The note names settings and holds no value.  For each setting it holds the SHA-256 of a random
 * salt, the name and the value.  So a reader can only compare values.  The file (0600, in a folder
 * of 0700) can be read by the daemon's user and root, who could read the environment itself.  In a
 * copy of it, such as a backup, keys, tokens and ping URLs are too long to be guessed.  A short
 * password within a Notify URL could be guessed.  So the file is as private as the ledger.
 *
 * The values in force are compared.  A variable that repeats what config.ptp says is no difference.
 * What only config.ptp says is not compared: both read the same file.
 */
#ifndef DAEMON_DAEMON_NOTE_H
#define DAEMON_DAEMON_NOTE_H

#include "config/config.h"

/* Called by the daemon, while it holds its lock.  On failure there is no note. */
bool daemon_note_write(const struct config *c, struct err *err) MUST_CHECK;

/*
 * The settings that differ from the running daemon's: "HC_URL, PTP_LISTEN (set there, not here);
 * PTP_INTERVAL (another value)"; the caller's.  NULL: there are none, or they are unknown: no
 * daemon runs, it left no note, or this user may not read it.
 */
char *daemon_note_differences(const struct config *c);

/* How `command` ("check --online") is run with the daemon's settings; the caller's. */
char *daemon_note_way_out(const struct config *c, const char *command);

/* Where the service of this machine has its settings. */
#define SERVICE_ENVIRONMENT "/etc/ptp-archiver.env"
#define SERVICE_STATE "/var/lib/ptp-archiver"
#define SERVICE_CONFIG SERVICE_STATE "/config.ptp"

/* How `command` is run with the service's settings, where this process found none of its own and
 * there is a service; the caller's.  NULL otherwise. */
char *daemon_note_service(const struct config *c, const char *command);

/* A warning in the log where there are differences, for a command run by hand. */
void daemon_note_warn(const struct config *c, const char *command);

#endif
