/*
 * config/json_line.h - on which line of a JSON text a key stands, for error messages.
 */
#ifndef CONFIG_JSON_LINE_H
#define CONFIG_JSON_LINE_H

#include <stddef.h>

#define JSON_LINE_DEPTH 8

/* The line (from 1) of the key that `path` of `depth` keys leads to in a valid JSON text; the line
 * of the last key on the way that is there, if not all are; 1 for none.  Keys are compared as they
 * stand, escapes undecoded. */
int json_line_of(const char *text, const char *const path[], size_t depth);

#endif
