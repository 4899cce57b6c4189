/*
 * core/mark.h - is a folder the right one?  A mark says so (model/mark.h).
 *
 * A folder gets its mark at its first use.  From then on a folder without it is another disk, or
 * the folder below a mount point: nothing is asked of the tracker, and nothing is put there.  What
 * decides, in this order:
 *
 *     this ledger's mark, of the known id or of a folder that is not known yet    right
 *     this ledger's mark of another id                                            another folder
 *     a mark of another ledger                                                    foreign
 *     no mark, and the folder is known                                            another disk
 *     no mark, an older version delivered into it, no hidden folder               another disk
 *     no mark otherwise                                                           its first use
 *
 * The mark is written before the ledger learns of it.  So a crash between the two leaves a mark of
 * this ledger, which is right.
 *
 * The state folder has a mark as well, of the ledger in it.  A new ledger takes over the id of the
 * mark: a person removed the old ledger, and the other marks stay valid.
 *
 * Errors: a wrong folder is ERR_TARGET, WORD_DISK, with the words of FACT_OTHER_FOLDER, of which
 * the advice (err_advice) is the remedy.  The rest are those of fs.h and of the ledger.
 */
#ifndef CORE_MARK_H
#define CORE_MARK_H

#include "core/destination.h"
#include "model/fact.h"

struct mark_folder { /* everything is borrowed */
	const char *path;
	enum mark_use use;
	const char *container; /* NULL: the state folder */
};

#define MARK_FOLDERS 2

/* The folders of a container that must be right before anything is asked; so many. */
size_t mark_folders(const struct target *t, struct mark_folder out[MARK_FOLDERS]);

/* The same by the configuration alone. */
size_t mark_folders_of(const struct container *c, struct mark_folder out[MARK_FOLDERS]);

/* What is to be seen of a folder. */
struct mark_sight {
	struct mark mark;     /* as the ledger has it, but with the fault that is seen now */
	char ledger[MARK_ID]; /* its own id */
	char own[MARK_ID];    /* the id of this ledger's mark in the folder; "": there is none */
	char system[MARK_ID]; /* what the system says of the folder; "": nothing */
	bool there, hidden;   /* the folder, and the hidden folder in it */
};

/* Only looks.  *s says whether it is right. */
bool mark_look(struct ledger *l, const struct mark_folder *f, struct mark_sight *s,
	       struct err *err) MUST_CHECK;

/* Of a folder that is not right; everything is borrowed. */
struct fact mark_fact(const struct mark_folder *f, const struct mark_sight *s);

/* Is it right?  Only looks. */
bool mark_expect(struct ledger *l, const struct mark_folder *f, struct err *err) MUST_CHECK;

/* Are the folders of this container right?  The ledger keeps what is wrong.  `first_use`: a folder
 * that is used for the first time gets its mark. */
bool mark_check(const struct run *r, const struct target *t, bool first_use,
		struct err *err) MUST_CHECK;

/* Is this folder, into which something was delivered, still the one that it was?  Only looks.  Not
 * *right as well where that cannot be seen.  false: the ledger cannot be read. */
bool mark_is_right(const struct run *r, const struct mark_folder *f, bool *right,
		   struct err *err) MUST_CHECK;

/* A person says that a folder is right as it is.  A watch folder must be there by now.  *changed:
 * it was not right, or not known. */
bool mark_accept(const struct run *r, const struct mark_folder *f, const char *who, bool *changed,
		 struct err *err) MUST_CHECK;

/* ---- the state folder ---- */

/* What may belong to another ledger. */
struct mark_witnesses { /* everything is borrowed */
	const struct container *containers;
	size_t n;
	const char *config, *ledger_id; /* config.ptp, and the ledger's id in it; NULL: none */
};

/* May a new ledger be begun in it?  Not if a witness belongs to a ledger.  But if the folder has a
 * mark itself, a person has removed the ledger. */
bool mark_may_begin(const char *state, const struct mark_witnesses *w, struct err *err) MUST_CHECK;

/* Is it the folder of this ledger?  Only looks. */
bool mark_expect_state(struct ledger *l, const char *state, struct err *err) MUST_CHECK;

/* The same, and it gets a mark where it has none.  `fresh`: the ledger is new. */
bool mark_state(struct ledger *l, const char *state, bool fresh, struct err *err) MUST_CHECK;

/* A person says that this ledger belongs into it. */
bool mark_accept_state(struct ledger *l, const char *state, struct err *err) MUST_CHECK;

#endif
