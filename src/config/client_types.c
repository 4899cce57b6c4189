#include "config/client_types.h"

#include "ports/client_deluge.h"
#include "ports/client_qbittorrent.h"
#include "ports/client_rtorrent.h"
#include "ports/client_transmission.h"

#include <string.h>

static const char *deluge_category_fault(const char *category)
{
	char label[DELUGE_LABEL];

	return deluge_label(category, label) ? NULL
					     : "is no label that Deluge can have: letters a to z, "
					       "digits, _ - and the dot";
}

static const struct client_type types[] = {
	{.name = "qbittorrent",
	 .open = client_qbittorrent_open,
	 .url_example = "http://localhost:8080",
	 .category_fault = qbittorrent_category_fault,
	 .has_tags = true},
	{.name = "transmission",
	 .open = client_transmission_open,
	 .url_example = "http://127.0.0.1:9091/transmission/rpc",
	 .has_tags = true,
	 .tells_total = true},
	{.name = "rtorrent",
	 .open = client_rtorrent_open,
	 .url_example = "scgi://127.0.0.1:5000",
	 .takes_scgi = true,
	 .tells_total = true},
	{.name = "deluge",
	 .open = client_deluge_open,
	 .url_example = "http://127.0.0.1:8112/",
	 .category_fault = deluge_category_fault},
};

#define N_TYPES (sizeof types / sizeof *types)

const char *const client_type_words[] = {"qbittorrent", "transmission",    "rtorrent",
					 "deluge",      CLIENT_TYPE_WATCH, NULL};
_Static_assert(sizeof client_type_words / sizeof *client_type_words == N_TYPES + 2,
	       "each type has its word");

const struct client_type *client_type_find(const char *name)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

const char *client_type_category_fault(const struct client_type *t, const char *category)
{
	return t->category_fault ? t->category_fault(category) : NULL;
}
