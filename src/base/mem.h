/*
 * base/mem.h - memory: a call that returns has succeeded.
 *
 * When memory runs out the process says so and ends with status 1.  The ledger makes every step
 * repeatable, so ending there loses nothing, and no caller needs a path that is never tested.
 * Sizes from outside are checked against a limit before they reach these functions.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* All return memory that is the caller's, to be released with free(). */
void *mem_alloc(size_t size);                       /* zeroed; size 0 counts as 1 */
void *mem_grow(void *p, size_t count, size_t each); /* as reallocarray() */
char *mem_dup(const char *s);                       /* NULL gives NULL */
char *mem_dupn(const char *s, size_t len);          /* a NUL is added */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
