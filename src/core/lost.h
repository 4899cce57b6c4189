/*
 * core/lost.h - looking for assignments whose answer was lost.
 *
 * A fetch's reply may list IncompleteTransactions: what the tracker has assigned to the account and
 * not seen completed.  The lists are of the account, not of a container, and may lag or be empty.
 * So nothing is guessed:
 *
 * - A torrent fits a question if the ledger does not know it, and if it was first listed after the
 *   question was asked, within LOST_WINDOW_MS.  What was not listed for LOST_VANISH_MS fits no
 * more.
 * - The program takes up a torrent where it is the only one that fits, where it fits no question of
 *   another container, and where nothing says that another program uses the account.
 * - A question was not made if LOST_LISTS lists in a row, over LOST_ABSENT_MS, hold nothing that
 *   fits.  If something that fits is listed later, the question is open again.
 * - A torrent that fits no question, and was not in the first list of all, is another program's.
 *
 * Best effort, as the tracker notes say: which ArchiveID belongs to a listed torrent is not known,
 * so that of the listing reply is used.
 */
#ifndef CORE_LOST_H
#define CORE_LOST_H

#include "core/run.h"

#define LOST_DAY_MS (24 * 3600 * INT64_C(1000))
#define LOST_WINDOW_MS (7 * LOST_DAY_MS)
#define LOST_VANISH_MS LOST_DAY_MS
#define LOST_ABSENT_MS LOST_DAY_MS
#define LOST_LISTS 3

/* Could this be the answer to the lost question?  `last_list`: when the last list came. */
bool lost_fits(const struct assignment *lost, const struct listed *t, int64_t last_list);

/* Does one of them belong to another program? */
bool lost_is_shared(const struct listed *list, size_t n);

/* A person settles a lost one: it is this torrent, or (NULL) was not made.  ERR_TARGET, WORD_CONFIG
 * if there is no such question, or no such torrent to be had. */
bool lost_settle(struct ledger *l, int64_t id, const char *torrent_id, const char *who,
		 struct err *err) MUST_CHECK;

/* A person says whose a listed torrent is.  ERR_TARGET, WORD_CONFIG if the ledger has it, or if no
 * list has named it. */
bool lost_say_whose(struct ledger *l, const char *torrent_id, enum listed_owner owner,
		    const char *who, struct err *err) MUST_CHECK;

/* Search the reply, which has just been recorded as assigned, and remember its list.  *found: how
 * many were taken up (they are "assigned" now). */
bool lost_search(struct run *r, const struct reply *reply, size_t *found,
		 struct err *err) MUST_CHECK;

#endif
