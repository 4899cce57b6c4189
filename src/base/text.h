/*
 * base/text.h - text from outside: UTF-8, cutting, control characters, distance of words.
 *
 * Every function borrows its arguments.  No function fails: text that does not fit is cut on a
 * character boundary, and invalid UTF-8 becomes U+FFFD.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Copy `from` into `to` of `cap` bytes (cap >= 1), cut on a character boundary. */
void text_copy(char *to, size_t cap, const char *from);

/* Concatenate `n` parts into `to` of `cap` bytes, cut on a character boundary.  No part may
 * overlap `to`. */
void text_join(char *to, size_t cap, const char *const parts[], size_t n);

/* Remove an unfinished UTF-8 sequence from the end of `s`. */
void text_trim_partial(char *s);

/* The length of the longest prefix of `s[0..len)` of at most `max` bytes that does not end within
 * a UTF-8 sequence. */
size_t text_cut(const char *s, size_t len, size_t max);

/* The length (1 to 4) of the valid UTF-8 sequence at `s`, of which `len` bytes may be read; 0 if
 * there is none.  Overlong forms, surrogates and values above U+10FFFF are not valid. */
size_t text_utf8_len(const char *s, size_t len);

bool text_is_utf8(const char *s, size_t len);

/*
 * A printable copy for logs, terminals and pages.  Control characters (C0, DEL, C1), separators of
 * lines and paragraphs, and characters that are invisible or change the direction become `?`:
 * Unicode's categories Cc, Cf, Zl and Zp.  Invalid bytes become U+FFFD.  The secrets that the
 * process knows are hidden (base/mask.h). Returns a new string (caller's) of at most `max` bytes.
 */
char *text_printable(const char *s, size_t len, size_t max);

/* The same, but secrets stay: for a name that must stay as it is. */
char *text_clean(const char *s, size_t len, size_t max);

/* text_printable() for a text of several lines; the line ends stay. */
char *text_printable_lines(const char *s, size_t max);

/* Does it begin like HTML: with `<`, after any white space? */
bool text_is_page(const char *s, size_t len);

/* The text without percent-encoding (RFC 3986), the caller's.  Other text stays as it is.  A NUL,
 * which would cut the text short, becomes `_`.  The result may be invalid UTF-8. */
char *text_percent_decoded(const char *s);

/* As one word for a shell, in quotes if it needs them; the caller's. */
char *text_quoted(const char *s);

/* Remove white space (space, tab, CR, LF) from both ends, in place; returns `s`'s new start. */
char *text_strip(char *s);

/* How many letters must be added, removed, changed or swapped with their neighbour to turn `a` into
 * `b`, ignoring ASCII case.  Strings of over 63 bytes count as far apart (99). */
unsigned text_distance(const char *a, const char *b);

/* The first of the nearest `words` (which end in NULL), at most 2 letters away.  Otherwise the one
 * that begins with the same whole words, of 5 letters or more: "WatchFolder" for WatchDirectory,
 * "PTP_WATCH_DIR" for PTP_WATCH.  NULL if there is none. */
const char *text_nearest(const char *word, const char *const words[]);

bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);

/* Is `needle` in `hay`, ignoring ASCII case? */
bool text_has_nocase(const char *hay, const char *needle);

/* The same, at the start of a word: "stall" is in "too many stalled", but not in "installed". */
bool text_has_word_nocase(const char *hay, const char *needle);

#endif
