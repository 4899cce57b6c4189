/*
 * config/hosts.h - by which names the status page may be called.
 *
 * A web site that somebody here looks at can let its own name lead to this machine (DNS rebinding).
 * Its script then reads our page as if it were the site's own.  Such a request has the site's name
 * in its Host field.  So a page without a token answers only to what no stranger can own:
 * - an IP address, localhost, this machine's own name
 * - a name under .localhost, .local, .internal or .home.arpa
 * - the names that ListenHosts lists
 * Any other name without a dot may be a top-level domain, and its owner may let it lead here.  With
 * a token this is not needed: a browser sends it only to the name for which it was typed.
 */
#ifndef CONFIG_HOSTS_H
#define CONFIG_HOSTS_H

#include <stdbool.h>

/* Names, separated by white space or commas, without port; `*` is any. */
bool hosts_valid(const char *list);

/* Does the list have `*`?  It may be NULL, as below. */
bool hosts_any(const char *list);

/* May the page be called so?  `field` is the Host field ("name", "name:port", "[::1]:port"); NULL:
 * there is none, so no browser asks. */
bool hosts_allow(const char *list, const char *field);

#endif
