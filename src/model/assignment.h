/*
 * model/assignment.h - one torrent that the tracker has assigned to a container, and how far it has
 * come on its way to the client.
 *
 *   asking -> assigned -> fetched -> delivering -> delivered
 *        \-> possibly lost -> assigned (found again in IncompleteTransactions), or unfounded
 */
#ifndef MODEL_ASSIGNMENT_H
#define MODEL_ASSIGNMENT_H

#include "model/reply.h"

#include <stdbool.h>
#include <stdint.h>

#define ASSIGNMENT_LABEL 48

enum assignment_state {
	ASSIGNMENT_ASKING,     /* the tracker is being asked, or we died while it was */
	ASSIGNMENT_ASSIGNED,   /* the tracker has said which torrent */
	ASSIGNMENT_FETCHED,    /* its .torrent is in the vault */
	ASSIGNMENT_DELIVERING, /* staged; it is being put in its place */
	ASSIGNMENT_DELIVERED,  /* the client has it */
	ASSIGNMENT_LOST,       /* the tracker may have assigned one, but the answer was lost */
	ASSIGNMENT_UNFOUNDED,  /* it turned out that it had not */
};

/* Of a file in a watch folder: has the client taken it? */
enum assignment_pick_up {
	PICK_UP_NONE, /* nobody looks: it went to a client's interface, or clients leave files there
		       */
	PICK_UP_DUE,  /* it is watched for */
	PICK_UP_LATE, /* still there after PickUpWithin: a warning was given */
	PICK_UP_TAKEN,
	PICK_UP_REFUSED, /* the client put it aside */
};

/* What an audit found of a torrent.  The ledger keeps these numbers: add new ones at the end. */
enum audit_class {
	AUDIT_NEVER, /* there was none yet */
	AUDIT_SEEDING,
	AUDIT_DOWNLOADING,
	AUDIT_QUEUED,
	AUDIT_CHECKING,
	AUDIT_STALLED,
	AUDIT_PAUSED,
	AUDIT_ERROR,
	AUDIT_MISSING, /* delivered, and the client does not have it */
	AUDIT_REFUSED, /* the client that watches the folder put it aside */
	AUDIT_AWAITED, /* in the watch folder, not picked up yet */
	AUDIT_PENDING, /* assigned, and not delivered yet */
	AUDIT_UNKNOWN, /* picked up from a watch folder, and no client can be asked */
	AUDIT_UNASKED, /* the client could not be asked */
	AUDIT_CLASSES,
};

enum assignment_hook { HOOK_NONE, HOOK_DUE, HOOK_STARTED, HOOK_DONE };

struct assignment {
	int64_t id;      /* the ledger's own, above 0 */
	char *container; /* owned, as are the other pointers; NULL where not known yet */
	enum assignment_state state;
	char torrent_id[REPLY_ID_SIZE];
	char archive_id[REPLY_ID_SIZE];
	char group_id[REPLY_ID_SIZE]; /* of the film's page; "" if not given */
	char v2[65];       /* hex; the v2 infohash; "" if it has none, or it is not known */
	char infohash[65]; /* hex; what the tracker or the metainfo says; "" unknown */
	char *name;        /* the torrent's */
	char *file_name;   /* safe base name of the .torrent */
	char *path;        /* where it was delivered */
	char *client;      /* the name of the client that has it; NULL: a watch folder */
	char *note;        /* why it is not further, in words */
	uint64_t bytes;    /* the size of its content */
	uint32_t tries;    /* downloads that brought no torrent */
	char *settled_by;  /* of one that was lost: who settled it; NULL: the program */
	int64_t settled_at;
	uint32_t absences;    /* lists in a row without anything that a lost one could be */
	int64_t absent_since; /* when the first of them came */
	bool certain;         /* of a lost one: something was assigned, which is not known */
	bool set_aside;       /* after too many of them: no longer in the way of others */
	enum assignment_hook hook;
	enum assignment_pick_up pick_up;
	int64_t pick_up_at;                         /* when that was found */
	enum audit_class found;                     /* what the last audit found */
	int64_t found_at;                           /* since when that is so */
	int64_t asked_at, changed_at, delivered_at; /* ms since 1970, 0: not yet */
};

void assignment_clear(struct assignment *a);
void assignment_list_free(struct assignment *list, size_t n);

/* The engine holds its bytes, and did not tell its ids. */
bool assignment_is_staged(const struct assignment *a);

/* "TorrentID 7", or words for one whose id is not known. */
const char *assignment_label(const struct assignment *a, char out[ASSIGNMENT_LABEL]);

/* "missing"; "" for AUDIT_NEVER */
const char *audit_class_text(enum audit_class class);

/* "asking", "assigned", ... */
const char *assignment_state_text(enum assignment_state state);

#endif
