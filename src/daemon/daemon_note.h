/*
 * daemon/daemon_note.h - state/daemon.json: which settings the running daemon took from where, so
 * that a command that is run by hand can tell that it sees other ones: the daemon's environment (of
 * a systemd unit, say) is not the command's.
 *
 * The note is written by the daemon when it starts and when it has read its configuration again,
 * and believed only while somebody holds the lock of the daemon.  It names settings and holds no
 * value, but of each the SHA-256 of a random salt, the name and the value, from which equality can
 * be told.  That is enough: the file (0600, in a folder of 0700) can be read by the daemon's user
 * and root alone, who could read the environment itself; and to whom a copy of it gets, in a backup
 * or an error report, keys, tokens and ping URLs are too long to be found by trying.  A password of
 * a few letters within a Notify URL is not, which is why the file is as private as the ledger.
 *
 * What is compared is what is in force: a variable that says what config.ptp says as well makes no
 * difference.  What only config.ptp says is not compared: it is the same file.
 */
#ifndef DAEMON_DAEMON_NOTE_H
#define DAEMON_DAEMON_NOTE_H

#include "config/config.h"

/* By the daemon, while it holds its lock.  On failure there is none. */
bool daemon_note_write(const struct config *c, struct err *err) MUST_CHECK;

/*
 * The settings that the running daemon has otherwise: "HC_URL, PTP_LISTEN (set there, not here);
 * PTP_INTERVAL (another value)"; the caller's.  NULL: there are none, or it cannot be told: no
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
