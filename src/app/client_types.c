#include "app/client_types.h"

#include "base/buf.h"
#include "ports/client_rtorrent.h"

#include <string.h>

static const struct client_type types[] = {
	{.name = "rtorrent",
	 .open = client_rtorrent_open,
	 .url_example = "scgi://127.0.0.1:5000",
	 .takes_scgi = true,
	 .tells_total = true},
};

#define N_TYPES (sizeof types / sizeof *types)

const struct client_type *client_type_find(const char *name)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (types[i].name && strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

const char *client_type_names(void)
{
	return "qbittorrent, transmission, rtorrent, deluge";
}
