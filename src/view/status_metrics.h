/*
 * view/status_metrics.h - the snapshot in Prometheus' text format (version 0.0.4).  Pure.
 *
 * Names begin with ptp_archiver_; times are seconds since 1970, and are left out where there is
 * none.  Counters come from the ledger, and so outlive the process.
 */
#ifndef VIEW_STATUS_METRICS_H
#define VIEW_STATUS_METRICS_H

#include "view/status.h"
#include "base/buf.h"

void status_metrics(const struct status *s, struct buf *out);

/* What can be said where the ledger cannot be read: the first of them all. */
void status_metrics_daemon(bool stuck, bool config_refused, struct buf *out);

#endif
