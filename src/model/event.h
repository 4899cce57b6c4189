/*
 * model/event.h - the events that a person gets messages about: their kinds, and the message.
 */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "model/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
	EVENT_FAILURE, /* a container, or the cycle, begins to fail or is well again */
	EVENT_FULL,
	EVENT_LOST,    /* an assignment is possibly lost, or all such are settled; or another
			* program uses the account */
	EVENT_VERSION, /* the tracker announces a newer utility */
	EVENT_PICK_UP, /* files in a watch folder are not picked up, or were put aside */
	EVENT_CLIENT,  /* a torrent client is away, or back */
	EVENT_AUDIT,   /* torrents are missing in a client */
	EVENT_DIGEST,  /* once a week: how things stand */
	EVENT_TEST,    /* asked for by a person */
	EVENT_KINDS,
};

#define EVENT_BIT(kind) (1u << (kind))
#define EVENTS_ALL (EVENT_BIT(EVENT_TEST) - 1)

enum event_level { EVENT_GOOD, EVENT_INFO, EVENT_WARNING, EVENT_ERROR };

/* Limits, in bytes. */
#define EVENT_TITLE 200
#define EVENT_TEXT_MAX (8 * 1024)
#define EVENT_NAME 24

struct event {
	int64_t id; /* the ledger's own; 0: it is not kept there */
	int64_t at; /* ms since 1970 */
	enum event_kind kind;
	enum event_level level;
	char name[EVENT_NAME];   /* "failure.begin", of the kind's own names */
	char title[EVENT_TITLE]; /* UTF-8 on one line */
	char *text;              /* owned: UTF-8, lines end in \n; otherwise it may be hostile */
	/* The kinds whose messages say the same.  A target that gets one of them at the same time
	 * does not need this one. */
	unsigned covered;
};

/* The ledger keeps these numbers: add new ones at the end. */
enum notice_kind {
	NOTICE_FAILURE, /* of a container; of the cycle as a whole where the name is "" */
	NOTICE_CLIENT,
	NOTICE_FULL, /* of a container */
	NOTICE_LOST,
	NOTICE_LATE,    /* files that are not picked up */
	NOTICE_REFUSED, /* files that a client put aside */
	NOTICE_AUDIT,
	NOTICE_VERSION,
	NOTICE_DIGEST,
	NOTICE_SHARED, /* another program uses the account */
	NOTICE_KINDS,
};

/* The causes of a NOTICE_CLIENT. */
#define NOTICE_AWAY 1u
#define NOTICE_REFUSES 2u

/* What was reported already, so that it is reported once. */
struct notice {
	enum notice_kind kind;
	char *name;          /* owned; "" of a kind of which there is one notice */
	int64_t since;       /* when it began; or when it was last reported */
	int64_t ended;       /* when it last ended; 0: never, or it continues */
	bool on;             /* it continues */
	bool told;           /* its begin was reported */
	struct result first; /* of a failure: what was reported first */
	uint32_t causes;     /* what was reported: of a failure bits of result_cause() */
	uint64_t count;      /* of an audit: how many torrents were missing */
	char value[64];      /* of a full container its size; of a version itself */
	bool changed;        /* not stored */
};

void event_clear(struct event *e);
void notice_clear(struct notice *n);

/* "failure"; as settings name them. */
const char *event_kind_name(enum event_kind kind);

/* A list of kinds, separated by white space or commas, or "all" or "none", as bits.  false: a word
 * is none of these, and *bits is as it was. */
bool event_kinds_parse(const char *text, unsigned *bits);

/* "failure, full": at most `cap` bytes. */
void event_kinds_text(unsigned bits, char *out, size_t cap);

#endif
