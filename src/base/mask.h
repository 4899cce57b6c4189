/*
 * base/mask.h - every secret that this process knows, and the one place that hides them.
 *
 * A text from outside may hold a secret that it was sent: a redirect's host, an error message, the
 * answer of a tracker or a client, the output of a command.  So each error (base/err.h) and each
 * text that is made printable (base/text.h: the log, the page, messages, pings) passes mask_text().
 * Nothing at the place of the call has to remember it.
 *
 * A secret is hidden in any case of its letters, percent-encoded, and with JSON's escapes.  At the
 * end of a text that was cut, the part that is left of it is hidden.  Two kinds are not hidden: a
 * secret of fewer than MASK_MIN bytes, and a password that is also the name of its client.  To hide
 * these would black out much of the log, and so show what they are.
 *
 * Any thread may call these functions.  What was learnt is kept until the process ends.
 */
#ifndef BASE_MASK_H
#define BASE_MASK_H

#include <stddef.h>

#define MASK_MIN 5
#define MASK_HIDDEN "<hidden>"

/* Learn a secret: a key, a user, a password, a token; or a URL, of which the parts before `@` and
 * behind the host are secret.  NULL is nothing. */
void mask_learn(const char *secret);

/* Learn what looks like a key in a tracker's announce URL of `len` bytes: a part of at least 16
 * letters and digits.  The newest 64 are kept, so no torrent displaces what mask_learn() knows. */
void mask_learn_passkey(const char *url, size_t len);

/* Copies the text into `to` of `cap` bytes (cap >= 1), with MASK_HIDDEN for each secret; what does
 * not fit is cut.  Returns the length.  Does not allocate. */
size_t mask_copy(char *to, size_t cap, const char *text, size_t len);

/* The same as a new string (caller's); *out_len is its length. */
char *mask_text(const char *text, size_t len, size_t *out_len);

#endif
