#include "model/client_torrent.h"

#include "base/mem.h"
#include "base/own.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_HASH 40 /* digits by which clients call a torrent */

struct client_torrent *client_torrents_add(struct client_torrents *all)
{
	if (all->n >= CLIENT_TORRENTS_MAX)
		return NULL;
	if ((all->n & (all->n - 1)) == 0)
		all->list = mem_grow(all->list, all->n ? 2 * all->n : 1, sizeof *all->list);
	struct client_torrent *t = &all->list[all->n++];
	*t = (struct client_torrent){0};
	return t;
}

void client_torrents_clear(struct client_torrents *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->list[i].name);
		free(all->list[i].category);
		free(all->list[i].folder);
		free(all->list[i].message);
	}
	free(all->list);
	*all = (struct client_torrents){0};
}

struct client_torrents client_torrents_take(struct client_torrents *all)
{
	struct client_torrents taken = *all;

	*all = (struct client_torrents){0};
	return taken;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct client_torrent *)a)->id,
		      ((const struct client_torrent *)b)->id);
}

void client_torrents_sort(struct client_torrents *all)
{
	if (all->n)
		qsort(all->list, all->n, sizeof *all->list, compare);
}

static const struct client_torrent *by_id(const struct client_torrents *all, const char *hash,
					  size_t digits)
{
	struct client_torrent key = {0};

	if (!hash || strlen(hash) < digits || !all->n)
		return NULL;
	memcpy(key.id, hash, digits);
	return bsearch(&key, all->list, all->n, sizeof *all->list, compare);
}

const struct client_torrent *client_torrents_find(const struct client_torrents *all, const char *v1,
						  const char *v2)
{
	const struct client_torrent *t = by_id(all, v1, SHORT_HASH);

	if (!t)
		t = by_id(all, v2, SHORT_HASH);
	return t ? t : by_id(all, v2, 2 * 32);
}

const struct client_torrent *client_torrents_find_either(const struct client_torrents *all,
							 const char *infohash, const char *v2)
{
	return strlen(infohash) == SHORT_HASH ? client_torrents_find(all, infohash, v2)
					      : client_torrents_find(all, "", infohash);
}

void client_torrent_hash(char *out, size_t size, const char *hex)
{
	size_t len = hex ? strlen(hex) : 0;

	out[0] = '\0';
	if ((len != 40 && len != 64) || len >= size)
		return;
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)hex[i]))
			return;
	for (size_t i = 0; i <= len; i++)
		out[i] = (char)tolower((unsigned char)hex[i]);
}

static const char *const texts[] = {
	[CLIENT_SEEDING] = "seeding",   [CLIENT_DOWNLOADING] = "downloading",
	[CLIENT_STALLED] = "stalled",   [CLIENT_QUEUED] = "queued",
	[CLIENT_CHECKING] = "checking", [CLIENT_PAUSED] = "paused",
	[CLIENT_ERROR] = "error",
};
_Static_assert(sizeof texts / sizeof *texts == CLIENT_ERROR + 1, "a text for each state");

const char *client_state_text(enum client_state state)
{
	return texts[state];
}

bool client_torrent_is_stalled(const struct client_torrent *t)
{
	return t->state == CLIENT_STALLED || (t->state == CLIENT_ERROR && !t->complete);
}

bool client_torrent_is_incomplete(const struct client_torrent *t)
{
	return !t->complete;
}

bool client_torrent_is_disowned(const char *message)
{
	static const char *const words[] = {
		"unregistered",
		"not registered",
		"torrent not found",
		"info hash not found",
		"infohash not found",
		"not exist",
		"unknown torrent",
		"unknown info",
		"deleted",
		"trumped",
		"not authorized",
		"unauthorized",
		"passkey",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (text_has_nocase(message, words[i]))
			return true;
	return false;
}
