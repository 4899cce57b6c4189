/*
 * cmd/import_parts.h - what the files of import share; for them alone.
 *
 *     import.c          the account, the times, the containers
 *     import_clients.c  the torrent clients, and what a container says of its client
 *     import_put.c      putting it into config.ptp
 */
#ifndef CMD_IMPORT_PARTS_H
#define CMD_IMPORT_PARTS_H

#include "cmd/import.h"

/* One more line about the value `y` in a list of `m`. */
#define SAY(m, list, y, fmt, ...) \
	problems_add(&(m)->list, "%s:%u: " fmt, (m)->file, (y)->line, __VA_ARGS__)

/* NULL for nothing and for "", which ptparchiver-go does not tell apart; what is no single value is
 * wrong. */
const char *import_text(struct import *m, const struct yml *y);

/* false for nothing. */
bool import_truth(struct import *m, const struct yml *y);

/* What is none of `known`, which ends in NULL, is left over. */
void import_check_keys(struct import *m, const struct yml *y, const char *const known[]);

/* ---- import_clients.c ---- */

/* The passwords of all clients, so that no line shows one. */
void import_read_passwords(struct import *m, const struct yml *root);

void import_read_clients(struct import *m, const struct yml *root);

/* The section of the file that a client stands in, which is its type as well; NULL: none. */
const char *import_client_section(const struct yml *root, const char *client);

/* A container that goes to the client `client` of the section; `name` is its name as a line shows
 * it.  false: not without that client. */
bool import_read_placement(struct import *m, const char *section, const char *client,
			   const struct yml *y, const char *name, struct import_container *c);

/* NULL if it was not taken. */
struct import_client *import_find_client(const struct import *m, const char *name);

#endif
