/*
 * base/secret.h - texts that must not be seen: keys, passwords, ping URLs.
 *
 * A secret has its own type, so that no log or format function accepts it by accident.  Its memory
 * is wiped when it is released.  A zeroed struct is an unset secret.  What base/mask.h learnt is
 * hidden in every text that leaves the program.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/own.h"

#include <stdbool.h>
#include <stddef.h>

struct secret {
	char *text; /* owned; NULL: unset */
};

/* Take a copy of `text` (NULL unsets), wiping what was there. */
void secret_set(struct secret *s, const char *text);
void secret_clear(struct secret *s);
bool secret_is_set(const struct secret *s);
bool secret_same(const struct secret *a, const struct secret *b);

/* The text itself, for the one call that must send it; NULL when unset.  Borrowed. */
const char *secret_reveal(const struct secret *s);

/* Wipe `len` bytes; the compiler cannot optimise this away. */
void secret_wipe(void *bytes, size_t len);

/* Wipe and release a text from malloc (or NULL), at the end of its block. */
#define OWN_WIPED OWN(secret_wipe_text)
void secret_wipe_text(char **text);

/*
 * A printable copy (caller's) of at most `max` bytes of a text from outside that may hold secrets
 * that this process does not know.  "<hidden>" replaces what text_printable() hides, and each run
 * of 24 or more letters and digits, which may be a key or passkey.
 */
char *secret_mask(const char *text, size_t len, size_t max);

#endif
