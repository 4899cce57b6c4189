/*
 * config/client_types.h - the kinds of torrent clients that a configuration may name: one row each.
 *
 * A watch directory is none of them: it has no interface, and is opened by a container's own
 * settings.
 */
#ifndef CONFIG_CLIENT_TYPES_H
#define CONFIG_CLIENT_TYPES_H

#include "ports/client.h"

struct client_type {
	const char *name; /* "qbittorrent", as in "Type" */
	struct client *(*open)(const struct client_options *o, struct err *err);
	const char *url_example; /* for messages */
	/* NULL if it takes a category (label) of this name, else what is wrong; NULL: any */
	const char *(*category_fault)(const char *category);
	bool takes_scgi;  /* its URL may be scgi://host:port, or none with a socket */
	bool has_tags;    /* knows more than one label a torrent */
	bool tells_total; /* tells the size of a file system, not only what is free */
};

/* NULL if there is none of this name. */
const struct client_type *client_type_find(const char *name);

/* NULL if it takes a category (label) of this name, else what is wrong with it, in words. */
const char *client_type_category_fault(const struct client_type *t, const char *category);

/* All values of Type, and NULL. */
#define CLIENT_TYPE_WATCH "watch"
extern const char *const client_type_words[];

#endif
