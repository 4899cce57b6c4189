/*
 * model/mark.h - whether a folder is the right one: what the ledger knows of it.
 *
 * A mark is a random id in the hidden folder of a folder that is used (base/hidden.h), in a file
 * that is named after the ledger's own id.  So the mark knows its ledger, and the ledger knows the
 * mark.  Where nothing can be written into a folder, its mark is what the system says of it: the
 * type of its file system, and the number of the folder there.
 */
#ifndef MODEL_MARK_H
#define MODEL_MARK_H

#include <stdbool.h>
#include <stdint.h>

#define MARK_ID 33   /* bytes of an id: 32 hexadecimal digits, and the end */
#define MARK_SHORT 8 /* so many of them are shown */
#define MARK_WHO 64
#define MARK_FILE "mark-" /* of a mark's file; the ledger's id follows */

/* What a folder is used for. */
enum mark_use { MARK_WATCH, MARK_DATA, MARK_STATE, MARK_USES };

/* What is wrong with it.  The ledger keeps these numbers: add new ones at the end. */
enum mark_fault {
	MARK_RIGHT,
	MARK_GONE,    /* the folder is not there */
	MARK_NONE,    /* no mark is there */
	MARK_OTHER,   /* the mark of another folder of this ledger is there */
	MARK_FOREIGN, /* a mark of another ledger is there, and none of this one */
	MARK_EMPTY,   /* of a state folder: no ledger is there, and another folder has a mark */
	MARK_FAULTS,
};

struct mark {
	char id[MARK_ID];   /* what is expected; "": the ledger never saw it */
	bool by_system;     /* `id` is what the system says of the folder */
	int64_t at;         /* since when it is known, ms since 1970; 0: it is not */
	char who[MARK_WHO]; /* the person who accepted it then; "": it was made at the first use */
	enum mark_fault fault;
	int64_t since;       /* of a fault: when it was first seen */
	char found[MARK_ID]; /* of MARK_OTHER: the id that is there; of the next: the ledger's id */
};

#endif
