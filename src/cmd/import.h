/*
 * cmd/import.h - what a configuration of ptparchiver-go becomes in config.ptp.
 *
 * That program's file is YAML (its internal/config/config.go, up to version 0.15): apiKey, apiUser,
 * baseUrl, fetchSleep (seconds), interval (minutes), containers, and the torrent clients under
 * qbittorrent, rtorrent and deluge, each with a name: url, username, password, basicUser and
 * basicPass; Deluge's with the daemon's host and port.  doc/moving.md has the whole table.
 *
 * What is found falls into lists of lines for a person, each with FILE:LINE and a way out: `wrong`
 * (nothing may be written then), `left` (could not be carried over), `notes` (came over, and works
 * differently), `done`.  No line holds a credential, nor more of a client's URL than its host and
 * port.
 */
#ifndef CMD_IMPORT_H
#define CMD_IMPORT_H

#include "config/config.h"
#include "base/secret.h"
#include "base/yml.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Limits of what is taken. */
#define IMPORT_CONTAINERS_MAX 1000
#define IMPORT_FOLDER_MAX_BYTES 1024

/* A password of fewer bytes is not looked for in what a line quotes: it would hide letters of
 * anything. */
#define IMPORT_HIDDEN_MIN_BYTES 6

/* One that a container needs. */
struct import_client {
	char *name;       /* owned */
	const char *type; /* as config.ptp has it, and the section of the file; never NULL */
	json_t *own;      /* owned: its object for config.ptp */
	unsigned line;
	bool unusable; /* config.ptp has one of this name and of another type, which stays */
};

struct import_container {
	char *name, *size;              /* owned, as are the other texts */
	char *watch;                    /* NULL: it goes to a client */
	char *client, *category, *tags; /* as config.ptp takes them; NULL: none */
	bool paused;
	uint32_t max_stalled;
	unsigned line;
};

struct import {
	const char *file;  /* borrowed, for the lines */
	const char *watch; /* borrowed: the folder of containers that name none, in place of their
			    * clients; may hold $name; or NULL */
	struct secret user, key;
	struct secret *passwords; /* owned: whatever must not be in a line */
	size_t n_passwords;
	char *base_url, *fetch_sleep, *interval; /* owned, as config.ptp takes them; NULL: unset */
	struct import_client *clients;           /* owned */
	size_t n_clients;
	struct import_container *containers; /* owned */
	size_t n_containers;
	struct problems wrong, left, notes, done;
};

/* Read the tree into *m, of which `file` and `watch` are set and the rest is zeroed. */
void import_read(struct import *m, const struct yml *root);

/*
 * Put what was read into the JSON of config.ptp; only if `wrong` is empty.  A key, client or
 * container that is there with other values stays as it is, and goes to `left`, unless `force`.
 * false: `root` cannot be used.
 */
bool import_apply(struct import *m, json_t *root, bool force, struct err *err) MUST_CHECK;

/* A text of the file as a line may show it: printable, cut, credentials hidden; the caller's. */
char *import_shown(const struct import *m, const char *text);

void import_clear(struct import *m);

#endif
