/*
 * config/confine.h - which files the daemon needs with this configuration, as rules for its sandbox
 * (system/sandbox.h).
 *
 * Write: the state folder, the watch folders, folders of data (for a mark), the folder of
 * archiver.py if it is the engine, and that of config.ptp if the daemon writes it (PTP_CONTAINERS).
 * Read: what the system's libraries need (/etc, /usr, /proc, time zones, resolver and CA files),
 * and the folder of each file that a setting names.  All else, such as home folders, is out of
 * reach.  Nothing here touches a watch folder, which may hang.
 */
#ifndef CONFIG_CONFINE_H
#define CONFIG_CONFINE_H

#include "config/config.h"
#include "system/sandbox.h"

/* The caller's (sandbox_rules_clear). */
void confine_rules(const struct config *c, struct sandbox_rules *r);

#endif
