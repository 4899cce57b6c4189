/*
 * sim/book.h - what the tracker knows: containers and assignments, and the file that keeps them.
 *
 * Numbers are given in order: torrents from 100001, archives from 5001, containers from 71; the
 * nth assignment has the nth torrent and the nth archive number.
 */
#ifndef SIM_BOOK_H
#define SIM_BOOK_H

#include "base/err.h"
#include "base/hash.h"
#include "limits.h"
#include "torrents.h"

#include <jansson.h>
#include <stdint.h>

#define BOOK_TORRENT 100001
#define BOOK_ARCHIVE 5001
#define BOOK_CONTAINER 71

struct book_container {
	char *user; /* owned */
	char *name; /* owned */
	int64_t id;
	int64_t size; /* bytes, as last declared */
	int64_t used; /* bytes, of all that was assigned */
	int64_t count;
};

struct book_assignment {
	struct torrents_spec spec; /* of a real file: its id and size only */
	int64_t archive;
	char *user;        /* owned */
	char *container;   /* owned */
	char *file;        /* owned: of a real one; else NULL */
	double at;         /* seconds since 1970 */
	int64_t downloads; /* answered with the torrent */
	char infohash[2 * SHA1_SIZE +
		      1]; /* upper case; v2 alone: cut short, as clients do; or "" */
	char infohash_v2[2 * SHA256_SIZE + 1]; /* lower case, or "" */
	int64_t *listed; /* owned: torrents that the answer named as incomplete */
	size_t listed_n;
};

struct book {
	struct book_container *containers;
	size_t containers_n;
	struct book_assignment *assignments;
	size_t assignments_n;
	char *path; /* owned, or NULL: no file */
};

/* `path` may be NULL.  Reads the file if it exists. */
bool book_open(struct book *b, const char *path, struct err *err) MUST_CHECK;
void book_close(struct book *b);

/* Borrowed until the next change; NULL if there is none. */
struct book_container *book_container(const struct book *b, const char *user, const char *name);
struct book_assignment *book_by_torrent(const struct book *b, int64_t torrent);
struct book_assignment *book_by_archive(const struct book *b, int64_t archive);

/* A new, empty one; NULL if there are too many. */
struct book_container *book_add_container(struct book *b, const char *user, const char *name);

/* Append *a, with the next numbers, and count it in its container; it takes what *a owns.
 * The caller has checked that there are fewer than SIM_ASSIGNMENTS. */
struct book_assignment *book_assign(struct book *b, const struct book_assignment *a);

/* Write the file, if there is one.  A failure is reported on stderr. */
void book_save(const struct book *b);

/* {"containers": [...], "assignments": [...]}, caller's. */
json_t *book_json(const struct book *b);

#endif
