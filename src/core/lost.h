/*
 * core/lost.h - looking for assignments whose answer was lost.
 *
 * A fetch's reply may list IncompleteTransactions: what the tracker has assigned to the user and
 * not seen completed.  One of them is taken for a possibly lost assignment if it has an infohash,
 * the ledger does not know its torrent, and it was not listed before the lost question was asked.
 * Best effort, as the tracker notes say: which ArchiveID belongs to it is not known, so the reply's
 * own is used, and the list does not say which container it was for.
 */
#ifndef CORE_LOST_H
#define CORE_LOST_H

#include "ports/ledger.h"

/* Search the reply, which has just been recorded as assigned, and remember its list.  *found: how
 * many were taken up (they are "assigned" now). */
bool lost_search(struct ledger *l, const struct reply *reply, size_t *found,
		 struct err *err) MUST_CHECK;

#endif
