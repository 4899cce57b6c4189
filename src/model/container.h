/*
 * model/container.h - a container: a named, sized part of the archive that the user keeps.
 *
 * The tracker knows it by its name.  Each fetch sends its size again (tracker notes).
 */
#ifndef MODEL_CONTAINER_H
#define MODEL_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTAINER_NAME_MAX 40 /* characters, the tracker's limit */
#define CONTAINER_STALLED_MAX 1000000
#define CONTAINER_PENDING 2 /* MaxPending, if nothing else is said */
#define CONTAINER_PICK_UP_MS (3600 * INT64_C(1000))
#define CONTAINER_ID_SIZE 24

/* What must stay free: so many bytes, or, where that is 0, so many percent; both 0: nothing. */
struct reserve {
	uint64_t bytes;
	unsigned percent;
};

/* How a torrent client is to take a container's torrents. */
struct placement {
	char *category;  /* owned; NULL: none.  The client's category or label */
	char *tags;      /* owned; NULL: none.  "a,b", without spaces around the commas */
	char *save_path; /* owned; NULL: the client's default.  Absolute, on the client's host */
	bool paused;     /* added, but not started */
};

struct container {
	char *name;                 /* owned, UTF-8 */
	char *size;                 /* owned, as the tracker takes it: "1.5T" */
	char *watch_folder;         /* owned, $name already replaced */
	bool watch_by_default;      /* PTP_CONTAINERS names it, and nothing names its folder */
	struct placement placement; /* for a client with an interface */
	char *client;               /* owned: its name in Clients; NULL: the watch folder */
	char *audit_client;         /* owned: whom to ask what became of a torrent in the watch
				     * folder; NULL: nobody */
	char *data_folder;          /* owned: where the client stores, as we see it; NULL */
	char *after_fetch_exec;     /* owned; NULL: none */
	uint32_t max_stalled;       /* 0: no limit, as are the next two */
	uint32_t max_active;        /* incomplete downloads */
	uint32_t max_pending;       /* torrents that may wait for the client */
	struct reserve reserve;
	int64_t pick_up_ms;         /* when a file must have left the watch folder; 0: it stays */
	char id[CONTAINER_ID_SIZE]; /* the tracker's ContainerID; "" until known */
};

void container_clear(struct container *c);

/* NULL if the name can be used, else what is wrong with it, in words: "is empty". */
const char *container_name_fault(const char *name);

/* `pattern` with each "$name" replaced; the caller's.  A slash or a leading dot in the name becomes
 * "_" there, so that a name cannot lead out of the folder that the pattern means. */
char *container_folder(const char *pattern, const char *name);

/* Is something to stay free (Reserve)?  And is it DataDirectory that is measured for it? */
bool container_has_reserve(const struct container *c);
bool container_measures_data(const struct container *c);

/* Where its torrents go, for people: the client's name, or the watch folder.  Borrowed. */
const char *container_place(const struct container *c);

/* By name, for qsort(). */
int container_compare(const void *a, const void *b);

#endif
